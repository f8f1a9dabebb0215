"""333 branches with 30 sockets each in one process, and 100 changes a second: from the commit to the last socket.

Most of a branch's sockets show the board; some are a greeter's floor and tellers' consoles. Visitors take numbers, are
called and served, at branches by chance, each request at its moment, whether answers come or not.

A commit cannot be seen from outside, so time runs from the entry's `at` in the journal, the moment of its decision,
which is before the commit: every figure is an upper bound. The files are in memory where the machine has such a place,
because what a disk takes for a flush would only widen that bound.

A call goes out at once to the board, to the floor and to the console that called. Everything else, other consoles'
sight of a call too, may be folded with what comes within 200 ms.
"""

import asyncio
import sqlite3
import tempfile
import time
from bisect import bisect_left
from collections import defaultdict, deque
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random  # noqa: TID251 seeded: the same day in each run
from statistics import median

import uvloop

from queue_service.journal.sqlite import FILE_NAME
from tests.bench import machine
from tests.bench.crowd import Arrival, Crowd, handshake, seats_max
from tests.bench.lines import Line
from tests.bench.rows import Bound, Figure, Row, Rows, p99
from tests.bench.serving import Hall, Served, core, data_dir, stage

CALL_MS_P99_MAX = 10.0
REST_MS_P99_MAX = 250.0
WINDOW = 1
"""Where each branch's visitors are served."""
FOLLOWED = ("view=board",) * 24 + ("view=floor",) * 2 + tuple(f"view=window&window={number}" for number in range(1, 5))
"""What the sockets of one branch follow."""
IS_URGENT = tuple(query in ("view=board", "view=floor", f"view=window&window={WINDOW}") for query in FOLLOWED)
"""Which of them are told of a call at once."""
CALL = "ticket.call_next"
KINDS = ("ticket.issue", CALL, "ticket.finish")
"""What happens, one after the other; what the clock does beside is not told of."""
COMMITS = "queue_journal_commit_seconds"
LINES = 32
SETTLING_S = 2.0
"""After the last change: longer than anything may be folded."""
MEMORY = Path("/dev/shm")
SEED = 20260302


Change = tuple[int, int, bool]
"""An entry's seq; its moment, in microseconds of Unix time; whether it is a call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How much happens in one repeat."""

    branches: int
    changes_per_s: int
    seconds: int


FULL = Load(branches=333, changes_per_s=100, seconds=20)
QUICK = Load(branches=10, changes_per_s=30, seconds=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One repeat: when it was, in microseconds of Unix time, what the crowd was told, and what it took."""

    began_at_us: int
    ended_at_us: int
    arrivals: list[Arrival]
    cpu_share: float
    commit_ms: float


def measure(repeats: int, *, is_quick: bool) -> Rows:
    """One row."""
    load = QUICK if is_quick else FULL
    branches = min(load.branches, seats_max() // len(FOLLOWED))
    folder_in, where = (MEMORY, "in memory") if MEMORY.is_dir() else (None, "on the disk")
    with (
        tempfile.TemporaryDirectory(prefix="queue-bench-", dir=folder_in) as folder,
        machine.pinned(machine.CLIENT_CPU),
    ):
        settings = data_dir(folder)
        halls = stage(settings, branches)
        with core(settings) as served, Crowd() as crowd:
            paths = [(f"{hall.path}/live?{query}", hall.cookie) for hall in halls for query in FOLLOWED]
            crowd.join(served.port, [handshake(*one) for one in paths])
            parts = uvloop.run(_parts(served, halls, crowd, load, repeats))
        changes = _changes(settings.data_dir / FILE_NAME, halls)
    told: dict[str, list[float]] = defaultdict(list)
    for part in parts:
        for name, latencies_ms in zip(("calls", "rest"), _latencies_ms(part, changes), strict=True):
            told[f"{name} p99"].append(p99(latencies_ms))
            told[f"{name} p50"].append(median(latencies_ms))
        told["commit"].append(part.commit_ms)
        told["cpu"].append(part.cpu_share * 100)
    yield Row(
        name="Commit → last socket of a branch",
        setup=f"{branches} branches × {len(FOLLOWED)} sockets, {load.changes_per_s} changes a second for "
        f"{load.seconds} s, a third of them calls; from the decision, which is before the commit; journal {where}",
        figures=(
            _promised("calls, p99", told["calls p99"], CALL_MS_P99_MAX),
            Figure(name="calls, p50", unit="ms", values=tuple(told["calls p50"])),
            _promised("the rest, folding included, p99", told["rest p99"], REST_MS_P99_MAX),
            Figure(name="the rest, p50", unit="ms", values=tuple(told["rest p50"])),
            Figure(name="of both the commit, mean", unit="ms", values=tuple(told["commit"])),
            Figure(name="server's processor", unit="%", values=tuple(told["cpu"])),
        ),
    )


def _promised(name: str, values: list[float], most_ms: float) -> Figure:
    return Figure(name=name, unit="ms", values=tuple(values), bound=Bound.AT_MOST, limit=most_ms)


async def _parts(served: Served, halls: list[Hall], crowd: Crowd, load: Load, repeats: int) -> list[Part]:
    loop = asyncio.get_running_loop()
    lines = [Caller((await loop.create_connection(Line, "127.0.0.1", served.port))[1]) for _ in range(LINES)]
    days = [_Day(hall, lines[number % LINES]) for number, hall in enumerate(halls)]
    await asyncio.gather(*(day.open() for day in days))
    chance = Random(SEED)
    parts = []
    for _ in range(repeats):
        await asyncio.sleep(SETTLING_S)
        crowd.arrivals()
        parts.append(await _part(served, days, crowd, load, chance))
    for line in lines:
        line.close()
    return parts


async def _part(served: Served, days: list["_Day"], crowd: Crowd, load: Load, chance: Random) -> Part:
    loop = asyncio.get_running_loop()
    commits, commit_s = _commits(served)
    began_s, began_at_us, cpu_s = loop.time(), _unix_us(), served.cpu_s
    answers = []
    for number in range(load.changes_per_s * load.seconds):
        await asyncio.sleep(began_s + number / load.changes_per_s - loop.time())
        answers.append(chance.choice(days).go_on())
    await asyncio.gather(*answers)
    cpu_share = (served.cpu_s - cpu_s) / (loop.time() - began_s)
    ended_at_us = _unix_us()
    await asyncio.sleep(SETTLING_S)
    commits_then, commit_s_then = _commits(served)
    return Part(
        began_at_us=began_at_us,
        ended_at_us=ended_at_us,
        arrivals=crowd.arrivals(),
        cpu_share=cpu_share,
        commit_ms=1000 * (commit_s_then - commit_s) / (commits_then - commits),
    )


def _commits(served: Served) -> tuple[float, float]:
    """How many there were, and how many seconds all of them took."""
    return served.metric(f"{COMMITS}_count"), served.metric(f"{COMMITS}_sum")


def _unix_us() -> int:
    return time.time_ns() // 1000


class Caller:
    """A connection whose requests go out in their order, each after the answer of the one before."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._due: deque[tuple[bytes, asyncio.Future[None]]] = deque()

    def ask(self, request: bytes) -> asyncio.Future[None]:
        """Done when it was answered well."""
        answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._due.append((request, answered))
        if len(self._due) == 1:
            self._send()
        return answered

    def close(self) -> None:
        self._line.close()

    def _send(self) -> None:
        request, _ = self._due[0]
        self._line.ask(request, self._told)

    def _told(self, status: int) -> None:
        _, answered = self._due.popleft()
        if status in (200, 201):
            answered.set_result(None)
        else:
            answered.set_exception(AssertionError(f"{status}: {self._line.body!r}"))
        if self._due:
            self._send()


class _Day:
    """What goes on at one branch: a number, its call, its finish, and again."""

    def __init__(self, hall: Hall, caller: Caller) -> None:
        self._hall = hall
        self._caller = caller
        self._done = 0

    def open(self) -> asyncio.Future[None]:
        return self._ask(f"/windows/{WINDOW}/open")

    def go_on(self) -> asyncio.Future[None]:
        kind = KINDS[self._done % len(KINDS)]
        self._done += 1
        if kind == KINDS[0]:
            return self._ask("/tickets", b'{"service":"personal-cash"}')
        return self._ask(f"/windows/{WINDOW}/{'call-next' if kind == CALL else 'finish'}")

    def _ask(self, path: str, body: bytes = b"") -> asyncio.Future[None]:
        head = f"POST {self._hall.path}{path} HTTP/1.1\r\nHost: hall\r\nCookie: {self._hall.cookie}\r\n"
        head += f"Content-Length: {len(body)}\r\n" + ("Content-Type: application/json\r\n" if body else "")
        return self._caller.ask(f"{head}\r\n".encode() + body)


def _changes(path: Path, halls: list[Hall]) -> list[list[Change]]:
    """By branch, in order."""
    changes: dict[str, list[Change]] = {hall.branch: [] for hall in halls}
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as journal:
        for branch, seq, at_us, kind in journal.execute("SELECT branch_id, seq, at, kind FROM entries ORDER BY seq"):
            if kind in KINDS:
                changes[branch].append((seq, at_us, kind == CALL))
    return list(changes.values())


def _latencies_ms(part: Part, changes: list[list[Change]]) -> tuple[list[float], list[float]]:
    """Of the calls, and of all else, until the last socket that shows them."""
    seqs: list[list[int]] = [[] for _ in range(len(changes) * len(FOLLOWED))]
    times_ns: list[list[int]] = [[] for _ in seqs]
    for client, seq, at_ns in part.arrivals:
        seqs[client].append(seq)
        times_ns[client].append(at_ns)
    unix_ns = time.time_ns() - time.monotonic_ns()
    calls_ms, rest_ms = [], []
    for branch, entries in enumerate(changes):
        for seq, at_us, is_call in entries:
            if not part.began_at_us <= at_us <= part.ended_at_us:
                continue
            last_ns = {True: 0, False: 0}
            for nth, is_urgent in enumerate(IS_URGENT):
                client = branch * len(FOLLOWED) + nth
                place = bisect_left(seqs[client], seq)
                assert place < len(seqs[client]), f"a socket of branch {branch} was never told of {seq}"
                key = is_urgent and is_call
                last_ns[key] = max(last_ns[key], times_ns[client][place])
            rest_ms.append((last_ns[False] + unix_ns) / 1e6 - at_us / 1e3)
            if is_call:
                calls_ms.append((last_ns[True] + unix_ns) / 1e6 - at_us / 1e3)
    return calls_ms, rest_ms
