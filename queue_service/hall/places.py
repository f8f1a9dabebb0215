"""Where in the queue a ticket goes: the moment that counts as its joining."""

from datetime import datetime, timedelta
from itertools import islice

from queue_service.hall.day import Day
from queue_service.hall.lanes import Lane, LaneKey
from queue_service.hall.routing import in_order, virtual_join_at
from queue_service.hall.terms import VisitorClass

INSTANT = timedelta(microseconds=1)


def joined_first(day: Day, service: str, visitor_class: VisitorClass, now: datetime) -> datetime:
    """The joining moment that puts a ticket before all who wait for a service."""
    first = next(in_order(day, lanes_of(day, service)), None)
    return now if first is None else min(_joined_for(day, visitor_class, first[0]) - INSTANT, now)


def joined_after(day: Day, service: str, visitor_class: VisitorClass, count: int, now: datetime) -> datetime:
    """The joining moment that puts a ticket after the next `count` who wait for a service; last if fewer wait."""
    if count == 0:
        return joined_first(day, service, visitor_class, now)
    at = next(islice(in_order(day, lanes_of(day, service)), count - 1, None), None)
    return now if at is None else min(_joined_for(day, visitor_class, at[0]), now)


def lanes_of(day: Day, service: str) -> list[tuple[LaneKey, Lane]]:
    """The lanes of everybody who waits for a service."""
    return [(key, lane) for key, lane in day.lanes.items() if key.service == service]


def _joined_for(day: Day, visitor_class: VisitorClass, virtual_at: datetime) -> datetime:
    credit = virtual_at - virtual_join_at(day.terms.policy, visitor_class, virtual_at)
    return virtual_at + credit
