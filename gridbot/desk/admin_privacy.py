"""Accountability by command: 谁看过 128; and which unit sits in a group: 本群有 康居物业."""

from __future__ import annotations

from re import Match
from typing import Any

from sqlalchemy import Row

from gridbot import texts
from gridbot.cases import queries, secrecy, views
from gridbot.desk import admin_cases, story
from gridbot.desk.context import Hearing
from gridbot.desk.registry import ADMINS, ANYBODY, LEADERS, Where, command
from gridbot.grid import queries as grid
from gridbot.texts import privacy as words

MOST = 15  #: looks in one message
_NUMBER = r"#?(?P<number>\d{1,7})(?!\d)(?:\s*(?:号|件|这件|那件))?"


# --- 谁看过 ---------------------------------------------------------------------------------------


@command(
    "views",
    "谁看过",
    "谁看了",
    roles=ANYBODY,
    help="一件事的门牌电话谁看过",
    area="管事",
    takes=_NUMBER,
    usage="谁看过 128",
    where=Where.DISCREET,
    talk=True,
    also=(("谁看", r"(?P<rest>#?\d{1,7})\s*(?:号|这件)?\s*(?:都有?)?谁看[过了](?:呀|啊|吗)?[??]?"),),
)
def who_looked(h: Hearing, said: Match[str]) -> str:
    """Leaders and admins of the cases they may see; a resident of his own."""
    case = _mine_to_ask(h, int(said["number"]))
    if case is None:
        return texts.no_such_case(said["number"])
    looks = views.of_case(h.db, case)
    if not looks:
        return words.nobody_looked(case.number)
    lines = [
        words.looked_line(story.when(h, one.at), one.name, words.ROLES.get(one.role, ""), one.what, one.how)
        for one in looks[:MOST]
    ]
    return words.who_looked(case.number, lines, max(0, len(looks) - MOST))


def _mine_to_ask(h: Hearing, number: int) -> Row[Any] | None:
    case = queries.by_number(h.db, h.community_id, number)
    if case is None or secrecy.is_kept_from(h.db, case, h.known_person(), h.now):
        return None
    if case.reporter_id is not None and case.reporter_id == h.known_person():
        return case
    return admin_cases.numbered(h, number) if h.roles & LEADERS else None


# --- who sits in a group -------------------------------------------------------------------------


@command(
    "unit_here",
    "本群有",
    "这个群有",
    roles=ADMINS,
    help="哪个单位的人在这个群,反映它的事就不在这儿说",
    area="群",
    takes=r"(?P<unit>\S{2,20}?)(?:的人)?",
    usage="本群有 康居物业",
    where=Where.GROUP,
)
def unit_here(h: Hearing, said: Match[str]) -> str | None:
    unit = grid.unit_called(h.db, h.community_id, said["unit"])
    if unit is None:
        return words.no_such_unit(said["unit"]) if h.for_us else None
    secrecy.seat(h.db, h.chat, unit.id, secrecy.MARKED, h.now)
    return words.unit_sits_here(unit.name)


@command(
    "unit_gone",
    "本群没有",
    "这个群没有",
    roles=ADMINS,
    help="那个单位的人不在这个群了",
    area="群",
    takes=r"(?P<unit>\S{2,20}?)(?:的人)?(?:了)?",
    usage="本群没有 康居物业",
    where=Where.GROUP,
)
def unit_gone(h: Hearing, said: Match[str]) -> str | None:
    unit = grid.unit_called(h.db, h.community_id, said["unit"])
    if unit is None:
        return words.no_such_unit(said["unit"]) if h.for_us else None
    secrecy.unseat(h.db, h.chat, unit.id)
    return words.unit_left_here(unit.name)
