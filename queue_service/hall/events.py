"""What happened: the results of accepted commands, as they stand in the journal for ever.

A field may be added with a default. Any other change needs a new version and an upcaster in `journal/`.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

from queue_service.hall.terms import Terms, VisitorClass
from queue_service.hall.tickets import AlertKind, Channel, Fault, Outcome, Place


class Phase(StrEnum):
    """The part of the business day, in order."""

    BEFORE = "before"
    NUMBERS = "numbers"
    """Numbers are given."""
    DOORS = "doors"
    """The last number has been given, the doors are open."""
    INSIDE = "inside"
    """The doors are closed; those inside are served."""
    ENDED = "ended"
    """What still waited has expired."""
    OVER = "over"
    """The next business day has started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayOpened:
    kind: ClassVar = "day.opened"
    branch_id: str
    business_on: date
    terms: Terms
    plan: str
    phase: Phase


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseReached:
    kind: ClassVar = "day.phase_reached"
    phase: Phase


@dataclass(frozen=True, slots=True, kw_only=True)
class TermsChanged:
    kind: ClassVar = "terms.changed"
    terms: Terms
    plan: str
    phase: Phase


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSwitched:
    kind: ClassVar = "plan.switched"
    plan: str
    by_clock: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeEnded:
    """A notice has been shown until its end."""

    kind: ClassVar = "notice.ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketIssued:
    kind: ClassVar = "ticket.issued"
    ticket: str
    label: str
    legs: tuple[str, ...]
    visitor_class: VisitorClass
    is_to_confirm: bool
    channel: Channel
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketCalled:
    kind: ClassVar = "ticket.called"
    ticket: str
    window: int
    is_chosen: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketRecalled:
    kind: ClassVar = "ticket.recalled"
    ticket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketStarted:
    kind: ClassVar = "ticket.started"
    ticket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LegFinished:
    """One service of several is done; the visitor waits for the next with the same label."""

    kind: ClassVar = "ticket.leg_finished"
    ticket: str
    outcome: Outcome
    delivered: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFinished:
    kind: ClassVar = "ticket.finished"
    ticket: str
    outcome: Outcome
    delivered: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketUndone:
    """The finish was taken back."""

    kind: ClassVar = "ticket.undone"
    ticket: str
    window: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketMissed:
    kind: ClassVar = "ticket.missed"
    ticket: str
    by_clock: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketReinstated:
    kind: ClassVar = "ticket.reinstated"
    ticket: str
    joined_at: datetime
    keeps_place: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketParked:
    kind: ClassVar = "ticket.parked"
    ticket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketResumed:
    kind: ClassVar = "ticket.resumed"
    ticket: str
    window: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketTransferred:
    kind: ClassVar = "ticket.transferred"
    ticket: str
    service: str
    window: int | None
    """The only window that may call it; None: any that serves the service."""
    place: Place
    joined_at: datetime
    visitor_class: VisitorClass


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketDiverted:
    kind: ClassVar = "ticket.diverted"
    ticket: str
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketCancelled:
    kind: ClassVar = "ticket.cancelled"
    ticket: str
    by_visitor: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketExpired:
    kind: ClassVar = "ticket.expired"
    ticket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassChanged:
    kind: ClassVar = "ticket.class_changed"
    ticket: str
    visitor_class: VisitorClass
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowOpened:
    """Opened, resumed, or taken over."""

    kind: ClassVar = "window.opened"
    window: int
    teller: str
    session: str
    taken_from: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowPausing:
    """Pauses after the current ticket."""

    kind: ClassVar = "window.pausing"
    window: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowPaused:
    kind: ClassVar = "window.paused"
    window: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowClosing:
    """Closes after the current ticket."""

    kind: ClassVar = "window.closing"
    window: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowClosed:
    kind: ClassVar = "window.closed"
    window: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpAsked:
    kind: ClassVar = "help.asked"
    alert: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertTaken:
    kind: ClassVar = "alert.taken"
    alert: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertClosed:
    """Help was given, perhaps by somebody who had not said before that they would."""

    kind: ClassVar = "alert.closed"
    alert: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRaised:
    """Somebody waits too long, or a window is free while people wait; it ends by itself, without an event."""

    kind: ClassVar = "alert.raised"
    alert: str
    about: AlertKind
    service: str | None = None
    window: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrinterFaulted:
    """A kiosk's printer has a fault, or another one than before."""

    kind: ClassVar = "printer.faulted"
    alert: str
    place: str
    fault: Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class PrinterMended:
    kind: ClassVar = "printer.mended"
    alert: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintAsked:
    kind: ClassVar = "print.asked"
    print: str
    ticket: str
    kiosk: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintTaken:
    kind: ClassVar = "print.taken"
    print: str
    ticket: str
    is_copy: bool
    """The ticket was on paper before, as far as anybody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentVoided:
    """Nobody waits for what was asked for under the entry's key; the key is used up."""

    kind: ClassVar = "intent.voided"


Event = (
    DayOpened
    | PhaseReached
    | TermsChanged
    | PlanSwitched
    | NoticeEnded
    | TicketIssued
    | TicketCalled
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
    | WindowOpened
    | WindowPausing
    | WindowPaused
    | WindowClosing
    | WindowClosed
    | HelpAsked
    | AlertTaken
    | AlertClosed
    | AlertRaised
    | PrinterFaulted
    | PrinterMended
    | PrintAsked
    | PrintTaken
    | IntentVoided
)
