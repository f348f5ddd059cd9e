"""A reading put right in the chat: 改成 停车 · 这是停车的事 · 不是照明,是停车 · 地点是5号楼 · 不是报事.

By whoever reported it, under the report, under what the bot said of it, or unquoted shortly after; by
whoever may handle it, in private with its number or under its card, in the group under the report. What
was read and what it should have been is kept as a sample; nothing is learnt from it by itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from gridbot import texts
from gridbot.cases import actions, queries, samples, voice
from gridbot.desk import (
    clockwork,
    corrections,
    drafts,
    fragments,
    lowering,
    moves,
    opening,
    parties,
    remarks,
    rerouting,
    sameplace,
)
from gridbot.desk.context import Hearing
from gridbot.desk.remarks import Talk
from gridbot.messages import OPEN_STATES, CaseState, IncomingKind, Role
from gridbot.store import outbox
from gridbot.understanding.intents import IssueType
from gridbot.understanding.naming import likely_types, type_called
from gridbot.understanding.reading import Place, Reading
from gridbot.understanding.replies import read_reply

LONGEST = 40
_HINT = re.compile(r"改[成为到]|的事|是|归类|算|别记")
_MARKS = " ,，。.!！~～、是就的了"  #: left over where the slip stood
_NUMBER = re.compile(r"^(?:把|将)?\s*#?(?P<number>\d{1,7})(?!\d|[号栋幢楼弄单门室])(?:这件|那件)?[\s:：,，]*")
_END = r"(?:吧|呀|啊|哦|呢)?[\s。.!！~～]*$"
_TO = r"(?P<to>[^,，。！!?？]{1,14}?)"
_INTO = re.compile(
    rf"^(?:请|麻烦|帮我|应该|应当|类型|分类|地点|地方|,|，|\s)*改(?:成|为|到)[\s:：]*{_TO}{_END}"
)
_THIS = re.compile(
    rf"^(?:这|那|它)(?:个|件|条)?(?:事儿?)?(?:应该|其实|明明|该)?(?:是|算|属于){_TO}"
    rf"(?:的事情?|的问题|方面的|这一?类){_END}"
)
_NOT = re.compile(
    r"^(?:这|那)?(?:个|件|条)?(?:事儿?)?不(?:是|算)(?P<wrong>[^,，。;；]{1,10}?)(?:的事情?|的问题|问题)?"
    rf"[\s,，。;；]*(?:而|应该|其实)?(?:是|算){_TO}(?:的事情?|的问题|问题)?{_END}"
)
_AT = re.compile(
    rf"^(?:地点|位置|地方|地址)(?:应该)?(?:是|在|改[成为到])(?:在)?[\s:：]*(?P<at>[^,，。！!?？]{{2,24}}?){_END}"
)


@dataclass(frozen=True, slots=True)
class Amend:
    """What a text puts right: a type (in somebody's words), a place, or that it is no report."""

    type: str = ""
    wrong: str = ""
    place: str = ""
    none: bool = False
    number: int | None = None


def amend(text: str, talk: Talk) -> Amend | None:
    """What a short text puts right, by its form alone; None for talk."""
    if not text or len(text) > LONGEST or not _HINT.search(text):
        return None
    number = _NUMBER.match(text)
    rest = text[number.end() :] if number else text.strip()
    of = int(number["number"]) if number else None
    if found := _AT.match(rest):
        return Amend(place=found["at"], number=of)
    if found := _NOT.match(rest):
        return Amend(found["to"], found["wrong"], number=of)
    if found := _INTO.match(rest) or _THIS.match(rest):
        return Amend(found["to"], number=of)
    return Amend(none=True, number=of) if talk.says("no_report", rest) else None


# --- whose it is ---------------------------------------------------------------------------------


def of_quoted(h: Hearing, case: Row[Any], text: str) -> bool:
    """Said under the report, under what we said of it, or under its card. False: it puts nothing right."""
    said = amend(text, remarks.of(h.knows.packs))
    if said is None:
        return case.reporter_id == h.known_person() and _another(h, [case], text)
    if said.number not in (None, case.number):
        return False
    leads = h.leads and moves.may_handle(h, case)
    if not leads and h.known_person() != case.reporter_id:
        return False
    return _apply(h, case, said, text, leads=leads, ask=True)


def unquoted(h: Hearing, text: str) -> bool:
    """With its number, in private; else of the speaker's own report shortly before."""
    said = amend(text, remarks.of(h.knows.packs))
    if said is None:
        return _another(h, None, text)
    case = corrections.own(h) if said.number is None else None
    if case is not None:
        return not said.none and _apply(h, case, said, text, leads=False, ask=h.for_us)
    if not (h.private and h.leads):
        return False
    case = _in_private(h, said.number)
    if case is None and said.number is None:
        return False
    if case is None:
        h.answer(texts.no_such_case(str(said.number)), purpose="usage")
        return True
    return _apply(h, case, said, text, leads=True, ask=True)


def _in_private(h: Hearing, number: int | None) -> Row[Any] | None:
    """A leader's case by its number; without one, the only one he has in hand."""
    if number is not None:
        case = queries.by_number(h.db, h.community_id, number)
        return case if case is not None and moves.may_handle(h, case) else None
    mine = queries.with_owner(h.db, h.community_id, h.person)
    return mine[0] if len(mine) == 1 else None


# --- said the wrong way --------------------------------------------------------------------------


def _another(h: Hearing, own: list[Row[Any]] | None, text: str) -> bool:
    """说错了,不是停电,是停水: whoever reported it names the trouble that is meant. False: he does not."""
    talk = remarks.of(h.knows.packs)
    if not h.has_case or not 0 < len(text) <= 2 * LONGEST:
        return False
    slip, denied = talk.says("slip", text), talk.match("denied", text) if "不是" in text else None
    if not slip and denied is None:
        return False
    right = talk.without("slip", talk.without("denied", text)).strip(_MARKS)
    if not right or talk.says("besides", right):
        return False
    wrong = _types_of(h, denied["what"]) if denied is not None else frozenset()
    for case in corrections.owned(h) if own is None else own:
        reading = _meant_by(h, case, right) if (wrong & set(case.types) if wrong else slip) else None
        if reading is not None:
            _becomes(h, case, reading)
            return True
    return False


def _meant_by(h: Hearing, case: Row[Any], right: str) -> Reading | None:
    """是停电, at the place of the case: another trouble than it was read as; None if it is none."""
    alone = drafts.read(h, right)
    reading = alone if drafts.reports(alone) else drafts.read(h, f"{case.place}{right}")
    another = drafts.reports(reading) and reading.types and not set(case.types) & set(reading.types)
    return reading if another else None


def _types_of(h: Hearing, words: str) -> frozenset[str]:
    called = type_called(h.knows.packs, words)
    read = drafts.read(h, words).types
    return drafts.topics(h, words) | set(read) | ({called.id} if called is not None else set())


def _becomes(h: Hearing, case: Row[Any], reading: Reading) -> None:
    had = rerouting.line(h, case)
    _sample(h, case, list(case.types), list(reading.types), leads=False)
    _keep(h, case, "report")
    fragments.sharpen(h, case, reading)
    place = drafts.best_place(reading.places)
    if place is not None:
        fragments.set_place(h, case, place, sameplace.put_right(case.place, place.text))
    _say(h, case, had)


# --- what is done --------------------------------------------------------------------------------


def _apply(h: Hearing, case: Row[Any], said: Amend, text: str, *, leads: bool, ask: bool) -> bool:
    """`ask`: a type nobody knows is asked about; else it was talk."""
    if case.state not in (*OPEN_STATES, CaseState.DONE):
        return False
    if said.none:
        return leads and h.known_person() != case.reporter_id and _withdraw(h, case)
    if said.place:
        return _move(h, case, said.place)
    if leads and read_reply(text, h.knows.packs, answers=False).action in ("transfer", "bounce", "escalate"):
        return False  # 这是物业的事: to whom it goes, not what it is
    if said.wrong and not _wrongly(h, case, said.wrong):
        return False
    meant = type_called(h.knows.packs, said.type)
    if meant is None:
        return _move(h, case, said.type) or (ask and _ask(h, case, said.type))
    retype(h, case, meant, leads=leads)
    return True


def _wrongly(h: Hearing, case: Row[Any], words: str) -> bool:
    """不是照明: whether that is how the case was read."""
    wrong = type_called(h.knows.packs, words)
    return wrong is not None and wrong.id in case.types


def retype(h: Hearing, case: Row[Any], meant: IssueType, *, leads: bool) -> None:
    """The case becomes of that type. What was told in private stays private; only who handles it may take
    the alarm away."""
    before, had = list(case.types), rerouting.line(h, case)
    if not leads:
        _keep(h, case)
    urgent = case.urgent and (bool(meant.source.danger) or not leads)
    done = actions.retype(
        h.db,
        case,
        types=(meant.id,),
        titles=(meant.title,),
        urgent=urgent,
        private=case.private or meant.private,
        actor=h.actor() if leads else h.actor(Role.RESIDENT),
        now=h.now,
    )
    if not done:
        return
    duties = parties.duties(h, [meant], case.place_key)
    actions.note(h.db, case, band="open", limits=drafts.limits_of(meant), **duties)
    clockwork.recount(h.db, case, h.now)
    if leads:
        lowering.show_upward(h.db, case, actor=h.actor(), now=h.now)
    _sample(h, case, before, [meant.id], leads=leads)
    _say(h, case, had)


def _move(h: Hearing, case: Row[Any], words: str) -> bool:
    place = _place(h, words)
    if place is None:
        return False
    had = rerouting.line(h, case)
    if h.known_person() == case.reporter_id:
        _keep(h, case)
    fragments.set_place(h, case, place, place.text)
    _say(h, case, had)
    return True


def _keep(h: Hearing, case: Row[Any], part: str = "answer") -> None:
    """The reporter's own words that put it right stay with what he reported."""
    if h.said.kind is IncomingKind.MESSAGE:
        actions.add(h.db, case, drafts.said_of(h, part=part), actor=h.actor(Role.RESIDENT), now=h.now)


def _place(h: Hearing, words: str) -> Place | None:
    return drafts.best_place(drafts.with_places(h, drafts.read(h, words), words).places)


def _say(h: Hearing, case: Row[Any], had: rerouting.Line | None) -> None:
    """One short line to whoever put it right; a case that only waited for this opens; the card follows, to
    somebody else if it is his now. `had`: who came first before."""
    fresh = queries.case(h.db, case.id)
    if fresh.state == CaseState.GATHERING:
        if opening.complete(h, fresh.data, fresh.types, fresh.urgent):
            opening.open_now(h, fresh)
        return
    lost = rerouting.follow(h, case.id, had)
    if h.known_person() in lost:
        return  # he has just read that it moved
    if not h.late and (h.private or not fresh.private):
        what = voice.called(fresh, shared=True)
        h.answer(texts.corrected(what, fresh.number), purpose="corrected", case=fresh)


def _withdraw(h: Hearing, case: Row[Any]) -> bool:
    """不是报事, by who handles it."""
    from gridbot.desk import residents

    return residents.withdraw(h, case)


def _ask(h: Hearing, case: Row[Any], words: str) -> bool:
    """A type nobody knows: one short question, with up to three that are likely."""
    likely = likely_types(h.knows.packs, words, queries.words_of(h.db, case.id), most=4)
    likely = [one for one in likely if one.id not in case.types and one.id != "civic"][:3]
    if not likely:
        titles = [one.title for one in h.knows.packs.types.values()]
        h.answer(texts.no_such_type(words, titles), purpose="which-type", case=case)
        return True
    buttons = [
        outbox.button(
            h.db,
            one.title,
            "case:retype",
            community_id=case.community_id,
            case_id=case.id,
            person_id=h.person,
            data={"type": one.id},
        )
        for one in likely
    ]
    h.answer(texts.which_type(words), purpose="which-type", buttons=[buttons], case=case)
    return True


def pressed(h: Hearing, case: Row[Any], button: Row[Any]) -> str:
    """One of the types the question named; rights and state are looked at again."""
    meant = h.knows.packs.types.get(button.data["type"])
    leads = h.leads and moves.may_handle(h, case)
    if not leads and h.known_person() != case.reporter_id:
        return texts.not_yours()
    if meant is None or case.state not in (*OPEN_STATES, CaseState.DONE):
        return texts.expired()
    retype(h, case, meant, leads=leads)
    return texts.noted()


# --- samples -------------------------------------------------------------------------------------


def no_report(h: Hearing, case: Row[Any], text: str) -> None:
    """A withdrawal that says the words were no report at all is a sample; a change of mind is none."""
    if remarks.of(h.knows.packs).says("no_report", text):
        leads = h.known_person() != case.reporter_id
        _sample(h, case, list(case.types), [], leads=leads)


def _sample(h: Hearing, case: Row[Any], said: list[str], right: list[str], *, leads: bool) -> None:
    samples.keep(
        h.db,
        case,
        queries.words_of(h.db, case.id),
        said=said,
        right=right,
        actor=h.actor() if leads else h.actor(Role.RESIDENT),
        now=h.now,
    )
