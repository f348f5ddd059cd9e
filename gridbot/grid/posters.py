"""For which grid a poster is, and by which 微信客服 account whoever scans it is heard."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection

from gridbot.grid.rules import scene_of
from gridbot.messages import ChatKind
from gridbot.store.tables import chats, grid_nodes

PLATFORM = "wecom_kf"


class NoPosterError(Exception):
    """Why there can be none, in a sentence."""


@dataclass(frozen=True, slots=True)
class Place:
    """`account`: the open_kfid of the grid, or of the nearest one above it that has one; "" if none has."""

    node_id: int
    name: str
    path: str
    account: str

    @property
    def scene(self) -> str:
        return scene_of(self.node_id)


def places(db: Connection, community_id: int | None = None) -> list[Place]:
    """Every active grid, from the top down."""
    query = sa.select(grid_nodes).where(grid_nodes.c.active.is_(True)).order_by(grid_nodes.c.path)
    if community_id is not None:
        query = query.where(grid_nodes.c.community_id == community_id)
    nodes = {row.id: row for row in db.execute(query)}
    bound = sa.select(chats.c.node_id, chats.c.chat).where(
        chats.c.platform == PLATFORM, chats.c.kind == ChatKind.GROUP.value, chats.c.node_id.is_not(None)
    )
    accounts = {row.node_id: row.chat for row in db.execute(bound.order_by(chats.c.id.desc()))}

    def account(node_id: int | None) -> str:
        while node_id in nodes:
            if node_id in accounts:
                return str(accounts[node_id])
            node_id = nodes[node_id].parent_id
        return ""

    return [Place(row.id, row.name, row.path, account(row.id)) for row in nodes.values()]


def place(db: Connection, said: str, community_id: int | None = None) -> Place:
    """By path (青秀佳苑/一网格), name or row id. Raises NoPosterError."""
    found = places(db, community_id)
    meant = [one for one in found if said in (one.path, str(one.node_id))]
    meant = meant or [one for one in found if one.name == said]
    if len(meant) != 1:
        known = "、".join(one.path for one in (meant or found)[:20])
        raise NoPosterError(f"“{said}”{'不止一个' if meant else '没有这个网格'}。有:{known}")
    if not meant[0].account:
        raise NoPosterError(
            f"{meant[0].path}没有客服账号:名单里给它(或上级)的群加一行 wecom_kf: <open_kfid>。"
        )
    return meant[0]
