"""Kiosks and tellers who press on, each request under a key of its own, and what the journal must then say of them."""

import asyncio
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any

import httpx

from queue_service.hall.events import TicketCalled
from queue_service.journal import codec
from tests.core import Core
from tests.system import callers
from tests.system.books import books, by_key

KIOSKS, WINDOWS = 3, 3
AGAIN_EVERY = 5
"""Every so many answered requests are asked once more under their key."""
RETRY_S = 0.01
"""Pause before a request that was not answered is made again."""


@dataclass
class Client(ABC):
    """Somebody who asks one thing after another, each under a key of its own that stays until there is an answer."""

    name: str
    http: httpx.AsyncClient
    headers: dict[str, str] = field(default_factory=dict)
    asked: int = 0
    """Requests answered so far."""
    cuts: int = 0
    """Requests that ended without an answer."""
    acknowledged: dict[str, Any] = field(default_factory=dict)
    """The answers by key."""
    waits_s: list[float] = field(default_factory=list)

    @abstractmethod
    def request(self) -> tuple[str, dict[str, Any]]:
        """The path of the next request and what goes with it."""

    async def act_until_cut(self, hall: str) -> None:
        """Ask until the process is gone."""
        try:
            while True:
                await self.act(hall)
        except httpx.TransportError:
            pass

    async def act_until(self, stop: asyncio.Event, hall: str) -> None:
        """Ask, and ask again for what was not answered, until `stop` is set and nothing is left open."""
        is_open = False
        while is_open or not stop.is_set():
            try:
                await self.act(hall)
                is_open = False
            except httpx.TransportError:
                is_open = True
                self.cuts += 1
                await asyncio.sleep(RETRY_S)

    async def act(self, hall: str) -> None:
        """Ask for the next thing, or again for what was not answered."""
        path, body = self.request()
        key = f"{self.name}-{self.asked}"
        answer = self.acknowledged[key] = await self._post(hall + path, key, body)
        if self.asked % AGAIN_EVERY == 0:
            again = self.acknowledged[key] = await self._post(hall + path, key, body)
            assert again == answer or answer["ticket"] is None, "only 'nobody waiting' uses up no key"
        self.asked += 1

    async def _post(self, url: str, key: str, body: dict[str, Any]) -> Any:
        started_s = time.perf_counter()
        answer = await self.http.post(url, json=body, headers=self.headers | {"Idempotency-Key": key})
        self.waits_s.append(time.perf_counter() - started_s)
        assert answer.is_success, answer.text
        return answer.json()


@dataclass
class Kiosk(Client):
    """Takes numbers."""

    service: str = ""

    def request(self) -> tuple[str, dict[str, Any]]:
        return "/tickets", {"service": self.service}


@dataclass
class Teller(Client):
    """Calls, starts, finishes."""

    window: int = 0
    customer: dict[str, Any] | None = None
    """As of the last answer."""

    def request(self) -> tuple[str, dict[str, Any]]:
        match self.customer and self.customer["status"]:
            case "called":
                verb = "start"
            case "serving":
                verb = "finish"
            case _:
                verb = "call-next"
        return f"/windows/{self.window}/{verb}", {}

    async def act(self, hall: str) -> None:
        await super().act(hall)
        self.customer = self.acknowledged[f"{self.name}-{self.asked - 1}"]["ticket"]


def hall_of(core: Core, *, elsewhere: bool = False) -> str:
    """The address of the routes of the branch, or of the other one."""
    return f"{core.api}/branches/{core.access['other_branches'][0]['branch']}" if elsewhere else core.hall


async def clients_of(core: Core, http: httpx.AsyncClient, *, elsewhere: bool = False) -> list[Client]:
    """Kiosks for one service of the branch, or of the other one, and a manager who serves it at several windows."""
    hall, manager = hall_of(core, elsewhere=elsewhere), callers.staff(core, "manager", elsewhere=elsewhere)
    board = (await http.get(f"{hall}/board")).json()
    service = board["services"][0]["id"]
    windows = [window["number"] for window in board["windows"] if service in window["services"]][:WINDOWS]
    assert windows
    for window in windows:
        assert (await http.post(f"{hall}/windows/{window}/open", headers=manager)).is_success
    kiosk = callers.device(core, "kiosk", elsewhere=elsewhere)
    return [
        *(Kiosk(name=f"kiosk-{n}", http=http, headers=kiosk, service=service) for n in range(KIOSKS)),
        *(Teller(name=f"window-{n}", http=http, headers=manager, window=n) for n in windows),
    ]


async def assert_all_is_there(core: Core, clients: list[Client], *, elsewhere: bool = False) -> None:
    """Every answer that somebody got is the journal's, every number that was taken was wanted, each exactly once."""
    entries, day = await books(core.settings, hall_of(core, elsewhere=elsewhere).rpartition("/")[2])
    kept = by_key(entries)
    wanted: set[str] = set()
    for client in clients:
        for key, answer in client.acknowledged.items():
            if answer.get("ticket", answer) is None:
                continue  # nobody waited
            entry = kept[key]
            wanted.add(key)
            stored = {name: value for name, value in answer.items() if name not in ("token", "url")}
            assert entry.answer is not None and stored == httpx.Response(200, content=entry.answer).json()
            if isinstance(client, Kiosk):
                ticket = day.ticket(answer["id"])
                assert ticket is not None and ticket.label == answer["label"]
            elif answer["ticket"]["status"] == "called":
                (called,) = codec.decode(entry.events)
                assert isinstance(called, TicketCalled) and called.ticket == answer["ticket"]["id"]
    asked = {entry.key for entry in entries if entry.kind.startswith("ticket.")}
    assert asked == wanted, "what nobody was told of was asked for again, and happened once"
    issued = sum(len(client.acknowledged) for client in clients if isinstance(client, Kiosk))
    assert sum(day.numbers.values()) == issued
    print(f"\n{issued} numbers, {len(wanted)} acknowledged commands, {len(entries)} entries")
