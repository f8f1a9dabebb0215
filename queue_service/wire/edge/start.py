"""How an edge client starts and is served; what its surroundings lack is told in one line, as the terminal speaks."""

import asyncio
import errno
import os
import socket
import sys
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, Final, NoReturn, TypeVar

import structlog
import typer
import uvicorn
from pydantic import ValidationError
from starlette.types import ASGIApp

from queue_service import __version__
from queue_service.wire import locales, variables
from queue_service.wire.edge.settings import EdgeSettings

STOP_S_MAX: Final = 3
BACKLOG_MAX: Final = 64
CONNECTIONS_MAX: Final = 256
PAGE_MESSAGE_BYTES_MAX: Final = 4096

Settings = TypeVar("Settings", bound=EdgeSettings)

_log = structlog.get_logger()


def fail(key: str, **params: str) -> NoReturn:
    """Ends the command with one text of the catalogue."""
    _say(key, **params)
    raise typer.Exit(1)


def settings_of(kind: type[Settings]) -> Settings:
    """The settings of the environment; ends the command with a line for each that is wrong, without its value."""
    known = {kind.variable(name) for name in kind.model_fields}
    for warning in variables.unknown(locales.of_terminal(), kind.variable(""), known):
        typer.echo(warning, err=True)
    try:
        return kind()
    except ValidationError as error:
        names = {str(fault["loc"][0]) for fault in error.errors(include_url=False, include_context=False)}
        for name in kind.model_fields:
            if name in names:
                rule = variables.rule(locales.of_terminal(), kind.model_fields[name])
                _say("setting.wrong_unshown", name=kind.variable(name), rule=rule)
    raise typer.Exit(1)


def token_of(settings: EdgeSettings) -> str:
    """The device's token; ends the command where there is none that can be sent."""
    with files_told():
        token = settings.device_token()
    if not token or not all("!" <= character <= "~" for character in token):
        fail("edge.token_missing", token=settings.variable("token"), file=settings.variable("token_file"))
    return token


@contextmanager
def files_told() -> Iterator[None]:
    """Ends the command with one line where a file or folder cannot be used."""
    try:
        yield
    except OSError as error:
        fail("start.file_unusable", place=str(error.filename), reason=error.strerror or type(error).__name__)


def log_from(level: str) -> None:
    """Send the log from `level` up to standard error, one JSON object a line."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )


@contextmanager
def listening(settings: EdgeSettings) -> Iterator[list[socket.socket]]:
    """Listens on every address of `host`; ends the command where that cannot be."""
    with ExitStack() as stack:
        listeners: list[socket.socket] = []
        try:
            for family, _, _, _, address in socket.getaddrinfo(
                settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            ):
                listener = socket.create_server(address[:2], family=family, backlog=BACKLOG_MAX)
                listeners.append(stack.enter_context(listener))
        except OSError as error:
            _fail_to_listen(settings, error)
        yield listeners


async def serve(app: ASGIApp, work: Coroutine[Any, Any, None], listeners: list[socket.socket]) -> None:
    """Serves `app` while `work` runs, until a signal; where `work` fails, that is raised here."""
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            ws="websockets-sansio",
            ws_max_size=PAGE_MESSAGE_BYTES_MAX,
            ws_per_message_deflate=False,
            limit_concurrency=CONNECTIONS_MAX,
            timeout_graceful_shutdown=STOP_S_MAX,
        )
    )
    with server.capture_signals():
        working = asyncio.ensure_future(work)
        working.add_done_callback(lambda _: setattr(server, "should_exit", True))
        on = [_written(*listener.getsockname()[:2]) for listener in listeners]
        _log.info("listening", on=on, version=__version__)
        try:
            await server.serve(listeners)
        finally:
            working.cancel()
            with suppress(asyncio.CancelledError):
                await working
            _log.info("stopped")


def _fail_to_listen(settings: EdgeSettings, error: OSError) -> NoReturn:
    address = _written(settings.host, settings.port)
    if error.errno == errno.EADDRINUSE:
        fail("start.port_in_use", address=address)
    is_system = error.errno in errno.errorcode and not isinstance(error, socket.gaierror)
    fail(
        "edge.address_unusable",
        address=address,
        # The words of `create_server` repeat the address.
        reason=os.strerror(error.errno) if is_system and error.errno is not None else error.strerror or "",
        host=settings.variable("host"),
        port=settings.variable("port"),
    )


def _written(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _say(key: str, **params: str) -> None:
    typer.echo(locales.text(locales.of_terminal(), key, **params), err=True)
