"""Who is asked, in which order: the acceptance cases as one table, a remark on each row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from gridbot.grid.rules import (
    Holding,
    Party,
    Refusal,
    UnitScope,
    What,
    Where,
    handlers,
    invitation_refused,
    matching_units,
    responsible,
    roles_at,
    under,
)
from gridbot.messages import Role

NOW = datetime(2026, 11, 19, 2, 0, tzinfo=UTC)
INSIDE, OUTSIDE = "inside", "outside"


def person(
    name: str, id: int, node: int | None, *, reachable: bool = True, role: Role = Role.LEADER
) -> Party:
    return Party(name, person_id=id, role=role, node_id=node, reachable=reachable)


LI, ZHOU = person("李格长", 1, 10), person("周书记", 2, 1)
NEAR = (LI, ZHOU)
UNITS = (
    UnitScope(1, "物业", ("elevator", "lighting", "access", "drainage", "fire_lane"), INSIDE),
    UnitScope(2, "市政设施中心", ("drainage", "road", "lighting"), OUTSIDE, aliases=("市政",)),
    UnitScope(3, "社管办", ("fire_lane", "vendor"), OUTSIDE),
    UnitScope(4, "城管中队", ("illegal_building", "parking"), aliases=("综合行政执法队",)),
    UnitScope(5, "绿化所", ("greenery",), OUTSIDE, aliases=("绿化",)),
    UnitScope(6, "燃气公司", ("gas",)),
    UnitScope(7, "康桥物业", ("access", "lighting"), INSIDE, grids=("青秀佳苑/二网格",), unmanaged=True),
    UnitScope(8, "医院后勤", ("elevator",), grids=("桃园医院",)),
)
YARD = Where(INSIDE, path="青秀佳苑/一网格")
BARE = Where(INSIDE, unmanaged=True, path="勤劳街/2号院")


@dataclass(frozen=True)
class Row:
    remark: str
    what: What
    where: Where
    names: tuple[str, ...]


LANE = {"inside": ("物业",), "outside": ("社管办",)}
TABLE = (
    Row(
        "R1 the lane inside the wall: the leader, then 物业; 社管办 has no say there",
        What("fire_lane", **LANE),
        YARD,
        ("李格长", "物业"),
    ),
    Row(
        "R1 the shops outside the wall: 社管办, and never 物业",
        What("fire_lane", **LANE),
        Where(OUTSIDE, path="青秀佳苑/一网格"),
        ("李格长", "社管办"),
    ),
    Row(
        "R1 on the line (not known which side): both bodies, so that each can get its part",
        What("fire_lane", **LANE),
        Where("", path="青秀佳苑/一网格"),
        ("李格长", "物业", "社管办"),
    ),
    Row(
        "R2 the shut side gate is a matter of opening hours: place first, the leader before 物业",
        What("access", inside=("物业",)),
        YARD,
        ("李格长", "物业"),
    ),
    Row(
        "R4 vines at a crossroads: 绿化 outside, not 物业",
        What("greenery", inside=("物业",), outside=("绿化",)),
        Where(OUTSIDE, path="青秀佳苑"),
        ("李格长", "绿化所"),
    ),
    Row(
        "R6 sun rooms on the roof: the pack's 城管 is found under the unit's own name",
        What("illegal_building", inside=("城管",), outside=("城管",)),
        YARD,
        ("李格长", "城管中队"),
    ),
    Row(
        "R7 an unsafe walk during road works lies outside",
        What("road", outside=("市政",)),
        Where(OUTSIDE, path="青秀佳苑"),
        ("李格长", "市政设施中心"),
    ),
    Row(
        "R10 no light in a yard nobody manages: 物业 is skipped",
        What("lighting", inside=("物业",)),
        BARE,
        ("李格长",),
    ),
    Row("R11 no heating there: the same", What("heating", inside=("物业",)), BARE, ("李格长",)),
    Row("R12 no door there: the same", What("access", inside=("物业",)), BARE, ("李格长",)),
    Row(
        "row 54 红色物业 looks after bare yards, where its agreement reaches",
        What("access", inside=("物业",)),
        Where(INSIDE, unmanaged=True, path="青秀佳苑/二网格/51号院"),
        ("李格长", "康桥物业"),
    ),
    Row(
        "R19 the blocked sewer of a bare yard, outside its wall: 市政",
        What("drainage", inside=("物业",), outside=("市政",)),
        Where(OUTSIDE, unmanaged=True, path="大学北路/51号院"),
        ("李格长", "市政设施中心"),
    ),
    Row(
        "R24 gas dispute with 物业: the leader mediates, 物业 may only state its view, last",
        What("gas", inside=("物业", "燃气"), against=("物业",)),
        YARD,
        ("李格长", "燃气公司", "物业!"),
    ),
    Row(
        "R24 though owners come first for gas, a party to the dispute does not",
        What("gas", owner_first=True, inside=("物业", "燃气"), against=("物业",)),
        YARD,
        ("燃气公司", "李格长", "物业!"),
    ),
    Row(
        "R27 the merchant's building: enforcement, found by its other name",
        What("illegal_building", outside=("综合行政执法队",)),
        Where(OUTSIDE, path="居然嘉园"),
        ("李格长", "城管中队"),
    ),
    Row("R22 a quarrel about a dog: a person, no unit", What("dispute"), YARD, ("李格长",)),
    Row(
        "a complaint about 物业: it may only state its view",
        What("property", inside=("物业",), against=("物业",)),
        YARD,
        ("李格长", "物业!"),
    ),
    Row(
        "部件先属主: the lift's owner before the leader",
        What("elevator", owner_first=True, inside=("物业",)),
        YARD,
        ("物业", "李格长"),
    ),
    Row(
        "a unit that works in one grid only is not asked elsewhere",
        What("elevator"),
        Where(INSIDE, path="桃园医院"),
        ("李格长", "物业", "医院后勤"),
    ),
    Row("no type known: the leader", What(), YARD, ("李格长",)),
    Row(
        "the pack's order stands before what a unit says of itself",
        What("drainage", outside=("市政",)),
        Where("", path="青秀佳苑"),
        ("李格长", "市政设施中心", "物业"),
    ),
)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.remark)
def test_who_is_asked(row: Row) -> None:
    found = responsible(row.what, row.where, UNITS, NEAR)
    assert tuple(party.name + ("!" if party.disputed else "") for party in found) == row.names


UNREACHED, DEPUTY = person("李格长", 1, 10, reachable=False), person("孙副", 4, 10, role=Role.DEPUTY)
TOP_UNREACHED = person("周书记", 2, 1, reachable=False)
FAR, ADMIN = person("吴格长", 7, 30), person("刘书记", 9, None, role=Role.ADMIN)
CLIMBS = (
    ("the leader can be reached: nobody above is troubled", (LI, ZHOU), (), (), ("李格长",)),
    ("two co-leads: both", (LI, person("丁", 5, 10), ZHOU), (), (), ("李格长", "丁")),
    (
        "not reached yet: he stays first, the level above follows",
        (UNREACHED, ZHOU),
        (),
        (),
        ("李格长", "周书记"),
    ),
    ("his deputy can be reached: no need to climb", (UNREACHED, DEPUTY, ZHOU), (), (), ("李格长", "孙副")),
    ("R22 the leader is away (not in the list): the nearest who is there", (ZHOU,), (), (), ("周书记",)),
    ("one person leads both levels: named once", (LI, person("李格长", 1, 1)), (), (), ("李格长",)),
    ("nobody above: a leader from elsewhere", (), (FAR,), (ADMIN,), ("吴格长",)),
    (
        "nobody reached anywhere: the admin, after those who hold the place",
        (UNREACHED,),
        (),
        (ADMIN,),
        ("李格长", "刘书记"),
    ),
    ("one group and one leader are enough, reached or not", (), (UNREACHED,), (), ("李格长",)),
    ("nobody at all", (), (), (), ()),
    (
        "unreached on every level: each once, then the admin",
        (UNREACHED, TOP_UNREACHED),
        (UNREACHED,),
        (ADMIN,),
        ("李格长", "周书记", "刘书记"),
    ),
)


@pytest.mark.parametrize(
    ("remark", "near", "elsewhere", "admins", "names"), CLIMBS, ids=[row[0] for row in CLIMBS]
)
def test_up_the_tree(
    remark: str,
    near: tuple[Party, ...],
    elsewhere: tuple[Party, ...],
    admins: tuple[Party, ...],
    names: tuple[str, ...],
) -> None:
    assert tuple(party.name for party in handlers(near, elsewhere, admins)) == names


def test_somebody_complained_about_does_not_get_the_complaint() -> None:
    found = responsible(What("dispute", against_people=frozenset({1})), YARD, UNITS, NEAR)
    assert [party.name for party in found] == ["周书记"]


def test_a_party_to_the_dispute_is_never_alone() -> None:
    assert responsible(What("property", inside=("物业",), against=("物业",)), YARD, UNITS, ()) == []


def test_units_once_each() -> None:
    what = What("lighting", inside=("物业", "物业"), outside=("市政",))
    assert [unit.name for unit in matching_units(what, Where(), UNITS)] == ["物业", "市政设施中心"]


@pytest.mark.parametrize(
    ("path", "above", "below"),
    [("甲/乙", "甲", True), ("甲", "甲", True), ("甲乙", "甲", False), ("甲", "甲/乙", False)],
)
def test_under(path: str, above: str, below: bool) -> None:
    assert under(path, above) is below


def test_roles_count_at_the_node_and_above() -> None:
    held = [
        Holding(Role.LEADER, 10),
        Holding(Role.DEPUTY, 20),
        Holding(Role.ADMIN, None),
        Holding(Role.LIAISON, 10, until=NOW),
        Holding(Role.UNIT, None, until=NOW + timedelta(days=1)),
    ]
    assert roles_at(held, {10, 1}, NOW) == {Role.LEADER, Role.ADMIN, Role.UNIT}
    assert roles_at(held, {99}, NOW) == {Role.ADMIN, Role.UNIT}
    assert roles_at(held, None, NOW) == {Role.LEADER, Role.DEPUTY, Role.ADMIN, Role.UNIT}


@pytest.mark.parametrize(
    ("until", "used", "refused"),
    [
        (NOW + timedelta(seconds=1), None, None),
        (NOW, None, Refusal.EXPIRED),
        (NOW + timedelta(days=1), NOW, Refusal.USED),
        (NOW - timedelta(days=1), NOW, Refusal.USED),
    ],
)
def test_what_an_invitation_is_worth(until: datetime, used: datetime | None, refused: Refusal | None) -> None:
    assert invitation_refused(until, used, NOW) is refused
