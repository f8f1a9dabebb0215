"""Channels: the newest view of each audience, told to all its sockets when it changes.

Everybody on a channel sees the same, so whatever makes views differ (branch, view, window or ticket, rights) belongs in
its key. A channel exists while somebody follows it. What it sends is described in `wire.session`.

When something may have changed, `offer` the channel. A call is *urgent* and goes out at once. Anything else goes out
within `live_fold_s`, with all that changed meanwhile, and no sooner after the last view than three quarters of it; the
last quarter spreads the channels, each with a delay of its own, so that a thousand do not fall due in one moment.

The view is made when it is sent, from the newest state; one that reads as before is not sent. `rev` is counted for all
channels together: it rises for each of them, and a channel that comes back needs no memory of where it was.

Nothing here awaits: all sockets of a channel are written in one go (see `infra.push`).
"""

import zlib
from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from queue_service.infra.push import Pushable, text_frame
from queue_service.infra.rounds import Rounds, Scheduler, Timer
from queue_service.settings import Settings
from queue_service.wire.clock import Clock
from queue_service.wire.session import AliveMessage, ViewMessage

SPREAD = 0.25
"""Share of `live_fold_s` over which the channels are spread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelKey:
    """One audience's view at one branch; `part` names the window or ticket, and is empty for the whole branch."""

    branch: str
    view: str
    part: str = ""


class Snapshot(NamedTuple):
    """A view's data as JSON, equal wherever the view is equal, and the day's seq it was made at."""

    seq: int
    encoded: bytes


Source = Callable[[], Snapshot]
"""Makes a view from the newest state there is at that moment."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Subscription:
    """One socket that follows one channel; `owner` is whose it is (a session, a device), None for the public."""

    key: ChannelKey
    socket: Pushable
    owner: Hashable


class Hub:
    """All channels that somebody follows, in one process and on its event loop."""

    def __init__(self, *, settings: Settings, epoch: str, clock: Clock, scheduler: Scheduler) -> None:
        """`epoch` is a text that no earlier process used."""
        self._fold_s = settings.live_fold_s
        self._epoch = epoch
        self._clock = clock
        self._scheduler = scheduler
        self._rev = 0
        self._branches: dict[str, dict[ChannelKey, _Channel]] = {}
        self._beats: Rounds[Subscription] = Rounds(
            period_s=settings.live_heartbeat_s, visit=self._beat, scheduler=lambda: scheduler
        )

    def __len__(self) -> int:
        """How many subscriptions there are."""
        return len(self._beats)

    def followed(self) -> dict[tuple[str, ...], float]:
        """How many subscriptions there are, by view."""
        counts: Counter[tuple[str, ...]] = Counter()
        for channels in self._branches.values():
            for key, channel in channels.items():
                counts[key.view,] += len(channel.subscriptions)
        return dict(counts)

    def keys(self, branch: str) -> tuple[ChannelKey, ...]:
        """The channels of a branch that somebody follows."""
        return tuple(self._branches.get(branch, ()))

    def offer(self, key: ChannelKey, *, urgent: bool = False) -> None:
        """Tells the channel that its view may have changed; costs nothing where nobody follows it."""
        channel = self._branches.get(key.branch, {}).get(key)
        if channel is None:
            return
        if urgent:
            self._publish(channel)
        elif channel.timer is None:
            now_s = self._scheduler.time()
            delay_s = max(0.0, channel.sent_at_s + self._fold_s * (1 - SPREAD) - now_s) + channel.phase * self._fold_s
            channel.timer = self._scheduler.call_later(delay_s, lambda: self._publish(channel))

    def subscribe(self, key: ChannelKey, socket: Pushable, source: Source, *, owner: Hashable = None) -> Subscription:
        """Sends the view now, and each newer one until `unsubscribe`; the first source of a channel serves all."""
        channels = self._branches.setdefault(key.branch, {})
        channel = channels.get(key)
        if channel is None:
            channel = _Channel(key, source)
            self._publish(channel)  # before it is kept: a source that fails leaves nothing behind
            channels[key] = channel
        elif channel.timer is not None:
            self._publish(channel)
        subscription = Subscription(key=key, socket=socket, owner=owner)
        channel.subscriptions[subscription] = socket.push
        self._beats.add(subscription)
        socket.push(self._view_frame(channel))
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Sends no more; the channel goes with its last subscription."""
        self._beats.discard(subscription)
        key = subscription.key
        channel = self._branches[key.branch][key]
        channel.subscriptions.pop(subscription, None)
        if not channel.subscriptions:
            channel.forget_timer()
            del self._branches[key.branch][key]
            if not self._branches[key.branch]:
                del self._branches[key.branch]

    def close_where(self, predicate: Callable[[Subscription], bool], code: int) -> int:
        """Ends the sockets that fit, with a close code, and says how many; they unsubscribe as they go."""
        chosen = [
            subscription
            for channels in self._branches.values()
            for channel in channels.values()
            for subscription in channel.subscriptions
            if predicate(subscription)
        ]
        for subscription in chosen:
            subscription.socket.close(code)
        return len(chosen)

    def _publish(self, channel: "_Channel") -> None:
        channel.forget_timer()
        channel.seq, encoded = channel.source()
        if encoded == channel.encoded:
            return
        self._rev += 1
        channel.encoded = encoded
        channel.rev = self._rev
        channel.sent_at_s = self._scheduler.time()
        frame = self._view_frame(channel)
        for push in channel.subscriptions.values():
            push(frame)

    def _view_frame(self, channel: "_Channel") -> bytes:
        message = ViewMessage(
            view=channel.key.view,
            epoch=self._epoch,
            rev=channel.rev,
            seq=channel.seq,
            at=self._clock(),
            data=msgspec.Raw(channel.encoded),
        )
        return text_frame(msgspec.json.encode(message))

    def _beat(self, subscriptions: tuple[Subscription, ...]) -> None:
        at = self._clock()
        frames: dict[ChannelKey, bytes] = {}
        for subscription in subscriptions:
            key = subscription.key
            channel = self._branches[key.branch][key]
            if channel.timer is not None:
                continue  # its view is about to change
            if key not in frames:
                alive = AliveMessage(epoch=self._epoch, rev=channel.rev, at=at)
                frames[key] = text_frame(msgspec.json.encode(alive))
            subscription.socket.push_if_clear(frames[key])


class _Channel:
    """The view as last sent, and who follows it."""

    __slots__ = ("encoded", "key", "phase", "rev", "sent_at_s", "seq", "source", "subscriptions", "timer")

    def __init__(self, key: ChannelKey, source: Source) -> None:
        self.key = key
        self.source = source
        self.phase = SPREAD * zlib.crc32(f"{key.branch}/{key.view}/{key.part}".encode()) / 2**32
        self.subscriptions: dict[Subscription, Callable[[bytes], None]] = {}
        """How each is told; in order of joining, about that of their places in memory, for a cache meets thousands."""
        self.timer: Timer | None = None
        self.encoded = b""
        self.rev = 0
        self.seq = 0
        self.sent_at_s = float("-inf")

    def forget_timer(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
