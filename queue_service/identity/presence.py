"""Which kiosks are connected: every process writes down those whose sockets it holds, so that each can tell of all.

What changes is written within `LOOK_S`. What stays is renewed now and then, so that the kiosks of a process that died
are believed no longer than `SEEN_S_MAX`; as a rule they are back at another one long before. Each process writes
rows of its own: a kiosk that goes from one to another and back is gone only when the last of them has let it go.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Column, String, Table, and_, bindparam, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from queue_service.identity.rules import Caller, DeviceKind
from queue_service.identity.store import devices
from queue_service.infra.database import Database, Moment, metadata

LOOK_S: Final = 2.0
"""Between two looks at what has changed, in seconds."""
RENEW_S: Final = 60.0
SEEN_S_MAX: Final = 150.0
"""More than twice `RENEW_S`: one renewal may fail."""
SEEN_MAX: Final = timedelta(seconds=SEEN_S_MAX)

_Device = tuple[str, str]
"""Branch and id."""

presence = Table(
    "presence",
    metadata,
    Column("branch_id", String, primary_key=True),
    Column("device_id", String, primary_key=True),
    Column("process", String, primary_key=True),
    Column("seen_at", Moment(), nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kiosk:
    """An active kiosk of a branch; the name is unique there."""

    branch_id: str
    name: str
    is_connected: bool


class Presence:
    """The kiosks whose sockets this process holds."""

    def __init__(self, database: Database, process: str) -> None:
        """`process` is a text that no earlier process used."""
        self._database = database
        self._process = process
        self._sockets: Counter[_Device] = Counter()
        self._written: frozenset[_Device] = frozenset()
        self._renewed_at: datetime | None = None

    @contextmanager
    def here(self, caller: Caller) -> Iterator[None]:
        """While a kiosk's socket is open."""
        assert caller.branch_id is not None, "a kiosk belongs to a branch"
        kiosk = (caller.branch_id, caller.id)
        self._sockets[kiosk] += 1
        try:
            yield
        finally:
            self._sockets[kiosk] -= 1
            if not self._sockets[kiosk]:
                del self._sockets[kiosk]

    async def keep(self, now: datetime) -> None:
        """Writes down what has changed, and all of it anew after `RENEW_S`."""
        present = frozenset(self._sockets)
        is_renewal = self._renewed_at is None or now - self._renewed_at >= timedelta(seconds=RENEW_S)
        came, went = present - self._written, self._written - present
        if not came and not went and not (is_renewal and present):
            return
        async with self._database.write() as connection:
            await self._write(connection, present if is_renewal else came, went, now)
            if is_renewal:  # those of processes that died; nobody believes them any more
                await connection.execute(delete(presence).where(presence.c.seen_at <= now - SEEN_MAX))
        self._written = present
        self._renewed_at = now if is_renewal else self._renewed_at

    async def _write(
        self,
        connection: AsyncConnection,
        here: Collection[_Device],
        went: Collection[_Device],
        now: datetime,
    ) -> None:
        if here:
            insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
            statement = insert(presence)
            await connection.execute(
                statement.on_conflict_do_update(
                    index_elements=[presence.c.branch_id, presence.c.device_id, presence.c.process],
                    set_={"seen_at": statement.excluded.seen_at},
                ),
                [
                    {"branch_id": branch, "device_id": device, "process": self._process, "seen_at": now}
                    for branch, device in sorted(here)
                ],
            )
        if went:
            await connection.execute(
                delete(presence).where(
                    presence.c.branch_id == bindparam("branch"),
                    presence.c.device_id == bindparam("device"),
                    presence.c.process == self._process,
                ),
                [{"branch": branch, "device": device} for branch, device in sorted(went)],
            )


async def kiosks(database: Database, branches: Collection[str], now: datetime) -> list[Kiosk]:
    """The active kiosks of some branches, by branch and name."""
    is_theirs = and_(presence.c.branch_id == devices.c.branch_id, presence.c.device_id == devices.c.id)
    query = (
        select(devices.c.branch_id, devices.c.name, func.max(presence.c.seen_at).label("seen_at"))
        .join(presence, is_theirs, isouter=True)
        .where(devices.c.branch_id.in_(branches), devices.c.kind == DeviceKind.KIOSK, devices.c.active)
        .group_by(devices.c.branch_id, devices.c.id, devices.c.name)
        .order_by(devices.c.branch_id, devices.c.name)
    )
    seen_after = now - SEEN_MAX
    async with database.read() as connection:
        return [
            Kiosk(
                branch_id=row.branch_id,
                name=row.name,
                is_connected=row.seen_at is not None and row.seen_at > seen_after,
            )
            for row in await connection.execute(query)
        ]
