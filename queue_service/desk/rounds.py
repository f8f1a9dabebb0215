"""What runs beside the requests: waking due days, hearing of other processes, and keeping house."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
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
FOLLOWED_MAX = 10
"""Branches that are followed at the same time."""
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


@dataclass(slots=True)
class _Heard:
    """What is not yet known here of a branch."""

    moved: dict[DayId, int] = field(default_factory=dict)
    """How far its days have come, as other processes tell."""
    is_missing: bool = False
    """Whether more may have happened than they told."""


class Follower:
    """Tells other processes how far the days here have come, and takes in what they tell.

    Of a branch that nobody watches here it only notes that there is more: with a branch's people at one process, the
    others need not read what they do (it would cost each of them as much as deciding it). Branches are followed side by
    side, as many as `follow` runs at once, so that one whose turn is long keeps no other's screens from their news.
    """

    def __init__(self, desk: Desk, bus: Bus, is_watched: Callable[[str], bool] = lambda _: True) -> None:
        self._desk = desk
        self._bus = bus
        self._is_watched = is_watched
        self._heard: dict[str, _Heard] = {}
        """By branch."""
        self._followed: set[str] = set()
        """The branches that are caught up with at this moment."""
        self._news = asyncio.Event()
        desk.listeners.append(self._on_change)
        bus.subscribe(self._on_news)

    async def follow(self) -> None:
        """One round: wait for news of a branch and catch up with it; where that fails, a later round looks again."""
        branch_id = await self._next()
        heard = self._heard.pop(branch_id)
        self._followed.add(branch_id)
        try:
            if heard.is_missing:
                await self._desk.resync(branch_id)
            for day_id, seq in heard.moved.items():
                await self._desk.follow(day_id, seq)
        except BaseException:
            self._of(branch_id).is_missing = True
            raise
        finally:
            self._followed.discard(branch_id)
            self._news.set()

    async def _next(self) -> str:
        """A branch of which there are news, and with which nobody is catching up."""
        while True:
            for branch_id in self._heard:
                if branch_id not in self._followed:
                    return branch_id
            self._news.clear()
            await self._news.wait()

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
            if self._is_watched(branch_id):
                moved = self._of(branch_id).moved
                moved[day_id] = max(news.seq, moved.get(day_id, 0))
            else:
                self._desk.fall_behind(branch_id)
        else:
            for branch_id in self._desk.held():
                if self._is_watched(branch_id):
                    self._of(branch_id).is_missing = True
                else:
                    self._desk.fall_behind(branch_id)
        self._news.set()

    def _of(self, branch_id: str) -> _Heard:
        return self._heard.setdefault(branch_id, _Heard())
