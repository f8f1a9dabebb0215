"""`queue-display`: serves the lobby boards of one hall, in the foreground, until it is told to stop."""

import asyncio
import errno
import os
import secrets
import socket
import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final, NoReturn

import structlog
import typer
import uvicorn
from pydantic import ValidationError

from display_client.app import create_app
from display_client.hall import Hall
from display_client.settings import PREFIX, Settings
from queue_service import __version__
from queue_service.wire import locales
from queue_service.wire.relay import Relay

STOP_S_MAX: Final = 3
BACKLOG_MAX: Final = 64
CONNECTIONS_MAX: Final = 256
EPOCH_BYTES: Final = 8

app = typer.Typer(add_completion=False)
_log = structlog.get_logger()


@app.command()
def serve() -> None:
    """Serves the lobby boards of one hall; settings come from DISPLAY_… variables."""
    settings = _settings()
    try:
        token = settings.device_token()
    except OSError as error:
        _fail("start.file_unusable", place=str(error.filename), reason=error.strerror or "")
    if not token:
        _fail("display.token_missing")
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(settings.log_level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
    try:
        listener = socket.create_server((settings.host, settings.port), backlog=BACKLOG_MAX)
    except OSError as error:
        key = "start.port_in_use" if error.errno == errno.EADDRINUSE else "display.address_unusable"
        _fail(key, address=f"{settings.host}:{settings.port}", reason=error.strerror or "")
    with listener, suppress(KeyboardInterrupt):
        asyncio.run(_serve(settings, token, listener))


async def _serve(settings: Settings, token: str, listener: socket.socket) -> None:
    relay = Relay(view="lobby", epoch=secrets.token_hex(EPOCH_BYTES), clock=_clock)
    hall = Hall(settings, relay, token=token, clock=_clock, chance=secrets.SystemRandom().random)
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(hall, relay),
            ws="websockets-sansio",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=CONNECTIONS_MAX,
            timeout_graceful_shutdown=STOP_S_MAX,
        )
    )
    async with asyncio.TaskGroup() as tasks:
        following = tasks.create_task(hall.run())
        host, port = listener.getsockname()[:2]
        _log.info("listening", on=f"{host}:{port}", version=__version__)
        await server.serve([listener])
        following.cancel()


def _settings() -> Settings:
    """Ends the command with a line for each setting that is not understood."""
    try:
        return Settings()
    except ValidationError as error:
        for fault in error.errors(include_url=False, include_context=False, include_input=False):
            name = str(fault["loc"][0])
            told = Settings.model_fields[name].description
            _say("display.setting_wrong", name=f"{PREFIX}{name.upper()}", description=told)
    raise typer.Exit(1)


def _fail(key: str, **params: str) -> NoReturn:
    _say(key, **params)
    raise typer.Exit(1)


def _say(key: str, **params: str | None) -> None:
    """In the language of the terminal."""
    terminal = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    language = locales.negotiate(terminal.partition(".")[0].replace("_", "-") or locales.LANGUAGE_COMMON)
    typer.echo(locales.text(language, key, **params), err=True)


def _clock() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 the edge of the process: everybody else gets `now` as an argument
