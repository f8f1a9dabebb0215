"""The pure decision: what a command costs in the rules alone, in a crowded hall and late on a long day."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from time import thread_time_ns

from queue_service.hall.commands import CallNext, Command, Finish, Park, Recall, Start, Transfer
from queue_service.hall.day import Day
from queue_service.hall.decide import Accepted, decide
from queue_service.hall.evolve import evolve
from queue_service.hall.phases import advance, due_at
from queue_service.hall.routing import choose
from queue_service.hall.tickets import Place
from tests.bench.built import BuiltDay, big_terms, built, issue, lease_of
from tests.bench.rows import Bound, Figure, Row, Rows

WINDOWS = 30
WAITING = 200
DECISION_MS_MAX = 0.05
LONG_DAY_RATIO_MAX = 2
TICKETS, TICKETS_LONG = 500, 5_000
ON = date(2026, 3, 2)
ROUNDS = 200
"""Timings of which one figure is the median; few, but each of them the mean of `TIMES`."""
TIMES = 20

CHOOSE, DUE, DUE_FREE, ADVANCE = "choose", "due at", "due at with all windows free", "advance with nothing due"
LOOKS = (CHOOSE, DUE, DUE_FREE, ADVANCE)
"""What decides nothing: who would be next, when the clock is due, that it is not."""

Work = Callable[[], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hall:
    """One crowded hall in three moments: a window serves, has called, is free."""

    serving: BuiltDay
    called: BuiltDay
    free: BuiltDay
    all_free: BuiltDay
    """Every window is free and all are waiting: what the clock has to look through is most."""
    at: datetime


def measure(repeats: int, *, is_quick: bool) -> Rows:
    """Decisions of each verb; figures of one repeat are taken in turn, so that both days meet the same machine."""
    tickets_long = TICKETS * 2 if is_quick else TICKETS_LONG
    short, long = (works(hall(tickets)) for tickets in (TICKETS, tickets_long))
    rounds = 5 if is_quick else ROUNDS
    taken = {
        name: [(cost_ms(short[name], rounds), cost_ms(long[name], rounds)) for _ in range(repeats)] for name in short
    }
    costs_ms = {name: [cost for cost, _ in costs] for name, costs in taken.items()}
    ratios = {name: [cost_long / cost for cost, cost_long in costs] for name, costs in taken.items()}
    yield Row(
        name=f"One decision with {WAITING} waiting × {WINDOWS} windows",
        setup=f"decide and evolve on a day of {TICKETS} tickets made by the rules; {rounds} timings of {TIMES} each;"
        f" in ms: {_medians(costs_ms)}",
        figures=_dearest(costs_ms, "ms", DECISION_MS_MAX),
    )
    yield Row(
        name=f"The same in a day of {tickets_long} tickets",
        setup=f"as many waiting; × the cost in the day of {TICKETS}, taken in turn: {_medians(ratios)}",
        figures=_dearest(ratios, "×", LONG_DAY_RATIO_MAX),
    )


def _medians(taken: dict[str, list[float]]) -> str:
    return ", ".join(f"{name} {median(values):.3g}" for name, values in taken.items())


def _dearest(taken: dict[str, list[float]], unit: str, limit: float) -> tuple[Figure, ...]:
    """A promise of each is one of the dearest."""
    commands, rest = ([values for name, values in taken.items() if (name in LOOKS) is looks] for looks in (False, True))
    return tuple(
        Figure(name=name, unit=unit, values=tuple(map(max, *costs)), bound=Bound.AT_MOST, limit=limit)
        for name, costs in (
            (f"the dearest of {len(commands)} commands", commands),
            (f"the dearest of {len(rest)} lookups", rest),
        )
    )


def hall(tickets: int) -> Hall:
    """A hall after so many tickets, with all windows busy and everybody else waiting."""
    terms = big_terms(WINDOWS)
    serving, called, free, all_free = (built(terms, ON, tickets, WAITING) for _ in range(4))
    at = serving.day.at + timedelta(seconds=1)
    lease = lease_of(1)
    for made in (called, free):
        made.ask(Finish(window=1, lease=lease), at)
    called.ask(CallNext(window=1, lease=lease), at)
    for number in range(1, WINDOWS + 1):
        all_free.ask(Finish(window=number, lease=lease_of(number)), at)
    return Hall(serving=serving, called=called, free=free, all_free=all_free, at=at + timedelta(seconds=1))


def works(crowded: Hall) -> dict[str, Work]:
    """What is timed, by name."""
    at, lease = crowded.at, lease_of(1)
    serving, called, free, all_free = (
        made.day for made in (crowded.serving, crowded.called, crowded.free, crowded.all_free)
    )
    transfer = Transfer(window=1, lease=lease, to_service="service-M", to_window=None, place=Place.FIRST)
    return {
        "issue": decision(serving, issue(serving.terms, 0), at),
        "call-next": decision(free, CallNext(window=1, lease=lease), at),
        "recall": decision(called, Recall(window=1, lease=lease), at),
        "start": decision(called, Start(window=1, lease=lease), at),
        "finish": decision(serving, Finish(window=1, lease=lease), at),
        "park": decision(serving, Park(window=1, lease=lease), at),
        "transfer to the first place": decision(serving, transfer, at),
        CHOOSE: lambda: choose(free, 1, free.shares, at),
        DUE: lambda: due_at(serving),
        DUE_FREE: lambda: due_at(all_free),
        ADVANCE: lambda: advance(serving, serving.at),
    }


def decision(day: Day, command: Command, at: datetime) -> Work:
    """One command as the desk does it, without the journal."""

    def work() -> Day:
        decided = decide(day, command, at)
        assert isinstance(decided, Accepted), decided
        return evolve(day, day.seq + 1, at, decided.events)

    work()
    return work


def cost_ms(work: Work, rounds: int) -> float:
    """The usual cost of `work`, in milliseconds of the processor."""
    timings = []
    for _ in range(rounds):
        before_ns = thread_time_ns()
        for _ in range(TIMES):
            work()
        timings.append((thread_time_ns() - before_ns) / TIMES / 1e6)
    return median(timings)
