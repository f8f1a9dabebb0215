"""The font that draws a ticket as a picture: Chinese and Latin in one file."""

from functools import lru_cache
from pathlib import Path
from typing import Final

from PIL import ImageFont

PLACES: Final = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
    "C:/Windows/Fonts",
)
NAMES: Final = (
    "NotoSansCJK-Regular.ttc",
    "NotoSansCJKsc-Regular.otf",
    "NotoSansSC-Regular.otf",
    "SourceHanSansSC-Regular.otf",
    "wqy-microhei.ttc",
    "wqy-zenhei.ttc",
    "msyh.ttc",
    "PingFang.ttc",
    "Hiragino Sans GB.ttc",
)
"""The best to read on paper first."""


class FontMissing(Exception):
    """No font with Chinese characters: a picture of a ticket cannot be drawn."""


def find(wanted: Path | None = None, places: tuple[str, ...] = PLACES) -> Path:
    """The font to draw with: the one that is wanted, or the best of those installed; raises FontMissing."""
    if wanted is not None:
        if not wanted.is_file():
            raise FontMissing(f"no font file at {wanted}")
        return wanted
    return _installed(places)


@lru_cache(maxsize=256)
def sized(path: Path, dots: int) -> ImageFont.FreeTypeFont:
    """The font so many dots high."""
    try:
        return ImageFont.truetype(str(path), dots)
    except OSError as error:
        raise FontMissing(f"{path} is not a font that can be read") from error


@lru_cache(maxsize=4)
def _installed(places: tuple[str, ...]) -> Path:
    found: dict[str, Path] = {}
    for place in places:
        for path in sorted(Path(place).expanduser().rglob("*.[to]t[cf]")):
            found.setdefault(path.name, path)
    for name in NAMES:
        if name in found:
            return found[name]
    raise FontMissing(
        "no font with Chinese characters is installed: apt-get install fonts-noto-cjk (or fonts-wqy-microhei), "
        "or name a font file in the settings"
    )
