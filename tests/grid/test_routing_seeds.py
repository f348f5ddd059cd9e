"""Who is asked for each concrete issue of the seed towns (mission A2): the shipped packs, one sample town.

A row says the type its residents' words are read as, the side, and who is asked in order; "!" marks a party
to the dispute, who only states his side. Where a service will answer (R2 R9 R13 R16 R20 R21 R23 R29 R30)
the leader is who is asked until then.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from gridbot.grid.rules import (
    INSIDE,
    NAMED,
    OUTSIDE,
    Party,
    UnitScope,
    What,
    Where,
    complained_of,
    one_of_each_side,
    responsible,
    side_decides,
)
from gridbot.messages import Role
from gridbot.understanding.intents import Packs, load_packs

LEADER = Party("网格长", person_id=1, role=Role.LEADER, node_id=10, reachable=True)
TOWN = (
    UnitScope(1, "康桥物业", ("lighting", "access", "elevator", "drainage", "greenery"), INSIDE),
    UnitScope(2, "社管办", ("fire_lane", "vendor"), OUTSIDE),
    UnitScope(3, "市政设施事务中心", ("drainage", "road"), OUTSIDE, aliases=("市政",)),
    UnitScope(4, "城管中队", ("illegal_building",), aliases=("城管", "综合行政执法队")),
    UnitScope(5, "绿化市容所", ("greenery",), OUTSIDE),
    UnitScope(6, "燃气公司", ("gas",)),
    UnitScope(7, "热力公司", ("heating",)),
    UnitScope(8, "环卫所", ("sanitation",), OUTSIDE),
    UnitScope(9, "社区民政", ("care",)),
)
HERE = "老街"


@pytest.fixture(scope="module")
def packs() -> Packs:
    return load_packs()


def what(packs: Packs, type_: str, words: str = "", more: tuple[str, ...] = ()) -> What:
    """As desk.parties keeps it with a case."""
    kind = packs.types[type_]
    complaints = [packs.types[one] for one in (type_, *more) if packs.types[one].source.against]
    own = [name for one in complaints for name in (*one.responsible.inside, *one.responsible.outside)]
    against = [name for one in complaints for name in one.source.against]
    found = complained_of(against, words, TOWN, own) if against else ()
    return What(
        type_, kind.owner_first, tuple(kind.responsible.inside), tuple(kind.responsible.outside), found
    )


@dataclass(frozen=True)
class Row:
    remark: str
    type: str
    side: str
    names: tuple[str, ...]
    unmanaged: bool = False
    words: str = ""
    more: tuple[str, ...] = ()


ROWS = (
    Row("R1 the lane, inside its wall: 物业", "fire_lane", INSIDE, ("网格长", "康桥物业", "城管中队")[:2]),
    Row("R1 the lane, outside: 社管办 before 城管", "fire_lane", OUTSIDE, ("网格长", "社管办", "城管中队")),
    Row("R2 the shut side gate: a gate is a thing of 物业's; hours and roster to come", "access", INSIDE,
        ("康桥物业", "网格长")),
    Row("R3 a cover for the arcade: a wish for a thing inside, 物业 and the leader", "facility", INSIDE,
        ("康桥物业", "网格长")),
    Row("R4 vines at a crossroads: 绿化 outside, no 物业", "greenery", OUTSIDE, ("网格长", "绿化市容所")),
    Row("R5 27 shops parking before the line: outside, 城管", "parking", OUTSIDE, ("网格长", "城管中队")),
    Row("R6 sun rooms on the roof: 城管, then 社管办 as the pack says", "illegal_building", INSIDE,
        ("网格长", "城管中队")),
    Row("R7 unsafe walking during road works: 市政", "road", OUTSIDE, ("网格长", "市政设施事务中心")),
    Row("R8 rubbish not sorted: place first", "sanitation", INSIDE, ("网格长", "康桥物业")),
    Row("R8 a quarrel between neighbours: a person", "dispute", INSIDE, ("网格长",)),
    Row("R9 a fire lane is wanted: as R1, the meeting is a service to come", "fire_lane", INSIDE,
        ("网格长", "康桥物业")),
    Row("R10 no light in a yard nobody manages: no 物业", "lighting", INSIDE, ("网格长",), unmanaged=True),
    Row("R11 no heating there: the heating company owns the pipe", "heating", INSIDE,
        ("热力公司", "网格长"), unmanaged=True),
    Row("R12 no door there", "access", INSIDE, ("网格长",), unmanaged=True),
    Row("R13 the gas list: the company, the relay of the list is a service to come", "gas", INSIDE,
        ("燃气公司", "康桥物业", "网格长")),
    Row("R14 dredging a sewer as a project: the pipe's owner inside", "drainage", INSIDE,
        ("康桥物业", "网格长")),
    Row("R16 tools for a small repair: no case of any unit, lending is a service to come", "civic", INSIDE,
        ("网格长",)),
    Row("R17 worn out facilities: theme of statistics, routed as a thing", "facility", OUTSIDE,
        ("市政设施事务中心", "网格长")),
    Row("R18 the property's service: 物业 is who is complained of", "property", INSIDE,
        ("网格长", "康桥物业!"), words="物业不管事"),
    Row("R19 a blocked sewer in a bare yard, inside: nobody but the leader", "drainage", INSIDE,
        ("网格长",), unmanaged=True),
    Row("R19 the same sewer outside its wall: 市政 owns it", "drainage", OUTSIDE,
        ("市政设施事务中心", "网格长"), unmanaged=True),
    Row("R20 heaps in bare yards: no 物业, the campaign is a service to come", "sanitation", INSIDE,
        ("网格长",), unmanaged=True),
    Row("R21 parking in a bare yard", "parking", INSIDE, ("网格长",), unmanaged=True),
    Row("R22 a quarrel about a dog: the nearest leader, nobody named", "dispute", INSIDE, ("网格长",),
        words="为了狗在楼道吵起来了"),
    Row("R23 nowhere to charge: place first, 物业 inside", "ev_charging", INSIDE, ("网格长", "康桥物业")),
    Row("R24 gas dispute with 物业: 物业 states its side, never alone", "dispute", INSIDE,
        ("网格长", "康桥物业!"), words="为燃气收费和物业吵起来了", more=("gas",)),
    Row("R24 though gas comes first in the words", "gas", INSIDE,
        ("燃气公司", "网格长", "康桥物业!"), words="燃气的事和物业吵", more=("dispute",)),
    Row("R25 small ads in the stairwell: inside 物业", "flyposting", INSIDE, ("网格长", "康桥物业")),
    Row("R26 scribbles on a road wall: outside 城管", "flyposting", OUTSIDE, ("网格长", "城管中队")),
    Row("R27 the merchant builds: enforcement, found by its name", "illegal_building", OUTSIDE,
        ("网格长", "城管中队"), words="超市在门口搭棚,城管来看看"),
    Row("R27 物业 itself builds: it is the party", "illegal_building", INSIDE,
        ("网格长", "城管中队", "康桥物业!"), words="物业在楼顶搭棚"),
    Row("R28 parking hard, inside: place first, then 物业", "parking", INSIDE, ("网格长", "康桥物业")),
    Row("R28 on the pedestrian street: outside", "parking", OUTSIDE, ("网格长", "城管中队")),
    Row("R29 a family in need: 民政, private; the order is a service to come", "care", INSIDE,
        ("网格长", "社区民政")),
    Row("R30 a courier's wish: no case of a unit's", "civic", INSIDE, ("网格长",)),
)  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.remark)
def test_each_issue_of_the_seeds_finds_its_way(packs: Packs, row: Row) -> None:
    where = Where(row.side, row.unmanaged, HERE)
    found = responsible(what(packs, row.type, row.words, row.more), where, TOWN, (LEADER,))
    assert tuple(one.name + ("!" if one.disputed else "") for one in found) == row.names


def test_r15_somebody_complained_about_or_ill_is_no_units_matter(packs: Packs) -> None:
    """R15: routed by name, not by place; the unit order is empty, the leader is last resort."""
    found = responsible(
        What("security", against_people=frozenset({1})), Where(INSIDE, path=HERE), (), (LEADER,)
    )
    assert found == []


BOTH = (
    ("R1 the lane has a body on each side", "fire_lane", False, ("康桥物业", "社管办")),
    ("R1 where nobody manages the yard there is but one", "fire_lane", True, None),
    ("R6 one body for both sides is no split", "illegal_building", False, None),
    ("R19 the sewer: 物业 inside, 市政 outside", "drainage", False, ("康桥物业", "市政设施事务中心")),
)


@pytest.mark.parametrize(("remark", "type_", "unmanaged", "names"), BOTH, ids=[row[0] for row in BOTH])
def test_one_body_of_each_side(
    packs: Packs, remark: str, type_: str, unmanaged: bool, names: tuple[str, str] | None
) -> None:
    found = one_of_each_side(what(packs, type_), Where("", unmanaged, HERE), TOWN)
    assert (tuple(unit.name for unit in found) if found else None) == names


SIDES = (
    ("a sewer: 物业 or 市政 would be asked first", "drainage", "", True),
    ("known to be inside: nothing to ask", "drainage", INSIDE, False),
    ("rubbish is the leader's on either side", "sanitation", "", False),
    ("the heating company owns both sides", "heating", "", False),
)


@pytest.mark.parametrize(("remark", "type_", "side", "asked"), SIDES, ids=[row[0] for row in SIDES])
def test_the_side_is_asked_only_where_it_decides(
    packs: Packs, remark: str, type_: str, side: str, asked: bool
) -> None:
    assert side_decides(what(packs, type_), Where(side, path=HERE), TOWN, (LEADER,)) is asked


PARTIES = (
    ("a pack's own party, whatever is said", ["物业"], "楼道灯不亮", (), ("物业",)),
    ("named in the words", [NAMED], "和燃气公司谈不拢", (), ("燃气公司",)),
    ("a helper of the type is called, not complained of", [NAMED], "让城管来管管", ("城管",), ()),
    ("物业 under any name", [NAMED], "物业乱收费", (), ("物业",)),
    ("nobody named", [NAMED], "三楼四楼吵起来了", (), ()),
    ("said twice, once a party", ["物业", NAMED], "物业又来了", (), ("物业",)),
)


@pytest.mark.parametrize(("remark", "against", "words", "own", "names"), PARTIES, ids=[r[0] for r in PARTIES])
def test_who_is_complained_of(
    remark: str, against: list[str], words: str, own: tuple[str, ...], names: tuple[str, ...]
) -> None:
    assert set(complained_of(against, words, TOWN, own)) == set(names)


def test_exclusive_grids_overlap_and_both_are_asked() -> None:
    """专属网格: the holder of the second grid of a place stands beside, not above."""
    own = Party("院长", person_id=2, node_id=20, reachable=True, beside=True)
    above = Party("书记", person_id=3, node_id=1, reachable=True)
    found = responsible(What("sanitation"), Where(INSIDE, path=HERE), (), (LEADER, own, above))
    assert [one.name for one in found] == ["网格长", "院长"]
