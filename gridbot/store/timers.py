"""Timers are rows: swept when due, claimed with a lease, gone once their action is committed.

Nothing has to be restored after a restart, and two processes cannot fire one twice: claiming counts
the attempt, and the action deletes the row in its own transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row
from sqlalchemy.dialects.postgresql import insert

from gridbot.privacy import mask_error
from gridbot.store.tables import timers

LEASE = timedelta(seconds=60)
TRIES = 3

_UPSERT = insert(timers).values(
    community_id=sa.bindparam("community_id"),
    kind=sa.bindparam("kind"),
    subject=sa.bindparam("subject"),
    data=sa.bindparam("data"),
    due_at=sa.bindparam("due_at"),
    attempts=0,
)
_UPSERT = _UPSERT.on_conflict_do_update(
    index_elements=["kind", "subject"],
    set_={
        "due_at": _UPSERT.excluded.due_at,
        "data": _UPSERT.excluded.data,
        "lease": "",
        "lease_until": None,
        "attempts": 0,
        "error": "",
    },
)
_CANCEL = sa.delete(timers).where(
    timers.c.kind == sa.bindparam("of_kind"), timers.c.subject == sa.bindparam("of_subject")
)
_CANCEL_ALL = sa.delete(timers).where(timers.c.subject == sa.bindparam("of_subject"))
_DUE = (
    sa.select(timers)
    .where(
        timers.c.due_at <= sa.bindparam("now"),
        timers.c.attempts < TRIES,
        sa.or_(timers.c.lease_until.is_(None), timers.c.lease_until < sa.bindparam("now")),
    )
    .order_by(timers.c.due_at, timers.c.id)
    .limit(sa.bindparam("most"))
    .with_for_update(skip_locked=True)
)
_NEXT = sa.select(sa.func.min(timers.c.due_at)).where(timers.c.attempts < TRIES)
_CLAIM = (
    sa.update(timers)
    .where(timers.c.id == sa.bindparam("row"))
    .values(lease=sa.bindparam("owner"), lease_until=sa.bindparam("until"), attempts=timers.c.attempts + 1)
)


def set_timer(
    db: Connection,
    kind: str,
    subject: str,
    due_at: datetime,
    *,
    community_id: int | None,
    data: dict[str, Any] | None = None,
) -> None:
    """One timer per (kind, subject): setting it again moves it."""
    db.execute(
        _UPSERT,
        {
            "community_id": community_id,
            "kind": kind,
            "subject": subject,
            "data": data or {},
            "due_at": due_at,
        },
    )


def due_at(db: Connection, kind: str, subject: str) -> datetime | None:
    """When a timer fires; None: it is not set."""
    query = sa.select(timers.c.due_at).where(timers.c.kind == kind, timers.c.subject == subject)
    due: datetime | None = db.execute(query).scalar()
    return due


def ensure_timer(db: Connection, kind: str, subject: str, due_at: datetime) -> None:
    """Sets a standing timer unless it stands already: a start does not put off what is due."""
    standing = {"kind": kind, "subject": subject, "due_at": due_at, "data": {}, "attempts": 0}
    db.execute(insert(timers).on_conflict_do_nothing(index_elements=["kind", "subject"]), standing)


def cancel(db: Connection, kind: str, subject: str) -> None:
    db.execute(_CANCEL, {"of_kind": kind, "of_subject": subject})


def cancel_all(db: Connection, subject: str) -> None:
    """Every timer of a case that has come to its end."""
    db.execute(_CANCEL_ALL, {"of_subject": subject})


def claim_due(db: Connection, *, owner: str, now: datetime, most: int = 50) -> list[Row[Any]]:
    """Due timers, each leased to `owner` for a minute; the attempt counts from here."""
    rows = list(db.execute(_DUE, {"now": now, "most": most}))
    if rows:
        db.execute(_CLAIM, [{"row": row.id, "owner": owner, "until": now + LEASE} for row in rows])
    return rows


def finish(db: Connection, timer: Row[Any], *, owner: str) -> bool:
    """To be called first in the action's transaction. False: somebody else has it, or it was moved."""
    gone = db.execute(
        sa.delete(timers).where(
            timers.c.id == timer.id, timers.c.lease == owner, timers.c.due_at == timer.due_at
        )
    )
    return gone.rowcount == 1


def fail(db: Connection, timer: Row[Any], *, owner: str, error: str) -> None:
    """After the third time the row stays, with its error, for a person to look at."""
    db.execute(
        sa.update(timers)
        .where(timers.c.id == timer.id, timers.c.lease == owner)
        .values(error=mask_error(error)[:500])
    )


def next_due(db: Connection) -> datetime | None:
    due: datetime | None = db.execute(_NEXT).scalar()
    return due


def stuck(db: Connection) -> list[Row[Any]]:
    """Timers whose action failed three times."""
    return list(db.execute(sa.select(timers).where(timers.c.attempts >= TRIES).order_by(timers.c.id)))


def retry_stuck(db: Connection, ids: Sequence[int]) -> int:
    """Gives them three more tries. Returns how many."""
    again = {"attempts": 0, "lease": "", "lease_until": None, "error": ""}
    which = (timers.c.id.in_(ids), timers.c.attempts >= TRIES)
    return db.execute(sa.update(timers).where(*which).values(**again)).rowcount
