"""What wants a greeter: raised, taken, ended. A call for help ends when somebody says that it was given.

A wait begins when somebody comes to a queue, also to an early place in it: who was served elsewhere before has not
waited here. A wait that is too long and an idle window raise an alert when the clock says so, and the alert ends by
itself with the entry that takes its cause away; should that come back, it is another alert.
"""

from collections.abc import Iterator, Mapping, Set
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple, TypeVar

from queue_service.hall.commands import AskHelp, CloseAlert, TakeAlert, TellPrinter
from queue_service.hall.day import Day, Draft, State
from queue_service.hall.events import AlertRaised, AlertTaken, Event, HelpAsked, Phase, PrinterFaulted, PrinterMended
from queue_service.hall.refusals import Code, Refusal
from queue_service.hall.tickets import Alert, AlertKind

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
    standing = {alert.service or alert.window for alert in day.alerts.values() if alert.kind in _WATCHED}
    over_target = [
        (waits[service.id] + _minutes(service.target_wait_minutes), service.id)
        for service in day.terms.services
        if service.id in waits and service.id not in standing
    ]
    if over_target:
        at, about = min(over_target)
        yield at, AlertKind.OVER_TARGET, about
    if day.terms.policy.idle_alert_s is not None:
        idle = _idle_longest(day, standing, min(waits.values()))
        if idle is not None:
            yield idle[0] + timedelta(seconds=day.terms.policy.idle_alert_s), AlertKind.IDLE_WINDOW, str(idle[1])


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
    """The alerts whose cause the present entry has taken away.

    Time alone takes none away: a queue that nobody has left is no shorter, and so is not looked at.
    """
    is_closed, is_any, left = draft.phase in _CLOSED, draft.has_new_terms, draft.left
    found = []
    for alert in draft.alerts.values():
        if alert.kind is AlertKind.OVER_TARGET:
            is_over = is_closed or ((is_any or alert.service in left) and not _is_over_target(draft, alert.service))
        else:
            is_over = alert.kind is AlertKind.IDLE_WINDOW and (is_closed or not _is_idle(draft, alert.window))
        if is_over:
            found.append(alert.id)
    return found


_CLOSED = frozenset({Phase.ENDED, Phase.OVER})
_WATCHED = frozenset({AlertKind.OVER_TARGET, AlertKind.IDLE_WINDOW})


def _waits(day: State) -> dict[str, datetime]:
    """Since when somebody waits, by service."""
    waits: dict[str, datetime] = {}
    for key, lane in day.lanes.items():
        service = key.service
        if service not in waits or lane.since < waits[service]:
            waits[service] = lane.since
    return waits


def _idle_longest(day: Day, standing: Set[str | int | None], longest: datetime) -> tuple[datetime, int] | None:
    """The window that has been idle for longest and since when, of those without an alert that is `standing`.

    `longest` is since when anybody waits; no window is idle for longer.
    """
    first: tuple[datetime, int] | None = None
    waits: _Waits | None = None
    for number, window in day.windows.items():
        free_since = window.free_since
        if free_since is None or number in standing:
            continue
        if first is not None and first[0] <= longest:
            break
        waits = waits or _Waits.of(day)
        since = waits.at(number)
        if since is not None and (first is None or max(since, free_since) < first[0]):
            first = max(since, free_since), number
    return first


class _Waits(NamedTuple):
    """Since when somebody waits whom a window may call."""

    at_any: dict[str, datetime]
    """By service: whoever any window that serves it may call."""
    of_window: dict[int, datetime]
    """Whoever was sent to that window."""
    serves: Mapping[int, tuple[str, ...]]

    @classmethod
    def of(cls, day: State) -> "_Waits":
        """From the lanes of a day."""
        waits = cls({}, {}, day.plan_in_force().windows)
        for key, lane in day.lanes.items():
            if key.window is None or day.is_free(key):
                _keep_earliest(waits.at_any, key.service, lane.since)
            if key.window is not None:
                _keep_earliest(waits.of_window, key.window, lane.since)
        return waits

    def at(self, number: int) -> datetime | None:
        """Since when somebody waits whom this window may call; None: nobody does."""
        since = self.of_window.get(number)
        for service in self.serves.get(number, ()):
            at = self.at_any.get(service)
            if at is not None and (since is None or at < since):
                since = at
        return since


def _keep_earliest(since: dict[K, datetime], key: K, at: datetime) -> None:
    known = since.get(key)
    if known is None or at < known:
        since[key] = at


def _is_over_target(draft: Draft, service_id: str | None) -> bool:
    """Whether somebody waits longer for a service than its target."""
    service = draft.terms.service(service_id or "")
    assert service is not None, "a service that somebody waited for stays in the terms"
    latest = draft.at - _minutes(service.target_wait_minutes)
    return any(key.service == service_id and lane.since <= latest for key, lane in draft.lanes.items())


def _is_idle(draft: Draft, number: int | None) -> bool:
    """Whether a window has been free for too long while somebody waited whom it may call."""
    idle_s = draft.terms.policy.idle_alert_s
    if idle_s is None or number is None:
        return False
    latest = draft.at - timedelta(seconds=idle_s)
    free_since = draft.window(number).free_since
    if free_since is None or free_since > latest:
        return False
    return any(lane.since <= latest for _, lane in draft.eligible(number))


@lru_cache(maxsize=256)
def _minutes(minutes: float) -> timedelta:
    return timedelta(minutes=minutes)
