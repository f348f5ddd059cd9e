"""What kind of day is it? Holidays, 调休 (a Saturday or Sunday worked instead), 农历 (lunar calendar).

A year's 调休 is known only once the State Council has published it: then it is a table in
intents/calendar/. A year without a table is reckoned by the statutory holidays and Monday to
Friday, and every answer about it says so (`table_known`); it is never an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import NoReturn

import yaml

_LONGEST = 15  #: days; a longer holiday is a slip of the pen


class CalendarError(ValueError):
    """A table that cannot be used: `file:line: what is wrong`, for the person who wrote it."""


@dataclass(frozen=True, slots=True)
class DayInfo:
    day: date
    weekday: int  #: 1 = 周一 … 7 = 周日
    is_workday: bool
    holiday: str  #: 春节; "" on any other day
    lunar: str  #: 正月初四
    make_up: bool  #: 调休: a weekend day that is worked
    table_known: bool  #: False: the year's 调休 is not published (or not entered) yet

    @property
    def weekend(self) -> bool:
        return self.weekday >= 6


@dataclass(frozen=True, slots=True)
class Calendar:
    """The published tables. A day that no table names follows its weekday."""

    years: frozenset[int] = frozenset()
    off: Mapping[date, str] = field(default_factory=dict)
    work: frozenset[date] = frozenset()

    def day_info(self, day: date) -> DayInfo:
        holiday, make_up = self._marks(day)
        known = day.year in self.years
        return DayInfo(day, day.isoweekday(), self.is_workday(day), holiday, lunar_text(day), make_up, known)

    def is_workday(self, day: date) -> bool:
        holiday, make_up = self._marks(day)
        return make_up or (not holiday and day.isoweekday() <= 5)

    def _marks(self, day: date) -> tuple[str, bool]:
        if day.year in self.years or day in self.off or day in self.work:
            return self.off.get(day, ""), day in self.work
        statutory, worked = _statutory(day.year)
        return statutory.get(day, ""), day in worked

    def unknown_years(self, first: date, last: date) -> list[int]:
        """The years of a span whose 调休 is not known."""
        return [year for year in range(first.year, last.year + 1) if year not in self.years]


def day_info(day: date, calendar: Calendar | None = None) -> DayInfo:
    return (calendar or calendar_in_use()).day_info(day)


@lru_cache(maxsize=1024)
def lunar_text(day: date) -> str:
    """正月初四; a leap month is 闰六月初八."""
    from lunar_python import Solar

    lunar = Solar.fromYmd(day.year, day.month, day.day).getLunar()
    return f"{lunar.getMonthInChinese()}月{lunar.getDayInChinese()}"


@lru_cache(maxsize=32)
def _statutory(year: int) -> tuple[Mapping[date, str], frozenset[date]]:
    """What the law says of a year without a table: holidays, and make-up days where the package has them."""
    import holidays

    known = holidays.country_holidays("CN", years=year, language="zh_CN")
    names = {day: _plain_name(name) for day, name in known.items() if day.year == year}
    return MappingProxyType(names), frozenset(day for day in known.weekend_workdays if day.year == year)


def _plain_name(name: str) -> str:
    """春节(补假) → 春节, 农历除夕 → 除夕; a day off that was shifted is 调休."""
    if name.startswith("休息日"):
        return "调休"
    return name.partition("（")[0].partition("(")[0].removeprefix("农历")


# --- the tables ----------------------------------------------------------------------------------


def shipped_folder() -> Path:
    """Where the tables lie: in the wheel, or in the repository."""
    carried = Path(str(resources.files("gridbot"))) / "_data" / "intents" / "calendar"
    return carried if carried.is_dir() else Path(__file__).resolve().parents[2] / "intents" / "calendar"


@lru_cache(maxsize=1)
def shipped_calendar() -> Calendar:
    return load_calendar(shipped_folder())


_in_use: Calendar | None = None


def use_calendar(calendar: Calendar | None) -> None:
    """Said once at the start where a community keeps its own tables; None goes back to the shipped ones."""
    global _in_use
    _in_use = calendar


def calendar_in_use() -> Calendar:
    return _in_use or shipped_calendar()


def load_calendar(folder: Path) -> Calendar:
    """Every *.yaml of a folder; a folder that is not there is an empty calendar. Raises CalendarError."""
    years: dict[int, Path] = {}
    off: dict[date, str] = {}
    work: set[date] = set()
    for file in sorted(folder.glob("*.yaml")):
        table = _Table(file)
        if table.year in years:
            raise CalendarError(f"{file}: {table.year}年已经写在{years[table.year].name}里了")
        years[table.year] = file
        for day, name, line in table.off():
            if day in off:
                table.wrong(line, f"{day}已经算在{off[day]}里了")
            off[day] = name
        for day, line in table.work():
            if day in off or day in work:
                table.wrong(line, f"{day}写了两遍,或者已经算在{off.get(day, '调休')}里了")
            work.add(day)
    return Calendar(frozenset(years), MappingProxyType(off), frozenset(work))


class _Table:
    """One file, read node by node so that every complaint names its line."""

    def __init__(self, file: Path) -> None:
        self.file = file
        try:
            root = yaml.compose(file.read_text(encoding="utf-8-sig"), Loader=yaml.SafeLoader)
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise CalendarError(f"{file}: 读不出来: {error}") from error
        self.fields = dict(self._pairs(root)) if root is not None else {}
        if strange := set(self.fields) - {"year", "source", "off", "work"}:
            name = min(strange)
            self.wrong(self.fields[name], f"不认识的一项: {name!r}")
        year = getattr(self.fields.get("year"), "value", "")
        if not (isinstance(year, str) and year.isdigit() and 1949 < int(year) < 2200):
            self.wrong(self.fields.get("year"), f"year要写年份,写的是{year!r}")
        self.year = int(year)

    def wrong(self, node: yaml.Node | None, problem: str) -> NoReturn:
        line = f":{node.start_mark.line + 1}" if node is not None else ""
        raise CalendarError(f"{self.file}{line}: {problem}")

    def off(self) -> Iterator[tuple[date, str, yaml.Node]]:
        if (node := self.fields.get("off")) is None:
            return
        for name, span in self._pairs(node):
            first, last = self._span(name, span)
            for offset in range((last - first).days + 1):
                yield first + timedelta(days=offset), name, span

    def work(self) -> Iterator[tuple[date, yaml.Node]]:
        for node in self._items(self.fields.get("work")):
            day = self._date(node)
            if day.isoweekday() < 6:
                self.wrong(node, f"{day}是周{'一二三四五'[day.weekday()]},本来就上班,不用写")
            yield day, node

    def _span(self, name: str, node: yaml.Node) -> tuple[date, date]:
        days = [self._date(item) for item in self._items(node)]
        if len(days) != 2 or not timedelta() <= days[1] - days[0] < timedelta(days=_LONGEST):
            self.wrong(node, f"{name}要写[头一天, 最后一天]")
        return days[0], days[1]

    def _date(self, node: yaml.Node) -> date:
        try:
            day = date.fromisoformat(str(node.value))
        except ValueError:
            self.wrong(node, f"不是日期: {node.value!r}")
        if day.year not in (self.year, self.year - 1):  # 元旦 may begin in December
            self.wrong(node, f"{day}不在{self.year}年")
        return day

    def _pairs(self, node: yaml.Node) -> list[tuple[str, yaml.Node]]:
        if not isinstance(node, yaml.MappingNode):
            self.wrong(node, "这里要写成 名字: 值")
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                self.wrong(key, f"{key.value!r}写了两遍")
            seen.add(key.value)
        return [(str(key.value), value) for key, value in node.value]

    def _items(self, node: yaml.Node | None) -> Iterable[yaml.Node]:
        if node is None:
            return ()
        if not isinstance(node, yaml.SequenceNode):
            self.wrong(node, "这里要写成一列")
        items: list[yaml.Node] = node.value
        return items
