"""What is done with the ticket at a window, and taken back."""

from datetime import datetime, timedelta
from typing import assert_never

from queue_service.hall.commands import Finish, Miss, Park, Recall, Start, TicketAtWindow, Transfer, Undo
from queue_service.hall.day import Day
from queue_service.hall.decide.outcome import Accepted, Decision, accepted
from queue_service.hall.events import (
    Event,
    LegFinished,
    TicketFinished,
    TicketMissed,
    TicketParked,
    TicketRecalled,
    TicketStarted,
    TicketTransferred,
    TicketUndone,
)
from queue_service.hall.lifecycle import Action, refuse
from queue_service.hall.places import joined_first
from queue_service.hall.refusals import Code, Refusal
from queue_service.hall.terms import VisitorClass
from queue_service.hall.tickets import Place, Ticket, WindowState
from queue_service.hall.windows import after_ticket, held


def at_window(day: Day, command: TicketAtWindow, now: datetime) -> Decision:
    """What a teller does with the ticket at the window."""
    window = held(day, command.window, command.lease)
    if isinstance(window, Refusal):
        return window
    if window.ticket is None:
        return Refusal(Code.WINDOW_IDLE, {"window": command.window})
    ticket = day.live[window.ticket]
    refusal = refuse(_action(day, command), ticket)
    if refusal is not None:
        return refusal
    match command:
        case Recall():
            events: tuple[Event, ...] | Refusal = (TicketRecalled(ticket=ticket.id),)
        case Start():
            events = (TicketStarted(ticket=ticket.id),)
        case Finish():
            events = _finish(ticket, command) + after_ticket(window)
        case Miss():
            events = _miss(day, ticket, window)
        case Park():
            events = (TicketParked(ticket=ticket.id), *after_ticket(window))
        case Transfer():
            events = _transfer(day, ticket, window, command, now)
        case _:
            assert_never(command)
    return accepted(events, ticket.id)


def undo(day: Day, command: Undo, now: datetime) -> Decision:
    """Take the window's last finish back."""
    window = held(day, command.window, command.lease)
    if isinstance(window, Refusal):
        return window
    if window.ticket is not None:
        return Refusal(Code.WINDOW_BUSY, {"window": command.window})
    ticket = day.ticket(window.last_finished) if window.last_finished is not None else None
    if ticket is None or ticket.ended_at is None:
        return Refusal(Code.TICKET_NOT_FINISHED)
    if now - ticket.ended_at > timedelta(seconds=day.terms.policy.undo_s):
        return Refusal(Code.UNDO_TOO_LATE, {"label": ticket.label})
    return Accepted(events=(TicketUndone(ticket=ticket.id, window=command.window),), ticket=ticket.id)


def _action(day: Day, command: TicketAtWindow) -> Action:
    match command:
        case Recall():
            return Action.RECALL
        case Start():
            return Action.START
        case Finish():
            return Action.FINISH_UNSTARTED if day.terms.policy.start_is_implicit else Action.FINISH
        case Miss():
            return Action.MISS
        case Park():
            return Action.PARK
        case Transfer():
            return Action.TRANSFER
        case _:
            assert_never(command)


def _finish(ticket: Ticket, command: Finish) -> tuple[Event, ...]:
    if ticket.leg + 1 < len(ticket.legs):
        return (LegFinished(ticket=ticket.id, outcome=command.outcome, delivered=command.delivered),)
    return (TicketFinished(ticket=ticket.id, outcome=command.outcome, delivered=command.delivered),)


def _miss(day: Day, ticket: Ticket, window: WindowState) -> tuple[Event, ...] | Refusal:
    needed = day.terms.policy.recalls_before_miss
    if ticket.calls - 1 < needed:
        return Refusal(Code.TICKET_RECALL_FIRST, {"label": ticket.label, "left": needed - ticket.calls + 1})
    return (TicketMissed(ticket=ticket.id, by_clock=False), *after_ticket(window))


def _transfer(
    day: Day, ticket: Ticket, window: WindowState, command: Transfer, now: datetime
) -> tuple[Event, ...] | Refusal:
    service_id = command.to_service or ticket.service
    service = day.terms.service(service_id)
    if service is None:
        return Refusal(Code.SERVICE_UNKNOWN)
    if service.is_retired and service_id != ticket.service:
        return Refusal(Code.SERVICE_NOT_OFFERED, {"service": service_id})
    plan = day.plan_in_force()
    if command.to_window is not None:
        if day.terms.window(command.to_window) is None:
            return Refusal(Code.WINDOW_UNKNOWN, {"window": command.to_window})
        if command.to_window not in plan.windows:
            return Refusal(Code.WINDOW_NOT_IN_PLAN, {"window": command.to_window})
    elif not any(service_id in served for served in plan.windows.values()):
        return Refusal(Code.SERVICE_NOT_OFFERED, {"service": service_id})
    is_normal = ticket.visitor_class is VisitorClass.NORMAL
    visitor_class = VisitorClass.TRANSFERRED if is_normal else ticket.visitor_class
    match command.place:
        case Place.ORIGINAL:
            joined_at = ticket.joined_at
        case Place.FIRST:
            joined_at = joined_first(day, service_id, visitor_class, now)
        case Place.LAST:
            joined_at = now
        case _:
            assert_never(command.place)
    transferred = TicketTransferred(
        ticket=ticket.id,
        service=service_id,
        window=command.to_window,
        place=command.place,
        joined_at=joined_at,
        visitor_class=visitor_class,
    )
    return (transferred, *after_ticket(window))
