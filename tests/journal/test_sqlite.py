"""What only the SQLite journal promises: the disk has it before anybody is told."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from queue_service.infra.migrate import migrate
from queue_service.journal.entries import Appended
from queue_service.journal.sqlite import SqliteJournal
from queue_service.journal.store import JournalUnavailable
from queue_service.settings import Settings
from tests.journal.entries import a_day, an_append, an_entry


@pytest.fixture
async def settings(tmp_path: Path) -> Settings:
    settings = Settings(data_dir=tmp_path, database_url=None, database_wait_s_max=0.5)
    await migrate(settings)
    return settings


@pytest.fixture
async def journal(settings: Settings) -> AsyncIterator[SqliteJournal]:
    journal = await SqliteJournal.open(settings)
    yield journal
    await journal.close()


@pytest.fixture
def blocker(journal: SqliteJournal, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A stranger in whose transaction nobody else can write."""
    with closing(sqlite3.connect(tmp_path / "journal.db", isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield connection


async def test_the_writer_is_set_up_for_a_power_cut(journal: SqliteJournal, tmp_path: Path) -> None:
    await journal.append(an_append(an_entry(1)))
    for pragma, expected in (("synchronous", 2), ("journal_mode", "wal")):
        row = await journal._writer.run(lambda connection, name=pragma: connection.execute(f"PRAGMA {name}").fetchone())
        assert row == (expected,)
    assert (tmp_path / "journal.db-wal").stat().st_size > 0


async def test_closing_leaves_one_whole_file(settings: Settings, tmp_path: Path) -> None:
    journal = await SqliteJournal.open(settings)
    await journal.append(an_append(an_entry(1)))
    await journal.close()
    assert not (tmp_path / "journal.db-wal").exists()
    with closing(sqlite3.connect(tmp_path / "journal.db")) as connection:
        assert connection.execute("SELECT count(*) FROM entries").fetchone() == (1,)


async def test_nobody_is_told_before_the_commit(journal: SqliteJournal, blocker: sqlite3.Connection) -> None:
    append = asyncio.ensure_future(journal.append(an_append(an_entry(1))))
    await asyncio.sleep(0.1)
    assert not append.done()
    assert await journal.load(a_day()) == []
    blocker.execute("ROLLBACK")
    assert await append == Appended()
    assert await journal.load(a_day()) == [an_entry(1)]


async def test_a_file_that_refuses_is_told_and_works_again(journal: SqliteJournal, blocker: sqlite3.Connection) -> None:
    with pytest.raises(JournalUnavailable):
        await journal.append(an_append(an_entry(1)))
    blocker.execute("ROLLBACK")
    assert await journal.append(an_append(an_entry(1))) == Appended()


async def test_a_batch_that_fails_leaves_nothing_behind(journal: SqliteJournal) -> None:
    good, bad = an_append(an_entry(1)), an_append(an_entry(1, a_day("nanjing"), events=None))
    outcomes = await asyncio.gather(journal.append(good), journal.append(bad), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [JournalUnavailable] * 2
    assert await journal.append(good) == Appended()
    assert await journal.load(a_day()) == [an_entry(1)]
