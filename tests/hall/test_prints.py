"""Tickets that a kiosk prints because a greeter asked."""

import pytest

from queue_service.hall.commands import AskPrint, IssueTicket, TakePrint, VoidIntent
from queue_service.hall.decide import Accepted
from queue_service.hall.events import IntentVoided, PrintTaken
from queue_service.hall.prints import PRINTS_MAX
from queue_service.hall.refusals import Code
from queue_service.hall.tickets import Channel, TicketStatus
from tests.hall.builders import CASH, Hall, an_open_day, at, first_come


def ask(hall: Hall, ticket: str, kiosk: str = "east") -> str:
    accepted = hall.do(AskPrint(ticket=ticket, kiosk=kiosk))
    assert accepted.print is not None
    return accepted.print


def take(hall: Hall, print_id: str, kiosk: str = "east") -> bool:
    """Whether it is a copy."""
    (event,) = hall.do(TakePrint(print=print_id, kiosk=kiosk)).events
    assert isinstance(event, PrintTaken)
    return event.is_copy


def test_a_print_waits_until_its_kiosk_takes_it() -> None:
    hall = an_open_day()
    ticket = hall.issue()
    hall.wait(seconds=5)
    asked = ask(hall, ticket)
    pending = hall.day.prints[asked]
    assert (pending.ticket, pending.kiosk, pending.at) == (ticket, "east", at(9, 0, 5))
    assert hall.do(AskPrint(ticket=ticket, kiosk="east")) == Accepted(print=asked, ticket=ticket)
    hall.refuses(TakePrint(print=asked, kiosk="west"), Code.PRINT_UNKNOWN)
    assert take(hall, asked) is False
    hall.refuses(TakePrint(print=asked, kiosk="east"), Code.PRINT_UNKNOWN)
    assert ask(hall, ticket) != asked


def test_a_second_paper_is_a_copy_and_so_is_one_beside_the_kiosks_own() -> None:
    hall = an_open_day()
    ticket = hall.issue(channel=Channel.STAFF)
    here, there = ask(hall, ticket, "east"), ask(hall, ticket, "west")
    assert here != there
    assert take(hall, there, "west") is False
    assert take(hall, here) is True
    assert take(hall, ask(hall, hall.issue(channel=Channel.KIOSK))) is True


def test_a_print_ends_with_its_ticket_and_with_no_other() -> None:
    hall = an_open_day(1, policy=first_come())
    served, gone, left = hall.issue(), hall.issue(), hall.issue()
    assert hall.next(1) == served
    first, second, third = (ask(hall, ticket) for ticket in (served, gone, left))
    elsewhere = ask(hall, gone, "west")
    hall.cancel(gone)
    assert list(hall.day.prints) == [first, third]
    hall.refuses(TakePrint(print=second, kiosk="east"), Code.PRINT_UNKNOWN)
    hall.refuses(TakePrint(print=elsewhere, kiosk="west"), Code.PRINT_UNKNOWN)
    hall.start(1)
    hall.until(hall.day.times.ends_at)
    assert hall.status(left) is TicketStatus.EXPIRED
    assert take(hall, first) is False, "whoever is still served may have the ticket on paper"
    assert not hall.day.prints


def test_so_many_prints_may_wait() -> None:
    hall = an_open_day()
    tickets = [hall.issue() for _ in range(PRINTS_MAX + 1)]
    for ticket in tickets[:-1]:
        ask(hall, ticket)
    hall.refuses(AskPrint(ticket=tickets[-1], kiosk="east"), Code.PRINT_FULL)
    ask(hall, tickets[0])


@pytest.mark.parametrize("ticket", ["20260302-9999", "x"])
def test_what_was_not_issued_is_not_printed(ticket: str) -> None:
    an_open_day().refuses(AskPrint(ticket=ticket, kiosk="east"), Code.TICKET_UNKNOWN)


def test_a_voided_intent_changes_nothing_in_the_hall() -> None:
    hall = an_open_day()
    before = hall.day
    assert hall.do(VoidIntent()).events == (IntentVoided(),)
    assert hall.day.live == before.live
    assert hall.do(IssueTicket(legs=(CASH,), channel=Channel.KIOSK, language="en")).ticket is not None
