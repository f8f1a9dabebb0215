"""Proves a backup, and puts it in the place of what is there: everything or nothing."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import date
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

from sqlalchemy import MetaData, exists, insert, select, text
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from queue_service.backup import columns
from queue_service.backup.archive import ROWS, DamagedBackup, Member, NewerBackup, Reader
from queue_service.backup.taking import Progress
from queue_service.hall.evolve import replay
from queue_service.hall.invariants import violations
from queue_service.infra import exchange
from queue_service.infra.migrate import (
    Tree,
    alone,
    are_known,
    file_of,
    require_unused,
    schema_of,
    transaction,
    upgrade,
)
from queue_service.journal import codec
from queue_service.settings import Settings

ENTRIES = "entries"
of_day = itemgetter("branch_id", "business_on")

OpenTree = Callable[[Tree], AbstractAsyncContextManager[AsyncConnection]]
"""One tree of what will be there, empty, in a transaction."""


class NotEmpty(Exception):
    """There is data where the backup would go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenDay:
    """A day of the journal that the rules do not replay cleanly; it was so when the backup was taken."""

    branch_id: str
    business_on: date
    fault: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a backup was found to hold."""

    days: int
    entries: int
    rows: int
    broken: tuple[BrokenDay, ...]


def prove(reader: Reader, progress: Progress) -> Proof:
    """Reads every row against its digest and replays every day.

    Raises `DamagedBackup`, and `NewerBackup` where this release lacks what the file was written with. A broken day is
    told and no more: nobody else has that data.
    """
    manifest = reader.manifest
    if not are_known(manifest.heads):
        raise NewerBackup(manifest.release)
    days = entries = 0
    broken: list[BrokenDay] = []
    for member in manifest.members:
        rows = _told(reader, member, progress)
        if (member.tree, member.table) == (Tree.JOURNAL, ENTRIES):
            for (branch_id, business_on), of_one_day in groupby(rows, of_day):
                held = list(of_one_day)
                days, entries = days + 1, entries + len(held)
                try:
                    fault = _fault(held)
                except codec.UnknownEvent as error:
                    raise NewerBackup(manifest.release) from error
                if fault is not None:
                    broken.append(BrokenDay(branch_id=branch_id, business_on=business_on, fault=fault))
        else:
            for _ in rows:
                pass
    rows_all = sum(member.rows for member in manifest.members)
    return Proof(days=days, entries=entries, rows=rows_all, broken=tuple(broken))


async def restore(settings: Settings, reader: Reader, progress: Progress, *, replaces: bool = False) -> None:
    """Puts a proven backup where `settings` point, on whichever kind of database, and brings it to this release.

    Nobody is signed in there: a session that was ended after the backup must not come back, so all go.
    What is there goes, if `replaces`; else `NotEmpty` is raised when there is any. The service must be stopped: raises
    `FileLockBusy` on SQLite, `DatabaseInUse` on PostgreSQL. Whatever is raised, what was there is there.
    """
    target = _sqlite if settings.database_url is None else _postgres
    async with target(settings, replaces) as open_tree:
        for tree in Tree:
            async with open_tree(tree) as connection:
                await upgrade(connection, settings, tree, reader.manifest.heads)
                await _fill(connection, schema_of(settings, tree), tree, reader, progress)
                await upgrade(connection, settings, tree)
                if tree is Tree.TABLES:
                    await connection.execute(text("DELETE FROM sessions"))


async def _fill(
    connection: AsyncConnection, schema: str | None, tree: Tree, reader: Reader, progress: Progress
) -> None:
    tables = {table.name: table for table in await connection.run_sync(columns.tables, schema)}
    members = [member for member in reader.manifest.members if member.tree is tree]
    if {name: columns.kinds(table) for name, table in tables.items()} != {one.table: one.columns for one in members}:
        raise DamagedBackup
    for member in members:
        rows = _told(reader, member, progress)
        while held := list(islice(rows, ROWS)):
            await connection.execute(insert(tables[member.table]), held)


@asynccontextmanager
async def _sqlite(settings: Settings, replaces: bool) -> AsyncIterator[OpenTree]:
    """New files, which take the place of the old ones at the end."""
    async with alone(settings):
        for tree in Tree:
            if not replaces and file_of(settings, tree).exists():
                async with transaction(settings, tree) as connection:
                    await connection.run_sync(_require_empty, None)
        growing = exchange.begin(settings.data_dir)
        try:
            yield lambda tree: transaction(settings.model_copy(update={"data_dir": growing}), tree)
            exchange.commit(settings.data_dir)
        finally:
            exchange.forget(settings.data_dir)


@asynccontextmanager
async def _postgres(settings: Settings, replaces: bool) -> AsyncIterator[OpenTree]:
    """One transaction, in which the schemas stay, with whatever rights were given on them."""
    async with transaction(settings, Tree.JOURNAL) as connection:
        await require_unused(connection)
        for tree in Tree:
            await connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{tree}"'))
            if not replaces:
                await connection.run_sync(_require_empty, str(tree))
            await connection.run_sync(_drop, str(tree))

        @asynccontextmanager
        async def open_tree(tree: Tree) -> AsyncIterator[AsyncConnection]:
            await connection.execute(text(f'SET LOCAL search_path TO "{tree}"'))
            yield connection

        yield open_tree


def _require_empty(connection: Connection, schema: str | None) -> None:
    for table in columns.tables(connection, schema):
        if connection.scalar(select(exists().select_from(table))):
            raise NotEmpty


def _drop(connection: Connection, schema: str) -> None:
    found = MetaData(schema=schema)
    found.reflect(connection)
    found.drop_all(connection)


def _told(reader: Reader, member: Member, progress: Progress) -> Any:
    for count, row in enumerate(reader.rows(member), 1):
        yield row
        if count % ROWS == 0 or count == member.rows:
            progress(member.table, count)


def _fault(rows: list[dict[str, Any]]) -> str | None:
    """What is wrong with a day first, in words for its makers."""
    try:
        day = replay((row["seq"], row["at"], codec.decode(row["events"])) for row in rows)
    except (
        AssertionError,
        LookupError,
        ValueError,
    ) as error:  # what rules say to entries that cannot follow each other
        return f"{type(error).__name__}: {error}"
    return next(violations(day), None)
