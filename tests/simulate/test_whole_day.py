"""Whole seeded days of the sample halls, and single visits whose course is known."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from queue_service.catalog import files
from queue_service.hall.terms import Plan, PlanOrder, ReinstateRule, Terms, VisitorClass
from queue_service.hall.tickets import Ticket, TicketStatus
from queue_service.simulate.cast import Break, Teller, Visitor
from queue_service.simulate.play import CONFIRM_S, FIND_OUT_S, RECALL_S, Played, play
from queue_service.simulate.summary import summarise
from queue_service.simulate.visitors import Habits
from queue_service.simulate.whole_day import Staffing, play_seeded, seeded_day

ON = date(2026, 3, 2)
BANK, TELECOM = files.samples(datetime(2026, 3, 1, tzinfo=UTC))
OPENS_AT = datetime(2026, 3, 2, 2, tzinfo=UTC)  # ten in the morning in the sample halls' zone

LIVELY = Habits(
    claim_chance=0.4,
    false_claim_chance=0.4,
    two_legs_chance=0.2,
    no_show_chance=0.2,
    wrong_number_chance=0.2,
    fetch_chance=0.2,
    patience_minutes_mean=30,
)


@pytest.mark.parametrize("terms", [BANK, TELECOM], ids=["bank", "telecom"])
@pytest.mark.parametrize("seed", range(3))
def test_a_seeded_day_keeps_every_invariant(terms: Terms, seed: int) -> None:
    rules = list(ReinstateRule)
    order = list(PlanOrder)[seed % 2]
    terms = replace(
        terms,
        policy=replace(terms.policy, reinstate=rules[seed % 3], overtaken_max=2),
        plans=tuple(replace(plan, order=order) for plan in terms.plans),
    )
    drawn = seeded_day(terms, ON, seed, Staffing(load=0.9, habits=LIVELY))
    played = play_seeded(drawn)
    summary = summarise(played, drawn.tellers)
    assert not played.violated, played.violated[:5]
    assert summary.served > 50 and summary.left > 0 and summary.missed > 0
    ended = summary.served + summary.left + summary.missed + summary.unserved + summary.unfinished
    assert ended + sum(summary.refused.values()) == summary.visitors
    assert summary.overtaken_max <= summary.overtaken_limit
    assert 0 < summary.utilisation <= 1
    assert all(ticket.has_ended for ticket in played.day.tickets())


def test_the_same_seed_plays_the_same_day() -> None:
    first, second = (play_seeded(seeded_day(BANK, ON, 5)) for _ in range(2))
    assert first.day == second.day
    assert first.day != play_seeded(seeded_day(BANK, ON, 6)).day


def one(visitor: Visitor, *others: Visitor, tellers: tuple[Teller, ...] | None = None) -> tuple[Played, Ticket]:
    """A day with two windows for cash and cards, and the first visitor's ticket at its end."""
    plan = Plan(id="one", name={"en": "One"}, windows={1: ("personal-cash",), 2: ("accounts",)})
    closes_at = OPENS_AT + timedelta(hours=3)
    played = play(
        replace(BANK, plans=(plan,)),
        ON,
        (visitor, *others),
        tellers or tuple(Teller(window=n, name=f"t{n}", opens_at=OPENS_AT, closes_at=closes_at) for n in (1, 2)),
    )
    assert not played.violated, played.violated
    ticket = played.day.ticket(played.tickets[0] or "")
    assert ticket is not None
    return played, ticket


def a_visitor(after_s: float = 0, **more: object) -> Visitor:
    visitor = Visitor(arrives_at=OPENS_AT + timedelta(seconds=after_s), legs=("personal-cash",), service_s=(300,))
    return replace(visitor, **more)


def since(at: datetime | None) -> float:
    assert at is not None
    return (at - OPENS_AT).total_seconds()


def test_a_visitor_walks_up_is_served_and_goes() -> None:
    _, ticket = one(a_visitor(walk_s=20))
    assert (since(ticket.called_at), since(ticket.started_at), since(ticket.ended_at)) == (0, 20, 320)


def test_a_no_show_is_recalled_and_missed_and_served_after_coming_back() -> None:
    recalls = BANK.policy.recalls_before_miss
    played, ticket = one(a_visitor(is_no_show=True, returns_after_s=100))
    assert since(ticket.ended_at) == RECALL_S * (recalls + 1) + 100 + 300
    played, ticket = one(a_visitor(is_no_show=True))
    assert played.measures.lapsed == {TicketStatus.MISSED: 1}


def test_two_services_in_one_visit_end_at_two_windows() -> None:
    played, ticket = one(a_visitor(legs=("personal-cash", "accounts"), service_s=(60, 120)))
    assert (ticket.window, since(ticket.ended_at)) == (2, 180)
    assert Counter(wait.service for wait in played.measures.waits) == {"personal-cash": 1, "accounts": 1}


def test_a_wrong_number_is_sent_on() -> None:
    _, ticket = one(a_visitor(needs_instead="accounts", service_s=(120,)))
    assert (ticket.legs, ticket.window) == (("accounts",), 2)
    assert since(ticket.ended_at) == FIND_OUT_S + 120


def test_who_fetches_something_is_parked_and_goes_before_the_next() -> None:
    _, ticket = one(a_visitor(fetches_s=100), a_visitor(1), a_visitor(2))
    # Away at 60 s; the second is served from then to 360 s; back at 160 s, and before the third.
    assert since(ticket.ended_at) == 360 + 300


def test_a_class_is_confirmed_or_not() -> None:
    slow = a_visitor(service_s=(1000,))
    for is_true, expected in ((True, VisitorClass.VIP), (False, VisitorClass.NORMAL)):
        _, ticket = one(replace(slow, visitor_class=VisitorClass.VIP, claims_truly=is_true))
        assert (ticket.visitor_class, ticket.is_to_confirm) == (expected, False)
    _, ticket = one(a_visitor(visitor_class=VisitorClass.VIP, service_s=(CONFIRM_S - 1,)))
    assert ticket.is_to_confirm, "the visit was over before the greeter looked"


def test_a_break_begins_after_the_visitor_and_nobody_is_called_in_it() -> None:
    pause = Break(at=OPENS_AT + timedelta(seconds=10), ends_at=OPENS_AT + timedelta(seconds=600))
    teller = Teller(window=1, name="t1", opens_at=OPENS_AT, closes_at=OPENS_AT + timedelta(hours=2), breaks=(pause,))
    played, first = one(a_visitor(), a_visitor(20), tellers=(teller,))
    second = played.day.ticket(played.tickets[1] or "")
    assert second is not None and (since(first.ended_at), since(second.called_at)) == (300, 600)
    assert played.measures.open_s[1] == 7200 - 300
    assert played.measures.busy_s[1] == 600


def test_the_window_idle_longest_takes_the_next() -> None:
    tellers = tuple(
        Teller(
            window=n, name=f"t{n}", opens_at=OPENS_AT + timedelta(seconds=s), closes_at=OPENS_AT + timedelta(hours=1)
        )
        for n, s in ((1, 5), (2, 0))
    )
    plan = Plan(id="one", name={"en": "One"}, windows={1: ("personal-cash",), 2: ("personal-cash",)})
    played = play(replace(BANK, plans=(plan,)), ON, (a_visitor(10), a_visitor(11), a_visitor(400)), tellers)
    at = [played.day.ticket(ticket or "") for ticket in played.tickets]
    assert [ticket.window for ticket in at if ticket is not None] == [2, 1, 2]
