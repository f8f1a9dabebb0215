"""May this be done, and what does it amount to? From a day and a command to events or a refusal."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from queue_service.hall.alerts import ask_help, take_alert, tell_printer, to_close
from queue_service.hall.commands import (
    AskHelp,
    AskPrint,
    CallNext,
    CallTicket,
    Cancel,
    ChangeClass,
    ChangeTerms,
    CloseAlert,
    CloseWindow,
    Command,
    Divert,
    Finish,
    IssueTicket,
    Miss,
    OpenWindow,
    Park,
    PauseWindow,
    Recall,
    Reinstate,
    Resume,
    Start,
    SwitchPlan,
    TakeAlert,
    TakePrint,
    TellPrinter,
    TicketAtWindow,
    Transfer,
    Undo,
    VoidIntent,
    WalkIn,
)
from queue_service.hall.day import Day, ticket_id
from queue_service.hall.edits import with_what_is_in_use
from queue_service.hall.events import (
    AlertClosed,
    ClassChanged,
    Event,
    IntentVoided,
    LegFinished,
    Phase,
    PlanSwitched,
    TermsChanged,
    TicketCalled,
    TicketCancelled,
    TicketDiverted,
    TicketFinished,
    TicketIssued,
    TicketMissed,
    TicketParked,
    TicketRecalled,
    TicketReinstated,
    TicketResumed,
    TicketStarted,
    TicketTransferred,
    TicketUndone,
)
from queue_service.hall.hours import day_times
from queue_service.hall.lifecycle import Action, refuse
from queue_service.hall.numbering import label, next_number
from queue_service.hall.phases import PHASES, phase_at, plan_at
from queue_service.hall.places import joined_after, joined_first, lanes_of
from queue_service.hall.prints import ask_print, take_print
from queue_service.hall.refusals import Code, Refusal
from queue_service.hall.routing import Reason, choose
from queue_service.hall.terms import ReinstateRule, Service, VisitorClass
from queue_service.hall.tickets import AT_WINDOW, Alert, Channel, Place, Ticket, WindowState
from queue_service.hall.windows import after_ticket, close_window, held, open_window, pause_window, ready


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What a command amounts to. Without events nothing happened: nobody waits, or all is as asked already."""

    events: tuple[Event, ...] = ()
    ticket: str | None = None
    """The ticket that the command is about."""
    reason: Reason | None = None
    """Of a call to the next: why this ticket, or `NOBODY`."""
    alert: str | None = None
    closed: Alert | None = None
    """The alert that ends, as it is until then."""
    print: str | None = None


Decision = Accepted | Refusal

CLASSES_EARNED = frozenset({VisitorClass.APPOINTMENT, VisitorClass.TRANSFERRED})
"""Classes that follow from a booking or a transfer; nobody gives them by hand."""


def decide(day: Day, command: Command, now: datetime) -> Decision:
    """The outcome of a command at `now`, which is not before `day.at`; nothing that is due by then is open any more."""
    if day.phase is Phase.OVER:
        return Refusal(Code.BRANCH_CLOSED)
    match command:
        case IssueTicket():
            return _issue(day, command, now)
        case CallNext():
            return _call_next(day, command, now)
        case CallTicket():
            return _call_chosen(day, command)
        case Recall() | Start() | Finish() | Miss() | Park() | Transfer():
            return _at_window(day, command, now)
        case Undo():
            return _undo(day, command, now)
        case Resume():
            return _resume(day, command)
        case WalkIn():
            return _walk_in(day, command)
        case Reinstate():
            return _reinstate(day, command, now)
        case Divert():
            return _end(day, command.ticket, Action.DIVERT, TicketDiverted(ticket=command.ticket, to=command.to))
        case Cancel():
            action = Action.CANCEL_BY_VISITOR if command.by_visitor else Action.CANCEL
            cancelled = TicketCancelled(ticket=command.ticket, by_visitor=command.by_visitor)
            return _end(day, command.ticket, action, cancelled)
        case ChangeClass():
            return _change_class(day, command)
        case OpenWindow():
            return _accepted(open_window(day, command))
        case PauseWindow():
            return _accepted(pause_window(day, command))
        case CloseWindow():
            return _accepted(close_window(day, command))
        case SwitchPlan():
            return _switch_plan(day, command)
        case AskHelp():
            return _about_alert(ask_help(day, command))
        case TakeAlert():
            return _about_alert(take_alert(day, command))
        case CloseAlert():
            return _close_alert(day, command)
        case TellPrinter():
            return _about_alert(tell_printer(day, command))
        case AskPrint():
            return _about_print(ask_print(day, command), command.ticket)
        case TakePrint():
            return _about_print(take_print(day, command))
        case VoidIntent():
            return Accepted(events=(IntentVoided(),))
        case ChangeTerms():
            return _change_terms(day, command, now)
        case _:
            assert_never(command)


def issue_refusal(day: Day, service: Service, now: datetime) -> Refusal | None:
    """Why no number is given for a service at `now`; None when one is."""
    if not day.times.takes_numbers(now):
        return Refusal(Code.BRANCH_CLOSED)
    served = (services for services in day.plan_in_force().windows.values())
    if service.is_retired or not any(service.id in services for services in served):
        return Refusal(Code.SERVICE_NOT_OFFERED, {"service": service.id})
    if sum(len(lane.waiting) for _, lane in lanes_of(day, service.id)) >= service.waiting_max:
        return Refusal(Code.SERVICE_FULL, {"service": service.id})
    return None


def _issue(day: Day, command: IssueTicket, now: datetime) -> Decision:
    if len(set(command.legs)) != len(command.legs):
        return Refusal(Code.LEGS_REPEATED)
    for service_id in command.legs:
        service = day.terms.service(service_id)
        if service is None:
            return Refusal(Code.SERVICE_UNKNOWN)
        refusal = issue_refusal(day, service, now)
        if refusal is not None:
            return refusal
    if command.visitor_class in CLASSES_EARNED:
        return Refusal(Code.CLASS_NOT_OFFERED)
    is_to_confirm = command.channel is Channel.KIOSK and command.visitor_class is not VisitorClass.NORMAL
    if is_to_confirm and not _is_asked(day, command.legs[0], command.visitor_class):
        return Refusal(Code.CLASS_NOT_OFFERED)
    issued = _issued(
        day, command.legs, command.visitor_class, command.channel, command.language, is_to_confirm=is_to_confirm
    )
    return Accepted(events=(issued,), ticket=issued.ticket)


def _is_asked(day: Day, service_id: str, visitor_class: VisitorClass) -> bool:
    """Whether visitors may declare a class for a service themselves."""
    service = day.terms.service(service_id)
    return service is not None and visitor_class in service.asks_class


def _issued(
    day: Day,
    legs: tuple[str, ...],
    visitor_class: VisitorClass,
    channel: Channel,
    language: str,
    *,
    is_to_confirm: bool = False,
) -> TicketIssued:
    service = day.terms.service(legs[0])
    assert service is not None, "checked by the caller"
    return TicketIssued(
        ticket=ticket_id(day.business_on, day.seq + 1),
        label=label(service.prefix, next_number(day.numbers, service.prefix)),
        legs=legs,
        visitor_class=visitor_class,
        is_to_confirm=is_to_confirm,
        channel=channel,
        language=language,
    )


def _call_next(day: Day, command: CallNext, now: datetime) -> Decision:
    window = ready(day, command.window, command.lease)
    if isinstance(window, Refusal):
        return window
    choice = choose(day, command.window, day.shares, now)
    if choice is None:
        return Accepted(reason=Reason.NOBODY)
    called = TicketCalled(ticket=choice.ticket, window=command.window, is_chosen=False, reason=choice.reason)
    return Accepted(events=(called,), ticket=choice.ticket, reason=choice.reason)


def _call_chosen(day: Day, command: CallTicket) -> Decision:
    window = ready(day, command.window, command.lease)
    if isinstance(window, Refusal):
        return window
    ticket = _may(day, command.ticket, Action.CALL)
    if isinstance(ticket, Refusal):
        return ticket
    called = TicketCalled(ticket=ticket.id, window=command.window, is_chosen=True, reason=command.reason)
    return Accepted(events=(called,), ticket=ticket.id)


def _at_window(day: Day, command: TicketAtWindow, now: datetime) -> Decision:
    window = held(day, command.window, command.lease)
    if isinstance(window, Refusal):
        return window
    if window.ticket is None:
        return Refusal(Code.WINDOW_IDLE, {"window": command.window})
    ticket = day.live[window.ticket]
    refusal = refuse(_action(day, command), ticket)
    if refusal is not None:
        return refusal
    match command:
        case Recall():
            events: tuple[Event, ...] | Refusal = (TicketRecalled(ticket=ticket.id),)
        case Start():
            events = (TicketStarted(ticket=ticket.id),)
        case Finish():
            events = _finish(ticket, command) + after_ticket(window)
        case Miss():
            events = _miss(day, ticket, window)
        case Park():
            events = (TicketParked(ticket=ticket.id), *after_ticket(window))
        case Transfer():
            events = _transfer(day, ticket, window, command, now)
        case _:
            assert_never(command)
    return _accepted(events, ticket.id)


def _action(day: Day, command: TicketAtWindow) -> Action:
    match command:
        case Recall():
            return Action.RECALL
        case Start():
            return Action.START
        case Finish():
            return Action.FINISH_UNSTARTED if day.terms.policy.start_is_implicit else Action.FINISH
        case Miss():
            return Action.MISS
        case Park():
            return Action.PARK
        case Transfer():
            return Action.TRANSFER
        case _:
            assert_never(command)


def _finish(ticket: Ticket, command: Finish) -> tuple[Event, ...]:
    if ticket.leg + 1 < len(ticket.legs):
        return (LegFinished(ticket=ticket.id, outcome=command.outcome, delivered=command.delivered),)
    return (TicketFinished(ticket=ticket.id, outcome=command.outcome, delivered=command.delivered),)


def _miss(day: Day, ticket: Ticket, window: WindowState) -> tuple[Event, ...] | Refusal:
    needed = day.terms.policy.recalls_before_miss
    if ticket.calls - 1 < needed:
        return Refusal(Code.TICKET_RECALL_FIRST, {"label": ticket.label, "left": needed - ticket.calls + 1})
    return (TicketMissed(ticket=ticket.id, by_clock=False), *after_ticket(window))


def _transfer(
    day: Day, ticket: Ticket, window: WindowState, command: Transfer, now: datetime
) -> tuple[Event, ...] | Refusal:
    service_id = command.to_service or ticket.service
    service = day.terms.service(service_id)
    if service is None:
        return Refusal(Code.SERVICE_UNKNOWN)
    if service.is_retired and service_id != ticket.service:
        return Refusal(Code.SERVICE_NOT_OFFERED, {"service": service_id})
    plan = day.plan_in_force()
    if command.to_window is not None:
        if day.terms.window(command.to_window) is None:
            return Refusal(Code.WINDOW_UNKNOWN, {"window": command.to_window})
        if command.to_window not in plan.windows:
            return Refusal(Code.WINDOW_NOT_IN_PLAN, {"window": command.to_window})
    elif not any(service_id in served for served in plan.windows.values()):
        return Refusal(Code.SERVICE_NOT_OFFERED, {"service": service_id})
    is_normal = ticket.visitor_class is VisitorClass.NORMAL
    visitor_class = VisitorClass.TRANSFERRED if is_normal else ticket.visitor_class
    match command.place:
        case Place.ORIGINAL:
            joined_at = ticket.joined_at
        case Place.FIRST:
            joined_at = joined_first(day, service_id, visitor_class, now)
        case Place.LAST:
            joined_at = now
        case _:
            assert_never(command.place)
    transferred = TicketTransferred(
        ticket=ticket.id,
        service=service_id,
        window=command.to_window,
        place=command.place,
        joined_at=joined_at,
        visitor_class=visitor_class,
    )
    return (transferred, *after_ticket(window))


def _undo(day: Day, command: Undo, now: datetime) -> Decision:
    window = held(day, command.window, command.lease)
    if isinstance(window, Refusal):
        return window
    if window.ticket is not None:
        return Refusal(Code.WINDOW_BUSY, {"window": command.window})
    ticket = day.ticket(window.last_finished) if window.last_finished is not None else None
    if ticket is None or ticket.ended_at is None:
        return Refusal(Code.TICKET_NOT_FINISHED)
    if now - ticket.ended_at > timedelta(seconds=day.terms.policy.undo_s):
        return Refusal(Code.UNDO_TOO_LATE, {"label": ticket.label})
    return Accepted(events=(TicketUndone(ticket=ticket.id, window=command.window),), ticket=ticket.id)


def _resume(day: Day, command: Resume) -> Decision:
    window = ready(day, command.window, command.lease)
    if isinstance(window, Refusal):
        return window
    ticket = _may(day, command.ticket, Action.RESUME)
    if isinstance(ticket, Refusal):
        return ticket
    return Accepted(events=(TicketResumed(ticket=ticket.id, window=command.window),), ticket=ticket.id)


def _walk_in(day: Day, command: WalkIn) -> Decision:
    window = ready(day, command.window, command.lease)
    if isinstance(window, Refusal):
        return window
    if day.phase is Phase.ENDED:
        return Refusal(Code.BRANCH_CLOSED)
    service = day.terms.service(command.service)
    if service is None:
        return Refusal(Code.SERVICE_UNKNOWN)
    if service.is_retired:
        return Refusal(Code.SERVICE_NOT_OFFERED, {"service": service.id})
    issued = _issued(day, (service.id,), VisitorClass.NORMAL, Channel.WALK_IN, command.language)
    called = TicketCalled(ticket=issued.ticket, window=command.window, is_chosen=True, reason=command.reason)
    return Accepted(events=(issued, called, TicketStarted(ticket=issued.ticket)), ticket=issued.ticket)


def _reinstate(day: Day, command: Reinstate, now: datetime) -> Decision:
    ticket = _may(day, command.ticket, Action.REINSTATE)
    if isinstance(ticket, Refusal):
        return ticket
    policy = day.terms.policy
    match policy.reinstate:
        case ReinstateRule.KEEP:
            joined_at = ticket.joined_at
        case ReinstateRule.AFTER:
            joined_at = joined_after(day, ticket.service, ticket.visitor_class, policy.reinstate_after, now)
        case ReinstateRule.LAST:
            joined_at = now
        case _:
            assert_never(policy.reinstate)
    keeps_place = policy.reinstate is ReinstateRule.KEEP
    reinstated = TicketReinstated(ticket=ticket.id, joined_at=joined_at, keeps_place=keeps_place)
    return Accepted(events=(reinstated,), ticket=ticket.id)


def _end(day: Day, ticket_id: str, action: Action, event: Event) -> Decision:
    ticket = _may(day, ticket_id, action)
    if isinstance(ticket, Refusal):
        return ticket
    if ticket.status in AT_WINDOW and ticket.window is not None:
        return Accepted(events=(event, *after_ticket(day.window(ticket.window))), ticket=ticket.id)
    return Accepted(events=(event,), ticket=ticket.id)


def _change_class(day: Day, command: ChangeClass) -> Decision:
    ticket = _may(day, command.ticket, Action.CHANGE_CLASS)
    if isinstance(ticket, Refusal):
        return ticket
    if command.visitor_class is ticket.visitor_class and not ticket.is_to_confirm:
        return Accepted(ticket=ticket.id)
    if command.visitor_class in CLASSES_EARNED:
        return Refusal(Code.CLASS_NOT_OFFERED)
    changed = ClassChanged(ticket=ticket.id, visitor_class=command.visitor_class, reason=command.reason)
    return Accepted(events=(changed,), ticket=ticket.id)


def _switch_plan(day: Day, command: SwitchPlan) -> Decision:
    if day.terms.plan(command.plan) is None:
        return Refusal(Code.PLAN_UNKNOWN)
    if command.by_greeter and not day.terms.policy.greeter_switches_plan:
        return Refusal(Code.PLAN_NOT_ALLOWED)
    if command.plan == day.plan:
        return Accepted()
    return Accepted(events=(PlanSwitched(plan=command.plan, by_clock=False),))


def _change_terms(day: Day, command: ChangeTerms, now: datetime) -> Decision:
    if command.terms.version < day.terms.version:
        return Refusal(Code.TERMS_OLDER)
    if command.terms.version == day.terms.version:
        return Accepted()
    terms = with_what_is_in_use(day, command.terms)
    plan = day.plan if terms.plan(day.plan) is not None else plan_at(terms, day.business_on, now)
    phase = min(day.phase, phase_at(day_times(terms.hours, day.business_on), now), key=PHASES.index)
    return Accepted(events=(TermsChanged(terms=terms, plan=plan, phase=phase),))


def _may(day: Day, ticket_id: str, action: Action) -> Ticket | Refusal:
    ticket = day.ticket(ticket_id)
    if ticket is None:
        return Refusal(Code.TICKET_UNKNOWN)
    return refuse(action, ticket) or ticket


def _accepted(outcome: tuple[Event, ...] | Refusal, ticket: str | None = None) -> Decision:
    return outcome if isinstance(outcome, Refusal) else Accepted(events=outcome, ticket=ticket)


def _about_alert(outcome: tuple[str | None, tuple[Event, ...]] | Refusal) -> Decision:
    return outcome if isinstance(outcome, Refusal) else Accepted(alert=outcome[0], events=outcome[1])


def _close_alert(day: Day, command: CloseAlert) -> Decision:
    alert = to_close(day, command)
    if isinstance(alert, Refusal):
        return alert
    return Accepted(alert=alert.id, closed=alert, events=(AlertClosed(alert=alert.id, by=command.by),))


def _about_print(outcome: tuple[str, tuple[Event, ...]] | Refusal, ticket: str | None = None) -> Decision:
    return outcome if isinstance(outcome, Refusal) else Accepted(print=outcome[0], events=outcome[1], ticket=ticket)
