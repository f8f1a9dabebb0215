"""Who is called next: the one decision that everybody in the hall must be able to have explained."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from heapq import merge
from operator import attrgetter
from typing import NamedTuple

from queue_service.hall.day import State
from queue_service.hall.lanes import Lane, LaneKey, Waiting
from queue_service.hall.terms import PlanOrder, Policy, VisitorClass


class Reason(StrEnum):
    """Why a ticket was called before the others that this window could have called (`reason.<value>`)."""

    ORDER = "order"
    """It was the first to come."""
    OVERTAKEN = "overtaken"
    """It had been overtaken as often as the house allows."""
    CREDIT = "credit"
    """Its class has a head start."""
    SHARE = "share"
    """Others before it belong to a class that has had its share of the last calls."""
    PLAN = "plan"
    """The window serves its service first."""
    EARLY = "early"
    """Its appointment is later, but nobody else was waiting."""
    RESUMED = "resumed"
    """It had been set aside and was brought back."""
    NOBODY = "nobody_waiting"


@dataclass(frozen=True, slots=True)
class Choice:
    """The ticket to call and why."""

    ticket: str
    reason: Reason


class _Candidate(NamedTuple):
    """The head of a lane; sorts by virtual join, then by order of issue."""

    virtual_join_at: datetime
    joined_seq: int
    waiting: Waiting
    visitor_class: VisitorClass
    rank: int
    """Place of its service in the window's list; 0 where the plan is mixed, and for what was sent here besides."""


def choose(day: State, number: int, shares: tuple[VisitorClass, ...], now: datetime) -> Choice | None:
    """The ticket that window `number` calls at `now`; None only when nobody waits whom it may serve.

    `shares` are the classes of the last automatic calls. In this order: whoever was overtaken too often; classes over
    their share stand back; earlier services first where the plan is strict; earliest virtual join; order of issue.
    """
    lanes = day.eligible(number)
    policy = day.terms.policy
    urgent = [waiting for _, lane in lanes if (waiting := lane.urgent(policy.overtaken_max)) is not None]
    if urgent:
        return Choice(min(urgent).ticket, Reason.OVERTAKEN)
    if not lanes:
        return None
    ranks = _ranks(day, number)
    candidates = []
    for key, lane in lanes:
        head = lane.waiting[0]
        at = virtual_join_at(policy, key.visitor_class, head.joined_at)
        candidates.append(_Candidate(at, head.joined_seq, head, key.visitor_class, ranks.get(key.service, 0)))
    come = [candidate for candidate in candidates if candidate.waiting.joined_at <= now]
    if not come:
        return Choice(min(candidate.waiting for candidate in candidates).ticket, Reason.EARLY)
    first_come = min(come, key=_PLACE)
    classes = {candidate.visitor_class for candidate in come}
    had_share = {at for at in classes if has_had_share(policy, at, shares)}
    sharing = [candidate for candidate in come if candidate.visitor_class not in had_share] or come
    rank = min(map(_RANK, sharing)) if ranks else 0
    ranked = [candidate for candidate in sharing if candidate.rank == rank]
    chosen = min(ranked)
    if chosen is first_come:
        reason = Reason.ORDER
    elif first_come not in sharing:
        reason = Reason.SHARE
    elif first_come not in ranked:
        reason = Reason.PLAN
    else:
        reason = Reason.CREDIT
    return Choice(chosen.waiting.ticket, reason)


_PLACE, _RANK = attrgetter("waiting"), attrgetter("rank")


def _ranks(day: State, number: int) -> dict[str, int]:
    plan = day.plan_in_force()
    if plan.order is PlanOrder.MIXED:
        return {}
    return {service: rank for rank, service in enumerate(plan.windows.get(number, ()), 1)}


def virtual_join_at(policy: Policy, visitor_class: VisitorClass, joined_at: datetime) -> datetime:
    """When the ticket counts as having joined, its class's head start taken into account."""
    of_class = policy.classes.get(visitor_class)
    return joined_at - _head_start(of_class.credit_minutes) if of_class is not None else joined_at


@lru_cache(maxsize=256)
def _head_start(credit_minutes: float) -> timedelta:
    return timedelta(minutes=credit_minutes)


def has_had_share(policy: Policy, visitor_class: VisitorClass, shares: tuple[VisitorClass, ...]) -> bool:
    """Whether a class has had its part of the last calls and stands back while others wait."""
    of_class = policy.classes.get(visitor_class)
    if of_class is None or of_class.share_max >= 1:
        return False
    return shares.count(visitor_class) / policy.share_calls >= of_class.share_max


def in_order(day: State, lanes: list[tuple[LaneKey, Lane]]) -> Iterator[tuple[datetime, int, str]]:
    """The tickets of some lanes by virtual join: (virtual join, joined seq, ticket id)."""
    policy = day.terms.policy
    return merge(
        *(
            [
                (virtual_join_at(policy, key.visitor_class, waiting.joined_at), waiting.joined_seq, waiting.ticket)
                for waiting in lane.waiting
            ]
            for key, lane in lanes
        )
    )
