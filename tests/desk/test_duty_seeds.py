"""The case-like issues of the seed towns (mission A2), in residents' words, from the group to the handler."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from gridbot.rehearsal import Stage
from tests.cast import ENGINEER, LI, RESIDENTS, WANG, ZHOU
from tests.desk.test_duty_parts import case, town

__all__ = ["town"]


@dataclass(frozen=True)
class Issue:
    remark: str
    said: tuple[str, ...]  #: fragments, twenty seconds apart
    type: str
    cases: int  #: opened, parts included
    unit: str = ""  #: asked first, on a chat or by a card
    private: bool = False


ISSUES = (
    Issue("R1 fire lane, shops and owners", ("3号楼边上", "消防通道全让沿街商铺的车堵死了"), "fire_lane", 3),
    Issue("R4 vines at a crossroads", ("小区门口路口那边", "树枝都伸到马路上了,挡住红绿灯"), "greenery", 1),
    Issue("R6 sun rooms on the roof", ("3号楼楼顶又有人搭阳光房,违建",), "illegal_building", 1),
    Issue("R7 unsafe road works", ("小广场门口马路挖开了好几天", "路面全是坑,没有围挡"), "road", 1),
    Issue("R10 no light in a bare yard", ("51号院", "院里的灯都不亮了"), "lighting", 1),
    Issue("R11 no heating in a bare yard", ("51号院暖气一点都不热",), "heating", 1),
    Issue("R12 no door in a bare yard", ("51号院单元门锁坏了关不上",), "access", 1),
    Issue("R19 blocked sewer in a bare yard", ("51号院", "窨井堵得厉害,污水外溢"), "drainage", 1),
    Issue("R22 a dog quarrel", ("3号楼两家为了狗吵起来了,谁来劝劝",), "dispute", 1, private=True),
    Issue("R24 gas dispute with 物业", ("3号楼为燃气改造收费和物业吵起来了,社区来调解一下",), "dispute", 1,
          private=True),
    Issue("R25 small ads", ("3号楼单元门上贴满了小广告没人管",), "flyposting", 1),
    Issue("R27 the merchant builds", ("小广场门口那家店私搭乱建,搭了个铁皮棚子",), "illegal_building", 1),
    Issue("R28 parking disorder", ("小广场门口车乱停,路都走不了人",), "parking", 1),
    Issue("a lift is its owner's", ("3号楼电梯坏了,门关不上",), "elevator", 1, unit="物业"),
)  # fmt: skip


@pytest.mark.parametrize("issue", ISSUES, ids=lambda issue: issue.remark)
def test_from_the_group_to_who_sees_to_it(town: Stage, issue: Issue) -> None:
    for said in issue.said:
        town.says(WANG.id, said, chat=RESIDENTS, name=WANG.name)
        town.passes(seconds=20)
    town.passes(minutes=11)
    cases = [one for one in town.cases() if one.number is not None]
    assert len(cases) == issue.cases
    whole = cases[0]
    assert whole.types[0] == issue.type and whole.private is issue.private
    assert whole.owner_id is not None  # somebody answers for it
    told = [one for one in town.sent if one.purpose in ("notice", "mention", "to-admin")]
    assert told, "nobody was told"
    if issue.unit:
        assert "(1)" in town.texts(ENGINEER.id)[-1]
    group = " ".join(town.texts(RESIDENTS))
    assert "物业" not in group and WANG.name not in group
    if issue.private:
        assert town.in_chat(RESIDENTS) == []


def test_r24_a_leak_word_inside_the_dispute_is_an_emergency(town: Stage) -> None:
    town.says(WANG.id, "3号楼和物业吵燃气费呢,楼道里还有股煤气味", chat=RESIDENTS, name=WANG.name)
    assert case(town, 1).urgent
    assert any("别开灯" in text for text in town.texts(RESIDENTS))


def test_r27_the_reporter_is_hidden_from_a_complained_of_unit(town: Stage) -> None:
    """物业 as the builder: it is asked for its side, without a word of who said so or what."""
    town.says(ZHOU.id, "物业在3号楼楼顶私搭乱建,搭了个铁皮房", chat=RESIDENTS, name=ZHOU.name)
    town.passes(minutes=1)
    told = town.texts(ENGINEER.id)
    assert len(told) == 1 and "您愿意的话" in told[0]
    assert ZHOU.name not in told[0] and "铁皮房" not in told[0]
    assert town.names()[case(town, 1).owner_id] == LI.name
