"""A community's grid tree in memory: immutable, loaded anew when the community's version changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import sqlalchemy as sa
from sqlalchemy import Connection

from gridbot.store.tables import grid_nodes

_NODES = (
    sa.select(grid_nodes)
    .where(grid_nodes.c.community_id == sa.bindparam("of_community"), grid_nodes.c.active.is_(True))
    .order_by(grid_nodes.c.position, grid_nodes.c.id)
)


@dataclass(frozen=True, slots=True)
class Node:
    """One grid (网格). `level` is a word of the community's own; rank is `depth`, 0 at the top."""

    id: int
    parent_id: int | None
    name: str
    path: str  #: 青秀佳苑/一网格
    level: str
    depth: int
    exclusive: bool = False  #: 专属网格: overlaps geographic ones
    unmanaged: bool = False  #: 无主管: no property manager


@dataclass(frozen=True)
class Tree:
    """Nodes in the directory's order, parents before their children."""

    nodes: tuple[Node, ...]

    @cached_property
    def by_id(self) -> dict[int, Node]:
        return {node.id: node for node in self.nodes}

    @cached_property
    def by_path(self) -> dict[str, Node]:
        return {node.path: node for node in self.nodes}

    @cached_property
    def _children(self) -> dict[int | None, tuple[Node, ...]]:
        found: dict[int | None, list[Node]] = {}
        for node in self.nodes:
            found.setdefault(node.parent_id, []).append(node)
        return {parent: tuple(nodes) for parent, nodes in found.items()}

    @property
    def roots(self) -> tuple[Node, ...]:
        return self.children(None)

    def children(self, node_id: int | None) -> tuple[Node, ...]:
        return self._children.get(node_id, ())

    def parent(self, node_id: int) -> Node | None:
        parent = self.by_id[node_id].parent_id
        return self.by_id[parent] if parent is not None else None

    def ancestors(self, node_id: int) -> tuple[Node, ...]:
        """Those above a node, nearest first. Raises KeyError for a node of another community."""
        found = []
        node = self.parent(node_id)
        while node is not None:
            found.append(node)
            node = self.parent(node.id)
        return tuple(found)

    def descendants(self, node_id: int) -> tuple[Node, ...]:
        """Those below a node, depth first."""
        found: list[Node] = []
        for child in self.children(node_id):
            found += (child, *self.descendants(child.id))
        return tuple(found)

    @property
    def levels(self) -> tuple[str, ...]:
        """The words for levels, highest first."""
        return tuple(dict.fromkeys(node.level for node in sorted(self.nodes, key=lambda node: node.depth)))

    def find(self, text: str) -> tuple[Node, ...]:
        """Nodes somebody may mean: the whole path, the end of one, a name, or else part of a name."""
        wanted = text.strip().strip("/")
        if not wanted:
            return ()
        if wanted in self.by_path:
            return (self.by_path[wanted],)
        exact = tuple(node for node in self.nodes if ("/" + node.path).endswith("/" + wanted))
        return exact or tuple(node for node in self.nodes if wanted in node.name)


def load_tree(db: Connection, community_id: int) -> Tree:
    rows = db.execute(_NODES, {"of_community": community_id}).all()
    children: dict[int | None, list[int]] = {}
    by_id = {row.id: row for row in rows}
    for row in rows:
        children.setdefault(row.parent_id, []).append(row.id)
    return Tree(tuple(_walk(by_id, children, children.get(None, ()), 0)))


def _walk(
    rows: dict[int, sa.Row[tuple[object, ...]]],
    children: dict[int | None, list[int]],
    ids: Iterable[int],
    depth: int,
) -> list[Node]:
    found: list[Node] = []
    for node_id in ids:
        row = rows[node_id]
        found.append(
            Node(
                row.id,
                row.parent_id,
                row.name,
                row.path,
                row.level,
                depth,
                exclusive=row.exclusive,
                unmanaged=row.unmanaged,
            )
        )
        found += _walk(rows, children, children.get(node_id, ()), depth + 1)
    return found
