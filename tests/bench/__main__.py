"""`make bench`: every promise of speed, measured as ratios in one run, as a table and as JSON beside it."""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC
from importlib import import_module
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from rich.console import Console
from rich.table import Table

from queue_service.wire.clock import system_clock
from tests.bench import machine
from tests.bench.rows import Row, Rows

PARTS = ("http", "sockets", "branches", "painted", "memory", "decisions", "days", "contention", "processes")
"""Modules of this package, each with `measure(repeats: int, *, is_quick: bool) -> Rows`."""
REPEATS = 3
FILE_COLUMNS = 150
"""Width of the table where it is not a terminal that shows it."""
OUTPUT = Path("var/bench/bench.json")
KEPT = {None: "", True: "yes", False: "NO"}


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
    rows: list[tuple[str, Row]] = []
    for part in asked.parts or PARTS:
        measure: Callable[..., Rows] = import_module(f"tests.bench.{part}").measure
        for row in measure(asked.repeats, is_quick=asked.quick):
            console.print(f"{row.name}: " + "; ".join(line.measured for line in row.lines()))
            rows.append((part, row))
    asked.output.parent.mkdir(parents=True, exist_ok=True)
    asked.output.write_text(
        json.dumps({"machine": told, "rows": [_row(*row) for row in rows]}, ensure_ascii=False, indent=2) + "\n",
        encoding="utf-8",
    )
    console.print(_table(rows))
    console.print(f"JSON: {asked.output}")
    return 0


def _row(part: str, row: Row) -> dict[str, object]:
    return {
        "part": part,
        **asdict(row),
        "figures": [{**asdict(figure), "median": figure.median, "is_kept": figure.is_kept} for figure in row.figures],
    }


def _table(rows: list[tuple[str, Row]]) -> Table:
    table = Table(title="Median (least – most)", title_justify="left")
    for heading in ("what", "measured", "promised", "kept"):
        table.add_column(heading)
    for part, of_part in groupby(rows, itemgetter(0)):
        table.add_row(f"[bold reverse] {part} ")
        for _, row in of_part:
            for index, line in enumerate(row.lines()):
                what = f"[bold]{row.name}[/bold]\n{row.setup}" if index == 0 else ""
                table.add_row(what, line.measured, line.promised, KEPT[line.is_kept])
            table.add_section()
    return table


if __name__ == "__main__":
    sys.exit(main())
