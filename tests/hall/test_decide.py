"""What may be asked about tickets, and what it comes to."""

from dataclasses import replace
from datetime import datetime

import pytest

from queue_service.hall.commands import (
    AskHelp,
    CallTicket,
    Cancel,
    ChangeClass,
    CloseAlert,
    IssueTicket,
    Miss,
    Recall,
    Reinstate,
    SwitchPlan,
    TakeAlert,
    TellPrinter,
    Transfer,
    Undo,
    WalkIn,
)
from queue_service.hall.decide import Accepted, decide
from queue_service.hall.evolve import evolve
from queue_service.hall.refusals import Code
from queue_service.hall.terms import ClassPolicy, Policy, ReinstateRule, VisitorClass
from queue_service.hall.tickets import Channel, Fault, Outcome, Place, TicketStatus
from tests.hall.builders import (
    CARDS,
    CASH,
    FOREIGN,
    Hall,
    an_open_day,
    at,
    first_come,
    lease_of,
    service,
    terms,
)

NORMAL, PRIORITY, VIP = VisitorClass.NORMAL, VisitorClass.PRIORITY, VisitorClass.VIP
APPOINTMENT, TRANSFERRED = VisitorClass.APPOINTMENT, VisitorClass.TRANSFERRED

ISSUE = IssueTicket(legs=(CASH,), channel=Channel.KIOSK, language="en")


def transfer(service_id: str | None = None, window: int | None = None, place: Place = Place.LAST) -> Transfer:
    return Transfer(window=1, lease=lease_of(1), to_service=service_id, to_window=window, place=place)


def in_turn(hall: Hall, number: int, count: int) -> list[str]:
    """The next tickets that a window calls."""
    called = []
    for _ in range(count):
        ticket = hall.next(number)
        assert ticket is not None
        called.append(ticket)
        hall.park(number)
    return called


# Numbers


def test_numbers_are_dense_per_prefix_in_order_of_issue() -> None:
    shared = (service(CASH, "A"), service(CARDS, "B"), service(FOREIGN, "A"))
    hall = Hall(terms(services=shared))
    labels = [hall.ticket(hall.issue(service_id)).label for service_id in (CASH, CARDS, FOREIGN, CASH, CARDS)]
    assert labels == ["A001", "B001", "A002", "A003", "B002"]


def test_a_number_is_never_given_again_whatever_became_of_the_ticket() -> None:
    hall = an_open_day()
    hall.cancel(hall.issue())
    assert hall.ticket(hall.issue()).label == "A002"


def test_a_label_widens_after_999() -> None:
    hall = Hall(terms(services=(service(CASH, "A", waiting_max=2000), service(CARDS, "B"), service(FOREIGN, "D"))))
    hall.day = replace(hall.day, numbers={"A": 998})
    assert [hall.ticket(unchecked(hall)).label for _ in range(3)] == ["A999", "A1000", "A1001"]


def unchecked(hall: Hall) -> str:
    """Issue in a hall whose earlier numbers nobody saw."""
    decision = decide(hall.day, ISSUE, hall.now)
    assert isinstance(decision, Accepted) and decision.ticket is not None
    hall.day = evolve(hall.day, hall.day.seq + 1, hall.now, decision.events)
    return decision.ticket


def test_the_label_is_of_the_first_leg_and_stays() -> None:
    hall = an_open_day()
    ticket = hall.issue(CARDS, CASH)
    hall.serve(3)
    assert hall.ticket(ticket).label == "B001"
    assert hall.ticket(ticket).service == CASH


@pytest.mark.parametrize("now", [at(8, 59, 59), at(17), at(20)])
def test_issue_refuses_outside_the_hours_of_numbers(now: datetime) -> None:
    hall = Hall(now=now)
    hall.refuses(ISSUE, Code.BRANCH_CLOSED)


def test_issue_refuses_what_is_unknown_not_offered_or_repeated() -> None:
    hall = an_open_day()
    hall.refuses(replace(ISSUE, legs=(CASH, "unheard")), Code.SERVICE_UNKNOWN)
    hall.refuses(replace(ISSUE, legs=(CASH, CARDS, CASH)), Code.LEGS_REPEATED)
    hall.switch("narrow")
    hall.refuses(replace(ISSUE, legs=(CASH, CARDS)), Code.SERVICE_NOT_OFFERED, service=CARDS)


def test_issue_refuses_when_as_many_wait_for_the_service_as_may() -> None:
    hall = an_open_day(services=(service(CASH, "A", waiting_max=2), service(CARDS, "B"), service(FOREIGN, "D")))
    hall.issue()
    hall.issue(visitor_class=PRIORITY)
    hall.refuses(ISSUE, Code.SERVICE_FULL, service=CASH)
    hall.issue(CARDS)
    hall.next(1)
    hall.do(ISSUE)


@pytest.mark.parametrize("earned", [APPOINTMENT, TRANSFERRED])
def test_classes_that_follow_from_something_else_are_not_given_by_hand(earned: VisitorClass) -> None:
    hall = an_open_day()
    hall.refuses(replace(ISSUE, visitor_class=earned), Code.CLASS_NOT_OFFERED)
    hall.refuses(ChangeClass(ticket=hall.issue(), visitor_class=earned, reason="asked"), Code.CLASS_NOT_OFFERED)


def test_a_kiosk_offers_only_the_classes_that_its_service_asks_for() -> None:
    asking = service(CASH, "A", asks_class=(VisitorClass.PRIORITY,))
    hall = an_open_day(services=(asking, *terms().services[1:]))
    at_kiosk = IssueTicket(legs=(CASH,), channel=Channel.KIOSK, language="en")
    hall.refuses(replace(at_kiosk, visitor_class=VisitorClass.VIP), Code.CLASS_NOT_OFFERED)
    hall.do(replace(at_kiosk, visitor_class=VisitorClass.PRIORITY))
    hall.do(replace(at_kiosk, visitor_class=VisitorClass.VIP, channel=Channel.STAFF))


@pytest.mark.parametrize(
    ("channel", "visitor_class", "is_to_confirm"),
    [(Channel.KIOSK, PRIORITY, True), (Channel.KIOSK, NORMAL, False), (Channel.STAFF, PRIORITY, False)],
)
def test_a_class_declared_at_the_kiosk_is_to_be_confirmed(
    channel: Channel, visitor_class: VisitorClass, is_to_confirm: bool
) -> None:
    hall = an_open_day()
    assert hall.ticket(hall.issue(channel=channel, visitor_class=visitor_class)).is_to_confirm is is_to_confirm


# Class


@pytest.mark.parametrize("status", [TicketStatus.WAITING, TicketStatus.SERVING])
def test_a_change_of_class_settles_what_was_to_confirm(status: TicketStatus) -> None:
    hall = an_open_day()
    ticket = hall.issue(channel=Channel.KIOSK, visitor_class=PRIORITY)
    if status is TicketStatus.SERVING:
        hall.next(1)
        hall.start(1)
    confirm = ChangeClass(ticket=ticket, visitor_class=PRIORITY, reason="seen")
    hall.do(confirm)
    assert (hall.ticket(ticket).visitor_class, hall.ticket(ticket).is_to_confirm) == (PRIORITY, False)
    assert hall.do(confirm) == Accepted(ticket=ticket)
    hall.do(replace(confirm, visitor_class=NORMAL))
    assert hall.ticket(ticket).visitor_class is NORMAL
    assert hall.ticket(ticket).status is status


def test_what_a_transfer_gave_may_be_confirmed_but_not_given() -> None:
    hall = an_open_day()
    ticket = hall.a_ticket(TicketStatus.CALLED)
    hall.transfer(1)
    same = ChangeClass(ticket=ticket, visitor_class=TRANSFERRED, reason="asked")
    assert hall.do(same) == Accepted(ticket=ticket)


# Calls


def test_recalls_count_and_only_then_may_a_ticket_be_missed() -> None:
    hall = an_open_day(policy=Policy(recalls_before_miss=2))
    ticket = hall.a_ticket(TicketStatus.CALLED)
    miss = Miss(window=1, lease=lease_of(1))
    hall.refuses(miss, Code.TICKET_RECALL_FIRST, label="A001", left=2)
    hall.recall(1)
    hall.refuses(miss, Code.TICKET_RECALL_FIRST, label="A001", left=1)
    hall.recall(1)
    assert hall.ticket(ticket).calls == 3
    hall.do(miss)
    assert hall.window(1).ticket is None


def test_a_recall_moves_the_last_call_and_not_the_first() -> None:
    hall = an_open_day()
    ticket = hall.ticket(hall.a_ticket(TicketStatus.CALLED))
    hall.wait(seconds=20)
    hall.do(Recall(window=1, lease=lease_of(1)))
    recalled = hall.ticket(ticket.id)
    assert (recalled.called_at, recalled.last_call_at) == (at(9), at(9, 0, 20))


def test_a_chosen_call_takes_who_was_sent_elsewhere_too() -> None:
    hall = an_open_day()
    ticket = hall.a_ticket(TicketStatus.CALLED)
    hall.transfer(1, window=3)
    assert hall.next(2) is None
    hall.call(2, ticket)
    assert hall.window(2).ticket == ticket


def test_unknown_tickets_are_unknown_to_every_command() -> None:
    hall = an_open_day()
    other_day = "20260301-3"
    hall.issue()
    for unheard in (other_day, "20260302-99", "nonsense", "20260302-" + "9" * 13, "20260302-²"):
        hall.refuses(Cancel(ticket=unheard, by_visitor=False), Code.TICKET_UNKNOWN)
        hall.refuses(Reinstate(ticket=unheard), Code.TICKET_UNKNOWN)
        hall.refuses(ChangeClass(ticket=unheard, visitor_class=VIP, reason="asked"), Code.TICKET_UNKNOWN)
        hall.refuses(CallTicket(window=1, lease=None, ticket=unheard, reason="asked"), Code.TICKET_UNKNOWN)


# Finish and undo


def test_finish_keeps_its_outcome_and_undo_takes_it_back() -> None:
    hall = an_open_day()
    ticket = hall.a_ticket(TicketStatus.SERVING)
    hall.wait(minutes=3)
    hall.finish(1, outcome=Outcome.PARTLY, delivered=("card",))
    finished = hall.ticket(ticket)
    assert (finished.outcome, finished.delivered, finished.ended_at) == (Outcome.PARTLY, ("card",), at(9, 3))
    hall.wait(seconds=120)
    hall.undo(1)
    undone = hall.ticket(ticket)
    assert (undone.status, undone.outcome, undone.delivered, undone.ended_at) == (TicketStatus.SERVING, None, (), None)
    assert undone.started_at == at(9)
    assert ticket in hall.day.live and ticket not in hall.day.ended[0]


def test_undo_refuses_after_its_time_at_another_window_and_when_another_has_come() -> None:
    hall = an_open_day()
    hall.a_ticket(TicketStatus.FINISHED)
    undo = Undo(window=1, lease=lease_of(1))
    hall.refuses(replace(undo, window=2, lease=lease_of(2)), Code.TICKET_NOT_FINISHED)
    hall.wait(seconds=121)
    hall.refuses(undo, Code.UNDO_TOO_LATE, label="A001")
    hall.a_ticket(TicketStatus.FINISHED)
    hall.issue()
    hall.next(1)
    hall.refuses(undo, Code.WINDOW_BUSY, window=1)
    hall.park(1)
    hall.refuses(undo, Code.TICKET_NOT_FINISHED)


def test_undo_works_once_and_at_a_paused_window() -> None:
    hall = an_open_day(policy=first_come(start_is_implicit=True))
    ticket = hall.a_ticket(TicketStatus.CALLED)
    hall.pause(1)
    hall.wait(seconds=30)
    hall.finish(1)
    assert (hall.ticket(ticket).started_at, hall.window(1).service_s) == (at(9), 30)
    hall.undo(1)
    hall.transfer(1)
    hall.refuses(Undo(window=1, lease=lease_of(1)), Code.TICKET_NOT_FINISHED)


# Legs


def test_legs_are_served_one_after_another_under_one_label() -> None:
    hall = an_open_day()
    ticket = hall.issue(CASH, FOREIGN)
    other = hall.issue(FOREIGN)
    hall.next(2)
    hall.recall(2)
    hall.wait(minutes=1)
    hall.start(2)
    hall.finish(2, outcome=Outcome.DONE, delivered=("money",))
    waiting = hall.ticket(ticket)
    assert (waiting.status, waiting.service, waiting.joined_at) == (TicketStatus.WAITING, FOREIGN, at(9, 1))
    assert (waiting.calls, waiting.called_at, waiting.started_at, waiting.window) == (0, None, None, None)
    assert [hall.serve(3), hall.serve(3)] == [other, ticket]
    assert (hall.window(2).served, hall.window(3).served) == (1, 2)
    assert hall.ticket(ticket).status is TicketStatus.FINISHED


def test_undo_does_not_reach_back_over_a_leg() -> None:
    hall = an_open_day()
    hall.issue(CASH, FOREIGN)
    hall.serve(2)
    hall.refuses(Undo(window=2, lease=lease_of(2)), Code.TICKET_NOT_FINISHED)


# Transfer


@pytest.mark.parametrize(("place", "turn"), [(Place.FIRST, 0), (Place.ORIGINAL, 1), (Place.LAST, 2)])
def test_transfer_puts_the_visitor_first_last_or_where_it_was(place: Place, turn: int) -> None:
    hall = an_open_day(policy=first_come())
    before = hall.issue(CARDS)
    hall.wait(minutes=1)
    moved = hall.a_ticket(TicketStatus.CALLED)
    hall.wait(minutes=1)
    after = hall.issue(CARDS)
    hall.wait(minutes=1)
    hall.transfer(1, service=CARDS, place=place)
    expected = [before, after]
    expected.insert(turn, moved)
    assert in_turn(hall, 3, 3) == expected
    assert hall.ticket(moved).label == "A001"
    assert hall.ticket(moved).visitor_class is TRANSFERRED


def test_transfer_to_the_front_passes_head_starts_and_an_empty_queue() -> None:
    hall = an_open_day(policy=Policy(recalls_before_miss=0))
    moved = hall.a_ticket(TicketStatus.SERVING)
    hall.transfer(1, service=CARDS, place=Place.FIRST)
    assert hall.ticket(moved).joined_at == hall.now
    assert in_turn(hall, 3, 1) == [moved]
    vips = [hall.issue(CARDS, visitor_class=VIP) for _ in range(2)]
    hall.call(1, moved)
    hall.transfer(1, place=Place.FIRST)
    assert in_turn(hall, 3, 3) == [moved, *vips]


def test_transfer_keeps_a_class_that_is_more_than_normal() -> None:
    hall = an_open_day()
    ticket = hall.issue(visitor_class=VIP)
    hall.next(1)
    hall.transfer(1)
    assert hall.ticket(ticket).visitor_class is VIP


def test_original_place_keeps_the_count_of_overtaking_and_a_new_one_does_not() -> None:
    for place, count in ((Place.ORIGINAL, 1), (Place.LAST, 0)):
        hall = an_open_day(policy=first_come(classes={PRIORITY: ClassPolicy(credit_minutes=60)}))
        ticket = hall.issue(CARDS)
        hall.wait(minutes=1)
        hall.issue(CARDS, visitor_class=PRIORITY)
        hall.serve(1)
        hall.call(1, ticket)
        hall.transfer(1, place=place)
        assert len(hall.day.overtaken_by(hall.ticket(ticket))) == count


def test_only_the_window_it_was_sent_to_may_call_it() -> None:
    hall = an_open_day()
    ticket = hall.a_ticket(TicketStatus.CALLED)
    hall.transfer(1, window=3)
    assert (hall.ticket(ticket).service, hall.ticket(ticket).window) == (CASH, 3)
    assert (hall.next(1), hall.next(2)) == (None, None)
    assert hall.next(3) == ticket


def test_a_window_that_closes_later_frees_who_was_sent_to_it() -> None:
    hall = an_open_day()
    ticket = hall.a_ticket(TicketStatus.CALLED)
    hall.transfer(1, window=3)
    hall.pause(3)
    assert hall.next(1) is None
    hall.close(3)
    assert hall.next(1) == ticket


def test_transfer_refuses_what_nobody_could_call() -> None:
    hall = an_open_day()
    hall.a_ticket(TicketStatus.CALLED)
    hall.switch("narrow")
    hall.refuses(transfer("unheard"), Code.SERVICE_UNKNOWN)
    hall.refuses(transfer(CARDS), Code.SERVICE_NOT_OFFERED, service=CARDS)
    hall.refuses(transfer(window=9), Code.WINDOW_UNKNOWN, window=9)
    hall.refuses(transfer(window=2), Code.WINDOW_NOT_IN_PLAN, window=2)


def test_a_leg_that_a_transfer_brings_forward_is_not_wanted_twice() -> None:
    hall = an_open_day()
    ticket = hall.issue(CASH, CARDS, FOREIGN)
    hall.next(1)
    hall.transfer(1, service=CARDS)
    assert hall.ticket(ticket).legs == (CARDS, FOREIGN)


# Missed and reinstated


@pytest.mark.parametrize(
    ("rule", "after", "turn"),
    [
        (ReinstateRule.KEEP, 3, 0),
        (ReinstateRule.AFTER, 0, 0),
        (ReinstateRule.AFTER, 1, 1),
        (ReinstateRule.AFTER, 3, 3),
        (ReinstateRule.AFTER, 4, 4),
        (ReinstateRule.AFTER, 9, 4),
        (ReinstateRule.LAST, 1, 4),
    ],
)
def test_a_missed_visitor_waits_again_by_the_rule_of_the_house(rule: ReinstateRule, after: int, turn: int) -> None:
    hall = an_open_day(policy=first_come(reinstate=rule, reinstate_after=after))
    missed = hall.a_ticket(TicketStatus.MISSED)
    others = []
    for _ in range(4):
        hall.wait(minutes=1)
        others.append(hall.issue())
    hall.wait(minutes=1)
    hall.do(Reinstate(ticket=missed))
    expected = others.copy()
    expected.insert(turn, missed)
    assert in_turn(hall, 1, 5) == expected


def test_who_is_reinstated_after_some_passes_nobody_by_a_head_start() -> None:
    policy = first_come(classes={PRIORITY: ClassPolicy(credit_minutes=15)}, reinstate_after=2)
    hall = an_open_day(policy=policy)
    missed = hall.issue(visitor_class=PRIORITY)
    hall.call(1, missed)
    hall.miss(1)
    others = []
    for _ in range(3):
        others.append(hall.issue())
        hall.wait(minutes=1)
    hall.wait(minutes=30)
    hall.do(Reinstate(ticket=missed))
    assert in_turn(hall, 1, 4) == [*others[:2], missed, others[2]]


def test_who_keeps_the_place_keeps_the_count_of_overtaking() -> None:
    policy = first_come(classes={PRIORITY: ClassPolicy(credit_minutes=60)}, reinstate=ReinstateRule.KEEP)
    hall = an_open_day(policy=policy)
    ticket = hall.issue()
    hall.wait(minutes=1)
    hall.issue(visitor_class=PRIORITY)
    hall.serve(1)
    hall.call(1, ticket)
    hall.miss(1)
    hall.do(Reinstate(ticket=ticket))
    assert hall.day.overtaken_by(hall.ticket(ticket)) == (PRIORITY,)


def test_who_was_parked_is_called_again_where_a_window_is_free() -> None:
    hall = an_open_day()
    ticket = hall.a_ticket(TicketStatus.PARKED)
    hall.call(2, ticket)
    assert hall.ticket(ticket).window == 2


# Plan, help


def test_a_plan_is_switched_as_a_whole() -> None:
    hall = an_open_day()
    hall.refuses(SwitchPlan(plan="unheard", by_greeter=False), Code.PLAN_UNKNOWN)
    cards = hall.issue(CARDS)
    hall.switch("narrow")
    assert hall.day.plan == "narrow"
    assert hall.next(1) is None
    assert hall.do(SwitchPlan(plan="narrow", by_greeter=True)) == Accepted()
    hall.switch("normal")
    assert hall.next(1) == cards


def test_a_greeter_switches_plans_only_where_the_house_allows() -> None:
    hall = an_open_day(policy=Policy(greeter_switches_plan=False))
    hall.refuses(SwitchPlan(plan="narrow", by_greeter=True), Code.PLAN_NOT_ALLOWED)
    hall.switch("narrow")


def test_help_is_asked_once_per_place_and_taken_by_one() -> None:
    hall = an_open_day()
    asked = hall.do(AskHelp(place="kiosk 1")).alert
    assert asked is not None
    assert hall.do(AskHelp(place="kiosk 1")) == Accepted(alert=asked)
    other = hall.do(AskHelp(place="kiosk 2")).alert
    assert other not in (None, asked)
    hall.refuses(TakeAlert(alert="help-99", by="gina"), Code.ALERT_UNKNOWN)
    hall.wait(seconds=5)
    hall.do(TakeAlert(alert=asked, by="gina"))
    assert (hall.day.alerts[asked].taken_by, hall.day.alerts[asked].taken_at) == ("gina", at(9, 0, 5))
    assert hall.do(TakeAlert(alert=asked, by="gina")) == Accepted(alert=asked)
    hall.refuses(TakeAlert(alert=asked, by="hugo"), Code.ALERT_TAKEN)
    assert hall.do(AskHelp(place="kiosk 1")).alert != asked


def test_a_call_for_help_is_closed_once_by_anybody_and_other_alerts_end_by_themselves() -> None:
    hall = an_open_day()
    taken, untaken = (hall.do(AskHelp(place=place)).alert or "" for place in ("kiosk 1", "kiosk 2"))
    hall.do(TakeAlert(alert=taken, by="gina"))
    printer = hall.do(TellPrinter(place="kiosk 1", fault=Fault.COVER)).alert or ""
    as_it_was = hall.day.alerts[taken]
    done = hall.do(CloseAlert(alert=taken, by="hugo"))
    assert (done.alert, done.closed) == (taken, as_it_was)
    assert list(hall.day.alerts) == [untaken, printer]
    hall.refuses(CloseAlert(alert=taken, by="hugo"), Code.ALERT_UNKNOWN)
    hall.refuses(TakeAlert(alert=taken, by="gina"), Code.ALERT_UNKNOWN)
    hall.do(CloseAlert(alert=untaken, by="gina"))
    hall.refuses(CloseAlert(alert=printer, by="gina"), Code.ALERT_ENDS_ITSELF)
    assert list(hall.day.alerts) == [printer]
    assert hall.do(AskHelp(place="kiosk 1")).alert not in (taken, untaken)
    assert hall.replayed() == hall.day


def test_the_day_keeps_so_many_alerts_and_forgets_taken_ones_first() -> None:
    hall = an_open_day(policy=Policy(alerts_max=2))
    first, second = (hall.do(AskHelp(place=place)).alert for place in ("a", "b"))
    assert first is not None and second is not None
    hall.do(TakeAlert(alert=second, by="gina"))
    third = hall.do(AskHelp(place="c")).alert
    assert list(hall.day.alerts) == [first, third]
    fourth = hall.do(AskHelp(place="d")).alert
    assert list(hall.day.alerts) == [third, fourth]


def test_walk_in_numbers_are_of_the_same_series() -> None:
    hall = an_open_day()
    hall.issue()
    hall.do(WalkIn(window=1, lease=lease_of(1), service=CASH, reason="quick", language="en"))
    assert hall.ticket(hall.issue()).label == "A003"
