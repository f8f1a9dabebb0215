"""ESC/POS without input or output: a document as bytes, questions to the printer, and what its answers say.

Names of commands are those of the manuals. A job is safe after one that broke off: it begins with as many NULs as the
longest command has bytes, so that a printer which still waits for the rest of a picture takes those for white dots, and
one which does not ignores them. No data holds the bytes of a real-time command, which a printer obeys wherever it sees
them, so also inside a picture.
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple, assert_never

import segno

from kiosk_client.printing.ticket import Block, Document, Gap, Label, Line, Qr, Rule, Size
from kiosk_client.printing.wording import broken, encoded, sayable

INITIALISE: Final = b"\x1b@"
CHINESE_ON: Final = b"\x1c&"
CENTRED: Final = b"\x1ba\x01"
LINE_SPACING: Final = b"\x1b3"
BOLD: Final = b"\x1bE"
FONT: Final = b"\x1bM"
FEED_DOTS: Final = b"\x1bJ"
SIZE: Final = b"\x1d!"
SIZE_CHINESE: Final = b"\x1c!"
RASTER: Final = b"\x1dv0\x00"
QR: Final = b"\x1d(k"
FEED_AND_CUT: Final = b"\x1dV\x42"
LINE_FEED: Final = b"\n"

ASK_PRINTER: Final = b"\x10\x04\x01"
ASK_CAUSE: Final = b"\x10\x04\x02"
ASK_PAPER: Final = b"\x10\x04\x04"
ASK_WHEN_DONE: Final = b"\x1dr\x01"
"""Answered in turn: when all before it has been carried out."""
FORGET: Final = b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"
"""Clears at once what has been received and not printed: a new roll must not bring the rest of an old ticket."""

COLUMN_DOTS: Final = 12
COLUMN_DOTS_SMALL: Final = 9
CHINESE_DOTS: Final = 24
LINE_DOTS: Final = 30
LABEL_SCALE_MAX: Final = 8
BAND_ROWS: Final = 24
"""Of a picture in one command: a printer keeps few."""
QR_SHARE: Final = 0.46
"""Of the paper's width."""
QR_MODULE_DOTS_MIN: Final = 3
QR_MODULE_DOTS_MAX: Final = 8
QR_QUIET_MODULES: Final = 4
QR_LEVEL: Final = "M"

_FEED_DOTS_MAX: Final = 255
_REAL_TIME: Final = re.compile(rb"\x10(?=[\x04\x05\x14])")


class Paper(StrEnum):
    """Width of the roll in millimetres."""

    MM80 = "80"
    MM58 = "58"

    @property
    def dots(self) -> int:
        """Printable dots across, at 203 dpi."""
        return 576 if self is Paper.MM80 else 384


class Mode(StrEnum):
    """How much the printer draws itself."""

    TEXT = "text"
    """Characters and the code are its own."""
    MIXED = "mixed"
    """Characters are its own, the code comes as a picture: it has Chinese, but no QR."""
    RASTER = "raster"
    """All comes as one picture: it has no Chinese."""


class Fault(StrEnum):
    """What keeps a printer from printing; NEAR_END alone does not."""

    PAPER_OUT = "paper_out"
    NEAR_END = "near_end"
    COVER = "cover"
    OFFLINE = "offline"
    FAILED = "failed"


class Bitmap(NamedTuple):
    """A picture of black dots: rows of `row_bytes`, the leftmost dot in the highest bit."""

    row_bytes: int
    rows: bytes

    @property
    def height(self) -> int:
        """In dots."""
        return len(self.rows) // self.row_bytes


def text_job(document: Document, paper: Paper, mode: Mode) -> bytes:
    """The whole job for a printer with Chinese characters."""
    assert mode is not Mode.RASTER
    parts = [INITIALISE, CHINESE_ON, CENTRED, LINE_SPACING + bytes([LINE_DOTS])]
    for block in document:
        parts += _commands(block, paper, mode)
    return _finished(parts)


def raster_job(bitmap: Bitmap) -> bytes:
    """The whole job for a printer that gets a picture."""
    return _finished([INITIALISE, CENTRED, *_bands(bitmap)])


@lru_cache(maxsize=8)
def qr_modules(url: str) -> tuple[tuple[bool, ...], ...]:
    """The code of a link without its quiet zone, row by row; True is black."""
    code = segno.make_qr(url, error=QR_LEVEL, boost_error=False)
    return tuple(tuple(bool(module) for module in row) for row in code.matrix)


def qr_module_dots(modules: int, paper: Paper) -> int:
    """Size of one of so many modules across, to be read from paper and to fit on it."""
    wanted = min(max(round(paper.dots * QR_SHARE / modules), QR_MODULE_DOTS_MIN), QR_MODULE_DOTS_MAX)
    return min(wanted, paper.dots // (modules + 2 * QR_QUIET_MODULES))


def label_scale(label: str, paper: Paper) -> int:
    """How many times a character's size a label is printed."""
    return max(1, min(LABEL_SCALE_MAX, (paper.dots - COLUMN_DOTS) // (COLUMN_DOTS * len(label))))


def is_real_time_answer(byte: int) -> bool:
    """Whether a byte has the fixed bits of an answer to `DLE EOT`."""
    return byte & 0b1001_0011 == 0b0001_0010


def is_done_answer(byte: int) -> bool:
    """Whether a byte has the fixed bits of an answer to `GS r 1`."""
    return byte & 0b1001_0000 == 0


def fault(printer: int, cause: int, paper: int) -> Fault | None:
    """What the answers to the three questions say, the gravest first.

    An open cover also lifts the paper off its sensor, and either takes the printer off line: the cause goes before
    what follows from it.
    """
    if cause & 0b0000_0100:
        return Fault.COVER
    if paper & 0b0110_0000 or cause & 0b0010_0000:
        return Fault.PAPER_OUT
    if cause & 0b0100_0000:
        return Fault.FAILED
    if printer & 0b0000_1000:
        return Fault.OFFLINE
    return Fault.NEAR_END if paper & 0b0000_1100 else None


def _finished(parts: list[bytes]) -> bytes:
    parts.append(FEED_AND_CUT + b"\x00")
    return bytes(max(map(len, parts))) + b"".join(parts)


def _commands(block: Block, paper: Paper, mode: Mode) -> Iterator[bytes]:
    match block:
        case Label(text):
            scale = label_scale(text, paper)
            yield from (BOLD + b"\x01", SIZE + bytes([(scale - 1) << 4 | scale - 1]))
            yield from (text.encode("ascii") + LINE_FEED, SIZE + b"\x00", BOLD + b"\x00")
        case Line():
            yield from _line(block, paper)
        case Rule():
            yield encoded("─" * (paper.dots // CHINESE_DOTS)) + LINE_FEED
        case Gap(dots):
            yield FEED_DOTS + bytes([min(dots, _FEED_DOTS_MAX)])
        case Qr(url):
            modules = qr_modules(url)
            dots = qr_module_dots(len(modules), paper)
            if mode is Mode.TEXT:
                yield from _native_qr(url, dots)
            else:
                yield from _bands(_qr_bitmap(modules, dots))
        case _:
            assert_never(block)


def _line(line: Line, paper: Paper) -> Iterator[bytes]:
    wide, high = _scales(line.size)
    is_chinese = line.language.startswith("zh")
    is_small = line.size is Size.SMALL and not is_chinese  # small digits among Chinese, which has one size, look lost
    column_dots = COLUMN_DOTS_SMALL if is_small else COLUMN_DOTS

    def width(text: str) -> float:
        return wide * sum(column_dots if char.isascii() else CHINESE_DOTS for char in text)

    yield FONT + bytes([is_small])
    yield BOLD + bytes([line.is_strong])
    yield SIZE + bytes([(wide - 1) << 4 | high - 1])
    yield SIZE_CHINESE + bytes([(wide - 1) << 2 | (high - 1) << 3])
    for row in broken(sayable(line.text, is_chinese=is_chinese), paper.dots, width):
        yield encoded(row) + LINE_FEED
    yield from (FONT + b"\x00", BOLD + b"\x00", SIZE + b"\x00", SIZE_CHINESE + b"\x00")


def _scales(size: Size) -> tuple[int, int]:
    """Wide and high."""
    match size:
        case Size.SMALL | Size.BODY:
            return 1, 1
        case Size.TALL:
            return 1, 2
        case Size.LARGE:
            return 2, 2
        case _:
            assert_never(size)


def _native_qr(url: str, dots: int) -> Iterator[bytes]:
    data = url.encode("ascii")
    yield QR + b"\x04\x00\x31\x41\x32\x00"  # model 2
    yield QR + b"\x03\x00\x31\x43" + bytes([dots])
    yield QR + b"\x03\x00\x31\x45\x31"  # level M
    yield QR + (len(data) + 3).to_bytes(2, "little") + b"\x31\x50\x30" + data
    yield QR + b"\x03\x00\x31\x51\x30"
    yield LINE_FEED


def _qr_bitmap(modules: tuple[tuple[bool, ...], ...], dots: int) -> Bitmap:
    across = len(modules) * dots
    row_bytes = -(-across // 8)
    rows = []
    for row in modules:
        bits = int("".join(("1" if module else "0") * dots for module in row).ljust(row_bytes * 8, "0"), 2)
        rows.append(bits.to_bytes(row_bytes, "big") * dots)
    return Bitmap(row_bytes, b"".join(rows))


def _bands(bitmap: Bitmap) -> Iterator[bytes]:
    band_bytes = bitmap.row_bytes * BAND_ROWS
    # One dot more is not seen; a real-time command inside a picture would be obeyed.
    calm = _REAL_TIME.sub(b"\x18", bitmap.rows)
    for start in range(0, len(calm), band_bytes):
        band = calm[start : start + band_bytes]
        height = len(band) // bitmap.row_bytes
        yield RASTER + bitmap.row_bytes.to_bytes(2, "little") + height.to_bytes(2, "little") + band
