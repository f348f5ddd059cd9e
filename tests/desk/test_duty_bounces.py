"""不归我管: a reason and an owner; the first receiver keeps it; the third return is decided above."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from gridbot.cases import shares
from gridbot.rehearsal import Stage
from gridbot.store.tables import case_events, case_words, chats, holdings, people
from tests.cast import ADMIN, ENGINEER, LI, NOW, RESIDENTS, SECRETARY, WANG
from tests.desk.test_duty_parts import case, reported, town

__all__ = ["town"]
LAMP = "3号楼楼道灯不亮了"


def returns(town: Stage) -> list[Any]:
    with town.db() as db:
        return shares.bounces_of(db, 1)


def secretary_hears(town: Stage) -> None:
    """周书记, who leads the level above, has opened his private chat."""
    town.starts(SECRETARY.id, SECRETARY.name)


def bounced(town: Stage, who: str, owner: str, why: str) -> None:
    """Three taps: 不归我管, whose then, why."""
    town.presses(who, "更多", chat=who)
    town.presses(who, "不归我管", chat=who)
    town.presses(who, owner, chat=who)
    town.presses(who, why, chat=who)


def test_one_tap_then_the_likely_owners_then_why(town: Stage) -> None:
    reported(town, LAMP)
    town.presses(LI.id, "更多", chat=LI.id)
    town.presses(LI.id, "不归我管", chat=LI.id)
    shown = town.in_chat(LI.id)[-1]
    names = [row[0].text for row in shown.buttons]
    assert names[0] == "物业" and LI.name not in names  # routing's order, himself left out
    assert returns(town) == []  # not yet: whose and why are still to be said
    town.presses(LI.id, "物业", chat=LI.id)
    assert "业主专有部分" in [row[0].text for row in town.in_chat(LI.id)[-1].buttons]
    town.presses(LI.id, "业主专有部分", chat=LI.id)
    (event,) = returns(town)
    assert (event.words, event.data["count"], event.data["unit"]) == ("业主专有部分", 1, 1)
    assert "物业接之前还先记在您这儿" in town.texts(LI.id)[-1]


def test_the_first_receiver_keeps_it_until_another_accepts(town: Stage) -> None:
    reported(town, "3号楼门口马路上路灯不亮了")
    town.says(LI.id, "不归我管,在墙外,找物业", chat=LI.id)
    assert town.names()[case(town, 1).owner_id] == LI.name
    assert case(town, 1).data["candidate"] == {"unit": 1}
    town.presses(ENGINEER.id, "我去看", chat=ENGINEER.id)
    assert town.names()[case(town, 1).owner_id] == ENGINEER.name
    assert case(town, 1).data["candidate"] is None
    assert "王工已经在看了" in town.texts(LI.id)[-1]


def test_own_words_are_the_reason(town: Stage) -> None:
    reported(town, LAMP)
    town.presses(LI.id, "更多", chat=LI.id)
    town.presses(LI.id, "不归我管", chat=LI.id)
    town.presses(LI.id, "物业", chat=LI.id)
    town.says(LI.id, "是他们上个月刚换的灯", chat=LI.id)
    assert returns(town)[0].words == "是他们上个月刚换的灯"


def test_bare_words_are_asked_back(town: Stage) -> None:
    reported(town, LAMP)
    town.says(LI.id, "不归我管", chat=LI.id)
    assert returns(town) == [] and "您看该找谁" in town.texts(LI.id)[-1]


def test_the_resident_never_reads_it(town: Stage) -> None:
    reported(town, LAMP)
    bounced(town, LI.id, "物业", "不在我这片")
    town.passes(minutes=3)
    said = town.texts(RESIDENTS)
    assert any("还在找该管的单位" in text for text in said)
    assert not any("不归" in text or "不在我" in text for text in said)
    town.starts(WANG.id, WANG.name)
    town.says(WANG.id, "我报的到哪了", chat=WANG.id)
    assert "还在找该管的单位" in town.texts(WANG.id)[-1]


def test_taken_back_within_the_minute_it_never_was(town: Stage) -> None:
    reported(town, LAMP)
    told = len(town.texts(ENGINEER.id))
    bounced(town, LI.id, "物业", "不在我这片")
    town.passes(seconds=20)
    town.presses(LI.id, "撤回", chat=LI.id)
    assert not case(town, 1).data["bounces"] and case(town, 1).data["candidate"] == {"unit": 1}
    town.passes(minutes=5)
    assert len(town.texts(ENGINEER.id)) == told
    assert not any("还在找" in text for text in town.texts(RESIDENTS))


def test_somebody_else_without_a_why_is_no_return(town: Stage) -> None:
    secretary_hears(town)
    reported(town, "3号楼有人乱扔垃圾没人收")
    town.presses(LI.id, "找别人", chat=LI.id)
    town.passes(minutes=2)
    assert not case(town, 1).data.get("bounces")
    assert any("(1)" in text for text in town.texts(SECRETARY.id))
    assert town.names()[case(town, 1).owner_id] == LI.name


def three_returns(town: Stage) -> None:
    secretary_hears(town)
    reported(town, LAMP)
    town.says(LI.id, "不归我管,是物业的灯", chat=LI.id)
    town.says(ENGINEER.id, "不归我管,不在我们合同里", chat=ENGINEER.id)
    town.says(LI.id, "还是不归我管,我没有电工", chat=LI.id)


def test_the_third_return_is_designated_by_the_level_above(town: Stage) -> None:
    three_returns(town)
    assert case(town, 1).data["bounces"] == 3
    asked = town.in_chat(SECRETARY.id)[-1]
    assert "退了3次" in asked.text and "李格长:不归我管,是物业的灯" in asked.text
    assert "王工:不归我管,不在我们合同里" in asked.text
    town.presses(SECRETARY.id, "物业", chat=SECRETARY.id)
    assert case(town, 1).data["designated"] == {"unit": 1}
    assert [event.move for event in returns(town)] == ["bounced", "bounced", "bounced", "designated"]
    line = town.presses(ENGINEER.id, "找别人", chat=ENGINEER.id)
    assert "退不回去" in line
    town.says(ENGINEER.id, "不归我管,真的不归", chat=ENGINEER.id)
    assert len(returns(town)) == 4 and any("退不回去" in text for text in town.texts(ENGINEER.id))
    town.says(ENGINEER.id, "收到", chat=ENGINEER.id)
    assert town.names()[case(town, 1).owner_id] == ENGINEER.name


def test_nobody_else_may_designate(town: Stage) -> None:
    three_returns(town)
    town.says(LI.id, "指定 1 物业", chat=LI.id)
    assert "designated" not in case(town, 1).data
    town.says(SECRETARY.id, "指定 1 李格长", chat=SECRETARY.id)
    assert town.names()[case(town, 1).owner_id] == LI.name
    assert any("社区指定由您来办" in text for text in town.texts(LI.id))


def test_nobody_decides_in_time_and_the_admins_hear_it(town: Stage) -> None:
    three_returns(town)
    town.passes(minutes=16)
    assert any("还没人指定" in text for text in town.texts(SECRETARY.id))
    assert any("还没人指定" in text for text in town.texts(ADMIN.id))


def test_how_many_and_why_are_data(town: Stage) -> None:
    with town.db() as db:
        settings = '{"bounces": {"most": 1, "reasons": "归房管所"}}'
        db.execute(sa.text("UPDATE community SET settings = :s, version = version + 1"), {"s": settings})
    secretary_hears(town)
    reported(town, LAMP)
    bounced(town, LI.id, "物业", "归房管所")
    town.passes(seconds=61)
    assert any("请您15分钟内指定" in text for text in town.texts(SECRETARY.id))


def test_a_lowered_alarm_is_shown_to_the_level_above(town: Stage) -> None:
    secretary_hears(town)
    town.says(WANG.id, "3号楼有股煤气味", chat=RESIDENTS, name=WANG.name)
    town.passes(seconds=5)
    card = town.in_chat(LI.id)[-1].message
    town.says(LI.id, "改成 卫生", chat=LI.id, reply_to=card)
    one = case(town, 1)
    assert not one.urgent and one.data["lowered"]
    assert any("从急事改成不急" in text for text in town.texts(SECRETARY.id))
    with town.db() as db:
        (seen,) = shares.lowered_since(db, one.community_id, NOW)
        assert (seen.number, seen.data["to"]) == (1, ["sanitation"])
        assert shares.lowered_since(db, one.community_id, NOW + timedelta(days=1)) == []
    with town.db() as db:
        event = db.execute(sa.select(case_events).where(case_events.c.move == "retyped")).one()
        assert event.data["urgent"] == [True, False] and event.data["from"] == ["gas"]


def test_a_changed_type_is_a_line_on_the_card(town: Stage) -> None:
    reported(town, LAMP)
    town.says(LI.id, "改成 门禁", chat=LI.id, reply_to=town.in_chat(LI.id)[-1].message)
    town.says(LI.id, "看 1", chat=LI.id)
    assert any("类型由“楼道灯”改成“门禁”" in text for text in town.texts(LI.id))


# --- faults --------------------------------------------------------------------------------------


def test_a_leader_dismissed_hands_on_wholes_and_parts(town: Stage) -> None:
    secretary_hears(town)
    reported(town, "3号楼旁边消防通道被沿街商铺的车堵死了")
    town.says(ADMIN.id, "撤职 李格长", chat=ADMIN.id)
    town.presses(ADMIN.id, "确定", chat=ADMIN.id)
    names = town.names()
    assert {names[one.owner_id] for one in town.cases()} == {SECRETARY.name}
    with town.db() as db:
        moves = db.execute(sa.select(case_events.c.move).where(case_events.c.move == "reassigned")).all()
    assert len(moves) == 3


def test_words_of_a_return_lie_where_they_can_be_erased(town: Stage) -> None:
    reported(town, LAMP)
    town.says(LI.id, "不归我管,是302王老太的", chat=LI.id)
    with town.db() as db:
        data = " ".join(str(row) for row in db.execute(sa.select(case_events.c.data)).scalars())
        words = " ".join(db.execute(sa.select(case_words.c.text)).scalars())
    assert "王老太" not in data and "王老太" in words
    assert not any("王老太" in text for text in town.texts(RESIDENTS))


def test_a_unit_whose_people_are_gone_gets_a_card_to_pass_on(town: Stage) -> None:
    with town.db() as db:
        db.execute(sa.update(chats).where(chats.c.chat == ENGINEER.id).values(active=False))
        db.execute(sa.update(holdings).where(holdings.c.unit_id == 1).values(until=town.now))
        assert db.execute(sa.select(people.c.id)).all()
    reported(town, LAMP)
    assert "这类一般先找物业" in town.texts(LI.id)[-1]
    town.says(LI.id, "转给物业", chat=LI.id)
    assert any("给:物业" in text for text in town.texts(LI.id))


def test_the_unit_that_was_asked_has_a_card_of_its_own(town: Stage) -> None:
    reported(town, LAMP)
    before = town.texts(LI.id)
    town.presses(ENGINEER.id, "更多", chat=ENGINEER.id)
    assert "要怎么办" in town.texts(ENGINEER.id)[-1] and town.texts(LI.id) == before
    town.presses(ENGINEER.id, "不归我管", chat=ENGINEER.id)
    shown = town.in_chat(ENGINEER.id)[-1]
    names = [row[0].text for row in shown.buttons]
    assert names[0] == LI.name and "物业" not in names  # not its own people, not itself
    town.presses(ENGINEER.id, LI.name, chat=ENGINEER.id)
    town.presses(ENGINEER.id, "该别的单位管", chat=ENGINEER.id)
    town.passes(seconds=61)
    assert any("王工看着该找您(该别的单位管)" in text for text in town.texts(LI.id))
    assert case(town, 1).data["candidate"] == {"person": case(town, 1).owner_id}
