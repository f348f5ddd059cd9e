"""Absence by command: 请假 到周五, 李格长请假到周五, 回来了."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from re import Match
from typing import Any

from sqlalchemy import Row

from gridbot import texts
from gridbot.almanac import parse_when
from gridbot.almanac.spoken import number
from gridbot.desk.admin_people import by, held, named, note
from gridbot.desk.context import Hearing
from gridbot.desk.registry import ADMINS, STAFF, NotMineError, command
from gridbot.grid import appointments
from gridbot.grid import queries as grid
from gridbot.messages import Role
from gridbot.services.service_days.rules import day_words

_DAYS = re.compile(r"(\d{1,2}|[一二两三四五六七八九十]{1,2})天")
_ASKING = re.compile(r"[吗??]|行不行|可以|能不能")


@command(
    "absent",
    "请假",
    roles=STAFF,
    help="您歇着的时候,有事我找别人",
    area="人",
    takes=r"(?:(?P<who>\S{2,20}?)\s+)?(?:到|至)?\s*(?P<until>\S{1,20})",
    usage="请假到周五",
    talk=True,
    also=(("请假", r"我(?:要|想)?请假(?P<rest>.{1,20})"),),
)
def absent(h: Hearing, said: Match[str]) -> str:
    return _absent(h, said["who"] or "", said["until"])


@command(
    "absent_other",
    "代请假",
    roles=ADMINS,
    help="替一位网格长请假",
    area="人",
    takes=r"(?P<who>\S{2,20}?)\s*(?:请假)?\s*(?:到|至|\s)\s*(?P<until>\S{1,20})",
    usage="代请假 李格长 到周五",
    also=(("请假", r"(?P<rest>[^\s我]{2,8}?\s*请假\s*(?:到|至).{1,20})"),),
    talk=True,
)
def absent_other(h: Hearing, said: Match[str]) -> str:
    return _absent(h, said["who"], said["until"])


def _absent(h: Hearing, who: str, words: str) -> str:
    if _ASKING.search(words):
        raise NotMineError
    until = _until(words, h)
    if until is None:
        if h.for_us or h.said.text.strip().startswith(("/", "／")):
            return texts.like_this("请假到周五")
        raise NotMineError
    if until <= h.now:
        return texts.absence_past()
    rows = held(h.db, h.community_id, h.now)
    mine = named(rows, who) if who else [row for row in rows if row.person_id == h.person]
    if not mine:
        if not h.for_us:
            raise NotMineError
        return texts.no_such_person(who)
    person = mine[0].person_id
    if len({row.person_id for row in mine}) > 1:
        return texts.several_people(sorted({row.name for row in mine})[:6])
    if person != h.person and Role.ADMIN not in h.roles:
        raise NotMineError
    appointments.set_absent(h.db, h.community_id, person, until, actor=by(h), now=h.now)
    note(h, "absent", person=person, until=until.isoformat())
    zone = h.knows.settings.zone
    last = (until - timedelta(seconds=1)).astimezone(zone).date()
    shown = day_words(last, h.now.astimezone(zone).date())
    whom = "您" if person == h.person else mine[0].name
    return texts.absent(whom, shown, _instead(h, mine, person))


def _until(words: str, h: Hearing) -> datetime | None:
    """The end of the day that is named; 三天 counts today."""
    zone = h.knows.settings.zone
    today = h.now.astimezone(zone).date()
    if (days := _DAYS.fullmatch(words)) is not None:
        return _end_of(today + timedelta(days=max(1, number(days[1])) - 1), zone)
    when = parse_when(words, h.now, zone)
    if isinstance(when, datetime):
        return when
    return _end_of(when, zone) if when is not None else None


def _end_of(day: date, zone: Any) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), zone)


def _instead(h: Hearing, rows: list[Row[Any]], person: int) -> str:
    """Who is asked meanwhile."""
    node = next((row.node_id for row in rows if row.node_id is not None), None)
    others = grid.responsible(h.db, h.community_id, node, "", "", h.now)
    return next((one.name for one in others if one.person_id not in (None, person)), "")


@command(
    "back",
    "回来了",
    "销假",
    roles=STAFF,
    help="您又在了",
    area="人",
    takes=r"(?P<who>\S{2,20})?",
    talk=True,
    also=(
        ("回来", r"我回来(?:上班)?了(?P<rest>)"),
        ("回来", r"(?P<rest>\S{2,8}?)\s*回来(?:上班)?了"),
    ),
)
def back(h: Hearing, said: Match[str]) -> str:
    """Only of somebody who is away; else it is talk."""
    away = [row for row in held(h.db, h.community_id, h.now) if row.absent_until and row.absent_until > h.now]
    who = said["who"] or ""
    mine = named(away, who) if who else [row for row in away if row.person_id == h.person]
    if not mine or (mine[0].person_id != h.person and Role.ADMIN not in h.roles):
        raise NotMineError
    person = mine[0].person_id
    appointments.set_absent(h.db, h.community_id, person, None, actor=by(h), now=h.now)
    note(h, "back", person=person)
    return texts.back_again("您" if person == h.person else mine[0].name)
