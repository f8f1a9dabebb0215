"""Processes that are killed under load: what was acknowledged is there, and a retry is told the truth."""

import asyncio
import signal
import time
from dataclasses import dataclass, field
from random import Random  # noqa: TID251 seeded; it only picks the moments of the kills
from typing import Any

import httpx

from queue_service.hall.events import TicketCalled
from queue_service.journal import codec
from tests.core import Core, running, sibling
from tests.system.books import books, by_key

KILLS = 20
LOAD_S_MIN, LOAD_S_MAX = 0.1, 0.4
KIOSKS, WINDOWS = 3, 3
AGAIN_EVERY = 5
"""Every so many answered requests are asked once more under their key."""
WAIT_S_MAX = 20
"""For one command on a busy test machine, with another process being killed beside it."""


@dataclass
class Client:
    """Somebody who asks one thing after another, each under a key of its own that stays until there is an answer."""

    name: str
    http: httpx.AsyncClient
    headers: dict[str, str] = field(default_factory=dict)
    asked: int = 0
    """Requests answered so far."""
    acknowledged: dict[str, Any] = field(default_factory=dict)
    """The answers by key."""
    waits_s: list[float] = field(default_factory=list)

    def request(self) -> tuple[str, dict[str, Any]]:
        """The path of the next request and what goes with it."""
        raise NotImplementedError

    async def act_until_cut(self, hall: str) -> None:
        """Ask until the process is gone."""
        try:
            while True:
                await self.act(hall)
        except httpx.TransportError:
            pass

    async def act(self, hall: str) -> None:
        """Ask for the next thing, or again for what was not answered."""
        path, body = self.request()
        key = f"{self.name}-{self.asked}"
        answer = await self._post(hall + path, key, body)
        if self.asked % AGAIN_EVERY == 0:
            again = await self._post(hall + path, key, body)
            assert again == answer or answer["ticket"] is None, "only 'nobody waiting' uses up no key"
            answer = again
        self.acknowledged[key] = answer
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


async def test_what_was_acknowledged_outlives_every_kill(core: Core) -> None:
    chance = Random(KILLS)
    async with httpx.AsyncClient(timeout=30) as http:
        clients = await _clients(core, http)
        for _ in range(KILLS):
            acting = [asyncio.ensure_future(client.act_until_cut(core.hall)) for client in clients]
            await asyncio.sleep(chance.uniform(LOAD_S_MIN, LOAD_S_MAX))
            await asyncio.to_thread(core.stop, signal.SIGKILL)
            await asyncio.gather(*acting)
            await asyncio.to_thread(core.start)
        for client in clients:
            await client.act(core.hall)  # what the last kill cut off
        board = (await http.get(f"{core.hall}/board")).json()
    core.stop()
    await _assert_all_is_there(core, clients)
    _, day = await books(core.settings, core.branch)
    assert {service["id"]: service["waiting"] for service in board["services"] if service["waiting"]} == {
        service: sum(len(lane.waiting) for key, lane in day.lanes.items() if key.service == service)
        for service in {key.service for key in day.lanes}
    }


async def test_one_of_two_processes_is_killed_and_the_other_goes_on(core_postgres: Core) -> None:
    left, right = core_postgres, sibling(core_postgres)
    with running(right):
        async with httpx.AsyncClient(timeout=30) as http:
            clients = await _clients(left, http)
            acting = [
                asyncio.ensure_future(client.act_until_cut((left, right)[number % 2].hall))
                for number, client in enumerate(clients)
            ]
            await asyncio.sleep(1)
            await asyncio.to_thread(left.stop, signal.SIGKILL)
            await asyncio.gather(*acting[::2])
            answered = [client.asked for client in clients[1::2]]
            for client in clients[::2]:
                await client.act(right.hall)  # what the kill cut off is asked again where somebody is
            await asyncio.sleep(0.5)
            assert all(client.asked > before for client, before in zip(clients[1::2], answered, strict=True))
            await asyncio.to_thread(left.start)
            acting[::2] = [asyncio.ensure_future(client.act_until_cut(left.hall)) for client in clients[::2]]
            await asyncio.sleep(1)
            for task in acting:
                task.cancel()
            await asyncio.wait(acting)
            for client in clients:
                await client.act(left.hall)  # what was cut off just now
            await _boards_agree(http, left, right)
    left.stop()
    waits_s = sorted(wait_s for client in clients for wait_s in client.waits_s)
    median_s, longest_s = waits_s[len(waits_s) // 2], waits_s[-1]
    print(f"\n{len(waits_s)} commands in two processes: median {median_s:.3f} s, longest {longest_s:.3f} s")
    assert longest_s < WAIT_S_MAX
    await _assert_all_is_there(left, clients)


async def _clients(core: Core, http: httpx.AsyncClient) -> list[Client]:
    """Kiosks for one service, and a manager who serves it at several windows, which are open."""
    (manager,) = core.staff("manager")
    credentials = {"username": manager["username"], "password": manager["password"]}
    assert (await http.post(f"{core.api}/session", json=credentials)).is_success
    board = (await http.get(f"{core.hall}/board")).json()
    service = board["services"][0]["id"]
    windows = [window["number"] for window in board["windows"] if service in window["services"]][:WINDOWS]
    assert windows
    for window in windows:
        assert (await http.post(f"{core.hall}/windows/{window}/open")).is_success
    kiosks = [
        Kiosk(name=f"kiosk-{number}", http=http, headers=core.device(), service=service) for number in range(KIOSKS)
    ]
    return [*kiosks, *(Teller(name=f"window-{window}", http=http, window=window) for window in windows)]


async def _assert_all_is_there(core: Core, clients: list[Client]) -> None:
    """Every answer that somebody got is the journal's, every number that was taken was wanted, each exactly once."""
    entries, day = await books(core.settings, core.branch)
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


async def _boards_agree(http: httpx.AsyncClient, *cores: Core) -> None:
    for _ in range(100):
        boards = [(await http.get(f"{core.hall}/board")).json() for core in cores]
        if all(board == boards[0] for board in boards):
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the boards differ")
