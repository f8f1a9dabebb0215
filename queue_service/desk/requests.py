"""From a request to the desk and back: who asks, under which key, with which lease."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

import msgspec
from fastapi import Depends, Header, Path, Request
from pydantic import BaseModel

from queue_service.catalog.service import Catalog
from queue_service.desk.branch import Ask
from queue_service.desk.remarks import Remark, Remarks
from queue_service.desk.service import Desk
from queue_service.desk.tokens import TicketRef, Tokens
from queue_service.desk.views import View, ticket_answer
from queue_service.hall.commands import Command
from queue_service.hall.day import Day
from queue_service.hall.decide import Accepted
from queue_service.hall.tickets import Lease
from queue_service.identity.guard import demand, identify
from queue_service.identity.rules import Caller, Permission, may
from queue_service.identity.service import Identity
from queue_service.infra.answers import JsonBytes, encode
from queue_service.infra.limits import Limits
from queue_service.settings import Settings
from queue_service.wire.clock import Clock

Responses = dict[int | str, dict[str, Any]]
BranchId = Annotated[str, Path(alias="branch", max_length=80)]
WindowNumber = Annotated[int, Path(alias="window", ge=1, le=9999)]
TicketId = Annotated[str, Path(alias="ticket", max_length=80)]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="Made by the caller for one intent; a retry with the same key gets the same answer.",
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """What the routes of the desk need; `app.state.counter`."""

    desk: Desk
    tokens: Tokens
    remarks: Remarks
    catalog: Catalog
    identity: Identity
    limits: Limits
    clock: Clock
    settings: Settings

    async def act(
        self,
        request: Request,
        caller_id: str,
        branch_id: str,
        kind: str,
        command: Command,
        *,
        key: str | None,
        body: BaseModel | None = None,
        answer: Callable[[Day, Accepted], View] | None = None,
        completed: Callable[[View], View] | None = None,
        status: int = 200,
        words: str | None = None,
    ) -> JsonBytes:
        """Do what a request asks; the answer is the ticket's unless `answer` words another.

        `answer` is stored for a retry; `completed` adds what must not be, each time that the answer is given.
        `words` are kept as a remark on the ticket in the answer once it is done.
        """
        encoded = await self.desk.submit(
            Ask(
                branch_id=branch_id,
                actor=caller_id,
                kind=kind,
                command=command,
                answer=answer or _ticket,
                key=key,
                fingerprint=self._fingerprint(request, body) if key is not None else None,
            )
        )
        if words is not None:
            ticket = msgspec.json.decode(encoded)["ticket"]
            remark = Remark(at=self.clock(), actor=caller_id, text=words)
            await self.remarks.add(branch_id, date.fromisoformat(ticket["business_on"]), ticket["id"], remark)
        if completed is not None:
            encoded = encode(completed(msgspec.json.decode(encoded)))
        return JsonBytes(encoded, status)

    def linked(self, branch_id: str, ticket: View) -> View:
        """A ticket with the visitor's link, which is never stored."""
        token = self.tokens.token(TicketRef(branch_id, ticket["id"]))
        return {**ticket, "token": token, "url": self.link(token)}

    def link(self, token: str) -> str:
        """The address of the visitor's page."""
        return f"{self.settings.base_url}/t/{token}"

    def _fingerprint(self, request: Request, body: BaseModel | None) -> bytes:
        told = "" if body is None else body.model_dump_json(by_alias=True)
        asked = f"{request.scope['method']} {request.scope['path']}\n{told}"
        return self.tokens.fingerprint(asked.encode())


def _ticket(day: Day, accepted: Accepted) -> View:
    return ticket_answer(day, accepted.ticket)


def counter_of(request: Request) -> Counter:
    """The desk behind the routes."""
    counter: Counter = request.app.state.counter
    return counter


async def _counter(request: Request) -> Counter:
    return counter_of(request)  # a dependency that does not wait would cost a thread


CounterOf = Annotated[Counter, Depends(_counter)]


@dataclass(frozen=True, slots=True)
class AtWindow:
    """A member of staff who may command a window, and how."""

    caller: Caller
    branch_id: str
    number: int
    lease: Lease | None
    """The hold to be checked; None: the caller may command any window of the branch."""


def at_window(*permissions: Permission) -> Callable[[Request, str, int, Counter], Awaitable[AtWindow]]:
    """A dependency: who commands the window in the path, by one of `permissions`, or by a roaming one there."""

    async def dependency(request: Request, branch: BranchId, window: WindowNumber, counter: CounterOf) -> AtWindow:
        caller = await identify(request)
        demand(caller, branch, *permissions, Permission.WINDOW_ROAM)
        if not any(may(caller, permission, branch) for permission in permissions):
            place = (await counter.desk.today(branch)).terms.window(window)
            if place is None or not place.is_roaming:
                demand(caller, branch, *permissions)
        oversees = may(caller, Permission.WINDOW_OVERSEE, branch)
        return AtWindow(caller, branch, window, None if oversees else own_lease(caller))

    return dependency


def own_lease(caller: Caller) -> Lease:
    """The hold that a member of staff has on the windows that they open."""
    return Lease(teller=caller.id, session=caller.session or "")
