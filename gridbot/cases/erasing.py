"""删掉我的记录: a person's words and name go; cases and events stay as numbers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from gridbot.cases import rules, samples
from gridbot.cases.events import record
from gridbot.messages import Actor, Outgoing, dump
from gridbot.store.tables import (
    case_asks,
    case_events,
    case_messages,
    case_words,
    cases,
    holdings,
    identities,
    inbox,
    outbox,
    people,
)

_SAID = ("sent", "failed", "dropped")


def forget(
    db: Connection,
    community_id: int,
    person_id: int,
    platform: str,
    user: str,
    *,
    inbox_id: int,
    actor: Actor,
    now: datetime,
) -> None:
    """Erases what one person said in a community and what he is called. A name that stands in the
    directory (somebody holds an office) stays: it is the office's. `inbox_id`: the message asking for it."""
    counts = {
        "words": _words(db, community_id, person_id),
        "raw": _raw(db, community_id, person_id, (platform, user), inbox_id),
        "cases": _retold(db, community_id, person_id),
    }
    _name(db, person_id, now)
    record(
        db,
        "erased",
        community_id=community_id,
        case_id=None,
        actor=Actor(person_id, actor.role),
        now=now,
        data=counts,
    )


def _words(db: Connection, community_id: int, person_id: int) -> int:
    of_person = sa.select(case_events.c.id).where(
        case_events.c.community_id == community_id, case_events.c.person_id == person_id
    )
    db.execute(sa.delete(case_words).where(case_words.c.event_id.in_(of_person)))
    gone = db.execute(
        sa.update(case_messages)
        .where(case_messages.c.community_id == community_id, case_messages.c.person_id == person_id)
        .values(text="", photos=[])
    )
    db.execute(
        sa.update(case_asks)
        .where(case_asks.c.community_id == community_id, case_asks.c.by_person_id == person_id)
        .values(words="")
    )
    samples.forget_person(db, community_id, person_id)
    return gone.rowcount


def _raw(db: Connection, community_id: int, person_id: int, account: tuple[str, str], inbox_id: int) -> int:
    """What came in from any of his accounts; what still waits to be handled is heard first."""
    accounts = db.execute(
        sa.select(identities.c.platform, identities.c.user).where(identities.c.person_id == person_id)
    ).all()
    known = {(row.platform, row.user) for row in accounts} | {account}
    count = 0
    for of_platform, of_user in known:
        gone = db.execute(
            sa.update(inbox)
            .where(
                sa.or_(inbox.c.community_id == community_id, inbox.c.community_id.is_(None)),
                inbox.c.platform == of_platform,
                inbox.c.user == of_user,
                inbox.c.user != "",
                inbox.c.state != "pending",
            )
            .values(raw=None, incoming=None, user="", erase_at=None, state="done")
        )
        count += gone.rowcount
    asked = sa.update(inbox).where(inbox.c.id == inbox_id)
    db.execute(asked.values(raw=None, incoming=None, user="", erase_at=None))
    return count


def _retold(db: Connection, community_id: int, person_id: int) -> int:
    """His words as the leader read them, and the door number in the place."""
    own = (cases.c.community_id == community_id) & (cases.c.reporter_id == person_id)
    rows = db.execute(sa.select(cases.c.id, cases.c.place, cases.c.place_key, cases.c.data).where(own)).all()
    for row in rows:
        values: dict[str, Any] = {
            "place": rules.public_place(row.place),
            "place_key": rules.public_place(row.place_key),
            "data": {**row.data, "because": []},
        }
        db.execute(sa.update(cases).where(cases.c.id == row.id).values(**values))
    ids = [row.id for row in rows]
    db.execute(
        sa.update(outbox)
        .where(outbox.c.case_id.in_(ids), outbox.c.state.in_(_SAID))
        .values(payload=dump(Outgoing()))
    )
    return len(ids)


def _name(db: Connection, person_id: int, now: datetime) -> None:
    office = sa.select(holdings.c.id).where(holdings.c.person_id == person_id, holdings.c.until.is_(None))
    if db.execute(office.limit(1)).first() is not None:
        return
    data: dict[str, Any] = db.execute(sa.select(people.c.data).where(people.c.id == person_id)).scalar_one()
    kept = {"ignored": True} if data.get("ignored") else {}
    db.execute(
        sa.update(people).where(people.c.id == person_id).values(name="", phone="", data=kept, erased_at=now)
    )
    db.execute(sa.update(identities).where(identities.c.person_id == person_id).values(name=""))
