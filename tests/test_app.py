"""The core, put together and asked in this process."""

import gc
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import httpx
import pytest
from pwdlib import PasswordHash
from sqlalchemy import event
from sqlalchemy.pool import Pool

from queue_service.app import create_app
from queue_service.catalog.service import Catalog
from queue_service.identity.rules import DeviceKind
from queue_service.identity.service import DeviceAdded, Identity
from queue_service.infra.database import Database
from queue_service.infra.push import CutReason, Sockets
from queue_service.settings import Settings
from tests.desk.house import BRANCH, CASH, HandClock, at, both, terms

PROBES = 20
A_LIFETIME_S = 3e9


@dataclass(frozen=True)
class Started:
    """A core that runs, and its kiosk's client."""

    sockets: Sockets
    client: httpx.AsyncClient


@pytest.fixture
async def core(storage: Settings) -> AsyncIterator[Started]:
    token = await _stage(storage)
    settings = storage.model_copy(update={"clock_off_s_max": A_LIFETIME_S})  # the clock by hand is not the database's
    sockets = Sockets(settings)
    app = create_app(settings, sockets, clock=HandClock())
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://test", headers={"Authorization": f"Bearer {token}"}
        ) as client,
    ):
        yield Started(sockets, client)


async def _stage(settings: Settings) -> str:
    """A branch and the token of its kiosk."""
    database = await Database.open(settings)
    identity = Identity(database, settings, PasswordHash.recommended())
    await (await Catalog.open(database)).publish(terms(), by="test", now=at(9))
    added = await identity.add_device(kind=DeviceKind.KIOSK, name="kiosk", branch_id=BRANCH)
    assert isinstance(added, DeviceAdded)
    identity.close()
    await database.close()
    return added.token


async def test_a_probe_opens_no_connection(core: Started) -> None:
    assert (await core.client.get("/readyz")).is_success
    opened: list[object] = []

    def count(connection: object, _record: object) -> None:
        opened.append(connection)

    event.listen(Pool, "connect", count)
    try:
        for _ in range(PROBES):
            assert (await core.client.get("/readyz")).is_success
    finally:
        event.remove(Pool, "connect", count)
    assert len(opened) < PROBES, "at most the pools' own, whose sizes are bounded"


async def test_a_commit_of_the_journal_is_in_the_figures(core: Started) -> None:
    before = await _figure(core, "queue_journal_commit_seconds_count")
    issued = await core.client.post(f"/api/v1/branches/{BRANCH}/tickets", json={"service": CASH})
    assert issued.status_code == 201, issued.text
    assert await _figure(core, "queue_journal_commit_seconds_count") > before
    assert await _figure(core, "queue_journal_commit_seconds_sum") > 0


async def test_sockets_that_were_cut_are_in_the_figures(core: Started) -> None:
    assert await _figure(core, 'queue_sockets_cut_total{reason="stalled"}') == 0
    core.sockets.cuts[CutReason.STALLED] += 2
    assert await _figure(core, 'queue_sockets_cut_total{reason="stalled"}') == 2
    assert await _figure(core, 'queue_sockets_cut_total{reason="silent"}') == 0


async def test_what_the_start_made_is_out_of_the_collectors_way(core: Started) -> None:
    assert gc.get_freeze_count() > 0
    assert gc.get_threshold()[0] >= 10_000


async def test_a_start_serves_an_open_day_under_the_newest_catalogue(storage: Settings) -> None:
    await _stage(storage)
    settings = storage.model_copy(update={"wake_s": 1000})  # no later round comes in time
    assert await _service_name(settings) == "Cash"
    database = await Database.open(storage)
    services = (replace(terms().services[0], name=both("Coins")), *terms().services[1:])
    await (await Catalog.open(database)).publish(terms(services=services), by="test", now=at(9))
    await database.close()
    assert await _service_name(settings) == "Coins"


async def _service_name(settings: Settings) -> str:
    """As the first board of a core that has just started shows it."""
    app = create_app(settings, Sockets(settings), clock=HandClock())
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client,
    ):
        services = (await client.get(f"/api/v1/branches/{BRANCH}/board")).json()["services"]
        name: str = services[0]["name"]["en"]
        return name


async def _figure(core: Started, name: str) -> float:
    figures = (await core.client.get("/metrics")).text.splitlines()
    (value,) = (line.rpartition(" ")[2] for line in figures if line.startswith(f"{name} "))
    return float(value)
