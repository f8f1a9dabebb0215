"""One branch's running day: the one place where its commands are decided, one after another.

The next command is decided when the one before is durable, so that nothing is ever taken back. Another process may
serve the same branch: whoever loses a seq works the rest off under the branch's lock.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from queue_service.catalog.service import Catalog
from queue_service.desk.days import Days, replayed
from queue_service.desk.views import View
from queue_service.hall.commands import ChangeTerms, Command
from queue_service.hall.day import Day
from queue_service.hall.decide import Accepted, Decision, decide
from queue_service.hall.events import Event, Phase
from queue_service.hall.evolve import evolve
from queue_service.hall.hours import business_on
from queue_service.hall.phases import Due, advance, due_at, open_day
from queue_service.hall.refusals import Refusal
from queue_service.infra.answers import encode
from queue_service.infra.chance import secure_token
from queue_service.infra.problems import RETRY_LATER, Problem
from queue_service.journal import codec
from queue_service.journal.entries import Append, Appended, DayId, Entry, KeyUsed, Outcome, SeqTaken
from queue_service.journal.store import Journal, JournalOverloaded, JournalUnavailable
from queue_service.wire.clock import Clock

CLOCK = "clock"
CATALOG = "catalog"
ROUNDS_MAX = 5
"""Times a command is tried on a day that turns out to be over, or was opened by another process."""
DOUBT = timedelta(seconds=30)
"""How long an append whose end we did not see may still become durable."""
MARK_BYTES = 12

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A command of somebody, and how to word its answer."""

    branch_id: str
    actor: str
    kind: str
    command: Command
    answer: Callable[[Day, Accepted], View]
    key: str | None = None
    fingerprint: bytes | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A day after an entry, which is durable, and the entry's events; none of a day that was only loaded."""

    day: Day
    events: tuple[Event, ...]
    before: Day | None = None
    """The day that the entry was decided on; None where another process wrote it: several hear of it, one counts it."""


class Writer(Protocol):
    """Where entries go: the journal, or a day of it that is held exclusively."""

    async def append(self, append: Append) -> Outcome: ...


class _SeqLost(Exception):
    """Another process wrote the next entry."""


@dataclass(slots=True)
class _Work:
    """What has been written so far on the way to one answer."""

    day: Day
    changes: list[Change]
    decision: Decision | None = None
    answer: bytes | None = None
    used: Entry | None = None
    """The entry that used up the key before."""
    is_behind: bool = False
    """Whether another process has certainly written more on the day."""


class BranchDesk:
    """The one place where a branch's commands are decided, one after another."""

    def __init__(
        self,
        branch_id: str,
        journal: Journal,
        days: Days,
        catalog: Catalog,
        clock: Clock,
        pending_max: int,
        tell: Callable[[Change], None],
    ) -> None:
        self._id = branch_id
        self._journal = journal
        self._days = days
        self._catalog = catalog
        self._clock = clock
        self._tell = tell
        self._turn = asyncio.Lock()
        self.pending = 0
        """Commands that were begun and have not ended."""
        self.seqs_lost = 0
        """Times another process wrote the entry that was decided here."""
        self._pending_max = pending_max
        self._due: tuple[Day, datetime | None] | None = None
        """When something is due on the day that was last asked about: a command asks four times."""
        self.day: Day | None = None
        """The newest durable state."""
        self._is_known = False
        """Whether `day` holds all that was written here; not so after an append whose end we did not see."""
        self.is_behind = False
        """Whether another process has written more, which nobody has asked for here yet."""
        self._doubtful_until: datetime | None = None
        """Until then such an append may still become durable, so that reading the journal proves nothing."""
        self._deciding: set[asyncio.Task[bytes]] = set()
        self._bringing_up: asyncio.Task[Day] | None = None

    async def submit(self, ask: Ask) -> bytes:
        if self.pending >= self._pending_max:
            raise Problem("desk.overloaded", 503, headers=RETRY_LATER)
        self.pending += 1
        # Whoever asked may go; what was begun is seen through, so that the day here is the day in the journal.
        deciding = asyncio.get_running_loop().create_task(self._decide(ask))
        self._deciding.add(deciding)
        deciding.add_done_callback(self._decided)
        return await asyncio.shield(deciding)

    async def _decide(self, ask: Ask) -> bytes:
        with failures_told():
            if self.day is None and ask.actor != CATALOG:
                await self._bring_up()
            async with self._turn:
                work = await self._run(ask)
            used = work.used
            if work.answer is None and used is None and ask.key is not None:
                # Nothing was written: either this is a retry of what was done, or there is really nothing to do.
                used = await self._journal.find_key(self._id, ask.actor, ask.key)
            if used is not None:
                return _same_answer(used, ask)
        if work.answer is not None:
            return work.answer
        assert work.decision is not None, "a command was decided"
        if isinstance(work.decision, Refusal):
            raise refusal_problem(work.decision)
        return encode(ask.answer(work.day, work.decision))

    def _decided(self, deciding: asyncio.Task[bytes]) -> None:
        self.pending -= 1
        self._deciding.discard(deciding)
        if not deciding.cancelled():
            deciding.exception()  # told to whoever asked, unless they have gone

    async def today(self) -> Day:
        day = self.day
        now = self._clock()
        if day is not None and self._is_known and not self.is_behind and day.phase is not Phase.OVER:
            due = self._due_at(day)
            if due is None or due > now:
                return day
        return await self._bring_up()

    async def _bring_up(self) -> Day:
        """One attempt for all who wait for the present day."""
        if self._bringing_up is None or self._bringing_up.done():
            self._bringing_up = asyncio.get_running_loop().create_task(self._take_turn())
            self._bringing_up.add_done_callback(_heard)
        return await asyncio.shield(self._bringing_up)

    async def _take_turn(self) -> Day:
        async with self._turn:
            day = (await self._run(None)).day
        await self.follow_catalog()  # the day may have been opened before the last edit
        return self.day or day

    async def wake(self, day_id: DayId) -> None:
        """Work off what is due on a day of this branch, the present one or one that was left behind."""
        terms = self._catalog.current(self._id)
        assert terms is not None, "a branch of the catalogue"
        async with self._turn:
            is_present = business_on(terms.hours, self._clock()) == day_id.business_on
            if is_present or self.day is not None:
                await self._run(None)
            if not is_present:
                await self._end_past(day_id)

    async def follow(self, day_id: DayId, seq: int) -> None:
        async with self._turn:
            day = self.day
            if day is None:
                return
            if day.phase is Phase.OVER or day_id.business_on > day.business_on:
                await self._run(None)
            elif day_id.business_on == day.business_on and seq > day.seq:
                await self._catch_up(day)

    async def close(self) -> None:
        """Returns when everything that was begun has ended."""
        begun = [*self._deciding, *([self._bringing_up] if self._bringing_up is not None else [])]
        await asyncio.gather(*begun, return_exceptions=True)

    async def turn_the_day(self) -> None:
        """Where another process ended our day, nothing is due here any more: open the next one all the same."""
        if self.day is not None and (self.day.phase is Phase.OVER or not self._is_known):
            await self._bring_up()

    async def resync(self) -> None:
        async with self._turn:
            if self.day is not None:
                await self._catch_up(self.day)

    async def follow_catalog(self) -> None:
        terms = self._catalog.current(self._id)
        if terms is None or self.day is None or terms.version <= self.day.terms.version or self.day.phase is Phase.OVER:
            return
        ask = Ask(
            branch_id=self._id,
            actor=CATALOG,
            kind="terms.change",
            command=ChangeTerms(terms=terms),
            answer=lambda _day, _accepted: {},
            key=f"terms:{self.day.business_on}:{terms.version}",
        )
        try:
            await self.submit(ask)
        except Problem as problem:
            log.warning("terms.not_taken", branch=self._id, version=terms.version, code=problem.code)

    async def _run(self, ask: Ask | None) -> _Work:
        """Bring the day up to now and do what is asked on it; all of it is durable on return."""
        for _ in range(ROUNDS_MAX):
            now = self._clock()
            day = await self._open(now)
            try:
                work = await self._do(day, ask, now)
            except _SeqLost:
                self.day = None  # the journal is not the one that we knew, as after a restore: read it anew
                continue
            except BaseException:
                self._is_known = False  # only the journal knows what was written before this
                self._doubtful_until = self._clock() + DOUBT
                raise
            self._install(work)
            if work.day.phase is not Phase.OVER:
                return work
        raise Problem("desk.overloaded", 503, headers=RETRY_LATER)

    async def _do(self, day: Day, ask: Ask | None, now: datetime) -> _Work:
        work = _Work(day, [])
        try:
            await self._steps(work, ask, now, self._journal)
            if work.decision is None or work.answer is not None or work.used is not None:
                return work
            # A no, or that there is nothing to do, must be true of the newest state: no append has shown that it is.
            if not await self._journal.load(_day_id(work.day), work.day.seq):
                return work
        except _SeqLost:
            self.seqs_lost += 1
        self._install(work)
        async with self._journal.exclusive(_day_id(work.day)) as held:
            theirs = await held.load(work.day.seq)
            work = _Work(await replayed(theirs, work.day), [])
            work.changes.append(Change(work.day, _events(theirs)))
            await self._steps(work, ask, now, held)
        return work

    async def _steps(self, work: _Work, ask: Ask | None, now: datetime, writer: Writer) -> None:
        at = max(now, work.day.at)
        while (due := self._due_by(work.day, at)) is not None:
            due_time = max(due.at, work.day.at)
            await self._write(work, writer, due_time, CLOCK, "clock", due.events, key=due.key)
        if ask is None or work.day.phase is Phase.OVER:
            return
        work.decision = decide(work.day, ask.command, at)
        if isinstance(work.decision, Accepted) and work.decision.events:
            await self._write(work, writer, at, ask.actor, ask.kind, work.decision.events, ask=ask)

    def _due_by(self, day: Day, at: datetime) -> Due | None:
        due = self._due_at(day)
        return advance(day, at) if due is not None and due <= at else None

    def _due_at(self, day: Day) -> datetime | None:
        if self._due is None or self._due[0] is not day:
            self._due = day, due_at(day)
        return self._due[1]

    async def _write(
        self,
        work: _Work,
        writer: Writer,
        at: datetime,
        actor: str,
        kind: str,
        events: tuple[Event, ...],
        *,
        key: str | None = None,
        ask: Ask | None = None,
    ) -> None:
        before = work.day
        day = evolve(before, before.seq + 1, at, events)
        answer = fingerprint = None
        if ask is not None:
            assert isinstance(work.decision, Accepted), "only what was accepted is written"
            answer = encode(ask.answer(day, work.decision))
            key = ask.key
            # Without a key a mark of its own, lest the journal take another process's like entry for this one.
            fingerprint = ask.fingerprint if key is not None else secure_token(MARK_BYTES).encode()
        entry = Entry(
            branch_id=day.branch_id,
            business_on=day.business_on,
            seq=day.seq,
            key=key,
            fingerprint=fingerprint,
            at=at,
            actor=actor,
            kind=kind,
            events=codec.encode(events),
            answer=answer,
        )
        due_before, due = self._due_at(before), self._due_at(day)
        outcome = await writer.append(Append(entry=entry, due_at=due, due_changed=due != due_before))
        match outcome:
            case Appended():
                work.day, work.answer = day, answer
                work.changes.append(Change(day, events, before))
            case SeqTaken():
                raise _SeqLost
            case KeyUsed(entry=used):
                if ask is None:
                    raise _SeqLost
                work.used = used
                work.is_behind = used.day == _day_id(before) and used.seq > before.seq

    async def _open(self, now: datetime) -> Day:
        """The present day, loaded or opened."""
        if self.day is not None and self.day.phase is not Phase.OVER:
            if not self._is_known or self.is_behind:
                await self._catch_up(self.day)
            return self.day
        terms = self._catalog.current(self._id)
        assert terms is not None, "a branch of the catalogue"
        on = business_on(terms.hours, now)
        if self.day is not None:  # over is over, even by a clock that went back
            on = max(on, self.day.business_on + timedelta(days=1))
        day_id = DayId(branch_id=self._id, business_on=on)
        for _ in range(ROUNDS_MAX):
            day = await self._days.load(day_id)
            if day is not None:
                self._install(_Work(day, [Change(day, ())]))
                return day
            await self._append_opening(day_id, now)
        raise Problem("desk.overloaded", 503, headers=RETRY_LATER)

    async def _append_opening(self, day_id: DayId, now: datetime) -> None:
        terms = self._catalog.current(self._id)
        assert terms is not None, "a branch of the catalogue"
        events = (open_day(terms, day_id.business_on, now),)
        day = evolve(None, 1, now, events)
        entry = Entry(
            branch_id=self._id,
            business_on=day_id.business_on,
            seq=1,
            key=None,
            fingerprint=None,
            at=now,
            actor=CLOCK,
            kind="day.open",
            events=codec.encode(events),
            answer=None,
        )
        await self._journal.append(Append(entry=entry, due_at=due_at(day), due_changed=True))

    async def _catch_up(self, day: Day) -> None:
        """Take in what others wrote on the day that we have."""
        self.is_behind = False  # who says so from here on may speak of what this does not find
        try:
            tail = await self._journal.load(_day_id(day), day.seq)
            newest = await replayed(tail, day)
        except BaseException:
            self.is_behind = True
            raise
        self._install(_Work(newest, [Change(newest, _events(tail))] if tail else []))

    async def _end_past(self, day_id: DayId) -> None:
        day = await self._days.load(day_id)
        if day is not None:
            with suppress(_SeqLost):  # then another process is at it
                await self._steps(_Work(day, []), None, self._clock(), self._journal)

    def _install(self, work: _Work) -> None:
        if self._doubtful_until is not None and self._clock() >= self._doubtful_until:
            self._doubtful_until = None
        self.day, self._is_known = work.day, not work.is_behind and self._doubtful_until is None
        for change in work.changes:
            self._tell(change)


def refusal_problem(refusal: Refusal) -> Problem:
    """A refusal of the rules as an HTTP problem: what does not exist is 404, what cannot be now is 409."""
    return Problem(refusal.code, 404 if refusal.code.endswith(".unknown") else 409, dict(refusal.params))


@contextmanager
def failures_told() -> Iterator[None]:
    """The journal's failures as HTTP problems."""
    try:
        yield
    except JournalOverloaded as error:
        raise Problem("desk.overloaded", 503, headers=RETRY_LATER) from error
    except JournalUnavailable as error:
        raise Problem("journal.unavailable", 503, headers=RETRY_LATER) from error


def _same_answer(used: Entry, ask: Ask) -> bytes:
    if used.fingerprint != ask.fingerprint:
        raise Problem("key.reused", 422)
    assert used.answer is not None, "an entry with a caller's key has an answer"
    return used.answer


def _day_id(day: Day) -> DayId:
    return DayId(branch_id=day.branch_id, business_on=day.business_on)


def _events(entries: list[Entry]) -> tuple[Event, ...]:
    return tuple(event for entry in entries for event in codec.decode(entry.events))


def _heard(task: asyncio.Task[Day]) -> None:
    """A failure is told to those who wait; that all of them have gone is no failure of its own."""
    if not task.cancelled():
        task.exception()
