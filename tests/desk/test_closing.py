"""Truthful closing as stories: all are asked once and in place, and what they say counts."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from gridbot.rehearsal import Stage
from gridbot.store.tables import case_events, chats, holdings, people
from tests.cast import ADMIN, LEADERS, LI, RESIDENTS, SECRETARY, STRANGER, WANG, ZHOU

ASKED = "您看好了吗"
OTHER_GROUP = "-1003"


def lamp(stage: Stage, who: str = WANG.id) -> str:
    message = stage.says(who, "5号楼楼道灯不亮了", chat=RESIDENTS)
    stage.passes(seconds=31)
    return message


def done(stage: Stage, words: str = "修好了") -> None:
    stage.says(LI.id, words, chat=LI.id)


def asked(stage: Stage) -> list[Any]:
    return [one for one in stage.sent if ASKED in one.text]


def state(stage: Stage) -> str:
    return str(stage.cases()[0].state)


def moves(stage: Stage) -> list[Any]:
    with stage.db() as db:
        return list(db.execute(sa.select(case_events).order_by(case_events.c.seq)))


# --- who is asked --------------------------------------------------------------------------------


def test_one_question_for_reporter_and_supporters_under_the_report(stage: Stage) -> None:
    message = lamp(stage)
    for who in (ZHOU.id, "5001", "5002"):
        stage.says(who, "我家也不亮", chat=RESIDENTS)
    stage.starts(ZHOU.id, ZHOU.name)  # he could be written to in private, and is not
    done(stage)
    (question,) = asked(stage)
    assert question.chat == RESIDENTS and question.reply_to == message
    assert [one.text for one in question.buttons[0]] == ["好了", "好一点", "还没好"]


def test_each_group_somebody_spoke_in_hears_once(stage: Stage) -> None:
    with stage.db() as db:
        like = db.execute(sa.select(chats).where(chats.c.chat == RESIDENTS)).mappings().one()
        db.execute(sa.insert(chats).values({**like, "id": None, "chat": OTHER_GROUP}))
    lamp(stage)
    stage.says(ZHOU.id, "5号楼楼道灯不亮了呀", chat=OTHER_GROUP)
    done(stage)
    assert sorted(one.chat for one in asked(stage)) == [RESIDENTS, OTHER_GROUP]


def test_a_private_matter_is_asked_about_in_private_or_not_at_all(stage: Stage) -> None:
    stage.says(WANG.id, "楼上楼下为漏水吵得厉害", chat=RESIDENTS)
    stage.passes(minutes=5)
    done(stage, "已经调解好了")
    assert asked(stage) == [] and stage.texts(RESIDENTS) == []
    assert state(stage) == "done"


def test_asked_in_the_morning_not_at_night(stage: Stage) -> None:
    lamp(stage)
    stage.until(stage.now.replace(hour=15))  # eleven at night
    done(stage)
    stage.passes(hours=8)
    assert asked(stage) == []
    stage.passes(hours=2)
    (question,) = asked(stage)
    assert question.at.hour == 0  # eight in the morning


def test_what_is_taken_up_again_at_night_is_not_asked_about(stage: Stage) -> None:
    lamp(stage)
    stage.until(stage.now.replace(hour=15))
    done(stage)
    card = stage.in_chat(LI.id)[-1]
    stage.says(LI.id, "又坏了,配件明天到", chat=LI.id, reply_to=card.message)
    stage.passes(hours=12)
    assert asked(stage) == []


def test_nobody_asks_a_leader_about_his_own_report(stage: Stage) -> None:
    stage.says(LI.id, "5号楼楼道灯不亮了", chat=LI.id)
    stage.passes(minutes=1)
    done(stage)
    assert state(stage) == "done" and asked(stage) == []
    (event,) = [one for one in moves(stage) if one.move == "done"]
    assert event.data["own_report"] is True


def test_said_done_twice_nothing_happens(stage: Stage) -> None:
    lamp(stage)
    done(stage)
    card = stage.in_chat(LI.id)[-1]
    stage.says(LI.id, "修好了", chat=LI.id, reply_to=card.message)
    assert len(asked(stage)) == 1 and [one.move for one in moves(stage)].count("done") == 1
    assert "已经记成办好了" in stage.texts(LI.id)[-1]


def test_a_picture_is_kept_and_never_asked_for(stage: Stage) -> None:
    lamp(stage)
    card = stage.in_chat(LI.id)[-1]
    stage.says(LI.id, "", chat=LI.id, reply_to=card.message, photos=("p1",))
    assert "照片收到" in stage.texts(LI.id)[-1] and state(stage) == "waiting"
    stage.says(LI.id, "修好了", chat=LI.id, reply_to=card.message, photos=("p2",))
    assert state(stage) == "done"
    with stage.db() as db:
        kept = db.execute(sa.text("SELECT count(*) FROM case_message WHERE part = 'leader'")).scalar()
    assert kept == 2


# --- what they say -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "by", "becomes"),
    [
        ("亮了", WANG.id, "closed"),
        ("亮了", ZHOU.id, "closed"),  # a supporter's word counts as well
        ("好了", WANG.id, "closed"),
        ("有水了", WANG.id, "done"),  # of something else
        ("可以了", ZHOU.id, "closed"),
        ("还是不行", WANG.id, "waiting"),
        ("还是不行", ZHOU.id, "waiting"),
        ("又不亮了", WANG.id, "waiting"),
        ("不亮了", WANG.id, "waiting"),
        ("好一点了", WANG.id, "accepted"),
        ("好的", WANG.id, "done"),  # may be meant for anybody
        ("谢谢", ZHOU.id, "done"),
        ("亮了", STRANGER.id, "done"),  # nobody asked them
        ("灯亮了吗", WANG.id, "done"),
    ],
)
def test_a_plain_word_answers(stage: Stage, words: str, by: str, becomes: str) -> None:
    lamp(stage)
    stage.says(ZHOU.id, "我家也不亮", chat=RESIDENTS)
    done(stage)
    stage.passes(minutes=40)
    stage.says(by, words, chat=RESIDENTS)
    assert state(stage) == becomes


def test_quoting_the_question_a_mere_yes_is_enough(stage: Stage) -> None:
    lamp(stage)
    done(stage)
    stage.says(WANG.id, "好的", chat=RESIDENTS, reply_to=asked(stage)[0].message, reply_to_bot=True)
    assert state(stage) == "closed"


def test_not_yet_goes_back_to_the_same_leader_and_shows_above(stage: Stage) -> None:
    stage.starts(SECRETARY.id, SECRETARY.name)
    lamp(stage)
    done(stage)
    old = {one.message for one in stage.in_chat(LI.id)}
    stage.presses(WANG.id, "还没好", chat=RESIDENTS)
    card = stage.in_chat(LI.id)[-1]
    assert "还没好" in card.text and card.message not in old
    assert (
        "还没好" in stage.in_chat(SECRETARY.id)[-1].text and "李格长" in stage.in_chat(SECRETARY.id)[-1].text
    )
    assert state(stage) == "waiting" and stage.names()[stage.cases()[0].owner_id] == LI.name


@pytest.mark.parametrize("how", ["button", "word", "quoted", "again"])
def test_however_it_is_said_the_handler_hears(stage: Stage, how: str) -> None:
    lamp(stage)
    done(stage)
    question = asked(stage)[0]
    rung = {one.message for one in stage.in_chat(LI.id)}
    match how:
        case "button":
            stage.presses(WANG.id, "还没好", chat=RESIDENTS)
        case "word":
            stage.says(WANG.id, "还没好", chat=RESIDENTS)
        case "quoted":
            stage.says(WANG.id, "没修好啊", chat=RESIDENTS, reply_to=question.message, reply_to_bot=True)
        case "again":
            stage.says("5009", "5号楼楼道灯还是不亮", chat=RESIDENTS)
    stage.passes(minutes=1)
    assert {one.message for one in stage.in_chat(LI.id)} - rung and state(stage) == "waiting"


def test_after_it_was_closed_too(stage: Stage) -> None:
    lamp(stage)
    done(stage)
    stage.presses(WANG.id, "好了", chat=RESIDENTS)
    rung = {one.message for one in stage.in_chat(LI.id)}
    stage.passes(hours=23)
    stage.says(WANG.id, "5号楼楼道灯又不亮了", chat=RESIDENTS)
    stage.passes(minutes=1)
    assert {one.message for one in stage.in_chat(LI.id)} - rung and state(stage) == "waiting"


def test_at_night_the_handler_hears_in_the_morning(stage: Stage) -> None:
    lamp(stage)
    done(stage)
    stage.until(stage.now.replace(hour=15))
    before = len(stage.in_chat(LI.id))
    stage.presses(WANG.id, "还没好", chat=RESIDENTS)
    stage.passes(hours=8)
    assert len(stage.in_chat(LI.id)) == before
    stage.passes(hours=2)
    assert len(stage.in_chat(LI.id)) > before
    assert any("还没好" in one.text for one in stage.in_chat(LI.id)[before:])


def test_the_leader_is_gone_and_another_hears(stage: Stage) -> None:
    stage.starts(SECRETARY.id, SECRETARY.name)
    lamp(stage)
    done(stage)
    with stage.db() as db:
        li = db.execute(sa.select(people.c.id).where(people.c.name == LI.name)).scalar_one()
        db.execute(sa.update(holdings).where(holdings.c.person_id == li).values(until=stage.now))
    stage.presses(WANG.id, "还没好", chat=RESIDENTS)
    assert any("还没好" in text for text in stage.texts(SECRETARY.id))
    assert stage.names()[stage.cases()[0].owner_id] == SECRETARY.name


def test_a_little_better_stays_with_the_leader(stage: Stage) -> None:
    lamp(stage)
    done(stage)
    line = stage.presses(WANG.id, "好一点", chat=RESIDENTS)
    assert "接着办" in line and "好一点" in stage.in_chat(LI.id)[-1].text
    stage.passes(hours=60)
    assert state(stage) == "accepted"  # no silence counts any more
    assert "还在办" in stage.presses(WANG.id, "还没好", chat=RESIDENTS)


def test_an_admin_does_not_answer_for_a_resident(stage: Stage) -> None:
    lamp(stage)
    done(stage)
    stage.presses(ADMIN.id, "好了", chat=RESIDENTS)
    assert state(stage) == "done"


def test_pressed_twice_it_is_known(stage: Stage) -> None:
    lamp(stage)
    done(stage)
    stage.presses(WANG.id, "好了", chat=RESIDENTS)
    assert "办结" in stage.presses(WANG.id, "好了", chat=RESIDENTS)


def test_silence_is_no_satisfaction(stage: Stage) -> None:
    lamp(stage)
    done(stage)
    stage.passes(hours=47)
    assert state(stage) == "done"
    stage.passes(hours=2)
    assert state(stage) == "closed"
    (event,) = [one for one in moves(stage) if one.move == "closed"]
    assert event.data["answered"] is False
    assert "两天没人说不好" in stage.in_chat(LI.id)[-1].text


# --- many at once --------------------------------------------------------------------------------


def test_the_end_of_an_incident_is_told_to_all_once(stage: Stage) -> None:
    for number, who in ((1, "5001"), (2, "5002"), (3, "5003")):
        stage.says(who, f"{number}号楼停电了", chat=RESIDENTS)
        stage.passes(seconds=20)
    stage.passes(minutes=1)
    card = stage.in_chat(LI.id)[-1]
    stage.says(LI.id, "来电了", chat=LI.id, reply_to=card.message)
    (over,) = [one for one in stage.sent if one.purpose == "please-check"]
    assert over.chat == RESIDENTS and over.buttons
    stage.says("5003", "我家还是没电", chat=RESIDENTS, reply_to=over.message, reply_to_bot=True)
    assert [case.state for case in stage.cases() if case.data.get("incident")] == ["waiting"]
    assert stage.in_chat(LEADERS) is not None


def test_what_a_leader_says_at_night_is_passed_on_in_the_morning(stage: Stage) -> None:
    stage.starts(WANG.id, WANG.name)
    lamp(stage)
    stage.until(stage.now.replace(hour=15))
    before = len(stage.in_chat(WANG.id)) + len(stage.in_chat(RESIDENTS))
    stage.says(LI.id, "配件明天到", chat=LI.id)
    stage.passes(hours=8)
    assert len(stage.in_chat(WANG.id)) + len(stage.in_chat(RESIDENTS)) == before
    stage.passes(hours=2)
    assert "配件明天到" in stage.texts(WANG.id)[-1]
