"""Our programs as processes of their own, for tests: forked from a server that has their modules loaded.

A start of `python -m …` costs two seconds of a processor, nearly all for loading; the tests start some hundreds.
What runs is the same command in a process of its own, with its own environment, that can be killed like any other.
Some of `tests/test_cli.py`, the demo's tests and those of `tests/deploy` start the commands as a shell does.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import display_client.cli
import kiosk_client.cli
import queue_service.cli

PACKAGES = {module.__name__.partition(".")[0] for module in (display_client.cli, kiosk_client.cli, queue_service.cli)}

_context = get_context("forkserver")
_context.set_forkserver_preload([__name__])


class Program:
    """A running program; like `subprocess.Popen` as far as tests need it."""

    def __init__(
        self,
        package: str,
        *words: str,
        env: Mapping[str, str],
        log: Path | None = None,
        output: Path | None = None,
    ) -> None:
        """`log`: what it says goes there, to the end; None: to where the tests' own words go.

        `output`: what it says on its standard output goes there instead.
        """
        assert package in PACKAGES
        self._process = _context.Process(target=_run, args=(package, words, dict(env), log, output), daemon=True)
        self._process.start()

    @property
    def pid(self) -> int:
        """The process id."""
        assert self._process.pid is not None, "it was started"
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """Exit status; negative: the signal that ended it; None while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """Looks whether it has ended."""
        return self._process.exitcode

    def wait(self, timeout_s: float | None = None) -> int:
        """Waits for its end; raises TimeoutExpired."""
        self._process.join(timeout_s)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout_s or 0)
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """Nothing where it has ended."""
        if self._process.exitcode is None:
            os.kill(self.pid, number)


def ran(package: str, *words: str, env: Mapping[str, str], timeout_s: float) -> subprocess.CompletedProcess[str]:
    """A command that ends by itself, and what it said."""
    with TemporaryDirectory() as folder:
        output, errors = Path(folder, "output"), Path(folder, "errors")
        program = Program(package, *words, env=env, log=errors, output=output)
        try:
            code = program.wait(timeout_s)
        finally:
            program.send_signal(signal.SIGKILL)
        told = [path.read_text("utf-8") for path in (output, errors)]
    return subprocess.CompletedProcess([package, *words], code, *told)


def _run(
    package: str, words: tuple[str, ...], environment: Mapping[str, str], log: Path | None, output: Path | None
) -> None:
    for path, stream in ((output or log, sys.stdout), (log, sys.stderr)):
        if path is not None:
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), stream.fileno())
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [package, *words]
    import_module(f"{package}.cli").app()
