"""Visiting many things regularly by one timer: a timer for each would cost more than the visit."""

import asyncio
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

STEPS = 100
"""A round is made in this many steps, so that none holds up the loop for long: a word to each of 10,000 sockets takes a
tenth of a second, and a call must not wait for more than a hundredth of that."""

Member = TypeVar("Member")


class Timer(Protocol):
    """What will happen later, unless cancelled."""

    def cancel(self) -> None: ...


class Scheduler(Protocol):
    """The part of an event loop that keeps time; `time` counts seconds from anywhere and never goes back."""

    def time(self) -> float: ...

    def call_later(self, delay: float, callback: Callable[[], object], /) -> Timer: ...


class Rounds(Generic[Member]):
    """Visits every member once in `period_s`, a hundredth of them at a time; keeps no timer while it has no members."""

    def __init__(
        self,
        *,
        period_s: float,
        visit: Callable[[tuple[Member, ...]], None],
        scheduler: Callable[[], Scheduler] = asyncio.get_running_loop,
    ) -> None:
        self._step_s = period_s / STEPS
        self._visit = visit
        self._scheduler = scheduler
        self._groups: tuple[dict[Member, None], ...] = tuple({} for _ in range(STEPS))
        self._joining = 0
        self._turn = 0
        self._timer: Timer | None = None

    def __len__(self) -> int:
        return sum(map(len, self._groups))

    def add(self, member: Member) -> None:
        """Visits `member` from now on, for the first time within one period."""
        self._joining = (self._joining + 1) % STEPS
        self._groups[self._joining][member] = None
        if self._timer is None:
            self._timer = self._scheduler().call_later(self._step_s, self._step)

    def discard(self, member: Member) -> None:
        """Visits `member` no more; one who is no member is left alone."""
        for group in self._groups:
            group.pop(member, None)
        if self._timer is not None and not any(self._groups):
            self._timer.cancel()
            self._timer = None

    def _step(self) -> None:
        self._timer = self._scheduler().call_later(self._step_s, self._step)
        self._turn = (self._turn + 1) % STEPS
        self._visit(tuple(self._groups[self._turn]))
