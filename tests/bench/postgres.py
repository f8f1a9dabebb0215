"""A private PostgreSQL for the bench, durable as in production, and what it has used and written."""

import asyncio
import os
import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from tests.postgres import _start

END_S_MAX = 30
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server."""

    folder: Path
    pid: int

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def create(self, database: str) -> str:
        """The address of a new database."""
        self.ask(f"CREATE DATABASE {database}")
        return self.url(database)

    def ask(self, statement: str, database: str = "postgres") -> Any:
        """The first value of the answer."""
        return asyncio.run(_ask(self.url(database), statement))

    @property
    def cpu_s(self) -> float:
        """Seconds of processors that all of its processes have used, those that have ended among them."""
        return cpu_s(self.pid, with_ended=True) + sum(map(cpu_s, children(self.pid)))


@contextmanager
def server() -> Iterator[Server]:
    """Started for this run, and gone with it."""
    folder = Path(tempfile.gettempdir(), f"queue-bench-{secrets.token_hex(6)}")
    _start(folder, os.getpid())
    pid = int((folder / "postmaster.pid").read_text(encoding="ascii").split("\n", 1)[0])
    try:
        yield Server(folder=folder, pid=pid)
    finally:
        folder.with_suffix(".lock").unlink(missing_ok=True)
        os.kill(pid, 2)  # SIGINT: a fast end; who watches it clears the folder away
        deadline_s = time.monotonic() + END_S_MAX
        while folder.exists() and time.monotonic() < deadline_s:
            time.sleep(0.05)


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


def cpu_s(pid: int, *, with_ended: bool = False) -> float:
    """What a process has used itself, and with the children that it has outlived."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except FileNotFoundError:
        return 0  # it has just ended, and its parent counts it
    return sum(map(int, words[11 : 15 if with_ended else 13])) / _TICKS_PER_S


async def _ask(url: str, statement: str) -> Any:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()
