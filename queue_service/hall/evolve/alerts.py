"""How alerts come and change."""

from queue_service.hall.day import Draft
from queue_service.hall.events import HelpAsked, PrinterFaulted
from queue_service.hall.tickets import Alert, AlertKind, Fault
from queue_service.hall.values import changed


def ask_help(draft: Draft, event: HelpAsked) -> None:
    """One more call for help; beyond what a day keeps the oldest goes, first those that were taken."""
    draft.alerts[event.alert] = Alert(id=event.alert, kind=AlertKind.HELP, place=event.place, at=draft.at)
    asked = [alert for alert in draft.alerts.values() if alert.kind is AlertKind.HELP]
    for _ in range(len(asked) - draft.terms.policy.alerts_max):
        goes = next((alert for alert in asked if alert.taken_at is not None), asked[0])
        asked.remove(goes)
        del draft.alerts[goes.id]


def fault_printer(draft: Draft, event: PrinterFaulted) -> None:
    """A fault, or another one than before."""
    known = draft.alerts.get(event.alert)
    if known is None:
        known = Alert(id=event.alert, kind=AlertKind.PRINTER, place=event.place, at=draft.at)
    elif known.fault is Fault.NEAR_END:  # who saw to the warning may not know that it has come true
        known = changed(known, taken_by=None, taken_at=None)
    draft.alerts[event.alert] = changed(known, fault=event.fault, at=draft.at)
