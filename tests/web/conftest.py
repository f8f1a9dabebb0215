"""A real core in a process of its own, that the pages' tests share."""

import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import core as processes
from tests.programs import Program

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody of the staff; `window` is a teller's own."""

    username: str
    password: str
    window: int | None


class Core:
    """The demo's halls without visitors: one branch with every window, closed at first, and an account for each."""

    def __init__(self, process: Program, access: dict[str, Any]) -> None:
        self._process = process
        self.base_url: str = access["base_url"]
        self.branch: str = access["branch"]
        self.other_branch: str = access["other_branches"][0]["branch"]
        self.staff: dict[str, list[Account]] = {}
        for member in access["staff"]:
            account = Account(username=member["username"], password=member["password"], window=member.get("window"))
            self.staff.setdefault(member["role"], []).append(account)
        self._kiosk: str = next(device["token"] for device in access["devices"] if device["kind"] == "kiosk")

    def teller(self, window: int) -> Account:
        """Whose window it is."""
        return next(account for account in self.staff["teller"] if account.window == window)

    def issue(self, service: str, **more: object) -> str:
        """Takes a number at the kiosk; returns its label."""
        answer = httpx.post(
            f"{self.base_url}/api/v1/branches/{self.branch}/tickets",
            json={"service": service, **more},
            headers={"Authorization": f"Bearer {self._kiosk}"},
        )
        assert answer.status_code == 201, answer.text
        label: str = answer.json()["label"]
        return label

    def close_windows(self) -> None:
        """Every window of the branch, as a manager does; a visitor at one stays."""
        manager = self.staff["manager"][0]
        with httpx.Client(base_url=f"{self.base_url}/api/v1") as client:
            session = {"username": manager.username, "password": manager.password}
            client.post("/session", json=session).raise_for_status()
            hall = f"/branches/{self.branch}"
            for window in client.get(f"{hall}/floor").raise_for_status().json()["windows"]:
                if window["state"] != "closed":
                    client.post(f"{hall}/windows/{window['number']}/close", json={"after_current": True})

    def freeze(self) -> None:
        """The whole core stands still, its sockets open."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """The core goes on."""
        self._process.send_signal(signal.SIGCONT)


@pytest.fixture(scope="session")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Core]:
    yield from running(tmp_path_factory.mktemp("demo"))


def running(data: Path) -> Iterator[Core]:
    """A core of its own, with its windows closed and nobody waiting."""
    with processes.running(processes.staged(data)) as core:
        assert core.process is not None, "it runs"
        try:
            yield Core(core.process, core.access)
        finally:
            core.process.send_signal(signal.SIGCONT)
