"""A real kiosk process for tests, with a virtual printer, at a real core."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.core import Core, free_port

START_S_MAX = 30
STOP_S_MAX = 15


@dataclass
class Kiosk:
    """A kiosk process, with what it keeps in `data_dir`."""

    core_url: str
    token: str
    data_dir: Path
    more: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def printed(self) -> list[Path]:
        """The pictures of the papers that came out, oldest first."""
        return sorted((self.data_dir / "printed").glob("ticket-*.png"))

    def play(self, fault: str) -> None:
        """The virtual printer has this fault from now on; empty: none."""
        folder = self.data_dir / "printed"
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / "fault.new"
        draft.write_text(fault, encoding="utf-8")
        draft.replace(folder / "fault")

    def intents(self) -> list[str]:
        """The states of all intents, oldest first."""
        with closing(sqlite3.connect(self.data_dir / "intents.sqlite")) as rows:
            return [state for (state,) in rows.execute("SELECT state FROM intents ORDER BY asked_at, key")]

    def begin(self) -> None:
        """Starts the process."""
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("KIOSK_")},
            "KIOSK_CORE_URL": self.core_url,
            "KIOSK_TOKEN": self.token,
            "KIOSK_PORT": str(self.port),
            "KIOSK_DATA_DIR": str(self.data_dir),
            "KIOSK_LOG_LEVEL": "error",
            **self.more,
        }
        self.process = subprocess.Popen([sys.executable, "-m", "kiosk_client"], env=environment)

    def start(self) -> None:
        """Starts the process and waits until it answers."""
        self.begin()
        deadline = time.monotonic() + START_S_MAX
        while time.monotonic() < deadline:
            assert self.process is not None and self.process.poll() is None, "the kiosk ended at its start"
            try:
                if httpx.get(f"{self.base_url}/healthz", timeout=5).is_success:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        raise AssertionError("the kiosk did not answer in time")

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Ends the process."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(STOP_S_MAX)
            self.process = None


def kiosk_of(core: Core, data_dir: Path, *, core_url: str | None = None, **more: str) -> Kiosk:
    """The kiosk of the core's branch, not started; `core_url`: where it finds the core, if not at its own address."""
    (token,) = (device["token"] for device in core.access["devices"] if device["name"] == "kiosk")
    return Kiosk(core_url or core.base_url, token, data_dir, more)


@contextmanager
def running(kiosk: Kiosk) -> Iterator[Kiosk]:
    kiosk.start()
    try:
        yield kiosk
    finally:
        kiosk.stop()


@pytest.fixture
def kiosk(core_sqlite: Core, tmp_path: Path) -> Iterator[Kiosk]:
    """The kiosk of one test, at `core_sqlite`."""
    with running(kiosk_of(core_sqlite, tmp_path / "kiosk")) as started:
        yield started
