"""A year whose 调休 nobody has entered: the admins read it once, well before; work goes on by weekdays."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot.almanac import calendar_in_use
from gridbot.cases import deadlines
from gridbot.desk import beside
from gridbot.desk.context import Desk
from gridbot.grid import queries as grid
from gridbot.store import timers
from gridbot.store.tables import communities
from gridbot.texts import ladder as words

YEARS = "years"  #: timer: once a day
AHEAD = timedelta(days=45)  #: a limit set today may reach so far
WARNED = "years_warned"  #: key in community.settings


def look_ahead(db: Connection, desk: Desk, timer: Row[Any], now: datetime) -> None:
    """Once a day, by daylight: is there a table for what lies ahead?"""
    timers.set_timer(db, YEARS, timer.subject, now + timedelta(days=1), community_id=None)
    for row in db.execute(sa.select(communities).order_by(communities.c.id)).all():
        settings = grid.settings_of(db, row.id)
        morning = deadlines.town(settings).reach(now)
        if morning > now:
            timers.set_timer(db, YEARS, timer.subject, morning, community_id=None)
            continue
        zone = settings.zone
        ahead = unknown_years(now.astimezone(zone).date(), (now + AHEAD).astimezone(zone).date())
        known = (row.settings or {}).get(WARNED, [])
        for year in [one for one in ahead if one not in known]:
            beside.tell_admins(db, row.id, words.year_unknown(year), now, purpose="year-unknown")
            known = [*known, year]
            values = {**(row.settings or {}), WARNED: known}
            db.execute(sa.update(communities).where(communities.c.id == row.id).values(settings=values))


def unknown_years(first: Any, last: Any) -> list[int]:
    return calendar_in_use().unknown_years(first, last)
