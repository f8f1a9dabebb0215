"""Whether a day is put together as it should be."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import assert_never

from queue_service.hall.day import CALLS_SHOWN_MAX, Day, lane_key
from queue_service.hall.tickets import AlertKind, WindowStatus
from queue_service.hall.tickets import TicketStatus as Status


def violations(day: Day) -> Iterator[str]:
    """What is wrong in the structure of a day, in words for its makers; nothing when all is well."""
    yield from _lane_faults(day)
    yield from _window_faults(day)
    yield from _number_faults(day)
    yield from _alert_faults(day)
    for ticket in day.live.values():
        if ticket.has_ended:
            yield f"{ticket.label} is {ticket.status} among the live"
    for ticket in day.tickets():
        if ticket.id not in day.live and not ticket.has_ended:
            yield f"{ticket.label} is {ticket.status} among the ended"
    ids = [call.id for call in day.calls]
    if len(ids) > CALLS_SHOWN_MAX or len(set(ids)) < len(ids) or sorted(ids, key=int, reverse=True) != ids:
        yield f"calls are too many, repeated or out of order: {ids}"
    for pending in day.prints.values():
        if pending.ticket not in day.live:
            yield f"{pending.id} is to print {pending.ticket}, which has ended or was not issued"
    if len(day.shares) > day.terms.policy.share_calls:
        yield f"{len(day.shares)} calls are kept for shares of {day.terms.policy.share_calls}"


def _lane_faults(day: Day) -> Iterator[str]:
    places = {
        ticket.id: ((ticket.service, ticket.visitor_class, ticket.window), (ticket.joined_at, ticket.joined_seq))
        for ticket in day.live.values()
        if ticket.status is Status.WAITING
    }
    found: list[str] = []
    for key, lane in day.lanes.items():
        found += [waiting.ticket for waiting in lane.waiting]
        if not lane.waiting:
            yield f"lane {key} is empty"
        if any(second <= first for first, second in pairwise(lane.waiting)):
            yield f"lane {key} is out of order"
        if lane.carried_max != max((waiting.carried for waiting in lane.waiting), default=0):
            yield f"lane {key} is wrong about its greatest carried count"
        if lane.waiting and lane.since != min(waiting.since for waiting in lane.waiting):
            yield f"lane {key} is wrong about since when somebody waits"
        for waiting in lane.waiting:
            if places.get(waiting.ticket) != (tuple(key), waiting[:2]):
                yield f"{waiting.ticket} stands in lane {key} at a place that is not its own"
            elif waiting.carried != len(day.live[waiting.ticket].overtaken_by):
                yield f"{waiting.ticket} carries another count than it was overtaken"
            elif waiting.since != day.live[waiting.ticket].waiting_since:
                yield f"{waiting.ticket} waits since another moment than its lane says"
    if sorted(found) != sorted(places):
        yield f"waiting are {sorted(places)}, in lanes {sorted(found)}"


def _window_faults(day: Day) -> Iterator[str]:
    at_windows = {
        (ticket.window, ticket.id) for ticket in day.live.values() if ticket.status in (Status.CALLED, Status.SERVING)
    }
    if at_windows != {(window.number, window.ticket) for window in day.windows.values() if window.ticket is not None}:
        yield f"tickets and windows disagree on who is where: {sorted(at_windows, key=str)}"
    for number, window in day.windows.items():
        if window.number != number:
            yield f"window {window.number} is kept as {number}"
        if (window.lease is None) != (window.status is WindowStatus.CLOSED):
            yield f"window {number} is {window.status} with lease {window.lease}"
        is_free = window.status is WindowStatus.OPEN and window.ticket is None
        if is_free != (window.free_since is not None):
            yield f"window {number} is {window.status} with {window.ticket}, free since {window.free_since}"
        if window.then is not None and window.ticket is None:
            yield f"window {number} is idle and still to be {window.then}"
        last = day.ticket(window.last_finished) if window.last_finished is not None else None
        if window.last_finished is not None and (last is None or last.status is not Status.FINISHED):
            yield f"window {number} could undo {window.last_finished}, which is not finished"


def _alert_faults(day: Day) -> Iterator[str]:
    """Alerts that should have ended; that none is missing is the clock's affair."""
    waiting = [ticket for ticket in day.live.values() if ticket.status is Status.WAITING]
    idle_s = day.terms.policy.idle_alert_s or 0
    seen: set[tuple[AlertKind, str, str | None, int | None]] = set()
    for alert in day.alerts.values():
        about = (alert.kind, alert.place, alert.service, alert.window)
        if about in seen and alert.kind is not AlertKind.HELP:
            yield f"{alert.id} is about {about}, as another is"
        seen.add(about)
        match alert.kind:
            case AlertKind.OVER_TARGET:
                service = day.terms.service(alert.service or "")
                limit = timedelta(minutes=service.target_wait_minutes if service is not None else 0)
                has_cause = any(
                    ticket.service == alert.service and day.at - ticket.waiting_since >= limit for ticket in waiting
                )
            case AlertKind.IDLE_WINDOW:
                limit = timedelta(seconds=idle_s)
                keys = {key for key, _ in day.eligible(alert.window or 0)}
                free_since = day.window(alert.window or 0).free_since
                has_cause = any(
                    lane_key(ticket) in keys and day.at - ticket.waiting_since >= limit for ticket in waiting
                ) and (free_since is not None and day.at - free_since >= limit)
            case AlertKind.PRINTER:
                has_cause = alert.fault is not None
            case AlertKind.HELP:
                has_cause = True
            case _:
                assert_never(alert.kind)
        if not has_cause:
            yield f"{alert.id} has lost its cause"


def _number_faults(day: Day) -> Iterator[str]:
    labels: dict[str, list[int]] = {}
    for ticket in day.tickets():
        prefix = ticket.label.rstrip("0123456789")
        labels.setdefault(prefix, []).append(int(ticket.label[len(prefix) :]))
    for prefix, numbers in labels.items():
        if sorted(numbers) != list(range(1, len(numbers) + 1)):
            yield f"numbers of {prefix} are repeated or have gaps"
    if {prefix: len(numbers) for prefix, numbers in labels.items()} != dict(day.numbers):
        yield f"the last numbers are {dict(day.numbers)}"
