"""Which kiosks are connected, in figures: told by every process alike, for the branches that it tells apart."""

from collections.abc import Callable, Collection

import asyncpg
from sqlalchemy.exc import SQLAlchemyError

from queue_service.identity.presence import Kiosk, kiosks
from queue_service.infra.database import Database
from queue_service.infra.metrics import Metrics
from queue_service.wire.clock import Clock


def watch(metrics: Metrics, database: Database, clock: Clock, branches: Callable[[], Collection[str]]) -> None:
    """Tells of the kiosks of `branches` from now on, once in a process."""
    known: list[Kiosk] = []

    async def look() -> None:
        nonlocal known
        try:
            known = await kiosks(database, branches(), clock())
        except (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            known = []  # the checks tell that the database is gone; of kiosks nobody knows

    metrics.looks.append(look)
    metrics.gauge_by(
        ["branch", "kiosk"],
        "queue_kiosk_connected",
        "1 while the kiosk is connected.",
        lambda: {(kiosk.branch_id, kiosk.name): float(kiosk.is_connected) for kiosk in known},
    )
