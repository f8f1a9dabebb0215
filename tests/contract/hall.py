"""A few visitors of a hall whose kiosk and board are processes of any release."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import httpx
from websockets.sync.client import connect

from tests.core import Core, free_port
from tests.programs import Program

WISH: Mapping[str, Any] = {"id": "a" * 32, "legs": ["fast"], "class": "normal", "language": "zh-CN"}
WAIT_S_MAX = 60
STOP_S_MAX = 15


def serve_a_hall(core: Core, core_url: str, folder: Path, release: str, *, code: Path | None = None) -> None:
    """A number is touched and printed, another printed for a greeter, help asked for, somebody called to a window.

    `core_url`: where the clients find the core; `code`: of their release; None = today's.
    """
    with (
        Client("kiosk_client", core, core_url, folder, code) as kiosk,
        Client("display_client", core, core_url, folder, code) as display,
    ):
        asked = httpx.post(f"{kiosk.url}/intents", json=WISH, timeout=10)
        assert asked.status_code == 200, asked.text
        until(lambda: len(kiosk.papers()) == 1)
        (ticket,) = floor(core)["tickets"]
        assert (ticket["status"], ticket["legs"], ticket["language"]) == ("waiting", WISH["legs"], WISH["language"])
        assert kiosk.shown()["link"]["state"] == "live"

        with core.client(core.staff("manager")[0]) as manager:
            number = manager.post("/tickets", json={"service": "fast"}).raise_for_status().json()
            manager.post(f"/tickets/{number['id']}/print", json={"kiosk": "kiosk"}).raise_for_status()
            until(lambda: len(kiosk.papers()) == 2 and floor(core)["prints"] == [])
            assert httpx.post(f"{kiosk.url}/help", json={}, timeout=10).status_code == 200
            assert "help" in {alert["kind"] for alert in floor(core)["alerts"]}
            window = next(one for one in floor(core)["windows"] if "fast" in one["services"])["number"]
            manager.post(f"/windows/{window}/open", json={}).raise_for_status()
            called = manager.post(f"/windows/{window}/call-next", json={}).raise_for_status().json()["ticket"]
        until(lambda: [call["label"] for call in display.shown()["board"]["calls"]] == [called["label"]])
        assert display.shown()["link"]["state"] == "live"
    for client in (kiosk, display):
        lines = [json.loads(line) for line in client.log.read_text().splitlines()]
        assert [line["version"] for line in lines if line["event"] == "listening"] == [release]
        assert [line for line in lines if line["level"] not in ("info", "debug")] == []


class Client:
    """An edge client's process."""

    def __init__(self, package: str, core: Core, core_url: str, folder: Path, code: Path | None) -> None:
        self._package = package
        self._code = code
        self._data_dir = folder / package
        self.log = folder / f"{package}.log"
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        kind = package.removesuffix("_client")
        settings = {
            "CORE_URL": core_url,
            "TOKEN": next(one["token"] for one in core.access["devices"] if one["kind"] == kind),
            "PORT": str(port),
            "DATA_DIR": str(self._data_dir),
        }
        self._settings = {f"{kind.upper()}_{name}": value for name, value in settings.items()}
        self._process: Program | subprocess.Popen[bytes]

    def __enter__(self) -> Self:
        if self._code is None:
            self.log.touch()
            self._process = Program(self._package, env={**os.environ, **self._settings}, log=self.log)
        else:
            command = [sys.executable, "-m", self._package]
            with self.log.open("w") as log:
                self._process = subprocess.Popen(command, cwd=self._code, env=self._settings, stderr=log)
        until(self._answers)
        return self

    def __exit__(self, *_failure: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(STOP_S_MAX)

    def _answers(self) -> bool:
        assert self._process.poll() is None, self.log.read_text()
        with suppress(httpx.TransportError):
            return httpx.get(f"{self.url}/healthz", timeout=5).is_success
        return False

    def shown(self) -> dict[str, Any]:
        """What its page is shown."""
        with connect(f"{self.url.replace('http', 'ws')}/live", proxy=None) as socket:
            shown: dict[str, Any] = json.loads(socket.recv(timeout=10))["data"]
            return shown

    def papers(self) -> list[Path]:
        """What its printer has printed."""
        return sorted((self._data_dir / "printed").glob("ticket-*.png"))


def floor(core: Core) -> dict[str, Any]:
    """The hall as its staff see it."""
    with core.client(core.staff("manager")[0]) as client:
        seen: dict[str, Any] = client.get("/floor").raise_for_status().json()
        return seen


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S_MAX
    while not holds():
        assert time.monotonic() < deadline, "it did not come to be"
        time.sleep(0.05)
