"""Every check and every test, side by side; the first that fails ends the others and gives its exit code.

`python -m tests.run checks`: format, lint, types and import contracts alone, one after another.
"""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path

Step = list[str]

BIN = Path(sys.executable).parent
WORKERS = str(min((os.cpu_count() or 1) + 1, 4))
"""One more than processors: many tests wait for processes and browsers."""
SLOW_TOLD = 25
STOP_S_MAX = 30
"""For tests that are told to end to put their processes away."""

LOOKS: list[Step] = [
    [f"{BIN}/ruff", "format", "--check", "."],
    [f"{BIN}/ruff", "check", "."],
]
"""They take no time, so they come before all else."""
PROOFS: list[Step] = [
    [f"{BIN}/mypy"],
    [f"{BIN}/lint-imports", "--no-logo"],
]
RULES: list[Step] = [
    [f"{BIN}/coverage", "run", "--branch", "--source=queue_service.hall", "-m", "pytest", "tests/hall"],
    [f"{BIN}/coverage", "report", "--fail-under=100", "--show-missing", "--skip-covered"],
]
"""The rules of the hall, every branch of them."""
REST: list[Step] = [
    [
        *(sys.executable, "-m", "pytest", "tests", "--ignore=tests/hall"),
        *("-n", WORKERS, "--dist=loadgroup", "--no-loadscope-reorder", f"--durations={SLOW_TOLD}"),
    ],
]


async def everything() -> int:
    """The exit code of the step that fails first, or 0."""
    if code := await lane(LOOKS, is_live=True):
        return code
    lanes = [
        asyncio.create_task(lane(PROOFS, is_live=False)),
        asyncio.create_task(lane(RULES, is_live=False)),
        asyncio.create_task(lane(REST, is_live=True)),
    ]
    try:
        for ended in asyncio.as_completed(lanes):
            if code := await ended:
                return code
    finally:
        for one in lanes:
            one.cancel()
        await asyncio.gather(*lanes, return_exceptions=True)
    return 0


async def checks() -> int:
    """The exit code of the first that fails, or 0."""
    return await lane([*LOOKS, *PROOFS], is_live=True)


async def lane(steps: list[Step], *, is_live: bool) -> int:
    """Steps one after another up to the first that fails; what they say comes at once, or a whole step at a time."""
    for step in steps:
        words = f"+ {' '.join([Path(step[0]).name, *step[1:]])}"
        if is_live:
            print(words, flush=True)
        process = await asyncio.create_subprocess_exec(*step, **({} if is_live else {"stdout": PIPE, "stderr": STDOUT}))
        try:
            told, _ = await process.communicate()
        finally:
            await _end(process)
        if not is_live:
            print(f"\n{words}\n{told.decode()}", end="", flush=True)
        assert process.returncode is not None, "it has ended"
        if process.returncode:
            print(f"failed: {words}", flush=True)
            return process.returncode
    return 0


async def _end(process: asyncio.subprocess.Process) -> None:
    """As from a keyboard, so that fixtures still end what they started."""
    if process.returncode is None:
        process.send_signal(signal.SIGINT)
        try:
            await asyncio.wait_for(process.wait(), STOP_S_MAX)
        except TimeoutError:
            process.kill()


if __name__ == "__main__":
    sys.exit(asyncio.run(checks() if sys.argv[1:] == ["checks"] else everything()))
