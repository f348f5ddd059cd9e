"""The parts of a directory beside the grids: groups, units, service days."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot.grid.directory import Directory, Group, Place, ServiceDay, Unit
from gridbot.grid.import_people import Persons, write_units
from gridbot.grid.report import Tally
from gridbot.messages import OPEN_STATES, CaseState, ChatKind
from gridbot.store.tables import (
    case_asks,
    cases,
    chats,
    communities,
    grid_nodes,
    holdings,
    invitations,
    places,
    service_days,
    units,
)

STILL_OPEN = [state.value for state in (*OPEN_STATES, CaseState.DONE)]
RETIRED = "retired"  #: key in unit.data: not in the directory any more, kept for the cases that name it


def places_by_node(db: Connection, community_id: int | None) -> dict[int, tuple[Place, ...]]:
    rows = db.execute(sa.select(places).where(places.c.community_id == community_id).order_by(places.c.id))
    found: dict[int, list[Place]] = {}
    for row in rows:
        place = Place(row.name, tuple(row.aliases or ()), row.kind, row.side, row.unmanaged)
        found.setdefault(row.node_id, []).append(place)
    return {node: tuple(listed) for node, listed in found.items()}


def conflicts(db: Connection, directory: Directory, community_id: int | None) -> list[str]:
    """Groups that already are another community's."""
    problems = []
    for group in directory.groups:
        for platform, chat in group.accounts:
            owner = db.execute(
                sa.select(communities.c.name)
                .join(chats, chats.c.community_id == communities.c.id)
                .where(chats.c.platform == platform, chats.c.chat == chat, communities.c.id != community_id)
                .limit(1)
            ).scalar()
            if owner is not None:
                problems.append(f"群「{group.name}」({platform} {chat})已经是{owner}的群")
    return problems


def left_behind(db: Connection, directory: Directory, community_id: int | None) -> list[str]:
    """Units the file no longer names that still have something to do; as sentences."""
    if community_id is None or not directory.units:
        return []
    named = {unit.name for unit in directory.units}
    problems = []
    for row in _units_there(db, community_id):
        if row.name in named or (row.data or {}).get(RETIRED):
            continue
        open_ = cases.c.state.in_(STILL_OPEN)
        asked = sa.select(case_asks.c.case_id).where(
            case_asks.c.unit_id == row.id, case_asks.c.state == "open"
        )
        theirs = sa.or_(cases.c.unit_id == row.id, cases.c.id.in_(asked))
        numbers = db.execute(
            sa.select(cases.c.number)
            .where(cases.c.community_id == community_id, open_, theirs, cases.c.number.is_not(None))
            .order_by(cases.c.number)
        ).scalars()
        if shown := "、".join(map(str, numbers)):
            problems.append(f"名单里没有单位「{row.name}」了,可它手上还有没办完的事:{shown}。先办完或转走")
    return problems


def tally(db: Connection, directory: Directory, community_id: int | None) -> tuple[Tally, Tally, Tally]:
    """What writing would change: groups, units, service days."""
    groups = _groups_there(db, community_id)
    listed = {
        (platform, chat): _group_columns(group) | {"path": group.grid}
        for group in directory.groups
        for platform, chat in group.accounts
    }
    found = {key: _group_row(row) for key, row in groups.items()}
    of_groups = _compare(listed, found, removing=False)
    wanted_units = {unit.name: _unit_columns(unit) for unit in directory.units}
    there = {row.name: row for row in _units_there(db, community_id) if not (row.data or {}).get(RETIRED)}
    of_units = _compare(
        wanted_units,
        {name: {key: getattr(row, key) for key in _UNIT} for name, row in there.items()},
        removing=bool(wanted_units),
    )
    wanted_days = {day.name: _day_columns(day) for day in directory.service_days}
    days = {row.name: row for row in _days_there(db, community_id) if row.active}
    of_days = _compare(
        wanted_days,
        {name: {key: getattr(row, key) for key in _DAY} for name, row in days.items()},
        removing=bool(wanted_days),
    )
    return of_groups, of_units, of_days


def _compare(wanted: dict[Any, Any], there: dict[Any, Any], *, removing: bool) -> Tally:
    gone = len(there.keys() - wanted.keys())
    return Tally(
        total=len(wanted) + (0 if removing else gone),
        added=len(wanted.keys() - there.keys()),
        changed=sum(1 for key in wanted.keys() & there.keys() if wanted[key] != there[key]),
        removed=gone if removing else 0,
    )


def write(
    db: Connection,
    directory: Directory,
    community_id: int,
    nodes: dict[str, int],
    persons: Persons,
    now: datetime,
) -> list[str]:
    """Returns warnings: what is kept though the file does not name it. `nodes`: id by path."""
    warnings = _write_groups(db, directory, community_id, nodes)
    if directory.units:
        _write_units(db, directory, community_id, persons, now)
    if directory.service_days:
        _write_days(db, directory, community_id, persons)
    return warnings


# --- groups --------------------------------------------------------------------------------------


def _groups_there(db: Connection, community_id: int | None) -> dict[tuple[str, str], Row[Any]]:
    rows = db.execute(
        sa.select(chats, grid_nodes.c.path)
        .outerjoin(grid_nodes, grid_nodes.c.id == chats.c.node_id)
        .where(chats.c.community_id == community_id, chats.c.kind == ChatKind.GROUP.value)
        .order_by(chats.c.id)
    )
    return {(row.platform, row.chat): row for row in rows}


def _group_columns(group: Group) -> dict[str, Any]:
    return {"title": group.name, "role": group.role, "modules": list(group.modules) or {}}


def _group_row(row: Row[Any]) -> dict[str, Any]:
    return {"title": row.title, "role": row.role, "modules": row.modules or {}, "path": row.path}


def _write_groups(
    db: Connection, directory: Directory, community_id: int, nodes: dict[str, int]
) -> list[str]:
    there = _groups_there(db, community_id)
    listed = set()
    for group in directory.groups:
        for platform, chat in group.accounts:
            listed.add((platform, chat))
            _write_group(db, group, platform, chat, community_id, nodes[group.grid])
    kept = [row.title or row.chat for key, row in there.items() if key not in listed]
    if directory.groups and kept:
        return [f"{len(kept)}个群不在名单里,照旧绑着:{'、'.join(kept[:5])}"]
    return []


def _write_group(
    db: Connection, group: Group, platform: str, chat: str, community_id: int, node_id: int
) -> None:
    values = _group_columns(group) | {"community_id": community_id, "node_id": node_id}
    same = (chats.c.platform == platform) & (chats.c.chat == chat)
    if db.execute(sa.update(chats).where(same).values(**values)).rowcount:
        return
    bots = db.execute(
        sa.select(chats.c.bot).where(chats.c.platform == platform, chats.c.bot != "").distinct().limit(2)
    ).all()
    bot = bots[0].bot if len(bots) == 1 else ""  # "": adopted when the bot starts
    which = {"platform": platform, "bot": bot, "chat": chat, "kind": ChatKind.GROUP.value}
    db.execute(sa.insert(chats).values(**which, **values, active=bool(bot)))


# --- units ---------------------------------------------------------------------------------------

_UNIT = ("handles", "side", "contact", "data")


def _units_there(db: Connection, community_id: int | None) -> list[Row[Any]]:
    return list(db.execute(sa.select(units).where(units.c.community_id == community_id)))


def _unit_columns(unit: Unit) -> dict[str, Any]:
    more = {"aliases": list(unit.aliases), "grids": list(unit.grids), "unmanaged": unit.unmanaged}
    return {
        "handles": list(unit.handles),
        "side": unit.side,
        "contact": unit.contact,
        "data": {key: value for key, value in more.items() if value},
    }


def _write_units(
    db: Connection, directory: Directory, community_id: int, persons: Persons, now: datetime
) -> None:
    there = {row.name: row for row in _units_there(db, community_id)}
    ids: dict[str, int] = {}
    for unit in directory.units:
        row, values = there.pop(unit.name, None), _unit_columns(unit)
        if row is None:
            result = db.execute(sa.insert(units).values(community_id=community_id, name=unit.name, **values))
            assert result.inserted_primary_key is not None
            ids[unit.name] = int(result.inserted_primary_key[0])
        else:
            ids[unit.name] = row.id
            if any(getattr(row, key) != value for key, value in values.items()):
                db.execute(sa.update(units).where(units.c.id == row.id).values(**values))
    write_units(db, directory, community_id, ids, persons, now)
    for row in there.values():
        _retire(db, row)


def _retire(db: Connection, unit: Row[Any]) -> None:
    named_by = (cases, holdings, case_asks, invitations)
    uses = (sa.select(table.c.id).where(table.c.unit_id == unit.id).limit(1) for table in named_by)
    if any(db.execute(one).first() for one in uses):
        data = {**(unit.data or {}), RETIRED: True}
        db.execute(sa.update(units).where(units.c.id == unit.id).values(data=data))
    else:
        db.execute(sa.delete(units).where(units.c.id == unit.id))


# --- service days --------------------------------------------------------------------------------

_DAY = ("rule", "starts", "ends", "place", "items", "provider", "rain", "groups")


def _days_there(db: Connection, community_id: int | None) -> list[Row[Any]]:
    return list(db.execute(sa.select(service_days).where(service_days.c.community_id == community_id)))


def _day_columns(day: ServiceDay) -> dict[str, Any]:
    items = [
        {key: value for key in ("name", "bring", "provider") if (value := getattr(item, key))}
        for item in day.items
    ]
    return {
        "rule": day.rule.as_data(),
        "starts": day.starts,
        "ends": day.ends,
        "place": day.place,
        "items": items,
        "provider": day.provider,
        "rain": day.rain,
        "groups": "all" if day.groups is None else list(day.groups),
    }


def _write_days(db: Connection, directory: Directory, community_id: int, persons: Persons) -> None:
    there = {row.name: row for row in _days_there(db, community_id)}
    for day in directory.service_days:
        values = _day_columns(day) | {"active": True}
        values["organiser_id"] = persons[day.organiser.key] if day.organiser else None
        row = there.pop(day.name, None)
        if row is None:
            db.execute(sa.insert(service_days).values(community_id=community_id, name=day.name, **values))
        else:
            db.execute(sa.update(service_days).where(service_days.c.id == row.id).values(**values))
    for row in there.values():
        db.execute(sa.update(service_days).where(service_days.c.id == row.id).values(active=False))
