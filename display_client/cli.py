"""`queue-display`: serves the lobby boards of one hall, in the foreground, until it is told to stop."""

import asyncio
import secrets
import socket
from contextlib import suppress
from typing import Final

import typer

from display_client.app import create_app
from display_client.hall import Hall
from display_client.settings import Settings
from queue_service.wire.clock import system_clock
from queue_service.wire.edge import start
from queue_service.wire.relay import Relay

EPOCH_BYTES: Final = 8

app = typer.Typer(add_completion=False)


@app.command()
def serve() -> None:
    """Serves the lobby boards of one hall; settings come from DISPLAY_… variables."""
    settings = start.settings_of(Settings)
    token = start.token_of(settings)
    start.log_from(settings.log_level)
    with start.listening(settings) as listeners, suppress(KeyboardInterrupt):
        asyncio.run(_serve(settings, token, listeners))


async def _serve(settings: Settings, token: str, listeners: list[socket.socket]) -> None:
    relay = Relay(view="lobby", epoch=secrets.token_hex(EPOCH_BYTES), clock=system_clock)
    hall = Hall(settings, relay, token=token, clock=system_clock, chance=secrets.SystemRandom().random)
    await start.serve(create_app(hall, relay), hall.run(), listeners)
