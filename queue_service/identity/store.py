"""The rows of staff, their sessions, and devices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Row,
    String,
    Table,
    bindparam,
    delete,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from queue_service.identity.rules import Caller, CallerKind, DeviceKind, Role
from queue_service.infra.database import Moment, metadata

staff = Table(
    "staff",
    metadata,
    Column("id", String, primary_key=True),
    Column("username", String, nullable=False, unique=True, comment="folded: case and width do not count"),
    Column("password_hash", String, nullable=False),
    Column("name", String, nullable=False),
    Column("branch_id", String, comment="none = every branch"),
    Column("roles", JSON, nullable=False),
    Column("active", Boolean, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", String, primary_key=True),
    Column("id", String, nullable=False, unique=True),
    Column("staff_id", String, ForeignKey("staff.id"), nullable=False),
    Column("created_at", Moment(), nullable=False),
    Column("last_seen_at", Moment(), nullable=False),
    Column("expires_at", Moment(), nullable=False),
    Column("ended_at", Moment()),
    Index(None, "staff_id"),
    Index(None, "expires_at"),
)

devices = Table(
    "devices",
    metadata,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("name", String, nullable=False),
    Column("branch_id", String, nullable=False),
    Column("token_hash", String, nullable=False, unique=True),
    Column("active", Boolean, nullable=False),
    Index(None, "branch_id", "name", unique=True, sqlite_where=text("active"), postgresql_where=text("active")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What a sign-in is checked against."""

    staff_id: str
    password_hash: str
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """A member of staff as the others at a branch know them."""

    id: str
    name: str
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffListed:
    """An account as its administrator sees it."""

    username: str
    name: str
    roles: tuple[Role, ...]
    branch_id: str | None
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceListed:
    """A device as its administrator sees it."""

    id: str
    kind: DeviceKind
    name: str
    branch_id: str
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """A caller as the rows tell it now; for a device nothing runs out."""

    token_hash: str
    caller: Caller
    seen_at: datetime | None = None
    expires_at: datetime | None = None


async def add_staff(
    connection: AsyncConnection,
    *,
    staff_id: str,
    username: str,
    password_hash: str,
    name: str,
    branch_id: str | None,
    roles: frozenset[Role],
) -> None:
    """Raises `IntegrityError` when the username is taken."""
    await connection.execute(
        insert(staff).values(
            id=staff_id,
            username=username,
            password_hash=password_hash,
            name=name,
            branch_id=branch_id,
            roles=sorted(roles),
            active=True,
        )
    )


async def account(connection: AsyncConnection, username: str, *, lock: bool = False) -> Account | None:
    """By the folded username; `lock` keeps it from changing until the transaction ends."""
    query = select(staff.c.id, staff.c.password_hash, staff.c.active).where(staff.c.username == username)
    row = (await connection.execute(query.with_for_update() if lock else query)).one_or_none()
    return None if row is None else Account(staff_id=row.id, password_hash=row.password_hash, active=row.active)


async def change_password_hash(connection: AsyncConnection, staff_id: str, password_hash: str) -> None:
    """Replaces the stored hash."""
    await connection.execute(update(staff).where(staff.c.id == staff_id).values(password_hash=password_hash))


async def deactivate_staff(connection: AsyncConnection, staff_id: str) -> None:
    """Nobody signs in by this account any more."""
    await connection.execute(update(staff).where(staff.c.id == staff_id).values(active=False))


async def colleagues(connection: AsyncConnection, branch_id: str) -> list[Colleague]:
    """The active staff of a branch, and those who belong to every branch; by name."""
    query = (
        select(staff.c.id, staff.c.name, staff.c.roles)
        .where(staff.c.active, (staff.c.branch_id == branch_id) | staff.c.branch_id.is_(None))
        .order_by(staff.c.name, staff.c.id)
    )
    return [
        Colleague(id=row.id, name=row.name, roles=frozenset(Role(role) for role in row.roles))
        for row in await connection.execute(query)
    ]


async def staff_listed(connection: AsyncConnection) -> list[StaffListed]:
    """Every account, by branch (those of every branch last) and username."""
    query = select(staff).order_by(staff.c.branch_id.nulls_last(), staff.c.username)
    return [
        StaffListed(
            username=row.username,
            name=row.name,
            roles=tuple(Role(role) for role in row.roles),
            branch_id=row.branch_id,
            active=row.active,
        )
        for row in await connection.execute(query)
    ]


async def add_session(
    connection: AsyncConnection,
    *,
    session_id: str,
    staff_id: str,
    token_hash: str,
    now: datetime,
    expires_at: datetime,
) -> None:
    """Also removes the sessions whose time is over, so that the table does not grow with the years."""
    await connection.execute(delete(sessions).where(sessions.c.expires_at <= now))
    await connection.execute(
        insert(sessions).values(
            id=session_id,
            staff_id=staff_id,
            token_hash=token_hash,
            created_at=now,
            last_seen_at=now,
            expires_at=expires_at,
        )
    )


async def end_session(connection: AsyncConnection, token_hash: str, now: datetime) -> list[str]:
    """The public id of the session that ended, nothing when there was none."""
    return await _end(connection, now, sessions.c.token_hash == token_hash)


async def end_sessions_of(connection: AsyncConnection, staff_id: str, now: datetime) -> list[str]:
    """The public ids of the sessions that ended."""
    return await _end(connection, now, sessions.c.staff_id == staff_id)


async def staff_signs(connection: AsyncConnection, token_hashes: Sequence[str]) -> list[Sign]:
    """Those of the sessions that have not been ended, of staff who are active."""
    query = (
        select(sessions, staff.c.name, staff.c.branch_id, staff.c.roles)
        .join(staff, staff.c.id == sessions.c.staff_id)
        .where(sessions.c.token_hash.in_(token_hashes), sessions.c.ended_at.is_(None), staff.c.active)
    )
    return [_staff_sign(row) for row in await connection.execute(query)]


async def save_seen(connection: AsyncConnection, seen_at: Mapping[str, datetime]) -> None:
    """Stores the last activity by token hash; `seen_at` must not be empty."""
    statement = (
        update(sessions)
        .where(sessions.c.token_hash == bindparam("of"), sessions.c.last_seen_at < bindparam("at"))
        .values(last_seen_at=bindparam("at"))
    )
    await connection.execute(statement, [{"of": of, "at": at} for of, at in sorted(seen_at.items())])


async def add_device(
    connection: AsyncConnection, *, device_id: str, kind: DeviceKind, name: str, branch_id: str, token_hash: str
) -> None:
    """Lets a machine in by its token; raises `IntegrityError` when an active device of the branch has the name."""
    await connection.execute(
        insert(devices).values(
            id=device_id, kind=kind, name=name, branch_id=branch_id, token_hash=token_hash, active=True
        )
    )


async def deactivate_device(connection: AsyncConnection, device_id: str) -> bool:
    """Whether there was such an active device."""
    result = await connection.execute(
        update(devices).where(devices.c.id == device_id, devices.c.active).values(active=False)
    )
    return result.rowcount == 1


async def change_device_token(connection: AsyncConnection, device_id: str, token_hash: str) -> bool:
    """Whether there was such an active device; its former token is worth nothing."""
    result = await connection.execute(
        update(devices).where(devices.c.id == device_id, devices.c.active).values(token_hash=token_hash)
    )
    return result.rowcount == 1


async def devices_listed(connection: AsyncConnection, branch_id: str | None) -> list[DeviceListed]:
    """Every device, of one branch or (None) of all, by branch and name."""
    query = select(devices).order_by(devices.c.branch_id, devices.c.name, devices.c.id)
    if branch_id is not None:
        query = query.where(devices.c.branch_id == branch_id)
    return [
        DeviceListed(id=row.id, kind=DeviceKind(row.kind), name=row.name, branch_id=row.branch_id, active=row.active)
        for row in await connection.execute(query)
    ]


async def device_signs(connection: AsyncConnection, token_hashes: Sequence[str]) -> list[Sign]:
    """Those of the devices that are active."""
    query = select(devices).where(devices.c.token_hash.in_(token_hashes), devices.c.active)
    return [_device_sign(row) for row in await connection.execute(query)]


async def _end(connection: AsyncConnection, now: datetime, which: ColumnElement[bool]) -> list[str]:
    statement = update(sessions).where(which, sessions.c.ended_at.is_(None)).values(ended_at=now)
    return list((await connection.execute(statement.returning(sessions.c.id))).scalars())


def _staff_sign(row: Row[Any]) -> Sign:
    caller = Caller(
        kind=CallerKind.STAFF,
        id=row.staff_id,
        session=row.id,
        roles=frozenset(Role(role) for role in row.roles),
        branch_id=row.branch_id,
        name=row.name,
    )
    return Sign(token_hash=row.token_hash, caller=caller, seen_at=row.last_seen_at, expires_at=row.expires_at)


def _device_sign(row: Row[Any]) -> Sign:
    caller = Caller(
        kind=CallerKind.DEVICE,
        id=row.id,
        branch_id=row.branch_id,
        device_kind=DeviceKind(row.kind),
        name=row.name,
    )
    return Sign(token_hash=row.token_hash, caller=caller)
