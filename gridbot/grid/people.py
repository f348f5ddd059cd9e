"""People remembered by their accounts, and whether they can be reached there."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from gridbot.grid import signin
from gridbot.messages import ChatKind
from gridbot.store.tables import chats, identities, people

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
    signin.end_all(db, person_id)
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
