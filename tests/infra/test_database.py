"""The tables beside the journal: one writer, consistent reads, times that keep their moment."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from queue_service.infra.database import Database, Moment
from queue_service.infra.filelock import FileLock, FileLockBusy
from queue_service.settings import Settings

WRITES = 40
SHANGHAI = timezone(timedelta(hours=8))
NINE = datetime(2026, 3, 2, 9, 0, 0, 123456, tzinfo=SHANGHAI)
metadata = MetaData()
tallies = Table(
    "tallies", metadata, Column("id", Integer, primary_key=True), Column("count", Integer), Column("at", Moment())
)


@pytest.fixture
async def database(storage: Settings) -> AsyncIterator[Database]:
    database = await Database.open(storage)
    async with database.write() as connection:
        await connection.run_sync(metadata.create_all)
        await connection.execute(insert(tallies).values(id=1, count=0, at=NINE))
    yield database
    await database.close()


async def test_a_moment_comes_back_in_utc(database: Database) -> None:
    async with database.read() as connection:
        (at,) = await connection.scalars(select(tallies.c.at))
        assert (at, at.tzinfo) == (NINE, UTC)
        earlier = select(func.count()).where(tallies.c.at < NINE + timedelta(microseconds=1))
        assert await connection.scalar(earlier) == 1


async def test_a_moment_without_zone_is_a_mistake(database: Database) -> None:
    async with database.write() as connection:
        with pytest.raises(Exception, match="without its zone"):
            await connection.execute(insert(tallies).values(id=2, at=datetime(2026, 3, 2)))  # noqa: DTZ001 the mistake


async def test_a_block_that_raises_writes_nothing(database: Database) -> None:
    with pytest.raises(KeyError):
        async with database.write() as connection:
            await connection.execute(update(tallies).values(count=9))
            raise KeyError
    async with database.read() as connection:
        assert await connection.scalar(select(tallies.c.count)) == 0


async def test_reading_can_not_write(database: Database) -> None:
    with pytest.raises(DBAPIError, match=r"readonly|read-only"):
        async with database.read() as connection:
            await connection.execute(update(tallies).values(count=9))


async def test_a_reader_sees_one_state_and_keeps_no_writer_waiting(database: Database) -> None:
    async with database.read() as reading:
        assert await reading.scalar(select(tallies.c.count)) == 0
        async with database.write() as writing:
            await writing.execute(update(tallies).values(count=1))
        assert await reading.scalar(select(tallies.c.count)) == 0
    async with database.read() as reading:
        assert await reading.scalar(select(tallies.c.count)) == 1


async def test_writers_of_two_processes_take_turns(storage: Settings, database: Database) -> None:
    other = await Database.open(storage)

    async def add_one(to: Database) -> None:
        async with to.write() as connection:
            count = await connection.scalar(select(tallies.c.count).with_for_update())
            await asyncio.sleep(0)
            await connection.execute(update(tallies).values(count=count + 1))

    await asyncio.gather(*(add_one(to) for _ in range(WRITES // 2) for to in (database, other)))
    async with other.read() as connection:
        assert await connection.scalar(select(tallies.c.count)) == WRITES
    await other.close()


async def test_sqlite_writes_through_to_the_disk(tmp_path: Path) -> None:
    database = await Database.open(Settings(data_dir=tmp_path, database_url=None))
    async with database.write() as connection:
        assert await connection.scalar(text("PRAGMA synchronous")) == 2
        assert await connection.scalar(text("PRAGMA journal_mode")) == "wal"
        assert await connection.scalar(text("PRAGMA foreign_keys")) == 1
    await database.close()


async def test_sqlite_lets_one_process_write_from_the_first_moment_of_its_block(tmp_path: Path) -> None:
    database = await Database.open(Settings(data_dir=tmp_path, database_url=None, database_wait_s_max=0.05))
    with closing(sqlite3.connect(tmp_path / "tables.db", timeout=0)) as stranger:
        async with database.write():
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                stranger.execute("BEGIN IMMEDIATE")
    other = FileLock(tmp_path / "tables.lock")
    async with other.held(0):
        with pytest.raises(FileLockBusy):
            async with database.write():
                pytest.fail("wrote beside another process")
    other.close()
    await database.close()


async def test_a_lock_that_is_not_freed_is_told_in_time(tmp_path: Path) -> None:
    here, there = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    async with here.held(1):
        with pytest.raises(FileLockBusy):
            async with there.held(0.02):
                pytest.fail("both have it")
    async with there.held(0):
        pass
    here.close()
    there.close()
