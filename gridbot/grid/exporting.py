"""The tables as a directory again: what was imported, with what chat commands have changed since."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot.almanac import Rule
from gridbot.grid import duty
from gridbot.grid.contacts import contacts
from gridbot.grid.directory import (
    Contact,
    Directory,
    Duty,
    Grid,
    Group,
    Item,
    Person,
    ServiceDay,
    Unit,
    count_levels,
)
from gridbot.grid.import_more import RETIRED, places_by_node
from gridbot.grid.importing import EXPECT
from gridbot.grid.settings import SETTINGS
from gridbot.grid.tree import Tree, load_tree
from gridbot.messages import ChatKind, ChatRole, Role
from gridbot.store.tables import (
    chats,
    communities,
    duties,
    holdings,
    identities,
    people,
    service_days,
    units,
)


def export_directory(db: Connection, community_id: int) -> Directory:
    """Raises LookupError for an unknown community. Importing what it gives changes nothing."""
    row = db.execute(sa.select(communities).where(communities.c.id == community_id)).one_or_none()
    if row is None:
        raise LookupError(f"no community {community_id}")
    tree, persons = load_tree(db, community_id), _persons(db, community_id)
    held = _holders(db, community_id, persons)
    settings = row.settings or {}
    directory = Directory(
        row.name,
        _grids(tree, None, places_by_node(db, community_id), held),
        row.timezone,
        row.sample,
        settings={name: settings[name] for name in SETTINGS if name in settings},
        groups=_groups(db, community_id, tree),
        units=_units(db, community_id, held),
        service_days=_service_days(db, community_id, persons),
        admins=tuple(held[(Role.ADMIN, None, None)]),
        officers=tuple(held[(Role.OFFICER, None, None)]),
        duties=_duties(db, community_id, persons),
        contacts=tuple(Contact(about, persons[person]) for about, person, _ in contacts(db, community_id)),
    )
    counts = count_levels(directory)
    expect = tuple((level, counts[level]) for level in settings.get(EXPECT, ()))
    return replace(directory, expect=expect)


_Held = defaultdict[tuple[Role, int | None, int | None], list[Person]]


def _persons(db: Connection, community_id: int) -> dict[int, Person]:
    """Those who hold a role or organise something: residents are in no directory."""
    held = sa.select(holdings.c.person_id).where(holdings.c.community_id == community_id)
    organised = sa.select(service_days.c.organiser_id).where(service_days.c.community_id == community_id)
    on_duty = sa.select(duties.c.person_id).where(duties.c.community_id == community_id)
    staff = held.union(organised.where(service_days.c.organiser_id.is_not(None)), on_duty)
    accounts: dict[int, list[tuple[str, str]]] = {}
    for row in db.execute(sa.select(identities).where(identities.c.person_id.in_(staff))):
        accounts.setdefault(row.person_id, []).append((row.platform, row.user))
    return {
        row.id: Person(row.name, row.phone, tuple(sorted(accounts.get(row.id, ()))))
        for row in db.execute(sa.select(people).where(people.c.id.in_(staff)))
    }


def _holders(db: Connection, community_id: int, persons: dict[int, Person]) -> _Held:
    rows = db.execute(
        sa.select(holdings)
        .where(holdings.c.community_id == community_id, holdings.c.until.is_(None))
        .order_by(holdings.c.position, holdings.c.id)
    )
    held: _Held = defaultdict(list)
    for row in rows:
        held[(Role(row.role), row.node_id, row.unit_id)].append(persons[row.person_id])
    return held


def _grids(tree: Tree, above: int | None, places: dict[int, Any], held: _Held) -> tuple[Grid, ...]:
    return tuple(
        Grid(
            node.name,
            node.level,
            places.get(node.id, ()),
            tuple(held[(Role.LEADER, node.id, None)]),
            tuple(held[(Role.DEPUTY, node.id, None)]),
            tuple(held[(Role.LIAISON, node.id, None)]),
            node.exclusive,
            node.unmanaged,
            _grids(tree, node.id, places, held),
        )
        for node in tree.children(above)
    )


def _groups(db: Connection, community_id: int, tree: Tree) -> tuple[Group, ...]:
    """One group may have an id on several platforms: rows of one name, grid and use are one group."""
    rows = db.execute(
        sa.select(chats)
        .where(
            chats.c.community_id == community_id,
            chats.c.kind == ChatKind.GROUP.value,
            chats.c.role.in_((ChatRole.RESIDENTS.value, ChatRole.LEADERS.value)),
        )
        .order_by(chats.c.id)
    )
    found: dict[Any, dict[str, Row[Any]]] = {}
    for row in rows:
        if row.node_id in tree.by_id:
            key = (_group_name(row), row.node_id, row.role)
            found.setdefault(key, {}).setdefault(row.platform, row)
    taken: set[str] = set()
    return tuple(_group(key, rows, tree, taken) for key, rows in found.items())


def _group_name(row: Row[Any]) -> str:
    return str(row.title).replace("/", " ").strip()[:60] or f"群{row.chat}"


def _group(key: tuple[str, int, str], rows: dict[str, Row[Any]], tree: Tree, taken: set[str]) -> Group:
    name, node_id, role = key
    first = next(iter(rows.values()))
    if name in taken:
        name = f"{name[:40]} {first.chat}"
    taken.add(name)
    accounts = tuple(sorted((platform, row.chat) for platform, row in rows.items()))
    modules = tuple(first.modules) if isinstance(first.modules, list) else ()
    return Group(name, tree.by_id[node_id].path, role, accounts, modules)


def _units(db: Connection, community_id: int, held: _Held) -> tuple[Unit, ...]:
    rows = db.execute(sa.select(units).where(units.c.community_id == community_id).order_by(units.c.id))
    return tuple(
        Unit(
            row.name,
            tuple(row.handles or ()),
            row.side,
            row.contact,
            tuple(row.data.get("aliases", ())),
            tuple(row.data.get("grids", ())),
            bool(row.data.get("unmanaged", False)),
            tuple(held[(Role.UNIT, None, row.id)]),
        )
        for row in rows
        if not row.data.get(RETIRED)
    )


def _service_days(db: Connection, community_id: int, persons: dict[int, Person]) -> tuple[ServiceDay, ...]:
    rows = db.execute(
        sa.select(service_days)
        .where(service_days.c.community_id == community_id, service_days.c.active.is_(True))
        .order_by(service_days.c.id)
    )
    return tuple(
        ServiceDay(
            row.name,
            Rule.read(row.rule),
            row.starts,
            row.ends,
            row.place,
            tuple(_item(item) for item in row.items or ()),
            row.provider,
            row.rain,
            tuple(row.groups) if isinstance(row.groups, list) else None,
            persons.get(row.organiser_id),
        )
        for row in rows
    )


def _duties(db: Connection, community_id: int, persons: dict[int, Person]) -> tuple[Duty, ...]:
    return tuple(
        Duty(row.path, persons[row.person_id], row.first, row.last)
        for row in duty.listed(db, community_id, date.min)
    )


def _item(item: Any) -> Item:
    if not isinstance(item, dict):
        return Item(str(item))
    return Item(item["name"], item.get("bring", ""), item.get("provider", ""))
