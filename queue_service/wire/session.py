"""A client's side of a live socket, without input or output: what kiosk, display and pages do, in one place to read.

The server sends two kinds of JSON text, and wants no answer:

`{"type": "view", "view", "epoch", "rev", "seq", "at", "data"}`
    The whole newest view, at connection and after each change. `rev` rises with each change; `epoch` is new with each
    start of the serving process, and revs of different epochs say nothing about each other; `seq` is the day's.
`{"type": "alive", "epoch", "rev", "at"}`
    The view of that `rev` is still the newest; every few seconds, because a quiet hall sends nothing else and a browser
    cannot see the protocol's pings. It may be left out for a client that is slow.

Messages of any other type are ignored. `at` is the server's moment, at which the data was true. The age of the data is
told without trusting that both clocks agree: the quickest message of a connection is taken to have come at once, and
what came later than that pace is that much older. A message kept back for a minute shows as a minute old. The pace is
forgiven slowly, so that clocks may drift.

Fresh data is also the sign of life: a client sends no pings of its own (it answers the server's), and gives up a
connection that has brought nothing fresh for a while. It then tries again for ever, each time after a random wait with
a growing bound, so that a thousand screens do not return in one moment.

`now_s` is any clock in seconds that never goes back. Whoever drives a session, in one loop: asks `step`, does as told,
feeds `opened`, `received` and `lost`, and asks again after at most `wait_s`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import assert_never

import msgspec

FAILURES_MAX = 10
"""Counted no further: the wait has reached its bound long before."""

DRIFT = 0.01
"""Seconds in a second by which two clocks may part before data looks older than it is; a step back heals as fast."""


class ViewMessage(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="view"):
    """The whole newest view; `bytes(data)` is JSON, left to whoever knows the view."""

    view: str
    epoch: str
    rev: int
    seq: int
    at: datetime
    data: msgspec.Raw


class AliveMessage(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="alive"):
    """The view of this `rev` was still the newest at `at`."""

    epoch: str
    rev: int
    at: datetime


class SessionState(StrEnum):
    """What a screen may say about its data: only live data may be acted on."""

    CONNECTING = "connecting"
    LIVE = "live"
    STALE = "stale"
    OFFLINE = "offline"


class Step(StrEnum):
    """What the driver of a session has to do now."""

    WAIT = "wait"
    CONNECT = "connect"
    DROP = "drop"


class Link(StrEnum):
    """How far the connection is."""

    DOWN = "down"
    OPENING = "opening"
    OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionTimes:
    """The patience of a session, in seconds."""

    open_s_max: float = 10
    stale_s: float = 10
    renew_s: float = 20
    """Without fresh data for so long, the connection is given up for a new one."""
    offline_s: float = 5
    """Without a connection for so long, the screen says so."""
    retry_s_first: float = 1
    retry_s_max: float = 15


_decoder = msgspec.json.Decoder(ViewMessage | AliveMessage)


class Session:
    """The connection of one screen to one view, through any number of sockets."""

    def __init__(self, *, now_s: float, chance: Callable[[], float], times: SessionTimes | None = None) -> None:
        """`chance` gives a number from 0 up to 1."""
        self._times = times or SessionTimes()
        self._chance = chance
        self._link = Link.DOWN
        self._link_since_s = now_s
        self._retry_at_s = now_s
        self._failures = 0
        self._served_until_s = now_s
        self._is_served = False
        self._view: ViewMessage | None = None
        self._true_at_s: float | None = None
        self._clock_gap_s: float | None = None
        self._confirmed_s = now_s

    @property
    def view(self) -> ViewMessage | None:
        """The newest view ever received; None before the first."""
        return self._view

    def age_s(self, now_s: float) -> float | None:
        """How long ago the view was known to be the newest; None without a view."""
        return None if self._true_at_s is None else now_s - self._true_at_s

    def state(self, now_s: float) -> SessionState:
        """What the screen may say."""
        age_s = self.age_s(now_s)
        if self._is_served and age_s is not None:
            return SessionState.LIVE if age_s < self._times.stale_s else SessionState.STALE
        if now_s - self._served_until_s < self._times.offline_s:
            return SessionState.CONNECTING
        return SessionState.OFFLINE

    def step(self, now_s: float) -> Step:
        """What to do now. CONNECT and DROP are said once: the session takes them as begun and as done."""
        if self.wait_s(now_s) > 0:
            return Step.WAIT
        match self._link:
            case Link.DOWN:
                self._change_link(Link.OPENING, now_s)
                return Step.CONNECT
            case Link.OPENING | Link.OPEN:
                self.lost(now_s)
                return Step.DROP
            case _:
                assert_never(self._link)

    def wait_s(self, now_s: float) -> float:
        """How long `step` will say WAIT, if nothing is received meanwhile; 0 = ask now."""
        match self._link:
            case Link.DOWN:
                due_s = self._retry_at_s
            case Link.OPENING:
                due_s = self._link_since_s + self._times.open_s_max
            case Link.OPEN:
                fresh_at_s = self._link_since_s
                if self._true_at_s is not None:
                    fresh_at_s = max(fresh_at_s, self._true_at_s)
                due_s = fresh_at_s + self._times.renew_s
            case _:
                assert_never(self._link)
        return max(0.0, due_s - now_s)

    def opened(self, now_s: float) -> None:
        """The socket is open."""
        assert self._link is Link.OPENING
        self._change_link(Link.OPEN, now_s)
        self._clock_gap_s = None

    def lost(self, now_s: float, *, is_refused: bool = False) -> None:
        """The socket is closed or could not be opened.

        `is_refused`: the server does not want this client (a status 4xx, a close code 44xx). It is asked again, for a
        screen that nobody attends must find back when somebody has repaired its rights, but only at the slowest pace.
        """
        if self._link is Link.DOWN:
            return
        if self._is_served:
            self._is_served = False
            self._served_until_s = now_s
        self._change_link(Link.DOWN, now_s)
        self._failures = FAILURES_MAX if is_refused else min(self._failures + 1, FAILURES_MAX)
        bound_s = min(self._times.retry_s_max, self._times.retry_s_first * 2.0 ** (self._failures - 1))
        self._retry_at_s = now_s + bound_s * self._chance()

    def received(self, message: str | bytes, now_s: float) -> ViewMessage | None:
        """Takes in one text message; gives the view where it is one to show: new, and newer than the last."""
        assert self._link is Link.OPEN
        try:
            decoded = _decoder.decode(message)
        except msgspec.DecodeError:
            return None  # a type to come, or nonsense: either way no fresh data, which `step` acts on in time
        match decoded:
            case ViewMessage():
                return self._received_view(decoded, now_s)
            case AliveMessage():
                if self._view is not None and (decoded.epoch, decoded.rev) == (self._view.epoch, self._view.rev):
                    self._confirm(decoded.at, now_s)
                return None
            case _:
                assert_never(decoded)

    def _received_view(self, message: ViewMessage, now_s: float) -> ViewMessage | None:
        known = self._view
        if known is not None and known.epoch == message.epoch and message.rev < known.rev:
            return None
        self._confirm(message.at, now_s)
        if known is not None and (known.epoch, known.rev) == (message.epoch, message.rev):
            return None
        self._view = message
        return message

    def _confirm(self, at: datetime, now_s: float) -> None:
        gap_s = now_s - at.timestamp()
        if self._clock_gap_s is not None:
            gap_s = min(gap_s, self._clock_gap_s + DRIFT * (now_s - self._confirmed_s))
        self._clock_gap_s = gap_s
        self._confirmed_s = now_s
        self._true_at_s = at.timestamp() + gap_s
        self._is_served = True
        self._failures = 0

    def _change_link(self, link: Link, now_s: float) -> None:
        self._link = link
        self._link_since_s = now_s
