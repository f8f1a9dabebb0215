"""What `/readyz` looks at below the features: the database, the disk, the migrations."""

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import asyncpg
from sqlalchemy.exc import SQLAlchemyError

from queue_service.infra.database import Database, is_unreachable
from queue_service.infra.health import Check
from queue_service.infra.migrate import Release, release_of
from queue_service.settings import Settings

MIGRATIONS_AGE_S: Final = 30.0
"""So long a look at the migrations is believed."""
MIB: Final = 1 << 20
_FAILURES = (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError)


def database(database: Database) -> Check:
    """The tables answer."""

    async def check() -> str | None:
        try:
            await database.ping()
        except _FAILURES as error:
            return _unreachable(error)
        return None

    return check


def disk(settings: Settings) -> Check:
    """The disk under `data_dir` may be written and has room."""

    async def check() -> str | None:
        state = await asyncio.to_thread(os.statvfs, settings.data_dir)
        if state.f_flag & os.ST_RDONLY:
            return "disk.read_only"
        return "disk.low" if state.f_bavail * state.f_frsize < settings.disk_free_min_mb * MIB else None

    return check


def disk_free_bytes(folder: Path) -> float:
    """Room that is left for us on the disk of `folder`."""
    state = os.statvfs(folder)
    return float(state.f_bavail * state.f_frsize)


def migrations(settings: Settings, database: Database, now_s: Callable[[], float] = time.monotonic) -> Check:
    """The databases have every migration of this release.

    More than these are no fault: an upgrade migrates first and then replaces one process after another.
    """
    looked_at_s = float("-inf")
    code: str | None = None

    async def check() -> str | None:
        nonlocal looked_at_s, code
        if now_s() - looked_at_s >= MIGRATIONS_AGE_S:
            try:
                is_missing = await release_of(settings, database) is Release.NOT_MIGRATED
            except _FAILURES as error:
                return _unreachable(error)  # not for long, as a rule: the next look asks again, over the same pool
            code = "migrations.missing" if is_missing else None
            looked_at_s = now_s()
        return code

    return check


def _unreachable(error: Exception) -> str:
    """The code of a database that does not answer; raises what is an error of ours."""
    if not is_unreachable(error):
        raise error
    return "database.unreachable"
