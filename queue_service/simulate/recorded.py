"""A recorded day as terms, visitors and tellers, and the log's own figures beside what the rules make of it.

What the log cannot tell is decided here, once: a visitor who left in the log, but is called before that moment, is
served for the median time of the service; a server is at the window from its first start to its last end, without
pauses; a class is known and needs no greeter.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

from queue_service.hall.hours import Hours
from queue_service.hall.terms import Plan, Policy, Service, Terms, VisitorClass, Window, Zone
from queue_service.hall.tickets import Channel
from queue_service.simulate.cast import Teller, Visitor
from queue_service.simulate.log import DAY_START, Oddity, Row, oddities
from queue_service.simulate.measures import Wait
from queue_service.simulate.play import Played
from queue_service.simulate.summary import Summary, Waits, summarise, waits_of

SERVICE_MINUTES_MIN = 0.1
"""For a service all of whose recorded services are shorter; the rules want some length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFigures:
    """The log's own figures of the same day."""

    served: int
    left: int
    waits: Waits
    """Of those who were served."""
    utilisation: float
    """Part of the servers' presence in which they served; what one did at once counts once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedSummary:
    """A recorded day as the rules served it, beside the log."""

    simulated: Summary
    left_in_log_but_called: int
    """Visitors who left in the log and here were called before; served for the median time of their service."""
    log: LogFigures
    oddities: dict[Oddity, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedDay:
    """Everything that a recorded day is played from."""

    on: date
    rows: tuple[Row, ...]
    terms: Terms
    visitors: tuple[Visitor, ...]
    """One for each row, in order."""
    tellers: tuple[Teller, ...]


def recorded_day(rows: Sequence[Row], on: date, policy: Policy) -> RecordedDay:
    """The day of `rows`, at least one of which was served, under the house rules `policy`."""
    served = [row for row in rows if row.server is not None]
    median_s = _medians_s(served)
    tellers = tuple(
        Teller(
            window=number,
            name=server,
            opens_at=min(row.started_at for row in of_server),
            closes_at=max(row.ended_at for row in of_server),
        )
        for number, (server, of_server) in enumerate(sorted(_by_server(served).items()), 1)
    )
    return RecordedDay(
        on=on,
        rows=tuple(rows),
        terms=_terms(rows, tellers, median_s, policy),
        visitors=tuple(_visitor(row, median_s) for row in rows),
        tellers=tellers,
    )


def summarise_recorded(recorded: RecordedDay, played: Played) -> RecordedSummary:
    """The figures of a recorded day that has been played."""
    called = sum(
        row.server is None and ticket_id is not None and _has_been_called(played, ticket_id)
        for row, ticket_id in zip(recorded.rows, played.tickets, strict=True)
    )
    served = [row for row in recorded.rows if row.server is not None]
    busy_s = sum(_covered_s(of_server) for of_server in _by_server(served).values())
    present_s = sum((teller.closes_at - teller.opens_at).total_seconds() for teller in recorded.tellers)
    waits = [Wait(service=row.service, visitor_class=class_of(row), wait_s=row.wait_s) for row in served]
    return RecordedSummary(
        simulated=summarise(played, recorded.tellers),
        left_in_log_but_called=called,
        log=LogFigures(
            served=len(served),
            left=len(recorded.rows) - len(served),
            waits=waits_of(waits),
            utilisation=round(busy_s / present_s, 4) if present_s > 0 else 0.0,
        ),
        oddities=dict(sorted(oddities(recorded.rows).items())),
    )


def class_of(row: Row) -> VisitorClass:
    """The class that a recorded priority stands for."""
    match row.priority:
        case 2:
            return VisitorClass.VIP
        case priority if priority > 0:
            return VisitorClass.PRIORITY
        case _:
            return VisitorClass.NORMAL


def _terms(rows: Sequence[Row], tellers: Sequence[Teller], median_s: dict[str, float], policy: Policy) -> Terms:
    services = tuple(
        Service(
            id=service,
            prefix="".join(letter for letter in service.upper() if "A" <= letter <= "Z") or "N",
            name={"en": service},
            minutes=max(median_s.get(service, 0) / 60, SERVICE_MINUTES_MIN),
            waiting_max=len(rows),
        )
        for service in sorted({row.service for row in rows})
    )
    skills = {server: Counter(row.service for row in of_server) for server, of_server in _by_server(rows).items()}
    plan = Plan(
        id="recorded",
        name={"en": "As recorded"},
        windows={teller.window: tuple(sorted(skills[teller.name])) for teller in tellers},
    )
    return Terms(
        branch_id="recorded",
        version=1,
        name={"en": "Recorded day"},
        hours=Hours(time_zone="UTC", business_day_start=DAY_START, is_around_the_clock=True),
        services=services,
        zones=(Zone(id="hall", name={"en": "Hall"}),),
        windows=tuple(Window(number=teller.window, zone="hall", name={"en": teller.name}) for teller in tellers),
        plans=(plan,),
        policy=policy,
    )


def _visitor(row: Row, median_s: dict[str, float]) -> Visitor:
    is_served = row.server is not None
    return Visitor(
        arrives_at=row.arrived_at,
        legs=(row.service,),
        service_s=(row.service_s if is_served else median_s.get(row.service, 0.0),),
        visitor_class=class_of(row),
        channel=Channel.STAFF,
        patience_s=None if is_served else row.wait_s,
    )


def _medians_s(served: Iterable[Row]) -> dict[str, float]:
    lengths: defaultdict[str, list[float]] = defaultdict(list)
    for row in served:
        lengths[row.service].append(row.service_s)
    return {service: median(of_service) for service, of_service in lengths.items()}


def _by_server(rows: Iterable[Row]) -> dict[str, list[Row]]:
    by_server: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.server is not None:
            by_server[row.server].append(row)
    return by_server


def _covered_s(rows: Iterable[Row]) -> float:
    """Seconds in which at least one of the services ran."""
    covered = timedelta()
    until: datetime | None = None
    for row in sorted(rows, key=lambda row: row.started_at):
        starts_at = row.started_at if until is None else max(until, row.started_at)
        covered += max(row.ended_at - starts_at, timedelta())
        until = row.ended_at if until is None else max(until, row.ended_at)
    return covered.total_seconds()


def _has_been_called(played: Played, ticket_id: str) -> bool:
    ticket = played.day.ticket(ticket_id)
    assert ticket is not None, "a ticket that was issued exists for ever"
    return ticket.called_at is not None
