"""What the desk hands on: a pressed button, an understood sentence, a question. Each gives one line back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from gridbot import texts
from gridbot.almanac import calendar_in_use, day_info, missing_days, occurrences
from gridbot.messages import Actor, Role
from gridbot.services import audience
from gridbot.services.service_days import actions, hearing, posts, queries
from gridbot.services.service_days.actions import Result
from gridbot.services.service_days.hearing import Asks, Change, ServiceChange
from gridbot.services.service_days.rules import (
    Comes,
    Occurrence,
    ServiceDay,
    What,
    day_words,
    rain_words,
)

NEAR = timedelta(days=2)  #: how near a date must be for "下雨还办吗" to mean it

# --- buttons -------------------------------------------------------------------------------------


def on_button(db: Connection, action: str, data: Mapping[str, Any], *, actor: Actor, now: datetime) -> str:
    """The short answer to a button whose action begins with "service:"."""
    occurrence = queries.find_occurrence(db, int(data["occurrence"]), lock=True)
    if occurrence is None or now >= occurrence.ends_at:
        return texts.expired()
    if not may_change(db, occurrence.service, actor):
        return texts.not_yours()
    match action:
        case "service:item":
            comes = Comes(data["state"])
            result = actions.set_items(db, occurrence.id, {data["item"]: comes}, actor=actor, now=now)
            return _answer_items(db, occurrence, [data["item"]], comes, result, now)
        case "service:edit":
            actions.set_items(db, occurrence.id, {data["item"]: Comes.PENDING}, actor=actor, now=now)
            return texts.service_say_change(data["item"])
        case "service:keep":
            actions.restore(db, occurrence.id, actor=actor, now=now)
            return texts.service_noted_keep(posts.plain_day(occurrence, now), occurrence.service.short)
        case "service:cancel":
            return _cancel(db, occurrence, actor, now)
        case "service:dates":
            _offer_days(db, occurrence, actor, now)
            return texts.service_say_day(occurrence.service.short)
        case "service:move":
            return _move(db, occurrence, date.fromisoformat(data["to"]), actor, now)
        case "service:day":
            return texts.service_say_day(occurrence.service.short)
    return texts.expired()


def may_change(db: Connection, service: ServiceDay, actor: Actor) -> bool:
    """Its organiser and the community's admins."""
    if actor.role in (Role.ADMIN, Role.SYSTEM):
        return True
    if actor.person is None:
        return False
    return actor.person == service.organiser_id or audience.is_admin(db, service.community_id, actor.person)


def _offer_days(db: Connection, occurrence: Occurrence, actor: Actor, now: datetime) -> None:
    """The question's card, in the chat of whoever pressed, now offers the next days that are free."""
    days: list[date] = []
    day = occurrence.on
    while len(days) < 2:
        day += timedelta(days=1)
        if not day_info(day).holiday and not any(occurrences(occurrence.service.rule, day, day)):
            days.append(day)
    whose = posts.whose_chats(db, occurrence)
    for post in queries.posted(db, occurrence.id, What.HOLIDAY):
        if whose.get(post.chat_id) == actor.person:
            payload = posts.dates_payload(db, occurrence, whose[post.chat_id], now, days)
            posts.edit(db, occurrence, post, payload, now=now)


# --- an organiser's words ------------------------------------------------------------------------


def apply_change(db: Connection, change: ServiceChange, *, actor: Actor, now: datetime) -> str:
    """Does what `understand_organiser` understood; the answer to whoever said it."""
    service = queries.find_service_day(db, change.service_day_id)
    if service is None or not may_change(db, service, actor):
        return texts.no_right()
    occurrence = _meant(db, service, change, now)
    if occurrence is None:
        today = now.astimezone(service.zone).date()
        day = day_words(change.on, today, near=False) if change.on else ""
        return texts.service_not_on(day, service.short) if day else texts.service_no_date(service.short)
    match change.kind:
        case Change.ITEMS:
            return _items(db, occurrence, change, actor, now)
        case Change.ITEM_NEW:
            wanted = {change.item: Comes.NO, change.new_item: Comes.YES}
            actions.set_items(db, occurrence.id, wanted, actor=actor, now=now)
            day = posts.plain_day(occurrence, now)
            return texts.service_noted_new(day, change.item, change.new_item)
        case Change.CANCEL:
            return _cancel(db, occurrence, actor, now)
        case Change.KEEP:
            actions.restore(db, occurrence.id, actor=actor, now=now)
            return texts.service_noted_keep(posts.plain_day(occurrence, now), service.short)
        case Change.MOVE:
            if change.to_day is None:
                return texts.service_say_day(service.short)
            return _move(db, occurrence, change.to_day, actor, now)


def _meant(db: Connection, service: ServiceDay, change: ServiceChange, now: datetime) -> Occurrence | None:
    """The date that is spoken of: the one named, or the next that is not over (cancelled ones for 照常)."""
    today = now.astimezone(service.zone).date()
    later = [one for one in queries.upcoming(db, service, today) if now < one.ends_at]
    if change.on is not None and change.on != change.to_day:
        named = (one for one in later if change.on in (one.day, one.on))
        found = next(named, None)
        if found or change.kind is not Change.MOVE:
            return found
    back = change.kind in (Change.KEEP, Change.MOVE)
    if back and later and later[0].cancelled:
        return later[0]
    return next((one for one in later if not one.cancelled), None)


def _items(db: Connection, occurrence: Occurrence, change: ServiceChange, actor: Actor, now: datetime) -> str:
    wanted = dict.fromkeys(change.come, Comes.YES) | dict.fromkeys(change.stay_away, Comes.NO)
    result = actions.set_items(db, occurrence.id, wanted, actor=actor, now=now)
    said = [
        _answer_items(db, occurrence, names, comes, result, now)
        for names, comes in ((change.come, Comes.YES), (change.stay_away, Comes.NO))
        if names
    ]
    return "".join(dict.fromkeys(said))


def _answer_items(
    db: Connection,
    before: Occurrence,
    items: list[str] | tuple[str, ...],
    comes: Comes,
    result: Result,
    now: datetime,
) -> str:
    if result is Result.ALREADY:
        return texts.service_already()
    said = texts.service_noted_items(posts.plain_day(before, now), list(items), comes.value)
    after = queries.find_occurrence(db, before.id)
    if after and comes is Comes.NO and not any(after.comes(one) is not Comes.NO for one in after.names()):
        said += texts.service_nobody_left(after.service.short)
    return said


def _cancel(db: Connection, occurrence: Occurrence, actor: Actor, now: datetime) -> str:
    day, name = posts.plain_day(occurrence, now), occurrence.service.short
    posted = bool(posts.said_in_groups(db, occurrence))
    if actions.cancel(db, occurrence.id, actor=actor, now=now) is Result.ALREADY:
        return texts.service_already()
    return texts.service_noted_cancel(day, name, posted=posted)


def _move(db: Connection, occurrence: Occurrence, to_day: date, actor: Actor, now: datetime) -> str:
    short = occurrence.service.short
    to = posts.plain_day(occurrence, now, to_day)
    match actions.move(db, occurrence.id, to_day, actor=actor, now=now):
        case Result.DONE:
            return texts.service_noted_move(posts.plain_day(occurrence, now), short, to)
        case Result.TAKEN:
            return texts.service_day_taken(to, short)
        case Result.ALREADY:
            return texts.service_already()
        case _:
            return texts.service_day_past(to)


# --- questions -----------------------------------------------------------------------------------


def answer_question(db: Connection, community_id: int, text: str, now: datetime) -> str | None:
    """三九有什么 · 什么时候 · 下雨还办吗. None: the text asks nothing about a service day."""
    if not hearing.may_ask(text):
        return None
    services = queries.service_days(db, community_id)
    asked = hearing.understand_question(text, services, now)
    if asked is None:
        return None
    service = next(one for one in services if one.id == asked.service_day_id)
    today = now.astimezone(service.zone).date()
    later = [one for one in queries.upcoming(db, service, today) if now < one.ends_at]
    held = [one for one in later if not one.cancelled]
    named = next((one for one in later if asked.on in (one.day, one.on)), None)
    occurrence = named or next(iter(held), None)
    if not asked.named and (occurrence is None or occurrence.on - today > NEAR):
        return None
    if occurrence is None:
        return texts.service_no_date(service.short)
    if occurrence.cancelled:
        return posts.cancelled_text(db, occurrence, now)
    if asked.kind is Asks.ITEM:
        day = day_words(occurrence.on, today)
        return texts.service_item_answer(asked.item, day, service.short, occurrence.comes(asked.item).value)
    return posts.next_text(
        db, occurrence, now, rain=_rain(occurrence, asked.kind), more=_news(later, occurrence, now)
    )


def _rain(occurrence: Occurrence, asked: Asks) -> str:
    known = rain_words(occurrence.service.rain)
    return known or (texts.service_rain_unknown() if asked is Asks.RAIN else "")


def _news(later: list[Occurrence], occurrence: Occurrence, now: datetime) -> str:
    """What a person who knows the rule would miss: a date called off before, a day that falls out."""
    off = [one for one in later if one.cancelled and one.on < occurrence.on]
    if off:
        days = "、".join(texts.service_day_cancelled(posts.plain_day(one, now)) for one in off)
        return f"{days}了"
    return posts.missing_text(occurrence, now) or posts.missing_text(
        occurrence, now, since=posts.today_of(occurrence, now) - timedelta(days=1)
    )


# --- for admins ----------------------------------------------------------------------------------


def schedule(db: Connection, community_id: int, year: int, month: int, *, now: datetime) -> str:
    """A month of every service day, with weekdays, holidays, what was changed, and the days it has not.

    2月三九便民服务日:9日(周二,正月初四)、19日(周五)、2月无29日
    """
    lines = []
    home = audience.community(db, community_id)
    today = now.astimezone(home.zone).date()
    first, last = date(year, month, 1), date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
    for service in queries.service_days(db, community_id):
        known = {one.day: one for one in queries.upcoming(db, service, first)}
        days = [_scheduled(day, known.get(day)) for day in occurrences(service.rule, first, last)]
        missing = missing_days(service.rule, year, month)
        this = (today.year, today.month) == (year, month)
        lines.append(texts.service_schedule(month, service.name, days, missing, this_month=this))
    if lines and year not in calendar_in_use().years:
        lines.append(texts.calendar_unknown(year))
    return "\n".join(lines) or texts.service_none()


def _scheduled(day: date, occurrence: Occurrence | None) -> str:
    words = day_words(day, day, near=False)
    if occurrence and occurrence.cancelled:
        return texts.service_day_cancelled(words)
    if occurrence and occurrence.moved_to:
        return texts.service_day_moved(words, day_words(occurrence.moved_to, day, near=False))
    return words
