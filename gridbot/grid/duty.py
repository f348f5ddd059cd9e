"""值班: who stands in for a grid and those below it, on which dates. On those days he is asked first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot.store.tables import communities, duties, grid_nodes, people

LONGEST = 60  #: days; a longer roster is a slip of the pen
_LISTED = (
    sa.select(duties, people.c.name, grid_nodes.c.name.label("node"), grid_nodes.c.path)
    .join(people, people.c.id == duties.c.person_id)
    .join(grid_nodes, grid_nodes.c.id == duties.c.node_id)
    .where(duties.c.community_id == sa.bindparam("of_community"), duties.c.last >= sa.bindparam("since"))
    .order_by(duties.c.first, duties.c.id)
)


def listed(db: Connection, community_id: int, since: date) -> list[Row[Any]]:
    """Rosters that are not over on that day, the next first; with the names of person and grid."""
    return list(db.execute(_LISTED, {"of_community": community_id, "since": since}))


def stand_in(
    db: Connection, community_id: int, node_id: int, person_id: int, first: date, last: date
) -> None:
    """Raises ValueError for a span that is none."""
    if not first <= last or (last - first).days >= LONGEST:
        raise ValueError(f"no roster: {first} to {last}")
    same = (duties.c.node_id == node_id) & (duties.c.person_id == person_id) & (duties.c.first == first)
    if not db.execute(sa.update(duties).where(same).values(last=last)).rowcount:
        values = {"node_id": node_id, "person_id": person_id, "first": first, "last": last}
        db.execute(sa.insert(duties).values(community_id=community_id, **values))


def settle(db: Connection, community_id: int, wanted: Sequence[tuple[int, int, date, date]]) -> None:
    """The rosters as a directory names them: (grid, person, first, last)."""
    db.execute(sa.delete(duties).where(duties.c.community_id == community_id))
    for node_id, person_id, first, last in dict.fromkeys(wanted):
        stand_in(db, community_id, node_id, person_id, first, last)


def drop(db: Connection, community_id: int, person_id: int, since: date, nodes: Sequence[int] | None) -> int:
    """Takes somebody's rosters away that are not over; None: everywhere. Returns how many."""
    mine = (
        (duties.c.community_id == community_id) & (duties.c.person_id == person_id) & (duties.c.last >= since)
    )
    if nodes is not None:
        mine &= duties.c.node_id.in_(nodes)
    return db.execute(sa.delete(duties).where(mine)).rowcount


_AT = (
    sa.select(duties, people.c.name, communities.c.timezone)
    .join(people, people.c.id == duties.c.person_id)
    .join(communities, communities.c.id == duties.c.community_id)
    .where(
        duties.c.first <= sa.bindparam("latest"),
        duties.c.last >= sa.bindparam("earliest"),
    )
    .order_by(duties.c.id)
)
_OF_NODES = _AT.where(duties.c.node_id.in_(sa.bindparam("nodes", expanding=True)))
_OF_PERSON = _AT.where(
    duties.c.person_id == sa.bindparam("person"), duties.c.community_id == sa.bindparam("of_community")
)


def at_nodes(db: Connection, nodes: Sequence[int], now: datetime) -> list[Row[Any]]:
    """Who stands in today for one of these grids, in the order of the grids."""
    if not nodes:
        return []
    rows = _today(db.execute(_OF_NODES, {"nodes": list(nodes), **_around(now)}), now)
    return sorted(rows, key=lambda row: list(nodes).index(row.node_id))


def of_person(db: Connection, community_id: int, person_id: int, now: datetime) -> list[int]:
    """The grids somebody stands in for today."""
    which = {"person": person_id, "of_community": community_id, **_around(now)}
    return [row.node_id for row in _today(db.execute(_OF_PERSON, which), now)]


def _around(now: datetime) -> dict[str, date]:
    """Any place's today lies within a day of UTC's."""
    today = now.astimezone(UTC).date()
    return {"latest": today + timedelta(days=1), "earliest": today - timedelta(days=1)}


def _today(rows: Iterable[Row[Any]], now: datetime) -> list[Row[Any]]:
    return [row for row in rows if row.first <= now.astimezone(ZoneInfo(row.timezone)).date() <= row.last]
