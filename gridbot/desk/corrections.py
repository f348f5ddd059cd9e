"""打错了,是2号楼 · 不是3号楼是2号楼: the place put right by whoever reported it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from sqlalchemy import Row

from gridbot import texts
from gridbot.cases import actions, queries, voice
from gridbot.desk import drafts, fragments, opening, remarks, rerouting, sameplace
from gridbot.desk.context import Hearing
from gridbot.desk.remarks import Talk
from gridbot.messages import OPEN_STATES, CaseState
from gridbot.understanding.reading import Place, Reading

WITHIN = timedelta(hours=2)  #: of the report; later one says it whole


def put_right_by(text: str, places: tuple[Place, ...], talk: Talk) -> Place | None:
    """The place a text corrects to; None if it corrects none."""
    if not places or len(text) > 60 or talk.says("wrong_group", text):
        return None
    wrong = [one for one in places if re.search(rf"不是(?:在)?{re.escape(one.text)}", text)]
    right = [one for one in places if one not in wrong and one.strength > 1]
    if wrong and right and "是" in text.replace("不是", ""):
        return right[0]
    return right[-1] if right and talk.says("typo", text) else None


def correct(h: Hearing, reading: Reading, text: str) -> bool:
    """A correction of the sender's own case in this chat, gathering or open. False: it is none."""
    talk = remarks.of(h.knows.packs)
    if not text or not (talk.says("typo", text) or "不是" in text):
        return False
    reading = drafts.with_places(h, reading, text)
    place = put_right_by(text, reading.places, talk)
    bare = talk.says("only_typo", text)
    if place is None and not bare:
        return False
    case = own(h)
    if case is None:
        return False
    if place is None:
        actions.add(h.db, case, drafts.said_of(h), actor=h.actor(), now=h.now)
        actions.note(h.db, case, wrong_place=True, last=h.said.sent_at.isoformat())
        return True
    apply(h, case, place)
    return True


def own(h: Hearing) -> Row[Any] | None:
    """The sender's latest report in this chat that may still be put right."""
    return next(iter(owned(h)), None)


def owned(h: Hearing) -> list[Row[Any]]:
    """All of those, the latest first."""
    person = h.known_person()
    if person is None or not h.has_case:
        return []
    states = [state.value for state in OPEN_STATES]
    return [
        case
        for case in queries.of_reporter(h.db, h.community_id, person, states)
        if case.chat_id == h.chat.id and h.said.sent_at - case.reported_at <= WITHIN
    ]


def apply(h: Hearing, case: Row[Any], place: Place) -> None:
    """The group reads the new place once, if the old one was said there; the leader's card changes."""
    actions.add(h.db, case, drafts.said_of(h), actor=h.actor(), now=h.now)
    actions.note(h.db, case, last=h.said.sent_at.isoformat())
    had = rerouting.line(h, case)
    fragments.set_place(h, case, place, sameplace.put_right(case.place, place.text))
    fresh = queries.case(h.db, case.id)
    if fresh.state == CaseState.GATHERING:
        if opening.complete(h, fresh.data, fresh.types, fresh.urgent):
            opening.open_now(h, fresh)
        else:
            opening.wait(h, fresh)
        return
    if not h.late and not fresh.private:
        h.answer(
            texts.corrected(voice.called(fresh, shared=True), fresh.number), purpose="corrected", case=fresh
        )
    rerouting.follow(h, case.id, had)
