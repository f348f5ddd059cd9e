"""Limits, pauses and hours as tables: what is due when, with the reason beside each row."""

from __future__ import annotations

from datetime import UTC, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gridbot.almanac import Limit, LimitError, due
from gridbot.cases import clocks
from gridbot.cases.clocks import Hours, Line, Stage, Town
from gridbot.cases.limitbook import load_book, shipped_book
from gridbot.understanding.yamlfile import PackError

ZONE = ZoneInfo("Asia/Shanghai")
TOWN = Town(ZONE)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


# --- a limit -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "limit", "over", "why"),
    [
        ("2026-11-19 10:00", "30分钟", "2026-11-19 10:30", "by the clock"),
        ("2026-11-19 10:00", "2小时", "2026-11-19 12:00", "by the clock"),
        ("2026-11-20 17:00", "4工作时", "2026-11-23 12:00", "an hour on Friday, three on Monday morning"),
        ("2026-11-20 17:00", "4小时", "2026-11-20 21:00", "4 工作时 are not 4 小时"),
        ("2026-11-19 10:00", "5工作日", "2026-11-26 10:00", "a weekend lies between"),
        ("2026-11-19 10:00", "5天", "2026-11-24 10:00", "5 工作日 are not 5 天"),
        ("2026-09-30 17:00", "2工作时", "2026-10-08 10:00", "国庆 is not worked"),
        ("2026-09-30 10:00", "3工作日", "2026-10-10 10:00", "the Saturday after 国庆 is: 8, 9, 10 October"),
        ("2026-10-09 16:00", "1工作日", "2026-10-10 16:00", "a working Saturday"),
        ("2026-12-31 10:00", "1工作日", "2027-01-04 10:00", "no table for 2027: 元旦 by law, then Monday"),
        ("2026-11-21 22:00", "0工作时", "2026-11-23 09:00", "nothing begins on a Saturday night"),
    ],
)
def test_when_a_limit_is_over(start: str, limit: str, over: str, why: str) -> None:
    assert due(at(start), Limit.read(limit), zone=ZONE) == at(over), why


@pytest.mark.parametrize(
    ("limit", "pause", "over", "why"),
    [
        ("2小时", ("10:30", "11:30"), "2026-11-19 13:00", "an hour stood still"),
        ("4工作时", ("11:00", "15:00"), "2026-11-19 18:00", "two working hours of the four stood still"),
        ("2工作日", ("10:30", "11:30"), "2026-11-23 10:00", "an hour within a day is no working day"),
        ("2小时", ("08:00", "09:00"), "2026-11-19 12:00", "over before it began"),
        ("2小时", ("12:00", "13:00"), "2026-11-19 12:00", "the limit was over already"),
    ],
)
def test_a_pause_is_taken_out(limit: str, pause: tuple[str, str], over: str, why: str) -> None:
    stood = (at(f"2026-11-19 {pause[0]}"), at(f"2026-11-19 {pause[1]}"))
    assert due(at("2026-11-19 10:00"), Limit.read(limit), zone=ZONE, pauses=[stood]) == at(over), why


def test_working_days_of_a_pause_put_off_a_limit_in_working_days() -> None:
    paused = (at("2026-09-30 12:00"), at("2026-10-10 09:00"))  # across 国庆: the 8th, 9th and 10th
    plain = due(at("2026-09-30 10:00"), Limit.read("3工作日"), zone=ZONE)
    later = due(at("2026-09-30 10:00"), Limit.read("3工作日"), zone=ZONE, pauses=[paused])
    assert (plain, later) == (at("2026-10-10 10:00"), at("2026-10-14 10:00"))


@pytest.mark.parametrize("text", ["3", "三天", "2.5工作日", "999工作日", "-1小时", "1小时半", "", "2周"])
def test_what_is_no_limit_is_refused(text: str) -> None:
    with pytest.raises(LimitError):
        Limit.read(text)


# --- when somebody may be told -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "limit", "over", "why"),
    [
        ("2026-11-19 10:00", "120分钟", "2026-11-19 12:00", "by day it is plain"),
        ("2026-11-19 23:10", "120分钟", "2026-11-20 10:00", "it begins when he could know: at eight"),
        ("2026-11-19 20:30", "120分钟", "2026-11-20 09:30", "the night does not count"),
        ("2026-11-19 03:00", "30分钟", "2026-11-19 08:30", "before dawn"),
        ("2026-11-21 10:00", "2工作时", "2026-11-23 11:00", "in working time: Monday"),
        (
            "2026-11-19 08:00",
            "13小时",
            "2026-11-20 08:00",
            "it ends with the day, so he reads it in the morning",
        ),
    ],
)
def test_a_claim_counts_from_when_he_could_know(told: str, limit: str, over: str, why: str) -> None:
    assert TOWN.claim_by(at(told), Limit.read(limit)) == at(over), why


def test_a_role_may_have_hours_of_its_own() -> None:
    weekdays = Hours.read("工作日 9:00-12:00,14:00-18:00")
    assert weekdays is not None
    town = Town(ZONE, roles={"unit": weekdays})
    assert town.reach(at("2026-11-21 10:00"), "unit") == at("2026-11-23 09:00")  # a Saturday
    assert town.reach(at("2026-10-10 13:00"), "unit") == at("2026-10-10 14:00")  # a Saturday that is worked
    assert town.reach(at("2026-11-21 10:00"), "leader") == at("2026-11-21 10:00")
    assert town.claim_by(at("2026-11-20 17:30"), Limit.read("60分钟"), "unit") == at("2026-11-23 09:30")


@pytest.mark.parametrize(
    "text", ["", "九点到五点", "18:00-9:00", "9:00-25:00", "9:00-12:00,11:00-13:00", "9:70-10:00"]
)
def test_hours_that_make_no_sense_are_none(text: str) -> None:
    assert Hours.read(text) is None


def test_hours_that_leave_nobody_awake_never_hang() -> None:
    town = Town(ZONE, time(0), time(23, 59), roles={"unit": Hours(((600, 660),))})
    moment = at("2026-11-19 10:00")
    assert town.reach(moment, "unit") == moment
    assert town.claim_by(moment, Limit.read("30分钟"), "unit") == at("2026-11-19 10:30")


def test_without_quiet_hours_every_moment_will_do() -> None:
    town = Town(ZONE, time(0), time(0))
    assert not town.quiet(at("2026-11-19 03:00"))
    assert town.claim_by(at("2026-11-19 23:30"), Limit.read("60分钟")) == at("2026-11-20 00:30")


@pytest.mark.parametrize(
    ("moment", "digest"),
    [
        ("2026-11-19 10:00", "2026-11-19 17:00"),
        ("2026-11-19 17:00", "2026-11-20 08:00"),
        ("2026-11-19 23:10", "2026-11-20 08:00"),
        ("2026-11-20 07:59", "2026-11-20 08:00"),
    ],
)
def test_when_the_next_digest_comes(moment: str, digest: str) -> None:
    assert TOWN.next_digest(at(moment)) == at(digest)


# --- which limits --------------------------------------------------------------------------------


def test_the_later_line_decides_field_by_field() -> None:
    lines = [
        Line(claim=Limit.read("24小时"), finish=Limit.read("7天")),
        Line(types=frozenset({"gas"}), claim=Limit.read("2小时")),
        Line(levels=frozenset({"片区"}), claim=Limit.read("4工作时")),
        Line(rungs=frozenset({2}), remind=Limit.read("0分钟")),
    ]
    known = clocks.base({"claim": "120分钟", "remind": "60分钟", "finish": "3工作日"})
    plain = clocks.limits(known, lines, "lighting")
    assert [str(one) for one in (plain.claim, plain.remind, plain.finish)] == ["24小时", "60分钟", "7天"]
    assert str(clocks.limits(known, lines, "gas").claim) == "2小时"
    assert str(clocks.limits(known, lines, "gas", level="片区").claim) == "4工作时"
    assert clocks.limits(known, lines, "gas", rung=2).remind.amount == 0


def test_a_communitys_own_figures_come_last_the_more_particular_later() -> None:
    table = {"lighting.认领": "1小时", "认领": "3小时", "片区.认领": "2工作时", "办结": "4工作日"}
    lines, problems = clocks.own_lines(table, ())
    assert problems == []
    base = clocks.base({})
    assert str(clocks.limits(base, lines, "lighting").claim) == "1小时"
    assert str(clocks.limits(base, lines, "water").claim) == "3小时"
    assert str(clocks.limits(base, lines, "water", level="片区").claim) == "2工作时"
    assert str(clocks.limits(base, lines, "water").finish) == "4工作日"


def test_what_a_community_wrote_wrongly_is_said_and_left_out() -> None:
    lines, problems = clocks.own_lines({"认领": "一会儿", "响应": "2小时", "办结": "3工作日"}, ())
    assert len(lines) == 1 and len(problems) == 2


# --- the shipped tables --------------------------------------------------------------------------


def test_every_preset_names_its_source() -> None:
    book = shipped_book()
    assert {"常用", "北京接诉即办", "天津12345", "数字城管"} <= set(book.presets)
    assert all(preset.source and preset.lines for preset in book.presets.values())
    assert "DB11/T 2021-2022" in book.presets["北京接诉即办"].source
    assert "DB12/T 1438-2025" in book.presets["天津12345"].source


def test_presets_give_different_clocks_to_one_type() -> None:
    known, book = clocks.base({}), shipped_book()
    water = {name: str(clocks.limits(known, book.lines(name), "water").claim) for name in book.presets}
    assert water["北京接诉即办"] == "2小时" and water["天津12345"] == "30分钟"
    assert str(clocks.limits(known, book.lines("北京接诉即办"), "noise").claim) == "24小时"
    stages = clocks.limits(known, book.lines("数字城管"), "illegal_building").stages
    assert stages[0] == Stage("停工", Limit.read("4工作时"))
    assert book.lines("没有这套") == book.lines("常用")


@pytest.mark.parametrize(
    ("text", "line", "field"),
    [
        ("name: 甲\nlimits:\n  - {claim: 2小时}\n", None, "source"),
        ("name: 甲\nsource: 乙\nlimits:\n  - {claim: 两小时}\n", 4, "limits.0.claim"),
        ("name: 甲\nsource: 乙\nlimits:\n  - {types: [gas]}\n", 4, "limits.0"),
        ("name: 甲\nsource: 乙\nlimits:\n  - {clame: 2小时}\n", 4, "limits.0.clame"),
        ("name: 甲\nsource: 乙\nlimits:\n  - stages:\n      - {within: 1工作日}\n", 5, "limits.0.stages.0"),
    ],
)
def test_a_mistake_in_a_table_is_named_with_its_line(
    tmp_path: Path, text: str, line: int | None, field: str
) -> None:
    (tmp_path / "own.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(PackError) as refused:
        load_book(tmp_path)
    assert refused.value.field == field
    assert line is None or refused.value.line == line
