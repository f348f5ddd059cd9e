"""The smaller parts of a directory file: settings, counts, times and rules, what a service day offers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, Protocol, TypeVar
from zoneinfo import ZoneInfo

from gridbot.almanac import Rule, RuleError
from gridbot.grid import settings as s
from gridbot.grid.directory import Item
from gridbot.grid.fields import At, tidy
from gridbot.grid.settings import SETTINGS, Form

WHEN = ("days", "weekday", "nth", "date")
ITEM = ("name", "bring", "provider")
WEEKDAYS = {
    day: str(number)
    for number, days in enumerate(("一", "二", "三", "四", "五", "六", "日天"), 1)
    for day in days
}


class Named(Protocol):
    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=Named)


def unique(what: str, entries: Iterable[At], read: Callable[[At], N | None]) -> tuple[N, ...]:
    """What the entries are read as; a name that stands twice is noted."""
    found: dict[str, At] = {}
    kept = []
    for one in entries:
        value = read(one)
        if value is None:
            continue
        if value.name in found:
            one.wrong(f"{what}「{value.name}」写了两次,{found[value.name].where}已经有了")
        found.setdefault(value.name, one)
        kept.append(value)
    return tuple(kept)


def timezone(at: At) -> str:
    name = at.text() or "Asia/Shanghai"
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        at.wrong(f"没有「{name}」这个时区;中国写 Asia/Shanghai")
        return "Asia/Shanghai"
    return name


def expect(at: At) -> tuple[tuple[str, int], ...]:
    if at.value in (None, ""):
        return ()
    if not isinstance(at.value, dict):
        at.wrong("要写成 {三级网格: 9} 这样")
        return ()
    found = []
    for level in at.value:
        count = at.get(level).whole()
        if count is not None and count < 0:
            at.get(level).wrong("不能小于0")
        found.append((tidy(level), count or 0))
    return tuple(found)


def settings(at: At) -> dict[str, Any]:
    if at.value in (None, "") or not at.only(tuple(SETTINGS)):
        return {}
    found: dict[str, Any] = {}
    for name in at.value:
        if name not in SETTINGS:
            continue
        one, form = at.get(name), SETTINGS[name].form
        if one.value in (None, ""):
            continue
        value: Any
        if form in (Form.MINUTES, Form.SECONDS, Form.COUNT):
            value = one.whole()
        elif form is Form.TABLE:
            value = _table(one)
        else:
            value = one.text(sentence=True)
        wrong = s.problem(name, value) if value is not None else ""
        if wrong:
            one.wrong(f"{SETTINGS[name].title}{wrong}")
        else:
            found[name] = value
    return found


def _table(at: At) -> Any:
    """Names and values: a whole number stays one."""
    if not isinstance(at.value, dict):
        return at.value
    values = {key: at.get(key).text() for key in at.value}
    return {key: int(value) if re.fullmatch(r"\d{1,6}", value) else value for key, value in values.items()}


def clock(at: At, default: str) -> str:
    said = at.text() or default
    found = s.clock(said[:5] if re.fullmatch(r"\d\d:\d\d:00", said) else said)
    if found is None:
        at.wrong(f"要写成 09:00 这样的时间,写的是「{said}」")
        return default
    return found.strftime("%H:%M")


def day(at: At) -> date | None:
    """2026-10-01."""
    said = at.text(required=True)
    try:
        return date.fromisoformat(said[:10])
    except ValueError:
        if said:
            at.wrong(f"要写成 2026-10-01 这样的日子,写的是「{said}」")
        return None


def rule(at: At) -> Rule | None:
    given: dict[str, Any] = {key: at.get(key) for key in WHEN if at.get(key).value not in (None, "", [])}
    if not given:
        at.wrong("没有写哪一天:days: [9, 19, 29] 或 weekday: 6 或 date: 2026-12-09")
        return None
    data: dict[str, Any] = {}
    for key, one in given.items():
        if key == "days":
            data[key] = [number for day in one.names() if (number := day.whole()) is not None]
        elif key == "date":
            data[key] = one.text()
        else:
            said = At(one.source, one.path, WEEKDAYS.get(str(one.value)[-1:], one.value))
            data[key] = said.whole() or 0
    try:
        return Rule.read(data)
    except RuleError as error:
        next(iter(given.values())).wrong(str(error))
        return None


def items(at: At) -> tuple[Item, ...]:
    bring = at.get("bring")
    brought = bring.value if isinstance(bring.value, dict) else {}
    if bring.value and not brought:
        bring.wrong("要写成 {磨刀: 刀请包好} 这样")

    def item(one: At) -> Item | None:
        if not isinstance(one.value, dict):
            name = one.text(required=True)
            return Item(name, bring.get(name).text(sentence=True)) if name else None
        one.only(ITEM)
        name = one.get("name").text(required=True)
        own = one.get("bring").text(sentence=True) or bring.get(name).text(sentence=True)
        return Item(name, own, one.get("provider").text(sentence=True))

    items = unique("项目", at.get("items").names(), item)
    for name in brought:
        if name not in {one.name for one in items}:
            bring.get(name).wrong(f"项目里没有「{name}」")
    return items
