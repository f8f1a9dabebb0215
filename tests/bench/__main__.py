"""`make bench`: every promise of speed, measured as ratios in one run, as a table and as JSON beside it."""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC
from importlib import import_module
from pathlib import Path

from rich.console import Console
from rich.table import Table

from queue_service.wire.clock import system_clock
from tests.bench import machine
from tests.bench.rows import Figure, Row

PARTS = ("http", "sockets", "branches", "painted", "memory", "decisions", "days", "contention", "processes")
"""Modules of this package, each with `measure(repeats: int, *, is_quick: bool) -> Rows`."""
REPEATS = 3
FILE_COLUMNS = 150
"""Width of the table where it is not a terminal that shows it."""
OUTPUT = Path("var/bench/bench.json")


def main() -> int:
    """The exit code: 0 when every part gave its rows, whatever they tell."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"only these, of: {', '.join(PARTS)}")
    parser.add_argument("--repeats", type=int, default=REPEATS, help="times that each figure is taken")
    parser.add_argument("--quick", action="store_true", help="small loads: shows that the bench runs, not how fast")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="JSON file to write")
    asked = parser.parse_args()
    if unknown := set(asked.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")

    console = Console(width=None if sys.stdout.isatty() else FILE_COLUMNS)
    told = {"at": system_clock().astimezone(UTC).isoformat(timespec="seconds"), **machine.described()}
    told |= {"repeats": asked.repeats, "quick": asked.quick}
    console.print(", ".join(f"{name} {value}" for name, value in told.items()))
    rows: list[Row] = []
    for part in asked.parts or PARTS:
        measure: Callable[..., list[Row]] = import_module(f"tests.bench.{part}").measure
        for row in measure(asked.repeats, is_quick=asked.quick):
            console.print(f"{row.name}: " + "; ".join(map(_told, row.figures)))
            rows.append(row)
    asked.output.parent.mkdir(parents=True, exist_ok=True)
    asked.output.write_text(
        json.dumps({"machine": told, "rows": [_row(row) for row in rows]}, ensure_ascii=False, indent=2) + "\n",
        encoding="utf-8",
    )
    console.print(_table(rows))
    console.print(f"JSON: {asked.output}")
    return 0


def _row(row: Row) -> dict[str, object]:
    return {
        **asdict(row),
        "figures": [{**asdict(figure), "median": figure.median, "is_kept": figure.is_kept} for figure in row.figures],
    }


def _table(rows: list[Row]) -> Table:
    table = Table(title="Median (least – most)", title_justify="left")
    for heading in ("what", "measured", "promised", "kept"):
        table.add_column(heading)
    for row in rows:
        for index, figure in enumerate(row.figures):
            promised = "" if figure.limit is None else f"{figure.bound} {figure.limit:g} {figure.unit}"
            table.add_row(
                f"[bold]{row.name}[/bold]\n{row.setup}" if index == 0 else "",
                _told(figure),
                promised,
                {None: "", True: "yes", False: "NO"}[figure.is_kept],
            )
        table.add_section()
    return table


def _told(figure: Figure) -> str:
    least, most = min(figure.values), max(figure.values)
    return f"{figure.name} {figure.median:.3g} {figure.unit} ({least:.3g} – {most:.3g})"


if __name__ == "__main__":
    sys.exit(main())
