"""What every journal can do, whichever database keeps it."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date, datetime
from typing import Protocol

from queue_service.journal.entries import Append, DayId, Entry, Outcome, Snapshot

FORGET_MAX = 1000
"""Keys freed in one transaction, lest a hall wait for it."""
FORGET_SNAPSHOTS_MAX = 50
"""Snapshots dropped in one transaction: each is some ten thousand bytes."""


class JournalError(Exception):
    """Any failure of the journal that its caller must expect."""


class JournalOverloaded(JournalError):
    """More entries wait to be written than `journal_pending_max`: nothing was written, try later."""


class JournalUnavailable(JournalError):
    """The database does not answer, or refuses.

    Whether an entry was written is then unknown: load the day again before anything else is decided on it.
    """


class ExclusiveDay(Protocol):
    """A day while no other process can append to its branch."""

    async def load(self, after_seq: int = 0) -> list[Entry]: ...

    async def find_key(self, actor: str, key: str) -> Entry | None: ...

    async def append(self, append: Append) -> Outcome:
        """Writes one entry of this day; durable when the exclusive block has ended, not before."""


class Journal(Protocol):
    """The ordered entries of all days of all branches, append-only.

    Every method may raise `JournalUnavailable`.
    """

    @property
    def pending(self) -> int:
        """Entries that wait to be durable."""

    async def append(self, append: Append) -> Outcome:
        """Writes one entry together with whatever else waits; durable on return.

        Raises `JournalOverloaded` when too much waits.
        """

    async def load(self, day: DayId, after_seq: int = 0) -> list[Entry]:
        """The entries of `day` beyond `after_seq`, in order of seq, without a gap."""

    async def snapshot(self, day: DayId) -> Snapshot | None:
        """What was kept last of `day`; it may be of a journal that is no more, as before a restore."""

    async def keep_snapshot(self, snapshot: Snapshot) -> None:
        """Keeps the state of a day in place of an older one, or one by other rules."""

    async def forget_snapshots(self, before: date) -> int:
        """Drops the snapshots of business days before that one and says how many."""

    async def find_key(self, branch_id: str, actor: str, key: str) -> Entry | None:
        """The entry that used up `key`; None when unused or forgotten."""

    async def due_days(self, until: datetime, limit: int) -> Sequence[tuple[DayId, datetime]]:
        """The days that want waking by `until` and when, the longest due first, at most `limit`."""

    async def days(self, branch_id: str) -> list[date]:
        """The business days of a branch that have entries, rising."""

    async def latest_day(self, branch_id: str) -> date | None:
        """The newest business day of a branch that has entries."""

    def exclusive(self, day: DayId) -> AbstractAsyncContextManager[ExclusiveDay]:
        """Keeps every other writer of the branch away, for who lost `seq` and must not lose again.

        What was appended inside is durable once the block has ended without raising, unknown when it raised.
        """

    async def forget_keys(self, before: datetime) -> int:
        """Frees the keys of entries made before that moment and says how many; the entries stay."""

    async def ping(self) -> None:
        """Returns when the database could have kept an entry."""

    async def clock_off_s(self, now: datetime) -> float:
        """By how many seconds at least `now` is wrong, as far as the database can know; never negative."""

    async def close(self) -> None:
        """Ends after everything handed over is settled; append nothing any more."""
