"""The processes of the demo: started and ended together, all in the demo's own process group."""

import asyncio
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

STOP_WAIT_S_MAX: Final = 15


@dataclass(frozen=True, slots=True)
class _Running:
    process: asyncio.subprocess.Process
    ended: asyncio.Task[object]


class Processes:
    """Our own programs, each by a name."""

    def __init__(self) -> None:
        self._running: dict[str, _Running] = {}

    async def start(self, name: str, *words: str, variables: Mapping[str, str]) -> None:
        """Starts `python -m` with `words`; `variables` are put on top of the present environment."""
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", *words, env={**os.environ, **variables})
        self._running[name] = _Running(process, asyncio.create_task(process.wait()))

    @property
    def ends(self) -> list[asyncio.Task[object]]:
        """Done when their process has ended."""
        return [running.ended for running in self._running.values()]

    def first_ended(self) -> tuple[str, int | None] | None:
        """Name and exit status of a process that has ended; None while all run."""
        for name, running in self._running.items():
            if running.ended.done():
                return name, running.process.returncode
        return None

    async def end(self) -> None:
        """Ends all that still run, the last started first: clients before their core."""
        for running in reversed(self._running.values()):
            if running.process.returncode is None:
                running.process.terminate()
        if self._running:
            await asyncio.wait(self.ends, timeout=STOP_WAIT_S_MAX)
        for running in self._running.values():
            if running.process.returncode is None:
                running.process.kill()
            await running.ended
