"""Gathers what is appended in one tick of the loop and hands it to the writer as one batch."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import partial

from queue_service.journal.entries import Append, Outcome
from queue_service.journal.store import JournalOverloaded

OnCommit = Callable[[float, int], None]
"""Called with the seconds from a batch's being handed over to its being durable, and how many entries it held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An append and the caller who awaits its outcome (and may have gone)."""

    append: Append
    outcome: asyncio.Future[Outcome]

    def settle(self, outcome: Outcome) -> None:
        if not self.outcome.done():
            self.outcome.set_result(outcome)

    def fail(self, error: BaseException) -> None:
        if not self.outcome.done():
            self.outcome.set_exception(error)


class Batches:
    """One batch is written at a time; what comes meanwhile goes into the next.

    A batch is handed over at the end of the tick in which its first append came, or when the writer reports. (A queue
    item for each append wakes the writer for the first and leaves the rest waiting: batches of 2.5, not 16, measured.)
    `write` settles its batch, or starts another task that does.
    """

    def __init__(
        self,
        write: Callable[[Sequence[Waiting]], Coroutine[None, None, None]],
        *,
        pending_max: int,
        batch_max: int,
        on_commit: OnCommit | None = None,
    ) -> None:
        self._write = write
        self._on_commit = on_commit
        self._pending_max = pending_max
        self._batch_max = batch_max
        self._pending: deque[Waiting] = deque()
        self._unsettled = 0
        self._is_writing = False
        self._is_closed = False
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def pending(self) -> int:
        """Entries whose outcome is not known yet."""
        return self._unsettled

    async def append(self, append: Append) -> Outcome:
        """Waits until the writer has settled it; raises `JournalOverloaded` when too many wait."""
        assert not self._is_closed, "the journal is closed"
        check(append)
        if self._unsettled >= self._pending_max:
            raise JournalOverloaded(f"{self._unsettled} entries wait to be written")
        loop = asyncio.get_running_loop()
        waiting = Waiting(append=append, outcome=loop.create_future())
        self._pending.append(waiting)
        self._unsettled += 1
        if not self._is_writing:
            self._is_writing = True
            loop.call_soon(self._hand_over)
        try:
            return await waiting.outcome
        finally:
            self._unsettled -= 1

    def start(self, batch: Sequence[Waiting], work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Runs `work`, which settles `batch`, beside the writer; whoever it does not settle gets what it raises."""
        loop = asyncio.get_running_loop()
        task = loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(partial(self._end, batch, loop.time()))
        return task

    async def close(self) -> None:
        """Returns when everything handed over is settled; the writer's own limits bound the wait."""
        self._is_closed = True
        while self._is_writing or self._tasks:
            await asyncio.wait(self._tasks) if self._tasks else await asyncio.sleep(0)

    def _hand_over(self) -> None:
        batch = [self._pending.popleft() for _ in range(min(len(self._pending), self._batch_max))]
        self.start(batch, self._write(batch)).add_done_callback(self._report)

    def _report(self, _written: asyncio.Task[None]) -> None:
        if self._pending:
            self._hand_over()
        else:
            self._is_writing = False

    def _end(self, batch: Sequence[Waiting], started_s: float, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        if error is not None:
            for waiting in batch:
                waiting.fail(error)
        elif self._on_commit is not None and any(waiting.outcome.done() for waiting in batch):
            self._on_commit(asyncio.get_running_loop().time() - started_s, len(batch))


def check(append: Append) -> None:
    """Asserts what the database would refuse, lest one caller's mistake fail the whole batch."""
    entry = append.entry
    assert entry.seq >= 1, "seq counts from 1"
    assert entry.at.tzinfo is not None, "a time without its zone"
    assert append.due_at is None or append.due_at.tzinfo is not None, "a time without its zone"
    for text in (entry.branch_id, entry.actor, entry.kind, entry.key or ""):
        assert "\0" not in text, "PostgreSQL keeps no NUL in a text"
        text.encode()
