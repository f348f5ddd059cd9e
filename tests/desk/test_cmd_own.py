"""What everybody may say about himself: 别看我, 看我, 删掉我的记录, 我是谁."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from gridbot.cases.events import seal
from gridbot.rehearsal import Stage
from gridbot.store import tables
from tests.cast import ADMIN, LI, RESIDENTS, WANG, ZHOU

SECRET = "我家5号楼302的灯不亮了,红色的猫"


def everything(stage: Stage) -> str:
    """All that is stored, as one text."""
    found: list[str] = []
    with stage.db() as db:
        for table in tables.metadata.sorted_tables:
            for row in db.execute(sa.select(table)):
                found += [
                    value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
                    for value in row
                ]
    return "\n".join(found)


def person(stage: Stage, user: str) -> Any:
    with stage.db() as db:
        return db.execute(
            sa.select(tables.people)
            .join(tables.identities, tables.identities.c.person_id == tables.people.c.id)
            .where(tables.identities.c.user == user)
        ).one()


def test_do_not_look_at_me_and_look_again(stage: Stage) -> None:
    stage.says(WANG.id, "别看我", chat=RESIDENTS)
    assert stage.texts(RESIDENTS)[-1].startswith("好,以后我不看您说的话")
    stage.says(WANG.id, "5号楼楼道灯不亮了", chat=RESIDENTS)
    stage.passes(minutes=20)
    assert stage.cases() == []
    stage.says(WANG.id, "看我", chat=RESIDENTS)
    assert stage.texts(RESIDENTS)[-1] == "好,以后您说的事我又能记了。"
    stage.says(WANG.id, "5号楼楼道灯不亮了", chat=RESIDENTS)
    assert len(stage.cases()) == 1


def test_said_to_somebody_else_it_is_talk(stage: Stage) -> None:
    stage.says(WANG.id, "别看我", chat=RESIDENTS, reply_to="m1")
    stage.says(ZHOU.id, "看我", chat=RESIDENTS)
    stage.says(WANG.id, "别看我,我也不知道", chat=RESIDENTS)
    assert stage.sent == [] and not person(stage, WANG.id).data.get("ignored")


def test_forgetting_takes_words_and_name_and_leaves_numbers(stage: Stage) -> None:
    stage.starts(WANG.id, WANG.name)
    stage.says(WANG.id, SECRET, chat=RESIDENTS, name=WANG.name)
    stage.says(WANG.id, "今天红色的猫又来了", chat=RESIDENTS, name=WANG.name)
    stage.passes(seconds=31)
    stage.says(LI.id, "师傅下午来", chat=LI.id)
    assert "红色的猫" in everything(stage)
    stage.says(WANG.id, "删掉我的记录", chat=WANG.id)
    assert "红色的猫" in everything(stage)  # asked first
    stage.presses(WANG.id, "删掉", chat=WANG.id)
    assert stage.texts(WANG.id)[-1] == "删好了。以后有事还可以找我。"
    left = everything(stage)
    kept = [line for line in left.splitlines() if any(w in line for w in ("红色的猫", "302", WANG.name))]
    assert kept == []
    (case,) = stage.cases()
    assert case.number == 1 and case.state == "accepted" and "5号楼" in case.place
    assert "师傅下午来" in left  # the leader's words are his
    _chain_is_whole(stage)
    with stage.db() as db:
        assert (
            db.execute(sa.select(tables.people).where(tables.people.c.erased_at.is_not(None))).one().name
            == ""
        )
        assert not db.execute(sa.select(tables.identities).where(tables.identities.c.user == WANG.id)).all()


def _chain_is_whole(stage: Stage) -> None:
    with stage.db() as db:
        before = ""
        for row in db.execute(sa.select(tables.case_events).order_by(tables.case_events.c.seq)):
            event = row._asdict()
            assert event["prev_hash"] == before and seal(event) == event["hash"]
            before = event["hash"]


def test_in_a_group_only_who_asked_may_confirm(stage: Stage) -> None:
    stage.says(WANG.id, SECRET, chat=RESIDENTS, name=WANG.name)
    stage.says(WANG.id, "删掉我的记录", chat=RESIDENTS, name=WANG.name)
    assert stage.presses(ZHOU.id, "删掉", chat=RESIDENTS) == "这个按钮不是给您的,谢谢。"
    assert stage.presses(ADMIN.id, "删掉", chat=RESIDENTS) == "这个按钮不是给您的,谢谢。"
    assert "红色的猫" in everything(stage)
    stage.presses(WANG.id, "删掉", chat=RESIDENTS)
    assert "红色的猫" not in everything(stage)


def test_forgetting_keeps_what_was_asked_and_an_offices_name(stage: Stage) -> None:
    stage.says(WANG.id, "别看我", chat=RESIDENTS)
    stage.says(WANG.id, "删掉我的记录", chat=RESIDENTS)
    stage.presses(WANG.id, "删掉", chat=RESIDENTS)
    assert person(stage, WANG.id).data == {"ignored": True}
    stage.says(LI.id, "删掉我的记录", chat=LI.id)
    stage.presses(LI.id, "删掉", chat=LI.id)
    assert person(stage, LI.id).name == LI.name


def test_after_forgetting_one_may_report_again(stage: Stage) -> None:
    stage.says(WANG.id, "删掉我的记录", chat=RESIDENTS)
    stage.presses(WANG.id, "删掉", chat=RESIDENTS)
    stage.says(WANG.id, "5号楼楼道灯不亮了", chat=RESIDENTS)
    assert len(stage.cases()) == 1


def test_after_forgetting_one_is_somebody_new(stage: Stage) -> None:
    """The old case is nobody's any more; what is said next in private is heard and answered."""
    stage.starts(WANG.id, WANG.name)
    stage.says(WANG.id, SECRET, chat=RESIDENTS, name=WANG.name)
    stage.passes(minutes=2)
    stage.says(WANG.id, "删掉我的记录", chat=WANG.id)
    stage.presses(WANG.id, "删掉", chat=WANG.id)
    stage.says(WANG.id, "6号楼门禁坏了", chat=WANG.id, name=WANG.name)
    stage.passes(minutes=20)
    first, second = stage.cases()
    assert first.reporter_id != second.reporter_id
    assert any("记下了" in text for text in stage.texts(WANG.id))


def test_what_waits_to_be_told_is_told_without_the_words(stage: Stage) -> None:
    stage.until(stage.now.replace(hour=14))  # ten at night
    stage.starts(WANG.id, WANG.name)
    stage.says(WANG.id, SECRET, chat=RESIDENTS, name=WANG.name)
    stage.says(WANG.id, "删掉我的记录", chat=WANG.id)
    stage.presses(WANG.id, "删掉", chat=WANG.id)
    stage.passes(hours=12)
    told = stage.texts(LI.id)
    assert told and not any("红色的猫" in text or "302" in text for text in told)
    assert "红色的猫" not in everything(stage)


def test_who_am_i(stage: Stage) -> None:
    stage.says(LI.id, "我是谁", chat=LI.id)
    assert stage.texts(LI.id)[-1] == "李格长,在我这儿您是网格长。"
    stage.starts(WANG.id, WANG.name)
    assert "网格助手" in stage.texts(WANG.id)[-1]
    stage.says(WANG.id, "我是谁", chat=WANG.id)
    assert stage.texts(WANG.id)[-1] == "王阿姨,在我这儿您是居民。"
