"""How tickets come to a window, and how they leave it or the hall."""

from datetime import datetime

from queue_service.hall.day import CALLS_SHOWN_MAX, Draft
from queue_service.hall.events import LegFinished, TicketCalled, TicketFinished, TicketTransferred, TicketUndone
from queue_service.hall.evolve.queues import join, waiting_again
from queue_service.hall.tickets import AT_WINDOW, Call, Place, Ticket, TicketStatus, Wait
from queue_service.hall.values import changed


def call(draft: Draft, event: TicketCalled) -> None:
    """Out of the queue, or from where it was set aside, to a window."""
    ticket = draft.live[event.ticket]
    overtaken_by = ticket.overtaken_by
    waits = ticket.waits
    if ticket.status is TicketStatus.WAITING:
        overtaken_by = draft.leave_lane(ticket)
        waits = _waits(draft, ticket)
    if not event.is_chosen:
        draft.overtake(ticket, event.window)
        draft.shares = (*draft.shares, ticket.visitor_class)[-draft.terms.policy.share_calls :]
    arrive(draft, ticket, event.window, overtaken_by=overtaken_by, reason=event.reason, waits=waits)


def arrive(draft: Draft, ticket: Ticket, number: int, **changes: object) -> None:
    """Called to a window."""
    called = changed(
        ticket,
        status=TicketStatus.CALLED,
        called_at=draft.at,
        last_call_at=draft.at,
        started_at=None,
        window=number,
        calls=1,
        **changes,
    )
    draft.put(called)
    draft.change_window(number, ticket=ticket.id, last_finished=None)
    if ticket.joined_seq != draft.seq:  # who was issued by this very entry stands at the window already
        announce(draft, called)


def announce(draft: Draft, ticket: Ticket) -> None:
    """One more call for the board."""
    assert ticket.window is not None, "a call names its window"
    call = Call(
        id=f"{draft.seq}",
        ticket=ticket.id,
        label=ticket.label,
        window=ticket.window,
        at=draft.at,
        times=ticket.calls,
    )
    draft.calls = (call, *draft.calls)[:CALLS_SHOWN_MAX]


def _waits(draft: Draft, ticket: Ticket) -> tuple[Wait, ...]:
    """The waits of a ticket that is called out of a queue; who was issued by this very entry has not waited."""
    is_known = any((wait.leg, wait.service) == (ticket.leg, ticket.service) for wait in ticket.waits)
    if is_known or ticket.joined_seq == draft.seq:
        return ticket.waits
    return (*ticket.waits, Wait(ticket.leg, ticket.service, (draft.at - ticket.waiting_since).total_seconds()))


def leave_window(draft: Draft, ticket: Ticket, status: TicketStatus) -> None:
    """Missed or set aside."""
    _free_window(draft, ticket)
    draft.put(changed(ticket, status=status))


def finish_leg(draft: Draft, event: LegFinished) -> None:
    """One service is done; on to the queue of the next."""
    ticket = draft.live[event.ticket]
    _leave_served(draft, ticket, last_finished=None)
    join(draft, ticket, joined_at=draft.at, leg=ticket.leg + 1, window=None)


def finish(draft: Draft, event: TicketFinished) -> None:
    """Served."""
    ticket = draft.live[event.ticket]
    _leave_served(draft, ticket, last_finished=ticket.id)
    draft.end(
        changed(
            ticket,
            status=TicketStatus.FINISHED,
            started_at=ticket.started_at or ticket.called_at,
            ended_at=draft.at,
            outcome=event.outcome,
            delivered=event.delivered,
        )
    )


def undo(draft: Draft, event: TicketUndone) -> None:
    """At the window again, as if it had not been finished."""
    ticket = draft.ticket(event.ticket)
    assert ticket is not None, "what is undone was finished"
    service_s = _service_s(ticket.started_at, ticket.ended_at)
    draft.revive(changed(ticket, status=TicketStatus.SERVING, ended_at=None, outcome=None, delivered=()))
    draft.count_service(event.window, ticket.service, -1, -service_s, ticket=ticket.id, last_finished=None)


def transfer(draft: Draft, event: TicketTransferred) -> None:
    """On to another queue, or to another place in it."""
    ticket = draft.live[event.ticket]
    _free_window(draft, ticket)
    later = (leg for leg in ticket.legs[ticket.leg + 1 :] if leg != event.service)
    legs = (*ticket.legs[: ticket.leg], event.service, *later)
    moved = changed(ticket, legs=legs, visitor_class=event.visitor_class)
    if event.place is Place.ORIGINAL:
        draft.enter_lane(waiting_again(draft, moved, window=event.window))
    else:
        join(draft, moved, joined_at=event.joined_at, window=event.window)


def end(draft: Draft, ticket_id: str, status: TicketStatus, diverted_to: str | None = None) -> None:
    """Gone without having been served."""
    ticket = draft.live[ticket_id]
    if ticket.status is TicketStatus.WAITING:
        ticket = changed(ticket, overtaken_by=draft.leave_lane(ticket))
    elif ticket.status in AT_WINDOW:
        _free_window(draft, ticket)
    draft.end(changed(ticket, status=status, ended_at=draft.at, diverted_to=diverted_to))


def _free_window(draft: Draft, ticket: Ticket) -> None:
    assert ticket.window is not None, "a ticket at a window names it"
    draft.change_window(ticket.window, ticket=None)


def _leave_served(draft: Draft, ticket: Ticket, last_finished: str | None) -> None:
    """Free the window and count the service there."""
    assert ticket.window is not None, "a ticket that is served is at a window"
    service_s = _service_s(ticket.started_at or ticket.called_at, draft.at)
    draft.count_service(ticket.window, ticket.service, 1, service_s, ticket=None, last_finished=last_finished)


def _service_s(started_at: datetime | None, ended_at: datetime | None) -> float:
    assert started_at is not None and ended_at is not None, "a finished service has begun"
    return (ended_at - started_at).total_seconds()
