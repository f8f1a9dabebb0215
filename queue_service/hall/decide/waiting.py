"""What is done with a ticket wherever it is: back into the queue, out of the hall, into another class."""

from datetime import datetime
from typing import assert_never

from queue_service.hall.commands import ChangeClass, Reinstate
from queue_service.hall.day import Day
from queue_service.hall.decide.outcome import Accepted, Decision, may
from queue_service.hall.events import ClassChanged, Event, TicketReinstated
from queue_service.hall.lifecycle import Action
from queue_service.hall.places import joined_after
from queue_service.hall.refusals import Code, Refusal
from queue_service.hall.terms import CLASSES_EARNED, ReinstateRule
from queue_service.hall.tickets import AT_WINDOW
from queue_service.hall.windows import after_ticket


def reinstate(day: Day, command: Reinstate, now: datetime) -> Decision:
    """Let one who was missed wait again, where the house has it."""
    ticket = may(day, command.ticket, Action.REINSTATE)
    if isinstance(ticket, Refusal):
        return ticket
    policy = day.terms.policy
    match policy.reinstate:
        case ReinstateRule.KEEP:
            joined_at = ticket.joined_at
        case ReinstateRule.AFTER:
            joined_at = joined_after(day, ticket.service, ticket.visitor_class, policy.reinstate_after, now)
        case ReinstateRule.LAST:
            joined_at = now
        case _:
            assert_never(policy.reinstate)
    keeps_place = policy.reinstate is ReinstateRule.KEEP
    reinstated = TicketReinstated(ticket=ticket.id, joined_at=joined_at, keeps_place=keeps_place)
    return Accepted(events=(reinstated,), ticket=ticket.id)


def end(day: Day, ticket_id: str, action: Action, event: Event) -> Decision:
    """End a ticket before it is served, wherever it is."""
    ticket = may(day, ticket_id, action)
    if isinstance(ticket, Refusal):
        return ticket
    if ticket.status in AT_WINDOW and ticket.window is not None:
        return Accepted(events=(event, *after_ticket(day.window(ticket.window))), ticket=ticket.id)
    return Accepted(events=(event,), ticket=ticket.id)


def change_class(day: Day, command: ChangeClass) -> Decision:
    """Confirm or change a class."""
    ticket = may(day, command.ticket, Action.CHANGE_CLASS)
    if isinstance(ticket, Refusal):
        return ticket
    if command.visitor_class is ticket.visitor_class and not ticket.is_to_confirm:
        return Accepted(ticket=ticket.id)
    if command.visitor_class in CLASSES_EARNED:
        return Refusal(Code.CLASS_NOT_OFFERED)
    changed = ClassChanged(ticket=ticket.id, visitor_class=command.visitor_class, reason=command.reason)
    return Accepted(events=(changed,), ticket=ticket.id)
