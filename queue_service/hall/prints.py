"""Tickets on paper beside the kiosk's own: a greeter asks, a kiosk takes and prints."""

from queue_service.hall.commands import AskPrint, TakePrint
from queue_service.hall.day import Day, ticket_id
from queue_service.hall.events import Event, PrintAsked, PrintTaken
from queue_service.hall.lifecycle import Action, refuse
from queue_service.hall.refusals import Code, Refusal
from queue_service.hall.tickets import Channel, Ticket

PRINTS_MAX = 50
"""Prints that may wait to be taken at one branch."""

Outcome = tuple[str, tuple[Event, ...]]
"""The print and what happens to it."""


def ask_print(day: Day, command: AskPrint) -> Outcome | Refusal:
    """Let a kiosk print a ticket; what waits to be printed there already is not asked for twice."""
    ticket = day.ticket(command.ticket)
    if ticket is None:
        return Refusal(Code.TICKET_UNKNOWN)
    refusal = refuse(Action.PRINT, ticket)
    if refusal is not None:
        return refusal
    for pending in day.prints.values():
        if (pending.ticket, pending.kiosk) == (ticket.id, command.kiosk):
            return pending.id, ()
    if len(day.prints) >= PRINTS_MAX:
        return Refusal(Code.PRINT_FULL)
    print_id = f"print-{ticket_id(day.business_on, day.seq + 1)}"
    return print_id, (PrintAsked(print=print_id, ticket=ticket.id, kiosk=command.kiosk),)


def take_print(day: Day, command: TakePrint) -> Outcome | Refusal:
    """A kiosk takes what it is to print, once."""
    pending = day.prints.get(command.print)
    if pending is None or pending.kiosk != command.kiosk:
        return Refusal(Code.PRINT_UNKNOWN)
    ticket = day.live[pending.ticket]
    return pending.id, (PrintTaken(print=pending.id, ticket=ticket.id, is_copy=is_copy(ticket)),)


def is_copy(ticket: Ticket) -> bool:
    """Whether one more print of a ticket is a copy: a kiosk prints what it issues."""
    return ticket.is_printed or ticket.channel is Channel.KIOSK
