"""Truthful closing (办结要真): whom one asks whether it is mended, where, and what was no danger at all.

Reporter and supporters are asked once, in place: one message in each chat somebody spoke of it in, for
all who did; in private only where they did so in private, or where the case is private.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot.cases import actions, queries, rules, secrecy, voice
from gridbot.grid import queries as grid
from gridbot.messages import Actor, Button, ChatKind, Move, Urgency
from gridbot.store import timers
from gridbot.store.tables import case_events, case_messages, cases, outbox
from gridbot.store.tables import inbox as inbox_table

QUESTION = "please-check"  #: the purpose of the row that asks

_SPOKE = (
    sa.select(inbox_table.c.chat_id, case_messages.c.message, case_messages.c.person_id)
    .join(inbox_table, inbox_table.c.id == case_messages.c.inbox_id)
    .where(
        case_messages.c.case_id == sa.bindparam("of_case"),
        case_messages.c.part.in_(("report", "support")),
        case_messages.c.person_id.is_not(None),
        inbox_table.c.chat_id.is_not(None),
    )
    .order_by(case_messages.c.id)
)
_TOLD = (
    sa.select(case_events.c.data)
    .where(case_events.c.case_id == sa.bindparam("of_case"), case_events.c.move == Move.NOTIFIED.value)
    .order_by(case_events.c.seq)
)
_FALSE = (
    sa.select(sa.func.count(cases.c.id.distinct()))
    .join(case_events, case_events.c.case_id == cases.c.id)
    .where(
        cases.c.community_id == sa.bindparam("of_community"),
        cases.c.reporter_id == sa.bindparam("of_person"),
        cases.c.reported_at >= sa.bindparam("since"),
        cases.c.state == "closed",
        case_events.c.move == Move.FALSE_ALARM.value,
    )
)


@dataclass(frozen=True, slots=True)
class Ear:
    """A chat in which something is said to those who spoke of a case there, and under which message."""

    chat: Row[Any]
    reply_to: str = ""
    thread: str = ""


def ears(db: Connection, case: Row[Any], now: datetime) -> list[Ear]:
    """Where reporter and supporters hear of a case, the report's own place first; each chat once.

    A private case, and one that may not be spoken of in its group, is heard of in private chats alone; who
    never opened one hears nothing. Of a share in a case (分件) nobody hears: the whole is spoken of.
    """
    if case.parent_id is not None:
        return []
    home = voice.chat_row(db, case.chat_id)
    if case.private or secrecy.is_kept_out_of(db, case, home, now):
        people = dict.fromkeys([case.reporter_id, *queries.supporter_ids(db, case.id)])
        own = [grid.private_chat_of(db, person) for person in people if person is not None]
        alone = [home] if home.kind == ChatKind.PRIVATE else []
        return [Ear(chat) for chat in {row.id: row for row in (*alone, *filter(None, own))}.values()]
    found = {home.id: Ear(home, case.platform_message, case.thread)}
    for row in db.execute(_SPOKE, {"of_case": case.id}):
        if row.chat_id not in found:
            chat = voice.chat_row(db, row.chat_id)
            if chat.community_id == case.community_id or chat.kind == ChatKind.PRIVATE:
                found[row.chat_id] = Ear(chat, row.message)
    for chat_id in case.data.get("groups", []):  # an incident is known in groups where nobody spoke of it
        found.setdefault(chat_id, Ear(voice.chat_row(db, chat_id)))
    return list(found.values())


def tell_all(
    db: Connection,
    case: Row[Any],
    text: str,
    *,
    purpose: str,
    now: datetime,
    buttons: Sequence[Sequence[Button]] = (),
    due_at: datetime | None = None,
    urgency: Urgency = Urgency.ANSWER,
) -> int:
    """One message in each chat, whoever and however many spoke there. Returns how many chats."""
    said = 0
    for ear in ears(db, case, now):
        row = voice.to_chat(
            db,
            ear.chat,
            text,
            purpose=purpose,
            now=now,
            case=case,
            reply_to=ear.reply_to,
            thread=ear.thread,
            buttons=buttons,
            due_at=due_at,
            urgency=urgency,
        )
        said += row is not None
    return said


def anybody_to_ask(case: Row[Any], finisher: int | None) -> bool:
    """Nobody asks a leader whether what he reported and closed himself is mended; nor, of a danger to one
    person, somebody whose telephone another may read."""
    if rules.by_name(case.data.get("hazard", ""), private=case.private):
        return False
    return case.supporters > 0 or finisher is None or finisher != case.reporter_id


def take_question_back(db: Connection, case_id: int) -> None:
    """The leader goes on with it: what still waits to be asked is not asked."""
    waits = outbox.c.state.in_(("waiting", "parked"))
    db.execute(
        sa.update(outbox)
        .where(outbox.c.case_id == case_id, outbox.c.purpose == QUESTION, waits)
        .values(state="dropped", reason="taken back")
    )


# --- alarms --------------------------------------------------------------------------------------


def false_alarm(
    db: Connection, case: Row[Any], *, actor: Actor, now: datetime, words: str = ""
) -> int | None:
    """虚惊: somebody went and there was nothing. It counts in no rate; returns the event."""
    more = {"false_alarm": True}
    event = actions.move(db, case, Move.FALSE_ALARM, actor, now, words=words, more=more, closed_at=now)
    if event:
        timers.cancel_all(db, actions.subject(case.id))
    return event


def false_alarms(db: Connection, community_id: int, person_id: int | None, since: datetime) -> int:
    """How many alarms of one person somebody went to see in vain since then."""
    which = {"of_community": community_id, "of_person": person_id, "since": since}
    return int(db.execute(_FALSE, which).scalar_one())


def told_people(db: Connection, case_id: int) -> list[int]:
    """Everybody who was told of a case, once each, in that order."""
    rows = db.execute(_TOLD, {"of_case": case_id}).scalars()
    return list(dict.fromkeys(int(data["person"]) for data in rows if data.get("person") is not None))
