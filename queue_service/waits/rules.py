"""The plain range until a call, from what stands ahead, minutes a service and open windows.

Little's reasoning for one pool: work ahead divided by the windows that share it. A service shares its windows with
others, so each ticket of another service counts by the part of that service's windows that are mine too.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import ceil, floor

from queue_service.hall.day import Day
from queue_service.hall.lanes import Lane, LaneKey
from queue_service.hall.routing import in_order, virtual_join_at
from queue_service.hall.tickets import Ticket, WindowStatus

LOW_FACTOR = 0.7
HIGH_FACTOR = 1.4
"""The range around the mean: service times scatter widely (coefficient of variation near 1, Brown et al. 2005), but
the sum over the visitors ahead scatters less."""
STEP_S = 60


@dataclass(frozen=True, slots=True)
class WaitRange:
    """Seconds until the call, in whole minutes."""

    low_s: int
    high_s: int


class Outlook:
    """What the waits of one day follow from at one moment; made once, asked for many tickets.

    Costs nothing until it is asked: most answers are about tickets that wait no more.
    """

    def __init__(self, day: Day) -> None:
        self._day = day

    @cached_property
    def _minutes(self) -> Mapping[str, float]:
        return {service.id: service.minutes for service in self._day.terms.services}

    @cached_property
    def _windows(self) -> Mapping[str, list[int]]:
        """The windows that call, by service."""
        plan = self._day.plan_in_force()
        windows: dict[str, list[int]] = {service: [] for service in self._minutes}
        for number, window in self._day.windows.items():
            if window.status is WindowStatus.OPEN and window.then is None:
                for service in plan.windows.get(number, ()):
                    windows[service].append(number)
        return {service: sorted(numbers) for service, numbers in windows.items()}

    @cached_property
    def _factors(self) -> Mapping[str, list[tuple[str, float]]]:
        """By service: the services whose tickets take time of its windows, and how many minutes each one takes."""
        factors: dict[str, list[tuple[str, float]]] = {}
        for service, mine in self._windows.items():
            shares = ((other, len(set(mine).intersection(theirs)), theirs) for other, theirs in self._windows.items())
            factors[service] = [
                (other, self._minutes[other] * shared / len(theirs) / len(mine))
                for other, shared, theirs in shares
                if shared
            ]
        return factors

    @cached_property
    def _places(self) -> Mapping[str, tuple[int, WaitRange | None]]:
        """How many are ahead of each waiting ticket, and its range; one walk along the whole queue."""
        places: dict[str, tuple[int, WaitRange | None]] = {}
        before = dict.fromkeys(self._minutes, 0)
        for _, _, ticket_id in in_order(self._day, list(self._day.lanes.items())):
            service = self._day.live[ticket_id].service
            places[ticket_id] = before[service], self._range(service, before.__getitem__)
            before[service] += 1
        return places

    @cached_property
    def _lanes(self) -> Mapping[str, list[tuple[LaneKey, Lane]]]:
        """The lanes, by service."""
        lanes: dict[str, list[tuple[LaneKey, Lane]]] = {}
        for key, lane in self._day.lanes.items():
            lanes.setdefault(key.service, []).append((key, lane))
        return lanes

    def windows(self, service: str) -> list[int]:
        """The windows that call for a service now."""
        return self._windows.get(service, [])

    def waiting(self, service: str) -> int:
        """How many wait for a service."""
        return sum(len(lane.waiting) for _, lane in self._lanes.get(service, ()))

    def place_all(self) -> None:
        """Look along the whole queue once, before asking for many of its tickets."""
        _ = self._places

    def ahead(self, ticket: Ticket) -> int:
        """How many who wait for the same service would be called before a waiting ticket."""
        if self._is_placed:
            return self._places[ticket.id][0]
        return self._before(ticket.service, ticket)

    def wait(self, service: str) -> WaitRange | None:
        """The range for whoever joins the service's queue now; None while no window calls for it."""
        return self._range(service, self.waiting)

    def wait_of(self, ticket: Ticket) -> WaitRange | None:
        """The range for a waiting ticket."""
        if self._is_placed:
            return self._places[ticket.id][1]
        return self._range(ticket.service, lambda service: self._before(service, ticket))

    @property
    def _is_placed(self) -> bool:
        return "_places" in self.__dict__

    def _range(self, service: str, before: Callable[[str], int]) -> WaitRange | None:
        """`before`: how many of a service are called first."""
        mine = self._windows.get(service)
        if not mine:
            return None
        if any(self._is_idle_for(number, before) for number in mine):
            return WaitRange(0, 0)
        mean_minutes = sum(before(other) * minutes for other, minutes in self._factors[service])
        if all(self._day.window(number).ticket is not None for number in mine):
            mean_minutes += self._minutes[service] / (len(mine) + 1)
        return WaitRange(
            floor(mean_minutes * LOW_FACTOR * 60 / STEP_S) * STEP_S,
            ceil(mean_minutes * HIGH_FACTOR * 60 / STEP_S) * STEP_S,
        )

    def _is_idle_for(self, number: int, before: Callable[[str], int]) -> bool:
        """Whether a window is free and nobody is called there first."""
        served = self._day.plan_in_force().windows.get(number, ())
        return self._day.window(number).ticket is None and not any(before(other) for other in served)

    def _before(self, service: str, ticket: Ticket) -> int:
        """How many of a service would be called before a ticket."""
        policy = self._day.terms.policy
        own_at = virtual_join_at(policy, ticket.visitor_class, ticket.joined_at)
        count = 0
        for key, lane in self._lanes.get(service, ()):
            # the place that a joiner of that lane would have with the same virtual join
            joined_at = own_at + (ticket.joined_at - virtual_join_at(policy, key.visitor_class, ticket.joined_at))
            count += bisect_left(lane.waiting, (joined_at, ticket.joined_seq))
        return count
