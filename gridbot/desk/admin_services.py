"""Service days and announcements by command: 便民日, 加便民日, 停办, 公告, 取消公告; 三九加修鞋 said plainly.

三九取消, 三九改到20号, 磨刀的不来了 are sentences too: the service's own parser reads them (see receive).
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from re import Match
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import Row

from gridbot import texts
from gridbot.almanac import Rule, parse_rule
from gridbot.desk.admin_people import by
from gridbot.desk.context import Hearing
from gridbot.desk.registry import ADMINS, ANYBODY, Answer, Where, command, confirm, pressed, settle
from gridbot.messages import Role
from gridbot.services import announcements, audience, service_days
from gridbot.services.announcements import Announcement
from gridbot.services.service_days import Comes, ServiceDay
from gridbot.services.service_days.rules import day_words
from gridbot.store import tables

LONGEST = 1000  #: characters of an announcement

# --- 便民日 --------------------------------------------------------------------------------------


@command("service_days", "便民日", "便民服务日", roles=ANYBODY, help="下几次便民日是哪天", area="便民和通知")
def schedule(h: Hearing, said: Match[str]) -> str:
    """This month and the next."""
    if not h.knows.service_days:
        return texts.service_none()
    today = h.now.astimezone(h.knows.settings.zone).date()
    following = date(today.year + today.month // 12, today.month % 12 + 1, 1)
    months = [(today.year, today.month), (following.year, following.month)]
    return "\n".join(
        service_days.schedule(h.db, h.community_id, year, month, now=h.now) for year, month in months
    )


_NEW_EXAMPLE = "加便民日 三九便民服务日 每月9、19、29日 9点到11点 小广场 理发、磨刀、义诊"
_HOURS = re.compile(
    r"(?P<from>\d{1,2})[:：点](?P<from_min>[0-5]\d|半)?\s*(?:分)?\s*(?:到|至|[-~—])\s*"
    r"(?P<to>\d{1,2})[:：点](?P<to_min>[0-5]\d|半)?"
)


@command(
    "new_service_day",
    "加便民日",
    roles=ADMINS,
    help="新办一个便民日,或改一个",
    area="便民和通知",
    takes=r"(?P<name>\S{2,20})\s+(?P<rest>\S.{2,200})",
    usage=_NEW_EXAMPLE,
)
def new_service_day(h: Hearing, said: Match[str]) -> Answer | str:
    """Name, rule, hours, place, items; place and items may be left out."""
    zone = h.knows.settings.zone
    name, rest = said["name"], said["rest"]
    hours = _HOURS.search(rest)
    words = (rest[: hours.start()] + " " + rest[hours.end() :] if hours else rest).split()
    found = parse_rule(words[0], h.now, zone) if words else None
    if found is None:
        return texts.like_this(_NEW_EXAMPLE)
    details: dict[str, Any] = {}
    if hours:
        details = {"starts": _clock(hours, "from"), "ends": _clock(hours, "to")}
        if details["starts"] >= details["ends"]:
            return texts.like_this(_NEW_EXAMPLE)
    others = [word for word in words[1:] if "、" not in word]
    items = [item for word in words[1:] if "、" in word for item in word.split("、") if item]
    if others:
        details["place"] = others[0][:20]
        items = [*others[1:], *items]
    if items:
        details["items"] = [{"name": item[:12]} for item in items[:12]]
    rule = found[0]
    question = texts.service_day_preview(name, rule.words(), details.get("place", ""), items)
    return confirm(h, question, "new_service_day", name=name, rule=rule.as_data(), details=details)


def _clock(hours: Match[str], which: str) -> str:
    minute = hours[f"{which}_min"] or "00"
    return f"{min(int(hours[which]), 23):02d}:{'30' if minute == '半' else minute}"


@pressed("new_service_day")
def _new_service_day(h: Hearing, pressed_button: Row[Any]) -> str:
    data = pressed_button.data
    rule = Rule.read(data["rule"])
    service_days.create(
        h.db,
        h.community_id,
        name=data["name"],
        rule=rule,
        actor=h.actor(Role.ADMIN),
        now=h.now,
        **data["details"],
    )
    return settle(h, pressed_button, texts.service_day_made(data["name"], rule.words()))


@command(
    "retire",
    "停办",
    roles=ADMINS,
    help="一个便民日以后都不办了",
    area="便民和通知",
    takes=r"(?P<name>\S{2,20})",
    usage="停办 三九",
)
def retire(h: Hearing, said: Match[str]) -> Answer | str:
    service = _named(h, said["name"])
    if service is None:
        return texts.no_such_service_day(said["name"])
    return confirm(h, texts.really_retire(service.short), "retire", service_day=service.id)


@pressed("retire")
def _retire(h: Hearing, pressed_button: Row[Any]) -> str:
    mine = {one.id: one for one in h.knows.service_days}
    service = mine.get(int(pressed_button.data["service_day"]))
    if service is None or not service_days.retire(h.db, service.id, actor=h.actor(Role.ADMIN), now=h.now):
        return texts.expired()
    return settle(h, pressed_button, texts.service_day_retired(service.short))


def _named(h: Hearing, words: str) -> ServiceDay | None:
    for one in h.knows.service_days:
        if words in (one.name, one.short) or one.short in words:
            return one
    return None


# --- 三九加修鞋, as a sentence -------------------------------------------------------------------

_ITEM = re.compile(
    r"(?P<name>.{2,14}?)(?P<once>这次|下次|本次)?(?P<always>以后|往后|每次)?(?:都|再)?"
    r"(?:(?P<add>增加|加上|加个|加一个|加一项|加|添)|(?P<drop>减掉|减|去掉|不要|取消))(?:一个|个|一项)?"
    r"(?P<item>[\u4e00-\u9fffA-Za-z]{2,8}?)(?:这一?项|项目|了|吧)?"
)


_END = re.compile(r"[\s。.!!~]+$")


def sentence(h: Hearing) -> bool:
    """An item more or less, for the next date, or from now on (以后). False: it says nothing of the kind."""
    text = h.said.text
    if not 4 <= len(text) <= 40:
        return False
    named = [one for one in h.knows.service_days if one.short in text]
    match = _ITEM.fullmatch(_END.sub("", text.strip())) if named else None
    if match is None:
        return False
    service = next((one for one in named if match["name"].strip() in (one.short, one.name)), None)
    if service is None or h.known_person() is None:
        return False
    actor = by(h)
    if not service_days.may_change(h.db, service, actor):
        return False
    known = {one.name for one in service.items}
    item, add = match["item"], bool(match["add"])
    if not add and item not in known:
        return False
    if match["always"] and not match["once"]:
        h.answer(_always(h, service, item, add=add), purpose="service-answer")
        return True
    today = h.now.astimezone(service.zone).date()
    later = [one for one in service_days.upcoming(h.db, service, today) if h.now < one.ends_at]
    occurrence = next((one for one in later if not one.cancelled), None)
    if occurrence is None:
        h.answer(texts.service_no_date(service.short), purpose="service-answer")
        return True
    comes = Comes.YES if add else Comes.NO
    service_days.set_items(h.db, occurrence.id, {item: comes}, actor=actor, now=h.now)
    day = day_words(occurrence.on, today)
    h.answer(texts.service_noted_items(day, [item], comes.value), purpose="service-answer")
    return True


def _always(h: Hearing, service: ServiceDay, item: str, *, add: bool) -> str:
    table = tables.service_days
    query = sa.select(table.c["items"]).where(table.c.id == service.id)
    rows: list[Any] = h.db.execute(query).scalar_one() or []
    kept = [one for one in rows if (one.get("name") if isinstance(one, dict) else one) != item]
    items = [*kept, {"name": item}] if add else kept
    actor = by(h)
    service_days.create(
        h.db, h.community_id, name=service.name, rule=service.rule, actor=actor, now=h.now, items=items
    )
    said = texts.service_item_added if add else texts.service_item_dropped
    return said(service.short, item)


# --- 公告 ----------------------------------------------------------------------------------------

_EXAMPLE = "公告 明天9点 停水通知:明天9点到12点停水,请提前接水"
_NOW = re.compile(r"(?:现在|马上|立刻|立即)(?:发|发布)?")
_MORE_OF_TIME = re.compile(r"(?:半|[一三]刻|整|钟|[0-5]?\d分?|[零一二三四五六七八九十]{1,3}分)")
_BETWEEN = re.compile(r"^[\s,,:：。]*(?:发布?(?=[\s:：]))?[\s,,:：]*")


@command(
    "announce",
    "公告",
    "发通知",
    roles=ADMINS,
    help="到点在各群发一条,一次的、每周的、每月第几个周几的都行;不写就看有哪些",
    area="便民和通知",
    takes=r"(?P<text>.*)",
    usage="公告 明天9点 停水通知",
    where=Where.DISCREET,
    talk=True,
    addressed=True,
)
def announce(h: Hearing, said: Match[str]) -> Answer | str:
    if not said["text"] or said["text"] in ("列表", "有哪些"):
        return _listing(h)
    zone = h.knows.settings.zone
    found = split_time(said["text"], h.now, zone)
    if found is None:
        return texts.announcement_without_time(_EXAMPLE)
    rule, at, text = found
    if len(text) > LONGEST:
        return texts.announcement_too_long(LONGEST)
    draft = Announcement(0, h.community_id, text, rule, f"{at:%H:%M}", zone)
    following = announcements.when_words(draft, h.now)
    if not following:
        return texts.announcement_past()
    when = following if rule.date else f"{rule.words()}{at:%H:%M}(下一次{following})"
    groups = len(audience.groups(h.db, h.community_id, None, module=announcements.MODULE))
    question = texts.announcement_preview(when, groups, text)
    at_once = _NOW.match(said["text"]) is not None
    data = {"rule": rule.as_data(), "at": f"{at:%H:%M}", "text": text, "at_once": at_once}
    return confirm(h, question, "announce", yes=texts.POST_IT, **data)


def split_time(text: str, now: datetime, zone: ZoneInfo) -> tuple[Rule, time, str] | None:
    """明天9点停水通知 → the rule, the time of day, and what is to be said. The time comes first."""
    if (at_once := _NOW.match(text)) is not None:
        said = _BETWEEN.sub("", text[at_once.end() :])
        return (*_soon(now, zone), said) if said else None
    for end in range(2, min(len(text), 40) + 1):
        found = parse_rule(text[:end], now, zone)
        if found is None or found[1] is None:
            continue
        if (more := _MORE_OF_TIME.match(text, end)) is not None:
            longer = parse_rule(text[: more.end()], now, zone)
            if longer is not None and longer[1] is not None:
                end, found = more.end(), longer
        said = _BETWEEN.sub("", text[end:])
        assert found[1] is not None
        return (found[0], found[1], said) if said else None
    return None


def _soon(now: datetime, zone: ZoneInfo) -> tuple[Rule, time]:
    soon = (now + timedelta(minutes=1)).astimezone(zone)
    return Rule(date=soon.date()), soon.time()


def _listing(h: Hearing) -> str:
    rows = announcements.listing(h.db, h.community_id)
    if not rows:
        return f"{texts.no_announcements()}{texts.like_this(_EXAMPLE)}"
    return "\n".join(
        texts.announcement_line(one.id, one.rule.words(), one.at, one.text[:40]) for one in rows[:30]
    )


@pressed("announce")
def _announce(h: Hearing, pressed_button: Row[Any]) -> str:
    data = pressed_button.data
    rule, at = Rule.read(data["rule"]), data["at"]
    if data["at_once"]:  # it took a moment to press
        rule, at_once = _soon(h.now, h.knows.settings.zone)
        at = f"{at_once:%H:%M}"
    actor = h.actor(Role.ADMIN)
    made = announcements.create(h.db, h.community_id, data["text"], rule, at, actor=actor, now=h.now)
    if made is None:
        return settle(h, pressed_button, texts.announcement_past())
    announcement = announcements.find(h.db, made)
    assert announcement is not None
    following = announcements.when_words(announcement, h.now)
    return settle(h, pressed_button, texts.announcement_made(rule.words(), at, following))


@command(
    "stop_announcement",
    "取消公告",
    "停公告",
    roles=ADMINS,
    help="一条通知不再发",
    area="便民和通知",
    takes=r"(?P<number>\d{1,9})",
    usage="取消公告 3",
)
def stop(h: Hearing, said: Match[str]) -> Answer | str:
    found = announcements.find(h.db, int(said["number"]))
    if found is None or found.community_id != h.community_id or not found.active:
        return texts.no_such_announcement(said["number"])
    question = texts.really_stop_announcement(found.text[:100])
    return confirm(h, question, "stop_announcement", announcement=found.id)


@pressed("stop_announcement")
def _stop(h: Hearing, pressed_button: Row[Any]) -> str:
    found = announcements.find(h.db, int(pressed_button.data["announcement"]))
    if found is None or found.community_id != h.community_id:
        return texts.expired()
    announcements.cancel(h.db, found.id, actor=h.actor(Role.ADMIN), now=h.now)
    return settle(h, pressed_button, texts.announcement_stopped())
