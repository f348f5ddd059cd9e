"""A unit named in a month's figures reads its own line first, and may add a word (24 小时前给单位看).

What it read is what goes out: the line is kept when it is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from gridbot.cases import names
from gridbot.grid import queries as grid
from gridbot.messages import Actor, Outgoing, Urgency
from gridbot.services.packs.hiding import small
from gridbot.services.packs.month import UnitLine
from gridbot.services.packs.queries import Handled
from gridbot.store import outbox
from gridbot.store.tables import unit_figures, units
from gridbot.texts import packs as words

LONGEST = 200  #: characters of a unit's word
_LINES = (
    sa.select(unit_figures, units.c.name.label("unit"))
    .join(units, units.c.id == unit_figures.c.unit_id)
    .where(
        unit_figures.c.community_id == sa.bindparam("of_community"),
        unit_figures.c.month == sa.bindparam("of_month"),
    )
    .order_by(units.c.id)
)


def show(
    db: Connection,
    community_id: int,
    month: date,
    found: Sequence[Handled],
    *,
    now: datetime,
    ahead: timedelta,
) -> datetime:
    """Each unit reads its line in private; whom nobody speaks for is not asked. Shown once: a second time
    nothing changes. Returns from when on the lines may go out."""
    known = {
        row.unit_id: row for row in db.execute(_LINES, {"of_community": community_id, "of_month": month})
    }
    out_at = max((row.out_at for row in known.values()), default=now + ahead)
    zone = grid.settings_of(db, community_id).zone
    for one in found:
        if one.unit_id in known:
            continue
        values = {"handled": one.handled, "closed": one.closed, "told_at": now, "out_at": out_at}
        db.execute(
            sa.insert(unit_figures).values(
                community_id=community_id, unit_id=one.unit_id, month=month, **values
            )
        )
        text = words.preview(
            one.unit, f"{month.month}月", small(one.handled), small(one.closed), moment(out_at, zone)
        )
        _tell(db, community_id, one.unit_id, text, now)
    return out_at


def _tell(db: Connection, community_id: int, unit_id: int, text: str, now: datetime) -> None:
    for party in grid.people_of_unit(db, unit_id, now):
        chat = grid.private_chat_of(db, party.person_id) if party.person_id is not None else None
        if chat is not None:
            outbox.say(
                db,
                chat_id=chat.id,
                payload=Outgoing(text=text),
                community_id=community_id,
                purpose="figures-preview",
                now=now,
                urgency=Urgency.BULK,
            )


def lines(db: Connection, community_id: int, month: date, now: datetime) -> list[UnitLine]:
    """The lines of a month that may go out by now."""
    rows = db.execute(_LINES, {"of_community": community_id, "of_month": month})
    return [
        UnitLine(row.unit, row.handled, row.closed, names.masked(db, community_id, row.note))
        for row in rows
        if row.out_at <= now
    ]


def waits_until(db: Connection, community_id: int, month: date, now: datetime) -> datetime | None:
    """Until when units still look at their lines; None: they need not be waited for."""
    rows = db.execute(_LINES, {"of_community": community_id, "of_month": month})
    return max((row.out_at for row in rows if row.out_at > now), default=None)


def note(db: Connection, community_id: int, said: str, *, actor: Actor, now: datetime) -> date | None:
    """数字说明: a unit's word on the line it was shown and that has not gone out. None: there is none."""
    if actor.person is None:
        return None
    mine = grid.units_of_person(db, community_id, actor.person, now)
    query = (
        sa.select(unit_figures)
        .where(
            unit_figures.c.community_id == community_id,
            unit_figures.c.unit_id.in_(mine),
            unit_figures.c.out_at > now,
        )
        .order_by(unit_figures.c.month.desc())
        .limit(1)
    )
    row = db.execute(query).one_or_none()
    if row is None:
        return None
    values = {"note": said[:LONGEST], "by_person_id": actor.person}
    db.execute(sa.update(unit_figures).where(unit_figures.c.id == row.id).values(**values))
    found: date = row.month
    return found


def moment(at: datetime, zone: Any) -> str:
    """ "12月2日9:00" in a community's zone."""
    local = at.astimezone(zone)
    return f"{local.month}月{local.day}日{local.hour}:{local.minute:02d}"
