"""The window verbs under `/api/v1/branches/{branch}/windows/{window}`."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from queue_service.desk.remarks import Vocabulary, coded, coded_delivered
from queue_service.desk.requests import AtWindow, Counter, CounterOf, Key, Responses, at_window, own_lease
from queue_service.desk.views import View, ticket_answer, window_view
from queue_service.hall.commands import (
    CallNext,
    CallTicket,
    CloseWindow,
    Command,
    Finish,
    Miss,
    OpenWindow,
    Park,
    PauseWindow,
    Recall,
    Resume,
    Start,
    Transfer,
    Undo,
    WalkIn,
)
from queue_service.hall.day import Day
from queue_service.hall.decide import Accepted
from queue_service.identity.rules import Permission
from queue_service.infra.answers import JsonBytes
from queue_service.wire import messages, requests
from queue_service.wire.locales import LANGUAGE_FIRST

router = APIRouter(prefix="/api/v1/branches/{branch}/windows/{window}", tags=["windows"])

may_serve = at_window(Permission.WINDOW_SERVE)

Opener = Annotated[AtWindow, Depends(at_window(Permission.WINDOW_OPEN))]
Pauser = Annotated[AtWindow, Depends(at_window(Permission.WINDOW_PAUSE))]
Closer = Annotated[AtWindow, Depends(at_window(Permission.WINDOW_CLOSE))]
Server = Annotated[AtWindow, Depends(may_serve)]

WINDOW: Responses = {200: {"model": messages.Window}}
TICKET: Responses = {200: {"model": messages.WindowAnswer}}
CALLED: Responses = {200: {"model": messages.CalledAnswer}}


@router.post("/open", responses=WINDOW)
async def open_window(
    request: Request, at: Opener, counter: CounterOf, key: Key = None, body: requests.OpenRequest | None = None
) -> JsonBytes:
    """Open a window, go on after a pause, or take it over from another teller."""
    body = body or requests.OpenRequest()
    command = OpenWindow(window=at.number, lease=own_lease(at.caller), takeover=body.takeover)
    return await _window(request, at, counter, "window.open", command, key, body)


@router.post("/pause", responses=WINDOW)
async def pause(
    request: Request, at: Pauser, counter: CounterOf, body: requests.PauseRequest, key: Key = None
) -> JsonBytes:
    """Stop calling for a while, now or after the current ticket. Words that are no code are not kept."""
    reason, _ = coded(Vocabulary.PAUSE, body.reason)
    command = PauseWindow(window=at.number, lease=at.lease, reason=reason, after_current=body.after_current)
    return await _window(request, at, counter, "window.pause", command, key, body)


@router.post("/close", responses=WINDOW)
async def close(
    request: Request, at: Closer, counter: CounterOf, key: Key = None, body: requests.CloseRequest | None = None
) -> JsonBytes:
    """Close the window, now or after the current ticket."""
    body = body or requests.CloseRequest()
    command = CloseWindow(window=at.number, lease=at.lease, after_current=body.after_current)
    return await _window(request, at, counter, "window.close", command, key, body)


@router.post("/call-next", responses=CALLED)
async def call_next(request: Request, at: Server, counter: CounterOf, key: Key = None) -> JsonBytes:
    """Call whoever is next for this window; `ticket` is null when nobody waits for it."""
    command = CallNext(window=at.number, lease=at.lease)
    return await counter.act(request, at.caller.id, at.branch_id, "ticket.call_next", command, key=key, answer=_called)


@router.post("/call", responses=TICKET)
async def call(
    request: Request, at: Server, counter: CounterOf, body: requests.CallRequest, key: Key = None
) -> JsonBytes:
    """Call a chosen ticket: waiting, missed or parked."""
    reason, words = coded(Vocabulary.REASON, body.reason)
    command = CallTicket(window=at.number, lease=at.lease, ticket=body.ticket, reason=reason)
    return await counter.act(
        request, at.caller.id, at.branch_id, "ticket.call", command, key=key, body=body, words=words
    )


@router.post("/recall", responses=TICKET)
async def recall(request: Request, at: Server, counter: CounterOf, key: Key = None) -> JsonBytes:
    """Call the same ticket again."""
    command = Recall(window=at.number, lease=at.lease)
    return await counter.act(request, at.caller.id, at.branch_id, "ticket.recall", command, key=key)


@router.post("/start", responses=TICKET)
async def start(request: Request, at: Server, counter: CounterOf, key: Key = None) -> JsonBytes:
    """The visitor is here: service begins."""
    command = Start(window=at.number, lease=at.lease)
    return await counter.act(request, at.caller.id, at.branch_id, "ticket.start", command, key=key)


@router.post("/finish", responses=TICKET)
async def finish(
    request: Request, at: Server, counter: CounterOf, key: Key = None, body: requests.FinishRequest | None = None
) -> JsonBytes:
    """Service ends; a visit of several services goes on to the next."""
    body = body or requests.FinishRequest()
    services = {service.id for service in (await counter.desk.today(at.branch_id)).terms.services}
    delivered, words = coded_delivered(body.delivered, services)
    command = Finish(window=at.number, lease=at.lease, outcome=body.outcome, delivered=delivered)
    return await counter.act(
        request, at.caller.id, at.branch_id, "ticket.finish", command, key=key, body=body, words=words
    )


@router.post("/undo", responses=TICKET)
async def undo(request: Request, at: Server, counter: CounterOf, key: Key = None) -> JsonBytes:
    """Take the last finish back."""
    command = Undo(window=at.number, lease=at.lease)
    return await counter.act(request, at.caller.id, at.branch_id, "ticket.undo", command, key=key)


@router.post("/miss", responses=TICKET)
async def miss(request: Request, at: Server, counter: CounterOf, key: Key = None) -> JsonBytes:
    """Nobody came."""
    command = Miss(window=at.number, lease=at.lease)
    return await counter.act(request, at.caller.id, at.branch_id, "ticket.miss", command, key=key)


@router.post("/park", responses=TICKET)
async def park(request: Request, at: Server, counter: CounterOf, key: Key = None) -> JsonBytes:
    """Set the visitor aside, to be resumed."""
    command = Park(window=at.number, lease=at.lease)
    return await counter.act(request, at.caller.id, at.branch_id, "ticket.park", command, key=key)


@router.post("/resume", responses=TICKET)
async def resume(
    request: Request, at: Server, counter: CounterOf, body: requests.ResumeRequest, key: Key = None
) -> JsonBytes:
    """Bring a parked visitor back."""
    command = Resume(window=at.number, lease=at.lease, ticket=body.ticket)
    return await counter.act(request, at.caller.id, at.branch_id, "ticket.resume", command, key=key, body=body)


@router.post("/transfer", responses=TICKET)
async def transfer(
    request: Request, at: Server, counter: CounterOf, body: requests.TransferRequest, key: Key = None
) -> JsonBytes:
    """Send the visitor on to another service or window; the label stays."""
    command = Transfer(
        window=at.number, lease=at.lease, to_service=body.service, to_window=body.window, place=body.place
    )
    return await counter.act(request, at.caller.id, at.branch_id, "ticket.transfer", command, key=key, body=body)


@router.post("/walk-in", responses=TICKET)
async def walk_in(
    request: Request, at: Server, counter: CounterOf, body: requests.WalkInRequest, key: Key = None
) -> JsonBytes:
    """Serve somebody who has no number: issued and started at once."""
    reason, words = coded(Vocabulary.REASON, body.reason)
    command = WalkIn(window=at.number, lease=at.lease, service=body.service, reason=reason, language=LANGUAGE_FIRST)
    return await counter.act(
        request, at.caller.id, at.branch_id, "ticket.walk_in", command, key=key, body=body, words=words
    )


async def _window(
    request: Request,
    at: AtWindow,
    counter: Counter,
    kind: str,
    command: Command,
    key: str | None,
    body: requests.Request,
) -> JsonBytes:
    def answer(day: Day, _accepted: Accepted) -> View:
        return window_view(day, at.number)

    return await counter.act(request, at.caller.id, at.branch_id, kind, command, key=key, body=body, answer=answer)


def _called(day: Day, accepted: Accepted) -> View:
    return {**ticket_answer(day, accepted.ticket), "reason": accepted.reason}
