"""What each audience sees of a day: pure, and equal whenever the day is equal.

Nothing here depends on the time of looking: what time alone changes (hours, plans) is an event of the day.
"""

from datetime import timedelta

from queue_service.desk.views import (
    View,
    alert_view,
    board_window,
    missed_rule,
    ticket_view,
    wait_view,
    window_view,
)
from queue_service.hall.day import Day
from queue_service.hall.events import Phase
from queue_service.hall.hours import Hours, Opening, next_opening
from queue_service.hall.lanes import Lane, LaneKey
from queue_service.hall.routing import in_order
from queue_service.hall.terms import Service
from queue_service.hall.tickets import Ticket, TicketStatus, WindowState, WindowStatus
from queue_service.waits.rules import Outlook

SHOWN_MAX = 50
"""Waiting tickets that a window's view lists."""

LIKELY = frozenset({"open", "call-next", "start", "finish"})
"""Verbs that a console may mark as the usual next one."""
IS_OPEN = frozenset({Phase.NUMBERS, Phase.DOORS})


def board(day: Day) -> View:
    """The lobby board."""
    outlook = Outlook(day)
    return {
        "branch": board_branch(day),
        "services": board_services(day, outlook),
        "zones": [{"id": zone.id, "name": zone.name} for zone in day.terms.zones],
        "windows": [board_window(day, window.number) for window in day.terms.windows],
        "calls": [
            {"id": call.id, "label": call.label, "window": call.window, "at": call.at, "times": call.times}
            for call in day.calls
        ],
        "notices": [
            {"text": notice.text, "until": notice.until}
            for notice in day.terms.notices
            if notice.until is None or notice.until > day.at
        ],
    }


def floor(day: Day) -> View:
    """The hall as its staff see it."""
    outlook = Outlook(day)
    waiting = [day.live[ticket] for _, _, ticket in in_order(day, list(day.lanes.items()))]
    others = sorted(
        (ticket for ticket in day.live.values() if ticket.status is not TicketStatus.WAITING),
        key=lambda ticket: ticket.joined_at,
    )
    return {
        **board(day),
        "windows": [window_view(day, window.number) for window in day.terms.windows],
        "plans": [{"id": plan.id, "name": plan.name} for plan in day.terms.plans],
        "tickets": [ticket_view(day, ticket, outlook) for ticket in (*waiting, *others)],
        "alerts": [alert_view(alert) for alert in reversed(list(day.alerts.values()))],
        "advice": [],
    }


def window(day: Day, number: int) -> View:
    """One window for its teller."""
    outlook = Outlook(day)
    state = day.window(number)
    policy = day.terms.policy
    ticket = day.live[state.ticket] if state.ticket is not None else None
    finished = day.ticket(state.last_finished) if state.last_finished is not None else None
    finished_at = finished.ended_at if finished is not None else None
    lanes = list(day.eligible(number))
    waiting = [day.live[ticket_id] for _, _, ticket_id in in_order(day, lanes)][:SHOWN_MAX]
    aside = sorted(day.live.values(), key=lambda ticket: ticket.joined_at)
    can = verbs(day, state, ticket, lanes)
    return {
        "branch": board_branch(day),
        "window": window_view(day, number),
        "ticket": None if ticket is None else ticket_view(day, ticket, outlook),
        "can": can,
        "likely": can[0] if can and can[0] in LIKELY else None,
        "undo": None if finished is None else ticket_view(day, finished, outlook),
        "undo_until": None if finished_at is None else finished_at + timedelta(seconds=policy.undo_s),
        "start_is_implicit": policy.start_is_implicit,
        "recalls_before_miss": policy.recalls_before_miss,
        "waiting": [ticket_view(day, ticket, outlook) for ticket in waiting],
        "parked": [ticket_view(day, ticket, outlook) for ticket in aside if ticket.status is TicketStatus.PARKED],
        "missed": [ticket_view(day, ticket, outlook) for ticket in aside if ticket.status is TicketStatus.MISSED],
        "services": board_services(day, outlook),
        "windows": [window_view(day, other.number) for other in day.terms.windows],
        "today": {
            "served": state.served,
            "service_s_mean": round(state.service_s / state.served) if state.served else None,
        },
    }


def verbs(day: Day, state: WindowState, ticket: Ticket | None, lanes: list[tuple[LaneKey, Lane]]) -> list[str]:
    """The verbs that the rules accept of the window's holder now, the likeliest first."""
    if state.status is WindowStatus.CLOSED:
        return ["open"]
    policy = day.terms.policy
    if ticket is None:
        undo = ["undo"] if state.last_finished else []
        if state.status is WindowStatus.PAUSED:
            return ["open", *undo, "close"]
        calls = ["call-next"] if lanes else []
        return [*calls, "call", "walk-in", "resume", *undo, "pause", "close"]
    go_on = ["open"] if state.then is not None or state.status is WindowStatus.PAUSED else []
    if ticket.status is TicketStatus.SERVING:
        return ["finish", "transfer", "park", *go_on, "pause", "close"]
    may_miss = ticket.calls - 1 >= policy.recalls_before_miss
    finish = ["finish"] if policy.start_is_implicit else []
    miss = ["miss"] if may_miss else []
    return ["start", *finish, "recall", *miss, "transfer", "park", *go_on, "pause", "close"]


def board_branch(day: Day) -> View:
    """The branch as the board shows it."""
    times, hours = day.times, day.terms.hours
    numbers = day.phase is Phase.NUMBERS
    return {
        "id": day.branch_id,
        "name": day.terms.name,
        "open": day.phase in IS_OPEN,
        "numbers": numbers,
        "opens_at": None if numbers else next_opening(hours, day.at),
        "closes_at": times.doors_close_at if day.phase in IS_OPEN and not hours.is_around_the_clock else None,
        "time_zone": hours.time_zone,
        "business_on": day.business_on,
        "plan": day.plan,
        "missed_rule": missed_rule(day),
    }


def board_services(day: Day, outlook: Outlook) -> list[View]:
    """The services with their queues; a retired one only while somebody waits for it."""
    return [
        board_service(day, service, outlook)
        for service in day.terms.services
        if not service.is_retired or outlook.waiting(service.id)
    ]


def board_service(day: Day, service: Service, outlook: Outlook) -> View:
    """A service with its queue."""
    closed_reason = _closed_reason(day, service, outlook)
    return {
        "id": service.id,
        "prefix": service.prefix,
        "name": service.name,
        "about": service.about,
        "open": closed_reason is None,
        "closed_reason": closed_reason,
        "waiting": outlook.waiting(service.id),
        "wait": wait_view(outlook.wait(service.id)),
        "target_wait_s": round(service.target_wait_minutes * 60),
        "asks_class": service.asks_class,
        "self_service": service.self_service,
        "bookable": service.is_bookable,
        "windows": outlook.windows(service.id),
    }


def branch_summary(day: Day) -> View:
    """A branch for finding one."""
    told = board_branch(day)
    return {
        **{name: told[name] for name in ("id", "name", "time_zone", "open", "numbers", "opens_at", "closes_at")},
        "address": day.terms.address,
        "services": board_services(day, Outlook(day)),
    }


def branch(day: Day) -> View:
    """A branch with its hours."""
    hours = day.terms.hours
    return {
        **branch_summary(day),
        "hours": _hours(hours),
        "exceptions": [_opening(on.isoformat(), opening) for on, opening in sorted(hours.exceptions.items())],
        "zones": [{"id": zone.id, "name": zone.name} for zone in day.terms.zones],
    }


def _closed_reason(day: Day, service: Service, outlook: Outlook) -> str | None:
    if day.phase is not Phase.NUMBERS:
        return "closed"
    served = day.plan_in_force().windows.values()
    if service.is_retired or not any(service.id in services for services in served):
        return "no_window"
    return "full" if outlook.waiting(service.id) >= service.waiting_max else None


def _hours(hours: Hours) -> list[View]:
    if hours.is_around_the_clock:
        start = hours.business_day_start
        all_day = Opening(numbers_from=start, last_number=start, doors_close=start)
        return [_opening(str(weekday), all_day) for weekday in range(1, 8)]
    return [_opening(str(weekday), hours.week.get(weekday)) for weekday in range(1, 8)]


def _opening(name: str, opening: Opening | None) -> View:
    return {
        "day": name,
        "numbers_from": f"{opening.numbers_from:%H:%M}" if opening else None,
        "last_number": f"{opening.last_number:%H:%M}" if opening else None,
        "doors_close": f"{opening.doors_close:%H:%M}" if opening else None,
    }
