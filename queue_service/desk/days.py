"""Reads days out of the journal without holding up the hall, and leaves there what makes the next reading short.

A day of 600 tickets has some 2,500 entries, and an entry costs some 15 µs to read, decode and work in: 40 ms for one
day, 20 s for 500, during which nobody in any hall is served. So

- entries are worked in by slices, between which the loop does everything else, and few days are read at once;
- every so many entries the state of a day is kept beside its entries, which takes 1.5 ms to take up again, and a load
  works in only what came after. It is a cache, good for the rules of this release alone and matched against the entry
  that it was taken at: dropping it changes nothing but the time. (Cheaper events and drafts came first; they brought a
  third, where a tenth was wanted.)
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from queue_service.hall.day import Day
from queue_service.hall.events import Event
from queue_service.hall.evolve import replay
from queue_service.journal import codec, snapshots
from queue_service.journal.entries import DayId, Entry
from queue_service.journal.store import Journal

SLICE_ENTRIES = 100
"""Entries that are worked in before the loop has its turn: two milliseconds."""
LOADING_MAX = 2
"""Days that are read at once: one from the database, one into memory."""
SNAPSHOT_ENTRIES = 250
"""Entries after which the state of a day is kept anew."""


class Days:
    """The days of the journal."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._free = asyncio.Semaphore(LOADING_MAX)
        self._kept: dict[str, tuple[DayId, int]] = {}
        """The newest snapshot known here, by branch: of its newest day, after which entry."""
        self.on_load: list[Callable[[float], None]] = []
        """Called with the seconds that a load took, its turn included; must not raise."""

    async def load(self, day_id: DayId) -> Day | None:
        """A day as the journal has it; None where it has none."""
        now_s = asyncio.get_running_loop().time
        began_s = now_s()
        day = await self._load(day_id)
        for told in self.on_load:
            told(now_s() - began_s)
        return day

    async def _load(self, day_id: DayId) -> Day | None:
        async with self._free:
            snapshot = await self._journal.snapshot(day_id)
            day = snapshots.decode(snapshot) if snapshot is not None else None
            if day is not None:
                entries = await self._journal.load(day_id, day.seq - 1)
                if entries and entries[0].at == day.at:
                    self._note(day_id, day.seq)
                    return await replayed(entries[1:], day)
            entries = await self._journal.load(day_id)
            return await replayed(entries) if entries else None

    async def keep(self, day: Day) -> None:
        """Keep the state of a day, if much has happened since it was kept last."""
        day_id = DayId(branch_id=day.branch_id, business_on=day.business_on)
        kept_id, kept_seq = self._kept.get(day.branch_id, (day_id, 0))
        if day.seq - (kept_seq if kept_id == day_id else 0) >= SNAPSHOT_ENTRIES:
            await self._journal.keep_snapshot(await asyncio.to_thread(snapshots.take, day))
            self._note(day_id, day.seq)

    def _note(self, day_id: DayId, seq: int) -> None:
        """Of an older day, as somebody with an old ticket asks for it, nothing is kept any more."""
        known = self._kept.get(day_id.branch_id)
        if known is None or known[0].business_on <= day_id.business_on:
            self._kept[day_id.branch_id] = day_id, seq


async def replayed(entries: Sequence[Entry], day: Day | None = None) -> Day:
    """The day after entries, on top of `day` where they are only the newest; the loop has its turn between slices."""
    for first in range(0, len(entries), SLICE_ENTRIES):
        if first:
            await asyncio.sleep(0)
        day = replay(map(read, entries[first : first + SLICE_ENTRIES]), day)
    assert day is not None, "a day has entries"
    return day


def read(entry: Entry) -> tuple[int, datetime, tuple[Event, ...]]:
    """What the rules need of an entry."""
    return entry.seq, entry.at, codec.decode(entry.events)
