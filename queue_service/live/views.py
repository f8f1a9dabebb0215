"""What each audience sees of a day: pure, and equal whenever the day is equal.

Nothing here depends on the time of looking: what time alone changes (hours, plans) is an event of the day.
"""

from datetime import timedelta
from functools import cached_property
from itertools import islice

from queue_service.desk.views import (
    View,
    alert_view,
    board_window,
    held_view,
    missed_rule,
    print_view,
    ticket_view,
    wait_view,
    window_view,
)
from queue_service.hall.day import Day, lane_key
from queue_service.hall.decide import issue_refusal
from queue_service.hall.events import Phase
from queue_service.hall.hours import Hours, Opening, next_opening
from queue_service.hall.lifecycle import MAY, Action
from queue_service.hall.refusals import Code
from queue_service.hall.routing import in_order
from queue_service.hall.terms import Plan, Service
from queue_service.hall.tickets import Ticket, TicketStatus, WindowState, WindowStatus
from queue_service.waits.rules import Outlook

SHOWN_MAX = 50
"""Waiting tickets that a window's view lists."""

LIKELY = frozenset({"open", "call-next", "start", "finish"})
"""Verbs that a console may mark as the usual next one."""
CLOSED_REASONS = {
    Code.BRANCH_CLOSED: "closed",
    Code.SERVICE_NOT_OFFERED: "no_window",
    Code.SERVICE_FULL: "full",
}
IS_OPEN = frozenset({Phase.NUMBERS, Phase.DOORS})


class Sight:
    """A day as it is looked at: what several views share is made once."""

    def __init__(self, day: Day) -> None:
        self.day = day
        self.outlook = Outlook(day)
        self._tickets: dict[str, View] = {}

    def ticket(self, ticket: Ticket) -> View:
        """A ticket as staff see it."""
        shown = self._tickets.get(ticket.id)
        if shown is None:
            self.outlook.place_all()
            shown = self._tickets[ticket.id] = ticket_view(self.day, ticket, self.outlook)
        return shown

    @cached_property
    def line(self) -> list[Ticket]:
        """All who wait, in calling order."""
        return [self.day.live[ticket] for _, _, ticket in in_order(self.day, list(self.day.lanes.items()))]

    @cached_property
    def others(self) -> list[Ticket]:
        """All who are in the hall and do not wait, in order of joining."""
        others = (ticket for ticket in self.day.live.values() if ticket.status is not TicketStatus.WAITING)
        return sorted(others, key=lambda ticket: ticket.joined_at)

    @cached_property
    def branch(self) -> View:
        """The branch as the board shows it."""
        return board_branch(self.day)

    @cached_property
    def services(self) -> list[View]:
        """The services with their queues; a retired one only while somebody waits for it."""
        return [
            board_service(self.day, service, self.outlook)
            for service in self.day.terms.services
            if not service.is_retired or self.outlook.waiting(service.id)
        ]

    @cached_property
    def board_windows(self) -> list[View]:
        """The windows as everybody may see them."""
        return [board_window(self.day, window.number) for window in self.day.terms.windows]

    @cached_property
    def windows(self) -> list[View]:
        """The windows as staff see them."""
        return [{**shown, **held_view(self.day, shown["number"])} for shown in self.board_windows]


def board(sight: Sight) -> View:
    """The lobby board."""
    day = sight.day
    return {
        "branch": sight.branch,
        "services": sight.services,
        "zones": [{"id": zone.id, "name": zone.name} for zone in day.terms.zones],
        "windows": sight.board_windows,
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


def floor(sight: Sight) -> View:
    """The hall as its staff see it."""
    day = sight.day
    return {
        **board(sight),
        "windows": sight.windows,
        "plans": [plan_view(plan) for plan in day.terms.plans],
        "tickets": [sight.ticket(ticket) for ticket in (*sight.line, *sight.others)],
        "alerts": [alert_view(alert) for alert in reversed(list(day.alerts.values()))],
        "prints": [print_view(day, pending) for pending in day.prints.values()],
        "advice": [],
        "greeter_may_switch_plan": day.terms.policy.greeter_switches_plan,
    }


def plan_view(plan: Plan) -> View:
    """A window plan: what a switch to it opens, closes and changes."""
    windows = [{"number": number, "services": list(services)} for number, services in sorted(plan.windows.items())]
    return {"id": plan.id, "name": plan.name, "windows": windows}


def kiosk(sight: Sight, name: str) -> View:
    """The board for one kiosk, and what it is to print."""
    day = sight.day
    return {
        **board(sight),
        "prints": [print_view(day, pending) for pending in day.prints.values() if pending.kiosk == name],
    }


def window(sight: Sight, number: int) -> View:
    """One window for its teller."""
    day = sight.day
    state = day.window(number)
    policy = day.terms.policy
    ticket = day.live[state.ticket] if state.ticket is not None else None
    finished = day.ticket(state.last_finished) if state.last_finished is not None else None
    finished_at = finished.ended_at if finished is not None else None
    keys = {key for key, _ in day.eligible(number)}
    waiting = islice((ticket for ticket in sight.line if lane_key(ticket) in keys), SHOWN_MAX)
    can = verbs(sight, state, ticket)
    return {
        "branch": sight.branch,
        "window": window_view(day, number),
        "ticket": None if ticket is None else sight.ticket(ticket),
        "can": can,
        "likely": can[0] if can and can[0] in LIKELY else None,
        "undo": None if finished is None else sight.ticket(finished),
        "undo_until": None if finished_at is None else finished_at + timedelta(seconds=policy.undo_s),
        "start_is_implicit": policy.start_is_implicit,
        "recalls_before_miss": policy.recalls_before_miss,
        "waiting": [sight.ticket(ticket) for ticket in waiting],
        "parked": [sight.ticket(ticket) for ticket in sight.others if ticket.status is TicketStatus.PARKED],
        "missed": [sight.ticket(ticket) for ticket in sight.others if ticket.status is TicketStatus.MISSED],
        "services": sight.services,
        "windows": sight.windows,
        "today": {
            "served": state.served,
            "service_s_mean": round(state.service_s / state.served) if state.served else None,
        },
    }


def verbs(sight: Sight, state: WindowState, ticket: Ticket | None) -> list[str]:
    """The verbs that the rules accept of the window's holder, the likeliest first; how long `undo` is, time tells."""
    day = sight.day
    if state.status is WindowStatus.CLOSED:
        return ["open"] if ticket is not None or state.number in day.plan_in_force().windows else []
    if ticket is None:
        undo = ["undo"] if state.last_finished else []
        if state.status is WindowStatus.PAUSED:
            return ["open", *undo, "close"]
        possible = {
            "call-next": any(day.eligible(state.number)),
            "call": any(ticket.status in MAY[Action.CALL] for ticket in day.live.values()),
            "walk-in": day.phase is not Phase.ENDED,
            "resume": any(ticket.status is TicketStatus.PARKED for ticket in sight.others),
        }
        return [*(verb for verb, is_possible in possible.items() if is_possible), *undo, "pause", "close"]
    policy = day.terms.policy
    go_on = ["open"] if state.then is not None or state.status is WindowStatus.PAUSED else []
    if ticket.status is TicketStatus.SERVING:
        return ["finish", "transfer", "park", *go_on, "pause", "close"]
    finish = ["finish"] if policy.start_is_implicit else []
    miss = ["miss"] if ticket.calls - 1 >= policy.recalls_before_miss else []
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


def board_service(day: Day, service: Service, outlook: Outlook) -> View:
    """A service with its queue."""
    closed_reason = _closed_reason(day, service)
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


def branch_summary(sight: Sight) -> View:
    """A branch for finding one."""
    told = ("id", "name", "time_zone", "open", "numbers", "opens_at", "closes_at")
    return {
        **{name: sight.branch[name] for name in told},
        "address": sight.day.terms.address,
        "services": sight.services,
    }


def branch(sight: Sight) -> View:
    """A branch with its hours."""
    hours = sight.day.terms.hours
    return {
        **branch_summary(sight),
        "hours": _hours(hours),
        "exceptions": [_opening(on.isoformat(), opening) for on, opening in sorted(hours.exceptions.items())],
        "zones": [{"id": zone.id, "name": zone.name} for zone in sight.day.terms.zones],
    }


def _closed_reason(day: Day, service: Service) -> str | None:
    refusal = issue_refusal(day, service, day.at)
    return None if refusal is None else CLOSED_REASONS[refusal.code]


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
