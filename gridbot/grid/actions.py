"""The writers of the grid: chats bound to grids, people remembered and reached, roles given and ended.

All take `now` (aware, UTC). Those an admin does take `actor` and raise NotAllowedError for anybody else;
the audit event is left by the caller, who knows the words.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from gridbot.messages import Actor, ChatKind, ChatRole, Role
from gridbot.store.tables import chats, communities, grid_nodes, identities, people

_FIND_PERSON = sa.select(identities.c.id, identities.c.person_id, identities.c.name).where(
    identities.c.community_id == sa.bindparam("of_community"),
    identities.c.platform == sa.bindparam("of_platform"),
    identities.c.user == sa.bindparam("of_user"),
)
_ADD_PERSON = sa.insert(people)
_ADD_IDENTITY = (  # PostgreSQL's form; it compiles on SQLite too
    insert(identities)
    .values({name: sa.bindparam(name) for name in ("community_id", "person_id", "platform", "user", "name")})
    .on_conflict_do_nothing(index_elements=["community_id", "platform", "user"])
    .returning(identities.c.id)
)
_RENAME = (
    sa.update(identities).where(identities.c.id == sa.bindparam("row")).values(name=sa.bindparam("shown"))
)


class NotAllowedError(PermissionError):
    """Somebody without the right reached a writer: a mistake of the caller, who should have asked first."""


def only_admins(actor: Actor) -> None:
    """Raises NotAllowedError. The system itself (set-up, a timer) may."""
    if actor.role not in (Role.ADMIN, Role.SYSTEM):
        raise NotAllowedError(f"role {actor.role} may not change the grid")


def bump_version(db: Connection, community_id: int) -> None:
    """What was compiled from this community's words and places is stale now."""
    one = communities.c.id == community_id
    db.execute(sa.update(communities).where(one).values(version=communities.c.version + 1))


# --- chats ---------------------------------------------------------------------------------------


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


# --- people --------------------------------------------------------------------------------------


def remember_person(
    db: Connection, community_id: int, platform: str, user: str, name: str, *, now: datetime
) -> int:
    """The person behind an account, made if new: one SELECT when known. Raises ValueError without `user`:
    nobody in particular is no person."""
    if not user:
        raise ValueError("no account to remember a person by")
    which = {"of_community": community_id, "of_platform": platform, "of_user": user}
    known = db.execute(_FIND_PERSON, which).one_or_none()
    if known is not None:
        if name and known.name != name:
            db.execute(_RENAME, {"row": known.id, "shown": name})
        return int(known.person_id)
    person_id = add_person(db, community_id, name, "", now)
    account = {"community_id": community_id, "platform": platform, "user": user}
    if db.execute(_ADD_IDENTITY, {**account, "person_id": person_id, "name": name}).first() is None:
        db.execute(sa.delete(people).where(people.c.id == person_id))  # another worker was quicker
        return int(db.execute(_FIND_PERSON, which).one().person_id)
    return person_id


def add_person(db: Connection, community_id: int, name: str, phone: str, now: datetime) -> int:
    values: dict[str, Any] = {"community_id": community_id, "name": name, "phone": phone}
    key = db.execute(_ADD_PERSON, {**values, "data": {}, "created_at": now}).inserted_primary_key
    assert key is not None
    return int(key[0])


def mark_reachable(db: Connection, person_id: int, platform: str, *, reachable: bool, now: datetime) -> None:
    """Whether this person can be written to in private there: he started the bot, or blocked it."""
    db.execute(
        sa.update(identities)
        .where(identities.c.person_id == person_id, identities.c.platform == platform)
        .values(reachable=reachable)
    )


def bind_account(
    db: Connection, community_id: int, person_id: int, platform: str, user: str, name: str
) -> None:
    """Makes an account this person's. What he had on that platform before, and its private chat, go: a lost
    telephone must not keep the cases. The account's former person, if any, loses it."""
    mine = (identities.c.person_id == person_id) & (identities.c.platform == platform)
    which = {"of_community": community_id, "of_platform": platform, "of_user": user}
    found = db.execute(_FIND_PERSON, which).one_or_none()
    if found is not None and found.person_id == person_id:
        return
    old = db.execute(sa.delete(identities).where(mine).returning(identities.c.id)).all()
    private = (chats.c.platform == platform) & (chats.c.kind == ChatKind.PRIVATE.value)
    if old:
        db.execute(sa.update(chats).where(private, chats.c.person_id == person_id).values(person_id=None))
    if found is None:
        values = {"community_id": community_id, "person_id": person_id, "platform": platform, "user": user}
        db.execute(_ADD_IDENTITY, {**values, "name": name})
        return
    db.execute(sa.update(identities).where(identities.c.id == found.id).values(person_id=person_id))
    db.execute(
        sa.update(chats).where(private, chats.c.person_id == found.person_id).values(person_id=person_id)
    )
