"""Tickets and windows as the contract shows them; see `wire.messages` for the shapes."""

from collections import Counter
from typing import Any

from queue_service.hall.day import Day, lane_key
from queue_service.hall.prints import is_copy
from queue_service.hall.terms import Window
from queue_service.hall.tickets import Alert, AlertKind, Fault, Print, Ticket, TicketStatus, WindowState, WindowStatus
from queue_service.waits.rules import Outlook, WaitRange

View = dict[str, Any]


def ticket_view(day: Day, ticket: Ticket, outlook: Outlook) -> View:
    """A ticket as staff see it."""
    return {
        **_common(day, ticket, outlook),
        "service": ticket.service,
        "waiting_since": ticket.waiting_since,
        "legs": ticket.legs,
        "to_confirm": ticket.is_to_confirm,
        "channel": ticket.channel,
        "reason": ticket.reason,
        "outcome": ticket.outcome,
        "delivered": ticket.delivered,
    }


def visitor_view(day: Day, ticket: Ticket, outlook: Outlook) -> View:
    """A ticket as its visitor sees it."""
    legs = [service_name(day, service_id) for service_id in ticket.legs]
    return {
        **_common(day, ticket, outlook),
        "branch": {"id": day.branch_id, "name": day.terms.name},
        "service": legs[ticket.leg],
        "legs": legs,
        "missed_rule": missed_rule(day),
    }


def _common(day: Day, ticket: Ticket, outlook: Outlook) -> View:
    is_waiting = ticket.status is TicketStatus.WAITING
    ahead, wait = outlook.place(ticket) if is_waiting else (None, None)
    overtaken_by = day.overtaken_by(ticket)
    return {
        "id": ticket.id,
        "label": ticket.label,
        "business_on": day.business_on,
        "leg": ticket.leg,
        "class": ticket.visitor_class,
        "status": ticket.status,
        "language": ticket.language,
        "issued_at": ticket.issued_at,
        "joined_at": ticket.joined_at,
        "called_at": ticket.called_at,
        "started_at": ticket.started_at,
        "ended_at": ticket.ended_at,
        "window": ticket.window,
        "calls": ticket.calls,
        "overtaken": len(overtaken_by),
        "overtaken_by": [{"class": by, "times": times} for by, times in Counter(overtaken_by).items()],
        "ahead": ahead,
        "wait": wait_view(wait),
        "windows": windows_for(day, ticket, outlook) if is_waiting else [],
    }


def windows_for(day: Day, ticket: Ticket, outlook: Outlook) -> list[int]:
    """The windows that may call a waiting ticket now."""
    key = lane_key(ticket)
    if key.window is not None and not day.is_free(key):
        return [key.window]
    return outlook.windows(ticket.service)


def window_view(day: Day, number: int) -> View:
    """A window as staff see it."""
    return {**board_window(day, number), **held_view(day, number)}


def held_view(day: Day, number: int) -> View:
    """What of a window only staff see: who holds it, since when, and with whom."""
    window = day.window(number)
    return {
        "teller": window.lease.teller if window.lease is not None else None,
        "pause_reason": window.pause_reason,
        "ticket": window.ticket,
        "opened_at": window.opened_at,
    }


def board_window(day: Day, number: int) -> View:
    """A window as everybody may see it."""
    terms = day.terms.window(number) or Window(number=number, zone="")  # one that an edit took away is nowhere
    window = day.window(number)
    ticket = day.live[window.ticket] if window.ticket is not None else None
    return {
        "number": number,
        "name": terms.name,
        "zone": terms.zone,
        "state": window_state(window),
        "services": day.plan_in_force().windows.get(number, ()),
        "serving": ticket.label if ticket is not None else None,
        "waiting": sum(len(lane.waiting) for _, lane in day.eligible(number)),
        "roaming": terms.is_roaming,
    }


def window_state(window: WindowState) -> str:
    """The one word for where a window stands."""
    if window.status is not WindowStatus.OPEN:
        return window.status
    match window.then:
        case WindowStatus.CLOSED:
            return "closing"
        case WindowStatus.PAUSED:
            return "pausing"
        case _:
            return "open" if window.ticket is None else "busy"


def windows_view(day: Day) -> View:
    """All windows under the plan in force."""
    return {"plan": day.plan, "windows": [window_view(day, window.number) for window in day.terms.windows]}


def wait_view(wait: WaitRange | None) -> View | None:
    """A range of seconds."""
    return None if wait is None else {"low_s": wait.low_s, "high_s": wait.high_s}


def service_name(day: Day, service_id: str) -> View:
    """A service by id and name; by id alone where an edit took it away after the ticket had ended."""
    service = day.terms.service(service_id)
    if service is None:
        return {"id": service_id, "prefix": "", "name": {}}
    return {"id": service.id, "prefix": service.prefix, "name": service.name}


def missed_rule(day: Day) -> View:
    """Where a visitor who missed the call waits again."""
    policy = day.terms.policy
    return {"rule": policy.reinstate, "after": policy.reinstate_after}


def ticket_answer(day: Day, ticket_id: str | None) -> View:
    """The answer of a verb that moved a ticket."""
    ticket = day.ticket(ticket_id) if ticket_id is not None else None
    return {"ticket": None if ticket is None else ticket_view(day, ticket, Outlook(day))}


def alert_view(alert: Alert) -> View:
    """An alert as greeters see it."""
    return {
        "id": alert.id,
        "kind": alert.kind,
        "place": alert.place,
        "service": alert.service,
        "window": alert.window,
        "fault": alert.fault,
        "at": alert.at,
        "taken_by": alert.taken_by,
        "taken_at": alert.taken_at,
    }


def print_view(day: Day, pending: Print) -> View:
    """A print that a kiosk has not taken yet."""
    ticket = day.live[pending.ticket]
    return {
        "id": pending.id,
        "ticket": pending.ticket,
        "label": ticket.label,
        "kiosk": pending.kiosk,
        "at": pending.at,
        "copy": is_copy(ticket),
    }


def printer_faults(day: Day) -> dict[str, Fault]:
    """What is wrong with the printers, by the name of the kiosk; one that is well is not named."""
    alerts = (alert for alert in day.alerts.values() if alert.kind is AlertKind.PRINTER)
    return {alert.place: alert.fault for alert in alerts if alert.fault is not None}
