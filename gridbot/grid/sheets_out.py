"""A directory written as a workbook; everything is text, so that no cell becomes a formula or a link."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path as File
from typing import Any, BinaryIO

import xlsxwriter

from gridbot.grid import cells
from gridbot.grid.directory import (
    PLATFORMS,
    Directory,
    Grid,
    Group,
    Person,
    Place,
    ServiceDay,
    Unit,
)
from gridbot.grid.settings import SETTINGS, Form

EXPECT = "应有"
OPTIONS = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_SIDES = {"inside": "墙内", "outside": "墙外", "": ""}
_YES = {True: "是", False: ""}
Table = list[list[str]]


def write_xlsx(directory: Directory, file: File | BinaryIO) -> None:
    """Raises OSError where the file cannot be written."""
    target: Any = str(file) if isinstance(file, File) else file
    book = xlsxwriter.Workbook(target, {**OPTIONS, "in_memory": True})
    bold = book.add_format({"bold": True})
    for title, table in _tables(directory).items():
        sheet = book.add_worksheet(title)
        for row, values in enumerate(table):
            for column, value in enumerate(values):
                if value:
                    sheet.write_string(row, column, value, bold if row == 0 else None)
        sheet.freeze_panes(1, 0)
        for column, width in enumerate(_widths(table)):
            sheet.set_column(column, column, width)
    try:
        book.close()
    except xlsxwriter.exceptions.FileCreateError as error:
        raise OSError(f"{file} cannot be written: {error}") from error


def _tables(directory: Directory) -> dict[str, Table]:
    groups, admins = directory.groups, directory.admins
    return {
        "说明": _about(directory),
        "网格": _grids(directory),
        "群": _with_platforms(["群", "网格", "用途", "可说的服务"], groups, _group),
        "单位": [
            ["单位", "负责事项", "内外", "联系方式", "别名", "网格", "也管无主管", "人员"],
            *map(_unit, directory.units),
        ],
        "便民日": [
            ["便民日", "日子", "开始", "结束", "地点", "项目", "提供方", "下雨", "群", "负责人"],
            *map(_service_day, directory.service_days),
        ],
        "管理员": _named(admins),
        "专门联系人": _contacts(directory),
        "值班": _duties(directory),
        "街道": _named(directory.officers),
    }


def _named(named: Sequence[Person]) -> Table:
    return _with_platforms(["姓名", "电话"], named, lambda one: [cells.escape(one.name), one.phone])


def _contacts(directory: Directory) -> Table:
    people = _with_platforms(
        ["姓名", "电话"],
        [one.person for one in directory.contacts],
        lambda one: [cells.escape(one.name), one.phone],
    )
    codes = ["管什么", *(one.about for one in directory.contacts)]
    return [[code, *row] for code, row in zip(codes, people, strict=True)]


def _duties(directory: Directory) -> Table:
    people = _with_platforms(
        ["姓名", "电话"],
        [one.person for one in directory.duties],
        lambda one: [cells.escape(one.name), one.phone],
    )
    days = [(one.grid, one.first.isoformat(), one.last.isoformat()) for one in directory.duties]
    return [[*when, *row] for when, row in zip([("网格", "从", "到"), *days], people, strict=True)]


def _about(directory: Directory) -> Table:
    table = [["项目", "内容"], ["社区", directory.community], ["时区", directory.timezone]]
    if directory.sample:
        table.append(["示例", "是"])
    table += [[f"{EXPECT}:{level}", str(count)] for level, count in directory.expect]
    for name, value in directory.settings.items():
        if SETTINGS[name].form is Form.TABLE:
            table += [[f"{SETTINGS[name].title}.{key}", str(one)] for key, one in value.items()]
        else:
            table.append([SETTINGS[name].title, str(value)])
    return table


def _grids(directory: Directory) -> Table:
    header = ["上级", "网格", "层级", "楼号", "别名", "类别", "内外", "楼号无主管"]
    table = [[*header, "网格长", "副网格长", "联络员", "专属", "无主管"]]
    for path, grid in directory.walk():
        above = path.rpartition("/")[0]
        for index, place in enumerate(grid.places or (None,)):
            people = _holders(grid) if index == 0 else ["", "", ""]
            flags = [_YES[grid.exclusive], _YES[grid.unmanaged]]
            table.append([above, grid.name, grid.level, *_place(grid, place), *people, *flags])
    return table


def _place(grid: Grid, place: Place | None) -> list[str]:
    if place is None:
        return ["" if grid.children else "无", "", "", "", ""]
    name = cells.escape(place.name)
    return [name, cells.join(place.aliases), place.kind, _SIDES[place.side], _YES[place.unmanaged]]


def _holders(grid: Grid) -> list[str]:
    return [_people(group) for group in (grid.leaders, grid.deputies, grid.liaisons)]


def _people(people: Iterable[Person]) -> str:
    return "、".join(
        cells.entry(person.name, {"电话": person.phone, **dict(person.accounts)}) for person in people
    )


def _with_platforms(header: list[str], entries: Sequence[Any], row: Any) -> Table:
    """A column for each platform somebody has an account on; 其他号 for unusual ones."""
    used = [name for name in PLATFORMS if any(name in dict(one.accounts) for one in entries)]
    table = [[*header, *used, "其他号"]]
    for one in entries:
        accounts = dict(one.accounts)
        others: Mapping[str, str] = {name: id for name, id in accounts.items() if name not in PLATFORMS}
        table.append([*row(one), *(accounts.get(name, "") for name in used), cells.join_pairs(others)])
    return table


def _group(group: Group) -> list[str]:
    role = "网格长群" if group.role == "leaders" else "居民群"
    return [group.name, group.grid, role, cells.join(group.modules)]


def _unit(unit: Unit) -> list[str]:
    scope = [cells.join(unit.aliases), cells.join(unit.grids), _YES[unit.unmanaged], _people(unit.people)]
    return [unit.name, cells.join(unit.handles), _SIDES[unit.side], unit.contact, *scope]


def _service_day(service: ServiceDay) -> list[str]:
    items = (cells.entry(one.name, {"带": one.bring, "提供": one.provider}) for one in service.items)
    groups = "全部" if service.groups is None else cells.join(service.groups)
    organiser = _people([service.organiser]) if service.organiser else ""
    when = [service.rule.words(), service.starts, service.ends]
    more = [service.provider, service.rain, groups, organiser]
    return [service.name, *when, service.place, "、".join(items), *more]


def _widths(table: Table) -> list[int]:
    """About as wide as the longest text: a Chinese character is two wide."""
    columns = zip(*(row + [""] * (len(table[0]) - len(row)) for row in table), strict=True)
    return [
        min(60, max(8, *(sum(2 if ord(c) > 255 else 1 for c in cell) + 2 for cell in one))) for one in columns
    ]
