"""Somebody else's case about the same thing: 附议 instead of a second case.

Same place and type within two days; in the same chat and hour also a place that is part of the other, or
none at all. What is private joins what is private, and nobody hears of it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Row

from gridbot import texts
from gridbot.cases import actions, merging, queries, voice
from gridbot.cases.actions import Draft
from gridbot.desk import (
    alarms,
    bursts,
    drafts,
    endings,
    fragments,
    notices,
    opening,
    remarks,
    said_before,
    sameplace,
)
from gridbot.desk.context import Hearing
from gridbot.desk.remarks import Remark
from gridbot.messages import OPEN_STATES, CaseState
from gridbot.understanding.reading import Kind, Reading
from gridbot.understanding.similar import same_report

SAME = timedelta(hours=48)  #: two reports of one type at one place within it are one case
UNPLACED = timedelta(minutes=30)  #: a report without a place is what was reported here within it
AID = timedelta(minutes=10)  #: how long help spoken of may be meant for a danger just told of
COPIED = timedelta(hours=1)
COPY = 0.95  #: from this likeness on it is the same text, forwarded
COPY_FROM = 8  #: characters; shorter texts are alike by chance
LIKE = 0.6  #: two types, one place, and words as like as this: one thing
_LIVE = (*OPEN_STATES, CaseState.DONE)


def find_twin(h: Hearing, draft: Draft, text: str) -> Row[Any] | None:
    """A live case about the same thing, by anybody."""
    if not draft.types:
        return None
    incident = bursts.incident_for(h, draft)
    if incident is not None:
        return incident
    return _elsewhere(h, draft, text) or _in_this_talk(h, draft, text)


def _elsewhere(h: Hearing, draft: Draft, text: str) -> Row[Any] | None:
    """In the whole community: the very place, or the very words in another group."""
    since = h.said.sent_at - SAME
    if draft.place_key:
        for case in queries.similar(h.db, h.community_id, draft.types[0], draft.place_key, since):
            if case.state in _LIVE and case.private == draft.private:
                return case
    person = h.known_person()
    if person is None or len(text) < COPY_FROM:
        return None
    for case in queries.reported_elsewhere(h.db, h.chat.id, person, h.said.sent_at - COPIED):
        if same_report(queries.words_of(h.db, case.id), text) >= COPY:
            return case
    return None


def _in_this_talk(h: Hearing, draft: Draft, text: str) -> Row[Any] | None:
    if not h.talk:
        return None
    for case in queries.talk_of(h.db, h.chat.id, h.said.sent_at - queries.TALK):
        if case.state not in _LIVE or case.private != draft.private or case.reporter_id == h.known_person():
            continue
        if _same_thing(h, case, draft, text):
            return queries.case(h.db, case.id)
    return None


def _same_thing(h: Hearing, case: Row[Any], draft: Draft, text: str) -> bool:
    near = bool(draft.place_key) and sameplace.related(draft.place_key, case.place_key)
    if case.urgent and not draft.place_key and _same_danger(h, case, draft):
        return True
    if set(case.types) & set(draft.types):
        if not draft.place_key:
            return bool(h.said.sent_at - case.reported_at <= UNPLACED)
        return near or fragments.also(h, case, draft, text)
    if not near:
        return False
    said = queries.words_of(h.db, case.id)
    return _points_back(h, text) or _one_thing(h, said, text) or same_report(said, text) >= LIKE


def _same_danger(h: Hearing, case: Row[Any], draft: Draft) -> bool:
    """浓烟飘进来了,快叫消防: the same fire, whatever is burning."""
    if not draft.hazard or h.said.sent_at - case.reported_at > AID:
        return False
    return bool(queries.case(h.db, case.id).data.get("hazard") == draft.hazard)


def _one_thing(h: Hearing, said: str, text: str) -> bool:
    """Both speak of the same thing by name (鸽子), whatever is wrong with it."""
    here, there = (
        {word for word, types in drafts.things(h, one) if drafts.telling(types)} for one in (said, text)
    )
    return any(len(word) > 1 for word in here & there)


def beside(h: Hearing, draft: Draft, text: str) -> bool:
    """Whether half a report without a place is mere talk about somebody's report of the same."""
    if not h.talk or not draft.types:
        return False
    words = remarks.of(h.knows.packs)
    since = h.said.sent_at - UNPLACED
    for case in queries.talk_of(h.db, h.chat.id, since):
        if case.state in _LIVE and set(case.types) & set(draft.types):
            kind = words.remark(text, tuple(case.types))
            return kind in (Remark.NONE, Remark.ELSE, Remark.FINE) and case.reporter_id != h.known_person()
    return False


def _points_back(h: Hearing, text: str) -> bool:
    """那灯, 那个坑: a thing spoken of before."""
    return remarks.of(h.knows.packs).says("that_one", text)


# --- joining -------------------------------------------------------------------------------------


def second(h: Hearing, case: Row[Any], reading: Reading, *, report: bool = True) -> None:
    """附议. `report`: a report of its own, which gets words the first time; a mere "+1" gets 👀."""
    if case.reporter_id == h.known_person():
        fragments.join(h, case, reading)
        return
    said = drafts.said_of(h, part="support")
    new = merging.second(h.db, case, h.person, said, actor=h.actor(), now=h.now)
    earlier = said_before.before(h, case.opened_at) if new and case.opened_at else []
    fragments.keep_earlier(h, case, earlier, part="support")
    if case.state == CaseState.DONE and reading.kind is Kind.REPORT:
        actions.reopen(h.db, case, actor=h.actor(), now=h.now)
        endings.after_reopened(h.db, case.id, h.now)
    fragments.still_spoken_of(h, case)
    _takes_over(h, case, reading)
    if reading.urgent and case.urgent and drafts.reports(reading):
        alarms.again(h, queries.case(h.db, case.id))
    if not new:
        return
    if bursts.counted(h, case, reading):
        return
    if not h.late and not case.private:
        _thank(h, case, report=report)
    notices.after_more_words(h.db, case.id, h.now)


def _takes_over(h: Hearing, case: Row[Any], reading: Reading) -> None:
    """What a supporter adds: the place nobody had said yet, a danger nobody had seen."""
    place = drafts.best_place(reading.places)
    if place is not None and not case.data.get("placed"):
        fragments.set_place(h, case, place, place.text)
        fresh = queries.case(h.db, case.id)
        if fresh.state == CaseState.GATHERING and opening.complete(h, fresh.data, fresh.types, fresh.urgent):
            opening.open_now(h, fresh)
    if reading.urgent and not case.urgent and drafts.reports(reading):
        fragments.sharpen(h, queries.case(h.db, case.id), reading)


def _thank(h: Hearing, case: Row[Any], *, report: bool) -> None:
    if not report or case.number is None or not alarms.first_time(h):
        voice.react(h.db, h.chat, h.said.message, voice.SEEN, case=case, now=h.now)
    else:
        h.answer(texts.already_reported(case.number), purpose="already", case=case)


# --- remarks -------------------------------------------------------------------------------------


def remarked(h: Hearing, reading: Reading, text: str, only: frozenset[Remark] = frozenset()) -> bool:
    """Somebody's short remark that belongs to what was just reported in this chat. `only`: no other kinds."""
    if not h.talk or h.leads or not remarks.of(h.knows.packs).hint(text, only):
        return False
    reading = drafts.with_places(h, reading, text)
    person = h.known_person()
    for case in _candidates(h, text):
        if case.reporter_id == person or (
            only and remarks.of(h.knows.packs).remark(text, tuple(case.types)) not in only
        ):
            continue
        if claims(h, case, reading, text):
            second(h, queries.case(h.db, case.id), reading, report=False)
            return True
    return False


def aided(h: Hearing, text: str) -> bool:
    """快打119, 别开灯, beside a danger told of here just before, open nothing. 已叫120 is kept with it."""
    if not h.talk or h.leads or not fragments.mere_aid(h, text):
        return False
    for case in queries.talk_of(h.db, h.chat.id, h.said.sent_at - AID):
        if case.urgent and not case.private and case.state in _LIVE:
            if remarks.of(h.knows.packs).says("help_comes", text):
                said = drafts.said_of(h, part="support")
                actions.add(h.db, queries.case(h.db, case.id), said, actor=h.actor(), now=h.now)
                notices.after_more_words(h.db, case.id, h.now)
            return True
    return False


def _candidates(h: Hearing, text: str) -> list[Row[Any]]:
    """Live cases of this talk: those about what the words name first, then the latest."""
    found = [
        case
        for case in queries.talk_of(h.db, h.chat.id, h.said.sent_at - queries.TALK)
        if case.state in _LIVE and case.types
    ]
    about = drafts.topics(h, text) if len(found) > 1 else frozenset()
    return sorted(found, key=lambda case: (not about & set(case.types), -case.id))


def claims(h: Hearing, case: Row[Any], reading: Reading, text: str) -> bool:
    """Whether a remark says the same trouble as the case."""
    kind = remarks.of(h.knows.packs).remark(text, tuple(case.types))
    last = queries.last_words(h.db, case.id, case.reporter_id) or case.reported_at
    about = remarks.About(
        types=tuple(case.types),
        supply=_supply(h, case),
        private=case.private,
        urgent=case.urgent,
        age=h.said.sent_at - last,
        place=sameplace.relation(case.place_key, reading.places),
        quoted=bool(h.said.reply_to)
        and queries.by_message(h.db, h.community_id, h.chat.id, h.said.reply_to) == case.id,
    )
    words = remarks.of(h.knows.packs)
    if not words.belongs(kind, about, bare=words.plus_one(text)):
        return False
    if h.said.reply_to and not about.quoted:
        return False  # an answer to somebody else's words
    return about.quoted or not words.says_plus(text) or not _other_talk_since(h, last)


def _supply(h: Hearing, case: Row[Any]) -> bool:
    known = h.knows.packs.types
    return any(one in known and known[one].supply for one in case.types)


def _other_talk_since(h: Hearing, last: Any) -> bool:
    """Whether a 接龙 or the like began since: then a bare "+1" is meant for that."""
    words = remarks.of(h.knows.packs)
    return any(words.calls_for_plus(text) for text in queries.texts_since(h.db, h.chat.id, last, h.inbox_id))
