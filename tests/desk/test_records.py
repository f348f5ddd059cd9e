"""A chat record said to the bot in private: shown, confirmed once, opened, and the answer to paste back."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from gridbot.desk import pasting, records
from gridbot.rehearsal import Stage
from gridbot.store import tables
from gridbot.understanding.exports import is_record
from tests.cast import ADMIN, LI, RESIDENTS, WANG

RECORD = """—————  2026-11-19  —————

钱阿姨  08:01

5号楼二单元楼道灯不亮了

吴小二  08:02

哈哈哈哈

吴小二  08:03

5号楼二单元楼道灯是不亮了,黑漆漆的

孙师傅  08:10

3号楼302门口下水道堵了,污水冒出来了

郑同学  08:12

今天白菜两块五一斤
"""
MORE = """
冯大姐  08:20

1号楼单元门锁坏了,关不上
"""


def paste(stage: Stage, text: str = RECORD, who: str = LI.id) -> str:
    stage.says(who, text, chat=who)
    return stage.texts(who)[-1]


def numbers(stage: Stage) -> list[list[str]]:
    return [case.types for case in stage.cases()]


def test_from_record_to_cases_to_the_text_that_goes_back(stage: Stage) -> None:
    shown = paste(stage)
    assert "有2件像是报事的" in shown and "1. 照明 5号楼二单元" in shown and "还有1人也说了" in shown
    assert "白菜" not in shown and "302" not in shown
    assert stage.cases() == [], "nothing is opened before somebody says so"
    stage.says(LI.id, "都记", chat=LI.id)
    lamp, drain = stage.cases()
    assert (lamp.types, lamp.supporters, drain.types[0]) == (["lighting"], 1, "drainage")
    *_, head, block = stage.texts(LI.id)
    assert "整条贴回「一网格群」" in head
    assert "记下了:5号楼二单元" in block and "(1)" in block and "(2)" in block
    assert "黑漆漆" not in block and "302" not in block, "nobody's words go to a group"
    assert stage.texts(RESIDENTS) == []
    stage.presses(LI.id, "都贴了", chat=LI.id)
    with stage.db() as db:
        states = db.execute(sa.select(tables.outbox.c.state).where(tables.outbox.c.purpose == "recorded"))
        assert set(states.scalars()) == {"sent"}


def test_some_of_them(stage: Stage) -> None:
    paste(stage)
    stage.says(LI.id, "记2", chat=LI.id)
    assert [types[0] for types in numbers(stage)] == ["drainage"]
    stage.says(LI.id, "记1", chat=LI.id)  # over: it was one confirmation
    assert len(stage.cases()) == 1
    assert "有1件像是报事的" in paste(stage), "what was opened is known when the record comes again"


def test_none_of_them(stage: Stage) -> None:
    paste(stage)
    stage.presses(LI.id, "都不记", chat=LI.id)
    stage.says(LI.id, "都记", chat=LI.id)
    assert stage.cases() == []


def test_a_button_and_a_second_press(stage: Stage) -> None:
    paste(stage)
    stage.presses(LI.id, "都记", chat=LI.id)
    assert len(stage.cases()) == 2
    assert "都报过了" in paste(stage)


def test_a_long_record_comes_in_several_messages(stage: Stage) -> None:
    paste(stage)
    stage.passes(seconds=2)
    assert "有3件像是报事的" in paste(stage, MORE)
    stage.says(LI.id, "都记", chat=LI.id)
    assert len(stage.cases()) == 3


def test_messages_forwarded_one_by_one_are_one_list(stage: Stage) -> None:
    for text in ("哈哈哈", "5号楼楼道灯不亮了", "吃了吗", "3号楼单元门锁坏了"):
        stage.says(LI.id, text, chat=LI.id, forwarded=True)
        stage.passes(seconds=1)
    assert "有2件像是报事的" in stage.texts(LI.id)[-1]
    stage.says(LI.id, "都记", chat=LI.id)
    assert len(stage.cases()) == 2


def test_only_for_whoever_sees_to_a_group(stage: Stage) -> None:
    stage.starts(WANG.id, WANG.name)
    assert "请交给网格长" in paste(stage, who=WANG.id)
    stage.says(WANG.id, "都记", chat=WANG.id)
    assert stage.cases() == []
    with stage.db() as db:
        cast = db.execute(sa.select(tables.identities).where(tables.identities.c.user == WANG.id)).one()
        node = db.execute(sa.select(tables.grid_nodes.c.id).where(tables.grid_nodes.c.name == "一网格"))
        group = pasting.group_of(db, cast.community_id, node.scalar_one(), "一网格微信群")
        mine = tables.chats.c.id == group
        db.execute(sa.update(tables.chats).where(mine).values(keeper_id=cast.person_id))
    assert "有2件像是报事的" in paste(stage, who=WANG.id), "who pastes there has the right"


def test_an_admin_says_which_group(stage: Stage) -> None:
    assert "先告诉我是哪个群" in paste(stage, who=ADMIN.id)
    for name, node in (("甲微信群", "一网格"), ("乙微信群", "二网格")):
        stage.says(ADMIN.id, f"微信群 {name} {node}", chat=ADMIN.id)
    assert "哪个群" in paste(stage, who=ADMIN.id)
    stage.presses(ADMIN.id, "乙微信群", chat=ADMIN.id)
    assert "「乙微信群」" in stage.texts(ADMIN.id)[-1] and "有2件" in stage.texts(ADMIN.id)[-1]
    stage.presses(ADMIN.id, "都记", chat=ADMIN.id)
    with stage.db() as db:
        titles = db.execute(
            sa.select(tables.chats.c.title).join(tables.cases, tables.cases.c.chat_id == tables.chats.c.id)
        )
        assert set(titles.scalars()) == {"乙微信群"}


def test_of_what_is_private_nothing_is_shown_and_nothing_is_pasted(stage: Stage) -> None:
    shown = paste(stage, "邻居  08:00\n\n5号楼302老王在打老婆,孩子一直哭\n\n邻居  08:01\n\n快去看看\n")
    assert "不公开的事" in shown and "老王" not in shown and "老婆" not in shown
    stage.says(LI.id, "都记", chat=LI.id)
    (case,) = stage.cases()
    assert case.private
    assert not any("整条贴回" in text for text in stage.texts(LI.id))


def test_after_two_hours_it_is_over_and_the_words_are_gone(stage: Stage) -> None:
    paste(stage)
    stage.passes(hours=3)
    stage.says(LI.id, "都记", chat=LI.id)
    assert stage.cases() == []
    with stage.db() as db:
        kept = db.execute(sa.select(tables.timers).where(tables.timers.c.kind == records.RECORD)).all()
    assert kept == []


def test_nothing_in_it(stage: Stage) -> None:
    assert "没有像报事的" in paste(stage, "甲  08:00\n\n哈哈哈\n\n乙  08:01\n\n今天白菜两块五一斤\n")


@pytest.mark.parametrize(
    ("text", "expected", "remark"),
    [
        (RECORD, True, "as WeChat forwards it"),
        (
            "张三 2026-11-19 08:01:02\n灯坏了\n李四 2026-11-19 08:02:02\n是的",
            True,
            "copied by hand, with times",
        ),
        ("地点:5号楼\n时间:9点\n内容:停水", False, "a form"),
        ("5号楼楼道灯不亮了\n修一下吧", False, "a report on two lines"),
        ("明天停水  09:00\n请接好水", False, "one line that looks like a header"),
        ("5号楼楼道灯不亮了", False, "a report"),
    ],
)
def test_what_a_record_is(text: str, expected: bool, remark: str) -> None:
    assert is_record(text) is expected, remark


def test_a_record_in_a_group_is_talk(stage: Stage) -> None:
    stage.says(LI.id, RECORD, chat=RESIDENTS)
    assert not any("像是报事的" in text for text in stage.texts(RESIDENTS))


def test_the_record_is_kept_nowhere_else(stage: Stage) -> None:
    paste(stage)
    with stage.db() as db:
        for table in tables.metadata.sorted_tables:
            if table is tables.inbox:
                continue
            rows = list(db.execute(sa.select(table)))
            assert "白菜" not in str(rows), table.name
