"""What can be read and followed: branches, board, floor, who works there; the live sockets."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, WebSocket
from starlette.websockets import WebSocketDisconnect

from queue_service.catalog.service import Catalog
from queue_service.desk.requests import BranchId, Counter
from queue_service.desk.service import Desk
from queue_service.desk.tickets_api import Token, visited
from queue_service.identity.guard import allowed, demand, identify
from queue_service.identity.presence import Presence
from queue_service.identity.rules import Caller, Permission
from queue_service.identity.service import Identity
from queue_service.infra.answers import JsonBytes, encode
from queue_service.infra.limits import SocketSeats
from queue_service.infra.problems import Problem
from queue_service.infra.push import pushable
from queue_service.live import views
from queue_service.live.channels import ChannelKey, Source
from queue_service.live.service import GONE, Live
from queue_service.wire import messages

router = APIRouter(prefix="/api/v1")

SESSION_ENDED = 4401
"""Close code of a socket whose session has ended, or whose device is let in no more."""

_MESSAGES = [{"$ref": "#/components/schemas/View"}, {"$ref": "#/components/schemas/Alive"}]
PERMISSIONS = {
    "floor": Permission.FLOOR_VIEW,
    "window": Permission.WINDOW_VIEW,
    "kiosk": Permission.PRINT_TAKE,
}
"""What a socket's view asks for; the board is everybody's."""
SOCKETS = {
    "/api/v1/branches/{branch}/live": {
        "summary": "The board, the floor, one window or one kiosk, now and each newer view",
        "query": {
            "view": "board (public) | floor | window (staff) | kiosk (a kiosk)",
            "window": "number, where view is window",
        },
        "close": {
            str(SESSION_ENDED): "the staff session has ended, or the kiosk is let in no more",
            str(GONE): "the window is no longer in the catalogue",
        },
        "messages": _MESSAGES,
    },
    "/api/v1/tickets/{token}/live": {
        "summary": "The visitor's own ticket, now and each newer view",
        "messages": _MESSAGES,
    },
}
"""What the sockets say, for the OpenAPI document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lobby:
    """What these routes need; `app.state.lobby`."""

    desk: Desk
    catalog: Catalog
    identity: Identity
    live: Live
    presence: Presence
    seats: SocketSeats

    def end_session(self, session: str) -> None:
        """Cut the sockets of a staff session that has ended, or of a device that was deactivated."""
        self.live.hub.close_where(lambda subscription: subscription.owner == session, SESSION_ENDED)


async def _lobby(request: Request) -> Lobby:  # not waiting, it would cost a thread
    lobby: Lobby = request.app.state.lobby
    return lobby


LobbyOf = Annotated[Lobby, Depends(_lobby)]


@router.get("/branches", tags=["branches"], responses={200: {"model": messages.Branches}})
async def branches(lobby: LobbyOf) -> JsonBytes:
    """All branches with their services and live waits."""
    days = [await lobby.desk.today(terms.branch_id) for terms in lobby.catalog.branches()]
    return JsonBytes(encode({"branches": [views.branch_summary(lobby.live.sight(day)) for day in days]}))


@router.get("/branches/{branch}", tags=["branches"], responses={200: {"model": messages.Branch}})
async def branch(branch: BranchId, lobby: LobbyOf) -> JsonBytes:
    """One branch with its hours."""
    return JsonBytes(encode(views.branch(lobby.live.sight(await lobby.desk.today(branch)))))


@router.get("/branches/{branch}/board", tags=["branches"], responses={200: {"model": messages.Board}})
async def board(branch: BranchId, lobby: LobbyOf) -> JsonBytes:
    """The lobby board, as its socket sends it."""
    return JsonBytes(encode(views.board(lobby.live.sight(await lobby.desk.today(branch)))))


@router.get("/branches/{branch}/floor", tags=["branches"], responses={200: {"model": messages.Floor}})
async def floor(
    branch: BranchId, lobby: LobbyOf, caller: Annotated[Caller, Depends(allowed(Permission.FLOOR_VIEW))]
) -> JsonBytes:
    """The hall as its staff see it."""
    del caller
    return JsonBytes(encode(views.floor(lobby.live.sight(await lobby.desk.today(branch)))))


@router.get("/branches/{branch}/staff", tags=["branches"], responses={200: {"model": messages.Colleagues}})
async def staff(
    branch: BranchId, lobby: LobbyOf, caller: Annotated[Caller, Depends(allowed(Permission.FLOOR_VIEW))]
) -> JsonBytes:
    """Who works at the branch: the names to the ids that windows, alerts and remarks carry."""
    del caller
    await lobby.desk.today(branch)  # refuses a branch that there is not
    people = await lobby.identity.colleagues(branch)
    told = [{"id": person.id, "name": person.name, "roles": sorted(person.roles)} for person in people]
    return JsonBytes(encode({"staff": told}))


@router.websocket("/branches/{branch}/live")
async def live(
    websocket: WebSocket,
    branch: BranchId,
    view: Literal["board", "floor", "window", "kiosk"] = "board",
    window: Annotated[int | None, Query(ge=1, le=9999)] = None,
) -> None:
    """A view now, and each newer one."""
    lobby: Lobby = websocket.app.state.lobby
    owner, name = None, ""
    here: AbstractContextManager[None] = nullcontext()
    if view != "board":
        caller = await identify(websocket)
        demand(caller, branch, PERMISSIONS[view])
        owner, name = caller.session or caller.id, caller.name
        if view == "kiosk":
            here = lobby.presence.here(caller)
    day = await lobby.desk.today(branch)
    match view:
        case "board":
            channel = lobby.live.board(day)
        case "floor":
            channel = lobby.live.floor(day)
        case "kiosk":
            channel = lobby.live.kiosk(day, name)
        case "window":
            if window is None or day.terms.window(window) is None:
                raise Problem("window.unknown", 404, {"window": window})
            channel = lobby.live.window(day, window)
    with here:
        await _follow(websocket, lobby, channel, owner)


@router.websocket("/tickets/{token}/live")
async def visit(websocket: WebSocket, token: Token) -> None:
    """The visitor's ticket now, and each change."""
    lobby: Lobby = websocket.app.state.lobby
    counter: Counter = websocket.app.state.counter
    day, ticket = await visited(counter, token)
    await _follow(websocket, lobby, lobby.live.ticket(day, ticket.id), None)


async def _follow(websocket: WebSocket, lobby: Lobby, channel: tuple[ChannelKey, Source], owner: str | None) -> None:
    with lobby.seats.seat(websocket.scope):
        await websocket.accept()
        subscription = lobby.live.hub.subscribe(channel[0], pushable(websocket.scope), channel[1], owner=owner)
        try:
            await lobby.desk.today(channel[0].branch)  # nobody followed it here while the handshake took its time
            if owner is not None:
                await identify(websocket)  # the session may have ended while the handshake took its time
            while (await websocket.receive())["type"] != "websocket.disconnect":
                pass  # a client has nothing to say
        except WebSocketDisconnect:
            pass
        finally:
            lobby.live.hub.unsubscribe(subscription)
