"""Reports said in pieces, half said, said in confidence, or said again; and words that are none."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gridbot.rehearsal import Stage
from tests.cast import LI, RESIDENTS, WANG, ZHOU

HALF_SURE = "8号楼的暖气费"


def opened(stage: Stage) -> list[tuple[list[str], str, bool]]:
    return [(one.types, one.place, one.private) for one in stage.cases() if one.number is not None]


def asked(stage: Stage) -> list[str]:
    return [one.purpose for one in stage.in_chat(RESIDENTS) if one.purpose.startswith("ask-")]


# --- halves --------------------------------------------------------------------------------------


def test_two_halves_make_a_report(stage: Stage) -> None:
    for text in ("5号楼的", "四层那个灯", "已经坏掉好几天了"):
        stage.says(WANG.id, text, chat=RESIDENTS)
        stage.passes(seconds=20)
    stage.passes(minutes=5)
    assert [(types, private) for types, _, private in opened(stage)] == [(["lighting"], False)]
    assert "5号楼" in opened(stage)[0][1] and asked(stage) == []


@pytest.mark.parametrize(
    ("first", "second", "who", "wait", "remark"),
    [
        ("四层那个灯", "坏掉好几天了", ZHOU.id, 20, "two senders never mix"),
        ("四层那个灯", "坏掉好几天了", WANG.id, 100, "a new thought"),
        ("网上看中一个灯,准备换到书房去,大家觉得好看吗", "坏掉好几天了", WANG.id, 20, "no stub"),
        ("去年那个灯", "坏掉好几天了", WANG.id, 20, "another time"),
        ("灯具团购", "坏掉好几天了", WANG.id, 20, "other talk"),
    ],
)
def test_what_makes_none(stage: Stage, first: str, second: str, who: str, wait: int, remark: str) -> None:
    stage.says(WANG.id, first, chat=RESIDENTS)
    stage.passes(seconds=wait)
    stage.says(who, second, chat=RESIDENTS)
    stage.passes(minutes=10)
    assert opened(stage) == [] and asked(stage) == [], remark


# --- in confidence -------------------------------------------------------------------------------


def test_who_asks_for_discretion_gets_it(stage: Stage) -> None:
    stage.starts(LI.id)
    stage.says(WANG.id, "5号楼楼道灯不亮了", chat=RESIDENTS)
    stage.says(WANG.id, "千万别讲是我说的", chat=RESIDENTS)
    assert [private for *_, private in opened(stage)] == [True]
    said = len(stage.texts(RESIDENTS))
    stage.passes(minutes=2)
    stage.presses(LI.id, "我去看", chat=LI.id)
    stage.passes(hours=1)
    assert len(stage.texts(RESIDENTS)) == said
    assert all(emoji != "🤝" for _, emoji in stage.reactions(RESIDENTS))


def test_a_neighbour_keeps_nothing_private(stage: Stage) -> None:
    stage.says(WANG.id, "5号楼楼道灯不亮了", chat=RESIDENTS)
    stage.says(ZHOU.id, "别在群里说这个了", chat=RESIDENTS)
    assert [private for *_, private in opened(stage)] == [False]


# --- not over ------------------------------------------------------------------------------------


def test_it_came_back_after_it_was_said_to_be_mended(stage: Stage) -> None:
    stage.starts(LI.id)
    report = stage.says(WANG.id, "5号楼下水道堵了,脏水往上冒", chat=RESIDENTS)
    stage.passes(minutes=1)
    stage.says(LI.id, "疏通好了", chat=RESIDENTS, reply_to=report)
    stage.passes(hours=2)
    assert stage.cases()[0].state == "done"
    stage.says(WANG.id, "下水道又往上冒了", chat=RESIDENTS)
    stage.passes(minutes=10)
    assert [case.state for case in stage.cases()] == ["waiting"] and asked(stage) == []


def test_another_place_is_another_case(stage: Stage) -> None:
    stage.starts(LI.id)
    report = stage.says(WANG.id, "5号楼下水道堵了,脏水往上冒", chat=RESIDENTS)
    stage.says(LI.id, "疏通好了", chat=RESIDENTS, reply_to=report)
    stage.passes(hours=2)
    stage.says(WANG.id, "3号楼下水道堵了", chat=RESIDENTS)
    assert len(opened(stage)) == 2


# --- words that are none -------------------------------------------------------------------------


def test_half_a_word_beside_a_report_asks_nothing(stage: Stage) -> None:
    """It sounds like a report, but is talk about the one just made."""
    stage.says(WANG.id, "5号楼门口路上一个大坑", chat=RESIDENTS)
    stage.passes(seconds=40)
    stage.says(ZHOU.id, "坑里能种树了", chat=RESIDENTS)
    stage.passes(minutes=10)
    assert [case.supporters for case in stage.cases()] == [0] and asked(stage) == []


def test_a_story_of_last_year_goes_on(stage: Stage) -> None:
    stage.says(WANG.id, "去年楼里停过好几回水", chat=RESIDENTS)
    stage.passes(seconds=20)
    stage.says(WANG.id, "那几天天天拎桶", chat=RESIDENTS)
    stage.passes(minutes=10)
    assert opened(stage) == [] and asked(stage) == []


# --- questions -----------------------------------------------------------------------------------


def test_where_is_asked_after_two_minutes_of_silence(stage: Stage) -> None:
    stage.says(WANG.id, "楼道灯不亮了", chat=RESIDENTS)
    stage.passes(seconds=110)
    assert asked(stage) == []
    stage.passes(seconds=20)
    assert asked(stage) == ["ask-place"]
    stage.says(WANG.id, "5号楼呀", chat=RESIDENTS)
    stage.passes(minutes=5)
    assert [place for _, place, _ in opened(stage)] == ["5号楼"] and asked(stage) == ["ask-place"]


def test_what_is_half_sure_is_one_question_that_one_character_answers(stage: Stage) -> None:
    stage.says(WANG.id, HALF_SURE, chat=RESIDENTS)
    stage.passes(minutes=4)
    question = [one.text for one in stage.in_chat(RESIDENTS) if one.purpose == "ask-whether"]
    assert len(question) == 1 and "8号楼" in question[0]
    stage.says(WANG.id, "是的", chat=RESIDENTS)
    stage.passes(minutes=2)
    assert len(opened(stage)) == 1 and stage.cases()[-1].first_told_at is not None


def test_unanswered_it_was_talk(stage: Stage) -> None:
    stage.says(WANG.id, HALF_SURE, chat=RESIDENTS)
    stage.passes(minutes=4)
    stage.says(WANG.id, "今天天气不错", chat=RESIDENTS)
    stage.passes(hours=30)
    assert opened(stage) == [] and stage.texts(LI.id) == []
    assert stage.now - stage.cases()[0].reported_at > timedelta(hours=24)
