"""News reaches every process, the newest seq at least, and who may have missed some is told."""

import asyncio
from collections.abc import AsyncIterator, Callable

import asyncpg
import pytest

from queue_service.infra.bus import PAYLOAD_BYTES_MAX, Bus, Moved, News, Resync, open_bus
from queue_service.settings import Settings

HEARD_S_MAX = 10.0
TURNS_UNTIL_SENT_MAX = 15


class Notes:
    """What a listener heard."""

    def __init__(self, bus: Bus) -> None:
        self.news: list[News] = []
        self._more = asyncio.Event()
        self.end = bus.subscribe(self._hear)

    async def until(self, is_enough: Callable[[list[News]], bool]) -> list[News]:
        async with asyncio.timeout(HEARD_S_MAX):
            while not is_enough(self.news):
                self._more.clear()
                await self._more.wait()
        return self.news

    def _hear(self, news: News) -> None:
        self.news.append(news)
        self._more.set()


async def a_bus(settings: Settings) -> Bus:
    """One whose own first word, that all shall look again, is over."""
    bus = await open_bus(settings)
    if settings.database_url is not None:
        notes = Notes(bus)
        assert await notes.until(bool) == [Resync()]
        notes.end()
    return bus


@pytest.fixture
async def bus(storage: Settings) -> AsyncIterator[Bus]:
    bus = await a_bus(storage)
    yield bus
    await bus.close()


async def test_all_listeners_hear_what_is_published(bus: Bus) -> None:
    first, second = Notes(bus), Notes(bus)
    bus.publish("zhongshan/2026-03-02", 7)
    for notes in (first, second):
        assert await notes.until(bool) == [Moved(topic="zhongshan/2026-03-02", seq=7)]


async def test_who_has_unsubscribed_hears_nothing(bus: Bus) -> None:
    stays, leaves = Notes(bus), Notes(bus)
    leaves.end()
    leaves.end()
    bus.publish("a", 1)
    await stays.until(bool)
    assert leaves.news == []


async def test_other_processes_hear_the_newest_seq_of_each_topic(database: str) -> None:
    here, there = [await a_bus(Settings(database_url=database)) for _ in range(2)]
    notes = Notes(there)
    topics = [f"支行-{number}/2026-03-02" for number in range(PAYLOAD_BYTES_MAX // 20)]  # more than one message holds
    for seq in (3, 9, 5):
        for topic in topics:
            here.publish(topic, seq)
    news = await notes.until(lambda news: len(news) >= len(topics))
    assert news == [Moved(topic=topic, seq=9) for topic in topics]
    await here.close()
    await there.close()


async def test_more_topics_than_may_wait_become_a_resync(database: str) -> None:
    here = await a_bus(Settings(database_url=database, bus_topics_max=3))
    there = await a_bus(Settings(database_url=database))
    notes = Notes(there)
    for topic in "abcd":
        here.publish(topic, 1)
    assert await notes.until(bool) == [Resync()]
    here.publish("a", 2)
    assert await notes.until(lambda news: len(news) > 1) == [Resync(), Moved(topic="a", seq=2)]
    await here.close()
    await there.close()


async def test_a_resync_that_is_wanted_while_another_message_is_on_its_way_is_not_lost(database: str) -> None:
    here = await a_bus(Settings(database_url=database, bus_topics_max=3))
    for turns in range(TURNS_UNTIL_SENT_MAX):
        notes = Notes(here)
        here.publish("a", 1)
        for _ in range(turns):  # in one of these the message is sent and not answered yet
            await asyncio.sleep(0)
        for topic in "bcde":
            here.publish(topic, 1)
        assert Resync() in await notes.until(lambda news: Resync() in news)
        notes.end()
    await here.close()


async def test_a_lost_connection_comes_back_and_says_resync(database: str) -> None:
    here = await a_bus(Settings(database_url=database))
    notes = Notes(here)
    connection = await asyncpg.connect(database)
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await connection.close()
    here.publish("a", 4)
    news = await notes.until(lambda news: Moved(topic="a", seq=4) in news)
    assert news == [Resync(), Moved(topic="a", seq=4)]
    await here.close()


async def test_who_starts_asks_all_others_to_look_again_for_one_that_died_may_not_have_told(database: str) -> None:
    here = await a_bus(Settings(database_url=database))
    notes = Notes(here)
    there = await open_bus(Settings(database_url=database))
    assert await notes.until(bool) == [Resync()]
    await here.close()
    await there.close()


async def test_what_was_published_just_before_the_end_is_heard(database: str) -> None:
    here, there = [await a_bus(Settings(database_url=database)) for _ in range(2)]
    notes = Notes(there)
    here.publish("a", 1)
    await here.close()
    assert await notes.until(bool) == [Moved(topic="a", seq=1)]
    await there.close()
