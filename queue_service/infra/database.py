"""The tables beside the journal (catalog, identity, reports), by SQLAlchemy Core on SQLite or PostgreSQL.

For whoever adds tables:
- declare each `Table` in the feature's `store.py` on `metadata`, **without a schema**: on SQLite they live in the file
  `tables.db`, on PostgreSQL in the schema `tables`, the only `search_path` of every connection from here;
- add one file to `migrations/tables/` (how: the comment in `migrations/env.py`); nothing is created at start;
- use `Moment()` for times; `JSON`, `LargeBinary`, `Date`, `Boolean` behave alike on both databases;
- read inside `async with database.read() as connection`, change inside `async with database.write() as connection`: one
  transaction each, committed at the end of the block, rolled back when it raises. On SQLite a write block keeps every
  other writer waiting: await nothing but its own statements in there, and never open `write()` inside `write()`.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import asyncpg
from sqlalchemy import DateTime, Dialect, MetaData, TypeDecorator, event, select
from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, NotSupportedError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from queue_service.infra.filelock import FileLock, FileLockBusy
from queue_service.settings import Settings

SCHEMA = "tables"
FILE_NAME = "tables.db"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Moment(TypeDecorator[datetime]):
    """An aware time, stored and given back in UTC on both databases; sorts by time."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 SQLAlchemy's signature
        if value is None:
            return None
        assert value.tzinfo is not None, "a time without its zone"
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 SQLAlchemy's signature
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Database:
    """A pool of reading connections and the right to write."""

    def __init__(self, reader: AsyncEngine, writer: AsyncEngine, lock: FileLock | None, wait_s_max: float) -> None:
        self._reader = reader
        self._writer = writer
        self._lock = lock
        self._wait_s_max = wait_s_max

    @classmethod
    async def open(cls, settings: Settings) -> Self:
        """Opens what `settings` name; the schema is taken as it is (see `infra.migrate`)."""
        wait_s_max = settings.database_wait_s_max
        if settings.database_url is not None:
            engine = postgres_engine(settings, SCHEMA, settings.tables_pool_max)
            reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            return cls(reader, engine, None, wait_s_max)
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = settings.data_dir / FILE_NAME
        writer = sqlite_writer(path, wait_s_max)
        async with writer.connect():
            pass  # the file must exist, in WAL, before it can be opened for reading only
        reader = sqlite_reader(path, settings.tables_pool_max, wait_s_max)
        return cls(reader, writer, FileLock(path.with_suffix(".lock")), wait_s_max)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """One reading transaction: every statement sees the same state."""
        async with self._reader.connect() as connection:
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """One writing transaction, committed at the end."""
        async with self._writer.connect() as connection:
            if self._lock is None:
                async with connection.begin():
                    yield connection
            else:
                # Another process (`queue-service staff add`) may write the same file, and SQLite before 3.51.3 can
                # corrupt a WAL that one connection writes while another checkpoints: both happen under one lock.
                async with self._lock.held(self._wait_s_max), connection.begin():
                    yield connection

    async def ping(self) -> None:
        """Returns when the database has answered."""
        async with self.read() as connection:
            await connection.execute(select(1))

    async def close(self) -> None:
        await self._reader.dispose()
        if self._lock is None:
            await self._writer.dispose()
        else:
            async with self._lock.held(self._wait_s_max):
                await self._writer.dispose()  # the last connection of a file checkpoints it
            self._lock.close()


def is_unreachable(error: BaseException) -> bool:
    """Whether the database did not answer in time, or not at all; not whether it was asked something wrong.

    The driver's own errors come from connecting; those of statements are wrapped. Of what requests need, the system has
    but files and connections of databases to fail at.
    """
    if isinstance(error, DBAPIError):
        return not isinstance(error, DataError | IntegrityError | NotSupportedError | ProgrammingError)
    return isinstance(error, (PoolTimeoutError, FileLockBusy, asyncpg.PostgresError, asyncpg.InterfaceError, OSError))


def postgres_engine(settings: Settings, schema: str, pool_max: int) -> AsyncEngine:
    """A pool of at most `pool_max` connections that see `schema` alone."""
    wait_s_max = settings.database_wait_s_max
    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=lambda: postgres_connect(settings, schema),
        pool_size=pool_max,
        max_overflow=0,
        pool_timeout=wait_s_max,
        pool_pre_ping=True,
    )


async def postgres_connect(settings: Settings, schema: str) -> asyncpg.Connection:
    """One connection that sees `schema` alone; the url is libpq's, with all of its parameters. Raises OSError."""
    assert settings.database_url is not None
    password = settings.database_password_file
    wait_s_max = settings.database_wait_s_max
    connection = await asyncpg.connect(
        settings.database_url,
        password=None if password is None else password.read_text(encoding="utf-8").rstrip("\r\n"),
        timeout=wait_s_max,
        command_timeout=2 * wait_s_max,  # for a server that has vanished; one that lives tells sooner
        server_settings={
            "search_path": schema,
            "application_name": f"queue-service {schema}",
            "lock_timeout": str(round(wait_s_max * 1000)),
            "jit": "off",  # the driver's own look-ups of types are slow with it, our statements too short for it
        },
    )
    try:
        await connection.execute(  # a server set up to lose the last commits does not lose ours
            "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
        )
    except BaseException:  # whoever asked has gone, and nobody else knows of the connection
        connection.terminate()
        raise
    return connection


def sqlite_writer(path: Path, wait_s_max: float) -> AsyncEngine:
    """The one connection that writes (and checkpoints) the file at `path`."""
    url = URL.create("sqlite+aiosqlite", database=str(path))
    engine = _sqlite_engine(url, 1, wait_s_max, begin="BEGIN IMMEDIATE")

    @event.listens_for(engine.sync_engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def sqlite_reader(path: Path, pool_max: int, wait_s_max: float) -> AsyncEngine:
    """Connections that only read the file at `path`, which must exist."""
    url = URL.create("sqlite+aiosqlite", database=f"file:{quote(str(path))}", query={"mode": "ro", "uri": "true"})
    return _sqlite_engine(url, pool_max, wait_s_max, begin="BEGIN")


def _sqlite_engine(url: URL, pool_max: int, wait_s_max: float, begin: str) -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=pool_max,
        max_overflow=0,
        pool_timeout=wait_s_max,
        connect_args={
            "timeout": wait_s_max,
            "isolation_level": None,
        },  # transactions begin where SQLAlchemy says, not the driver
    )

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine
