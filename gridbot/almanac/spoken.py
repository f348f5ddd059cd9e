"""Dates and rules as people write them: 下周三下午3点半 · 12月9号 · 本月19号上午9点 · 每月第二个周六9点.

A small grammar of our own: the packages that read Chinese times are wrong where it matters
(每个月第一个星期二, 下周一到周五). What is not understood is None; nothing is guessed.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from gridbot.almanac.occurrences import WEEKDAYS, Rule, RuleError

_N = r"(?:\d{1,2}|[一二两三四五六七八九十廿卅]{1,3})"
_WEEKDAY = (  # 周一三五 and 周六、周日 name several days: not ours
    r"(?<![一二三四五六日天][、,到至和跟-])(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天]|[1-7](?!\d))"
    r"(?![、,,和跟到至-]{0,2}(?:周|星期|礼拜)?[一二三四五六日天](?![十点时月号]))"
)
_DIGIT = {"零": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_TEN = {"十": 10, "廿": 20, "卅": 30}
_NEAR = {"今": 0, "当": 0, "明": 1, "次": 1, "后": 2, "大后": 3}

#: The words that name a day, the most explicit first. 9号楼 is a building, 1.5号 is none of ours.
_DAYS = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?<!\d)(?P<year>20\d\d)[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})(?!\d)",
        rf"(?:(?P<year>20\d\d)年|(?P<next_year>明年)|今年)?(?<![\d一二三四五六七八九十])(?P<month>{_N})月"
        rf"(?P<day>{_N})(?:[日号]|(?![\d个月]))",
        rf"(?P<which>本|这个|这|当|下个|下)月(?P<day>{_N})[日号]",
        rf"(?P<week>(?:下个?)+|上个?|本|这个?)?{_WEEKDAY}",
        r"(?P<near>大后|[今明后])(?:[天日]|(?=[早晚上中下]))",
        rf"(?<![\d一二三四五六七八九十月第.])(?P<day>{_N})(?:号|日)(?![楼院线门栋幢弄桌柜球机库车])",
    )
)
_CLOCK = re.compile(
    rf"(?P<part>凌晨|清早|清晨|一早|早上|早晨|早|上午|中午|下午|午后|傍晚|晚上|夜里|半夜|晚)?"
    rf"(?<![\d:.])(?P<hour>{_N})"
    rf"(?:[:：](?P<colon>[0-5]\d)(?!\d)|[点时](?!间)(?:(?P<half>半)|(?P<quarter>[一三])刻|(?P<minute>[0-5]?\d|[一二三四五六七八九十]{{1,3}})分?|整|钟)?)"
)
_BETWEEN = re.compile(r"[ ,,的]*")
_MORNING = {"凌晨", "清早", "清晨", "一早", "早上", "早晨", "早", "上午"}
_EVENING = {"傍晚", "晚上", "晚"}
_NIGHT = {"夜里", "半夜"}

_EVERY_DAYS = re.compile(rf"每个?月(?:的)?(?P<days>{_N}[日号]?(?:[、,,和跟 ]{{0,2}}{_N}[日号]?)*[日号])")
_EVERY_NTH = re.compile(rf"每个?月(?:的)?(?:第?(?P<nth>[一二三四五1-5])个?|(?P<last>最后一?个?)){_WEEKDAY}")
_EVERY_WEEK = re.compile(rf"每个?{_WEEKDAY}")


def parse_when(text: str, now: datetime, zone: ZoneInfo) -> datetime | date | None:
    """The first day named, with its time of day if one is named; None if neither is.

    A day without its month is the next such day; 本月 and 这周 stay where they are, so the answer
    may lie in the past: the caller asks. A time alone is today, or tomorrow once it has passed.
    """
    today = now.astimezone(zone).date()
    found = _find_day(text, today)
    if found is None:
        return None
    day, span = found
    clock = _find_clock(text, span)
    if clock is None:
        return day
    part, hour, minute = clock
    if day is None:
        at = _at(today, hour, minute, zone)
        return at if at > now else _at(today + timedelta(days=1), hour, minute, zone)
    if part in _NIGHT and hour < 6:
        day += timedelta(days=1)  # 周五夜里1点 is the night after Friday
    return _at(day, hour, minute, zone)


def parse_rule(text: str, now: datetime, zone: ZoneInfo) -> tuple[Rule, time | None] | None:
    """A repetition or a single date, and the time of day: 每月第二个周六9点 · 每周五晚上7点 · 12月9日9点."""
    rule, span = _find_rule(text)
    if rule is None and "每" in text:
        return None  # a repetition, but none that we know
    if rule is None:
        when = parse_when(text, now, zone)
        if isinstance(when, datetime):
            return Rule(date=when.date()), when.time()
        return (Rule(date=when), None) if when else None
    clock = _find_clock(text, span)
    return rule, time(clock[1] % 24, clock[2]) if clock else None


def number(word: str) -> int:
    """19, 十九, 二十九, 廿九, 两."""
    if word.isdecimal():
        return int(word)
    total = 0
    for char in word:
        if char in _TEN:
            total = (total or 1) * 10 if char == "十" else total + _TEN[char]
        else:
            total += _DIGIT[char]
    return total


# --- the day -------------------------------------------------------------------------------------


def _find_day(text: str, today: date) -> tuple[date | None, tuple[int, int] | None] | None:
    """(day, where it stands); (None, None) if the text names none; None if it names one that is not."""
    for pattern in _DAYS:
        if match := pattern.search(text):
            day = _day(match, today)
            return None if day is None else (day, match.span())
    return None, None


def _day(match: re.Match[str], today: date) -> date | None:
    said = {name: value for name, value in match.groupdict().items() if value}
    if "near" in said:
        return today + timedelta(days=_NEAR[said["near"]])
    if "weekday" in said:
        return _weekday(said["weekday"], said.get("week", ""), today)
    day = number(said["day"])
    if "month" in said:
        month = number(said["month"])
        if "year" in said or "next_year" in said:
            return _date(int(said.get("year") or today.year + 1), month, day)
        return next(
            (
                found
                for year in range(today.year, today.year + 9)
                if (found := _date(year, month, day)) and found >= today
            ),
            None,
        )
    if "which" in said:
        later = said["which"].startswith("下")
        year, month = _month_later(today, 1 if later else 0)
        return _date(year, month, day)
    later_days = (_date(*_month_later(today, months), day) for months in range(3))
    return next((found for found in later_days if found and found >= today), None)


def _weekday(word: str, week: str, today: date) -> date:
    weekday = _weekday_number(word)
    monday = today - timedelta(days=today.weekday())
    if week.startswith("上"):
        return monday + timedelta(days=weekday - 8)
    if week.startswith("下"):
        return monday + timedelta(days=7 * week.count("下") + weekday - 1)
    day = monday + timedelta(days=weekday - 1)
    return day if week or day >= today else day + timedelta(days=7)


def _month_later(today: date, months: int) -> tuple[int, int]:
    count = today.year * 12 + today.month - 1 + months
    return count // 12, count % 12 + 1


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


# --- the time of day -----------------------------------------------------------------------------


def _find_clock(text: str, day_span: tuple[int, int] | None) -> tuple[str, int, int] | None:
    """(part of the day, hour up to 24, minute). 一点, 早一点 are "a little", unless a day comes before."""
    if day_span:
        text = text[: day_span[0]] + "日" * (day_span[1] - day_span[0]) + text[day_span[1] :]
    for match in _CLOCK.finditer(text):
        follows_day = day_span is not None and _BETWEEN.fullmatch(text, day_span[1], match.start())
        part = match["part"] or ""
        vague = part in ("", "早", "晚") and not match["hour"].isdecimal()
        if vague and not follows_day:
            continue
        hour = _hour(part, number(match["hour"]))
        if hour is not None:
            return part, hour, _minute(match)
    return None


def _hour(part: str, hour: int) -> int | None:
    """The hour of the day. 1 to 5 without a word for the time of day means the afternoon."""
    if hour > 24:
        return None
    if hour == 12:
        return {True: 24, False: 12}[part in _EVENING or part in _NIGHT] if part not in _MORNING else 0
    if part in _MORNING or hour > 12:
        return hour
    if part in _NIGHT:
        return hour if hour < 6 else hour + 12
    if part == "中午":
        return hour if hour >= 10 else hour + 12
    if part:
        return hour + 12
    return hour + 12 if 1 <= hour <= 5 else hour


def _minute(match: re.Match[str]) -> int:
    if match["half"]:
        return 30
    if match["quarter"]:
        return 15 if match["quarter"] == "一" else 45
    said = match["colon"] or match["minute"]
    return number(said) if said else 0


def _at(day: date, hour: int, minute: int, zone: ZoneInfo) -> datetime:
    if hour == 24:
        day, hour = day + timedelta(days=1), 0
    return datetime.combine(day, time(hour, minute), zone)


# --- rules ---------------------------------------------------------------------------------------


def _find_rule(text: str) -> tuple[Rule | None, tuple[int, int] | None]:
    try:
        if match := _EVERY_NTH.search(text):
            nth = -1 if match["last"] else number(match["nth"])
            return Rule(weekday=_weekday_number(match["weekday"]), nth=nth), match.span()
        if match := _EVERY_DAYS.search(text):
            days = {number(word) for word in re.findall(_N, match["days"])}
            return Rule(days=tuple(sorted(days))), match.span()
        if match := _EVERY_WEEK.search(text):
            return Rule(weekday=_weekday_number(match["weekday"])), match.span()
    except RuleError:
        pass
    return None, None


def _weekday_number(word: str) -> int:
    return int(word) if word.isdecimal() else min((WEEKDAYS + "天").index(word) + 1, 7)
