"""A checked directory into the tables: first what would change, then, all of it or nothing, the change.

The file decides about grids, their places and who leads them: what is not in it any more goes. Groups,
units, service days, settings and admins it only adds to or changes when it names some: a section that is
left out is left alone, admins and groups are never taken away (that is 解绑 and 免去).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot.grid import handover, import_more, import_people
from gridbot.grid.community import bump_version
from gridbot.grid.directory import Directory, Grid, Place
from gridbot.grid.guard import only_admins
from gridbot.grid.report import ImportRefusedError, ImportReport, Tally
from gridbot.messages import Actor, ChatKind
from gridbot.store.tables import cases, chats, communities, grid_nodes, holdings, invitations, places

EXPECT = "expect"  #: key in community.settings: which levels the file counts
_ADD_NODE = sa.insert(grid_nodes)
_ADD_PLACE = sa.insert(places)


@dataclass(slots=True)
class Plan:
    """What is there, what shall be, and the difference."""

    directory: Directory
    community_id: int | None
    wanted: dict[str, Grid]  #: by path, parents first
    nodes: dict[str, Row[Any]]  #: what is there, inactive ones too
    places: dict[int, tuple[Place, ...]]
    positions: dict[str, int]  #: among those with the same parent
    levels: dict[str, Tally] = field(default_factory=dict)
    removed: list[Row[Any]] = field(default_factory=list)

    def same(self, path: str) -> bool:
        """Whether grid and places are as the directory has them (its place among its like aside)."""
        node, grid = self.nodes.get(path), self.wanted[path]
        return (
            node is not None
            and node.active
            and node.path == path
            and _columns(grid) == {name: getattr(node, name) for name in _columns(grid)}
            and self.places.get(node.id, ()) == grid.places
        )


def import_directory(
    db: Connection, directory: Directory, *, actor: Actor, now: datetime, dry_run: bool = False
) -> ImportReport:
    """Brings the tables to what the directory says; the same file twice changes nothing.

    Raises ImportRefusedError, before anything is written, if open cases or groups would lose their grid,
    NotAllowedError for anybody but an admin. With `dry_run` nothing is written and the refusal is in the
    report.
    """
    only_admins(actor)
    plan = _plan(db, directory)
    problems = (
        *_orphans(db, plan),
        *import_more.left_behind(db, directory, plan.community_id),
        *import_more.conflicts(db, directory, plan.community_id),
    )
    if problems and not dry_run:
        raise ImportRefusedError(problems)
    tallies = import_more.tally(db, directory, plan.community_id)
    created, community_id = plan.community_id is None, plan.community_id
    warnings = [*directory.warnings, *import_people.partings(db, directory, community_id, now)]
    if not dry_run:
        community_id = _write_community(db, plan, now)
        warnings += _write(db, plan, community_id, now)
    known = import_people.count_bound(db, directory, community_id)
    return ImportReport(
        directory.community,
        community_id,
        created,
        dry_run,
        plan.levels,
        *tallies,
        *known,
        warnings=tuple(warnings),
        problems=problems,
    )


def _plan(db: Connection, directory: Directory) -> Plan:
    query = sa.select(communities.c.id).where(communities.c.name == directory.community)
    community_id = db.execute(query).scalar_one_or_none()
    rows = db.execute(sa.select(grid_nodes).where(grid_nodes.c.community_id == community_id)).all()
    plan = Plan(
        directory,
        community_id,
        dict(directory.walk()),
        {row.path: row for row in rows},
        import_more.places_by_node(db, community_id),
        _positions(directory),
    )
    moved = _moved(plan)
    plan.nodes |= moved
    stay = {row.id for row in moved.values()}
    for path, grid in plan.wanted.items():
        tally = plan.levels.setdefault(grid.level, Tally())
        tally.total += 1
        node = plan.nodes.get(path)
        if node is None or not node.active:
            tally.added += 1
        elif not plan.same(path):
            tally.changed += 1
    for row in rows:
        if row.active and row.path not in plan.wanted and row.id not in stay:
            plan.levels.setdefault(row.level, Tally()).removed += 1
            plan.removed.append(row)
    return plan


def _moved(plan: Plan) -> dict[str, Row[Any]]:
    """Grids that hang elsewhere now, by their new path: of one name and level, alone in that on both sides,
    with a place in common. They keep their rows, and with them their open cases."""
    gone = [row for row in plan.nodes.values() if row.active and row.path not in plan.wanted]
    fresh = [path for path in plan.wanted if path not in plan.nodes]
    found = {}
    for path in fresh:
        grid = plan.wanted[path]
        like = [row for row in gone if (row.name, row.level) == (grid.name, grid.level)]
        rivals = [one for one in fresh if plan.wanted[one].name == grid.name]
        if len(like) == 1 and len(rivals) == 1 and _named(grid) & _named_under(plan, like[0].path):
            found[path] = like[0]
    return found


def _named(grid: Grid) -> set[str]:
    """The places of a grid and of those below it."""
    return {place.name for place in grid.places}.union(*map(_named, grid.children))


def _named_under(plan: Plan, path: str) -> set[str]:
    below = [row.id for row in plan.nodes.values() if row.path == path or row.path.startswith(path + "/")]
    return {place.name for node in below for place in plan.places.get(node, ())}


def _orphans(db: Connection, plan: Plan) -> list[str]:
    """What would lose its grid, as sentences."""
    problems = []
    wanted_chats = {account for group in plan.directory.groups for account in group.accounts}
    for node in plan.removed:
        of_case = sa.or_(cases.c.node_id == node.id, cases.c.level_node_id == node.id)
        numbers = db.execute(
            sa.select(cases.c.number)
            .where(
                cases.c.community_id == plan.community_id, of_case, cases.c.state.in_(import_more.STILL_OPEN)
            )
            .order_by(cases.c.number)
        ).scalars()
        if shown := "、".join(map(str, numbers)):
            problems.append(f"名单里没有{node.path}了,可那里还有没办完的事:{shown}。先办完或转走")
        bound = db.execute(
            sa.select(chats.c.title, chats.c.platform, chats.c.chat).where(
                chats.c.node_id == node.id, chats.c.kind == ChatKind.GROUP.value
            )
        )
        titles = [row.title or row.chat for row in bound if (row.platform, row.chat) not in wanted_chats]
        if titles:
            problems.append(f"名单里没有{node.path}了,可还有群绑在那里:{'、'.join(titles)}。先改绑")
    return problems


# --- writing -------------------------------------------------------------------------------------


def _write(db: Connection, plan: Plan, community_id: int, now: datetime) -> list[str]:
    ids = _nodes(db, plan, community_id)
    _remove(db, plan.removed, now)
    persons = import_people.write(db, plan.directory, community_id, ids, now)
    warnings = import_more.write(db, plan.directory, community_id, ids, persons, now)
    bump_version(db, community_id)
    return warnings


def _write_community(db: Connection, plan: Plan, now: datetime) -> int:
    directory = plan.directory
    values: dict[str, Any] = {"timezone": directory.timezone, "sample": directory.sample}
    if plan.community_id is None:
        settings = {**directory.settings, EXPECT: [level for level, _count in directory.expect]}
        values |= {"name": directory.community, "settings": settings, "salt": secrets.token_hex(16)}
        return _key(db.execute(sa.insert(communities).values(**values, created_at=now)))
    one = communities.c.id == plan.community_id
    row = db.execute(sa.select(communities.c.settings).where(one).with_for_update()).one()
    settings = {**(row.settings or {}), **directory.settings}
    if directory.expect:
        settings[EXPECT] = [level for level, _count in directory.expect]
    db.execute(sa.update(communities).where(one).values(**values, settings=settings))
    return plan.community_id


def _nodes(db: Connection, plan: Plan, community_id: int) -> dict[str, int]:
    """Writes grids and places; the id of each path."""
    ids: dict[str, int] = {}
    fresh: list[dict[str, Any]] = []
    for path, grid in plan.wanted.items():
        node, position = plan.nodes.get(path), plan.positions[path]
        if node is not None and plan.same(path) and node.position == position:
            ids[path] = node.id
            continue
        above = path.rpartition("/")[0]
        values = _columns(grid) | {"position": position, "active": True, "parent_id": ids.get(above)}
        if node is None:
            values |= {"community_id": community_id, "name": grid.name, "path": path, "data": {}}
            ids[path] = _key(db.execute(_ADD_NODE, values))
        else:
            ids[path] = node.id
            values |= {"path": path}
            db.execute(sa.update(grid_nodes).where(grid_nodes.c.id == node.id).values(**values))
            db.execute(sa.delete(places).where(places.c.node_id == node.id))
        fresh += [_place(place, community_id, ids[path]) for place in grid.places]
    if fresh:
        db.execute(_ADD_PLACE, fresh)
    return ids


def _remove(db: Connection, nodes: list[Row[Any]], now: datetime) -> None:
    """A grid that is gone keeps its row, for old cases point at it; its places and holders go."""
    for node in nodes:
        db.execute(sa.update(grid_nodes).where(grid_nodes.c.id == node.id).values(active=False))
        handover.node_gone(db, node.community_id, node.id, now)
        db.execute(sa.delete(places).where(places.c.node_id == node.id))
        db.execute(
            sa.update(holdings)
            .where(holdings.c.node_id == node.id, holdings.c.until.is_(None))
            .values(until=now)
        )
        db.execute(
            sa.update(invitations)
            .where(invitations.c.node_id == node.id, invitations.c.used_at.is_(None))
            .values(until=now)
        )


def _columns(grid: Grid) -> dict[str, Any]:
    return {"level": grid.level, "exclusive": grid.exclusive, "unmanaged": grid.unmanaged}


def _positions(directory: Directory) -> dict[str, int]:
    like: dict[str, int] = {}
    found = {}
    for path, _grid in directory.walk():
        above = path.rpartition("/")[0]
        found[path] = like.setdefault(above, 0)
        like[above] += 1
    return found


def _place(place: Place, community_id: int, node_id: int) -> dict[str, Any]:
    return {
        "community_id": community_id,
        "node_id": node_id,
        "name": place.name,
        "aliases": list(place.aliases),
        "kind": place.kind,
        "side": place.side,
        "unmanaged": place.unmanaged,
    }


def _key(result: sa.CursorResult[Any]) -> int:
    assert result.inserted_primary_key is not None
    return int(result.inserted_primary_key[0])
