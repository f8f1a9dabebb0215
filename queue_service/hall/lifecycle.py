"""Which action may be done to a ticket in which status. What is not listed is refused."""

from collections.abc import Mapping
from enum import StrEnum

from queue_service.hall.refusals import Code, Refusal
from queue_service.hall.tickets import Ticket, TicketStatus


class Action(StrEnum):
    """What can be done to a ticket."""

    CALL_NEXT = "call_next"
    CALL = "call"
    RECALL = "recall"
    START = "start"
    FINISH = "finish"
    FINISH_UNSTARTED = "finish_unstarted"
    """Finish where the terms say that start is implicit."""
    UNDO = "undo"
    MISS = "miss"
    REINSTATE = "reinstate"
    PARK = "park"
    RESUME = "resume"
    TRANSFER = "transfer"
    DIVERT = "divert"
    CANCEL = "cancel"
    CANCEL_BY_VISITOR = "cancel_by_visitor"
    CHANGE_CLASS = "change_class"
    EXPIRE = "expire"
    PRINT = "print"


MAY: Mapping[Action, tuple[TicketStatus, ...]] = {
    Action.CALL_NEXT: (TicketStatus.WAITING,),
    Action.CALL: (TicketStatus.WAITING, TicketStatus.MISSED, TicketStatus.PARKED),
    Action.RECALL: (TicketStatus.CALLED,),
    Action.START: (TicketStatus.CALLED,),
    Action.FINISH: (TicketStatus.SERVING,),
    Action.FINISH_UNSTARTED: (TicketStatus.SERVING, TicketStatus.CALLED),
    Action.UNDO: (TicketStatus.FINISHED,),
    Action.MISS: (TicketStatus.CALLED,),
    Action.REINSTATE: (TicketStatus.MISSED,),
    Action.PARK: (TicketStatus.CALLED, TicketStatus.SERVING),
    Action.RESUME: (TicketStatus.PARKED,),
    Action.TRANSFER: (TicketStatus.CALLED, TicketStatus.SERVING),
    Action.DIVERT: (TicketStatus.WAITING, TicketStatus.CALLED),
    Action.CANCEL: (TicketStatus.WAITING, TicketStatus.CALLED, TicketStatus.MISSED, TicketStatus.PARKED),
    Action.CANCEL_BY_VISITOR: (TicketStatus.WAITING, TicketStatus.MISSED),
    Action.CHANGE_CLASS: (
        TicketStatus.WAITING,
        TicketStatus.CALLED,
        TicketStatus.SERVING,
        TicketStatus.MISSED,
        TicketStatus.PARKED,
    ),
    Action.EXPIRE: (TicketStatus.WAITING, TicketStatus.CALLED, TicketStatus.MISSED, TicketStatus.PARKED),
    Action.PRINT: (
        TicketStatus.WAITING,
        TicketStatus.CALLED,
        TicketStatus.SERVING,
        TicketStatus.MISSED,
        TicketStatus.PARKED,
    ),
}
"""Statuses from which an action may leave; the first names the refusal."""


def refuse(action: Action, ticket: Ticket) -> Refusal | None:
    """The refusal of an action that the ticket's status does not allow; None when it does."""
    allowed = MAY[action]
    if ticket.status in allowed:
        return None
    return Refusal(Code(f"ticket.not_{allowed[0]}"), {"label": ticket.label, "status": ticket.status})
