"""The plain range until a call, from what stands ahead, minutes a service and open windows.

Little's reasoning for one pool: work ahead divided by the windows that share it. A service shares its windows with
others, so each ticket of another service counts by the part of that service's windows that are mine too.
"""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import ceil, floor

from queue_service.hall.day import Day
from queue_service.hall.routing import in_order, virtual_join_at
from queue_service.hall.terms import Terms
from queue_service.hall.tickets import Ticket, WindowStatus

LOW_FACTOR = 0.7
HIGH_FACTOR = 1.4
"""The range around the mean: service times scatter widely (coefficient of variation near 1, Brown et al. 2005), but
the sum over the visitors ahead scatters less."""
STEP_S = 60
POOLS_MAX = 2048
"""So many sets of terms, plan and windows that call are remembered: some for each branch of a process."""


@dataclass(frozen=True, slots=True)
class WaitRange:
    """Seconds until the call, in whole minutes."""

    low_s: int
    high_s: int


@dataclass(frozen=True, slots=True)
class _Pools:
    """What of the waits neither tickets nor calls change: which windows call for what, and what that takes of them."""

    minutes: Mapping[str, float]
    windows: Mapping[str, list[int]]
    """The windows that call, by service."""
    served: Mapping[int, tuple[str, ...]]
    """The services of each window that calls."""
    factors: Mapping[str, list[tuple[str, float]]]
    """By service: the services whose tickets take time of its windows, and how many minutes each one takes."""


class _Same:
    """Terms as a key: the same object, which no look at its contents could tell faster."""

    __slots__ = ("terms",)

    def __init__(self, terms: Terms) -> None:
        self.terms = terms

    def __hash__(self) -> int:
        return id(self.terms)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.terms is other.terms


@lru_cache(maxsize=POOLS_MAX)
def _pools(same: _Same, plan_id: str, calling: tuple[int, ...]) -> _Pools:
    terms = same.terms
    plan = terms.plan(plan_id)
    assert plan is not None, "the day's plan is one of its terms"
    minutes = {service.id: service.minutes for service in terms.services}
    served = {number: tuple(plan.windows.get(number, ())) for number in calling}
    windows = {service: [number for number in calling if service in served[number]] for service in minutes}
    factors: dict[str, list[tuple[str, float]]] = {}
    for service, mine in windows.items():
        shares = ((other, len(set(mine).intersection(theirs)), theirs) for other, theirs in windows.items())
        factors[service] = [
            (other, minutes[other] * shared / len(theirs) / len(mine)) for other, shared, theirs in shares if shared
        ]
    return _Pools(minutes, windows, served, factors)


class Outlook:
    """What the waits of one day follow from at one moment; made once, asked for many tickets.

    Costs nothing until it is asked: most answers are about tickets that wait no more.
    """

    def __init__(self, day: Day) -> None:
        self._day = day

    @cached_property
    def _pools(self) -> _Pools:
        day, is_open = self._day, WindowStatus.OPEN
        calling = [number for number, window in day.windows.items() if window.status is is_open and window.then is None]
        return _pools(_Same(day.terms), day.plan, tuple(sorted(calling)))

    @cached_property
    def _free(self) -> frozenset[int]:
        """The windows that call and have nobody."""
        return frozenset(number for number in self._pools.served if self._day.windows[number].ticket is None)

    @cached_property
    def _waiting(self) -> Mapping[str, int]:
        """How many wait, by service that somebody waits for."""
        waiting: dict[str, int] = {}
        for key, lane in self._day.lanes.items():
            waiting[key.service] = waiting.get(key.service, 0) + len(lane.waiting)
        return waiting

    @cached_property
    def _places(self) -> Mapping[str, tuple[int, WaitRange | None]]:
        """How many are ahead of each waiting ticket, and its range; one walk along the whole queue."""
        places: dict[str, tuple[int, WaitRange | None]] = {}
        before = dict.fromkeys(self._waiting, 0)
        for _, _, ticket_id in in_order(self._day, list(self._day.lanes.items())):
            service = self._day.live[ticket_id].service
            places[ticket_id] = before[service], self._range(service, before)
            before[service] += 1
        return places

    def windows(self, service: str) -> list[int]:
        """The windows that call for a service now."""
        return self._pools.windows.get(service, [])

    def waiting(self, service: str) -> int:
        """How many wait for a service."""
        return self._waiting.get(service, 0)

    def place_all(self) -> None:
        """Look along the whole queue once, before asking for many of its tickets."""
        _ = self._places

    def place(self, ticket: Ticket) -> tuple[int, WaitRange | None]:
        """How many who wait for the same service would be called before a waiting ticket, and its range."""
        if "_places" in self.__dict__:
            return self._places[ticket.id]
        before = self._before(ticket)
        return before[ticket.service], self._range(ticket.service, before)

    def wait(self, service: str) -> WaitRange | None:
        """The range for whoever joins the service's queue now; None while no window calls for it."""
        return self._range(service, self._waiting)

    def _range(self, service: str, before: Mapping[str, int]) -> WaitRange | None:
        """`before`: how many of each service that somebody waits for are called first."""
        pools = self._pools
        mine = pools.windows.get(service)
        if not mine:
            return None
        free = self._free.intersection(mine)
        if any(not any(before.get(other) for other in pools.served[number]) for number in free):
            return WaitRange(0, 0)
        mean_minutes = sum(before.get(other, 0) * minutes for other, minutes in pools.factors[service])
        if not free:
            mean_minutes += pools.minutes[service] / (len(mine) + 1)
        return WaitRange(
            floor(mean_minutes * LOW_FACTOR * 60 / STEP_S) * STEP_S,
            ceil(mean_minutes * HIGH_FACTOR * 60 / STEP_S) * STEP_S,
        )

    def _before(self, ticket: Ticket) -> Mapping[str, int]:
        """How many of each service would be called before a ticket."""
        policy = self._day.terms.policy
        own_at = virtual_join_at(policy, ticket.visitor_class, ticket.joined_at)
        counts: dict[str, int] = {}
        for key, lane in self._day.lanes.items():
            # the place that a joiner of that lane would have with the same virtual join
            joined_at = own_at + (ticket.joined_at - virtual_join_at(policy, key.visitor_class, ticket.joined_at))
            counts[key.service] = counts.get(key.service, 0) + bisect_left(lane.waiting, (joined_at, ticket.joined_seq))
        return counts
