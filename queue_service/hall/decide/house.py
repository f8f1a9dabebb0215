"""What is not about a ticket: the plan, the terms, alerts, prints."""

from datetime import datetime

from queue_service.hall.alerts import to_close
from queue_service.hall.commands import ChangeTerms, CloseAlert, SwitchPlan
from queue_service.hall.day import Day
from queue_service.hall.decide.outcome import Accepted, Decision
from queue_service.hall.edits import with_what_is_in_use
from queue_service.hall.events import AlertClosed, Event, PlanSwitched, TermsChanged
from queue_service.hall.hours import day_times
from queue_service.hall.phases import PHASES, phase_at, plan_at
from queue_service.hall.refusals import Code, Refusal


def switch_plan(day: Day, command: SwitchPlan) -> Decision:
    """Another window plan, as a whole."""
    if day.terms.plan(command.plan) is None:
        return Refusal(Code.PLAN_UNKNOWN)
    if command.by_greeter and not day.terms.policy.greeter_switches_plan:
        return Refusal(Code.PLAN_NOT_ALLOWED)
    if command.plan == day.plan:
        return Accepted()
    return Accepted(events=(PlanSwitched(plan=command.plan, by_clock=False),))


def change_terms(day: Day, command: ChangeTerms, now: datetime) -> Decision:
    """A newer catalogue, without what would be taken from under those who wait."""
    if command.terms.version < day.terms.version:
        return Refusal(Code.TERMS_OLDER)
    if command.terms.version == day.terms.version:
        return Accepted()
    terms = with_what_is_in_use(day, command.terms)
    plan = day.plan if terms.plan(day.plan) is not None else plan_at(terms, day.business_on, now)
    phase = min(day.phase, phase_at(day_times(terms.hours, day.business_on), now), key=PHASES.index)
    return Accepted(events=(TermsChanged(terms=terms, plan=plan, phase=phase),))


def about_alert(outcome: tuple[str | None, tuple[Event, ...]] | Refusal) -> Decision:
    """What was done about an alert, as the decision."""
    return outcome if isinstance(outcome, Refusal) else Accepted(alert=outcome[0], events=outcome[1])


def close_alert(day: Day, command: CloseAlert) -> Decision:
    """Help was given."""
    alert = to_close(day, command)
    if isinstance(alert, Refusal):
        return alert
    return Accepted(alert=alert.id, closed=alert, events=(AlertClosed(alert=alert.id, by=command.by),))


def about_print(outcome: tuple[str, tuple[Event, ...]] | Refusal, ticket: str | None = None) -> Decision:
    """What was done about a print, as the decision."""
    return outcome if isinstance(outcome, Refusal) else Accepted(print=outcome[0], events=outcome[1], ticket=ticket)
