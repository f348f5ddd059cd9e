"""Changing the grid."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from gridbot.grid import queries
from gridbot.store.tables import chats, identities, people


def remember_person(
    db: Connection, community_id: int, platform: str, user: str, name: str, *, now: datetime
) -> int:
    known = queries.person_of(db, community_id, platform, user)
    if known is not None:
        return known
    key = db.execute(
        sa.insert(people).values(community_id=community_id, name=name, created_at=now, data={})
    ).inserted_primary_key
    assert key is not None
    db.execute(
        sa.insert(identities).values(
            community_id=community_id, person_id=key[0], platform=platform, user=user, name=name
        )
    )
    return int(key[0])


def mark_reachable(db: Connection, person_id: int, platform: str, *, reachable: bool, now: datetime) -> None:
    db.execute(
        sa.update(identities)
        .where(identities.c.person_id == person_id, identities.c.platform == platform)
        .values(reachable=reachable)
    )


def move_chat(db: Connection, chat_id: int, new_chat: str, *, now: datetime) -> None:
    db.execute(sa.update(chats).where(chats.c.id == chat_id).values(chat=new_chat))
