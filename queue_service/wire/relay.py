"""What an edge client tells its own pages: whole states over local sockets, in the core's own form.

The messages are those of `wire.session`, so a page follows its process as it would follow the core. How old the core's
data is stands inside the state; that the process itself is alive, the page sees as ever.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

import msgspec
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

HEARTBEAT_S: Final = 2.0
SEND_S_MAX: Final = 5.0
"""A page that takes no message for so long is cut; it comes back by itself."""
PAGES_MAX: Final = 32
"""Pages that may follow at once; the next one is refused."""
_SITES_FOREIGN: Final = ("cross-site", "same-site")
FULL: Final = 4429
"""Close code for a page too many."""


class Relay:
    """The newest state of an edge client, and the pages that follow it."""

    def __init__(self, *, view: str, epoch: str, clock: Callable[[], datetime]) -> None:
        """`epoch` is new with each start of the process."""
        self._view = view
        self._epoch = epoch
        self._clock = clock
        self._rev = 0
        self._data = b"null"
        self._changed = asyncio.Event()
        self._pages = 0

    def publish(self, state: Mapping[str, Any]) -> None:
        """The newest state; nothing is sent when it equals the last."""
        data = msgspec.json.encode(state)
        if data != self._data:
            self._data = data
            self._rev += 1
            self._changed.set()
            self._changed = asyncio.Event()

    async def serve(self, websocket: WebSocket) -> None:
        """One page's socket, to its end."""
        await websocket.accept()
        if self._pages >= PAGES_MAX:
            await websocket.close(FULL)
            return
        self._pages += 1
        ended = asyncio.ensure_future(_ended(websocket))
        try:
            sent = -1
            while not ended.done():
                changed = self._changed
                message = self._alive() if sent == self._rev else self._newest()
                sent = self._rev
                await asyncio.wait_for(websocket.send_text(message.decode()), SEND_S_MAX)
                waiting = asyncio.ensure_future(changed.wait())
                await asyncio.wait([waiting, ended], timeout=HEARTBEAT_S, return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
        except (WebSocketDisconnect, TimeoutError):
            pass  # the page is gone, or as good as gone
        finally:
            self._pages -= 1
            ended.cancel()
            with suppress(asyncio.CancelledError):
                await ended

    def _newest(self) -> bytes:
        head = {"view": self._view, "epoch": self._epoch, "rev": self._rev, "seq": 0, "at": self._clock()}
        return msgspec.json.encode({"type": "view", **head, "data": msgspec.Raw(self._data)})

    def _alive(self) -> bytes:
        return msgspec.json.encode({"type": "alive", "epoch": self._epoch, "rev": self._rev, "at": self._clock()})


class OwnPagesOnly:
    """Refuses what a page of another origin asks of an edge client: its server answers its own screen alone."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or _is_own(Headers(scope=scope)):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await send({"type": "http.response.start", "status": 403, "headers": []})
            await send({"type": "http.response.body", "body": b""})


def _is_own(headers: Headers) -> bool:
    """Without `Origin` it was no page but a program, or somebody who opens the page, by a link perhaps."""
    origin = headers.get("origin")
    if origin is not None:
        return origin.partition("://")[2] == headers.get("host")
    return headers.get("sec-fetch-site") not in _SITES_FOREIGN or headers.get("sec-fetch-mode") == "navigate"


async def _ended(websocket: WebSocket) -> None:
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass  # a page has nothing to say here
