"""A whole day from a seed: visitors and tellers drawn by chance, played through the hall's rules."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random

from queue_service.hall.hours import day_times
from queue_service.hall.phases import plan_at
from queue_service.hall.terms import Terms
from queue_service.simulate.cast import Break, Teller, Visitor
from queue_service.simulate.play import Played, play
from queue_service.simulate.visitors import Draw, Habits

STAY_AFTER_CLOSE = timedelta(minutes=90)
"""Tellers stay so long after the doors close to serve those inside; then their windows close."""
BREAK_EVERY = timedelta(hours=3)
BREAK_MINUTES = (10, 25)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeededDay:
    """A day as it was drawn; the same seed draws the same."""

    on: date
    terms: Terms
    visitors: tuple[Visitor, ...]
    tellers: tuple[Teller, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Staffing:
    """How busy a drawn day is."""

    load: float = 0.7
    """Expected work, as part of what all windows of the first plan can do while numbers are given."""
    habits: Habits = field(default_factory=Habits)


def seeded_day(terms: Terms, on: date, seed: int, staffing: Staffing | None = None) -> SeededDay:
    """Draw business day `on`, on which the branch is open."""
    staffing = staffing or Staffing()
    random = Random(seed)
    times = day_times(terms.hours, on)
    assert times.numbers_from_at and times.last_number_at and times.doors_close_at, "the branch is open on that day"
    plan = terms.plan(plan_at(terms, on, times.numbers_from_at))
    assert plan is not None, "the terms have a plan"
    draw = Draw.of(terms, plan, staffing.habits)
    hours = (times.last_number_at - times.numbers_from_at) / timedelta(hours=1)
    expected = staffing.load * sum(draw.capacity_per_h().values()) * hours
    closes_at = min(times.doors_close_at + STAY_AFTER_CLOSE, times.next_day_at)
    return SeededDay(
        on=on,
        terms=terms,
        visitors=tuple(draw.visitors(times.numbers_from_at, times.last_number_at, expected, random)),
        tellers=tuple(
            Teller(
                window=window.number,
                name=f"teller-{window.number}",
                opens_at=times.numbers_from_at,
                closes_at=closes_at,
                breaks=tuple(_breaks(times.numbers_from_at, times.last_number_at, random)),
            )
            for window in terms.windows
            if not window.is_roaming
        ),
    )


def play_seeded(day: SeededDay) -> Played:
    """Play a drawn day."""
    return play(day.terms, day.on, day.visitors, day.tellers)


def _breaks(from_at: datetime, until_at: datetime, random: Random) -> Iterator[Break]:
    """A break about every three hours, not all tellers at once."""
    at = from_at + BREAK_EVERY * random.uniform(0.4, 1)
    while at < until_at:
        ends_at = at + timedelta(minutes=random.uniform(*BREAK_MINUTES))
        yield Break(at=at, ends_at=ends_at)
        at = ends_at + BREAK_EVERY
