"""Two processes that serve one branch on a PostgreSQL whose every commit takes 2 ms: how long does a command wait?

A reverse proxy keeps a branch on one process, so this is what happens while it cannot: during a restart, or without a
proxy. The flush is made slow by the server itself (`commit_delay` without a condition), as a slow disk would make it.
Two loads: a steady one of ten times what a crowded hall asks, half at each process, counted from when a request fell
due; and a race, in which several clients at each process ask again as soon as they have their answer.
"""

import asyncio
import tempfile
from itertools import count
from pathlib import Path

import uvloop

from queue_service.settings import Settings
from tests.bench import machine, postgres
from tests.bench.lines import Lines, Taken
from tests.bench.rows import Bound, Figure, Row, Rows, p99
from tests.bench.serving import Hall, stage
from tests.bench.side_by_side import Served, issue, serving

WAIT_MS_MAX = 100.0
FLUSH_US = 2000
PROCESSES = 2
STEADY_PER_S = 100.0
"""Commands a second at one branch; a crowded hall asks for 10."""
RACERS = 2
"""Clients at each process that ask without a pause."""
CREATED = 201
WARMING = 20


def measure(repeats: int, *, is_quick: bool) -> Rows:
    """One row."""
    commands = 60 if is_quick else 600
    steady: list[Taken] = []
    race: list[Taken] = []
    cpu_ms: list[float] = []
    with tempfile.TemporaryDirectory(prefix="queue-bench-") as folder, postgres.server() as server:
        settings = Settings(data_dir=Path(folder), database_url=server.create("contention"))
        (hall,) = stage(settings)
        for change in (f"commit_delay = {FLUSH_US}", "commit_siblings = 0"):
            server.ask(f"ALTER SYSTEM SET {change}")
        server.ask("SELECT pg_reload_conf()")
        with serving(settings, PROCESSES) as served:
            machine.pin(machine.CLIENT_CPU)
            for _ in range(repeats):
                of_steady, of_race, used_s = uvloop.run(_measured(served, server, hall, commands))
                steady.append(of_steady)
                race.append(of_race)
                cpu_ms.append(used_s / commands * 1000)
    yield Row(
        name="two processes, one branch, 2 ms flush",
        setup=f"{commands} keyed issues of each load, half at each process; steady: {STEADY_PER_S:.0f} commands/s;"
        f" race: {RACERS} clients at each process, no pause; PostgreSQL, processes and client on the same processors",
        figures=(
            _figure("steady, longest wait", [_longest_ms(taken) for taken in steady], WAIT_MS_MAX),
            _figure("steady, p99", [p99(taken.latencies_s) * 1000 for taken in steady]),
            _figure("race, longest wait", [_longest_ms(taken) for taken in race], WAIT_MS_MAX),
            _figure("race, p99", [p99(taken.latencies_s) * 1000 for taken in race]),
            Figure(name="race", unit="commands/s", values=tuple(taken.per_s for taken in race)),
            _figure("race, processors used per command", cpu_ms),
        ),
    )


async def _measured(served: Served, server: postgres.Server, hall: Hall, commands: int) -> tuple[Taken, Taken, float]:
    """The steady load, the race, and the seconds of processors that core and PostgreSQL used in the race."""
    keys = map("{:022}".format, count())
    each = [await Lines.open(port, RACERS) for port in served.ports]
    try:
        await asyncio.gather(*(lines.saturate(_issues(hall, keys, WARMING), CREATED) for lines in each))
        share = commands // len(each)
        rate_per_s = STEADY_PER_S / len(each)
        steady = [lines.keep_rate(_issues(hall, keys, share), CREATED, rate_per_s) for lines in each]
        taken = _together(await asyncio.gather(*steady))
        before_s = served.cpu_s + server.cpu_s
        race = [lines.saturate(_issues(hall, keys, share), CREATED) for lines in each]
        raced = _together(await asyncio.gather(*race))
        return taken, raced, served.cpu_s + server.cpu_s - before_s
    finally:
        for lines in each:
            lines.close()


def _issues(hall: Hall, keys: "map[str]", number: int) -> list[bytes]:
    return [issue(hall, next(keys)) for _ in range(number)]


def _together(parts: list[Taken]) -> Taken:
    """What was taken at the same time."""
    return Taken(max(part.seconds for part in parts), [wait_s for part in parts for wait_s in part.latencies_s])


def _longest_ms(taken: Taken) -> float:
    return max(taken.latencies_s) * 1000


def _figure(name: str, values: list[float], limit: float | None = None) -> Figure:
    bound = Bound.NONE if limit is None else Bound.AT_MOST
    return Figure(name=name, unit="ms", values=tuple(values), bound=bound, limit=limit)
