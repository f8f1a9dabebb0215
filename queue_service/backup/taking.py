"""Takes a backup of a service that goes on: all of one moment, of the journal and of the tables alike."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from queue_service import __version__
from queue_service.backup import columns
from queue_service.backup.archive import ROWS, Writer, written
from queue_service.infra.database import postgres_engine, sqlite_reader
from queue_service.infra.filelock import FileLock
from queue_service.infra.migrate import (
    MIGRATION_S_MAX,
    NotOfThisRelease,
    Release,
    Tree,
    are_known,
    file_of,
    heads_of,
    is_there,
    schema_of,
)
from queue_service.settings import Settings

Progress = Callable[[str, int], None]
"""Called with a table's name and the rows of it that are done."""


async def take(settings: Settings, path: Path, now: datetime, progress: Progress) -> None:
    """Writes everything that is durable now to a new file at `path`.

    Nobody waits for it longer than it takes to begin. What a former release left is taken as it is, so that it can be
    before an upgrade. Raises `NotOfThisRelease` where there is nothing yet, or a newer release was at work.
    """
    async with _one_moment(settings) as connections:
        heads = {tree: await heads_of(connection, settings, tree) for tree, connection in connections.items()}
        if not are_known(heads):
            raise NotOfThisRelease(Release.NEWER)
        if not all(heads.values()):
            raise NotOfThisRelease(Release.NOT_MIGRATED)
        with written(path, __version__, now, heads) as writer:
            for tree, connection in connections.items():
                await _copy(connection, settings, tree, writer, progress)


@asynccontextmanager
async def _one_moment(settings: Settings) -> AsyncIterator[Mapping[Tree, AsyncConnection]]:
    """Reading transactions that see one and the same moment of both trees.

    On PostgreSQL they are one. On SQLite, where each file has a moment of its own, the tables are kept from changing
    while both begin: so the tables are as they were when the journal was.
    """
    async with AsyncExitStack() as stack:
        connections = {}
        if settings.database_url is not None:
            patient = settings.model_copy(update={"database_wait_s_max": MIGRATION_S_MAX})
            engine = postgres_engine(patient, str(Tree.JOURNAL), 1)
            stack.push_async_callback(engine.dispose)
            reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            connections = dict.fromkeys(Tree, await stack.enter_async_context(reader.connect()))
            await _look(connections, settings)
        else:
            if not is_there(settings):
                raise NotOfThisRelease(Release.NOT_MIGRATED)
            for tree in Tree:
                engine = sqlite_reader(file_of(settings, tree), 1, settings.database_wait_s_max)
                stack.push_async_callback(engine.dispose)
                connections[tree] = await stack.enter_async_context(engine.connect())
            lock = FileLock(file_of(settings, Tree.TABLES).with_suffix(".lock"))
            stack.callback(lock.close)
            async with lock.held(settings.database_wait_s_max):
                await _look(connections, settings)
        yield connections


async def _look(connections: Mapping[Tree, AsyncConnection], settings: Settings) -> None:
    """A transaction's moment is that of its first look."""
    for tree, connection in connections.items():
        await heads_of(connection, settings, tree)


async def _copy(
    connection: AsyncConnection, settings: Settings, tree: Tree, writer: Writer, progress: Progress
) -> None:
    for table in await connection.run_sync(columns.tables, schema_of(settings, tree)):
        with writer.member(tree, str(table.name), columns.kinds(table)) as member:
            query = select(table).order_by(*table.primary_key).execution_options(yield_per=ROWS)
            async with connection.stream(query) as found:
                async for rows in found.partitions():
                    member.write(rows)
                    progress(table.name, member.rows)
