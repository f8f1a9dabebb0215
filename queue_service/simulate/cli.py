"""`queue-service simulate`: a recorded day through the hall's rules, its figures beside the log's own.

For people it prints tables, and a progress bar on a terminal; for programs `--json` prints one object, in the shape of
`RecordedSummary` with the file's name as `file`. Exit status: 0 all held, 1 an invariant was broken, 2 the log, the day
or the catalogue cannot be used.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from queue_service.catalog import files
from queue_service.hall.terms import Policy
from queue_service.simulate.log import Row, UnreadableLine, day_of, read
from queue_service.simulate.measures import Spread
from queue_service.simulate.play import play
from queue_service.simulate.recorded import RecordedSummary, recorded_day, summarise_recorded
from queue_service.simulate.summary import Summary
from queue_service.wire import locales
from queue_service.wire.clock import system_clock

EXIT_VIOLATED = 1
EXIT_UNUSABLE = 2
DAYS_TOLD_MAX = 31
CATALOG_BYTES_MAX = 4 * 1024 * 1024

_TECHNION = (
    'The "Anonymous Bank" data of 1999 were made public by the Technion, Israel Institute of Technology: thanks.'
)


def simulate(
    log: Annotated[Path, typer.Argument(help="the recorded log, a CSV file", exists=True, dir_okay=False)],
    day: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="the day to play")],
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object for programs")] = False,
    catalog: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="a catalogue file whose house rules (policy) apply"),
    ] = None,
) -> None:
    """Plays a recorded day through the hall's rules and checks every invariant at every step.

    The log has the columns service, priority, arrival, start, end, outcome, server and queued; the Anonymous Bank
    data of the Technion are such logs.
    """
    rows = _rows(log, day.date())
    recorded = recorded_day(rows, day.date(), _policy(catalog))
    with _progress(len(rows)) as arrived:
        played = play(recorded.terms, recorded.on, recorded.visitors, recorded.tellers, arrived)
    summary = summarise_recorded(recorded, played)
    if as_json:
        typer.echo(json.dumps({"file": log.name, **asdict(summary)}, default=date.isoformat, indent=2))
    else:
        _print(summary, log.name)
    if summary.simulated.invariants.violations:
        raise typer.Exit(EXIT_VIOLATED)


def _rows(log: Path, on: date) -> list[Row]:
    try:
        rows = read(log)
    except UnreadableLine as error:
        reason = locales.text(locales.LANGUAGE_COMMON, f"log.fault.{error.fault}", **error.params)
        _fail(f"{log.name}, line {error.line}: {reason}")
    of_day = [row for row in rows if day_of(row) == on]
    if not any(row.server is not None for row in of_day):
        days = sorted({day_of(row).isoformat() for row in rows if row.server is not None})
        told = ", ".join(days[:DAYS_TOLD_MAX]) + (", …" if len(days) > DAYS_TOLD_MAX else "")
        _fail(f"{log.name} has nobody who was served on {on}. Days: {told or 'none'}")
    return of_day


def _policy(catalog: Path | None) -> Policy:
    if catalog is None:
        return Policy()
    with catalog.open("rb") as file:
        content = file.read(CATALOG_BYTES_MAX + 1)
    if len(content) > CATALOG_BYTES_MAX:
        _fail(f"{catalog.name} is larger than {CATALOG_BYTES_MAX} bytes")
    reading = files.read(content, system_clock())
    if reading.terms is None:
        faults = (
            f"{catalog.name}, line {fault.line}: {files.wrong(fault, locales.LANGUAGE_COMMON)}"
            for fault in reading.faults
        )
        _fail("\n".join(faults))
    return reading.terms.policy


def _fail(text: str) -> NoReturn:
    typer.echo(text, err=True)
    raise typer.Exit(EXIT_UNUSABLE)


@contextmanager
def _progress(visitors: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on a terminal, and nothing elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("visitors", total=visitors)
        yield lambda count: progress.update(task, completed=count)


def _print(summary: RecordedSummary, name: str) -> None:
    console = Console(highlight=False, markup=False, soft_wrap=True)
    for line in _lines(summary, name):
        console.print(line)
    console.print(_waits(summary))
    console.print(_windows(summary.simulated))
    if "anonymous_bank" in name.lower():
        console.print(_TECHNION)


def _lines(summary: RecordedSummary, name: str) -> Iterator[str]:
    played, log, invariants = summary.simulated, summary.log, summary.simulated.invariants
    yield f"{name}, {played.day}: {played.visitors} visitors, {len(played.windows)} windows"
    yield f"served {played.served} (log {log.served}), left before they were called {played.left} (log {log.left})"
    yield f"  {summary.left_in_log_but_called} of those who left in the log were called before they would have left;"
    yield "  they were served for the median time of their service"
    if played.unserved or played.unfinished:
        yield f"not served by the day's end {played.unserved}, not finished {played.unfinished}"
    for code, count in played.refused.items():
        yield f"got no number: {count} ({code})"
    yield f"utilisation {played.utilisation:.1%} (log {log.utilisation:.1%})"
    overtaken = f"{played.overtaken_max} later comers called before one visitor"
    yield f"longest overtaking: {overtaken} (the house allows {played.overtaken_limit})"
    yield f"invariants: {invariants.checks} checks over {played.entries} entries, {invariants.violations} violations"
    for violation in invariants.first:
        yield f"  {violation}"
    if summary.oddities:
        yield "oddities of the log:"
    for oddity, count in summary.oddities.items():
        yield f"  {count} x {locales.text(locales.LANGUAGE_COMMON, f'log.oddity.{oddity}')}"
    yield "Here a window calls as soon as it is idle; the servers of a log also did what the log does not tell, so that"
    yield "its own waits are longer at about the same utilisation."


def _waits(summary: RecordedSummary) -> Table:
    ours, theirs = summary.simulated.waits, summary.log.waits
    figures = ("p50", "p90", "max")
    table = Table("waits, min:s", "called", *figures, *(f"log\n{figure}" for figure in ("served", *figures)))
    for column in table.columns[1:]:
        column.justify = "right"
    table.add_row("all", *_cells(ours.all), *_cells(theirs.all))
    groups = (("service", ours.services, theirs.services), ("class", ours.classes, theirs.classes))
    for sort, our_groups, their_groups in groups:
        table.add_section()
        for key in sorted(our_groups.keys() | their_groups.keys()):
            table.add_row(f"{sort} {key}", *_cells(our_groups.get(key)), *_cells(their_groups.get(key)))
    return table


def _windows(summary: Summary) -> Table:
    table = Table("window", "server", "served", "open, h:min", "busy", "utilisation")
    for column in table.columns[2:]:
        column.justify = "right"
    for window in summary.windows:
        times = (_sexagesimal(window.open_s / 60), _sexagesimal(window.busy_s / 60), f"{window.utilisation:.0%}")
        table.add_row(str(window.window), window.teller, str(window.served), *times)
    return table


def _cells(spread: Spread | None) -> tuple[str, ...]:
    if spread is None or spread.p50_s is None or spread.p90_s is None or spread.max_s is None:
        return ("0", "–", "–", "–")
    return (str(spread.count), *(_sexagesimal(wait_s) for wait_s in (spread.p50_s, spread.p90_s, spread.max_s)))


def _sexagesimal(sixtieths: float) -> str:
    """Seconds as minutes:seconds, minutes as hours:minutes."""
    whole, rest = divmod(round(sixtieths), 60)
    return f"{whole}:{rest:02d}"
