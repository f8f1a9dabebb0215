"""What an entry makes of a day. The same function serves the running hall and a replay."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import assert_never

from queue_service.hall.alerts import ended
from queue_service.hall.day import CALLS_SHOWN_MAX, Day, Draft
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
from queue_service.hall.hours import day_times
from queue_service.hall.routing import Reason
from queue_service.hall.terms import plan_switches
from queue_service.hall.tickets import (
    AT_WINDOW,
    Alert,
    AlertKind,
    Call,
    Fault,
    Lease,
    Place,
    Print,
    Ticket,
    TicketStatus,
    Wait,
    WindowStatus,
)
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
            _issue(draft, event)
        case TicketCalled():
            _call(draft, event)
        case TicketRecalled():
            ticket = _live(draft, event.ticket)
            ticket = changed(ticket, calls=ticket.calls + 1, last_call_at=draft.at)
            draft.put(ticket)
            _announce(draft, ticket)
        case TicketStarted():
            draft.put(changed(_live(draft, event.ticket), status=TicketStatus.SERVING, started_at=draft.at))
        case LegFinished():
            _finish_leg(draft, event)
        case TicketFinished():
            _finish(draft, event)
        case TicketUndone():
            _undo(draft, event)
        case TicketMissed():
            _leave_window(draft, _live(draft, event.ticket), TicketStatus.MISSED)
        case TicketReinstated():
            _reinstate(draft, event)
        case TicketParked():
            _leave_window(draft, _live(draft, event.ticket), TicketStatus.PARKED)
        case TicketResumed():
            _arrive(draft, _live(draft, event.ticket), event.window, reason=Reason.RESUMED)
        case TicketTransferred():
            _transfer(draft, event)
        case TicketDiverted():
            _end(draft, event.ticket, TicketStatus.DIVERTED, diverted_to=event.to)
        case TicketCancelled():
            _end(draft, event.ticket, TicketStatus.CANCELLED)
        case TicketExpired():
            _end(draft, event.ticket, TicketStatus.EXPIRED)
        case ClassChanged():
            _change_class(draft, event)
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
            _ask_help(draft, event)
        case AlertTaken():
            draft.alerts[event.alert] = changed(draft.alerts[event.alert], taken_by=event.by, taken_at=draft.at)
        case AlertRaised():
            draft.alerts[event.alert] = Alert(
                id=event.alert, kind=event.about, service=event.service, window=event.window, at=draft.at
            )
        case PrinterFaulted():
            _fault_printer(draft, event)
        case PrinterMended() | AlertClosed():
            del draft.alerts[event.alert]
        case PrintAsked():
            asked = Print(id=event.print, ticket=event.ticket, kiosk=event.kiosk, at=draft.at)
            draft.prints[event.print] = asked
        case PrintTaken():
            del draft.prints[event.print]
            draft.put(changed(_live(draft, event.ticket), is_printed=True))
        case DayOpened():
            raise AssertionError("a day is opened once")
        case _:
            assert_never(event)


def _issue(draft: Draft, event: TicketIssued) -> None:
    ticket = Ticket(
        id=event.ticket,
        label=event.label,
        issued_for=event.legs[0],
        legs=event.legs,
        visitor_class=event.visitor_class,
        is_to_confirm=event.is_to_confirm,
        channel=event.channel,
        language=event.language,
        issued_at=draft.at,
        joined_at=draft.at,
        joined_seq=draft.seq,
        waiting_since=draft.at,
    )
    service = draft.terms.service(ticket.service)
    assert service is not None, "a ticket is issued for one of the day's services"
    draft.numbers[service.prefix] = draft.numbers.get(service.prefix, 0) + 1
    draft.enter_lane(ticket)


def _call(draft: Draft, event: TicketCalled) -> None:
    ticket = _live(draft, event.ticket)
    overtaken_by = ticket.overtaken_by
    waits = ticket.waits
    if ticket.status is TicketStatus.WAITING:
        overtaken_by = draft.leave_lane(ticket)
        waits = _waits(draft, ticket)
    if not event.is_chosen:
        draft.overtake(ticket, event.window)
        draft.shares = (*draft.shares, ticket.visitor_class)[-draft.terms.policy.share_calls :]
    _arrive(draft, ticket, event.window, overtaken_by=overtaken_by, reason=event.reason, waits=waits)


def _waits(draft: Draft, ticket: Ticket) -> tuple[Wait, ...]:
    """The waits of a ticket that is called out of a queue; who was issued by this very entry has not waited."""
    is_known = any((wait.leg, wait.service) == (ticket.leg, ticket.service) for wait in ticket.waits)
    if is_known or ticket.joined_seq == draft.seq:
        return ticket.waits
    return (*ticket.waits, Wait(ticket.leg, ticket.service, (draft.at - ticket.waiting_since).total_seconds()))


def _finish_leg(draft: Draft, event: LegFinished) -> None:
    ticket = _live(draft, event.ticket)
    _leave_served(draft, ticket, last_finished=None)
    _join(draft, ticket, joined_at=draft.at, leg=ticket.leg + 1, window=None)


def _finish(draft: Draft, event: TicketFinished) -> None:
    ticket = _live(draft, event.ticket)
    _leave_served(draft, ticket, last_finished=ticket.id)
    draft.end(
        changed(
            ticket,
            status=TicketStatus.FINISHED,
            started_at=ticket.started_at or ticket.called_at,
            ended_at=draft.at,
            outcome=event.outcome,
            delivered=event.delivered,
        )
    )


def _undo(draft: Draft, event: TicketUndone) -> None:
    ticket = draft.ticket(event.ticket)
    assert ticket is not None, "what is undone was finished"
    service_s = _service_s(ticket.started_at, ticket.ended_at)
    draft.revive(changed(ticket, status=TicketStatus.SERVING, ended_at=None, outcome=None, delivered=()))
    draft.count_service(event.window, ticket.service, -1, -service_s, ticket=ticket.id, last_finished=None)


def _reinstate(draft: Draft, event: TicketReinstated) -> None:
    ticket = _live(draft, event.ticket)
    if event.keeps_place:
        draft.enter_lane(_waiting_again(draft, ticket, window=None))
    else:
        _join(draft, ticket, joined_at=event.joined_at, window=None)


def _transfer(draft: Draft, event: TicketTransferred) -> None:
    ticket = _live(draft, event.ticket)
    _free_window(draft, ticket)
    later = (leg for leg in ticket.legs[ticket.leg + 1 :] if leg != event.service)
    legs = (*ticket.legs[: ticket.leg], event.service, *later)
    moved = changed(ticket, legs=legs, visitor_class=event.visitor_class)
    if event.place is Place.ORIGINAL:
        draft.enter_lane(_waiting_again(draft, moved, window=event.window))
    else:
        _join(draft, moved, joined_at=event.joined_at, window=event.window)


def _change_class(draft: Draft, event: ClassChanged) -> None:
    ticket = _live(draft, event.ticket)
    if ticket.status is TicketStatus.WAITING:
        overtaken_by = draft.leave_lane(ticket)
        changes = {"visitor_class": event.visitor_class, "is_to_confirm": False, "overtaken_by": overtaken_by}
        draft.enter_lane(changed(ticket, **changes))
    else:
        draft.put(changed(ticket, visitor_class=event.visitor_class, is_to_confirm=False))


def _join(draft: Draft, ticket: Ticket, *, joined_at: datetime, window: int | None, leg: int | None = None) -> None:
    """Join a queue anew: whoever came before is before, and nobody has been overtaken yet."""
    joined = changed(
        ticket, joined_at=joined_at, joined_seq=draft.seq, overtaken_by=(), leg=ticket.leg if leg is None else leg
    )
    draft.enter_lane(_waiting_again(draft, joined, window=window))


def _waiting_again(draft: Draft, ticket: Ticket, *, window: int | None) -> Ticket:
    return changed(
        ticket,
        status=TicketStatus.WAITING,
        waiting_since=draft.at,
        called_at=None,
        last_call_at=None,
        started_at=None,
        window=window,
        calls=0,
        reason=None,
    )


def _arrive(draft: Draft, ticket: Ticket, number: int, **changes: object) -> None:
    """Called to a window."""
    called = changed(
        ticket,
        status=TicketStatus.CALLED,
        called_at=draft.at,
        last_call_at=draft.at,
        started_at=None,
        window=number,
        calls=1,
        **changes,
    )
    draft.put(called)
    draft.change_window(number, ticket=ticket.id, last_finished=None)
    if ticket.joined_seq != draft.seq:  # who was issued by this very entry stands at the window already
        _announce(draft, called)


def _announce(draft: Draft, ticket: Ticket) -> None:
    assert ticket.window is not None, "a call names its window"
    call = Call(
        id=f"{draft.seq}",
        ticket=ticket.id,
        label=ticket.label,
        window=ticket.window,
        at=draft.at,
        times=ticket.calls,
    )
    draft.calls = (call, *draft.calls)[:CALLS_SHOWN_MAX]


def _leave_window(draft: Draft, ticket: Ticket, status: TicketStatus) -> None:
    _free_window(draft, ticket)
    draft.put(changed(ticket, status=status))


def _end(draft: Draft, ticket_id: str, status: TicketStatus, diverted_to: str | None = None) -> None:
    ticket = _live(draft, ticket_id)
    if ticket.status is TicketStatus.WAITING:
        ticket = changed(ticket, overtaken_by=draft.leave_lane(ticket))
    elif ticket.status in AT_WINDOW:
        _free_window(draft, ticket)
    draft.end(changed(ticket, status=status, ended_at=draft.at, diverted_to=diverted_to))


def _free_window(draft: Draft, ticket: Ticket) -> None:
    assert ticket.window is not None, "a ticket at a window names it"
    draft.change_window(ticket.window, ticket=None)


def _leave_served(draft: Draft, ticket: Ticket, last_finished: str | None) -> None:
    """Free the window and count the service there."""
    assert ticket.window is not None, "a ticket that is served is at a window"
    service_s = _service_s(ticket.started_at or ticket.called_at, draft.at)
    draft.count_service(ticket.window, ticket.service, 1, service_s, ticket=None, last_finished=last_finished)


def _service_s(started_at: datetime | None, ended_at: datetime | None) -> float:
    assert started_at is not None and ended_at is not None, "a finished service has begun"
    return (ended_at - started_at).total_seconds()


def _ask_help(draft: Draft, event: HelpAsked) -> None:
    draft.alerts[event.alert] = Alert(id=event.alert, kind=AlertKind.HELP, place=event.place, at=draft.at)
    asked = [alert for alert in draft.alerts.values() if alert.kind is AlertKind.HELP]
    for _ in range(len(asked) - draft.terms.policy.alerts_max):
        goes = next((alert for alert in asked if alert.taken_at is not None), asked[0])
        asked.remove(goes)
        del draft.alerts[goes.id]


def _fault_printer(draft: Draft, event: PrinterFaulted) -> None:
    known = draft.alerts.get(event.alert)
    if known is None:
        known = Alert(id=event.alert, kind=AlertKind.PRINTER, place=event.place, at=draft.at)
    elif known.fault is Fault.NEAR_END:  # who saw to the warning may not know that it has come true
        known = changed(known, taken_by=None, taken_at=None)
    draft.alerts[event.alert] = changed(known, fault=event.fault, at=draft.at)


def _live(draft: Draft, ticket_id: str) -> Ticket:
    return draft.live[ticket_id]
