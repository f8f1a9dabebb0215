"""Time that passes only when a test says so."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(order=True)
class HandTimer:
    due_s: float
    number: int
    callback: Callable[[], object] = field(compare=False)
    is_cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        self.is_cancelled = True


class HandTurned:
    """A scheduler whose time starts at 1000 s and is moved by `turn`."""

    def __init__(self) -> None:
        self._now_s = 1000.0
        self._timers: list[HandTimer] = []

    def time(self) -> float:
        return self._now_s

    def call_later(self, delay: float, callback: Callable[[], object], /) -> HandTimer:
        assert delay >= 0
        timer = HandTimer(self._now_s + delay, len(self._timers), callback)
        heapq.heappush(self._timers, timer)
        return timer

    @property
    def timers(self) -> int:
        """How many timers wait."""
        return sum(not timer.is_cancelled for timer in self._timers)

    def turn(self, seconds: float) -> None:
        """Lets time pass, and happen what falls due."""
        until_s = self._now_s + seconds
        while self._timers and self._timers[0].due_s <= until_s + 1e-9:
            timer = heapq.heappop(self._timers)
            self._now_s = max(self._now_s, timer.due_s)
            if not timer.is_cancelled:
                timer.callback()
        self._now_s = until_s
