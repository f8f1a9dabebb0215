"""The secrets behind visitors' links and requests' fingerprints, in the tables, where all processes find the same."""

import secrets
from datetime import datetime

from sqlalchemy import Column, Integer, LargeBinary, Table, delete, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from queue_service.infra.database import Database, Moment, metadata

SECRET_BYTES = 32

SECRETS = Table(
    "secrets",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("secret", LargeBinary, nullable=False),
    Column("made_at", Moment(), nullable=False),
)


async def read_or_make(database: Database, now: datetime) -> tuple[bytes, ...]:
    """All secrets, the present one first; the first one is made where there is none."""
    present = await _read(database)
    if not present:
        try:
            async with database.write() as connection:
                await _add(connection, 1, now)
        except IntegrityError:
            pass  # another process that starts too was first
        present = await _read(database)
    return present


async def rotate(database: Database, now: datetime, *, forgets_former: bool = False) -> None:
    """Make a new present secret; running processes learn of it at their next start.

    Links made with a former secret stay good, unless `forgets_former`.
    """
    async with database.write() as connection:
        newest = (await connection.execute(select(func.max(SECRETS.c.number)))).scalar_one() or 0
        await _add(connection, newest + 1, now)
        if forgets_former:
            await connection.execute(delete(SECRETS).where(SECRETS.c.number <= newest))


async def _read(database: Database) -> tuple[bytes, ...]:
    async with database.read() as connection:
        rows = await connection.execute(select(SECRETS.c.secret).order_by(SECRETS.c.number.desc()))
        return tuple(rows.scalars())


async def _add(connection: AsyncConnection, number: int, now: datetime) -> None:
    secret = secrets.token_bytes(SECRET_BYTES)
    await connection.execute(insert(SECRETS).values(number=number, secret=secret, made_at=now))
