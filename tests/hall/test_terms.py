"""Terms: what is found in them, when the clock switches plans, and everything that makes them unusable."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time
from math import inf, nan
from typing import Any

import pytest

from queue_service.hall.hours import Hours, Opening
from queue_service.hall.terms import (
    ClassPolicy,
    Plan,
    PlanSwitch,
    Policy,
    Service,
    Terms,
    VisitorClass,
    Window,
    Zone,
    faults,
    plan_switches,
)

MONDAY, SATURDAY = date(2026, 3, 2), date(2026, 3, 7)
NAME = {"zh-CN": "名", "en": "Name"}
OPENING = Opening(numbers_from=time(9), last_number=time(17), doors_close=time(17, 30))

CASH = Service(id="cash", prefix="A", name=NAME, minutes=6)
CARDS = Service(id="cards", prefix="B", name=NAME, minutes=15)
NORMAL = Plan(id="normal", name=NAME, windows={1: ("cash", "cards"), 2: ("cards",)})
PEAK = Plan(id="peak", name=NAME, windows={1: ("cash",)})
BRANCH = Terms(
    branch_id="east",
    version=1,
    name=NAME,
    hours=Hours(time_zone="Asia/Shanghai", week=dict.fromkeys(range(1, 8), OPENING)),
    services=(CASH, CARDS),
    zones=(Zone(id="hall", name=NAME),),
    windows=(Window(number=1, zone="hall"), Window(number=2, zone="hall")),
    plans=(NORMAL, PEAK),
)


def test_terms_find_what_they_have() -> None:
    assert BRANCH.service("cards") is CARDS
    assert BRANCH.service("gold") is None
    assert BRANCH.plan("peak") is PEAK
    assert BRANCH.plan("midday") is None
    assert BRANCH.window(2) is BRANCH.windows[1]
    assert BRANCH.window(3) is None


def test_good_terms_have_no_faults() -> None:
    assert not list(faults(BRANCH))


def with_switches(normal: tuple[PlanSwitch, ...], peak: tuple[PlanSwitch, ...]) -> Terms:
    return replace(BRANCH, plans=(replace(NORMAL, switches=normal), replace(PEAK, switches=peak)))


def test_the_clock_switches_plans_in_order_on_their_weekdays() -> None:
    terms = with_switches(
        (PlanSwitch(at=time(9)), PlanSwitch(at=time(13))), (PlanSwitch(at=time(10), weekdays=(1, 2)),)
    )
    assert plan_switches(terms, MONDAY) == (
        (datetime(2026, 3, 2, 1, tzinfo=UTC), "normal"),
        (datetime(2026, 3, 2, 2, tzinfo=UTC), "peak"),
        (datetime(2026, 3, 2, 5, tzinfo=UTC), "normal"),
    )
    assert [plan for _, plan in plan_switches(terms, SATURDAY)] == ["normal", "normal"]


def test_a_switch_before_the_business_day_starts_is_past_midnight() -> None:
    terms = with_switches((PlanSwitch(at=time(2)),), (PlanSwitch(at=time(22)),))
    assert plan_switches(terms, MONDAY) == (
        (datetime(2026, 3, 2, 14, tzinfo=UTC), "peak"),
        (datetime(2026, 3, 2, 18, tzinfo=UTC), "normal"),
    )


@pytest.mark.parametrize(("on", "hour"), [(date(2026, 3, 27), 9), (date(2026, 3, 29), 8), (date(2026, 10, 25), 9)])
def test_switches_follow_the_local_clock_through_its_changes(on: date, hour: int) -> None:
    terms = with_switches((PlanSwitch(at=time(10)),), ())
    berlin = replace(terms, hours=replace(terms.hours, time_zone="Europe/Berlin"))
    assert plan_switches(berlin, on) == ((datetime(on.year, on.month, on.day, hour, tzinfo=UTC), "normal"),)


def service(**changes: Any) -> Terms:
    return replace(BRANCH, services=(replace(CASH, **changes), CARDS))


def window(**changes: Any) -> Terms:
    return replace(BRANCH, windows=(BRANCH.windows[0], replace(BRANCH.windows[1], **changes)))


def plan(**changes: Any) -> Terms:
    return replace(BRANCH, plans=(replace(NORMAL, **changes),))


def policy(**changes: Any) -> Terms:
    return replace(BRANCH, policy=Policy(**changes))


def vip(**changes: Any) -> Terms:
    return policy(classes={VisitorClass.VIP: ClassPolicy(**changes)})


FAULTY: dict[str, tuple[Terms, list[tuple[str, str]]]] = {
    "branch has no id": (replace(BRANCH, branch_id=""), [("branch", "bad_id")]),
    "branch id is a path": (replace(BRANCH, branch_id="a/b"), [("branch", "bad_id")]),
    "branch id is long": (replace(BRANCH, branch_id="a" * 65), [("branch", "bad_id")]),
    "service twice": (replace(BRANCH, services=(CASH, CARDS, CARDS)), [("services", "repeated")]),
    "zone twice": (replace(BRANCH, zones=BRANCH.zones * 2), [("zones", "repeated")]),
    "window twice": (replace(BRANCH, windows=(*BRANCH.windows, BRANCH.windows[0])), [("windows", "repeated")]),
    "plan twice": (replace(BRANCH, plans=(NORMAL, NORMAL)), [("plans", "repeated")]),
    "no plans": (replace(BRANCH, plans=()), [("plans", "none")]),
    "no windows": (replace(BRANCH, windows=(), plans=(replace(NORMAL, windows={}),)), [("windows", "none")]),
    "no services": (
        replace(BRANCH, services=(), plans=(replace(NORMAL, windows={}),)),
        [("services", "none")],
    ),
    "service id has a dot": (
        replace(BRANCH, services=(*BRANCH.services, replace(CASH, id="a.b"))),
        [("services.a.b", "bad_id")],
    ),
    "plan id is Chinese": (replace(BRANCH, plans=(NORMAL, replace(PEAK, id="高峰"))), [("plans.高峰", "bad_id")]),
    "prefix is empty": (service(prefix=""), [("services.cash.prefix", "bad_prefix")]),
    "prefix is small": (service(prefix="a"), [("services.cash.prefix", "bad_prefix")]),
    "prefix has a digit": (service(prefix="A1"), [("services.cash.prefix", "bad_prefix")]),
    "prefix is Greek": (service(prefix="Α"), [("services.cash.prefix", "bad_prefix")]),
    "minutes are none": (service(minutes=0), [("services.cash.minutes", "bad_minutes")]),
    "minutes are no number": (service(minutes=nan), [("services.cash.minutes", "bad_minutes")]),
    "minutes are endless": (service(minutes=inf), [("services.cash.minutes", "bad_minutes")]),
    "target is none": (service(target_wait_minutes=0), [("services.cash.target_wait_minutes", "bad_minutes")]),
    "target is no number": (service(target_wait_minutes=nan), [("services.cash.target_wait_minutes", "bad_minutes")]),
    "nobody may wait": (service(waiting_max=0), [("services.cash.waiting_max", "out_of_range")]),
    "class is not for asking": (
        service(asks_class=(VisitorClass.PRIORITY, VisitorClass.APPOINTMENT)),
        [("services.cash.asks_class", "class_not_for_asking")],
    ),
    "class is asked twice": (
        service(asks_class=(VisitorClass.VIP, VisitorClass.VIP)),
        [("services.cash.asks_class", "repeated")],
    ),
    "window is nowhere": (window(zone="yard"), [("windows.2.zone", "unknown_zone")]),
    "window has no number": (
        replace(BRANCH, windows=(*BRANCH.windows, Window(number=0, zone="hall"))),
        [("windows.0", "out_of_range")],
    ),
    "plan has another's window": (plan(windows={3: ("cash",)}), [("plans.normal.windows.3", "unknown_window")]),
    "plan has another's service": (plan(windows={1: ("gold",)}), [("plans.normal.windows.1", "unknown_service")]),
    "window has nothing to do": (plan(windows={1: ()}), [("plans.normal.windows.1", "none")]),
    "window does it twice": (plan(windows={1: ("cash", "cash")}), [("plans.normal.windows.1", "repeated")]),
    "switch on no day": (
        plan(switches=(PlanSwitch(at=time(9), weekdays=()),)),
        [("plans.normal.switches", "bad_weekday")],
    ),
    "switch on day 8": (
        plan(switches=(PlanSwitch(at=time(9), weekdays=(1, 8)),)),
        [("plans.normal.switches", "bad_weekday")],
    ),
    "two switches at once": (
        with_switches((PlanSwitch(at=time(9)),), (PlanSwitch(at=time(9), weekdays=(6,)),)),
        [("plans", "switches_collide")],
    ),
    "credit is negative": (vip(credit_minutes=-1), [("policy.classes.vip.credit_minutes", "out_of_range")]),
    "share is above all": (vip(share_max=1.1), [("policy.classes.vip.share_max", "out_of_range")]),
    "share is no number": (vip(share_max=nan), [("policy.classes.vip.share_max", "out_of_range")]),
    "share of no calls": (policy(share_calls=0), [("policy.share_calls", "out_of_range")]),
    "overtaken never": (policy(overtaken_max=0), [("policy.overtaken_max", "out_of_range")]),
    "recalls are negative": (policy(recalls_before_miss=-1), [("policy.recalls_before_miss", "out_of_range")]),
    "missed at once by the clock": (policy(missed_after_s=0), [("policy.missed_after_s", "out_of_range")]),
    "reinstated before": (policy(reinstate_after=-1), [("policy.reinstate_after", "out_of_range")]),
    "undo is negative": (policy(undo_s=-1), [("policy.undo_s", "out_of_range")]),
    "no alerts": (policy(alerts_max=0), [("policy.alerts_max", "out_of_range")]),
    "hours are faulty": (
        replace(BRANCH, hours=Hours(time_zone="Nowhere")),
        [("hours.time_zone", "unknown_time_zone")],
    ),
}


@pytest.mark.parametrize("name", FAULTY)
def test_a_fault_is_told_by_place_and_code(name: str) -> None:
    terms, expected = FAULTY[name]
    assert [(place, code) for place, code, _ in faults(terms)] == expected


@pytest.mark.parametrize(
    "change",
    [
        lambda: service(asks_class=(VisitorClass.VIP, VisitorClass.PRIORITY), minutes=0.5),
        lambda: policy(missed_after_s=30, recalls_before_miss=0, undo_s=0, reinstate_after=0),
        lambda: vip(share_max=0, credit_minutes=0),
        lambda: replace(BRANCH, services=(CASH, replace(CARDS, prefix="A"))),
        lambda: with_switches((PlanSwitch(at=time(9), weekdays=(1,)),), (PlanSwitch(at=time(9), weekdays=(2,)),)),
    ],
)
def test_what_looks_odd_may_be_right(change: Callable[[], Terms]) -> None:
    assert not list(faults(change()))
