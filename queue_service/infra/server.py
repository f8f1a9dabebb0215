"""How the service is served: uvicorn with deadlines.

uvicorn waits for ever for the rest of a request and for a client to take its answer. The protocol here cuts such
connections; it keeps a timer only while something is incomplete, so an ordinary request pays nothing for it.
"""

import asyncio
import errno
import resource
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, auto
from typing import Any, ClassVar

import httptools
import structlog
from fastapi import FastAPI
from starlette.types import ASGIApp
from uvicorn import Config, Server
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from queue_service.infra import problems
from queue_service.infra.problems import Problem
from queue_service.infra.push import Sockets
from queue_service.settings import Settings
from queue_service.wire.headers import security_headers

_FILES_BESIDE_CONNECTIONS = 256

_log = structlog.get_logger()


class AddressUnusable(Exception):
    """Nothing can listen on `address`, for `reason`."""

    def __init__(self, address: str, error: OSError) -> None:
        super().__init__(f"{address}: {error}")
        self.address = address
        self.error = error
        self.is_in_use = error.errno == errno.EADDRINUSE


@contextmanager
def listening(settings: Settings) -> Iterator[list[socket.socket]]:
    """Listens on every address of `host`; raises `AddressUnusable`. Who calls meanwhile waits until it is served."""
    listeners: list[socket.socket] = []
    try:
        try:
            for family, _, _, _, address in socket.getaddrinfo(
                settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            ):
                listeners.append(socket.create_server(address, family=family, backlog=settings.backlog_max))
        except OSError as error:
            raise AddressUnusable(_written(settings.host, settings.port), error) from error
        yield listeners
    finally:
        for listener in listeners:
            listener.close()


def run(app: FastAPI, settings: Settings, sockets: Sockets, listeners: list[socket.socket]) -> None:
    """Starts `app` and serves it until a signal; what keeps it from starting is raised here, as it is."""
    config = server_config(app, settings, sockets)
    config.lifespan = "off"  # uvicorn would tell a failed start as text and swallow what failed
    server = Server(config)

    async def serve() -> None:
        with server.capture_signals():
            async with app.router.lifespan_context(app):
                on = [_written(*listener.getsockname()[:2]) for listener in listeners]
                _log.info("listening", on=on, version=app.version)
                await server.serve(listeners)
            _log.info("stopped")

    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(serve())


def server_config(app: ASGIApp, settings: Settings, sockets: Sockets) -> Config:
    """What `uvicorn.Server` needs to serve `app` alone in this process and loop."""
    return Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=type("BoundDeadlineProtocol", (DeadlineProtocol,), {"settings": settings}),
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies,
        limit_concurrency=settings.connections_max,
        backlog=settings.backlog_max,
        timeout_keep_alive=settings.keep_alive_s,
        timeout_graceful_shutdown=settings.shutdown_wait_s_max,
        **sockets.options(),
    )


def allow_open_files(settings: Settings) -> None:
    """Raises this process's limit of open files as far as `connections_max` asks and the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = settings.connections_max + _FILES_BESIDE_CONNECTIONS
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class _Part(Enum):
    """Which part of a request the client is sending."""

    NONE = auto()
    HEAD = auto()
    BODY = auto()


class DeadlineProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol; cuts clients that send too slowly, send too large a head or do not read."""

    settings: ClassVar[Settings]

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._part = _Part.HEAD
        self._head_bytes = 0
        self._arrival_timer: asyncio.TimerHandle | None = None
        self._arrival_timed = _Part.NONE
        self._stall_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        self._time_arrival()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_arrival_timer()
        self._stop_stall_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._part is _Part.NONE:
            self._begin_head()
        if self._part is _Part.HEAD:
            self._head_bytes += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._part is _Part.HEAD and self._head_bytes > self.settings.head_bytes_max:
            self._refuse(Problem("request.too_large", 431))
        else:
            self._time_arrival()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._part is not _Part.HEAD:
            self._begin_head()

    def on_headers_complete(self) -> None:
        # What arrived may hold the body too, so the head itself is measured before it is called too large.
        if self._head_bytes > self.settings.head_bytes_max < self._head_bytes_parsed():
            raise httptools.HttpParserError
        self._part = _Part.BODY
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._part = _Part.NONE
        self._stop_arrival_timer()
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        del msg  # says no more than the code
        is_large = self._part is _Part.HEAD and self._head_bytes > self.settings.head_bytes_max
        self._refuse(Problem("request.too_large", 431) if is_large else Problem("request.bad_head", 400))

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stall_timer = self.loop.call_later(self.settings.answer_stall_s_max, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop_stall_timer()

    def _begin_head(self) -> None:
        self._part = _Part.HEAD
        self._head_bytes = 0

    def _time_arrival(self) -> None:
        """Keeps one timer for the part that is incomplete, counted from that part's beginning."""
        if self._part is self._arrival_timed:
            return
        self._stop_arrival_timer()
        self._arrival_timed = self._part
        if self._part is not _Part.NONE:
            self._arrival_timer = self.loop.call_later(self._wait_s_max(), self._cut_late)

    def _wait_s_max(self) -> float:
        return self.settings.head_wait_s_max if self._part is _Part.HEAD else self.settings.body_wait_s_max

    def _cut_late(self) -> None:
        if self.flow.read_paused:  # it is we who do not read
            self._arrival_timer = self.loop.call_later(self._wait_s_max(), self._cut_late)
        else:
            self.transport.abort()

    def _stop_arrival_timer(self) -> None:
        self._arrival_timed = _Part.NONE
        if self._arrival_timer is not None:
            self._arrival_timer.cancel()
            self._arrival_timer = None

    def _stop_stall_timer(self) -> None:
        if self._stall_timer is not None:
            self._stall_timer.cancel()
            self._stall_timer = None

    def _head_bytes_parsed(self) -> int:
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers)

    def _refuse(self, problem: Problem) -> None:
        """Answers what never became a request, and closes."""
        headers = [*self.server_state.default_headers, *security_headers(is_https=self.settings.is_https)]
        self.transport.write(problems.raw_answer(problem, headers))
        self.transport.close()


def _written(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
