"""What people do and what comes of it, told as they would tell it; through inbox, desk, cases and outbox."""

from __future__ import annotations

import pytest

from gridbot.messages import OutKind
from gridbot.rehearsal import Stage
from gridbot.understanding.places import place_key
from tests.cast import ADMIN, LEADERS, LI, RESIDENTS, STRANGER, WANG, ZHOU

LI_CHAT, WANG_CHAT, ADMIN_CHAT = LI.id, WANG.id, ADMIN.id


def lamp(stage: Stage) -> str:
    """王阿姨 reports, and half a minute goes by."""
    message = stage.says(WANG.id, "5号楼楼道灯不亮了", chat=RESIDENTS, name=WANG.name)
    stage.passes(seconds=31)
    return message


def test_a_report_is_acknowledged_and_the_leader_told(stage: Stage) -> None:
    lamp(stage)
    assert [case.number for case in stage.cases()] == [1]
    group = stage.texts(RESIDENTS)
    assert len(group) == 1 and "记下了" in group[0] and "5号楼" in group[0]
    assert WANG.name not in group[0]
    card = stage.in_chat(LI_CHAT)[-1]
    assert card.kind is OutKind.CARD and "5号楼" in card.text
    assert [button.text for button in card.buttons[0]] == ["我去看", "找别人", "更多"]


def test_the_second_time_a_reaction_is_enough(stage: Stage) -> None:
    lamp(stage)
    stage.passes(hours=1)
    again = stage.says(WANG.id, "6号楼单元门锁坏了", chat=RESIDENTS, name=WANG.name)
    assert len(stage.texts(RESIDENTS)) == 1
    assert (again, "👀") in stage.reactions(RESIDENTS)


def test_jokes_and_group_buys_leave_no_trace(stage: Stage) -> None:
    for text in ("哈哈堵死我了", "群里别堵我消息", "接龙 土鸡蛋 1.王 2箱", "停车费多少", "加班想死"):
        stage.says(ZHOU.id, text, chat=RESIDENTS)
    stage.passes(hours=2)
    assert stage.sent == [] and stage.cases() == []


def test_tap_done_and_confirmed_in_plain_words(stage: Stage) -> None:
    lamp(stage)
    assert stage.presses(LI.id, "我去看", chat=LI_CHAT)
    assert stage.cases()[0].state == "accepted"
    stage.passes(minutes=20)
    stage.presses(LI.id, "办好了", chat=LI_CHAT)
    assert not any("修好了" in text for text in stage.texts(RESIDENTS))  # the undo minute
    stage.passes(seconds=61)
    assert "您看好了吗" in stage.texts(RESIDENTS)[-1]
    stage.says(WANG.id, "亮了亮了谢谢", chat=RESIDENTS)
    assert stage.cases()[0].state == "closed"
    assert "办结" in stage.in_chat(LI_CHAT)[-1].text


def test_a_tap_can_be_taken_back_for_a_minute(stage: Stage) -> None:
    lamp(stage)
    stage.presses(LI.id, "我去看", chat=LI_CHAT)
    stage.presses(LI.id, "办好了", chat=LI_CHAT)
    stage.passes(seconds=30)
    stage.presses(LI.id, "撤回", chat=LI_CHAT)
    assert stage.cases()[0].state == "accepted"
    stage.passes(hours=1)
    assert not any("您看好了吗" in text for text in stage.texts(RESIDENTS))


@pytest.mark.parametrize(
    ("words", "state"),
    [
        ("收到", "accepted"),  # the shortest yes
        ("师傅下午来", "accepted"),  # progress takes it too
        ("修好了", "done"),
        ("还没修好", "accepted"),  # not done
        ("转给物业", "waiting"),  # first receiver stays owner until another takes it
        ("解决不了,上报吧", "waiting"),
    ],
)
def test_an_unquoted_word_of_the_leader_counts(stage: Stage, words: str, state: str) -> None:
    lamp(stage)
    stage.says(LI.id, words, chat=LI_CHAT)
    assert stage.cases()[0].state == state


def test_two_cases_and_one_word_is_asked_back(stage: Stage) -> None:
    lamp(stage)
    stage.says(ZHOU.id, "3号楼单元门锁坏了", chat=RESIDENTS)
    stage.passes(minutes=1)
    stage.says(LI.id, "收到", chat=LI_CHAT)
    assert "说的是哪件" in stage.texts(LI_CHAT)[-1]
    stage.presses(LI.id, "都是", chat=LI_CHAT)
    assert {case.state for case in stage.cases()} == {"accepted"}


def test_the_leader_answers_the_residents_own_message_in_the_group(stage: Stage) -> None:
    message = lamp(stage)
    stage.says(LI.id, "下午师傅来", chat=RESIDENTS, reply_to=message)
    assert stage.cases()[0].state == "accepted"


def test_still_not_mended_reopens_and_the_leader_hears_it_anew(stage: Stage) -> None:
    lamp(stage)
    stage.says(LI.id, "修好了", chat=LI_CHAT)
    cards = len(stage.in_chat(LI_CHAT))
    stage.says(WANG.id, "还没好", chat=RESIDENTS)
    assert stage.cases()[0].state == "waiting"
    newest = stage.in_chat(LI_CHAT)[-1]
    assert len(stage.in_chat(LI_CHAT)) > cards and "还没好" in newest.text
    assert newest.message not in {sent.message for sent in stage.in_chat(LI_CHAT)[:-1]}


def test_not_a_report_after_all(stage: Stage) -> None:
    message = lamp(stage)
    stage.says(WANG.id, "不是报事", chat=RESIDENTS, reply_to=message)
    assert stage.cases()[0].state == "withdrawn"
    assert (message, "") in stage.reactions(RESIDENTS) or "不当报事" in stage.texts(RESIDENTS)[-1]
    assert "撤" in stage.in_chat(LI_CHAT)[-1].text


def test_a_strangers_finger_moves_nothing(stage: Stage) -> None:
    lamp(stage)
    stage.presses(LI.id, "我去看", chat=LI_CHAT)
    stage.presses(LI.id, "办好了", chat=LI_CHAT)
    stage.passes(seconds=61)
    line = stage.presses(STRANGER.id, "好了", chat=RESIDENTS)
    assert "不是给您的" in line and stage.cases()[0].state == "done"


def test_gas_does_not_wait(stage: Stage) -> None:
    stage.says(WANG.id, "5号楼有股煤气味", chat=RESIDENTS, name=WANG.name)
    said = stage.texts(RESIDENTS)[0]
    assert "有人说" in said and "119" in said and "别开灯" in said
    assert "急" in stage.in_chat(LI_CHAT)[0].text


def test_fragments_of_one_sender_are_one_case(stage: Stage) -> None:
    stage.says(WANG.id, "5号楼", chat=RESIDENTS)
    stage.passes(seconds=20)
    stage.says(WANG.id, "下水道堵了", chat=RESIDENTS)
    stage.says(ZHOU.id, "今天白菜便宜", chat=RESIDENTS)
    stage.passes(seconds=20)
    stage.says(WANG.id, "水都漫出来了", chat=RESIDENTS)
    assert len(stage.cases()) == 1
    assert stage.cases()[0].place == "5号楼"


def test_no_place_is_asked_once_and_the_answer_counts_hours_later(stage: Stage) -> None:
    stage.says(WANG.id, "楼道灯不亮了", chat=RESIDENTS)
    assert stage.texts(RESIDENTS) == []
    stage.passes(minutes=4)
    assert stage.texts(RESIDENTS) == ["收到。是几号楼?回楼号就行。"]
    stage.passes(hours=3)
    stage.says(WANG.id, "五号楼呀", chat=RESIDENTS)
    case = stage.cases()[0]
    assert case.place_key == place_key("五号楼") and case.number == 1
    stage.passes(minutes=1)
    assert stage.in_chat(LI_CHAT)


def test_me_too_counts_as_support(stage: Stage) -> None:
    message = lamp(stage)
    stage.says(ZHOU.id, "我家也是", chat=RESIDENTS, reply_to=message)
    assert [case.supporters for case in stage.cases()] == [1]


def test_a_second_report_of_the_same_is_not_a_second_case(stage: Stage) -> None:
    lamp(stage)
    stage.says(ZHOU.id, "五号楼楼道的灯坏了", chat=RESIDENTS)
    assert len(stage.cases()) == 1 and stage.cases()[0].supporters == 1
    assert "有人报过了(1)" in stage.texts(RESIDENTS)[-1]


def test_at_night_it_waits_for_the_morning(stage: Stage) -> None:
    stage.passes(hours=13)  # 23:00
    stage.says(WANG.id, "5号楼楼道灯不亮了", chat=RESIDENTS)
    assert "早上8点" in stage.texts(RESIDENTS)[0]
    stage.passes(hours=8)
    assert stage.in_chat(LI_CHAT) == []
    stage.passes(hours=2)
    assert "5号楼" in stage.in_chat(LI_CHAT)[0].text


def test_where_is_mine(stage: Stage) -> None:
    lamp(stage)
    stage.starts(WANG.id, WANG.name)
    stage.says(WANG.id, "我报的到哪了", chat=WANG_CHAT)
    assert "(1)" in stage.texts(WANG_CHAT)[-1] and "等回音" in stage.texts(WANG_CHAT)[-1]


def test_who_speaks_to_the_bot_gets_one_line(stage: Stage) -> None:
    stage.says(WANG.id, "你今天吃了吗", chat=RESIDENTS, mentions_bot=True)
    assert "没听懂" in stage.texts(RESIDENTS)[-1]


def test_a_leaders_free_words_never_reach_the_group(stage: Stage) -> None:
    lamp(stage)
    stage.says(LI.id, "302王老太又倒油,下午师傅来", chat=LI_CHAT)
    assert not any("王老太" in text or "302" in text for text in stage.texts(RESIDENTS))


def test_nobody_answers_and_it_closes_after_two_days(stage: Stage) -> None:
    lamp(stage)
    stage.says(LI.id, "修好了", chat=LI_CHAT)
    stage.passes(hours=49)
    assert stage.cases()[0].state == "closed"


def test_nobody_takes_it_and_it_climbs(stage: Stage) -> None:
    lamp(stage)
    stage.passes(hours=6)
    assert any("还没回音" in text for text in stage.texts(LI_CHAT))
    assert stage.cases()[0].level_node_id != stage.cases()[0].node_id


def test_a_place_put_right_in_another_grid_goes_to_the_leader_there(stage: Stage) -> None:
    message = stage.says(WANG.id, "5号楼楼道灯不亮了", chat=RESIDENTS, name=WANG.name)
    stage.passes(minutes=5)
    stage.says(WANG.id, "打错了,是51号院", chat=RESIDENTS, reply_to=message)
    stage.passes(minutes=1)
    assert "您不用去了" in stage.in_chat(LI_CHAT)[-1].text
    assert "(1)" in stage.in_chat(LEADERS)[-1].text  # 周书记 leads there and never pressed Start
    assert stage.names()[stage.cases()[0].owner_id] == ADMIN.name  # so the next who can be told has it
