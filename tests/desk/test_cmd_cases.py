"""Cases by command: what is open, one case, given to another, withdrawn, and why it was read so."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from gridbot.rehearsal import Stage
from gridbot.store import tables
from tests.cast import ADMIN, LI, NOW, RESIDENTS, SECRETARY, WANG, ZHOU

YARD_GROUP = "-1003"


def lamp(stage: Stage) -> None:
    stage.says(WANG.id, "5号楼楼道灯不亮了", chat=RESIDENTS, name=WANG.name)
    stage.passes(seconds=31)


def yard(stage: Stage) -> None:
    """A case of 二网格, which 李格长 does not lead."""
    stage.says(ZHOU.id, "51号院单元门锁坏了", chat=RESIDENTS, name=ZHOU.name)
    stage.passes(seconds=31)


def events(stage: Stage, move: str) -> list[Any]:
    with stage.db() as db:
        return list(db.execute(sa.select(tables.case_events).where(tables.case_events.c.move == move)))


def elsewhere(stage: Stage, number: int) -> None:
    """A case of this number in another community."""
    with stage.db() as db:
        made = db.execute(
            sa.insert(tables.communities).values(name="别的社区", salt="11" * 16, created_at=NOW)
        ).inserted_primary_key
        assert made is not None
        group = {"platform": stage.platform, "bot": stage.bot, "chat": "-2001", "kind": "group"}
        chat = db.execute(
            sa.insert(tables.chats).values(community_id=made[0], role="residents", **group)
        ).inserted_primary_key
        assert chat is not None
        values = {"state": "waiting", "types": ["lighting"], "place": "9号楼", "reported_at": NOW}
        db.execute(
            sa.insert(tables.cases).values(
                community_id=made[0], number=number, chat_id=chat[0], data={"titles": ["照明"]}, **values
            )
        )


def test_the_list_is_mine_the_overdue_first(stage: Stage) -> None:
    stage.starts(SECRETARY.id, SECRETARY.name)
    lamp(stage)
    yard(stage)
    stage.presses(LI.id, "我去看", chat=LI.id)
    stage.passes(hours=5)
    stage.says(ADMIN.id, "列表", chat=ADMIN.id)
    head, first, second = stage.texts(ADMIN.id)[-1].splitlines()
    assert head == "在办2件,1件超时。"
    assert first.startswith("2 51号院") and first.endswith("超时")
    assert second.startswith("1 5号楼") and second.endswith("楼道灯:网格长在办")
    stage.says(LI.id, "列表", chat=LI.id)
    assert stage.texts(LI.id)[-1].splitlines()[0] == "在办1件。"
    stage.says(SECRETARY.id, "列表", chat=SECRETARY.id)
    assert "在办2件" in stage.texts(SECRETARY.id)[-1]


def test_a_long_list_is_turned_page_by_page(stage: Stage) -> None:
    lamp(stage)
    with stage.db() as db:
        case = db.execute(sa.select(tables.cases)).one()._asdict()
        for number in range(2, 20):
            db.execute(sa.insert(tables.cases).values(**{**case, "id": 100 + number, "number": number}))
    stage.says(ADMIN.id, "列表", chat=ADMIN.id)
    assert len(stage.texts(ADMIN.id)[-1].splitlines()) == 16
    stage.presses(ADMIN.id, "接着看", chat=ADMIN.id)
    assert len(stage.texts(ADMIN.id)[-1].splitlines()) == 5


def test_one_case_with_its_words_masked_and_each_look_on_record(stage: Stage) -> None:
    stage.says(WANG.id, "我家5号楼302的灯不亮了", chat=RESIDENTS)
    stage.passes(seconds=31)
    stage.says(ADMIN.id, "看 1", chat=ADMIN.id)
    said = stage.texts(ADMIN.id)[-1]
    assert "5号楼" in said and "李格长" in said and "今天" in said
    assert "原话:" in said and "302" not in said  # the door is the reporter: not before somebody took it
    assert len(events(stage, "viewed")) == 1
    stage.says(ADMIN.id, "看 1", chat=RESIDENTS)
    assert stage.texts(RESIDENTS)[-1] == "私下发您了。"


def test_numbers_of_others_are_as_if_they_were_not_there(stage: Stage) -> None:
    lamp(stage)
    yard(stage)
    elsewhere(stage, 77)
    for text in ("看 77", "为什么 77", "改派 77 李格长", "撤销 77", "看 9999999"):
        stage.says(ADMIN.id, text, chat=ADMIN.id)
        assert "没有" in stage.texts(ADMIN.id)[-1], text
    for text in ("看 2", "为什么 2", "改派 2 周书记"):
        stage.says(LI.id, text, chat=LI.id)
        assert stage.texts(LI.id)[-1].startswith("没有2这件"), text
    assert [case.state for case in stage.cases()][-1] == "waiting"


def test_why_names_the_words_that_decided(stage: Stage) -> None:
    lamp(stage)
    stage.says(ADMIN.id, "为什么 1", chat=ADMIN.id)
    head, second, *because = stage.texts(ADMIN.id)[-1].splitlines()
    assert head.startswith("5号楼") and "楼道灯(1)" in head and second == "我是这样看的:"
    assert because and all(line.startswith("· ") for line in because)


def test_reassigning_tells_both(stage: Stage) -> None:
    stage.starts(SECRETARY.id, SECRETARY.name)
    lamp(stage)
    stage.presses(LI.id, "我去看", chat=LI.id)
    stage.says(ADMIN.id, "改派 1 周书记", chat=ADMIN.id)
    assert stage.texts(ADMIN.id)[-1].endswith("楼道灯(1)派给周书记了。")
    assert "5号楼" in stage.in_chat(SECRETARY.id)[-1].text
    gone = stage.in_chat(LI.id)[-1]
    assert "转给周书记" in gone.text and gone.buttons == ()
    (case,) = stage.cases()
    assert case.state == "waiting" and stage.names()[case.owner_id] == "周书记"
    stage.says(ADMIN.id, "把1改派给李格长", chat=ADMIN.id)
    assert stage.names()[stage.cases()[0].owner_id] == "李格长"
    assert len(events(stage, "reassigned")) == 2
    stage.passes(hours=3)
    assert any("还没回音" in text for text in stage.texts(LI.id))  # the clock runs for the new one


def test_a_leader_gives_work_only_within_his_grids(stage: Stage) -> None:
    stage.starts(SECRETARY.id, SECRETARY.name)
    lamp(stage)
    stage.says(LI.id, "改派 1 周书记", chat=LI.id)
    assert "不在您管的网格里" in stage.texts(LI.id)[-1]
    stage.says(SECRETARY.id, "改派 1 李格长", chat=SECRETARY.id)
    assert "派给李格长了" in stage.texts(SECRETARY.id)[-1]
    assert [event.role for event in events(stage, "reassigned")] == ["leader"]


def test_whom_and_what_must_be_clear(stage: Stage) -> None:
    lamp(stage)
    stage.says(ADMIN.id, "改派 1 王麻子", chat=ADMIN.id)
    assert "名单里没有" in stage.texts(ADMIN.id)[-1]
    stage.says(ADMIN.id, "改派 1 书记", chat=ADMIN.id)
    assert "是哪一位" in stage.texts(ADMIN.id)[-1]
    stage.presses(ADMIN.id, "周书记", chat=ADMIN.id)
    assert stage.names()[stage.cases()[0].owner_id] == "周书记"


def test_withdrawing_asks_first_and_the_reporter_is_told(stage: Stage) -> None:
    lamp(stage)
    stage.says(ADMIN.id, "撤销 1", chat=ADMIN.id)
    assert "撤了吗" in stage.texts(ADMIN.id)[-1]
    stage.presses(ADMIN.id, "算了", chat=ADMIN.id)
    assert stage.texts(ADMIN.id)[-1] == "好,没动。" and stage.cases()[0].state == "waiting"
    stage.says(ADMIN.id, "撤销 1", chat=ADMIN.id)
    stage.presses(ADMIN.id, "确定", chat=ADMIN.id)
    assert stage.texts(ADMIN.id)[-1] == "好,1撤了。" and stage.cases()[0].state == "withdrawn"
    assert stage.texts(RESIDENTS)[-1].startswith("1社区看过,先撤了")
    assert "不用管了" in stage.texts(LI.id)[-1]
    stage.says(ADMIN.id, "撤销 1", chat=ADMIN.id)
    assert "已经了结" in stage.texts(ADMIN.id)[-1]
    (event,) = events(stage, "withdrawn")
    assert event.role == "admin"


def test_a_confirmation_lasts_ten_minutes_and_is_the_askers(stage: Stage) -> None:
    lamp(stage)
    stage.says(ADMIN.id, "/撤销 1", chat=ADMIN.id)
    stage.passes(minutes=11)
    assert "过时" in stage.presses(ADMIN.id, "确定", chat=ADMIN.id)
    assert stage.cases()[0].state == "waiting"
    stage.says(ADMIN.id, "/撤销 1", chat=ADMIN.id)
    with stage.db() as db:
        db.execute(
            sa.update(tables.holdings).where(tables.holdings.c.role == "admin").values(until=stage.now)
        )
    assert stage.presses(ADMIN.id, "确定", chat=ADMIN.id) == "这个按钮不是给您的,谢谢。"
    assert stage.cases()[0].state == "waiting"


def test_a_private_case_is_not_for_those_who_are_only_copied_in(stage: Stage) -> None:
    lamp(stage)
    with stage.db() as db:
        db.execute(sa.update(tables.cases).values(private=True))
        zhou = db.execute(
            sa.select(tables.identities.c.person_id).where(tables.identities.c.user == ZHOU.id)
        ).scalar()
        (case,) = db.execute(sa.select(tables.cases))
        held = {"person_id": zhou, "node_id": case.node_id, "role": "liaison", "since": NOW}
        db.execute(sa.insert(tables.holdings).values(community_id=case.community_id, **held))
    stage.starts(ZHOU.id, ZHOU.name)
    stage.says(ZHOU.id, "看 1", chat=ZHOU.id)
    assert stage.texts(ZHOU.id)[-1].startswith("没有1这件")
    stage.says(LI.id, "看 1", chat=LI.id)
    assert "5号楼" in stage.texts(LI.id)[-1]
