"""Who is called, in the order of the rules, each with its reason."""

from datetime import timedelta

import pytest

from queue_service.hall.commands import CallNext, ChangeClass, Reinstate
from queue_service.hall.events import TicketReinstated
from queue_service.hall.refusals import Code
from queue_service.hall.routing import Reason
from queue_service.hall.terms import ClassPolicy, Policy, ReinstateRule, VisitorClass
from queue_service.hall.tickets import Place
from tests.hall.builders import CARDS, CASH, FOREIGN, Hall, an_open_day, first_come, lease_of

NORMAL, PRIORITY, VIP = VisitorClass.NORMAL, VisitorClass.PRIORITY, VisitorClass.VIP


def issue_every_minute(hall: Hall, *services: str, visitor_class: VisitorClass = NORMAL) -> list[str]:
    tickets = []
    for service in services:
        tickets.append(hall.issue(service, visitor_class=visitor_class))
        hall.wait(minutes=1)
    return tickets


def head_start(minutes: float, share_max: float = 1, **changes: object) -> Policy:
    return first_come(classes={PRIORITY: ClassPolicy(credit_minutes=minutes, share_max=share_max)}, **changes)


def test_first_come_first_called_over_all_services_of_the_window() -> None:
    hall = an_open_day(policy=first_come())
    foreign, cards, cash, other = issue_every_minute(hall, FOREIGN, CARDS, CASH, CARDS)
    assert hall.next_because(1) == (cards, Reason.ORDER)
    assert hall.next_because(2) == (cash, Reason.ORDER)
    assert hall.next_because(3) == (foreign, Reason.ORDER)
    hall.park(1)
    assert hall.next_because(1) == (other, Reason.ORDER)
    assert hall.ticket(other).reason == Reason.ORDER


def test_nobody_waiting_is_an_answer_without_an_entry() -> None:
    hall = an_open_day()
    hall.issue(FOREIGN)
    seq = hall.day.seq
    assert hall.next_because(2) == (None, Reason.NOBODY)
    assert hall.day.seq == seq


def test_in_one_moment_the_order_of_issue_decides() -> None:
    hall = an_open_day(policy=first_come())
    first, second = hall.issue(CARDS), hall.issue(CASH)
    assert [hall.serve(1), hall.serve(1)] == [first, second]


def test_a_head_start_counts_in_minutes() -> None:
    hall = an_open_day(policy=head_start(15))
    early = hall.issue()
    hall.wait(minutes=1)
    normal = hall.issue()
    hall.wait(minutes=15)
    priority = hall.issue(visitor_class=PRIORITY)
    assert hall.next_because(1) == (early, Reason.ORDER)
    assert hall.next_because(2) == (normal, Reason.ORDER)  # equal in virtual join: who joined first
    late = hall.issue()
    hall.park(1)
    hall.park(2)
    assert hall.next_because(1) == (priority, Reason.ORDER)
    hall.wait(minutes=14)
    favoured = hall.issue(visitor_class=PRIORITY)
    assert hall.next_because(2) == (favoured, Reason.CREDIT)
    assert hall.day.overtaken_by(hall.ticket(late)) == (PRIORITY,)


def test_the_share_is_reached_at_exactly_its_part_of_the_last_calls() -> None:
    hall = an_open_day(1, policy=head_start(60, share_max=0.5, share_calls=4, overtaken_max=50))
    normal = hall.issue()
    hall.wait(minutes=1)
    favoured = issue_every_minute(hall, *[CASH] * 3, visitor_class=PRIORITY)
    assert [hall.serve(1), hall.serve(1)] == favoured[:2]
    assert hall.day.shares == (PRIORITY, PRIORITY)
    assert hall.serve(1) == normal
    assert hall.next_because(1) == (favoured[2], Reason.ORDER)  # nobody else waits


def test_the_reason_tells_who_stood_back() -> None:
    hall = an_open_day(1, policy=head_start(0, share_max=0.5, share_calls=2, overtaken_max=50))
    favoured = issue_every_minute(hall, CASH, CASH, visitor_class=PRIORITY)
    normal = hall.issue()
    assert hall.next_because(1) == (favoured[0], Reason.ORDER)
    hall.park(1)
    assert hall.next_because(1) == (normal, Reason.SHARE)
    assert hall.day.shares == (PRIORITY, NORMAL)


def test_a_share_that_is_no_binary_fraction_is_exact() -> None:
    hall = an_open_day(1, policy=head_start(60, share_max=0.55, share_calls=20, overtaken_max=50))
    normal = hall.issue()
    favoured = issue_every_minute(hall, *[CASH] * 12, visitor_class=PRIORITY)
    assert [hall.serve(1) for _ in range(12)] == [*favoured[:11], normal]


def test_a_chosen_call_counts_for_no_share_and_overtakes_nobody() -> None:
    hall = an_open_day(policy=first_come())
    first, second = issue_every_minute(hall, CASH, CASH)
    hall.call(1, second)
    assert hall.day.shares == ()
    assert hall.day.overtaken_by(hall.ticket(first)) == ()
    assert hall.ticket(second).reason == "asked"


def test_a_strict_plan_serves_earlier_services_first() -> None:
    hall = an_open_day(policy=first_come(overtaken_max=2))
    hall.switch("strict")
    cards, *cash = issue_every_minute(hall, CARDS, CASH, CASH, CASH)
    assert hall.next_because(1) == (cash[0], Reason.PLAN)
    hall.park(1)
    assert hall.next_because(1) == (cash[1], Reason.PLAN)
    hall.park(1)
    assert hall.next_because(1) == (cards, Reason.OVERTAKEN)


def test_in_a_strict_plan_who_was_sent_to_the_window_keeps_to_its_order_of_services() -> None:
    hall = an_open_day(policy=first_come())
    hall.switch("strict")
    sent = hall.issue(CARDS)
    assert hall.next(3) == sent
    hall.transfer(3, window=1)
    cards, cash = issue_every_minute(hall, CARDS, CASH)
    assert hall.next_because(1) == (cash, Reason.PLAN)
    hall.park(1)
    assert hall.next_because(1) == (sent, Reason.ORDER)
    hall.park(1)
    assert hall.next_because(1) == (cards, Reason.ORDER)


def test_in_a_strict_plan_who_was_sent_for_what_the_window_does_not_do_comes_first() -> None:
    hall = an_open_day(policy=first_come())
    hall.switch("strict")
    cash, foreign = hall.issue(CASH), hall.issue(FOREIGN)
    assert hall.next(3) == foreign
    hall.transfer(3, window=1, place=Place.LAST)
    assert hall.next_because(1) == (foreign, Reason.PLAN)
    assert hall.next(2) == cash


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_whoever_was_overtaken_as_often_as_allowed_is_next(limit: int) -> None:
    hall = an_open_day(1, policy=head_start(60, overtaken_max=limit))
    normal = hall.issue()
    favoured = issue_every_minute(hall, *[CASH] * (limit + 1), visitor_class=PRIORITY)
    assert [hall.serve(1) for _ in range(limit)] == favoured[:limit]
    assert hall.day.overtaken_by(hall.ticket(normal)) == (PRIORITY,) * limit
    assert hall.next_because(1) == (normal, Reason.OVERTAKEN)
    assert hall.ticket(normal).overtaken_by == (PRIORITY,) * limit
    assert hall.day.overtaken_by(hall.ticket(normal)) == (PRIORITY,) * limit


def test_of_several_overtaken_the_oldest_is_next() -> None:
    hall = an_open_day(1, policy=head_start(60, overtaken_max=1))
    cards, cash = issue_every_minute(hall, CARDS, CASH)
    hall.issue(visitor_class=PRIORITY)
    hall.serve(1)
    assert hall.next_because(1) == (cards, Reason.OVERTAKEN)
    hall.park(1)
    assert hall.next_because(1) == (cash, Reason.OVERTAKEN)


def test_who_came_back_to_its_place_was_not_overtaken_while_away() -> None:
    for is_before in (True, False):
        hall = an_open_day(1, policy=head_start(60, overtaken_max=1, reinstate=ReinstateRule.KEEP))
        back, stayed = (hall.issue(), hall.issue()) if is_before else reversed((hall.issue(), hall.issue()))
        hall.call(1, back)
        hall.miss(1)
        hall.wait(minutes=1)
        hall.issue(visitor_class=PRIORITY)
        hall.serve(1)
        hall.do(Reinstate(ticket=back))
        assert hall.next_because(1) == (stayed, Reason.OVERTAKEN)
        hall.park(1)
        why = Reason.OVERTAKEN if is_before else Reason.ORDER  # by the one who stayed, if that came later
        assert hall.next_because(1) == (back, why)


def test_each_ticket_keeps_its_own_count_when_those_before_it_go() -> None:
    hall = an_open_day(1, policy=head_start(5, overtaken_max=2))
    first, second, third = issue_every_minute(hall, CASH, CASH, CASH)
    hall.issue(visitor_class=PRIORITY)
    hall.serve(1)
    late = hall.issue()
    assert hall.next_because(1) == (first, Reason.ORDER)
    hall.park(1)
    hall.wait(minutes=1)
    hall.issue(visitor_class=PRIORITY)
    counts = [len(hall.day.overtaken_by(hall.ticket(ticket))) for ticket in (second, third, late)]
    assert counts == [1, 1, 0]
    hall.serve(1)
    assert hall.next_because(1) == (second, Reason.OVERTAKEN)
    hall.park(1)
    assert hall.next_because(1) == (third, Reason.OVERTAKEN)
    hall.park(1)
    assert hall.next_because(1) == (late, Reason.ORDER)


def test_only_a_window_that_could_have_served_me_overtakes_me() -> None:
    hall = an_open_day(policy=head_start(60))
    cards, cash = issue_every_minute(hall, CARDS, CASH)
    hall.issue(visitor_class=PRIORITY)
    hall.serve(2)
    assert hall.day.overtaken_by(hall.ticket(cards)) == ()
    assert hall.day.overtaken_by(hall.ticket(cash)) == (PRIORITY,)


def test_a_change_of_class_carries_the_count() -> None:
    hall = an_open_day(1, policy=head_start(60, overtaken_max=2))
    normal = hall.issue()
    issue_every_minute(hall, CASH, CASH, CASH, visitor_class=PRIORITY)
    hall.serve(1)
    hall.do(ChangeClass(ticket=normal, visitor_class=VIP, reason="card"))
    hall.serve(1)
    assert hall.next_because(1) == (normal, Reason.OVERTAKEN)


def test_an_early_appointment_is_taken_rather_than_nobody() -> None:
    hall = an_open_day(policy=first_come())
    later, sooner = an_appointment(hall, minutes=60), an_appointment(hall, minutes=30)
    assert hall.next_because(1) == (sooner, Reason.EARLY)
    normal = hall.issue()
    hall.park(1)
    assert hall.next_because(1) == (normal, Reason.ORDER)
    hall.wait(minutes=60)
    assert hall.next_because(2) == (later, Reason.ORDER)


def an_appointment(hall: Hall, minutes: int) -> str:
    """A ticket whose place in the queue is still to come."""
    ticket = hall.issue()
    hall.call(1, ticket)
    hall.miss(1)
    slot = hall.now + timedelta(minutes=minutes)
    hall.apply(TicketReinstated(ticket=ticket, joined_at=slot, keeps_place=False))
    return ticket


def test_call_next_refuses_a_window_that_may_not_take_a_visitor() -> None:
    hall = an_open_day(1)
    hall.issue()
    hall.refuses(CallNext(window=2, lease=None), Code.WINDOW_CLOSED, window=2)
    hall.refuses(CallNext(window=9, lease=None), Code.WINDOW_UNKNOWN, window=9)
    hall.next(1)
    hall.refuses(CallNext(window=1, lease=lease_of(1)), Code.WINDOW_BUSY, window=1)
    hall.pause(1)
    hall.refuses(CallNext(window=1, lease=lease_of(1)), Code.WINDOW_BUSY, window=1)
    hall.park(1)
    hall.refuses(CallNext(window=1, lease=lease_of(1)), Code.WINDOW_PAUSED, window=1)
