"""Many at once: an outage is one case, one message a group, one notice a leader; a planned one is none."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from gridbot.messages import OutKind
from gridbot.rehearsal import Stage
from tests.cast import ADMIN, LI, RESIDENTS

_people = itertools.count(5000)


def somebody(stage: Stage, text: str, after: float = 20) -> str:
    """A new person speaks."""
    who = str(next(_people))
    stage.passes(seconds=after)
    stage.says(who, text, chat=RESIDENTS)
    return who


def live(stage: Stage) -> list[Any]:
    return [
        one for one in stage.cases() if one.number is not None and one.state not in ("withdrawn", "merged")
    ]


def burst(stage: Stage) -> None:
    for house in (1, 2, 3):
        somebody(stage, f"{house}号楼停电了")


def test_three_houses_are_one_incident(stage: Stage) -> None:
    burst(stage)
    (case,) = live(stage)
    assert case.place == "1到3号楼" and case.supporters == 2
    said = [text for text in stage.texts(RESIDENTS) if "合成一件" in text]
    assert len(said) == 1 and "好几户说1到3号楼停电" in said[0]
    stage.passes(minutes=5)
    rung = {one.message for one in stage.in_chat(LI.id) if "1到3号楼" in one.text}
    assert len(rung) == 1


def test_five_people_of_one_house_are_one_too(stage: Stage) -> None:
    somebody(stage, "5号楼没水了")
    for _ in range(4):
        somebody(stage, "我家也没水")
    (case,) = live(stage)
    assert case.data.get("incident") and case.supporters == 4


def test_afterwards_nobody_is_answered_singly(stage: Stage) -> None:
    burst(stage)
    texts = len(stage.texts(RESIDENTS))
    for house in (5, 1, 2, 3, 5, 1, 2, 3):
        somebody(stage, f"{house}号楼也停电了")
    (case,) = live(stage)
    assert case.supporters == 10
    assert len(stage.texts(RESIDENTS)) == texts
    assert len([one for one in stage.reactions(RESIDENTS) if one[1] == "👀"]) <= 5 + 3


def test_the_leaders_card_changes_twice_a_minute_at_most(stage: Stage) -> None:
    burst(stage)
    stage.passes(seconds=40)
    before = len(stage.in_chat(LI.id))
    for _ in range(12):
        somebody(stage, "我家也停电了", 5)
    stage.passes(seconds=31)
    assert 1 <= len(stage.in_chat(LI.id)) - before <= 4


def test_is_the_power_out_is_answered_once(stage: Stage) -> None:
    burst(stage)
    somebody(stage, "停电了吗?")
    answer = stage.texts(RESIDENTS)[-1]
    assert "好几户说" in answer and "在办" in answer
    before = len(stage.texts(RESIDENTS))
    somebody(stage, "啥时候来电啊")
    assert len(stage.texts(RESIDENTS)) == before and len(live(stage)) == 1


def test_one_message_at_the_end(stage: Stage) -> None:
    burst(stage)
    stage.passes(minutes=2)
    stage.says(LI.id, "修好了", chat=LI.id)
    said = [text for text in stage.texts(RESIDENTS) if "办好了" in text]
    assert len(said) == 1


def test_lamps_and_gas_do_not_fold(stage: Stage) -> None:
    for house in (1, 2, 3):
        somebody(stage, f"{house}号楼楼道灯不亮了")
    assert len(live(stage)) == 3
    for house in (1, 2, 3):
        somebody(stage, f"{house}号楼有股煤气味")
    assert not any(case.data.get("incident") for case in live(stage))


# --- planned -------------------------------------------------------------------------------------


def test_a_planned_outage_answers_what_is_inside_its_hours(stage: Stage) -> None:
    stage.says(ADMIN.id, "今天9点到12点停水,请大家存水", chat=RESIDENTS)
    who = somebody(stage, "5号楼怎么没水了")
    assert stage.cases() == [] and "过了12点还没水" in stage.texts(RESIDENTS)[-1]
    somebody(stage, "3号楼也没水")
    assert len(stage.texts(RESIDENTS)) == 1  # the answer stands there
    stage.passes(hours=3)
    stage.says(who, "5号楼还没水", chat=RESIDENTS)
    (case,) = live(stage)
    assert case.types[0] == "water" and case.place == "5号楼"


def test_other_troubles_are_not_held_back(stage: Stage) -> None:
    stage.says(ADMIN.id, "今天9点到12点停水", chat=RESIDENTS)
    somebody(stage, "5号楼停电了")
    assert len(live(stage)) == 1


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("【停水】今天8:30-14:00 1-3号楼换水管,停水", True),  # has the form of a notice
        ("听说今天8点半到14点停水", False),  # hearsay
    ],
)
def test_a_residents_notice_counts_by_its_form_and_the_leader_knows(
    stage: Stage, text: str, held: bool
) -> None:
    somebody(stage, text)
    somebody(stage, "2号楼没水了")
    stage.passes(minutes=2)
    assert (stage.cases() == []) is held
    told = [one.text for one in stage.in_chat(LI.id) if one.kind is OutKind.SEND]
    assert any("不是社区发的" in one for one in told) is held


def test_houses_the_notice_does_not_name_are_heard(stage: Stage) -> None:
    somebody(stage, "【停水】今天8:30-14:00 1-3号楼换水管,停水")
    somebody(stage, "5号楼没水了")
    assert len(live(stage)) == 1
