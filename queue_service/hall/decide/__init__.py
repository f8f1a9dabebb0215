"""May this be done, and what does it amount to? From a day and a command to events or a refusal."""

from datetime import datetime
from typing import assert_never

from queue_service.hall.alerts import ask_help, take_alert, tell_printer
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
    Transfer,
    Undo,
    VoidIntent,
    WalkIn,
)
from queue_service.hall.day import Day
from queue_service.hall.decide.calling import call_chosen, call_next, resume
from queue_service.hall.decide.house import about_alert, about_print, change_terms, close_alert, switch_plan
from queue_service.hall.decide.numbers import issue, issue_refusal, walk_in
from queue_service.hall.decide.outcome import Accepted, Decision, accepted
from queue_service.hall.decide.serving import at_window, undo
from queue_service.hall.decide.waiting import change_class, end, reinstate
from queue_service.hall.events import IntentVoided, Phase, TicketCancelled, TicketDiverted
from queue_service.hall.lifecycle import Action
from queue_service.hall.prints import ask_print, take_print
from queue_service.hall.refusals import Code, Refusal
from queue_service.hall.windows import close_window, open_window, pause_window

__all__ = ["Accepted", "Decision", "decide", "issue_refusal"]


def decide(day: Day, command: Command, now: datetime) -> Decision:
    """The outcome of a command at `now`, which is not before `day.at`; nothing that is due by then is open any more."""
    if day.phase is Phase.OVER:
        return Refusal(Code.BRANCH_CLOSED)
    match command:
        case IssueTicket():
            return issue(day, command, now)
        case CallNext():
            return call_next(day, command, now)
        case CallTicket():
            return call_chosen(day, command)
        case Recall() | Start() | Finish() | Miss() | Park() | Transfer():
            return at_window(day, command, now)
        case Undo():
            return undo(day, command, now)
        case Resume():
            return resume(day, command)
        case WalkIn():
            return walk_in(day, command)
        case Reinstate():
            return reinstate(day, command, now)
        case Divert():
            return end(day, command.ticket, Action.DIVERT, TicketDiverted(ticket=command.ticket, to=command.to))
        case Cancel():
            action = Action.CANCEL_BY_VISITOR if command.by_visitor else Action.CANCEL
            cancelled = TicketCancelled(ticket=command.ticket, by_visitor=command.by_visitor)
            return end(day, command.ticket, action, cancelled)
        case ChangeClass():
            return change_class(day, command)
        case OpenWindow():
            return accepted(open_window(day, command))
        case PauseWindow():
            return accepted(pause_window(day, command))
        case CloseWindow():
            return accepted(close_window(day, command))
        case SwitchPlan():
            return switch_plan(day, command)
        case AskHelp():
            return about_alert(ask_help(day, command))
        case TakeAlert():
            return about_alert(take_alert(day, command))
        case CloseAlert():
            return close_alert(day, command)
        case TellPrinter():
            return about_alert(tell_printer(day, command))
        case AskPrint():
            return about_print(ask_print(day, command), command.ticket)
        case TakePrint():
            return about_print(take_print(day, command))
        case VoidIntent():
            return Accepted(events=(IntentVoided(),))
        case ChangeTerms():
            return change_terms(day, command, now)
        case _:
            assert_never(command)
