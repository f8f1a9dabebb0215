"""`queue-service secret …`: what visitors' links are made with."""

import asyncio
from typing import Annotated

import typer

from queue_service.desk import secrets
from queue_service.infra import terminal
from queue_service.infra.database import Database
from queue_service.infra.migrate import require_current
from queue_service.settings import Settings
from queue_service.wire.clock import system_clock

secret_app = typer.Typer(help="What visitors' links are made with.", no_args_is_help=True)


@secret_app.command("rotate")
def secret_rotate(
    forget_former: Annotated[
        bool, typer.Option("--forget-former", help="the links that are out become worthless: for when it has leaked")
    ] = False,
) -> None:
    """Makes a new secret; restart every process of the service after it."""
    with terminal.failures_told():
        asyncio.run(_rotate(terminal.settings(), forget_former))


async def _rotate(settings: Settings, forget_former: bool) -> None:
    await require_current(settings)
    database = await Database.open(settings)
    try:
        await secrets.rotate(database, system_clock(), forgets_former=forget_former)
    finally:
        await database.close()
    typer.echo("A new secret is there; restart every process of the service.")
