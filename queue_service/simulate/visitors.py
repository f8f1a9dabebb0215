"""Visitors drawn by chance: when they come, what for, how long they take, and what may go wrong.

Pure: all chance comes from the `random.Random` that is passed in, so that a seed gives the same day for ever.

Visitors come as a Poisson process whose rate follows the hour of the day, drawn by thinning (Lewis and Shedler, 1979,
"Simulation of nonhomogeneous Poisson processes by thinning"). Service times are lognormal, as Brown et al. (2005,
"Statistical analysis of a telephone call center: a queueing-science perspective", JASA 100) found them at a bank;
their patience is taken to be exponential.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from queue_service.hall.terms import Plan, Service, Terms, VisitorClass
from queue_service.simulate.cast import Visitor

SERVICE_S_MIN = 15.0
QUARTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How the visitors of a hall behave; parts and chances lie between 0 and 1."""

    crowd: Mapping[int, float] = field(
        default_factory=lambda: dict(enumerate((0.7, 1.1, 1.4, 1.2, 0.7, 0.8, 1.1, 1.2, 1.0, 0.6), 8))
    )
    """Visitors by local hour, relative to each other."""
    crowd_else: float = 0.2
    """The same for hours that are not listed."""
    service_sigma: float = 0.6
    """Standard deviation of the logarithm of a service time. The mean is the minutes of the catalogue."""
    patience_minutes_mean: float = 60
    walk_s_mean: float = 15
    languages: Mapping[str, float] = field(default_factory=lambda: {"zh-CN": 0.9, "en": 0.1})
    claim_chance: float = 0.15
    """A visitor declares a class, where the service asks for one."""
    false_claim_chance: float = 0.1
    two_legs_chance: float = 0.06
    no_show_chance: float = 0.03
    return_chance: float = 0.6
    """One who was called missed comes back."""
    wrong_number_chance: float = 0.03
    fetch_chance: float = 0.03


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """What visitors are drawn from: the services, the windows that serve them, and the visitors' habits."""

    services: Mapping[str, Service]
    windows: Mapping[int, tuple[str, ...]]
    """Ids of the services by window number; at least one window and one service each."""
    time_zone: str
    habits: Habits = field(default_factory=Habits)

    @classmethod
    def of(cls, terms: Terms, plan: Plan, habits: Habits) -> "Draw":
        """From a hall's terms under one plan."""
        services = {service.id: service for service in terms.services}
        return cls(services=services, windows=plan.windows, time_zone=terms.hours.time_zone, habits=habits)

    def capacity_per_h(self) -> dict[str, float]:
        """Visitors per hour that the windows can serve, by service, when each window shares its time evenly."""
        capacity: dict[str, float] = {}
        for served in self.windows.values():
            for service_id in served:
                per_h = 60 / self.services[service_id].minutes / len(served)
                capacity[service_id] = capacity.get(service_id, 0) + per_h
        return capacity

    def visitors(self, from_at: datetime, until_at: datetime, expected: float, random: Random) -> Iterator[Visitor]:
        """The visitors from one moment to another, in order; `expected` is their mean number."""
        quarters = list(_quarters(from_at, until_at))
        crowd_mean = sum(self.crowd(at) for at in quarters) / len(quarters)
        per_s = expected / (until_at - from_at).total_seconds() / crowd_mean
        crowd_max = max(*self.habits.crowd.values(), self.habits.crowd_else)
        for at in arrivals(lambda at: per_s * self.crowd(at), per_s * crowd_max, from_at, until_at, random):
            yield self.visitor(at, random)

    def crowd(self, at: datetime) -> float:
        """How crowded the hall is at `at`, by the habits."""
        hour = at.astimezone(ZoneInfo(self.time_zone)).hour
        return self.habits.crowd.get(hour, self.habits.crowd_else)

    def visitor(self, at: datetime, random: Random) -> Visitor:
        """One visitor who comes at `at`."""
        habits = self.habits
        capacity = self.capacity_per_h()
        legs = [one_of(capacity, random)]
        others = {service_id: share for service_id, share in capacity.items() if service_id != legs[0]}
        if others and random.random() < habits.two_legs_chance:
            legs.append(one_of(others, random))
        is_wrong = len(legs) == 1 and bool(others) and random.random() < habits.wrong_number_chance
        needs_instead = one_of(others, random) if is_wrong else None
        is_no_show = random.random() < habits.no_show_chance
        return Visitor(
            arrives_at=at,
            legs=tuple(legs),
            service_s=tuple(self._service_s(needs_instead or service_id, random) for service_id in legs),
            visitor_class=self._class(self.services[legs[0]], random),
            language=one_of(habits.languages, random),
            patience_s=random.expovariate(1 / (habits.patience_minutes_mean * 60)),
            walk_s=random.expovariate(1 / habits.walk_s_mean),
            is_no_show=is_no_show,
            returns_after_s=random.uniform(60, 600) if is_no_show and random.random() < habits.return_chance else None,
            claims_truly=random.random() >= habits.false_claim_chance,
            needs_instead=needs_instead,
            fetches_s=random.uniform(120, 600) if random.random() < habits.fetch_chance else None,
        )

    def _service_s(self, service_id: str, random: Random) -> float:
        return service_s(self.services[service_id].minutes, self.habits.service_sigma, random)

    def _class(self, service: Service, random: Random) -> VisitorClass:
        if service.asks_class and random.random() < self.habits.claim_chance:
            return random.choice(service.asks_class)
        return VisitorClass.NORMAL


def arrivals(
    rate_per_s: Callable[[datetime], float],
    rate_per_s_max: float,
    from_at: datetime,
    until_at: datetime,
    random: Random,
) -> Iterator[datetime]:
    """Moments of a Poisson process with a rate that changes with time and never exceeds `rate_per_s_max`.

    By thinning (Lewis and Shedler, 1979): moments come at the greatest rate, each is kept with the part of it that is
    due at that moment.
    """
    at = from_at
    while (at := at + timedelta(seconds=random.expovariate(rate_per_s_max))) < until_at:
        if random.random() * rate_per_s_max < rate_per_s(at):
            yield at


def service_s(minutes: float, sigma: float, random: Random) -> float:
    """A lognormal service time in seconds with the mean `minutes`, `sigma` being that of the logarithm."""
    return max(SERVICE_S_MIN, minutes * 60 * random.lognormvariate(-(sigma**2) / 2, sigma))


def one_of(shares: Mapping[str, float], random: Random) -> str:
    """One key, each as likely as its share."""
    return random.choices(list(shares), list(shares.values()))[0]


def _quarters(from_at: datetime, until_at: datetime) -> Iterator[datetime]:
    """The middle of each quarter of an hour; at least one."""
    at = from_at + QUARTER / 2
    while True:
        yield at
        at += QUARTER
        if at >= until_at:
            return
