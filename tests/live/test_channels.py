import json
from collections.abc import Hashable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queue_service.infra.push import text_frame
from queue_service.live.channels import ChannelKey, Hub, Snapshot, Subscription
from queue_service.settings import Settings
from tests.infra.timekeeping import HandTurned

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
BOARD = ChannelKey(branch="zhongshan", view="board")


class Screen:
    """A socket that keeps what it is told; one that is not clear takes no heartbeats."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.closed: list[int] = []
        self.is_clear = True

    def push(self, frame: bytes) -> None:
        head = 2 if frame[1] < 126 else 4
        message = json.loads(frame[head:])
        assert frame == text_frame(frame[head:])
        self.messages.append(message)

    def push_if_clear(self, frame: bytes) -> None:
        if self.is_clear:
            self.push(frame)

    def close(self, code: int) -> None:
        self.closed.append(code)

    @property
    def views(self) -> list[dict[str, Any]]:
        return [message for message in self.messages if message["type"] == "view"]

    @property
    def shown(self) -> list[Any]:
        return [message["data"] for message in self.views]


class Hall:
    """A day that is just a number, with its hub and a time turned by hand."""

    def __init__(self) -> None:
        self.time = HandTurned()
        self.started_s = self.time.time()
        self.day = 0
        self.seq = 0
        self.made = 0
        self.hub = Hub(settings=Settings(), epoch="e1", clock=self.now, scheduler=self.time)

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.time.time() - self.started_s)

    def view(self) -> Snapshot:
        self.made += 1
        return Snapshot(self.seq, json.dumps(self.day).encode())

    def follow(self, key: ChannelKey = BOARD, owner: Hashable = None) -> tuple[Screen, Subscription]:
        screen = Screen()
        return screen, self.hub.subscribe(key, screen, self.view, owner=owner)

    def change(self, key: ChannelKey = BOARD, *, urgent: bool = False) -> None:
        self.day += 1
        self.seq += 1
        self.hub.offer(key, urgent=urgent)


def test_subscribing_shows_the_view_at_once() -> None:
    hall = Hall()
    hall.seq = 7
    screen, _ = hall.follow()
    assert screen.messages == [
        {"type": "view", "view": "board", "epoch": "e1", "rev": 1, "seq": 7, "at": "2026-03-02T12:00:00Z", "data": 0}
    ]


def test_a_late_subscriber_gets_the_same_view_with_the_present_time() -> None:
    hall = Hall()
    early, _ = hall.follow()
    hall.time.turn(60)
    late, _ = hall.follow()
    assert len(early.views) == 1
    assert late.views == [{**early.views[0], "at": "2026-03-02T12:01:00Z"}]
    assert hall.made == 1


def test_a_subscriber_during_a_fold_gets_the_newest() -> None:
    hall = Hall()
    early, _ = hall.follow()
    hall.change()
    late, _ = hall.follow()
    assert early.shown == [0, 1]
    assert late.shown == [1]
    hall.time.turn(1)
    assert early.shown == [0, 1]


def test_an_urgent_change_goes_out_at_once_and_takes_along_what_waited() -> None:
    hall = Hall()
    screen, _ = hall.follow()
    hall.change()
    hall.change(urgent=True)
    assert screen.shown == [0, 2]
    hall.time.turn(1)
    assert screen.shown == [0, 2]
    assert hall.made == 2


def test_changes_are_folded_into_one_with_the_newest_state() -> None:
    hall = Hall()
    screen, _ = hall.follow()
    for _ in range(10):
        hall.change()
        hall.time.turn(0.01)
    assert screen.shown == [0]
    hall.time.turn(0.1)
    assert screen.shown == [0, 10]
    assert hall.made == 2


def test_steady_changes_go_out_every_fold_and_the_last_is_never_lost() -> None:
    hall = Hall()
    screen, _ = hall.follow()
    for _ in range(1000):
        hall.change()
        hall.time.turn(0.01)
    assert 50 <= len(screen.shown) <= 67  # 10 s, one in 0.15 to 0.2 s
    hall.time.turn(0.2)
    assert screen.shown[-1] == 1000


def test_a_change_in_a_quiet_hall_goes_out_within_a_quarter_fold() -> None:
    hall = Hall()
    screens = []
    for number in range(50):
        key = ChannelKey(branch=f"branch-{number}", view="board")
        screens.append((key, hall.follow(key)[0]))
    hall.time.turn(1)
    for key, _ in screens:
        hall.change(key)
    arrivals = set()
    for step in range(50):
        hall.time.turn(0.001)
        arrivals |= {(screen, step) for _, screen in screens if len(screen.views) == 2}
    first_steps = {min(step for other, step in arrivals if other is screen) for _, screen in screens}
    assert all(len(screen.views) == 2 for _, screen in screens)
    assert len(first_steps) > 20


def test_a_view_that_reads_as_before_is_not_sent() -> None:
    hall = Hall()
    screen, _ = hall.follow()
    hall.seq += 1
    hall.hub.offer(BOARD, urgent=True)
    hall.hub.offer(BOARD)
    hall.time.turn(0.3)
    assert len(screen.views) == 1


def test_a_channel_that_nobody_follows_does_no_work() -> None:
    hall = Hall()
    hall.change(urgent=True)
    screen, subscription = hall.follow()
    hall.change()
    hall.hub.unsubscribe(subscription)
    assert hall.hub.keys("zhongshan") == ()
    assert len(hall.hub) == 0
    assert hall.time.timers == 0
    hall.change()
    hall.change(urgent=True)
    hall.time.turn(10)
    assert screen.shown == [1]
    assert hall.made == 1


def test_rev_does_not_go_back_when_a_channel_returns() -> None:
    hall = Hall()
    first, subscription = hall.follow()
    hall.change(urgent=True)
    hall.hub.unsubscribe(subscription)
    second, _ = hall.follow()
    assert second.views[0]["rev"] > first.views[-1]["rev"]


def test_a_source_that_fails_leaves_nothing_behind() -> None:
    hall = Hall()

    def fails() -> Snapshot:
        raise LookupError

    with pytest.raises(LookupError):
        hall.hub.subscribe(BOARD, Screen(), fails)
    assert hall.hub.keys("zhongshan") == ()
    screen, _ = hall.follow()
    assert screen.shown == [0]


def test_keys_are_told_by_branch() -> None:
    hall = Hall()
    ticket = ChannelKey(branch="zhongshan", view="ticket", part="t1")
    for key in (BOARD, ticket, ChannelKey(branch="renmin", view="board")):
        hall.follow(key)
    assert set(hall.hub.keys("zhongshan")) == {BOARD, ticket}
    assert hall.hub.keys("unheard-of") == ()


def test_heartbeats_say_that_the_view_is_still_true() -> None:
    hall = Hall()
    screens = [hall.follow()[0] for _ in range(20)]
    hall.time.turn(4)
    for screen in screens:
        _, alive = screen.messages
        assert alive.keys() == {"type", "epoch", "rev", "at"}
        assert (alive["type"], alive["epoch"], alive["rev"]) == ("alive", "e1", 1)
        assert NOON < datetime.fromisoformat(alive["at"]) <= NOON + timedelta(seconds=4)
    hall.time.turn(36)
    assert {len(screen.messages) for screen in screens} == {11}


def test_no_heartbeat_while_a_change_waits_or_the_client_does() -> None:
    hall = Hall()
    screen, _ = hall.follow()
    slow, _ = hall.follow()
    slow.is_clear = False
    revs_at_beats = []
    for _ in range(200):
        hall.change()
        hall.time.turn(0.1)
        revs_at_beats += [m["rev"] == screen.views[-1]["rev"] for m in screen.messages[-1:] if m["type"] == "alive"]
    assert all(revs_at_beats)
    assert [message for message in slow.messages if message["type"] == "alive"] == []


def test_sockets_are_closed_by_their_owner() -> None:
    hall = Hall()
    mine, subscription = hall.follow(owner="session-1")
    other, _ = hall.follow(owner="session-2")
    public, _ = hall.follow()
    assert hall.hub.close_where(lambda each: each.owner == "session-1", 4401) == 1
    assert (mine.closed, other.closed, public.closed) == ([4401], [], [])
    hall.hub.unsubscribe(subscription)
    hall.change(urgent=True)
    assert mine.shown == [0]
    assert other.shown == [0, 1]


ACTIONS = st.one_of(
    st.sampled_from(["follow", "leave", "change", "urgent", "same"]),
    st.floats(0, 0.5, allow_nan=False).map(lambda seconds: ("wait", seconds)),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(ACTIONS, max_size=60))
def test_every_screen_ends_with_the_newest_view_and_rising_revs(actions: list[str | tuple[str, float]]) -> None:
    hall = Hall()
    following: list[tuple[Screen, Subscription]] = []
    all_screens: list[Screen] = []
    for action in actions:
        match action:
            case "follow":
                following.append(hall.follow())
                all_screens.append(following[-1][0])
                assert following[-1][0].shown == [hall.day]
            case "leave":
                if following:
                    hall.hub.unsubscribe(following.pop(0)[1])
            case "change":
                hall.change()
            case "urgent":
                hall.change(urgent=True)
                assert all(screen.shown[-1] == hall.day for screen, _ in following)
            case "same":
                hall.hub.offer(BOARD)
            case (_, float() as seconds):
                hall.time.turn(seconds)
            case _:
                raise AssertionError(action)
    hall.time.turn(0.2)
    assert all(screen.shown[-1] == hall.day for screen, _ in following)
    data_of_rev: dict[int, Any] = {}
    for screen in all_screens:
        revs = [message["rev"] for message in screen.views]
        assert revs == sorted(set(revs))
        for message in screen.views:
            assert data_of_rev.setdefault(message["rev"], message["data"]) == message["data"]
    for _, subscription in following:
        hall.hub.unsubscribe(subscription)
    assert hall.time.timers == 0
