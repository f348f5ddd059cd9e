"""What the house notices about itself and tells: it was away, something lies unsaid or unhandled."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from gridbot import texts
from gridbot.desk import notices, pasting
from gridbot.grid import queries as grid
from gridbot.store import inbox
from gridbot.store.tables import chats, communities, leases
from gridbot.store.tables import inbox as inbox_table
from gridbot.store.tables import outbox as outbox_table
from gridbot.store.tables import timers as timer_table
from gridbot.store.timers import TRIES

GAP = timedelta(minutes=30)  #: away longer than this is told to the admins
UNSAID = timedelta(minutes=2)  #: what waits longer than this to be said is an alarm
UNHANDLED = timedelta(minutes=5)


def came_back(db: Connection, *, now: datetime) -> bool:
    """At the start: after a long gap the admins hear from when to when nobody listened."""
    last = _last_alive(db)
    if last is None or now - last < GAP:
        return False
    for community in db.execute(sa.select(communities.c.id)).scalars():
        settings = grid.settings_of(db, community)
        since, until = (_clock(at, now, settings.zone) for at in (last, now))
        notices.tell_admins(
            db, community, texts.was_away(since, until, settings.phone), now, purpose="was-away"
        )
    return True


def alarm(db: Connection, text: str, *, now: datetime) -> None:
    """Something about the house itself that the admins of every community have to hear."""
    for community in db.execute(sa.select(communities.c.id)).scalars().all():
        notices.tell_admins(db, community, text, now, purpose="house-alarm")


def _last_alive(db: Connection) -> datetime | None:
    beat = db.execute(sa.select(leases.c.until).where(leases.c.name == "alive")).scalar()
    heard = inbox.last_received(db)
    known = [at for at in (beat, heard) if at is not None]
    return max(known) if known else None


def alive(db: Connection, *, now: datetime) -> None:
    """Once a minute: so that a quiet night is not taken for an absence."""
    changed = db.execute(sa.update(leases).where(leases.c.name == "alive").values(until=now))
    if changed.rowcount == 0:
        db.execute(sa.insert(leases).values(name="alive", until=now, data={}))


def _clock(at: datetime, now: datetime, zone: Any) -> str:
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    day = {0: "今天", 1: "昨天"}.get((today - local.date()).days, f"{local.month}月{local.day}日")
    return f"{day}{local:%H:%M}"


def health(db: Connection, *, now: datetime) -> Mapping[str, int]:
    """Counts that say whether the house is well; all nought is well.

    unsaid: waiting to be said for longer than two minutes; unhandled: heard and not handled for five;
    dead: set aside after three tries; stuck: timers given up.
    """
    waiting = (
        sa.select(sa.func.count())
        .select_from(outbox_table.join(chats, chats.c.id == outbox_table.c.chat_id))
        .where(
            outbox_table.c.state == "waiting",
            outbox_table.c.due_at < now - UNSAID,
            chats.c.platform != pasting.PLATFORM,  # waits for a person to paste it
        )
    )
    pending = (
        sa.select(sa.func.count())
        .select_from(inbox_table)
        .where(inbox_table.c.state == "pending", inbox_table.c.received_at < now - UNHANDLED)
    )
    dead = sa.select(sa.func.count()).select_from(inbox_table).where(inbox_table.c.state == "dead")
    stuck = (
        sa.select(sa.func.count())
        .select_from(timer_table)
        .where(timer_table.c.attempts >= TRIES, timer_table.c.error != "")
    )
    counts = {"unsaid": waiting, "unhandled": pending, "dead": dead, "stuck": stuck}
    return {name: int(db.execute(query).scalar_one()) for name, query in counts.items()}
