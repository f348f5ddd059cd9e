"""The rungs of the ladder: a node and those above it, nearest first. Nodes that are gone are still rungs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from gridbot.store.tables import grid_nodes, holdings

_up = (
    sa.select(grid_nodes.c.id, grid_nodes.c.parent_id, sa.literal(0).label("depth"))
    .where(grid_nodes.c.id == sa.bindparam("from_node"))
    .cte("up", recursive=True)
)
_up = _up.union_all(
    sa.select(grid_nodes.c.id, grid_nodes.c.parent_id, _up.c.depth + 1).join(
        _up, grid_nodes.c.id == _up.c.parent_id
    )
)
_RUNGS = (
    sa.select(grid_nodes.c.id, grid_nodes.c.name, grid_nodes.c.level, grid_nodes.c.active)
    .join(_up, _up.c.id == grid_nodes.c.id)
    .order_by(_up.c.depth)
)


@dataclass(frozen=True, slots=True)
class Rung:
    """One level of the ladder. `level` is the community's own word (片区)."""

    node_id: int
    name: str
    level: str
    active: bool = True


def rungs(db: Connection, node_id: int | None) -> tuple[Rung, ...]:
    """A node and those above it; none without a node."""
    if node_id is None:
        return ()
    rows = db.execute(_RUNGS, {"from_node": node_id})
    return tuple(Rung(row.id, row.name, row.level, bool(row.active)) for row in rows)


_PRESENT = (
    sa.select(holdings.c.id)
    .where(
        holdings.c.community_id == sa.bindparam("of_community"),
        holdings.c.person_id == sa.bindparam("person"),
        sa.or_(holdings.c.until.is_(None), holdings.c.until > sa.bindparam("now")),
        sa.or_(holdings.c.absent_until.is_(None), holdings.c.absent_until <= sa.bindparam("now")),
    )
    .limit(1)
)


def present(db: Connection, community_id: int, person_id: int, now: datetime) -> bool:
    """Whether somebody holds an office and is not away."""
    which = {"of_community": community_id, "person": person_id, "now": now}
    return db.execute(_PRESENT, which).first() is not None
