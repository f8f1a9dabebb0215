"""What comes of a command."""

from dataclasses import dataclass

from queue_service.hall.day import Day
from queue_service.hall.events import Event
from queue_service.hall.lifecycle import Action, refuse
from queue_service.hall.refusals import Code, Refusal
from queue_service.hall.routing import Reason
from queue_service.hall.tickets import Alert, Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What a command amounts to. Without events nothing happened: nobody waits, or all is as asked already."""

    events: tuple[Event, ...] = ()
    ticket: str | None = None
    """The ticket that the command is about."""
    reason: Reason | None = None
    """Of a call to the next: why this ticket, or `NOBODY`."""
    alert: str | None = None
    closed: Alert | None = None
    """The alert that ends, as it is until then."""
    print: str | None = None


Decision = Accepted | Refusal


def accepted(outcome: tuple[Event, ...] | Refusal, ticket: str | None = None) -> Decision:
    """Events about a ticket, or the refusal, as the decision."""
    return outcome if isinstance(outcome, Refusal) else Accepted(events=outcome, ticket=ticket)


def may(day: Day, ticket_id: str, action: Action) -> Ticket | Refusal:
    """The ticket, if its status allows the action."""
    ticket = day.ticket(ticket_id)
    if ticket is None:
        return Refusal(Code.TICKET_UNKNOWN)
    return refuse(action, ticket) or ticket
