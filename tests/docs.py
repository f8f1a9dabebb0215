"""What the documents say of the code, made from the code: `make docs` writes it, a test compares it."""

import re
from pathlib import Path

from queue_service.settings import Settings

README = Path(__file__).parent.parent / "README.md"
SECTION = re.compile(r"(<!-- settings -->\n).*?(<!-- /settings -->)", re.DOTALL)


def settings_table() -> str:
    """Every setting with its default and what it means, unit included."""
    rows = ["| variable | default | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = "none" if field.default is None else f"`{field.default}`"
        rows.append(f"| `QUEUE_{name.upper()}` | {default} | {field.description} |")
    return "\n".join(rows) + "\n"


def readme(text: str) -> str:
    """The README with its table of settings as the code has it."""
    assert SECTION.search(text), "the README has a place for the settings"
    return SECTION.sub(lambda found: found[1] + "\n" + settings_table() + "\n" + found[2], text)


if __name__ == "__main__":
    README.write_text(readme(README.read_text(encoding="utf-8")), encoding="utf-8")
