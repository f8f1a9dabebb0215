"""A hall for tests of the visitor's and the manager's pages: a real core, tellers at their windows, numbers taken."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx

from queue_service.hall.terms import Plan
from tests.core import Core, running, staged
from tests.system.editing import publish


class Hall:
    """The branch of a running core. Tellers stay signed in, because a window is held by a session."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self._clients: dict[str, httpx.Client] = {}
        self._open = ExitStack()

    def issue(self, *legs: str, **more: Any) -> dict[str, Any]:
        """A number for several services in one visit."""
        body = {"legs": legs, **more}
        answer = httpx.post(f"{self.core.hall}/tickets", json=body, headers=self.core.device())
        assert answer.status_code == 201, answer.text
        ticket: dict[str, Any] = answer.json()
        return ticket

    def at_window(self, number: int, verb: str, **body: Any) -> dict[str, Any]:
        """What the teller of a window does; the answer."""
        (member,) = (teller for teller in self.core.staff("teller") if teller["window"] == number)
        return self.send(member, f"/windows/{number}/{verb}", body)

    def call(self, number: int) -> dict[str, Any]:
        """The ticket that the window calls next."""
        ticket: dict[str, Any] = self.at_window(number, "call-next")["ticket"]
        return ticket

    def greet(self, path: str, **body: Any) -> dict[str, Any]:
        """What the greeter does."""
        return self.send(self.core.staff("greeter")[0], path, body)

    def manage(self, path: str, **body: Any) -> dict[str, Any]:
        """What the manager does."""
        return self.send(self.core.staff("manager")[0], path, body)

    def manager(self) -> httpx.Client:
        """The manager's own client."""
        return self._client(self.core.staff("manager")[0])

    def ask_help(self) -> None:
        """Somebody at the kiosk wants a greeter."""
        httpx.post(f"{self.core.hall}/help", headers=self.core.device()).raise_for_status()

    def take_alerts(self) -> None:
        """The greeter sees to everything."""
        for alert in self.manager().get(f"{self.core.hall}/floor").json()["alerts"]:
            if alert["taken_by"] is None:
                self.greet(f"/alerts/{alert['id']}/take")

    def notices(self) -> dict[str, Any]:
        """Every notice, as the manager's page gets them."""
        told: dict[str, Any] = self.manager().get(f"{self.core.hall}/notices").raise_for_status().json()
        return told

    def write_notices(self, notices: list[dict[str, Any]]) -> None:
        """Another manager replaces them."""
        body = {"version": self.notices()["version"], "notices": notices}
        self.manager().put(f"{self.core.hall}/notices", json=body).raise_for_status()

    def send(self, member: dict[str, Any], path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self._client(member).post(f"{self.core.hall}{path}", json=body)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def empty(self) -> None:
        """Nobody waits, nobody is served, every window is closed."""
        floor = self.manager().get(f"{self.core.hall}/floor").json()
        for window in floor["windows"]:
            if window["state"] in {"busy", "closing", "pausing"}:
                status = next(ticket["status"] for ticket in floor["tickets"] if ticket["id"] == window["ticket"])
                for verb in ["start", "finish"] if status == "called" else ["finish"]:
                    self.manage(f"/windows/{window['number']}/{verb}")
            if window["state"] != "closed":
                self.manage(f"/windows/{window['number']}/close")
        for ticket in floor["tickets"]:
            if ticket["status"] in {"waiting", "missed", "parked"}:
                self.manage(f"/tickets/{ticket['id']}/cancel")

    def close(self) -> None:
        self._open.close()

    def _client(self, member: dict[str, Any]) -> httpx.Client:
        name = member["username"]
        if name not in self._clients:
            self._clients[name] = self._open.enter_context(self.core.client(member))
        return self._clients[name]


async def add_plan(core: Core) -> None:
    """Another plan, `midday`: windows 1 and 3 alone, window 1 for less than before."""
    plan = Plan(
        id="midday",
        name={"zh-CN": "午间", "en": "Midday"},
        windows={1: ("personal-cash",), 3: ("personal-cash", "foreign-exchange")},
    )
    await publish(core, lambda terms: replace(terms, plans=(*terms.plans, plan)))


@contextmanager
def a_hall(data_dir: Path) -> Iterator[Hall]:
    """A hall of its own, with every window closed and nobody waiting."""
    with running(staged(data_dir)) as core:
        hall = Hall(core)
        try:
            yield hall
        finally:
            hall.close()
