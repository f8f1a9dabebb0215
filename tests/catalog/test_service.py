"""Versions of the catalogue: published, followed by other processes, and never two of one number."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from queue_service.catalog import files, store
from queue_service.catalog.service import Catalog, CatalogRefusal
from queue_service.hall.terms import Terms
from queue_service.infra.database import Database
from tests.catalog.branches import NOW, a_branch

BY = "st_1"


def renamed(terms: Terms, name: str) -> Terms:
    return replace(terms, name={**terms.name, "en": name})


async def published(catalog: Catalog, terms: Terms) -> Terms:
    result = await catalog.publish(terms, BY, NOW)
    assert isinstance(result, Terms)
    return result


async def test_nothing_is_offered_before_something_is_published(tables: Database) -> None:
    catalog = await Catalog.open(tables)
    assert catalog.branches() == []
    assert catalog.current("east-gate") is None


async def test_what_is_published_is_current_and_kept(tables: Database) -> None:
    catalog = await Catalog.open(tables)
    first = await published(catalog, a_branch())
    assert first == replace(a_branch(), version=1)
    second = await published(catalog, renamed(first, "East Gate Branch"))
    assert second.version == 2
    assert catalog.current("east-gate") == second
    assert (await Catalog.open(tables)).branches() == [second]
    async with tables.read() as connection:
        rows = (await connection.execute(select(store.catalog).order_by(store.catalog.c.version))).all()
        assert [(row.version, row.published_by, row.published_at) for row in rows] == [(1, BY, NOW), (2, BY, NOW)]
        assert await store.load(connection, [("east-gate", 1)]) == [first]


async def test_an_equal_catalogue_makes_no_version(tables: Database) -> None:
    catalog = await Catalog.open(tables)
    first = await published(catalog, a_branch())
    assert await published(catalog, a_branch()) == first
    assert await published(catalog, replace(first, version=77)) == first


async def test_an_edit_of_an_older_version_is_refused(tables: Database) -> None:
    catalog = await Catalog.open(tables)
    first = await published(catalog, a_branch())
    second = await published(catalog, renamed(first, "Second"))
    assert await catalog.publish(renamed(first, "Third"), BY, NOW) is CatalogRefusal.CHANGED_MEANWHILE
    assert catalog.current("east-gate") == second


async def test_a_new_branch_takes_a_file_of_any_version(tables: Database) -> None:
    catalog = await Catalog.open(tables)
    assert await catalog.publish(replace(a_branch(), version=3), BY, NOW) == replace(a_branch(), version=1)


async def test_of_two_who_publish_at_once_one_is_refused(tables: Database) -> None:
    mine, theirs = await Catalog.open(tables), await Catalog.open(tables)
    first = await published(mine, a_branch())
    results = await asyncio.gather(
        mine.publish(renamed(first, "Mine"), BY, NOW), theirs.publish(renamed(first, "Theirs"), BY, NOW)
    )
    assert CatalogRefusal.CHANGED_MEANWHILE in results
    (kept,) = (result for result in results if isinstance(result, Terms))
    await mine.refresh()
    await theirs.refresh()
    assert mine.branches() == theirs.branches() == [kept]


async def test_who_publishes_while_another_is_about_to_is_refused(tables: Database) -> None:
    catalog = await Catalog.open(tables)
    first = await published(catalog, a_branch())
    theirs = replace(renamed(first, "Theirs"), version=2)
    async with tables.write() as connection:
        await store.add(connection, theirs, by=BY, now=NOW)
        publishing = asyncio.create_task(catalog.publish(renamed(first, "Mine"), BY, NOW))
        await asyncio.sleep(0.2)
        assert not publishing.done()
    assert await publishing is CatalogRefusal.CHANGED_MEANWHILE
    await catalog.refresh()
    assert catalog.branches() == [theirs]


async def test_refresh_follows_another_process(tables: Database) -> None:
    mine, theirs = await Catalog.open(tables), await Catalog.open(tables)
    east = await published(theirs, a_branch())
    west = await published(theirs, replace(a_branch(), branch_id="west-gate"))
    assert mine.branches() == []
    await mine.refresh()
    await mine.refresh()
    assert mine.branches() == [east, west]
    newest = await published(theirs, renamed(await published(theirs, renamed(east, "Two")), "Three"))
    await mine.refresh()
    assert mine.branches() == [newest, west]


async def test_the_samples_are_kept_as_they_are(tables: Database) -> None:
    catalog = await Catalog.open(tables)
    for terms in files.samples(NOW):
        await catalog.publish(terms, BY, NOW + timedelta(days=1))
    assert (await Catalog.open(tables)).branches() == sorted(
        (replace(terms, version=1) for terms in files.samples(NOW)), key=lambda terms: terms.branch_id
    )


async def test_terms_with_faults_are_a_programmer_s_error(tables: Database) -> None:
    catalog = await Catalog.open(tables)
    with pytest.raises(AssertionError):
        await catalog.publish(replace(a_branch(), windows=()), BY, NOW)
