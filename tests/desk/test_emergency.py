"""The emergency lane as stories: what is said at once, who is called, and who hears nothing of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from gridbot.grid import contacts
from gridbot.messages import ChatKind, ChatRole, OutKind, Role
from gridbot.rehearsal import Stage
from gridbot.store.tables import chats, communities, holdings, identities, people
from tests.cast import ADMIN, LEADERS, LI, RESIDENTS, SECRETARY, STRANGER, WANG, ZHOU

DEPUTY, DUAN = "2002", "4001"  #: 孙副格长, 段秋


def person(stage: Stage, user: str, name: str, role: Role, *, node: str = "", phone: str = "") -> int:
    """Somebody with an office and a private chat."""
    with stage.db() as db:
        community = db.execute(sa.select(communities.c.id)).scalar_one()
        row = _add(db, people, community_id=community, name=name, phone=phone, created_at=stage.now)
        account: dict[str, Any] = {"community_id": community, "person_id": row, "platform": Stage.platform}
        _add(db, identities, **account, user=user, name=name, reachable=True)
        where = db.execute(sa.text("SELECT id FROM grid_node WHERE name = :n"), {"n": node}).scalar()
        if role is not Role.CONTACT:
            _add(
                db, holdings, community_id=community, person_id=row, node_id=where, role=role.value,
                since=stage.now,
            )  # fmt: skip
        _add(
            db, chats, **account, bot=Stage.bot, chat=user, kind=ChatKind.PRIVATE.value,
            role=ChatRole.PRIVATE.value,
        )  # fmt: skip
    return row


def _add(db: sa.Connection, table: sa.Table, **values: Any) -> int:
    key = db.execute(sa.insert(table).values(**values)).inserted_primary_key
    assert key is not None
    return int(key[0])


def duan_is_named(stage: Stage, code: str = "any") -> None:
    row = person(stage, DUAN, "段秋", Role.CONTACT, phone="13800000001")
    with stage.db() as db:
        community = db.execute(sa.select(communities.c.id)).scalar_one()
        contacts.name_contact(db, community, row, code, now=stage.now)


def cries(stage: Stage, text: str, who: str = WANG.id, **more: Any) -> str:
    return stage.says(who, text, chat=more.pop("chat", RESIDENTS), **more)


def groups(stage: Stage) -> list[Any]:
    """Whatever was done in any group."""
    return [one for one in stage.sent if one.chat.startswith("-")]


# --- dangers to all ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "number", "hazard"),
    [
        ("5号楼有股煤气味", "燃气公司抢修电话", "gas"),
        ("3号楼着火了", "119", "fire"),
        ("2号楼电梯困人了", "电梯里贴的维保电话", "trapped"),
        ("1号楼门口电线掉地上了冒火花", "95598", "live_wire"),
        ("小广场边上的墙要塌了", "119", "collapse"),
    ],
)
def test_said_and_called_at_once(stage: Stage, text: str, number: str, hazard: str) -> None:
    """Not a second of the virtual clock goes by between the message and everything that must be heard."""
    person(stage, DEPUTY, "孙副格长", Role.DEPUTY, node="一网格")
    stage.starts(SECRETARY.id, SECRETARY.name)
    began = stage.now
    message = cries(stage, text)
    safety = next(one for one in stage.sent if one.purpose == "safety")
    assert safety.chat == RESIDENTS and safety.reply_to == message
    assert safety.text.startswith("有人说") and number in safety.text
    called = {one.chat for one in stage.sent if one.purpose == "urgent-notice"}
    assert called == {LI.id, DEPUTY, SECRETARY.id}
    assert {one.at for one in stage.sent} == {began}
    (case,) = stage.cases()
    assert case.data["hazard"] == hazard and case.urgent and not case.private


def test_those_who_must_come_are_mentioned_as_the_platform_mentions(stage: Stage) -> None:
    cries(stage, "5号楼有股煤气味")
    safety = next(one for one in stage.sent if one.purpose == "safety")
    assert safety.mention == ((LI.id, LI.name),)
    (card,) = [one for one in stage.in_chat(LEADERS) if one.purpose == "alarm-card"]
    assert (LI.id, LI.name) in card.mention and "有股" not in card.text and "5号楼" in card.text


def test_the_town_s_own_number(stage: Stage) -> None:
    with stage.db() as db:
        db.execute(
            sa.update(communities).values(settings={"gas": "962777"}, version=communities.c.version + 1)
        )
    cries(stage, "5号楼有股煤气味")
    assert "962777或119" in stage.texts(RESIDENTS)[0]
    assert "我是机器人,不能代替报警" in stage.texts(RESIDENTS)[0]


def test_it_knows_no_night(stage: Stage) -> None:
    stage.until(stage.now.replace(hour=18))  # two in the morning
    began = stage.now
    cries(stage, "3号楼着火了")
    assert {one.at for one in stage.sent if one.purpose in ("safety", "urgent-notice")} == {began}
    assert stage.in_chat(LI.id)[-1].purpose == "urgent-notice"


def test_nobody_comes_and_it_climbs_with_the_numbers(stage: Stage) -> None:
    """Two levels: after five minutes the upper one again, after ten the admins, and then it stays."""
    stage.starts(SECRETARY.id, SECRETARY.name)
    with stage.db() as db:
        db.execute(sa.update(people).where(people.c.name == LI.name).values(phone="13900000002"))
    cries(stage, "5号楼有股煤气味")
    first = {one.message for one in stage.in_chat(LI.id)}
    stage.passes(minutes=5)
    again = stage.in_chat(LI.id)[-1]
    assert "5分钟了还没人接" in again.text and again.message not in first  # a new card rings
    assert "李格长 13900000002" in stage.in_chat(SECRETARY.id)[-1].text
    (case,) = stage.cases()
    assert case.level_node_id != case.node_id
    assert stage.in_chat(ADMIN.id) == []
    stage.passes(minutes=5)
    assert "10分钟了还没人接" in stage.in_chat(ADMIN.id)[-1].text
    said = len(stage.sent)
    stage.passes(hours=2)
    assert len(stage.sent) == said and stage.cases()[0].state == "waiting"
    assert not any("1390000" in one.text for one in groups(stage))  # telephones only in private


def test_whoever_goes_calls_the_others_off(stage: Stage) -> None:
    stage.starts(SECRETARY.id, SECRETARY.name)
    cries(stage, "5号楼有股煤气味")
    stage.presses(LI.id, "我去看", chat=LI.id)
    assert "李格长已经去了" in stage.in_chat(SECRETARY.id)[-1].text
    card = [one for one in stage.in_chat(LEADERS) if one.purpose == "alarm-card"]
    assert len({one.message for one in card}) == 1 and "李格长已经去了" in card[-1].text
    said = len(stage.sent)
    stage.passes(hours=1)
    assert len(stage.sent) == said


def test_the_same_danger_said_by_two_is_called_once(stage: Stage) -> None:
    cries(stage, "5号楼有股煤气味")
    stage.passes(seconds=40)
    cries(stage, "5号楼煤气味好重", who=ZHOU.id)
    assert [one.purpose for one in stage.sent].count("safety") == 1
    assert stage.cases()[0].supporters == 1


def test_said_again_after_half_an_hour_it_is_said_again(stage: Stage) -> None:
    cries(stage, "5号楼有股煤气味")
    stage.presses(LI.id, "我去看", chat=LI.id)
    stage.passes(minutes=50)
    cries(stage, "5号楼又有煤气味了", who=ZHOU.id)
    assert [one.purpose for one in stage.sent].count("safety") == 2
    assert len(stage.cases()) == 1


def test_a_mention_of_the_leader_does_not_hide_a_fire(stage: Stage) -> None:
    cries(stage, "@李格长 3号楼着火了", mentions_other=True)
    assert [one.purpose for one in stage.sent].count("safety") == 1
    cries(stage, "@李格长 楼道灯不亮了", mentions_other=True, who=ZHOU.id)
    assert len(stage.cases()) == 1


# --- gas is not always gas -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "urgent"),
    [
        ("煤气费这个月怎么这么贵", False),  # a bill
        ("燃气安装名单什么时候出", False),  # a list
        ("燃气改造物业乱收费,要个说法", False),  # R24: a dispute with 物业
        ("物业收了燃气初装费又不给装,吵了半天", False),
        ("燃气改造物业一直扯皮,昨天管子都漏气了", True),  # a leak word inside it
        ("为燃气的事跟物业吵,现在楼道里闻到煤气", True),
    ],
)
def test_a_bill_a_list_a_dispute_and_a_leak(stage: Stage, text: str, urgent: bool) -> None:
    cries(stage, f"5号楼{text}")
    assert any(case.urgent for case in stage.cases()) is urgent
    assert any(one.purpose == "safety" for one in stage.sent) is urgent


# --- it was nothing ------------------------------------------------------------------------------


def test_a_leader_says_it_was_nothing(stage: Stage) -> None:
    stage.starts(SECRETARY.id, SECRETARY.name)
    message = cries(stage, "3号楼着火了")
    stage.presses(LI.id, "我去看", chat=LI.id)
    stage.presses(LI.id, "虚惊一场", chat=LI.id)
    (case,) = stage.cases()
    assert case.state == "closed" and case.data["false_alarm"]
    assert "虚惊" in stage.in_chat(SECRETARY.id)[-1].text
    assert not any("大家放心" in text for text in stage.texts(RESIDENTS))  # the undo minute
    stage.passes(seconds=61)
    clear = stage.in_chat(RESIDENTS)[-1]
    assert "大家放心" in clear.text and clear.reply_to == message
    stage.passes(hours=72)
    assert not any("您看好了吗" in text for text in stage.texts(RESIDENTS))


def test_it_can_be_taken_back_for_a_minute(stage: Stage) -> None:
    cries(stage, "3号楼着火了")
    stage.presses(LI.id, "我去看", chat=LI.id)
    stage.presses(LI.id, "虚惊一场", chat=LI.id)
    stage.passes(seconds=20)
    stage.presses(LI.id, "撤回", chat=LI.id)
    assert stage.cases()[0].state == "accepted"
    stage.passes(minutes=5)
    assert not any("大家放心" in text for text in stage.texts(RESIDENTS))


@pytest.mark.parametrize(
    ("words", "over"),
    [("误报", True), ("去看了,虚惊一场", True), ("没这回事", True), ("不是误报,真漏", False)],
)
def test_in_words(stage: Stage, words: str, over: bool) -> None:
    cries(stage, "5号楼有股煤气味")
    card = stage.in_chat(LI.id)[-1]
    stage.says(LI.id, words, chat=LI.id, reply_to=card.message, reply_to_bot=True)
    (case,) = stage.cases()
    assert (case.state == "closed", bool(case.data.get("false_alarm"))) == (over, over)


def test_only_of_an_alarm_can_one_say_so(stage: Stage) -> None:
    cries(stage, "5号楼楼道灯不亮了")
    stage.passes(seconds=31)
    stage.says(LI.id, "误报", chat=LI.id, reply_to=stage.in_chat(LI.id)[-1].message)
    (case,) = stage.cases()
    assert case.state != "closed" and not case.data.get("false_alarm")


def test_after_three_in_vain_only_the_leader_is_called(stage: Stage) -> None:
    stage.starts(SECRETARY.id, SECRETARY.name)
    for house in (1, 2, 3):
        cries(stage, f"{house}号楼着火了", who=ZHOU.id)
        stage.presses(LI.id, "我去看", chat=LI.id)
        stage.presses(LI.id, "虚惊一场", chat=LI.id)
        stage.passes(minutes=20)
    before = {chat: len(stage.in_chat(chat)) for chat in (SECRETARY.id, LEADERS, LI.id)}
    cries(stage, "5号楼着火了", who=ZHOU.id)
    safety = stage.in_chat(RESIDENTS)[-1]
    assert safety.purpose == "safety" and "119" in safety.text and safety.mention == ()
    assert len(stage.in_chat(LI.id)) == before[LI.id] + 1
    assert {chat: len(stage.in_chat(chat)) for chat in (SECRETARY.id, LEADERS)} == {
        chat: before[chat] for chat in (SECRETARY.id, LEADERS)
    }
    cries(stage, "2号楼着火了", who=WANG.id)  # somebody else is believed as before
    assert len(stage.in_chat(SECRETARY.id)) > before[SECRETARY.id]
    stage.passes(hours=25)
    seen = len(stage.in_chat(SECRETARY.id))
    cries(stage, "3号楼着火了", who=ZHOU.id)
    assert len(stage.in_chat(SECRETARY.id)) > seen


# --- dangers to one person -----------------------------------------------------------------------

PERSONAL = [
    ("5号楼两口子打起来动刀了", "110", "violence"),
    ("孩子走丢了,五岁穿红衣服", "110", "lost"),
    ("那位姓马的在办事大厅又犯病了,大喊大叫", "120", "relapse"),  # R15
    ("3号楼顶有人要跳楼", "110", "crisis"),
]


@pytest.mark.parametrize(("text", "number", "hazard"), PERSONAL)
def test_nothing_in_any_group_and_the_named_contact_knows(
    stage: Stage, text: str, number: str, hazard: str
) -> None:
    duan_is_named(stage, hazard)
    stage.starts(WANG.id, WANG.name)
    stage.starts(SECRETARY.id, SECRETARY.name)
    began, before = stage.now, len(stage.sent)
    cries(stage, text)
    assert groups(stage) == []  # not even a reaction
    (answer,) = [one for one in stage.sent[before:] if one.chat == WANG.id]
    assert number in answer.text and "群里不提" in answer.text
    (card,) = [one for one in stage.sent[before:] if one.chat == DUAN]
    assert "只给您" in card.text and card.kind is OutKind.CARD
    for word in ("姓马", "犯病", "红衣服", "动刀", "王阿姨", "跳楼"):
        assert word not in card.text
    assert {one.chat for one in stage.sent[before:]} == {WANG.id, DUAN}  # no leader of the place
    assert {one.at for one in stage.sent[before:]} == {began}
    stage.passes(hours=3)
    assert groups(stage) == []


def test_who_has_not_started_the_bot_is_not_answered_and_the_handler_knows(stage: Stage) -> None:
    duan_is_named(stage)
    cries(stage, "5号楼两口子打起来动刀了", who=STRANGER.id, name=STRANGER.name)
    assert {one.chat for one in stage.sent} == {DUAN}
    assert "没法私下回他" in stage.in_chat(DUAN)[-1].text


def test_only_the_contact_reads_the_words_and_only_after_taking_it(stage: Stage) -> None:
    duan_is_named(stage)
    cries(stage, "5号楼两口子打起来动刀了")
    assert stage.presses(DUAN, "我去看", chat=DUAN)
    assert stage.cases()[0].state == "accepted"
    assert "动刀" in stage.in_chat(DUAN)[-1].text
    assert groups(stage) == []


def test_the_leader_of_the_place_can_neither_see_nor_take_it(stage: Stage) -> None:
    duan_is_named(stage)
    cries(stage, "5号楼两口子打起来动刀了")
    stage.says(LI.id, "列表", chat=LI.id)
    stage.says(LI.id, "看 1", chat=LI.id)
    assert not any("动刀" in text or "邻里" in text for text in stage.texts(LI.id))
    stage.says(DUAN, "看 1", chat=DUAN)
    assert "(1)" in stage.texts(DUAN)[-1]


def test_despair_gets_the_helpline_and_the_contact(stage: Stage) -> None:
    duan_is_named(stage, "crisis")
    stage.starts(ZHOU.id, ZHOU.name)
    before = len(stage.sent)
    cries(stage, "我不想活了", who=ZHOU.id)
    (answer,) = [one for one in stage.sent[before:] if one.chat == ZHOU.id]
    assert "12356" in answer.text and "有人愿意听您说" in answer.text
    assert {one.chat for one in stage.sent[before:]} == {ZHOU.id, DUAN}
    assert groups(stage) == []


def test_despair_in_private(stage: Stage) -> None:
    stage.starts(ZHOU.id, ZHOU.name)
    cries(stage, "活着没意思,不想活了", who=ZHOU.id, chat=ZHOU.id)
    assert "12356" in stage.in_chat(ZHOU.id)[-1].text
    assert groups(stage) == []


def test_nobody_named_it_is_the_admins(stage: Stage) -> None:
    cries(stage, "孩子走丢了,五岁穿红衣服")
    assert {one.chat for one in stage.sent} == {ADMIN.id}


def test_the_contact_does_not_answer_and_the_admins_are_called(stage: Stage) -> None:
    duan_is_named(stage)
    cries(stage, "孩子走丢了,五岁穿红衣服")
    assert stage.in_chat(ADMIN.id) == []
    stage.passes(minutes=5)
    assert "段秋 13800000001" in stage.in_chat(ADMIN.id)[-1].text
    assert {one.chat for one in stage.sent} == {DUAN, ADMIN.id}
    said = len(stage.sent)
    stage.passes(hours=6)
    assert len(stage.sent) == said


def test_somebody_fainted_is_private_and_near_help_comes(stage: Stage) -> None:
    stage.starts(WANG.id, WANG.name)
    before = len(stage.sent)
    cries(stage, "3号楼有人晕倒了")
    answer = next(one for one in stage.sent[before:] if one.chat == WANG.id)
    assert "120" in answer.text and stage.in_chat(RESIDENTS) == []
    assert stage.in_chat(LI.id)


# --- R22 -----------------------------------------------------------------------------------------


def test_a_quarrel_about_a_dog_names_nobody(stage: Stage) -> None:
    """Two neighbours quarrel: neutral words, nobody named in the group, the nearest leader is told."""
    began = stage.now
    cries(stage, "5号楼302室和楼下为狗吵得厉害,谁来劝劝")
    stage.passes(minutes=1)
    (case,) = stage.cases()
    assert case.private and not case.urgent
    card = stage.in_chat(LI.id)[-1]
    assert card.at - began <= timedelta(minutes=1) and "302" not in card.text and "吵" in card.text
    stage.presses(LI.id, "我去看", chat=LI.id)
    stage.passes(minutes=30)
    stage.says(LI.id, "劝好了,两家握手言和", chat=LI.id)
    stage.passes(minutes=5)
    assert stage.cases()[0].done_at - began < timedelta(hours=1)
    assert groups(stage) == []


def test_nobody_is_asked_by_telephone_whether_the_violence_is_over(stage: Stage) -> None:
    duan_is_named(stage)
    stage.starts(WANG.id, WANG.name)
    cries(stage, "5号楼两口子打起来动刀了")
    stage.presses(DUAN, "我去看", chat=DUAN)
    before = len(stage.in_chat(WANG.id))
    stage.says(DUAN, "处理好了", chat=DUAN)
    stage.passes(hours=50)
    assert stage.cases()[0].state == "closed"
    assert len(stage.in_chat(WANG.id)) == before and groups(stage) == []
