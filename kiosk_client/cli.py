"""`queue-kiosk`: serves the touch pages of one kiosk, in the foreground, until it is told to stop."""

import asyncio
import socket
from contextlib import suppress

import typer

from kiosk_client.app import create_app
from kiosk_client.kiosk import Kiosk
from kiosk_client.printing.fonts import FontMissing
from kiosk_client.printing.printer import AddressWrong, Printer
from kiosk_client.settings import Settings
from queue_service.wire.clock import system_clock
from queue_service.wire.edge import start

app = typer.Typer(add_completion=False)


@app.command()
def serve() -> None:
    """Serves the touch pages of this machine's browser; settings come from KIOSK_… variables."""
    settings = start.settings_of(Settings)
    token = start.token_of(settings)
    start.log_from(settings.log_level)
    with start.files_told():
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        printer = _printer(settings)
    with start.listening(settings) as listeners, suppress(KeyboardInterrupt):
        asyncio.run(_serve(settings, token, printer, listeners))


def _printer(settings: Settings) -> Printer:
    try:
        return Printer.open(settings.printer_address, settings.paper, settings.print_mode, font=settings.font)
    except AddressWrong:
        start.fail("kiosk.printer_wrong", name=settings.variable("printer"))
    except FontMissing:
        is_named = settings.font is not None
        start.fail("kiosk.font_unusable" if is_named else "kiosk.font_none", name=settings.variable("font"))


async def _serve(settings: Settings, token: str, printer: Printer, listeners: list[socket.socket]) -> None:
    kiosk = Kiosk(settings, token, system_clock, printer)
    await start.serve(create_app(settings, kiosk), kiosk.run(), listeners)
