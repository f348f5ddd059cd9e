"""The poster that hangs in the stairwell and is pasted into the WeChat group: a code to scan, a few words.

A4 at 150 dpi, so that it prints; letters from the font of our own beside it. Pillow draws letters and boxes,
segno makes the code (error correction Q: a quarter of it may be torn off or dirty).
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gridbot.pictures import FONT

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

WIDTH, HEIGHT, EDGE = 1240, 1754, 90  #: pixels
CODE = 760  #: pixels the code takes at most, its quiet zone included
QUIET = 4  #: modules of white around a code, as its standard asks for
_BAND, _INK, _GREY, _SOFT = "#0f6b6b", "#1f2d3d", "#66758a", "#e7f2f1"


@dataclass(frozen=True, slots=True)
class Poster:
    title: str
    scan: str  #: beside the code
    lines: tuple[str, ...]
    foot: tuple[str, ...]
    link: str  #: what the code leads to


def draw(poster: Poster) -> bytes:
    """As a PNG."""
    from PIL import Image, ImageDraw

    page = Image.new("RGB", (WIDTH, HEIGHT), "white")
    pen = ImageDraw.Draw(page)
    pen.rectangle((0, 0, WIDTH, 270), fill=_BAND)
    _line(pen, poster.title, 135, 130, "white")
    y = 300 + _code(pen, poster.link, 300)
    _line(pen, poster.scan, y + 50, 60, _BAND)
    y += 130
    for number, text in enumerate(poster.lines):
        _line(pen, text, y + 45, 58 if number == 0 else 46, _INK)
        y += 92 if number == 0 else 76
    pen.rectangle((0, HEIGHT - 170, WIDTH, HEIGHT), fill=_SOFT)
    for number, text in enumerate(poster.foot):
        _line(pen, text, HEIGHT - 115 + 58 * number, 38, _GREY)
    target = io.BytesIO()
    page.save(target, format="PNG", dpi=(150, 150), optimize=True)
    return target.getvalue()


def _code(pen: ImageDraw, link: str, top: int) -> int:
    """In the middle, below `top`; returns how high it is."""
    import segno

    rows: Sequence[Sequence[int]] = [list(row) for row in segno.make_qr(link, error="q").matrix]
    size = CODE // (len(rows) + 2 * QUIET)
    whole = size * (len(rows) + 2 * QUIET)
    left = (WIDTH - whole) // 2
    for down, row in enumerate(rows):
        for across, dark in enumerate(row):
            if dark:
                x, y = left + (across + QUIET) * size, top + (down + QUIET) * size
                pen.rectangle((x, y, x + size - 1, y + size - 1), fill="black")
    return whole


def _line(pen: ImageDraw, text: str, middle: int, size: int, colour: str) -> None:
    """Centred; a long line is set smaller until it fits."""
    from PIL import ImageFont

    font = ImageFont.truetype(str(FONT), size)
    while size > 20 and font.getlength(text) > WIDTH - 2 * EDGE:
        size -= 2
        font = ImageFont.truetype(str(FONT), size)
    pen.text((WIDTH / 2, middle), text, font=font, fill=colour, anchor="mm")
