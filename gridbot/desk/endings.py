"""A case comes to its end, or not yet: all are asked, somebody answers, the leader hears it again.

Called by whatever says done, mended or not: a tap, a plain word, silence for the time allowed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from gridbot import texts
from gridbot.cases import actions, closing, queries, rules, shares, voice
from gridbot.desk import clockwork, digest, incident_words, notices
from gridbot.grid import queries as grid
from gridbot.messages import Actor, CaseState, Move
from gridbot.store import timers
from gridbot.texts import closing as words


def after_done(db: Connection, case_id: int, now: datetime, *, event: int, tapped: bool) -> None:
    """All who spoke of it are asked, once and in place, never at night; after a tap it waits out the undo
    minute. Silence is counted from when they were asked."""
    case = queries.case(db, case_id)
    timers.cancel_all(db, actions.subject(case.id))
    settings = grid.settings_of(db, case.community_id)
    say_at = now + rules.UNDO_FOR if tapped else now
    say_at = rules.after_quiet_hours(say_at, settings.quiet_start, settings.quiet_end, settings.zone)
    due = say_at + settings.answer_within
    timers.set_timer(db, notices.CONFIRM, actions.subject(case.id), due, community_id=case.community_id)
    if case.urgent:
        notices.stand_down(db, case, now)
    last = queries.last_event(db, case.id, [Move.DONE])
    asked = closing.anybody_to_ask(case, last.person_id if last is not None else None)
    actions.note(db, case, asked=asked)
    heard = 0
    if asked:
        heard = closing.tell_all(
            db,
            case,
            _is_it_mended(case),
            purpose=closing.QUESTION,
            now=now,
            buttons=voice.answer_buttons(db, case, now),
            due_at=say_at,
        )
    what = voice.called(case, shared=False)
    text = (
        texts.done_card(what, case.number) if tapped else texts.done_told(what, case.number, asked=heard > 0)
    )
    undo = voice.undo_button(db, case, case.owner_id, event, now) if tapped else []
    notices.card(db, case, text, "done-card", now, undo)


def _is_it_mended(case: Row[Any]) -> str:
    if incident_words.is_incident(case):
        return texts.outage_over(case.place, incident_words.kind(case), case.number)
    return texts.please_check(voice.called(case, shared=True), case.number)


def after_closed(db: Connection, case_id: int, now: datetime, *, answered: bool = True) -> None:
    case = queries.case(db, case_id)
    clockwork.off_agenda(db, case, now)
    what = voice.called(case, shared=False)
    text = texts.closed_card(what, case.number)
    if not answered:
        text = texts.unanswered_card(what, case.number, asked=bool(case.data.get("asked")))
    notices.card(db, case, text, "closed-card", now, [])
    _shares_ended(db, case, "closed-card", now)


def _shares_ended(db: Connection, case: Row[Any], purpose: str, now: datetime) -> None:
    """The whole is over, and whoever was told of a share in it reads so on his card."""
    for part in shares.parts_of(db, case.id):
        if not shares.is_body(part):
            continue
        what = voice.called(part, shared=True)
        withdrawn = part.state == CaseState.WITHDRAWN
        text = (texts.withdrawn_card if withdrawn else texts.closed_card)(what, part.number)
        for person in closing.told_people(db, part.id):
            voice.leader_card(db, part, person, text, purpose=purpose, now=now)


def after_reopened(db: Connection, case_id: int, now: datetime) -> None:
    """还没好: always to whoever had it, as a new card, for an edited one rings nobody; the level above
    sees it too. At night both wait for the morning; an emergency does not."""
    case = queries.case(db, case_id)
    timers.cancel(db, notices.CONFIRM, actions.subject(case.id))
    closing.take_question_back(db, case.id)
    if case.urgent:
        notices.tell_everyone(db, case, now, ring=True)
        return
    case = _with_somebody(db, case, now)
    text = texts.reopened_card(voice.called(case, shared=True), case.number)
    if not ring(db, case, text, "reopened", now):
        notices.tell_leader(db, case, now)
    _show_above(db, case, now)
    notices.set_claim(db, case, now)
    for part in shares.parts_of(db, case.id):
        if shares.is_body(part) and part.state == CaseState.WAITING:
            again = texts.reopened_card(voice.called(part, shared=True), part.number)
            ring(db, part, again, "reopened", now)
            notices.set_claim(db, part, now)


def _with_somebody(db: Connection, case: Row[Any], now: datetime) -> Row[Any]:
    """The same case; where its owner holds nothing any more, it goes to whoever is responsible today."""
    if case.owner_id is None or grid.roles_of(db, case.community_id, case.owner_id, None, now):
        return case
    line = notices.parties(db, case, now)
    party = next((one for one in line if one.person_id not in (None, case.owner_id)), None)
    if party is None or party.person_id is None:
        return case
    actions.reassign(db, case, owner_id=party.person_id, node_id=None, actor=Actor.system(), now=now)
    return queries.case(db, case.id)


def after_better(db: Connection, case_id: int, now: datetime) -> None:
    """好一点: it stays with the leader, with that word."""
    case = queries.case(db, case_id)
    timers.cancel(db, notices.CONFIRM, actions.subject(case.id))
    closing.take_question_back(db, case.id)
    ring(db, case, texts.partly_card(voice.called(case, shared=False), case.number), "partly", now)


def ring(db: Connection, case: Row[Any], text: str, purpose: str, now: datetime) -> bool:
    """A new card for the owner; at night it stands in his digest. False: nobody can be reached by it."""
    owner = case.owner_id
    if owner is None or grid.private_chat_of(db, owner) is None:
        return False
    wait = None if case.urgent else digest.waits(db, case.community_id, owner, now)
    if wait is not None and wait[0] == digest.QUIET:
        for said in ("", text):  # the case with its button, and what is new about it
            digest.hold(db, case.community_id, *wait, now=now, person_id=owner, case_id=case.id, text=said)
        return True
    buttons = voice.leader_buttons(db, case, owner)
    voice.leader_card(db, case, owner, text, purpose=purpose, now=now, buttons=buttons, ring=True)
    return True


def _show_above(db: Connection, case: Row[Any], now: datetime) -> None:
    """The level above reads that it was not mended, and who has it; nothing to be done there yet."""
    if rules.by_name(case.data.get("hazard", ""), private=case.private):
        return
    name = grid.name_of(db, case.owner_id) if case.owner_id is not None else ""
    text = words.reopened_above(voice.called(case, shared=True), case.number, name)
    for party in notices.above(db, case, now):
        if party.person_id not in (None, case.owner_id):
            digest.say(db, party.person_id, text, case=case, purpose="reopened-above", now=now)


def after_withdrawn(db: Connection, case: Row[Any], now: datetime) -> None:
    """Only who was told of it has to hear that it is gone."""
    clockwork.off_agenda(db, queries.case(db, case.id), now)
    if case.urgent:
        gone = texts.withdrawn_card(voice.called(case, shared=True), case.number)
        notices.stand_down(db, case, now, gone)
    if case.first_told_at is not None:
        notices.card(
            db,
            case,
            texts.withdrawn_card(voice.called(case, shared=False), case.number),
            "withdrawn-card",
            now,
            [],
        )
    _shares_ended(db, case, "withdrawn-card", now)
