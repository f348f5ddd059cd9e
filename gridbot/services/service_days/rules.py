"""A service day and one of its dates: what is known, when to speak of it, and whether it is too late."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from gridbot.almanac import Rule, day_info, local_time

AHEAD = timedelta(days=40)  #: how far dates are planned
_CLOCK = re.compile(r"([01]?\d|2[0-4]):[0-5]\d")
_SUFFIX = re.compile(r"(?:便民|惠民|为民)?(?:服务)?(?:日|活动|集市)$")
_NEAR = ("今天", "明天", "后天")
_HOLIDAY_BY_LUNAR = {"春节", "除夕"}


class State(StrEnum):
    """Of one date. ASKED: the organiser has been asked who comes."""

    PLANNED = "planned"
    ASKED = "asked"
    CANCELLED = "cancelled"


class Comes(StrEnum):
    """Of one item on one date."""

    YES = "yes"
    NO = "no"
    PENDING = "pending"  #: 待定


class What(StrEnum):
    """What is posted about a date; also the kind of the timer, after "service:"."""

    HOLIDAY = "holiday"  #: to the admins: it falls on a public holiday
    ASK = "ask"  #: to the organiser: who comes?
    EVE = "eve"
    MORNING = "morning"
    TOLD = "told"  #: on the eve of a date that was cancelled or moved before anything was posted


IN_GROUPS = (What.EVE, What.MORNING, What.TOLD)


@dataclass(frozen=True, slots=True)
class Times:
    """When to speak; a community's own figures come from its settings."""

    holiday_days: int = 7
    ask_days: int = 2
    ask_at: str = "10:00"
    eve_at: str = "18:00"
    morning_at: str = "07:30"
    late_hours: int = 3  #: an announcement may be so late
    night_from: str = "21:00"  #: the community's quiet_start
    night_until: str = "08:00"  #: and quiet_end

    @classmethod
    def read(cls, settings: Mapping[str, Any]) -> Times:
        """From settings["service_days"] and the quiet hours. What makes no sense keeps its default."""
        own = settings.get("service_days")
        given = {"night_from": settings.get("quiet_start"), "night_until": settings.get("quiet_end")}
        given |= dict(own) if isinstance(own, Mapping) else {}
        values: dict[str, Any] = {}
        for name in cls.__slots__:
            value, default = given.get(name), getattr(_TIMES, name)
            if isinstance(default, int):
                fits = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 30
            else:
                fits = isinstance(value, str) and bool(_CLOCK.fullmatch(value))
            if fits:
                values[name] = value
        return cls(**values)


_TIMES = Times()


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that is offered: 磨刀, and what to bring for it."""

    name: str
    bring: str = ""


@dataclass(frozen=True, slots=True)
class ServiceDay:
    """便民服务日: what a community offers again and again, such as 三九 (每月9、19、29日)."""

    id: int
    community_id: int
    name: str
    rule: Rule
    zone: ZoneInfo
    starts: str = "09:00"
    ends: str = "11:00"
    place: str = ""
    items: tuple[Item, ...] = ()
    provider: str = ""
    rain: str = ""
    groups: tuple[str, ...] | None = None  #: names of groups; None: all
    organiser_id: int | None = None
    active: bool = True

    @property
    def short(self) -> str:
        """三九便民服务日 → 三九: what people call it."""
        return _SUFFIX.sub("", self.name) or self.name


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One date of a service day."""

    id: int
    service: ServiceDay
    day: date  #: the date the rule gave
    moved_to: date | None = None
    state: State = State.PLANNED
    items: Mapping[str, str] = field(default_factory=dict)

    @property
    def on(self) -> date:
        return self.moved_to or self.day

    @property
    def starts_at(self) -> datetime:
        return local_time(self.on, self.service.starts, self.service.zone)

    @property
    def ends_at(self) -> datetime:
        return local_time(self.on, self.service.ends, self.service.zone)

    @property
    def cancelled(self) -> bool:
        return self.state is State.CANCELLED

    def names(self) -> list[str]:
        """Every item, those of this date alone last."""
        usual = [item.name for item in self.service.items]
        return usual + [name for name in self.items if name not in usual]

    def comes(self, name: str) -> Comes:
        return Comes(self.items.get(name, Comes.PENDING))

    def items_that(self, comes: Comes) -> list[str]:
        return [name for name in self.names() if self.comes(name) is comes]

    def bring(self) -> list[str]:
        """What to bring for what is not called off. 磨刀(10点) is still 磨刀."""
        kept = {base_name(name) for name in self.names() if self.comes(name) is not Comes.NO}
        return [item.bring for item in self.service.items if item.bring and item.name in kept]

    def label(self, what: What) -> str:
        """Names a post: a moved date gets posts of its own."""
        return f"{what}:{self.moved_to}" if self.moved_to else what.value


def base_name(item: str) -> str:
    return item.partition("(")[0].strip()


# --- when ----------------------------------------------------------------------------------------


def moment(what: What, occurrence: Occurrence, times: Times) -> datetime:
    """When something is to be posted, UTC."""
    zone, on = occurrence.service.zone, occurrence.on
    match what:
        case What.HOLIDAY:
            return local_time(on - timedelta(days=times.holiday_days), times.ask_at, zone)
        case What.ASK:
            return local_time(on - timedelta(days=times.ask_days), times.ask_at, zone)
        case What.EVE:
            return local_time(on - timedelta(days=1), times.eve_at, zone)
        case What.MORNING:
            return min(local_time(on, times.morning_at, zone), occurrence.starts_at - timedelta(hours=1))
        case What.TOLD:
            return local_time(occurrence.day - timedelta(days=1), times.eve_at, zone)


def still_sensible(what: What, occurrence: Occurrence, times: Times, now: datetime) -> bool:
    """Whether it still helps anybody to post this, after a time in which nothing could be posted.

    Nothing of it is for the night; what the eve missed because of the night, the morning says.
    """
    if what is What.TOLD:
        return now < local_time(occurrence.day, occurrence.service.ends, occurrence.service.zone)
    if what is What.MORNING:
        return now < occurrence.ends_at
    if now >= occurrence.starts_at:
        return False
    return what is not What.EVE or not is_night(now, times, occurrence.service.zone)


def is_night(now: datetime, times: Times, zone: ZoneInfo) -> bool:
    today = now.astimezone(zone).date()
    begins, ends = local_time(today, times.night_from, zone), local_time(today, times.night_until, zone)
    return now < ends or now >= begins


def after_night(now: datetime, times: Times, zone: ZoneInfo) -> datetime:
    """`now`, or the morning if it is night: nobody is asked a question then."""
    if not is_night(now, times, zone):
        return now
    today = now.astimezone(zone).date()
    morning = local_time(today, times.night_until, zone)
    return morning if now < morning else local_time(today + timedelta(days=1), times.night_until, zone)


# --- in words ------------------------------------------------------------------------------------


def day_words(day: date, today: date, *, near: bool = True) -> str:
    """明天(19日周六) · 29日(周二) · 2月9日(周二,正月初四): a weekend or a holiday is always seen."""
    info = day_info(day)
    plain = (
        f"{day.day}日" if (day.year, day.month) == (today.year, today.month) else f"{day.month}月{day.day}日"
    )
    if day.year not in (today.year, today.year + 1):
        plain = f"{day.year}年{plain}"
    weekday = f"周{'一二三四五六日'[info.weekday - 1]}"
    if info.holiday:
        weekday += f",{info.lunar if info.holiday in _HOLIDAY_BY_LUNAR else info.holiday}"
    distance = (day - today).days
    if near and 0 <= distance < len(_NEAR):
        return f"{_NEAR[distance]}({day.day}日{weekday})"
    return f"{plain}({weekday})"


def hours_words(starts: str, ends: str) -> str:
    """9到11点 · 9点半到11点 · 下午2到4点 · 上午9点到下午3点"""
    (part, begin, begin_min), (end_part, end, end_min) = _spoken(starts), _spoken(ends)
    if part == end_part or (end_part == "中午" and part == "上午"):
        part = "" if part == "上午" else part
        if not begin_min:
            return f"{part}{begin}到{end}点{end_min}"
        return f"{part}{begin}点{begin_min}到{end}点{end_min}"
    return f"{part}{begin}点{begin_min}到{end_part}{end}点{end_min}"


def _spoken(clock: str) -> tuple[str, int, str]:
    hour, minute = (int(part) for part in clock.split(":"))
    part = "上午" if hour < 12 else "中午" if hour == 12 else "下午" if hour < 18 else "晚上"
    words = {0: "", 30: "半"}.get(minute, f"{minute:02}分")
    return part, hour if hour <= 12 else hour - 12, words


def rain_words(rain: str) -> str:
    """活动室 → 下雨改活动室; 改活动室 → 下雨改活动室; 下雨取消 stays."""
    rain = rain.strip().rstrip("。")
    if not rain or "雨" in rain:
        return rain
    return f"下雨{rain}" if re.match(r"改|取消|照常|顺延|停|推迟|不", rain) else f"下雨改{rain}"
