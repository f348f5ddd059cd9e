"""The days of rules, holidays and 调休, working time, and dates as people write them."""

from __future__ import annotations

import time as clock
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridbot.almanac import (
    Calendar,
    CalendarError,
    Rule,
    RuleError,
    add_working,
    calendar_in_use,
    day_info,
    load_calendar,
    local_time,
    missing_after,
    missing_days,
    next_day,
    occurrences,
    parse_rule,
    parse_when,
    shipped_calendar,
    use_calendar,
    working_between,
)

ZONE = ZoneInfo("Asia/Shanghai")
SAN_JIU = Rule(days=(9, 19, 29))  # 三九
SATURDAY = datetime(2026, 11, 21, 10, 0, tzinfo=ZONE)


@pytest.fixture(autouse=True, params=["", "America/New_York"])
def machine_zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The zone of the machine changes nothing: every test here runs in two."""
    if request.param:
        monkeypatch.setenv("TZ", request.param)
        clock.tzset()
    yield
    monkeypatch.undo()
    clock.tzset()


def days(rule: Rule, first: str, last: str) -> list[str]:
    found = occurrences(rule, date.fromisoformat(first), date.fromisoformat(last))
    return [f"{day:%m-%d}" for day in found]


# --- rules ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "first", "last", "expected"),
    [
        # 三九: three days a month
        (SAN_JIU, "2026-11-21", "2026-12-31", ["11-29", "12-09", "12-19", "12-29"]),
        # February 2027 has no 29th: nothing falls on March 1st instead
        (SAN_JIU, "2027-02-01", "2027-03-10", ["02-09", "02-19", "03-09"]),
        # a leap year has it
        (SAN_JIU, "2028-02-20", "2028-03-01", ["02-29"]),
        # both ends are included
        (SAN_JIU, "2026-12-09", "2026-12-19", ["12-09", "12-19"]),
        # an empty span
        (SAN_JIU, "2026-12-10", "2026-12-18", []),
        # every 周六
        (Rule(weekday=6), "2026-11-21", "2026-12-06", ["11-21", "11-28", "12-05"]),
        # every 周日: 7, not 0
        (Rule(weekday=7), "2026-11-21", "2026-11-29", ["11-22", "11-29"]),
        # 每月第二个周六
        (Rule(weekday=6, nth=2), "2026-11-01", "2027-01-31", ["11-14", "12-12", "01-09"]),
        # 每月最后一个周五
        (Rule(weekday=5, nth=-1), "2026-11-01", "2026-12-31", ["11-27", "12-25"]),
        # 第五个周六: only months that have one
        (Rule(weekday=6, nth=5), "2026-10-01", "2027-01-31", ["10-31", "01-30"]),
        # one date, inside and outside the span
        (Rule(date=date(2026, 12, 9)), "2026-12-01", "2026-12-31", ["12-09"]),
        (Rule(date=date(2026, 12, 9)), "2026-12-10", "2026-12-31", []),
        # the 31st jumps over short months
        (Rule(days=(31,)), "2026-11-01", "2027-03-31", ["12-31", "01-31", "03-31"]),
    ],
)
def test_occurrences(rule: Rule, first: str, last: str, expected: list[str]) -> None:
    assert days(rule, first, last) == expected


@given(
    st.sets(st.integers(1, 31), min_size=1),
    st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    st.integers(0, 400),
)
def test_month_days_are_what_counting_gives(numbers: set[int], first: date, span: int) -> None:
    last = first + timedelta(days=span)
    counted = [day for offset in range(span + 1) if (day := first + timedelta(days=offset)).day in numbers]
    assert list(occurrences(Rule(days=tuple(sorted(numbers))), first, last)) == counted


@given(
    st.integers(1, 7),
    st.sampled_from([0, 1, 2, 3, 4, 5, -1]),
    st.dates(date(2000, 1, 1), date(2100, 1, 1)),
)
def test_weekdays_are_what_counting_gives(weekday: int, nth: int, first: date) -> None:
    def fits(day: date) -> bool:
        if day.isoweekday() != weekday:
            return False
        if nth == -1:
            return (day + timedelta(days=7)).month != day.month
        return not nth or (day.day - 1) // 7 + 1 == nth

    counted = [day for offset in range(101) if fits(day := first + timedelta(days=offset))]
    rule = Rule(weekday=weekday, nth=nth)
    assert list(occurrences(rule, first, first + timedelta(days=100))) == counted
    assert Rule.read(rule.as_data()) == rule


@pytest.mark.parametrize(
    ("rule", "day", "expected"),
    [
        (SAN_JIU, date(2027, 2, 19), (2027, 2, (29,))),  # said with the 19th
        (SAN_JIU, date(2027, 2, 9), None),  # the 19th comes first
        (SAN_JIU, date(2028, 2, 19), None),  # a leap year has a 29th
        (SAN_JIU, date(2026, 12, 29), None),
        (Rule(days=(31,)), date(2027, 1, 31), (2027, 2, (31,))),  # the month between is skipped whole
        (Rule(days=(29, 30, 31)), date(2027, 1, 31), (2027, 2, (29, 30, 31))),
        (Rule(days=(1, 31)), date(2026, 11, 1), (2026, 11, (31,))),
        (Rule(weekday=6), date(2026, 11, 21), None),  # weeks have all their days
        (Rule(date=date(2026, 12, 9)), date(2026, 12, 9), None),  # nothing follows
    ],
)
def test_missing_after(rule: Rule, day: date, expected: tuple[int, int, tuple[int, ...]] | None) -> None:
    assert missing_after(rule, day) == expected


def test_missing_days_of_a_month() -> None:
    assert missing_days(SAN_JIU, 2027, 2) == (29,)
    assert missing_days(SAN_JIU, 2028, 2) == ()


def test_next_day_of_a_past_date_is_none() -> None:
    assert next_day(Rule(date=date(2026, 1, 1)), date(2026, 1, 2)) is None
    assert next_day(Rule(days=(29,)), date(2027, 1, 30)) == date(2027, 3, 29)


@pytest.mark.parametrize(
    "data",
    [
        {},  # no day at all
        {"days": [9], "weekday": 6},  # two kinds at once
        {"days": [0]},
        {"days": [32]},
        {"days": [9, 9]},
        {"weekday": 8},
        {"weekday": 6, "nth": 6},
        {"nth": 2},  # the second what?
        {"date": "2027-02-29"},  # no such day
        {"days": "九"},
        {"daily": True},  # a key nobody knows
    ],
)
def test_a_rule_that_means_nothing_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(RuleError):
        Rule.read(data)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (SAN_JIU, "每月9、19、29日"),
        (Rule(weekday=7), "每周日"),
        (Rule(weekday=6, nth=2), "每月第二个周六"),
        (Rule(weekday=6, nth=-1), "每月最后一个周六"),
        (Rule(date=date(2026, 12, 9)), "2026年12月9日"),
    ],
)
def test_a_rule_in_words_is_read_back(rule: Rule, words: str) -> None:
    assert rule.words() == words
    assert parse_rule(words, SATURDAY, ZONE) == (rule, None)


# --- kinds of days -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "works", "holiday", "lunar", "make_up", "known"),
    [
        ("2026-10-10", True, "", "九月初一", True, True),  # a Saturday worked for 国庆
        ("2026-10-06", False, "国庆节", "八月廿六", False, True),
        ("2026-02-15", False, "春节", "腊月廿八", False, True),  # a Sunday inside the holiday bears its name
        ("2026-11-21", False, "", "十月十三", False, True),  # an ordinary Saturday
        ("2026-11-20", True, "", "十月十二", False, True),
        ("2027-02-09", False, "春节", "正月初四", False, False),  # no table: statutory days
        ("2027-02-05", False, "除夕", "腊月廿九", False, False),
        ("2027-02-20", False, "", "正月十五", False, False),  # will surely be worked, nobody has said so
        ("2028-02-29", True, "", "二月初五", False, False),
        ("2025-08-01", True, "", "闰六月初八", False, False),  # a leap month
        ("2150-01-05", True, "", "腊月初七", False, False),  # beyond every table, and no crash
    ],
)
def test_day_info(day: str, works: bool, holiday: str, lunar: str, make_up: bool, known: bool) -> None:
    info = day_info(date.fromisoformat(day))
    found = (info.is_workday, info.holiday, info.lunar, info.make_up, info.table_known)
    assert found == (works, holiday, lunar, make_up, known)
    assert shipped_calendar().is_workday(info.day) == works


def test_2026_is_as_published() -> None:
    """The table agrees with the `holidays` package, which has the published days of 2026."""
    import holidays

    package = holidays.country_holidays("CN", years=2026)
    day, table = date(2026, 1, 1), shipped_calendar()
    while day.year == 2026:
        assert table.is_workday(day) == package.is_working_day(day), day
        day += timedelta(days=1)


def test_a_year_without_a_table_is_named() -> None:
    calendar = shipped_calendar()
    assert calendar.unknown_years(date(2026, 12, 1), date(2027, 1, 5)) == [2027]
    assert calendar.unknown_years(date(2026, 1, 1), date(2026, 12, 31)) == []


GOOD = "year: 2027\nsource: 通知\noff:\n  元旦: [2026-12-31, 2027-01-02]\nwork: [2027-01-03]\n"


def test_a_table_may_begin_in_december(tmp_path: Path) -> None:
    (tmp_path / "2027.yaml").write_text(GOOD, encoding="utf-8")
    calendar = load_calendar(tmp_path)
    assert calendar.day_info(date(2026, 12, 31)).holiday == "元旦"
    assert calendar.day_info(date(2027, 1, 3)).make_up
    use_calendar(calendar)
    try:
        assert calendar_in_use() is calendar
        assert day_info(date(2027, 2, 9)).table_known
    finally:
        use_calendar(None)
    assert not day_info(date(2027, 2, 9)).table_known


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (
            "year: 2027\noff:\n  春节: [2027-02-05, 2027-02-11]\n  清明: [2027-02-11, 2027-02-12]\n",
            4,
            "已经算在春节",
        ),
        ("year: 2027\noff:\n  春节: [2027-02-05, 2027-02-13]\nwork: [2027-02-13]\n", 4, "写了两遍"),
        ("year: 2027\nwork:\n  - 2027-02-08\n", 3, "本来就上班"),  # a Monday
        ("year: 2027\noff:\n  春节: [2027-02-11, 2027-02-05]\n", 3, "头一天"),  # the wrong way round
        ("year: 2027\noff:\n  春节: [2027-02-05, 2027-03-05]\n", 3, "头一天"),  # a month long: a slip
        ("year: 2027\noff:\n  春节: 2027-02-05\n", 3, "写成一列"),
        ("year: 2027\nwork: [2027-02-30]\n", 2, "不是日期"),
        ("year: 2027\nwork: [2028-01-01]\n", 2, "不在2027年"),
        ("year: 二〇二七\n", 1, "year"),
        ("source: 通知\n", 0, "year"),
        ("", 0, "year"),
        ("year: 2027\nholidays: []\n", 2, "不认识"),
        ("year: 2027\nyear: 2028\n", 2, "写了两遍"),
        ("- 2027\n", 1, "名字"),
        ("year: [\n", 0, "读不出来"),
    ],
)
def test_a_wrong_table_names_its_line(tmp_path: Path, text: str, line: int, says: str) -> None:
    file = tmp_path / "2027.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CalendarError) as wrong:
        load_calendar(tmp_path)
    assert says in str(wrong.value)
    assert str(wrong.value).startswith(f"{file}:{line}: " if line else f"{file}: ")


def test_two_files_for_one_year_are_refused(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(GOOD, encoding="utf-8")
    with pytest.raises(CalendarError, match=r"2027年已经写在a\.yaml"):
        load_calendar(tmp_path)


def test_no_folder_is_an_empty_calendar(tmp_path: Path) -> None:
    assert load_calendar(tmp_path / "none") == Calendar()


# --- working time --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "hours", "days_", "expected"),
    [
        ("2026-11-20 10:00", 1, 0, "2026-11-20 11:00"),  # a plain Friday
        ("2026-11-20 11:00", 2, 0, "2026-11-20 15:00"),  # over the midday rest
        ("2026-11-20 11:00", 1, 0, "2026-11-20 12:00"),  # ends exactly when it closes
        ("2026-11-20 17:00", 2, 0, "2026-11-23 10:00"),  # over a weekend
        ("2026-11-21 10:00", 1, 0, "2026-11-23 10:00"),  # said on a Saturday
        ("2026-11-20 12:30", 1, 0, "2026-11-20 15:00"),  # said at midday
        ("2026-11-20 23:10", 0.5, 0, "2026-11-23 09:30"),  # said at night
        ("2026-09-30 17:00", 2, 0, "2026-10-08 10:00"),  # over 国庆
        ("2026-10-09 17:00", 2, 0, "2026-10-10 10:00"),  # 2026-10-10, a Saturday, is worked
        ("2026-09-30 10:00", 0, 3, "2026-10-10 10:00"),  # 8th, 9th and the worked Saturday
        ("2026-11-20 10:00", 0, 1, "2026-11-23 10:00"),
        ("2026-11-21 10:00", 0, 1, "2026-11-24 09:00"),  # begins on Monday at nine
        ("2026-11-20 10:00", 0, 0, "2026-11-20 10:00"),
        ("2026-11-20 10:00", 3, 2, "2026-11-24 15:00"),  # days first, then hours
        ("2026-12-31 17:00", 2, 0, "2027-01-04 10:00"),  # into a year without a table: 元旦 is the law
        ("2027-02-04 17:00", 2, 0, "2027-02-11 10:00"),  # 春节 by the statutory days
    ],
)
def test_add_working(start: str, hours: float, days_: int, expected: str) -> None:
    at = datetime.fromisoformat(start).replace(tzinfo=ZONE)
    end = add_working(at, hours=hours, days=days_, zone=ZONE)
    assert end.astimezone(ZONE) == datetime.fromisoformat(expected).replace(tzinfo=ZONE)
    assert end.tzinfo is UTC


@given(
    st.datetimes(datetime(2026, 1, 5), datetime(2027, 6, 1), timezones=st.just(ZONE)),
    st.integers(0, 100),
)
def test_what_was_added_lies_between(start: datetime, hours: int) -> None:
    end = add_working(start, hours=hours, zone=ZONE)
    assert working_between(start, end, zone=ZONE) == timedelta(hours=hours)
    assert end >= start


@pytest.mark.parametrize(
    ("start", "kwargs"),
    [
        (datetime(2026, 1, 1), {"hours": 1}),  # no zone
        (SATURDAY, {"hours": -1}),
        (SATURDAY, {"days": -1}),
        (SATURDAY, {"hours": 1, "hours_of_work": ()}),  # nobody ever works: says so, does not hang
    ],
)
def test_working_time_that_cannot_be(start: datetime, kwargs: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"zone|back|no working time"):
        add_working(start, zone=ZONE, **kwargs)  # type: ignore[arg-type]


def test_nothing_lies_between_the_wrong_way_round() -> None:
    assert working_between(SATURDAY, SATURDAY - timedelta(days=9), zone=ZONE) == timedelta()


def test_local_time() -> None:
    assert local_time(date(2026, 12, 9), "09:00", ZONE) == datetime(2026, 12, 9, 1, tzinfo=UTC)
    assert local_time(date(2026, 12, 9), "24:00", ZONE) == datetime(2026, 12, 9, 16, tzinfo=UTC)
    # a zone with summer time: nine is nine on both sides of the change
    berlin = ZoneInfo("Europe/Berlin")
    assert local_time(date(2026, 3, 28), "9:00", berlin) == datetime(2026, 3, 28, 8, tzinfo=UTC)
    assert local_time(date(2026, 3, 29), "9:00", berlin) == datetime(2026, 3, 29, 7, tzinfo=UTC)


# --- as people write it --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("今天", "2026-11-21"),
        ("明天", "2026-11-22"),
        ("后天", "2026-11-23"),
        ("大后天", "2026-11-24"),
        ("今晚8点", "2026-11-21 20:00"),
        ("明早八点", "2026-11-22 08:00"),
        ("明天一点", "2026-11-22 13:00"),  # nobody announces one at night
        ("周五", "2026-11-27"),  # today is Saturday: the coming one
        ("周六", "2026-11-21"),  # today counts
        ("礼拜天", "2026-11-22"),
        ("星期3", "2026-11-25"),
        ("本周一", "2026-11-16"),  # this week's, though it is past
        ("上周五", "2026-11-13"),
        ("下周三下午3点半", "2026-11-25 15:30"),
        ("下下周三", "2026-12-02"),
        ("周六九点", "2026-11-21 09:00"),
        ("12月9日", "2026-12-09"),
        ("12月9号上午9点", "2026-12-09 09:00"),
        ("1月9日", "2027-01-09"),  # the next one
        ("2027年2月9日", "2027-02-09"),
        ("明年2月9日", "2027-02-09"),
        ("2月29日", "2028-02-29"),  # the next that exists
        ("2027年2月29日", None),  # does not exist
        ("2026-12-09 9:30", "2026-12-09 09:30"),
        ("9号", "2026-12-09"),  # the 9th of this month is past
        ("二十九号", "2026-11-29"),
        ("廿九号", "2026-11-29"),
        ("29日", "2026-11-29"),
        ("31号", "2026-12-31"),  # November has none
        ("本月19号", "2026-11-19"),  # past: the caller asks
        ("这个月31号", None),
        ("下个月9号", "2026-12-09"),
        ("改到20号", "2026-12-20"),
        ("三九改到下周日上午9点", "2026-11-29 09:00"),
        ("9:30", "2026-11-22 09:30"),  # past today: tomorrow
        ("下午3点半", "2026-11-21 15:30"),
        ("3点", "2026-11-21 15:00"),
        ("晚上7点一刻", "2026-11-21 19:15"),
        ("明天晚上12点", "2026-11-23 00:00"),
        ("周五夜里1点", "2026-11-28 01:00"),  # the night after Friday
        ("中午12点半", "2026-11-21 12:30"),
        ("明天中午1点", "2026-11-22 13:00"),
        ("明天凌晨12点", "2026-11-22 00:00"),
        ("20号,9点到11点", "2026-12-20 09:00"),  # when it begins
        ("12月9日19:05", "2026-12-09 19:05"),
        # not a time
        ("你好", None),
        ("有一点小事", None),
        ("早一点来", None),
        ("三点建议", None),
        ("25点", None),
        ("9号楼", None),
        ("51号院3号门", None),
        ("地铁3号线", None),
        ("周一到周五", None),  # a span is not a day
        ("周六、周日", None),
        ("下周", None),
        ("5个小时", None),
        ("", None),
    ],
)
def test_parse_when(text: str, expected: str | None) -> None:
    found = parse_when(text, SATURDAY, ZONE)
    if expected is None:
        assert found is None
    elif " " in expected:
        assert found == datetime.fromisoformat(expected).replace(tzinfo=ZONE)
    else:
        assert found == date.fromisoformat(expected) and not isinstance(found, datetime)


@given(st.text(alphabet="今明后大天下周一二三四五六日月号点半上午晚早每第个最0129:- 年到、", max_size=14))
def test_parse_when_never_raises(text: str) -> None:
    parse_when(text, SATURDAY, ZONE)
    parse_rule(text, SATURDAY, ZONE)


@pytest.mark.parametrize(
    ("text", "rule", "at"),
    [
        ("每月9、19、29日", SAN_JIU, None),
        ("每个月9号、19号和29号上午9点", SAN_JIU, time(9)),
        ("每周五晚上7点", Rule(weekday=5), time(19)),
        ("每个星期天", Rule(weekday=7), None),
        ("每月第二个周六9点", Rule(weekday=6, nth=2), time(9)),
        ("每个月最后一个周五下午3点半", Rule(weekday=5, nth=-1), time(15, 30)),
        ("12月9日上午9点", Rule(date=date(2026, 12, 9)), time(9)),
        ("明天", Rule(date=date(2026, 11, 22)), None),
    ],
)
def test_parse_rule(text: str, rule: Rule, at: time | None) -> None:
    assert parse_rule(text, SATURDAY, ZONE) == (rule, at)


@pytest.mark.parametrize("text", ["每天", "每周一三五", "每周六、周日", "每月第六个周六", "每月32日", "常来"])
def test_a_rule_we_do_not_know_is_not_guessed(text: str) -> None:
    assert parse_rule(text, SATURDAY, ZONE) is None
