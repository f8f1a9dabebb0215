"""A newer catalogue enters a day on which people wait."""

from dataclasses import replace
from datetime import time
from typing import Any

import pytest

from queue_service.hall.commands import ChangeTerms, IssueTicket, WalkIn
from queue_service.hall.decide import Accepted
from queue_service.hall.events import Phase
from queue_service.hall.refusals import Code
from queue_service.hall.terms import ClassPolicy, PlanSwitch, Terms, VisitorClass, faults
from queue_service.hall.tickets import Channel, TicketStatus
from tests.hall.builders import (
    CARDS,
    CASH,
    FOREIGN,
    Hall,
    an_open_day,
    at,
    first_come,
    hours,
    plan,
    terms,
)
from tests.hall.test_decide import transfer


def without(service_id: str, **changes: Any) -> Terms:
    """The next version, that no longer has a service."""
    known = terms(version=2, policy=first_come())
    left = {number: tuple(s for s in served if s != service_id) for number, served in known.plans[0].windows.items()}
    plans = (plan("normal", {number: served for number, served in left.items() if served}), plan("peak", {2: (CASH,)}))
    services = tuple(service for service in known.services if service.id != service_id)
    return replace(known, services=services, plans=plans, **changes)


def change(hall: Hall, known: Terms) -> None:
    hall.do(ChangeTerms(terms=known))


def test_only_a_newer_version_changes_anything() -> None:
    hall = an_open_day()
    change(hall, terms(version=2))
    assert hall.day.terms.version == 2
    assert hall.do(ChangeTerms(terms=terms(version=2, name={"en": "Other"}))) == Accepted()
    hall.refuses(ChangeTerms(terms=terms()), Code.TERMS_OLDER)


def test_what_nobody_uses_is_taken_as_it_comes() -> None:
    hall = an_open_day()
    newer = without(FOREIGN)
    change(hall, newer)
    assert hall.day.terms == newer


def test_a_service_that_people_wait_for_is_served_last_where_it_was() -> None:
    hall = an_open_day(policy=first_come())
    ticket = hall.issue(CARDS)
    change(hall, without(CARDS))
    retired = hall.day.terms.service(CARDS)
    assert retired is not None and retired.is_retired
    assert hall.day.plan_in_force().windows == {1: (CASH, CARDS), 2: (CASH,), 3: (FOREIGN, CARDS)}
    assert hall.next(3) == ticket


def test_a_service_kept_for_those_who_wait_takes_nobody_new() -> None:
    hall = an_open_day()
    ticket = hall.issue(CARDS)
    hall.a_ticket(TicketStatus.SERVING, 1)
    change(hall, without(CARDS))
    issue = IssueTicket(legs=(CARDS,), channel=Channel.STAFF, language="en")
    hall.refuses(issue, Code.SERVICE_NOT_OFFERED, service=CARDS)
    walk_in = WalkIn(window=2, lease=None, service=CARDS, reason="quick", language="en")
    hall.refuses(walk_in, Code.SERVICE_NOT_OFFERED, service=CARDS)
    hall.refuses(transfer(CARDS), Code.SERVICE_NOT_OFFERED, service=CARDS)
    assert hall.next(3) == ticket
    hall.transfer(3, window=1)
    assert hall.status(ticket) is TicketStatus.WAITING  # who wants it already may wait for it again


def test_it_is_served_everywhere_where_nothing_is_left_of_its_windows() -> None:
    hall = an_open_day()
    hall.issue(FOREIGN)
    change(hall, without(FOREIGN, windows=terms().windows[:2]))
    hall.switch("peak")
    assert hall.day.plan_in_force().windows == {2: (CASH, FOREIGN)}


def test_it_stays_through_further_edits_until_nobody_wants_it() -> None:
    hall = an_open_day(policy=first_come())
    ticket = hall.issue(CASH, CARDS)
    change(hall, without(CARDS))
    change(hall, replace(without(CARDS), version=3))
    assert hall.day.plan_in_force().windows[3] == (FOREIGN, CARDS)
    assert hall.serve(2) == ticket
    change(hall, replace(without(CARDS), version=4))
    assert hall.serve(3) == ticket
    hall.issue(FOREIGN)
    hall.next(3)  # now that finish cannot be undone
    change(hall, replace(without(CARDS), version=5))
    assert hall.day.terms == replace(without(CARDS), version=5)


def test_a_finish_is_undone_even_if_its_service_has_gone() -> None:
    hall = an_open_day()
    ticket = hall.issue(CARDS)
    hall.serve(3)
    change(hall, without(CARDS))
    hall.undo(3)
    assert hall.status(ticket) is TicketStatus.SERVING


@pytest.mark.parametrize("is_open", [True, False])
def test_a_window_in_use_stays_with_its_ticket(is_open: bool) -> None:
    hall = an_open_day()
    ticket = hall.a_ticket(TicketStatus.SERVING, 3)
    if not is_open:
        hall.close(3)
    kept = (plan("normal", {1: (CASH, CARDS), 2: (CASH, FOREIGN)}),)
    newer = terms(version=2, windows=terms().windows[:2], plans=kept)
    change(hall, newer)
    if not is_open:
        hall.open(3)
    hall.finish(3)
    assert hall.status(ticket) is TicketStatus.FINISHED
    hall.close(3)
    change(hall, replace(newer, version=3))
    assert [window.number for window in hall.day.terms.windows] == [1, 2]


def test_a_plan_in_force_that_is_gone_gives_way_to_the_one_of_the_hour() -> None:
    hall = an_open_day()
    hall.switch("narrow")
    day_plan = plan("day", {1: (CASH,)})
    late = plan("late", {2: (CASH,)}, switches=(PlanSwitch(at=time(8)), PlanSwitch(at=time(15))))
    change(hall, terms(version=2, plans=(day_plan, late)))
    assert hall.day.plan == "late"
    hall.switch("day")
    change(hall, terms(version=3, plans=(day_plan, late)))
    assert hall.day.plan == "day"
    hall.until(at(15))
    assert hall.day.plan == "late"


def test_longer_hours_give_numbers_again() -> None:
    hall = an_open_day()
    hall.until(at(17, 10))
    longer = {day: replace(opening, last_number=time(17, 20)) for day, opening in hours().week.items()}
    change(hall, terms(version=2, hours=hours(week=longer)))
    assert hall.day.phase is Phase.NUMBERS
    hall.issue()
    hall.until(at(17, 20))
    assert hall.day.phase is Phase.DOORS


def test_shorter_hours_end_by_the_clock() -> None:
    hall = an_open_day()
    ticket = hall.issue()
    hall.until(at(15))
    shorter = {
        day: replace(opening, last_number=time(12), doors_close=time(12, 30)) for day, opening in hours().week.items()
    }
    change(hall, terms(version=2, hours=hours(week=shorter, expire_after_close_minutes=30)))
    assert hall.day.phase is Phase.NUMBERS
    hall.wait(seconds=1)
    assert (hall.day.phase, hall.status(ticket)) == (Phase.ENDED, TicketStatus.EXPIRED)
    assert {moment for _, moment, _ in hall.entries[-4:]} == {at(15)}


def test_fewer_calls_for_shares_are_kept_when_the_house_says_so() -> None:
    classes = {VisitorClass.VIP: ClassPolicy(share_max=0.5)}
    hall = an_open_day(1, policy=first_come(classes=classes))
    for _ in range(4):
        hall.issue()
        hall.serve(1)
    change(hall, terms(version=2, policy=first_come(classes=classes, share_calls=2)))
    assert hall.day.shares == (VisitorClass.NORMAL,) * 2


def test_a_window_in_use_keeps_its_zone_and_what_it_serves() -> None:
    hall = an_open_day()
    known = terms(version=2)
    left = tuple(window for window in known.windows if window.number != 1)
    moved = tuple(replace(window, zone="new") for window in left)
    serving = {number: served for number, served in known.plans[0].windows.items() if number != 1}
    zones = (replace(known.zones[0], id="new"),)
    change(hall, replace(known, windows=moved, zones=zones, plans=(plan("normal", serving),)))
    assert hall.day.plan_in_force().windows[1] == (CASH, CARDS)
    assert not list(faults(hall.day.terms))
