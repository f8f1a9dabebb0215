"""A backup holds every row, goes where it is told, on either kind of database, and there is everything or nothing."""

import asyncio
import shutil
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from queue_service.backup.archive import DamagedBackup, Member, NewerBackup, NoBackup, Reader, opened, written
from queue_service.backup.restoring import NotEmpty, Proof, prove, restore
from queue_service.backup.taking import take
from queue_service.desk import secrets
from queue_service.infra import exchange
from queue_service.infra.database import Database, postgres_connect
from queue_service.infra.filelock import FileLock, FileLockBusy
from queue_service.infra.migrate import DatabaseInUse, Heads, Tree, heads_released, is_current, migrate
from queue_service.settings import Settings
from tests.backup.filled import fill, rows
from tests.desk.house import BRANCH, MONDAY

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


OLDER: Heads = {
    Tree.JOURNAL: frozenset({"2026_11_21_journal_entries"}),
    Tree.TABLES: frozenset(
        f"2026_11_21_{step}" for step in ("catalog_versions", "identity_accounts", "remarks", "secrets")
    ),
}
OLDER_TABLES = {"entries", "keys", "dues", "catalog", "staff", "sessions", "devices", "remarks", "secrets"}


def quiet(_table: str, _rows: int) -> None:
    """Nobody watches."""


async def taken(settings: Settings, path: Path) -> Path:
    await take(settings, path, NOW, quiet)
    return path


def proof_of(path: Path) -> Proof:
    with opened(path) as reader:
        return prove(reader, quiet)


async def put(path: Path, settings: Settings, *, replaces: bool = False) -> None:
    with opened(path) as reader:
        prove(reader, quiet)
        await restore(settings, reader, quiet, replaces=replaces)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """On SQLite, with rows in every table; only to be read."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("filled"), database_url=None)
    asyncio.run(fill(settings))
    return settings


@pytest.fixture(scope="module")
def archive_filled(filled: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return asyncio.run(taken(filled, tmp_path_factory.mktemp("archive") / "hall.zip"))


@pytest.fixture
def archive(archive_filled: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy2(archive_filled, tmp_path))


@pytest.fixture(params=["sqlite", "postgres"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Where nothing is yet."""
    url = request.getfixturevalue("postgres_empty") if request.param == "postgres" else None
    return Settings(data_dir=tmp_path / "target", database_url=url, database_wait_s_max=0.2)


async def test_every_row_comes_back_on_either_kind_of_database_and_from_it(
    filled: Settings, archive: Path, postgres_empty: str, tmp_path: Path
) -> None:
    kept = await rows(filled)
    assert kept["tables.sessions"], "somebody is signed in"
    expected = {**kept, "tables.sessions": []}
    postgres = Settings(data_dir=tmp_path / "unused", database_url=postgres_empty)
    await put(archive, postgres)
    assert await is_current(postgres)
    assert await rows(postgres) == expected
    back = Settings(data_dir=tmp_path / "back", database_url=None)
    await put(await taken(postgres, tmp_path / "from-postgres.zip"), back)
    assert await rows(back) == expected
    with opened(archive) as first, opened(tmp_path / "from-postgres.zip") as second:
        assert _but_sessions(first) == _but_sessions(second), "to the byte of every line, and every column's kind"


def _but_sessions(reader: Reader) -> list[Member]:
    return [member for member in reader.manifest.members if member.table != "sessions"]


def test_a_backup_tells_what_it_holds(filled: Settings, archive: Path) -> None:
    kept = asyncio.run(rows(filled))
    assert archive.stat().st_mode & 0o777 == 0o600
    assert [path for path in archive.parent.iterdir() if path.name.endswith(".partial")] == []
    with opened(archive) as reader:
        assert reader.manifest.made_at == NOW
        assert reader.manifest.heads == heads_released()
        assert {f"{one.tree}.{one.table}": one.rows for one in reader.manifest.members} == {
            name: len(of_table) for name, of_table in kept.items()
        }
    proof = proof_of(archive)
    assert (proof.days, proof.broken) == (1, ())
    assert (proof.entries, proof.rows) == (len(kept["journal.entries"]), sum(map(len, kept.values())))


def test_a_file_that_was_changed_or_cut_anywhere_is_refused(archive: Path, tmp_path: Path) -> None:
    whole = archive.read_bytes()
    spoilt = tmp_path / "spoilt.zip"
    step = len(whole) // 97
    for place in [*range(0, len(whole), step), len(whole) - 1]:
        spoilt.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        with pytest.raises((DamagedBackup, NoBackup)):
            proof_of(spoilt)
        spoilt.write_bytes(whole[:place])
        with pytest.raises((DamagedBackup, NoBackup)):
            proof_of(spoilt)
    spoilt.write_bytes(whole + b"\0")
    with pytest.raises(NoBackup):
        proof_of(spoilt)


async def test_what_is_there_stays_unless_it_is_to_go(archive: Path, target: Settings) -> None:
    await migrate(target)
    await put(archive, target)  # tables without rows are nothing
    before = await rows(target)
    with pytest.raises(NotEmpty):
        await put(archive, target)
    database = await Database.open(target)
    await secrets.rotate(database, NOW)
    await database.close()
    assert await rows(target) != before
    await put(archive, target, replaces=True)
    assert await rows(target) == before


async def test_a_restore_that_fails_leaves_what_was_there(archive: Path, target: Settings) -> None:
    await put(archive, target)
    before = await rows(target)
    spoilt = archive.with_name("spoilt.zip")
    with rewritten(archive, spoilt) as members:
        members["tables.remarks"].pop()
        members["tables.secrets"].append({**members["tables.secrets"][0], "secret": b"a second one of that number"})
    with opened(spoilt) as reader, pytest.raises(Exception, match=r"UNIQUE|unique"):
        await restore(target, reader, quiet, replaces=True)
    assert await rows(target) == before
    if target.database_url is None:
        assert {path.name for path in target.data_dir.iterdir() if path.is_dir()} == set()


async def test_a_restore_wants_the_service_stopped(archive: Path, target: Settings) -> None:
    if target.database_url is None:
        target.data_dir.mkdir()
        lock = FileLock(target.data_dir / "journal.lock")
        lock.take()
        with pytest.raises(FileLockBusy):
            await put(archive, target)
        lock.close()
    else:
        connection = await postgres_connect(target, "tables")
        with pytest.raises(DatabaseInUse) as refused:
            await put(archive, target)
        assert refused.value.connections == 1
        await connection.close()
    await put(archive, target)


async def test_an_older_backup_is_brought_to_this_release(archive: Path, target: Settings) -> None:
    """Before the names of a branch's devices were told apart two kiosks could have one name."""
    older = archive.with_name("older.zip")
    with rewritten(archive, older, heads=OLDER, tables=OLDER_TABLES) as members:
        devices = members["tables.devices"]
        devices[:] = [{**device, "name": "kiosk"} for device in devices]
    await put(older, target)
    assert await is_current(target)
    names = [row[2] for row in (await rows(target))["tables.devices"]]
    assert len(set(names)) > 1 and all(name.startswith("kiosk") for name in names)


async def test_a_newer_backup_is_refused(archive: Path) -> None:
    newer = archive.with_name("newer.zip")
    with rewritten(archive, newer, heads={**heads_released(), Tree.TABLES: frozenset({"2099_01_01_later"})}):
        pass
    with pytest.raises(NewerBackup):
        proof_of(newer)
    with rewritten(archive, newer) as members:
        members["journal.entries"][-1]["events"] = b'[["ticket.teleported", 1, {}]]'
    with pytest.raises(NewerBackup):
        proof_of(newer)


async def test_a_day_that_does_not_replay_is_told(archive: Path) -> None:
    broken = archive.with_name("broken.zip")
    for spoil in (lambda entries: entries.pop(3), lambda entries: entries[5].update(events=entries[6]["events"])):
        with rewritten(archive, broken) as members:
            spoil(members["journal.entries"])
        (day,) = proof_of(broken).broken
        assert (day.branch_id, day.business_on) == (BRANCH, MONDAY)
        assert day.fault


async def test_an_exchange_that_was_cut_is_finished_by_whoever_comes(filled: Settings, tmp_path: Path) -> None:
    old = Settings(data_dir=tmp_path / "old", database_url=None)
    await migrate(old)
    expected = await rows(filled)
    growing = exchange.begin(old.data_dir)
    for tree in Tree:
        shutil.copy(filled.data_dir / f"{tree}.db", growing)
    assert await is_current(old), "nothing has changed yet"
    growing.rename(old.data_dir / exchange.COMPLETE)
    _leave_wal(old.data_dir / "tables.db")
    assert not await is_current(old)
    (old.data_dir / exchange.COMPLETE / "journal.db").replace(old.data_dir / "journal.db")
    assert not await is_current(old)
    await migrate(old)
    assert await is_current(old)
    assert await rows(old) == expected


def _leave_wal(path: Path) -> None:
    """Leaves what was last written to a database beside it, as a process that was killed does."""
    wal = path.with_name(f"{path.name}-wal")
    with closing(sqlite3.connect(path)) as killed:
        killed.execute("CREATE TABLE of_old (id)")
        killed.commit()
        left = wal.read_bytes()
    wal.write_bytes(left)


@contextmanager
def rewritten(
    source: Path, path: Path, heads: Heads | None = None, tables: Collection[str] | None = None
) -> Iterator[dict[str, list[dict[str, Any]]]]:
    """Another whole backup, of the rows as they are changed inside, and of these tables alone."""
    with opened(source) as reader:
        manifest = reader.manifest
        members = {f"{one.tree}.{one.table}": list(reader.rows(one)) for one in manifest.members}
    yield members
    with written(path, "9.9.9", NOW, dict(heads or manifest.heads)) as writer:
        for one in (one for one in manifest.members if tables is None or one.table in tables):
            with writer.member(one.tree, one.table, one.columns) as member:
                member.write([row[name] for name in one.columns] for row in members[f"{one.tree}.{one.table}"])
