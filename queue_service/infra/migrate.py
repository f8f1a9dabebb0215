"""Brings both databases to the version of this release: `queue-service migrate`, and the look before a start.

The migrations lie in `migrations/` beside the package in a checkout, and inside it in an installed wheel.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from queue_service.infra.database import postgres_engine, sqlite_reader, sqlite_writer
from queue_service.infra.filelock import FileLock
from queue_service.settings import Settings

MIGRATION_S_MAX = 3600
PACKAGE = Path(__file__).parent.parent


class Tree(StrEnum):
    """A line of versions: a file on SQLite, a schema on PostgreSQL."""

    JOURNAL = "journal"
    TABLES = "tables"


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


async def migrate(settings: Settings) -> None:
    """Applies what is missing, all or nothing for each tree; at once in several processes it happens once.

    On SQLite the service must be stopped: raises `FileLockBusy` when the journal is in use, `NotOfThisRelease` when a
    newer release has been at work.
    """
    logging.getLogger("alembic").setLevel(logging.WARNING)
    for tree in Tree:
        async with _alone(settings, tree) as connection:
            await connection.run_sync(_upgrade, settings, tree)


async def is_current(settings: Settings) -> bool:
    """Whether both databases have exactly the migrations of this release; False also when there is none yet."""
    return await release_of(settings) is Release.THIS


async def require_current(settings: Settings) -> None:
    """Raises `NotOfThisRelease`."""
    release = await release_of(settings)
    if release is not Release.THIS:
        raise NotOfThisRelease(release)


async def release_of(settings: Settings) -> Release:
    """Of which release the databases are; NOT_MIGRATED also when there is none yet."""
    releases = [await _release_of(settings, tree) for tree in Tree]
    return next((release for release in (Release.NEWER, Release.NOT_MIGRATED) if release in releases), Release.THIS)


async def _release_of(settings: Settings, tree: Tree) -> Release:
    if settings.database_url is None and not _file(settings, tree).exists():
        return Release.NOT_MIGRATED
    engine = _reader(settings, tree)
    try:
        async with engine.connect() as connection:
            heads = await connection.run_sync(_heads, settings, tree)
    finally:
        await engine.dispose()
    if not heads <= _known(tree):
        return Release.NEWER
    return Release.THIS if heads == _heads_released(tree) else Release.NOT_MIGRATED


@asynccontextmanager
async def _alone(settings: Settings, tree: Tree) -> AsyncIterator[AsyncConnection]:
    """A transaction in which nobody else migrates."""
    if settings.database_url is not None:
        patient = settings.model_copy(update={"database_wait_s_max": MIGRATION_S_MAX})
        engine = postgres_engine(patient, str(tree), 1)
        try:
            async with engine.begin() as connection:
                await connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('queue-service migrate'))"))
                await connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{tree}"'))
                yield connection
        finally:
            await engine.dispose()
        return
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = _file(settings, tree)
    lock = FileLock(path.with_suffix(".lock"))
    try:
        async with lock.held(settings.database_wait_s_max):
            engine = sqlite_writer(path, settings.database_wait_s_max)
            try:
                async with engine.begin() as connection:
                    yield connection
            finally:
                await engine.dispose()
    finally:
        lock.close()


def _reader(settings: Settings, tree: Tree) -> AsyncEngine:
    if settings.database_url is not None:
        return postgres_engine(settings, str(tree), 1)
    return sqlite_reader(_file(settings, tree), 1, settings.database_wait_s_max)


def _file(settings: Settings, tree: Tree) -> Path:
    return settings.data_dir / f"{tree}.db"


def _upgrade(connection: Connection, settings: Settings, tree: Tree) -> None:
    if not _heads(connection, settings, tree) <= _known(tree):
        raise NotOfThisRelease(Release.NEWER)
    config = _config(tree)
    config.attributes["connection"] = connection
    config.attributes["schema"] = _schema(settings, tree)
    command.upgrade(config, "heads")


def _heads(connection: Connection, settings: Settings, tree: Tree) -> frozenset[str]:
    context = MigrationContext.configure(connection, opts={"version_table_schema": _schema(settings, tree)})
    return frozenset(context.get_current_heads())


def _schema(settings: Settings, tree: Tree) -> str | None:
    return None if settings.database_url is None else str(tree)


@cache
def _heads_released(tree: Tree) -> frozenset[str]:
    return frozenset(ScriptDirectory.from_config(_config(tree)).get_heads())


@cache
def _known(tree: Tree) -> frozenset[str]:
    return frozenset(script.revision for script in ScriptDirectory.from_config(_config(tree)).walk_revisions())


def _config(tree: Tree) -> Config:
    inside, beside = PACKAGE / "migrations", PACKAGE.parent / "migrations"
    migrations = inside if inside.is_dir() else beside
    config = Config()
    config.set_main_option("path_separator", "newline")
    for option, path in (("script_location", migrations), ("version_locations", migrations / tree)):
        config.set_main_option(option, str(path).replace("%", "%%"))
    return config
