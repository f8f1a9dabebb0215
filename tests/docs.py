"""What the documents say of the code, made from the code: `make docs` writes it, a test compares it."""

import json
import re
from dataclasses import fields
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

import display_client.settings
import kiosk_client.settings
import queue_service.settings
from tests.bench.rows import Bound, Figure, Row

DOCUMENT = Path(__file__).parent.parent / "docs" / "settings.md"
BENCH = DOCUMENT.parent / "bench" / "README.md"
BENCH_RUN = BENCH.with_name("bench.json")
"""What `make bench` wrote in the run that is kept."""
KEPT = {None: "", True: "yes", False: "**no**"}
SETTINGS: dict[str, type[BaseSettings]] = {
    queue_service.settings.PREFIX: queue_service.settings.Settings,
    kiosk_client.settings.PREFIX: kiosk_client.settings.Settings,
    display_client.settings.PREFIX: display_client.settings.Settings,
}


def settings_table(prefix: str) -> str:
    """Every setting of one process with its default and what it means, unit included."""
    rows = ["| variable | default | meaning |", "|---|---|---|"]
    for name, field in SETTINGS[prefix].model_fields.items():
        rows.append(f"| `{prefix}{name.upper()}` | {_default(field.default)} | {field.description} |")
    return "\n".join(rows) + "\n"


def settings(text: str) -> str:
    """The document of the settings with its tables as the code has them."""
    for prefix in SETTINGS:
        section = re.compile(rf"(<!-- settings {prefix} -->\n).*?(<!-- /settings -->)", re.DOTALL)
        assert section.search(text), f"the document has a place for the settings {prefix}…"
        table = settings_table(prefix)
        text = section.sub(lambda found, table=table: found[1] + "\n" + table + "\n" + found[2], text)
    return text


def bench_rows(told: dict[str, Any]) -> list[tuple[str, Row]]:
    """The rows of a run, each with the part of the bench that measured it."""
    return [(row["part"], Row(name=row["name"], setup=row["setup"], figures=_figures(row))) for row in told["rows"]]


def bench_table(told: dict[str, Any]) -> str:
    """What `make bench` wrote: the machine, then each promise and what was measured of it, by part."""
    lines = [", ".join(f"{name.replace('_', ' ')} {value}" for name, value in told["machine"].items()) + "."]
    for part, rows in groupby(bench_rows(told), itemgetter(0)):
        lines += ["", f"### {part}"]
        for _, row in rows:
            lines += ["", f"**{row.name}**. {row.setup[0].upper()}{row.setup[1:]}.", ""]
            lines += ["| median (least – most) | promised | kept |", "|---|---|---|"]
            lines += [f"| {line.measured} | {line.promised} | {KEPT[line.is_kept]} |" for line in row.lines()]
    return "\n".join(lines) + "\n"


def bench(text: str) -> str:
    """The document of the bench with the table of the run that is kept beside it."""
    section = re.compile(r"(<!-- bench -->\n).*?(<!-- /bench -->)", re.DOTALL)
    assert section.search(text), "the document has a place for the table"
    table = bench_table(json.loads(BENCH_RUN.read_text(encoding="utf-8")))
    return section.sub(lambda found: found[1] + "\n" + table + "\n" + found[2], text)


def _figures(row: dict[str, Any]) -> tuple[Figure, ...]:
    """What the file tells beside, the median and the verdict, follows from these."""
    names = {field.name for field in fields(Figure)}
    kept = ({name: value for name, value in figure.items() if name in names} for figure in row["figures"])
    return tuple(
        Figure(**{**figure, "values": tuple(figure["values"]), "bound": Bound(figure["bound"])}) for figure in kept
    )


def _default(value: Any) -> str:
    if value is None or value is PydanticUndefined or value == "":
        return "none"
    return f"`{', '.join(value) if isinstance(value, list) and value else value}`"


if __name__ == "__main__":
    DOCUMENT.write_text(settings(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
    if BENCH_RUN.exists():  # none is kept before the first
        BENCH.write_text(bench(BENCH.read_text(encoding="utf-8")), encoding="utf-8")
