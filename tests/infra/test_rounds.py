from queue_service.infra.rounds import STEPS, Rounds
from tests.infra.timekeeping import HandTurned


def test_everybody_is_visited_once_a_period_a_few_at_a_time() -> None:
    time = HandTurned()
    visits: list[tuple[int, ...]] = []
    rounds: Rounds[int] = Rounds(period_s=5, visit=visits.append, scheduler=lambda: time)
    members = range(2 * STEPS + 1)
    for member in members:
        rounds.add(member)
    assert len(rounds) == len(members)

    time.turn(5)
    assert sorted(member for visit in visits for member in visit) == list(members)
    assert len(visits) == STEPS
    assert max(map(len, visits)) == 3
    time.turn(10)
    assert len([member for visit in visits for member in visit]) == 3 * len(members)


def test_there_is_no_timer_without_members() -> None:
    time = HandTurned()
    visits: list[tuple[str, ...]] = []
    rounds: Rounds[str] = Rounds(period_s=1, visit=visits.append, scheduler=lambda: time)
    assert time.timers == 0
    rounds.add("a")
    rounds.add("b")
    assert time.timers == 1
    rounds.discard("a")
    rounds.discard("never there")
    assert time.timers == 1
    rounds.discard("b")
    assert time.timers == 0
    time.turn(3)
    assert visits == []

    rounds.add("c")
    time.turn(1)
    assert [visit for visit in visits if visit] == [("c",)]


def test_a_member_may_leave_while_it_is_visited() -> None:
    time = HandTurned()

    def send_away(members: tuple[str, ...]) -> None:
        for member in members:
            rounds.discard(member)

    rounds: Rounds[str] = Rounds(period_s=1, visit=send_away, scheduler=lambda: time)
    rounds.add("a")
    time.turn(1)
    assert len(rounds) == 0
    assert time.timers == 0
