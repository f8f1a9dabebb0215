"""The machine that measures: which processor serves, which one asks, and what is told of it."""

import os
import platform
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SERVER_CPU, CLIENT_CPU = (sorted(os.sched_getaffinity(0)) * 2)[:2]
"""Two different ones wherever there are two."""
ONE_CPU = "one processor serves and asks: every time holds both, and no ratio is worth much"


def pin(cpu: int, pid: int = 0) -> None:
    """Keeps a process (0: this one), and what it starts from now on, on one processor."""
    os.sched_setaffinity(pid, {cpu})


@contextmanager
def pinned(cpu: int) -> Iterator[None]:
    """Keeps this process, and for ever what it starts meanwhile, on one processor."""
    mine = os.sched_getaffinity(0)
    pin(cpu)
    try:
        yield
    finally:
        os.sched_setaffinity(0, mine)


def described() -> dict[str, Any]:
    """What a reader has to know to compare figures."""
    flags = [name for name in ("optimize", "dev_mode") if getattr(sys.flags, name)]
    return {
        "processor": _processor(),
        "processors": len(os.sched_getaffinity(0)),
        "served_on": SERVER_CPU,
        "asked_from": CLIENT_CPU,
        **({"warning": ONE_CPU} if SERVER_CPU == CLIENT_CPU else {}),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        **({"python_flags": " ".join(flags)} if flags else {}),
        "sqlite": sqlite3.sqlite_version,
        "load": round(os.getloadavg()[0], 2),
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
