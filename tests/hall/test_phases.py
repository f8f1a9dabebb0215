"""What the clock brings about, whether or not anybody was awake at the moment."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest

from queue_service.hall.commands import ChangeTerms, Start
from queue_service.hall.events import NoticeEnded, Phase, PlanSwitched, TicketMissed
from queue_service.hall.phases import advance, due_at, open_day
from queue_service.hall.refusals import Code
from queue_service.hall.terms import Notice, PlanSwitch, Policy, plan_switches
from queue_service.hall.tickets import Outcome, Place, TicketStatus, WindowStatus
from tests.hall.builders import (
    CARDS,
    CASH,
    EVERYTHING,
    MONDAY,
    OPENS_AT,
    Hall,
    an_open_day,
    at,
    first_come,
    hours,
    lease_of,
    plan,
    terms,
)

TUESDAY = MONDAY + timedelta(days=1)
SWITCHING = (
    plan("normal", EVERYTHING, switches=(PlanSwitch(at=time(14)),)),
    plan("midday", {1: (CASH,)}, switches=(PlanSwitch(at=time(12)),)),
    plan("friday", {2: (CASH,)}, switches=(PlanSwitch(at=time(10), weekdays=(5,)),)),
)


@pytest.mark.parametrize(
    ("now", "phase"),
    [
        (at(5), Phase.BEFORE),
        (at(9), Phase.NUMBERS),
        (at(16, 59, 59), Phase.NUMBERS),
        (at(17), Phase.DOORS),
        (at(17, 30), Phase.INSIDE),
        (at(19, 30), Phase.ENDED),
        (at(28), Phase.OVER),
    ],
)
def test_a_day_opens_in_the_phase_of_the_moment_and_reaches_it_by_the_clock(now: datetime, phase: Phase) -> None:
    assert open_day(terms(), MONDAY, now).phase is phase
    hall = Hall(now=at(5))
    hall.until(now)
    assert hall.day.phase is phase


def test_each_phase_is_an_entry_of_its_own_at_its_own_time() -> None:
    hall = Hall(now=at(5))
    hall.until(at(40))
    assert [moment for _, moment, _ in hall.entries] == [at(5), at(9), at(17), at(17, 30), at(19, 30), at(28)]
    assert due_at(hall.day) is None
    assert advance(hall.day, at(99)) is None


def test_nothing_is_due_before_its_moment() -> None:
    hall = Hall()
    assert due_at(hall.day) == at(17)
    assert advance(hall.day, at(17) - timedelta(microseconds=1)) is None
    due = advance(hall.day, at(17))
    assert due is not None and due.at == at(17)
    assert due == advance(hall.day, at(23))


def test_on_a_closed_day_only_its_end_comes() -> None:
    closed = terms(hours=hours(week={}))
    hall = Hall(closed)
    assert hall.day.phase is Phase.BEFORE
    hall.until(at(28))
    assert hall.day.phase is Phase.OVER
    assert [moment for _, moment, _ in hall.entries] == [OPENS_AT, at(28), at(28)]


def test_around_the_clock_people_wait_until_the_next_day_starts() -> None:
    hall = Hall(terms(hours=hours(is_around_the_clock=True)), now=at(4))
    assert hall.day.phase is Phase.NUMBERS
    hall.until(at(27, 59))
    ticket = hall.issue()
    hall.until(at(28))
    assert (hall.day.phase, hall.status(ticket)) == (Phase.OVER, TicketStatus.EXPIRED)


def test_after_the_last_number_those_inside_are_still_served() -> None:
    hall = an_open_day(1)
    ticket = hall.issue()
    missed = hall.issue()
    hall.until(at(17, 45))
    assert hall.serve(1) == ticket
    assert hall.next(1) == missed


def test_who_waits_at_the_day_end_expires_and_a_service_goes_on() -> None:
    hall = an_open_day(1, 2)
    serving = hall.a_ticket(TicketStatus.SERVING, 1)
    called = hall.a_ticket(TicketStatus.CALLED, 2)
    waiting = hall.issue()
    hall.until(at(19, 30))
    assert [hall.status(ticket) for ticket in (serving, called, waiting)] == ["serving", "expired", "expired"]
    assert hall.window(2).ticket is None
    hall.finish(1)
    assert hall.status(serving) is TicketStatus.FINISHED


def test_the_next_business_day_ends_everything() -> None:
    hall = an_open_day(1, 2)
    serving = hall.a_ticket(TicketStatus.SERVING, 1)
    hall.until(at(20))
    hall.transfer(1, service=CARDS, place=Place.FIRST)
    hall.call(1, serving)
    hall.start(1)
    hall.close(2)
    hall.until(at(28))
    assert (hall.status(serving), hall.ticket(serving).outcome) == (TicketStatus.FINISHED, Outcome.UNKNOWN)
    assert hall.window(1).status is WindowStatus.CLOSED
    assert not hall.day.live
    hall.refuses(Start(window=1, lease=lease_of(1)), Code.BRANCH_CLOSED)


def test_who_waits_again_after_the_day_end_expires_with_the_day() -> None:
    hall = an_open_day(1)
    ticket = hall.a_ticket(TicketStatus.SERVING)
    hall.until(at(20))
    hall.transfer(1)
    assert hall.status(ticket) is TicketStatus.WAITING
    hall.until(at(28))
    assert hall.status(ticket) is TicketStatus.EXPIRED


# Plans by the clock


def test_the_clock_switches_plans_on_their_weekdays() -> None:
    hall = Hall(terms(plans=SWITCHING))
    assert hall.day.plan == "normal"
    hall.until(at(11))
    assert hall.day.plan == "normal"
    hall.until(at(12))
    assert hall.day.plan == "midday"
    assert hall.entries[-1] == (len(hall.entries), at(12), (PlanSwitched(plan="midday", by_clock=True),))
    hall.until(at(14))
    assert hall.day.plan == "normal"


def test_a_day_that_opens_late_starts_with_the_plan_of_the_hour() -> None:
    hall = Hall(terms(plans=SWITCHING), now=at(13))
    assert hall.day.plan == "midday"
    assert due_at(hall.day) == at(14)


def test_a_switch_by_hand_holds_until_the_clock_switches_again() -> None:
    hall = Hall(terms(plans=SWITCHING))
    hall.until(at(12, 30))
    hall.switch("normal")
    hall.wait(minutes=30)
    assert hall.day.plan == "normal"
    hall.switch("friday")
    hall.until(at(14))
    assert hall.day.plan == "normal"


def test_whoever_slept_works_off_everything_in_order() -> None:
    policy = first_come(missed_after_s=60)
    hall = Hall(terms(plans=SWITCHING, policy=policy), opened=(1,))
    ticket = hall.a_ticket(TicketStatus.CALLED)
    hall.until(at(30))
    times = [moment for _, moment, _ in hall.entries[4:]]
    assert times == [at(9, 1), at(12), at(14), at(17), at(17, 30), at(19, 30), at(28)]
    assert hall.status(ticket) is TicketStatus.EXPIRED


# The clock calls a ticket missed


def test_the_clock_misses_after_the_last_allowed_recall() -> None:
    hall = an_open_day(1, policy=Policy(recalls_before_miss=2, missed_after_s=30))
    ticket = hall.a_ticket(TicketStatus.CALLED)
    hall.recall(1)
    assert due_at(hall.day) == at(17)
    hall.wait(seconds=20)
    hall.recall(1)
    assert due_at(hall.day) == at(9, 0, 50)
    hall.wait(seconds=29)
    assert hall.status(ticket) is TicketStatus.CALLED
    hall.wait(seconds=1)
    assert hall.status(ticket) is TicketStatus.MISSED
    assert hall.entries[-1][2] == (TicketMissed(ticket=ticket, by_clock=True),)


def test_a_further_recall_gives_further_time_and_a_start_ends_it() -> None:
    hall = an_open_day(1, policy=first_come(missed_after_s=30))
    hall.a_ticket(TicketStatus.CALLED)
    hall.wait(seconds=20)
    hall.recall(1)
    assert due_at(hall.day) == at(9, 0, 50)
    hall.start(1)
    assert due_at(hall.day) == at(17)


def test_in_a_house_without_that_timer_a_called_ticket_stays() -> None:
    hall = an_open_day(1, policy=first_come())
    ticket = hall.a_ticket(TicketStatus.CALLED)
    hall.wait(hours=3)
    assert hall.status(ticket) is TicketStatus.CALLED


def test_what_an_edit_makes_due_in_the_past_happens_now() -> None:
    hall = an_open_day(1, policy=first_come())
    ticket = hall.a_ticket(TicketStatus.CALLED)
    hall.wait(minutes=5)
    hall.do(ChangeTerms(terms=terms(version=2, policy=first_come(missed_after_s=30))))
    hall.wait(seconds=1)
    assert hall.status(ticket) is TicketStatus.MISSED
    assert hall.entries[-1][1] == at(9, 5)


def test_whoever_works_something_off_has_the_same_key_and_the_same_moment_later_has_another() -> None:
    hall = Hall()
    once = advance(hall.day, at(17))
    assert once == advance(hall.day, at(18))
    hall.until(at(17))
    longer = {day: replace(opening, last_number=time(17, 20)) for day, opening in hours().week.items()}
    hall.do(ChangeTerms(terms=terms(version=2, hours=hours(week=longer))))
    hall.do(ChangeTerms(terms=terms(version=3)))
    again = advance(hall.day, at(17))
    assert once is not None and again is not None
    assert (once.events, once.at) == (again.events, again.at)
    assert once.key != again.key


def test_other_days_have_other_keys() -> None:
    monday, tuesday = advance(Hall().day, at(17)), advance(Hall(on=TUESDAY, now=at(24)).day, at(33))
    assert monday is not None and tuesday is not None
    assert monday.key != tuesday.key


def test_a_notice_ends_at_its_moment() -> None:
    notices = (Notice(text={"en": "No coins today"}, until=at(12)), Notice(text={"en": "Welcome"}))
    hall = an_open_day(notices=notices)
    hall.until(at(11, 59))
    assert due_at(hall.day) == at(12)
    hall.until(at(13))
    assert hall.entries[-1][1:] == (at(12), (NoticeEnded(),))
    assert due_at(hall.day) == at(17)


def test_of_two_switches_that_a_clock_change_puts_on_one_moment_the_later_by_the_wall_counts() -> None:
    night = plan("night", {1: (CASH,)}, switches=(PlanSwitch(at=time(2, 30)),))
    early = plan("early", {2: (CASH,)}, switches=(PlanSwitch(at=time(3, 30)),))
    zone = replace(hours(), time_zone="Europe/Berlin", business_day_start=time(1))
    switches = plan_switches(terms(plans=(night, early), hours=zone), date(2026, 3, 29))
    assert [plan_id for _, plan_id in switches] == ["early"]
