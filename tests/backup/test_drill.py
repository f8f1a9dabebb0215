"""The drill: a hall in full swing is backed up, and goes on elsewhere from there as if nothing had been."""

import asyncio
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from queue_service.catalog.service import Catalog
from queue_service.hall.day import Day
from queue_service.hall.evolve import replay
from queue_service.infra.database import Database
from queue_service.journal import codec, open_journal
from queue_service.journal.entries import DayId, Entry
from queue_service.settings import Settings
from tests.core import START_S_MAX, Core, free_port
from tests.programs import Program
from tests.system.books import assert_numbers_are_dense

NUMBERS_BEFORE = 30
"""Acknowledged before the backup begins, and again after it has ended."""
LOOK_S = 0.01
LOOKS_MAX = 6_000
SERVICE = "personal-cash"


@dataclass
class Load:
    """A kiosk that issues and a window that calls, each request under a key of its own."""

    core: Core
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The tickets that were acknowledged, by key."""

    async def issue(self, http: httpx.AsyncClient, kiosk: int) -> None:
        while True:
            key = f"touch-{kiosk}-{len(self.answers)}"
            self.answers[key] = await self.touch(http, key)

    async def touch(self, http: httpx.AsyncClient, key: str) -> dict[str, Any]:
        headers = {**self.core.device(), "Idempotency-Key": key}
        answer = await http.post(f"{self.core.hall}/tickets", json={"service": SERVICE}, headers=headers)
        assert answer.status_code == 201, answer.text
        ticket: dict[str, Any] = answer.json()
        return ticket

    async def call(self, http: httpx.AsyncClient, window: int) -> None:
        for verb in ("open", *("call-next", "start", "finish") * 10_000):
            answer = await http.post(f"{self.core.hall}/windows/{window}/{verb}", json={})
            assert answer.status_code in (200, 409), answer.text  # 409: nobody had waited

    async def more(self, count: int) -> None:
        """Waits until so many more numbers were acknowledged."""
        wanted = len(self.answers) + count
        for _ in range(LOOKS_MAX):
            if len(self.answers) >= wanted:
                return
            await asyncio.sleep(LOOK_S)
        raise AssertionError("the load stopped")


async def test_a_backup_under_load_goes_on_elsewhere(core: Core, tmp_path: Path, postgres_empty: str) -> None:
    path = tmp_path / "hall.zip"
    log = tmp_path / "commands.log"
    async with httpx.AsyncClient(timeout=30) as http:
        load = Load(core)
        teller = core.staff("teller")[0]
        await sign_in(http, core, teller)
        tasks = [
            asyncio.create_task(work)
            for work in (load.issue(http, 1), load.issue(http, 2), load.call(http, teller["window"]))
        ]
        await load.more(NUMBERS_BEFORE)
        acknowledged = dict(load.answers)
        assert await command(log, core.settings, "backup", str(path)) == 0, log.read_text()
        await load.more(NUMBERS_BEFORE)
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
        told = {key: await visitor_sees(http, core, ticket) for key, ticket in acknowledged.items()}
    await asyncio.to_thread(core.stop)
    live = await journal_of(core.settings)

    postgres = Settings(data_dir=tmp_path / "unused", database_url=postgres_empty)
    sqlite = Settings(data_dir=tmp_path / "elsewhere", database_url=None)
    for target in (postgres, sqlite) if core.settings.database_url is None else (postgres,):
        assert await command(log, target, "restore", str(path)) == 0, log.read_text()
        restored = await journal_of(target)
        assert restored.keys() == live.keys()
        for day_id, entries in restored.items():
            assert entries == live[day_id][: len(entries)]
            assert replayed(entries) == replayed(live[day_id][: len(entries)])
            assert_numbers_are_dense(replayed(entries))
        day_id = max(restored, key=lambda found: len(restored[found]))
        assert len(restored[day_id]) < len(live[day_id]), "the hall went on meanwhile"
        kept = {ticket.id for ticket in replayed(restored[day_id]).tickets()}
        assert {ticket["id"] for ticket in acknowledged.values()} <= kept
        await goes_on(core, target, acknowledged, told)
        assert "Restored as of" in log.read_text()


async def goes_on(
    core: Core, target: Settings, acknowledged: Mapping[str, dict[str, Any]], told: Mapping[str, dict[str, Any]]
) -> None:
    """Who has a link finds the same ticket, who repeats a request gets the same number, staff sign in, windows call."""
    port = free_port()
    settings = target.model_copy(update={"port": port, "base_url": f"http://127.0.0.1:{port}"})
    there = Core(settings, {**core.access, "base_url": settings.base_url})
    await asyncio.to_thread(there.start)
    try:
        async with httpx.AsyncClient(timeout=30) as http:
            load = Load(there)
            for key in (min(acknowledged), max(acknowledged)):
                ticket = acknowledged[key]
                assert (await visitor_sees(http, there, ticket))["label"] == told[key]["label"] == ticket["label"]
                again = await load.touch(http, key)
                assert {**again, "url": ""} == {**ticket, "url": ""}
            new = await load.touch(http, "touch-after")
            assert new["id"] not in {ticket["id"] for ticket in acknowledged.values()}
            teller = there.staff("teller")[1]
            await sign_in(http, there, teller)
            for verb in ("open", "call-next"):
                answer = await http.post(f"{there.hall}/windows/{teller['window']}/{verb}", json={})
                assert answer.status_code == 200, answer.text
    finally:
        await asyncio.to_thread(there.stop)


async def command(log: Path, settings: Settings, *words: str) -> int:
    """Its exit status."""
    environment = {**os.environ, "QUEUE_DATA_DIR": str(settings.data_dir), "LC_ALL": "en_GB.UTF-8"}
    if settings.database_url is not None:
        environment["QUEUE_DATABASE_URL"] = settings.database_url
    program = Program("queue_service", *words, env=environment, log=log)
    return await asyncio.to_thread(program.wait, START_S_MAX)


async def sign_in(http: httpx.AsyncClient, core: Core, member: dict[str, Any]) -> None:
    credentials = {"username": member["username"], "password": member["password"]}
    answer = await http.post(f"{core.api}/session", json=credentials)
    assert answer.status_code == 200, answer.text


async def visitor_sees(http: httpx.AsyncClient, core: Core, ticket: dict[str, Any]) -> dict[str, Any]:
    answer = await http.get(f"{core.api}/tickets/{ticket['token']}")
    assert answer.status_code == 200, answer.text
    seen: dict[str, Any] = answer.json()
    return seen


async def journal_of(settings: Settings) -> dict[DayId, list[Entry]]:
    """Every day of every branch."""
    database = await Database.open(settings)
    branches = [terms.branch_id for terms in (await Catalog.open(database)).branches()]
    await database.close()
    journal = await open_journal(settings)
    try:
        days = [
            DayId(branch_id=branch, business_on=on) for branch in sorted(branches) for on in await journal.days(branch)
        ]
        return {day: await journal.load(day) for day in days}
    finally:
        await journal.close()


def replayed(entries: list[Entry]) -> Day:
    return replay((entry.seq, entry.at, codec.decode(entry.events)) for entry in entries)
