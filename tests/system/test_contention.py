"""Many at once, over HTTP, against real processes: nobody gets what another has."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from itertools import cycle
from typing import Any

import httpx
import pytest
from pwdlib import PasswordHash

from queue_service.catalog.service import Catalog
from queue_service.hall.terms import Terms, Window
from queue_service.identity.rules import DeviceKind
from queue_service.identity.service import DeviceAdded, Identity
from queue_service.infra.database import Database
from queue_service.wire.clock import system_clock
from tests.core import Core, running, sibling
from tests.system.books import books, by_key

WINDOWS = 50
DEVICES = 40
TAPS = 20
WAIT_S_MAX = 10
"""For one command on a busy test machine; a quiet one stays below 0.2."""


@dataclass
class Crowd:
    """A hall with 50 windows in one or two processes, its manager signed in, and 40 kiosks."""

    cores: tuple[Core, ...]
    manager: httpx.AsyncClient
    kiosks: list[dict[str, str]]
    waits_s: list[float]

    async def at_once(self, requests: list[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
        """The answers to all of these posts (path, what httpx takes besides), spread over the processes."""
        halls = cycle(core.hall for core in self.cores)
        return await asyncio.gather(*(self._post(next(halls) + path, more) for path, more in requests))

    async def _post(self, url: str, more: dict[str, Any]) -> dict[str, Any]:
        started_s = time.perf_counter()
        answer = await self.manager.post(url, **more)
        self.waits_s.append(time.perf_counter() - started_s)
        assert answer.is_success, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def at_windows(self, verb: str, numbers: list[int]) -> list[dict[str, Any]]:
        """The same verb at many windows."""
        return await self.at_once([(f"/windows/{number}/{verb}", {}) for number in numbers])

    async def issue(self, service: str, count: int) -> list[dict[str, Any]]:
        """Numbers from as many kiosks as there are, at once."""
        kiosks = cycle(self.kiosks)
        return await self.at_once(
            [("/tickets", {"json": {"service": service}, "headers": next(kiosks)}) for _ in range(count)]
        )


@pytest.fixture(params=["sqlite", "postgres", "two_processes"])
def cores(request: pytest.FixtureRequest) -> Iterator[tuple[Core, ...]]:
    """The process of one test on each kind of database, and two processes on one PostgreSQL."""
    first: Core = request.getfixturevalue("core_sqlite" if request.param == "sqlite" else "core_postgres")
    if request.param != "two_processes":
        yield (first,)
        return
    with running(sibling(first)) as second:
        yield first, second


@pytest.fixture
async def crowd(cores: tuple[Core, ...]) -> AsyncIterator[Crowd]:
    kiosks = await _widen(cores[0])
    (manager,) = cores[0].staff("manager")
    with cores[0].client(manager) as signed_in:
        cookies = signed_in.cookies
    async with httpx.AsyncClient(cookies=cookies, timeout=60) as client:
        await asyncio.gather(*(_shows_all_windows(client, core) for core in cores))
        yield Crowd(cores, client, kiosks, [])


async def test_each_window_gets_a_ticket_of_its_own_or_none(crowd: Crowd) -> None:
    everywhere = list(range(1, WINDOWS + 1))
    first = crowd.cores[0]
    service = (await crowd.manager.get(f"{first.hall}/board")).json()["services"][0]["id"]
    await crowd.at_windows("open", everywhere)

    issued = await crowd.issue(service, WINDOWS)
    called = await crowd.at_windows("call-next", everywhere)
    assert {answer["ticket"]["id"] for answer in called} == {ticket["id"] for ticket in issued}
    assert {answer["ticket"]["window"] for answer in called} == set(everywhere)

    await crowd.at_windows("start", everywhere)
    await crowd.at_windows("finish", everywhere)
    issued = await crowd.issue(service, 30)
    called = await crowd.at_windows("call-next", everywhere)
    tickets = [answer["ticket"]["id"] for answer in called if answer["ticket"] is not None]
    assert sorted(tickets) == sorted(ticket["id"] for ticket in issued)
    nulls = [answer for answer in called if answer["ticket"] is None]
    assert [answer["reason"] for answer in nulls] == ["nobody_waiting"] * 20

    print(f"\nlongest wait of {len(crowd.waits_s)} commands: {max(crowd.waits_s):.3f} s")
    assert max(crowd.waits_s) < WAIT_S_MAX
    await _boards_agree(crowd)
    for core in crowd.cores:
        core.stop()
    _, day = await books(first.settings, first.branch)
    assert sum(day.numbers.values()) == WINDOWS + 30


async def test_devices_at_once_get_dense_numbers_and_equal_keys_one(crowd: Crowd) -> None:
    first = crowd.cores[0]
    board = (await crowd.manager.get(f"{first.hall}/board")).json()
    service, prefix = board["services"][0]["id"], board["services"][0]["prefix"]

    issued = await crowd.issue(service, DEVICES)
    assert sorted(ticket["label"] for ticket in issued) == [f"{prefix}{n:03}" for n in range(1, DEVICES + 1)]

    tap = {"json": {"service": service}, "headers": crowd.kiosks[0] | {"Idempotency-Key": "one-tap"}}
    tapped = await crowd.at_once([("/tickets", tap)] * TAPS)
    for ticket in tapped:
        del ticket["url"]  # begins with the address of the process that answered
    assert all(ticket == tapped[0] for ticket in tapped)
    assert tapped[0]["label"] == f"{prefix}{DEVICES + 1:03}"

    for core in crowd.cores:
        core.stop()
    entries, day = await books(first.settings, first.branch)
    assert sum(day.numbers.values()) == DEVICES + 1
    assert by_key(entries)["one-tap"].kind == "ticket.issue"


async def _widen(core: Core) -> list[dict[str, str]]:
    """Fifty windows that serve everything, and forty kiosks; the headers with which these speak."""
    database = await Database.open(core.settings)
    identity = Identity(database, core.settings, PasswordHash.recommended())
    try:
        catalog = await Catalog.open(database)
        known = catalog.current(core.branch)
        assert known is not None
        numbers = range(1, WINDOWS + 1)
        everything = tuple(service.id for service in known.services)
        wide = replace(
            known,
            version=0,
            windows=tuple(Window(number=number, zone=known.zones[0].id) for number in numbers),
            plans=(replace(known.plans[0], windows=dict.fromkeys(numbers, everything), switches=()),),
        )
        assert isinstance(await catalog.publish(wide, by="test", now=system_clock()), Terms)
        kiosks: list[dict[str, str]] = []
        for number in range(DEVICES):
            added = await identity.add_device(kind=DeviceKind.KIOSK, name=f"kiosk-{number}", branch_id=core.branch)
            assert isinstance(added, DeviceAdded)
            kiosks.append({"Authorization": f"Bearer {added.token}"})
        return kiosks
    finally:
        identity.close()
        await database.close()


async def _shows_all_windows(client: httpx.AsyncClient, core: Core) -> None:
    for _ in range(100):
        if len((await client.get(f"{core.hall}/board")).json()["windows"]) == WINDOWS:
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the catalogue did not come in")


async def _boards_agree(crowd: Crowd) -> None:
    """Every process shows the same board, soon."""
    for _ in range(100):
        boards = [(await crowd.manager.get(f"{core.hall}/board")).json() for core in crowd.cores]
        if all(board == boards[0] for board in boards):
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the boards differ")
