"""A sheet of figures as a picture to read on a telephone: PNG, Chinese glyphs from a font of our own.

The font is a subset of Noto Sans CJK SC (GB 2312 and signs; OFL.txt beside it): a machine has none by
default. matplotlib is imported when the first picture is drawn, not before.
"""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from gridbot.messages import Sheet, Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.font_manager import FontProperties

FONT = Path(__file__).with_name("NotoSansSC-subset.otf")
WIDTH = 1080  #: pixels, as a telephone shows a picture
HIGHEST = 8000  #: pixels; a higher one is made smaller (Telegram takes width + height up to 10000)
MOST_ROWS = 20  #: of one table; the rest is in the workbook
ABSENT = "□"  #: stands for a sign the font does not have
_EDGE, _GAP, _PAD = 48, 30, 14
_INK, _GREY, _LINE, _BAND, _SOFT, _ZEBRA = "#1f2d3d", "#66758a", "#dde3ea", "#0f6b6b", "#e7f2f1", "#f6f8fa"
_TITLE, _PERIOD, _FIGURE, _NAME, _HEADING, _CELL, _NOTE = 46, 28, 54, 26, 34, 29, 24  #: pixels
_SMALLEST = 22  #: pixels: what can still be read on a telephone
_LEADING = 1.38
_FIGURE_CELL = re.compile(r"[\d<*—/%. ]+")
_CLOSING = frozenset("、,。;:!?)%,;:!?)”』」》")


def draw(sheet: Sheet) -> bytes:
    """The whole sheet as a PNG, as high as it needs."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    page = _Page()
    _head(page, sheet)
    _key(page, sheet.key)
    for table in sheet.tables:
        _table(page, table)
    _notes(page, sheet.notes)
    height = page.y + _EDGE / 2
    fine = 72 * min(1.0, HIGHEST / height)
    figure = Figure(figsize=(WIDTH / 72, height / 72), dpi=fine, facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, WIDTH)
    axes.set_ylim(height, 0)
    axes.axis("off")
    for put in page.marks:
        put.on(axes)
    target = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(target, format="png", metadata={"Software": None})
    return target.getvalue()


# --- what stands on a page -----------------------------------------------------------------------


class _Box:
    def __init__(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        self.x, self.y, self.width, self.height, self.colour = x, y, width, height, colour

    def on(self, axes: Axes) -> None:
        from matplotlib.patches import Rectangle

        axes.add_patch(Rectangle((self.x, self.y), self.width, self.height, color=self.colour, linewidth=0))


class _Words:
    def __init__(self, x: float, y: float, text: str, size: float, colour: str, align: str = "left") -> None:
        self.x, self.y, self.text, self.size, self.colour, self.align = x, y, text, size, colour, align

    def on(self, axes: Axes) -> None:
        axes.text(
            self.x,
            self.y,
            shown(self.text),
            size=self.size,
            color=self.colour,
            ha=self.align,
            va="center",
            fontproperties=_font(self.size),
            parse_math=False,  # a $ is a $
        )


class _Page:
    """Grows downwards; `y` is where the next thing begins."""

    def __init__(self) -> None:
        self.y: float = 0
        self.marks: list[_Box | _Words] = []

    def box(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        self.marks.append(_Box(x, y, width, height, colour))

    def words(self, x: float, y: float, text: str, size: float, colour: str, align: str = "left") -> None:
        self.marks.append(_Words(x, y, text, size, colour, align))

    def lines(self, text: str, size: float, colour: str, width: float, x: float = _EDGE) -> None:
        for line in wrap(text, width / size):
            self.words(x, self.y + size * _LEADING / 2, line, size, colour)
            self.y += size * _LEADING


def _head(page: _Page, sheet: Sheet) -> None:
    lines = wrap(sheet.title, (WIDTH - 2 * _EDGE) / _TITLE)
    height = _GAP * 2 + len(lines) * _TITLE * _LEADING + (_PERIOD * _LEADING if sheet.period else 0)
    page.box(0, 0, WIDTH, height, _BAND)
    page.y = _GAP
    page.lines(sheet.title, _TITLE, "white", WIDTH - 2 * _EDGE)
    if sheet.period:
        page.lines(sheet.period, _PERIOD, "#cfe8e6", WIDTH - 2 * _EDGE)
    page.y = height + _GAP


def _key(page: _Page, key: Sequence[tuple[str, str | int]]) -> None:
    """Large figures, four in a row; fewer share the row."""
    columns = min(max(len(key), 1), 4)
    width = (WIDTH - 2 * _EDGE - _PAD * (columns - 1)) / columns
    for begin in range(0, len(key), columns):
        row = key[begin : begin + columns]
        for at, (name, figure) in enumerate(row):
            x = _EDGE + at * (width + _PAD)
            page.box(x, page.y, width, 128, _SOFT)
            size = min(_FIGURE, (width - 16) / max(_ems(str(figure)), 1))
            page.words(x + width / 2, page.y + 50, str(figure), size, _BAND, "center")
            page.words(x + width / 2, page.y + 101, name, _NAME, _GREY, "center")
        page.y += 128 + _PAD
    page.y += _GAP - _PAD if key else 0


def _table(page: _Page, table: Table) -> None:
    page.box(_EDGE, page.y + 6, 8, _HEADING + 2, _BAND)
    page.lines(table.title, _HEADING, _INK, WIDTH - 2 * _EDGE - 24, _EDGE + 24)
    page.y += _PAD
    rows = [tuple(map(str, row)) for row in table.rows[:MOST_ROWS]]
    right = [bool(rows) and all(map(_FIGURE_CELL.fullmatch, column)) for column in zip(*rows, strict=True)]
    right = right or [False] * len(table.head)
    widths, size = _widths([table.head, *rows], right)
    _row(page, table.head, widths, right, size, _SOFT, _GREY)
    for number, row in enumerate(rows):
        _row(page, row, widths, right, size, _ZEBRA if number % 2 else "white", _INK)
    page.box(_EDGE, page.y, WIDTH - 2 * _EDGE, 2, _LINE)
    page.y += _PAD
    left = len(table.rows) - len(rows)
    for note in ([f"…还有{left}行,见表格文件"] if left else []) + ([table.note] if table.note else []):
        page.lines(note, _NOTE, _GREY, WIDTH - 2 * _EDGE)
    page.y += _GAP


def _row(
    page: _Page,
    cells: Sequence[str],
    widths: Sequence[float],
    right: Sequence[bool],
    size: float,
    back: str,
    ink: str,
) -> None:
    wrapped = [wrap(cell, (width - 2 * _PAD) / size) for cell, width in zip(cells, widths, strict=True)]
    height = max(map(len, wrapped)) * size * _LEADING + _PAD * 1.4
    page.box(_EDGE, page.y, WIDTH - 2 * _EDGE, height, back)
    x: float = _EDGE
    for lines, width, to_right in zip(wrapped, widths, right, strict=True):
        for number, line in enumerate(lines):
            y = page.y + _PAD * 0.7 + (number + 0.5) * size * _LEADING
            at, align = (x + width - _PAD, "right") if to_right else (x + _PAD, "left")
            page.words(at, y, line, size, ink, align)
        x += width
    page.y += height


def _notes(page: _Page, notes: Iterable[str]) -> None:
    for note in notes:
        page.lines(note, _NOTE, _GREY, WIDTH - 2 * _EDGE)
        page.y += 4


# --- measuring -----------------------------------------------------------------------------------


def _widths(rows: Sequence[Sequence[str]], right: Sequence[bool]) -> tuple[list[float], float]:
    """Columns by what stands in them, and the size of the writing: a table a little too wide is written
    smaller, one much too wide wraps; where there is room to spare, words get it."""
    space = WIDTH - 2 * _EDGE
    ems = [max(_ems(row[at]) for row in rows) + 0.2 for at in range(len(rows[0]))]
    size = min(_CELL, (space - 2 * _PAD * len(ems)) / sum(ems))
    size = size if size >= _SMALLEST else _CELL
    wanted = [one * size + 2 * _PAD for one in ems]
    if sum(wanted) > space:
        most = space / len(wanted)
        left = space - sum(width for width in wanted if width <= most)
        large = sum(width for width in wanted if width > most)
        return [width if width <= most else left * width / large for width in wanted], size
    takers = right.count(False) or len(right)
    spare = (space - sum(wanted)) / takers
    every = takers == len(right)
    return [
        width + (spare if every or not figure else 0) for width, figure in zip(wanted, right, strict=True)
    ], size


def wrap(text: str, ems: float) -> list[str]:
    """Lines no wider than so many ems, but for a stop that hangs over; a sign wider than that stands alone.
    At least one line."""
    lines = [""]
    width = 0.0
    for char in text:
        size = _ems(char)
        hangs = char in _CLOSING and width + size <= ems + 1
        if char == "\n" or (width + size > ems and lines[-1] and not hangs):
            lines.append("")
            width = 0.0
        if char != "\n":
            lines[-1] += char
            width += size
    return lines


def _ems(text: str) -> float:
    return sum(1.0 if unicodedata.east_asian_width(char) in "WFA" else 0.58 for char in text)


# --- the font ------------------------------------------------------------------------------------


def shown(text: str) -> str:
    """The text with what the font lacks shown as an empty box, so that nothing vanishes."""
    known = _known()
    flat = "".join(" " if char.isspace() else char for char in text)
    return "".join(char if ord(char) in known else ABSENT for char in flat)


@lru_cache(maxsize=1)
def _known() -> frozenset[int]:
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(str(FONT)).get_charmap())


@lru_cache(maxsize=32)
def _font(size: float) -> FontProperties:
    from matplotlib.font_manager import FontProperties

    return FontProperties(fname=str(FONT), size=size)
