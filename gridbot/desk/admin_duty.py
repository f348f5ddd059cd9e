"""Whose it is, by command: 拆成, 分户, 约请, 答复, 派单卡, 单号, 说明, 指定.

The case is named by its number, by the card that is quoted, or not at all by who has only one in hand.
"""

from __future__ import annotations

import re
from re import Match
from typing import Any

from sqlalchemy import Row

from gridbot import texts
from gridbot.cases import asks, drafted, queries, standing, voice
from gridbot.desk import (
    bouncing,
    dispatching,
    households,
    inviting,
    linking,
    moves,
    parties,
    splitting,
)
from gridbot.desk.admin_cases import numbered
from gridbot.desk.admin_people import held, named
from gridbot.desk.context import Hearing
from gridbot.desk.registry import LEADERS, STAFF, Answer, Where, command
from gridbot.grid import queries as grid
from gridbot.grid.rules import UnitScope
from gridbot.messages import OPEN_STATES, Role
from gridbot.store import outbox
from gridbot.texts import duty as words

_NUMBER = r"(?:#?(?P<number>\d{1,7})(?![\d户])(?:\s*[号件])?\s*)?"
_LAST = re.compile(r"(?:^|\s)#?(?P<number>\d{1,7})(?:\s*号)?$")
_BETWEEN = re.compile(r"[、,,;;\s]+|(?<=\S)[和跟与](?=\S)")
_SPLIT, _ASK = "拆成 物业、社管办 128", "约请 燃气公司 周五前 看看阀门 128"
_HOUSEHOLDS = "分户 128 14户"


def meant(h: Hearing, number: str | None) -> Row[Any] | None:
    """The case of this number; else the one whose card is quoted; else the only one in hand."""
    if number:
        return numbered(h, int(number))
    if h.said.reply_to:
        receipt = outbox.find_receipt(h.db, h.chat.id, h.said.reply_to)
        if receipt is not None and receipt.case_id is not None:
            case = queries.case(h.db, receipt.case_id)
            return case if moves.may_handle(h, case) else None
    person = h.known_person()
    mine = queries.with_owner(h.db, h.community_id, person) if person is not None else []
    return mine[0] if len(mine) == 1 else None


def _no_case(number: str | None, example: str) -> str:
    return texts.no_such_case(number) if number else texts.like_this(example)


def _number_last(text: str) -> tuple[str | None, str]:
    """The number at the end of a sentence, and what stands before it; at its beginning too."""
    found = _LAST.search(text)
    if found is not None:
        return found["number"], text[: found.start()].strip()
    first = re.match(r"#?(\d{1,7})(?![\d户])\s+", text)
    return (first[1], text[first.end() :].strip()) if first else (None, text.strip())


# --- 拆成, 分户 -----------------------------------------------------------------------------------


@command(
    "split",
    "拆成",
    "拆分",
    roles=LEADERS,
    help="不止一家管的事,一家一件,都办好了才算好",
    area="管事",
    takes=r"(?P<rest>.{2,120})",
    usage=_SPLIT,
    where=Where.DISCREET,
)
def split(h: Hearing, said: Match[str]) -> Answer | str:
    number, rest = _number_last(said["rest"])
    case = meant(h, number)
    if case is None:
        return _no_case(number, _SPLIT)
    if (total := households.total_said(rest)) is not None:
        return households.begin(h, case, total)
    if case.data.get("split"):
        return words.already_split(case.number, standing.parts(h.db, case.id))
    if case.state not in splitting.SPLITTABLE or case.parent_id is not None or case.number is None:
        return words.cannot_split(case.number)
    names = [one for one in _BETWEEN.split(rest) if one]
    if len(names) < 2:
        return words.split_into_whom(_SPLIT)
    bodies = {name: _body(h, name) for name in names}
    if unknown := [name for name, body in bodies.items() if body is None]:
        return words.unknown_units(unknown)
    known = [(body, "") for body in bodies.values() if body is not None]
    splitting.open_shares(h.db, case, known, actor=h.actor(), now=h.now)
    fresh = queries.case(h.db, case.id)
    what = voice.called(fresh, shared=True)
    return words.split_card(what, fresh.number, standing.parts(h.db, fresh.id))


def _body(h: Hearing, name: str) -> UnitScope | int | None:
    """A unit, or the person of that name who holds an office."""
    unit = grid.unit_called(h.db, h.community_id, name)
    if unit is not None:
        return unit
    rows = named(held(h.db, h.community_id, h.now), name)
    people = {row.person_id for row in rows}
    return int(people.pop()) if len(people) == 1 else None


@command(
    "households",
    "分户",
    roles=LEADERS | {Role.UNIT},
    help="一处好多户的事,一户一户数着办",
    area="管事",
    takes=rf"{_NUMBER}(?P<rest>\S{{1,12}}\s*户\S{{0,6}}|\d{{1,4}}\s*户)",
    usage=_HOUSEHOLDS,
    where=Where.DISCREET,
)
def count_households(h: Hearing, said: Match[str]) -> str:
    case = meant(h, said["number"])
    if case is None:
        return _no_case(said["number"], _HOUSEHOLDS)
    total = households.total_said(said["rest"])
    if total is not None and not case.data.get("households"):
        return households.begin(h, case, total)
    return households.count(h, case, said["rest"]) or words.no_households(_HOUSEHOLDS)


# --- 约请, 答复 -----------------------------------------------------------------------------------


@command(
    "invite_unit",
    "约请",
    roles=LEADERS,
    help="请一个单位来看一件事,定个日子;事还在您手上",
    area="管事",
    takes=r"(?P<rest>.{4,200})",
    usage=_ASK,
    where=Where.DISCREET,
)
def invite_unit(h: Hearing, said: Match[str]) -> str:
    wanted = inviting.understood(said["rest"], h.now, h.knows.settings.zone)
    if wanted is None:
        return texts.like_this(_ASK)
    number = str(wanted.number) if wanted.number is not None else None
    case = meant(h, number)
    if case is None or case.state not in OPEN_STATES:
        return _no_case(number, _ASK)
    if wanted.due is None:
        return words.ask_needs_day(_ASK)
    if wanted.due <= h.now:
        return words.ask_day_past(_ASK)
    unit = grid.unit_called(h.db, h.community_id, wanted.unit)
    return inviting.invite(h.db, case, wanted, unit, actor=h.actor(), now=h.now)


@command(
    "answer_ask",
    "答复",
    roles=STAFF,
    help="约请的单位回了什么,记上",
    area="管事",
    takes=rf"{_NUMBER}(?P<words>.{{2,300}})",
    usage="答复 128 看过了,没问题",
    where=Where.DISCREET,
    talk=True,
)
def answer_ask(h: Hearing, said: Match[str]) -> str:
    case = meant(h, said["number"])
    if case is None:
        return _no_case(said["number"], "答复 128 看过了,没问题")
    waiting = asks.open_asks(h.db, case.id)
    if not waiting:
        return words.nothing_asked(case.number)
    about = [one for one in waiting if (one.unit or one.name) in said["words"]]
    inviting.answer(h.db, case, (about or waiting)[0], said["words"], actor=h.actor(), now=h.now)
    return words.answer_kept(case.number)


# --- 派单卡, 单号 ---------------------------------------------------------------------------------


@command(
    "dispatch_card",
    "派单卡",
    roles=LEADERS,
    help="写好一张,转给没有账号的单位",
    area="管事",
    takes=rf"{_NUMBER}(?P<unit>\S{{2,20}})?",
    usage="派单卡 128 物业",
    where=Where.DISCREET,
)
def dispatch_card(h: Hearing, said: Match[str]) -> str:
    case = meant(h, said["number"])
    if case is None or case.number is None:
        return _no_case(said["number"], "派单卡 128 物业")
    unit = grid.unit_called(h.db, h.community_id, said["unit"]) if said["unit"] else None
    if unit is None and case.unit_id is not None:
        unit = dispatching.unit_of(h.db, h.community_id, case.unit_id)
    if unit is None and not said["unit"]:
        likely = grid.units_for(h.db, h.community_id, case.types, case.side)
        unit = likely[0] if likely else None
    name = unit.name if unit else said["unit"]
    if not name:
        return texts.like_this("派单卡 128 物业")
    return dispatching.dispatch_text(h.db, case, name)


@command(
    "outside_number",
    "单号",
    roles=LEADERS,
    help="这件在12345等处的单号,只算一件",
    area="管事",
    takes=r"#?(?P<number>\d{1,7})\s+(?:(?P<source>12345|[\u4e00-\u9fff]{2,8})\s*)?(?P<outside>[A-Za-z0-9-]{6,40})",
    usage="单号 128 20261119000123",
    where=Where.DISCREET,
)
def outside_number(h: Hearing, said: Match[str]) -> Answer | str:
    case = numbered(h, int(said["number"]))
    if case is None:
        return texts.no_such_case(said["number"])
    return linking.link(h, case, said["source"] or linking.HOTLINE, said["outside"])


# --- 说明, 指定 -----------------------------------------------------------------------------------


@command(
    "state",
    "说明",
    "陈述",
    roles=STAFF,
    help="居民反映到贵单位的事,您写一段,和反映放在一起",
    area="管事",
    takes=r"#?(?P<number>\d{1,7})(?!\d)\s*[::,,]?\s*(?P<words>.{2,800})",
    usage="说明 128 阀门是上月换的",
    where=Where.DISCREET,
    talk=True,
)
def state(h: Hearing, said: Match[str]) -> str:
    case = queries.by_number(h.db, h.community_id, int(said["number"]))
    kept = drafted.Said(h.inbox_id, h.person, said["words"], h.said.message, h.said.sent_at, part="statement")
    if case is None or not parties.state(h.db, case, kept, actor=h.actor(Role.UNIT), now=h.now):
        return texts.no_such_case(said["number"])
    return words.statement_kept(case.number)


@command(
    "designate",
    "指定",
    roles=LEADERS,
    help="几家都不认的事,您定谁办,定了就算数",
    area="管事",
    takes=r"#?(?P<number>\d{1,7})(?!\d)\s*[,,]?\s*(?:给|由|归)?\s*(?P<who>[^\s\d]\S{1,19}?)(?:来?办)?",
    usage="指定 128 物业",
    where=Where.DISCREET,
)
def designate(h: Hearing, said: Match[str]) -> str:
    case = numbered(h, int(said["number"]))
    if case is None or not bouncing.may_designate(h, case):
        return texts.no_such_case(said["number"])
    body = _body(h, said["who"])
    if body is None:
        return words.unknown_units([said["who"]])
    to = {"unit": body.id} if isinstance(body, UnitScope) else {"person": body}
    if isinstance(body, UnitScope) and body.id in {one.id for one in parties.disputed(h.db, case)}:
        return words.party_not_alone(voice.called(case, shared=True), case.number, body.name)
    if not bouncing.designate(h.db, case, to, actor=h.actor(), now=h.now):
        return texts.cannot_reassign(case.number)
    name = standing.name_of(h.db, to)
    return words.designated_done(voice.called(case, shared=True), case.number, name)
