"""Days that another process turned, days of the past, and whoever waits for them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from queue_service.desk.rounds import Follower, for_ever
from queue_service.hall.commands import IssueTicket
from queue_service.hall.day import Day
from queue_service.hall.events import Phase
from queue_service.hall.tickets import Channel
from queue_service.infra.bus import open_bus
from queue_service.infra.problems import Problem
from queue_service.journal.entries import DayId
from queue_service.journal.store import JournalUnavailable
from queue_service.settings import Settings
from tests.desk.house import BRANCH, CASH, MONDAY, TUESDAY, HandClock, House, a_house, at

SOON_S = 5
ISSUE = IssueTicket(legs=(CASH,), channel=Channel.KIOSK, language="en")


@asynccontextmanager
async def following(house: House) -> AsyncIterator[None]:
    """The house hears of the other processes."""
    bus = await open_bus(house.settings)
    task = asyncio.create_task(for_ever("follow", 0, Follower(house.desk, bus).follow, lambda *_: None))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await bus.close()


async def told(house: House) -> Day:
    """The day as soon as a ticket is on it."""
    news = asyncio.Event()
    house.desk.listeners.append(lambda _: news.set())
    async with asyncio.timeout(SOON_S):
        while (day := house.desk.newest(BRANCH)) is None or not day.live:
            news.clear()
            await news.wait()
    return day


async def test_a_day_that_another_process_turned_is_turned_here_too(database: str) -> None:
    settings, clock = Settings(database_url=database), HandClock()
    async with a_house(settings, clock) as here, a_house(settings, clock) as there, following(here), following(there):
        await here.today()
        await there.today()
        clock.now = at(28, 0, 1)
        await here.desk.wake()
        clock.now = at(33, 1)
        await here.issue()
        day = await told(there)
        assert (day.business_on, day.phase) == (TUESDAY, Phase.NUMBERS)


async def test_waking_opens_the_day_after_one_that_another_process_ended(database: str) -> None:
    settings, clock = Settings(database_url=database), HandClock()
    async with a_house(settings, clock) as here, a_house(settings, clock) as there:
        await here.today()
        await there.today()
        clock.now = at(28, 0, 1)
        await here.desk.wake()
        await there.desk.resync(BRANCH)
        await there.desk.wake()
        day = there.desk.newest(BRANCH)
        assert day is not None
        assert day.business_on == TUESDAY


async def test_a_past_day_is_read_once(storage: Settings) -> None:
    async with a_house(storage) as house:
        ticket = await house.issue()
        house.clock.now = at(33)
        await house.today()
        monday = DayId(branch_id=BRANCH, business_on=MONDAY)
        days = await asyncio.gather(*(house.desk.past_day(monday) for _ in range(5)))
        first = days[0]
        assert first is not None
        assert all(day is first for day in days)
        found = first.ticket(ticket["id"])
        assert found is not None
        assert found.status == "expired"


async def test_all_who_wait_for_a_day_share_one_attempt(storage: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_house(storage) as house:
        tries = 0

        async def hang(*_: object) -> None:
            nonlocal tries
            tries += 1
            await asyncio.sleep(0.01)
            raise JournalUnavailable("no answer")

        monkeypatch.setattr(house.journal, "load", hang)
        outcomes = await asyncio.gather(*(house.today() for _ in range(100)), return_exceptions=True)
        assert {outcome.code for outcome in outcomes if isinstance(outcome, Problem)} == {"journal.unavailable"}
        assert tries == 1
        monkeypatch.undo()
        assert (await house.today()).phase is Phase.NUMBERS


async def test_what_was_begun_is_seen_through_when_nobody_waits_for_it(storage: Settings) -> None:
    async with a_house(storage) as house:
        await house.today()
        asking = asyncio.create_task(house.ask(ISSUE, key="gone"))
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        day = await told(house)
        assert len(await house.journal.load(DayId(branch_id=BRANCH, business_on=MONDAY))) == day.seq
        assert (await house.ask(ISSUE, key="gone"))["ticket"]["id"] in day.live
