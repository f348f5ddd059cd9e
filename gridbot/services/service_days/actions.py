"""What can be decided about the dates of a service day: the only writers.

Each function locks the date, changes it, records one event and puts what is to be said into the
outbox. Doing the same twice changes and says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from gridbot import texts
from gridbot.almanac import Rule, day_info, local_time, next_day, occurrences
from gridbot.cases.events import record
from gridbot.messages import Actor
from gridbot.services import audience
from gridbot.services.service_days import posts, queries
from gridbot.services.service_days.rules import (
    AHEAD,
    IN_GROUPS,
    Comes,
    Occurrence,
    State,
    Times,
    What,
    moment,
)
from gridbot.store import tables
from gridbot.store.timers import cancel as cancel_timer
from gridbot.store.timers import set_timer

_PLAN = (
    insert(tables.occurrences)
    .values(state=State.PLANNED.value, items={})
    .on_conflict_do_nothing(index_elements=["service_day_id", "day"])
    .returning(tables.occurrences.c.id)
)
_WRITE = sa.update(tables.occurrences).where(tables.occurrences.c.id == sa.bindparam("of_occurrence"))
MONTH = "service:month"
MONTH_SHOWN_ON = 25
_ARMED = (What.ASK, What.EVE, What.MORNING)


class Result(StrEnum):
    DONE = "done"
    ALREADY = "already"  #: nothing to change
    PAST = "past"  #: the date, or the new one, is over
    TAKEN = "taken"  #: the new date has one of its own
    GONE = "gone"  #: no such date any more


# --- planning ------------------------------------------------------------------------------------


def plan(db: Connection, community_id: int, *, now: datetime) -> None:
    """The dates of the next weeks and their timers; to be called at start, daily, and after an import.

    Calling it again changes nothing: a timer that has fired is not set again.
    """
    home = audience.community(db, community_id)
    today, times = now.astimezone(home.zone).date(), Times.read(home.settings)
    for service in queries.service_days(db, community_id):
        new = set()
        for day in occurrences(service.rule, today, today + AHEAD):
            values = {"community_id": community_id, "service_day_id": service.id, "day": day}
            made = db.execute(_PLAN, values).scalar()
            if made is not None:
                new.add(int(made))
        for occurrence in queries.upcoming(db, service, today):
            if _follows_the_rule(db, occurrence, today):
                _arm(db, occurrence, times, now, late_too=occurrence.id in new)
    tomorrow = local_time(today + timedelta(days=1), "00:10", home.zone)
    set_timer(db, "service:plan", f"community:{community_id}", tomorrow, community_id=community_id)
    _arm_month(db, community_id, today, times, home.zone)


def plan_all(db: Connection, *, now: datetime) -> None:
    """At the start of the process."""
    for community_id in db.execute(sa.select(tables.communities.c.id)).scalars().all():
        plan(db, community_id, now=now)


def create(
    db: Connection,
    community_id: int,
    *,
    name: str,
    rule: Rule,
    actor: Actor,
    now: datetime,
    **details: Any,
) -> int:
    """A new service day, or the one of that name changed; `details` are columns of its table."""
    table = tables.service_days
    values = {"rule": rule.as_data(), "active": True, **details}
    found = db.execute(
        sa.select(table.c.id).where(table.c.community_id == community_id, table.c.name == name)
    ).scalar()
    if found is None:
        values = {"items": [], "groups": "all", **values}
        key = db.execute(sa.insert(table), {"community_id": community_id, "name": name, **values})
        assert key.inserted_primary_key is not None
        found = key.inserted_primary_key[0]
    else:
        db.execute(sa.update(table).where(table.c.id == found).values(**values))
    _stale(db, community_id)
    data = {"service_day": found}
    record(db, "service_day", community_id=community_id, case_id=None, actor=actor, now=now, data=data)
    plan(db, community_id, now=now)
    return int(found)


def retire(db: Connection, service_day_id: int, *, actor: Actor, now: datetime) -> bool:
    """It is not held any more: nothing of it will be posted. What was posted stays."""
    table = tables.service_days
    gone = db.execute(
        sa.update(table)
        .where(table.c.id == service_day_id, table.c.active.is_(True))
        .values(active=False)
        .returning(table.c.community_id)
    ).scalar()
    if gone is None:
        return False
    _stale(db, gone)
    data = {"service_day": service_day_id}
    record(db, "service_day_retired", community_id=gone, case_id=None, actor=actor, now=now, data=data)
    return True


def _stale(db: Connection, community_id: int) -> None:
    """What others keep of this community's service days is out of date."""
    table = tables.communities
    db.execute(sa.update(table).where(table.c.id == community_id).values(version=table.c.version + 1))


def _follows_the_rule(db: Connection, occurrence: Occurrence, today: date) -> bool:
    """False, and the date is gone, if the rule was changed before anybody heard of it."""
    if any(occurrences(occurrence.service.rule, occurrence.day, occurrence.day)):
        return True
    if occurrence.moved_to or occurrence.state is not State.PLANNED or queries.posted(db, occurrence.id):
        return True
    for what in What:
        cancel_timer(db, f"service:{what}", _subject(occurrence))
    db.execute(sa.delete(tables.occurrences).where(tables.occurrences.c.id == occurrence.id))
    return False


def _arm_month(db: Connection, community_id: int, today: date, times: Times, zone: ZoneInfo) -> None:
    """On the 25th the admins are shown the next month, with its weekends and holidays."""
    subject = f"community:{community_id}"
    timer = tables.timers.c
    if db.execute(sa.select(timer.id).where(timer.kind == MONTH, timer.subject == subject)).first():
        return
    day = next_day(Rule(days=(MONTH_SHOWN_ON,)), today + timedelta(days=1))
    assert day is not None
    shown = (day.replace(day=1) + timedelta(days=31)).replace(day=1)
    due = local_time(day, times.ask_at, zone)
    data = {"year": shown.year, "month": shown.month}
    set_timer(db, MONTH, subject, due, community_id=community_id, data=data)


def _arm(db: Connection, occurrence: Occurrence, times: Times, now: datetime, *, late_too: bool) -> None:
    """Sets the timers that lie ahead; with `late_too` also those that are due already."""
    if occurrence.cancelled:
        return
    holiday = bool(day_info(occurrence.on).holiday) and occurrence.moved_to is None
    for what in (What.HOLIDAY, *_ARMED) if holiday else _ARMED:
        due = moment(what, occurrence, times)
        if due > now or late_too:
            _set(db, occurrence, what, due)


def _set(db: Connection, occurrence: Occurrence, what: What, due: datetime) -> None:
    community_id = occurrence.service.community_id
    set_timer(db, f"service:{what}", _subject(occurrence), due, community_id=community_id)


def _subject(occurrence: Occurrence) -> str:
    return f"occurrence:{occurrence.id}"


# --- who comes -----------------------------------------------------------------------------------


def cancel_item(db: Connection, occurrence_id: int, item: str, *, actor: Actor, now: datetime) -> Result:
    """磨刀的不来了: the posts are edited, and each group gets one line."""
    return set_items(db, occurrence_id, {item: Comes.NO}, actor=actor, now=now)


def set_items(
    db: Connection, occurrence_id: int, wanted: Mapping[str, Comes], *, actor: Actor, now: datetime
) -> Result:
    """Who comes and who does not, several at once: still one edit and one line."""
    before = queries.find_occurrence(db, occurrence_id, lock=True)
    if before is None:
        return Result.GONE
    if now >= before.ends_at:
        return Result.PAST
    changed = {name: comes for name, comes in wanted.items() if _differs(before, name, comes)}
    if not changed:
        return Result.ALREADY
    items = {**before.items, **{name: comes.value for name, comes in changed.items()}}
    words = ",".join(f"{name}:{comes}" for name, comes in changed.items())
    after = _change(db, before, {"items": items}, "service_items", words, actor=actor, now=now)
    if not before.cancelled:
        _tell_items(db, before, after, changed, now=now)
    return Result.DONE


def _differs(occurrence: Occurrence, name: str, comes: Comes) -> bool:
    return name not in occurrence.names() or occurrence.comes(name) is not comes


def _tell_items(
    db: Connection, before: Occurrence, after: Occurrence, changed: Mapping[str, Comes], *, now: datetime
) -> None:
    refresh(db, after, now=now)
    known = before.names()
    off = [name for name, comes in changed.items() if comes is Comes.NO and name in known]
    back = [
        name
        for name, comes in changed.items()
        if comes is Comes.YES and (name not in known or before.comes(name) is Comes.NO)
    ]
    day, name = posts.plain_day(after, now), after.service.short
    said = ""
    if off:
        others = any(after.comes(one) is not Comes.NO for one in after.names())
        said += texts.service_item_off(day, name, off, others=others and not back)
    if back:
        said += texts.service_item_on(day, name, back)
    if said:
        posts.line(db, after, said, now=now)


# --- the date ------------------------------------------------------------------------------------


def cancel(db: Connection, occurrence_id: int, *, actor: Actor, now: datetime) -> Result:
    """This date is off. Where it was posted the posts say so; otherwise the groups hear of it on the eve."""
    before = queries.find_occurrence(db, occurrence_id, lock=True)
    if before is None:
        return Result.GONE
    if before.cancelled:
        return Result.ALREADY
    if now >= before.ends_at:
        return Result.PAST
    values = {"state": State.CANCELLED.value}
    after = _change(db, before, values, "service_cancelled", actor=actor, now=now)
    for what in _ARMED:
        cancel_timer(db, f"service:{what}", _subject(after))
    _tell_date(db, after, posts.cancelled_text(db, after, now), now=now)
    return Result.DONE


def restore(db: Connection, occurrence_id: int, *, actor: Actor, now: datetime) -> Result:
    """照常: a cancelled date is held after all; for any other it settles an open question."""
    before = queries.find_occurrence(db, occurrence_id, lock=True)
    if before is None:
        return Result.GONE
    if now >= before.ends_at:
        return Result.PAST
    if not before.cancelled:
        settle_holiday(db, before, now=now)
        return Result.ALREADY
    values = {"state": State.PLANNED.value}
    after = _change(db, before, values, "service_restored", actor=actor, now=now)
    cancel_timer(db, f"service:{What.TOLD}", _subject(after))
    _tell_date(db, after, posts.as_usual_text(after, now), now=now)
    _arm_again(db, after, now)
    return Result.DONE


def move(db: Connection, occurrence_id: int, to_day: date, *, actor: Actor, now: datetime) -> Result:
    """This date is held on another day; a cancelled one comes back with it."""
    before = queries.find_occurrence(db, occurrence_id, lock=True)
    if before is None:
        return Result.GONE
    if before.on == to_day and not before.cancelled:
        return Result.ALREADY
    service = before.service
    if now >= before.ends_at or now >= local_time(to_day, service.starts, service.zone):
        return Result.PAST
    if to_day != before.day and _taken(db, before, to_day):
        return Result.TAKEN
    values = {
        "moved_to": None if to_day == before.day else to_day,
        "state": State.PLANNED.value if before.cancelled else before.state.value,
    }
    after = _change(db, before, values, "service_moved", to_day.isoformat(), actor=actor, now=now)
    text = posts.moved_text(after, now) if after.moved_to else posts.as_usual_text(after, now)
    _tell_date(db, after, text, now=now)
    _arm_again(db, after, now)
    return Result.DONE


def asked(db: Connection, occurrence: Occurrence) -> None:
    """Notes that the organiser was asked."""
    if occurrence.state is State.PLANNED:
        db.execute(_WRITE.values(state=State.ASKED.value), {"of_occurrence": occurrence.id})


def _taken(db: Connection, occurrence: Occurrence, day: date) -> bool:
    if any(occurrences(occurrence.service.rule, day, day)):
        return True
    others = queries.upcoming(db, occurrence.service, day)
    return any(one.on == day and one.id != occurrence.id and not one.cancelled for one in others)


def _tell_date(db: Connection, after: Occurrence, text: str, *, now: datetime) -> None:
    """Edits what was posted and adds one line; if nothing was, the groups are told on the eve."""
    refresh(db, after, now=now)
    settle_holiday(db, after, now=now)
    if queries.posted(db, after.id, *IN_GROUPS):
        posts.line(db, after, text, now=now)
    elif after.cancelled or (after.moved_to and after.moved_to > after.day):
        due = moment(What.TOLD, after, posts.times_of(db, after))
        if due > now:
            _set(db, after, What.TOLD, due)


def _arm_again(db: Connection, occurrence: Occurrence, now: datetime) -> None:
    """The timers of the date as it now is; a late eve only where nobody has heard of it yet."""
    times = posts.times_of(db, occurrence)
    for what in _ARMED:
        cancel_timer(db, f"service:{what}", _subject(occurrence))
    _arm(db, occurrence, times, now, late_too=not queries.posted(db, occurrence.id, *IN_GROUPS))


def refresh(db: Connection, occurrence: Occurrence, *, now: datetime) -> None:
    """Every post of this date as it should read now."""
    for post in queries.posted(db, occurrence.id, *IN_GROUPS):
        payload = posts.group_payload(db, occurrence, post.what, now)
        elsewhere = post.what is What.TOLD or post.label != occurrence.label(post.what)
        if elsewhere and occurrence.moved_to and not occurrence.cancelled:
            payload = msgspec.structs.replace(payload, text=posts.moved_text(occurrence, now))
        posts.edit(db, occurrence, post, payload, now=now)
    asked = queries.posted(db, occurrence.id, What.ASK)
    whose = posts.whose_chats(db, occurrence) if asked else {}
    for post in asked:
        payload = posts.ask_payload(db, occurrence, whose.get(post.chat_id, 0), now)
        posts.edit(db, occurrence, post, payload, now=now)


def settle_holiday(db: Connection, occurrence: Occurrence, *, now: datetime) -> None:
    """The question to the admins is answered: every copy says how, without buttons."""
    for post in queries.posted(db, occurrence.id, What.HOLIDAY):
        posts.edit(db, occurrence, post, posts.settled_payload(occurrence, now), now=now)


def _change(
    db: Connection,
    before: Occurrence,
    values: Mapping[str, Any],
    event: str,
    words: str = "",
    *,
    actor: Actor,
    now: datetime,
) -> Occurrence:
    db.execute(_WRITE.values(**values), {"of_occurrence": before.id})
    record(
        db,
        event,
        community_id=before.service.community_id,
        case_id=None,
        actor=actor,
        now=now,
        data={"occurrence": before.id},
        words=words,
    )
    after = queries.find_occurrence(db, before.id)
    assert after is not None
    return after
