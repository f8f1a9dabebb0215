"""Texts made fit for a printer: nothing that it could take for a command, measured and broken as it prints them.

Chinese printers keep their characters by GB18030: one byte is half a column wide, two or four bytes a whole one.
"""

import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final

CHARS_MAX: Final = 200
"""Of one text; a name longer than this is a mistake, and paper is not endless."""
UNKNOWN: Final = "〓"
"""Printed for a character that the printer has not got; printers' own sign for it."""
_NARROW: Final = str.maketrans(
    {"–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "·": "-", "…": "...", "×": "x"}
)
"""Signs that GB18030 makes as wide as a Chinese character, for lines without one."""
_NEVER_FIRST: Final = frozenset("，。、；：！？）》」』”’…·,.;:!?)-–")
_BYTES_COMMON: Final = 2
"""Every printer with Chinese characters has those of one or two bytes."""


def printable(text: str) -> str:
    """The text without controls, invisible marks and unassigned characters, in composed form, on one line."""
    spaced = "".join(" " if char.isspace() else char for char in unicodedata.normalize("NFC", text[:CHARS_MAX]))
    return "".join(char for char in spaced if unicodedata.category(char)[0] != "C").strip()


@lru_cache(maxsize=1024)
def sayable(text: str, *, is_chinese: bool) -> str:
    """The printable text in characters that a GB18030 printer has."""
    if not is_chinese:
        text = text.translate(_NARROW)
    return "".join(_sayable_char(char) for char in printable(text))


def columns(text: str) -> int:
    """Width of a sayable text in half-width columns."""
    return sum(1 if char.isascii() else 2 for char in text)


def encoded(text: str) -> bytes:
    """A sayable text as the printer gets it."""
    assert all(char.isprintable() for char in text), text
    return text.encode("gb18030")


def broken(text: str, width_max: float, width: Callable[[str], float]) -> Iterator[str]:
    """The text in lines of at most `width_max`: broken between words and between Chinese characters.

    No line starts with a sign that ends a phrase; a word wider than the paper is broken anywhere.
    """
    line = ""
    for piece in _pieces(text):
        if width((line + piece).rstrip()) <= width_max:
            line += piece
            continue
        if line.strip():
            yield line.rstrip()
        line = piece.lstrip()
        while width(line.rstrip()) > width_max and len(line) > 1:
            fitting = next(n for n in range(len(line) - 1, 0, -1) if n == 1 or width(line[:n]) <= width_max)
            yield line[:fitting]
            line = line[fitting:]
    if line.strip():
        yield line.rstrip()


def _pieces(text: str) -> Iterator[str]:
    """What stays together on a line: a word with the spaces after it, or a character with the signs that end it."""
    piece = ""
    for char in text:
        is_wide = unicodedata.east_asian_width(char) in "WF"
        ends = piece.endswith(" ") or (piece and (is_wide or unicodedata.east_asian_width(piece[-1]) in "WF"))
        if ends and char != " " and char not in _NEVER_FIRST:
            yield piece
            piece = ""
        piece += char
    if piece:
        yield piece


def _sayable_char(char: str) -> str:
    if len(char.encode("gb18030")) <= _BYTES_COMMON or unicodedata.name(char, "").startswith("CJK UNIFIED"):
        return char
    base = "".join(part for part in unicodedata.normalize("NFKD", char) if not unicodedata.combining(part))
    return base if base.isascii() and base.isprintable() and base else UNKNOWN
