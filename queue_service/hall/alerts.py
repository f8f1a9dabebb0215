"""What wants a greeter: raised, taken, ended. A call for help ends when somebody says that it was given.

A wait begins when somebody comes to a queue, also to an early place in it: who was served elsewhere before has not
waited here. A wait that is too long and an idle window raise an alert when the clock says so, and the alert ends by
itself with the entry that takes its cause away; should that come back, it is another alert.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple, TypeVar

from queue_service.hall.commands import AskHelp, CloseAlert, TakeAlert, TellPrinter
from queue_service.hall.day import Day, Draft, State
from queue_service.hall.events import AlertRaised, AlertTaken, Event, HelpAsked, Phase, PrinterFaulted, PrinterMended
from queue_service.hall.refusals import Code, Refusal
from queue_service.hall.tickets import Alert, AlertKind, WindowState

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


def to_close(day: Day, command: CloseAlert) -> Alert | Refusal:
    """The call for help that was answered, by whoever took it, by another, or at once by somebody beside it."""
    alert = day.alerts.get(command.alert)
    if alert is None:
        return Refusal(Code.ALERT_UNKNOWN)
    return alert if alert.kind is AlertKind.HELP else Refusal(Code.ALERT_ENDS_ITSELF)


def alerts_due(day: Day) -> Iterator[tuple[datetime, AlertKind, str]]:
    """The next alert of each kind that the clock has to raise: when, which, about which service or window."""
    if not day.lanes or day.phase in _CLOSED:
        return
    waits = _waits(day)
    standing = {(alert.kind, alert.service or alert.window) for alert in day.alerts.values()}
    over_target = [
        (waits.of_service[service.id] + _minutes(service.target_wait_minutes), service.id)
        for service in day.terms.services
        if service.id in waits.of_service and (AlertKind.OVER_TARGET, service.id) not in standing
    ]
    if over_target:
        at, about = min(over_target)
        yield at, AlertKind.OVER_TARGET, about
    if day.terms.policy.idle_alert_s is not None:
        longest = min(waits.of_service.values())
        first: tuple[datetime, int] | None = None
        for number, window in day.windows.items():
            if first is not None and first[0] <= longest:
                break  # no window can have been idle for longer
            since = _idle_since(window, waits)
            is_first = since is not None and (first is None or since < first[0])
            if since is not None and is_first and (AlertKind.IDLE_WINDOW, number) not in standing:
                first = since, number
        if first is not None:
            yield first[0] + timedelta(seconds=day.terms.policy.idle_alert_s), AlertKind.IDLE_WINDOW, str(first[1])


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
    if draft.phase in _CLOSED:
        return [alert.id for alert in watched]
    waits = _waits(draft)
    return [alert.id for alert in watched if not _has_cause(draft, alert, waits)]


_CLOSED = frozenset({Phase.ENDED, Phase.OVER})
_WATCHED = frozenset({AlertKind.OVER_TARGET, AlertKind.IDLE_WINDOW})


class _Waits(NamedTuple):
    """Since when somebody waits."""

    of_service: dict[str, datetime]
    at_any: dict[str, datetime]
    """By service as well, without whoever only one window may call."""
    of_window: dict[int, datetime]
    """Whoever was sent to that window."""
    serves: Mapping[int, tuple[str, ...]]
    """What each window serves."""


def _waits(day: State) -> _Waits:
    waits = _Waits({}, {}, {}, day.plan_in_force().windows)
    for key, lane in day.lanes.items():
        since = day.waited_since(lane)
        _keep_earliest(waits.of_service, key.service, since)
        if key.window is None or day.is_free(key):
            _keep_earliest(waits.at_any, key.service, since)
        if key.window is not None:
            _keep_earliest(waits.of_window, key.window, since)
    return waits


def _keep_earliest(since: dict[K, datetime], key: K, at: datetime) -> None:
    known = since.get(key)
    if known is None or at < known:
        since[key] = at


def _has_cause(draft: Draft, alert: Alert, waits: _Waits) -> bool:
    policy = draft.terms.policy
    if alert.kind is AlertKind.OVER_TARGET:
        service = draft.terms.service(alert.service or "")
        since = waits.of_service.get(alert.service or "")
        limit = _minutes(service.target_wait_minutes) if service is not None else None
    else:
        since = _idle_since(draft.window(alert.window or 0), waits)
        limit = timedelta(seconds=policy.idle_alert_s) if policy.idle_alert_s is not None else None
    return since is not None and limit is not None and draft.at - since >= limit


def _idle_since(window: WindowState, waits: _Waits) -> datetime | None:
    """Since when a window has been free and somebody has waited for it; None while not both are so."""
    if window.free_since is None:
        return None
    since = waits.of_window.get(window.number)
    for service in waits.serves.get(window.number, ()):
        at = waits.at_any.get(service)
        if at is not None and (since is None or at < since):
            since = at
    return None if since is None else max(since, window.free_since)


@lru_cache(maxsize=256)
def _minutes(minutes: float) -> timedelta:
    return timedelta(minutes=minutes)
