"""What passes between the floor and its kiosks: prints, printers, numbers that nobody waits for."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Path, Request

from queue_service.desk.requests import BranchId, Counter, CounterOf, Key, TicketId
from queue_service.desk.tickets_api import ISSUE, found_ticket
from queue_service.desk.tokens import TicketRef
from queue_service.desk.views import View, alert_view, print_view, printer_faults, ticket_answer, ticket_view
from queue_service.hall.commands import AskPrint, Cancel, TakePrint, TellPrinter, VoidIntent
from queue_service.hall.day import Day
from queue_service.hall.decide import Accepted
from queue_service.hall.events import PrintTaken
from queue_service.identity.guard import allowed
from queue_service.identity.rules import Caller, Permission
from queue_service.infra.answers import JsonBytes, encode
from queue_service.infra.problems import Problem
from queue_service.waits.rules import Outlook
from queue_service.wire import messages, requests

VOID = "intent.void"
KEY_REUSED = "key.reused"

router = APIRouter(prefix="/api/v1/branches/{branch}", tags=["kiosks"])


@router.get("/kiosks", responses={200: {"model": messages.Kiosks}})
async def kiosks(
    branch: BranchId, caller: Annotated[Caller, Depends(allowed(Permission.KIOSKS_VIEW))], counter: CounterOf
) -> JsonBytes:
    """The kiosks that a ticket can be printed at, and how their printers are."""
    del caller
    faults = printer_faults(await counter.desk.today(branch))
    kiosks = await counter.identity.kiosks(branch, counter.clock())
    told = [{"name": one.name, "fault": faults.get(one.name), "connected": one.is_connected} for one in kiosks]
    return JsonBytes(encode({"kiosks": told}))


@router.post("/printer", responses={200: {"model": messages.PrinterAnswer}})
async def tell_printer(
    request: Request,
    branch: BranchId,
    caller: Annotated[Caller, Depends(allowed(Permission.PRINTER_TELL))],
    counter: CounterOf,
    body: requests.PrinterRequest,
    key: Key = None,
) -> JsonBytes:
    """A kiosk tells how its printer is; what is wrong is an alert until it is mended. Harmless to repeat."""
    command = TellPrinter(place=caller.name, fault=body.fault)

    def told(day: Day, accepted: Accepted) -> View:
        return {"alert": alert_view(day.alerts[accepted.alert]) if accepted.alert is not None else None}

    return await counter.act(request, caller.id, branch, "printer.tell", command, key=key, body=body, answer=told)


@router.post("/intents/void", responses={200: {"model": messages.WindowAnswer}})
async def void_intent(
    request: Request,
    branch: BranchId,
    caller: Annotated[Caller, Depends(allowed(Permission.INTENT_VOID))],
    counter: CounterOf,
    body: requests.VoidRequest,
) -> JsonBytes:
    """Nobody waits for the number asked for under a key by this device: it is cancelled, or never made.

    Harmless to repeat, and takes no key of its own. `ticket`: what was issued, as it is now; null where nothing was.
    """
    try:
        # An entry under the very key: whichever is first, this or the number, the journal refuses the other one.
        return await counter.act(
            request,
            caller.id,
            branch,
            VOID,
            VoidIntent(),
            key=body.key,
            body=body,
            answer=lambda _day, _accepted: {"ticket": None},
        )
    except Problem as problem:
        if problem.code != KEY_REUSED:
            raise
    used = await counter.desk.find_key(branch, caller.id, body.key)
    if used is None or used.kind != ISSUE or used.answer is None:
        raise Problem(KEY_REUSED, 422)
    ref = TicketRef(branch, msgspec.json.decode(used.answer)["id"])
    try:
        cancel = Cancel(ticket=ref.ticket, by_visitor=False)
        return await counter.act(
            request, caller.id, branch, "ticket.cancel", cancel, key=f"{VOID} {body.key}", body=body
        )
    except Problem as problem:
        if not problem.code.startswith("ticket."):
            raise
    return await _as_it_is(counter, ref)


@router.post("/tickets/{ticket}/print", responses={200: {"model": messages.Print}})
async def ask_print(
    request: Request,
    branch: BranchId,
    ticket: TicketId,
    caller: Annotated[Caller, Depends(allowed(Permission.TICKET_PRINT))],
    counter: CounterOf,
    body: requests.PrintRequest,
    key: Key = None,
) -> JsonBytes:
    """Let a kiosk print a ticket; asked again while it has not been taken, it is the same print."""
    await counter.desk.today(branch)  # refuses a branch that there is not
    if body.kiosk not in {kiosk.name for kiosk in await counter.identity.kiosks(branch, counter.clock())}:
        raise Problem("kiosk.unknown", 404)
    command = AskPrint(ticket=ticket, kiosk=body.kiosk)

    def asked(day: Day, accepted: Accepted) -> View:
        return print_view(day, day.prints[accepted.print or ""])

    return await counter.act(request, caller.id, branch, "print.ask", command, key=key, body=body, answer=asked)


@router.post("/prints/{print}/take", responses={200: {"model": messages.PrintTaken}})
async def take_print(
    request: Request,
    branch: BranchId,
    print_id: Annotated[str, Path(alias="print", max_length=80)],
    caller: Annotated[Caller, Depends(allowed(Permission.PRINT_TAKE))],
    counter: CounterOf,
    key: Key = None,
) -> JsonBytes:
    """The kiosk takes what it is to print; nobody can take it again, but a retry gets the same answer."""
    command = TakePrint(print=print_id, kiosk=caller.name)

    def taken(day: Day, accepted: Accepted) -> View:
        (event,) = accepted.events
        assert isinstance(event, PrintTaken), "what taking a print amounts to"
        return {"ticket": ticket_view(day, day.live[event.ticket], Outlook(day)), "copy": event.is_copy}

    return await counter.act(
        request,
        caller.id,
        branch,
        "print.take",
        command,
        key=key,
        answer=taken,
        completed=lambda said: {**said, "ticket": counter.linked(branch, said["ticket"])},
    )


async def _as_it_is(counter: Counter, ref: TicketRef) -> JsonBytes:
    """The answer for a ticket that cannot be cancelled any more: it is being served, or has ended."""
    day, ticket = await found_ticket(counter, ref)
    return JsonBytes(encode(ticket_answer(day, ticket.id)))
