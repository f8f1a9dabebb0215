"""The full product of statuses and actions, from one table: to which status, or refused as what."""

from collections.abc import Callable

import pytest

from queue_service.hall.commands import (
    AskPrint,
    CallNext,
    CallTicket,
    Cancel,
    ChangeClass,
    Command,
    Divert,
    Finish,
    Miss,
    Park,
    Recall,
    Reinstate,
    Resume,
    Start,
    Transfer,
    Undo,
)
from queue_service.hall.decide import Accepted
from queue_service.hall.lifecycle import MAY, Action, refuse
from queue_service.hall.refusals import Refusal
from queue_service.hall.terms import VisitorClass
from queue_service.hall.tickets import AT_WINDOW, Place, TicketStatus
from tests.hall.builders import Hall, an_open_day, first_come, lease_of

TABLE = """
action             refusal       waiting   called    serving   parked    missed    finished diverted cancelled expired
call_next          not_waiting   called    .         .         .         .         .        .        .         .
call               not_waiting   called    .         .         called    called    .        .        .         .
recall             not_called    .         called    .         .         .         .        .        .         .
start              not_called    .         serving   .         .         .         .        .        .         .
finish             not_serving   .         .         finished  .         .         .        .        .         .
finish_unstarted   not_serving   .         finished  finished  .         .         .        .        .         .
undo               not_finished  .         .         .         .         .         serving  .        .         .
miss               not_called    .         missed    .         .         .         .        .        .         .
reinstate          not_missed    .         .         .         .         waiting   .        .        .         .
park               not_called    .         parked    parked    .         .         .        .        .         .
resume             not_parked    .         .         .         called    .         .        .        .         .
transfer           not_called    .         waiting   waiting   .         .         .        .        .         .
divert             not_waiting   diverted  diverted  .         .         .         .        .        .         .
cancel             not_waiting   cancelled cancelled .         cancelled cancelled .        .        .         .
cancel_by_visitor  not_waiting   cancelled .         .         .         cancelled .        .        .         .
change_class       not_waiting   waiting   called    serving   parked    missed    .        .        .         .
expire             not_waiting   expired   expired   .         expired   expired   .        .        .         .
print              not_waiting   waiting   called    serving   parked    missed    .        .        .         .
"""
HEAD, *ROWS = (line.split() for line in TABLE.split("\n") if line)
CELLS = [
    (Action(action), TicketStatus(status), refusal, TicketStatus(to) if to != "." else None)
    for action, refusal, *row in ROWS
    for status, to in zip(HEAD[2:], row, strict=True)
]

AT, BESIDE = 1, 2
"""The window that the ticket came through, and one that is open and idle."""

COMMANDS: dict[Action, Callable[[str], Command]] = {
    Action.CALL_NEXT: lambda _: CallNext(window=BESIDE, lease=lease_of(BESIDE)),
    Action.CALL: lambda ticket: CallTicket(window=BESIDE, lease=lease_of(BESIDE), ticket=ticket, reason="asked"),
    Action.RECALL: lambda _: Recall(window=AT, lease=lease_of(AT)),
    Action.START: lambda _: Start(window=AT, lease=lease_of(AT)),
    Action.FINISH: lambda _: Finish(window=AT, lease=lease_of(AT)),
    Action.FINISH_UNSTARTED: lambda _: Finish(window=AT, lease=lease_of(AT)),
    Action.UNDO: lambda _: Undo(window=AT, lease=lease_of(AT)),
    Action.MISS: lambda _: Miss(window=AT, lease=lease_of(AT)),
    Action.REINSTATE: lambda ticket: Reinstate(ticket=ticket),
    Action.PARK: lambda _: Park(window=AT, lease=lease_of(AT)),
    Action.RESUME: lambda ticket: Resume(window=BESIDE, lease=lease_of(BESIDE), ticket=ticket),
    Action.TRANSFER: lambda _: Transfer(
        window=AT, lease=lease_of(AT), to_service=None, to_window=None, place=Place.LAST
    ),
    Action.DIVERT: lambda ticket: Divert(ticket=ticket, to="app"),
    Action.CANCEL: lambda ticket: Cancel(ticket=ticket, by_visitor=False),
    Action.CANCEL_BY_VISITOR: lambda ticket: Cancel(ticket=ticket, by_visitor=True),
    Action.PRINT: lambda ticket: AskPrint(ticket=ticket, kiosk="kiosk"),
    Action.CHANGE_CLASS: lambda ticket: ChangeClass(ticket=ticket, visitor_class=VisitorClass.PRIORITY, reason="age"),
}
ABOUT_THE_WINDOW = {
    Action.RECALL,
    Action.START,
    Action.FINISH,
    Action.FINISH_UNSTARTED,
    Action.MISS,
    Action.PARK,
    Action.TRANSFER,
}


def test_the_table_is_whole() -> None:
    assert {(action, status) for action, status, _, _ in CELLS} == {(a, s) for a in Action for s in TicketStatus}
    assert set(COMMANDS) == set(Action) - {Action.EXPIRE}


@pytest.mark.parametrize(("action", "status", "refusal", "to"), CELLS)
def test_an_action_is_allowed_or_refused_by_the_status_it_needs(
    action: Action, status: TicketStatus, refusal: str, to: TicketStatus | None
) -> None:
    hall = an_open_day(policy=first_come())
    ticket = hall.ticket(hall.a_ticket(status, AT))
    refused = refuse(action, ticket)
    assert (refused is None) == (to is not None) == (status in MAY[action])
    if refused is not None:
        assert refused.code == f"ticket.{refusal}"
        assert refused.params == {"label": "A001", "status": status}


@pytest.mark.parametrize(("action", "status", "refusal", "to"), [cell for cell in CELLS if cell[0] in COMMANDS])
def test_a_command_leads_to_the_status_of_the_table(
    action: Action, status: TicketStatus, refusal: str, to: TicketStatus | None
) -> None:
    hall = an_open_day(AT, BESIDE, policy=first_come(start_is_implicit=action is Action.FINISH_UNSTARTED))
    ticket = hall.a_ticket(status, AT)
    before = hall.day

    decision = hall.ask(COMMANDS[action](ticket))

    if to is not None:
        assert isinstance(decision, Accepted)
        assert decision.ticket == ticket
        assert hall.status(ticket) is to
    else:
        assert hall.day is before
        assert _why(decision) == _reached_refusal(action, status, refusal)


@pytest.mark.parametrize("status", TicketStatus)
def test_the_day_end_expires_who_waits_and_the_next_day_ends_the_rest(status: TicketStatus) -> None:
    hall = an_open_day(policy=first_come())
    ticket = hall.a_ticket(status, AT)
    waits = {TicketStatus.WAITING, TicketStatus.CALLED, TicketStatus.MISSED, TicketStatus.PARKED}

    hall.until(hall.day.times.ends_at)
    assert hall.status(ticket) is (TicketStatus.EXPIRED if status in waits else status)

    hall.until(hall.day.times.next_day_at)
    is_left = status is TicketStatus.SERVING
    assert hall.status(ticket) is (
        TicketStatus.FINISHED if is_left else TicketStatus.EXPIRED if status in waits else status
    )
    assert not hall.day.live


def test_after_the_day_is_over_everything_is_refused() -> None:
    hall: Hall = an_open_day()
    ticket = hall.issue()
    hall.until(hall.day.times.next_day_at)
    for command in (COMMANDS[action](ticket) for action in COMMANDS):
        decision = hall.ask(command)
        assert isinstance(decision, Refusal)
        assert decision.code == "branch.closed"


def _why(decision: Accepted | Refusal) -> str:
    return str(decision.code) if isinstance(decision, Refusal) else str(decision.reason)


def _reached_refusal(action: Action, status: TicketStatus, refusal: str) -> str:
    """What a command meets first: verbs of a window say that it is idle before they could look at a ticket."""
    if action is Action.CALL_NEXT:
        return "nobody_waiting"
    if action in ABOUT_THE_WINDOW and status not in AT_WINDOW:
        return "window.idle"
    if action is Action.UNDO and status in AT_WINDOW:
        return "window.busy"
    return f"ticket.{refusal}"
