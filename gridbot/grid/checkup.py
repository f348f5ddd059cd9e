"""体检 as far as the grid goes: who cannot be reached, what hangs nowhere."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from gridbot.grid.queries import reached_people
from gridbot.grid.tree import load_tree
from gridbot.messages import ChatKind, ChatRole, Role
from gridbot.store.tables import chats, communities, holdings, people, places

SHOWN = 8
_LEADERS = (
    sa.select(people.c.id, people.c.name, people.c.phone, holdings.c.node_id)
    .join(holdings, holdings.c.person_id == people.c.id)
    .where(
        holdings.c.community_id == sa.bindparam("of_community"),
        holdings.c.role == Role.LEADER.value,
        sa.or_(holdings.c.until.is_(None), holdings.c.until > sa.bindparam("now")),
    )
    .order_by(holdings.c.position, holdings.c.id)
)
_GROUPS = (
    sa.select(chats)
    .where(chats.c.community_id == sa.bindparam("of_community"), chats.c.kind == ChatKind.GROUP.value)
    .order_by(chats.c.id)
)
_UNBOUND = (
    sa.select(chats.c.title, chats.c.chat)
    .where(
        chats.c.kind == ChatKind.GROUP.value,
        chats.c.role == ChatRole.UNBOUND.value,
        chats.c.active.is_(True),
    )
    .order_by(chats.c.id)
)
_PLACES = sa.select(places.c.name, places.c.aliases, places.c.node_id).where(
    places.c.community_id == sa.bindparam("of_community")
)


@dataclass(frozen=True, slots=True)
class Unreached:
    """A leader to whom the bot cannot write."""

    person_id: int
    name: str
    phone: str


@dataclass(frozen=True, slots=True)
class Checkup:
    """What is not in order. Names are for the admin's eyes only."""

    sample: bool
    leaders: int
    unreached: tuple[Unreached, ...]
    without_leader: tuple[str, ...]  #: paths of grids
    without_grid: tuple[str, ...]  #: titles of groups: bound to no grid, or to one that is gone
    unbound: tuple[str, ...]  #: groups the bot is in that belong to no community
    not_seen: tuple[str, ...]  #: groups of the directory in which the bot is not (yet)
    double_places: tuple[str, ...]
    admins: int

    @property
    def bound(self) -> int:
        return self.leaders - len(self.unreached)

    def sentences(self) -> list[str]:
        """For an admin; the first line stands always."""
        found = [f"网格长已绑定 {self.bound}/{self.leaders}"]
        found += [
            _some("联系不上的网格长", [one.name for one in self.unreached]),
            _some("没有网格长的网格", self.without_leader),
            _some("没有绑到网格的群", self.without_grid),
            _some("还没开通的群", self.unbound),
            _some("名单里有、机器人不在的群", self.not_seen),
            _some("不止一个网格有的地名,报事时会问是哪里", self.double_places),
        ]
        if not self.admins:
            found.append("没有管理员")
        elif self.admins == 1:
            found.append("只有一位管理员,最好再请一位")
        if self.sample:
            found.append("这是试用的示例数据,不能接真的群")
        return [sentence for sentence in found if sentence]


def checkup(db: Connection, community_id: int, now: datetime) -> Checkup:
    sample = db.execute(sa.select(communities.c.sample).where(communities.c.id == community_id)).scalar_one()
    tree, reached = load_tree(db, community_id), reached_people(db, community_id)
    rows = db.execute(_LEADERS, {"of_community": community_id, "now": now}).all()
    leaders = {row.id: Unreached(row.id, row.name, row.phone) for row in rows}
    led = {row.node_id for row in rows}
    groups = db.execute(_GROUPS, {"of_community": community_id}).all()
    return Checkup(
        sample=sample,
        leaders=len(leaders),
        unreached=tuple(one for one in leaders.values() if one.person_id not in reached),
        without_leader=tuple(node.path for node in tree.nodes if node.id not in led),
        without_grid=tuple(row.title or row.chat for row in groups if row.node_id not in tree.by_id),
        unbound=_unbound(db),
        not_seen=tuple(row.title or row.chat for row in groups if not row.active),
        double_places=_double_places(db, community_id),
        admins=_count_admins(db, community_id, now),
    )


def _unbound(db: Connection) -> tuple[str, ...]:
    """With several communities in one database nobody can tell whose they are, so nobody is told."""
    if len(db.execute(sa.select(communities.c.id).limit(2)).all()) > 1:
        return ()
    return tuple(row.title or row.chat for row in db.execute(_UNBOUND))


def _double_places(db: Connection, community_id: int) -> tuple[str, ...]:
    where: dict[str, set[int]] = defaultdict(set)
    for row in db.execute(_PLACES, {"of_community": community_id}):
        for name in (row.name, *(row.aliases or ())):
            where[name].add(row.node_id)
    return tuple(name for name, nodes in where.items() if len(nodes) > 1)


def _count_admins(db: Connection, community_id: int, now: datetime) -> int:
    held = sa.or_(holdings.c.until.is_(None), holdings.c.until > now)
    query = sa.select(sa.func.count(holdings.c.person_id.distinct())).where(
        holdings.c.community_id == community_id, holdings.c.role == Role.ADMIN.value, held
    )
    return int(db.execute(query).scalar_one())


def _some(what: str, names: list[str] | tuple[str, ...]) -> str:
    if not names:
        return ""
    more = "等" if len(names) > SHOWN else ""
    return f"{what} {len(names)} 个:{'、'.join(names[:SHOWN])}{more}"
