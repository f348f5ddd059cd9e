"""A resident speaks about something already reported: mended, not yet, me too, where is mine, never mind.

Also answers to what the bot asked, from the sender or from somebody speaking for them.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot import texts
from gridbot.cases import actions, queries, voice
from gridbot.desk import notices, reports
from gridbot.desk.context import Hearing
from gridbot.messages import OPEN_STATES, CaseState, Role
from gridbot.store import outbox, timers
from gridbot.store.tables import questions
from gridbot.understanding.reading import Kind, Reading

TALK = timedelta(minutes=30)  #: an unquoted "我家也是" means what was reported within it
REOPEN = timedelta(days=7)
ANSWER_FOR = timedelta(hours=24)


def about_a_case(h: Hearing, case: Row[Any], reading: Reading) -> bool:
    """Something said under a case's message, or after a question about it. False: not about it."""
    mine = _mine(h, case)
    if reading.kind is Kind.WITHDRAW and h.known_person() == case.reporter_id:
        withdraw(h, case)
    elif reading.kind is Kind.RESOLVED and mine:
        mended(h, case)
    elif reading.kind is Kind.STILL and mine:
        not_yet(h, case)
    elif reading.kind is Kind.STATUS:
        h.answer(_line(case), purpose="status", case=case)
    elif reading.kind in (Kind.SUPPORT, Kind.REPORT) and not mine:
        reports.second(h, case, reading)
    elif mine and case.state in OPEN_STATES:
        reports.join(h, case, reading)
    else:
        return False
    return True


def _mine(h: Hearing, case: Row[Any]) -> bool:
    person = h.known_person()
    return person is not None and (
        person == case.reporter_id or person in queries.supporter_ids(h.db, case.id)
    )


def hear_aside(h: Hearing, reading: Reading) -> bool:
    """Words that belong to a case without naming it. Returns whether they did."""
    match reading.kind:
        case Kind.STATUS:
            return status(h)
        case Kind.RESOLVED:
            case = _meant(h, (*OPEN_STATES, CaseState.DONE), reading)
            return case is not None and mended(h, case)
        case Kind.STILL:
            case = _meant(h, (CaseState.DONE, CaseState.CLOSED), reading)
            return case is not None and not_yet(h, case)
        case Kind.WITHDRAW:
            case = _meant(h, OPEN_STATES, reading)
            return case is not None and withdraw(h, case)
        case Kind.SUPPORT:
            return support(h, reading)
        case _:
            return False


def _meant(h: Hearing, states: tuple[CaseState, ...], reading: Reading) -> Row[Any] | None:
    """The speaker's own case that fits; if several do, the one at the place named, else none."""
    person = h.known_person()
    if person is None:
        return None
    since = h.said.sent_at - REOPEN
    own = queries.of_reporter(h.db, h.community_id, person, [state.value for state in states])
    own += [one for one in queries.of_supporter(h.db, h.community_id, person) if one.state in states]
    own = [one for one in own if one.reported_at >= since and one.number is not None]
    place = reports.best_place(reading.places)
    if place is not None:
        own = [one for one in own if one.place_key == place.key] or own
    done = [one for one in own if one.state == CaseState.DONE]
    if len(done) == 1:
        return done[0]
    here = [one for one in own if one.chat_id == h.chat.id] or own
    return here[0] if len(here) == 1 else None


def mended(h: Hearing, case: Row[Any]) -> bool:
    """亮了谢谢: closes the case, whoever had it."""
    if actions.confirm(h.db, case, actor=h.actor(Role.RESIDENT), now=h.now) is None:
        return False
    actions.drop_unsaid(h.db, case.id)
    if case.number is not None:
        _thank(h, case)
        notices.after_closed(h.db, case.id, h.now)
    return True


def _thank(h: Hearing, case: Row[Any]) -> None:
    if h.late:
        return
    if h.private:
        h.answer(texts.glad(case.number), purpose="glad", case=case)
    elif not case.private:
        voice.react(h.db, h.chat, h.said.message, voice.MENDED, case=case, now=h.now)


def not_yet(h: Hearing, case: Row[Any]) -> bool:
    """还没好: reopens; the leader and the level above hear it."""
    if actions.reopen(h.db, case, actor=h.actor(Role.RESIDENT), now=h.now) is None:
        return False
    if not h.late:
        h.answer(texts.still_not(case.number), purpose="reopened-ack", case=case)
    notices.after_reopened(h.db, case.id, h.now)
    return True


def withdraw(h: Hearing, case: Row[Any]) -> bool:
    if actions.withdraw(h.db, case, actor=h.actor(), now=h.now) is None:
        return False
    if not h.late:
        h.answer(texts.withdrawn(case.number), purpose="withdrawn", case=case)
    if not case.private:
        voice.react(h.db, voice.chat_row(h.db, case.chat_id), case.platform_message, "", case=case, now=h.now)
    notices.after_withdrawn(h.db, case, h.now)
    return True


def support(h: Hearing, reading: Reading) -> bool:
    """ "我家也是" without quoting: the last thing reported here, if it was just now."""
    recent = [
        case
        for case in queries.recent_in_chat(h.db, h.chat.id, h.said.sent_at - TALK)
        if case.state in (*OPEN_STATES, CaseState.DONE) and not case.private
    ]
    place = reports.best_place(reading.places)
    if place is not None:
        recent = [case for case in recent if case.place_key == place.key] or recent
    if not recent:
        return False
    reports.second(h, recent[0], reading)
    return True


def status(h: Hearing) -> bool:
    """我报的到哪了: always one line to whoever asks of their own; in a group only if they have something."""
    person = h.known_person()
    cases = queries.of_reporter(h.db, h.community_id, person) if person is not None else []
    shown = [case for case in cases if case.number is not None and (h.private or not case.private)]
    if shown:
        h.answer(texts.status_lines(_line(case) for case in shown[:5]), purpose="status")
    elif h.for_us:
        h.answer(texts.nothing_reported(), purpose="status")
    return bool(shown) or h.for_us


def _line(case: Row[Any]) -> str:
    state = texts.STATE_WORDS[case.state]
    if case.state == CaseState.ACCEPTED and case.until_text:
        state = f"{state},{case.until_text}"
    return texts.status_line(voice.called(case, shared=True), case.number, state)


# --- questions and their answers -----------------------------------------------------------------


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
    """Puts one question under the report; the same one is never put twice. Returns whether it was put."""
    asked = sa.select(questions.c.id).where(questions.c.case_id == case.id, questions.c.kind == kind)
    if db.execute(asked).first() is not None:
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
    """One button a place that may be meant, at most three, and 别处."""
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


def answer(h: Hearing, reading: Reading) -> bool:
    """A plain answer to a pending question: from whom it was put to, or a bare place from anybody."""
    pending = queries.pending_questions(h.db, h.chat.id, h.now)
    if not pending:
        return False
    person = h.known_person()
    mine = [one for one in pending if one.person_id == person]
    fits = mine or (pending if reading.kind is Kind.PLACE and len(pending) == 1 else [])
    for question in fits:
        case = queries.case(h.db, question.case_id)
        if not _answers(question, reading):
            continue
        answered(h.db, question.id, h.now)
        if question.kind == "side":
            _answer_side(h, case, reading)
        else:
            reports.join(h, case, reading)
            settle(h, case.id)
        return True
    return False


def placed_by_button(h: Hearing, case: Row[Any], reading: Reading) -> None:
    """A place tapped under the question; it counts like one said."""
    place = reading.places[0]
    actions.locate(
        h.db,
        case,
        place=place.text,
        place_key=place.key,
        side=place.side.value,
        node_id=place.node,
        actor=h.actor(),
        now=h.now,
    )
    settle(h, case.id)


def _answers(question: Row[Any], reading: Reading) -> bool:
    if question.kind == "side":
        return bool(reading.places) and reading.places[0].side != "unknown"
    if question.kind == "what":
        return reading.kind in (Kind.REPORT, Kind.PLACE, Kind.CHAT)
    return bool(reading.places)


def _answer_side(h: Hearing, case: Row[Any], reading: Reading) -> None:
    actions.locate(
        h.db,
        case,
        place=case.place,
        place_key=case.place_key,
        side=reading.places[0].side.value,
        node_id=case.node_id,
        actor=h.actor(),
        now=h.now,
    )


def answered(db: Connection, question_id: int, now: Any) -> None:
    db.execute(sa.update(questions).where(questions.c.id == question_id).values(answered_at=now))


def settle(h: Hearing, case_id: int) -> None:
    """After an answer: what waited for it goes on, and the reporter reads that it did."""
    case = queries.case(h.db, case_id)
    if case.number is None:
        return
    if case.first_told_at is None:
        timers.cancel(h.db, notices.UNPLACED, actions.subject(case.id))
        h.answer(
            texts.thanks_placed(voice.called(case, shared=not h.private), case.number),
            purpose="placed",
            case=case,
        )
        notices.schedule_notice(h.db, case, h.knows.settings, h.now)
    else:
        notices.after_more_words(h.db, case.id, h.now)
