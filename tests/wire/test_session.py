from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_service.wire.session import AliveMessage, Session, SessionState, SessionTimes, Step, ViewMessage

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
BOOT_S = 500.0
"""What the client's clock shows at the server's noon."""


def a_view(rev: int, *, after_s: float = 0, epoch: str = "e1", data: bytes = b"{}") -> bytes:
    message = ViewMessage(
        view="board", epoch=epoch, rev=rev, seq=rev, at=NOON + timedelta(seconds=after_s), data=msgspec.Raw(data)
    )
    return msgspec.json.encode(message)


def an_alive(rev: int, *, after_s: float, epoch: str = "e1") -> bytes:
    return msgspec.json.encode(AliveMessage(epoch=epoch, rev=rev, at=NOON + timedelta(seconds=after_s)))


def a_session(*, chance: float = 0.5) -> Session:
    return Session(now_s=BOOT_S, chance=lambda: chance)


def a_served_session() -> Session:
    session = a_session()
    assert session.step(BOOT_S) is Step.CONNECT
    session.opened(BOOT_S)
    assert session.received(a_view(5, data=b'{"a":1}'), BOOT_S) is not None
    return session


def test_the_messages_read_as_they_are_described() -> None:
    assert msgspec.json.decode(a_view(5, data=b'{"a":1}')) == {
        "type": "view",
        "view": "board",
        "epoch": "e1",
        "rev": 5,
        "seq": 5,
        "at": "2026-03-02T12:00:00Z",
        "data": {"a": 1},
    }
    assert msgspec.json.decode(an_alive(5, after_s=1.5)) == {
        "type": "alive",
        "epoch": "e1",
        "rev": 5,
        "at": "2026-03-02T12:00:01.500000Z",
    }


def test_a_session_connects_at_once_and_lives_with_its_first_view() -> None:
    session = a_session()
    assert session.state(BOOT_S) is SessionState.CONNECTING
    assert session.step(BOOT_S) is Step.CONNECT
    assert session.step(BOOT_S) is Step.WAIT
    session.opened(BOOT_S + 0.1)
    assert session.state(BOOT_S + 0.1) is SessionState.CONNECTING
    assert session.age_s(BOOT_S + 0.1) is None
    view = session.received(a_view(5, data=b'{"a":1}'), BOOT_S + 0.2)
    assert view is session.view
    assert view is not None
    assert bytes(view.data) == b'{"a":1}'
    assert session.state(BOOT_S + 0.2) is SessionState.LIVE
    assert session.age_s(BOOT_S + 1.2) == pytest.approx(1)


def test_only_newer_views_are_shown() -> None:
    session = a_served_session()
    assert session.received(a_view(5), BOOT_S) is None
    assert session.received(a_view(4), BOOT_S) is None
    newer = session.received(a_view(9), BOOT_S)
    assert newer is not None
    assert newer.rev == 9


def test_after_a_restart_of_the_server_a_lower_rev_is_newer() -> None:
    session = a_served_session()
    restarted = session.received(a_view(1, epoch="e2"), BOOT_S)
    assert restarted is not None
    assert restarted.epoch == "e2"


@pytest.mark.parametrize("message", ["", "nonsense", '{"type":"later","x":1}', '{"type":"view"}', "[]", b"\xff"])
def test_what_is_not_understood_is_left_alone(message: str | bytes) -> None:
    session = a_served_session()
    assert session.received(message, BOOT_S + 3) is None
    assert session.age_s(BOOT_S + 3) == pytest.approx(3)


def test_what_a_later_core_says_more_is_left_alone() -> None:
    session = a_session()
    assert session.step(BOOT_S) is Step.CONNECT
    session.opened(BOOT_S)
    more = {"later": {"deeper": [1, None]}}
    view = session.received(msgspec.json.encode({**more, **msgspec.json.decode(a_view(5))}), BOOT_S)
    assert view is not None and view.rev == 5
    alive = {**more, **msgspec.json.decode(an_alive(5, after_s=4))}
    assert session.received(msgspec.json.encode(alive), BOOT_S + 4) is None
    assert session.age_s(BOOT_S + 4) == pytest.approx(0)


def test_heartbeats_keep_it_live_and_their_end_makes_it_stale() -> None:
    session = a_served_session()
    for after_s in range(4, 60, 4):
        assert session.received(an_alive(5, after_s=after_s), BOOT_S + after_s) is None
        assert session.age_s(BOOT_S + after_s) == pytest.approx(0)
        assert session.step(BOOT_S + after_s) is Step.WAIT
    assert session.state(BOOT_S + 65.9) is SessionState.LIVE
    assert session.state(BOOT_S + 66) is SessionState.STALE
    assert session.wait_s(BOOT_S + 66) == pytest.approx(10)
    assert session.step(BOOT_S + 76) is Step.DROP
    assert session.state(BOOT_S + 76) is SessionState.CONNECTING
    assert session.age_s(BOOT_S + 76) == pytest.approx(20)


def test_a_heartbeat_for_another_view_is_no_sign_of_freshness() -> None:
    session = a_served_session()
    session.received(an_alive(6, after_s=4), BOOT_S + 4)
    session.received(an_alive(5, after_s=4, epoch="e2"), BOOT_S + 4)
    assert session.age_s(BOOT_S + 4) == pytest.approx(4)


def test_a_message_that_was_kept_back_is_as_old_as_it_is() -> None:
    session = a_served_session()
    session.received(an_alive(5, after_s=4), BOOT_S + 19)
    assert session.age_s(BOOT_S + 19) == pytest.approx(15, abs=0.2)
    assert session.state(BOOT_S + 19) is SessionState.STALE
    session.received(a_view(6, after_s=18), BOOT_S + 19)
    assert session.age_s(BOOT_S + 19) == pytest.approx(1, abs=0.2)


def test_clocks_may_drift_apart() -> None:
    session = a_served_session()
    for after_s in range(4, 7 * 86_400, 4):
        session.received(an_alive(5, after_s=after_s), BOOT_S + after_s * 1.0005)
    assert session.age_s(BOOT_S + after_s * 1.0005) == pytest.approx(0, abs=0.01)


def test_a_server_clock_that_goes_back_a_little_is_forgiven() -> None:
    session = a_served_session()
    session.received(an_alive(5, after_s=-8), BOOT_S + 4)
    assert session.state(BOOT_S + 8) is SessionState.STALE
    for after_s in range(4, 900, 4):
        session.received(an_alive(5, after_s=after_s - 12), BOOT_S + after_s)
    assert session.age_s(BOOT_S + after_s) == pytest.approx(3, abs=0.5)


def test_a_server_clock_that_goes_back_far_heals_by_a_new_connection() -> None:
    session = a_served_session()
    session.received(an_alive(5, after_s=-3600), BOOT_S + 4)
    assert session.state(BOOT_S + 4) is SessionState.STALE
    assert session.step(BOOT_S + 20) is Step.DROP
    assert session.step(BOOT_S + 21) is Step.CONNECT
    session.opened(BOOT_S + 21)
    session.received(a_view(5, after_s=-3580), BOOT_S + 21)
    assert session.state(BOOT_S + 21) is SessionState.LIVE


def test_a_connection_that_brings_nothing_is_given_up() -> None:
    session = a_session()
    session.step(BOOT_S)
    session.opened(BOOT_S)
    assert session.wait_s(BOOT_S) == 20
    assert session.state(BOOT_S + 6) is SessionState.OFFLINE
    assert session.step(BOOT_S + 20) is Step.DROP


def test_an_attempt_that_is_not_answered_is_given_up() -> None:
    session = a_session()
    session.step(BOOT_S)
    assert session.wait_s(BOOT_S) == 10
    assert session.step(BOOT_S + 10) is Step.DROP
    session.lost(BOOT_S + 10.1)
    assert session.step(BOOT_S + 10.4) is Step.WAIT
    assert session.step(BOOT_S + 10.5) is Step.CONNECT


def test_a_lost_connection_is_offline_after_five_seconds_and_keeps_its_view() -> None:
    session = a_served_session()
    session.lost(BOOT_S + 1)
    assert session.state(BOOT_S + 1) is SessionState.CONNECTING
    assert session.step(BOOT_S + 1.5) is Step.CONNECT
    session.lost(BOOT_S + 2)
    assert session.state(BOOT_S + 5.9) is SessionState.CONNECTING
    assert session.state(BOOT_S + 6) is SessionState.OFFLINE
    assert session.view is not None
    assert session.age_s(BOOT_S + 6) == pytest.approx(6)


def test_the_waits_between_attempts_grow_to_a_bound_and_start_anew_when_served() -> None:
    session = a_session(chance=1.0)
    now_s = BOOT_S
    waits_s = []
    for _ in range(20):
        assert session.step(now_s) is Step.CONNECT
        session.lost(now_s)
        waits_s.append(session.wait_s(now_s))
        now_s += waits_s[-1]
    assert waits_s == [1, 2, 4, 8] + [15] * 16

    session.step(now_s)
    session.opened(now_s)
    session.lost(now_s)
    assert session.wait_s(now_s) == 15, "an open socket without a view is no success"
    now_s += 15
    session.step(now_s)
    session.opened(now_s)
    session.received(a_view(1), now_s)
    session.lost(now_s)
    assert session.wait_s(now_s) == 1


def test_a_refused_client_returns_at_the_slowest_pace() -> None:
    session = a_session(chance=1.0)
    session.step(BOOT_S)
    session.lost(BOOT_S, is_refused=True)
    assert session.wait_s(BOOT_S) == 15


@given(
    st.lists(st.tuples(st.sampled_from(["open", "lose", "view", "alive", "step"]), st.floats(0, 30)), max_size=80),
    st.floats(0, 1, exclude_max=True),
)
def test_whatever_happens_the_session_asks_for_one_thing_at_a_time(
    happenings: list[tuple[str, float]], chance: float
) -> None:
    times = SessionTimes()
    session = Session(now_s=BOOT_S, chance=lambda: chance, times=times)
    now_s, link, rev = BOOT_S, "down", 0
    for happening, seconds in happenings:
        now_s += seconds
        match happening, link:
            case "step", _:
                step = session.step(now_s)
                assert (step is Step.CONNECT) <= (link == "down")
                assert (step is Step.DROP) <= (link != "down")
                link = {Step.CONNECT: "opening", Step.DROP: "down", Step.WAIT: link}[step]
            case "open", "opening":
                session.opened(now_s)
                link = "open"
            case "lose", _:
                session.lost(now_s)
                link = "down"
            case "view", "open":
                rev += 1
                assert session.received(a_view(rev, after_s=now_s - BOOT_S), now_s) is not None
            case "alive", "open":
                session.received(an_alive(rev, after_s=now_s - BOOT_S), now_s)
            case _:
                pass  # cannot happen to a link in that state
        assert 0 <= session.wait_s(now_s) <= times.renew_s + 1e-3
        age_s = session.age_s(now_s)
        assert age_s is None or age_s >= -1e-3
        if session.state(now_s) is SessionState.LIVE:
            assert link == "open"
            assert age_s is not None
            assert age_s < times.stale_s
