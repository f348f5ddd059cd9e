"""A message is edited or taken back: its case follows, and nothing others have read changes."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Row

from gridbot import understanding
from gridbot.cases import actions, merging, queries, samples
from gridbot.desk import drafts, endings, fragments, notices, opening, reports, rerouting
from gridbot.desk.context import Hearing
from gridbot.messages import OPEN_STATES, CaseState, ChatRole
from gridbot.store import inbox
from gridbot.store.tables import case_messages
from gridbot.understanding.reading import Band, Kind, Reading


def edited(h: Hearing) -> None:
    """New words for an old message. If they only now report something, they are heard as said now."""
    if h.chat.community_id is None or h.chat.role == ChatRole.UNBOUND:
        return
    case_id = queries.by_message(h.db, h.community_id, h.chat.id, h.said.message)
    reading = understanding.read(h.said.text, h.knows.packs, h.knows.gazetteer, photo=bool(h.said.photos))
    if case_id is None:
        recent = h.now - h.said.sent_at < inbox.KEEP_CHAT
        if recent and reading.kind is Kind.REPORT and reading.band is Band.OPEN:
            reports.hear_report(h, reading)
        return
    case = queries.case(h.db, case_id)
    if case.state not in OPEN_STATES or h.known_person() not in (case.reporter_id, None):
        return
    h.db.execute(
        sa.update(case_messages)
        .where(case_messages.c.case_id == case_id, case_messages.c.message == h.said.message)
        .values(text=h.said.text)
    )
    samples.forget_case(h.db, case_id)
    inbox.join_case(h.db, h.inbox_id, case_id)
    _follow(h, case, reading)


def _follow(h: Hearing, case: Row[Any], reading: Reading) -> None:
    """Place and type follow the new words; the leader's card changes, the group reads nothing."""
    had = rerouting.line(h, case)
    place = drafts.best_place(reading.places)
    said = drafts.said_place(reading.places)
    if place is not None and (place.key != case.place_key or said != case.place):
        fragments.set_place(h, case, place, said)
    if drafts.reports(reading) and reading.band is Band.OPEN and not set(case.types) & set(reading.types):
        fragments.sharpen(h, case, reading)
    fresh = queries.case(h.db, case.id)
    if fresh.number is None and opening.complete(h, fresh.data, fresh.types, fresh.urgent):
        opening.open_now(h, fresh)
        return
    rerouting.follow(h, case.id, had)


def recalled(h: Hearing) -> None:
    """撤回: the words go; a case of which nothing is left is withdrawn, and its handler told."""
    if h.chat.community_id is None:
        return
    inbox.forget(h.db, h.chat.id, h.said.message, before=h.inbox_id)
    case_id = queries.by_message(h.db, h.community_id, h.chat.id, h.said.message)
    if case_id is None:
        return
    h.db.execute(
        sa.update(case_messages)
        .where(case_messages.c.case_id == case_id, case_messages.c.message == h.said.message)
        .values(text="", photos=[], part="recalled")
    )
    samples.forget_case(h.db, case_id)
    case = queries.case(h.db, case_id)
    person = h.known_person()
    if person is not None and person != case.reporter_id:
        _no_longer_supports(h, case, person)
        return
    left = [row for row in queries.messages_of(h.db, case_id) if row.part == "report"]
    if not left and actions.withdraw(h.db, case, actor=h.actor(), now=h.now):
        endings.after_withdrawn(h.db, case, h.now)
        return
    _place_again(h, case_id)


def _no_longer_supports(h: Hearing, case: Row[Any], person: int) -> None:
    """ "我家也是" taken back: they do not count any more."""
    left = [row for row in queries.messages_of(h.db, case.id) if row.person_id == person]
    if all(row.part == "recalled" for row in left):
        merging.unsecond(h.db, case, person, actor=h.actor(), now=h.now)
    notices.after_more_words(h.db, case.id, h.now)


def _place_again(h: Hearing, case_id: int) -> None:
    """The place may have gone with the words; what is left is read anew."""
    case = queries.case(h.db, case_id)
    if case.state not in OPEN_STATES:
        return
    reading = understanding.read(queries.words_of(h.db, case_id), h.knows.packs, h.knows.gazetteer)
    place = drafts.best_place(reading.places)
    if case.place_key and place is None:
        actions.locate(
            h.db,
            case,
            place="",
            place_key="",
            side="",
            node_id=h.chat.node_id,
            actor=h.actor(),
            now=h.now,
        )
        actions.note(h.db, case, placed=False)
        fresh = queries.case(h.db, case_id)
        if fresh.state == CaseState.GATHERING:
            opening.wait(h, fresh)
            return
        from gridbot.desk import due

        due.ask_for_place(h.db, h.desk, queries.case(h.db, case_id), h.now)
    notices.after_more_words(h.db, case_id, h.now)
