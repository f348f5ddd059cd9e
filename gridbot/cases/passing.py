"""A case passed on: handed over, returned, designated. Who received it first keeps it (首接负责)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from gridbot.cases.actions import move
from gridbot.messages import Actor, Move


def hand_over(
    db: Connection,
    case: Row[Any],
    *,
    actor: Actor,
    now: datetime,
    unit_id: int | None = None,
    person_id: int | None = None,
    words: str = "",
) -> int | None:
    """转办. Who received it first stays the owner until another accepts (首接负责)."""
    data = {"unit": unit_id, "person": person_id}
    values: dict[str, Any] = {"unit_id": unit_id}
    if person_id is not None:
        values["owner_id"] = person_id
    more = {"candidate": {"unit": unit_id} if unit_id is not None else None}
    return move(db, case, Move.HANDED_OVER, actor, now, words=words, data=data, more=more, **values)


def bounce(
    db: Connection,
    case: Row[Any],
    *,
    actor: Actor,
    now: datetime,
    words: str = "",
    to: dict[str, int] | None = None,
    counts: bool = True,
) -> int | None:
    """退回: not his. The reason is in his words; the resident reads only that it is being looked for.

    `to`: {"unit": id} or {"person": id}, who should have it instead: the first receiver keeps it until
    that one accepts. `counts` False: he only cannot now (找别人), which is no return.
    """
    count = int(case.data.get("bounces", 0)) + int(counts)
    more: dict[str, Any] = {"bounces": count, "candidate": to}
    if counts:
        more["returned"] = [*case.data.get("returned", []), actor.person]
    data = {"count": count, **({} if counts else {"other": True}), **(to or {})}
    values = {"unit_id": to["unit"]} if to and "unit" in to else {}
    return move(db, case, Move.BOUNCED, actor, now, words=words, data=data, more=more, **values)


def designate(
    db: Connection,
    case: Row[Any],
    *,
    owner_id: int | None,
    unit_id: int | None,
    actor: Actor,
    now: datetime,
) -> int | None:
    """指定: the level above decides whose it is; that one cannot return it."""
    whose: dict[str, int] = {"unit": unit_id} if unit_id is not None else {"person": owner_id or 0}
    values: dict[str, Any] = {"unit_id": unit_id, "accepted_at": None}
    if owner_id is not None:
        values["owner_id"] = owner_id
    more = {"designated": whose, "candidate": None}
    return move(db, case, Move.DESIGNATED, actor, now, data=whose, more=more, **values)
