"""How tickets come into a queue and change their place in it."""

from datetime import datetime

from queue_service.hall.day import Draft
from queue_service.hall.events import ClassChanged, TicketIssued, TicketReinstated
from queue_service.hall.tickets import Ticket, TicketStatus
from queue_service.hall.values import changed


def issue(draft: Draft, event: TicketIssued) -> None:
    """A new ticket, last in its queue."""
    ticket = Ticket(
        id=event.ticket,
        label=event.label,
        issued_for=event.legs[0],
        legs=event.legs,
        visitor_class=event.visitor_class,
        is_to_confirm=event.is_to_confirm,
        channel=event.channel,
        language=event.language,
        issued_at=draft.at,
        joined_at=draft.at,
        joined_seq=draft.seq,
        waiting_since=draft.at,
    )
    service = draft.terms.service(ticket.service)
    assert service is not None, "a ticket is issued for one of the day's services"
    draft.numbers[service.prefix] = draft.numbers.get(service.prefix, 0) + 1
    draft.enter_lane(ticket)


def reinstate(draft: Draft, event: TicketReinstated) -> None:
    """Back in the queue after being missed."""
    ticket = draft.live[event.ticket]
    if event.keeps_place:
        draft.enter_lane(waiting_again(draft, ticket, window=None))
    else:
        join(draft, ticket, joined_at=event.joined_at, window=None)


def change_class(draft: Draft, event: ClassChanged) -> None:
    """Another class, in its lane if it waits."""
    ticket = draft.live[event.ticket]
    if ticket.status is TicketStatus.WAITING:
        overtaken_by = draft.leave_lane(ticket)
        changes = {"visitor_class": event.visitor_class, "is_to_confirm": False, "overtaken_by": overtaken_by}
        draft.enter_lane(changed(ticket, **changes))
    else:
        draft.put(changed(ticket, visitor_class=event.visitor_class, is_to_confirm=False))


def join(draft: Draft, ticket: Ticket, *, joined_at: datetime, window: int | None, leg: int | None = None) -> None:
    """Join a queue anew: whoever came before is before, and nobody has been overtaken yet."""
    joined = changed(
        ticket, joined_at=joined_at, joined_seq=draft.seq, overtaken_by=(), leg=ticket.leg if leg is None else leg
    )
    draft.enter_lane(waiting_again(draft, joined, window=window))


def waiting_again(draft: Draft, ticket: Ticket, *, window: int | None) -> Ticket:
    """A ticket that has come back from a window."""
    return changed(
        ticket,
        status=TicketStatus.WAITING,
        waiting_since=draft.at,
        called_at=None,
        last_call_at=None,
        started_at=None,
        window=window,
        calls=0,
        reason=None,
    )
