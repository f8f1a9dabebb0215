"""What `/readyz` looks at in the journal: that it can be written, and that our clock fits it."""

from queue_service.infra.health import Check
from queue_service.journal.store import Journal, JournalUnavailable
from queue_service.settings import Settings
from queue_service.wire.clock import Clock

UNWRITABLE = "journal.unwritable"


def writing(journal: Journal) -> Check:
    """The journal can be written."""

    async def check() -> str | None:
        try:
            await journal.ping()
        except JournalUnavailable:
            return UNWRITABLE
        return None

    return check


def clock(journal: Journal, clock: Clock, settings: Settings) -> Check:
    """Our clock is right, as far as the database can know."""

    async def check() -> str | None:
        try:
            off_s = await journal.clock_off_s(clock())
        except JournalUnavailable:
            return UNWRITABLE
        return "clock.off" if off_s > settings.clock_off_s_max else None

    return check
