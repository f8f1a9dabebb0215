"""The plain range until a call, from what stands ahead, minutes a service and open windows.

Little's reasoning for one pool: work ahead divided by the windows that share it. A service shares its windows with
others, so each ticket of another service counts by the part of that service's windows that are mine too.
"""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import ceil, floor

from queue_service.hall.day import Day
from queue_service.hall.lanes import Lane, LaneKey
from queue_service.hall.routing import virtual_join_at
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
        return windows

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

    def ahead(self, ticket: Ticket) -> int:
        """How many who wait for the same service would be called before a waiting ticket."""
        return self._before(ticket.service, ticket)

    def wait(self, service: str) -> WaitRange | None:
        """The range for whoever joins the service's queue now; None while no window calls for it."""
        return self._range(service, None)

    def wait_of(self, ticket: Ticket) -> WaitRange | None:
        """The range for a waiting ticket."""
        return self._range(ticket.service, ticket)

    def _range(self, service: str, ticket: Ticket | None) -> WaitRange | None:
        mine = self._windows.get(service, [])
        if not mine:
            return None
        work_minutes = 0.0
        for other, minutes in self._minutes.items():
            theirs = self._windows[other]
            shared = len(set(mine).intersection(theirs))
            if shared:
                work_minutes += self._before(other, ticket) * minutes * shared / len(theirs)
        mean_minutes = work_minutes / len(mine)
        if all(self._day.window(number).ticket is not None for number in mine):
            mean_minutes += self._minutes[service] / (len(mine) + 1)
        return WaitRange(
            floor(mean_minutes * LOW_FACTOR * 60 / STEP_S) * STEP_S,
            ceil(mean_minutes * HIGH_FACTOR * 60 / STEP_S) * STEP_S,
        )

    def _before(self, service: str, ticket: Ticket | None) -> int:
        """How many of a service would be called before a ticket; all, before one that joins now."""
        if ticket is None:
            return self.waiting(service)
        policy = self._day.terms.policy
        own_at = virtual_join_at(policy, ticket.visitor_class, ticket.joined_at)
        count = 0
        for key, lane in self._lanes.get(service, ()):
            # the place that a joiner of that lane would have with the same virtual join
            joined_at = own_at + (ticket.joined_at - virtual_join_at(policy, key.visitor_class, ticket.joined_at))
            count += bisect_left(lane.waiting, (joined_at, ticket.joined_seq))
        return count
