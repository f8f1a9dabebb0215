"""Real edge clients for tests: their own processes, and their commands as whoever installs them meets them."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, TypeVar

import httpx

from tests.core import free_port
from tests.programs import Program, ran

START_S_MAX = 30
STOP_S_MAX = 15
PREFIXES = {"kiosk_client": "KIOSK_", "display_client": "DISPLAY_"}
"""Of the settings, by package."""


@dataclass
class Edge:
    """The process of an edge client, with what it keeps in `data_dir`."""

    package: ClassVar[str]

    core_url: str
    token: str
    data_dir: Path
    more: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: Program | None = None

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def begin(self) -> None:
        """Starts the process."""
        prefix = PREFIXES[self.package]
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(prefix)},
            f"{prefix}CORE_URL": self.core_url,
            f"{prefix}TOKEN": self.token,
            f"{prefix}PORT": str(self.port),
            f"{prefix}DATA_DIR": str(self.data_dir),
            f"{prefix}LOG_LEVEL": "error",
            **self.more,
        }
        self.process = Program(self.package, env=environment)

    def start(self) -> None:
        """Starts the process and waits until it answers."""
        self.begin()
        deadline = time.monotonic() + START_S_MAX
        while time.monotonic() < deadline:
            assert self.process is not None and self.process.poll() is None, f"{self.package} ended at its start"
            try:
                if httpx.get(f"{self.base_url}/healthz", timeout=5).is_success:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"{self.package} did not answer in time")

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Ends the process."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(STOP_S_MAX)
            self.process = None


Process = TypeVar("Process", bound=Edge)


@contextmanager
def running(edge: Process) -> Iterator[Process]:
    edge.start()
    try:
        yield edge
    finally:
        edge.stop()


def ended(package: str, folder: Path, *, terminal: str = "en_US.UTF-8", **settings: str) -> list[str]:
    """What the command says, one text a line, where it ends by itself with only these settings, because of them."""
    prefix = PREFIXES[package]
    kept = {name: value for name, value in os.environ.items() if not name.startswith((prefix, "LC_", "LANG"))}
    command = ran(
        package,
        env={
            **kept,
            "LANG": terminal,
            f"{prefix}DATA_DIR": str(folder),
            **{f"{prefix}{name}": value for name, value in settings.items()},
        },
        timeout_s=START_S_MAX,
    )
    assert (command.returncode, command.stdout) == (1, ""), command.stderr
    return command.stderr.splitlines()
