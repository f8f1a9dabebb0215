"""What wants a greeter: raised, taken, ended."""

from queue_service.hall.commands import AskHelp, TakeAlert, TellPrinter
from queue_service.hall.day import Day
from queue_service.hall.events import AlertTaken, Event, HelpAsked, PrinterFaulted, PrinterMended
from queue_service.hall.refusals import Code, Refusal
from queue_service.hall.tickets import AlertKind

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
