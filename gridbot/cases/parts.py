"""Sub-cases (分件) written: the shares several bodies have in one case, each with number, owner and clock.

The reporter sees the whole alone. The whole is done when its shares are; when it ends, so do they.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot.cases import actions, events, queries, rules, shares
from gridbot.messages import Actor, CaseState, Move
from gridbot.store import timers
from gridbot.store.tables import cases

_INSERT = sa.insert(cases).returning(*cases.c)


@dataclass(frozen=True, slots=True)
class Share:
    """Who has it (`unit_id`, or the person `owner_id` alone), on which side, where. `owner_id` answers for it
    until the unit accepts."""

    unit_id: int | None = None
    owner_id: int | None = None
    side: str = ""
    node_id: int | None = None
    place: str = ""
    kind: str = shares.BODY


def open_part(db: Connection, whole: Row[Any], share: Share, *, actor: Actor, now: datetime) -> Row[Any]:
    """A share as a case of its own, without reporter: it is told to nobody yet."""
    taken = events.take(db, whole.community_id, number=True)
    node = share.node_id or whole.node_id
    place = share.place or rules.public_place(whole.place)
    kept = {
        name: whole.data[name]
        for name in ("titles", "claim_minutes", "limits", "routing")
        if name in whole.data
    }
    part = db.execute(
        _INSERT,
        {
            "community_id": whole.community_id,
            "number": taken.number,
            "state": CaseState.WAITING.value,
            "types": list(whole.types),
            "place": place,
            "place_key": whole.place_key if not share.place else "",
            "side": share.side or whole.side,
            "node_id": node,
            "level_node_id": node,
            "owner_id": share.owner_id,
            "unit_id": share.unit_id,
            "chat_id": whole.chat_id,
            "private": whole.private,
            "urgent": False,
            "parent_id": whole.id,
            "data": {**kept, "part": share.kind, "candidate": _candidate(share)},
            "reported_at": whole.reported_at,
            "opened_at": now,
            "finish_by": whole.finish_by,
        },
    ).one()
    data = {"types": part.types, "node": node, "unit": share.unit_id, "whole": whole.id}
    events.write(db, taken, Move.OPENED, case_id=part.id, actor=actor, now=now, data=data)
    return part


def _candidate(share: Share) -> dict[str, int] | None:
    return {"unit": share.unit_id} if share.unit_id is not None else None


def split(db: Connection, whole: Row[Any], parts: list[Row[Any]], *, actor: Actor, now: datetime) -> None:
    """Notes that the case has been divided; its own clock stands still, its shares have theirs."""
    data = {"parts": [part.id for part in parts]}
    actions.change(db, whole, Move.SPLIT, actor, now, data=data, more={"split": True})
    for kind in ("claim", "notify", "unplaced"):
        timers.cancel(db, kind, actions.subject(whole.id))


def settle(db: Connection, part: Row[Any], *, now: datetime) -> tuple[Row[Any], int] | None:
    """A share has come to an end: if it was the last, the whole is done. Returns it and the event."""
    whole = queries.case(db, part.parent_id, lock=True)
    bodies = [one for one in shares.parts_of(db, whole.id) if shares.is_body(one)]
    if not rules.all_settled([CaseState(one.state) for one in bodies]):
        return None
    event = actions.finish(db, whole, actor=Actor.system(), now=now)
    return (whole, event) if event is not None else None


def begun(db: Connection, part: Row[Any], *, now: datetime) -> bool:
    """Somebody took a share: the whole is in hand. False: it was already, or does not wait for this share."""
    if part.parent_id is None or not shares.is_body(part):
        return False
    whole = queries.case(db, part.parent_id)
    if whole.state != CaseState.WAITING:
        return False
    return actions.accept(db, whole, actor=Actor.system(), now=now, owner_id=whole.owner_id) is not None


def open_bodies(db: Connection, case_id: int) -> list[Row[Any]]:
    """The shares a case still waits for."""
    states = [CaseState.GATHERING, CaseState.WAITING, CaseState.ACCEPTED]
    return [one for one in shares.parts_of(db, case_id) if shares.is_body(one) and one.state in states]
