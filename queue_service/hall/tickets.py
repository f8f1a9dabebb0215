"""Tickets, windows, alerts and prints of a day, as values."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from queue_service.hall.terms import VisitorClass


class TicketStatus(StrEnum):
    """Where a ticket 号票 stands."""

    WAITING = "waiting"
    CALLED = "called"
    SERVING = "serving"
    PARKED = "parked"
    MISSED = "missed"
    FINISHED = "finished"
    DIVERTED = "diverted"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


ENDED = frozenset({TicketStatus.FINISHED, TicketStatus.DIVERTED, TicketStatus.CANCELLED, TicketStatus.EXPIRED})
AT_WINDOW = frozenset({TicketStatus.CALLED, TicketStatus.SERVING})


class Channel(StrEnum):
    """Where a number was taken."""

    KIOSK = "kiosk"
    STAFF = "staff"
    WALK_IN = "walk_in"


class Outcome(StrEnum):
    """How a service ended."""

    DONE = "done"
    PARTLY = "partly"
    NOT_DONE = "not_done"
    UNKNOWN = "unknown"
    """Nobody pressed finish before the next business day."""


class Place(StrEnum):
    """Where a transferred visitor waits."""

    FIRST = "first"
    LAST = "last"
    ORIGINAL = "original"


class WindowStatus(StrEnum):
    """Where a window 窗口 stands; busy follows from its ticket."""

    CLOSED = "closed"
    OPEN = "open"
    PAUSED = "paused"


class AlertKind(StrEnum):
    """What wants a greeter (`alert.<value>`)."""

    HELP = "help"
    OVER_TARGET = "over_target"
    """Somebody waits longer for a service than its target."""
    IDLE_WINDOW = "idle_window"
    """A window is free while people wait whom it may serve."""
    PRINTER = "printer"


class Fault(StrEnum):
    """What is wrong with a kiosk's printer (`fault.<value>`)."""

    PAPER_OUT = "paper_out"
    NEAR_END = "near_end"
    """A warning: it still prints."""
    COVER = "cover"
    OFFLINE = "offline"
    FAILED = "failed"


class Wait(NamedTuple):
    """One wait of a visit, from joining a queue to the first call out of it."""

    leg: int
    service: str
    wait_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What has been done for one service: how many, and their seconds in all."""

    served: int = 0
    service_s: float = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """One visitor's number and everything that the hall knows about the visit. Nothing about the person."""

    id: str
    label: str
    issued_for: str
    """The service that the visitor came for first, wherever the visit has led since."""
    legs: tuple[str, ...]
    """Services of the visit in order; one that was transferred stands under its new service."""
    leg: int = 0
    visitor_class: VisitorClass
    is_to_confirm: bool
    status: TicketStatus = TicketStatus.WAITING
    channel: Channel
    language: str
    issued_at: datetime
    joined_at: datetime
    """The moment that counts for the place in the queue; not always when the ticket began to wait."""
    joined_seq: int
    """Seq of the entry that gave `joined_at`; decides between equal moments."""
    waiting_since: datetime
    called_at: datetime | None = None
    """When it last came to a window, recalls not counted."""
    last_call_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    window: int | None = None
    """The window it is or was last at; waiting: the one it was sent to, None for any."""
    calls: int = 0
    """Times called since it last came to a window, recalls included."""
    overtaken_by: tuple[VisitorClass, ...] = ()
    """Classes of the later joiners that were called before it, in order, as counted up to its last call."""
    reason: str | None = None
    """Why it was called when it was."""
    outcome: Outcome | None = None
    delivered: tuple[str, ...] = ()
    diverted_to: str | None = None
    waits: tuple[Wait, ...] = ()
    """Its waits that have ended with a call, one for each leg and service; being missed begins no other."""
    is_printed: bool = False
    """A kiosk took it to be printed, after it was issued."""

    @property
    def service(self) -> str:
        """Service of the present leg."""
        return self.legs[self.leg]

    @property
    def has_ended(self) -> bool:
        """Whether nothing but an undo can happen to it."""
        return self.status in ENDED


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """One teller's hold on a window, bound to the session that took it."""

    teller: str
    session: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowState:
    """A window on this day."""

    number: int
    status: WindowStatus = WindowStatus.CLOSED
    then: WindowStatus | None = None
    """What it turns to after the current ticket: closed or paused."""
    pause_reason: str | None = None
    """Code of the reason, of the present pause or of the one to come."""
    lease: Lease | None = None
    opened_at: datetime | None = None
    ticket: str | None = None
    """Id of the ticket at the window; a closed window may still have one."""
    free_since: datetime | None = None
    """When it last became open without a ticket; None while it is not."""
    last_finished: str | None = None
    """The ticket whose finish may be undone, until another comes."""
    served: int = 0
    service_s: float = 0
    """Seconds of service in all, over the `served` tickets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call as the board announces it; a recall is a call of its own."""

    id: str
    ticket: str
    label: str
    window: int
    at: datetime
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Something that wants a greeter."""

    id: str
    kind: AlertKind
    place: str = ""
    """Name of the device that it came from; empty where it came from none."""
    service: str | None = None
    window: int | None = None
    fault: Fault | None = None
    at: datetime
    taken_by: str | None = None
    taken_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Print:
    """A ticket that a kiosk is to print, until it takes it."""

    id: str
    ticket: str
    kiosk: str
    """Name of the kiosk."""
    at: datetime
