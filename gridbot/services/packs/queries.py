"""What a meeting's pack and a month's figures are made of, read from rows and the record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot.cases import deadlines, names, queries
from gridbot.cases.facts import facts
from gridbot.cases.position import late
from gridbot.cases.rates import End, Fact, under
from gridbot.cases.rules import call_it, public_place
from gridbot.grid import queries as grid
from gridbot.grid.settings import SettingsView
from gridbot.grid.tree import Node, Tree, load_tree
from gridbot.messages import OPEN_STATES, CaseState, ChatRole, Move, Role
from gridbot.services.echo.queries import place_names
from gridbot.services.packs.rules import Item, Plan, Spot, hot_spots
from gridbot.store.tables import case_events, cases, chats, communities, holdings, meetings, places, units
from gridbot.texts import packs as words

_OPEN = [state.value for state in OPEN_STATES]
_GONE = (CaseState.WITHDRAWN.value, CaseState.MERGED.value)
_TURNS = (
    sa.select(case_events)
    .where(
        case_events.c.community_id == sa.bindparam("of_community"),
        case_events.c.case_id.is_not(None),
        case_events.c.at >= sa.bindparam("since"),
        case_events.c.at < sa.bindparam("until"),
        case_events.c.move.in_((Move.ESCALATED.value, Move.REOPENED.value, Move.UNDONE.value)),
    )
    .order_by(case_events.c.seq)
)
_NEWS = (
    sa.select(case_events.c.case_id, sa.func.max(case_events.c.at))
    .join(cases, cases.c.id == case_events.c.case_id)
    .where(
        case_events.c.community_id == sa.bindparam("of_community"),
        case_events.c.role != Role.SYSTEM.value,
        case_events.c.move != Move.VIEWED.value,
        queries.is_live,
    )
    .group_by(case_events.c.case_id)
)
_LEADS = (Role.LEADER.value, Role.DEPUTY.value)


@dataclass(frozen=True, slots=True)
class Part:
    """A grid with all below it, or (`node` None) the whole community. What is private shows at the top alone:
    further down, that there was something would say where."""

    name: str
    path: str = ""
    node: Node | None = None
    ids: frozenset[int] = frozenset()
    grids: tuple[Node, ...] = ()  #: those right below, or it alone

    @property
    def top(self) -> bool:
        return self.node is None or self.node.depth == 0


@dataclass(frozen=True, slots=True)
class Week:
    """All of a meeting's pack. Times are aware UTC; nobody's name in it."""

    part: Part
    reported: int
    mended: int
    working: int
    items: tuple[Item, ...]
    spots: tuple[Spot, ...]
    unled: tuple[tuple[str, str], ...]  #: (grid, its houses): nobody leads it
    unhandled: tuple[str, ...]  #: names of issue types no unit has
    zero: tuple[tuple[str, str], ...]  #: (grid, why nothing came)


def part_of(db: Connection, community_id: int, node_id: int | None = None) -> Part:
    """Raises KeyError for a node of another community, or one that is gone."""
    tree = load_tree(db, community_id)
    if node_id is None:
        name = db.execute(sa.select(communities.c.name).where(communities.c.id == community_id)).scalar_one()
        children = tree.children(tree.roots[0].id) if len(tree.roots) == 1 else tree.roots
        return Part(name, grids=children or tree.roots, ids=frozenset(tree.by_id))
    node = tree.by_id[node_id]
    below = (node, *tree.descendants(node_id))
    ids = frozenset(one.id for one in below)
    return Part(node.name, node.path, node, ids, tree.children(node_id) or (node,))


def week(
    db: Connection,
    community_id: int,
    part: Part,
    since: datetime,
    until: datetime,
    *,
    titles: Mapping[str, str],
    plan: Plan,
    now: datetime,
) -> Week:
    """`titles`: issue type → its name. Figures are of [since, until); what is open is as of `now`."""
    known = _known(db, community_id, since, until)
    found = [one for one in facts(db, community_id, since, until) if _counts(one, part)]
    mine = [row for row in _cases(db, community_id, since, until) if _is_mine(row, part)]
    working = sum(1 for row in mine if row.state in _OPEN and row.parent_id is None)
    return Week(
        part=part,
        reported=len(found),
        mended=_mended(db, community_id, part, since, until),
        working=working,
        items=tuple(_item(db, row, known, now) for row in mine),
        spots=tuple(_spots(db, community_id, part, titles, plan, now)),
        unled=tuple(_unled(db, community_id, part, now)),
        unhandled=tuple(_unhandled(db, community_id, titles)) if part.top else (),
        zero=tuple(_zero(db, community_id, known.tree, part, found)),
    )


def month(db: Connection, community_id: int, part: Part, since: datetime, until: datetime) -> list[Fact]:
    """The cases of a month that count, of a part of a community."""
    return [one for one in facts(db, community_id, since, until) if _counts(one, part)]


def _counts(one: Fact, part: Part) -> bool:
    return one.end is not End.OUT and bool(under([one], part.path)) and (part.top or not one.private)


def _is_mine(row: Row[Any], part: Part) -> bool:
    inside = part.node is None or row.node_id in part.ids
    return inside and (part.top or not row.private) and not row.data.get("false_alarm")


# --- cases ---------------------------------------------------------------------------------------


def _cases(db: Connection, community_id: int, since: datetime, until: datetime) -> list[Row[Any]]:
    """Those that are not over, and those something happened to in the period."""
    which = {"of_community": community_id, "since": since, "until": until}
    turned = sa.select(_TURNS.subquery().c.case_id)
    query = (
        sa.select(cases)
        .where(
            cases.c.community_id == sa.bindparam("of_community"),
            cases.c.number.is_not(None),
            cases.c.state.not_in(_GONE),
            sa.or_(queries.is_live, cases.c.id.in_(turned)),
        )
        .order_by(cases.c.number)
    )
    return list(db.execute(query, which))


def _mended(db: Connection, community_id: int, part: Part, since: datetime, until: datetime) -> int:
    over = (
        (cases.c.community_id == community_id)
        & queries.is_whole
        & cases.c.state.in_((CaseState.DONE.value, CaseState.CLOSED.value))
        & (cases.c.done_at >= since)
        & (cases.c.done_at < until)
    )
    return sum(_is_mine(row, part) for row in db.execute(sa.select(cases).where(over)))


@dataclass(frozen=True, slots=True)
class _Known:
    """What all cases of a pack are seen against."""

    tree: Tree
    units: Mapping[int, str]
    meetings: Mapping[int, str]
    settings: SettingsView
    climbed: frozenset[int]  #: case ids, in the period
    reopened: frozenset[int]
    news: Mapping[int, datetime]


def _known(db: Connection, community_id: int, since: datetime, until: datetime) -> _Known:
    which = {"of_community": community_id, "since": since, "until": until}
    turns = db.execute(_TURNS, which).all()
    undone = {one.data.get("event") for one in turns if one.move == Move.UNDONE}
    climbed, reopened = (
        frozenset(one.case_id for one in turns if one.move == move and one.id not in undone)
        for move in (Move.ESCALATED, Move.REOPENED)
    )
    news = {row[0]: row[1] for row in db.execute(_NEWS, {"of_community": community_id})}
    return _Known(
        load_tree(db, community_id),
        _names(db, units, community_id),
        _names(db, meetings, community_id),
        grid.settings_of(db, community_id),
        climbed,
        reopened,
        news,
    )


def _names(db: Connection, table: sa.Table, community_id: int) -> dict[int, str]:
    query = sa.select(table.c.id, table.c.name).where(table.c.community_id == community_id)
    return {row.id: row.name for row in db.execute(query)}


def _item(db: Connection, row: Row[Any], known: _Known, now: datetime) -> Item:
    over = [by for _, by in late(row, deadlines.stages(row, known.settings, now), now)]
    paused = row.data.get("paused") or {}
    here = known.tree.by_id.get(row.level_node_id or row.node_id)
    unit = known.units.get(row.unit_id or 0, "")
    what = call_it(row.data.get("titles", []), row.place, shared=True)
    return Item(
        number=row.number,
        what=words.PRIVATE_CASE if row.private else names.masked(db, row.community_id, what),
        where="" if row.private else unit or (here.name if here else ""),
        reported=row.reported_at,
        news=known.news.get(row.id, row.reported_at),
        open=row.state in _OPEN,
        late_since=min(over, default=None),
        climbed=row.id in known.climbed,
        reopened=row.id in known.reopened,
        paused=names.masked(db, row.community_id, str(paused.get("what", ""))),
        paused_until=datetime.fromisoformat(paused["until"]) if paused else None,
        meeting=known.meetings.get(row.data.get("meeting") or 0, ""),
    )


def _spots(
    db: Connection, community_id: int, part: Part, titles: Mapping[str, str], plan: Plan, now: datetime
) -> list[Spot]:
    query = (
        sa.select(cases)
        .where(
            cases.c.community_id == community_id,
            cases.c.reported_at >= now - timedelta(days=plan.hot_days),
            cases.c.number.is_not(None),
            cases.c.private.is_(False),
            cases.c.state.not_in(_GONE),
            queries.is_whole,
        )
        .order_by(cases.c.number)
    )
    known = sorted(place_names(db, community_id), key=len, reverse=True)
    reports = [
        (_area(db, row, known), [titles.get(kind, kind) for kind in row.types[:1]])
        for row in db.execute(query)
        if _is_mine(row, part)
    ]
    return hot_spots(reports, plan.hot_cases)


def _area(db: Connection, row: Row[Any], known: Sequence[str]) -> str:
    """A place by which two reports of it are one: a name of the directory, else without door and names."""
    where = public_place(row.place)
    return next((one for one in known if one and one in where), "") or names.masked(
        db, row.community_id, where
    )


# --- the grid ------------------------------------------------------------------------------------


def _unled(db: Connection, community_id: int, part: Part, now: datetime) -> list[tuple[str, str]]:
    """每栋楼栋有人管: the houses of grids nobody leads."""
    led = set(
        db.execute(
            sa.select(holdings.c.node_id).where(
                holdings.c.community_id == community_id,
                holdings.c.role.in_(_LEADS),
                sa.or_(holdings.c.until.is_(None), holdings.c.until > now),
            )
        ).scalars()
    )
    rows = db.execute(
        sa.select(places.c.name, places.c.node_id)
        .where(places.c.community_id == community_id)
        .order_by(places.c.id)
    )
    houses: dict[int, list[str]] = {}
    for row in rows:
        if row.node_id in part.ids and row.node_id not in led:
            houses.setdefault(row.node_id, []).append(row.name)
    by_id = load_tree(db, community_id).by_id
    return [(by_id[node].name, "、".join(found)) for node, found in houses.items()]


def _unhandled(db: Connection, community_id: int, titles: Mapping[str, str]) -> list[str]:
    """每项事务有人抓: the issue types no unit has."""
    handled = {kind for unit in grid.unit_scopes(db, community_id) for kind in unit.handles}
    return [title for kind, title in titles.items() if kind not in handled]


def _zero(
    db: Connection, community_id: int, tree: Tree, part: Part, found: Sequence[Fact]
) -> list[tuple[str, str]]:
    """零上报: the grids from which nothing came. Where no group is heard that is no nought."""
    heard = set(
        db.execute(
            sa.select(chats.c.node_id).where(
                chats.c.community_id == community_id,
                chats.c.role == ChatRole.RESIDENTS.value,
                chats.c.active.is_(True),
            )
        ).scalars()
    )
    lines = []
    for node in part.grids:
        if under(found, node.path):
            continue
        near = {node.id, *(one.id for one in (*tree.ancestors(node.id), *tree.descendants(node.id)))}
        lines.append((node.name, words.NO_REPORT if near & heard else words.NO_GROUP))
    return lines


# --- what a unit has of a month ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Handled:
    """A unit's own line: how many cases of a month were given to it, and how many of those are closed."""

    unit_id: int
    unit: str
    handled: int
    closed: int


def handled(db: Connection, community_id: int, since: datetime, until: datetime) -> list[Handled]:
    """In the directory's order; a unit without a case has no line. Shares count: a unit has its own."""
    query = (
        sa.select(
            units.c.id,
            units.c.name,
            sa.func.count().label("handled"),
            sa.func.count().filter(cases.c.state == CaseState.CLOSED.value).label("closed"),
        )
        .join(cases, cases.c.unit_id == units.c.id)
        .where(
            cases.c.community_id == community_id,
            cases.c.reported_at >= since,
            cases.c.reported_at < until,
            cases.c.number.is_not(None),
            cases.c.state.not_in(_GONE),
        )
        .group_by(units.c.id, units.c.name)
        .order_by(units.c.id)
    )
    return [Handled(row.id, row.name, int(row.handled), int(row.closed)) for row in db.execute(query)]
