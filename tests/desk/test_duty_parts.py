"""Several bodies, one matter: told as 王阿姨, 李格长 and 物业 would tell it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from gridbot.cases import shares
from gridbot.desk.context import Desk
from gridbot.messages import OutKind
from gridbot.rehearsal import Stage
from gridbot.understanding.intents import default_folder, load_packs
from tests.cast import ADMIN, ENGINEER, LI, NOW, RESIDENTS, WANG, ZHOU, seed, seed_units
from tests.desk.conftest import packs

LANE = "3号楼旁边消防通道被沿街商铺的车堵死了"


@pytest.fixture
def town() -> Iterator[Stage]:
    """The cast with four partner units: 物业 on a chat, the others by telephone."""
    desk = Desk(packs(), lambda rules: load_packs(default_folder(), extra=rules))
    with Stage(desk, NOW) as opened:
        with opened.db() as db:
            cast = seed(db, platform=Stage.platform, bot=Stage.bot)
            seed_units(db, cast, platform=Stage.platform, bot=Stage.bot)
        yield opened


def reported(town: Stage, text: str = LANE) -> str:
    message = town.says(WANG.id, text, chat=RESIDENTS, name=WANG.name)
    town.passes(seconds=31)
    return message


def case(town: Stage, number: int) -> Any:
    return next(one for one in town.cases() if one.number == number)


def in_group(town: Stage) -> list[str]:
    return town.texts(RESIDENTS)


# --- R1: two sides -------------------------------------------------------------------------------


def test_r1_the_lane_is_two_parts_and_the_reporter_sees_one(town: Stage) -> None:
    reported(town)
    assert [one.number for one in town.cases()] == [1, 2, 3]
    whole, inside, outside = town.cases()
    assert (inside.parent_id, outside.parent_id) == (whole.id, whole.id)
    assert (inside.side, outside.side) == ("inside", "outside")
    assert inside.reporter_id is None and outside.reporter_id is None
    assert "(1)" in in_group(town)[0] and len(in_group(town)) == 1
    leader = town.texts(LI.id)
    assert any("分成2件:物业(2)等人接、社管办(3)等人接" in text for text in leader)
    assert any("社管办这单位没有账号,把下面这张转给他们(电话66010002)" in text for text in leader)
    card = next(text for text in leader if "【派单卡】" in text)
    assert "编号:3" in card and "给:社管办" in card and WANG.name not in card
    assert "(2)" in town.texts(ENGINEER.id)[-1]


def test_a_lane_clearly_inside_is_one_case(town: Stage) -> None:
    reported(town, "3号楼楼道里堆满杂物")
    assert len(town.cases()) == 1


def test_the_whole_is_done_when_all_parts_are(town: Stage) -> None:
    reported(town)
    town.presses(ENGINEER.id, "我去看", chat=ENGINEER.id)
    assert case(town, 2).state == "accepted" and town.names()[case(town, 2).owner_id] == ENGINEER.name
    assert case(town, 1).state == "accepted"  # in hand as soon as one of them is
    town.says(ENGINEER.id, "修好了", chat=ENGINEER.id)
    assert (case(town, 2).state, case(town, 1).state) == ("done", "accepted")
    before = len(in_group(town))
    town.says(LI.id, "3号那件修好了", chat=LI.id)
    assert (case(town, 3).state, case(town, 1).state) == ("done", "done")
    town.passes(minutes=2)
    assert len(in_group(town)) == before + 1 and "您看好了吗" in in_group(town)[-1]
    town.says(WANG.id, "好了谢谢", chat=RESIDENTS)
    assert [one.state for one in town.cases()] == ["closed", "closed", "closed"]


def test_done_said_of_the_whole_is_asked_back(town: Stage) -> None:
    reported(town)
    town.says(LI.id, "1修好了", chat=LI.id, reply_to=_card_of(town, LI.id, 1))
    assert case(town, 1).state == "waiting"
    assert "都好了吗" in town.texts(LI.id)[-1]
    town.presses(LI.id, "都好了", chat=LI.id)
    assert [one.state for one in town.cases()] == ["done", "done", "done"]


def _card_of(town: Stage, who: str, number: int) -> str:
    wanted = case(town, number).id
    cards = [one for one in town.in_chat(who) if one.case_id == wanted and one.kind is OutKind.CARD]
    return cards[-1].message


def test_not_mended_reaches_everybody_who_had_a_part(town: Stage) -> None:
    reported(town)
    town.presses(ENGINEER.id, "我去看", chat=ENGINEER.id)
    town.says(ENGINEER.id, "修好了", chat=ENGINEER.id)
    town.says(LI.id, "3号那件修好了", chat=LI.id)
    town.passes(minutes=2)
    town.says(WANG.id, "还没好", chat=RESIDENTS)
    assert [one.state for one in town.cases()] == ["waiting", "waiting", "waiting"]
    assert "还没好" in town.texts(ENGINEER.id)[-1]


def test_withdrawing_the_whole_reaches_its_parts(town: Stage) -> None:
    message = reported(town)
    town.says(WANG.id, "不是报事", chat=RESIDENTS, reply_to=message)
    assert [one.state for one in town.cases()] == ["withdrawn", "withdrawn", "withdrawn"]
    assert "撤" in town.texts(ENGINEER.id)[-1]


def test_a_part_taken_back_within_its_minute_takes_the_whole_back(town: Stage) -> None:
    reported(town)
    town.says(LI.id, "3号那件修好了", chat=LI.id)
    town.presses(ENGINEER.id, "我去看", chat=ENGINEER.id)
    town.presses(ENGINEER.id, "办好了", chat=ENGINEER.id)
    assert case(town, 1).state == "done"
    town.passes(seconds=20)
    town.presses(ENGINEER.id, "撤回", chat=ENGINEER.id)
    assert (case(town, 2).state, case(town, 1).state) == ("accepted", "accepted")
    town.passes(minutes=5)
    assert not any("您看好了吗" in text for text in in_group(town))


def test_a_part_is_no_twin_of_the_next_report(town: Stage) -> None:
    reported(town)
    town.passes(minutes=20)
    town.says(ZHOU.id, "3号楼旁边消防通道又被商铺的车堵了", chat=RESIDENTS)
    assert case(town, 1).supporters == 1
    assert case(town, 2).supporters == 0 and case(town, 3).supporters == 0


def test_the_whole_waits_and_only_its_parts_have_clocks(town: Stage) -> None:
    reported(town)
    with town.db() as db:
        kinds = db.exec_driver_sql("SELECT subject FROM timer WHERE kind = 'claim' ORDER BY subject").all()
    assert [row.subject for row in kinds] == ["case:2", "case:3"]


# --- by the leader's word ------------------------------------------------------------------------


def test_a_leader_splits_by_command(town: Stage) -> None:
    reported(town, "3号楼门口下水道堵了")
    town.says(LI.id, "拆成 物业、市政 1", chat=LI.id)
    assert [one.number for one in town.cases()] == [1, 2, 3]
    assert any("不止一家管" in text for text in town.texts(LI.id))
    town.says(LI.id, "拆成 物业、社管办 1", chat=LI.id)
    assert "已经拆过" in town.texts(LI.id)[-1] and len(town.cases()) == 3


def test_a_split_needs_known_bodies(town: Stage) -> None:
    reported(town, "3号楼楼道灯不亮了")
    town.says(LI.id, "拆成 物业、天文台 1", chat=LI.id)
    assert "天文台" in town.texts(LI.id)[-1] and len(town.cases()) == 1
    town.says(LI.id, "拆成 物业 1", chat=LI.id)
    assert "至少两家" in town.texts(LI.id)[-1]


def test_r6_fourteen_households_are_counted(town: Stage) -> None:
    reported(town, "3号楼楼顶搭了好多阳光房违建")
    town.says(LI.id, "拆成 14户 1", chat=LI.id)
    town.says(LI.id, "拆了3户", chat=LI.id, reply_to=_card_of(town, LI.id, 1))
    assert case(town, 1).data["households"] == [3, 14] and case(town, 1).state == "accepted"
    town.says(LI.id, "又拆了2户", chat=LI.id, reply_to=_card_of(town, LI.id, 1))
    assert case(town, 1).data["households"] == [5, 14]
    town.says(LI.id, "都拆好了", chat=LI.id, reply_to=_card_of(town, LI.id, 1))
    assert "还有9户没办好" in town.texts(LI.id)[-1]
    town.presses(LI.id, "都好了", chat=LI.id)
    assert case(town, 1).state == "done" and case(town, 1).data["households"] == [14, 14]


def test_an_admin_withdraws_one_part_and_the_rest_is_all(town: Stage) -> None:
    reported(town)
    town.presses(ENGINEER.id, "我去看", chat=ENGINEER.id)
    town.says(ENGINEER.id, "修好了", chat=ENGINEER.id)
    town.says(ADMIN.id, "撤销 3", chat=ADMIN.id)
    town.presses(ADMIN.id, "确定", chat=ADMIN.id)
    assert (case(town, 3).state, case(town, 1).state) == ("withdrawn", "done")


def test_what_the_console_reads(town: Stage) -> None:
    reported(town)
    whole = case(town, 1).id
    with town.db() as db:
        parts = shares.parts_of(db, whole)
        assert [(part.number, part.data["part"]) for part in parts] == [(2, "body"), (3, "body")]
        assert shares.bounces_of(db, whole) == [] and shares.invitations_of(db, whole) == []
