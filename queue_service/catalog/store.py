"""The rows of the catalogue: every version that was ever published, the newest being current."""

from collections.abc import Iterable
from datetime import datetime

import msgspec
from sqlalchemy import JSON, Column, Integer, String, Table, func, insert, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from queue_service.hall.terms import Terms
from queue_service.infra.database import Moment, metadata

catalog = Table(
    "catalog",
    metadata,
    Column("branch_id", String, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("published_at", Moment(), nullable=False),
    Column("published_by", String, nullable=False, comment="an opaque id of staff, or the command"),
    Column("terms", JSON, nullable=False),
)


async def newest_versions(connection: AsyncConnection) -> dict[str, int]:
    """The current version of every branch; read from the primary key alone."""
    query = select(catalog.c.branch_id, func.max(catalog.c.version).label("newest")).group_by(catalog.c.branch_id)
    return {row.branch_id: row.newest for row in await connection.execute(query)}


async def load(connection: AsyncConnection, versions: Iterable[tuple[str, int]]) -> list[Terms]:
    """The terms of these (branch, version)."""
    query = select(catalog.c.terms).where(tuple_(catalog.c.branch_id, catalog.c.version).in_(list(versions)))
    return [_terms(stored) for stored in (await connection.execute(query)).scalars()]


async def newest(connection: AsyncConnection, branch_id: str) -> Terms | None:
    """The current terms of a branch; None where nothing was published."""
    query = select(catalog.c.terms).where(catalog.c.branch_id == branch_id).order_by(catalog.c.version.desc()).limit(1)
    stored = (await connection.execute(query)).scalar_one_or_none()
    return None if stored is None else _terms(stored)


async def add(connection: AsyncConnection, terms: Terms, *, by: str, now: datetime) -> None:
    """Raises `IntegrityError` when the branch has that version already."""
    await connection.execute(
        insert(catalog).values(
            branch_id=terms.branch_id,
            version=terms.version,
            published_at=now,
            published_by=by,
            terms=msgspec.to_builtins(terms, str_keys=True),
        )
    )


def _terms(stored: object) -> Terms:
    return msgspec.convert(stored, Terms, str_keys=True)
