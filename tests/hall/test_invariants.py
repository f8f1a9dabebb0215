"""The watchers themselves: each fault that they exist for is planted and must be found."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from queue_service.hall import events as e
from queue_service.hall.day import Day
from queue_service.hall.invariants import Checker, violations
from queue_service.hall.lanes import Lane, LaneKey
from queue_service.hall.phases import open_day
from queue_service.hall.terms import Policy, VisitorClass
from queue_service.hall.tickets import (
    Alert,
    AlertKind,
    Channel,
    Fault,
    Lease,
    Outcome,
    Place,
    Print,
    TicketStatus,
    WindowStatus,
)
from tests.hall.builders import CARDS, CASH, FOREIGN, MONDAY, OPENS_AT, an_open_day, at, first_come, terms

# A day's structure


def a_day() -> Day:
    """One finished at window 1, one called to window 2, two who wait for cash."""
    hall = an_open_day(policy=first_come())
    hall.a_ticket(TicketStatus.FINISHED)
    hall.a_ticket(TicketStatus.CALLED, 2)
    hall.issue()
    hall.issue()
    return hall.day


DAY = a_day()
FINISHED = next(ticket for ticket in DAY.tickets() if ticket.status is TicketStatus.FINISHED)
CALLED = next(ticket for ticket in DAY.live.values() if ticket.status is TicketStatus.CALLED)
FIRST, SECOND = (ticket for ticket in DAY.live.values() if ticket.status is TicketStatus.WAITING)
KEY = LaneKey(CASH, VisitorClass.NORMAL, None)
LANE = DAY.lanes[KEY]


def with_ticket(ticket_id: str, **changes: Any) -> Day:
    return replace(DAY, live={**DAY.live, ticket_id: replace(DAY.live[ticket_id], **changes)})


def with_window(key: int, **changes: Any) -> Day:
    return replace(DAY, windows={**DAY.windows, key: replace(DAY.windows[key], **changes)})


def with_lane(lane: Lane) -> Day:
    return replace(DAY, lanes={KEY: lane})


def with_alerts(*alerts: Alert) -> Day:
    return replace(DAY, alerts={alert.id: alert for alert in alerts})


PRINTER = Alert(id="p", kind=AlertKind.PRINTER, place="east", fault=Fault.COVER, at=DAY.at)
BROKEN = {
    "is finished among the live": with_ticket(CALLED.id, status=TicketStatus.FINISHED),
    "is waiting among the ended": replace(
        DAY, ended={0: {FINISHED.id: replace(FINISHED, status=TicketStatus.WAITING)}}
    ),
    "calls are too many": replace(DAY, calls=tuple(reversed(DAY.calls))),
    "kept for shares": replace(DAY, shares=(VisitorClass.NORMAL,) * 21),
    "is empty": replace(DAY, lanes={**DAY.lanes, KEY._replace(service=CARDS): Lane((), LANE.since)}),
    "out of order": with_lane(Lane(tuple(reversed(LANE.waiting)), LANE.since)),
    "greatest carried": with_lane(LANE._replace(carried_max=1)),
    "wrong about since when": with_lane(LANE._replace(since=at(8))),
    "waits since another moment": with_ticket(FIRST.id, waiting_since=at(8)),
    "at a place that is not its own": with_ticket(FIRST.id, joined_seq=99),
    "carries another count": with_ticket(FIRST.id, overtaken_by=(VisitorClass.VIP,)),
    "in lanes": with_lane(Lane(LANE.waiting[:1], LANE.since)),
    "disagree on who is where": with_window(2, ticket=None),
    "is kept as": with_window(2, number=3),
    "with lease": with_window(1, lease=None),
    "still to be": with_window(1, then=WindowStatus.PAUSED),
    "which is not finished": with_window(1, last_finished=FIRST.id),
    "repeated or have gaps": with_ticket(FIRST.id, label=SECOND.label),
    "the last numbers are": replace(DAY, numbers={"A": 3}),
    "free since": with_window(1, free_since=None),
    "is to print": replace(DAY, prints={"p": Print(id="p", ticket="t", kiosk="east", at=DAY.at)}),
    "as another is": with_alerts(PRINTER, replace(PRINTER, id="p2")),
    "p has lost": with_alerts(replace(PRINTER, fault=None)),
    "o has lost": with_alerts(Alert(id="o", kind=AlertKind.OVER_TARGET, service=CASH, at=DAY.at)),
    "r has lost": with_alerts(Alert(id="r", kind=AlertKind.OVER_TARGET, service="unheard", at=DAY.at)),
    "i has lost": with_alerts(Alert(id="i", kind=AlertKind.IDLE_WINDOW, window=1, at=DAY.at)),
    "b has lost": with_alerts(Alert(id="b", kind=AlertKind.IDLE_WINDOW, window=2, at=DAY.at)),
}


def test_a_sound_day_has_no_fault() -> None:
    assert list(violations(DAY)) == []


@pytest.mark.parametrize("told", BROKEN)
def test_every_fault_of_structure_is_found(told: str) -> None:
    assert any(told in fault for fault in violations(BROKEN[told]))


# Entries


OPENED = open_day(terms(policy=first_come(overtaken_max=1)), MONDAY, OPENS_AT)
ISSUED = e.TicketIssued(
    ticket="t1",
    label="A001",
    legs=(CASH,),
    visitor_class=VisitorClass.NORMAL,
    is_to_confirm=False,
    channel=Channel.STAFF,
    language="en",
)
CALL = e.TicketCalled(ticket="t1", window=1, is_chosen=False, reason="order")
NEXT = replace(ISSUED, ticket="t2", label="A002")
CALL_NEXT = replace(CALL, ticket="t2")
VIP_NEXT = replace(NEXT, visitor_class=VisitorClass.VIP)
FINISH = e.TicketFinished(ticket="t1", outcome=Outcome.DONE, delivered=())
LEG_FINISHED = e.LegFinished(ticket="t1", outcome=Outcome.DONE, delivered=())
START = e.TicketStarted(ticket="t1")
MISS = e.TicketMissed(ticket="t1", by_clock=False)
OVER = e.PhaseReached(phase=e.Phase.OVER)


def opened(number: int) -> e.WindowOpened:
    lease = Lease(teller="anna", session="s")
    return e.WindowOpened(window=number, teller=lease.teller, session=lease.session, taken_from=None)


def watched(*entries: tuple[e.Event, ...] | e.Event, policy: Policy | None = None) -> Checker:
    """A checker that saw a day open, windows 1 and 2 with it, and these entries a second apart."""
    checker = Checker()
    day_opened = OPENED if policy is None else replace(OPENED, terms=terms(policy=policy))
    for seq, entry in enumerate((day_opened, opened(1), opened(2), *entries), 1):
        events = entry if isinstance(entry, tuple) else (entry,)
        checker.entry(seq, OPENS_AT + timedelta(seconds=seq), events)
    return checker


def faults(checker: Checker) -> list[str]:
    return [violation.invariant for violation in checker.found]


PRINT = e.PrintAsked(print="p", ticket="t1", kiosk="east")
TAKEN = e.PrintTaken(print="p", ticket="t1", is_copy=False)
IDLE = e.AlertRaised(alert="i", about=AlertKind.IDLE_WINDOW, window=2)
HELP, HELPED = e.HelpAsked(alert="h", place="kiosk"), e.AlertClosed(alert="h", by="gina")
TOO_LONG = e.AlertRaised(alert="o", about=AlertKind.OVER_TARGET, service=CASH)

GOOD = {
    "finish": (ISSUED, CALL, START, FINISH),
    "undo": (ISSUED, CALL, START, FINISH, e.TicketUndone(ticket="t1", window=1), FINISH),
    "closed with a ticket": (ISSUED, CALL, e.WindowClosed(window=1), opened(1), START, FINISH),
    "overtaken once": (ISSUED, VIP_NEXT, CALL_NEXT, e.TicketParked(ticket="t2"), replace(CALL, reason="overtaken")),
    "over with a service": (ISSUED, CALL, START, (OVER, replace(FINISH, outcome=Outcome.UNKNOWN))),
    "help": (HELP, e.AlertTaken(alert="h", by="gina"), HELPED, HELP, HELPED),
    "printed twice": (ISSUED, PRINT, TAKEN, PRINT, replace(TAKEN, is_copy=True)),
}
BAD = {
    "day opens twice": ("I8", (OPENED,)),
    "label twice": ("I3 I2", (ISSUED, replace(ISSUED, ticket="t2"))),
    "ticket twice": ("I2", (ISSUED, replace(NEXT, ticket="t1"))),
    "gap": ("I3", (NEXT,)),
    "other prefix": ("I3", (replace(ISSUED, legs=("unheard",)),)),
    "not issued": ("I4", (CALL,)),
    "two at a window": ("I5", (ISSUED, NEXT, CALL, CALL_NEXT)),
    "one at two windows": ("I8 I5", (ISSUED, CALL, replace(CALL, window=2, is_chosen=True))),
    "later before earlier": ("I6", (ISSUED, NEXT, CALL_NEXT)),
    "service of another window": ("I6", (replace(ISSUED, legs=(FOREIGN,), label="D001"), CALL)),
    "not overtaken": ("I6", (ISSUED, NEXT, replace(CALL_NEXT, reason="overtaken"))),
    "start twice": ("I8", (ISSUED, CALL, START, START)),
    "finish before start": ("I8", (ISSUED, CALL, FINISH)),
    "finish with legs left": ("I8", (replace(ISSUED, legs=(CASH, CARDS)), CALL, START, FINISH)),
    "no leg left": ("I8", (ISSUED, CALL, START, LEG_FINISHED)),
    "undo at another window": ("I8", (ISSUED, CALL, START, FINISH, e.TicketUndone(ticket="t1", window=2))),
    "visitor cancels a call": ("I8", (ISSUED, CALL, e.TicketCancelled(ticket="t1", by_visitor=True))),
    "expired by day": ("I8", (ISSUED, e.TicketExpired(ticket="t1"))),
    "closed window calls": ("I8", (ISSUED, e.WindowClosed(window=1), CALL)),
    "closed window closes": ("I8", (e.WindowClosed(window=1), e.WindowClosed(window=1))),
    "time goes back": ("I8", (e.PhaseReached(phase=e.Phase.BEFORE),)),
    "left on a day that is over": ("I8", (ISSUED, OVER)),
    "still to close": ("I8", (ISSUED, CALL, e.WindowClosing(window=1), START, FINISH)),
    "still to pause": ("I8", (ISSUED, CALL, e.WindowPausing(window=1, reason="lunch"), START, FINISH)),
    "print of nothing": ("I8", (PRINT,)),
    "print of what has ended": ("I8", (ISSUED, e.TicketCancelled(ticket="t1", by_visitor=False), PRINT)),
    "print asked twice": ("I8", (ISSUED, PRINT, PRINT)),
    "print taken twice": ("I8", (ISSUED, PRINT, TAKEN, TAKEN)),
    "first paper a copy": ("I8", (ISSUED, PRINT, replace(TAKEN, is_copy=True))),
    "second paper no copy": ("I8", (ISSUED, PRINT, TAKEN, PRINT, TAKEN)),
    "print taken after it ended": ("I8", (ISSUED, PRINT, e.TicketCancelled(ticket="t1", by_visitor=False), TAKEN)),
    "idle while nobody waits": ("I8", (IDLE,)),
    "idle too soon": ("I8", (ISSUED, IDLE)),
    "waits not too long": ("I8", (ISSUED, TOO_LONG)),
    "waits for nothing": ("I8", (replace(TOO_LONG, service="unheard"),)),
    "help closed twice": ("I8", (HELP, HELPED, HELPED)),
    "closed what ends by itself": ("I8", (e.PrinterFaulted(alert="h", place="kiosk", fault=Fault.COVER), HELPED)),
    "lost with its window": ("I9", (ISSUED, CALL, (e.WindowClosed(window=1), MISS))),
    "overtaken beyond": (
        "I12",
        (
            ISSUED,
            VIP_NEXT,
            CALL_NEXT,
            e.TicketParked(ticket="t2"),
            replace(VIP_NEXT, ticket="t3", label="A003"),
            replace(CALL, ticket="t3"),
        ),
    ),
}


@pytest.mark.parametrize("case", GOOD)
def test_what_may_happen_is_no_fault(case: str) -> None:
    assert watched(*GOOD[case]).found == []


@pytest.mark.parametrize("case", BAD)
def test_every_fault_of_entries_is_found(case: str) -> None:
    invariants, entries = BAD[case]
    assert faults(watched(*entries)) == invariants.split()


def test_too_few_recalls_or_too_late_an_undo_is_found() -> None:
    recalled = (ISSUED, CALL, e.TicketRecalled(ticket="t1"), MISS)
    assert faults(watched(*recalled, policy=first_come(recalls_before_miss=1))) == []
    assert faults(watched(*recalled, policy=first_come(recalls_before_miss=2))) == ["I8"]
    undone = (ISSUED, CALL, START, FINISH, e.TicketUndone(ticket="t1", window=1))
    assert faults(watched(*undone, policy=first_come(undo_s=0))) == ["I8"]


def test_implicit_start_lets_a_call_finish() -> None:
    assert faults(watched(ISSUED, CALL, FINISH, policy=first_come(start_is_implicit=True))) == []


def test_entries_out_of_order_are_found() -> None:
    checker = watched()
    checker.entry(5, at(9, 1), (ISSUED,))
    checker.entry(6, at(9), (NEXT,))
    assert faults(checker) == ["seq", "time"]


def test_nobody_is_told_while_somebody_waits() -> None:
    checker = watched(ISSUED)
    checker.nobody(3, at(9, 1))
    assert checker.found == []
    checker.nobody(1, at(9, 1))
    assert faults(checker) == ["I7"]
    assert "A001" in checker.found[0].text


def test_who_was_sent_to_a_window_waits_for_that_one_until_it_closes() -> None:
    sent = e.TicketTransferred(
        ticket="t1",
        service=CASH,
        window=2,
        place=Place.LAST,
        joined_at=at(9, 1),
        visitor_class=VisitorClass.TRANSFERRED,
    )
    checker = watched(ISSUED, CALL, sent)
    checker.nobody(1, at(9, 2))
    assert checker.found == []
    checker.entry(7, at(9, 3), (e.WindowClosed(window=2),))
    checker.nobody(1, at(9, 4))
    assert faults(checker) == ["I7"]


def test_an_alert_needs_its_cause() -> None:
    quick = first_come(idle_alert_s=1)
    assert faults(watched(ISSUED, IDLE, policy=quick)) == []
    assert faults(watched(ISSUED, replace(IDLE, window=3), policy=quick)) == ["I8"]
    assert faults(watched(ISSUED, e.WindowClosed(window=2), IDLE, policy=quick)) == ["I8"]
    slower, help_asked = first_come(idle_alert_s=2), e.HelpAsked(alert="h", place="kiosk")
    back = e.TicketTransferred(
        ticket="t1", service=CASH, window=None, place=Place.ORIGINAL, joined_at=at(9), visitor_class=VisitorClass.NORMAL
    )
    assert faults(watched(ISSUED, help_asked, IDLE, policy=slower)) == []
    assert faults(watched(ISSUED, e.WindowClosed(window=2), opened(2), IDLE, policy=slower)) == ["I8"], "just open"
    assert faults(watched(ISSUED, CALL, back, IDLE, policy=slower)) == ["I8"], "has just come"
    checker = watched(ISSUED)
    checker.entry(5, at(9, 15, 4), (TOO_LONG,))
    assert faults(checker) == []
    checker.entry(6, at(9, 16), (CALL,))
    checker.entry(7, at(9, 17), (TOO_LONG,))
    assert faults(checker) == ["I8"]
