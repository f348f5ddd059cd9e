"""Who is responsible, in which order: place × type × inside or outside the wall. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby, zip_longest

from gridbot.messages import Role

INSIDE, OUTSIDE = "inside", "outside"
PROPERTY = "物业"  #: the property manager: a unit so called is skipped where nobody manages the yard
NAMED = "@named"  #: in a pack's `against`: the units that the report itself names
HANDLES = (Role.LEADER, Role.DEPUTY)
INVITATION_LASTS = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Party:
    """One who may be asked to see to it: a person (`person_id`) or a partner unit (`unit_id`).

    `reachable`: has a private chat with the bot. `disputed`: is a party to the dispute and may only be
    asked beside somebody else.
    """

    name: str
    person_id: int | None = None
    unit_id: int | None = None
    role: Role = Role.LEADER
    node_id: int | None = None  #: the node he holds; None: the whole community
    reachable: bool = False
    contact: str = ""  #: how a unit is reached without a chat
    disputed: bool = False
    beside: bool = False  #: holds the same place as those before, by another grid (专属网格): not above them


@dataclass(frozen=True, slots=True)
class UnitScope:
    """A partner unit (单位: 物业, 市政, 城管 …): which issue types it handles, on which side, where."""

    id: int
    name: str
    handles: tuple[str, ...] = ()
    side: str = ""  #: inside | outside | "" both
    contact: str = ""
    aliases: tuple[str, ...] = ()
    grids: tuple[str, ...] = ()  #: paths under which it works; () everywhere
    unmanaged: bool = False  #: works in yards without a property manager too

    def called(self, name: str) -> bool:
        """Whether `name`, as a pack or a resident says it (物业), means this unit (康桥物业)."""
        return bool(name) and any(name in own or own in name for own in (self.name, *self.aliases))

    @property
    def manages(self) -> bool:
        """Whether it is a property manager (物业公司)."""
        return any(PROPERTY in own for own in (self.name, *self.aliases))


@dataclass(frozen=True, slots=True)
class Where:
    """A place as far as routing asks: side of the wall, managed or not, paths from the node upwards."""

    side: str = ""  #: inside | outside | "" not known
    unmanaged: bool = False  #: 无主管: no property manager
    path: str = ""


@dataclass(frozen=True, slots=True)
class What:
    """An issue as far as routing asks. The names of units come from the pack of its type."""

    type: str = ""
    owner_first: bool = False  #: 部件先属主; else 事件先属地
    inside: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    against: tuple[str, ...] = ()  #: names of those complained about
    against_people: frozenset[int] = frozenset()


def responsible(
    what: What,
    where: Where,
    units: Iterable[UnitScope],
    near: Sequence[Party],
    elsewhere: Sequence[Party] = (),
    admins: Sequence[Party] = (),
) -> list[Party]:
    """Everybody who may be asked, the first to be asked first.

    `near`: holders of the node and of those above it, nearest node first, leaders before deputies, the
    absent left out. `elsewhere`: leaders of the whole community, highest first. The owner of a thing
    (部件: gas valve, lift) comes before the grid leader, the grid leader of a place before the owner of
    what merely happens there. A party to the dispute comes last and never alone.
    """
    units = list(units)
    people = handlers(near, elsewhere, admins, without=what.against_people)
    parties = [unit for unit in units if _works_at(unit, where) and is_party(unit, what.against)]
    able = [unit for unit in matching_units(what, where, units) if unit not in parties]
    bodies = [_body(unit) for unit in able]
    bodies += [_body(unit, disputed=True) for unit in parties]
    ordered = [*bodies, *people] if what.owner_first else [*people, *bodies]
    neutral = [party for party in ordered if not party.disputed]
    return [*neutral, *(party for party in ordered if party.disputed)] if neutral else []


def is_party(unit: UnitScope, against: Iterable[str]) -> bool:
    """Whether a complaint about `against` is about this unit."""
    return any(unit.called(name) for name in against)


def _body(unit: UnitScope, *, disputed: bool = False) -> Party:
    return Party(unit.name, unit_id=unit.id, role=Role.UNIT, contact=unit.contact, disputed=disputed)


def complained_of(
    against: Iterable[str], words: str, units: Iterable[UnitScope], own: Iterable[str]
) -> tuple[str, ...]:
    """The names of those a report complains about: `against` as the packs of its types say it, NAMED put
    into the names of units that stand in its words. `own`: who the packs hold responsible for it, who are
    named as helpers, not as parties. 物业 is meant even where the directory knows none."""
    names = list(against)
    if NAMED not in names:
        return tuple(dict.fromkeys(names))
    helpers = tuple(own)
    found = [name for name in names if name != NAMED]
    for unit in units:
        called = [name for name in (unit.name, *unit.aliases) if len(name) > 1 and name in words]
        if called and not any(unit.called(one) for one in helpers):
            found.append(unit.name)
    if PROPERTY in words and not any(PROPERTY in one for one in helpers):
        found.append(PROPERTY)
    return tuple(dict.fromkeys(found))


def one_of_each_side(
    what: What, where: Where, units: Iterable[UnitScope]
) -> tuple[UnitScope, UnitScope] | None:
    """The body inside the wall and the one outside, where both have a share and are not the same."""
    units = list(units)
    sides = []
    for side in (INSIDE, OUTSIDE):
        there = matching_units(what, replace(where, side=side), units)
        sides.append(next((one for one in there if not is_party(one, what.against)), None))
    inside, outside = sides
    return (inside, outside) if inside and outside and inside != outside else None


def side_decides(
    what: What,
    where: Where,
    units: Iterable[UnitScope],
    near: Sequence[Party],
    elsewhere: Sequence[Party] = (),
) -> bool:
    """Whether 院里还是马路上 is worth a question: not known, and another would be asked first."""
    if where.side:
        return False
    units = list(units)
    inside, outside = (
        responsible(what, replace(where, side=side), units, near, elsewhere)[:1] for side in (INSIDE, OUTSIDE)
    )
    return inside != outside


def handlers(
    near: Sequence[Party],
    elsewhere: Sequence[Party] = (),
    admins: Sequence[Party] = (),
    *,
    without: Collection[int] = (),
) -> list[Party]:
    """Persons in the order to be asked: up the tree to the first node with somebody who can be reached.

    Those passed on the way stay in the list: they hold the place, though a message cannot reach them yet.
    If nobody above can be reached, the admins follow. Where nobody holds the place at all (one group and
    one leader are enough), it is whoever leads elsewhere, highest first, who can be reached.
    """
    near, elsewhere, admins = (
        [party for party in tier if party.person_id not in without] for tier in (near, elsewhere, admins)
    )
    found: list[Party] = []
    tiers = [list(holders) for _node, holders in groupby(near, key=_node_of)]
    for holders, following in zip_longest(tiers, tiers[1:], fillvalue=()):
        found += holders
        if any(map(_reachable, found)) and not any(party.beside for party in following):
            return _once(found)
    if not found:
        nodes = [list(holders) for _node, holders in groupby(elsewhere, key=_node_of)]
        reached = (holders for holders in nodes if any(map(_reachable, holders)))
        found = next(reached, nodes[0] if nodes else [])
    return _once(found if any(map(_reachable, found)) else [*found, *admins])


def _node_of(party: Party) -> int | None:
    return party.node_id


def _reachable(party: Party) -> bool:
    return party.reachable


def matching_units(what: What, where: Where, units: Iterable[UnitScope]) -> list[UnitScope]:
    """Units for a type at a place: those the pack names, in its order, then those that say they handle it.

    Side not known: those of inside first, then those of outside. 物业 is left out outside the wall unless
    it says it works there, and in yards nobody manages unless it looks after such yards.
    """
    able = [unit for unit in units if _works_at(unit, where)]
    names = _names(what, where.side)
    named = [unit for name in names for unit in able if unit.called(name)]
    handling = [unit for unit in able if what.type in unit.handles]
    return list(dict.fromkeys([*(unit for unit in named if unit in handling), *named, *handling]))


def _names(what: What, side: str) -> tuple[str, ...]:
    if side == INSIDE:
        return what.inside
    if side == OUTSIDE:
        return what.outside
    return (*what.inside, *what.outside)


def _works_at(unit: UnitScope, where: Where) -> bool:
    if where.side and unit.side not in ("", where.side):
        return False
    if unit.manages and where.unmanaged and not unit.unmanaged:
        return False
    if unit.manages and where.side == OUTSIDE and unit.side != OUTSIDE:
        return False
    return not unit.grids or any(under(where.path, path) for path in unit.grids)


def under(path: str, above: str) -> bool:
    """Whether a path is the other one or lies below it."""
    return path == above or path.startswith(above + "/")


def _once(parties: Iterable[Party]) -> list[Party]:
    first: dict[int | None, Party] = {}
    for party in parties:
        first.setdefault(party.person_id, party)
    return list(first.values())


# --- holdings and invitations --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Holding:
    """A role somebody has at a node (None: in the whole community). Times are aware UTC."""

    role: Role
    node_id: int | None = None
    until: datetime | None = None
    absent_until: datetime | None = None

    def held(self, now: datetime) -> bool:
        return self.until is None or self.until > now


def roles_at(holdings: Iterable[Holding], nodes: Collection[int] | None, now: datetime) -> frozenset[Role]:
    """The roles that count at a place. `nodes`: its node and those above it; None: anywhere at all.

    Absence takes no right away: who looks in on his holiday may act.
    """
    return frozenset(
        one.role
        for one in holdings
        if one.held(now) and (nodes is None or one.node_id is None or one.node_id in nodes)
    )


class Refusal(StrEnum):
    """Why an invitation or a dismissal was refused."""

    UNKNOWN = "unknown"  #: no such invitation
    USED = "used"
    EXPIRED = "expired"
    TAKEN = "taken"  #: the account already belongs to another person of the directory
    LAST_ADMIN = "last_admin"


def invitation_refused(until: datetime, used_at: datetime | None, now: datetime) -> Refusal | None:
    if used_at is not None:
        return Refusal.USED
    return Refusal.EXPIRED if until <= now else None


# --- posters -------------------------------------------------------------------------------------

_SCENE = re.compile(r"grid-([1-9]\d{0,17})")


def scene_of(node_id: int) -> str:
    """What a poster's code says of where it hangs (at most 32 of 0-9a-zA-Z_-)."""
    return f"grid-{node_id}"


def grid_of_scene(scene: str) -> int | None:
    """None: a code of somebody else's making."""
    found = _SCENE.fullmatch(scene)
    return int(found[1]) if found else None
