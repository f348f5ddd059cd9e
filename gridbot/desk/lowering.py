"""A type changed, or an alarm taken away, by whoever handles the case: shown upward."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from gridbot.cases import actions, deadlines, queries, voice
from gridbot.desk import digest
from gridbot.desk.bouncing import deciders
from gridbot.grid import queries as grid
from gridbot.messages import Actor, Urgency
from gridbot.texts import duty as words


def show_upward(db: Connection, case: Row[Any], *, actor: Actor, now: datetime) -> None:
    """A type changed or an alarm taken away by its handler is a line on every card of it from now on; of an
    alarm the level above is told at once, of a type in its next digest. `case`: as it was before."""
    fresh = queries.case(db, case.id)
    before, after = ("、".join(one.data.get("titles", [])) for one in (case, fresh))
    calmed = case.urgent and not fresh.urgent
    if before == after and not calmed:
        return
    actions.note(db, case, lowered=[before, after])
    name = grid.name_of(db, actor.person) if actor.person is not None else actor.name
    if not calmed:
        line = words.retyped_upward(name, case.number, before, after)
        _digest_above(db, case, line, actor, now)
        return
    text = words.shown_upward(name, voice.called(fresh, shared=True), case.number, before, after)
    for leader in deciders(db, case, now):
        if leader.person_id not in (None, actor.person):
            chat = grid.private_chat_of(db, leader.person_id)
            if chat is not None:
                voice.to_chat(db, chat, text, purpose="lowered", now=now, case=fresh, urgency=Urgency.NOTICE)


def _digest_above(db: Connection, case: Row[Any], line: str, actor: Actor, now: datetime) -> None:
    until = deadlines.town(grid.settings_of(db, case.community_id)).next_digest(now)
    for leader in deciders(db, case, now):
        if leader.person_id not in (None, actor.person) and not case.private:
            digest.hold(
                db,
                case.community_id,
                digest.BUDGET,
                until,
                now=now,
                person_id=leader.person_id,
                case_id=case.id,
                text=line,
            )
