"""What wants a greeter: raised, taken, ended.

Who waits too long and which window is idle is told by the heads of lanes alone. Both raise an alert when the clock says
so, and the alert ends by itself with the entry that takes its cause away; should that come back, it is another alert.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TypeVar

from queue_service.hall.commands import AskHelp, TakeAlert, TellPrinter
from queue_service.hall.day import Day, Draft, State
from queue_service.hall.events import AlertRaised, AlertTaken, Event, HelpAsked, Phase, PrinterFaulted, PrinterMended
from queue_service.hall.refusals import Code, Refusal
from queue_service.hall.tickets import AlertKind

K = TypeVar("K")

Outcome = tuple[str | None, tuple[Event, ...]]
"""The alert, None where none is left, and what happens to it."""


def ask_help(day: Day, command: AskHelp) -> Outcome:
    """A call for help; asked again while nobody has come, it is the same."""
    for alert in day.alerts.values():
        if alert.kind is AlertKind.HELP and alert.place == command.place and alert.taken_at is None:
            return alert.id, ()
    alert_id = f"{AlertKind.HELP}-{day.seq + 1}"
    return alert_id, (HelpAsked(alert=alert_id, place=command.place),)


def tell_printer(day: Day, command: TellPrinter) -> Outcome:
    """Raise, change or end the alert of a kiosk's printer."""
    printers = (alert for alert in day.alerts.values() if alert.kind is AlertKind.PRINTER)
    known = next((alert for alert in printers if alert.place == command.place), None)
    if command.fault is None:
        return None, () if known is None else (PrinterMended(alert=known.id),)
    if known is not None and known.fault is command.fault:
        return known.id, ()
    alert_id = known.id if known is not None else f"{AlertKind.PRINTER}-{day.seq + 1}"
    return alert_id, (PrinterFaulted(alert=alert_id, place=command.place, fault=command.fault),)


def take_alert(day: Day, command: TakeAlert) -> Outcome | Refusal:
    """Somebody sees to it; whoever is second learns that."""
    alert = day.alerts.get(command.alert)
    if alert is None:
        return Refusal(Code.ALERT_UNKNOWN)
    if alert.taken_by is None:
        return alert.id, (AlertTaken(alert=alert.id, by=command.by),)
    return Refusal(Code.ALERT_TAKEN) if alert.taken_by != command.by else (alert.id, ())


def alerts_due(day: Day) -> Iterator[tuple[datetime, AlertKind, str]]:
    """When the clock has to raise which alert, about which service or window."""
    if not day.lanes or day.phase in _CLOSED:
        return
    standing = {(alert.kind, alert.service or str(alert.window)) for alert in day.alerts.values()}
    for service, at in _over_target_at(day).items():
        if (AlertKind.OVER_TARGET, service) not in standing:
            yield at, AlertKind.OVER_TARGET, service
    for number, at in _idle_at(day).items():
        if (AlertKind.IDLE_WINDOW, str(number)) not in standing:
            yield at, AlertKind.IDLE_WINDOW, str(number)


def raised(day: Day, kind: AlertKind, about: str) -> AlertRaised:
    """The event of an alert that is due."""
    is_window = kind is AlertKind.IDLE_WINDOW
    return AlertRaised(
        alert=f"{kind}-{day.seq + 1}",
        about=kind,
        service=None if is_window else about,
        window=int(about) if is_window else None,
    )


def ended(draft: Draft) -> list[str]:
    """The alerts whose cause is gone at the draft's moment."""
    watched = [alert for alert in draft.alerts.values() if alert.kind in _WATCHED]
    if not watched:
        return []
    is_closed = draft.phase in _CLOSED
    over_target_at, idle_at = _over_target_at(draft), _idle_at(draft)
    over: list[str] = []
    for alert in watched:
        of_service = over_target_at.get(alert.service or "")
        at = of_service if alert.kind is AlertKind.OVER_TARGET else idle_at.get(alert.window or 0)
        if is_closed or at is None or at > draft.at:
            over.append(alert.id)
    return over


_CLOSED = frozenset({Phase.ENDED, Phase.OVER})
_WATCHED = frozenset({AlertKind.OVER_TARGET, AlertKind.IDLE_WINDOW})


def _over_target_at(day: State) -> dict[str, datetime]:
    """By service that somebody waits for: when the first of them waits longer than its target."""
    heads: dict[str, datetime] = {}
    for key, lane in day.lanes.items():
        _keep_earliest(heads, key.service, lane.waiting[0].joined_at)
    return {
        service.id: heads[service.id] + timedelta(minutes=service.target_wait_minutes)
        for service in day.terms.services
        if service.id in heads
    }


def _idle_at(day: State) -> dict[int, datetime]:
    """By free window that somebody waits for: when both have been so for as long as the policy lets them."""
    limit_s = day.terms.policy.idle_alert_s
    free = [window for window in day.windows.values() if window.free_since is not None]
    if limit_s is None or not free:
        return {}
    by_service: dict[str, datetime] = {}
    sent: dict[int, datetime] = {}
    for key, lane in day.lanes.items():
        joined_at = lane.waiting[0].joined_at
        if key.window is not None:
            _keep_earliest(sent, key.window, joined_at)
        if day.is_free(key):
            _keep_earliest(by_service, key.service, joined_at)
    served, limit = day.plan_in_force().windows, timedelta(seconds=limit_s)
    due: dict[int, datetime] = {}
    for window in free:
        joined = [by_service[service] for service in served.get(window.number, ()) if service in by_service]
        if window.number in sent:
            joined.append(sent[window.number])
        if joined and window.free_since is not None:
            due[window.number] = max(window.free_since, min(joined)) + limit
    return due


def _keep_earliest(heads: dict[K, datetime], key: K, at: datetime) -> None:
    if key not in heads or at < heads[key]:
        heads[key] = at
