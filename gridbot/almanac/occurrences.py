"""Which days does a rule mean? The arithmetic is APScheduler's CronTrigger, asked in UTC at midnight."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

WEEKDAYS = "一二三四五六日"
_CRON_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CRON_NTH = {1: "1st", 2: "2nd", 3: "3rd", 4: "4th", 5: "5th", -1: "last"}
_NTH_WORDS = {1: "第一个", 2: "第二个", 3: "第三个", 4: "第四个", 5: "第五个", -1: "最后一个"}
_FIELDS = {"days", "weekday", "nth", "date"}


class RuleError(ValueError):
    """A rule that names no day, or two kinds of days at once. The text quotes what was given."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of repetition. Weekdays count 1 = 周一 … 7 = 周日; `nth` -1 is the last one of a month."""

    days: tuple[int, ...] = ()
    weekday: int = 0
    nth: int = 0
    date: date | None = None

    def __post_init__(self) -> None:
        if (bool(self.days), bool(self.weekday), self.date is not None).count(True) != 1:
            raise RuleError(f"要么是每月几号,要么是周几,要么是一个日期,只能写一种: {self.as_data()!r}")
        if any(not 1 <= day <= 31 for day in self.days) or len(set(self.days)) != len(self.days):
            raise RuleError(f"日子只能是1到31,不能重复: {list(self.days)!r}")
        if self.weekday and not 1 <= self.weekday <= 7:
            raise RuleError(f"周几只能是1(周一)到7(周日): {self.weekday!r}")
        if self.nth and (self.nth not in _CRON_NTH or not self.weekday):
            raise RuleError(f"第几个要配周几,从1到5,最后一个写-1: {self.as_data()!r}")

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Rule:
        """From the JSON of a rule column or the directory file."""
        if strange := set(data) - _FIELDS:
            raise RuleError(f"看不懂的规则: {sorted(map(str, strange))!r}")
        try:
            days = tuple(sorted(int(day) for day in data.get("days") or ()))
            day = data.get("date")
            if isinstance(day, str):
                day = date.fromisoformat(day)
            return cls(days, int(data.get("weekday") or 0), int(data.get("nth") or 0), day)
        except RuleError:
            raise
        except (TypeError, ValueError) as error:
            raise RuleError(f"看不懂的规则: {dict(data)!r}") from error

    def as_data(self) -> dict[str, Any]:
        """As JSON; `read` takes it back."""
        data: dict[str, Any] = {}
        if self.days:
            data["days"] = list(self.days)
        if self.nth:
            data["nth"] = self.nth
        if self.weekday:
            data["weekday"] = self.weekday
        if self.date:
            data["date"] = self.date.isoformat()
        return data

    def words(self) -> str:
        """每月9、19、29日 · 每周六 · 每月第二个周六 · 2026年12月9日"""
        if self.days:
            return f"每月{'、'.join(map(str, self.days))}日"
        if self.date:
            return f"{self.date.year}年{self.date.month}月{self.date.day}日"
        weekday = f"周{WEEKDAYS[self.weekday - 1]}"
        return f"每月{_NTH_WORDS[self.nth]}{weekday}" if self.nth else f"每{weekday}"


def occurrences(rule: Rule, first: date, last: date) -> Iterator[date]:
    """The days of a rule from `first` to `last`, both included, in order."""
    if rule.date:
        if first <= rule.date <= last:
            yield rule.date
        return
    trigger = _trigger(rule)
    at: datetime | None = datetime.combine(first, time(), UTC)
    while at := trigger.get_next_fire_time(None, at):
        if at.date() > last:
            return
        yield at.date()
        at += timedelta(days=1)


def next_day(rule: Rule, since: date) -> date | None:
    """The first day of a rule that is not before `since`. None: a single date that is past."""
    return next(occurrences(rule, since, since + timedelta(days=366 * 8)), None)


def missing_days(rule: Rule, year: int, month: int) -> tuple[int, ...]:
    """The days that a rule names and a month does not have: (29,) for 三九 in February 2027."""
    length = monthrange(year, month)[1]
    return tuple(day for day in rule.days if day > length)


def missing_after(rule: Rule, day: date) -> tuple[int, int, tuple[int, ...]] | None:
    """What falls out between one day of a rule and the next: (year, month, days), or None."""
    following = next_day(rule, day + timedelta(days=1))
    year, month = day.year, day.month
    while following and (year, month) <= (following.year, following.month):
        missing = tuple(
            number
            for number in missing_days(rule, year, month)
            if (year, month, number) > (day.year, day.month, day.day)
            and (year, month, number) < (following.year, following.month, following.day)
        )
        if missing:
            return year, month, missing
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return None


def _trigger(rule: Rule) -> Any:
    from apscheduler.triggers.cron import CronTrigger  # 70 ms, and `classify` never asks for a day

    weekday = _CRON_WEEKDAYS[rule.weekday - 1]
    if rule.days:
        fields = {"day": ",".join(map(str, rule.days))}
    elif rule.nth:
        fields = {"day": f"{_CRON_NTH[rule.nth]} {weekday}"}
    else:
        fields = {"day_of_week": weekday}
    return CronTrigger(**fields, hour=0, minute=0, second=0, timezone=UTC)
