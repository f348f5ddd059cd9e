"""院里还是马路上? Asked once, and only where another body would be the first to be asked."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from gridbot import texts
from gridbot.cases import actions, queries
from gridbot.desk import asking, notices, parties
from gridbot.desk.context import Hearing
from gridbot.grid.rules import INSIDE, OUTSIDE
from gridbot.messages import Role
from gridbot.store import outbox, timers
from gridbot.understanding.reading import Reading

WAIT = timedelta(minutes=10)  #: then the leader hears all the same
BUTTONS = ((texts.INSIDE, INSIDE), (texts.OUTSIDE, OUTSIDE))


def ask(db: Connection, case: Row[Any], now: datetime) -> bool:
    """Puts the question under the report; what waits for it goes on after ten minutes. False: no need."""
    if case.urgent or case.side in (INSIDE, OUTSIDE) or not case.data.get("placed"):
        return False
    if case.data.get("duty", {}).get("both_sides") is not None:
        return False  # both have a share anyway
    if not case.data.get("routing", {}).get("owner_first"):
        return False  # the leader of the place is first on either side
    if not parties.asked(db, case, now).side_decides():
        return False
    rows = [
        outbox.button(
            db,
            text,
            "case:side",
            community_id=case.community_id,
            case_id=case.id,
            person_id=case.reporter_id,
            data={"side": side},
        )
        for text, side in BUTTONS
    ]
    if not asking.ask(db, case, "side", texts.ask_side(), now=now, buttons=[rows]):
        return False
    subject = actions.subject(case.id)
    timers.set_timer(db, notices.UNPLACED, subject, now + WAIT, community_id=case.community_id)
    return True


def said(h: Hearing, reading: Reading, text: str) -> str:
    """inside | outside, as a short answer says it (院里, 马路上); "" if it says neither."""
    if reading.places and reading.places[0].side.value in (INSIDE, OUTSIDE):
        return reading.places[0].side.value
    known = h.knows.packs.places
    outside, inside = (any(word in text for word in words) for words in (known.outside, known.inside))
    return "" if len(text) > 12 or outside == inside else OUTSIDE if outside else INSIDE


def pressed(h: Hearing, case: Row[Any], button: Row[Any]) -> str:
    for question in queries.pending_questions(h.db, case.chat_id, h.now):
        if question.case_id == case.id:
            asking.answered(h.db, question.id, h.now)
    return texts.noted() if settle(h, case, button.data["side"]) else texts.expired()


def settle(h: Hearing, case: Row[Any], side: str) -> bool:
    """The side is known: whoever waited for it is told."""
    done = actions.locate(
        h.db,
        case,
        place=case.place,
        place_key=case.place_key,
        side=side,
        node_id=case.node_id,
        actor=h.actor(Role.RESIDENT),
        now=h.now,
    )
    fresh = queries.case(h.db, case.id)
    if done and fresh.first_told_at is None:
        timers.cancel(h.db, notices.UNPLACED, actions.subject(case.id))
        notices.schedule_notice(h.db, fresh, h.knows.settings, h.now)
    return done
