"""Reads: service days and their dates as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot.almanac import Rule, RuleError, missing_after, next_day, occurrences
from gridbot.services.service_days.rules import Item, Occurrence, ServiceDay, State, What
from gridbot.store import tables
from gridbot.store.tables import chats, communities, posts

_DAYS = sa.select(tables.service_days, communities.c.timezone).join(
    communities, communities.c.id == tables.service_days.c.community_id
)
_OF_COMMUNITY = _DAYS.where(
    tables.service_days.c.community_id == sa.bindparam("of_community"),
    tables.service_days.c.active.is_(True),
).order_by(tables.service_days.c.id)
_ONE_DAY = _DAYS.where(tables.service_days.c.id == sa.bindparam("of_day"))
_ONE = sa.select(tables.occurrences).where(tables.occurrences.c.id == sa.bindparam("of_occurrence"))
_LATER = (
    sa.select(tables.occurrences)
    .where(
        tables.occurrences.c.service_day_id == sa.bindparam("of_day"),
        sa.or_(
            tables.occurrences.c.day >= sa.bindparam("since"),
            tables.occurrences.c.moved_to >= sa.bindparam("since"),
        ),
    )
    .order_by(tables.occurrences.c.day)
)
_POSTS = (
    sa.select(posts.c.chat_id, posts.c.what)
    .join(chats, chats.c.id == posts.c.chat_id)
    .where(posts.c.occurrence_id == sa.bindparam("of_occurrence"), chats.c.active.is_(True))
    .order_by(posts.c.id)
)


@dataclass(frozen=True, slots=True)
class Post:
    chat_id: int
    label: str  #: eve, or eve:2026-12-20 of a date that was moved there
    what: What


def service_days(db: Connection, community_id: int) -> list[ServiceDay]:
    """Those in use. One whose rule cannot be read (an old import) is left out, not an error."""
    found = (_service_day(row) for row in db.execute(_OF_COMMUNITY, {"of_community": community_id}))
    return [service for service in found if service]


def find_service_day(db: Connection, service_day_id: int) -> ServiceDay | None:
    row = db.execute(_ONE_DAY, {"of_day": service_day_id}).one_or_none()
    return _service_day(row) if row is not None else None


def find_occurrence(db: Connection, occurrence_id: int, *, lock: bool = False) -> Occurrence | None:
    query = _ONE.with_for_update() if lock else _ONE
    row = db.execute(query, {"of_occurrence": occurrence_id}).one_or_none()
    if row is None:
        return None
    service = _service_day(db.execute(_ONE_DAY, {"of_day": row.service_day_id}).one())
    return _occurrence(row, service) if service else None


def upcoming(db: Connection, service: ServiceDay, since: date) -> list[Occurrence]:
    """Its dates from `since` on, the next one first; cancelled ones too."""
    rows = db.execute(_LATER, {"of_day": service.id, "since": since})
    found = [_occurrence(row, service) for row in rows]
    return sorted((one for one in found if one.on >= since), key=lambda one: one.on)


def following(db: Connection, occurrence: Occurrence) -> date | None:
    """The next date on which it really happens, as far as one knows."""
    later = upcoming(db, occurrence.service, occurrence.on)
    planned = {one.day: one for one in later}
    known = [one.on for one in later if not one.cancelled and one.on > max(occurrence.on, occurrence.day)]
    since = max([occurrence.on, occurrence.day, *planned])
    beyond = next_day(occurrence.service.rule, since + timedelta(days=1))
    return min(known) if known else beyond


def posted(db: Connection, occurrence_id: int, *whats: What) -> list[Post]:
    """What was posted about a date, for whatever day it then had, in chats that can still be written to."""
    rows = db.execute(_POSTS, {"of_occurrence": occurrence_id})
    found = [Post(row.chat_id, row.what, What(row.what.partition(":")[0])) for row in rows]
    return [post for post in found if not whats or post.what in whats]


def missing_since(
    occurrence: Occurrence, since: date | None = None
) -> tuple[int, list[int], list[int], date] | None:
    """Days that fall out after this date (or after `since`): (month, missing, the month's days, the next)."""
    rule = occurrence.service.rule
    begin = since or occurrence.day
    found = missing_after(rule, begin)
    if found is None:
        return None
    year, month, missing = found
    first = date(year, month, 1)
    last = date(year + month // 12, month % 12 + 1, 1)
    days = [day.day for day in occurrences(rule, first, last) if day < last]
    later = next_day(rule, begin + timedelta(days=1))
    return (month, list(missing), days, later) if later else None


def _service_day(row: Row[Any]) -> ServiceDay | None:
    try:
        rule = Rule.read(row.rule)
    except RuleError:
        return None
    return ServiceDay(
        id=row.id,
        community_id=row.community_id,
        name=row.name,
        rule=rule,
        zone=ZoneInfo(row.timezone),
        starts=row.starts,
        ends=row.ends,
        place=row.place,
        items=tuple(_item(item) for item in row.items or ()),
        provider=row.provider,
        rain=row.rain,
        groups=tuple(map(str, row.groups)) if isinstance(row.groups, list) else None,
        organiser_id=row.organiser_id,
        active=row.active,
    )


def _item(item: Any) -> Item:
    """{"name": 磨刀, "bring": 刀请包好} or just 磨刀."""
    if isinstance(item, Mapping):
        return Item(str(item.get("name", "")), str(item.get("bring", "") or ""))
    return Item(str(item))


def _occurrence(row: Row[Any], service: ServiceDay) -> Occurrence:
    return Occurrence(row.id, service, row.day, row.moved_to, State(row.state), dict(row.items or {}))
