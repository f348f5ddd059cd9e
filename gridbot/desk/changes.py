"""A message is edited or taken back: its case follows, and nothing others have read changes."""

from __future__ import annotations

import sqlalchemy as sa

from gridbot import understanding
from gridbot.cases import actions, queries
from gridbot.desk import drafts, notices, opening, reports
from gridbot.desk.context import Hearing
from gridbot.messages import OPEN_STATES, ChatRole
from gridbot.store import inbox
from gridbot.store.tables import case_messages
from gridbot.understanding.reading import Band, Kind


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
    inbox.join_case(h.db, h.inbox_id, case_id)
    place = drafts.best_place(reading.places)
    if place is not None and place.key != case.place_key:
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
        actions.note(h.db, case, placed=True, choices=list(place.choices))
        fresh = queries.case(h.db, case_id)
        if fresh.number is None and opening.complete(h, fresh.data, fresh.types, fresh.urgent):
            opening.open_now(h, fresh)
            return
    notices.after_more_words(h.db, case_id, h.now)


def recalled(h: Hearing) -> None:
    """撤回: the words go; a case of which nothing is left is withdrawn, and its handler told."""
    if h.chat.community_id is None:
        return
    case_id = queries.by_message(h.db, h.community_id, h.chat.id, h.said.message)
    if case_id is None:
        return
    h.db.execute(
        sa.update(case_messages)
        .where(case_messages.c.case_id == case_id, case_messages.c.message == h.said.message)
        .values(text="", photos=[], part="recalled")
    )
    case = queries.case(h.db, case_id)
    left = [row for row in queries.messages_of(h.db, case_id) if row.part == "report"]
    if not left and actions.withdraw(h.db, case, actor=h.actor(), now=h.now):
        notices.after_withdrawn(h.db, case, h.now)
        return
    _place_again(h, case_id)


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
        from gridbot.desk import due

        due.ask_for_place(h.db, h.desk, queries.case(h.db, case_id), h.now)
    notices.after_more_words(h.db, case_id, h.now)
