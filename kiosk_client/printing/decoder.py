"""ESC/POS read back: the bytes of a job as the paper that a printer makes of them.

Strict: what it does not know is an error. Characters are drawn with an installed font, smoothly; a printer's own
are coarser but stand in the same cells.
"""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import segno
from PIL import Image, ImageDraw

from kiosk_client.printing import fonts
from kiosk_client.printing.escpos import CHINESE_DOTS, COLUMN_DOTS, COLUMN_DOTS_SMALL, Paper

INK: Final = 0
WHITE: Final = 255
TOP_DOTS: Final = 28
"""Between the cutter and the print head: white at the top of every piece."""
BOTTOM_DOTS: Final = 36
PIECE_DOTS_MAX: Final = 8000
"""A metre of paper without a cut is a fault of the job."""
STRIP_DOTS_MAX: Final = 260
"""So little paper between two cuts is no ticket."""
LINE_DOTS: Final = 30
ROW_BYTES_MAX: Final = 128
_SMALL_DOTS: Final = 17
_THRESHOLD: Final = 150
_LEVELS: Final = {0x30: "L", 0x31: "M", 0x32: "Q", 0x33: "H"}
_REAL_TIME: Final = re.compile(rb"\x10[\x04\x05\x14]")


class CommandUnknown(Exception):
    """Bytes that are no command of this printer, or one with a parameter out of range."""


class _Incomplete(Exception):
    """The rest of a command has not come yet."""


@dataclass(frozen=True, slots=True)
class TextRun:
    """Characters of one style on one line, as sent. Sizes are times the normal one."""

    text: str
    wide: int
    high: int
    is_bold: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Paper between two cuts."""

    picture: Image.Image
    runs: tuple[TextRun, ...]
    qr: tuple[str, ...]
    """What the codes say that the printer drew itself."""
    is_whole: bool
    """It came out in one conversation, without a break, and is no mere strip."""

    def png(self) -> bytes:
        """The picture as a file."""
        file = io.BytesIO()
        self.picture.convert("1", dither=Image.Dither.NONE).save(file, "PNG")
        return file.getvalue()


@dataclass(slots=True)
class _Style:
    is_chinese: bool = False
    is_bold: bool = False
    is_small: bool = False
    align: int = 0
    spacing: int = LINE_DOTS
    size: tuple[int, int] = (1, 1)
    size_chinese: tuple[int, int] = (1, 1)
    qr_dots: int = 3
    qr_level: str = "L"
    qr_data: bytes = b""


@dataclass(frozen=True, slots=True)
class _Glyph:
    char: str
    wide: int
    high: int
    is_bold: bool
    unit: tuple[int, int]

    @property
    def cell(self) -> tuple[int, int]:
        return self.unit[0] * self.wide, self.unit[1] * self.high


class Decoder:
    """A printer's working parts: takes bytes, makes pieces of paper."""

    def __init__(
        self, paper: Paper, font: Path, *, on_cut: Callable[[Piece], None], on_question: Callable[[], None]
    ) -> None:
        """`on_question`: all before a `GS r 1` has been carried out."""
        self._dots, self._font = paper.dots, font
        self._on_cut, self._on_question = on_cut, on_question
        self._buffer = b""
        self._at = 0
        self._style = _Style()
        self._line: list[_Glyph] = []
        self._strips: list[Image.Image] = []
        self._runs: list[TextRun] = []
        self._qr: list[str] = []
        self._conversations: set[int] = set()
        self._is_broken = False
        self._conversation = 0
        self._is_torn = False
        """It still waits for the rest of a command from a conversation that is over."""

    @property
    def is_amid_command(self) -> bool:
        """Whether it waits for the rest of a command."""
        return bool(self._buffer)

    @property
    def has_paper_out(self) -> bool:
        """Whether something printed has not been cut off."""
        return bool(self._strips)

    def begin(self) -> None:
        """What comes now is of another conversation."""
        self._conversation += 1
        self._is_torn = self.is_amid_command

    def feed(self, data: bytes) -> None:
        """Carries out all commands that are complete; raises CommandUnknown."""
        self._buffer += data
        self._at = 0
        done = 0
        try:
            while self._at < len(self._buffer):
                self._command_or_rest()
                done = self._at
        except _Incomplete:
            pass
        self._buffer = self._buffer[done:]

    def forget(self) -> None:
        """Loses what has been received and not printed; what hangs out stays, and is no whole ticket any more."""
        self._buffer, self._is_torn = b"", False
        self._style, self._line = _Style(), []
        self._is_broken = self.has_paper_out

    def _command_or_rest(self) -> None:
        try:
            self._command()
        except CommandUnknown:
            if not self._is_torn:
                raise
        self._is_torn = False

    def _command(self) -> None:
        first = self._take(1)[0]
        match first:
            case 0x00:
                return  # ignored, as printers do
            case 0x0A:
                self._end_line()
            case 0x1B:
                self._esc(self._take(1)[0])
            case 0x1C:
                self._fs(self._take(1)[0])
            case 0x1D:
                self._gs(self._take(1)[0])
            case _ if 0x20 <= first <= 0x7E:
                unit = (COLUMN_DOTS_SMALL, _SMALL_DOTS) if self._style.is_small else (COLUMN_DOTS, CHINESE_DOTS)
                self._line.append(_Glyph(chr(first), *self._style.size, self._style.is_bold, unit))
            case _ if 0x81 <= first <= 0xFE and self._style.is_chinese:
                char = self._chinese(first)
                unit = (CHINESE_DOTS, CHINESE_DOTS)
                self._line.append(_Glyph(char, *self._style.size_chinese, self._style.is_bold, unit))
            case _:
                raise CommandUnknown(f"byte {first:02x}")

    def _esc(self, name: int) -> None:
        match name:
            case 0x40:  # @
                self._style, self._line = _Style(), []
            case 0x61:  # a
                self._style.align = self._parameter("ESC a", range(3))
            case 0x33:  # 3
                self._style.spacing = self._take(1)[0]
            case 0x45:  # E
                self._style.is_bold = bool(self._parameter("ESC E", range(2)))
            case 0x4D:  # M
                self._style.is_small = bool(self._parameter("ESC M", range(2)))
            case 0x4A:  # J
                dots = self._take(1)[0]
                self._end_line(feeds=False)
                self._print(Image.new("L", (self._dots, dots), WHITE))
            case _:
                raise CommandUnknown(f"ESC {name:02x}")

    def _fs(self, name: int) -> None:
        match name:
            case 0x26:  # &
                self._style.is_chinese = True
            case 0x21:  # !
                size = self._take(1)[0]
                if size & ~0x0C:
                    raise CommandUnknown(f"FS ! {size:02x}")
                self._style.size_chinese = (1 + bool(size & 0x04), 1 + bool(size & 0x08))
            case _:
                raise CommandUnknown(f"FS {name:02x}")

    def _gs(self, name: int) -> None:
        match name:
            case 0x21:  # !
                size = self._take(1)[0]
                if size & 0x88:
                    raise CommandUnknown(f"GS ! {size:02x}")
                self._style.size = ((size >> 4) + 1, (size & 7) + 1)
            case 0x76:  # v
                self._raster()
            case 0x28:  # (
                self._function()
            case 0x56:  # V
                if self._take(1)[0] != 0x42:
                    raise CommandUnknown("GS V without feed")
                dots = self._take(1)[0]
                self._cut(dots)
            case 0x72:  # r
                self._parameter("GS r", range(1, 2))
                self._on_question()
            case _:
                raise CommandUnknown(f"GS {name:02x}")

    def _raster(self) -> None:
        if self._take(2) != b"\x30\x00":
            raise CommandUnknown("GS v of another kind")
        row_bytes, height = (int.from_bytes(self._take(2), "little") for _ in range(2))
        if not 1 <= row_bytes <= ROW_BYTES_MAX or not 1 <= height <= PIECE_DOTS_MAX or row_bytes * 8 > self._dots + 7:
            raise CommandUnknown(f"GS v 0 of {row_bytes} by {height}")
        rows = self._take(row_bytes * height)
        if _REAL_TIME.search(rows):
            raise CommandUnknown("a real-time command inside a picture")
        ink = Image.frombytes("1", (row_bytes * 8, height), rows)
        self._end_line(feeds=False)
        self._print(self._aligned(ink.point(lambda dot: INK if dot else WHITE, "L")))

    def _function(self) -> None:
        if self._take(1) != b"k":
            raise CommandUnknown("GS ( of another kind")
        length = int.from_bytes(self._take(2), "little")
        if length < 3:
            raise CommandUnknown("GS ( k too short")
        parameters = self._take(length)
        kind, function, values = parameters[0], parameters[1], parameters[2:]
        match kind, function:
            case 0x31, 0x41 if values == b"\x32\x00":
                return
            case 0x31, 0x43 if len(values) == 1 and 1 <= values[0] <= 16:
                self._style.qr_dots = values[0]
            case 0x31, 0x45 if len(values) == 1 and values[0] in _LEVELS:
                self._style.qr_level = _LEVELS[values[0]]
            case 0x31, 0x50 if values[:1] == b"0" and len(values) > 1:
                self._style.qr_data = values[1:]
            case 0x31, 0x51 if values == b"0" and self._style.qr_data:
                self._end_line(feeds=False)
                self._draw_qr()
            case _:
                raise CommandUnknown(f"GS ( k {parameters[:3].hex(' ')}")

    def _draw_qr(self) -> None:
        style = self._style
        picture = _drawn_qr(style.qr_data, style.qr_level)
        across = picture.width * style.qr_dots
        if across > self._dots:
            raise CommandUnknown(f"a code {across} dots wide")
        self._qr.append(style.qr_data.decode("ascii"))
        self._print(self._aligned(picture.resize((across, across), Image.Resampling.NEAREST)))

    def _chinese(self, first: int) -> str:
        second = self._take(1)
        code = bytes([first]) + second
        if 0x30 <= second[0] <= 0x39:
            code += self._take(2)
        try:
            return code.decode("gb18030")
        except UnicodeDecodeError as error:
            raise CommandUnknown(f"no character {code.hex(' ')}") from error

    def _end_line(self, *, feeds: bool = True) -> None:
        """Prints the characters that stand in line; a line feed on an empty line feeds."""
        glyphs, self._line = self._line, []
        if not glyphs:
            if feeds:
                self._print(Image.new("L", (self._dots, self._style.spacing), WHITE))
            return
        across = sum(glyph.cell[0] for glyph in glyphs)
        tallest = max(glyph.cell[1] for glyph in glyphs)
        if across > self._dots:
            raise CommandUnknown(f"a line {across} dots wide")
        row = Image.new("L", (across, tallest), WHITE)
        x = 0
        for glyph in glyphs:
            row.paste(_drawn(glyph, self._font), (x, tallest - glyph.cell[1]))
            x += glyph.cell[0]
        self._note_runs(glyphs)
        # A line is as high as its spacing, or as its tallest character and a little.
        height = max(self._style.spacing, tallest)
        strip = Image.new("L", (self._dots, height), WHITE)
        strip.paste(self._aligned(row), (0, height - tallest))
        self._print(strip)

    def _note_runs(self, glyphs: list[_Glyph]) -> None:
        styles = [(glyph.wide, glyph.high, glyph.is_bold) for glyph in glyphs]
        start = 0
        for end in range(1, len(glyphs) + 1):
            if end == len(glyphs) or styles[end] != styles[start]:
                text = "".join(glyph.char for glyph in glyphs[start:end])
                self._runs.append(TextRun(text, *styles[start]))
                start = end

    def _aligned(self, picture: Image.Image) -> Image.Image:
        strip = Image.new("L", (self._dots, picture.height), WHITE)
        strip.paste(picture, ((self._dots - picture.width) * self._style.align // 2, 0))
        return strip

    def _print(self, strip: Image.Image) -> None:
        self._strips.append(strip)
        self._conversations.add(self._conversation)
        if sum(piece.height for piece in self._strips) > PIECE_DOTS_MAX:
            raise CommandUnknown("a metre of paper without a cut")

    def _cut(self, feed_dots: int) -> None:
        self._end_line(feeds=False)
        strips, self._strips = self._strips, []
        height = TOP_DOTS + sum(strip.height for strip in strips) + feed_dots + BOTTOM_DOTS
        picture = Image.new("L", (self._dots, height), WHITE)
        y = TOP_DOTS
        for strip in strips:
            picture.paste(strip, (0, y))
            y += strip.height
        is_whole = len(self._conversations) == 1 and not self._is_broken and height > STRIP_DOTS_MAX
        piece = Piece(picture=picture, runs=tuple(self._runs), qr=tuple(self._qr), is_whole=is_whole)
        self._runs, self._qr = [], []
        self._conversations, self._is_broken = set(), False
        self._on_cut(piece)

    def _parameter(self, command: str, allowed: range) -> int:
        value = self._take(1)[0]
        if value not in allowed:
            raise CommandUnknown(f"{command} {value:02x}")
        return value

    def _take(self, count: int) -> bytes:
        taken = self._buffer[self._at : self._at + count]
        if len(taken) < count:
            raise _Incomplete
        self._at += count
        return taken


@lru_cache(maxsize=2048)
def _drawn(glyph: _Glyph, font: Path) -> Image.Image:
    """A character in its cell: squeezed where the font's is wider, centred where it is narrower."""
    if glyph.char == "─":  # printers draw frames without gaps, fonts do not
        return _drawn_rule(glyph.cell)
    unit_wide, unit_high = glyph.unit
    across, high = unit_wide * glyph.high, unit_high * glyph.high
    face = fonts.sized(font, round(high * 0.92))
    stroke = high / 38 if glyph.is_bold else 0
    advance = round(face.getlength(glyph.char) + 2 * stroke) or 1
    ascent, descent = face.getmetrics()
    cell = Image.new("L", (max(across, advance), high), WHITE)
    base = (high - (ascent + descent)) / 2 + ascent
    ImageDraw.Draw(cell).text(
        ((cell.width - advance) / 2 + stroke, base), glyph.char, font=face, fill=INK, anchor="ls", stroke_width=stroke
    )
    cell = cell.resize(glyph.cell, Image.Resampling.BILINEAR) if cell.size != glyph.cell else cell
    return cell.point(lambda light: INK if light < _THRESHOLD else WHITE)


@lru_cache(maxsize=8)
def _drawn_qr(data: bytes, level: str) -> Image.Image:
    """One dot for each module."""
    code = segno.make_qr(data, error=level, boost_error=False)
    picture = Image.new("L", (len(code.matrix), len(code.matrix)), WHITE)
    picture.putdata([INK if module else WHITE for row in code.matrix for module in row])
    return picture


def _drawn_rule(cell: tuple[int, int]) -> Image.Image:
    picture = Image.new("L", cell, WHITE)
    middle = cell[1] // 2
    picture.paste(INK, (0, middle, cell[0], middle + 2))
    return picture
