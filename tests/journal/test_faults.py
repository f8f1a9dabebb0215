"""A lost connection never makes the journal guess: what happened is looked up."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from queue_service.journal import open_journal
from queue_service.journal.entries import Appended, KeyUsed, SeqTaken
from queue_service.journal.store import Journal, JournalUnavailable
from queue_service.settings import Settings
from tests.journal.entries import a_day, an_append, an_entry
from tests.journal.faults import Cut, FaultyLine

TERMINATIONS = 10
BRANCHES = 8


@pytest.fixture
async def line(database: str) -> FaultyLine:
    return FaultyLine(database)


@pytest.fixture
async def journal(line: FaultyLine) -> AsyncIterator[Journal]:
    async with line.open() as url:
        journal = await open_journal(Settings(database_url=url))
        yield journal
        await journal.close()


@pytest.fixture
async def other(database: str) -> AsyncIterator[Journal]:
    """Another process's journal, on a sound line."""
    journal = await open_journal(Settings(database_url=database))
    yield journal
    await journal.close()


@pytest.mark.parametrize("cut", Cut)
async def test_append_is_written_exactly_once(journal: Journal, line: FaultyLine, cut: Cut) -> None:
    days = [a_day(f"branch-{number}") for number in range(BRANCHES)]
    line.arm(cut)
    appends = [asyncio.ensure_future(journal.append(an_append(an_entry(1, day, key="k")))) for day in days]
    await line.cut_off.wait()
    assert not any(append.done() for append in appends)
    line.mend()
    assert await asyncio.gather(*appends) == [Appended()] * BRANCHES
    for day in days:
        assert await journal.load(day) == [an_entry(1, day, key="k")]


async def test_append_that_was_lost_tells_what_came_instead(journal: Journal, line: FaultyLine, other: Journal) -> None:
    elsewhere = a_day("nanjing")
    line.arm(Cut.BEFORE_COMMIT)
    lost = asyncio.gather(
        journal.append(an_append(an_entry(1, key="lost"))),
        journal.append(an_append(an_entry(1, elsewhere, key="retried"))),
    )
    await line.cut_off.wait()
    await other.append(an_append(an_entry(1, key="first")))
    retried = an_entry(1, elsewhere, key="retried", events=b"[]")
    await other.append(an_append(retried))
    line.mend()
    assert await lost == [SeqTaken(), KeyUsed(entry=retried)]


@pytest.mark.parametrize("cut", Cut)
async def test_exclusive_ends_only_when_it_is_written(journal: Journal, line: FaultyLine, cut: Cut) -> None:
    asyncio.get_running_loop().create_task(_mend_when_cut(line)).add_done_callback(lambda task: task.result())
    async with journal.exclusive(a_day()) as alone:
        assert await alone.append(an_append(an_entry(1, key="a"))) == Appended()
        assert await alone.append(an_append(an_entry(2, key="b"))) == Appended()
        line.arm(cut)
    assert line.cut_off.is_set()
    assert await journal.load(a_day()) == [an_entry(1, key="a"), an_entry(2, key="b")]


async def test_exclusive_raises_when_another_came_first(journal: Journal, line: FaultyLine, other: Journal) -> None:
    async def come_first() -> None:
        await line.cut_off.wait()
        await other.append(an_append(an_entry(1, key="other")))
        line.mend()

    coming = asyncio.ensure_future(come_first())
    with pytest.raises(JournalUnavailable):
        async with journal.exclusive(a_day()) as alone:
            await alone.append(an_append(an_entry(1, key="lost")))
            line.arm(Cut.BEFORE_COMMIT)
    await coming
    assert await journal.load(a_day()) == [an_entry(1, key="other")]


async def test_exclusive_tells_a_connection_lost_inside(journal: Journal, database: str) -> None:
    with pytest.raises(JournalUnavailable):
        async with journal.exclusive(a_day()) as alone:
            await _terminate_all(database)
            await alone.append(an_append(an_entry(1)))
    assert await journal.append(an_append(an_entry(1))) == Appended()


async def test_terminated_backends_lose_and_double_nothing(journal: Journal, database: str) -> None:
    async def append_until(ended: asyncio.Event, branch_id: str) -> int:
        seq = 0
        while not ended.is_set():
            seq += 1
            append = an_append(an_entry(seq, a_day(branch_id), key=str(seq)))
            assert await journal.append(append) == Appended()
        return seq

    ended = asyncio.Event()
    appending = [asyncio.ensure_future(append_until(ended, f"branch-{number}")) for number in range(BRANCHES)]
    for _ in range(TERMINATIONS):
        await asyncio.sleep(0.05)
        await _terminate_all(database)
    ended.set()
    for number, seq_last in enumerate(await asyncio.gather(*appending)):
        entries = await journal.load(a_day(f"branch-{number}"))
        assert [(entry.seq, entry.key) for entry in entries] == [(seq, str(seq)) for seq in range(1, seq_last + 1)]


async def test_a_cancelled_exclusive_lets_go(journal: Journal, other: Journal) -> None:
    inside = asyncio.Event()

    async def stay() -> None:
        async with journal.exclusive(a_day()):
            inside.set()
            await asyncio.Event().wait()

    staying = asyncio.ensure_future(stay())
    await inside.wait()
    staying.cancel()
    await asyncio.sleep(0)
    staying.cancel()  # also while it rolls back
    assert await other.append(an_append(an_entry(1))) == Appended()
    await asyncio.wait([staying])


async def test_who_gives_up_waiting_for_the_branch_leaves_a_clean_connection(journal: Journal, other: Journal) -> None:
    async def wait_for_turn() -> None:
        async with journal.exclusive(a_day()):
            pytest.fail("both were alone")

    async with other.exclusive(a_day()):
        waiting = asyncio.ensure_future(wait_for_turn())
        await asyncio.sleep(0.1)
        waiting.cancel()
        await asyncio.wait([waiting])
    assert await journal.load(a_day()) == []
    assert await journal.append(an_append(an_entry(1))) == Appended()


async def test_a_database_that_is_gone_is_told_in_time(database: str, tmp_path: Path) -> None:
    line = FaultyLine(database)
    async with line.open() as url:
        journal = await open_journal(Settings(database_url=url, database_wait_s_max=0.5))
        await journal.append(an_append(an_entry(1)))
        line.arm(Cut.BEFORE_COMMIT)  # and never mended
        with pytest.raises(JournalUnavailable):
            await journal.append(an_append(an_entry(2)))
        with pytest.raises(JournalUnavailable):
            await journal.ping()
        line.mend()
        await journal.close()


async def _mend_when_cut(line: FaultyLine) -> None:
    await line.cut_off.wait()
    line.mend()


async def _terminate_all(database: str) -> None:
    connection = await asyncpg.connect(database)
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND application_name = 'queue-service journal'"
    )
    await connection.close()
