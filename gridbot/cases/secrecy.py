"""From whom a case is kept: the unit it complains about, and every group that unit sits in.

Who complained must not be guessed by whoever is complained about (被反映的单位): its people read number,
kind and area, never the words or the door; nothing of the case is said in a group where they are.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row
from sqlalchemy.dialects.postgresql import insert

from gridbot.grid import queries as grid
from gridbot.grid import rules as grid_rules
from gridbot.messages import ChatKind, ChatRole
from gridbot.store.tables import seats

SEEN, MARKED = "seen", "marked"  #: how it is known that a unit sits in a group
_SEATED = (
    sa.select(seats.c.id)
    .where(
        seats.c.chat_id == sa.bindparam("of_chat"), seats.c.unit_id.in_(sa.bindparam("units", expanding=True))
    )
    .limit(1)
)
_TAKE = insert(seats).on_conflict_do_nothing(index_elements=["chat_id", "unit_id"])


def complained_of(db: Connection, case: Row[Any]) -> list[int]:
    """The units a case complains about, as far as the directory knows them. Most cases: none."""
    against = (case.data or {}).get("routing", {}).get("against", ())
    if not against:
        return []
    scopes = grid.unit_scopes(db, case.community_id)
    return [unit.id for unit in scopes if grid_rules.is_party(unit, against)]


def is_kept_from(db: Connection, case: Row[Any], person_id: int | None, now: datetime) -> bool:
    """Whether somebody speaks for a unit the case complains about, whatever else he is."""
    about = complained_of(db, case) if person_id is not None else []
    if not about or person_id is None:
        return False
    return bool(set(about) & set(grid.units_of_person(db, case.community_id, person_id, now)))


def is_kept_out_of(db: Connection, case: Row[Any], chat: Row[Any], now: datetime) -> bool:
    """Whether nothing of a case may be said in a chat: a group in which a unit sits that it complains about.
    In the leaders' group (网格长群) every unit sits that has people."""
    about = complained_of(db, case) if chat.kind == ChatKind.GROUP else []
    if not about:
        return False
    if chat.role == ChatRole.LEADERS and any(grid.people_of_unit(db, unit, now) for unit in about):
        return True
    return db.execute(_SEATED, {"of_chat": chat.id, "units": about}).first() is not None


def notice_seats(db: Connection, chat: Row[Any], person_id: int, now: datetime) -> None:
    """Somebody speaks in a group: if he speaks for units, they sit there from now on."""
    for unit in grid.units_of_person(db, chat.community_id, person_id, now):
        seat(db, chat, unit, SEEN, now)


def seat(db: Connection, chat: Row[Any], unit_id: int, how: str, now: datetime) -> None:
    values = {"chat_id": chat.id, "unit_id": unit_id, "how": how, "at": now}
    db.execute(_TAKE, {"community_id": chat.community_id, **values})


def unseat(db: Connection, chat: Row[Any], unit_id: int) -> bool:
    """The unit has left the group. False: it did not sit there."""
    mine = (seats.c.chat_id == chat.id) & (seats.c.unit_id == unit_id)
    return bool(db.execute(sa.delete(seats).where(mine)).rowcount)
