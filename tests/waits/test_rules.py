"""The plain range: sensible at its ends, and longer the more stand ahead."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queue_service.hall.commands import CallNext, Command, IssueTicket, OpenWindow, PauseWindow
from queue_service.hall.day import Day
from queue_service.hall.decide import Accepted, decide
from queue_service.hall.evolve import evolve
from queue_service.hall.phases import open_day
from queue_service.hall.terms import Terms, VisitorClass
from queue_service.hall.tickets import Channel, Ticket
from queue_service.waits.rules import STEP_S, Outlook, WaitRange
from tests.desk.house import CARDS, CASH, MONDAY, a_plan, at, lease_of, terms

CLASSES = (VisitorClass.NORMAL, VisitorClass.PRIORITY, VisitorClass.VIP)


def a_day(known: Terms | None = None) -> Day:
    return evolve(None, 1, at(9), (open_day(known or terms(), MONDAY, at(9)),))


def after(day: Day, *commands: Command, seconds: int = 0) -> Day:
    """The day after commands that it accepts, one every so many seconds."""
    for command in commands:
        now = at(9, 0, 0) if not seconds else at(9, 0, seconds * day.seq)
        decision = decide(day, command, max(now, day.at))
        assert isinstance(decision, Accepted), decision
        day = evolve(day, day.seq + 1, max(now, day.at), decision.events) if decision.events else day
    return day


def issue(service: str = CASH, visitor_class: VisitorClass = VisitorClass.NORMAL) -> Command:
    return IssueTicket(legs=(service,), visitor_class=visitor_class, channel=Channel.STAFF, language="en")


def open_(window: int) -> Command:
    return OpenWindow(window=window, lease=lease_of(window), takeover=False)


def call(window: int) -> Command:
    return CallNext(window=window, lease=lease_of(window))


def waiting(day: Day) -> list[Ticket]:
    """The tickets that wait for cash, in order of issue."""
    return [day.live[waiting.ticket] for lane in day.lanes.values() for waiting in lane.waiting]


def test_nobody_waiting_and_an_idle_window_is_no_wait() -> None:
    outlook = Outlook(after(a_day(), open_(1)))
    assert outlook.wait(CASH) == WaitRange(0, 0)
    assert outlook.windows(CASH) == [1]


def test_a_free_window_that_nobody_else_wants_is_no_wait_whatever_others_wait_for() -> None:
    plan = a_plan({1: (CASH, CARDS), 2: (CARDS,)})
    day = after(a_day(terms(plans=(plan,))), open_(1), open_(2), issue(), call(1), issue())
    assert Outlook(day).wait(CARDS) == WaitRange(0, 0)
    assert Outlook(day).wait(CASH) != WaitRange(0, 0)


def test_without_a_window_nobody_knows() -> None:
    day = after(a_day(), issue())
    outlook = Outlook(day)
    assert outlook.wait(CASH) is None
    assert outlook.place(waiting(day)[0]) == (0, None)


@pytest.mark.parametrize("after_current", [False, True])
def test_a_window_that_pauses_is_none(after_current: bool) -> None:
    pause = PauseWindow(window=1, lease=lease_of(1), reason="lunch", after_current=after_current)
    day = after(a_day(), open_(1), issue(), call(1), issue(), pause)
    assert Outlook(day).wait(CASH) is None


def test_a_busy_window_is_a_wait_though_nobody_stands_ahead() -> None:
    day = after(a_day(), open_(1), issue(), call(1))
    wait = Outlook(day).wait(CASH)
    assert wait is not None and 0 < wait.low_s < wait.high_s <= 6 * 60


def test_only_windows_that_serve_the_service_count() -> None:
    day = after(a_day(terms(plans=(a_plan({1: (CASH,), 2: (CARDS,)}),))), open_(2), issue())
    assert Outlook(day).wait(CASH) is None
    assert Outlook(day).wait(CARDS) == WaitRange(0, 0)


def test_who_waits_for_something_else_at_the_same_windows_counts_too() -> None:
    alone = after(a_day(), open_(1), issue(), issue())
    shared = after(a_day(), open_(1), issue(CARDS), issue(), issue())
    last = waiting(alone)[-1], [ticket for ticket in waiting(shared) if ticket.service == CASH][-1]
    waits = Outlook(alone).place(last[0])[1], Outlook(shared).place(last[1])[1]
    assert waits[0] is not None and waits[1] is not None
    assert waits[1].high_s > waits[0].high_s
    assert Outlook(shared).place(last[1])[0] == Outlook(alone).place(last[0])[0] == 1, "of the same service"


def test_a_head_start_stands_ahead() -> None:
    day = after(a_day(), open_(1), *[issue() for _ in range(3)], issue(CASH, VisitorClass.PRIORITY), seconds=10)
    outlook = Outlook(day)
    ahead = {ticket.label: outlook.place(ticket)[0] for ticket in waiting(day)}
    assert ahead == {"A001": 1, "A002": 2, "A003": 3, "A004": 0}


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from((CASH, CARDS)), st.sampled_from(CLASSES)), max_size=25),
    st.sets(st.sampled_from((1, 2, 3)), min_size=1),
    st.integers(0, 200),
)
def test_whoever_stands_further_back_waits_no_less(
    visits: list[tuple[str, VisitorClass]], windows: set[int], seconds: int
) -> None:
    day = after(a_day(), *map(open_, sorted(windows)), *(issue(*visit) for visit in visits), seconds=seconds)
    outlook = Outlook(day)
    for service in (CASH, CARDS):
        tickets = [ticket for ticket in waiting(day) if ticket.service == service]
        places = sorted(map(outlook.place, tickets), key=lambda place: place[0])
        assert [ahead for ahead, _ in places] == list(range(len(tickets))), "each has a place of its own"
        waits = [wait for _, wait in places if wait is not None]
        newcomer = outlook.wait(service)
        assert all(0 <= wait.low_s <= wait.high_s for wait in waits)
        assert all(wait.low_s % STEP_S == wait.high_s % STEP_S == 0 for wait in waits)
        assert waits == sorted(waits, key=lambda wait: (wait.low_s, wait.high_s))
        if waits and newcomer is not None:
            assert newcomer.high_s >= waits[-1].high_s


@given(st.integers(0, 20), st.sampled_from((1, 2, 3)))
def test_one_more_ahead_is_no_shorter_and_one_more_window_no_longer(count: int, more: int) -> None:
    day = after(a_day(), open_(1), issue(), call(1), *[issue() for _ in range(count)])
    wait = Outlook(day).wait(CASH)
    longer = Outlook(after(day, issue())).wait(CASH)
    shorter = Outlook(after(day, *([open_(more)] if more != 1 else []))).wait(CASH)
    assert wait is not None and longer is not None and shorter is not None
    assert (longer.low_s, longer.high_s) >= (wait.low_s, wait.high_s)
    assert (shorter.low_s, shorter.high_s) <= (wait.low_s, wait.high_s)
