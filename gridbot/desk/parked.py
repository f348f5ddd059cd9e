"""A resident could not be told, for the platform lets nobody write to them before they write again: whoever
has the case hears of it, for a telephone or a knock at the door may do what the bot cannot."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot.cases import queries, voice
from gridbot.desk import notices
from gridbot.desk.context import Hearing
from gridbot.grid import queries as grid
from gridbot.messages import ChatKind, IncomingKind
from gridbot.store import parked
from gridbot.store.tables import chats
from gridbot.texts import kf as words


def tell(db: Connection, row: Row[Any], now: datetime) -> None:
    """Once a case, until they write again: to its handler, else to the admins. `row`: the outbox row. Of
    what was for somebody else (a handler whose own conversation is over) nothing."""
    if row.case_id is None or parked.others(db, row):
        return
    case = queries.case(db, row.case_id)
    if row.chat_id != case.chat_id and voice.chat_row(db, row.chat_id).person_id != case.reporter_id:
        return
    text = words.not_told(voice.called(case, shared=True), case.number)
    chat = grid.private_chat_of(db, case.owner_id) if case.owner_id is not None else None
    if chat is not None and chat.id != row.chat_id:
        voice.to_chat(db, chat, text, purpose="not-told", now=now, case=case)
    else:
        notices.tell_admins(db, case.community_id, text, now, case)


def written(h: Hearing) -> None:
    """They write again: what waited for it is said, before the answer."""
    can = h.desk.can.get(h.said.platform)
    heard = h.said.kind in (IncomingKind.MESSAGE, IncomingKind.BUTTON)
    if heard and can is not None and not can.pushes and h.private:
        parked.release(h.db, h.chat.id, now=h.now)


def of_account(db: Connection, said_via: str, chat: Row[Any]) -> Row[Any] | None:
    """The account a private chat came by, as the directory binds it to a grid; None: it does not."""
    if not said_via:
        return None
    account: Row[Any] | None = db.execute(
        sa.select(chats).where(
            chats.c.platform == chat.platform,
            chats.c.bot == chat.bot,
            chats.c.chat == said_via,
            chats.c.kind == ChatKind.GROUP.value,
            chats.c.community_id.is_not(None),
        )
    ).one_or_none()
    return account
