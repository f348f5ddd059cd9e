"""What a due timer of a service day does. Each may run late, twice, or for a date that has changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from gridbot.messages import Outgoing
from gridbot.services import audience
from gridbot.services.service_days import actions, posts, queries, speaking
from gridbot.services.service_days.rules import (
    IN_GROUPS,
    Occurrence,
    Times,
    What,
    after_night,
    moment,
    still_sensible,
)
from gridbot.store import outbox

Due = Callable[..., None]


def plan_due(db: Connection, timer: Any, *, now: datetime) -> None:
    actions.plan(db, _id(timer), now=now)


def month_due(db: Connection, timer: Any, *, now: datetime) -> None:
    """The next month for the admins, without ringing: weekends, holidays, days that fall out."""
    year, month, community_id = timer.data["year"], timer.data["month"], _id(timer)
    home = audience.community(db, community_id)
    today = now.astimezone(home.zone).date()
    if (today.year, today.month) <= (year, month) and queries.service_days(db, community_id):
        text = speaking.schedule(db, community_id, year, month, now=now)
        due_at = after_night(now, Times.read(home.settings), home.zone)
        for admin in audience.admins(db, community_id):
            outbox.say(
                db,
                chat_id=admin.chat_id,
                payload=Outgoing(text=text, silent=True),
                community_id=community_id,
                purpose="service-month",
                now=now,
                due_at=due_at,
            )
    actions.plan(db, community_id, now=now)


def holiday_due(db: Connection, timer: Any, *, now: datetime) -> None:
    """It falls on a public holiday: the admins decide; unanswered, it is held."""
    occurrence = _wanted(db, timer, What.HOLIDAY, now)
    if occurrence and not occurrence.moved_to:
        to = audience.admins(db, occurrence.service.community_id)
        posts.post(
            db,
            occurrence,
            What.HOLIDAY,
            to,
            lambda one: posts.holiday_payload(db, occurrence, one.person_id, now),
            now=now,
        )


def ask_due(db: Connection, timer: Any, *, now: datetime) -> None:
    """Two days before: who comes? Not asked where there is nothing to ask about."""
    occurrence = _wanted(db, timer, What.ASK, now)
    if occurrence and occurrence.names():
        to = posts.organisers(db, occurrence)
        asked = posts.post(
            db,
            occurrence,
            What.ASK,
            to,
            lambda one: posts.ask_payload(db, occurrence, one.person_id, now),
            now=now,
        )
        if asked:
            actions.asked(db, occurrence)


def eve_due(db: Connection, timer: Any, *, now: datetime) -> None:
    """The evening before. Late on the day itself it says 今天 and stands for the morning post too."""
    occurrence = _wanted(db, timer, What.EVE, now)
    if occurrence is None:
        return
    to = posts.groups(db, occurrence)
    posts.post(
        db, occurrence, What.EVE, to, lambda _one: posts.group_payload(db, occurrence, What.EVE, now), now=now
    )
    if now >= moment(What.MORNING, occurrence, posts.times_of(db, occurrence)) - timedelta(minutes=30):
        posts.mark_posted(db, occurrence, What.MORNING, [one.chat_id for one in to], now=now)


def morning_due(db: Connection, timer: Any, *, now: datetime) -> None:
    """On the day, without ringing."""
    occurrence = _wanted(db, timer, What.MORNING, now)
    if occurrence:
        posts.post(
            db,
            occurrence,
            What.MORNING,
            posts.groups(db, occurrence),
            lambda _one: posts.group_payload(db, occurrence, What.MORNING, now),
            now=now,
        )


def told_due(db: Connection, timer: Any, *, now: datetime) -> None:
    """The eve of a date that was called off or moved before anything was posted: people would come."""
    occurrence = _wanted(db, timer, What.TOLD, now, cancelled_too=True)
    if occurrence is None or not (occurrence.cancelled or occurrence.moved_to):
        return
    if queries.posted(db, occurrence.id, *IN_GROUPS):
        return
    text = (
        posts.cancelled_text(db, occurrence, now)
        if occurrence.cancelled
        else posts.moved_text(occurrence, now)
    )
    posts.post(
        db, occurrence, What.TOLD, posts.groups(db, occurrence), lambda _one: Outgoing(text=text), now=now
    )


DUE: Mapping[str, Due] = {
    "service:plan": plan_due,
    actions.MONTH: month_due,
    f"service:{What.HOLIDAY}": holiday_due,
    f"service:{What.ASK}": ask_due,
    f"service:{What.EVE}": eve_due,
    f"service:{What.MORNING}": morning_due,
    f"service:{What.TOLD}": told_due,
}


def _wanted(
    db: Connection, timer: Any, what: What, now: datetime, *, cancelled_too: bool = False
) -> Occurrence | None:
    """The date the timer is for, if there is still something to say of it and somebody to gain by it."""
    occurrence = queries.find_occurrence(db, _id(timer), lock=True)
    if occurrence is None or not occurrence.service.active:
        return None
    if occurrence.cancelled and not cancelled_too:
        return None
    times = posts.times_of(db, occurrence)
    return occurrence if still_sensible(what, occurrence, times, now) else None


def _id(timer: Any) -> int:
    """ "occurrence:12" → 12"""
    return int(str(timer.subject).partition(":")[2])
