"""A core with its people at work, as strict clients of it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from pydantic import BaseModel

from queue_service.identity.api import Session
from queue_service.wire import messages
from tests.core import Core
from tests.system.speaking import said

CASH = "personal-cash"


@dataclass(frozen=True)
class Person:
    """A member of staff or a device at work."""

    client: httpx.Client
    id: str

    def post(self, path: str, json: Any = None, key: str | None = None) -> httpx.Response:
        return self.client.post(path, json=json, headers={"Idempotency-Key": key} if key is not None else {})

    def at(self, window: int, verb: str, json: Any = None, key: str | None = None) -> httpx.Response:
        return self.post(f"/windows/{window}/{verb}", json, key)

    def ticket(self, window: int, verb: str, json: Any = None, model: type[BaseModel] = messages.WindowAnswer) -> Any:
        """The ticket of a verb that is done."""
        return said(self.at(window, verb, json), model)["ticket"]

    def floor(self) -> dict[str, Any]:
        return said(self.client.get("/floor"), messages.Floor)


@dataclass(frozen=True)
class Hall:
    """A core with its people signed in."""

    core: Core
    manager: Person
    greeter: Person
    tellers: tuple[Person, ...]
    kiosk: Person
    spare: Person
    """Another kiosk."""
    public: httpx.Client

    def issue(self, service: str = CASH, **more: Any) -> dict[str, Any]:
        return said(self.kiosk.post("/tickets", {"service": service, **more}), messages.IssuedTicket, 201)

    def visit(self, token: str) -> dict[str, Any]:
        return said(self.public.get(f"{self.core.api}/tickets/{token}"), messages.VisitorTicket)

    def board(self) -> dict[str, Any]:
        return said(self.public.get("/board"), messages.Board)


@pytest.fixture(scope="module")
def open_hall(shared_each: Core) -> Iterator[Hall]:
    core = shared_each
    with ExitStack() as stack:
        people = [*core.staff("manager"), *core.staff("greeter"), *core.staff("teller")[:3]]
        manager, greeter, *tellers = (stack.enter_context(signed_in(core, member)) for member in people)
        public, kiosk, spare = (stack.enter_context(core.client()) for _ in range(3))
        kiosk.headers.update(core.device())
        spare.headers.update(core.device("test"))
        yield Hall(core, manager, greeter, tuple(tellers), Person(kiosk, ""), Person(spare, ""), public)


@pytest.fixture
def hall(open_hall: Hall) -> Hall:
    """The hall without tickets, every window closed."""
    hall = open_hall
    floor = hall.manager.floor()
    for window in floor["windows"]:
        if window["state"] != "closed":
            said(hall.manager.at(window["number"], "close"), messages.Window)
        if window["ticket"] is not None:
            hall.manager.at(window["number"], "start")
            hall.manager.at(window["number"], "finish")
    for ticket in hall.manager.floor()["tickets"]:
        said(hall.manager.post(f"/tickets/{ticket['id']}/cancel"), messages.WindowAnswer)
    for alert in floor["alerts"]:
        hall.manager.post(f"/alerts/{alert['id']}/take")
    return hall


@contextmanager
def signed_in(core: Core, member: dict[str, Any]) -> Iterator[Person]:
    with core.client() as client:
        session = said(
            client.post(f"{core.api}/session", json={name: member[name] for name in ("username", "password")}), Session
        )
        assert session == said(client.get(f"{core.api}/session"), Session)
        staff = session["staff"]
        assert (staff["roles"], staff["branch"]) == ([member["role"]], core.branch)
        yield Person(client, staff["id"])
