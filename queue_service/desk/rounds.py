"""What runs beside the requests: waking due days, hearing of other processes, and keeping house."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, timedelta

import structlog

from queue_service.desk.branch import Change
from queue_service.desk.remarks import Remarks
from queue_service.desk.service import Desk
from queue_service.infra.bus import Bus, Moved, News
from queue_service.journal.entries import DayId
from queue_service.journal.store import Journal
from queue_service.settings import Settings
from queue_service.wire.clock import Clock

HOUSEKEEPING_S = 600
SNAPSHOTS_S = 60
"""Seconds between two looks at which days want their state kept."""
SNAPSHOTS_KEEP = timedelta(days=2)
"""How long after a business day the state in which it was kept helps whoever looks at an old ticket."""
FAILED_S = 1
"""Pause at least, after a round that failed."""

Note = Callable[[str, bool], None]
"""Told of each round that has ended: which, and whether it went well."""

log = structlog.get_logger()


async def once(name: str, work: Callable[[], Awaitable[object]], note: Note) -> bool:
    """Whether one round went well; whatever fails in it is told."""
    try:
        await work()
    except Exception:
        log.exception("round.failed", round=name)
        note(name, False)
        return False
    note(name, True)
    return True


async def for_ever(name: str, period_s: float, work: Callable[[], Awaitable[object]], note: Note) -> None:
    """An outermost loop: whatever fails in one round, the next one comes."""
    while True:
        went_well = await once(name, work, note)
        await asyncio.sleep(period_s if went_well else max(FAILED_S, period_s))


async def keep_house(journal: Journal, remarks: Remarks, clock: Clock, settings: Settings) -> None:
    """Forget and erase what is older than its term."""
    now = clock()
    await journal.forget_keys(now - timedelta(days=settings.keys_keep_days))
    await journal.forget_snapshots((now - SNAPSHOTS_KEEP).date())
    await remarks.erase(now - timedelta(days=settings.remarks_keep_days))


class Follower:
    """Tells other processes how far the days here have come, and takes in what they tell.

    Of a branch that nobody watches here it only notes that there is more: with a branch's people at one process, the
    others need not read what they do (it would cost each of them as much as deciding it).
    """

    def __init__(self, desk: Desk, bus: Bus, is_watched: Callable[[str], bool] = lambda _: True) -> None:
        self._desk = desk
        self._bus = bus
        self._is_watched = is_watched
        self._heard: dict[DayId, int] = {}
        self._news = asyncio.Event()
        self._is_missing = False
        desk.listeners.append(self._on_change)
        bus.subscribe(self._on_news)

    async def follow(self) -> None:
        """One round: wait for news and catch up with all of it; where that fails, the next round looks everywhere."""
        await self._news.wait()
        self._news.clear()
        try:
            if self._is_missing:
                self._is_missing = False
                await self._desk.resync(self._is_watched)
            while self._heard:
                day_id, seq = self._heard.popitem()
                await self._desk.follow(day_id, seq)
        except BaseException:
            self._is_missing = True
            self._news.set()
            raise

    def _on_change(self, change: Change) -> None:
        if change.before is not None:  # else it is what another process wrote, and told
            self._bus.publish(f"{change.day.branch_id}/{change.day.business_on}", change.day.seq)

    def _on_news(self, news: News) -> None:
        if isinstance(news, Moved):
            branch_id, _, on = news.topic.rpartition("/")
            day_id = DayId(branch_id=branch_id, business_on=date.fromisoformat(on))
            newest = self._desk.newest(branch_id)
            if newest is None or (newest.business_on == day_id.business_on and newest.seq >= news.seq):
                return
            if not self._is_watched(branch_id):
                self._desk.fall_behind(branch_id)
                return
            self._heard[day_id] = max(news.seq, self._heard.get(day_id, 0))
        else:
            self._is_missing = True
        self._news.set()
