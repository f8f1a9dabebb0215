"""`/readyz` says what is really wrong; `/healthz` stays, for no restart mends it."""

import asyncio
import resource
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest
from sqlalchemy import text

from queue_service.app import create_app
from queue_service.infra import checks, health
from queue_service.infra.database import FILE_NAME, SCHEMA, Database, postgres_engine, sqlite_writer
from queue_service.infra.push import Sockets
from queue_service.journal import open_journal
from queue_service.settings import Settings
from queue_service.wire.clock import system_clock
from tests.core import Core, free_port
from tests.journal.entries import an_append, an_entry
from tests.journal.faults import FaultyLine

SEEN_S_MAX = 30
WELL = {"drain", "database", "journal", "clock", "migrations"}


@pytest.fixture(autouse=True)
def every_question_is_a_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "LOOK_AGE_S", 0.0)


@asynccontextmanager
async def probed(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A core in this process, asked as a supervisor asks it."""
    app = create_app(settings, Sockets(settings))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://test", headers={"Accept-Language": "zh-CN"}
        ) as client,
    ):
        yield client


async def faults(client: httpx.AsyncClient) -> dict[str, str]:
    """What is wrong, by check, with its text in the language that was asked for."""
    assert (await client.get("/healthz")).json() == {"status": "alive"}
    answer = await client.get("/readyz")
    if answer.status_code == 200:
        return {}
    assert answer.json()["code"] == "server.not_ready"
    errors: list[dict[str, Any]] = answer.json()["errors"]
    assert all("。" in error["detail"] for error in errors)
    return {error["field"]: error["code"] for error in errors}


async def test_all_is_well(storage: Settings) -> None:
    async with probed(storage) as client:
        answer = await client.get("/readyz")
        checks = WELL if storage.database_url is not None else {*WELL, "disk"}
        assert answer.json() == {"status": "ready", "checks": dict.fromkeys(checks, "ok")}
        figures = (await client.get("/metrics")).text
        assert all(f'queue_check_ok{{check="{check}"}} 1.0' in figures for check in checks)


@pytest.mark.parametrize("storage", ["sqlite"], indirect=True)
async def test_a_disk_with_little_room(storage: Settings) -> None:
    async with probed(storage.model_copy(update={"disk_free_min_mb": 10**9})) as client:
        assert await faults(client) == {"disk": "disk.low"}
        assert 'queue_check_ok{check="disk"} 0.0' in (await client.get("/metrics")).text


async def test_a_clock_that_went_back(storage: Settings) -> None:
    """On SQLite the newest entry tells; on PostgreSQL the server's clock."""
    ahead = timedelta(hours=1)
    journal = await open_journal(storage)
    await journal.append(an_append(an_entry(1, at=system_clock() + ahead)))
    off_s = await journal.clock_off_s(system_clock() if storage.database_url is None else system_clock() - ahead)
    await journal.close()
    assert abs(off_s - ahead.total_seconds()) < storage.clock_off_s_max
    if storage.database_url is None:
        async with probed(storage) as client:
            assert await faults(client) == {"clock": "clock.off"}


async def test_a_database_that_lacks_a_migration(storage: Settings) -> None:
    async with probed(storage) as client:
        await _execute(storage, "DELETE FROM alembic_version WHERE version_num = '2026_11_21_secrets'")
        assert await faults(client) == {"migrations": "migrations.missing"}


@pytest.mark.parametrize("storage", ["sqlite"], indirect=True)
async def test_a_database_of_a_newer_release_goes_on_serving(storage: Settings) -> None:
    """An upgrade migrates first, and then replaces one process after another."""
    async with probed(storage) as client:
        await _execute(storage, "INSERT INTO alembic_version VALUES ('2099_01_01_later')")
        assert await faults(client) == {}


async def test_a_database_that_is_gone_and_comes_back(database: str, postgres_url: str, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url=database, database_wait_s_max=1)
    name = urlsplit(database).path.removeprefix("/")
    server = await asyncpg.connect(postgres_url)
    try:
        async with probed(settings) as client:
            assert await faults(client) == {}
            await server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
            await server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
            found = await faults(client)
            assert found["database"] == "database.unreachable"
            assert found["journal"] == "journal.unwritable"
            refused = await client.post("/api/v1/session", json={"username": "anna", "password": "not this one"})
            assert (refused.status_code, refused.json()["code"]) == (503, "database.unreachable")
            assert refused.headers["Retry-After"] == "1"
            await server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
            await server.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
            assert await faults(client) == {"journal": "journal.unwritable"}, "a standby is no place for a journal"
            await server.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
            await server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
            assert await faults(client) == {}
    finally:
        await server.close()


async def test_a_database_that_accepts_and_never_answers_keeps_nobody_waiting(database: str, tmp_path: Path) -> None:
    line = FaultyLine(database)
    async with line.open() as url:
        patient = Settings(data_dir=tmp_path, database_url=url, database_wait_s_max=600, ready_wait_s_max=0.5)
        async with probed(patient) as client, asyncio.timeout(SEEN_S_MAX):
            assert await faults(client) == {}
            line.flowing.clear()
            for _ in range(2):
                assert (await client.get("/metrics")).is_success
            assert (await faults(client))["database"] == "check.timeout"
            assert 'queue_check_ok{check="database"} 0.0' in (await client.get("/metrics")).text
            line.flowing.set()
            while await faults(client):  # noqa: ASYNC110 what it finds is no event
                await asyncio.sleep(0.1)


async def test_migrations_of_a_database_that_is_gone_are_no_error_of_ours(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url=f"postgresql://127.0.0.1:{free_port()}/hall")
    database = await Database.open(settings)
    assert await checks.migrations(settings, database)() == "database.unreachable"
    await database.close()


async def test_a_disk_that_takes_no_more(core_sqlite: Core) -> None:
    """The limit of a file's size stands in for a full disk: a write fails, and nothing else does."""
    core = core_sqlite
    assert core.process is not None
    first = core.issue("personal-cash")
    taken = (core.settings.data_dir / "journal.db-wal").stat().st_size
    _, most = resource.prlimit(core.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(core.process.pid, resource.RLIMIT_FSIZE, (taken, most))
    await _until(core, {"journal": "journal.unwritable"})
    async with httpx.AsyncClient() as kiosk:
        refused = await kiosk.post(f"{core.hall}/tickets", json={"service": "personal-cash"}, headers=core.device())
    assert (refused.status_code, refused.json()["code"]) == (503, "journal.unavailable")
    resource.prlimit(core.process.pid, resource.RLIMIT_FSIZE, (most, most))
    await _until(core, {})
    assert int(core.issue("personal-cash")["label"][1:]) == int(first["label"][1:]) + 1


async def _until(core: Core, expected: dict[str, str]) -> None:
    deadline = time.monotonic() + SEEN_S_MAX
    async with httpx.AsyncClient(base_url=core.base_url, headers={"Accept-Language": "zh-CN"}) as client:
        while (found := await faults(client)) != expected:
            assert time.monotonic() < deadline, found


async def _execute(settings: Settings, statement: str) -> None:
    """In the tables."""
    if settings.database_url is not None:
        engine = postgres_engine(settings, SCHEMA, 1)
    else:
        engine = sqlite_writer(settings.data_dir / FILE_NAME, settings.database_wait_s_max)
    async with engine.begin() as connection:
        await connection.execute(text(statement))
    await engine.dispose()
