"""A real display process for tests, following a real core."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.core import Core, free_port

START_S_MAX = 30
STOP_S_MAX = 15


@dataclass
class Display:
    """A display process, with what it keeps in `data_dir`."""

    core_url: str
    token: str
    data_dir: Path
    more: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Starts the process and waits until it answers."""
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("DISPLAY_")},
            "DISPLAY_CORE_URL": self.core_url,
            "DISPLAY_TOKEN": self.token,
            "DISPLAY_PORT": str(self.port),
            "DISPLAY_DATA_DIR": str(self.data_dir),
            **self.more,
        }
        self.process = subprocess.Popen([sys.executable, "-m", "display_client"], env=environment)
        deadline = time.monotonic() + START_S_MAX
        while time.monotonic() < deadline:
            assert self.process.poll() is None, "the display ended at its start"
            try:
                if httpx.get(f"{self.base_url}/healthz", timeout=5).is_success:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        raise AssertionError("the display did not answer in time")

    def stop(self) -> None:
        """Ends the process."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(STOP_S_MAX)
            self.process = None


def display_of(core: Core, data_dir: Path, **more: str) -> Display:
    """A display of the core's branch that has not started."""
    (token,) = (device["token"] for device in core.access["devices"] if device["kind"] == "display")
    return Display(core.base_url, token, data_dir, more)


@contextmanager
def running(display: Display) -> Iterator[Display]:
    display.start()
    try:
        yield display
    finally:
        display.stop()


@pytest.fixture
def display(core_sqlite: Core, tmp_path: Path) -> Iterator[Display]:
    """The display of one test, following `core_sqlite`."""
    with running(display_of(core_sqlite, tmp_path / "display")) as started:
        yield started
