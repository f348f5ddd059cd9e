"""Limits (时限): so much of a unit, and when that is over. 4 工作时 are not 4 小时, 5 工作日 not 5 天.

A pause (暂缓) takes its own length out of a limit, measured in the limit's unit: a working-day limit is put
off by the working days of the pause, an hour limit by its hours.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from gridbot.almanac.days import Calendar, calendar_in_use
from gridbot.almanac.working import HOURS_OF_WORK, Span, add_working, working_between

_LONGEST = {"分钟": 100_000, "小时": 10_000, "天": 400, "工作时": 2_000, "工作日": 250}
_WRITTEN = re.compile(r"(\d{1,6}(?:\.\d)?)\s*(?:个)?(分钟|小时|天|工作时|工作日)")

Pause = tuple[datetime, datetime]
"""From when until when the clock stood still; aware times, in order."""


class LimitError(ValueError):
    """Not a limit; the message is a sentence for whoever wrote it."""


class Unit(StrEnum):
    MINUTE = "分钟"
    HOUR = "小时"
    DAY = "天"
    WORKING_HOUR = "工作时"
    WORKING_DAY = "工作日"

    @property
    def working(self) -> bool:
        return self in (Unit.WORKING_HOUR, Unit.WORKING_DAY)


@dataclass(frozen=True, slots=True)
class Limit:
    """2小时, 4工作时, 15工作日. Zero is allowed: nothing is waited for."""

    amount: float
    unit: Unit

    @classmethod
    def read(cls, text: str) -> Limit:
        """Raises LimitError."""
        found = _WRITTEN.fullmatch(str(text).strip())
        if found is None:
            raise LimitError(f"时限要写成 2小时、30分钟、4工作时、15工作日 这样,写的是「{text}」")
        amount, unit = float(found[1]), Unit(found[2])
        if amount > _LONGEST[unit]:
            raise LimitError(f"「{text}」太长了,最多{_LONGEST[unit]}{unit}")
        if unit is Unit.WORKING_DAY and amount != int(amount):
            raise LimitError(f"工作日要写整数,写的是「{text}」")
        return cls(amount, unit)

    def __str__(self) -> str:
        return f"{self.amount:g}{self.unit}"

    @property
    def length(self) -> timedelta:
        """Of a limit by the clock. Raises ValueError for one in working time."""
        match self.unit:
            case Unit.MINUTE:
                return timedelta(minutes=self.amount)
            case Unit.HOUR:
                return timedelta(hours=self.amount)
            case Unit.DAY:
                return timedelta(days=self.amount)
            case _:
                raise ValueError(f"{self} depends on the calendar")


def due(
    start: datetime,
    limit: Limit,
    *,
    zone: ZoneInfo,
    hours_of_work: Sequence[Span] = HOURS_OF_WORK,
    calendar: Calendar | None = None,
    pauses: Sequence[Pause] = (),
) -> datetime:
    """When `limit` from `start` is over, the pauses taken out; aware times, UTC out."""
    calendar = calendar or calendar_in_use()

    def later(at: datetime, amount: float) -> datetime:
        if limit.unit is Unit.WORKING_HOUR:
            return add_working(at, hours=amount, zone=zone, hours_of_work=hours_of_work, calendar=calendar)
        return add_working(at, days=int(amount), zone=zone, hours_of_work=hours_of_work, calendar=calendar)

    end = later(start, limit.amount) if limit.unit.working else start + limit.length
    for begins, ends in pauses:
        begins, ends = max(begins, start), max(ends, start)
        if begins >= end or ends <= begins:
            continue
        if limit.unit is Unit.WORKING_HOUR:
            stood = working_between(begins, ends, zone=zone, hours_of_work=hours_of_work, calendar=calendar)
            end = later(end, stood / timedelta(hours=1))
        elif limit.unit is Unit.WORKING_DAY:
            end = later(end, _working_days(begins, ends, zone, calendar))
        else:
            end += ends - begins
    return end


def _working_days(begins: datetime, ends: datetime, zone: ZoneInfo, calendar: Calendar) -> int:
    """How many working days begin after the one moment and not after the other."""
    day, last = begins.astimezone(zone).date(), ends.astimezone(zone).date()
    count = 0
    while day < last:
        day += timedelta(days=1)
        count += calendar.is_workday(day)
    return count
