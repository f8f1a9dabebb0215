"""What is remembered of callers, on SQLite: which requests read rows, and what may be stale."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from queue_service.identity.known import KnownCallers
from queue_service.identity.rules import Caller, CallerKind
from queue_service.identity.store import Sign
from queue_service.infra.database import Database
from tests.identity.signing import NOW, after

Read = Callable[[AsyncConnection, Sequence[str]], Awaitable[list[Sign]]]

pytestmark = pytest.mark.parametrize("storage", ["sqlite"], indirect=True)


class Rows:
    """Sessions by their token, ready to be read; counts the readings."""

    def __init__(self, *tokens: str) -> None:
        self.tokens = set(tokens)
        self.readings = 0

    async def read(self, connection: AsyncConnection, tokens: Sequence[str]) -> list[Sign]:
        self.readings += 1
        return [
            Sign(
                token_hash=token,
                caller=Caller(kind=CallerKind.STAFF, id="staff:s", session=f"session:{token}"),
                seen_at=NOW,
                expires_at=after(1000),
            )
            for token in tokens
            if token in self.tokens
        ]


def a_memory(tables: Database, read: Read, told: list[str], known_max: int = 10) -> KnownCallers:
    return KnownCallers(
        tables,
        read,
        told.append,
        known_max=known_max,
        age_max=timedelta(seconds=5),
        idle_max=timedelta(seconds=100),
    )


async def test_a_row_is_read_once_in_its_age(tables: Database) -> None:
    rows = Rows("a")
    known = a_memory(tables, rows.read, [])
    readings = []
    for now_s in (0, 0, 4.9, 5, 9.9, 10):
        assert await known.find("a", after(now_s))
        readings.append(rows.readings)
    assert readings == [1, 1, 1, 2, 2, 3]


async def test_what_is_read_again_regularly_costs_requests_no_reading(tables: Database) -> None:
    rows = Rows("a", "b")
    known = a_memory(tables, rows.read, [])
    await known.find("a", NOW)
    await known.find("b", NOW)
    for now_s in (2, 4, 6, 8):
        await known.read_again(after(now_s))
    before = rows.readings
    assert before == 2 + 4, "one statement for all of them"
    assert await known.find("a", after(8.5))
    assert rows.readings == before


async def test_an_unknown_token_is_not_remembered(tables: Database) -> None:
    rows = Rows()
    known = a_memory(tables, rows.read, [])
    assert await known.find("a", NOW) is None
    rows.tokens.add("a")
    assert await known.find("a", NOW)


async def test_the_one_unused_for_longest_is_forgotten_untold(tables: Database) -> None:
    rows, told = Rows("a", "b", "c"), list[str]()
    known = a_memory(tables, rows.read, told, known_max=2)
    for token in ("a", "b", "a", "c", "a"):
        assert await known.find(token, NOW)
    assert rows.readings == 3
    assert await known.find("b", NOW)
    assert rows.readings == 4
    assert told == []


async def test_an_end_during_a_reading_is_not_undone_by_it(tables: Database) -> None:
    rows, told = Rows("a"), list[str]()
    known: KnownCallers

    async def read_while_it_ends(connection: AsyncConnection, tokens: Sequence[str]) -> list[Sign]:
        signs = await rows.read(connection, tokens)
        if rows.readings == 1:
            rows.tokens.clear()
            known.end(["session:a"])
        return signs

    known = a_memory(tables, read_while_it_ends, told)
    await known.find("a", NOW)
    assert await known.find("a", NOW) is None
    assert rows.readings == 2
    assert told == ["session:a"]


async def test_an_end_is_told_though_nobody_asked_for_the_caller_here(tables: Database) -> None:
    told = list[str]()
    a_memory(tables, Rows().read, told).end(["session:a"])
    assert told == ["session:a"]


async def test_more_than_one_batch_is_read_again(tables: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("queue_service.identity.known._BATCH_MAX", 2)
    rows, told = Rows("a", "b", "c"), list[str]()
    known = a_memory(tables, rows.read, told)
    for token in ("a", "b", "c"):
        await known.find(token, NOW)
    rows.tokens = {"b"}
    await known.read_again(after(1))
    assert told == ["session:a", "session:c"]
