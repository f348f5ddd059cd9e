"""What an organiser wants changed and what a resident asks: tables, with a remark per row."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridbot.almanac import Rule
from gridbot.services.service_days import (
    Change,
    Item,
    ServiceChange,
    ServiceDay,
    understand_organiser,
    understand_question,
)
from gridbot.services.service_days.rules import (
    Times,
    base_name,
    day_words,
    hours_words,
    is_night,
    rain_words,
)

from .conftest import at

ZONE = ZoneInfo("Asia/Shanghai")
SAN_JIU = ServiceDay(
    1,
    1,
    "三九便民服务日",
    Rule(days=(9, 19, 29)),
    ZONE,
    items=tuple(map(Item, ("义诊", "理发", "磨刀", "冲洗地垫"))),
)
CINEMA = ServiceDay(2, 1, "周六影院", Rule(weekday=6), ZONE, items=(Item("电影"), Item("理发")))
NOW = at("2026-12-17 10:00")  # a Thursday
ITEMS, NEW, CANCEL, MOVE, KEEP = Change.ITEMS, Change.ITEM_NEW, Change.CANCEL, Change.MOVE, Change.KEEP


@pytest.mark.parametrize(
    ("text", "kind", "fields"),
    [
        ("磨刀的不来了", ITEMS, {"stay_away": ("磨刀",)}),
        ("磨刀师傅家里有事来不了。", ITEMS, {"stay_away": ("磨刀",)}),
        ("磨刀的,不来了", ITEMS, {"stay_away": ("磨刀",)}),  # two clauses, one sense
        ("磨刀的19号不来", ITEMS, {"stay_away": ("磨刀",), "on": date(2026, 12, 19)}),
        ("理发来,磨刀不来", ITEMS, {"come": ("理发",), "stay_away": ("磨刀",)}),  # each its own word
        ("磨刀和理发都不来了", ITEMS, {"stay_away": ("理发", "磨刀")}),
        ("剃头的来不了", ITEMS, {"stay_away": ("理发",)}),  # by its other name
        ("大夫确定来", ITEMS, {"come": ("义诊",)}),
        ("义诊定了", ITEMS, {"come": ("义诊",)}),
        ("磨刀的又能来了", ITEMS, {"come": ("磨刀",)}),
        ("这次三九的磨刀取消", ITEMS, {"stay_away": ("磨刀",)}),  # the item, not the day
        ("磨刀改到10点", NEW, {"item": "磨刀", "new_item": "磨刀(10点)"}),
        ("磨刀换成修鞋", NEW, {"item": "磨刀", "new_item": "修鞋"}),
        ("磨刀改到20号", None, {}),  # another date for one item: not ours to guess
        ("三九取消", CANCEL, {}),
        ("这次三九取消!", CANCEL, {}),
        ("19号的三九取消", CANCEL, {"on": date(2026, 12, 19)}),
        ("取消19号的三九", CANCEL, {"on": date(2026, 12, 19)}),
        ("便民日不办了", CANCEL, {}),  # there is only one
        ("下雨,三九取消", CANCEL, {}),
        ("三九因为下雨取消", CANCEL, {}),
        ("三九停一次", CANCEL, {}),
        ("三九改到20号", MOVE, {"to_day": date(2026, 12, 20)}),
        ("19号三九改到20号", MOVE, {"on": date(2026, 12, 19), "to_day": date(2026, 12, 20)}),
        ("三九改周日", MOVE, {"to_day": date(2026, 12, 20)}),
        ("三九推迟到下周一上午9点", MOVE, {"to_day": date(2026, 12, 21)}),
        ("三九改期", MOVE, {"to_day": None}),  # he will be asked
        ("三九改到下午", None, {}),  # no day in it
        ("三九照常", KEEP, {}),
        ("三九不取消", KEEP, {}),
        # questions, doubts and stories change nothing
        ("三九取消了吗", None, {}),
        ("三九是不是取消了", None, {}),
        ("磨刀的不来了?", None, {}),
        ("要是下雨三九取消", None, {}),
        ("听说磨刀的不来了", None, {}),
        ("上次磨刀的没来,三九取消", None, {}),
        # about something else
        ("理发店没了", None, {}),
        ("三九那天停电了,社区取消了运动会", None, {}),
        ("三九天取消供暖", None, {}),
        ("三九四九冰上走", None, {}),
        ("会议取消", None, {}),
        ("不来了", None, {}),
        ("三九挺好", None, {}),
        ("今天我去理发了不来了", None, {}),
        ("", None, {}),
        ("三九取消" + "," * 60, CANCEL, {}),  # only the end is cut off
        ("这次三九" + "大家都说好" * 10 + "取消", None, {}),  # a long story
    ],
)
def test_understand_organiser(text: str, kind: Change | None, fields: dict[str, Any]) -> None:
    found = understand_organiser(text, [SAN_JIU], NOW)
    assert found == (ServiceChange(kind, 1, **fields) if kind else None)


def test_an_item_of_two_services_means_the_nearer_one() -> None:
    friday = at("2026-12-25 10:00")  # Saturday the 26th comes before the 29th
    for now, expected in ((NOW, 1), (friday, 2)):
        found = understand_organiser("理发的不来了", [SAN_JIU, CINEMA], now)
        assert found is not None and found.service_day_id == expected
    # with two services 便民日 is not clear any more
    assert understand_organiser("便民日取消", [SAN_JIU, CINEMA], NOW) is None
    assert understand_organiser("三九取消", [], NOW) is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("三九有什么", "what"),
        ("三九都有啥", "what"),
        ("这次三九都有哪些?", "what"),
        ("三九要带什么", "what"),
        ("三九什么时候", "when"),
        ("下次三九哪天", "when"),
        ("三九几号", "when"),
        ("便民日几点", "when"),
        ("三九在哪儿", "when"),
        ("三九还办吗", "when"),
        ("三九取消了吗", "when"),
        ("三九下雨还办吗", "rain"),
        ("下雨还办吗", "rain"),  # alone: the caller sees whether one is near
        ("三九磨刀的来吗", "item"),
        ("三九有磨刀吗", "item"),
        ("三九有没有理发", "item"),
        # not a question about it
        ("三九天什么时候到", None),
        ("三九感冒灵有没有", None),
        ("数九寒天几号开始", None),
        ("三九挺好", None),
        ("磨刀哪里有?", None),  # overheard, and no service day named
        ("下雨了,收衣服吗", None),
        ("下次什么时候", None),
        ("3号楼什么时候来电?", None),
        ("", None),
    ],
)
def test_understand_question(text: str, kind: str | None) -> None:
    found = understand_question(text, [SAN_JIU], NOW)
    assert (found and found.kind.value) == kind


@given(st.text(alphabet="三九磨刀理发的不来了取消改到号20吗?,下雨什么时候周日上午", max_size=20))
def test_hearing_never_raises(text: str) -> None:
    understand_organiser(text, [SAN_JIU, CINEMA], NOW)
    understand_question(text, [SAN_JIU, CINEMA], NOW)


@pytest.mark.parametrize(
    ("starts", "ends", "words"),
    [
        ("09:00", "11:00", "9到11点"),
        ("09:30", "11:00", "9点半到11点"),
        ("9:00", "11:15", "9到11点15分"),
        ("10:00", "12:00", "10到12点"),
        ("14:00", "16:00", "下午2到4点"),
        ("09:00", "15:00", "上午9点到下午3点"),
        ("19:00", "21:30", "晚上7到9点半"),
    ],
)
def test_hours_words(starts: str, ends: str, words: str) -> None:
    assert hours_words(starts, ends) == words


@pytest.mark.parametrize(
    ("rain", "words"),
    [
        ("活动室", "下雨改活动室"),
        ("改活动室", "下雨改活动室"),
        ("取消", "下雨取消"),
        ("下雨改到物业大厅。", "下雨改到物业大厅"),
        ("", ""),
    ],
)
def test_rain_words(rain: str, words: str) -> None:
    assert rain_words(rain) == words


@pytest.mark.parametrize(
    ("day", "today", "words"),
    [
        ("2026-12-19", "2026-12-18", "明天(19日周六)"),
        ("2026-12-19", "2026-12-19", "今天(19日周六)"),
        ("2026-12-29", "2026-12-18", "29日(周二)"),
        ("2027-01-09", "2026-12-18", "1月9日(周六)"),
        ("2027-02-09", "2027-02-08", "明天(9日周二,正月初四)"),  # 春节 by its lunar day
        ("2026-10-02", "2026-10-01", "明天(2日周五,国庆节)"),
        ("2026-10-10", "2026-10-09", "明天(10日周六)"),
        ("2029-02-19", "2026-12-18", "2029年2月19日(周一)"),
    ],
)
def test_day_words(day: str, today: str, words: str) -> None:
    assert day_words(date.fromisoformat(day), date.fromisoformat(today)) == words


def test_times_come_from_the_settings_and_survive_nonsense() -> None:
    given_ = {"eve_at": "19:30", "ask_days": 3, "morning_at": "early", "holiday_days": "7", "extra": 1}
    times = Times.read({"service_days": given_})
    assert (times.eve_at, times.ask_days, times.morning_at, times.holiday_days) == ("19:30", 3, "07:30", 7)
    assert Times.read({}) == Times.read({"service_days": "nonsense"}) == Times()


def test_night_and_names() -> None:
    assert is_night(at("2026-12-18 21:00"), Times(), ZONE)
    assert is_night(at("2026-12-18 07:59"), Times(), ZONE)
    assert not is_night(at("2026-12-18 08:00"), Times(), ZONE)
    own = Times.read({"quiet_start": "22:30", "quiet_end": "06:00"})
    assert is_night(at("2026-12-18 22:30"), own, ZONE) and not is_night(at("2026-12-18 06:00"), own, ZONE)
    assert base_name("磨刀(10点)") == "磨刀"
    assert [one.short for one in (SAN_JIU, CINEMA)] == ["三九", "周六影院"]
