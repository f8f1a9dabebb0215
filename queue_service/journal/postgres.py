"""The journal in the schema `journal` of a PostgreSQL database that several processes share."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from datetime import date, datetime
from typing import Any, Self

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine

from queue_service.infra.database import postgres_engine
from queue_service.journal.batches import Batches, OnCommit, Waiting, check
from queue_service.journal.entries import Append, Appended, DayId, Entry, KeyUsed, Outcome, SeqTaken, Snapshot
from queue_service.journal.store import FORGET_MAX, FORGET_SNAPSHOTS_MAX, ExclusiveDay, JournalUnavailable
from queue_service.settings import Settings

RETRY_S = 0.1
"""Pause before a batch that failed is tried again."""

FAILURES = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    DBAPIError,
    PoolTimeoutError,
    OSError,
)
"""All that a database can do to us, from refusing to vanishing."""

LOCK = "SELECT pg_advisory_xact_lock(number) FROM unnest($1::bigint[]) AS number"
LOCK_FREE = "SELECT number FROM unnest($1::bigint[]) AS number WHERE pg_try_advisory_xact_lock(number)"

# One statement for a whole batch, everything or nothing. An entry whose predecessor neither exists nor comes with it
# (`follows`) is left out, so that counting what was written tells a gap; a taken seq or key raises.
INSERT = """
WITH batch AS (
    SELECT * FROM unnest(
        $1::text[], $2::date[], $3::int[], $4::text[], $5::bytea[], $6::timestamptz[], $7::text[], $8::text[],
        $9::bytea[], $10::bytea[], $11::bool[]
    ) AS b (branch_id, business_on, seq, key, fingerprint, at, actor, kind, events, answer, follows)
), kept AS (
    INSERT INTO journal.entries (branch_id, business_on, seq, key, fingerprint, at, actor, kind, events, answer)
    SELECT branch_id, business_on, seq, key, fingerprint, at, actor, kind, events, answer FROM batch
    WHERE follows OR seq = 1 OR EXISTS (
        SELECT FROM journal.entries AS e
        WHERE (e.branch_id, e.business_on, e.seq) = (batch.branch_id, batch.business_on, batch.seq - 1)
    )
    RETURNING 1
), keyed AS (
    INSERT INTO journal.keys (branch_id, actor, key, business_on, seq, at)
    SELECT branch_id, actor, key, business_on, seq, at FROM batch WHERE key IS NOT NULL
), due AS (
    SELECT * FROM unnest($12::text[], $13::date[], $14::timestamptz[]) AS d (branch_id, business_on, due_at)
), woken AS (
    INSERT INTO journal.dues (branch_id, business_on, due_at)
    SELECT branch_id, business_on, due_at FROM due WHERE due_at IS NOT NULL
    ON CONFLICT (branch_id, business_on) DO UPDATE SET due_at = excluded.due_at
), ended AS (
    DELETE FROM journal.dues USING due
    WHERE (dues.branch_id, dues.business_on) = (due.branch_id, due.business_on) AND due.due_at IS NULL
)
SELECT count(*) FROM kept
"""
SELECT_DAY = """
SELECT branch_id, business_on, seq, key, fingerprint, at, actor, kind, events, answer FROM journal.entries
WHERE branch_id = $1 AND business_on = $2 AND seq > $3 ORDER BY seq
"""
SELECT_SNAPSHOT = """
SELECT branch_id, business_on, seq, at, rules, state FROM journal.snapshots WHERE branch_id = $1 AND business_on = $2
"""
KEEP_SNAPSHOT = """
INSERT INTO journal.snapshots (branch_id, business_on, seq, at, rules, state) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (branch_id, business_on) DO UPDATE
SET seq = excluded.seq, at = excluded.at, rules = excluded.rules, state = excluded.state
WHERE snapshots.seq < excluded.seq OR snapshots.rules <> excluded.rules
"""
FORGET_SNAPSHOTS = """
DELETE FROM journal.snapshots WHERE ctid IN (SELECT ctid FROM journal.snapshots WHERE business_on < $1 LIMIT $2)
"""
SELECT_SEQS = """
SELECT e.branch_id, e.business_on, e.seq, e.key, e.fingerprint, e.at, e.actor, e.kind, e.events, e.answer
FROM unnest($1::text[], $2::date[], $3::int[]) AS b (branch_id, business_on, seq)
JOIN journal.entries AS e USING (branch_id, business_on, seq)
"""
SELECT_KEYS = """
SELECT e.branch_id, e.business_on, e.seq, e.key, e.fingerprint, e.at, e.actor, e.kind, e.events, e.answer
FROM unnest($1::text[], $2::text[], $3::text[]) AS b (branch_id, actor, key)
JOIN journal.keys AS k USING (branch_id, actor, key)
JOIN journal.entries AS e ON (e.branch_id, e.business_on, e.seq) = (k.branch_id, k.business_on, k.seq)
"""
SELECT_HEADS = """
SELECT branch_id, business_on, (
    SELECT max(seq) FROM journal.entries AS e WHERE (e.branch_id, e.business_on) = (b.branch_id, b.business_on)
) FROM unnest($1::text[], $2::date[]) AS b (branch_id, business_on)
"""
DUE_DAYS = "SELECT branch_id, business_on, due_at FROM journal.dues WHERE due_at <= $1 ORDER BY due_at LIMIT $2"
DAYS = "SELECT business_on FROM journal.entries WHERE branch_id = $1 AND seq = 1 ORDER BY business_on"
LATEST_DAY = "SELECT max(business_on) FROM journal.entries WHERE branch_id = $1"
FORGET = "DELETE FROM journal.keys WHERE ctid IN (SELECT ctid FROM journal.keys WHERE at < $1 LIMIT $2)"


class PostgresJournal:
    """A `Journal` on PostgreSQL.

    Every writer holds the advisory lock of each branch that it writes, until its transaction has ended. A batch is
    first written at once, for the branches that nobody else holds. What then conflicts, waits for another process or
    was on a lost connection is settled beside the writer: under the locks, after looking at what is there.
    """

    def __init__(self, engine: AsyncEngine, settings: Settings, on_commit: OnCommit | None) -> None:
        self._engine = engine
        self._wait_s_max = settings.database_wait_s_max
        self._writer: asyncpg.Connection | None = None  # kept: taking it from the pool for each batch costs a half more
        self._writer_kept = AsyncExitStack()
        self._batches = Batches(
            self._write,
            pending_max=settings.journal_pending_max,
            batch_max=settings.journal_batch_max,
            on_commit=on_commit,
        )

    @classmethod
    async def open(cls, settings: Settings, on_commit: OnCommit | None = None) -> Self:
        """Opens the migrated database; raises `JournalUnavailable` when it does not answer."""
        journal = cls(postgres_engine(settings, "journal", settings.journal_pool_max), settings, on_commit)
        await journal.ping()
        return journal

    @property
    def pending(self) -> int:
        return self._batches.pending

    async def append(self, append: Append) -> Outcome:
        return await self._batches.append(append)

    async def load(self, day: DayId, after_seq: int = 0) -> list[Entry]:
        async with self._reading() as connection:
            return await _load(connection, day, after_seq)

    async def snapshot(self, day: DayId) -> Snapshot | None:
        async with self._reading() as connection:
            row = await connection.fetchrow(SELECT_SNAPSHOT, day.branch_id, day.business_on)
        return None if row is None else Snapshot(**row)

    async def keep_snapshot(self, snapshot: Snapshot) -> None:
        day = snapshot.branch_id, snapshot.business_on
        async with self._reading() as connection:
            await connection.execute(KEEP_SNAPSHOT, *day, snapshot.seq, snapshot.at, snapshot.rules, snapshot.state)

    async def forget_snapshots(self, before: date) -> int:
        return await self._forget(FORGET_SNAPSHOTS, before, FORGET_SNAPSHOTS_MAX)

    async def find_key(self, branch_id: str, actor: str, key: str) -> Entry | None:
        async with self._reading() as connection:
            return await _find_key(connection, branch_id, actor, key)

    async def due_days(self, until: datetime, limit: int) -> list[tuple[DayId, datetime]]:
        async with self._reading() as connection:
            rows = await connection.fetch(DUE_DAYS, until, limit)
        return [
            (DayId(branch_id=branch_id, business_on=business_on), due_at) for branch_id, business_on, due_at in rows
        ]

    async def days(self, branch_id: str) -> list[date]:
        async with self._reading() as connection:
            return [business_on for (business_on,) in await connection.fetch(DAYS, branch_id)]

    async def latest_day(self, branch_id: str) -> date | None:
        async with self._reading() as connection:
            business_on: date | None = await connection.fetchval(LATEST_DAY, branch_id)
            return business_on

    @asynccontextmanager
    async def exclusive(self, day: DayId) -> AsyncIterator[ExclusiveDay]:
        written: list[Append] = []
        async with AsyncExitStack() as stack:
            with _failures_told():
                connection = await stack.enter_async_context(self._connection())
                transaction = connection.transaction(isolation="read_committed")
                await transaction.start()
                await connection.execute(LOCK, [_lock_number(day.branch_id)])
            try:
                yield _LockedDay(connection, day, written)
            except BaseException:
                with suppress(*FAILURES):
                    await transaction.rollback()
                raise
            try:
                await transaction.commit()
                return
            except FAILURES as error:
                lost = error
        outcomes = await self._settle_until_known(written)
        if not all(isinstance(outcome, Appended) for outcome in outcomes):
            raise JournalUnavailable("the connection was lost and another writer came first") from lost

    async def forget_keys(self, before: datetime) -> int:
        return await self._forget(FORGET, before, FORGET_MAX)

    async def ping(self) -> None:
        """Asks only: a server that is a standby, or whose disk made somebody set it to read only, says so."""
        async with self._reading() as connection:
            if await connection.fetchval("SHOW transaction_read_only") == "on":
                raise asyncpg.ReadOnlySQLTransactionError("the database is read only")

    async def clock_off_s(self, now: datetime) -> float:
        """Against the server's clock, which all processes share."""
        async with self._reading() as connection:
            server_now: datetime = await connection.fetchval("SELECT clock_timestamp()")
        return abs((server_now - now).total_seconds())

    async def close(self) -> None:
        await self._batches.close()
        await self._writer_kept.aclose()
        await self._engine.dispose()

    async def _forget(self, statement: str, before: date | datetime, at_once: int) -> int:
        forgotten = 0
        while True:
            async with self._reading() as connection:
                status: str = await connection.execute(statement, before, at_once)
            count = int(status.removeprefix("DELETE "))
            forgotten += count
            if count < at_once:
                return forgotten

    async def _write(self, batch: Sequence[Waiting]) -> None:
        batch = sorted(batch, key=lambda waiting: _order(waiting.append))
        try:
            if self._writer is None:
                self._writer = await self._writer_kept.enter_async_context(self._connection())
            later = await self._write_free(self._writer, batch)
        except (*FAILURES, _Gap):
            later = batch
            self._writer = None
            await self._writer_kept.aclose()
        if later:
            self._batches.start(later, self._settle(later))

    async def _write_free(self, connection: asyncpg.Connection, batch: Sequence[Waiting]) -> list[Waiting]:
        """Writes and settles what belongs to branches that nobody holds; gives back the rest."""
        numbers = {waiting.append.entry.branch_id: _lock_number(waiting.append.entry.branch_id) for waiting in batch}
        async with connection.transaction(isolation="read_committed"):
            free = {number for (number,) in await connection.fetch(LOCK_FREE, sorted(set(numbers.values())))}
            ready = [waiting for waiting in batch if numbers[waiting.append.entry.branch_id] in free]
            await _insert(connection, [waiting.append for waiting in ready])
        for waiting in ready:
            waiting.settle(Appended())
        return [waiting for waiting in batch if numbers[waiting.append.entry.branch_id] not in free]

    async def _settle(self, batch: Sequence[Waiting]) -> None:
        outcomes = await self._settle_until_known([waiting.append for waiting in batch])
        for waiting, outcome in zip(batch, outcomes, strict=True):
            waiting.settle(outcome)

    async def _settle_until_known(self, appends: Sequence[Append]) -> list[Outcome]:
        """Settles what may be written already.

        A lost transaction that is still at work holds the locks: here it ends first. One that comes later finds its seq
        taken. So trying again can not write twice.
        """
        deadline = asyncio.get_running_loop().time() + self._wait_s_max
        while True:
            try:
                async with self._connection() as connection, connection.transaction(isolation="read_committed"):
                    return await _settle(connection, appends)
            except FAILURES as error:
                if asyncio.get_running_loop().time() >= deadline:
                    raise JournalUnavailable(str(error)) from error
            await asyncio.sleep(RETRY_S)

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[asyncpg.Connection]:
        with _failures_told():
            async with self._connection() as connection:
                yield connection

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[asyncpg.Connection]:
        async with self._engine.connect() as pooled:
            connection = (await pooled.get_raw_connection()).driver_connection
            assert connection is not None
            try:
                yield connection
            finally:
                if connection.is_closed() or connection.is_in_transaction():
                    await pooled.invalidate()  # cancelled at a bad moment: never back into the pool with a lock


class _LockedDay:
    def __init__(self, connection: asyncpg.Connection, day: DayId, written: list[Append]) -> None:
        self._connection = connection
        self._day = day
        self._written = written

    async def load(self, after_seq: int = 0) -> list[Entry]:
        with _failures_told():
            return await _load(self._connection, self._day, after_seq)

    async def find_key(self, actor: str, key: str) -> Entry | None:
        with _failures_told():
            return await _find_key(self._connection, self._day.branch_id, actor, key)

    async def append(self, append: Append) -> Outcome:
        assert append.entry.day == self._day
        check(append)
        with _failures_told():
            (outcome,) = await _settle(self._connection, [append])
        if isinstance(outcome, Appended):
            self._written.append(append)
        return outcome


class _Gap(Exception):
    """An entry's predecessor is missing."""


async def _load(connection: asyncpg.Connection, day: DayId, after_seq: int) -> list[Entry]:
    return _entries(await connection.fetch(SELECT_DAY, day.branch_id, day.business_on, after_seq))


async def _find_key(connection: asyncpg.Connection, branch_id: str, actor: str, key: str) -> Entry | None:
    found = _entries(await connection.fetch(SELECT_KEYS, [branch_id], [actor], [key]))
    return found[0] if found else None


async def _settle(connection: asyncpg.Connection, appends: Sequence[Append]) -> list[Outcome]:
    """Takes the locks, then writes what goes in and says what does not."""
    entries = [append.entry for append in appends]
    await connection.execute(LOCK, sorted({_lock_number(entry.branch_id) for entry in entries}))
    seqs = await connection.fetch(SELECT_SEQS, *_columns((e.branch_id, e.business_on, e.seq) for e in entries))
    keys = await connection.fetch(SELECT_KEYS, *_columns((e.branch_id, e.actor, e.key) for e in entries))
    days = await connection.fetch(SELECT_HEADS, *_columns({(e.branch_id, e.business_on) for e in entries}))
    kept = {(entry.day, entry.seq): entry for entry in _entries(seqs)}
    used = {(entry.branch_id, entry.actor, entry.key): entry for entry in _entries(keys)}
    heads = {DayId(branch_id=branch_id, business_on=business_on): seq or 0 for branch_id, business_on, seq in days}
    outcomes: list[Outcome] = []
    fresh: list[Append] = []
    for append, entry in zip(appends, entries, strict=True):
        key = (entry.branch_id, entry.actor, entry.key)
        if kept.get((entry.day, entry.seq)) == entry:
            outcomes.append(Appended())  # by a commit whose answer was lost
        elif key in used:
            outcomes.append(KeyUsed(entry=used[key]))
        elif entry.seq != heads[entry.day] + 1:
            outcomes.append(SeqTaken())
        else:
            outcomes.append(Appended())
            fresh.append(append)
            heads[entry.day] = entry.seq
            if entry.key is not None:
                used[key] = entry
    await _insert(connection, fresh)
    return outcomes


async def _insert(connection: asyncpg.Connection, appends: Sequence[Append]) -> None:
    """Writes all of them, sorted, or raises."""
    if not appends:
        return
    entries = [append.entry for append in appends]
    within = {(entry.day, entry.seq) for entry in entries}
    dues = {append.entry.day: append.due_at for append in appends if append.due_changed}
    kept = await connection.fetchval(
        INSERT,
        *_columns(
            (
                *(e.branch_id, e.business_on, e.seq, e.key, e.fingerprint),
                *(e.at, e.actor, e.kind, e.events, e.answer, (e.day, e.seq - 1) in within),
            )
            for e in entries
        ),
        [day.branch_id for day in dues],
        [day.business_on for day in dues],
        list(dues.values()),
    )
    if kept != len(appends):
        raise _Gap


@contextmanager
def _failures_told() -> Iterator[None]:
    try:
        yield
    except FAILURES as error:
        raise JournalUnavailable(str(error)) from error


def _entries(rows: Iterable[asyncpg.Record]) -> list[Entry]:
    return [Entry(**row) for row in rows]


def _columns(rows: Iterable[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _order(append: Append) -> tuple[str, date, int]:
    return append.entry.branch_id, append.entry.business_on, append.entry.seq


def _lock_number(branch_id: str) -> int:
    """Two branches with one number merely wait for each other."""
    return int.from_bytes(hashlib.blake2b(branch_id.encode(), digest_size=8, person=b"journal").digest(), signed=True)
