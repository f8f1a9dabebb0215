"""Every migration goes up and down with rows in the tables, on both kinds of database."""

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, select, text
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

import queue_service.app  # every table is declared where its feature is
from queue_service import __version__
from queue_service.backup import columns
from queue_service.infra.database import metadata, postgres_connect
from queue_service.infra.migrate import (
    BOOK,
    DatabaseInUse,
    Loss,
    Tree,
    heads_released,
    is_current,
    losses,
    migrate,
    move,
    releases,
    schema_of,
    transaction,
)
from queue_service.settings import Settings
from tests.backup.filled import fill, fill_empty

assert queue_service.app
MIGRATIONS = Path(__file__).parents[2] / "migrations"
FORMER = [
    heads for heads, later in pairwise([*reversed(releases().values()), None]) if heads not in (later, heads_released())
]
"""What the databases were at in former releases, each once, the newest first."""
Kept = Mapping[str, list[dict[str, Any]]]
"""Rows by table."""


@pytest.fixture(params=["sqlite", "postgres"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Where nothing is yet."""
    url = request.getfixturevalue("postgres_empty") if request.param == "postgres" else None
    return Settings(data_dir=tmp_path, database_url=url)


@pytest.mark.parametrize("tree", list(Tree))
async def test_each_step_goes_up_and_down_and_up_with_rows(empty: Settings, tree: Tree) -> None:
    steps = steps_of(tree)
    assert steps[-1] == heads_released()[tree]
    async with transaction(empty, tree) as connection:

        async def go(step: frozenset[str]) -> tuple[Any, Kept]:
            await move(connection, empty, tree, {tree: step})
            return await connection.run_sync(_shape), await kept(connection)

        shapes, held = [await connection.run_sync(_shape)], await kept(connection)
        for step in steps:
            shape, after = await go(step)
            shapes.append(shape)
            assert_both_keep(held, after)
            await fill_empty(connection, schema_of(empty, tree))
            held = await kept(connection)
        assert all(held.values())
        for shape, step in zip(reversed(shapes[:-1]), [*reversed(steps[:-1]), frozenset[str]()], strict=True):
            found, after = await go(step)
            assert found == shape
            assert_both_keep(after, held)
            held = after
        assert held == {}
        assert (await go(steps[-1]))[0] == shapes[-1]


async def test_what_two_releases_know_outlives_the_way_there_and_back(storage: Settings) -> None:
    await fill(storage)
    full = await all_kept(storage)
    for former in FORMER:
        before = await all_kept(storage)
        lost = await losses(storage, former)
        assert await all_kept(storage) == before, "it only looked"
        await migrate(storage, former)
        for tree, after in (await all_kept(storage)).items():
            gone = [name for name in sorted(before[tree]) if name not in after and before[tree][name]]
            assert [one.table for one in lost if one.column is None and one.table in before[tree]] == gone
            assert_both_keep(after, before[tree])
    await migrate(storage)
    for tree, after in (await all_kept(storage)).items():
        assert after.keys() == full[tree].keys()
        assert_both_keep({name: rows for name, rows in after.items() if rows}, full[tree])


async def test_the_way_down_says_what_it_drops_and_wants_the_service_gone(storage: Settings) -> None:
    async with transaction(storage, Tree.TABLES) as connection:
        await fill_empty(connection, schema_of(storage, Tree.TABLES))
    without = {**heads_released(), Tree.TABLES: heads_released()[Tree.TABLES] - {"2026_11_21_secrets"}}
    assert await losses(storage, without) == [Loss(table="secrets", column=None, rows=2)]
    assert await is_current(storage), "it only looked"
    if storage.database_url is not None:
        connection = await postgres_connect(storage, "tables")
        with pytest.raises(DatabaseInUse):
            await migrate(storage, without)
        await connection.close()
    await migrate(storage, without)
    assert await losses(storage, without) == []
    assert not await is_current(storage)


async def test_the_migrations_make_the_tables_that_the_code_declares(storage: Settings) -> None:
    async with transaction(storage, Tree.TABLES) as connection:
        drift = await connection.run_sync(_drift)
    assert [change for change in drift if change[0] != "modify_comment"] == []  # comments are for readers of the code


def test_this_release_is_listed_with_what_its_databases_are_at() -> None:
    listed = releases()
    assert list(listed)[-1] == __version__
    assert listed[__version__] == heads_released()
    for release, heads in listed.items():
        for tree in Tree:
            known = {step for steps in steps_of(tree) for step in steps}
            assert heads[tree] <= known, f"{release} names a migration that is not there"


def steps_of(tree: Tree) -> list[frozenset[str]]:
    """What the tree is at after each of its migrations, the first first."""
    script = ScriptDirectory(str(MIGRATIONS), version_locations=[str(MIGRATIONS / tree)])
    steps: list[frozenset[str]] = []
    heads: frozenset[str] = frozenset()
    for revision in reversed(list(script.walk_revisions())):
        heads = heads - {revision.down_revision} | {revision.revision}
        steps.append(heads)
    return steps


async def all_kept(settings: Settings) -> dict[Tree, Kept]:
    """The rows of both trees."""
    found = {}
    for tree in Tree:
        async with transaction(settings, tree) as connection:
            found[tree] = await kept(connection)
    return found


async def kept(connection: AsyncConnection) -> Kept:
    """All rows of the tree that the connection sees."""
    found = {}
    for table in await connection.run_sync(columns.tables, None):
        rows = await connection.execute(select(table))
        found[str(table.name)] = [dict(row) for row in rows.mappings()]
    return found


def assert_both_keep(one: Kept, other: Kept) -> None:
    """What both know is the same in both."""
    for name in one.keys() & other.keys():
        shared = set(one[name][0] if one[name] else ()) & set(other[name][0] if other[name] else ())
        assert _of(one[name], shared) == _of(other[name], shared)
        assert len(one[name]) == len(other[name])


def _of(rows: list[dict[str, Any]], names: set[str]) -> list[str]:
    return sorted(repr([row[name] for name in sorted(names)]) for row in rows)


def _shape(connection: Connection) -> Any:
    inspector = inspect(connection)
    told = {
        name: {
            "columns": [repr(sorted(column.items(), key=str)) for column in inspector.get_columns(name)],
            "key": inspector.get_pk_constraint(name),
            "foreign": sorted(inspector.get_foreign_keys(name), key=str),
            "unique": sorted(inspector.get_unique_constraints(name), key=str),
            "checks": sorted(inspector.get_check_constraints(name), key=str),
            "indexes": sorted(map(_index, inspector.get_indexes(name)), key=str),
        }
        for name in inspector.get_table_names()
        if name != BOOK
    }
    if connection.dialect.name == "sqlite":
        listed = connection.execute(text("SELECT name, wr, strict FROM pragma_table_list"))
        told["kinds"] = {name: (wr, strict) for name, wr, strict in listed if name in told}
    return told


def _index(index: Any) -> Any:
    return {**index, "dialect_options": {name: str(value) for name, value in index.get("dialect_options", {}).items()}}


def _drift(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    changes: list[Any] = []
    for change in compare_metadata(context, metadata):
        changes.extend(change if isinstance(change, list) else [change])
    return changes
