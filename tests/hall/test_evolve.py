"""What entries make of a day."""

import pytest

from queue_service.hall.commands import AskHelp, ChangeClass, TakeAlert
from queue_service.hall.day import CALLS_SHOWN_MAX
from queue_service.hall.events import TicketRecalled
from queue_service.hall.evolve import evolve, replay
from queue_service.hall.phases import open_day
from queue_service.hall.terms import VisitorClass
from queue_service.hall.tickets import Place, TicketStatus
from tests.hall.builders import CARDS, CASH, FOREIGN, MONDAY, OPENS_AT, Hall, an_open_day, first_come, terms


def test_the_last_calls_are_newest_first_and_a_recall_is_one_of_its_own() -> None:
    hall = an_open_day(1)
    hall.issue()
    hall.next(1)
    hall.recall(1)
    newest, older = hall.day.calls
    assert (newest.label, newest.window, newest.times, older.times) == ("A001", 1, 2, 1)
    assert int(newest.id) > int(older.id)
    for _ in range(CALLS_SHOWN_MAX):
        hall.recall(1)
    assert len(hall.day.calls) == CALLS_SHOWN_MAX
    assert hall.day.calls[0].times == CALLS_SHOWN_MAX + 2


def test_an_undo_announces_nothing_and_a_resumed_ticket_is_announced() -> None:
    hall = an_open_day(1)
    hall.a_ticket(TicketStatus.FINISHED)
    hall.undo(1)
    assert len(hall.day.calls) == 1
    hall.park(1)
    hall.call(1, hall.day.calls[0].ticket)
    assert [call.times for call in hall.day.calls] == [1, 1]


def test_a_day_that_others_still_read_never_changes() -> None:
    hall = busy_hall()
    held, before = hall.day, repr(hall.day)
    for ticket in list(hall.day.live):
        hall.do(ChangeClass(ticket=ticket, visitor_class=VisitorClass.VIP, reason="asked"))
    for _ in range(2):
        hall.serve(1)
    hall.undo(1)
    hall.until(hall.day.times.next_day_at)
    assert repr(held) == before
    assert hall.day != held


def test_a_replay_from_the_start_and_one_from_the_middle_give_the_same_day() -> None:
    hall = busy_hall()
    hall.until(hall.day.times.next_day_at)
    assert hall.replayed() == hall.day
    for at in range(1, len(hall.entries)):
        assert replay(hall.entries[at:], replay(hall.entries[:at])) == hall.day


def test_entries_are_dense_and_a_day_opens_once_and_first() -> None:
    hall = an_open_day(1)
    seq = hall.day.seq
    with pytest.raises(AssertionError, match="dense"):
        evolve(hall.day, seq + 2, OPENS_AT, (TicketRecalled(ticket="20260302-3"),))
    with pytest.raises(AssertionError, match="once"):
        evolve(hall.day, seq + 1, OPENS_AT, (open_day(terms(), MONDAY, OPENS_AT),))
    with pytest.raises(AssertionError, match="first entry"):
        evolve(None, 1, OPENS_AT, (TicketRecalled(ticket="20260302-3"),))


def test_tickets_of_a_long_day_are_found_live_or_ended() -> None:
    hall = an_open_day(policy=first_come())
    ids = [hall.issue() for _ in range(150)]
    for ticket in ids[::2]:
        hall.cancel(ticket)
    assert {ticket.id for ticket in hall.day.tickets()} == set(ids)
    assert all(hall.ticket(ticket).id == ticket for ticket in ids)
    assert len(hall.day.ended) > 1


def busy_hall() -> Hall:
    """A hall in which a little of everything has happened."""
    hall = an_open_day(policy=first_come())
    for service in (CASH, CARDS, FOREIGN, CASH, CARDS, CASH, CASH):
        hall.issue(service)
        hall.wait(minutes=1)
    hall.serve(1)
    hall.undo(1)
    hall.transfer(1, service=CARDS, place=Place.FIRST)
    hall.next(2)
    hall.miss(2)
    hall.next(3)
    hall.park(3)
    alert = hall.do(AskHelp(place="kiosk")).alert
    hall.do(TakeAlert(alert=alert or "", by="gina"))
    for status in (TicketStatus.FINISHED, TicketStatus.CANCELLED, TicketStatus.DIVERTED):
        hall.a_ticket(status)
    return hall
