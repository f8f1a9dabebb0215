"""What came of a simulated day, in the shape that `queue-service simulate --json` prints."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from queue_service.hall.tickets import TicketStatus
from queue_service.simulate.cast import Teller
from queue_service.simulate.measures import Spread, Wait, spread
from queue_service.simulate.play import Played

VIOLATIONS_TOLD_MAX = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariants:
    """How often the day was checked, and what was broken."""

    checks: int
    violations: int
    first: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowFigures:
    """One window's day."""

    window: int
    teller: str
    served: int
    open_s: float
    busy_s: float
    utilisation: float
    """Part of the open time, pauses left out, in which somebody was served; 0 for a window that was never open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """Waits until the call: of everybody, by service and by class."""

    all: Spread
    services: Mapping[str, Spread]
    classes: Mapping[str, Spread]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A played day in figures."""

    day: date
    visitors: int
    refused: Mapping[str, int]
    """Visitors who got no number, by the code of the refusal."""
    served: int
    left: int
    """Went away before they were called."""
    missed: int
    """Did not come when called, and not again."""
    unserved: int
    """Still waited or were parked when the day ended."""
    unfinished: int
    """Still at a window when the next day started."""
    waits: Waits
    windows: tuple[WindowFigures, ...]
    utilisation: float
    overtaken_max: int
    """Most later comers that were called automatically before one visitor."""
    overtaken_limit: int
    """What the house rules allow."""
    entries: int
    """Length of the day's journal."""
    invariants: Invariants


def summarise(played: Played, tellers: Sequence[Teller]) -> Summary:
    """The figures of a day."""
    day, measures = played.day, played.measures
    ends = Counter(ticket.status for ticket in day.tickets())
    lapsed = measures.lapsed
    windows = tuple(
        WindowFigures(
            window=teller.window,
            teller=teller.name,
            served=day.window(teller.window).served,
            open_s=round(measures.open_s[teller.window], 1),
            busy_s=round(measures.busy_s[teller.window], 1),
            utilisation=_part(measures.busy_s[teller.window], measures.open_s[teller.window]),
        )
        for teller in tellers
    )
    overtaken = (len(ticket.overtaken_by) for ticket in day.tickets())
    return Summary(
        day=day.business_on,
        visitors=len(played.tickets),
        refused=dict(sorted(played.refused.items())),
        served=ends[TicketStatus.FINISHED] - lapsed[TicketStatus.SERVING],
        left=ends[TicketStatus.CANCELLED],
        missed=lapsed[TicketStatus.MISSED],
        unserved=ends[TicketStatus.EXPIRED] - lapsed[TicketStatus.MISSED],
        unfinished=lapsed[TicketStatus.SERVING],
        waits=waits_of(measures.waits),
        windows=windows,
        utilisation=_part(sum(window.busy_s for window in windows), sum(window.open_s for window in windows)),
        overtaken_max=max(measures.overtaken_max, *overtaken, 0),
        overtaken_limit=day.terms.policy.overtaken_max,
        entries=day.seq,
        invariants=Invariants(
            checks=played.checks, violations=len(played.violated), first=played.violated[:VIOLATIONS_TOLD_MAX]
        ),
    )


def waits_of(waits: Iterable[Wait]) -> Waits:
    """How waits lie, as a whole and in groups; groups are sorted by name."""
    by_service: dict[str, list[float]] = {}
    by_class: dict[str, list[float]] = {}
    for wait in waits:
        by_service.setdefault(wait.service, []).append(wait.wait_s)
        by_class.setdefault(wait.visitor_class, []).append(wait.wait_s)
    return Waits(
        all=spread(wait_s for group in by_service.values() for wait_s in group),
        services={service: spread(group) for service, group in sorted(by_service.items())},
        classes={visitor_class: spread(group) for visitor_class, group in sorted(by_class.items())},
    )


def _part(busy_s: float, open_s: float) -> float:
    return round(busy_s / open_s, 4) if open_s > 0 else 0.0
