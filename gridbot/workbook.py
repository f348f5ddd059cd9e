"""A sheet of figures as a workbook (XLSX). What is text stays text: no cell becomes a formula, a link or a
number, whoever wrote it; counts are numbers."""

from __future__ import annotations

import io
from typing import Any

import xlsxwriter

from gridbot.messages import Sheet, Table

OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
LONGEST = 32767  #: characters a cell may hold (ECMA-376)
_WIDE, _NARROW = 40, 8


def write(sheet: Sheet) -> bytes:
    """One worksheet: title, period, key figures, each table under its name, the notes at the end."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, OPTIONS)
    page = _Page(book)
    page.line(sheet.title, "title")
    if sheet.period:
        page.line(sheet.period, "grey")
    page.at += 1
    for name, figure in sheet.key:
        page.row([name, figure], "key")
    for table in sheet.tables:
        page.at += 1
        _table(page, table)
    page.at += 1
    for note in sheet.notes:
        page.line(note, "grey")
    page.close()
    book.close()
    return target.getvalue()


def _table(page: _Page, table: Table) -> None:
    page.line(table.title, "heading")
    page.row(table.head, "head")
    for row in table.rows:
        page.row(row, "cell")
    if table.note:
        page.line(table.note, "grey")


class _Page:
    def __init__(self, book: Any) -> None:
        self._sheet = book.add_worksheet("报表")
        self.at = 0
        self._widths: dict[int, int] = {}
        box = {"border": 1, "border_color": "#DDE3EA", "valign": "top"}
        self._formats = {
            "title": book.add_format({"bold": True, "font_size": 16}),
            "grey": book.add_format({"font_color": "#66758A"}),
            "heading": book.add_format({"bold": True, "font_size": 12, "font_color": "#0F6B6B"}),
            "head": book.add_format({**box, "bold": True, "bg_color": "#E7F2F1"}),
            "key": book.add_format({"font_size": 12}),
            "cell": book.add_format({**box, "text_wrap": True}),
        }

    def line(self, text: str, form: str) -> None:
        """A text over the whole width."""
        self._put(0, text, form)
        self.at += 1

    def row(self, cells: Any, form: str) -> None:
        for column, cell in enumerate(cells):
            self._put(column, cell, form)
            width = sum(2 if ord(char) > 0x2E7F else 1 for char in str(cell)) + 2
            self._widths[column] = max(self._widths.get(column, _NARROW), min(width, _WIDE))
        self.at += 1

    def _put(self, column: int, cell: str | int, form: str) -> None:
        if isinstance(cell, int):
            self._sheet.write_number(self.at, column, cell, self._formats[form])
        else:
            self._sheet.write_string(self.at, column, clean(cell), self._formats[form])

    def close(self) -> None:
        for column, width in self._widths.items():
            self._sheet.set_column(column, column, width)
        self._sheet.set_paper(9)  # A4
        self._sheet.fit_to_pages(1, 0)
        self._sheet.hide_gridlines(2)


def clean(text: str) -> str:
    """What XML can carry, as long as a cell may be: control signs go, half an emoji becomes U+FFFD."""
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    kept = "".join(char for char in whole if char in "\t\n\r" or (char >= " " and char not in "\ufffe\uffff"))
    return kept[:LONGEST]
