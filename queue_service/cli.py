"""`queue-service`: the commands of whoever installs and runs it."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from queue_service.app import create_app
from queue_service.catalog.cli import catalog_app
from queue_service.desk.cli import secret_app
from queue_service.identity.cli import device_app, staff_app
from queue_service.infra import logging, server
from queue_service.infra.filelock import FileLockBusy
from queue_service.infra.migrate import is_current, migrate
from queue_service.infra.push import Sockets
from queue_service.settings import Settings
from queue_service.simulate.cli import simulate
from queue_service.simulate.stage import demo

app = typer.Typer(help="Queue management and ticketing for halls.", no_args_is_help=True, add_completion=False)
app.add_typer(staff_app, name="staff")
app.add_typer(device_app, name="device")
app.add_typer(catalog_app, name="catalog")
app.add_typer(secret_app, name="secret")
app.command("simulate")(simulate)
app.command("demo")(demo)


@app.command()
def serve() -> None:
    """Serves the core until it is told to stop."""
    settings = Settings()
    logging.configure(settings.log_level)
    if not asyncio.run(is_current(settings)):
        typer.echo("The databases are not of this release: run `queue-service migrate` first.", err=True)
        raise typer.Exit(1)
    server.allow_open_files(settings)
    sockets = Sockets(settings)
    uvicorn.Server(server.server_config(create_app(settings, sockets), settings, sockets)).run()


@app.command("migrate")
def migrate_databases() -> None:
    """Brings the databases to this release."""
    try:
        asyncio.run(migrate(Settings()))
    except FileLockBusy:
        typer.echo("The service is running: stop it first.", err=True)
        raise typer.Exit(1) from None


@app.command()
def openapi(output: Annotated[Path | None, typer.Option(help="file to write; none: standard output")] = None) -> None:
    """Writes the OpenAPI document of this release."""
    settings = Settings()
    told = json.dumps(create_app(settings, Sockets(settings)).openapi(), ensure_ascii=False, indent=2) + "\n"
    if output is None:
        sys.stdout.write(told)
    else:
        output.write_text(told, encoding="utf-8")
