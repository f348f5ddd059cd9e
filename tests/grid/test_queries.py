"""Who may do what where, who is responsible, in which chat somebody is reached."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from gridbot.grid import queries
from gridbot.grid.checkup import checkup
from gridbot.grid.settings import view
from gridbot.grid.tree import load_tree
from gridbot.messages import Role
from gridbot.store import tables
from gridbot.understanding.places import Gazetteer, GazetteerRow, find_places
from tests.cast import BOT, LEADERS, LI, NOW, PLATFORM, RESIDENTS, STRANGER, WANG, Cast, seed


@pytest.fixture
def folk(any_db: Connection) -> Cast:
    return seed(any_db)


def names(parties: list[queries.Party]) -> list[str]:
    return [party.name for party in parties]


def hold(db: Connection, person: int, node: int | None, role: Role, **more: Any) -> None:
    community = db.execute(sa.select(tables.communities.c.id)).scalars().first()
    values = {"community_id": community, "person_id": person, "node_id": node, "role": role.value}
    db.execute(sa.insert(tables.holdings).values(**values, since=NOW, **more))


def test_tree(any_db: Connection, folk: Cast) -> None:
    tree = load_tree(any_db, folk.community)
    assert [node.path for node in tree.nodes] == ["青秀佳苑", "青秀佳苑/一网格", "青秀佳苑/二网格"]
    assert tree.levels == ("二级网格", "三级网格")
    assert [node.id for node in tree.ancestors(folk.grid)] == [folk.top]
    assert [node.id for node in tree.descendants(folk.top)] == [folk.grid, folk.yard]
    assert tree.roots[0].id == folk.top and tree.parent(folk.top) is None
    assert tree.by_id[folk.yard].unmanaged and tree.by_id[folk.grid].depth == 1
    assert (
        [node.id for node in tree.find("一网格")]
        == [folk.grid]
        == [node.id for node in tree.find("青秀佳苑/一网格")]
    )
    assert len(tree.find("网格")) == 2 and not tree.find("") and not tree.find("九网格")


def test_the_gazetteer_knows_the_places(any_db: Connection, folk: Cast) -> None:
    rows = queries.gazetteer_rows(any_db, folk.community)
    gazetteer = Gazetteer.of(
        GazetteerRow(one.node_id, one.name, one.kind, one.aliases, one.side) for one in rows
    )
    found = find_places("五号楼楼道灯不亮", gazetteer)
    assert [place.node for place in found][:1] == [folk.grid]


def test_responsible_for_a_place(any_db: Connection, folk: Cast) -> None:
    def asked(node: int | None, **more: Any) -> list[str]:
        return names(queries.responsible(any_db, folk.community, node, "lighting", "inside", NOW, **more))

    assert asked(folk.grid) == ["李格长"]
    assert asked(folk.yard) == ["周书记", "刘书记"], "the level above has no private chat: the admin too"
    assert asked(None) == ["李格长"], "no place: somebody who leads and can be reached"
    assert asked(folk.grid, against_people=[folk.li]) == ["周书记", "刘书记"]
    unit = {
        "community_id": folk.community,
        "name": "青秀物业",
        "handles": ["lighting"],
        "side": "inside",
        "data": {},
    }
    any_db.execute(sa.insert(tables.units).values(**unit))
    assert asked(folk.grid, inside=["物业"], owner_first=True) == ["青秀物业", "李格长"]
    assert asked(folk.yard, inside=["物业"]) == ["周书记", "刘书记"], "R10 no property manager there"
    assert asked(folk.grid, unmanaged=True) == ["李格长"]


def test_absent_ended_unreached(any_db: Connection, folk: Cast) -> None:
    mine = sa.update(tables.holdings).where(tables.holdings.c.person_id == folk.li)
    any_db.execute(mine.values(absent_until=NOW + timedelta(days=3)))
    assert names(queries.leaders_of(any_db, folk.grid, NOW)) == []
    assert names(queries.leaders_of(any_db, folk.grid, NOW + timedelta(days=4))) == ["李格长"]
    hold(any_db, folk.zhou, folk.grid, Role.DEPUTY)
    assert names(queries.leaders_of(any_db, folk.grid, NOW)) == ["小周"]
    found = queries.responsible(any_db, folk.community, folk.grid, "", "unknown", NOW)
    reached = [(one.name, one.reachable) for one in found]
    assert reached == [("小周", False), ("周书记", False), ("刘书记", True)]
    any_db.execute(mine.values(absent_until=None, until=NOW))
    assert names(queries.leaders_of(any_db, folk.grid, NOW)) == ["小周"]


def test_one_admin_and_no_leader(any_db: Connection, folk: Cast) -> None:
    any_db.execute(sa.delete(tables.holdings).where(tables.holdings.c.role == Role.LEADER.value))
    found = queries.responsible(any_db, folk.community, folk.grid, "lighting", "", NOW)
    assert [(one.name, one.role) for one in found] == [("刘书记", Role.ADMIN)]


def test_roles(any_db: Connection, folk: Cast) -> None:
    def roles(person: int, node: int | None = None) -> set[Role]:
        return set(queries.roles_of(any_db, folk.community, person, node, NOW))

    assert roles(folk.li) == {Role.LEADER} == roles(folk.li, folk.grid)
    assert roles(folk.li, folk.yard) == set() == roles(folk.li, folk.top), "not beside and not above"
    assert roles(folk.secretary, folk.grid) == {Role.LEADER}, "who leads above leads below"
    assert roles(folk.admin, folk.grid) == {Role.ADMIN} and roles(folk.wang) == set()
    assert queries.admins(any_db, folk.community) == [folk.admin]


def test_people_and_chats(any_db: Connection, folk: Cast) -> None:
    assert queries.person_of(any_db, folk.community, PLATFORM, WANG.id) == folk.wang
    assert queries.person_of(any_db, folk.community, PLATFORM, STRANGER.id) is None
    assert queries.person_of(any_db, folk.community, "wecom", WANG.id) is None
    found = queries.persons_of_user(any_db, PLATFORM, LI.id, NOW)
    assert found == [(folk.community, folk.li, "李格长", Role.LEADER)]
    assert queries.persons_of_user(any_db, PLATFORM, WANG.id, NOW)[0][3] is None
    assert queries.name_of(any_db, folk.li) == "李格长" and queries.name_of(any_db, 10**6) == ""
    chat = queries.chat_of(any_db, PLATFORM, BOT, RESIDENTS)
    assert chat is not None and chat.id == folk.residents
    assert queries.node_of_chat(any_db, folk.residents) == folk.grid
    assert queries.node_name(any_db, folk.grid) == "一网格"
    assert queries.parent_of(any_db, folk.grid) == folk.top and queries.parent_of(any_db, folk.top) is None
    assert queries.parent_of(any_db, None) is None
    leaders = queries.leaders_chat(any_db, folk.community)
    assert leaders is not None and leaders.chat == LEADERS
    private = queries.private_chat_of(any_db, folk.li)
    assert private is not None and private.id == folk.li_private
    assert queries.private_chat_of(any_db, folk.wang) is None
    any_db.execute(sa.update(tables.chats).values(active=False))
    assert (
        queries.private_chat_of(any_db, folk.li) is None
        and queries.leaders_chat(any_db, folk.community) is None
    )


def test_one_account_in_two_communities_has_one_private_chat(any_db: Connection, folk: Cast) -> None:
    other = any_db.execute(
        sa.insert(tables.communities).values(name="乙社区", settings={}, created_at=NOW)
    ).inserted_primary_key
    assert other is not None
    person = any_db.execute(
        sa.insert(tables.people).values(community_id=other[0], name="李", data={}, created_at=NOW)
    ).inserted_primary_key
    assert person is not None
    values = {"community_id": other[0], "person_id": person[0], "platform": PLATFORM, "user": LI.id}
    any_db.execute(sa.insert(tables.identities).values(**values))
    chat = queries.private_chat_of(any_db, person[0])
    assert chat is not None and chat.id == folk.li_private
    assert len(queries.persons_of_user(any_db, PLATFORM, LI.id, NOW)) == 2


def test_units(any_db: Connection, folk: Cast) -> None:
    rows = (
        ("市政", ["road"], "outside", {}),
        ("物业", ["lighting"], "inside", {}),
        ("旧物业", [], "", {"retired": True}),
    )
    for name, handles, side, data in rows:
        values = {"name": name, "handles": handles, "side": side, "data": data}
        any_db.execute(sa.insert(tables.units).values(community_id=folk.community, **values))
    likely = queries.units_for(any_db, folk.community, ["lighting"], "inside")
    assert [unit.name for unit in likely] == ["物业", "市政"]
    unit = likely[0].id
    assert queries.people_of_unit(any_db, unit, NOW) == []
    hold(any_db, folk.zhou, None, Role.UNIT, unit_id=unit)
    assert names(queries.people_of_unit(any_db, unit, NOW)) == ["小周"]


def test_settings(any_db: Connection, folk: Cast) -> None:
    plain = queries.settings_of(any_db, folk.community)
    assert plain.zone.key == "Asia/Shanghai" and plain.gather_idle == timedelta(minutes=3)
    assert (plain.gather_most, plain.leader_delay) == (timedelta(minutes=10), timedelta(seconds=30))
    assert (plain.quiet_start, plain.quiet_end) == (time(21), time(8))
    given = {
        "gather_idle": 5,
        "quiet_start": "22:30",
        "phone": "000-1",
        "ack": "shout",
        "leader_delay": "soon",
    }
    own = view("Asia/Urumqi", given)
    assert (own.gather_idle, own.quiet_start, own.phone) == (timedelta(minutes=5), time(22, 30), "000-1")
    assert own.ack == "first" and own.leader_delay == timedelta(seconds=30), "nonsense keeps the default"


def test_checkup(any_db: Connection, folk: Cast) -> None:
    found = checkup(any_db, folk.community, NOW)
    assert (found.bound, found.leaders, found.admins) == (found.leaders - len(found.unreached), 2, 1)
    assert found.without_leader == ("青秀佳苑/二网格",) and not found.sample
    assert "没有网格长的网格 1 个:青秀佳苑/二网格" in found.sentences()
    assert "只有一位管理员,最好再请一位" in found.sentences()
    for table, values in (
        (tables.places, {"node_id": folk.yard, "name": "1号楼", "aliases": []}),
        (
            tables.chats,
            {
                "platform": PLATFORM,
                "bot": BOT,
                "chat": "-5",
                "kind": "group",
                "role": "residents",
                "title": "丙群",
            },
        ),
    ):
        any_db.execute(sa.insert(table).values(community_id=folk.community, **values))
    any_db.execute(sa.update(tables.chats).where(tables.chats.c.id == folk.li_private).values(active=False))
    any_db.execute(sa.update(tables.communities).values(sample=True))
    found = checkup(any_db, folk.community, NOW)
    assert "李格长" in [one.name for one in found.unreached] and found.without_grid == ("丙群",)
    assert found.double_places == ("1号楼",) and found.sample
    assert found.sentences()[0] == f"网格长已绑定 {found.bound}/2"
