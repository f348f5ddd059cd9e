"""Somebody holds nothing any more and has cases in hand: the next in line gets them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot.cases import actions, queries
from gridbot.desk import clockwork, notices
from gridbot.grid import queries as grid
from gridbot.messages import OPEN_STATES, Actor
from gridbot.store.tables import cases

_OPEN = [state.value for state in OPEN_STATES]


def hand_on(db: Connection, community_id: int, now: datetime) -> tuple[int, int]:
    """Open cases whose owner holds no office here any more go to whoever is responsible today.

    Returns how many went, and how many nobody can take: those stay in the list, overdue.
    """
    moved = left = 0
    for case in _orphans(db, community_id, now):
        found = [one for one in notices.parties(db, case, now) if one.person_id not in (None, case.owner_id)]
        if not found or found[0].person_id is None:
            left += 1
            continue
        party = found[0]
        actions.reassign(
            db, case, owner_id=party.person_id, node_id=party.node_id, actor=Actor.system(), now=now
        )
        fresh = queries.case(db, case.id)
        told = notices.tell(db, fresh, party.person_id, party.name, now)
        clockwork.begin(db, fresh, told, now, party.person_id)
        moved += 1
    return moved, left


def _orphans(db: Connection, community_id: int, now: datetime) -> list[Row[Any]]:
    rows = db.execute(
        sa.select(cases).where(
            cases.c.community_id == community_id,
            cases.c.owner_id.is_not(None),
            cases.c.number.is_not(None),
            cases.c.state.in_(_OPEN),
        )
    ).all()
    holds: dict[int, bool] = {}
    for row in rows:
        if row.owner_id not in holds:
            holds[row.owner_id] = bool(grid.roles_of(db, community_id, row.owner_id, None, now))
    return [row for row in rows if not holds[row.owner_id]]
