"""The day's figures by service and window, from the day alone.

A wait goes from joining a queue (issue, next leg, transfer) to the first call out of it, and counts for the service
that was waited for; a walk-in has none. Percentiles are by nearest rank: the smallest wait that at least so many per
cent of the waits do not exceed, so that each is a wait that somebody had.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil

from queue_service.desk.views import View
from queue_service.hall.day import Day
from queue_service.hall.tickets import AT_WINDOW, Served, Ticket, TicketStatus

LEFT = frozenset({TicketStatus.CANCELLED, TicketStatus.EXPIRED})


@dataclass(slots=True)
class _Tally:
    """What is counted alike for the whole day and for one service."""

    issued: int = 0
    waiting: int = 0
    serving: int = 0
    served: int = 0
    left: int = 0
    missed: int = 0
    diverted: int = 0
    over_target: int = 0
    waits_s: list[float] = field(default_factory=list)


def figures(day: Day, now: datetime) -> View:
    """The figures at `now`; a number is None where there is nothing to measure."""
    whole = _Tally()
    of_service = {service.id: _Tally() for service in day.terms.services}
    targets_s = {service.id: service.target_wait_minutes * 60 for service in day.terms.services}
    for ticket in day.tickets():
        tally = of_service.setdefault(ticket.service, _Tally())
        of_service.setdefault(ticket.issued_for, _Tally()).issued += 1
        whole.issued += 1
        for counted in (whole, tally):
            _count(counted, ticket)
        for service, wait_s in _longest_waits(ticket, now):
            if wait_s > targets_s.get(service, wait_s):
                whole.over_target += 1
                of_service.setdefault(service, _Tally()).over_target += 1
        for wait in ticket.waits:
            whole.waits_s.append(wait.wait_s)
            of_service.setdefault(wait.service, _Tally()).waits_s.append(wait.wait_s)
    for service, done in day.served.items():
        of_service.setdefault(service, _Tally()).served = done.served
    whole.served = sum(ticket.status is TicketStatus.FINISHED for ticket in day.tickets())
    return {
        "at": now,
        **_common(whole),
        "missed": whole.missed,
        "diverted": whole.diverted,
        "wait_s_max": round(max(whole.waits_s)) if whole.waits_s else None,
        "service_s_mean": _mean(day.served.values()),
        "services": [
            {"service": service, **_common(tally), "service_s_mean": _mean([day.served.get(service) or Served()])}
            for service, tally in of_service.items()
        ],
        "windows": [
            {
                "window": window.number,
                "served": window.served,
                "service_s_mean": _mean([Served(served=window.served, service_s=window.service_s)]),
            }
            for _, window in sorted(day.windows.items())
        ],
    }


def nearest_rank(values: Sequence[float], percent: int) -> float | None:
    """The percentile of some values by nearest rank; None of none."""
    return sorted(values)[max(ceil(len(values) * percent / 100), 1) - 1] if values else None


def _count(tally: _Tally, ticket: Ticket) -> None:
    tally.waiting += ticket.status is TicketStatus.WAITING
    tally.serving += ticket.status in AT_WINDOW
    tally.left += ticket.status in LEFT
    tally.missed += ticket.status is TicketStatus.MISSED
    tally.diverted += ticket.status is TicketStatus.DIVERTED


def _longest_waits(ticket: Ticket, now: datetime) -> Iterable[tuple[str, float]]:
    """A ticket's longest wait of each leg and service, the one that it is in among them."""
    longest_s = {(wait.leg, wait.service): wait.wait_s for wait in ticket.waits}
    if ticket.status is TicketStatus.WAITING:
        present = (ticket.leg, ticket.service)
        longest_s[present] = max(longest_s.get(present, 0), (now - ticket.waiting_since).total_seconds())
    return ((service, wait_s) for (_, service), wait_s in longest_s.items())


def _common(tally: _Tally) -> View:
    return {
        "issued": tally.issued,
        "waiting": tally.waiting,
        "serving": tally.serving,
        "served": tally.served,
        "left": tally.left,
        "over_target": tally.over_target,
        "wait_s_p50": _rounded(nearest_rank(tally.waits_s, 50)),
        "wait_s_p90": _rounded(nearest_rank(tally.waits_s, 90)),
    }


def _rounded(value: float | None) -> int | None:
    return None if value is None else round(value)


def _mean(done: Iterable[Served]) -> int | None:
    served, service_s = 0, 0.0
    for one in done:
        served, service_s = served + one.served, service_s + one.service_s
    return round(service_s / served) if served else None
