"""`queue-service backup` and `restore`."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress as Bar
from rich.progress import SpinnerColumn, TextColumn

from queue_service.backup.archive import DamagedBackup, Manifest, NewerBackup, NoBackup, opened
from queue_service.backup.restoring import NotEmpty, Proof, prove
from queue_service.backup.restoring import restore as put_back
from queue_service.backup.taking import Progress, take
from queue_service.infra import terminal
from queue_service.wire.clock import system_clock


def backup(
    file: Annotated[Path, typer.Argument(help="the file to write; it must not be there", dir_okay=False)],
) -> None:
    """Writes all data of the service, which may go on, to one file, and proves it."""
    if file.exists():
        terminal.fail("backup.exists", file=str(file))
    with terminal.failures_told(), _faults_told(file):
        with _shown() as progress:
            asyncio.run(take(terminal.settings(), file, system_clock(), progress))
        _, proof = _prove(file)
        terminal.say("backup.secret")
    if proof.broken:
        raise typer.Exit(1)


def restore(
    file: Annotated[Path, typer.Argument(help="the backup", exists=True, dir_okay=False)],
    verify: Annotated[bool, typer.Option("--verify", help="only prove that it is whole and replays")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="what is there goes")] = False,
) -> None:
    """Puts a backup in place of the data, on SQLite or PostgreSQL, whichever it came from; stop the service first."""
    with terminal.failures_told(), _faults_told(file):
        manifest, proof = _prove(file)
        if verify:
            raise typer.Exit(1 if proof.broken else 0)
        with opened(file) as reader, _shown() as progress:
            asyncio.run(put_back(terminal.settings(), reader, progress, replaces=replace))
        terminal.say("restore.done", at=_told(manifest))


def _prove(file: Path) -> tuple[Manifest, Proof]:
    with opened(file) as reader, _shown() as progress:
        proof = prove(reader, progress)
    _tell(file, reader.manifest, proof)
    return reader.manifest, proof


def _tell(file: Path, manifest: Manifest, proof: Proof) -> None:
    terminal.say(
        "backup.proven",
        file=str(file),
        at=_told(manifest),
        release=manifest.release,
        days=proof.days,
        entries=proof.entries,
        rows=proof.rows,
    )
    for day in proof.broken:
        terminal.say("backup.broken_day", branch=day.branch_id, day=day.business_on.isoformat(), fault=day.fault)


def _told(manifest: Manifest) -> str:
    return f"{manifest.made_at:%Y-%m-%d %H:%M:%S} UTC"


@contextmanager
def _faults_told(file: Path) -> Iterator[None]:
    try:
        yield
    except NoBackup:
        terminal.fail("backup.no_backup", file=str(file))
    except DamagedBackup:
        terminal.fail("backup.damaged", file=str(file))
    except NewerBackup as error:
        terminal.fail("backup.newer", file=str(file), release=error.release)
    except NotEmpty:
        terminal.fail("restore.not_empty")


@contextmanager
def _shown() -> Iterator[Progress]:
    """The rows as they pass, on a terminal, and nothing elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _table, _rows: None
        return
    with Bar(SpinnerColumn(), TextColumn("{task.description}"), console=console, transient=True) as bar:
        task = bar.add_task("…")
        yield lambda table, rows: bar.update(task, description=f"{table} {rows:,}")
