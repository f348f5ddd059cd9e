"""To whom may a service speak? Groups that want it, the admins, one person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import Connection

from gridbot.grid import queries as grid
from gridbot.messages import ChatKind, ChatRole
from gridbot.store.tables import chats, communities

_COMMUNITY = sa.select(communities.c.timezone, communities.c.settings).where(
    communities.c.id == sa.bindparam("of_community")
)
_GROUPS = (
    sa.select(chats.c.id, chats.c.title, chats.c.role, chats.c.modules)
    .where(
        chats.c.community_id == sa.bindparam("of_community"),
        chats.c.kind == ChatKind.GROUP.value,
        chats.c.role.in_((ChatRole.RESIDENTS.value, ChatRole.LEADERS.value)),
        chats.c.active.is_(True),
        chats.c.muted.is_(False),
    )
    .order_by(chats.c.id)
)


@dataclass(frozen=True, slots=True)
class Community:
    id: int
    zone: ZoneInfo
    settings: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Listener:
    """One person and the private chat in which he is reached."""

    person_id: int
    chat_id: int


def community(db: Connection, community_id: int) -> Community:
    row = db.execute(_COMMUNITY, {"of_community": community_id}).one()
    return Community(community_id, ZoneInfo(row.timezone), dict(row.settings or {}))


def groups(db: Connection, community_id: int, names: Sequence[str] | None, *, module: str) -> list[int]:
    """Chats in which a service may speak now: bound, not paused, and the service not switched off there.

    `names` None: every residents' group; otherwise the groups so called, a leaders' group too.
    """
    found = []
    for row in db.execute(_GROUPS, {"of_community": community_id}):
        wanted = row.role == ChatRole.RESIDENTS.value if names is None else row.title in names
        if wanted and _speaks_here(row.modules, module):
            found.append(int(row.id))
    return found


def writable(db: Connection, chat_ids: Sequence[int]) -> list[int]:
    """Those of the chats that are neither left nor paused."""
    query = sa.select(chats.c.id).where(
        chats.c.id.in_(chat_ids), chats.c.active.is_(True), chats.c.muted.is_(False)
    )
    return [int(chat_id) for chat_id in db.execute(query.order_by(chats.c.id)).scalars()]


def private_chat(db: Connection, person_id: int) -> Listener | None:
    found = grid.private_chat_of(db, person_id)
    return Listener(person_id, int(found.id)) if found else None


def admins(db: Connection, community_id: int) -> list[Listener]:
    """The admins who can be written to in private."""
    found = (private_chat(db, person) for person in grid.admins(db, community_id))
    return [listener for listener in found if listener]


def is_admin(db: Connection, community_id: int, person_id: int) -> bool:
    return person_id in grid.admins(db, community_id)


def _speaks_here(modules: Any, module: str) -> bool:
    """`modules` of a chat. Nothing: all speak; a list: those alone; a mapping: those not set to false."""
    if not modules:
        return True
    if isinstance(modules, dict):
        return bool(modules.get(module, True))
    return module in modules
