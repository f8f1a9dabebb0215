"""Who waits: one lane per service, class and window sent to, each in order of joining.

Routing looks at the heads of lanes only. Who has been overtaken is remembered per lane, by the overtakers, so that a
waiting ticket is never rewritten: a ticket has been overtaken by those later joiners that were called after it entered.
"""

from bisect import bisect_left
from datetime import datetime
from typing import NamedTuple

from queue_service.hall.terms import VisitorClass


class LaneKey(NamedTuple):
    """What the tickets of a lane have in common."""

    service: str
    visitor_class: VisitorClass
    window: int | None
    """The only window that may call them; None: any that serves the service."""


class Waiting(NamedTuple):
    """One ticket in a lane; sorts by place."""

    joined_at: datetime
    joined_seq: int
    entered_seq: int
    """Seq of the entry that put it into this lane."""
    carried: int
    """Times overtaken before it entered, when it kept its place."""
    since: datetime
    """When it began to wait; later than `joined_at` where it was given an earlier place."""
    ticket: str


class Overtaker(NamedTuple):
    """A later joiner that was called automatically at a window which could have served this lane."""

    joined_at: datetime
    joined_seq: int
    called_seq: int
    visitor_class: VisitorClass


class Lane(NamedTuple):
    """Tickets in order of place, and the overtakers that still count for one of them. Never empty."""

    waiting: tuple[Waiting, ...]
    since: datetime
    """Since when somebody waits: the least `since` of those waiting, as a rule the head's."""
    overtakers: tuple[Overtaker, ...] = ()
    carried_max: int = 0
    """Greatest `carried` of those waiting."""

    def with_ticket(self, ticket: Waiting) -> "Lane":
        """This lane and one more."""
        at = bisect_left(self.waiting, ticket)
        waiting = self.waiting[:at] + (ticket,) + self.waiting[at:]  # noqa: RUF005 in half the time
        since = min(self.since, ticket.since)
        return Lane(waiting, since, self.overtakers, max(self.carried_max, ticket.carried))

    def without(self, ticket: Waiting) -> "Lane | None":
        """This lane without one; None when nobody is left. Overtakers that count for nobody any more are forgotten."""
        at = bisect_left(self.waiting, ticket)
        waiting = self.waiting[:at] + self.waiting[at + 1 :]
        if not waiting:
            return None
        overtakers = self.overtakers
        if at == 0 and overtakers:
            overtakers = tuple(overtaker for overtaker in overtakers if overtaker[:2] > waiting[0][:2])
        carried_max = max(other.carried for other in waiting) if self.carried_max else 0
        since = self.since if ticket.since > self.since else _since(waiting)
        return Lane(waiting, since, overtakers, carried_max)

    def find(self, joined_at: datetime, joined_seq: int) -> Waiting:
        """The ticket at that place; it must be there."""
        return self.waiting[bisect_left(self.waiting, (joined_at, joined_seq))]

    def with_overtaker(self, overtaker: Overtaker) -> "Lane":
        """This lane overtaken once more, by somebody who joined after its head."""
        return Lane(self.waiting, self.since, (*self.overtakers, overtaker), self.carried_max)

    def overtakers_of(self, ticket: Waiting) -> tuple[VisitorClass, ...]:
        """Classes of those that overtook this ticket since it entered the lane, in order of their calls."""
        return tuple(
            overtaker.visitor_class
            for overtaker in self.overtakers
            if overtaker[:2] > ticket[:2] and overtaker.called_seq > ticket.entered_seq
        )

    def urgent(self, overtaken_max: int) -> Waiting | None:
        """The first ticket that was overtaken `overtaken_max` times; None while nobody was, which is told at once."""
        if len(self.overtakers) + self.carried_max < overtaken_max:
            return None
        for ticket in self.waiting:
            if ticket.carried + len(self.overtakers_of(ticket)) >= overtaken_max:
                return ticket
        return None


def _since(waiting: tuple[Waiting, ...]) -> datetime:
    """Since when somebody of a lane waits; nobody's place is later than the beginning of the wait."""
    since = waiting[0].since
    for ticket in waiting:
        if ticket.joined_at >= since:
            break
        since = min(since, ticket.since)
    return since
