"""通知: a text that an admin has posted at a set time: once, every week, every second Saturday of a month.

Each date of it is posted once per group. After a time in which nothing could be posted it still goes
out on the same day within a few hours, not at night; after that it is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import Connection, Row
from sqlalchemy.dialects.postgresql import insert

from gridbot.almanac import Rule, RuleError, local_time, next_day
from gridbot.cases.events import record
from gridbot.messages import Actor, Outgoing
from gridbot.services import audience
from gridbot.services.service_days.rules import Times, day_words, is_night
from gridbot.store import outbox
from gridbot.store.tables import announcement_posts, communities
from gridbot.store.tables import announcements as table
from gridbot.store.timers import cancel as cancel_timer
from gridbot.store.timers import set_timer

MODULE = "announcements"
KIND = "announcement:post"

_SELECT = sa.select(table, communities.c.timezone).join(communities, communities.c.id == table.c.community_id)
_ONE = _SELECT.where(table.c.id == sa.bindparam("of_announcement"))
_ACTIVE = _SELECT.where(
    table.c.community_id == sa.bindparam("of_community"), table.c.active.is_(True)
).order_by(table.c.id)
_CLAIM = (
    insert(announcement_posts)
    .on_conflict_do_nothing(index_elements=["announcement_id", "chat_id", "day"])
    .returning(announcement_posts.c.id)
)
_SAID = (
    sa.update(announcement_posts)
    .where(announcement_posts.c.id == sa.bindparam("of_post"))
    .values(outbox_id=sa.bindparam("row"))
)


@dataclass(frozen=True, slots=True)
class Announcement:
    id: int
    community_id: int
    text: str
    rule: Rule
    at: str  #: local time of day, HH:MM
    zone: ZoneInfo
    groups: tuple[str, ...] | None = None  #: names of groups; None: every residents' group
    active: bool = True

    def next_at(self, after: datetime) -> datetime | None:
        """The next moment it is due, later than `after`. None: never again."""
        day = next_day(self.rule, after.astimezone(self.zone).date())
        if day and local_time(day, self.at, self.zone) <= after:
            day = next_day(self.rule, day + timedelta(days=1))
        return local_time(day, self.at, self.zone) if day else None


# --- deciding ------------------------------------------------------------------------------------


def create(
    db: Connection,
    community_id: int,
    text: str,
    rule: Rule,
    at: time | str,
    *,
    groups: Sequence[str] | None = None,
    actor: Actor,
    now: datetime,
) -> int | None:
    """Returns its id, or None if its only time is already past."""
    clock = at if isinstance(at, str) else f"{at:%H:%M}"
    zone = audience.community(db, community_id).zone
    made = Announcement(0, community_id, text, rule, clock, zone)
    due = made.next_at(now)
    if due is None:
        return None
    values = {
        "community_id": community_id,
        "text": text,
        "rule": rule.as_data(),
        "groups": list(groups) if groups is not None else "all",
        "at": clock,
        "by_person_id": actor.person,
        "created_at": now,
    }
    key = db.execute(sa.insert(table), values).inserted_primary_key
    assert key is not None
    _set(db, int(key[0]), community_id, due)
    _record(db, "announcement", community_id, int(key[0]), actor=actor, now=now, words=text)
    return int(key[0])


def cancel(db: Connection, announcement_id: int, *, actor: Actor, now: datetime) -> bool:
    """It is not posted any more. False: it was over already, or is not there."""
    community_id = _stop(db, announcement_id)
    if community_id is None:
        return False
    _record(db, "announcement_stopped", community_id, announcement_id, actor=actor, now=now)
    return True


def find(db: Connection, announcement_id: int) -> Announcement | None:
    row = db.execute(_ONE, {"of_announcement": announcement_id}).one_or_none()
    return _announcement(row) if row is not None else None


def listing(db: Connection, community_id: int) -> list[Announcement]:
    """Those that will still be posted."""
    rows = db.execute(_ACTIVE, {"of_community": community_id})
    return [found for row in rows if (found := _announcement(row))]


def when_words(announcement: Announcement, now: datetime) -> str:
    """The next time, for the answer to whoever made it: 明天(22日周日)18:00."""
    due = announcement.next_at(now)
    if due is None:
        return ""
    today = now.astimezone(announcement.zone).date()
    return day_words(due.astimezone(announcement.zone).date(), today) + announcement.at


# --- when it is due ------------------------------------------------------------------------------


def post_due(db: Connection, timer: Any, *, now: datetime) -> None:
    """Posts the date the timer was set for, unless that has become pointless, and sets the next."""
    announcement = find(db, int(str(timer.subject).partition(":")[2]))
    if announcement is None or not announcement.active:
        return
    if still_sensible(db, announcement, timer.due_at, now):
        _post(db, announcement, timer.due_at.astimezone(announcement.zone).date(), now)
    following = announcement.next_at(max(now, timer.due_at))
    if following is None:
        _stop(db, announcement.id)
    else:
        _set(db, announcement.id, announcement.community_id, following)


DUE: Mapping[str, Callable[..., None]] = {KIND: post_due}


def still_sensible(db: Connection, announcement: Announcement, due: datetime, now: datetime) -> bool:
    """Late: on the same day, within a few hours, and not at night, unless it was meant for the night."""
    if now - due < timedelta(minutes=10):
        return True
    times = Times.read(audience.community(db, announcement.community_id).settings)
    zone = announcement.zone
    same_day = now.astimezone(zone).date() == due.astimezone(zone).date()
    return same_day and now - due <= timedelta(hours=times.late_hours) and not is_night(now, times, zone)


def _post(db: Connection, announcement: Announcement, day: date, now: datetime) -> None:
    community_id = announcement.community_id
    for chat_id in audience.groups(db, community_id, announcement.groups, module=MODULE):
        values = {
            "community_id": community_id,
            "announcement_id": announcement.id,
            "chat_id": chat_id,
            "day": day,
        }
        claimed = db.execute(_CLAIM, values).scalar()
        if claimed is None:
            continue
        row = outbox.say(
            db,
            chat_id=chat_id,
            payload=Outgoing(text=announcement.text),
            community_id=community_id,
            purpose="announcement",
            now=now,
            until=local_time(day + timedelta(days=1), "00:00", announcement.zone),
        )
        db.execute(_SAID, {"of_post": claimed, "row": row})


def _stop(db: Connection, announcement_id: int) -> int | None:
    """Its community, or None if it was not going on."""
    cancel_timer(db, KIND, f"announcement:{announcement_id}")
    community_id: int | None = db.execute(
        sa.update(table)
        .where(table.c.id == announcement_id, table.c.active.is_(True))
        .values(active=False)
        .returning(table.c.community_id)
    ).scalar()
    return community_id


def _set(db: Connection, announcement_id: int, community_id: int, due: datetime) -> None:
    set_timer(db, KIND, f"announcement:{announcement_id}", due.astimezone(UTC), community_id=community_id)


def _record(
    db: Connection,
    event: str,
    community_id: int,
    announcement_id: int,
    *,
    actor: Actor,
    now: datetime,
    words: str = "",
) -> None:
    record(
        db,
        event,
        community_id=community_id,
        case_id=None,
        actor=actor,
        now=now,
        data={"announcement": announcement_id},
        words=words,
    )


def _announcement(row: Row[Any]) -> Announcement | None:
    try:
        rule = Rule.read(row.rule)
    except RuleError:
        return None
    groups = tuple(map(str, row.groups)) if isinstance(row.groups, list) else None
    return Announcement(
        row.id, row.community_id, row.text, rule, row.at, ZoneInfo(row.timezone), groups, row.active
    )
