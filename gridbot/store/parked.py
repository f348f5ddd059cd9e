"""What may not be said before the person writes again: it waits outside the queue, and nothing of it is lost.

Some platforms let a person be written to only for so long, and so often, after they wrote (微信客服: five
messages in 48 hours). A row that comes too late is parked with its reason; when the person writes, what is
still true of it is said.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot.messages import load_outgoing
from gridbot.store.tables import chats, inbox, outbox

_PARKED = (
    sa.select(outbox)
    .where(outbox.c.chat_id == sa.bindparam("of_chat"), outbox.c.state == "parked")
    .order_by(outbox.c.id.desc())
)
_CHAT = sa.select(chats.c.id).where(
    chats.c.platform == sa.bindparam("platform"),
    chats.c.bot == sa.bindparam("bot"),
    chats.c.chat == sa.bindparam("chat"),
)
#: what a person wrote has its own id; an event (somebody opened the conversation) has another's, or none
_WRITTEN = sa.select(sa.func.max(inbox.c.sent_at)).where(
    inbox.c.chat_id == sa.bindparam("of_chat"), inbox.c.message == inbox.c.update_id
)
_SENT = sa.select(sa.func.count()).where(
    outbox.c.chat_id == sa.bindparam("of_chat"),
    outbox.c.state == "sent",
    outbox.c.sent_at > sa.bindparam("since"),
)


def window(db: Connection, *, platform: str, bot: str, chat: str) -> tuple[datetime | None, int]:
    """When the person wrote last (None: never), and how many messages were sent there since."""
    of_chat = db.execute(_CHAT, {"platform": platform, "bot": bot, "chat": chat}).scalar()
    written = db.execute(_WRITTEN, {"of_chat": of_chat}).scalar()
    if written is None:
        return None, 0
    return written, db.execute(_SENT, {"of_chat": of_chat, "since": written}).scalar_one()


def release(db: Connection, chat_id: int, *, now: datetime) -> int:
    """The person wrote: of each case the newest word goes into the queue, and the newest question with
    buttons; what came before them is out of date. Returns how many are to be said."""
    said = asked = frozenset[int]()
    due: list[int] = []
    stale: list[int] = []
    for row in db.execute(_PARKED, {"of_chat": chat_id}):
        question = bool(load_outgoing(row.payload).buttons)
        case = row.case_id
        old = case is not None and (case in asked if question else case in said | asked)
        (stale if old else due).append(row.id)
        if case is not None:
            said |= {case}
            asked |= {case} if question else frozenset()
    _set(db, due, state="waiting", due_at=now, attempts=0)
    _set(db, stale, state="dropped", reason="something newer was to be said of it")
    return len(due)


_COPIED = (
    "community_id",
    "chat_id",
    "kind",
    "key",
    "payload",
    "rank",
    "case_id",
    "purpose",
    "due_at",
    "until",
)


def park(db: Connection, row: Row[Any], reason: str) -> Row[Any]:
    """A row the platform took, and then did not deliver: it is said later as a row of its own, which is
    returned, for the platform knows the id of the first one."""
    values = {name: getattr(row, name) for name in (*_COPIED, "created_at")}
    _set(db, [row.id], state="dropped", reason=reason, sent_at=None)
    added = sa.insert(outbox).values(**values, state="parked", reason=reason)
    key = db.execute(added).inserted_primary_key
    assert key is not None
    return db.execute(sa.select(outbox).where(outbox.c.id == key[0])).one()


def fail(db: Connection, row_id: int, reason: str) -> None:
    """The same, for good."""
    _set(db, [row_id], state="failed", reason=reason, sent_at=None)


def others(db: Connection, row: Row[Any]) -> bool:
    """Whether something else about the same case is parked there: then its handler has been told."""
    query = sa.select(outbox.c.id).where(
        outbox.c.chat_id == row.chat_id,
        outbox.c.case_id == row.case_id,
        outbox.c.state == "parked",
        outbox.c.id != row.id,
    )
    return db.execute(query.limit(1)).first() is not None


def _set(db: Connection, ids: list[int], **values: Any) -> None:
    if ids:
        db.execute(sa.update(outbox).where(outbox.c.id.in_(ids)).values(**values))
