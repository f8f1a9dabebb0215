"""Tickets and windows of a day as values."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

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
    ONLINE = "online"


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
    """Where a window stands; busy follows from its ticket."""

    CLOSED = "closed"
    OPEN = "open"
    PAUSED = "paused"


class Join(tuple[datetime, int]):
    """Place in a queue: the moment that counts as joining, then the seq of the entry that put the ticket there."""

    __slots__ = ()
