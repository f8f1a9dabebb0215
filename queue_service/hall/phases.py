"""The parts of the business day, and what the clock alone brings about.

Nothing here depends on a process being awake at the moment itself: whatever is due is worked off, with its own time,
before any command is decided and before any view is shown.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from queue_service.hall.alerts import alerts_due, raised
from queue_service.hall.day import Day
from queue_service.hall.events import (
    DayOpened,
    Event,
    NoticeEnded,
    Phase,
    PhaseReached,
    PlanSwitched,
    TicketExpired,
    TicketFinished,
    TicketMissed,
    WindowClosed,
)
from queue_service.hall.hours import DayTimes, day_times
from queue_service.hall.lifecycle import MAY, Action
from queue_service.hall.terms import Terms, plan_switches
from queue_service.hall.tickets import AlertKind, Outcome, Ticket, TicketStatus, WindowStatus
from queue_service.hall.windows import after_ticket

PHASES = tuple(Phase)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Something that the clock brings about."""

    at: datetime
    """The moment itself; where an edit of the terms put that in the past, the time of the day's last entry."""
    key: str
    """The same whoever works it off on the same day, so that doing it twice is harmless."""
    events: tuple[Event, ...]


def open_day(terms: Terms, on: date, now: datetime) -> DayOpened:
    """The first event of business day `on`."""
    phase = phase_at(day_times(terms.hours, on), now)
    return DayOpened(branch_id=terms.branch_id, business_on=on, terms=terms, plan=plan_at(terms, on, now), phase=phase)


def phase_at(times: DayTimes, now: datetime) -> Phase:
    """The part of the day at `now`."""
    return next((phase for phase, at in reversed(list(_moments(times))) if at <= now), Phase.BEFORE)


def plan_at(terms: Terms, on: date, now: datetime) -> str:
    """The plan that the clock wants at `now`: of the last switch, or else the branch's first plan."""
    past = [plan for at, plan in plan_switches(terms, on) if at <= now]
    return past[-1] if past else terms.plans[0].id


def advance(day: Day, now: datetime) -> Due | None:
    """The first thing that is due by `now`; ask again on the day that it leads to. None: nothing is due."""
    first = min(_due(day), default=None)
    return _bring_about(day, *first) if first is not None and first[0] <= now else None


def due_at(day: Day) -> datetime | None:
    """The next moment at which the clock has something to do; None on a day that is over."""
    return min((at for at, _, _ in _due(day)), default=None)


def _due(day: Day) -> Iterator[tuple[datetime, str, str]]:
    """What lies ahead of each sort: when, the sort, and the phase, plan, ticket, service or window."""
    for phase, at in _moments(day.times, after=day.phase):
        yield at, "phase", phase
        break
    for at, plan in day.switches:
        if at > day.clock_seen_at:
            yield at, "plan", plan
            break
    for notice in day.terms.notices:
        if notice.until is not None and notice.until > day.at:
            yield notice.until, "notice", ""
    for ticket, at in _unanswered(day):
        yield at, "miss", ticket.id
    yield from alerts_due(day)


def _bring_about(day: Day, at: datetime, sort: str, what: str) -> Due:
    match sort:
        case "phase":
            phase = Phase(what)
            events: tuple[Event, ...] = (PhaseReached(phase=phase), *_ends(day, phase))
        case "plan":
            events = (PlanSwitched(plan=what, by_clock=True),)
        case "notice":
            events = (NoticeEnded(),)
        case AlertKind():
            events = (raised(day, sort, what),)
        case _:
            window = day.window(day.live[what].window or 0)
            events = (TicketMissed(ticket=what, by_clock=True), *after_ticket(window))
    return Due(at=max(at, day.at), key=f"{sort}:{what}:{day.business_on}:{day.seq + 1}", events=events)


def _ends(day: Day, phase: Phase) -> Iterator[Event]:
    """What ends with a phase: the waiting at the day's end, everything at the next day's start."""
    if phase not in (Phase.ENDED, Phase.OVER):
        return
    for ticket in day.live.values():
        if ticket.status in MAY[Action.EXPIRE]:
            yield TicketExpired(ticket=ticket.id)
        elif phase is Phase.OVER:
            yield TicketFinished(ticket=ticket.id, outcome=Outcome.UNKNOWN, delivered=())
    for window in day.windows.values():
        if phase is Phase.OVER and window.status is not WindowStatus.CLOSED:
            yield WindowClosed(window=window.number)
        elif window.ticket is not None and day.live[window.ticket].status is TicketStatus.CALLED:
            yield from after_ticket(window)


def _moments(times: DayTimes, *, after: Phase = Phase.BEFORE) -> Iterator[tuple[Phase, datetime]]:
    """When the phases after one begin, in order, without those that the day does not have."""
    for phase in PHASES[PHASES.index(after) + 1 :]:
        at: datetime | None = getattr(times, _BEGINS[phase])
        if at is not None:
            yield phase, at


_BEGINS = {
    Phase.NUMBERS: "numbers_from_at",
    Phase.DOORS: "last_number_at",
    Phase.INSIDE: "doors_close_at",
    Phase.ENDED: "ends_at",
    Phase.OVER: "next_day_at",
}


def _unanswered(day: Day) -> Iterator[tuple[Ticket, datetime]]:
    """Called tickets that the clock will call missed, with the moment."""
    policy = day.terms.policy
    if policy.missed_after_s is None:
        return
    for window in day.windows.values():
        ticket = day.live.get(window.ticket) if window.ticket is not None else None
        if ticket is None or ticket.status is not TicketStatus.CALLED or ticket.last_call_at is None:
            continue
        if ticket.calls - 1 >= policy.recalls_before_miss:
            yield ticket, ticket.last_call_at + timedelta(seconds=policy.missed_after_s)
