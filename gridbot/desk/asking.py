"""At most one question a case, and its plain answer within a day, from the sender or somebody for them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot import texts
from gridbot.cases import actions, queries, voice
from gridbot.desk import drafts, fragments, notices, opening, remarks, vague
from gridbot.desk.context import Hearing
from gridbot.grid import queries as grid
from gridbot.messages import CaseState
from gridbot.store import outbox, timers
from gridbot.store.tables import questions
from gridbot.understanding.reading import Band, Kind, Reading

ANSWER_FOR = timedelta(hours=24)

_WHOSE = re.compile(r"[我她他你您咱是在的住呀啊哦嗯妈爸爷奶婆公姥姨叔舅家老人那就们报说 ,，。！!~]{0,12}")
_ABOUT = 12  #: characters beside the place that may say whose it is
_ASKED = sa.select(questions.c.id).where(questions.c.case_id == sa.bindparam("of_case"))


def ask(
    db: Connection,
    case: Row[Any],
    kind: str,
    text: str,
    *,
    now: Any,
    buttons: list[list[Any]] | None = None,
    data: dict[str, Any] | None = None,
) -> bool:
    """Puts one question under the report; a case never gets a second. Returns whether it was put."""
    if db.execute(_ASKED, {"of_case": case.id}).first() is not None:
        return False
    outbox_id = voice.tell_reporter(db, case, text, purpose=f"ask-{kind}", now=now, buttons=buttons or ())
    if outbox_id is None:
        return False
    db.execute(
        sa.insert(questions).values(
            community_id=case.community_id,
            chat_id=case.chat_id,
            case_id=case.id,
            person_id=case.reporter_id,
            kind=kind,
            data=data or {},
            outbox_id=outbox_id,
            asked_at=now,
            until=now + ANSWER_FOR,
        )
    )
    return True


def place_buttons(db: Connection, case: Row[Any], choices: list[tuple[int, str]]) -> list[list[Any]]:
    """One button a place that may be meant, at most three."""
    rows = [
        outbox.button(
            db,
            name,
            "case:place",
            community_id=case.community_id,
            case_id=case.id,
            person_id=case.reporter_id,
            data={"node": node_id, "name": name},
        )
        for node_id, name in choices[:3]
    ]
    return [rows] if rows else []


# --- the answer ----------------------------------------------------------------------------------


def answer(h: Hearing, reading: Reading) -> bool:
    """A plain answer to a pending question: from whom it was put to, or a bare place from anybody."""
    pending = queries.pending_questions(h.db, h.chat.id, h.now) if h.asked else []
    if not pending:
        return False
    person = h.known_person()
    text = h.said.text or h.said.transcript
    reading = drafts.with_places(h, reading, text)
    mine = [one for one in pending if one.person_id == person]
    fits = mine or (pending if len(pending) == 1 and _bare_place(h, pending[0], reading, text) else [])
    for question in fits:
        case = queries.case(h.db, question.case_id)
        if question.kind == "closed":
            if question.person_id == person and _closed(h, case, reading, text):
                answered(h.db, question.id, h.now)
                return True
            continue
        meant = _answering(h, question, case, _as_answer(case, reading), text)
        if meant is None:
            continue
        answered(h.db, question.id, h.now)
        if question.kind == "whether":
            _agreed(h, case, meant, text)
        elif question.kind == "side":
            _answer_side(h, case, meant, text)
        else:
            fragments.join(h, case, meant)
            settle(h, case.id)
        return True
    return False


def _bare_place(h: Hearing, question: Row[Any], reading: Reading, text: str) -> bool:
    """Nothing but a place, and whose it is: 我妈家5号楼, or 梁叔住5号楼 where 梁叔 was asked."""
    place = drafts.best_place(reading.places)
    if place is None or place.strength < 3 or reading.band is Band.OPEN:
        return False
    rest = text.replace(place.text, "", 1)
    if reading.kind is Kind.PLACE or _WHOSE.fullmatch(rest):
        return True
    name = grid.name_of(h.db, question.person_id) if len(rest) <= _ABOUT else ""
    family = name.lstrip("老小阿大")[:1]
    if not family or family not in rest:
        return False
    rest = rest.replace(name, "", 1).replace(family, "", 1)
    return _WHOSE.fullmatch(remarks.of(h.knows.packs).without("called", rest)) is not None


def _as_answer(case: Row[Any], reading: Reading) -> Reading:
    """Where a place is waited for, half a report beside it ("3号楼的单元门") is the answer, no new matter."""
    place = drafts.best_place(reading.places)
    if not drafts.reports(reading) or reading.band is not Band.ASK or place is None:
        return reading
    if set(case.types) & set(reading.types):
        return reading
    return Reading(Kind.PLACE, Band.SILENT, places=reading.places, because=reading.because)


def _closed(h: Hearing, case: Row[Any], reading: Reading, text: str) -> bool:
    from gridbot.desk import closed

    return closed.answer(h, case, reading, text)


def _answering(h: Hearing, question: Row[Any], case: Row[Any], reading: Reading, text: str) -> Reading | None:
    """The reading as an answer to this question; None if it is none."""
    if question.kind == "whether" and remarks.of(h.knows.packs).says("agrees", text):
        return reading
    if question.kind == "side":
        from gridbot.desk import sides

        return reading if sides.said(h, reading, text) else None
    if drafts.best_place(reading.places) is None and not drafts.reports(reading):
        return None
    if drafts.reports(reading):
        same = not case.types or bool(set(case.types) & set(reading.types)) or not reading.places
        return reading if same else None
    if reading.kind not in (Kind.PLACE, Kind.CHAT) or len(text) > 40:
        return None
    if not case.types and case.data.get("fault"):
        return vague.complete(h, text, case.data["fault"]) or reading
    return reading


def _agreed(h: Hearing, case: Row[Any], reading: Reading, text: str) -> None:
    """是的: what was only asked about is a report. Other words join it, and decide by themselves."""
    if remarks.of(h.knows.packs).says("agrees", text):
        actions.note(h.db, case, band=Band.OPEN.value)
    fragments.join(h, queries.case(h.db, case.id), reading)
    settle(h, case.id)


def placed_by_button(h: Hearing, case: Row[Any], reading: Reading) -> None:
    """A place tapped under the question; it counts like one said."""
    place = reading.places[0]
    fragments.set_place(h, case, place, place.text)
    settle(h, case.id)


def _answer_side(h: Hearing, case: Row[Any], reading: Reading, text: str) -> None:
    from gridbot.desk import sides

    sides.settle(h, case, sides.said(h, reading, text))


def answered(db: Connection, question_id: int, now: Any) -> None:
    db.execute(sa.update(questions).where(questions.c.id == question_id).values(answered_at=now))


def settle(h: Hearing, case_id: int) -> None:
    """After an answer: what waited for it goes on, and the reporter reads that it did."""
    case = queries.case(h.db, case_id)
    if case.state == CaseState.GATHERING and case.types and case.data.get("placed"):
        opening.open_now(h, case)
        return
    if case.number is None:
        return
    if case.first_told_at is None and not case.urgent:
        timers.cancel(h.db, notices.UNPLACED, actions.subject(case.id))
        h.answer(
            texts.thanks_placed(voice.called(case, shared=not h.private), case.number),
            purpose="placed",
            case=case,
        )
        notices.schedule_notice(h.db, case, h.knows.settings, h.now)
    else:
        notices.after_more_words(h.db, case.id, h.now)
