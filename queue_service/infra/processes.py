"""Several processes that serve side by side, and the supervisor that starts them and serves nothing itself.

The processes are forks of the supervisor, which has the modules loaded and nothing running: a process that was killed
is back in a fraction of what a start costs. The supervisor has no loop, no thread and no handler; it waits for signals.
SIGTERM and SIGINT end all of them in order, sent to the supervisor alone or to the whole group; where the supervisor
itself is killed, each process sees the end of its lifeline and stops as if it had been told. A process that lives gives
beats; one that was ready and is silent for too long hangs, and is killed like that.

Each process has a queue of connections of its own on the shared port (SO_REUSEPORT), for the sake of long-lived
sockets: the kernel spreads connections by a hash, measured 321, 274 and 305 of 900 over three processes. From one queue
that all share, whoever wakes first takes them, measured 479, 206 and 215; a hall's sockets stay for days, and one
process would reach `socket_max` while others idle. The price: when a process is killed, connections that it had not
taken yet are reset rather than handed on (`sysctl net.ipv4.tcp_migrate_req=1` does that too). They are those of its
last turn of the loop, and their clients come again, to a process that lives: the queue of the dead one is gone with it.
"""

import errno
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NoReturn

import structlog

RESTART_S_FIRST = 0.1
"""Pause before a process that ended is started again; doubled each time that it does not last."""
RESTART_S_MAX = 15.0
STEADY_S = 60.0
"""A process that lasted so long is started again after the first pause."""
BEAT_S = 2.0
"""Between two beats of a process, and between two times that the supervisor listens."""
AWAY_S = 3 * BEAT_S
"""A supervisor that has not listened for so long was stopped itself, perhaps with all processes."""

_STOPS = frozenset({signal.SIGTERM, signal.SIGINT})
_AWAITED = _STOPS | {signal.SIGCHLD}
_BEAT = b"."
_BEATS_MAX = 4096
"""As many as are heard at once: hours of them."""
_TOLD = -signal.SIGTERM
"""Status of a process that was told to stop before it could handle that."""
_KILLED_STATUS = 1
_SIGNAL_STATUS = 128
"""Exit status for a signal, as shells count it: this and its number."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """This process, one of several."""

    number: int
    """From 0; the same again in a process that takes the place of one that has ended."""
    is_first: bool
    """Whether it is the very first one, to which `let_go` left what the supervisor had opened."""
    lifeline: int
    """A descriptor that can be read, and is at its end, when the supervisor is no more."""
    _beats: int

    def beat(self) -> None:
        """Says that this process lives, to be repeated every `BEAT_S`.

        With the first one it is ready: from there on an end is no failure to start, and silence is no start.
        """
        # Full: a supervisor that was stopped has hours of beats to hear. Broken: there is none, as the lifeline tells.
        with suppress(BlockingIOError, BrokenPipeError):
            os.write(self._beats, _BEAT)


def split(count: int, *, stop_s_max: float, silent_s_max: float, let_go: Callable[[], None]) -> Process:
    """Starts `count` processes and returns in each of them; the supervisor stays in here and ends with SystemExit.

    Call it before there is any loop or thread. A process that ends is started again; one that ends before it was ever
    ready will not do better, so it ends the whole with its own exit status; so does a first start for which the system
    has no room, where later ones are tried again. One that was ready and gives no beat for `silent_s_max` seconds is
    killed. When told to stop, what has not ended after `stop_s_max` seconds is killed, and the exit status is not 0.
    `let_go` closes, in the supervisor, what the first process has inherited.
    """
    return _Supervisor(count, stop_s_max, silent_s_max, let_go).run()


@dataclass(slots=True, kw_only=True)
class _Place:
    """Where one process after another lives."""

    number: int
    pid: int | None = None
    beats: int = -1
    """Where the present process gives its beats."""
    was_ready: bool = False
    """Whether any process here ever was."""
    started_s: float | None = None
    """When the present process was started, or the last one; None before the first."""
    heard_s: float | None = None
    """When the present process was last heard; None before it is ready."""
    start_at_s: float = 0
    pause_s: float = field(default=RESTART_S_FIRST)


class _Supervisor:
    def __init__(self, count: int, stop_s_max: float, silent_s_max: float, let_go: Callable[[], None]) -> None:
        self._places = [_Place(number=number) for number in range(count)]
        self._stop_s_max = stop_s_max
        self._silent_s_max = silent_s_max
        self._listened_s = time.monotonic()
        self._let_go = let_go
        self._has_started = False
        self._lifeline, self._held = os.pipe()

    def run(self) -> Process:
        signal.pthread_sigmask(signal.SIG_BLOCK, _AWAITED)
        while True:
            for place in self._places:
                if place.pid is None and place.start_at_s <= time.monotonic():
                    process = self._start(place)
                    if process is not None:
                        return process
            if self._wait() in _STOPS:
                _log.info("stopping", processes=len(self._running()))
                self._end(0)
            self._reap()
            self._listen()

    def _start(self, place: _Place) -> Process | None:
        """In the new process: which one it is; None in the supervisor."""
        try:
            place.beats, beats, place.pid = _forked()
        except OSError as error:
            self._put_off(place, error)
            return None
        is_first, self._has_started = not self._has_started, True
        if place.pid == 0:
            return self._become(place, is_first, beats)
        os.close(beats)
        os.set_blocking(place.beats, False)
        place.started_s, place.heard_s = time.monotonic(), None
        if is_first:
            self._let_go()
        _log.info("process.started", process=place.number, pid=place.pid)
        return None

    def _put_off(self, place: _Place, error: OSError) -> None:
        """The system has no room for one more process now; where that is so from the start, it will not do better."""
        reason = errno.errorcode.get(error.errno or 0, "")
        if place.started_s is None:
            _log.error("process.cannot_fork", process=place.number, reason=reason)
            self._end(_KILLED_STATUS)
        _log.error("process.cannot_fork", process=place.number, reason=reason, again_in_s=self._pause(place))

    def _become(self, place: _Place, is_first: bool, beats: int) -> Process:
        os.close(self._held)  # else it would hold its own lifeline
        for one in (place, *self._running()):
            os.close(one.beats)
        os.set_blocking(beats, False)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _AWAITED)
        structlog.contextvars.bind_contextvars(process=place.number)
        return Process(number=place.number, is_first=is_first, lifeline=self._lifeline, _beats=beats)

    def _wait(self) -> int | None:
        """The signal that came; None when a process is to be started, or all are to be listened to."""
        starts_s = [place.start_at_s for place in self._places if place.pid is None]
        due_s = min([self._listened_s + BEAT_S, *starts_s])
        received = signal.sigtimedwait(_AWAITED, max(0.0, due_s - time.monotonic()))
        return received.si_signo if received is not None else None

    def _reap(self) -> None:
        for place, status in self._ended():
            if not place.was_ready:
                _log.error("process.cannot_start", process=place.number, status=status)
                self._end(status if status > 0 else _SIGNAL_STATUS - status)
            if place.started_s is not None and time.monotonic() - place.started_s >= STEADY_S:
                place.pause_s = RESTART_S_FIRST
            _log.warning("process.ended", process=place.number, status=status, again_in_s=self._pause(place))

    def _pause(self, place: _Place) -> float:
        """Seconds until the next start there, each time more."""
        pause_s = place.pause_s
        place.start_at_s = time.monotonic() + pause_s
        place.pause_s = min(2 * pause_s, RESTART_S_MAX)
        return pause_s

    def _listen(self) -> None:
        """Kills what has been silent for too long; after it was stopped itself, perhaps with all, it counts anew."""
        now_s = time.monotonic()
        was_away = now_s - self._listened_s >= AWAY_S
        self._listened_s = now_s
        for place in self._running():
            _hear(place, now_s, is_heard=was_away)
            if place.heard_s is not None and now_s - place.heard_s >= self._silent_s_max:
                assert place.pid is not None
                _log.error("process.hangs", process=place.number, pid=place.pid, silent_s=round(now_s - place.heard_s))
                os.kill(place.pid, signal.SIGKILL)
                place.heard_s = None  # told and killed once

    def _end(self, status: int) -> NoReturn:
        """Ends all processes, and this one with `status`, or with what went wrong on the way."""
        for place in self._running():
            assert place.pid is not None
            os.kill(place.pid, signal.SIGTERM)
        deadline_s = time.monotonic() + self._stop_s_max
        while self._running() and (left_s := deadline_s - time.monotonic()) > 0:
            signal.sigtimedwait({signal.SIGCHLD}, left_s)
            for _, one in self._ended():
                status = status or (abs(one) if one != _TOLD else 0)
        for place in self._running():
            assert place.pid is not None
            _log.error("process.killed", process=place.number, after_s=self._stop_s_max)
            os.kill(place.pid, signal.SIGKILL)
            os.waitpid(place.pid, 0)
            status = status or _KILLED_STATUS
        _log.info("stopped")
        raise SystemExit(status)

    def _ended(self) -> list[tuple[_Place, int]]:
        """The places whose process has ended since, with its exit status; negative: the signal that ended it."""
        ended: list[tuple[_Place, int]] = []
        for place in self._running():
            assert place.pid is not None
            pid, status = os.waitpid(place.pid, os.WNOHANG)
            if pid:
                _hear(place, time.monotonic())
                os.close(place.beats)
                place.pid = None
                ended.append((place, os.waitstatus_to_exitcode(status)))
        return ended

    def _running(self) -> list[_Place]:
        return [place for place in self._places if place.pid is not None and place.pid != 0]


def _forked() -> tuple[int, int, int]:
    """A fork, and a pipe: its reading and its writing end, and the process's id; 0 in the new process."""
    reading, writing = os.pipe()
    try:
        return reading, writing, os.fork()
    except OSError:
        os.close(reading)
        os.close(writing)
        raise


def _hear(place: _Place, now_s: float, *, is_heard: bool = False) -> None:
    """Notes whether the process has given a beat since; `is_heard`: as if it had, if it was ready."""
    with suppress(BlockingIOError):  # none
        if os.read(place.beats, _BEATS_MAX):
            place.was_ready, place.heard_s = True, now_s
    if is_heard and place.heard_s is not None:
        place.heard_s = now_s
