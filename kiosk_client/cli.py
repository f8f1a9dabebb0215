"""`queue-kiosk`: starts the kiosk's process."""

import asyncio
import sys
from contextlib import suppress

import structlog
import typer
from pydantic import ValidationError
from uvicorn import Config, Server

from kiosk_client.app import create_app
from kiosk_client.clock import system_clock
from kiosk_client.kiosk import Kiosk
from kiosk_client.printing.fonts import FontMissing
from kiosk_client.printing.printer import AddressWrong, Printer
from kiosk_client.settings import PREFIX, Settings

SHUTDOWN_S_MAX = 3
PAGE_MESSAGE_BYTES_MAX = 4096

app = typer.Typer(add_completion=False)
_log = structlog.get_logger()


@app.command()
def serve() -> None:
    """Serves the touch pages of this machine's browser, until it is told to stop."""
    try:
        settings = Settings()
        _ = settings.device_token
    except ValidationError as error:
        for fault in error.errors(include_url=False, include_context=False, include_input=False):
            typer.echo(f"{PREFIX}{str(fault['loc'][0]).upper()}: {fault['msg']}", err=True)
        raise typer.Exit(1) from error
    except ValueError as error:
        typer.echo(f"{PREFIX}TOKEN: the token of a device of kind kiosk is needed (queue-service device add)", err=True)
        raise typer.Exit(1) from error
    except OSError as error:
        typer.echo(f"{PREFIX}TOKEN_FILE: {error.strerror}", err=True)
        raise typer.Exit(1) from error
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
        printer = Printer.open(settings.printer_address, settings.paper, settings.print_mode, font=settings.font)
    except AddressWrong as error:
        typer.echo(f"{PREFIX}PRINTER: {AddressWrong.__doc__}", err=True)
        raise typer.Exit(1) from error
    except FontMissing as error:
        typer.echo(f"{PREFIX}FONT: {error}", err=True)
        raise typer.Exit(1) from error
    asyncio.run(_serve(settings, printer))


async def _serve(settings: Settings, printer: Printer) -> None:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    kiosk = Kiosk(settings, system_clock, printer)
    server = Server(
        Config(
            create_app(settings, kiosk),
            host=settings.host,
            port=settings.port,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            ws="websockets-sansio",
            ws_max_size=PAGE_MESSAGE_BYTES_MAX,
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=SHUTDOWN_S_MAX,
        )
    )
    with server.capture_signals():
        running = asyncio.ensure_future(kiosk.run())
        running.add_done_callback(lambda _: setattr(server, "should_exit", True))
        try:
            await server.serve()
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
            _log.info("stopped")
