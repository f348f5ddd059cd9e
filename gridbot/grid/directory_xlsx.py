"""The directory as a workbook: sheets 说明, 网格, 群, 单位, 便民日, 管理员."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path as File
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from gridbot.almanac import parse_rule
from gridbot.grid import cells
from gridbot.grid.directory import PLATFORMS, Directory, DirectoryError
from gridbot.grid.directory_read import build
from gridbot.grid.fields import Path, Source, tidy
from gridbot.grid.settings import SETTINGS, Form
from gridbot.grid.sheet_grids import GridSheet, person_data
from gridbot.grid.sheets import Line, Rows, as_sheet, header_word, read_book
from gridbot.grid.sheets_out import EXPECT, write_xlsx

__all__ = ["read_xlsx", "write_xlsx"]

_TITLES = {
    "about": ("说明", "社区", "设置"),
    "grids": ("网格", "名单", "网格表", "网格名单"),
    "groups": ("群", "群聊", "微信群"),
    "units": ("单位", "协作单位", "责任单位"),
    "service_days": ("便民日", "便民服务日", "三九"),
    "admins": ("管理员",),
    "contacts": ("专门联系人",),
    "duties": ("值班", "值班表"),
    "officers": ("街道", "街道的人"),
}
_PHONE = ("电话", "手机", "手机号", "联系电话")
_GROUPS = {
    **dict.fromkeys(("群", "群名", "群名称"), "name"),
    **dict.fromkeys(("网格", "所属网格"), "grid"),
    **dict.fromkeys(("用途", "类型"), "role"),
    "其他号": "accounts",
    "可说的服务": "modules",
}
_UNITS = {
    **dict.fromkeys(("单位", "单位名称", "名称"), "name"),
    **dict.fromkeys(("负责事项", "事项"), "handles"),
    **dict.fromkeys(("内外", "墙内外"), "side"),
    **dict.fromkeys(("联系方式", *_PHONE), "contact"),
    **dict.fromkeys(("别名", "又叫"), "aliases"),
    **dict.fromkeys(("网格", "负责网格"), "grids"),
    **dict.fromkeys(("也管无主管", "无主管"), "unmanaged"),
    **dict.fromkeys(("人员", "联系人"), "people"),
}
_DAYS = {
    **dict.fromkeys(("便民日", "名称"), "name"),
    **dict.fromkeys(("日子", "日期", "规则"), "rule"),
    **dict.fromkeys(("开始", "开始时间"), "starts"),
    **dict.fromkeys(("结束", "结束时间"), "ends"),
    "地点": "place",
    **dict.fromkeys(("项目", "服务项目"), "items"),
    **dict.fromkeys(("提供方", "提供单位", "承办"), "provider"),
    **dict.fromkeys(("下雨", "雨天", "雨天安排"), "rain"),
    **dict.fromkeys(("群", "发到哪些群"), "groups"),
    **dict.fromkeys(("负责人", "组织者", "联系人"), "organiser"),
}
_ADMINS = {
    **dict.fromkeys(("姓名", "管理员", "名字"), "name"),
    **dict.fromkeys(_PHONE, "电话"),
    "其他号": "accounts",
}
_DUTIES = {
    **_ADMINS,
    "网格": "grid",
    **dict.fromkeys(("从", "开始", "起"), "from"),
    **dict.fromkeys(("到", "结束", "止"), "to"),
}
_CONTACTS = {**_ADMINS, **dict.fromkeys(("管什么", "什么事", "用途"), "for")}
_ABOUT = {
    "社区": "community",
    "社区名字": "community",
    "社区名称": "community",
    "时区": "timezone",
    "示例": "sample",
}
_SETTING_BY_TITLE = {header_word(setting.title): name for name, setting in SETTINGS.items()}


def read_xlsx(file: File | BinaryIO, *, community: str = "") -> Directory:
    """Raises DirectoryError; its sentences name sheet and row. `community`: the name, where the file has
    no sheet 说明 that says it."""
    return build(_Book(read_book(file), community).source())


class _Book:
    """The sheets as the nested data of the YAML form, with the row of each field."""

    def __init__(self, sheets: Mapping[str, Rows], community: str) -> None:
        self.lines: dict[Path, str] = {}
        self.problems: list[str] = []
        self.warnings: list[str] = []
        self.sheets = self._assign(sheets)
        self.community = community

    def source(self) -> Source:
        data: dict[str, Any] = {"community": self.community, **self._about()}
        if not data["community"]:
            self.problems.append("不知道是哪个社区:加一张「说明」表,第一行写 社区 和它的名字")
            data["community"] = "?"
        if "grids" in self.sheets:
            title, rows = self.sheets["grids"]
            grids = GridSheet(title, rows, self.lines, self.problems)
            data["grids"] = grids.data(("grids",))
            self._strange(title, grids.sheet.strange)
        readers: tuple[tuple[str, Mapping[str, str], Callable[[Line], dict[str, Any]]], ...] = (
            ("groups", _GROUPS, _group),
            ("units", _UNITS, _unit),
            ("service_days", _DAYS, _service_day),
            ("admins", _ADMINS, _admin),
            ("contacts", _CONTACTS, lambda line: {"for": line["for"], **_admin(line)}),
            ("duties", _DUTIES, lambda line: _duty(line) | _admin(line)),
            ("officers", _ADMINS, _admin),
        )
        for key, headers, read in readers:
            data[key] = self._list(key, headers, read)
        source = Source(data, self._where)
        source.problems += self.problems
        source.warnings += self.warnings
        return source

    def _assign(self, sheets: Mapping[str, Rows]) -> dict[str, tuple[str, Rows]]:
        """Which sheet is which. A single sheet, whatever it is called, is that of the grids."""
        filled = {title: rows for title, rows in sheets.items() if rows}
        found: dict[str, tuple[str, Rows]] = {}
        for title, rows in filled.items():
            key = next((key for key, titles in _TITLES.items() if tidy(title) in titles), None)
            if key is not None and key not in found:
                found[key] = (title, rows)
            elif len(filled) > 1:
                self.warnings.append(f"工作表「{title}」不认识,没有读")
        others = [title for title in filled if title not in {title for title, _rows in found.values()}]
        if "grids" not in found and len(others) == 1:
            found["grids"] = (others[0], filled[others[0]])
            self.warnings = [one for one in self.warnings if f"「{others[0]}」" not in one]
        if "grids" not in found:
            raise DirectoryError(["没有「网格」这张表"])
        return found

    def _where(self, path: Path) -> str:
        for end in range(len(path), 0, -1):
            if path[:end] in self.lines:
                return self.lines[path[:end]]
        title = self.sheets.get(str(path[0]) if path else "", ("名单", []))[0]
        return f"「{title}」"

    def _strange(self, title: str, headers: tuple[str, ...]) -> None:
        if headers:
            self.warnings.append(f"「{title}」这几列不认识,没有读:{'、'.join(headers)}")

    def _list(
        self, key: str, headers: Mapping[str, str], read: Callable[[Line], dict[str, Any]]
    ) -> list[Any]:
        if key not in self.sheets:
            return []
        title, rows = self.sheets[key]
        sheet = as_sheet(title, rows, headers, self.problems)
        self._strange(title, sheet.strange)
        for index, line in enumerate(sheet.lines):
            self.lines[(key, index)] = sheet.where(line.number)
        return [read(line) for line in sheet.lines]

    def _about(self) -> dict[str, Any]:
        title, rows = self.sheets.get("about", ("说明", []))
        data: dict[str, Any] = {"expect": {}, "settings": {}}
        for number, row in rows:
            word, value = header_word(row[0]), next((cell for cell in row[1:] if cell), "")
            if not value or (word == "项目" and value == "内容"):
                continue  # a remark
            where = f"「{title}」第{number}行"
            path = _about_path(tidy(row[0]), word)
            if path is None:
                self.problems.append(f"{where}:不认识「{tidy(row[0])}」")
                continue
            self.lines[path] = where
            inner = data
            for step in path[:-1]:
                inner = inner.setdefault(step, {})
            inner[path[-1]] = value
        return data


def _about_path(key: str, word: str) -> tuple[str, ...] | None:
    if word in _ABOUT:
        return (_ABOUT[word],)
    if key.startswith(EXPECT):
        return ("expect", key.removeprefix(EXPECT).lstrip(": "))
    title, dot, rest = key.partition(".")
    if dot and SETTINGS.get(_SETTING_BY_TITLE.get(title, ""), SETTINGS["phone"]).form is Form.TABLE:
        return ("settings", _SETTING_BY_TITLE[title], rest)
    name = _SETTING_BY_TITLE.get(word) or (word if word in SETTINGS else None)
    return ("settings", name) if name else None


# --- one row each --------------------------------------------------------------------------------


def _accounts(line: Line) -> dict[str, Any]:
    data: dict[str, Any] = {platform: line[platform] for platform in PLATFORMS if line[platform]}
    return data | ({"accounts": cells.pairs(line["accounts"])} if line["accounts"] else {})


def _group(line: Line) -> dict[str, Any]:
    data = {key: line[key] for key in ("name", "grid", "role")}
    return data | _accounts(line) | {"modules": cells.names(line["modules"])}


def _unit(line: Line) -> dict[str, Any]:
    data: dict[str, Any] = {key: line[key] for key in ("name", "side", "contact", "unmanaged")}
    data |= {key: cells.names(line[key]) for key in ("handles", "aliases", "grids")}
    return data | {"people": _people(line["people"])}


def _service_day(line: Line) -> dict[str, Any]:
    data: dict[str, Any] = {key: line[key] for key in ("name", "place", "provider", "rain")}
    data |= {key: _clock(line[key]) for key in ("starts", "ends")} | _rule(line["rule"])
    words = {"带": "bring", "提供": "provider"}
    data["items"] = [
        {"name": name, **{words.get(key, key): value for key, value in values.items()}}
        for name, values in cells.entries(line["items"])
    ]
    whole = tidy(line["groups"]) in ("", "全部", "所有", "all")
    data["groups"] = "all" if whole else cells.names(line["groups"])
    organisers = _people(line["organiser"])
    return data | ({"organiser": organisers[0]} if organisers else {})


def _duty(line: Line) -> dict[str, Any]:
    return {key: line[key] for key in ("grid", "from", "to")}


def _admin(line: Line) -> dict[str, Any]:
    named = cells.entries(line["name"])
    name, values = named[0] if named else ("", {})
    person = person_data(name, values, line)
    more = cells.pairs(line["accounts"])
    return person | ({"accounts": more} if more else {})


def _people(text: str) -> list[dict[str, Any]]:
    return [person_data(name, values) for name, values in cells.entries(text)]


def _clock(text: str) -> str:
    """A time that lost its format is a fraction of a day: 0.375 is 09:00."""
    if re.fullmatch(r"0\.\d+", text):
        minutes = round(float(text) * 24 * 60)
        return f"{minutes // 60:02d}:{minutes % 60:02d}"
    return text


def _rule(text: str) -> dict[str, Any]:
    """每月9、19、29日 · 每周六 · 每月第二个周六 · 2026-12-09 · 9,19,29 as fields of the YAML form."""
    said = tidy(text)
    if "每" in said or re.search(r"20\d\d", said):
        found = parse_rule(said, datetime.now(UTC), ZoneInfo("Asia/Shanghai"))
        if found is not None:
            data = found[0].as_data()
            return {
                key: [str(day) for day in value] if key == "days" else str(value)
                for key, value in data.items()
            }
        return {"date": said}
    return {"days": [part.rstrip("日号") for part in re.split(r"[\u3001,; ]+", said) if part]}
