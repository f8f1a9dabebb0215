"""What is demanded of terms beyond the hall's own rules, what an edit takes away, and the demo's hours."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings

from queue_service.catalog import files, rules
from queue_service.hall.hours import Hours, day_times
from queue_service.hall.terms import Plan, Policy, Terms, VisitorClass, Window
from tests.catalog.branches import NOW, a_branch, terms


def test_a_policy_names_every_class() -> None:
    branch = replace(a_branch(), policy=Policy(classes={}))
    assert [(place, code) for place, code, _ in rules.faults(branch)] == [("policy.classes", "class_missing")] * len(
        VisitorClass
    )


def test_a_service_that_only_a_handheld_serves_is_doubtful_but_possible() -> None:
    branch = a_branch()
    roaming = replace(branch, windows=(replace(branch.windows[0], is_roaming=True), branch.windows[1]))
    assert not list(rules.faults(roaming))
    assert [(code, params["service"]) for _, code, params in rules.warnings(roaming, NOW)] == [
        ("service_unserved_in_plan", "cash")
    ]


@pytest.mark.parametrize(
    "hours",
    [
        Hours(time_zone="UTC", is_around_the_clock=True),
        Hours(time_zone="UTC", exceptions={NOW.date(): a_branch().hours.week[1]}),
    ],
)
def test_hours_need_no_week(hours: Hours) -> None:
    assert not list(rules.warnings(replace(a_branch(), hours=hours), NOW))


def test_a_notice_without_an_end_is_never_over() -> None:
    branch = a_branch()
    endless = replace(branch, notices=(replace(branch.notices[0], until=None),))
    assert not list(rules.warnings(endless, NOW + timedelta(days=9999)))


def test_what_an_edit_takes_away_is_told() -> None:
    bank, telecom = files.samples(NOW)
    assert not list(rules.removals(bank, bank))
    smaller = replace(bank, services=bank.services[1:], windows=bank.windows[:-1], plans=bank.plans[:2])
    assert list(rules.removals(bank, smaller)) == [
        ("services.personal-cash", "service_removed", {"service": "personal-cash"}),
        ("windows.9", "window_removed", {"window": "9"}),
        ("plans.midday", "plan_removed", {"plan": "midday"}),
    ]
    assert not list(rules.removals(smaller, bank))
    assert telecom.services


def test_the_demo_bank_is_always_open_with_every_window() -> None:
    bank, _ = files.samples(NOW)
    demo = rules.around_the_clock(bank)
    (plan,) = demo.plans
    assert (plan.id, plan.switches) == ("normal", ())
    assert plan.windows.keys() == {window.number for window in bank.windows}
    assert plan.windows[3] == ("personal-cash", "foreign-exchange")
    assert demo.policy == bank.policy
    assert (demo.services, demo.notices, demo.name) == (bank.services, bank.notices, bank.name)
    assert day_times(demo.hours, NOW.date()).takes_numbers(NOW)


def test_a_window_without_work_lends_a_hand_and_a_service_without_a_window_finds_one() -> None:
    branch = a_branch()
    plan = branch.plans[0]
    lonely = replace(
        branch,
        windows=(
            *branch.windows,
            Window(number=3, zone="hall"),
            Window(number=4, zone="hall", is_roaming=True),
            Window(number=5, zone="hall", is_roaming=True),
        ),
        plans=(replace(plan, windows={1: ("cards",), 4: ("cash",)}),),
    )
    (always,) = rules.around_the_clock(lonely).plans
    assert always.windows == {1: ("cards", "cash"), 2: ("cash",), 3: ("cash",), 4: ("cash",)}
    idle = replace(branch, windows=(*branch.windows, Window(number=3, zone="hall")))
    assert rules.around_the_clock(idle).plans[0].windows[3] == ("cash", "cards")


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(terms())
def test_any_branch_can_be_open_around_the_clock(any_terms: Terms) -> None:
    demo = rules.around_the_clock(any_terms)
    assert not list(rules.faults(demo))
    (plan,) = demo.plans
    fixed = {window.number for window in any_terms.windows if not window.is_roaming}
    assert fixed <= plan.windows.keys()
    if fixed:
        assert {service for number in fixed for service in plan.windows[number]} == {
            service.id for service in any_terms.services
        }
    assert day_times(demo.hours, NOW.date()).doors_close_at == day_times(demo.hours, NOW.date()).next_day_at


def test_a_plan_is_kept_by_its_id() -> None:
    _, telecom = files.samples(NOW)
    (plan,) = rules.around_the_clock(telecom).plans
    assert isinstance(plan, Plan)
    assert plan.windows[7] == ("payment", "sim")
