"""What the halls do, and how they stand, in figures.

Counters tell what this process wrote itself: over all processes they add up. Gauges of a branch tell how its day
stands; every process that has the branch tells the same, so that of several the greatest counts, not the sum. At most
`metrics_branches_max` branches are told apart, the same in every process; in what has no branch all are counted.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from prometheus_client import Histogram

from queue_service.desk.branch import Change
from queue_service.desk.service import Desk
from queue_service.desk.views import printer_faults, window_state
from queue_service.hall.day import Day
from queue_service.hall.events import (
    AlertRaised,
    Event,
    HelpAsked,
    LegFinished,
    Phase,
    PrinterFaulted,
    TicketCalled,
    TicketFinished,
)
from queue_service.hall.tickets import AlertKind, Outcome, TicketStatus
from queue_service.infra.metrics import Labels, Metrics
from queue_service.wire.clock import Clock

_WAIT_BUCKETS_S = (30, 60, 120, 300, 600, 900, 1200, 1800, 2700, 3600, 5400, 7200)
_SERVICE_BUCKETS_S = (15, 30, 60, 120, 300, 600, 900, 1200, 1800, 2700, 3600)

_LOAD_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

_OF_TICKETS = {
    "ticket.issued": "issued",
    "ticket.called": "called",
    "ticket.finished": "finished",
    "ticket.missed": "missed",
    "ticket.diverted": "diverted",
    "ticket.cancelled": "left",
    "ticket.expired": "left",
}
"""What is counted for each branch, by the kind of the event."""
_OF_WINDOWS = {
    "open": "free",
    "busy": "busy",
    "closing": "busy",
    "pausing": "busy",
    "paused": "paused",
    "closed": "closed",
}
"""What a window counts as, by its state."""


class Counts:
    """Counts what this process writes, from now on."""

    def __init__(self, metrics: Metrics, desk: Desk) -> None:
        self.events: Counter[str] = Counter()
        """By kind."""
        self.alerts: Counter[str] = Counter(dict.fromkeys(AlertKind, 0))
        """By kind."""
        self.tickets: dict[str, Counter[str]] = {}
        """By branch and by what happened to them."""
        self.over_target: Counter[str] = Counter()
        """Alerts for a wait beyond its service's target, by branch."""
        self.waits: Counter[str] = Counter()
        self.waited_s: Counter[str] = Counter()
        """Waits that ended with a call, and their seconds in all, by branch."""
        self._wait_s = Histogram(
            "queue_wait_seconds",
            "From joining a queue to the first call out of it.",
            buckets=_WAIT_BUCKETS_S,
            registry=metrics.registry,
        )
        self._service_s = Histogram(
            "queue_service_seconds",
            "From start to finish of each service.",
            buckets=_SERVICE_BUCKETS_S,
            registry=metrics.registry,
        )
        desk.listeners.append(self._on_change)

    def _on_change(self, change: Change) -> None:
        branch = change.day.branch_id
        tickets = self.tickets.get(branch)
        if tickets is None:
            tickets = self.tickets[branch] = Counter(dict.fromkeys(_OF_TICKETS.values(), 0))
            self.over_target[branch] = self.waits[branch] = self.waited_s[branch] = 0
        if change.before is None:
            return
        for event in change.events:
            self.events[event.kind] += 1
            if event.kind in _OF_TICKETS:
                tickets[_OF_TICKETS[event.kind]] += 1
            self._look_into(event, change.before, change.day)

    def _look_into(self, event: Event, before: Day, day: Day) -> None:
        match event:
            case TicketCalled(ticket=ticket_id):
                waits_before = 0 if (known := before.ticket(ticket_id)) is None else len(known.waits)
                for wait in day.live[ticket_id].waits[waits_before:]:
                    self._wait_s.observe(wait.wait_s)
                    self.waits[day.branch_id] += 1
                    self.waited_s[day.branch_id] += round(wait.wait_s)
            case TicketFinished(ticket=ticket_id, outcome=outcome) | LegFinished(ticket=ticket_id, outcome=outcome) if (
                outcome is not Outcome.UNKNOWN
            ):
                ticket = before.live[ticket_id]
                began_at = ticket.started_at or ticket.called_at
                assert began_at is not None, "a ticket is called before it is finished"
                self._service_s.observe((day.at - began_at).total_seconds())
            case AlertRaised(about=kind):
                self.alerts[kind] += 1
                if kind is AlertKind.OVER_TARGET:
                    self.over_target[day.branch_id] += 1
            case HelpAsked():
                self.alerts[AlertKind.HELP] += 1
            case PrinterFaulted():
                self.alerts[AlertKind.PRINTER] += 1
            case _:
                pass


def watch(metrics: Metrics, desk: Desk, clock: Clock, told_apart: Callable[[], Collection[str]]) -> None:
    """Tells of `desk` from now on, once in a process and before its first day is loaded.

    `told_apart`: the branches that have figures of their own.
    """
    counts = Counts(metrics, desk)
    load_s = Histogram(
        "queue_day_load_seconds",
        "From asking for a day to having it from the journal.",
        buckets=_LOAD_BUCKETS_S,
        registry=metrics.registry,
    )
    desk.on_load.append(load_s.observe)
    for label, name, meaning, counted in (
        ("kind", "queue_events", "What happened in the halls.", counts.events),
        ("code", "queue_refusals", "Commands that were refused.", desk.refusals),
        ("alert", "queue_alerts_raised", "Alerts that were raised.", counts.alerts),
    ):
        metrics.count_by([label], name, meaning, _by_one(counted))
    for name, meaning, by_branch in (
        ("queue_branch_over_target", "Alerts for a wait beyond its target.", counts.over_target),
        ("queue_branch_waits", "Waits that ended with a call.", counts.waits),
        ("queue_branch_waited_seconds", "Seconds of those waits in all.", counts.waited_s),
    ):
        metrics.count_by(["branch"], name, meaning, _of_branches(by_branch, told_apart))
    metrics.count_by(
        ["branch", "what"],
        "queue_branch_tickets",
        "What happened to tickets.",
        lambda: {
            (branch, what): n for branch in told_apart() for what, n in counts.tickets.get(branch, Counter()).items()
        },
    )
    metrics.count("queue_seq_lost", "Times another process wrote a day's next entry first.", lambda: desk.seqs_lost)
    metrics.gauge("queue_commands_pending", "Commands under way.", lambda: desk.pending)
    metrics.gauge("queue_branches_held", "Branches whose day is in memory.", lambda: len(desk.days()))

    def of_days(told: Callable[[Day], Mapping[Labels, float]]) -> Callable[[], Mapping[Labels, float]]:
        """What is told of each day's branch, by the branch and what else there is."""

        def read() -> Mapping[Labels, float]:
            branches = set(told_apart())
            return {
                (day.branch_id, *labels): value
                for day in desk.days()
                if day.branch_id in branches
                for labels, value in told(day).items()
            }

        return read

    for labels, name, meaning, told in (
        ([], "queue_branch_open", "1 while numbers are given.", _is_open),
        ([], "queue_branch_waiting", "Who waits now.", _waiting),
        ([], "queue_branch_longest_wait_seconds", "For how long.", lambda day: _longest_wait_s(day, clock())),
        (["state"], "queue_branch_windows", "Windows by state: free, busy, paused, closed.", _windows),
        (["alert"], "queue_branch_alerts", "Alerts that stand, by kind.", _alerts),
        (["kiosk", "fault"], "queue_kiosk_printer_fault", "1 for each printer's fault that stands.", _faults),
    ):
        metrics.gauge_by(["branch", *labels], name, meaning, of_days(told))


def _by_one(counted: Counter[str]) -> Callable[[], Mapping[Labels, float]]:
    return lambda: {(label,): count for label, count in counted.items()}


def _of_branches(
    counted: Counter[str], told_apart: Callable[[], Collection[str]]
) -> Callable[[], Mapping[Labels, float]]:
    return lambda: {(branch,): counted[branch] for branch in told_apart() if branch in counted}


def _is_open(day: Day) -> Mapping[Labels, float]:
    return {(): float(day.phase is Phase.NUMBERS)}


def _waiting(day: Day) -> Mapping[Labels, float]:
    return {(): sum(len(lane.waiting) for lane in day.lanes.values())}


def _longest_wait_s(day: Day, now: datetime) -> Mapping[Labels, float]:
    waiting = (ticket.waiting_since for ticket in day.live.values() if ticket.status is TicketStatus.WAITING)
    since = min(waiting, default=now)
    return {(): max(0.0, (now - since).total_seconds())}


def _windows(day: Day) -> Mapping[Labels, float]:
    states = Counter(dict.fromkeys(_OF_WINDOWS.values(), 0))
    states.update(_OF_WINDOWS[window_state(day.window(window.number))] for window in day.terms.windows)
    return {(state,): count for state, count in states.items()}


def _alerts(day: Day) -> Mapping[Labels, float]:
    kinds = Counter(dict.fromkeys(AlertKind, 0))
    kinds.update(alert.kind for alert in day.alerts.values())
    return {(kind,): count for kind, count in kinds.items()}


def _faults(day: Day) -> Mapping[Labels, float]:
    return dict.fromkeys(printer_faults(day).items(), 1)
