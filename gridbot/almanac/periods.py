"""Spoken periods of the calendar: 本月, 上周, 10月, 2026年3月. Pure."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_MONTH = re.compile(r"(?:(20\d\d)年)?(1[0-2]|0?[1-9])月(?:份)?")


def period(said: str, today: date) -> tuple[str, date, date] | None:
    """(its name, first day, the day after the last) of what was said; "" is this month. None: not a period.

    A month without a year is the last one of that number that has begun.
    """
    word = said.strip().replace("这个", "本").replace("上个", "上").replace("这", "本")
    this = today.replace(day=1)
    monday = today - timedelta(days=today.weekday())
    match word:
        case "" | "本月":
            return "本月", this, _next(this)
        case "上月":
            last = (this - timedelta(days=1)).replace(day=1)
            return "上月", last, this
        case "本周" | "本星期" | "本礼拜":
            return "本周", monday, monday + timedelta(days=7)
        case "上周" | "上星期" | "上礼拜":
            return "上周", monday - timedelta(days=7), monday
        case "今年" | "本年":
            return "今年", date(today.year, 1, 1), date(today.year + 1, 1, 1)
    found = _MONTH.fullmatch(word)
    if found is None:
        return None
    number = int(found[2])
    year = int(found[1]) if found[1] else today.year - (number > today.month)
    first = date(year, number, 1)
    name = f"{number}月" if year == today.year else f"{year}年{number}月"
    return name, first, _next(first)


def _next(first: date) -> date:
    return (first + timedelta(days=32)).replace(day=1)


def moments(first: date, after: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Their midnights in a zone, as aware UTC."""
    midnights = (datetime.combine(day, time(), zone) for day in (first, after))
    since, until = (at.astimezone(ZoneInfo("UTC")) for at in midnights)
    return since, until
