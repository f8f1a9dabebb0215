"""Clients of former releases at the present core: by their contract, and as the processes that they were.

`released/` keeps what a release was: `<release>.openapi.json.gz`, its description, and `<release>.clients.tar.xz`, the
code of its kiosk and display with what they import of the core's package. A release adds its own when it is made:

    git show <tag>:docs/openapi.json | gzip -9n > tests/contract/released/<release>.openapi.json.gz
    git archive <tag> LICENSE kiosk_client display_client queue_service/__init__.py queue_service/hall \\
        queue_service/locales queue_service/web/shared queue_service/web/vendor queue_service/wire \\
        | xz -9e > tests/contract/released/<release>.clients.tar.xz
"""

import gzip
import json
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import httpx
import pytest
from websockets.sync.client import connect

from tests.contract.compatible import broken
from tests.core import Core, free_port

RELEASED = Path(__file__).with_name("released")
DESCRIBED = sorted(RELEASED.glob("*.openapi.json.gz"))
RUNNING = sorted(RELEASED.glob("*.clients.tar.xz"))
PRESENT = json.loads((Path(__file__).parents[2] / "docs" / "openapi.json").read_text(encoding="utf-8"))

WISH: Mapping[str, Any] = {"id": "a" * 32, "legs": ["fast"], "class": "normal", "language": "zh-CN"}
WAIT_S_MAX = 60
STOP_S_MAX = 15

MEANT: Mapping[str, str] = {
    "get /readyz: answer.*: anything, not string": "probes read the status; what stands in the body is for people",
    **{
        f"{place}: {kind!r} is new": "only staff's pages read alerts, and pages come with the core"
        for kind in ("over_target", "idle_window", "printer")
        for place in (
            "post /api/v1/branches/{branch}/help: answer.kind",
            "post /api/v1/branches/{branch}/alerts/{alert}/take: answer.kind",
            "get /api/v1/branches/{branch}/floor: answer.alerts[].kind",
        )
    },
    **{
        f"socket {path}.view: 'kiosk' is new": "nobody gets this view who does not ask for it"
        for path in ("/api/v1/branches/{branch}/live", "/api/v1/tickets/{token}/live")
    },
}
"""What the checker finds that breaks nobody, and why."""


@pytest.mark.parametrize("path", DESCRIBED, ids=lambda path: path.name.removesuffix(".openapi.json.gz"))
def test_the_contract_serves_the_clients_of_a_former_release(path: Path) -> None:
    former = json.loads(gzip.decompress(path.read_bytes()))
    assert [fault for fault in broken(former, PRESENT) if fault not in MEANT] == []


def test_nothing_is_excused_that_is_not_so() -> None:
    found = {fault for path in DESCRIBED for fault in broken(json.loads(gzip.decompress(path.read_bytes())), PRESENT)}
    assert found >= MEANT.keys()


@pytest.mark.parametrize("archive", RUNNING, ids=lambda path: path.name.removesuffix(".clients.tar.xz"))
def test_the_kiosk_and_the_board_of_a_former_release_serve_a_hall(
    archive: Path, core_sqlite: Core, tmp_path: Path
) -> None:
    core, release = core_sqlite, archive.name.removesuffix(".clients.tar.xz")
    with tarfile.open(archive) as code:
        code.extractall(tmp_path / "code", filter="data")
    with Client("kiosk_client", core, tmp_path) as kiosk, Client("display_client", core, tmp_path) as display:
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
    """An edge client's process, by the code in `folder/code`."""

    def __init__(self, package: str, core: Core, folder: Path) -> None:
        self._package = package
        self._core = core
        self._folder = folder
        self._data_dir = folder / package
        self.log = folder / f"{package}.log"
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        kind = self._package.removesuffix("_client")
        settings = {
            "CORE_URL": self._core.base_url,
            "TOKEN": next(one["token"] for one in self._core.access["devices"] if one["kind"] == kind),
            "PORT": str(self._port),
            "DATA_DIR": str(self._data_dir),
        }
        environment = {f"{kind.upper()}_{name}": value for name, value in settings.items()}
        with self.log.open("w") as log:
            command = [sys.executable, "-m", self._package]
            self._process = subprocess.Popen(command, cwd=self._folder / "code", env=environment, stderr=log)
        until(self._answers)
        return self

    def __exit__(self, *_failure: object) -> None:
        self._process.terminate()
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
