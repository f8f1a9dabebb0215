"""Databases with real rows in every table, and what is in them."""

from datetime import timedelta
from typing import Any

from sqlalchemy import exists, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from queue_service.backup import columns
from queue_service.backup.columns import Kind
from queue_service.desk import secrets
from queue_service.desk.remarks import Remark, Remarks
from queue_service.identity.service import Identity
from queue_service.infra.database import Database
from queue_service.infra.migrate import Tree, schema_of, transaction
from queue_service.settings import Settings
from queue_service.simulate.stage import set_stage
from tests.core import QUICK
from tests.desk.house import BRANCH, CASH, MONDAY, a_house, at

Rows = dict[str, list[tuple[Any, ...]]]
"""By table; sorted, so that they compare."""
FOLDED = 'İ 中文 "quoted" \'\\ \u2028 😀'
"""A name that loses something wherever text is not kept exactly."""


async def fill(settings: Settings) -> None:
    """Halls and people of the demo, one of them signed in, a day with a few visits, a remark and a secret.

    A table that still has no rows gets made-up ones.
    """
    access = await set_stage(settings, QUICK, has_real_hours=True)
    async with a_house(settings) as house:
        house.clock.now = at(8, 50)
        await house.today()
        house.clock.now = at(9)
        await house.open(1, 2)
        tickets = [await house.issue(CASH, key=f"touch-{number}") for number in range(4)]
        await house.serve(1)
        await house.call(2, key="call-1")
        remark = Remark(at=at(9, 1), actor="staff:greeter", text=FOLDED)
        await Remarks(house.database).add(BRANCH, MONDAY, tickets[0]["id"], remark)
        await secrets.read_or_make(house.database, at(9))
    database = await Database.open(settings)
    identity = Identity(database, settings, QUICK)
    try:
        member = access["staff"][0]
        await identity.sign_in(member["username"], member["password"], network="127.0.0.1", now=at(9))
    finally:
        identity.close()
        await database.close()
    for tree in Tree:
        async with transaction(settings, tree) as connection:
            await fill_empty(connection, schema_of(settings, tree))


async def fill_empty(connection: AsyncConnection, schema: str | None) -> None:
    """Two made-up rows in every table without one."""
    for table in await connection.run_sync(columns.tables, schema):
        if not await connection.scalar(select(exists().select_from(table))):
            kinds = columns.kinds(table)
            made_up = [{name: _made_up(name, kind, nth) for name, kind in kinds.items()} for nth in (1, 2)]
            await connection.execute(insert(table), made_up)


def _made_up(name: str, kind: Kind, nth: int) -> Any:
    match kind:
        case Kind.TEXT:
            return (
                f"id-{nth}" if name == "id" or name.endswith("_id") else f"{name} {nth}"
            )  # what is referred to exists
        case Kind.INTEGER:
            return nth
        case Kind.BOOLEAN:
            return nth == 1
        case Kind.JSON:
            return {"nth": [nth, None]}
        case Kind.BYTES:
            return bytes([nth, 0xFF])
        case Kind.DATE:
            return MONDAY + timedelta(days=nth)
        case Kind.MOMENT:
            return at(9, nth) + timedelta(microseconds=nth)


async def rows(settings: Settings) -> Rows:
    """All rows of both trees."""
    found: Rows = {}
    for tree in Tree:
        async with transaction(settings, tree) as connection:
            for table in await connection.run_sync(columns.tables, schema_of(settings, tree)):
                kept = await connection.execute(select(table))
                found[f"{tree}.{table.name}"] = sorted((tuple(row) for row in kept), key=repr)
    return found
