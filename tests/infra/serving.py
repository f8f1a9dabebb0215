"""A real server with push sockets on a free port of the loopback, and raw clients for it."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket

from queue_service.infra.push import Pushable, Sockets, pushable

HANDSHAKE = (
    b"GET /live HTTP/1.1\r\nHost: hall\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


class Listeners:
    """An app of one route that only collects the sockets of those who connect."""

    def __init__(self) -> None:
        self.sockets: list[Pushable] = []
        self.heard: list[str] = []
        self.closed: list[int] = []
        self.may_accept = asyncio.Event()
        self.may_accept.set()

    def app(self) -> ASGIApp:
        return Starlette(routes=[WebSocketRoute("/live", self._live)])

    async def _live(self, websocket: WebSocket) -> None:
        await self.may_accept.wait()
        await websocket.accept()
        self.sockets.append(pushable(websocket.scope))
        while (message := await websocket.receive())["type"] == "websocket.receive":
            self.heard.append(message["text"])
        self.closed.append(message["code"])


@asynccontextmanager
async def serving(app: ASGIApp, sockets: Sockets) -> AsyncIterator[int]:
    """Serves `app` in this loop and gives its port; at the end, every connection and task must be gone."""
    config = uvicorn.Config(app, **sockets.options(), lifespan="off", log_config=None, timeout_graceful_shutdown=3)
    server = uvicorn.Server(config)
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    task = asyncio.create_task(server._serve([listener]))
    await until(lambda: server.started)
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await task
        listener.close()
        assert not server.server_state.connections
        assert not server.server_state.tasks
        assert len(sockets) == 0


@asynccontextmanager
async def frozen_client(port: int) -> AsyncIterator[socket.socket]:
    """A client that shakes hands and never reads on, with little room in its own kernel buffer."""
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        client.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(client, ("127.0.0.1", port))
        await loop.sock_sendall(client, HANDSHAKE)
        received = b""
        while b"\r\n\r\n" not in received:
            received += await loop.sock_recv(client, 1)
        assert b" 101 " in received
        yield client


async def until(condition: Callable[[], object], wait_s_max: float = 5) -> None:
    """Waits until `condition()` is true."""
    async with asyncio.timeout(wait_s_max):
        while not condition():  # noqa: ASYNC110 what is waited for is real sockets, which set no event
            await asyncio.sleep(0.005)
