"""How people really report: in pieces, over each other, with slips, jokes and "+1"."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from gridbot.messages import ChatRole, IncomingKind
from gridbot.rehearsal import Stage
from gridbot.store.tables import chats, grid_nodes, holdings, identities, supporters
from gridbot.understanding.places import place_key
from tests.cast import ADMIN, LI, RESIDENTS, SECRETARY, WANG, ZHOU

AUNT, UNCLE, BOY = "1101", "1102", "1103"


def says(stage: Stage, who: str, text: str, after: float = 20, **more: Any) -> str:
    """Somebody speaks, `after` seconds after whatever was before."""
    stage.passes(seconds=after)
    return stage.says(who, text, chat=RESIDENTS, **more)


def edits(stage: Stage, who: str, message: str, text: str) -> None:
    says(stage, who, text, message=message, kind=IncomingKind.EDIT)


def recalls(stage: Stage, who: str, message: str) -> None:
    says(stage, who, "", message=message, kind=IncomingKind.RECALL)


def live(stage: Stage) -> list[Any]:
    return [
        one for one in stage.cases() if one.number is not None and one.state not in ("withdrawn", "merged")
    ]


def words(stage: Stage, case_id: int) -> list[str]:
    with stage.db() as db:
        rows = db.execute(
            sa.text("SELECT text FROM case_message WHERE case_id = :c AND part != 'recalled' ORDER BY id"),
            {"c": case_id},
        )
        return [row.text for row in rows]


# --- one sender's fragments ----------------------------------------------------------------------


def test_photo_place_and_words_before_and_after_are_one_case(stage: Stage) -> None:
    says(stage, AUNT, "", photos=("p1",))
    says(stage, AUNT, "2号楼3单元")
    says(stage, AUNT, "单元门锁坏了")
    says(stage, AUNT, "晚上谁都能进来")
    says(stage, AUNT, "", voice=True)
    (case,) = live(stage)
    assert case.place == "2号楼3单元" and case.types == ["access"]
    assert len(words(stage, case.id)) == 5


def test_two_who_speak_over_each_other_stay_apart(stage: Stage) -> None:
    says(stage, AUNT, "楼道灯不亮了", 0)
    says(stage, UNCLE, "下水道堵了", 5)
    says(stage, AUNT, "1号楼", 5)
    says(stage, UNCLE, "3号楼", 5)
    found = {case.types[0]: case.place for case in live(stage)}
    assert found == {"lighting": "1号楼", "drainage": "3号楼"}


@pytest.mark.parametrize(
    "other",
    [
        "土鸡蛋接龙 1.阿姨 2斤",  # a list
        "谁有修鞋师傅电话",  # a question of her own
        "出个旧冰箱 200自提",  # an advertisement
        "哈哈哈笑死",
    ],
)
def test_other_talk_of_the_same_person_stays_out(stage: Stage, other: str) -> None:
    says(stage, AUNT, "5号楼楼道灯不亮了")
    says(stage, AUNT, other)
    (case,) = live(stage)
    assert words(stage, case.id) == ["5号楼楼道灯不亮了"]


def test_an_answer_to_somebody_elses_talk_stays_out(stage: Stage) -> None:
    says(stage, AUNT, "5号楼楼道灯不亮了")
    chatter = says(stage, UNCLE, "晚上去跳舞伐")
    says(stage, AUNT, "去的去的", reply_to=chatter)
    assert words(stage, live(stage)[0].id) == ["5号楼楼道灯不亮了"]


def test_two_troubles_in_one_breath_are_two_cases(stage: Stage) -> None:
    says(stage, AUNT, "2号楼楼道灯不亮了,另外3号楼下水道也堵了")
    found = {case.types[0]: case.place[:3] for case in live(stage)}
    assert found == {"lighting": "2号楼", "drainage": "3号楼"}


def test_what_is_urgent_does_not_wait_for_its_place(stage: Stage) -> None:
    says(stage, AUNT, "有人困在电梯里了快来")
    assert any("困" in text for text in stage.texts(RESIDENTS)) and stage.in_chat(LI.id)
    says(stage, AUNT, "3号楼")
    (case,) = live(stage)
    assert case.place.endswith("3号楼") and case.urgent


# --- corrections ---------------------------------------------------------------------------------


@pytest.mark.parametrize("slip", ["打错了,是2号楼", "不是3号楼是2号楼"])
def test_a_slip_is_put_right(stage: Stage, slip: str) -> None:
    says(stage, AUNT, "3号楼2单元门禁坏了")
    says(stage, AUNT, slip)
    (case,) = live(stage)
    assert case.place == "2号楼2单元" and "改好了" in stage.texts(RESIDENTS)[-1]


def test_the_right_place_may_come_a_message_later(stage: Stage) -> None:
    says(stage, AUNT, "3号楼门禁坏了")
    says(stage, AUNT, "打错了")
    says(stage, AUNT, "5号楼")
    (case,) = live(stage)
    assert case.place == "5号楼" and case.state == "waiting"


def test_an_edit_changes_the_card_and_nothing_others_have_read(stage: Stage) -> None:
    message = says(stage, AUNT, "3号楼电梯停了")
    stage.passes(seconds=40)
    before = stage.texts(RESIDENTS)
    edits(stage, AUNT, message, "5号楼电梯停了")
    assert live(stage)[0].place.startswith("5号楼")
    assert stage.texts(RESIDENTS) == before
    assert "5号楼" in stage.in_chat(LI.id)[-1].text


def test_the_only_address_taken_back_is_asked_for_again(stage: Stage) -> None:
    message = says(stage, AUNT, "5号楼")
    says(stage, AUNT, "楼道灯不亮了")
    recalls(stage, AUNT, message)
    assert stage.texts(RESIDENTS)[-1] == "收到。是几号楼?回楼号就行。"


def test_all_taken_back_is_withdrawn_and_the_leader_reads_it(stage: Stage) -> None:
    message = says(stage, AUNT, "5号楼楼道灯不亮了")
    stage.passes(seconds=40)
    recalls(stage, AUNT, message)
    assert stage.cases()[0].state == "withdrawn" and "撤了" in stage.in_chat(LI.id)[-1].text


def test_words_taken_back_do_not_slip_into_a_later_report(stage: Stage) -> None:
    message = says(stage, AUNT, "3号楼")
    recalls(stage, AUNT, message)
    says(stage, AUNT, "楼道灯不亮了")
    says(stage, AUNT, "5号楼")
    assert live(stage)[0].place == "5号楼"


# --- others --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "supporters"),
    [
        ("+1", 1),
        ("我们单元也没", 1),
        ("我家也停了,冰箱里全是菜", 1),
        ("我们楼有电呀", 0),
        ("你们那边经常这样吗", 0),
        ("停得好,不用写作业了哈哈", 0),
        ("晚上吃啥", 0),
    ],
)
def test_who_says_the_same_is_counted(stage: Stage, text: str, supporters: int) -> None:
    says(stage, AUNT, "5号楼停电了")
    says(stage, UNCLE, text)
    (case,) = live(stage)
    assert case.supporters == supporters


def test_plus_one_belongs_to_the_group_buy_it_follows(stage: Stage) -> None:
    says(stage, AUNT, "5号楼停电了")
    says(stage, UNCLE, "砂糖橘团购,要的+1")
    says(stage, BOY, "+1")
    assert live(stage)[0].supporters == 0


def test_another_houses_lamp_is_another_case(stage: Stage) -> None:
    says(stage, AUNT, "5号楼楼道灯不亮了")
    says(stage, UNCLE, "3号楼楼道灯也不亮了")
    assert sorted(case.place[:3] for case in live(stage)) == ["3号楼", "5号楼"]


def test_a_supporters_photo_and_door_go_with_the_case(stage: Stage) -> None:
    says(stage, AUNT, "5号楼下水道堵了")
    says(stage, UNCLE, "我家也堵")
    says(stage, UNCLE, "", photos=("p",))
    (case,) = live(stage)
    assert case.supporters == 1 and len(words(stage, case.id)) == 3


def test_me_too_taken_back_counts_no_more(stage: Stage) -> None:
    says(stage, AUNT, "5号楼停电了")
    message = says(stage, UNCLE, "我家也是")
    recalls(stage, UNCLE, message)
    with stage.db() as db:
        assert db.execute(sa.select(sa.func.count()).select_from(supporters)).scalar() == 0
    assert live(stage)[0].supporters == 0 and live(stage)[0].state == "waiting"


def test_a_joke_under_an_emergency_opens_nothing(stage: Stage) -> None:
    says(stage, AUNT, "3号楼电梯困人了")
    says(stage, UNCLE, "正好减肥哈哈")
    assert len(live(stage)) == 1 and live(stage)[0].supporters == 0


def _second_group(stage: Stage) -> str:
    with stage.db() as db:
        first = db.execute(sa.select(chats).where(chats.c.chat == RESIDENTS)).one()
        place = {"community_id": first.community_id, "platform": stage.platform, "bot": stage.bot}
        role = {"kind": "group", "role": ChatRole.RESIDENTS.value, "node_id": first.node_id}
        db.execute(sa.insert(chats).values(**place, **role, chat="-2001", title="二群"))
    return "-2001"


@pytest.mark.parametrize("text", ["5号楼楼道灯不亮了", "门口路灯坏了好几天没人修"])
def test_the_same_text_in_two_groups_is_one_case(stage: Stage, text: str) -> None:
    other = _second_group(stage)
    says(stage, AUNT, text)
    stage.passes(seconds=30)
    stage.says(AUNT, text, chat=other)
    stage.passes(minutes=5)
    assert len(live(stage)) == 1 and live(stage)[0].supporters == 0


# --- vague words ---------------------------------------------------------------------------------


def test_again_means_what_was_just_talked_about(stage: Stage) -> None:
    says(stage, AUNT, "你们说3号楼那个下水管是谁弄的")
    says(stage, UNCLE, "上个月请的人")
    says(stage, AUNT, "又堵了")
    stage.passes(minutes=5)
    (case,) = live(stage)
    assert case.types == ["drainage"] and case.place == "3号楼"
    assert not any("几号楼" in text for text in stage.texts(RESIDENTS))


def test_again_out_of_the_blue_is_asked_about_once(stage: Stage) -> None:
    says(stage, AUNT, "又坏了,这咋办")
    stage.passes(minutes=4)
    asked = [text for text in stage.texts(RESIDENTS) if text.startswith("收到")]
    assert len(asked) == 1 and live(stage) == []
    says(stage, AUNT, "3号楼的单元门", 3600)
    (case,) = live(stage)
    assert case.types == ["access"] and case.place_key == place_key("3号楼")
    stage.passes(hours=3)
    assert len([text for text in stage.texts(RESIDENTS) if text.startswith("收到")]) == 1


def test_again_of_what_was_closed_reopens_it(stage: Stage) -> None:
    says(stage, AUNT, "5号楼下水道堵了")
    stage.passes(minutes=1)
    stage.says(LI.id, "修好了", chat=LI.id)
    says(stage, AUNT, "好了,通了")
    assert stage.cases()[0].state == "closed"
    says(stage, AUNT, "又堵了", 86400)
    assert [case.state for case in stage.cases()] == ["waiting"]
    assert "还没好" in stage.in_chat(LI.id)[-1].text


# --- questions -----------------------------------------------------------------------------------


def test_somebody_answers_for_her(stage: Stage) -> None:
    says(stage, AUNT, "楼道灯不亮了")
    stage.passes(minutes=4)
    says(stage, BOY, "我妈家5号楼", 7200)
    assert live(stage)[0].place == "5号楼"


def test_talk_is_no_answer(stage: Stage) -> None:
    says(stage, AUNT, "楼道灯不亮了")
    stage.passes(minutes=4)
    says(stage, AUNT, "今天白菜真新鲜", 600)
    (case,) = live(stage)
    assert case.place_key == "" and len(words(stage, case.id)) == 1


# --- closed, and again ---------------------------------------------------------------------------


def _closed(stage: Stage) -> None:
    says(stage, AUNT, "5号楼楼道灯不亮了")
    stage.passes(minutes=1)
    stage.says(LI.id, "修好了", chat=LI.id)
    says(stage, AUNT, "亮了亮了谢谢")
    assert stage.cases()[0].state == "closed"
    stage.passes(days=1)


def test_who_reported_it_reopens_it(stage: Stage) -> None:
    _closed(stage)
    says(stage, AUNT, "5号楼楼道灯又不亮了")
    assert [case.state for case in stage.cases()] == ["waiting"]


def test_somebody_else_is_asked_and_says_so(stage: Stage) -> None:
    _closed(stage)
    says(stage, UNCLE, "5号楼楼道灯不亮了")
    assert stage.texts(RESIDENTS)[-1].endswith("是还没好吗?")
    says(stage, UNCLE, "还没好")
    assert [case.state for case in stage.cases()] == ["waiting", "merged"]
    assert stage.cases()[0].supporters == 1


def test_nobody_answers_and_it_is_not_lost(stage: Stage) -> None:
    _closed(stage)
    says(stage, UNCLE, "5号楼楼道灯不亮了")
    stage.passes(minutes=11)
    assert [case.state for case in stage.cases()] == ["waiting", "merged"]
    assert "还没好" in stage.in_chat(LI.id)[-1].text


def test_it_is_another_after_all(stage: Stage) -> None:
    _closed(stage)
    says(stage, UNCLE, "5号楼楼道灯不亮了")
    stage.presses(UNCLE, "是另一件", chat=RESIDENTS)
    assert [case.state for case in stage.cases()] == ["closed", "waiting"]


# --- the leader ----------------------------------------------------------------------------------


def test_the_leaders_own_talk_opens_nothing(stage: Stage) -> None:
    for text in ("昨天我家也停过电,难熬", "电瓶车别推进楼道啊", "下午我去看3号楼的阴沟"):
        says(stage, LI.id, text)
    stage.passes(minutes=10)
    assert stage.cases() == [] and stage.sent == []


@pytest.mark.parametrize("quoting", [True, False])
def test_his_word_in_the_group_takes_it(stage: Stage, quoting: bool) -> None:
    message = says(stage, AUNT, "5号楼门禁坏了")
    more = {"reply_to": message} if quoting else {}
    says(stage, LI.id, "这事我知道了", 10, **more)
    assert stage.cases()[0].state == "accepted"


# --- what nobody may hear ------------------------------------------------------------------------


def test_a_private_matter_leaves_no_trace_in_the_group(stage: Stage) -> None:
    says(stage, AUNT, "3号楼又打老婆了,叫得很惨")
    says(stage, UNCLE, "我也听见了,砸碗呢")
    stage.passes(hours=1)
    (case,) = live(stage)
    assert case.private and case.urgent and case.supporters == 1
    assert stage.in_chat(RESIDENTS) == [] and stage.in_chat(LI.id) == []  # by name, not by place
    assert any("有人在动手" in text for text in stage.texts(ADMIN.id))


def test_two_reports_of_one_private_matter_are_one(stage: Stage) -> None:
    says(stage, AUNT, "2号楼独居老人三天没出门,没人照顾")
    says(stage, UNCLE, "2号楼那个独居老人没饭吃,没人管")
    stage.passes(hours=1)
    assert len(live(stage)) == 1 and live(stage)[0].private
    assert stage.in_chat(RESIDENTS) == []


# --- who cries wolf, and who comes late ----------------------------------------------------------


def _secretary_hears(stage: Stage) -> None:
    with stage.db() as db:
        person = db.execute(
            sa.select(identities.c.person_id, identities.c.community_id).where(
                identities.c.user == SECRETARY.id
            )
        ).one()
        where = {"community_id": person.community_id, "platform": stage.platform, "bot": stage.bot}
        role = {"kind": "private", "role": ChatRole.PRIVATE.value, "person_id": person.person_id}
        db.execute(sa.insert(chats).values(**where, **role, chat=SECRETARY.id))
        assert db.execute(sa.select(sa.func.count()).select_from(holdings)).scalar()
        assert db.execute(sa.select(sa.func.count()).select_from(grid_nodes)).scalar()


def test_after_three_false_alarms_only_the_leader_is_paged(stage: Stage) -> None:
    _secretary_hears(stage)
    for number in range(4):
        before = len(stage.in_chat(SECRETARY.id))
        message = says(stage, BOY, f"{(1, 2, 3, 5)[number]}号楼着火了", 600)
        assert "119" in stage.texts(RESIDENTS)[-1]
        paged = len(stage.in_chat(SECRETARY.id)) > before
        assert paged is (number < 3)
        recalls(stage, BOY, message)
    assert any("着火" in one.text or "5号楼" in one.text for one in stage.in_chat(LI.id))


def test_what_comes_late_is_recorded_in_silence(stage: Stage) -> None:
    sent = stage.now
    stage.passes(hours=2)
    stage.says(AUNT, "5号楼楼道灯不亮了", chat=RESIDENTS, sent_at=sent)
    stage.says(UNCLE, "门禁坏了", chat=RESIDENTS, sent_at=sent + timedelta(minutes=1))
    stage.passes(minutes=5)
    assert [case.reported_at for case in live(stage)] == [sent, sent + timedelta(minutes=1)]
    assert stage.in_chat(RESIDENTS) == []


def test_a_late_emergency_reaches_both_levels_with_its_time(stage: Stage) -> None:
    _secretary_hears(stage)
    sent = stage.now
    stage.passes(hours=2)
    stage.says(AUNT, "5号楼有煤气味", chat=RESIDENTS, sent_at=sent)
    assert stage.in_chat(RESIDENTS) == []
    for who in (LI.id, SECRETARY.id):
        assert "10:00有人说" in stage.in_chat(who)[-1].text


# --- it is over ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "text", "state"),
    [
        (AUNT, "来水了", "closed"),
        (AUNT, "有水了", "closed"),
        (AUNT, "楼道灯修好了,谢谢师傅", "waiting"),  # good news of something else
        (UNCLE, "来水了", "waiting"),  # his own tap, perhaps
    ],
)
def test_the_reporters_word_ends_it(stage: Stage, who: str, text: str, state: str) -> None:
    says(stage, AUNT, "5号楼没水了")
    says(stage, UNCLE, "我家也没水")
    says(stage, who, text, 1800)
    assert stage.cases()[0].state == state


def test_nothing_of_this_costs_talk_a_word(stage: Stage) -> None:
    for who, text in (
        (AUNT, "早啊"),
        (UNCLE, "又下雨了"),
        (BOY, "+1"),
        (ADMIN.id, "晚上开会"),
        (WANG.id, "对对"),
    ):
        says(stage, who, text)
    says(stage, ZHOU.id, "我也觉得")
    stage.passes(hours=1)
    assert stage.sent == [] and stage.cases() == []
