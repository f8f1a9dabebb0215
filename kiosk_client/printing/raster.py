"""A document drawn as one picture, for printers without Chinese characters."""

from functools import lru_cache
from pathlib import Path
from typing import Final, assert_never

from PIL import Image, ImageDraw, ImageFont

from kiosk_client.printing import fonts
from kiosk_client.printing.escpos import QR_MODULE_DOTS_MIN, Bitmap, Paper, qr_module_dots, qr_modules
from kiosk_client.printing.ticket import Block, Document, Gap, Label, Line, Qr, Rule, Size
from kiosk_client.printing.wording import broken, printable

HEIGHT_MAX: Final = 7000
"""Nearly a metre of paper; a document that needs more is a mistake."""
MARGIN: Final = 8
LEADING: Final = 1.28
LABEL_SHARE: Final = 0.8
"""Of the paper's width, unless that makes it too high."""
LABEL_HEIGHT_MAX: Final = 210
STRONG_SHARE: Final = 1 / 36
"""Thickness added to a strong line, as a part of its height."""
INK: Final = 0
WHITE: Final = 255
THRESHOLD: Final = 140

_DOTS: Final = {
    Paper.MM80: {Size.SMALL: 22, Size.BODY: 28, Size.TALL: 38, Size.LARGE: 52},
    Paper.MM58: {Size.SMALL: 20, Size.BODY: 24, Size.TALL: 30, Size.LARGE: 42},
}


def drawn(document: Document, paper: Paper, font: Path) -> Bitmap:
    """The picture of a whole document, as wide as the paper."""
    image = Image.new("L", (paper.dots, HEIGHT_MAX), WHITE)
    draw = ImageDraw.Draw(image)
    y = 0
    for block in document:
        y = _draw(draw, block, y, paper, font)
        assert y <= HEIGHT_MAX, y
    return bitmap(image.crop((0, 0, paper.dots, y)))


def bitmap(image: Image.Image) -> Bitmap:
    """Black where the picture is dark; its width is filled up to whole bytes with white."""
    ink = image.point(lambda light: WHITE if light < THRESHOLD else 0).convert("1", dither=Image.Dither.NONE)
    return Bitmap(-(-image.width // 8), ink.tobytes())


def _draw(draw: ImageDraw.ImageDraw, block: Block, y: int, paper: Paper, font: Path) -> int:
    """Draws a block at `y`; gives where it ends."""
    match block:
        case Label(text):
            return _label(draw, text, y, paper, font)
        case Line():
            return _line(draw, block, y, paper, font)
        case Rule():
            draw.rectangle((0, y, paper.dots, y + 1), fill=INK)
            return y + 2
        case Gap(dots):
            return y + dots
        case Qr(url):
            return _qr(draw, url, y, paper)
        case _:
            assert_never(block)


def _label(draw: ImageDraw.ImageDraw, text: str, y: int, paper: Paper, font: Path) -> int:
    trial = fonts.sized(font, 100)
    left, top, right, bottom = trial.getbbox(text, stroke_width=4)
    dots = int(100 * min(paper.dots * LABEL_SHARE / (right - left), LABEL_HEIGHT_MAX / (bottom - top)))
    face, stroke = fonts.sized(font, dots), max(1, dots // 26)
    left, top, right, bottom = face.getbbox(text, stroke_width=stroke)
    draw.text(((paper.dots - right + left) / 2 - left, y - top), text, font=face, fill=INK, stroke_width=stroke)
    return y + int(bottom - top)


def _line(draw: ImageDraw.ImageDraw, line: Line, y: int, paper: Paper, font: Path) -> int:
    dots = _DOTS[paper][line.size]
    face = fonts.sized(font, dots)
    stroke = dots * STRONG_SHARE if line.is_strong else 0

    def width(text: str) -> float:
        return sum(_advance(font, dots, char) for char in text) + 2 * stroke

    for row in broken(printable(line.text), paper.dots - 2 * MARGIN, width):
        _row(draw, row, y, face, (paper.dots - width(row)) / 2, stroke)
        y += int(dots * LEADING)
    return y


@lru_cache(maxsize=4096)
def _advance(font: Path, dots: int, char: str) -> float:
    return fonts.sized(font, dots).getlength(char)


def _row(draw: ImageDraw.ImageDraw, row: str, y: int, face: ImageFont.FreeTypeFont, x: float, stroke: float) -> None:
    """On a common base line, whatever letters the row has."""
    ascent, descent = face.getmetrics()
    over = (ascent + descent - face.size * LEADING) / 2
    draw.text((x + stroke, y - over), row, font=face, fill=INK, stroke_width=stroke)


def _qr(draw: ImageDraw.ImageDraw, url: str, y: int, paper: Paper) -> int:
    modules = qr_modules(url)
    dots = qr_module_dots(len(modules), paper)
    assert dots >= QR_MODULE_DOTS_MIN, len(modules)
    left = (paper.dots - len(modules) * dots) // 2
    for row, cells in enumerate(modules):
        for column, is_black in enumerate(cells):
            if is_black:
                corner = (left + column * dots, y + row * dots)
                draw.rectangle((*corner, corner[0] + dots - 1, corner[1] + dots - 1), fill=INK)
    return y + len(modules) * dots
