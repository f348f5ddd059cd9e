"""Sheets as people fill them in: merged cells, blank rows, titles above the header, other words for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path as File
from typing import BinaryIO
from zipfile import BadZipFile, ZipFile

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.worksheet import Worksheet

from gridbot.grid.directory import PLATFORMS, DirectoryError
from gridbot.grid.fields import tidy

WIDEST, LONGEST, LARGEST = 60, 20_000, 200_000_000
HEADER_WITHIN = 10  #: rows from the top in which the header is looked for
_ERRORS = ("#REF!", "#N/A", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!")
_TAIL = re.compile(r"[\s*:]|\(.*\)$")


@dataclass(frozen=True, slots=True)
class Line:
    """One row: its number as the spreadsheet shows it, and the text under each known header."""

    number: int
    cells: Mapping[str, str]

    def __getitem__(self, field: str) -> str:
        return self.cells.get(field, "")


@dataclass(frozen=True, slots=True)
class Sheet:
    """`strange`: headers nobody knows, as written."""

    title: str
    fields: tuple[str, ...]
    lines: tuple[Line, ...]
    strange: tuple[str, ...] = ()

    def where(self, number: int) -> str:
        return f"「{self.title}」第{number}行"


Rows = list[tuple[int, list[str]]]


def read_book(file: File | BinaryIO) -> dict[str, Rows]:
    """Each sheet's rows as text, with their numbers; merged cells hold their value everywhere.

    Raises DirectoryError for what is no workbook.
    """
    try:
        _weigh(file)
        book = load_workbook(file, data_only=True)
    except OSError as error:
        raise DirectoryError([f"打不开文件:{error.strerror}"]) from None
    except (BadZipFile, InvalidFileException, KeyError, ValueError, TypeError, EOFError):
        raise DirectoryError(["这不是 Excel 的 .xlsx 文件;老的 .xls 请在 Excel 里另存为 .xlsx"]) from None
    return {sheet.title.strip(): _rows(sheet) for sheet in book.worksheets}


def _weigh(file: File | BinaryIO) -> None:
    with ZipFile(file) as packed:
        if sum(info.file_size for info in packed.infolist()) > LARGEST:
            raise DirectoryError(["文件太大了"])
    if not isinstance(file, File):
        file.seek(0)


def _rows(sheet: Worksheet) -> Rows:
    merged: dict[tuple[int, int], str] = {}
    bottom = min(sheet.max_row or 0, LONGEST)
    for block in sheet.merged_cells.ranges:
        value = _text(sheet.cell(block.min_row, block.min_col).value)
        for row in range(block.min_row, min(block.max_row, bottom) + 1):
            for column in range(block.min_col, min(block.max_col, WIDEST) + 1):
                merged[(row, column)] = value
    found = []
    lines = sheet.iter_rows(max_row=bottom, max_col=min(sheet.max_column or 1, WIDEST), values_only=True)
    for number, values in enumerate(lines, 1):
        own = [_text(value) for value in values]
        if any(own):  # not a blank row under merged cells
            found.append((number, [merged.get((number, at), cell) for at, cell in enumerate(own, 1)]))
    return found


def _text(value: object) -> str:
    """A cell as one would read it: 2001.0 is 2001, a time is 09:00."""
    match value:
        case None:
            return ""
        case bool():
            return "是" if value else "否"
        case float() if value.is_integer():
            return f"{value:.0f}"
        case datetime():
            return value.date().isoformat() if value.time() == time() else f"{value:%Y-%m-%d %H:%M}"
        case date():
            return value.isoformat()
        case time():
            return f"{value:%H:%M}"
        case _:
            return str(value).strip()


def header_word(text: str) -> str:
    """A header without what people hang on it: 楼号(必填)* → 楼号."""
    return _TAIL.sub("", tidy(text)).lower()


def as_sheet(title: str, rows: Rows, known: Mapping[str, str], problems: list[str]) -> Sheet:
    """The rows under the header. `known`: field by header word; platforms are known everywhere."""
    words = {**known, **{platform: platform for platform in PLATFORMS}}
    best, fields = -1, list[str]()
    for index, (_number, cells) in enumerate(rows[:HEADER_WITHIN]):
        found = [words.get(header_word(cell), "") for cell in cells]
        if len(set(found) - {""}) > len(set(fields) - {""}):
            best, fields = index, found
    if best < 0:
        problems.append(f"「{title}」里找不到表头,要有这样的一行:{'、'.join(dict.fromkeys(known))}")
        return Sheet(title, (), ())
    number, header = rows[best]
    strange = tuple(tidy(cell) for cell, field in zip(header, fields, strict=True) if cell and not field)
    twice = {field for field in fields if field and fields.count(field) > 1}
    for field in sorted(twice):
        problems.append(f"「{title}」第{number}行:表头「{field}」有两列")
    lines = tuple(
        Line(at, {field: cell for field, cell in zip(fields, cells, strict=True) if field})
        for at, cells in rows[best + 1 :]
    )
    for line in lines:
        for field, cell in line.cells.items():
            if cell in _ERRORS:
                problems.append(f"「{title}」第{line.number}行:{field}里是 {cell},公式算不出来")
    return Sheet(title, tuple(field for field in fields if field), lines, strange)
