"""What an idle socket costs in memory: a real core before and after a crowd has joined its board.

Promised is the process's own memory: its resident set. What the kernel keeps is told beside, of the whole machine and
for both ends of each connection: its slabs (sockets, files), and the pages of socket buffers, which are empty while
nobody sends.
"""

import os
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from tests.bench.crowd import Crowd, handshake, seats_max
from tests.bench.rows import Bound, Figure, Row, Rows
from tests.bench.serving import core, data_dir, stage

SOCKETS, SOCKETS_QUICK = 10_000, 200
KB_MAX = 40.0
SETTLING_S = 5.0
"""Longer than a heartbeat: by then every socket has been told that its view is still true."""
FIRST = 50
"""Sockets that come before any is counted: what the first ones need once is no matter of how many there are."""
PAGE_KIB = os.sysconf("SC_PAGE_SIZE") / 1024


def measure(repeats: int, *, is_quick: bool) -> Rows:
    """One row."""
    sockets = SOCKETS_QUICK if is_quick else min(SOCKETS, seats_max() - FIRST)
    told: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="queue-bench-") as folder:
        settings = data_dir(folder)
        (hall,) = stage(settings)
        words = handshake(hall.board)
        for _ in range(repeats):
            with core(settings) as served, Crowd() as crowd:
                crowd.join(served.port, [words] * FIRST)
                time.sleep(SETTLING_S)
                before = _memory_kib(served.pid)
                crowd.join(served.port, [words] * sockets)
                time.sleep(SETTLING_S)
                after = _memory_kib(served.pid)
            for name, kib in after.items():
                told[name].append((kib - before[name]) / sockets)
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
