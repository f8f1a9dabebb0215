"""Who holds a window, and what it turns to."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from queue_service.hall.commands import (
    CallNext,
    CallTicket,
    CloseWindow,
    Finish,
    OpenWindow,
    PauseWindow,
    Recall,
    Resume,
    Start,
    Undo,
    WalkIn,
)
from queue_service.hall.decide import Accepted
from queue_service.hall.events import WindowOpened
from queue_service.hall.refusals import Code
from queue_service.hall.terms import Window
from queue_service.hall.tickets import Channel, Lease, TicketStatus, WindowStatus
from tests.hall.builders import CARDS, CASH, PLANS, Hall, an_open_day, at, first_come, lease_of, plan, terms

OTHER = Lease(teller="teller-9", session="morning")


def test_open_gives_the_lease_and_says_since_when() -> None:
    hall = Hall()
    assert hall.window(1).status is WindowStatus.CLOSED
    hall.open(1)
    state = hall.window(1)
    assert (state.status, state.lease, state.opened_at) == (WindowStatus.OPEN, lease_of(1), at(9))


def test_open_again_changes_nothing_even_outside_the_plan() -> None:
    hall = an_open_day(2)
    hall.switch("narrow")
    assert hall.do(OpenWindow(window=2, lease=lease_of(2), takeover=False)) == Accepted()


def test_open_refuses_what_is_unknown_not_in_the_plan_or_held_by_another() -> None:
    hall = an_open_day(1)
    hall.refuses(OpenWindow(window=4, lease=OTHER, takeover=True), Code.WINDOW_UNKNOWN, window=4)
    hall.refuses(OpenWindow(window=1, lease=OTHER, takeover=False), Code.WINDOW_TAKEN, window=1)
    hall.switch("narrow")
    hall.refuses(OpenWindow(window=2, lease=OTHER, takeover=True), Code.WINDOW_NOT_IN_PLAN, window=2)


def test_takeover_is_told_and_takes_the_ticket_along() -> None:
    hall = an_open_day(1)
    ticket = hall.a_ticket(TicketStatus.SERVING)
    hall.wait(minutes=5)
    hall.do(OpenWindow(window=1, lease=OTHER, takeover=True))
    told = WindowOpened(window=1, teller=OTHER.teller, session=OTHER.session, taken_from="teller-1")
    assert hall.entries[-1][2] == (told,)
    assert hall.window(1).opened_at == at(9)
    hall.refuses(Finish(window=1, lease=lease_of(1)), Code.WINDOW_LEASE_LOST, window=1)
    hall.do(Finish(window=1, lease=OTHER))
    assert hall.status(ticket) is TicketStatus.FINISHED


def test_the_same_teller_goes_on_in_a_new_session() -> None:
    hall = an_open_day(1)
    hall.a_ticket(TicketStatus.CALLED)
    hall.open(1, session="after lunch")
    hall.refuses(Start(window=1, lease=lease_of(1)), Code.WINDOW_LEASE_LOST, window=1)
    hall.do(Start(window=1, lease=lease_of(1, "after lunch")))


def test_a_manager_commands_any_window() -> None:
    hall = an_open_day(1)
    hall.issue()
    for command in (CallNext(window=1, lease=None), Start(window=1, lease=None), Finish(window=1, lease=None)):
        hall.do(command)
    hall.do(CloseWindow(window=1, lease=None, after_current=False))
    hall.refuses(Recall(window=1, lease=lease_of(1)), Code.WINDOW_CLOSED, window=1)


@pytest.mark.parametrize(
    "command",
    [
        CallNext(window=1, lease=OTHER),
        CallTicket(window=1, lease=OTHER, ticket="20260302-3", reason="asked"),
        Recall(window=1, lease=OTHER),
        Undo(window=1, lease=OTHER),
        Resume(window=1, lease=OTHER, ticket="20260302-3"),
        WalkIn(window=1, lease=OTHER, service=CASH, reason="quick", language="en"),
        PauseWindow(window=1, lease=OTHER, reason="lunch", after_current=False),
        CloseWindow(window=1, lease=OTHER, after_current=False),
    ],
)
def test_every_verb_of_a_window_is_refused_without_its_lease(command: CallNext) -> None:
    hall = an_open_day(1)
    hall.refuses(command, Code.WINDOW_LEASE_LOST, window=1)


def test_pause_and_go_on() -> None:
    hall = an_open_day(1)
    hall.issue()
    hall.pause(1)
    assert (hall.window(1).status, hall.window(1).pause_reason) == (WindowStatus.PAUSED, "lunch")
    hall.refuses(CallNext(window=1, lease=lease_of(1)), Code.WINDOW_PAUSED, window=1)
    hall.open(1)
    assert (hall.window(1).status, hall.window(1).pause_reason) == (WindowStatus.OPEN, None)
    assert hall.next(1) is not None


def test_pausing_or_closing_again_changes_nothing() -> None:
    hall = an_open_day(1)
    hall.a_ticket(TicketStatus.CALLED)
    hall.pause(1, after_current=True)
    seq = hall.day.seq
    hall.pause(1, after_current=True)
    assert hall.day.seq == seq
    hall.pause(1, after_current=True, reason="training")
    assert hall.window(1).pause_reason == "training"
    hall.close(1, after_current=True)
    assert (hall.window(1).then, hall.window(1).pause_reason) == (WindowStatus.CLOSED, None)
    seq = hall.day.seq
    hall.close(1, after_current=True)
    assert hall.day.seq == seq
    hall.pause(1)
    seq = hall.day.seq
    hall.pause(1)
    assert hall.day.seq == seq
    hall.pause(1, reason="training")
    assert (hall.window(1).then, hall.window(1).pause_reason) == (None, "training")


def test_a_paused_window_that_will_close_keeps_the_reason_of_its_pause() -> None:
    hall = an_open_day(1)
    hall.a_ticket(TicketStatus.CALLED)
    hall.pause(1)
    hall.close(1, after_current=True)
    assert (hall.window(1).status, hall.window(1).pause_reason) == (WindowStatus.PAUSED, "lunch")


def test_after_current_means_at_once_where_nobody_is() -> None:
    hall = an_open_day(1, 2)
    hall.pause(1, after_current=True)
    hall.close(2, after_current=True)
    assert hall.window(1).status is WindowStatus.PAUSED
    assert hall.window(2).status is WindowStatus.CLOSED


def test_a_closed_window_is_not_paused_or_closed() -> None:
    hall = Hall()
    pause = PauseWindow(window=1, lease=None, reason="lunch", after_current=False)
    hall.refuses(pause, Code.WINDOW_CLOSED, window=1)
    hall.refuses(CloseWindow(window=1, lease=None, after_current=True), Code.WINDOW_CLOSED, window=1)
    hall.refuses(replace(pause, window=7), Code.WINDOW_UNKNOWN, window=7)
    hall.refuses(CloseWindow(window=7, lease=None, after_current=True), Code.WINDOW_UNKNOWN, window=7)


def finish(hall: Hall, _: str) -> None:
    hall.start(1)
    hall.finish(1)


LEAVING: dict[str, Callable[[Hall, str], None]] = {
    "finish": finish,
    "miss": lambda hall, _: hall.miss(1),
    "park": lambda hall, _: hall.park(1),
    "transfer": lambda hall, _: hall.transfer(1, service=CARDS),
    "divert": lambda hall, ticket: hall.divert(ticket),
    "cancel": lambda hall, ticket: hall.cancel(ticket),
    "clock": lambda hall, _: hall.wait(minutes=1),
    "day end": lambda hall, _: hall.until(hall.day.times.ends_at),
}


@pytest.mark.parametrize("way", LEAVING)
@pytest.mark.parametrize("then", [WindowStatus.PAUSED, WindowStatus.CLOSED])
def test_a_window_pauses_or_closes_after_its_ticket_however_that_leaves(way: str, then: WindowStatus) -> None:
    policy = first_come(missed_after_s=60 if way == "clock" else None)
    hall = an_open_day(1, policy=policy)
    ticket = hall.a_ticket(TicketStatus.CALLED)
    if then is WindowStatus.PAUSED:
        hall.pause(1, after_current=True)
    else:
        hall.close(1, after_current=True)
    assert (hall.window(1).status, hall.window(1).then) == (WindowStatus.OPEN, then)

    LEAVING[way](hall, ticket)

    assert (hall.window(1).status, hall.window(1).then, hall.window(1).ticket) == (then, None, None)
    assert hall.window(1).pause_reason == ("lunch" if then is WindowStatus.PAUSED else None)


def test_a_leg_that_ends_closes_the_window_too() -> None:
    hall = an_open_day(1)
    hall.issue(CASH, CARDS)
    hall.next(1)
    hall.start(1)
    hall.close(1, after_current=True)
    hall.finish(1)
    assert hall.window(1).status is WindowStatus.CLOSED


def test_opening_again_takes_back_the_closing() -> None:
    hall = an_open_day(1)
    hall.a_ticket(TicketStatus.CALLED)
    hall.close(1, after_current=True)
    hall.open(1)
    assert hall.window(1).then is None


@pytest.mark.parametrize("status", [TicketStatus.CALLED, TicketStatus.SERVING])
def test_closing_with_a_ticket_inside_never_loses_it(status: TicketStatus) -> None:
    hall = an_open_day(1)
    ticket = hall.a_ticket(status)
    hall.close(1)
    assert (hall.window(1).status, hall.window(1).ticket, hall.status(ticket)) == (WindowStatus.CLOSED, ticket, status)
    hall.refuses(Finish(window=1, lease=lease_of(1)), Code.WINDOW_CLOSED, window=1)
    hall.switch("narrow")
    hall.do(OpenWindow(window=1, lease=OTHER, takeover=False))
    assert hall.window(1).ticket == ticket
    if status is TicketStatus.CALLED:
        hall.do(Start(window=1, lease=OTHER))
    hall.do(Finish(window=1, lease=OTHER))
    assert hall.status(ticket) is TicketStatus.FINISHED


def test_a_window_outside_the_plan_opens_again_for_the_ticket_it_still_has() -> None:
    hall = an_open_day(2)
    ticket = hall.a_ticket(TicketStatus.SERVING, 2)
    hall.switch("narrow")
    hall.close(2)
    hall.open(2)
    hall.finish(2)
    assert hall.status(ticket) is TicketStatus.FINISHED


def test_a_walk_in_is_issued_and_started_at_once_and_never_announced() -> None:
    hall = an_open_day(1)
    waiting = hall.issue()
    hall.wait(minutes=1)
    walk_in = WalkIn(window=1, lease=lease_of(1), service=CASH, reason="quick", language="zh-CN")
    accepted = hall.do(walk_in)
    assert accepted.ticket is not None
    ticket = hall.ticket(accepted.ticket)
    assert (ticket.label, ticket.status, ticket.channel) == ("A002", TicketStatus.SERVING, Channel.WALK_IN)
    assert (ticket.reason, ticket.language, ticket.started_at) == ("quick", "zh-CN", at(9, 1))
    assert hall.day.calls == ()
    assert hall.day.overtaken_by(hall.ticket(waiting)) == ()
    hall.refuses(walk_in, Code.WINDOW_BUSY, window=1)


def test_a_walk_in_that_was_sent_on_is_called_like_everybody() -> None:
    hall = an_open_day()
    hall.do(WalkIn(window=1, lease=lease_of(1), service=CASH, reason="quick", language="en"))
    hall.transfer(1, service=CARDS)
    hall.next(3)
    assert [(call.label, call.window) for call in hall.day.calls] == [("A001", 3)]


def test_walk_in_refuses_unknown_services_and_an_ended_day() -> None:
    hall = an_open_day(1)
    walk_in = WalkIn(window=1, lease=None, service="unheard", reason="quick", language="en")
    hall.refuses(walk_in, Code.SERVICE_UNKNOWN)
    hall.until(hall.day.times.ends_at)
    hall.refuses(replace(walk_in, service=CASH), Code.BRANCH_CLOSED)


def test_a_walk_in_is_served_before_numbers_are_given_and_after_the_last() -> None:
    for now in (at(8), at(18)):
        hall = Hall(now=now, opened=(1,))
        hall.do(WalkIn(window=1, lease=lease_of(1), service=CASH, reason="quick", language="en"))


def test_a_greeter_serves_on_foot_with_a_roaming_window() -> None:
    roaming = Window(number=9, zone="hall", is_roaming=True)
    known = terms()
    plans = (plan("normal", {1: (CASH,), 9: (CASH, CARDS)}), *PLANS[1:])
    hall = Hall(replace(known, windows=(*known.windows, roaming), plans=plans), opened=(9,))
    ticket = hall.issue(CARDS)
    assert hall.serve(9) == ticket


def test_a_window_counts_what_it_served() -> None:
    hall = an_open_day(1)
    hall.a_ticket(TicketStatus.SERVING)
    hall.wait(seconds=90)
    hall.finish(1)
    assert (hall.window(1).served, hall.window(1).service_s) == (1, 90)
    hall.undo(1)
    assert (hall.window(1).served, hall.window(1).service_s) == (0, 0)
