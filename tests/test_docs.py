"""The README is true."""

import re
from pathlib import Path

from tests.docs import README, SETTINGS, readme

HERE = Path(__file__).parent.parent


def test_every_setting_stands_in_the_readme() -> None:
    text = README.read_text(encoding="utf-8")
    assert readme(text) == text, "run `make docs`"
    for prefix, settings in SETTINGS.items():
        for name, field in settings.model_fields.items():
            assert f"`{prefix}{name.upper()}`" in text
            assert field.description, name


def test_every_file_that_the_documents_name_is_there() -> None:
    for document in ("README.md", "CONTRIBUTING.md"):
        for path in re.findall(r"`([a-z_]+/[a-z_/]*(?:\.py|\.json)?)`", (HERE / document).read_text("utf-8")):
            places = (HERE / path, HERE / "queue_service" / path)
            assert path.startswith("var/") or any(place.exists() for place in places), path


def test_make_has_the_promised_targets() -> None:
    targets = re.findall(r"^([a-z]+):", (HERE / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert {"install", "demo", "test", "check", "docs", "lock"} <= set(targets)
