"""Keeps days: the ordered, durable entries of every business day of every branch."""

from queue_service.journal.batches import OnCommit
from queue_service.journal.postgres import PostgresJournal
from queue_service.journal.sqlite import SqliteJournal
from queue_service.journal.store import Journal
from queue_service.settings import Settings


async def open_journal(settings: Settings, on_commit: OnCommit | None = None) -> Journal:
    """Opens the journal that `settings` name; its tables must be current (see `infra.migrate`)."""
    if settings.database_url is None:
        return await SqliteJournal.open(settings, on_commit)
    return await PostgresJournal.open(settings, on_commit)
