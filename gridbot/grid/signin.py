"""Signing in to the console: a link that works once and soon ends, and the session it becomes.

Only digests are kept: whoever reads the database, or a copy of it, can open nothing with what he finds.
What somebody may see is not kept here: it is looked up anew at every request (`grid.queries.roles_of`).
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Connection

from gridbot.store.tables import sign_ins

LINK_FOR = timedelta(minutes=10)
_LINK = (
    sa.update(sign_ins)
    .where(
        sign_ins.c.digest == sa.bindparam("of_digest"),
        sign_ins.c.used_at.is_(None),
        sign_ins.c.ended_at.is_(None),
        sign_ins.c.until > sa.bindparam("moment"),
    )
    .values(digest=sa.bindparam("session_digest"), used_at=sa.bindparam("moment"), until=sa.bindparam("ends"))
    .returning(sign_ins.c.community_id, sign_ins.c.person_id)
)
_SESSION = sa.select(sign_ins.c.community_id, sign_ins.c.person_id).where(
    sign_ins.c.digest == sa.bindparam("of_digest"),
    sign_ins.c.used_at.is_not(None),
    sign_ins.c.ended_at.is_(None),
    sign_ins.c.until > sa.bindparam("moment"),
)


@dataclass(frozen=True, slots=True)
class Session:
    """`token` is known to the browser alone."""

    token: str
    community_id: int
    person_id: int


def issue(db: Connection, community_id: int, person_id: int, now: datetime) -> str:
    """The code of a new link, good once and for ten minutes. Links of his that wait end, and what is long
    over is forgotten."""
    mine = sign_ins.c.person_id == person_id
    db.execute(sa.delete(sign_ins).where(mine, sign_ins.c.used_at.is_(None)))
    db.execute(sa.delete(sign_ins).where(mine, sign_ins.c.until < now))
    code = secrets.token_urlsafe(24)
    values = {"community_id": community_id, "person_id": person_id, "digest": digest(code), "at": now}
    db.execute(sa.insert(sign_ins).values(**values, until=now + LINK_FOR))
    return code


def redeem(db: Connection, code: str, now: datetime, *, lasts: timedelta) -> Session | None:
    """The link becomes a session. None: it is used, over, or was never made. Two at once: one gets it."""
    token = secrets.token_urlsafe(32)
    which = {"of_digest": digest(code), "session_digest": digest(token), "moment": now, "ends": now + lasts}
    row = db.execute(_LINK, which).one_or_none()
    return Session(token, row.community_id, row.person_id) if row is not None else None


def session(db: Connection, token: str, now: datetime) -> Session | None:
    """Whose session this is, while it lasts."""
    row = db.execute(_SESSION, {"of_digest": digest(token), "moment": now}).one_or_none()
    return Session(token, row.community_id, row.person_id) if row is not None else None


def end(db: Connection, token: str, now: datetime) -> None:
    db.execute(sa.update(sign_ins).where(sign_ins.c.digest == digest(token)).values(ended_at=now))


def end_all(db: Connection, person_id: int) -> None:
    """Dismissed, or on another account: every link and session of his is gone."""
    db.execute(sa.delete(sign_ins).where(sign_ins.c.person_id == person_id))


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
