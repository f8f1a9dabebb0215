"""Runs the business days of all branches: load, decide, append, evolve, tell."""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from functools import partial

from queue_service.catalog.service import Catalog
from queue_service.desk.branch import Ask, BranchDesk, Change, failures_told
from queue_service.desk.days import Days
from queue_service.hall.day import Day
from queue_service.hall.events import Phase
from queue_service.infra.problems import Problem
from queue_service.journal.entries import DayId, Entry
from queue_service.journal.store import Journal
from queue_service.settings import Settings
from queue_service.wire.clock import Clock

DUE_DAYS_MAX = 1000
"""Days that one round of waking works off."""
AT_ONCE_MAX = 10
"""Branches that one round visits at the same time."""

Listener = Callable[[Change], None]


class Desk:
    """The running days."""

    def __init__(self, *, journal: Journal, catalog: Catalog, clock: Clock, settings: Settings) -> None:
        self._journal = journal
        self._days = Days(journal)
        self.on_load = self._days.on_load
        self._catalog = catalog
        self._clock = clock
        self._pending_max = settings.desk_pending_max
        self._past: OrderedDict[DayId, Day] = OrderedDict()
        self._past_max = settings.past_days_max
        self._reading_past = asyncio.Lock()
        self._branches: dict[str, BranchDesk] = {}
        self.listeners: list[Listener] = []
        """Called in the loop after each durable entry; must not wait and must not raise."""
        self.refusals: Counter[str] = Counter()
        """Commands that were refused, by code."""

    async def submit(self, ask: Ask) -> bytes:
        """The answer of a command, durable before it is given; the same answer for a retry under the same key.

        Raises `Problem`: the rules' refusals (409), `key.reused` (422), `desk.overloaded`, `journal.unavailable` (503).
        """
        try:
            return await self._branch(ask.branch_id).submit(ask)
        except Problem as problem:
            self.refusals[problem.code] += 1
            raise

    async def today(self, branch_id: str) -> Day:
        """The present day of a branch with all that is due worked off.

        Another process may be some milliseconds ahead. Raises `Problem`: `branch.unknown` (404), the 503 of `submit`.
        """
        with failures_told():
            return await self._branch(branch_id).today()

    async def look_again(self, branch_id: str) -> Day:
        """The present day with all that other processes have written by now; raises as `today` does."""
        with failures_told():
            await self._branch(branch_id).resync()
            return await self._branch(branch_id).today()

    async def find_key(self, branch_id: str, actor: str, key: str) -> Entry | None:
        """The entry that used up a key; None while none did. Raises the 503 of `submit`."""
        with failures_told():
            return await self._journal.find_key(branch_id, actor, key)

    @property
    def pending(self) -> int:
        """Commands that were begun and have not ended."""
        return sum(branch.pending for branch in self._branches.values())

    @property
    def seqs_lost(self) -> int:
        """Times that another process wrote the entry that was decided here."""
        return sum(branch.seqs_lost for branch in self._branches.values())

    def days(self) -> list[Day]:
        """The days that are held here, unless another process has written more on them; the one that has holds them."""
        return [branch.day for branch in self._branches.values() if branch.day is not None and not branch.is_behind]

    def newest(self, branch_id: str) -> Day | None:
        """The last known state of a branch's day; None before it was asked for."""
        branch = self._branches.get(branch_id)
        return branch.day if branch is not None else None

    async def past_day(self, day_id: DayId) -> Day | None:
        """A day as the journal has it; None where there was none. Raises the 503 of `submit`."""
        newest = self.newest(day_id.branch_id)
        if newest is not None and newest.business_on == day_id.business_on:
            return newest
        with failures_told():
            async with self._reading_past:
                if day_id in self._past:
                    self._past.move_to_end(day_id)
                    return self._past[day_id]
                day = await self._days.load(day_id)
                if day is not None and day.phase is Phase.OVER:
                    self._past[day_id] = day
                    if len(self._past) > self._past_max:
                        self._past.popitem(last=False)
                return day

    async def take_up(self) -> None:
        """Hold the present day of every branch, up to now and under the newest catalogue; raises as `wake` does."""
        failures = await _each(self._branch(terms.branch_id).today for terms in self._catalog.branches())
        failures += await _each([self.wake])
        if failures:
            raise ExceptionGroup("not all branches were taken up", failures)

    async def wake(self) -> None:
        """Work off everything that is due in any branch, and take new catalogues into the open days.

        A branch where that fails keeps no other from its turn; all failures are raised together at the end.
        """
        due_days = await self._journal.due_days(self._clock(), DUE_DAYS_MAX)
        failures = await _each(
            partial(self._branch(day_id.branch_id).wake, day_id)
            for day_id, _ in due_days
            if self._catalog.current(day_id.branch_id) is not None
        )
        await self._catalog.refresh()
        branches = list(self._branches.values())
        failures += await _each(branch.turn_the_day for branch in branches)
        failures += await _each(branch.follow_catalog for branch in branches)
        if failures:
            raise ExceptionGroup("not all branches were woken", failures)

    async def keep_snapshots(self) -> None:
        """Leave in the journal what makes the next loading of a day short; raises as `wake` does.

        A day on which another process has written more is left to that one.
        """
        days = [day for day in self.days() if day.phase is not Phase.OVER]
        if failures := await _each(partial(self._days.keep, day) for day in days):
            raise ExceptionGroup("not all days were kept", failures)

    async def follow(self, day_id: DayId, seq: int) -> None:
        """Another process says that a day has come to `seq`."""
        branch = self._branches.get(day_id.branch_id)
        if branch is not None:
            await branch.follow(day_id, seq)

    def fall_behind(self, branch_id: str) -> None:
        """Another process says that a day has gone on, and nobody looks at it here: who asks next reads it."""
        branch = self._branches.get(branch_id)
        if branch is not None:
            branch.is_behind = True

    async def follow_catalog(self, branch_id: str) -> None:
        """Take what was published for a branch into its day at once; where that fails, `wake` does it."""
        with failures_told():
            branch = self._branch(branch_id)
            await branch.today()
            await branch.follow_catalog()

    def held(self) -> list[str]:
        """The branches that were asked for here."""
        return list(self._branches)

    async def resync(self, branch_id: str) -> None:
        """Nobody knows what other processes did with a branch meanwhile: look again at its day."""
        branch = self._branches.get(branch_id)
        if branch is not None:
            await branch.resync()

    async def close(self) -> None:
        """Returns when every command that was begun has ended; to be called before the journal is closed."""
        for branch in self._branches.values():
            await branch.close()

    def _branch(self, branch_id: str) -> BranchDesk:
        branch = self._branches.get(branch_id)
        if branch is None:
            if self._catalog.current(branch_id) is None:
                raise Problem("branch.unknown", 404)
            branch = BranchDesk(
                branch_id, self._journal, self._days, self._catalog, self._clock, self._pending_max, self._tell
            )
            self._branches[branch_id] = branch
        return branch

    def _tell(self, change: Change) -> None:
        for listener in self.listeners:
            listener(change)


async def _each(works: Iterable[Callable[[], Awaitable[object]]]) -> list[Exception]:
    """Do all of them, some at a time, whichever fail; their failures."""
    free = asyncio.Semaphore(AT_ONCE_MAX)

    async def one(work: Callable[[], Awaitable[object]]) -> None:
        async with free:
            await work()

    outcomes = await asyncio.gather(*map(one, works), return_exceptions=True)
    return [outcome for outcome in outcomes if isinstance(outcome, Exception)]
