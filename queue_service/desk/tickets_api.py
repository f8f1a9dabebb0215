"""Numbers, tickets, plans and help: the other routes that change a hall, and the visitor's own."""

import io
from typing import Annotated

import segno
from fastapi import APIRouter, Depends, Path, Request, Response

from queue_service.desk.remarks import Vocabulary, coded
from queue_service.desk.requests import BranchId, Counter, CounterOf, Key, Responses, TicketId
from queue_service.desk.tokens import TicketRef
from queue_service.desk.views import View, alert_view, ticket_view, visitor_view, windows_view
from queue_service.hall.commands import (
    AskHelp,
    Cancel,
    ChangeClass,
    CloseAlert,
    Divert,
    IssueTicket,
    Reinstate,
    SwitchPlan,
    TakeAlert,
)
from queue_service.hall.day import Day
from queue_service.hall.decide import Accepted
from queue_service.hall.refusals import Code
from queue_service.hall.tickets import Channel, Ticket
from queue_service.identity.guard import allowed
from queue_service.identity.rules import Caller, Permission, may, visitor
from queue_service.infra.answers import JsonBytes, encode
from queue_service.infra.problems import Problem
from queue_service.journal.entries import DayId
from queue_service.waits.rules import Outlook
from queue_service.wire import messages, requests

ISSUE = "ticket.issue"
"""The kind of the entry that gives a number."""

router = APIRouter(prefix="/api/v1")

may_issue = allowed(Permission.TICKET_ISSUE)

Token = Annotated[str, Path(description="From the visitor's link; a wrong one, however long, is 404.")]
TICKET: Responses = {200: {"model": messages.WindowAnswer}}
QR: Responses = {200: {"content": {"image/svg+xml": {"schema": {"type": "string"}}}}}


@router.post(
    "/branches/{branch}/tickets", tags=["tickets"], status_code=201, responses={201: {"model": messages.IssuedTicket}}
)
async def issue(
    request: Request,
    branch: BranchId,
    caller: Annotated[Caller, Depends(may_issue)],
    counter: CounterOf,
    body: requests.IssueRequest,
    key: Key = None,
) -> JsonBytes:
    """Take a number, for one service or several in one visit."""
    counter.limits.admit_issue(caller.id)
    command = IssueTicket(
        legs=body.services,
        visitor_class=body.visitor_class,
        channel=Channel.KIOSK if caller.device_kind is not None else Channel.STAFF,
        language=body.language,
    )

    def issued(day: Day, accepted: Accepted) -> View:
        return ticket_view(day, day.live[accepted.ticket or ""], Outlook(day))

    return await counter.act(
        request,
        caller.id,
        branch,
        ISSUE,
        command,
        key=key,
        body=body,
        answer=issued,
        completed=lambda ticket: counter.linked(branch, ticket),
        status=201,
    )


@router.get("/branches/{branch}/tickets/{ticket}", tags=["tickets"], responses={200: {"model": messages.TicketDetail}})
async def detail(
    branch: BranchId,
    ticket: TicketId,
    caller: Annotated[Caller, Depends(allowed(Permission.FLOOR_VIEW))],
    counter: CounterOf,
) -> JsonBytes:
    """A ticket of today with what staff wrote about it."""
    del caller
    day = await counter.desk.today(branch)
    if day.ticket(ticket) is None:  # another process may have issued it just now
        day = await counter.desk.look_again(branch)
    found = day.ticket(ticket)
    if found is None:
        raise Problem("ticket.unknown", 404)
    remarks = await counter.remarks.of(branch, day.business_on, ticket)
    told = [{"at": remark.at, "by": remark.actor, "text": remark.text} for remark in remarks]
    return JsonBytes(encode({**ticket_view(day, found, Outlook(day)), "remarks": told}))


@router.post("/branches/{branch}/tickets/{ticket}/reinstate", tags=["tickets"], responses=TICKET)
async def reinstate(
    request: Request,
    branch: BranchId,
    ticket: TicketId,
    caller: Annotated[Caller, Depends(allowed(Permission.TICKET_REINSTATE))],
    counter: CounterOf,
    key: Key = None,
) -> JsonBytes:
    """Let a missed visitor who came back wait again, by the rule of the house."""
    command = Reinstate(ticket=ticket)
    return await counter.act(request, caller.id, branch, "ticket.reinstate", command, key=key)


@router.post("/branches/{branch}/tickets/{ticket}/divert", tags=["tickets"], responses=TICKET)
async def divert(
    request: Request,
    branch: BranchId,
    ticket: TicketId,
    caller: Annotated[Caller, Depends(allowed(Permission.TICKET_DIVERT))],
    counter: CounterOf,
    body: requests.DivertRequest,
    key: Key = None,
) -> JsonBytes:
    """Solved without a window: at self-service, online, by the greeter."""
    to, words = coded(Vocabulary.DIVERT, body.to)
    command = Divert(ticket=ticket, to=to)
    return await counter.act(request, caller.id, branch, "ticket.divert", command, key=key, body=body, words=words)


@router.post("/branches/{branch}/tickets/{ticket}/cancel", tags=["tickets"], responses=TICKET)
async def cancel(
    request: Request,
    branch: BranchId,
    ticket: TicketId,
    caller: Annotated[Caller, Depends(allowed(Permission.TICKET_CANCEL))],
    counter: CounterOf,
    key: Key = None,
) -> JsonBytes:
    """The visitor has gone or wants no service."""
    command = Cancel(ticket=ticket, by_visitor=False)
    return await counter.act(request, caller.id, branch, "ticket.cancel", command, key=key)


@router.patch("/branches/{branch}/tickets/{ticket}", tags=["tickets"], responses=TICKET)
async def change_class(
    request: Request,
    branch: BranchId,
    ticket: TicketId,
    caller: Annotated[Caller, Depends(allowed(Permission.TICKET_RECLASS))],
    counter: CounterOf,
    body: requests.ClassRequest,
    key: Key = None,
) -> JsonBytes:
    """Change the visitor's class, or confirm a self-declared one by giving it again."""
    reason, words = coded(Vocabulary.REASON, body.reason)
    command = ChangeClass(ticket=ticket, visitor_class=body.visitor_class, reason=reason)
    return await counter.act(
        request, caller.id, branch, "ticket.change_class", command, key=key, body=body, words=words
    )


@router.post("/branches/{branch}/plan", tags=["plan"], responses={200: {"model": messages.Windows}})
async def switch_plan(
    request: Request,
    branch: BranchId,
    caller: Annotated[Caller, Depends(allowed(Permission.PLAN_SWITCH, Permission.PLAN_SWITCH_GRANTED))],
    counter: CounterOf,
    body: requests.PlanRequest,
    key: Key = None,
) -> JsonBytes:
    """Put a window plan in force, as a whole."""
    command = SwitchPlan(plan=body.plan, by_greeter=not may(caller, Permission.PLAN_SWITCH, branch))
    return await counter.act(
        request, caller.id, branch, "plan.switch", command, key=key, body=body, answer=lambda day, _: windows_view(day)
    )


@router.post("/branches/{branch}/help", tags=["alerts"], responses={200: {"model": messages.Alert}})
async def ask_help(
    request: Request,
    branch: BranchId,
    caller: Annotated[Caller, Depends(allowed(Permission.HELP_ASK))],
    counter: CounterOf,
    key: Key = None,
) -> JsonBytes:
    """A visitor at this device wants a greeter; asked again while nobody has come, it is the same alert."""
    command = AskHelp(place=caller.name)
    return await counter.act(request, caller.id, branch, "help.ask", command, key=key, answer=_alert)


@router.post("/branches/{branch}/alerts/{alert}/take", tags=["alerts"], responses={200: {"model": messages.Alert}})
async def take_alert(
    request: Request,
    branch: BranchId,
    alert: Annotated[str, Path(max_length=80)],
    caller: Annotated[Caller, Depends(allowed(Permission.ALERT_TAKE))],
    counter: CounterOf,
    key: Key = None,
) -> JsonBytes:
    """See to an alert; whoever is second learns that somebody is on the way."""
    command = TakeAlert(alert=alert, by=caller.id)
    return await counter.act(request, caller.id, branch, "alert.take", command, key=key, answer=_alert)


@router.post("/branches/{branch}/alerts/{alert}/close", tags=["alerts"], responses={200: {"model": messages.Alert}})
async def close_alert(
    request: Request,
    branch: BranchId,
    alert: Annotated[str, Path(max_length=80)],
    caller: Annotated[Caller, Depends(allowed(Permission.ALERT_TAKE))],
    counter: CounterOf,
    key: Key = None,
) -> JsonBytes:
    """Help was given: the call for it ends, and is answered as it was until then. Other alerts end by themselves."""
    command = CloseAlert(alert=alert, by=caller.id)
    return await counter.act(request, caller.id, branch, "alert.close", command, key=key, answer=_closed)


@router.get("/tickets/{token}", tags=["visitor"], responses={200: {"model": messages.VisitorTicket}})
async def visit(token: Token, counter: CounterOf) -> JsonBytes:
    """The visitor's own ticket."""
    day, ticket = await visited(counter, token)
    return JsonBytes(encode(visitor_view(day, ticket, Outlook(day))))


@router.get("/tickets/{token}/qr.svg", tags=["visitor"], response_class=Response, responses=QR)
async def qr(token: Token, counter: CounterOf) -> Response:
    """The visitor's link as a QR code, for a screen that somebody photographs."""
    await visited(counter, token)
    picture = io.BytesIO()
    segno.make(counter.link(token), error="m").save(picture, kind="svg", scale=8, border=4, light="#fff")
    return Response(picture.getvalue(), media_type="image/svg+xml")


@router.post("/tickets/{token}/cancel", tags=["visitor"], responses={200: {"model": messages.VisitorTicket}})
async def leave(request: Request, token: Token, counter: CounterOf, key: Key = None) -> JsonBytes:
    """The visitor leaves the queue."""
    day, ticket = await visited(counter, token)
    if day.business_on != (await counter.desk.today(day.branch_id)).business_on:
        raise Problem(Code.TICKET_NOT_WAITING, 409, {"label": ticket.label, "status": ticket.status})
    command = Cancel(ticket=ticket.id, by_visitor=True)
    caller = visitor(ticket.id)

    def left(day: Day, accepted: Accepted) -> View:
        ticket = day.ticket(accepted.ticket or "")
        assert ticket is not None, "what was cancelled is there"
        return visitor_view(day, ticket, Outlook(day))

    return await counter.act(request, caller.id, day.branch_id, "ticket.cancel", command, key=key, answer=left)


async def visited(counter: Counter, token: str) -> tuple[Day, Ticket]:
    """The day and the ticket that a visitor's token means. Raises `Problem` `ticket.unknown` (404)."""
    ref = counter.tokens.read(token)
    if ref is None:
        raise Problem(Code.TICKET_UNKNOWN, 404)
    return await found_ticket(counter, ref)


async def found_ticket(counter: Counter, ref: TicketRef) -> tuple[Day, Ticket]:
    """A ticket and its day, present or past. Raises `Problem` `ticket.unknown` (404)."""
    today = await counter.desk.today(ref.branch_id)
    day: Day | None = today
    if today.business_on != ref.business_on:
        day = await counter.desk.past_day(DayId(branch_id=ref.branch_id, business_on=ref.business_on))
    elif today.ticket(ref.ticket) is None:  # another process issued it just now
        day = await counter.desk.look_again(ref.branch_id)
    ticket = day.ticket(ref.ticket) if day is not None else None
    if day is None or ticket is None:
        raise Problem(Code.TICKET_UNKNOWN, 404)
    return day, ticket


def _alert(day: Day, accepted: Accepted) -> View:
    return alert_view(day.alerts[accepted.alert or ""])


def _closed(day: Day, accepted: Accepted) -> View:
    del day
    assert accepted.closed is not None, "what closing an alert amounts to"
    return alert_view(accepted.closed)
