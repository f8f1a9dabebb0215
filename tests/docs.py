"""What the documents say of the code, made from the code: `make docs` writes it, a test compares it."""

import re
from pathlib import Path
from typing import Any

from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

import display_client.settings
import kiosk_client.settings
import queue_service.settings

DOCUMENT = Path(__file__).parent.parent / "docs" / "settings.md"
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


def _default(value: Any) -> str:
    if value is None or value is PydanticUndefined or value == "":
        return "none"
    return f"`{', '.join(value) if isinstance(value, list) and value else value}`"


if __name__ == "__main__":
    DOCUMENT.write_text(settings(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
