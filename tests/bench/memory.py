"""What a process has in memory: with nothing to do, for each idle socket, for each day that it holds.

A socket: a real core before and after a crowd has joined its board. A day: one core with few branches whose present
days are in the journal, and one with many, both after each of them has been asked for; so a day's figure holds its
branch too, the terms and what is kept of its board.

Promised is the process's own memory: its resident set. What the kernel keeps is told beside, of the whole machine and
for both ends of each connection: its slabs (sockets, files), and the pages of socket buffers, which are empty while
nobody sends.
"""

import asyncio
import os
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from tests.bench.crowd import Crowd, handshake, seats_max
from tests.bench.days import CONNECTIONS, asked_at_once, fill
from tests.bench.rows import Bound, Figure, Row, Rows
from tests.bench.serving import core, data_dir, stage

SOCKETS, SOCKETS_QUICK = 10_000, 200
KB_MAX = 40.0
DAYS, DAYS_QUICK = (20, 220), (2, 12)
"""Branches of the core with few days, and of the one with many."""
TICKETS, TICKETS_QUICK = 300, 30
"""Of each day, in `deploy/capacity.md` too."""
SETTLING_S = 5.0
"""Longer than a heartbeat: by then every socket has been told that its view is still true."""
FIRST = 50
"""Sockets that come before any is counted: what the first ones need once is no matter of how many there are."""
PAGE_KIB = os.sysconf("SC_PAGE_SIZE") / 1024


def measure(repeats: int, *, is_quick: bool) -> Rows:
    """Two rows of sockets and of days, and one of a process with neither."""
    sockets = SOCKETS_QUICK if is_quick else min(SOCKETS, seats_max() - FIRST)
    told: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="queue-bench-") as folder:
        settings = data_dir(folder)
        (hall,) = stage(settings)
        words = handshake(hall.board)
        for _ in range(repeats):
            with core(settings) as served, Crowd() as crowd:
                time.sleep(SETTLING_S)
                told["idle"].append(_memory_kib(served.pid)["process"])
                crowd.join(served.port, [words] * FIRST)
                time.sleep(SETTLING_S)
                before = _memory_kib(served.pid)
                crowd.join(served.port, [words] * sockets)
                time.sleep(SETTLING_S)
                after = _memory_kib(served.pid)
            for name, kib in after.items():
                told[name].append((kib - before[name]) / sockets)
    yield Row(
        name="Memory of a process with nothing to do",
        setup=f"one branch, no day, no socket, {SETTLING_S:g} s after its start; SQLite; its resident set",
        figures=(Figure(name="the process", unit="MiB", values=tuple(kib / 1024 for kib in told["idle"])),),
    )
    few = "" if is_quick or sockets == SOCKETS else " (as many open files as this machine allows)"
    yield Row(
        name="Memory per idle socket",
        setup=f"{sockets} sockets{few} on one board, {SETTLING_S:g} s after the last joined; KB = 1,024 bytes",
        figures=(
            Figure(name="the process", unit="KB", values=tuple(told["process"]), bound=Bound.AT_MOST, limit=KB_MAX),
            Figure(name="the kernel, both ends: slabs", unit="KB", values=tuple(told["slabs"])),
            Figure(name="the kernel, both ends: socket buffers", unit="KB", values=tuple(told["buffers"])),
        ),
    )

    yield _days_row(repeats, *((DAYS_QUICK, TICKETS_QUICK) if is_quick else (DAYS, TICKETS)))


def _days_row(repeats: int, branches: tuple[int, int], tickets: int) -> Row:
    held: dict[int, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="queue-bench-") as folder:
        for number in branches:
            settings = data_dir(f"{folder}/{number}")
            names = [f"hall-{nth:03}" for nth in range(number)]
            asyncio.run(fill(settings, names, tickets))
            for _ in range(repeats):
                with core(settings) as served:
                    asked_at_once(served.port, [f"/api/v1/branches/{name}/board" for name in names], CONNECTIONS)
                    time.sleep(SETTLING_S)
                    held[number].append(_memory_kib(served.pid)["process"])
    few, many = branches
    values = tuple((more - less) / (many - few) / 1024 for less, more in zip(held[few], held[many], strict=True))
    return Row(
        name=f"Memory of a day of {tickets} tickets",
        setup=f"a process that holds {many} days less one of {few}, ÷ {many - few}; with the branch and its board",
        figures=(Figure(name="the process", unit="MiB", values=values),),
    )


def _memory_kib(pid: int) -> dict[str, float]:
    return {
        "process": _number(Path(f"/proc/{pid}/status"), "VmRSS:"),
        "slabs": _number(Path("/proc/meminfo"), "Slab:"),
        "buffers": _number(Path("/proc/net/sockstat"), "mem") * PAGE_KIB,
    }


def _number(path: Path, name: str) -> float:
    """The number that follows a name."""
    words = path.read_text(encoding="ascii").split()
    return float(words[words.index(name) + 1])
