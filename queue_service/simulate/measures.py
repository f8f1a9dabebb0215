"""What a simulated day is judged by, gathered entry by entry: waits, overtaking, time open and busy."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from queue_service.hall.day import Day
from queue_service.hall.events import Event, TicketCalled, TicketExpired, TicketFinished
from queue_service.hall.terms import VisitorClass
from queue_service.hall.tickets import Outcome, TicketStatus, WindowStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """One wait that ended with a call."""

    service: str
    visitor_class: VisitorClass
    wait_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How a number of waits lie, in seconds; None where there are none."""

    count: int
    p50_s: float | None
    p90_s: float | None
    max_s: float | None


class Measures:
    """The figures of a day in the making."""

    def __init__(self) -> None:
        self.waits: list[Wait] = []
        self.overtaken_max = 0
        """Most later joiners that were automatically called before one ticket."""
        self.open_s: defaultdict[int, float] = defaultdict(float)
        """Seconds that each window was open, pauses left out."""
        self.busy_s: defaultdict[int, float] = defaultdict(float)
        """Seconds that somebody was served at each window."""
        self.lapsed: Counter[TicketStatus] = Counter()
        """Tickets that the clock ended, by the status that they had."""
        self._open_since: dict[int, datetime] = {}
        self._busy_since: dict[int, datetime] = {}

    def entry(self, before: Day, after: Day, events: tuple[Event, ...]) -> None:
        """Count what one entry did, from the day before it to the day after it."""
        for event in events:
            if isinstance(event, TicketCalled):
                self._call(before, after, event)
            elif isinstance(event, TicketExpired | TicketFinished) and _is_by_clock(event):
                self.lapsed[before.live[event.ticket].status] += 1
        for number, window in after.windows.items():
            at_window = after.live.get(window.ticket) if window.ticket is not None else None
            is_busy = at_window is not None and at_window.status is TicketStatus.SERVING
            _span(self._open_since, self.open_s, number, after.at, is_on=window.status is WindowStatus.OPEN)
            _span(self._busy_since, self.busy_s, number, after.at, is_on=is_busy)

    def _call(self, before: Day, after: Day, event: TicketCalled) -> None:
        ticket = before.live.get(event.ticket)
        if ticket is None or ticket.status is not TicketStatus.WAITING:
            return  # a walk-in has not waited; one called again from missed or parked was counted before
        wait_s = (after.at - ticket.waiting_since).total_seconds()
        self.waits.append(Wait(service=ticket.service, visitor_class=ticket.visitor_class, wait_s=wait_s))
        self.overtaken_max = max(self.overtaken_max, len(before.overtaken_by(ticket)))


def spread(waits_s: Iterable[float]) -> Spread:
    """Percentiles by nearest rank: the smallest wait that at least that part of all do not exceed."""
    ordered = sorted(round(wait_s, 1) for wait_s in waits_s)
    if not ordered:
        return Spread(count=0, p50_s=None, p90_s=None, max_s=None)
    count = len(ordered)
    return Spread(
        count=count,
        p50_s=ordered[ceil(0.5 * count) - 1],
        p90_s=ordered[ceil(0.9 * count) - 1],
        max_s=ordered[-1],
    )


def _is_by_clock(event: TicketExpired | TicketFinished) -> bool:
    return isinstance(event, TicketExpired) or event.outcome is Outcome.UNKNOWN


def _span(
    since: dict[int, datetime], total_s: defaultdict[int, float], number: int, at: datetime, *, is_on: bool
) -> None:
    if is_on:
        since.setdefault(number, at)
    elif number in since:
        total_s[number] += (at - since.pop(number)).total_seconds()
