"""Texts made fit for a printer: nothing that it could take for a command, and lines as wide as the paper.

Chinese printers keep their characters by GB18030: one byte is half a column wide, two or four bytes a whole one.
"""

import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final

CHARS_MAX: Final = 120
"""Of one text; a name longer than this is a mistake, and paper is not endless."""
UNKNOWN: Final = "〓"
"""Printed for a character that the printer has not got; printers' own sign for it."""
_NARROW: Final = str.maketrans(
    {"–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "·": "-", "…": "...", "×": "x"}
)
"""Signs that GB18030 makes as wide as a Chinese character, for lines without one."""
_NEVER_FIRST: Final = frozenset("，。、；：！？）》」』”’…·,.;:!?)-–")
PHRASE_GAP: Final = "  "
_SHARES: Final = (0.55, 0.65, 0.75, 0.85, 0.95)
_BYTES_COMMON: Final = 2
"""Every printer with Chinese characters has those of one or two bytes."""


def printable(text: str) -> str:
    """The text without controls, invisible marks and unassigned characters, in composed form, on one line."""
    spaced = "".join(" " if char in "\t\n\r\v\f" else char for char in unicodedata.normalize("NFC", text[:CHARS_MAX]))
    plain = (" " if unicodedata.category(char)[0] == "Z" else char for char in spaced)
    return "".join(char for char in plain if unicodedata.category(char)[0] != "C").strip()


@lru_cache(maxsize=1024)
def sayable(text: str, *, is_chinese: bool) -> str:
    """The printable text in characters that a GB18030 printer has."""
    text = text.replace(" · ", "·").replace("–", "-") if is_chinese else text.translate(_NARROW)
    return "".join(_sayable_char(char) for char in printable(text))


def encoded(text: str) -> bytes:
    """A sayable text as the printer gets it."""
    assert all(char.isprintable() for char in text), text
    return text.encode("gb18030")


def broken(text: str, width_max: float, width: Callable[[str], float]) -> list[str]:
    """The text in as few lines of at most `width_max` as it needs, and those of about one length.

    Broken first between phrases (two spaces), then between words and between Chinese characters. No line starts with
    a sign that ends a phrase; a word wider than the paper is broken anywhere.
    """
    rows: list[str] = []
    for phrase in text.split(PHRASE_GAP):
        if rows and width(rows[-1] + PHRASE_GAP + phrase) <= width_max:
            rows[-1] += PHRASE_GAP + phrase
        else:
            rows.append(phrase)
    return [line for row in rows for line in _balanced(row, width_max, width)]


def _balanced(text: str, width_max: float, width: Callable[[str], float]) -> list[str]:
    full = list(_filled(text, width_max, width))
    for share in _SHARES:
        even = list(_filled(text, width_max * share, width))
        if len(even) == len(full):
            return even
    return full


def _filled(text: str, width_max: float, width: Callable[[str], float]) -> Iterator[str]:
    """Each line as full as it gets."""
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
