"""One sender's fragments: which of the messages around a report belong to it (what was said before it, and
halves that make one together: said_before.py)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from gridbot.cases import actions, queries
from gridbot.cases.actions import Draft, Said
from gridbot.desk import (
    alarms,
    clockwork,
    drafts,
    notices,
    opening,
    remarks,
    rerouting,
    said_before,
    sameplace,
)
from gridbot.desk.context import Hearing
from gridbot.messages import CaseState
from gridbot.understanding.reading import Band, Kind, Place, Reading

_OPENING = 4  #: characters in which 还有 begins another matter
_WHOLE = 120  #: characters of all the fragments together


def gathering_cases(h: Hearing) -> list[Row[Any]]:
    """The sender's own cases in this chat whose window is still open: the latest, and what was said in
    one message with it."""
    person = h.known_person()
    if person is None or not h.gathers:
        return []
    cases = queries.gathering(h.db, h.chat.id, person, h.said.sent_at)
    found = [case for case in cases if _window_open(h, case)]
    return [case for case in found if case.platform_message == found[0].platform_message]


def _window_open(h: Hearing, case: Row[Any]) -> bool:
    if case.gather_until is None:
        return False
    last = datetime.fromisoformat(case.data["last"]) if "last" in case.data else case.reported_at
    return bool(h.said.sent_at <= min(case.gather_until, last + h.knows.settings.gather_idle))


def still_spoken_of(h: Hearing, case: Row[Any]) -> None:
    """Others go on about it: its reporter's pause counts from there, within the whole window."""
    if case.gather_until is not None and h.said.sent_at <= case.gather_until:
        actions.note(h.db, case, last=h.said.sent_at.isoformat())


def may_join(h: Hearing, reading: Reading, text: str, case: Row[Any]) -> bool:
    """Whether something the same person says goes on about the case. Only what clearly is something else
    does not: 接龙, a price, thanks, an answer to somebody else's talk."""
    if reading.kind in said_before.NEVER or said_before.is_over(h, reading, text) or drafts.reports(reading):
        return False
    words = remarks.of(h.knows.packs)
    if words.other_talk(text) or (words.joke(text) and not reading.places):
        return False
    answers = h.said.reply_to
    return not answers or queries.by_message(h.db, h.community_id, h.chat.id, answers) == case.id


def continues(h: Hearing, case: Row[Any], draft: Draft, reading: Reading, text: str) -> bool:
    """Whether a further report of the same sender is the same thing said again, or what comes of it."""
    if case.urgent and not draft.place_key:
        return mere_aid(h, text) or reading.danger not in drafts.PERSONAL or case.private
    if draft.private and not case.private and reading.urgent:
        return False
    same_type = not case.types or not draft.types or bool(set(case.types) & set(draft.types))
    placed = bool(draft.place_key and case.place_key)
    near = not placed or sameplace.within(draft.place_key, case.place_key)
    if same_type:
        return near or also(h, case, draft, text)
    if case.urgent:
        return near
    begins = text if reading.band is Band.OPEN else text[:_OPENING]  # 都是店里的车,还有几部业主的 goes on
    words = remarks.of(h.knows.packs)
    if words.says("more", begins):
        return False
    half_said = reading.band is Band.ASK or words.says("subjectless", text)
    if half_said and _same_breath(h, case) and not sameplace.building(draft.place_key):
        return True  # 碎在滑梯旁边: where it came down
    if placed and reading.band is Band.OPEN:
        return False
    if draft.place_key and case.data.get("band") == Band.OPEN.value:
        return near and (placed or reading.band is Band.ASK)  # a place said late sounds like half a report
    return near and (reading.urgent or not _supply(h, draft.types))


def _same_breath(h: Hearing, case: Row[Any]) -> bool:
    last = datetime.fromisoformat(case.data["last"]) if "last" in case.data else case.reported_at
    return bool(h.said.sent_at - last <= said_before.AT_ONCE)


def mere_aid(h: Hearing, text: str) -> bool:
    """Whether a text tells of help and of hurt people alone, of no trouble or place: 头在流血 快叫救护车."""
    words = remarks.of(h.knows.packs)
    if not 0 < len(text) <= remarks.LONGEST or not (words.says("aid", text) or words.says("hurt", text)):
        return False
    rest = drafts.read(h, words.without("aid", words.without("hurt", text)))
    return not drafts.reports(rest) and drafts.best_place(drafts.with_places(h, rest, text).places) is None


def also(h: Hearing, case: Row[Any], draft: Draft, text: str) -> bool:
    """3号楼没水, then 4号楼也没: one want of water."""
    return _supply(h, draft.types) and _remark(h, text, case) is remarks.Remark.TOO


def _remark(h: Hearing, text: str, case: Row[Any]) -> remarks.Remark:
    return remarks.of(h.knows.packs).remark(text, tuple(case.types))


def _supply(h: Hearing, types: Any) -> bool:
    known = h.knows.packs.types
    return any(one in known and known[one].supply for one in types)


# --- a fragment joins ----------------------------------------------------------------------------


def join(h: Hearing, case: Row[Any], reading: Reading) -> None:
    """A fragment: its words, and the place or type it brings."""
    text = h.said.text or h.said.transcript
    had = rerouting.line(h, case) if drafts.reports(reading) else None
    if not actions.add(h.db, case, drafts.said_of(h), actor=h.actor(), now=h.now):
        return
    actions.note(h.db, case, last=h.said.sent_at.isoformat())
    _place_it(h, case, drafts.with_places(h, reading, text), text)
    if drafts.reports(reading) and reading.issues:
        _clearer(h, case, reading)
    case = queries.case(h.db, case.id)
    if case.types and case.data.get("band") != Band.OPEN.value:
        _read_again(h, case)
    if case.types and not case.urgent and remarks.of(h.knows.packs).says("hurt", text):
        _may_be_grave(h, case)
    if not case.private and not case.urgent and drafts.is_private(reading):
        _turns_private(h, case)
    if not case.private and drafts.discreet(h, text):
        keep_private(h, case)
    case = queries.case(h.db, case.id)
    if case.state == CaseState.GATHERING:
        if opening.complete(h, case.data, case.types, case.urgent):
            opening.open_now(h, case)
        else:
            opening.wait(h, case)
    else:
        rerouting.follow(h, case.id, had)


def _place_it(h: Hearing, case: Row[Any], reading: Reading, text: str) -> None:
    place = drafts.best_place(reading.places)
    if place is None:
        return
    if case.place_key and case.data.get("wrong_place"):
        set_place(h, case, place, sameplace.put_right(case.place, place.text))
    elif not case.data.get("placed"):
        set_place(h, case, place, sameplace.joined(case.place if case.place_key else "", place.text))
    elif _finer(place, case):
        set_place(h, case, place, sameplace.joined(case.place, place.text), finer=True)
    elif _supply(h, case.types) and _remark(h, text, case) is remarks.Remark.TOO:
        set_place(h, case, place, f"{case.place}、{place.text}", finer=True)


def _finer(place: Place, case: Row[Any]) -> bool:
    """Whether it says more of the same place: a unit after the house, a house after a floor."""
    one, other = sameplace.building(place.key), sameplace.building(case.place_key)
    if one and other and one != other:
        return False
    return place.key != case.place_key and place.key not in case.place_key and place.text not in case.place


def set_place(h: Hearing, case: Row[Any], place: Place, said: str, *, finer: bool = False) -> None:
    key = case.place_key if finer and not place.node and sameplace.building(case.place_key) else place.key
    actions.locate(
        h.db,
        case,
        place=said,
        place_key=key,
        side=place.side.value,
        node_id=place.node,
        actor=h.actor(),
        now=h.now,
    )
    actions.note(h.db, case, placed=True, choices=list(place.choices), wrong_place=False)


def _clearer(h: Hearing, case: Row[Any], reading: Reading) -> None:
    """A later fragment that is surer, or dangerous, decides type and urgency."""
    surer = reading.band is Band.OPEN and (case.data.get("band") != Band.OPEN.value or not case.types)
    if not surer and not (reading.urgent and not case.urgent):
        return
    sharpen(h, case, reading)


def _read_again(h: Hearing, case: Row[Any]) -> None:
    """What was only asked about may be sure with the words that came since."""
    words = queries.words_of(h.db, case.id)
    whole = said_before.surer(h, Reading(Kind.REPORT, Band.ASK), words) if len(words) <= _WHOLE else None
    if whole is not None and set(whole.types) & set(case.types):
        sharpen(h, case, whole)


def _may_be_grave(h: Hearing, case: Row[Any]) -> None:
    """The dog bit somebody; 腿上都是血: together a danger."""
    whole = drafts.read(h, queries.words_of(h.db, case.id)[:_WHOLE])
    if whole.urgent and drafts.reports(whole) and set(whole.types) & set(case.types):
        sharpen(h, case, whole)


def _turns_private(h: Hearing, case: Row[Any]) -> None:
    """What began with a thing and goes on with a quarrel is, all told, between people."""
    whole = drafts.read(h, queries.words_of(h.db, case.id)[:_WHOLE])
    if drafts.reports(whole) and drafts.is_private(whole):
        sharpen(h, case, whole)


def keep_private(h: Hearing, case: Row[Any]) -> None:
    """别在群里说: from here on nothing of it is said where others read."""
    actions.retype(
        h.db,
        case,
        types=tuple(case.types),
        titles=tuple(case.data.get("titles", ())),
        urgent=case.urgent,
        private=True,
        actor=h.actor(),
        now=h.now,
    )


def sharpen(h: Hearing, case: Row[Any], reading: Reading) -> None:
    draft = drafts.draft_of(h, reading)
    actions.retype(
        h.db,
        case,
        types=draft.types,
        titles=draft.titles,
        urgent=reading.urgent or case.urgent,
        private=draft.private or case.private,
        actor=h.actor(),
        now=h.now,
    )
    routed = {name: draft.data[name] for name in ("routing", "duty", "limits") if name in draft.data}
    hazard = draft.hazard or case.data.get("hazard", "")
    actions.note(h.db, case, band=reading.band.value, hazard=hazard, **routed)
    clockwork.recount(h.db, case, h.now)
    if reading.urgent and not case.urgent:
        now_urgent = queries.case(h.db, case.id)
        if now_urgent.number is not None:
            alarms.sound(h, now_urgent)
            alarms.page(h, now_urgent)


# --- with what was said before -------------------------------------------------------------------


def with_earlier(h: Hearing, draft: Draft, earlier: list[said_before.Heard], *, known: bool = True) -> Draft:
    """A place said in the breath before counts; where the one said now is none the grid knows
    (去社区医院要绕), one it knows comes first. A mere floor or door lies in the house spoken of."""
    inner = sameplace.inner(draft.place_key)
    if draft.place_key and known and not inner:
        return draft
    for _, said in reversed(earlier):
        reading = drafts.with_places(h, drafts.read(h, said.text), said.text)
        place = drafts.best_place(reading.places)
        if place is None:
            continue
        if inner and sameplace.building(place.key):
            return _at(draft, place.text, place.key, place)
        if not draft.place_key or place.node is not None:
            return _at(replace(draft, place=""), place.text, place.key, place)
    return _where_one_is(h, draft) if inner or not draft.place_key else draft


def _at(draft: Draft, said: str, key: str, place: Place) -> Draft:
    return replace(
        draft,
        place=sameplace.joined(said, draft.place) if draft.place_key else said,
        place_key=key,
        side=place.side.value,
        node_id=place.node or draft.node_id,
        data={**draft.data, "placed": True, "choices": list(place.choices)},
    )


def _where_one_is(h: Hearing, draft: Draft) -> Draft:
    """A second trouble of somebody who has just said where: there too."""
    for case in gathering_cases(h):
        if case.data.get("placed") and case.place_key and not case.data.get("choices"):
            return replace(
                draft,
                place=sameplace.joined(case.place, draft.place) if draft.place_key else case.place,
                place_key=case.place_key,
                side=case.side,
                node_id=case.node_id,
                data={**draft.data, "placed": True, "choices": []},
            )
    return draft


def keep_earlier(
    h: Hearing, case: Row[Any], earlier: list[said_before.Heard], *, part: str = "report"
) -> None:
    for inbox_id, said in earlier:
        words = said.text or said.transcript
        fragment = Said(inbox_id, h.person, words, said.message, said.sent_at, said.photos, part)
        actions.add(h.db, case, fragment, actor=h.actor(), now=h.now)


# --- a supporter goes on -------------------------------------------------------------------------


def supporter_goes_on(h: Hearing, reading: Reading, text: str) -> bool:
    """A photo, a door, a few words of somebody who has just said "我家也是": kept with the case."""
    person = h.known_person()
    if person is None or not h.backs:
        return False
    words = remarks.of(h.knows.packs)
    for case in queries.backed_in_chat(h.db, h.chat.id, person):
        last = queries.last_words(h.db, case.id, person)
        if last is None or h.said.sent_at - last > h.knows.settings.gather_idle:
            continue
        if (
            not may_join(h, reading, text, case)
            or words.says("once", text)
            or words.remark(text) in (remarks.Remark.FINE, remarks.Remark.ELSE)
        ):
            return False
        said = drafts.said_of(h, part="support")
        if actions.add(h.db, case, said, actor=h.actor(), now=h.now):
            notices.after_more_words(h.db, case.id, h.now)
        return True
    return False
