"""Issue and call-next over HTTP, durable, signed in and keyed, against an empty FastAPI POST on the same server."""

import tempfile
import time
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from itertools import count
from typing import IO

import uvloop

from queue_service.settings import Settings
from tests.bench import empty, machine
from tests.bench.followers import following
from tests.bench.lines import Lines, Taken
from tests.bench.rows import Bound, Figure, Row, Rows, p99
from tests.bench.serving import UNLIMITED, Hall, Served, assert_followed, data_dir, program, stage
from tests.core import free_port

RATIO_MIN = 0.6
P99_MS_MAX = 25.0
LINES = 32
"""Connections that ask at the same time."""
OPEN_SHARE = 0.5
"""The open load: so much of the rate at saturation, kept whether answers come or not."""
SERVICES = ("personal-cash", "accounts")
"""Between them they keep every window of the sample hall at work."""
EMPTY, ISSUE, CALL_NEXT = "empty", "issue", "call-next"
MEASURED = (ISSUE, CALL_NEXT)
OK, CREATED = 200, 201
STATUS = {EMPTY: OK, ISSUE: CREATED, CALL_NEXT: OK}
WARMING = 1
"""Repeats that are not told: what is filled or compiled at first use is not what is measured."""
WINDOWS = range(1, 9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How much is asked in one repeat. In a round every window of every hall calls once; as many numbers are given."""

    halls: int
    followers: int
    """Of each hall's board: as many as hear of a call at once in a hall of some thirty sockets."""
    rounds: int
    rounds_open: int
    """Under the open load."""

    @property
    def round_size(self) -> int:
        return self.halls * len(WINDOWS)

    @property
    def sockets(self) -> int:
        return self.halls * self.followers


FULL = Load(halls=100, followers=9, rounds=4, rounds_open=2)
QUICK = Load(halls=3, followers=2, rounds=1, rounds_open=1)


def measure(repeats: int, *, is_quick: bool) -> Rows:
    """One row."""
    load = QUICK if is_quick else FULL
    with tempfile.TemporaryDirectory(prefix="queue-bench-") as folder, ExitStack() as stack:
        settings = data_dir(folder)
        halls = stage(settings, load.halls)
        log = stack.enter_context((settings.data_dir / "log").open("wb"))
        core, baseline = (
            stack.enter_context(_serving(settings, log, *words))
            for words in (("queue_service", "serve"), (empty.__name__,))
        )
        stack.enter_context(machine.pinned(machine.CLIENT_CPU))
        stack.enter_context(following(core.port, [hall.board for hall in halls for _ in range(load.followers)]))
        told = uvloop.run(_measured(core, baseline, halls, load, repeats))
    yield _row(told, load)


def _serving(settings: Settings, log: IO[bytes], *words: str) -> AbstractContextManager[Served]:
    port = free_port()
    told = {**UNLIMITED, "data_dir": settings.data_dir, "port": port}
    variables = {f"QUEUE_{name.upper()}": str(value) for name, value in told.items()}
    return program(*words, port=port, variables=variables, cpu=machine.SERVER_CPU, log=log)


class Requests:
    """Whole requests, each with a key of its own."""

    def __init__(self, port: int, halls: list[Hall]) -> None:
        self._port = port
        self._halls = halls
        self._keys = map("{:022}".format, count())

    def empty(self, number: int) -> list[bytes]:
        return [self._post(empty.PATH, "", b'{"service":"personal-cash"}') for _ in range(number)]

    def issues(self) -> list[bytes]:
        """As many numbers as one round of calls takes, the halls in turn."""
        return [
            self._asked(f"{hall.path}/tickets", hall, b'{"service":"%b"}' % service.encode())
            for service in SERVICES * (len(WINDOWS) // len(SERVICES))
            for hall in self._halls
        ]

    def at_windows(self, verb: str) -> list[bytes]:
        """Of every window once, the halls in turn."""
        return [
            self._asked(f"{hall.path}/windows/{window}/{verb}", hall, b"") for window in WINDOWS for hall in self._halls
        ]

    def _asked(self, path: str, hall: Hall, body: bytes) -> bytes:
        return self._post(path, f"Cookie: {hall.cookie}\r\nIdempotency-Key: {next(self._keys)}\r\n", body)

    def _post(self, path: str, headers: str, body: bytes) -> bytes:
        headers += f"Content-Length: {len(body)}\r\n" + ("Content-Type: application/json\r\n" if body else "")
        return f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n{headers}\r\n".encode() + body


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Both servers, and the client that asks them."""

    core: Served
    baseline: Served
    core_lines: Lines
    baseline_lines: Lines
    requests: Requests
    load: Load

    async def repeat(self, is_turned: bool) -> dict[str, float]:
        """What one repeat measures, by name. `is_turned`: the baseline comes last in the first round."""
        closed = {name: Taken() for name in (EMPTY, *MEASURED)}
        opened = {name: Taken() for name in MEASURED}
        cpu_s = dict.fromkeys(closed, 0.0)
        client_cpu_s = 0.0
        for nth in range(self.load.rounds):
            order = (EMPTY, *MEASURED) if is_turned == bool(nth % 2) else (*MEASURED, EMPTY)
            for name in order:
                served = self.baseline if name == EMPTY else self.core
                with self.core.stopped() if name == EMPTY else nullcontext():  # its sockets cost it time at any time
                    before_s, mine_s = served.cpu_s, time.process_time()
                    closed[name].add(await self._lines(name).saturate(self._asked(name), STATUS[name]))
                    cpu_s[name] += served.cpu_s - before_s
                    client_cpu_s += time.process_time() - mine_s if name == EMPTY else 0
            await self._finish()
        for _ in range(self.load.rounds_open):
            for name in MEASURED:
                per_s = OPEN_SHARE * closed[name].per_s
                opened[name].add(await self._lines(name).keep_rate(self._asked(name), STATUS[name], per_s))
            await self._finish()
        told = {"client": 100 * client_cpu_s / closed[EMPTY].seconds}
        for name, taken in closed.items():
            told[f"{name} per s"] = taken.per_s
            told[f"{name} cpu"] = cpu_s[name] / len(taken.latencies_s) * 1e6
        for name in MEASURED:
            told[f"{name} ratio"] = closed[name].per_s / closed[EMPTY].per_s
            told[f"{name} p99"] = p99(closed[name].latencies_s) * 1000
            told[f"{name} p99 open"] = p99(opened[name].latencies_s) * 1000
        assert_followed(self.core.port, self.load.sockets)
        return told

    def _lines(self, name: str) -> Lines:
        return self.baseline_lines if name == EMPTY else self.core_lines

    def _asked(self, name: str) -> list[bytes]:
        if name == EMPTY:
            return self.requests.empty(self.load.round_size)
        return self.requests.issues() if name == ISSUE else self.requests.at_windows(CALL_NEXT)

    async def _finish(self) -> None:
        """Every window is free again; not measured."""
        await self.core_lines.saturate(self.requests.at_windows("finish"), OK)


async def _measured(
    core: Served, baseline: Served, halls: list[Hall], load: Load, repeats: int
) -> list[dict[str, float]]:
    requests = Requests(core.port, halls)
    core_lines = await Lines.open(core.port, LINES)
    await core_lines.saturate(requests.at_windows("open"), OK)
    baseline_lines = await Lines.open(baseline.port, LINES)  # not before: who connects has to ask soon
    try:
        bench = Bench(
            core=core,
            baseline=baseline,
            core_lines=core_lines,
            baseline_lines=baseline_lines,
            requests=requests,
            load=load,
        )
        told = [await bench.repeat(is_turned=bool(nth % 2)) for nth in range(WARMING + repeats)]
    finally:
        core_lines.close()
        baseline_lines.close()
    return told[WARMING:]


def _row(told: list[dict[str, float]], load: Load) -> Row:
    def figure(name: str, unit: str, key: str, bound: Bound = Bound.NONE, limit: float | None = None) -> Figure:
        return Figure(name=name, unit=unit, values=tuple(one[key] for one in told), bound=bound, limit=limit)

    figures = []
    for name in MEASURED:
        figures += [
            figure(f"{name} ÷ empty", "×", f"{name} ratio", Bound.AT_LEAST, RATIO_MIN),
            figure(f"{name} p99, half load", "ms", f"{name} p99 open", Bound.AT_MOST, P99_MS_MAX),
            figure(f"{name} p99, saturated", "ms", f"{name} p99", Bound.AT_MOST, P99_MS_MAX),
        ]
    everything = (EMPTY, *MEASURED)
    figures += [figure(name, "requests/s", f"{name} per s") for name in everything]
    figures += [figure(f"{name}, server's processor", "µs/request", f"{name} cpu") for name in everything]
    figures.append(figure("client's processor, empty", "%", "client"))
    return Row(
        name="issue and call-next over HTTP",
        setup=(
            "SQLite FULL, signed in by session, keyed, log level info; "
            f"{load.halls} halls, {load.sockets} sockets on their boards; "
            f"{LINES} keep-alive connections of one uvloop client (prebuilt requests, httptools), the halls in turn; "
            f"all {len(WINDOWS)} windows of each call at once, then finish untimed; "
            "baseline: FastAPI's POST with a small body on the same server, turn about, the core stopped meanwhile; "
            f"half load: {OPEN_SHARE:g} of the rate at saturation, kept whether answers come or not; "
            "limits by caller raised"
        ),
        figures=tuple(figures),
    )
