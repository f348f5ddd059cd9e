"""What makes a case wait in the open: a pause with its reason, a meeting's agenda; and how it comes back."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from gridbot.cases import queries
from gridbot.cases.limitbook import shipped_book
from gridbot.desk import pausing
from gridbot.rehearsal import Stage
from tests.cast import ADMIN, LI, NOW, RESIDENTS, SECRETARY, SHANGHAI, STRANGER, WANG


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def lamp(stage: Stage) -> None:
    stage.says(WANG.id, "5号楼楼道灯不亮了", chat=RESIDENTS, name=WANG.name)
    stage.passes(seconds=31)


def position(stage: Stage) -> Any:
    case = stage.cases()[0]
    with stage.db() as db:
        return queries.ladder_position(db, queries.case(db, case.id), stage.now)


def moves(stage: Stage) -> list[str]:
    case = stage.cases()[0]
    with stage.db() as db:
        return [one.move for one in queries.timeline(db, case.id)]


# --- which words are a pause ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "what", "until", "why"),
    [
        ("等配件到周五", "等配件", date(2026, 11, 20), "what and until when"),
        ("等配件到周四", "等配件", date(2026, 11, 26), "said on a Thursday it is the next one"),
        ("等业主表决", "等业主表决", None, "months, and no day known"),
        ("还要等业主大会投票到12月20日", "等业主表决", date(2026, 12, 20), "in other words"),
        ("暂缓 128 等审批", "等审批", None, "outright, with number"),
        ("先放一放,等维修资金批下来", "等资金", None, "what is named first"),
        ("先放一放,物业换人了", "", None, "his own reason: others read no word of it"),
    ],
)
def test_what_is_a_pause(text: str, what: str, until: date | None, why: str) -> None:
    found = pausing.read(text, NOW, SHANGHAI, shipped_book().pauses)
    assert found is not None and found.reason, why
    assert (found.what, found.until) == (what, until), why


@pytest.mark.parametrize(
    "text",
    [
        "等配件",  # how it stands, no pause
        "等配件,预计周四",  # a promise: progress
        "师傅下午来",
        "等我吃完饭就去",
        "配件到了吗",
        "要等业主表决吗",
        "修好了",
        "收到",
    ],
)
def test_what_is_none(text: str) -> None:
    assert pausing.read(text, NOW, SHANGHAI, shipped_book().pauses) is None


def test_outright_without_a_reason_it_is_asked_for() -> None:
    found = pausing.read("暂缓到下周一", NOW, SHANGHAI, shipped_book().pauses)
    assert found is not None and not found.reason and found.until == date(2026, 11, 23)


# --- a pause on the case -------------------------------------------------------------------------


def test_a_pause_stops_the_clocks_shows_and_tells_the_reporter_in_one_line(stage: Stage) -> None:
    lamp(stage)
    before = position(stage).finish_by
    said = len(stage.texts(RESIDENTS))
    stage.says(LI.id, "等配件到下周三", chat=LI.id)
    (line,) = stage.texts(RESIDENTS)[said:]
    assert "等配件" in line and "11月25日接着办" in line
    assert "先缓着" in stage.in_chat(LI.id)[-1].text
    where = position(stage)
    assert where.paused == "等配件" and where.paused_until == at("2026-11-25 09:00") and where.overdue == ()
    stage.until(at("2026-11-25 08:59"))
    assert not any("还没回音" in text or "时限到了" in text for text in stage.texts(LI.id))
    stage.until(at("2026-11-25 09:01"))
    assert "缓到今天了" in stage.in_chat(LI.id)[-1].text
    after = position(stage)
    assert after.paused == "" and after.finish_by > before
    assert after.finish_by.astimezone(SHANGHAI) == at("2026-11-30 10:00")  # four working days later
    assert [one for one in moves(stage) if one in ("paused", "resumed")] == ["paused", "resumed"]


def test_the_leaders_own_reason_stays_his(stage: Stage) -> None:
    lamp(stage)
    stage.says(LI.id, "先放一放,302那户不让进", chat=LI.id)
    assert position(stage).paused
    assert not any("302" in text or "不让进" in text for text in stage.texts(RESIDENTS))
    assert "要等一等" in stage.texts(RESIDENTS)[-1]


def test_without_a_reason_it_is_asked_for_and_the_next_word_is_it(stage: Stage) -> None:
    lamp(stage)
    stage.says(LI.id, "暂缓", chat=LI.id)
    assert "等什么呢" in stage.texts(LI.id)[-1] and not position(stage).paused
    stage.says(LI.id, "物业在换人", chat=LI.id)
    assert position(stage).paused == "要等一等"


def test_by_button_with_a_usual_reason(stage: Stage) -> None:
    lamp(stage)
    stage.presses(LI.id, "更多", chat=LI.id)
    stage.presses(LI.id, "暂缓", chat=LI.id)
    stage.presses(LI.id, "等业主表决", chat=LI.id)
    where = position(stage)
    assert where.paused == "等业主表决"
    assert where.paused_until == at("2027-02-17 10:00:31")  # ninety days, as data
    stage.presses(LI.id, "接着办", chat=LI.id)
    assert position(stage).paused == ""


def test_nobody_pauses_longer_than_the_data_allow(stage: Stage) -> None:
    lamp(stage)
    stage.says(LI.id, "等配件到明年12月1日", chat=LI.id)
    assert position(stage).paused_until <= at("2026-12-03 10:01")  # ten working days


@pytest.mark.parametrize("word", ["师傅下午来修", "修好了", "接着办"])
def test_whatever_happens_to_the_case_ends_its_pause(stage: Stage, word: str) -> None:
    lamp(stage)
    stage.says(LI.id, "等业主表决", chat=LI.id)
    stage.passes(hours=30)
    stage.says(LI.id, word, chat=LI.id)
    assert position(stage).paused == "" and "resumed" in moves(stage)


def test_by_command_for_leaders_alone_and_never_for_an_emergency(stage: Stage) -> None:
    lamp(stage)
    stage.says(STRANGER.id, "暂缓 1 等配件到周五", chat=RESIDENTS)
    assert not position(stage).paused
    stage.says(ADMIN.id, "暂缓 1 等配件到周五", chat=ADMIN.id)
    assert position(stage).paused == "等配件"
    stage.says(WANG.id, "3号楼有股煤气味", chat=RESIDENTS)
    stage.says(ADMIN.id, "暂缓 2 等配件到周五", chat=ADMIN.id)
    assert "急事不缓" in stage.texts(ADMIN.id)[-1]


def test_a_pause_is_seen_when_somebody_asks_where_it_is(stage: Stage) -> None:
    lamp(stage)
    stage.says(LI.id, "等配件到周五", chat=LI.id)
    stage.says(LI.id, "看 1", chat=LI.id)
    assert "等配件" in stage.texts(LI.id)[-1]
    stage.starts(WANG.id, WANG.name)
    stage.says(WANG.id, "我报的到哪了", chat=WANG.id)
    assert "等配件" in stage.texts(WANG.id)[-1]


# --- a meeting -----------------------------------------------------------------------------------


@pytest.fixture
def meeting(stage: Stage) -> Stage:
    stage.says(ADMIN.id, "例会 片区例会 青秀佳苑 11月26日", chat=ADMIN.id)
    assert "片区例会" in stage.texts(ADMIN.id)[-1] and "11月26日" in stage.texts(ADMIN.id)[-1]
    lamp(stage)
    return stage


def test_a_case_goes_onto_the_agenda_instead_of_to_a_person(meeting: Stage) -> None:
    stage = meeting
    stage.says(LI.id, "列入例会 1", chat=LI.id)
    assert any("例会结果 1" in text for text in stage.texts(LI.id))
    assert "片区例会" in stage.texts(RESIDENTS)[-1] and "11月26日" in stage.texts(RESIDENTS)[-1]
    stage.says(LI.id, "例会", chat=LI.id)
    assert "1 5号楼楼道灯" in stage.texts(LI.id)[-1]
    assert position(stage).meeting == "片区例会"
    stage.until(at("2026-11-26 23:00"))
    assert not any("还没回音" in text or "时限到了" in text for text in stage.texts(LI.id))
    stage.until(at("2026-11-27 09:05"))
    assert "怎么定的" in stage.texts(LI.id)[-1]


def test_the_outcome_comes_back_to_reporter_and_leader_and_the_case_goes_on(meeting: Stage) -> None:
    stage = meeting
    stage.starts(WANG.id, WANG.name)
    stage.says(LI.id, "列入例会 1", chat=LI.id)
    stage.until(at("2026-11-26 10:00"))
    stage.says(ADMIN.id, "例会结果 1 由物业月底前换灯,电话13812345678", chat=ADMIN.id)
    told = stage.texts(WANG.id)[-1]
    assert "片区例会商量过了" in told and "物业月底前换灯" in told and "13812345678" not in told
    assert "商量过了" in stage.in_chat(LI.id)[-1].text
    assert not any("月底前" in text for text in stage.texts(RESIDENTS))
    where = position(stage)
    assert where.meeting == "" and stage.cases()[0].state == "waiting"
    stage.until(at("2026-11-26 12:30"))
    assert any("还没回音" in text for text in stage.texts(LI.id))
    stage.says(ADMIN.id, "例会", chat=ADMIN.id)
    assert "还没有事" in stage.texts(ADMIN.id)[-1]


def test_an_outcome_that_says_done_closes_the_leaders_part(meeting: Stage) -> None:
    stage = meeting
    stage.says(LI.id, "列入例会 1", chat=LI.id)
    stage.says(ADMIN.id, "例会结果 1 已经修好了", chat=ADMIN.id)
    assert stage.cases()[0].state == "done"
    assert any("您看好了吗" in text for text in stage.texts(RESIDENTS))


def test_by_button_and_only_once(meeting: Stage) -> None:
    stage = meeting
    stage.presses(LI.id, "更多", chat=LI.id)
    stage.presses(LI.id, "列入例会", chat=LI.id)
    assert position(stage).meeting == "片区例会"
    stage.says(LI.id, "列入例会 1", chat=LI.id)
    assert "已经在例会上" in stage.texts(LI.id)[-1]


@pytest.mark.parametrize(
    ("who", "text", "answer"),
    [
        (LI, "例会结果 1 下周再说", "不在例会上"),
        (LI, "列入例会 9", "没有9"),
        (ADMIN, "例会 片区例会 火星 12月5日", "火星"),
    ],
)
def test_what_is_wrong_is_said_kindly(meeting: Stage, who: Any, text: str, answer: str) -> None:
    meeting.says(who.id, text, chat=who.id)
    assert answer in meeting.texts(who.id)[-1]


def test_residents_cannot_table_and_without_a_meeting_nothing_is(stage: Stage) -> None:
    lamp(stage)
    stage.says(WANG.id, "列入例会 1", chat=RESIDENTS)
    assert position(stage).meeting == ""
    stage.says(LI.id, "列入例会 1", chat=LI.id)
    assert "还没有例会" in stage.texts(LI.id)[-1]


# --- who stands in -------------------------------------------------------------------------------


def test_the_roster_is_listed_and_dropped(stage: Stage) -> None:
    stage.says(ADMIN.id, "值班 11月28日到29日 李格长 一网格", chat=ADMIN.id)
    stage.says(SECRETARY.id, "值班", chat=SECRETARY.id)
    stage.says(ADMIN.id, "值班表", chat=ADMIN.id)
    assert "11月28日到29日 一网格 李格长" in stage.texts(ADMIN.id)[-1]
    stage.says(ADMIN.id, "取消值班 李格长", chat=ADMIN.id)
    stage.says(ADMIN.id, "值班表", chat=ADMIN.id)
    assert "还没有排值班" in stage.texts(ADMIN.id)[-1]


@pytest.mark.parametrize("text", ["值班 昨天 李格长", "值班 13月1日 李格长", "值班 11月29日到28日 没有这人"])
def test_a_roster_that_cannot_be_is_not_made(stage: Stage, text: str) -> None:
    stage.says(ADMIN.id, text, chat=ADMIN.id)
    stage.says(ADMIN.id, "值班表", chat=ADMIN.id)
    assert "还没有排值班" in stage.texts(ADMIN.id)[-1]


def test_a_leader_rosters_his_own_grid_alone(stage: Stage) -> None:
    stage.says(LI.id, "值班 11月28日 周书记 二网格", chat=LI.id)
    assert "不归您" in stage.texts(LI.id)[-1]
    stage.says(LI.id, "值班 11月28日 周书记", chat=LI.id)
    assert "一网格由周书记值班" in stage.texts(LI.id)[-1]
