"""The answer no, as a value: a stable code and its parameters, worded in the catalogues as `refusal.<code>`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Parameter = str | int | None


class Code(StrEnum):
    """Every reason for which the hall's rules refuse a command."""

    BRANCH_CLOSED = "branch.closed"
    SERVICE_UNKNOWN = "service.unknown"
    SERVICE_NOT_OFFERED = "service.not_offered"
    SERVICE_FULL = "service.full"
    CLASS_NOT_OFFERED = "class.not_offered"
    LEGS_REPEATED = "legs.repeated"
    PLAN_UNKNOWN = "plan.unknown"
    PLAN_NOT_ALLOWED = "plan.not_allowed"
    ALERT_UNKNOWN = "alert.unknown"
    ALERT_TAKEN = "alert.taken"
    ALERT_ENDS_ITSELF = "alert.ends_itself"
    PRINT_UNKNOWN = "print.unknown"
    PRINT_FULL = "print.full"
    TERMS_OLDER = "terms.older"
    TICKET_UNKNOWN = "ticket.unknown"
    TICKET_NOT_WAITING = "ticket.not_waiting"
    TICKET_NOT_CALLED = "ticket.not_called"
    TICKET_NOT_SERVING = "ticket.not_serving"
    TICKET_NOT_PARKED = "ticket.not_parked"
    TICKET_NOT_MISSED = "ticket.not_missed"
    TICKET_NOT_FINISHED = "ticket.not_finished"
    TICKET_RECALL_FIRST = "ticket.recall_first"
    UNDO_TOO_LATE = "undo.too_late"
    WINDOW_UNKNOWN = "window.unknown"
    WINDOW_NOT_IN_PLAN = "window.not_in_plan"
    WINDOW_CLOSED = "window.closed"
    WINDOW_PAUSED = "window.paused"
    WINDOW_BUSY = "window.busy"
    WINDOW_IDLE = "window.idle"
    WINDOW_TAKEN = "window.taken"
    WINDOW_LEASE_LOST = "window.lease_lost"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Nothing happened, and why."""

    code: Code
    params: Mapping[str, Parameter] = field(default_factory=dict)
