"""The journal in a file of its own: one process, one writing connection in one thread, group commit."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Self, TypeVar

from queue_service.infra.filelock import FileLock, FileLockBusy
from queue_service.journal.batches import Batches, OnCommit, Waiting
from queue_service.journal.entries import Append, Appended, DayId, Entry, KeyUsed, Outcome, SeqTaken, Snapshot
from queue_service.journal.store import FORGET_MAX, FORGET_SNAPSHOTS_MAX, ExclusiveDay, JournalUnavailable
from queue_service.settings import Settings

FILE_NAME = "journal.db"
INSERT_ENTRY = """
    INSERT INTO entries (branch_id, business_on, seq, key, fingerprint, at, actor, kind, events, answer)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
SELECT_DAY = """
    SELECT branch_id, business_on, seq, key, fingerprint, at, actor, kind, events, answer FROM entries
    WHERE branch_id = ? AND business_on = ? AND seq > ? ORDER BY seq
"""
SELECT_SNAPSHOT = "SELECT seq, at, rules, state FROM snapshots WHERE branch_id = ? AND business_on = ?"
KEEP_SNAPSHOT = """
    INSERT INTO snapshots (branch_id, business_on, seq, at, rules, state) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (branch_id, business_on) DO UPDATE
    SET seq = excluded.seq, at = excluded.at, rules = excluded.rules, state = excluded.state
    WHERE snapshots.seq < excluded.seq OR snapshots.rules <> excluded.rules
"""
FORGET_SNAPSHOTS = "DELETE FROM snapshots WHERE rowid IN (SELECT rowid FROM snapshots WHERE business_on < ? LIMIT ?)"
FORGET_KEYS = """
    DELETE FROM keys WHERE (branch_id, actor, key) IN (SELECT branch_id, actor, key FROM keys WHERE at < ? LIMIT ?)
"""
SELECT_KEY = """
    SELECT branch_id, business_on, seq, entries.key, fingerprint, entries.at, entries.actor, kind, events, answer
    FROM keys JOIN entries USING (branch_id, business_on, seq)
    WHERE keys.branch_id = ? AND keys.actor = ? AND keys.key = ?
"""
NEWEST = "SELECT at FROM entries ORDER BY rowid DESC LIMIT 1"
TOUCH = "PRAGMA user_version = 0"
"""Nobody reads that number; setting it is a transaction of one page."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Result = TypeVar("Result")


class SqliteJournal:
    """A `Journal` on SQLite.

    The one connection that writes also checkpoints; the other one only reads, and so never keeps the writer waiting.
    Times are integers, microseconds of Unix time.
    """

    def __init__(
        self, lock: FileLock, writer: "Thread", reader: "Thread", settings: Settings, on_commit: OnCommit | None
    ) -> None:
        self._lock = lock
        self._writer = writer
        self._reader = reader
        self._batches = Batches(
            self._write,
            pending_max=settings.journal_pending_max,
            batch_max=settings.journal_batch_max,
            on_commit=on_commit,
        )

    @classmethod
    async def open(cls, settings: Settings, on_commit: OnCommit | None = None) -> Self:
        """Opens the migrated file; raises `JournalUnavailable` when another process has it open."""
        path = settings.data_dir / FILE_NAME
        lock = lock_journal(settings.data_dir)
        wait_s_max = settings.database_wait_s_max
        writer = await Thread.start("journal-writer", lambda: _open_writer(path, wait_s_max))
        reader = await Thread.start("journal-reader", lambda: _open_reader(path, wait_s_max))
        return cls(lock, writer, reader, settings, on_commit)

    @property
    def pending(self) -> int:
        return self._batches.pending

    async def append(self, append: Append) -> Outcome:
        return await self._batches.append(append)

    async def load(self, day: DayId, after_seq: int = 0) -> list[Entry]:
        return await self._reader.run(lambda connection: _load(connection, day, after_seq))

    async def snapshot(self, day: DayId) -> Snapshot | None:
        which = (day.branch_id, day.business_on.isoformat())
        row = await self._reader.run(lambda connection: connection.execute(SELECT_SNAPSHOT, which).fetchone())
        if row is None:
            return None
        seq, at, rules, state = row
        return Snapshot(
            branch_id=day.branch_id, business_on=day.business_on, seq=seq, at=_moment(at), rules=rules, state=state
        )

    async def keep_snapshot(self, snapshot: Snapshot) -> None:
        day = (snapshot.branch_id, snapshot.business_on.isoformat())
        row = (*day, snapshot.seq, _microseconds(snapshot.at), snapshot.rules, snapshot.state)
        await self._writer.run(lambda connection: connection.execute(KEEP_SNAPSHOT, row))

    async def forget_snapshots(self, before: date) -> int:
        return await self._forget(FORGET_SNAPSHOTS, before.isoformat(), FORGET_SNAPSHOTS_MAX)

    async def find_key(self, branch_id: str, actor: str, key: str) -> Entry | None:
        return await self._reader.run(lambda connection: _find_key(connection, branch_id, actor, key))

    async def due_days(self, until: datetime, limit: int) -> list[tuple[DayId, datetime]]:
        query = "SELECT branch_id, business_on, due_at FROM dues WHERE due_at <= ? ORDER BY due_at LIMIT ?"
        rows = await self._reader.run(
            lambda connection: connection.execute(query, (_microseconds(until), limit)).fetchall()
        )
        return [(_day_id(branch_id, business_on), _moment(due_at)) for branch_id, business_on, due_at in rows]

    async def days(self, branch_id: str) -> list[date]:
        query = "SELECT business_on FROM entries WHERE branch_id = ? AND seq = 1 ORDER BY business_on"
        rows = await self._reader.run(lambda connection: connection.execute(query, (branch_id,)).fetchall())
        return [date.fromisoformat(business_on) for (business_on,) in rows]

    async def latest_day(self, branch_id: str) -> date | None:
        query = "SELECT max(business_on) FROM entries WHERE branch_id = ?"
        (business_on,) = await self._reader.run(lambda connection: connection.execute(query, (branch_id,)).fetchone())
        return None if business_on is None else date.fromisoformat(business_on)

    @asynccontextmanager
    async def exclusive(self, day: DayId) -> AsyncIterator[ExclusiveDay]:
        """No other process can open this journal, so there is nobody to keep away."""
        yield _OwnDay(self, day)

    async def forget_keys(self, before: datetime) -> int:
        return await self._forget(FORGET_KEYS, _microseconds(before), FORGET_MAX)

    async def ping(self) -> None:
        """Really writes, and waits for the disk: neither a full disk nor a broken one shows otherwise."""
        await self._writer.run(lambda connection: connection.execute(TOUCH))

    async def clock_off_s(self, now: datetime) -> float:
        """Of a clock that has gone back the newest entry tells; one that goes ahead cannot be seen."""
        row = await self._reader.run(lambda connection: connection.execute(NEWEST).fetchone())
        return 0.0 if row is None else max(0.0, (_moment(row[0]) - now).total_seconds())

    async def close(self) -> None:
        await self._batches.close()
        await self._reader.stop()
        await self._writer.stop()  # the last one to close checkpoints
        self._lock.close()

    async def _forget(self, statement: str, before: str | int, at_once: int) -> int:
        forgotten = 0
        while True:
            count = await self._writer.run(lambda connection: connection.execute(statement, (before, at_once)).rowcount)
            forgotten += count
            if count < at_once:
                return forgotten

    async def _write(self, batch: Sequence[Waiting]) -> None:
        outcomes = await self._writer.run(lambda connection: _append_all(connection, [w.append for w in batch]))
        for waiting, outcome in zip(batch, outcomes, strict=True):
            waiting.settle(outcome)


class _OwnDay:
    def __init__(self, journal: SqliteJournal, day: DayId) -> None:
        self._journal = journal
        self._day = day

    async def load(self, after_seq: int = 0) -> list[Entry]:
        return await self._journal.load(self._day, after_seq)

    async def find_key(self, actor: str, key: str) -> Entry | None:
        return await self._journal.find_key(self._day.branch_id, actor, key)

    async def append(self, append: Append) -> Outcome:
        assert append.entry.day == self._day
        return await self._journal.append(append)


class Thread:
    """A connection that one thread owns."""

    def __init__(self, executor: ThreadPoolExecutor, connection: sqlite3.Connection) -> None:
        self._executor = executor
        self._connection = connection

    @classmethod
    async def start(cls, name: str, connect: Callable[[], sqlite3.Connection]) -> Self:
        executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        try:
            return cls(executor, await _run(executor, connect))
        except BaseException:
            executor.shutdown(wait=False)
            raise

    async def run(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """Does `work` in the thread; raises `JournalUnavailable` when the database refuses."""
        return await _run(self._executor, lambda: work(self._connection))

    async def stop(self) -> None:
        await _run(self._executor, self._connection.close)
        self._executor.shutdown()


def lock_journal(data_dir: Path) -> FileLock:
    """Takes the journal of `data_dir` for this process; raises `JournalUnavailable` when another one has it."""
    lock = FileLock(data_dir / "journal.lock")
    try:
        lock.take()
    except FileLockBusy as error:
        lock.close()
        raise JournalUnavailable(f"another process runs the journal in {data_dir}") from error
    return lock


async def _run(executor: ThreadPoolExecutor, work: Callable[[], Result]) -> Result:
    try:
        return await asyncio.get_running_loop().run_in_executor(executor, work)
    except sqlite3.Error as error:
        raise JournalUnavailable(str(error)) from error


def _open_writer(path: Path, wait_s_max: float) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=wait_s_max, isolation_level=None
    )
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    return connection


def _open_reader(path: Path, wait_s_max: float) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=wait_s_max, isolation_level=None)


def _append_all(connection: sqlite3.Connection, appends: Sequence[Append]) -> list[Outcome]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        outcomes = [_append(connection, append) for append in appends]
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return outcomes


def _append(connection: sqlite3.Connection, append: Append) -> Outcome:
    entry = append.entry
    if entry.key is not None:
        used = _find_key(connection, entry.branch_id, entry.actor, entry.key)
        if used is not None:
            return KeyUsed(entry=used)
    day = (entry.branch_id, entry.business_on.isoformat())
    (head,) = connection.execute("SELECT max(seq) FROM entries WHERE branch_id = ? AND business_on = ?", day).fetchone()
    if entry.seq != (head or 0) + 1:
        return SeqTaken()
    at = _microseconds(entry.at)
    connection.execute(
        INSERT_ENTRY,
        (*day, entry.seq, entry.key, entry.fingerprint, at, entry.actor, entry.kind, entry.events, entry.answer),
    )
    if entry.key is not None:
        connection.execute(
            "INSERT INTO keys (branch_id, actor, key, business_on, seq, at) VALUES (?, ?, ?, ?, ?, ?)",
            (entry.branch_id, entry.actor, entry.key, day[1], entry.seq, at),
        )
    if append.due_changed:
        if append.due_at is None:
            connection.execute("DELETE FROM dues WHERE branch_id = ? AND business_on = ?", day)
        else:
            connection.execute("INSERT OR REPLACE INTO dues VALUES (?, ?, ?)", (*day, _microseconds(append.due_at)))
    return Appended()


def _load(connection: sqlite3.Connection, day: DayId, after_seq: int) -> list[Entry]:
    rows = connection.execute(SELECT_DAY, (day.branch_id, day.business_on.isoformat(), after_seq))
    return [_entry(row) for row in rows]


def _find_key(connection: sqlite3.Connection, branch_id: str, actor: str, key: str) -> Entry | None:
    row = connection.execute(SELECT_KEY, (branch_id, actor, key)).fetchone()
    return None if row is None else _entry(row)


def _entry(row: tuple[Any, ...]) -> Entry:
    branch_id, business_on, seq, key, fingerprint, at, actor, kind, events, answer = row
    return Entry(
        branch_id=branch_id,
        business_on=date.fromisoformat(business_on),
        seq=seq,
        key=key,
        fingerprint=fingerprint,
        at=_moment(at),
        actor=actor,
        kind=kind,
        events=events,
        answer=answer,
    )


def _day_id(branch_id: str, business_on: str) -> DayId:
    return DayId(branch_id=branch_id, business_on=date.fromisoformat(business_on))


def _microseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def _moment(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)
