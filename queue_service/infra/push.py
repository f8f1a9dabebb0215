"""Sockets that are told, never awaited: the newest frame goes to every client, and nobody waits for anybody.

uvicorn's own protocol offers `await send(…)`: a loop over many sockets then stands still at the first client that has
stopped reading. Here `push` writes a prebuilt frame at once where the transport is clear and keeps it in one slot where
not; a newer frame replaces it there, and the transport's `resume_writing` sends what is left. A view is whole, so what
was replaced is not missed.

Three things keep a bad client cheap: small buffers in process and kernel (else the kernel keeps some 1,800 old views
for a client that is frozen), a cut by `abort` for one that has stopped draining, answering or restraining itself, and
one timer for all sockets instead of several for each.

A websocket route accepts, takes `pushable(websocket.scope)`, gives it to whoever pushes, and receives until the
disconnect: a socket that nobody receives from is not read, looks silent, and is cut.
"""

import asyncio
import logging
import struct
from collections import Counter
from collections.abc import Coroutine, Mapping
from enum import StrEnum
from http import HTTPStatus
from socket import SO_SNDBUF, SOL_SOCKET
from typing import Any, ClassVar, Protocol

from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.exceptions import SecurityError
from websockets.http11 import Request

from queue_service.infra import problems
from queue_service.infra.problems import Problem
from queue_service.infra.rounds import Rounds
from queue_service.settings import Settings
from queue_service.wire.headers import security_headers

SWEEP_S = 1.0
"""Every socket is looked at this often, in seconds; the limits in time are kept to within it."""

PING_FRAME = b"\x89\x00"
STATE_KEY = "pushable"

# uvicorn writes each accepted path into its log, and a visitor's path holds their token.
_logger = logging.getLogger("uvicorn.error.sockets")
_logger.setLevel(logging.WARNING)


class Pushable(Protocol):
    """A client's end of a socket, as those see it who have news for it; none of this waits or raises."""

    def push(self, frame: bytes) -> None:
        """Sends a whole server frame now, or as soon as the client drains, unless a newer one comes first."""

    def push_if_clear(self, frame: bytes) -> None:
        """Sends a whole server frame now, or never: for what is worth nothing later and must replace nothing."""

    def close(self, code: int) -> None:
        """Ends the socket with a close frame; one that does not drain is cut without."""


class CutReason(StrEnum):
    """Why a socket was ended without a word."""

    STALLED = "stalled"
    SILENT = "silent"
    FLOODING = "flooding"


def text_frame(payload: bytes) -> bytes:
    """The server's websocket frame around UTF-8 text: final, unmasked, uncompressed (RFC 6455, 5.2)."""
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", 0x81, size)
    elif size < 1 << 16:
        head = struct.pack("!BBH", 0x81, 126, size)
    else:
        head = struct.pack("!BBQ", 0x81, 127, size)
    return head + payload


def pushable(scope: Mapping[str, Any]) -> Pushable:
    """The socket behind an ASGI websocket scope; there is one wherever the server runs with `Sockets.options`."""
    socket: Pushable = scope["state"][STATE_KEY]
    return socket


class Sockets:
    """All sockets of a process: their limits, how many are open, how many were cut and why."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.rounds: Rounds[PushProtocol] = Rounds(period_s=SWEEP_S, visit=_look_after)
        self.cuts: Counter[CutReason] = Counter()
        self.is_stopping = False
        """Whether the process is about to stop: told on /readyz, and nothing else yet."""
        self.is_draining = False
        """Whether it lets no new socket in any more."""

    def __len__(self) -> int:
        return len(self.rounds)

    @property
    def is_full(self) -> bool:
        return len(self) >= self.settings.socket_max

    async def readiness(self) -> str | None:
        """A check of `infra.health`."""
        return "process.stopping" if self.is_stopping else None

    def options(self) -> dict[str, Any]:
        """What `uvicorn.Config` must be given, by keyword, for these sockets."""
        return {
            "ws": type("BoundPushProtocol", (PushProtocol,), {"sockets": self}),
            "ws_max_size": self.settings.socket_message_bytes_max,
            "ws_per_message_deflate": False,  # a frame is built once for all, and compression keeps state per client
        }


class PushProtocol(WebSocketsSansIOProtocol):
    """uvicorn's websocket protocol with `push`; made by uvicorn, one per connection, from `Sockets.options`."""

    # Read for thousands of sockets at each change and in each round: a fixed place is found sooner than one in the
    # dictionary of some forty attributes that uvicorn's protocol has.
    __slots__ = (
        "_heard_at",
        "_inbound_bytes",
        "_is_clear",
        "_is_open",
        "_pinged_at",
        "_slot",
        "_stalled_at",
        "_was_heard",
        "_write",
    )

    sockets: ClassVar[Sockets]

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.logger = _logger
        self.conn.debug = False
        self._is_open = False
        self._is_clear = False
        self._slot: bytes | None = None
        self._stalled_at: float | None = None
        self._was_heard = False
        self._heard_at = self.loop.time()
        self._pinged_at: float | None = None
        self._inbound_bytes = 0

    def push(self, frame: bytes) -> None:
        if self._is_clear:
            self._write(frame)
        elif self._is_open:
            self._slot = frame

    def push_if_clear(self, frame: bytes) -> None:
        if self._is_clear:
            self._write(frame)

    def close(self, code: int) -> None:
        if self.close_sent or self.transport.is_closing():
            return
        if not self._is_clear:
            self.transport.abort()
            return
        self._is_open = self._is_clear = False
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code})
        self.conn.send_close(code)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.close_timer = self.loop.call_later(self.close_timeout, self.transport.abort)

    def look_after(self, now_s: float) -> None:
        """Cuts a client that has stopped draining or answering, pings one that has been quiet."""
        settings = self.sockets.settings
        self._inbound_bytes = 0
        if self._was_heard:
            self._was_heard = False
            self._heard_at = now_s
            self._pinged_at = None
        if self._stalled_at is not None:
            if now_s - self._stalled_at >= settings.socket_stall_s:
                self._cut(CutReason.STALLED)
            return
        if self._pinged_at is not None:
            if now_s - self._pinged_at >= settings.socket_pong_s:
                self._cut(CutReason.SILENT)
        elif self._is_clear and now_s - self._heard_at >= settings.socket_ping_s:
            self._pinged_at = now_s
            self.transport.write(PING_FRAME)

    def _cut(self, reason: CutReason) -> None:
        self.sockets.cuts[reason] += 1
        self.transport.abort()

    # What uvicorn's protocol and the transport call

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._write = self.transport.write
        self.transport.set_write_buffer_limits(0)
        self.transport.get_extra_info("socket").setsockopt(
            SOL_SOCKET, SO_SNDBUF, self.sockets.settings.socket_send_buffer_bytes
        )

    def handle_connect(self, event: Request) -> None:
        if self.conn.accept(event).status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            self._refuse(Problem("request.bad_head", 400))  # its own answer would repeat what came in
        elif self.sockets.is_full:
            self._refuse(Problem("request.too_many_sockets", 503))
        elif self.sockets.is_draining:
            self._refuse(Problem("server.not_ready", 503))
        else:
            super().handle_connect(event)

    def _refuse(self, problem: Problem) -> None:
        self.handshake_initiated = self.handshake_complete = self.close_sent = True
        headers = [*self.default_headers, *security_headers(is_https=self.sockets.settings.is_https)]
        self.transport.write(problems.raw_answer(problem, headers))
        self.transport.close()

    async def send(self, message: Any) -> None:
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            self.handshake_complete = True  # uvicorn takes a refusal for a handshake that was forgotten

    def run_asgi(self) -> Coroutine[Any, Any, None]:
        self.scope["state"][STATE_KEY] = self
        return super().run_asgi()

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        super().on_task_complete(task)
        del self.scope["state"][STATE_KEY]  # a ring of references would keep the socket until a garbage collection

    def start_keepalive(self) -> None:
        """Called when the handshake is complete."""
        self._is_open = True
        self._is_clear = self._stalled_at is None
        self._heard_at = self.loop.time()
        self.sockets.rounds.add(self)

    def stop_keepalive(self) -> None:
        """Called when the connection is lost or the server shuts down."""
        self._is_open = self._is_clear = False
        self._slot = None
        self.sockets.rounds.discard(self)

    def shutdown(self) -> None:
        """Called again and again while the server stops."""
        if not self.handshake_complete:
            self._refuse(Problem("server.not_ready", 503))
        elif not self.transport.is_closing():
            super().shutdown()
        if self.transport.get_write_buffer_size():
            self.transport.abort()  # a client that does not drain would keep the server from stopping

    def data_received(self, data: bytes) -> None:
        if self.handshake_initiated:  # before that it is the request itself, bounded by the HTTP protocol
            self._was_heard = True
            self._inbound_bytes += len(data)
            if self._inbound_bytes > self.sockets.settings.socket_inbound_bytes_per_s_max:
                self._cut(CutReason.FLOODING)
                return
        super().data_received(data)
        if not self.handshake_initiated and self.conn.handshake_exc is not None:
            # A head that HTTP's parser took and this one did not: nobody else would ever answer or end it.
            is_large = isinstance(self.conn.handshake_exc, SecurityError)
            self._refuse(Problem("request.too_large", 431) if is_large else Problem("request.bad_head", 400))

    def handle_ping(self) -> None:
        pong = b"".join(self.conn.data_to_send())
        if self._is_clear:  # else a client that only pings and never reads would fill the buffer
            self.transport.write(pong)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._is_clear = False
        self._stalled_at = self.loop.time()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._is_clear = self._is_open
        self._stalled_at = None
        if self._slot is not None and not self.transport.is_closing():
            frame, self._slot = self._slot, None
            self.transport.write(frame)


def _look_after(sockets: tuple[PushProtocol, ...]) -> None:
    if sockets:
        now_s = sockets[0].loop.time()
        for socket in sockets:
            socket.look_after(now_s)
