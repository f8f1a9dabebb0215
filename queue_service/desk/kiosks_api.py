"""What passes between the floor and its kiosks: prints, printers, numbers that nobody waits for."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request

from queue_service.desk.requests import BranchId, CounterOf, Key, TicketId
from queue_service.desk.views import View, alert_view, print_view, printer_faults, ticket_view
from queue_service.hall.commands import AskPrint, TakePrint, TellPrinter
from queue_service.hall.day import Day
from queue_service.hall.decide import Accepted
from queue_service.hall.events import PrintTaken
from queue_service.identity.guard import allowed
from queue_service.identity.rules import Caller, Permission
from queue_service.infra.answers import JsonBytes, encode
from queue_service.infra.problems import Problem
from queue_service.waits.rules import Outlook
from queue_service.wire import messages, requests

router = APIRouter(prefix="/api/v1/branches/{branch}", tags=["kiosks"])


@router.get("/kiosks", responses={200: {"model": messages.Kiosks}})
async def kiosks(
    branch: BranchId, caller: Annotated[Caller, Depends(allowed(Permission.KIOSKS_VIEW))], counter: CounterOf
) -> JsonBytes:
    """The kiosks that a ticket can be printed at, and how their printers are."""
    del caller
    faults = printer_faults(await counter.desk.today(branch))
    names = await counter.identity.kiosks(branch)
    return JsonBytes(encode({"kiosks": [{"name": name, "fault": faults.get(name)} for name in names]}))


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
    if body.kiosk not in await counter.identity.kiosks(branch):
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
        ticket = day.ticket(event.ticket)
        assert ticket is not None, "what is to be printed was issued"
        return {"ticket": ticket_view(day, ticket, Outlook(day)), "copy": event.is_copy}

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
