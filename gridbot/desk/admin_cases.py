"""Cases by command: 列表, 看 128, 改派 128 李格长, 撤销 128, 为什么 128.

A case is named by its number, within the community. A leader sees those of his grid and below, and what
he has in hand; any other number is to him as if it were not there.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from re import Match
from typing import Any

from sqlalchemy import Row

from gridbot import texts
from gridbot.cases import actions, queries, rules, samples, secrecy, views, voice
from gridbot.desk import notices, splitting, story
from gridbot.desk.admin_people import give, held, named
from gridbot.desk.context import Hearing
from gridbot.desk.registry import (
    ADMINS,
    LEADERS,
    STAFF,
    Answer,
    Where,
    button,
    card_key,
    command,
    confirm,
    pressed,
    settle,
)
from gridbot.grid import queries as grid
from gridbot.grid.tree import load_tree
from gridbot.messages import OPEN_STATES, CaseState, Role
from gridbot.privacy import kinds, mask
from gridbot.services.service_days.rules import day_words
from gridbot.texts import privacy as privacy_words

PAGE = 15
_NUMBER = r"#?(?P<number>\d{1,7})(?!\d)(?:\s*(?:号|件|这件|那件))?"


# --- which cases are whose -----------------------------------------------------------------------


def nodes_of(h: Hearing) -> frozenset[int]:
    """The grids this person holds something at, and all below them."""
    tree = load_tree(h.db, h.community_id)
    own = {row.node_id for row in held(h.db, h.community_id, h.now) if row.person_id == h.known_person()}
    mine = {node for node in own if node in tree.by_id}
    return frozenset(mine | {below.id for node in mine for below in tree.descendants(node)})


def visible(h: Hearing, cases: Iterable[Row[Any]]) -> list[Row[Any]]:
    """Those this person may see: all to an admin; to others their grids', their units', their own. Who is
    only copied in (联络员) does not see private ones."""
    if Role.ADMIN in h.roles:
        return list(cases)
    nodes, person = nodes_of(h), h.known_person()
    units = {row.unit_id for row in held(h.db, h.community_id, h.now) if row.person_id == person} - {None}
    leads = bool(h.roles & LEADERS)
    return [
        case
        for case in cases
        if case.owner_id == person
        or case.unit_id in units
        or person in case.data.get("named", ())
        or ({case.node_id, case.level_node_id} & nodes and (leads or not case.private) and not _by_name(case))
    ]


def _by_name(case: Row[Any]) -> bool:
    """A danger to one person: for the contacts named for it, whoever leads the place."""
    return rules.by_name(case.data.get("hazard", ""), private=case.private) and bool(case.data.get("named"))


def numbered(h: Hearing, number: int) -> Row[Any] | None:
    """The case of this number here, if this person may see it."""
    case = queries.by_number(h.db, h.community_id, number)
    return next(iter(visible(h, [case])), None) if case is not None else None


def overdue(case: Row[Any], now: datetime) -> bool:
    """Nobody has taken it in its time, or it is past the time it was to be done by."""
    if case.finish_by is not None and case.state in OPEN_STATES and case.finish_by < now:
        return True
    if case.state != CaseState.WAITING or case.first_told_at is None:
        return False
    by = case.claim_by or case.first_told_at + timedelta(minutes=int(case.data.get("claim_minutes", 120)))
    return bool(by < now)


# --- 列表 ----------------------------------------------------------------------------------------


@command(
    "list",
    "列表",
    "在办",
    roles=STAFF,
    help="在办的事,超时的在前",
    area="管事",
    where=Where.DISCREET,
    talk=True,
    also=(("没办|在办", r"(?:还有)?(?:哪些|什么)(?:事)?(?:没办完?|在办)(?:的|呢)?[??]?(?P<rest>)"),),
)
def listed(h: Hearing, said: Match[str]) -> Answer | str:
    return _page(h, 0, card_key(h))


def _page(h: Hearing, start: int, key: str) -> Answer | str:
    open_cases = visible(h, queries.open_cases(h.db, h.community_id))
    if not open_cases:
        return texts.no_open_cases()
    late = {case.id for case in open_cases if overdue(case, h.now)}
    open_cases.sort(key=lambda case: (case.id not in late, not case.urgent, case.number))
    lines = [_line(case, case.id in late) for case in open_cases[start : start + PAGE]]
    text = texts.case_list(len(open_cases), len(late), lines)
    if start + PAGE >= len(open_cases):
        return Answer(text, key=key)
    return Answer(text, [[button(h, texts.NEXT_PAGE, "list", key, start=start + PAGE)]], key)


def _line(case: Row[Any], late: bool) -> str:
    what = voice.called(case, shared=True)
    return texts.case_line(case.number, what, _state(case), urgent=case.urgent, overdue=late)


def _state(case: Row[Any]) -> str:
    said = texts.STATE_WORDS[case.state]
    return f"{said},{case.until_text}" if case.state == CaseState.ACCEPTED and case.until_text else said


@pressed("list", roles=STAFF)
def _next_page(h: Hearing, pressed_button: Row[Any]) -> str:
    page = _page(h, int(pressed_button.data["start"]), pressed_button.data["key"])
    answer = Answer(page) if isinstance(page, str) else page
    voice.to_chat(
        h.db,
        h.chat,
        answer.text,
        purpose="command-list",
        now=h.now,
        buttons=answer.buttons,
        key=pressed_button.data["key"],
    )
    return ""


# --- 看 and 为什么 -------------------------------------------------------------------------------


@command(
    "show",
    "看",
    "看看",
    roles=STAFF,
    help="一件事的来龙去脉",
    area="管事",
    takes=rf"{_NUMBER}(?:\s*(?P<whole>全程|责任|倒查))?",
    usage="看 128",
    where=Where.DISCREET,
    talk=True,
)
def show(h: Hearing, said: Match[str]) -> Answer | str:
    """His words masked; the door number only to whoever has taken it. Each look is on record. To the unit
    complained about: number, kind and area."""
    case = numbered(h, int(said["number"]))
    if case is None:
        return texts.no_such_case(said["number"])
    if secrecy.is_kept_from(h.db, case, h.known_person(), h.now):
        return privacy_words.kept_from_you(voice.called(case, shared=True), case.number)
    if said["whole"]:
        return story.whole_story(h, case)
    taken = case.accepted_at is not None and case.owner_id == h.known_person()
    what = texts.status_line(voice.called(case, shared=not taken), case.number, _state(case))
    zone = h.knows.settings.zone
    reported = case.reported_at.astimezone(zone)
    when = day_words(reported.date(), h.now.astimezone(zone).date(), near=True) + f"{reported:%H:%M}"
    owner = grid.name_of(h.db, case.owner_id) if case.owner_id is not None else ""
    words = voice.notice_text(h.db, case, "", accepted=taken).partition("原话:")[2]
    text = texts.case_shown(what, reported=when, owner=owner, count=case.supporters, words=words)
    views.seen(h.db, case, what=kinds(text), how=views.COMMAND, actor=h.actor(), now=h.now)
    mine = case.state in OPEN_STATES and case.owner_id == h.known_person()
    return Answer(text, voice.leader_buttons(h.db, case, h.person) if mine else ())


@command(
    "why",
    "为什么",
    "凭什么",
    roles=STAFF,
    help="当时为什么这样记",
    area="管事",
    takes=_NUMBER,
    usage="为什么 128",
    where=Where.DISCREET,
    talk=True,
    also=(("为什么|怎么", r"(?P<rest>#?\d{1,7})\s*(?:为什么|怎么)(?:会)?(?:这样|这么|记成).{0,12}"),),
)
def why(h: Hearing, said: Match[str]) -> str:
    case = numbered(h, int(said["number"]))
    if case is None or secrecy.is_kept_from(h.db, case, h.known_person(), h.now):
        return texts.no_such_case(said["number"])
    views.seen(h.db, case, what=["because"], how=views.COMMAND, actor=h.actor(), now=h.now)
    head = texts.status_line(voice.called(case, shared=True), case.number, _state(case))
    return texts.case_because(head, [mask(one) for one in case.data.get("because", [])][:8])


# --- 改派 ----------------------------------------------------------------------------------------


@command(
    "reassign",
    "改派",
    "派给",
    roles=LEADERS,
    help="换一位来办",
    area="管事",
    takes=rf"{_NUMBER}\s*[,,]?\s*(?:改?派?给|转给|到)?\s*(?P<who>[^\s\d]\S{{1,19}})",
    usage="改派 128 李格长",
    where=Where.DISCREET,
    also=(("派", r"把?\s*(?P<rest>#?\d{1,7}\s*(?:号|这件)?\s*(?:改派给|改派|派给)\s*\S{2,20})"),),
)
def reassign(h: Hearing, said: Match[str]) -> Answer | str:
    case = numbered(h, int(said["number"]))
    if case is None:
        return texts.no_such_case(said["number"])
    rows = [row for row in held(h.db, h.community_id, h.now) if row.role != Role.LIAISON.value]
    found = named(rows, said["who"].removeprefix("派给").removeprefix("给"))
    people = list({row.person_id: row for row in found}.values())
    if not people:
        return texts.no_such_person(said["who"])
    if len(people) > 1:
        key = card_key(h)
        choices = [
            [button(h, one.name, "reassign", key, case=case.id, person=one.person_id)] for one in people[:5]
        ]
        return Answer(texts.several_people([one.name for one in people[:5]]), choices, key)
    return hand_to(h, case, people[0].person_id)


def hand_to(h: Hearing, case: Row[Any], person: int) -> str:
    rows = [row for row in held(h.db, h.community_id, h.now) if row.person_id == person]
    if not rows:
        return texts.expired()
    node = next((row.node_id for row in rows if row.node_id is not None), None)
    if Role.ADMIN not in h.roles and not {row.node_id for row in rows} & nodes_of(h):
        return texts.not_a_handler(rows[0].name)
    if not give(h, case, person, rows[0].name, node):
        return texts.cannot_reassign(case.number)
    return texts.reassigned(voice.called(case, shared=True), case.number, rows[0].name)


@pressed("reassign", roles=LEADERS)
def _reassign_to(h: Hearing, pressed_button: Row[Any]) -> str:
    case = queries.case(h.db, int(pressed_button.data["case"]))
    if case.community_id != h.community_id or not visible(h, [case]):
        return texts.not_yours()
    return settle(h, pressed_button, hand_to(h, case, int(pressed_button.data["person"])))


# --- 撤销 ----------------------------------------------------------------------------------------


@command(
    "withdraw",
    "撤销",
    "撤掉",
    roles=ADMINS,
    help="记错了,不办了(先问您一遍)",
    area="管事",
    takes=_NUMBER,
    usage="撤销 128",
    where=Where.DISCREET,
)
def withdraw(h: Hearing, said: Match[str]) -> Answer | str:
    case = numbered(h, int(said["number"]))
    if case is None:
        return texts.no_such_case(said["number"])
    if case.state not in (*OPEN_STATES, CaseState.DONE):
        return texts.cannot_reassign(case.number)
    question = texts.really_withdraw(voice.called(case, shared=True), case.number)
    return confirm(h, question, "withdraw", case=case.id)


@pressed("withdraw")
def _withdraw(h: Hearing, pressed_button: Row[Any]) -> str:
    case = queries.case(h.db, int(pressed_button.data["case"]))
    if case.community_id != h.community_id:
        return texts.not_yours()
    if actions.withdraw(h.db, case, actor=h.actor(Role.ADMIN), now=h.now) is None:
        return settle(h, pressed_button, texts.cannot_reassign(case.number))
    words = queries.words_of(h.db, case.id)
    samples.keep(h.db, case, words, said=case.types, right=[], actor=h.actor(Role.ADMIN), now=h.now)
    phone = h.knows.settings.phone
    text = texts.withdrawn_by_admin(case.number, phone)
    voice.tell_reporter(h.db, case, text, purpose="withdrawn-by-admin", now=h.now)
    if not case.private:
        chat = voice.chat_row(h.db, case.chat_id)
        voice.react(h.db, chat, case.platform_message, "", case=case, now=h.now)
    if case.parent_id is not None:
        splitting.gone(h.db, queries.case(h.db, case.id), h.now)
    if case.first_told_at is not None:
        gone = texts.withdrawn_card_by(voice.called(case, shared=True), case.number)
        notices.card(h.db, case, gone, "withdrawn-card", h.now, [])
    return settle(h, pressed_button, texts.case_withdrawn(case.number))
