"""What was read wrongly and put right may be another one's matter: he is told, the first need not go."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from gridbot.desk.context import Desk
from gridbot.messages import Role
from gridbot.rehearsal import Stage
from gridbot.store import tables
from tests.cast import ADMIN, ENGINEER, LI, NOW, RESIDENTS, WANG, ZHOU, Sender, seed, seed_units
from tests.desk.conftest import packs

ZHANG = Sender("2002", "张院长")  #: leads 二网格, where 51号院 lies


@pytest.fixture
def house() -> Iterator[Stage]:
    """王工 speaks for 物业, which handles lamps and lifts inside; 张院长 leads the other grid."""
    with Stage(Desk(packs(), lambda _: packs()), NOW) as stage:
        _fill(stage)
        yield stage


def _fill(stage: Stage) -> None:
    with stage.db() as db:
        cast = seed(db, platform=Stage.platform, bot=Stage.bot)
        seed_units(db, cast, platform=Stage.platform, bot=Stage.bot)
        person = _add(db, tables.people, community_id=cast.community, name=ZHANG.name, created_at=NOW)
        account = {"platform": Stage.platform, "user": ZHANG.id, "name": ZHANG.name, "reachable": True}
        _add(db, tables.identities, community_id=cast.community, person_id=person, **account)
        office = {"person_id": person, "node_id": cast.yard, "role": Role.LEADER.value, "since": NOW}
        _add(db, tables.holdings, community_id=cast.community, **office)
        private = {"platform": Stage.platform, "bot": Stage.bot, "chat": ZHANG.id, "kind": "private"}
        _add(db, tables.chats, community_id=cast.community, role="private", person_id=person, **private)


def _add(db: sa.Connection, table: sa.Table, **values: object) -> int:
    key = db.execute(sa.insert(table).values(**values)).inserted_primary_key
    assert key is not None
    return int(key[0])


def test_another_house_of_another_grid_after_it_was_accepted(house: Stage) -> None:
    report = house.says(WANG.id, "5号楼门口垃圾没人收", chat=RESIDENTS)
    house.passes(minutes=2)
    house.presses(LI.id, "我去看", chat=LI.id)
    house.says(WANG.id, "地点是51号院", chat=RESIDENTS, reply_to=report)
    moved = house.texts(LI.id)[-1]
    assert moved == "1改成51号院卫生,归张院长了,您不用去了。"
    house.passes(minutes=2)
    assert "51号院" in house.texts(ZHANG.id)[-1]
    case = house.cases()[-1]
    assert case.state == "waiting" and house.names()[case.owner_id] == ZHANG.name
    house.passes(hours=3)
    later = [one.text for one in house.in_chat(LI.id) if one.at > NOW]
    assert later.count(moved) == 1 and later[-1] == moved  # the clocks run with the other one


def test_a_slip_before_it_was_accepted(house: Stage) -> None:
    house.says(WANG.id, "5号楼门口垃圾没人收", chat=RESIDENTS)
    house.passes(minutes=2)
    house.says(WANG.id, "打错了,是51号院", chat=RESIDENTS)
    house.passes(minutes=2)
    assert "不用去了" in house.texts(LI.id)[-1] and "51号院" in house.texts(ZHANG.id)[-1]


@pytest.mark.parametrize("by", [WANG, LI])
def test_a_unit_is_asked_first_now(house: Stage, by: Sender) -> None:
    """A lift is the property manager's first; the leader of the place looks on."""
    report = house.says(WANG.id, "5号楼门口垃圾没人收", chat=RESIDENTS)
    house.passes(minutes=2)
    assert house.texts(ENGINEER.id) == []
    if by is WANG:
        house.says(WANG.id, "改成 电梯", chat=RESIDENTS, reply_to=report)
    else:
        house.says(LI.id, "1 改成 电梯", chat=LI.id)
    house.passes(minutes=2)
    assert "5号楼" in house.texts(ENGINEER.id)[-1] and "电梯" in house.texts(ENGINEER.id)[-1]
    assert not any("不用去" in text for text in house.texts(LI.id))
    assert "电梯" in house.texts(LI.id)[-1]


def test_the_unit_hears_that_it_is_not_its_matter(house: Stage) -> None:
    report = house.says(WANG.id, "5号楼的灯不亮了", chat=RESIDENTS)
    house.passes(minutes=2)
    assert "照明" in house.texts(ENGINEER.id)[-1]
    house.says(WANG.id, "改成 卫生", chat=RESIDENTS, reply_to=report)
    assert house.texts(ENGINEER.id)[-1] == "1改成5号楼卫生,归李格长了,您不用去了。"
    house.passes(hours=3)
    assert house.texts(ENGINEER.id)[-1] == "1改成5号楼卫生,归李格长了,您不用去了。"
    assert "卫生" in house.texts(LI.id)[-1] or "1还没回音" in house.texts(LI.id)[-1]


def test_a_type_of_the_same_hand_changes_the_card_only(house: Stage) -> None:
    report = house.says(WANG.id, "5号楼门口垃圾没人收", chat=RESIDENTS)
    house.passes(minutes=2)
    house.says(WANG.id, "改成 绿化", chat=RESIDENTS, reply_to=report)
    assert "绿化" in house.texts(LI.id)[-1] and "不用去" not in house.texts(LI.id)[-1]
    assert house.names()[house.cases()[-1].owner_id] == LI.name


def test_who_took_it_over_keeps_it_while_nothing_changes(house: Stage) -> None:
    report = house.says(WANG.id, "5号楼门口垃圾没人收", chat=RESIDENTS)
    house.passes(minutes=2)
    house.says(ADMIN.id, "改派 1 张院长", chat=ADMIN.id)
    house.says(WANG.id, "改成 绿化", chat=RESIDENTS, reply_to=report)
    house.passes(minutes=2)
    assert house.names()[house.cases()[-1].owner_id] == ZHANG.name
    assert not any("归李格长了" in text for text in house.texts(ZHANG.id))


def test_an_edit_moves_it_too(house: Stage) -> None:
    from gridbot.messages import IncomingKind

    report = house.says(WANG.id, "5号楼门口垃圾没人收", chat=RESIDENTS)
    house.passes(minutes=2)
    house.presses(LI.id, "我去看", chat=LI.id)
    house.says(WANG.id, "51号院门口垃圾没人收", chat=RESIDENTS, message=report, kind=IncomingKind.EDIT)
    assert "归张院长了" in house.texts(LI.id)[-1]


def test_a_neighbour_moves_nothing(house: Stage) -> None:
    report = house.says(WANG.id, "5号楼门口垃圾没人收", chat=RESIDENTS)
    house.passes(minutes=2)
    house.says(ZHOU.id, "地点是51号院", chat=RESIDENTS, reply_to=report)
    house.passes(minutes=2)
    assert house.cases()[-1].place.startswith("5号楼") and house.texts(ZHANG.id) == []
