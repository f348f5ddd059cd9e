"""The rungs of the ladder: a node and those above it, nearest first. Nodes that are gone are still rungs."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection

from gridbot.store.tables import grid_nodes

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
