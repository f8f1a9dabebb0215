"""Whether a day's entries may follow one another.

The checker keeps books of its own in the simplest form and walks all of them each time. It shares no step with the
rules that it watches, so that a fault of theirs is not a fault of its own.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import assert_never

from queue_service.hall.events import (
    AlertClosed,
    AlertRaised,
    ClassChanged,
    DayOpened,
    Event,
    HelpAsked,
    LegFinished,
    Phase,
    PhaseReached,
    PlanSwitched,
    PrintAsked,
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
from queue_service.hall.terms import Terms, VisitorClass
from queue_service.hall.tickets import Channel, Outcome, Place, WindowStatus
from queue_service.hall.tickets import TicketStatus as Status


@dataclass(frozen=True, slots=True)
class Violation:
    """An invariant of the design (I2 to I9, I12; `seq` and `time` for entries out of order) that did not hold."""

    invariant: str
    seq: int
    text: str


@dataclass(slots=True, kw_only=True)
class _Visit:
    """The checker's book about one ticket."""

    id: str
    label: str
    legs: list[str]
    """Services still wanted, the present one first."""
    visitor_class: VisitorClass
    joined: tuple[datetime, int]
    came_at: datetime
    """When it came to the queue that it waits in, whatever its place there."""
    status: Status = Status.WAITING
    sent_to: int | None = None
    overtaken: int = 0
    recalls: int = 0
    is_on_paper: bool = False


@dataclass(slots=True)
class _Stand:
    """The checker's book about one window."""

    status: WindowStatus = WindowStatus.CLOSED
    then: WindowStatus | None = None
    ticket: str | None = None
    finished: tuple[str, datetime] | None = None
    """What may be undone here: the ticket and when it was finished."""
    idle_since: datetime | None = None


_Moves = (
    TicketCalled
    | TicketRecalled
    | TicketStarted
    | LegFinished
    | TicketFinished
    | TicketUndone
    | TicketMissed
    | TicketReinstated
    | TicketParked
    | TicketResumed
    | TicketTransferred
    | TicketDiverted
    | TicketCancelled
    | TicketExpired
    | ClassChanged
)
_WindowMoves = WindowOpened | WindowPausing | WindowPaused | WindowClosing | WindowClosed

_LIVE = {Status.WAITING, Status.CALLED, Status.SERVING, Status.MISSED, Status.PARKED}
_TABLE: dict[type[_Moves], tuple[set[Status], Status | None]] = {
    TicketCalled: ({Status.WAITING, Status.MISSED, Status.PARKED}, Status.CALLED),
    TicketRecalled: ({Status.CALLED}, None),
    TicketStarted: ({Status.CALLED}, Status.SERVING),
    LegFinished: ({Status.SERVING, Status.CALLED}, Status.WAITING),
    TicketFinished: ({Status.SERVING, Status.CALLED}, Status.FINISHED),
    TicketUndone: ({Status.FINISHED}, Status.SERVING),
    TicketMissed: ({Status.CALLED}, Status.MISSED),
    TicketReinstated: ({Status.MISSED}, Status.WAITING),
    TicketParked: ({Status.CALLED, Status.SERVING}, Status.PARKED),
    TicketResumed: ({Status.PARKED}, Status.CALLED),
    TicketTransferred: ({Status.CALLED, Status.SERVING}, Status.WAITING),
    TicketDiverted: ({Status.WAITING, Status.CALLED}, Status.DIVERTED),
    TicketCancelled: (_LIVE - {Status.SERVING}, Status.CANCELLED),
    TicketExpired: (_LIVE - {Status.SERVING}, Status.EXPIRED),
    ClassChanged: (_LIVE, None),
}
"""From which statuses each event may leave, and where to; None: the status stays."""


@dataclass(slots=True)
class Checker:
    """Watches one day: give it every entry in order, and every answer that nobody waits; read `found`."""

    found: list[Violation] = field(default_factory=list)
    _seq: int = 0
    _at: datetime | None = None
    _terms: Terms | None = None
    _plan: str = ""
    _phase: Phase = Phase.BEFORE
    _visits: dict[str, _Visit] = field(default_factory=dict)
    _stands: dict[int, _Stand] = field(default_factory=dict)
    _numbers: dict[str, int] = field(default_factory=dict)
    _prints: dict[str, str] = field(default_factory=dict)
    """Tickets to be printed, by print."""
    _helps: set[str] = field(default_factory=set)
    """Calls for help that nobody has closed."""

    def entry(self, seq: int, at: datetime, events: tuple[Event, ...]) -> None:
        """Check the next entry of the day against all that came before, and take it into the books."""
        if seq != self._seq + 1:
            self._fault("seq", f"{seq} follows {self._seq}")
        self._seq = seq
        if self._at is not None and at < self._at:
            self._fault("time", f"{at} is before {self._at}")
        self._at = at
        if isinstance(events[0], DayOpened) != (self._terms is None):
            self._fault("I8", "a day opens once and first")
        for event in events:
            self._event(event, at, events)
        for number, stand in self._stands.items():
            if stand.then is not None and stand.ticket is None:
                self._fault("I8", f"window {number} is idle and still to be {stand.then}")
            is_idle = stand.status is WindowStatus.OPEN and stand.ticket is None
            stand.idle_since = (stand.idle_since or at) if is_idle else None
        if self._phase is Phase.OVER and any(visit.status in _LIVE for visit in self._visits.values()):
            self._fault("I8", "somebody is left on a day that is over")

    def nobody(self, window: int, at: datetime) -> None:
        """Check the answer that nobody waits for a window."""
        waiting = [visit.label for visit in self._visits.values() if self._may_call(window, visit)]
        if waiting:
            self._fault("I7", f"window {window} was told at {at} that nobody waits, while {waiting} did")

    def overtaken(self, ticket: str) -> int:
        """How often later joiners were called automatically where this ticket could have been, since it joined."""
        return self._visits[ticket].overtaken

    def _event(self, event: Event, at: datetime, events: tuple[Event, ...]) -> None:
        match event:
            case DayOpened() | TermsChanged():
                self._terms, self._plan, self._phase = event.terms, event.plan, event.phase
            case PhaseReached():
                order = list(Phase)
                if order.index(event.phase) <= order.index(self._phase):
                    self._fault("I8", f"the day went from {self._phase} to {event.phase}")
                self._phase = event.phase
            case PlanSwitched():
                self._plan = event.plan
            case TicketIssued():
                self._issue(event, at)
            case AlertRaised():
                if not self._has_cause(event, at):
                    self._fault("I8", f"{event.alert} is raised without a cause")
            case HelpAsked():
                self._helps.add(event.alert)
            case AlertClosed():
                if event.alert not in self._helps:
                    self._fault("I8", f"{event.alert} is closed, which is no call for help, or again")
                self._helps.discard(event.alert)
            case PrintAsked():
                asked = self._visits.get(event.ticket)
                if asked is None or asked.status not in _LIVE or event.print in self._prints:
                    self._fault("I8", f"{event.print} is asked for {event.ticket}, which has ended, or again")
                else:
                    self._prints[event.print] = asked.id
            case PrintTaken():
                self._take_print(event)
            case WindowOpened() | WindowPausing() | WindowPaused() | WindowClosing() | WindowClosed():
                self._turn(event)
                if event is events[0] and not all(isinstance(other, _WindowMoves) for other in events):
                    self._fault("I9", f"a ticket was moved because window {event.window} turned")
            case _ if isinstance(event, _Moves):
                visit = self._visits.get(event.ticket)
                if visit is None:
                    self._fault("I4", f"{event.kind} of {event.ticket}, which was not issued")
                else:
                    self._move(event, visit, at, events)
            case _:
                pass  # who sees to an alert, and a printer's faults, change nothing that is watched here

    def _issue(self, event: TicketIssued, at: datetime) -> None:
        service = self._known_terms().service(event.legs[0])
        prefix = service.prefix if service is not None else ""
        number = self._numbers.get(prefix, 0) + 1
        self._numbers[prefix] = number
        if event.label != prefix + str(number).rjust(3, "0"):
            self._fault("I3", f"{event.label} is issued as number {number} of {prefix}")
        if event.ticket in self._visits or event.label in [visit.label for visit in self._visits.values()]:
            self._fault("I2", f"{event.label} is issued twice")
        self._visits[event.ticket] = _Visit(
            id=event.ticket,
            label=event.label,
            legs=list(event.legs),
            visitor_class=event.visitor_class,
            joined=(at, self._seq),
            came_at=at,
            is_on_paper=event.channel is Channel.KIOSK,
        )

    def _take_print(self, event: PrintTaken) -> None:
        if self._prints.pop(event.print, None) != event.ticket:
            self._fault("I8", f"{event.print} is taken for {event.ticket}, for which it was not asked")
            return
        visit = self._visits[event.ticket]
        if event.is_copy != visit.is_on_paper:
            self._fault("I8", f"the paper of {visit.label} says wrongly whether it is a copy")
        visit.is_on_paper = True

    def _move(self, event: _Moves, visit: _Visit, at: datetime, events: tuple[Event, ...]) -> None:
        may_leave, to = _TABLE[type(event)]
        if visit.status not in may_leave or not self._is_fit(event, visit, at, events):
            self._fault("I8", f"{event.kind} of {visit.label}, which is {visit.status}")
        if isinstance(event, TicketCalled) and not event.is_chosen:
            self._check_call(event, visit)
        if isinstance(event, TicketCalled | TicketResumed | TicketUndone):
            self._arrive(event.window, visit, is_undo=isinstance(event, TicketUndone))
        elif to not in (None, Status.SERVING):
            for stand in self._stands.values():
                if stand.ticket == visit.id:
                    stand.ticket = None
                    stand.finished = (visit.id, at) if to is Status.FINISHED else None
        visit.status = to or visit.status
        if visit.status not in _LIVE:
            self._prints = {key: ticket for key, ticket in self._prints.items() if ticket != visit.id}
        if to is Status.WAITING:
            visit.came_at = at
        self._place(event, visit, at)

    def _is_fit(self, event: _Moves, visit: _Visit, at: datetime, events: tuple[Event, ...]) -> bool:
        """Whether the conditions hold that the table of statuses cannot tell."""
        policy = self._known_terms().policy
        is_begun = visit.status is Status.SERVING or policy.start_is_implicit
        match event:
            case LegFinished():
                return is_begun and len(visit.legs) > 1
            case TicketFinished(outcome=Outcome.UNKNOWN) if events[0] == PhaseReached(phase=Phase.OVER):
                return True
            case TicketFinished():
                return is_begun and len(visit.legs) == 1
            case TicketUndone():
                finished = self._stand(event.window).finished
                undo = timedelta(seconds=policy.undo_s)
                return finished is not None and finished[0] == visit.id and at - finished[1] <= undo
            case TicketMissed():
                return visit.recalls >= policy.recalls_before_miss
            case TicketCancelled():
                return not event.by_visitor or visit.status in (Status.WAITING, Status.MISSED)
            case TicketExpired():
                return isinstance(events[0], PhaseReached) and self._phase in (Phase.ENDED, Phase.OVER)
            case _:
                return True

    def _check_call(self, event: TicketCalled, visit: _Visit) -> None:
        """An automatic call against everybody else whom the window could have called."""
        if not self._may_call(event.window, visit):
            self._fault("I6", f"{visit.label} was called to window {event.window}, which may not serve it")
        limit = self._known_terms().policy.overtaken_max
        is_due = event.reason == "overtaken"
        if is_due and visit.overtaken < limit:
            self._fault("I6", f"{visit.label} was called as overtaken after {visit.overtaken} of {limit} times")
        earlier = [
            other
            for other in self._visits.values()
            if self._may_call(event.window, other) and other.joined < visit.joined
        ]
        for other in earlier:
            is_alike = (other.legs[0], other.visitor_class) == (visit.legs[0], visit.visitor_class)
            if is_alike and not is_due:
                self._fault("I6", f"{visit.label} was called before {other.label} for no recorded reason")
            if other.overtaken >= limit:
                self._fault("I12", f"{other.label} was overtaken by {visit.label} beyond {limit} times")
            other.overtaken += 1

    def _arrive(self, number: int, visit: _Visit, *, is_undo: bool) -> None:
        stand = self._stand(number)
        if stand.ticket is not None:
            self._fault("I5", f"{visit.label} came to window {number}, which has {stand.ticket}")
        if any(other.ticket == visit.id for other in self._stands.values()):
            self._fault("I5", f"{visit.label} came to window {number} and is at another")
        if stand.status is not WindowStatus.OPEN and not is_undo:
            self._fault("I8", f"{visit.label} came to window {number}, which is {stand.status}")
        stand.ticket, stand.finished = visit.id, None

    def _place(self, event: _Moves, visit: _Visit, at: datetime) -> None:
        """Where the visit stands in the queue from now on, and what it has gone through."""
        match event:
            case TicketCalled() | TicketResumed():
                visit.recalls = 0
            case TicketRecalled():
                visit.recalls += 1
            case LegFinished():
                visit.sent_to, visit.overtaken, visit.joined = None, 0, (at, self._seq)
                visit.legs = visit.legs[1:] or visit.legs
            case TicketReinstated():
                visit.sent_to = None
                if not event.keeps_place:
                    visit.overtaken, visit.joined = 0, (event.joined_at, self._seq)
            case TicketTransferred():
                visit.sent_to, visit.visitor_class = event.window, event.visitor_class
                visit.legs = [event.service, *(leg for leg in visit.legs[1:] if leg != event.service)]
                if event.place is not Place.ORIGINAL:
                    visit.overtaken, visit.joined = 0, (event.joined_at, self._seq)
            case ClassChanged():
                visit.visitor_class = event.visitor_class
            case _:
                pass

    def _turn(self, event: _WindowMoves) -> None:
        stand = self._stand(event.window)
        if stand.status is WindowStatus.CLOSED and not isinstance(event, WindowOpened):
            self._fault("I8", f"{event.kind} of window {event.window}, which is closed")
        match event:
            case WindowOpened():
                stand.status, stand.then = WindowStatus.OPEN, None
            case WindowPausing():
                stand.then = WindowStatus.PAUSED
            case WindowPaused():
                stand.status, stand.then = WindowStatus.PAUSED, None
            case WindowClosing():
                stand.then = WindowStatus.CLOSED
            case WindowClosed():
                stand.status, stand.then = WindowStatus.CLOSED, None
            case _:
                assert_never(event)

    def _has_cause(self, event: AlertRaised, at: datetime) -> bool:
        """Whether somebody waits as long as the alert says, and the window that it names stands idle as long."""
        terms = self._known_terms()
        if event.window is not None:
            stand = self._stand(event.window)
            limit = timedelta(seconds=terms.policy.idle_alert_s or 0)
            concerned = [visit for visit in self._visits.values() if self._may_call(event.window, visit)]
            is_idle = stand.idle_since is not None and at - stand.idle_since >= limit
            return is_idle and any(at - visit.came_at >= limit for visit in concerned)
        service = terms.service(event.service or "")
        if service is None:
            return False
        limit = timedelta(minutes=service.target_wait_minutes)
        concerned = [visit for visit in self._visits.values() if visit.legs[0] == service.id]
        return any(visit.status is Status.WAITING and at - visit.came_at >= limit for visit in concerned)

    def _may_call(self, number: int, visit: _Visit) -> bool:
        """Whether a window could call a visit now."""
        if visit.status is not Status.WAITING:
            return False
        if visit.sent_to is not None and self._stand(visit.sent_to).status is not WindowStatus.CLOSED:
            return visit.sent_to == number
        plan = self._known_terms().plan(self._plan)
        return visit.sent_to == number or (plan is not None and visit.legs[0] in plan.windows.get(number, ()))

    def _stand(self, number: int) -> _Stand:
        return self._stands.setdefault(number, _Stand())

    def _known_terms(self) -> Terms:
        assert self._terms is not None, "a day's first entry opens it"
        return self._terms

    def _fault(self, invariant: str, text: str) -> None:
        self.found.append(Violation(invariant, self._seq, text))
