"""Brings both databases to this release, or back to a former one: `queue-service migrate`, and the look before a start.

The migrations lie in `migrations/` beside the package in a checkout, and inside it in an installed wheel; which of them
a release has stands there in `releases.json`.
"""

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

import msgspec
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import func, inspect, select, table, text
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from queue_service.infra import exchange
from queue_service.infra.database import Database, postgres_engine, sqlite_reader, sqlite_writer
from queue_service.infra.filelock import FileLock
from queue_service.settings import Settings

MIGRATION_S_MAX = 3600
PACKAGE = Path(__file__).parent.parent
BOOK = "alembic_version"
"""The table in which each tree keeps what it is at."""


class Tree(StrEnum):
    """A line of versions: a file on SQLite, a schema on PostgreSQL."""

    JOURNAL = "journal"
    TABLES = "tables"


Heads = Mapping[Tree, frozenset[str]]
"""What the databases are at: the newest migrations of each tree."""


class Release(StrEnum):
    """Of which release the databases are, seen from this one."""

    THIS = "this"
    NOT_MIGRATED = "not_migrated"
    NEWER = "newer"


class NotOfThisRelease(Exception):
    """The databases cannot be used as they are."""

    def __init__(self, release: Release) -> None:
        super().__init__(release)
        self.release = release


class DatabaseInUse(Exception):
    """Others of the service are connected to a PostgreSQL database that must be left alone."""

    def __init__(self, connections: int) -> None:
        super().__init__(connections)
        self.connections = connections


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """What a way down drops with `rows` in it: a table, or one column of it."""

    table: str
    column: str | None
    rows: int


async def migrate(settings: Settings, to: Heads | None = None) -> None:
    """Applies what is missing, all or nothing for each tree; at once in several processes it happens once.

    `to` = exactly these, undoing what came after them; None = those of this release.
    On SQLite the service must be stopped: raises `FileLockBusy` when the journal is in use; on PostgreSQL only for the
    way down: raises `DatabaseInUse`. Raises `NotOfThisRelease` when a newer release has been at work.
    """
    async with alone(settings):
        for tree in Tree:
            async with transaction(settings, tree) as connection:
                if to is None:
                    await upgrade(connection, settings, tree)
                else:
                    await move(connection, settings, tree, to)


async def losses(settings: Settings, to: Heads) -> list[Loss]:
    """The rows that `migrate` would drop on its way to `to`: goes it, looks, and takes it back. Raises as it does."""
    lost: list[Loss] = []
    async with alone(settings):
        for tree in Tree:
            async with transaction(settings, tree) as connection:
                before = await connection.run_sync(_columns)
                rows = {name: await connection.scalar(select(func.count()).select_from(table(name))) for name in before}
                async with connection.begin_nested() as trial:
                    await move(connection, settings, tree, to)
                    after = await connection.run_sync(_columns)
                    await trial.rollback()
            for name in sorted(name for name, count in rows.items() if count):
                gone: list[str | None] = [*sorted(before[name] - after[name])] if name in after else [None]
                lost.extend(Loss(table=name, column=column, rows=rows[name] or 0) for column in gone)
    return lost


async def upgrade(connection: AsyncConnection, settings: Settings, tree: Tree, to: Heads | None = None) -> None:
    """Applies what is missing to one tree, inside the transaction of a connection that sees it alone."""
    await connection.run_sync(_upgrade, settings, tree, _heads_released(tree) if to is None else to[tree])


async def move(connection: AsyncConnection, settings: Settings, tree: Tree, to: Heads) -> None:
    """Applies what is missing and undoes what came after, as `upgrade` does."""
    later = await connection.run_sync(_later, settings, tree, to[tree])
    if later and settings.database_url is not None:
        await require_unused(connection)
    await connection.run_sync(_downgrade, settings, tree, later)
    await upgrade(connection, settings, tree, to)


async def is_current(settings: Settings) -> bool:
    """Whether both databases have exactly the migrations of this release; False also when there is none yet."""
    return await release_of(settings) is Release.THIS


async def require_current(settings: Settings) -> None:
    """Raises `NotOfThisRelease`."""
    release = await release_of(settings)
    if release is not Release.THIS:
        raise NotOfThisRelease(release)


async def release_of(settings: Settings, database: Database | None = None) -> Release:
    """Of which release the databases are; NOT_MIGRATED also when there is none yet.

    `database`: whose connections are used where they reach.
    """
    if settings.database_url is None and not is_there(settings):
        return Release.NOT_MIGRATED
    found = [await _release_of(settings, tree, database) for tree in Tree]
    return next((release for release in (Release.NEWER, Release.NOT_MIGRATED) if release in found), Release.THIS)


def heads_released() -> Heads:
    """What the databases are at in this release."""
    return {tree: _heads_released(tree) for tree in Tree}


def are_known(heads: Heads) -> bool:
    """Whether this release has all of these migrations; it has not what a newer one brought."""
    return all(heads[tree] <= _known(tree) for tree in Tree)


def releases() -> Mapping[str, Heads]:
    """What the databases are at in every release, the oldest first."""
    return msgspec.json.decode((_folder() / "releases.json").read_bytes(), type=dict[str, dict[Tree, frozenset[str]]])


@asynccontextmanager
async def alone(settings: Settings) -> AsyncIterator[None]:
    """While nobody else has the SQLite files; raises `FileLockBusy`. On PostgreSQL each transaction sees to it."""
    if settings.database_url is not None:
        yield
        return
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        for tree in Tree:
            lock = FileLock(file_of(settings, tree).with_suffix(".lock"))
            stack.callback(lock.close)
            await stack.enter_async_context(lock.held(settings.database_wait_s_max))
        exchange.finish(settings.data_dir)
        yield


@asynccontextmanager
async def transaction(settings: Settings, tree: Tree) -> AsyncIterator[AsyncConnection]:
    """One transaction that sees one tree; on PostgreSQL no other such one runs at the same time."""
    if settings.database_url is None:
        engine = sqlite_writer(file_of(settings, tree), settings.database_wait_s_max)
    else:
        engine = postgres_engine(settings.model_copy(update={"database_wait_s_max": MIGRATION_S_MAX}), str(tree), 1)
    try:
        async with engine.begin() as connection:
            if settings.database_url is not None:
                await connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('queue-service migrate'))"))
                await connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{tree}"'))
            yield connection
    finally:
        await engine.dispose()


async def require_unused(connection: AsyncConnection) -> None:
    """Raises `DatabaseInUse` where the service is connected to this PostgreSQL database otherwise than by us."""
    others = await connection.scalar(
        text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND application_name LIKE 'queue-service %' AND pid <> pg_backend_pid()"
        )
    )
    if others:
        raise DatabaseInUse(others)


async def heads_of(connection: AsyncConnection, settings: Settings, tree: Tree) -> frozenset[str]:
    """What a tree is at, as the connection's transaction sees it."""
    return await connection.run_sync(_heads, settings, tree)


def is_there(settings: Settings) -> bool:
    """Whether the SQLite files are there, of one time both."""
    return all(file_of(settings, tree).exists() for tree in Tree) and not exchange.is_unfinished(settings.data_dir)


def file_of(settings: Settings, tree: Tree) -> Path:
    """Where SQLite keeps a tree."""
    return settings.data_dir / f"{tree}.db"


def schema_of(settings: Settings, tree: Tree) -> str | None:
    """Where PostgreSQL keeps a tree; None on SQLite, whose files have one each."""
    return None if settings.database_url is None else str(tree)


async def _release_of(settings: Settings, tree: Tree, database: Database | None) -> Release:
    async with _reading(settings, tree, database) as connection:
        heads = await heads_of(connection, settings, tree)
    if not heads <= _known(tree):
        return Release.NEWER
    return Release.THIS if heads == _heads_released(tree) else Release.NOT_MIGRATED


@asynccontextmanager
async def _reading(settings: Settings, tree: Tree, database: Database | None) -> AsyncIterator[AsyncConnection]:
    """A connection that can read which migrations a tree has."""
    if database is not None and (settings.database_url is not None or tree is Tree.TABLES):
        async with database.read() as connection:
            yield connection
        return
    engine = _reader(settings, tree)
    try:
        async with engine.connect() as connection:
            yield connection
    finally:
        await engine.dispose()


def _reader(settings: Settings, tree: Tree) -> AsyncEngine:
    if settings.database_url is not None:
        return postgres_engine(settings, str(tree), 1)
    return sqlite_reader(file_of(settings, tree), 1, settings.database_wait_s_max)


def _later(connection: Connection, settings: Settings, tree: Tree, to: frozenset[str]) -> list[str]:
    """What is applied and not among `to` and what these build on; what builds on others comes first."""
    applied, kept = _with_former(tree, _applied(connection, settings, tree)), set(_with_former(tree, to))
    return [revision for revision in applied if revision not in kept]


def _downgrade(connection: Connection, settings: Settings, tree: Tree, revisions: list[str]) -> None:
    config = _config(tree, connection, settings)
    script = ScriptDirectory.from_config(config)
    for revision in revisions:
        before = script.get_revision(revision).down_revision
        assert before is None or isinstance(before, str), "a feature's migrations are a chain"
        command.downgrade(config, before or f"{revision}@base")


def _upgrade(connection: Connection, settings: Settings, tree: Tree, to: frozenset[str]) -> None:
    _applied(connection, settings, tree)
    config = _config(tree, connection, settings)
    for head in sorted(to):
        command.upgrade(config, head)


def _applied(connection: Connection, settings: Settings, tree: Tree) -> frozenset[str]:
    heads = _heads(connection, settings, tree)
    if not heads <= _known(tree):
        raise NotOfThisRelease(Release.NEWER)
    return heads


def _heads(connection: Connection, settings: Settings, tree: Tree) -> frozenset[str]:
    context = MigrationContext.configure(connection, opts={"version_table_schema": schema_of(settings, tree)})
    return frozenset(context.get_current_heads())


def _columns(connection: Connection) -> dict[str, frozenset[str]]:
    """The columns of every table that the connection sees first."""
    inspector = inspect(connection)
    return {
        name: frozenset(column["name"] for column in inspector.get_columns(name))
        for name in inspector.get_table_names()
        if name != BOOK
    }


def _with_former(tree: Tree, heads: frozenset[str]) -> list[str]:
    """These and all that they build on, what builds on others first."""
    script = ScriptDirectory.from_config(_config(tree))
    return [found.revision for found in script.iterate_revisions(tuple(sorted(heads)), "base")] if heads else []


@cache
def _heads_released(tree: Tree) -> frozenset[str]:
    return frozenset(ScriptDirectory.from_config(_config(tree)).get_heads())


@cache
def _known(tree: Tree) -> frozenset[str]:
    return frozenset(script.revision for script in ScriptDirectory.from_config(_config(tree)).walk_revisions())


def _config(tree: Tree, connection: Connection | None = None, settings: Settings | None = None) -> Config:
    logging.getLogger("alembic").setLevel(logging.WARNING)
    config = Config()
    config.set_main_option("path_separator", "newline")
    for option, path in (("script_location", _folder()), ("version_locations", _folder() / tree)):
        config.set_main_option(option, str(path).replace("%", "%%"))
    config.attributes["connection"] = connection
    config.attributes["schema"] = None if settings is None else schema_of(settings, tree)
    return config


def _folder() -> Path:
    inside = PACKAGE / "migrations"
    return inside if inside.is_dir() else PACKAGE.parent / "migrations"
