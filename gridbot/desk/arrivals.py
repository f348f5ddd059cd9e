"""The bot comes into a chat, or is put out; a group gets a new id; somebody starts or blocks the bot."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from gridbot import texts
from gridbot.cases import voice
from gridbot.desk import due, notices, parked
from gridbot.desk.context import Hearing
from gridbot.grid import actions as grid_actions
from gridbot.grid import queries as grid
from gridbot.grid import rules
from gridbot.messages import ChatKind, ChatRole
from gridbot.store import outbox, timers
from gridbot.store.tables import chats, communities, grid_nodes

STAY_UNBOUND = timedelta(hours=24)


def joined(h: Hearing) -> None:
    """Added to a group: it says once what it is, and goes after a day if nobody wants it."""
    known: dict[str, Any] = {"rights": list(h.said.rights)}
    if h.said.chat_title and not h.chat.title:  # the directory's name stays: service days go by it
        known["title"] = h.said.chat_title
    h.db.execute(sa.update(chats).where(chats.c.id == h.chat.id).values(active=True, **known))
    if h.chat.kind == ChatKind.PRIVATE:
        if settle_private(h):
            _came_by_poster(h)
        return
    if h.chat.role != ChatRole.UNBOUND or h.chat.asked_to_bind_at is not None:
        return
    h.db.execute(sa.update(chats).where(chats.c.id == h.chat.id).values(asked_to_bind_at=h.now))
    button = outbox.button(h.db, texts.ACTIVATE, "command:activate", community_id=None)
    chat = h.desk.chat(h.db, h.chat.id)
    voice.to_chat(h.db, chat, texts.not_activated(), purpose="not-activated", now=h.now, buttons=[[button]])
    timers.set_timer(h.db, due.LEAVE, f"chat:{h.chat.id}", h.now + STAY_UNBOUND, community_id=None)


def left(h: Hearing) -> None:
    """Put out of a group, or blocked by a person: nothing is sent there until it is let in again."""
    h.db.execute(sa.update(chats).where(chats.c.id == h.chat.id).values(active=False))
    timers.cancel(h.db, due.LEAVE, f"chat:{h.chat.id}")
    if h.chat.kind == ChatKind.PRIVATE:
        _reachable(h, False)
    elif h.chat.community_id is not None:
        text = texts.put_out(h.chat.title or h.said.chat_title)
        notices.tell_admins(h.db, h.chat.community_id, text, h.now)


def heard_again(h: Hearing) -> None:
    """A group that could not be written to is heard: where nobody says when the bot is let in, whoever hears
    in it is in it (a 智能机器人 may push into a quiet group only after somebody spoke to it again). Elsewhere
    only being let in ends being put out: what is heard late says nothing."""
    can = h.desk.can.get(h.said.platform)
    if can is None or can.tells_entry:
        return
    h.db.execute(sa.update(chats).where(chats.c.id == h.chat.id).values(active=True))
    h.chat = h.desk.chat(h.db, h.chat.id)


def _reachable(h: Hearing, reachable: bool) -> None:
    for community_id, person_id, name, role in grid.persons_of_user(
        h.db, h.said.platform, h.said.sender.id, h.now
    ):
        grid_actions.mark_reachable(h.db, person_id, h.said.platform, reachable=reachable, now=h.now)
        if not reachable and role is not None:
            notices.tell_admins(h.db, community_id, texts.blocked_by(name), h.now)


def migrated(h: Hearing) -> None:
    """The group became a supergroup: same chat, new id; ours stays."""
    if h.said.new_chat:
        grid_actions.move_chat(h.db, h.chat.id, h.said.new_chat, now=h.now)


def rights(h: Hearing) -> None:
    """The answer to a probe: what the bot may do here."""
    h.db.execute(sa.update(chats).where(chats.c.id == h.chat.id).values(rights=list(h.said.rights)))


def settle_private(h: Hearing) -> bool:
    """Whose private chat this is, and of which community: that of the account it came by, the one this
    account is known in, or the only one there is. False: nobody can tell yet."""
    account = parked.of_account(h.db, h.said.via, h.chat)
    known = grid.persons_of_user(h.db, h.said.platform, h.said.sender.id, h.now)
    found = {community_id for community_id, *_ in known}
    if account is not None:
        found = {account.community_id}
    elif not found:
        found = set(h.db.execute(sa.select(communities.c.id).limit(2)).scalars())
    if len(found) != 1:
        return False
    (community_id,) = found
    person_id = grid_actions.remember_person(
        h.db, community_id, h.said.platform, h.said.sender.id, h.said.sender.name, now=h.now
    )
    known_as: dict[str, Any] = {"community_id": community_id, "person_id": person_id}
    if account is not None and h.chat.node_id is None:
        known_as["node_id"] = account.node_id
    h.db.execute(
        sa.update(chats)
        .where(chats.c.id == h.chat.id)
        .values(role=ChatRole.PRIVATE.value, active=True, **known_as)
    )
    grid_actions.mark_reachable(h.db, person_id, h.said.platform, reachable=True, now=h.now)
    h.chat = h.desk.chat(h.db, h.chat.id)
    return True


def _came_by_poster(h: Hearing) -> None:
    """The code scanned names a grid: what is said without a place is of there."""
    node_id = rules.grid_of_scene(h.said.start)
    if node_id is None or h.chat.community_id is None:
        return
    there = sa.select(grid_nodes.c.id).where(
        grid_nodes.c.id == node_id,
        grid_nodes.c.community_id == h.chat.community_id,
        grid_nodes.c.active.is_(True),
    )
    if h.db.execute(there).first() is not None:
        h.db.execute(sa.update(chats).where(chats.c.id == h.chat.id).values(node_id=node_id))
