"""Written beside a case: invitations to it (约请) and the numbers it has elsewhere (12345 单号)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row
from sqlalchemy.dialects.postgresql import insert

from gridbot.cases import actions, shares
from gridbot.messages import Actor, Move
from gridbot.store.tables import case_asks, outside_numbers, units

OPEN, ANSWERED, DROPPED = "open", "answered", "dropped"
_ASK = (
    sa.select(case_asks, units.c.name.label("unit"))
    .outerjoin(units, units.c.id == case_asks.c.unit_id)
    .where(case_asks.c.id == sa.bindparam("of_ask"))
)
_LINK = insert(outside_numbers).on_conflict_do_nothing(index_elements=["community_id", "source", "number"])


def invite(
    db: Connection,
    case: Row[Any],
    *,
    unit_id: int | None,
    name: str,
    words: str,
    due_at: datetime,
    actor: Actor,
    now: datetime,
) -> int:
    """Returns the invitation's id."""
    key = db.execute(
        sa.insert(case_asks).values(
            community_id=case.community_id,
            case_id=case.id,
            unit_id=unit_id,
            name=name,
            words=words,
            state=OPEN,
            by_person_id=actor.person,
            at=now,
            due_at=due_at,
        )
    ).inserted_primary_key
    assert key is not None
    data = {"unit": unit_id, "ask": key[0], "until": due_at.isoformat()}
    actions.change(db, case, Move.ASKED_IN, actor, now, data=data, more={"asked_in": True})
    return int(key[0])


def ask(db: Connection, ask_id: int) -> Row[Any] | None:
    return db.execute(_ASK, {"of_ask": ask_id}).one_or_none()


def open_asks(db: Connection, case_id: int) -> list[Row[Any]]:
    return [one for one in shares.invitations_of(db, case_id) if one.state == OPEN]


def answer(db: Connection, case: Row[Any], one: Row[Any], words: str, *, actor: Actor, now: datetime) -> None:
    """What came of it; the latest answer stands."""
    db.execute(
        sa.update(case_asks)
        .where(case_asks.c.id == one.id)
        .values(state=ANSWERED, answer=words, answered_at=now)
    )
    actions.change(db, case, Move.ANSWERED, actor, now, data={"ask": one.id, "unit": one.unit_id})


def reminded(db: Connection, one: Row[Any], now: datetime) -> None:
    db.execute(sa.update(case_asks).where(case_asks.c.id == one.id).values(reminded_at=now))


def link(
    db: Connection, case: Row[Any], source: str, number: str, *, actor: Actor, now: datetime
) -> Row[Any] | None:
    """The case has this number elsewhere. Returns another case that has it already: then nothing changes."""
    taken = shares.by_outside(db, case.community_id, source, number)
    if taken is not None:
        return taken if taken.id != case.id else None
    done = db.execute(
        _LINK,
        {
            "community_id": case.community_id,
            "case_id": case.id,
            "source": source,
            "number": number,
            "by_person_id": actor.person,
            "at": now,
        },
    )
    if not done.rowcount:
        return shares.by_outside(db, case.community_id, source, number)  # somebody was quicker
    actions.change(db, case, Move.LINKED, actor, now, data={"source": source}, more={"linked": True})
    return None


def carry(db: Connection, case_id: int, into_id: int) -> None:
    """Two cases are one: its numbers and invitations go with it."""
    for table in (outside_numbers, case_asks):
        db.execute(sa.update(table).where(table.c.case_id == case_id).values(case_id=into_id))
