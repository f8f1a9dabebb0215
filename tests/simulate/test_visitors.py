from datetime import UTC, datetime, timedelta
from random import Random
from statistics import fmean, stdev

import pytest

from queue_service.hall.terms import Service, VisitorClass
from queue_service.simulate.visitors import SERVICE_S_MIN, Draw, Habits, arrivals, service_s

FROM = datetime(2026, 3, 2, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)


def a_draw(**habits: float) -> Draw:
    cash = Service(id="cash", prefix="A", name={}, minutes=6, asks_class=(VisitorClass.PRIORITY, VisitorClass.VIP))
    cards = Service(id="cards", prefix="B", name={}, minutes=12)
    return Draw(
        services={"cash": cash, "cards": cards},
        windows={1: ("cash",), 2: ("cash", "cards")},
        time_zone="UTC",
        habits=Habits(**habits),
    )


def test_arrivals_follow_the_rate() -> None:
    def rate_per_s(at: datetime) -> float:
        return 0.5 if at < FROM + HOUR else 0.1

    at = list(arrivals(rate_per_s, 0.5, FROM, FROM + 2 * HOUR, Random(1)))
    assert at == sorted(at) and at[0] > FROM and at[-1] < FROM + 2 * HOUR
    early = sum(moment < FROM + HOUR for moment in at)
    assert early == pytest.approx(1800, abs=5 * 1800**0.5)  # five standard deviations of a Poisson count
    assert len(at) - early == pytest.approx(360, abs=5 * 360**0.5)


def test_service_times_have_the_mean_and_the_spread_asked_for() -> None:
    random = Random(1)
    lengths_s = [service_s(10, 0.6, random) for _ in range(20_000)]
    assert fmean(lengths_s) == pytest.approx(600, rel=0.03)
    assert stdev(lengths_s) / fmean(lengths_s) == pytest.approx((2.718281828**0.36 - 1) ** 0.5, rel=0.05)
    assert min(service_s(0.01, 0.6, random) for _ in range(10)) == SERVICE_S_MIN


def test_windows_share_their_time_evenly_among_their_services() -> None:
    assert a_draw().capacity_per_h() == {"cash": 10 + 5, "cards": 2.5}


def test_the_expected_number_comes_and_most_of_it_in_the_crowded_hours() -> None:
    visitors = list(a_draw().visitors(FROM, FROM + 9 * HOUR, 2000, Random(1)))
    assert len(visitors) == pytest.approx(2000, abs=5 * 2000**0.5)
    by_hour = [sum(visitor.arrives_at.hour == hour for visitor in visitors) for hour in (10, 12)]
    assert by_hour[0] > 1.5 * by_hour[1]


def test_the_same_seed_gives_the_same_visitors() -> None:
    first, second = (list(a_draw().visitors(FROM, FROM + HOUR, 50, Random(7))) for _ in range(2))
    assert first == second
    assert first != list(a_draw().visitors(FROM, FROM + HOUR, 50, Random(8)))


@pytest.mark.parametrize(
    ("habit", "shows"),
    [
        (
            "claim_chance",
            lambda visitor: visitor.visitor_class is not VisitorClass.NORMAL or "cards" in visitor.legs[0],
        ),
        ("false_claim_chance", lambda visitor: not visitor.claims_truly),
        ("two_legs_chance", lambda visitor: len(visitor.legs) == 2 == len(set(visitor.legs)) == len(visitor.service_s)),
        ("no_show_chance", lambda visitor: visitor.is_no_show),
        ("wrong_number_chance", lambda visitor: visitor.needs_instead not in (None, *visitor.legs)),
        ("fetch_chance", lambda visitor: visitor.fetches_s is not None),
    ],
)
def test_habits_show(habit: str, shows: object) -> None:
    always = {habit: 1.0} if habit == "two_legs_chance" else {habit: 1.0, "two_legs_chance": 0.0}
    assert callable(shows)
    random = Random(1)
    assert all(shows(a_draw(**always).visitor(FROM, random)) for _ in range(50))
    never = {habit: 0.0}
    if habit != "claim_chance":  # who may not claim stays normal, which is what the first line lets pass
        assert not any(shows(a_draw(**never).visitor(FROM, random)) for _ in range(50))


def test_only_a_missed_visitor_may_come_back() -> None:
    random = Random(1)
    come = [a_draw(no_show_chance=0.5, return_chance=1).visitor(FROM, random) for _ in range(50)]
    assert all((visitor.returns_after_s is not None) == visitor.is_no_show for visitor in come)


def test_a_hall_with_one_service_draws_no_other() -> None:
    draw = a_draw(two_legs_chance=1, wrong_number_chance=1)
    only = Draw(services=draw.services, windows={1: ("cash",)}, time_zone="UTC", habits=draw.habits).visitor(
        FROM, Random(1)
    )
    assert (only.legs, only.needs_instead) == (("cash",), None)
