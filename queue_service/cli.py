"""`queue-service`: the commands of whoever installs and runs it."""

import asyncio
import json
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from queue_service import __version__
from queue_service.app import create_app
from queue_service.backup.cli import backup, restore
from queue_service.catalog.cli import catalog_app
from queue_service.desk.cli import secret_app
from queue_service.identity.cli import device_app, staff_app
from queue_service.infra import logging, server, terminal
from queue_service.infra.migrate import losses, migrate, releases, require_current
from queue_service.infra.processes import Process, split
from queue_service.infra.push import Sockets
from queue_service.journal.store import JournalUnavailable
from queue_service.settings import Settings
from queue_service.simulate.cli import simulate
from queue_service.simulate.stage import demo
from queue_service.wire import locales

app = typer.Typer(no_args_is_help=True, add_completion=False)
app.add_typer(staff_app, name="staff")
app.add_typer(device_app, name="device")
app.add_typer(catalog_app, name="catalog")
app.add_typer(secret_app, name="secret")
app.command("backup")(backup)
app.command("restore")(restore)
app.command("simulate")(simulate)
app.command("demo")(demo)


def _tell_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"queue-service {__version__}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_tell_version, help="the release")
    ] = False,
) -> None:
    """Queue management and ticketing for halls."""


@app.command()
def serve(
    processes: Annotated[
        int | None, typer.Option(help="processes that serve side by side; none: as QUEUE_PROCESSES says")
    ] = None,
) -> None:
    """Serves the core until it is told to stop."""
    settings = terminal.settings(**({} if processes is None else {"processes": processes}))
    if settings.processes > 1 and settings.database_url is None:
        terminal.fail("start.processes_want_postgres", processes=settings.processes)
    logging.configure(settings.log_level)
    sys.excepthook = logging.tell_uncaught
    with (
        terminal.failures_told(),
        _journal_failures_as_database_failures(),
        server.listening(settings) as listeners,
    ):
        asyncio.run(require_current(settings))
        if settings.processes == 1:
            _serve_here(settings, listeners)
        else:
            _serve_side_by_side(settings, listeners)


def _serve_side_by_side(settings: Settings, listeners: list[socket.socket]) -> None:
    """Goes on in each of the processes; the supervisor stays in `split` and leaves the command there.

    The very first process takes over what already listens, so that nobody else can come to listen on this port.
    """
    places = [(listener.family, listener.getsockname()) for listener in listeners]
    server.share(listeners)
    process = split(
        settings.processes,
        stop_s_max=server.stop_s_max(settings),
        silent_s_max=settings.process_silent_s_max,
        let_go=lambda: server.let_go(listeners),
    )
    with (
        server.bound([] if process.is_first else places, is_shared=True) as shared,
        server.bound(server.own_places(settings, process.number)) as own,
    ):
        _serve_here(settings, [*(listeners if process.is_first else shared), *own], process)


def _serve_here(settings: Settings, listeners: list[socket.socket], process: Process | None = None) -> None:
    server.allow_open_files(settings)
    sockets = Sockets(settings)
    server.run(create_app(settings, sockets), settings, sockets, listeners, process)


@app.command("migrate")
def migrate_databases(
    to_release: Annotated[str | None, typer.Option(help="go to a former release's; stop the service first")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask before data is dropped")] = False,
) -> None:
    """Brings the databases to this release."""
    settings = terminal.settings()
    with terminal.failures_told():
        if to_release is None:
            asyncio.run(migrate(settings))
        else:
            _migrate_to(settings, to_release, is_agreed=yes)


def _migrate_to(settings: Settings, release: str, *, is_agreed: bool) -> None:
    known = releases()
    if release not in known:
        terminal.fail("migrate.release_unknown", release=release, known=", ".join(known))
    lost = asyncio.run(losses(settings, known[release]))
    for loss in lost:
        key = "migrate.loses_table" if loss.column is None else "migrate.loses_column"
        terminal.say(key, table=loss.table, column=loss.column, rows=loss.rows)
    if lost and not is_agreed:
        typer.confirm(locales.text(terminal.language(), "migrate.confirm", release=release), abort=True, err=True)
    asyncio.run(migrate(settings, known[release]))
    terminal.say("migrate.done", release=release)


@app.command()
def openapi(output: Annotated[Path | None, typer.Option(help="file to write; none: standard output")] = None) -> None:
    """Writes the OpenAPI document of this release."""
    settings = Settings()
    told = json.dumps(create_app(settings, Sockets(settings)).openapi(), ensure_ascii=False, indent=2) + "\n"
    if output is None:
        sys.stdout.write(told)
    else:
        output.write_text(told, encoding="utf-8")


@contextmanager
def _journal_failures_as_database_failures() -> Iterator[None]:
    """What keeps the journal from opening is its database's failure, or that another process has it."""
    try:
        yield
    except JournalUnavailable as error:
        raise error.__cause__ or error from error
