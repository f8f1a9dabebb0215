"""What an entry makes of a day. The same function serves the running hall and a replay."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import assert_never

from queue_service.hall.alerts import ended
from queue_service.hall.day import Day, Draft
from queue_service.hall.events import (
    AlertClosed,
    AlertRaised,
    AlertTaken,
    ClassChanged,
    DayOpened,
    Event,
    HelpAsked,
    IntentVoided,
    LegFinished,
    NoticeEnded,
    PhaseReached,
    PlanSwitched,
    PrintAsked,
    PrinterFaulted,
    PrinterMended,
    PrintTaken,
    TermsChanged,
    TicketCalled,
    TicketCancelled,
    TicketDiverted,
    TicketExpired,
    TicketFinished,
    TicketIssued,
    TicketMissed,
    TicketParked,
    TicketRecalled,
    TicketReinstated,
    TicketResumed,
    TicketStarted,
    TicketTransferred,
    TicketUndone,
    WindowClosed,
    WindowClosing,
    WindowOpened,
    WindowPaused,
    WindowPausing,
)
from queue_service.hall.evolve.alerts import ask_help, fault_printer
from queue_service.hall.evolve.queues import change_class, issue, reinstate
from queue_service.hall.evolve.windows import (
    announce,
    arrive,
    call,
    end,
    finish,
    finish_leg,
    leave_window,
    transfer,
    undo,
)
from queue_service.hall.hours import day_times
from queue_service.hall.routing import Reason
from queue_service.hall.terms import plan_switches
from queue_service.hall.tickets import Alert, Lease, Print, TicketStatus, WindowStatus
from queue_service.hall.values import changed

Entry = tuple[int, datetime, tuple[Event, ...]]
"""What the rules need of a journal entry: seq, time, events."""


def evolve(day: Day | None, seq: int, at: datetime, events: tuple[Event, ...]) -> Day:
    """The day after one entry; `day` is None before the first, which opens it."""
    return _run(day, iter([(seq, at, events)]))


def replay(entries: Iterable[Entry], day: Day | None = None) -> Day:
    """The day after entries in order of seq, at least one, on top of `day` where they are only the newest."""
    return _run(day, iter(entries))


def _run(day: Day | None, entries: Iterator[Entry]) -> Day:
    if day is None:
        seq, at, events = next(entries)
        (opened,) = events
        assert isinstance(opened, DayOpened), "a day's first entry opens it"
        day = _open(opened, seq, at)
    draft = Draft(day)
    for seq, at, events in entries:
        draft.begin(seq, at)
        for event in events:
            apply(draft, event)
        for alert_id in ended(draft):
            del draft.alerts[alert_id]
    return draft.seal()


def _open(event: DayOpened, seq: int, at: datetime) -> Day:
    return Day(
        branch_id=event.branch_id,
        business_on=event.business_on,
        seq=seq,
        at=at,
        terms=event.terms,
        times=day_times(event.terms.hours, event.business_on),
        phase=event.phase,
        plan=event.plan,
        switches=plan_switches(event.terms, event.business_on),
        clock_seen_at=at,
    )


def apply(draft: Draft, event: Event) -> None:
    """Work one event into the draft, whose `seq` and `at` are those of its entry."""
    match event:
        case TicketIssued():
            issue(draft, event)
        case TicketCalled():
            call(draft, event)
        case TicketRecalled():
            ticket = draft.live[event.ticket]
            ticket = changed(ticket, calls=ticket.calls + 1, last_call_at=draft.at)
            draft.put(ticket)
            announce(draft, ticket)
        case TicketStarted():
            draft.put(changed(draft.live[event.ticket], status=TicketStatus.SERVING, started_at=draft.at))
        case LegFinished():
            finish_leg(draft, event)
        case TicketFinished():
            finish(draft, event)
        case TicketUndone():
            undo(draft, event)
        case TicketMissed():
            leave_window(draft, draft.live[event.ticket], TicketStatus.MISSED)
        case TicketReinstated():
            reinstate(draft, event)
        case TicketParked():
            leave_window(draft, draft.live[event.ticket], TicketStatus.PARKED)
        case TicketResumed():
            arrive(draft, draft.live[event.ticket], event.window, reason=Reason.RESUMED)
        case TicketTransferred():
            transfer(draft, event)
        case TicketDiverted():
            end(draft, event.ticket, TicketStatus.DIVERTED, diverted_to=event.to)
        case TicketCancelled():
            end(draft, event.ticket, TicketStatus.CANCELLED)
        case TicketExpired():
            end(draft, event.ticket, TicketStatus.EXPIRED)
        case ClassChanged():
            change_class(draft, event)
        case WindowOpened():
            lease = Lease(teller=event.teller, session=event.session)
            at = draft.window(event.window).opened_at or draft.at
            status = WindowStatus.OPEN
            draft.change_window(event.window, status=status, then=None, pause_reason=None, lease=lease, opened_at=at)
        case WindowPausing():
            draft.change_window(event.window, then=WindowStatus.PAUSED, pause_reason=event.reason)
        case WindowPaused():
            draft.change_window(event.window, status=WindowStatus.PAUSED, then=None, pause_reason=event.reason)
        case WindowClosing():
            is_paused = draft.window(event.window).status is WindowStatus.PAUSED
            reason = draft.window(event.window).pause_reason if is_paused else None
            draft.change_window(event.window, then=WindowStatus.CLOSED, pause_reason=reason)
        case WindowClosed():
            closed = WindowStatus.CLOSED
            draft.change_window(event.window, status=closed, then=None, pause_reason=None, lease=None, opened_at=None)
        case PlanSwitched():
            draft.plan = event.plan
            draft.clock_seen_at = max(draft.clock_seen_at, draft.at)
        case PhaseReached():
            draft.phase = event.phase
        case NoticeEnded() | IntentVoided():
            pass  # that it happened is all there is to know
        case TermsChanged():
            draft.terms, draft.has_new_terms = event.terms, True
            draft.times = day_times(event.terms.hours, draft.business_on)
            draft.switches = plan_switches(event.terms, draft.business_on)
            draft.plan, draft.phase = event.plan, event.phase
            draft.clock_seen_at = draft.at
            draft.shares = draft.shares[-event.terms.policy.share_calls :]
        case HelpAsked():
            ask_help(draft, event)
        case AlertTaken():
            draft.alerts[event.alert] = changed(draft.alerts[event.alert], taken_by=event.by, taken_at=draft.at)
        case AlertRaised():
            draft.alerts[event.alert] = Alert(
                id=event.alert, kind=event.about, service=event.service, window=event.window, at=draft.at
            )
        case PrinterFaulted():
            fault_printer(draft, event)
        case PrinterMended() | AlertClosed():
            del draft.alerts[event.alert]
        case PrintAsked():
            asked = Print(id=event.print, ticket=event.ticket, kiosk=event.kiosk, at=draft.at)
            draft.prints[event.print] = asked
        case PrintTaken():
            del draft.prints[event.print]
            draft.put(changed(draft.live[event.ticket], is_printed=True))
        case DayOpened():
            raise AssertionError("a day is opened once")
        case _:
            assert_never(event)
