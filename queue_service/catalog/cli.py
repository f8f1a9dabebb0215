"""`queue-service catalog …`: check, import and export what branches offer."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn, TypeVar

import typer

from queue_service.catalog import files, rules
from queue_service.catalog.nodes import BYTES_MAX
from queue_service.catalog.service import Catalog, CatalogRefusal
from queue_service.catalog.shapes import VERSION_UNSAID, Fault
from queue_service.hall.terms import Terms
from queue_service.infra import terminal
from queue_service.infra.database import Database
from queue_service.infra.migrate import require_current
from queue_service.settings import Settings
from queue_service.wire import locales
from queue_service.wire.clock import system_clock

T = TypeVar("T")

PUBLISHED_BY = "queue-service catalog import"
STANDARD_INPUT = Path("-")
"""What is redirected to a command can be read by it, whoever may open the file."""

catalog_app = typer.Typer(help="What branches offer: services, windows, plans, hours.", no_args_is_help=True)

Files = Annotated[
    list[Path], typer.Argument(metavar="FILE...", help="catalogue files (YAML), one branch each; - for standard input")
]
Language = Annotated[
    str,
    typer.Option(help="of the messages, such as zh-CN or en; that of the terminal unless given", show_default=False),
]


Output = Annotated[Path | None, typer.Option(help="file to write; the terminal unless given")]
Force = Annotated[bool, typer.Option("--force", help="write over a file that is there")]


class Sample(StrEnum):
    """A sample hall that comes with the service."""

    BANK = "bank"
    TELECOM = "telecom"


@catalog_app.command("check")
def catalog_check(paths: Files, language: Language = "") -> None:
    """Tells every fault of catalogue files, where it is and how to cure it."""
    spoken = terminal.language(language)
    for path, terms in _read(paths, spoken, system_clock(), "catalog.fault_count"):
        if terms.version != VERSION_UNSAID:
            typer.echo(f"{path}  {locales.text(spoken, 'catalog.version_said', version=terms.version)}")


@catalog_app.command("import")
def catalog_import(paths: Files, language: Language = "") -> None:
    """Publishes catalogue files, all of them or, when one has a fault, none."""
    spoken, now = terminal.language(language), system_clock()
    read = _read(paths, spoken, now, "catalog.faults_unchanged")

    async def publish(catalog: Catalog) -> None:
        refused = False
        for path, terms in read:
            before = catalog.current(terms.branch_id)
            published = await catalog.publish(terms, PUBLISHED_BY, now)
            if isinstance(published, CatalogRefusal):
                refused = True
                typer.echo(f"{path}  {locales.text(spoken, f'refusal.{published}')}", err=True)
                continue
            is_news = before is None or published.version > before.version
            for place, code, params in rules.removals(before, published) if before is not None else ():
                _tell(path, Fault(line=1, column=1, place=place, code=code, params=params), spoken, is_warning=True)
            key = "catalog.published" if is_news else "catalog.unchanged"
            typer.echo(f"{path}  {locales.text(spoken, key, version=published.version)}")
        if refused:
            raise typer.Exit(1)

    _run(publish)


@catalog_app.command("sample")
def catalog_sample(
    name: Annotated[Sample, typer.Argument(help="of what hall")],
    output: Output = None,
    force: Force = False,
    language: Language = "",
) -> None:
    """Writes a sample branch as a file to start from: give it an id and names of your own."""
    _write(files.sample(name), output, force, terminal.language(language))


@catalog_app.command("export")
def catalog_export(
    branch: Annotated[str, typer.Argument(help="the branch's id")],
    output: Output = None,
    force: Force = False,
    language: Language = "",
) -> None:
    """Writes a branch's current catalogue as a file that can be edited and imported again."""
    spoken = terminal.language(language)

    async def export(catalog: Catalog) -> str:
        terms = catalog.current(branch)
        if terms is None:
            known = ", ".join(known.branch_id for known in catalog.branches()) or "–"
            _fail(locales.text(spoken, "refusal.catalog.branch_unknown", branches=known))
        return files.write(terms)

    _write(_run(export).encode(), output, force, spoken)


def _write(content: bytes, output: Path | None, is_forced: bool, language: str) -> None:
    if output is None:
        typer.echo(content, nl=False)
        return
    try:
        with output.open("wb" if is_forced else "xb") as file:
            file.write(content)
    except FileExistsError:
        _fail(locales.text(language, "catalog.file_exists", file=str(output)))
    except OSError as error:
        _fail(f"{output}: {error.strerror}")


def _read(paths: Sequence[Path], language: str, now: datetime, fault_count: str) -> list[tuple[Path, Terms]]:
    """The terms of good files; ends the command when any is bad."""
    good: list[tuple[Path, Terms]] = []
    count = 0
    for path in paths:
        reading = _reading(path, now)
        count += len(reading.faults)
        for fault in reading.faults:
            _tell(path, fault, language)
        if reading.terms is not None:
            typer.echo(f"{path}  {locales.text(language, 'catalog.good')}  {_summary(reading.terms, language)}")
            good.append((path, reading.terms))
        for warning in reading.warnings:
            _tell(path, warning, language, is_warning=True)
    if count:
        _fail(locales.text(language, fault_count, count=count))
    return good


def _reading(path: Path, now: datetime) -> files.Reading:
    try:
        if path == STANDARD_INPUT:
            content = sys.stdin.buffer.read(BYTES_MAX + 1)
        else:
            with path.open("rb") as file:
                content = file.read(BYTES_MAX + 1)
    except OSError:
        return files.Reading(faults=(Fault(line=1, column=1, place="", code="file_unreadable", params={}),))
    return files.read(content, now)


def _summary(terms: Terms, language: str) -> str:
    return locales.text(
        language,
        "catalog.summary",
        name=terms.name.get(language, terms.name[locales.LANGUAGE_FIRST]),
        branch=terms.branch_id,
        services=len(terms.services),
        windows=len(terms.windows),
        zones=len(terms.zones),
        plans=len(terms.plans),
        notices=len(terms.notices),
    )


def _tell(path: Path, fault: Fault, language: str, *, is_warning: bool = False) -> None:
    parts = [f"{path}:{fault.line}:{fault.column}", fault.place, files.wrong(fault, language)]
    if is_warning:
        parts.insert(1, locales.text(language, "catalog.warning"))
    typer.echo("  ".join(part for part in (*parts, files.cure(fault, language)) if part), err=True)


def _run(work: Callable[[Catalog], Awaitable[T]]) -> T:
    async def run() -> T:
        async with _catalog(terminal.settings()) as catalog:
            return await work(catalog)

    with terminal.failures_told():
        return asyncio.run(run())


@asynccontextmanager
async def _catalog(settings: Settings) -> AsyncIterator[Catalog]:
    await require_current(settings)
    database = await Database.open(settings)
    try:
        yield await Catalog.open(database)
    finally:
        await database.close()


def _fail(text: str) -> NoReturn:
    typer.echo(text, err=True)
    raise typer.Exit(1)
