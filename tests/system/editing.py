"""Edits of a branch's catalogue while its core runs, as head office makes them."""

from collections.abc import Callable

from queue_service.catalog.service import Catalog
from queue_service.hall.terms import Terms
from queue_service.infra.database import Database
from queue_service.wire.clock import system_clock
from tests.core import Core


async def publish(core: Core, edit: Callable[[Terms], Terms]) -> None:
    """The branch's terms as `edit` makes them of the present ones; the core takes them in within a second or so."""
    database = await Database.open(core.settings)
    try:
        catalog = await Catalog.open(database)
        terms = catalog.current(core.branch)
        assert terms is not None
        published = await catalog.publish(edit(terms), by="test", now=system_clock())
        assert isinstance(published, Terms)
    finally:
        await database.close()
