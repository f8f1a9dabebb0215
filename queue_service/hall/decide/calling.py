"""Who comes to a window that is free."""

from datetime import datetime

from queue_service.hall.commands import CallNext, CallTicket, Resume
from queue_service.hall.day import Day
from queue_service.hall.decide.outcome import Accepted, Decision, may
from queue_service.hall.events import TicketCalled, TicketResumed
from queue_service.hall.lifecycle import Action
from queue_service.hall.refusals import Refusal
from queue_service.hall.routing import Reason, choose
from queue_service.hall.windows import ready


def call_next(day: Day, command: CallNext, now: datetime) -> Decision:
    """Whoever comes next, by the routing."""
    window = ready(day, command.window, command.lease)
    if isinstance(window, Refusal):
        return window
    choice = choose(day, command.window, day.shares, now)
    if choice is None:
        return Accepted(reason=Reason.NOBODY)
    called = TicketCalled(ticket=choice.ticket, window=command.window, is_chosen=False, reason=choice.reason)
    return Accepted(events=(called,), ticket=choice.ticket, reason=choice.reason)


def call_chosen(day: Day, command: CallTicket) -> Decision:
    """A ticket of the teller's choice."""
    window = ready(day, command.window, command.lease)
    if isinstance(window, Refusal):
        return window
    ticket = may(day, command.ticket, Action.CALL)
    if isinstance(ticket, Refusal):
        return ticket
    called = TicketCalled(ticket=ticket.id, window=command.window, is_chosen=True, reason=command.reason)
    return Accepted(events=(called,), ticket=ticket.id)


def resume(day: Day, command: Resume) -> Decision:
    """A ticket that was set aside, back at a window."""
    window = ready(day, command.window, command.lease)
    if isinstance(window, Refusal):
        return window
    ticket = may(day, command.ticket, Action.RESUME)
    if isinstance(ticket, Refusal):
        return ticket
    return Accepted(events=(TicketResumed(ticket=ticket.id, window=command.window),), ticket=ticket.id)
