"""The documents are true."""

import re
from pathlib import Path

import pytest

from tests.docs import DOCUMENT, SETTINGS, bench_table, settings

HERE = Path(__file__).parent.parent
ROOMS_COLUMN = "  identity  catalog         "
"""So wide is the column of the house's rooms in the README."""
DOCUMENTS = sorted(
    path.relative_to(HERE).as_posix()
    for folder in (HERE.glob("*.md"), (HERE / "docs").rglob("*.md"), (HERE / "deploy").rglob("*.md"))
    for path in folder
)


def test_every_setting_stands_in_its_document() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert settings(text) == text, "run `make docs`"
    for prefix, ours in SETTINGS.items():
        for name, field in ours.model_fields.items():
            assert f"`{prefix}{name.upper()}`" in text
            assert field.description, name


def test_the_document_of_the_bench_tells_its_run_by_part() -> None:
    figure = {"name": "p99", "unit": "ms", "values": [20, 40, 30], "bound": "≤", "limit": 25.0, "median": 30}
    row = {"part": "http", "name": "issue", "setup": "over HTTP", "figures": [figure | {"is_kept": False}]}
    table = bench_table({"machine": {"processor": "some", "served_on": 0}, "rows": [row]})
    head, part, what, *_, line = filter(None, table.split("\n"))
    assert (head, part, what) == ("processor some, served on 0.", "### http", "**issue**. Over HTTP.")
    assert line == "| p99 30 ms (20 – 40) | ≤ 25 ms | **no** |"


def test_every_file_that_the_documents_name_is_there() -> None:
    for document in DOCUMENTS:
        for path in re.findall(r"`([a-z_]+/[a-z_/]*(?:\.py|\.json)?)`", (HERE / document).read_text("utf-8")):
            places = (HERE / path, HERE / "queue_service" / path)
            assert path.startswith(("var/", "dist/")) or any(place.exists() for place in places), (document, path)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_and_picture_of_a_document_leads_somewhere(document: str) -> None:
    text = (HERE / document).read_text("utf-8")
    for target in re.findall(r'\]\(([^)\s]+)\)|src="([^"]+)"', text):
        path, _, anchor = "".join(target).partition("#")
        if "://" in path or path.startswith("mailto:"):
            continue
        place = (HERE / document).parent / path if path else HERE / document
        assert place.exists(), path
        if anchor:
            assert anchor in _anchors(place.read_text("utf-8")), f"{path}#{anchor}"


def test_the_house_of_the_readme_is_the_one_that_imports_are_held_to() -> None:
    told = re.search(r"```\nqueue_service/\n(.*?)kiosk_client/", (HERE / "README.md").read_text("utf-8"), re.DOTALL)
    layers = re.search(r"^layers = \[(.*?)\]", (HERE / "pyproject.toml").read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert told is not None and layers is not None
    rooms = {name for line in told[1].splitlines() for name in re.findall(r"\w+", line[: len(ROOMS_COLUMN)])}
    assert rooms == set(re.findall(r'"(\w+)"', layers[1]))


def test_make_has_the_promised_targets() -> None:
    targets = re.findall(r"^([a-z]+):", (HERE / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert {"install", "demo", "test", "bench", "packages", "docs", "lock"} <= set(targets)


def _anchors(text: str) -> set[str]:
    """The headings as links name them: lower case, dashes for spaces, nothing but letters, digits and dashes."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
