"""How the service is served: uvicorn with deadlines, and an end that leaves nobody without an answer.

uvicorn waits for ever for the rest of a request and for a client to take its answer. The protocol here cuts such
connections; it keeps a timer only while something is incomplete, so an ordinary request pays nothing for it.
"""

import asyncio
import errno
import resource
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from enum import Enum, auto
from typing import Any, ClassVar

import httptools
import structlog
from fastapi import FastAPI
from starlette.types import ASGIApp
from uvicorn import Config, Server
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import HANDLED_SIGNALS, ServerState

from queue_service.infra import bus, problems
from queue_service.infra.problems import Problem
from queue_service.infra.processes import BEAT_S, Process
from queue_service.infra.push import Sockets
from queue_service.settings import Settings
from queue_service.wire.headers import security_headers

DRAIN_LOOK_S = 0.05
"""Pause between two looks at the connections that are still there when the service stops."""
CANCELLED_S_MAX = 1.0
"""What was cut at the end of a stop may tidy up for so many seconds."""
BUS_WAITS_MAX = 2
"""So often its `CLOSE_S_MAX`: for what is on its way, and for the connection."""
DATABASE_WAITS_MAX = 3
"""So often `database_wait_s_max` may what was begun take: one for a connection, two for a statement."""
_FILES_BESIDE_CONNECTIONS = 256

_log = structlog.get_logger()

Place = tuple[int, Any]
"""An address family and an address of it."""


class AddressUnusable(Exception):
    """Nothing can listen on `address`, for `reason`."""

    def __init__(self, address: str, error: OSError) -> None:
        super().__init__(f"{address}: {error}")
        self.address = address
        self.error = error
        self.is_in_use = error.errno == errno.EADDRINUSE


@contextmanager
def listening(settings: Settings) -> Iterator[list[socket.socket]]:
    """Listens on every address of `host`, alone; raises `AddressUnusable`. Who calls waits until it is served.

    A service of one process listens on its own port too, where it has one.
    """
    places = places_of(settings, settings.port)
    if settings.processes == 1:
        places += own_places(settings, 0)
    with _opened(places, lambda family, address: _listener(family, address, settings)) as listeners:
        yield listeners


@contextmanager
def bound(places: Sequence[Place], *, is_shared: bool = False) -> Iterator[list[socket.socket]]:
    """Takes these places; they are listened on when the service is ready, and meanwhile callers go to whoever is.

    Raises `AddressUnusable`. `is_shared`: with the other processes of this service, whose sockets are `share`d too.
    """

    def one(family: int, address: Any) -> socket.socket:
        taken = socket.socket(family, socket.SOCK_STREAM)
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            taken.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if is_shared:
            share([taken])
        try:
            taken.bind(address)
        except OSError:
            taken.close()
            raise
        return taken

    with _opened(places, one) as sockets:
        yield sockets


def share(sockets: Sequence[socket.socket]) -> None:
    """Lets other processes of the same user listen where these do; until now nobody could."""
    for one in sockets:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)


def let_go(sockets: Sequence[socket.socket]) -> None:
    """Leaves them to the process that has inherited them."""
    for one in sockets:
        one.close()


def places_of(settings: Settings, port: int) -> list[Place]:
    """Every address of `host`, with this port; raises `AddressUnusable`."""
    try:
        found = socket.getaddrinfo(settings.host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise AddressUnusable(_written(settings.host, port), error) from error
    return [(family, address) for family, _, _, _, address in found]


def own_places(settings: Settings, number: int) -> list[Place]:
    """Where one process listens alone; none where `process_port_first` does not say."""
    return places_of(settings, settings.process_port_first + number) if settings.process_port_first else []


def run(
    app: FastAPI,
    settings: Settings,
    sockets: Sockets,
    listeners: Sequence[socket.socket],
    process: Process | None = None,
) -> None:
    """Starts `app` and serves it until a signal; what keeps it from starting is raised here, as it is."""
    config = server_config(app, settings, sockets)
    config.lifespan = "off"  # uvicorn would tell a failed start as text and swallow what failed
    server = DrainingServer(config, settings, sockets)

    async def serve() -> None:
        with server.capture_signals():
            async with _supervised(process, server) as tell_ready, app.router.lifespan_context(app):
                on = [_written(*listener.getsockname()[:2]) for listener in listeners]
                _log.info("listening", on=on, version=app.version)
                tell_ready()
                await server.serve(list(listeners))
            _log.info("stopped")

    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(serve())


def stop_s_max(settings: Settings) -> float:
    """Seconds that a stop may take, all of its limits together; who kills what does not stop waits longer."""
    requests_s = settings.shutdown_wait_s_max + CANCELLED_S_MAX
    commands_s = DATABASE_WAITS_MAX * settings.database_wait_s_max
    return settings.shutdown_notice_s + requests_s + commands_s + BUS_WAITS_MAX * bus.CLOSE_S_MAX


class DrainingServer(Server):
    """uvicorn's server with an end in order; `stop_s_max` says how long it takes.

    First /readyz says so, for as long as `shutdown_notice_s`, in which all is taken in and served as before; a second
    SIGINT ends that at once. Then nothing new is taken in: who calls is refused by the system, idle connections are
    closed, sockets are closed with 1012 (service restart), upon which clients come again after a random wait. What was
    taken in is answered, and then closed. What is not over after `shutdown_wait_s_max` is cut. The application's own
    end, which waits for every command that was begun, comes after this.
    """

    def __init__(self, config: Config, settings: Settings, sockets: Sockets) -> None:
        super().__init__(config)
        self._settings = settings
        self._sockets = sockets

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Unlike uvicorn's own it does not raise them again at the end: a stop that was asked for is a success."""
        for number in HANDLED_SIGNALS:
            signal.signal(number, self.handle_exit)  # and so it stays: nothing of this process comes after
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Lets nothing new in, sees what was begun through, and cuts what takes too long."""
        state, loop = self.server_state, asyncio.get_running_loop()
        _log.info("stopping", connections=len(state.connections))
        self._sockets.is_stopping = True
        noticed_s = loop.time() + self._settings.shutdown_notice_s
        while loop.time() < noticed_s and not self.force_exit:  # noqa: ASYNC110 uvicorn sets no event
            await asyncio.sleep(DRAIN_LOOK_S)
        self._sockets.is_draining = True
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        deadline_s = loop.time() + self._settings.shutdown_wait_s_max
        while (state.connections or state.tasks) and loop.time() < deadline_s and not self.force_exit:
            for connection in list(state.connections):  # each time: one may have come in at the last moment
                connection.shutdown()
            await asyncio.sleep(DRAIN_LOOK_S)
        if state.tasks:
            _log.warning("stop.cut", requests=len(state.tasks))
            for task in state.tasks:
                task.cancel()
            await asyncio.wait(list(state.tasks), timeout=CANCELLED_S_MAX)


@asynccontextmanager
async def _supervised(process: Process | None, server: Server) -> AsyncIterator[Callable[[], None]]:
    """Where there is a supervisor: stops when that one is gone; gives beats from when it is told that all is ready."""
    if process is None:
        yield lambda: None
        return
    loop, lifeline = asyncio.get_running_loop(), process.lifeline
    is_ready = asyncio.Event()

    def stop() -> None:
        loop.remove_reader(lifeline)
        _log.warning("process.orphaned")
        server.should_exit = True

    loop.add_reader(lifeline, stop)
    beating = loop.create_task(_beat(process, is_ready))
    try:
        yield is_ready.set
    finally:
        beating.cancel()
        loop.remove_reader(lifeline)


async def _beat(process: Process, is_ready: asyncio.Event) -> None:
    await is_ready.wait()
    while True:
        process.beat()
        await asyncio.sleep(BEAT_S)


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


@contextmanager
def _opened(places: Sequence[Place], open_one: Callable[[int, Any], socket.socket]) -> Iterator[list[socket.socket]]:
    """A socket at each place, all closed at the end; raises `AddressUnusable`."""
    with ExitStack() as stack:
        opened: list[socket.socket] = []
        for family, address in places:
            try:
                opened.append(stack.enter_context(open_one(family, address)))
            except OSError as error:
                raise AddressUnusable(_written(*address[:2]), error) from error
        yield opened


def _listener(family: int, address: Any, settings: Settings) -> socket.socket:
    return socket.create_server(address, family=family, backlog=settings.backlog_max)


def _written(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
