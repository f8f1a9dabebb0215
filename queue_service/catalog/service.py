"""What every branch offers now, and how that changes."""

from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Self

from sqlalchemy.exc import IntegrityError

from queue_service.catalog import rules, store
from queue_service.catalog.shapes import VERSION_UNSAID
from queue_service.hall.terms import Terms
from queue_service.infra.database import Database


class CatalogRefusal(StrEnum):
    """Why terms were not published; worded as `refusal.<value>`."""

    CHANGED_MEANWHILE = "catalog.changed_meanwhile"


class Catalog:
    """The current terms of all branches, in memory."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._current: dict[str, Terms] = {}

    @classmethod
    async def open(cls, database: Database) -> Self:
        """With what is stored now."""
        catalog = cls(database)
        await catalog.refresh()
        return catalog

    def branches(self) -> list[Terms]:
        """The current terms of every branch, by branch id."""
        return [self._current[branch_id] for branch_id in sorted(self._current)]

    def current(self, branch_id: str) -> Terms | None:
        """The newest terms known here; None: no such branch."""
        return self._current.get(branch_id)

    async def refresh(self) -> None:
        """Takes over what other processes published; as a rule one small statement."""
        async with self._database.read() as connection:
            versions = await store.newest_versions(connection)
            newer = [(branch, version) for branch, version in versions.items() if version > self._version(branch)]
            changed = await store.load(connection, newer) if newer else []
        for terms in changed:
            self._take_over(terms)

    async def publish(self, terms: Terms, by: str, now: datetime) -> Terms | CatalogRefusal:
        """The terms as they are stored, with their version; nothing is stored when they equal the current ones.

        `terms.version` is the version that was edited, and refused when another one is current by now; 0 goes on top
        of whatever is current, and a branch that is new takes any. The terms must be without `rules.faults`.
        """
        assert not any(rules.faults(terms)), "terms with faults"
        try:
            async with self._database.write() as connection:
                newest = await store.newest(connection, terms.branch_id)
                version = 0 if newest is None else newest.version
                if newest is not None and newest == replace(terms, version=version):
                    published = newest
                elif newest is not None and terms.version not in (VERSION_UNSAID, version):
                    return CatalogRefusal.CHANGED_MEANWHILE
                else:
                    published = replace(terms, version=version + 1)
                    await store.add(connection, published, by=by, now=now)
        except IntegrityError:  # on PostgreSQL two may write at once: the other one was first
            return CatalogRefusal.CHANGED_MEANWHILE
        self._take_over(published)
        return published

    def _version(self, branch_id: str) -> int:
        current = self._current.get(branch_id)
        return 0 if current is None else current.version

    def _take_over(self, terms: Terms) -> None:
        if terms.version > self._version(terms.branch_id):
            self._current[terms.branch_id] = terms
