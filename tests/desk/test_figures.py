"""The day's figures, each told from a small day that shows it."""

from datetime import timedelta
from typing import Any

import pytest

from queue_service.desk.figures import figures, nearest_rank
from queue_service.hall.commands import ChangeTerms, Reinstate, WalkIn
from queue_service.hall.tickets import Place
from tests.hall.builders import CARDS, CASH, FOREIGN, Hall, an_open_day, first_come, lease_of, plan, service, terms

WITHOUT_ALERTS = first_come(idle_alert_s=None)


def told(hall: Hall) -> dict[str, Any]:
    return figures(hall.day, hall.now)


def of(hall: Hall, service_id: str) -> dict[str, Any]:
    """One service's part."""
    (found,) = (one for one in told(hall)["services"] if one["service"] == service_id)
    return dict(found)


def serve(hall: Hall, number: int, minutes: float) -> None:
    hall.next(number)
    hall.start(number)
    hall.wait(minutes=minutes)
    hall.finish(number)


@pytest.mark.parametrize(
    ("values", "percent", "rank"),
    [
        ([], 50, None),
        ([7], 50, 7),
        ([7], 90, 7),
        ([4, 1, 3, 2], 50, 2),
        ([4, 1, 3, 2], 90, 4),
        (range(1, 11), 90, 9),
        (range(1, 12), 90, 10),
        (range(1, 101), 90, 90),
        ([1, 2], 0, 1),
    ],
)
def test_a_percentile_is_a_value_that_was_there(values: list[float], percent: int, rank: float | None) -> None:
    assert nearest_rank(values, percent) == rank


def test_nothing_is_measured_of_a_day_on_which_nothing_was() -> None:
    whole = told(an_open_day())
    assert {name for name, value in whole.items() if value is None} == {
        "wait_s_p50",
        "wait_s_p90",
        "wait_s_max",
        "service_s_mean",
    }
    assert [one["service"] for one in whole["services"]] == [CASH, CARDS, FOREIGN]
    assert [(one["window"], one["served"], one["service_s_mean"]) for one in whole["windows"]] == [
        (1, 0, None),
        (2, 0, None),
        (3, 0, None),
    ]


def test_waits_and_services_of_a_morning() -> None:
    hall = an_open_day(1, policy=WITHOUT_ALERTS)
    for _ in range(3):
        hall.issue(CASH)
    hall.wait(minutes=2)
    for minutes in (4, 8, 12):
        serve(hall, 1, minutes)
    whole = told(hall)
    assert (whole["issued"], whole["served"], whole["waiting"], whole["serving"]) == (3, 3, 0, 0)
    assert (whole["wait_s_p50"], whole["wait_s_p90"], whole["wait_s_max"]) == (6 * 60, 14 * 60, 14 * 60)
    assert whole["service_s_mean"] == 8 * 60
    assert whole["windows"] == [{"window": 1, "served": 3, "service_s_mean": 8 * 60}]
    assert whole["over_target"] == 0
    assert of(hall, CARDS)["served"] == 0


def test_a_visit_of_two_services_is_one_that_was_served_and_two_that_were_done() -> None:
    hall = an_open_day(1, 3, policy=WITHOUT_ALERTS)
    hall.issue(CASH, FOREIGN)
    hall.wait(minutes=3)
    serve(hall, 1, 2)
    assert (told(hall)["served"], told(hall)["waiting"]) == (0, 1)
    hall.wait(minutes=5)
    serve(hall, 3, 6)
    whole = told(hall)
    assert (whole["issued"], whole["served"], whole["service_s_mean"]) == (1, 1, 4 * 60)
    cash, foreign = of(hall, CASH), of(hall, FOREIGN)
    assert (cash["issued"], cash["served"], cash["wait_s_p50"], cash["service_s_mean"]) == (1, 1, 3 * 60, 2 * 60)
    assert (foreign["issued"], foreign["served"], foreign["wait_s_p50"], foreign["service_s_mean"]) == (0, 1, 300, 360)


def test_who_is_sent_on_was_issued_where_they_came_first_and_waits_anew() -> None:
    hall = an_open_day(1, 3, policy=WITHOUT_ALERTS)
    hall.issue(CASH)
    hall.wait(minutes=1)
    hall.next(1)
    hall.start(1)
    hall.wait(minutes=20)
    hall.transfer(1, service=FOREIGN, place=Place.ORIGINAL)
    cash, foreign = of(hall, CASH), of(hall, FOREIGN)
    assert (cash["issued"], cash["waiting"], cash["wait_s_p50"]) == (1, 0, 60)
    assert (foreign["issued"], foreign["waiting"], foreign["wait_s_p50"], foreign["over_target"]) == (0, 1, None, 0)
    hall.wait(minutes=16)
    hall.next(3)
    foreign = of(hall, FOREIGN)
    assert (foreign["wait_s_p50"], foreign["over_target"], foreign["serving"]) == (16 * 60, 1, 1)


def test_a_visitor_who_was_missed_is_over_target_once_and_has_waited_once() -> None:
    hall = an_open_day(1, policy=WITHOUT_ALERTS)
    ticket = hall.issue(CASH)
    hall.wait(minutes=16)
    assert (told(hall)["over_target"], told(hall)["wait_s_p50"]) == (1, None)
    hall.next(1)
    hall.miss(1)
    assert (told(hall)["missed"], told(hall)["over_target"]) == (1, 1)
    hall.do(Reinstate(ticket=ticket))
    hall.wait(minutes=17)
    assert (told(hall)["missed"], told(hall)["over_target"]) == (0, 1)
    hall.next(1)
    whole = told(hall)
    assert (whole["over_target"], whole["wait_s_p50"], whole["wait_s_max"]) == (1, 16 * 60, 16 * 60)


def test_an_undone_finish_was_none() -> None:
    hall = an_open_day(1, policy=WITHOUT_ALERTS)
    hall.issue(CASH)
    serve(hall, 1, 5)
    hall.undo(1)
    whole = told(hall)
    assert (whole["served"], whole["serving"], whole["service_s_mean"]) == (0, 1, None)
    assert whole["windows"] == [{"window": 1, "served": 0, "service_s_mean": None}]
    hall.wait(minutes=1)
    hall.finish(1)
    assert (told(hall)["served"], told(hall)["service_s_mean"], of(hall, CASH)["served"]) == (1, 6 * 60, 1)


def test_who_left_was_diverted_or_walked_in() -> None:
    hall = an_open_day(1, policy=WITHOUT_ALERTS)
    hall.cancel(hall.issue(CASH))
    hall.divert(hall.issue(CASH))
    hall.do(WalkIn(window=1, lease=lease_of(1), service=CASH, reason="question", language="en"))
    whole = told(hall)
    assert (whole["left"], whole["diverted"], whole["serving"], whole["issued"]) == (1, 1, 1, 3)
    assert whole["wait_s_max"] is None, "who walks in does not wait"
    hall.finish(1)
    hall.issue(CASH)
    hall.until(hall.day.times.ends_at)
    assert told(hall)["left"] == 2, "the day's end leaves nobody waiting"


def test_a_service_that_has_gone_from_the_catalogue_keeps_its_figures() -> None:
    hall = an_open_day(1, policy=WITHOUT_ALERTS)
    hall.issue(CARDS)
    serve(hall, 1, 5)
    hall.wait(minutes=5)
    hall.issue(CASH)
    serve(hall, 1, 1)
    only = (plan("normal", {1: (CASH,)}),)
    cash = terms(policy=WITHOUT_ALERTS, version=2, services=(service(CASH, "A"),), plans=only)
    hall.do(ChangeTerms(terms=cash))
    assert (of(hall, CARDS)["served"], of(hall, CARDS)["issued"]) == (1, 1)
    assert told(hall)["served"] == 2


def test_the_present_wait_is_measured_at_the_moment_that_is_asked_about() -> None:
    hall = an_open_day(1, policy=WITHOUT_ALERTS)
    hall.issue(CASH)
    target = timedelta(minutes=15)
    assert figures(hall.day, hall.now + target)["over_target"] == 0
    assert figures(hall.day, hall.now + target + timedelta(seconds=1))["over_target"] == 1
