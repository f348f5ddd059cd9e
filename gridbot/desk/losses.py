"""A message could not be delivered for a reason that concerns more than the message."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot import texts
from gridbot.cases import queries
from gridbot.desk import ladder, notices, parked
from gridbot.desk.context import Hearing
from gridbot.grid import actions as grid_actions
from gridbot.grid import queries as grid
from gridbot.messages import Fault, Outcome, SendResult, Urgency
from gridbot.store import outbox
from gridbot.store import parked as parked_rows
from gridbot.store.tables import chats
from gridbot.texts import kf as words

FROM_CASE = ("notice", "urgent-notice", "reopened")


def lost(db: Connection, row: Row[Any], result: SendResult, *, now: datetime) -> None:
    """Re-keys a migrated chat; marks a lost one; a leader's lost notice goes to the leaders' group."""
    if result.outcome is Outcome.PARKED:
        parked.tell(db, row, now)
        _undelivered(db, row, now)
        return
    match result.fault:
        case Fault.MIGRATED:
            grid_actions.move_chat(db, row.chat_id, result.new_chat, now=now)
        case Fault.KICKED:
            db.execute(sa.update(chats).where(chats.c.id == row.chat_id).values(active=False))
            if row.community_id is not None:
                chat = db.execute(sa.select(chats.c.title).where(chats.c.id == row.chat_id)).one()
                notices.tell_admins(db, row.community_id, texts.put_out(chat.title), now)
        case Fault.BLOCKED:
            _blocked(db, row, now)
        case _ if result.outcome is not Outcome.SENT:
            _undelivered(db, row, now)


def failed(h: Hearing) -> None:
    """The platform took a message and tells later that it did not arrive."""
    row = outbox.find_receipt(h.db, h.chat.id, h.said.message)
    if row is None or row.state != "sent":
        return
    if h.said.text == Outcome.PARKED:
        result = SendResult(Outcome.PARKED, reason=words.WINDOW_OVER)
        row = parked_rows.park(h.db, row, result.reason)
    else:
        fault = Fault.BLOCKED if h.said.text == Fault.BLOCKED else None
        result = SendResult(Outcome.PERMANENT, reason="took it, and did not deliver it", fault=fault)
        parked_rows.fail(h.db, row.id, result.reason)
    lost(h.db, row, result, now=h.now)


def _blocked(db: Connection, row: Row[Any], now: datetime) -> None:
    chat = db.execute(sa.select(chats).where(chats.c.id == row.chat_id)).one()
    db.execute(sa.update(chats).where(chats.c.id == chat.id).values(active=False))
    if chat.person_id is None:
        return
    grid_actions.mark_reachable(db, chat.person_id, chat.platform, reachable=False, now=now)
    _undelivered(db, row, now)


def _undelivered(db: Connection, row: Row[Any], now: datetime) -> None:
    """A notice that will never arrive: somebody else is told at once."""
    person = db.execute(sa.select(chats.c.person_id).where(chats.c.id == row.chat_id)).scalar()
    if person is None or row.case_id is None or row.purpose not in FROM_CASE:
        return
    case = queries.case(db, row.case_id)
    if case.urgent:
        notices.tell_by_group(db, case, person, grid.name_of(db, person), now, Urgency.EMERGENCY)
    else:
        ladder.undelivered(db, case, person, now)
