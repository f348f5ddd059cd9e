"""Reads: who may do what where, who is responsible, in which chat somebody is reached.

Each function is one or two statements, prebuilt, for they run with every message.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot.grid import duty, rules
from gridbot.grid.rules import Holding, Party, UnitScope
from gridbot.grid.settings import SettingsView, view
from gridbot.grid.tree import Node, Tree, load_tree
from gridbot.messages import ChatKind, ChatRole, Role
from gridbot.store.tables import (
    chats,
    communities,
    grid_nodes,
    holdings,
    identities,
    people,
    places,
    units,
)
from gridbot.understanding.reading import Side

__all__ = ["Node", "Party", "SettingsView", "Tree", "load_tree"]

_NEVER = datetime.min.replace(tzinfo=UTC)
_other = identities.alias("other")
_REACHED_IN = (  # somebody's private chats, by any of his accounts: a chat belongs to one community's person
    sa.select(chats, identities.c.person_id.label("of_person"))
    .select_from(identities)
    .join(_other, (_other.c.platform == identities.c.platform) & (_other.c.user == identities.c.user))
    .join(chats, (chats.c.person_id == _other.c.person_id) & (chats.c.platform == identities.c.platform))
    .where(chats.c.kind == ChatKind.PRIVATE.value, chats.c.active.is_(True))
)
_PRIVATE_CHAT = _REACHED_IN.where(identities.c.person_id == sa.bindparam("person")).order_by(chats.c.id)
_REACHED_PEOPLE = _REACHED_IN.with_only_columns(identities.c.person_id).where(
    identities.c.community_id == sa.bindparam("of_community")
)
_reached = (
    _REACHED_IN.with_only_columns(sa.literal(1))
    .where(identities.c.person_id == holdings.c.person_id)
    .correlate(holdings)
    .exists()
)
_above = (
    sa.select(grid_nodes.c.id, grid_nodes.c.parent_id, sa.literal(0).label("depth"))
    .where(grid_nodes.c.id == sa.bindparam("node"))
    .cte("above", recursive=True)
)
_above = _above.union_all(
    sa.select(grid_nodes.c.id, grid_nodes.c.parent_id, _above.c.depth + 1).join(
        _above, grid_nodes.c.id == _above.c.parent_id
    )
)
_CHAIN = (
    sa.select(grid_nodes.c.id, grid_nodes.c.path, grid_nodes.c.unmanaged)
    .join(_above, _above.c.id == grid_nodes.c.id)
    .order_by(_above.c.depth)
)
_HOLDERS = (
    sa.select(
        holdings.c.person_id, holdings.c.node_id, holdings.c.role, people.c.name, _reached.label("reachable")
    )
    .join(people, people.c.id == holdings.c.person_id)
    .where(
        sa.or_(holdings.c.until.is_(None), holdings.c.until > sa.bindparam("now")),
        sa.or_(holdings.c.absent_until.is_(None), holdings.c.absent_until <= sa.bindparam("now")),
    )
)
_order = (sa.case((holdings.c.role == Role.LEADER.value, 0), else_=1), holdings.c.position, holdings.c.id)
_LEADS = holdings.c.role.in_([role.value for role in rules.HANDLES])
_NEAR = (
    _HOLDERS.join(_above, _above.c.id == holdings.c.node_id).where(_LEADS).order_by(_above.c.depth, *_order)
)
_AT = _HOLDERS.where(holdings.c.node_id == sa.bindparam("at_node"), _LEADS).order_by(*_order)
_EVERYWHERE = (
    _HOLDERS.join(grid_nodes, grid_nodes.c.id == holdings.c.node_id)
    .where(holdings.c.community_id == sa.bindparam("of_community"), _LEADS)
    .add_columns(grid_nodes.c.path)
)
_ADMIN_PARTIES = _HOLDERS.where(
    holdings.c.community_id == sa.bindparam("of_community"), holdings.c.role == Role.ADMIN.value
).order_by(holdings.c.position, holdings.c.id)
_ADMINS = (
    sa.select(holdings.c.person_id)
    .where(
        holdings.c.community_id == sa.bindparam("of_community"),
        holdings.c.role == Role.ADMIN.value,
        holdings.c.until.is_(None),
    )
    .group_by(holdings.c.person_id)
    .order_by(sa.func.min(holdings.c.position), sa.func.min(holdings.c.id))
)
_HELD = sa.select(holdings.c.role, holdings.c.node_id, holdings.c.until, holdings.c.absent_until).where(
    holdings.c.community_id == sa.bindparam("of_community"), holdings.c.person_id == sa.bindparam("person")
)
_UNITS = sa.select(units).where(units.c.community_id == sa.bindparam("of_community")).order_by(units.c.id)
_PEOPLE_OF_UNIT = _HOLDERS.where(holdings.c.unit_id == sa.bindparam("unit")).order_by(
    holdings.c.position, holdings.c.id
)
_UNITS_OF_PERSON = sa.select(holdings.c.unit_id).where(
    holdings.c.community_id == sa.bindparam("of_community"),
    holdings.c.person_id == sa.bindparam("person"),
    holdings.c.unit_id.is_not(None),
    sa.or_(holdings.c.until.is_(None), holdings.c.until > sa.bindparam("now")),
)
_CHAT = sa.select(chats).where(
    chats.c.platform == sa.bindparam("platform"),
    chats.c.bot == sa.bindparam("bot"),
    chats.c.chat == sa.bindparam("chat"),
)
_NODE_OF_CHAT = sa.select(chats.c.node_id).where(chats.c.id == sa.bindparam("of_chat"))
_LEADERS_CHAT = (
    sa.select(chats)
    .where(
        chats.c.community_id == sa.bindparam("of_community"),
        chats.c.role == ChatRole.LEADERS.value,
        chats.c.active.is_(True),
    )
    .order_by(chats.c.id)
    .limit(1)
)
_PERSON = sa.select(identities.c.person_id).where(
    identities.c.community_id == sa.bindparam("of_community"),
    identities.c.platform == sa.bindparam("platform"),
    identities.c.user == sa.bindparam("user"),
)
_NAME = sa.select(people.c.name).where(people.c.id == sa.bindparam("person"))
_DATA = sa.select(people.c.data).where(people.c.id == sa.bindparam("person"))
_NODE = sa.select(grid_nodes.c.name, grid_nodes.c.parent_id).where(grid_nodes.c.id == sa.bindparam("node"))
_PERSONS_OF_USER = (
    sa.select(people.c.community_id, people.c.id, people.c.name, holdings.c.role)
    .join(identities, identities.c.person_id == people.c.id)
    .outerjoin(
        holdings,
        (holdings.c.person_id == people.c.id)
        & sa.or_(holdings.c.until.is_(None), holdings.c.until > sa.bindparam("now")),
    )
    .where(identities.c.platform == sa.bindparam("platform"), identities.c.user == sa.bindparam("user"))
    .order_by(people.c.community_id, holdings.c.id)
)
_SETTINGS = sa.select(communities.c.timezone, communities.c.settings).where(
    communities.c.id == sa.bindparam("of_community")
)
_PLACES = (
    sa.select(places)
    .join(grid_nodes, grid_nodes.c.id == places.c.node_id)
    .where(places.c.community_id == sa.bindparam("of_community"), grid_nodes.c.active.is_(True))
    .order_by(places.c.id)
)


# --- places and settings -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A place as the gazetteer wants it (understanding.places.GazetteerRow has the same fields)."""

    node_id: int
    name: str
    kind: str
    aliases: tuple[str, ...]
    side: Side


def gazetteer_rows(db: Connection, community_id: int) -> list[PlaceRow]:
    """Every name of a place: what hangs on the grids, and the grids themselves."""
    found = [
        PlaceRow(row.node_id, row.name, row.kind, tuple(row.aliases or ()), Side(row.side or Side.UNKNOWN))
        for row in db.execute(_PLACES, {"of_community": community_id})
    ]
    return found + [
        PlaceRow(node.id, node.name, "grid", (), Side.UNKNOWN) for node in load_tree(db, community_id).nodes
    ]


def settings_of(db: Connection, community_id: int) -> SettingsView:
    row = db.execute(_SETTINGS, {"of_community": community_id}).one()
    return view(row.timezone, row.settings)


# --- the tree ------------------------------------------------------------------------------------


def parent_of(db: Connection, node_id: int | None) -> int | None:
    """The node above; None at the top."""
    row = db.execute(_NODE, {"node": node_id}).one_or_none() if node_id is not None else None
    return row.parent_id if row is not None else None


def node_name(db: Connection, node_id: int) -> str:
    row = db.execute(_NODE, {"node": node_id}).one_or_none()
    return row.name if row is not None else ""


# --- who is responsible --------------------------------------------------------------------------


def leaders_of(db: Connection, node_id: int, now: datetime) -> list[Party]:
    """Who leads a node now: leaders, then deputies; the absent and those whose time is over left out."""
    return [*_standing_in(db, [node_id], now), *_parties(db.execute(_AT, {"at_node": node_id, "now": now}))]


def _standing_in(db: Connection, nodes: Sequence[int], now: datetime) -> list[Party]:
    """Who is on duty (值班) today for one of these nodes, the nearest first."""
    return [
        Party(
            row.name,
            row.person_id,
            node_id=row.node_id,
            reachable=private_chat_of(db, row.person_id) is not None,
        )
        for row in duty.at_nodes(db, nodes, now)
    ]


@dataclass(frozen=True, slots=True)
class Asked:
    """Everything routing looks at for one place and one type of trouble: see grid.rules.responsible."""

    what: rules.What
    where: rules.Where
    units: list[UnitScope]
    near: list[Party]
    elsewhere: list[Party]
    admins: list[Party]

    def parties(self) -> list[Party]:
        return rules.responsible(self.what, self.where, self.units, self.near, self.elsewhere, self.admins)

    def of_each_side(self) -> tuple[UnitScope, UnitScope] | None:
        return rules.one_of_each_side(self.what, self.where, self.units)

    def side_decides(self) -> bool:
        return rules.side_decides(self.what, self.where, self.units, self.near, self.elsewhere)


def asked(
    db: Connection,
    community_id: int,
    node_id: int | None,
    issue_type: str,
    side: str,
    now: datetime,
    *,
    owner_first: bool = False,
    inside: Sequence[str] = (),
    outside: Sequence[str] = (),
    against: Sequence[str] = (),
    against_people: Collection[int] = (),
    unmanaged: bool = False,
    also: Sequence[int] = (),
) -> Asked:
    """What there is to route by.

    `side`: inside | outside | "" or "unknown". `inside`, `outside`: the names of units the type's pack
    holds responsible. `against`: names of units complained about. `unmanaged` adds to what the tree says.
    `also`: further nodes the place belongs to: exclusive grids (专属网格) overlap geographic ones, whose
    holders follow.
    """
    chain = db.execute(_CHAIN, {"node": node_id}).all() if node_id is not None else []
    near = _parties(db.execute(_NEAR, {"node": node_id, "now": now})) if chain else []
    near = [*_standing_in(db, [row.id for row in chain], now), *near]
    for other in (node for node in also if node != node_id):
        holders = _parties(db.execute(_NEAR, {"node": other, "now": now}))
        near = _woven(near, node_id, holders, other)
    elsewhere: list[Party] = []
    admins_: list[Party] = []
    if not any(party.reachable and party.person_id not in against_people for party in near):
        elsewhere = _elsewhere(db, community_id, now)
        admins_ = _parties(db.execute(_ADMIN_PARTIES, {"of_community": community_id, "now": now}))
    where = rules.Where(
        "" if side == Side.UNKNOWN else side,
        unmanaged or bool(chain and chain[0].unmanaged),
        chain[0].path if chain else "",
    )
    what = rules.What(
        issue_type, owner_first, tuple(inside), tuple(outside), tuple(against), frozenset(against_people)
    )
    return Asked(what, where, unit_scopes(db, community_id), near, elsewhere, admins_)


def _woven(near: list[Party], node_id: int | None, other: list[Party], other_id: int) -> list[Party]:
    """The holders of a second node of the same place stand right after those of the first, then all above."""
    own = [party for party in near if party.node_id == node_id]
    beside = [replace(party, beside=bool(own)) for party in other if party.node_id == other_id]
    return [*own, *beside, *(party for party in near if party.node_id != node_id)]


def responsible(
    db: Connection,
    community_id: int,
    node_id: int | None,
    issue_type: str,
    side: str,
    now: datetime,
    **known: Any,
) -> list[Party]:
    """Who may be asked, the first to be asked first; takes what `asked` takes.

    Empty only where a community has neither leader nor admin.
    """
    return asked(db, community_id, node_id, issue_type, side, now, **known).parties()


def _elsewhere(db: Connection, community_id: int, now: datetime) -> list[Party]:
    rows = db.execute(_EVERYWHERE, {"of_community": community_id, "now": now}).all()
    return _parties(sorted(rows, key=lambda row: (row.path.count("/"), row.path)))


def _parties(rows: Iterable[Row[Any]]) -> list[Party]:
    return [
        Party(
            row.name, row.person_id, role=Role(row.role), node_id=row.node_id, reachable=bool(row.reachable)
        )
        for row in rows
    ]


def unit_scopes(db: Connection, community_id: int) -> list[UnitScope]:
    rows = db.execute(_UNITS, {"of_community": community_id})
    return [_scope(row) for row in rows if not (row.data or {}).get("retired")]


def _scope(row: Row[Any]) -> UnitScope:
    data = row.data or {}
    return UnitScope(
        row.id,
        row.name,
        tuple(row.handles or ()),
        row.side,
        row.contact,
        tuple(data.get("aliases", ())),
        tuple(data.get("grids", ())),
        bool(data.get("unmanaged", False)),
    )


def units_for(db: Connection, community_id: int, types: Sequence[str], side: str) -> list[UnitScope]:
    """Every partner unit, those likely for these types on this side first: to choose from by hand."""
    scopes = unit_scopes(db, community_id)

    def unlikely(unit: UnitScope) -> tuple[bool, bool]:
        return (not set(types) & set(unit.handles), unit.side not in ("", side))

    return sorted(scopes, key=unlikely)


def people_of_unit(db: Connection, unit_id: int, now: datetime) -> list[Party]:
    """Who speaks for a unit, whether he can be reached or not."""
    return _parties(db.execute(_PEOPLE_OF_UNIT, {"unit": unit_id, "now": now}))


def units_of_person(db: Connection, community_id: int, person_id: int, now: datetime) -> list[int]:
    """The units somebody speaks for."""
    which = {"of_community": community_id, "person": person_id, "now": now}
    return list(db.execute(_UNITS_OF_PERSON, which).scalars())


def unit_called(db: Connection, community_id: int, name: str) -> UnitScope | None:
    """The unit somebody means: by its whole name, or by part of it (物业 for 康桥物业)."""
    scopes = unit_scopes(db, community_id)
    whole = [unit for unit in scopes if name in (unit.name, *unit.aliases)]
    return next(iter(whole or [unit for unit in scopes if unit.called(name)]), None)


def exclusive_among(db: Connection, nodes: Collection[int]) -> list[int]:
    """Which of these nodes are exclusive grids (专属网格)."""
    query = sa.select(grid_nodes.c.id).where(grid_nodes.c.id.in_(nodes), grid_nodes.c.exclusive.is_(True))
    return list(db.execute(query.order_by(grid_nodes.c.id)).scalars())


# --- people --------------------------------------------------------------------------------------


def person_of(db: Connection, community_id: int, platform: str, user: str) -> int | None:
    """The person behind an account, if he was seen before."""
    which = {"of_community": community_id, "platform": platform, "user": user}
    found: int | None = db.execute(_PERSON, which).scalar_one_or_none()
    return found


def persons_of_user(
    db: Connection, platform: str, user: str, now: datetime
) -> list[tuple[int, int, str, Role | None]]:
    """(community, person, name, role) of an account in every community; the role None: a resident."""
    rows = db.execute(_PERSONS_OF_USER, {"platform": platform, "user": user, "now": now})
    first: dict[int, tuple[int, int, str, Role | None]] = {}
    for row in rows:
        role = Role(row.role) if row.role else None
        first.setdefault(row.id, (row.community_id, row.id, row.name, role))
    return list(first.values())


def bound_chats(db: Connection, platform: str, bot: str) -> list[str]:
    """The platform's ids of a bot's groups that are bound to a grid."""
    query = sa.select(chats.c.chat).where(
        chats.c.platform == platform,
        chats.c.bot == bot,
        chats.c.kind == ChatKind.GROUP.value,
        chats.c.community_id.is_not(None),
    )
    return list(db.execute(query.order_by(chats.c.id)).scalars())


def name_of(db: Connection, person_id: int) -> str:
    return db.execute(_NAME, {"person": person_id}).scalar_one_or_none() or ""


def roles_of(
    db: Connection, community_id: int, person_id: int, node_id: int | None, now: datetime
) -> frozenset[Role]:
    """What somebody may do at a node: roles he holds there, above, or in the whole community.

    `node_id` None: what he holds anywhere in the community.
    """
    rows = db.execute(_HELD, {"of_community": community_id, "person": person_id}).all()
    held = [Holding(Role(row.role), row.node_id, row.until, row.absent_until) for row in rows]
    held += [Holding(Role.DEPUTY, node) for node in duty.of_person(db, community_id, person_id, now)]
    if not held:
        return frozenset()
    nodes = None
    if node_id is not None:
        nodes = {row.id for row in db.execute(_CHAIN, {"node": node_id})}
    return rules.roles_at(held, nodes, now)


def admins(db: Connection, community_id: int) -> list[int]:
    """Person ids of the admins."""
    return list(db.execute(_ADMINS, {"of_community": community_id}).scalars())


# --- chats ---------------------------------------------------------------------------------------


def chat_of(db: Connection, platform: str, bot: str, chat: str) -> Row[Any] | None:
    return db.execute(_CHAT, {"platform": platform, "bot": bot, "chat": chat}).one_or_none()


def node_of_chat(db: Connection, chat_id: int) -> int | None:
    found: int | None = db.execute(_NODE_OF_CHAT, {"of_chat": chat_id}).scalar_one_or_none()
    return found


def private_chat_of(db: Connection, person_id: int, platform: str | None = None) -> Row[Any] | None:
    """The chat in which somebody is alone with the bot and can be written to; None if there is none.

    With `platform`, one there if he has one. Else where he wants to be written to (以后发到…), or where he
    spoke last. One account may be known in two communities: the chat is the same.
    """
    rows = db.execute(_PRIVATE_CHAT, {"person": person_id}).all()
    if len({row.platform for row in rows}) < 2 or any(row.platform == platform for row in rows):
        return next((row for row in rows if row.platform == platform), rows[0] if rows else None)
    prefers = (db.execute(_DATA, {"person": person_id}).scalar() or {}).get("prefers")
    chosen = [row for row in rows if row.platform == prefers] or rows
    return max(chosen, key=lambda row: (row.lease_until or _NEVER, -row.id))


def reached_people(db: Connection, community_id: int | None) -> frozenset[int]:
    """Everybody of a community who can be written to in private."""
    return frozenset(db.execute(_REACHED_PEOPLE, {"of_community": community_id}).scalars())


def leaders_chat(db: Connection, community_id: int) -> Row[Any] | None:
    """The leaders' group (网格长群), if one is bound and the bot is in it."""
    return db.execute(_LEADERS_CHAT, {"of_community": community_id}).one_or_none()
