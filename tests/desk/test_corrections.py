"""A reading put right in the chat, and what is kept of it: nothing is learnt by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from gridbot.cases import samples as kept_samples
from gridbot.desk import remarks
from gridbot.desk.amends import amend
from gridbot.rehearsal import Stage
from gridbot.store import tables
from gridbot.understanding.intents import Packs, load_packs
from gridbot.understanding.naming import likely_types, type_called
from tests.cast import ADMIN, LI, RESIDENTS, WANG, ZHOU

TALK = remarks.of(load_packs())
LAMP = "5号楼的灯不亮了"


def samples(stage: Stage) -> list[tuple[str, str, str, str]]:
    with stage.db() as db:
        rows = db.execute(sa.select(tables.samples).order_by(tables.samples.c.id))
        return [(row.text, row.said_types, row.right_types, row.role) for row in rows]


def state_of(stage: Stage) -> tuple[list[str], str]:
    case = stage.cases()[-1]
    return case.types, case.place


def rows(stage: Stage, table: sa.Table) -> int:
    with stage.db() as db:
        return int(db.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


# --- forms ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind", "value", "remark"),
    [
        ("改成 停车", "type", "停车", "the word of the brief"),
        ("改成停车吧", "type", "停车", "no blank, a particle"),
        ("类型改为停车", "type", "停车", "said in full"),
        ("这是停车的事", "type", "停车", "plain"),
        ("这个应该算停车的问题", "type", "停车", "otherwise"),
        ("不是照明,是停车", "type", "停车", "with what it is not"),
        ("不是照明的事是停车的事", "type", "停车", "without a comma"),
        ("128 改成 停车", "type", "停车", "with the number"),
        ("把128改成停车", "type", "停车", "as people say it"),
        ("地点是5号楼", "place", "5号楼", "a place"),
        ("地点改成 3号楼 东门", "place", "3号楼 东门", "a place with a blank in it"),
        ("这不是报事", "none", True, "no report"),
        ("开玩笑的,别记", "none", True, "a joke"),
        ("这是我的事", "type", "我", "the form fits; the word is nobody's type"),
        ("是啊", None, None, "talk"),
        ("明天改成下午三点集合,大家别迟到", None, None, "two clauses are no correction"),
        ("这是停车的事,跟照明的师傅没关系,你们自己去说,我不管这个了,随便你们怎么弄吧", None, None, "long"),
    ],
)
def test_the_form_of_a_correction(text: str, kind: str | None, value: Any, remark: str) -> None:
    found = amend(text, TALK)
    assert (found is None) == (kind is None), remark
    if found is not None and kind is not None:
        assert getattr(found, kind) == value, remark


@pytest.mark.parametrize(
    ("said", "kind", "remark"),
    [
        ("停车", "parking", "the title"),
        ("parking", "parking", "the id"),
        ("停车的事", "parking", "with what stands around it"),
        ("绿化", "greenery", "part of one title"),
        ("楼道灯", "lighting", "a thing of one type"),
        ("下水道堵了", "drainage", "a report in itself"),
        ("绣花", None, "nobody's"),
        ("", None, "nothing"),
    ],
)
def test_which_type_a_word_means(said: str, kind: str | None, remark: str) -> None:
    found = type_called(_packs(), said)
    assert (found.id if found else None) == kind, remark


def test_likely_types_are_few() -> None:
    found = [one.id for one in likely_types(_packs(), "绣花的味道", "楼下饭店油烟大,垃圾也乱丢")]
    assert "pollution" in found and len(found) <= 3


def _packs() -> Packs:
    from tests.desk.conftest import packs

    return packs()


# --- the reporter --------------------------------------------------------------------------------


@pytest.mark.parametrize("quoted", [True, False])
def test_the_reporter_puts_the_type_right(stage: Stage, quoted: bool) -> None:
    report = stage.says(WANG.id, LAMP, chat=RESIDENTS)
    stage.passes(minutes=2)
    more = {"reply_to": report} if quoted else {}
    stage.says(WANG.id, "不是照明,是停车", chat=RESIDENTS, **more)
    assert state_of(stage) == (["parking"], "5号楼")
    assert stage.texts(RESIDENTS)[-1] == "改好了:5号楼停车(1)。"
    assert samples(stage) == [(LAMP, "lighting", "parking", "resident")]
    assert "停车" in stage.texts(LI.id)[-1]  # his card follows


def test_under_the_bots_own_words(stage: Stage) -> None:
    stage.says(WANG.id, LAMP, chat=RESIDENTS)
    ours = stage.in_chat(RESIDENTS)[-1].message
    stage.says(WANG.id, "这是电梯的事", chat=RESIDENTS, reply_to=ours, reply_to_bot=True)
    assert state_of(stage)[0] == ["elevator"]


def test_the_place_put_right(stage: Stage) -> None:
    report = stage.says(WANG.id, "3号楼的灯不亮了", chat=RESIDENTS)
    stage.says(WANG.id, "地点是5号楼", chat=RESIDENTS, reply_to=report)
    assert state_of(stage) == (["lighting"], "5号楼")
    assert "改好了:5号楼照明(1)。" in stage.texts(RESIDENTS)
    assert samples(stage) == []  # a place is no sample of a type


def test_a_neighbour_puts_nothing_right(stage: Stage) -> None:
    report = stage.says(WANG.id, LAMP, chat=RESIDENTS)
    stage.says(ZHOU.id, "改成 停车", chat=RESIDENTS, reply_to=report)
    assert state_of(stage)[0] == ["lighting"] and samples(stage) == []


def test_talk_of_the_reporter_changes_nothing(stage: Stage) -> None:
    stage.says(WANG.id, LAMP, chat=RESIDENTS)
    before = len(stage.texts(RESIDENTS))
    for text in ("这是我的事", "改成下午吧", "不是我说你,是真的", "算了"):
        stage.says(WANG.id, text, chat=RESIDENTS)
    assert state_of(stage) == (["lighting"], "5号楼") and samples(stage) == []
    assert len(stage.texts(RESIDENTS)) == before


def test_an_unknown_type_is_asked_about_with_buttons(stage: Stage) -> None:
    report = stage.says(WANG.id, "5号楼下面的烧烤摊又冒烟了,油烟熏得开不了窗", chat=RESIDENTS)
    stage.says(WANG.id, "改成 绣花", chat=RESIDENTS, reply_to=report)
    asked = stage.in_chat(RESIDENTS)[-1]
    assert asked.text == "“绣花”是哪一类?点一个,或者再说一遍。"
    choices = [one.text for row in asked.buttons for one in row]
    assert 1 <= len(choices) <= 3
    stage.presses(ZHOU.id, choices[0], chat=RESIDENTS)
    assert samples(stage) == []  # nobody else's to press
    before = stage.cases()[-1].types
    stage.presses(WANG.id, choices[0], chat=RESIDENTS)
    assert stage.cases()[-1].types != before and len(samples(stage)) == 1


def test_no_report_after_all_is_a_sample(stage: Stage) -> None:
    report = stage.says(WANG.id, LAMP, chat=RESIDENTS)
    stage.says(WANG.id, "不是报事", chat=RESIDENTS, reply_to=report)
    assert stage.cases()[-1].state == "withdrawn"
    assert samples(stage) == [(LAMP, "lighting", "", "resident")]


def test_a_change_of_mind_is_none(stage: Stage) -> None:
    report = stage.says(WANG.id, LAMP, chat=RESIDENTS)
    stage.says(WANG.id, "不用报了", chat=RESIDENTS, reply_to=report)
    assert stage.cases()[-1].state == "withdrawn" and samples(stage) == []


# --- leaders -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "types", "remark"),
    [
        ("1 改成 停车", ["parking"], "by number"),
        ("改成 停车", ["parking"], "the only one in hand"),
        ("9 改成 停车", ["lighting"], "a number that is not there"),
        ("这是物业的事", ["lighting"], "to whom it goes, not what it is"),
    ],
)
def test_a_leader_in_private(stage: Stage, text: str, types: list[str], remark: str) -> None:
    stage.says(WANG.id, LAMP, chat=RESIDENTS)
    stage.passes(minutes=2)
    stage.says(LI.id, text, chat=LI.id)
    assert stage.cases()[-1].types == types, remark
    assert [one[2:] for one in samples(stage)] == ([("parking", "leader")] if types == ["parking"] else [])


def test_a_leader_under_his_card_and_in_the_group(stage: Stage) -> None:
    report = stage.says(WANG.id, LAMP, chat=RESIDENTS)
    stage.passes(minutes=2)
    card = stage.in_chat(LI.id)[-1].message
    stage.says(LI.id, "这是停车的事", chat=LI.id, reply_to=card, reply_to_bot=True)
    assert stage.cases()[-1].types == ["parking"]
    stage.says(LI.id, "地点是3号楼", chat=RESIDENTS, reply_to=report)
    assert stage.cases()[-1].place == "3号楼"
    stage.says(LI.id, "这不是报事", chat=RESIDENTS, reply_to=report)
    assert stage.cases()[-1].state == "withdrawn"
    assert [one[1:] for one in samples(stage)] == [
        ("lighting", "parking", "leader"),
        ("parking", "", "leader"),
    ]


def test_what_is_private_stays_private(stage: Stage) -> None:
    """邻里 is spoken of in private: putting the type right does not bring it into the group."""
    report = stage.says(WANG.id, "5号楼楼上天天跟我吵架,还骂人,没法过了", chat=RESIDENTS)
    case = stage.cases()[-1]
    assert case.private
    before = stage.texts(RESIDENTS)
    stage.says(WANG.id, "改成 噪音", chat=RESIDENTS, reply_to=report)
    case = stage.cases()[-1]
    assert case.types == ["noise"] and case.private and stage.texts(RESIDENTS) == before


# --- misses --------------------------------------------------------------------------------------

ODD = "5号楼那儿的绿毛球歇了"  # nobody ships 绿毛球


@pytest.mark.parametrize("who", [LI.id, ADMIN.id])
def test_a_leader_makes_a_message_a_report(stage: Stage, who: str) -> None:
    said = stage.says(WANG.id, ODD, chat=RESIDENTS)
    assert stage.cases() == []
    stage.says(who, "这个要报 照明", chat=RESIDENTS, reply_to=said)
    (case,) = stage.cases()
    assert (case.types, case.place, case.state, case.platform_message) == (
        ["lighting"],
        "5号楼",
        "waiting",
        said,
    )
    assert stage.names()[case.reporter_id] == WANG.name
    assert samples(stage)[0][:3] == (ODD, "", "lighting")
    stage.passes(minutes=2)
    assert "照明" in stage.texts(LI.id)[-1]


def test_without_a_type_it_is_asked(stage: Stage) -> None:
    said = stage.says(WANG.id, "5号楼门口的路灯和垃圾桶那边怎么样了", chat=RESIDENTS)
    stage.says(LI.id, "记一下", chat=RESIDENTS, reply_to=said)
    asked = stage.in_chat(RESIDENTS)[-1]
    assert asked.text.startswith("记成哪一类?")
    choice = asked.buttons[0][0].text
    stage.presses(LI.id, choice, chat=RESIDENTS)
    (case,) = stage.cases()
    assert samples(stage)[0][2] == case.types[0]


@pytest.mark.parametrize(
    ("who", "text", "remark"),
    [
        (ZHOU.id, "这是报事", "a neighbour has no say in it"),
        (LI.id, "这个要报警了哈哈", "talk"),
        (LI.id, "记一下张三的电话,明天给他打", "talk that begins alike"),
        (LI.id, "这个要报 绣花", "nobody's type"),
    ],
)
def test_what_opens_nothing(stage: Stage, who: str, text: str, remark: str) -> None:
    said = stage.says(WANG.id, ODD, chat=RESIDENTS)
    stage.says(who, text, chat=RESIDENTS, reply_to=said)
    assert stage.cases() == [] and samples(stage) == [], remark


def test_who_does_not_want_to_be_heard_is_not(stage: Stage) -> None:
    stage.says(WANG.id, "别看我", chat=RESIDENTS)
    said = stage.says(WANG.id, ODD, chat=RESIDENTS)
    stage.says(LI.id, "这个要报 照明", chat=RESIDENTS, reply_to=said)
    assert stage.cases() == [] and samples(stage) == []


# --- what is kept --------------------------------------------------------------------------------


def corrected(stage: Stage) -> str:
    report = stage.says(WANG.id, f"{LAMP},沪A12345撞的", chat=RESIDENTS)
    stage.says(WANG.id, "改成 停车", chat=RESIDENTS, reply_to=report)
    return report


def test_the_words_are_masked_and_nothing_is_learnt(stage: Stage) -> None:
    packs = stage.desk.packs
    corrected(stage)
    assert samples(stage)[0][0] == f"{LAMP},〔车牌〕撞的"
    assert rows(stage, tables.keywords) == 0 and stage.desk.packs is packs
    stage.passes(minutes=30)
    stage.says(ZHOU.id, "3号楼楼道灯不亮了", chat=RESIDENTS)
    assert stage.cases()[-1].types == ["lighting"]  # read as before


def test_who_is_forgotten_leaves_no_sample(stage: Stage) -> None:
    corrected(stage)
    stage.says(WANG.id, "删掉我的记录", chat=RESIDENTS)
    stage.presses(WANG.id, "删掉", chat=RESIDENTS)
    assert [one[0] for one in samples(stage)] == [""]


@pytest.mark.parametrize("kind", ["edit", "recall"])
def test_changed_words_leave_no_sample(stage: Stage, kind: str) -> None:
    report = corrected(stage)
    stage.says(WANG.id, "别的话" if kind == "edit" else "", chat=RESIDENTS, message=report, kind=kind)
    assert [one[0] for one in samples(stage)] == [""]


def test_after_a_year_the_words_go(stage: Stage) -> None:
    corrected(stage)
    with stage.db() as db:
        assert kept_samples.erase_old(db, now=stage.now + timedelta(days=364)) == 0
        assert kept_samples.erase_old(db, now=stage.now + timedelta(days=366)) == 1
        community = db.execute(sa.select(tables.communities.c.id)).scalar_one()
        assert list(kept_samples.kept(db, community)) == []


def test_an_admins_withdrawal_is_a_sample(stage: Stage) -> None:
    stage.says(WANG.id, LAMP, chat=RESIDENTS)
    stage.says(ADMIN.id, "撤销 1", chat=ADMIN.id)
    stage.presses(ADMIN.id, "确定", chat=ADMIN.id)
    assert samples(stage) == [(LAMP, "lighting", "", "admin")]


def test_the_shipped_titles_are_understood() -> None:
    packs = load_packs()
    for kind, one in packs.types.items():
        found = type_called(packs, one.title)
        assert found is not None and found.id == kind
