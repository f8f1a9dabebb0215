"""A backup is of one moment of journal and tables together, and no file has its name before it is whole."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from queue_service.backup.archive import opened, written
from queue_service.backup.restoring import restore
from queue_service.backup.taking import take
from queue_service.desk import secrets
from queue_service.infra.database import Database
from queue_service.infra.filelock import FileLock
from queue_service.infra.migrate import NotOfThisRelease, Tree, heads_released, is_current, migrate
from queue_service.journal import open_journal
from queue_service.settings import Settings
from tests.journal.entries import an_append, an_entry

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
BACKUPS = 4
BEGIN_S = 0.5
"""In which a backup that waits for nothing has begun."""


def quiet(_table: str, _rows: int) -> None:
    """Nobody watches."""


async def test_journal_and_tables_are_of_one_moment(storage: Settings, tmp_path: Path) -> None:
    """Somebody writes to the tables, then of it to the journal, over and over: no backup may hold half of one time's
    tables with another time's journal."""
    database, journal = await Database.open(storage), await open_journal(storage)
    written_times = 0

    async def write_on() -> None:
        nonlocal written_times
        while True:
            written_times += 1
            await secrets.rotate(database, NOW)
            await journal.append(an_append(an_entry(written_times)))

    writing = asyncio.create_task(write_on())
    for number in range(BACKUPS):
        before = written_times
        await take(storage, tmp_path / f"{number}.zip", NOW, quiet)
        with opened(tmp_path / f"{number}.zip") as reader:
            counts = {member.table: member.rows for member in reader.manifest.members}
        assert max(before - 1, 0) <= counts["entries"] <= counts["secrets"] <= counts["entries"] + 1
    assert written_times > BACKUPS, "what was backed up went on"
    writing.cancel()
    await asyncio.wait([writing])
    await journal.close()
    await database.close()


async def test_on_sqlite_a_backup_begins_while_nobody_writes_to_the_tables(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url=None)
    await migrate(settings)
    journal, tables = await open_journal(settings), FileLock(tmp_path / "tables.lock")
    async with tables.held(1):
        taking = asyncio.create_task(take(settings, tmp_path / "hall.zip", NOW, quiet))
        await asyncio.sleep(BEGIN_S)
        await journal.append(an_append(an_entry(1)))
    await taking
    with opened(tmp_path / "hall.zip") as reader:
        assert {member.rows for member in reader.manifest.members if member.table == "entries"} == {1}
    tables.close()
    await journal.close()


async def test_what_is_not_of_this_release_is_not_backed_up(tmp_path: Path) -> None:
    with pytest.raises(NotOfThisRelease):
        await take(Settings(data_dir=tmp_path, database_url=None), tmp_path / "hall.zip", NOW, quiet)
    assert not (tmp_path / "hall.zip").exists()


async def test_what_a_former_release_left_is_backed_up_as_it_is(storage: Settings, tmp_path: Path) -> None:
    former = {**heads_released(), Tree.TABLES: heads_released()[Tree.TABLES] - {"2026_11_21_remarks"}}
    await migrate(storage, former)
    await take(storage, tmp_path / "hall.zip", NOW, quiet)
    elsewhere = Settings(data_dir=tmp_path / "elsewhere", database_url=None)
    with opened(tmp_path / "hall.zip") as reader:
        assert reader.manifest.heads == former
        await restore(elsewhere, reader, quiet)
    assert await is_current(elsewhere)


def test_a_backup_that_is_cut_off_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "hall.zip"
    with pytest.raises(KeyboardInterrupt), written(path, "1", NOW, dict(heads_released())):
        assert [grown.stat().st_mode & 0o777 for grown in tmp_path.iterdir()] == [0o600]
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_where_no_file_can_grow_it_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"), written(tmp_path / "nowhere" / "x", "1", NOW, {}):
        pass
