"""Units: told first where they own the thing, reached by a card to pass on, invited, complained about."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from gridbot.cases import shares
from gridbot.desk import parties
from gridbot.grid.rules import Party
from gridbot.rehearsal import Stage
from gridbot.store.tables import case_asks, case_messages, grid_nodes, holdings, places
from tests.cast import ADMIN, ENGINEER, LI, RESIDENTS, STRANGER, WANG, ZHOU
from tests.desk.test_duty_parts import case, reported, town

__all__ = ["town"]
ENGINEER_CHAT = ENGINEER.id


# --- a unit is first -----------------------------------------------------------------------------


def test_the_owner_of_a_thing_is_asked_and_the_leader_knows(town: Stage) -> None:
    reported(town, "3号楼电梯坏了,门关不上")
    assert "(1)" in town.texts(ENGINEER_CHAT)[-1] and "物业,您好" in town.texts(ENGINEER_CHAT)[-1]
    leader = town.texts(LI.id)[-1]
    assert "等物业接,接之前您先盯着" in leader
    assert town.names()[case(town, 1).owner_id] == LI.name  # 首接负责
    town.says(ENGINEER.id, "收到", chat=ENGINEER_CHAT)
    assert case(town, 1).state == "accepted" and town.names()[case(town, 1).owner_id] == ENGINEER.name
    assert "王工已经在看了" in town.texts(LI.id)[-1]


def test_the_unit_may_say_when_and_done_in_its_own_words(town: Stage) -> None:
    reported(town, "3号楼电梯坏了,门关不上")
    town.says(ENGINEER.id, "师傅下午来", chat=ENGINEER_CHAT)
    assert town.names()[case(town, 1).owner_id] == ENGINEER.name
    town.says(ENGINEER.id, "修好了", chat=ENGINEER_CHAT)
    assert case(town, 1).state == "done"


def test_in_an_unmanaged_yard_property_is_not_asked(town: Stage) -> None:
    reported(town, "51号院单元门锁坏了")
    assert town.texts(ENGINEER_CHAT) == []


def test_a_stranger_can_not_take_what_a_unit_was_asked(town: Stage) -> None:
    reported(town, "3号楼电梯坏了,门关不上")
    token = town.in_chat(ENGINEER_CHAT)[-1].buttons[0][0]
    town.starts(STRANGER.id)
    assert town.in_chat(STRANGER.id) == [] or token.token not in str(town.in_chat(STRANGER.id))
    town.says(STRANGER.id, "收到", chat=STRANGER.id)
    assert case(town, 1).state == "waiting"


def test_two_press_at_once_and_the_second_reads_who_has_it(town: Stage) -> None:
    reported(town, "3号楼电梯坏了,门关不上")
    town.presses(ENGINEER.id, "我去看", chat=ENGINEER_CHAT)
    line = _press_old(town, LI.id, "我去看")
    assert "王工已经在看了" in line
    assert town.names()[case(town, 1).owner_id] == ENGINEER.name
    town.says(LI.id, "收到", chat=LI.id, reply_to=town.in_chat(LI.id)[-1].message)
    assert town.names()[case(town, 1).owner_id] == ENGINEER.name


def _press_old(town: Stage, who: str, text: str) -> str:
    """A button of a card that has been edited since."""
    return town.presses(who, text, chat=who)


def test_a_button_of_an_old_card_and_done_said_twice(town: Stage) -> None:
    reported(town, "3号楼楼道灯不亮了")
    town.presses(LI.id, "我去看", chat=LI.id)
    town.presses(LI.id, "办好了", chat=LI.id)
    town.passes(minutes=2)
    assert _press_old(town, LI.id, "办好了")
    town.says(LI.id, "修好了", chat=LI.id, reply_to=town.in_chat(LI.id)[-1].message)
    town.says(WANG.id, "亮了谢谢", chat=RESIDENTS)
    assert case(town, 1).state == "closed"
    assert _press_old(town, LI.id, "我去看")
    assert case(town, 1).state == "closed"
    assert sum("您看好了吗" in text for text in town.texts(RESIDENTS)) == 1


# --- which side, and two grids at one place ------------------------------------------------------


def test_the_side_is_asked_once_where_it_decides(town: Stage) -> None:
    town.says(WANG.id, "小广场旁边的下水道堵了", chat=RESIDENTS, name=WANG.name)
    assert case(town, 1).side not in ("inside", "outside")
    assert any("院外马路上" in text for text in town.texts(RESIDENTS))
    town.passes(seconds=40)
    assert town.texts(LI.id) == []  # it waits for the answer
    town.says(WANG.id, "马路上", chat=RESIDENTS)
    assert case(town, 1).side == "outside"
    town.passes(seconds=40)
    assert "这类一般先找市政" in town.texts(LI.id)[-1] and town.texts(ENGINEER_CHAT) == []


def test_the_side_by_a_tap_or_not_at_all(town: Stage) -> None:
    town.says(WANG.id, "小广场旁边的下水道堵了", chat=RESIDENTS, name=WANG.name)
    town.presses(WANG.id, "院里", chat=RESIDENTS)
    town.passes(seconds=40)
    assert case(town, 1).side == "inside" and "(1)" in town.texts(ENGINEER_CHAT)[-1]
    town.passes(hours=1)
    town.says(ZHOU.id, "2号楼旁边窨井堵了冒水", chat=RESIDENTS)
    town.passes(minutes=11)
    assert any("(2)" in text for text in town.texts(LI.id))  # nobody answered: the leader hears all the same


def test_where_it_does_not_decide_nothing_is_asked(town: Stage) -> None:
    reported(town, "小广场旁边垃圾没人收")
    assert not any("马路上" in text for text in town.texts(RESIDENTS))


def test_an_exclusive_grid_overlaps_and_nothing_is_asked(town: Stage) -> None:
    with town.db() as db:
        top = db.execute(sa.select(grid_nodes.c.id).where(grid_nodes.c.name == "青秀佳苑")).scalar_one()
        values = {"name": "医院", "path": "青秀佳苑/医院", "level": "专属网格", "exclusive": True}
        node = db.execute(
            sa.insert(grid_nodes).values(community_id=1, parent_id=top, data={}, **values)
        ).inserted_primary_key
        assert node is not None
        db.execute(sa.insert(places).values(community_id=1, node_id=node[0], name="51号院"))
        role = {"person_id": 4, "node_id": node[0], "role": "leader", "since": town.now}
        db.execute(sa.insert(holdings).values(community_id=1, **role))
        db.execute(sa.text("UPDATE community SET version = version + 1"))
    reported(town, "51号院垃圾没人收")
    one = case(town, 1)
    assert one.node_id != node[0] and one.data["routing"]["also"] == [one.node_id, node[0]]
    assert not any("几号楼" in text for text in town.texts(RESIDENTS))
    assert [party.name for party in _parties(town, one)] == [ADMIN.name]  # nobody leads the yard itself
    with town.db() as db:
        role = {"person_id": 3, "node_id": one.node_id, "role": "leader", "since": town.now}
        db.execute(sa.insert(holdings).values(community_id=1, **role))
    assert [party.name for party in _parties(town, one)] == [LI.name, ADMIN.name]


def _parties(town: Stage, one: object) -> list[Party]:
    with town.db() as db:
        return parties.asked(db, one, town.now).parties()  # type: ignore[arg-type]


# --- 派单卡 --------------------------------------------------------------------------------------


def test_handed_to_a_unit_without_account_gives_a_card_to_forward(town: Stage) -> None:
    reported(town, "5号楼302室门口马路路灯不亮了")
    town.says(LI.id, "转给市政", chat=LI.id)
    head, card = (one.text for one in town.in_chat(LI.id) if one.purpose.startswith("dispatch"))
    assert "没有账号" in head and "66010003" in head
    assert card.startswith("【派单卡】青秀佳苑社区") and "编号:1" in card and "给:市政" in card
    assert "302" not in card
    assert town.names()[case(town, 1).owner_id] == LI.name
    town.says(LI.id, "市政接了", chat=LI.id)  # their answer, entered by him
    assert case(town, 1).state == "accepted" and case(town, 1).unit_id == 3


def test_a_hand_over_taken_back_tells_nobody(town: Stage) -> None:
    reported(town, "3号楼楼道灯不亮了")
    before = len(town.texts(ENGINEER_CHAT))
    town.presses(LI.id, "更多", chat=LI.id)
    town.presses(LI.id, "转办", chat=LI.id)
    town.presses(LI.id, "市政", chat=LI.id)
    town.passes(seconds=30)
    town.presses(LI.id, "撤回", chat=LI.id)
    town.passes(minutes=10)
    assert not any("【派单卡】" in text for text in town.texts(LI.id))
    assert len(town.texts(ENGINEER_CHAT)) == before
    assert case(town, 1).unit_id != 3


def test_the_card_by_command(town: Stage) -> None:
    reported(town, "3号楼楼道灯不亮了")
    town.says(LI.id, "派单卡 1 市政", chat=LI.id)
    assert "给:市政" in town.texts(LI.id)[-1] and "回电:李格长" in town.texts(LI.id)[-1]
    town.says(WANG.id, "派单卡 1 市政", chat=RESIDENTS)
    assert not any("派单卡" in text for text in town.texts(RESIDENTS))


# --- 任命 王工 物业 -------------------------------------------------------------------------------


def test_a_units_person_is_appointed_and_bound(town: Stage) -> None:
    town.says(ADMIN.id, "任命 孙工 市政", chat=ADMIN.id)
    invitation = town.texts(ADMIN.id)[-1]
    assert "市政的人" in invitation
    code = invitation.rsplit(":", 1)[-1].strip()
    town.starts("4002", "小孙", payload=code)
    with town.db() as db:
        row = db.execute(sa.select(holdings).order_by(holdings.c.id.desc()).limit(1)).one()
    assert (row.role, row.unit_id, row.node_id) == ("unit", 3, None)
    assert any("市政的人" in text for text in town.texts("4002"))
    reported(town, "3号楼楼道灯不亮了")
    town.says(LI.id, "转给市政", chat=LI.id)
    assert "(1)" in town.texts("4002")[-1]
    town.says("4002", "收到", chat="4002")
    assert town.names()[case(town, 1).owner_id] == "孙工"


# --- 约请 ----------------------------------------------------------------------------------------


def test_an_invitation_is_dated_reminded_and_answered(town: Stage) -> None:
    reported(town, "3号楼楼道灯不亮了")
    town.presses(LI.id, "我去看", chat=LI.id)
    town.says(LI.id, "约请 物业 明天下午3点前 看看配电箱 1", chat=LI.id)
    assert "这件还是您的" in town.texts(LI.id)[-1]
    assert town.names()[case(town, 1).owner_id] == LI.name
    asked = town.in_chat(ENGINEER_CHAT)[-1]
    assert "约请您11月20日前看看配电箱(1" in asked.text
    town.passes(hours=24)
    assert any("方便时回一句" in text for text in town.texts(ENGINEER_CHAT))
    town.says(ENGINEER.id, "看过了,配电箱没问题", chat=ENGINEER_CHAT, reply_to=asked.message)
    assert any("约请有回音了(1)物业:看过了" in text for text in town.texts(LI.id))
    with town.db() as db:
        row = shares.invitations_of(db, 1)[0]
    assert (row.state, row.unit, row.answer) == ("answered", "物业", "看过了,配电箱没问题")
    assert case(town, 1).state == "accepted"


def test_an_invited_unit_without_account_is_called_and_its_answer_entered(town: Stage) -> None:
    reported(town, "3号楼楼道灯不亮了")
    town.says(LI.id, "约请 燃气公司 明天 看看阀门 1", chat=LI.id)
    said = town.texts(LI.id)[-1]
    assert "66010004" in said and "【约请】燃气公司,您好" in said
    town.passes(hours=24)
    assert any("今天到日子:燃气公司看看阀门(1)还没回音,电话66010004" in text for text in town.texts(LI.id))
    town.passes(hours=9)
    assert any("过了日子还没回音" in text for text in town.texts(LI.id))
    town.says(LI.id, "答复 1 燃气公司说阀门没问题", chat=LI.id)
    with town.db() as db:
        assert db.execute(sa.select(case_asks.c.state)).scalars().all() == ["answered"]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("约请 燃气公司 看看阀门 1", "什么时候前"),  # no day
        ("约请 燃气公司 11月1日前 看看阀门 1", None),  # next year's first of November
        ("约请 燃气公司 今天上午9点 看看阀门 1", "已经过了"),
        ("约请 燃气公司 明天 看看阀门 99", "没有99"),
        ("约请 燃气公司", "约请 燃气公司 周五前"),
    ],
)
def test_an_invitation_needs_a_day_and_a_case(town: Stage, text: str, answer: str | None) -> None:
    reported(town, "3号楼楼道灯不亮了")
    town.says(LI.id, text, chat=LI.id)
    if answer is not None:
        assert answer in town.texts(LI.id)[-1]
        with town.db() as db:
            assert db.execute(sa.select(case_asks.c.id)).all() == []


# --- a party to the dispute ----------------------------------------------------------------------


def _dispute(town: Stage) -> None:
    town.starts(WANG.id, WANG.name)
    town.says(WANG.id, "3号楼为燃气改造收费和物业吵起来了,社区来调解一下", chat=WANG.id)
    town.passes(seconds=31)


def test_r24_property_is_a_party_and_states_its_side(town: Stage) -> None:
    _dispute(town)
    one = case(town, 1)
    assert "物业" in one.data["routing"]["against"] and town.names()[one.owner_id] == LI.name
    asked = town.in_chat(ENGINEER_CHAT)[-1]
    assert "您愿意的话" in asked.text and "吵" not in asked.text  # what is said of them they do not read
    town.says(ENGINEER.id, "收费按文件,公示过", chat=ENGINEER_CHAT, reply_to=asked.message)
    with town.db() as db:
        kept = db.execute(sa.select(case_messages).where(case_messages.c.part == "statement")).one()
    assert kept.text == "收费按文件,公示过"
    assert "王工写了说明——收费按文件" in town.texts(LI.id)[-1]
    assert "注明是您说的" in town.texts(ENGINEER_CHAT)[-1]
    town.says(LI.id, "看 1", chat=LI.id)
    assert "王工的说明:收费按文件" in town.texts(LI.id)[-1]


def test_r24_a_party_never_gets_the_case_alone(town: Stage) -> None:
    _dispute(town)
    town.says(LI.id, "转给物业", chat=LI.id)
    assert case(town, 1).unit_id is None and case(town, 1).state == "waiting"
    assert "不能只交给他们" in town.texts(LI.id)[-1]
    town.says(ENGINEER.id, "办好了", chat=ENGINEER_CHAT)
    assert case(town, 1).state == "waiting"
    town.says(ENGINEER.id, "说明 1 愿意协商", chat=ENGINEER_CHAT)
    assert "注明是您说的" in town.texts(ENGINEER_CHAT)[-1]
    town.says(LI.id, "说明 1 我来写", chat=LI.id)
    assert "没有1这件" in town.texts(LI.id)[-1]


# --- next door -----------------------------------------------------------------------------------


def _yards(town: Stage) -> None:
    """二网格 becomes one of three yards nobody manages; 李格长 leads it too."""
    with town.db() as db:
        yard = db.execute(sa.select(grid_nodes).where(grid_nodes.c.name == "二网格")).one()
        for number, name in enumerate(("三网格", "四网格")):
            values = {"name": name, "path": f"青秀佳苑/{name}", "level": "三级网格", "unmanaged": True}
            key = db.execute(
                sa.insert(grid_nodes).values(
                    community_id=1, parent_id=yard.parent_id, position=number, data={}, **values
                )
            ).inserted_primary_key
            assert key is not None
            db.execute(sa.insert(places).values(community_id=1, node_id=key[0], name=f"{53 + number}号院"))
        role = {"person_id": 3, "node_id": yard.id, "role": "leader", "since": town.now}
        db.execute(sa.insert(holdings).values(community_id=1, **role))
        db.execute(sa.text("UPDATE community SET version = version + 1"))


def test_r19_the_yards_beside_are_offered_once(town: Stage) -> None:
    _yards(town)
    reported(town, "51号院窨井堵了污水外溢")
    town.presses(LI.id, "我去看", chat=LI.id)
    offers = [one for one in town.in_chat(LI.id) if one.purpose == "sweep-offer"]
    assert len(offers) == 1 and "旁边还有2个差不多的院(三网格、四网格)" in offers[0].text
    assert len(town.cases()) == 1  # nothing by itself
    town.presses(LI.id, "一起看", chat=LI.id)
    looks = town.cases()[1:]
    assert [one.data["part"] for one in looks] == ["sweep", "sweep"]
    assert "看完一处" in town.texts(LI.id)[-1]
    town.says(LI.id, "1修好了", chat=LI.id)
    assert case(town, 1).state == "done"  # the looks do not hold it up
    assert sum(one.purpose == "sweep-offer" for one in town.in_chat(LI.id)) == 1


def test_r19_not_wanted_is_not_begun(town: Stage) -> None:
    _yards(town)
    reported(town, "51号院窨井堵了污水外溢")
    town.presses(LI.id, "我去看", chat=LI.id)
    assert "先不看" in town.presses(LI.id, "先不用", chat=LI.id)
    assert len(town.cases()) == 1


def test_a_managed_building_offers_no_sweep(town: Stage) -> None:
    reported(town, "3号楼下水道堵了")
    town.presses(LI.id, "我去看", chat=LI.id)
    assert not any(one.purpose == "sweep-offer" for one in town.in_chat(LI.id))


# --- 12345 单号 ----------------------------------------------------------------------------------


def test_an_outside_number_counts_once(town: Stage) -> None:
    reported(town, "3号楼楼道灯不亮了")
    card = town.in_chat(LI.id)[-1].message
    town.says(LI.id, "12345单号 20261119000123", chat=LI.id, reply_to=card)
    assert any("只算一件" in text for text in town.texts(LI.id))
    assert any("12345单号:20261119000123" in text for text in town.texts(LI.id))
    town.passes(hours=1)
    town.says(ZHOU.id, "1号楼单元门锁坏了", chat=RESIDENTS)
    town.passes(seconds=31)
    town.says(LI.id, "单号 2 20261119000123", chat=LI.id)
    assert "已经在1(3号楼楼道灯)上了,是同一件吗" in town.texts(LI.id)[-1]
    assert case(town, 2).state == "waiting"
    town.presses(LI.id, "是同一件", chat=LI.id)
    assert case(town, 2).state == "merged" and case(town, 1).supporters == 1
