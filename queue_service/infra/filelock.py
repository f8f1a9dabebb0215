"""A lock between processes of one machine, kept as a locked file; the system frees it when its holder dies."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

POLL_S = 0.005


class FileLockBusy(Exception):
    """Another process holds the lock and did not let go in time."""


class FileLock:
    """Excludes other processes, not other tasks of this one: its user must already be alone in the process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def take(self) -> None:
        """Takes the lock at once or raises `FileLockBusy`."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FileLockBusy(str(self._path)) from None

    def free(self) -> None:
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        """Frees the lock, if held, and the file."""
        os.close(self._descriptor)

    @asynccontextmanager
    async def held(self, wait_s_max: float) -> AsyncIterator[None]:
        """Holds the lock meanwhile; raises `FileLockBusy` after `wait_s_max`."""
        deadline = asyncio.get_running_loop().time() + wait_s_max
        while True:
            try:
                self.take()
                break
            except FileLockBusy:
                if asyncio.get_running_loop().time() >= deadline:
                    raise
            await asyncio.sleep(POLL_S)
        try:
            yield
        finally:
            self.free()
