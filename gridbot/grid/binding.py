"""Chats bound to grids: heard from then on, as the group of a grid."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from gridbot.grid.guard import only_admins
from gridbot.messages import Actor, ChatKind, ChatRole
from gridbot.store.tables import chats, grid_nodes


def bind_chat(
    db: Connection, chat_id: int, node_id: int, role: ChatRole, *, actor: Actor, now: datetime
) -> None:
    """From now on the chat is heard, as the group of this grid. Raises LookupError for an unknown or
    inactive node, ValueError for a private chat or a role that is none of a group."""
    only_admins(actor)
    if role not in (ChatRole.RESIDENTS, ChatRole.LEADERS):
        raise ValueError(f"no role of a group: {role}")
    node = db.execute(
        sa.select(grid_nodes.c.community_id).where(grid_nodes.c.id == node_id, grid_nodes.c.active.is_(True))
    ).one_or_none()
    if node is None:
        raise LookupError(f"no grid {node_id}")
    done = db.execute(
        sa.update(chats)
        .where(chats.c.id == chat_id, chats.c.kind == ChatKind.GROUP.value)
        .values(community_id=node.community_id, node_id=node_id, role=role.value, active=True)
    )
    if not done.rowcount:
        raise ValueError(f"chat {chat_id} is no group")


def unbind_chat(db: Connection, chat_id: int, *, actor: Actor, now: datetime) -> None:
    """From now on the group is not listened to."""
    only_admins(actor)
    db.execute(
        sa.update(chats)
        .where(chats.c.id == chat_id, chats.c.kind == ChatKind.GROUP.value)
        .values(community_id=None, node_id=None, role=ChatRole.UNBOUND.value, muted=False)
    )


def adopt_chats(db: Connection, platform: str, bot: str, *, now: datetime) -> int:
    """Gives the groups a directory listed to the bot that serves their platform; returns how many.

    A directory knows the groups' ids before anybody knows the bot's: to be called whenever a bot starts,
    before it hears anything, and after an import.
    """
    rows = db.execute(
        sa.select(chats).where(chats.c.platform == platform, chats.c.bot == "").order_by(chats.c.id)
    ).all()
    for row in rows:
        same = (chats.c.platform == platform) & (chats.c.bot == bot) & (chats.c.chat == row.chat)
        seen = db.execute(sa.select(chats).where(same)).one_or_none()
        if seen is None:
            db.execute(sa.update(chats).where(chats.c.id == row.id).values(bot=bot, active=True))
            continue
        values = {name: getattr(row, name) for name in ("community_id", "node_id", "role", "modules")}
        if seen.role == ChatRole.UNBOUND.value:
            title = seen.title or row.title
            db.execute(sa.update(chats).where(chats.c.id == seen.id).values(**values, title=title))
        db.execute(sa.delete(chats).where(chats.c.id == row.id))  # nothing was ever said in it
    return len(rows)


def let_in(db: Connection, platform: str, bot: str, named: Collection[str]) -> None:
    """Chats that the settings name can be written to: whatever kept us out was put right there."""
    which = (chats.c.platform == platform, chats.c.bot == bot, chats.c.chat.in_(named))
    db.execute(sa.update(chats).where(*which).values(active=True))


def move_chat(db: Connection, chat_id: int, new_chat: str, *, now: datetime) -> None:
    """The platform gave the group a new id (it became a supergroup): ours stays, bindings and all.

    If the new id was heard of before this news came, that stray row gives way.
    """
    ours = db.execute(sa.select(chats).where(chats.c.id == chat_id)).one()
    if ours.chat == new_chat:
        return
    same = (chats.c.platform == ours.platform) & (chats.c.bot == ours.bot) & (chats.c.chat == new_chat)
    stray = db.execute(sa.select(chats.c.id).where(same)).scalar_one_or_none()
    if stray is not None:
        aside = {"chat": f"{new_chat}#{stray}", "active": False, "role": ChatRole.UNBOUND.value}
        db.execute(sa.update(chats).where(chats.c.id == stray).values(**aside, community_id=None))
    db.execute(sa.update(chats).where(chats.c.id == chat_id).values(chat=new_chat, active=True))
