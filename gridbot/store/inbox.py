"""What was said is kept first. A platform is answered only after the row is committed; a repeat stops here.

Claiming is by chat, so that a chat's messages are handled in order by one worker at a time, at most ten
a turn, and one busy chat cannot starve the others. The claim counts an attempt of each row before it is
handled, in a commit of its own, so that a message that kills the process counts too; what was tried
before is then handled alone, so that its neighbours do not share its fate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection, Row
from sqlalchemy.dialects.postgresql import insert

from gridbot.messages import ChatKind, ChatRole, Incoming, IncomingKind, Kept, dump
from gridbot.privacy import mask_error
from gridbot.store.tables import chats, inbox

PER_CHAT = 10  #: messages of one chat a turn
PER_TURN = 64  #: messages of all chats a turn
TRIES = 3
LEASE = timedelta(seconds=60)
KEEP_CHAT = timedelta(hours=24)  #: how long text that joined no case is kept

_ADD_CHAT = insert(chats).on_conflict_do_nothing(index_elements=["platform", "bot", "chat"])
_ADOPT = (
    sa.update(chats)
    .where(
        chats.c.platform == sa.bindparam("of_platform"),
        chats.c.chat == sa.bindparam("of_chat"),
        chats.c.bot == "",
    )
    .values(bot=sa.bindparam("by_bot"))
)
_FIND_CHAT = sa.select(chats.c.id, chats.c.community_id, chats.c.role, chats.c.kind).where(
    chats.c.platform == sa.bindparam("platform"),
    chats.c.bot == sa.bindparam("bot"),
    chats.c.chat == sa.bindparam("chat"),
)
_KEEP = insert(inbox).on_conflict_do_nothing(index_elements=["platform", "bot", "update_id"])
_KEEP_ONE = _KEEP.returning(inbox.c.id)  # a row count says nothing on PostgreSQL

# Most of what is said nobody will ask for again: one statement marks it.
_DONE = (
    sa.update(inbox)
    .where(inbox.c.id == sa.bindparam("row"))
    .values(state="done", done_at=sa.bindparam("now"), error="")
)
_JOIN = (
    sa.update(inbox)
    .where(inbox.c.id == sa.bindparam("row"))
    .values(case_id=sa.bindparam("of_case"), erase_at=None)
)
_BACKLOG = (
    sa.select(inbox.c.chat_id).where(inbox.c.state == "pending", inbox.c.chat_id.is_not(None)).distinct()
)
_FREE_CHATS = (
    sa.select(chats.c.id)
    .where(
        chats.c.id.in_(_BACKLOG),
        sa.or_(chats.c.lease == "", chats.c.lease_until < sa.bindparam("now")),
    )
    .order_by(chats.c.lease_until.asc().nulls_first(), chats.c.id)
    .limit(PER_TURN)
    .with_for_update(skip_locked=True, key_share=True)  # rows that refer to the chat may still be added
)
_OF_CHAT = (
    sa.select(inbox)
    .where(inbox.c.chat_id == sa.bindparam("of_chat"), inbox.c.state == "pending")
    .order_by(inbox.c.id)
    .limit(sa.bindparam("most"))
)
_LEASE_CHAT = (
    sa.update(chats)
    .where(chats.c.id == sa.bindparam("of_chat"))
    .values(lease=sa.bindparam("owner"), lease_until=sa.bindparam("until"))
)
_HOLD = _LEASE_CHAT.where(chats.c.lease == sa.bindparam("owner"))
_COUNT = sa.update(inbox).where(inbox.c.id == sa.bindparam("row")).values(attempts=inbox.c.attempts + 1)
_UNCOUNT = sa.update(inbox).where(inbox.c.id == sa.bindparam("row")).values(attempts=inbox.c.attempts - 1)
_FREE = (
    sa.update(chats)
    .where(chats.c.id == sa.bindparam("of_chat"), chats.c.lease == sa.bindparam("owner"))
    .values(lease="")
)


def keep(db: Connection, kept: Kept, *, now: datetime) -> int | None:
    """Stores one update. Returns its row id, or None if it was here before."""
    row_id: int | None = db.execute(_KEEP_ONE, _row(db, kept, {}, now)).scalar_one_or_none()
    return row_id


def keep_all(db: Connection, updates: Sequence[Kept], *, now: datetime) -> None:
    """Stores what came together; what was here before stays as it is.

    In a group nobody has bound, a message keeps its ids alone: no text, no raw form. What is meant
    for the bot itself (a command, a mention, a button) is kept, or no group could ever be bound.
    """
    found: dict[tuple[str, str, str], Any] = {}
    rows = [_row(db, update, found, now) for update in updates]
    if rows:
        db.execute(_KEEP, rows)


def _row(db: Connection, kept: Kept, found: dict[tuple[str, str, str], Any], now: datetime) -> dict[str, Any]:
    """One inbox row; `found` are the chats looked up already."""
    incoming = kept.incoming
    row: dict[str, Any] = {
        "community_id": None,
        "platform": kept.platform,
        "bot": kept.bot,
        "update_id": _storable(kept.update_id),
        "chat_id": None,
        "state": "unread",
        "raw": kept.raw,
        "incoming": None,
        "message": "",
        "user": "",
        "attempts": 0,
        "sent_at": None,
        "received_at": now,
        "erase_at": now + KEEP_CHAT,
    }
    if incoming is None:
        return row
    chat = _chat(db, incoming, found)
    if chat.role == ChatRole.UNBOUND and chat.kind == ChatKind.GROUP and not _for_the_bot(incoming):
        incoming = _without_words(incoming)
        row["raw"] = None
    return row | {
        "community_id": chat.community_id,
        "chat_id": chat.id,
        "state": "pending",
        "incoming": dump(incoming),
        "message": _storable(incoming.message),
        "user": _storable(incoming.sender.id),
        "sent_at": incoming.sent_at,
    }


def _chat(db: Connection, incoming: Incoming, found: dict[tuple[str, str, str], Any]) -> Any:
    key = (incoming.platform, incoming.bot, _storable(incoming.chat))
    if key not in found:
        which = dict(zip(("platform", "bot", "chat"), key, strict=True))
        chat = db.execute(_FIND_CHAT, which).one_or_none()
        if chat is None:
            _new_chat(db, incoming)
            chat = db.execute(_FIND_CHAT, which).one()
        found[key] = chat
    return found[key]


def _new_chat(db: Connection, incoming: Incoming) -> None:
    """Adds the chat; one that the directory named before any bot came to it (bot "") becomes this bot's."""
    which = {"of_platform": incoming.platform, "of_chat": _storable(incoming.chat)}
    if db.execute(_ADOPT, {**which, "by_bot": incoming.bot}).rowcount:
        return
    private = incoming.chat_kind is ChatKind.PRIVATE
    db.execute(
        _ADD_CHAT,
        {
            "platform": incoming.platform,
            "bot": incoming.bot,
            "chat": _storable(incoming.chat),
            "kind": incoming.chat_kind.value,
            "role": (ChatRole.PRIVATE if private else ChatRole.UNBOUND).value,
            "title": "" if private else _storable(incoming.chat_title),
        },
    )


def _storable(text: str) -> str:
    """Half an emoji and NUL are text on no database."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _for_the_bot(incoming: Incoming) -> bool:
    return incoming.mentions_bot or incoming.reply_to_bot or incoming.text.startswith(("/", "／"))


def _without_words(incoming: Incoming) -> Incoming:
    return msgspec.structs.replace(
        incoming,
        text="",
        photos=(),
        transcript="",
        location=None,
        chat_title="",
        sender=msgspec.structs.replace(incoming.sender, name=""),
    )


# --- the worker's side ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Batch:
    """Claimed rows, chat by chat, each chat's in order."""

    rows: tuple[Row[Any], ...] = ()

    @property
    def chats(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys(row.chat_id for row in self.rows))


def claim(db: Connection, *, owner: str, now: datetime) -> Batch:
    """Leases chats that have something to handle and counts an attempt of each row taken."""
    rows: list[Row[Any]] = []
    for chat_id in db.execute(_FREE_CHATS, {"now": now}).scalars().all():
        taken = _of_chat(db, chat_id, min(PER_CHAT, PER_TURN - len(rows)))
        if taken and taken[0].attempts and rows:
            continue  # it failed before, perhaps by killing the process: in a turn of its own
        rows += taken
        if len(rows) >= PER_TURN or any(row.attempts for row in taken):
            break
    batch = Batch(tuple(rows))
    if rows:
        lease = [{"of_chat": chat, "owner": owner, "until": now + LEASE} for chat in batch.chats]
        db.execute(_LEASE_CHAT, lease)
        db.execute(_COUNT, [{"row": row.id} for row in rows])
    return batch


def _of_chat(db: Connection, chat_id: int, most: int) -> list[Row[Any]]:
    """The next rows of a chat, oldest first; one that was tried before comes alone."""
    rows = list(db.execute(_OF_CHAT, {"of_chat": chat_id, "most": most}))
    if rows and rows[0].attempts >= TRIES:  # each time nobody lived to tell why
        _note(db, rows[0], "the process died handling it", dead=True)
        return _of_chat(db, chat_id, most)
    if rows and rows[0].attempts:
        return rows[:1]
    return list(takewhile(lambda row: not row.attempts, rows))


def hold(db: Connection, chat_id: int, *, owner: str, now: datetime) -> bool:
    """Keeps the lease for another minute; to be called first in a transaction that handles a message of
    the chat. False: somebody else has it by now (this process hung), so nothing may be done."""
    return db.execute(_HOLD, {"of_chat": chat_id, "owner": owner, "until": now + LEASE}).rowcount == 1


def done(db: Connection, rows: Sequence[Row[Any]], *, now: datetime) -> None:
    if rows:
        db.execute(_DONE, [{"row": row.id, "now": now} for row in rows])


def release(db: Connection, batch: Batch, *, owner: str) -> None:
    if batch.rows:
        db.execute(_FREE, [{"of_chat": chat, "owner": owner} for chat in batch.chats])


def not_tried(db: Connection, rows: Sequence[Row[Any]]) -> None:
    """Takes back the attempt of rows that a failing neighbour kept from being handled."""
    if rows:
        db.execute(_UNCOUNT, [{"row": row.id} for row in rows])


def failed(db: Connection, row: Row[Any], error: str) -> bool:
    """Notes why; after the third time the row is set aside. Returns whether it was."""
    dead = bool(row.attempts + 1 >= TRIES)
    _note(db, row, error, dead=dead)
    return dead


def _note(db: Connection, row: Row[Any], error: str, *, dead: bool) -> None:
    values = {"error": mask_error(error)[:500], "state": "dead" if dead else "pending"}
    db.execute(sa.update(inbox).where(inbox.c.id == row.id).values(**values))


def join_case(db: Connection, inbox_id: int, case_id: int) -> None:
    """The message belongs to a case: kept as long as the case is."""
    db.execute(_JOIN, {"row": inbox_id, "of_case": case_id})


_FORGET = (
    sa.update(inbox)
    .where(
        inbox.c.chat_id == sa.bindparam("of_chat"),
        inbox.c.message == sa.bindparam("of_message"),
        inbox.c.id < sa.bindparam("before"),
    )
    .values(raw=None, incoming=None, erase_at=None)
)


def forget(db: Connection, chat_id: int, message: str, *, before: int) -> None:
    """What was taken back goes at once: its words, not its row."""
    if message:
        db.execute(_FORGET, {"of_chat": chat_id, "of_message": message, "before": before})


def erase_old(db: Connection, *, now: datetime, most: int = 500) -> int:
    """Takes words and raw form from rows whose day is over; ids and times stay. Returns how many."""
    old = (
        sa.select(inbox.c.id)
        .where(inbox.c.erase_at <= now, inbox.c.state.in_(("done", "unread")))
        .limit(most)
    )
    gone = db.execute(
        sa.update(inbox).where(inbox.c.id.in_(old)).values(raw=None, incoming=None, user="", erase_at=None)
    )
    return gone.rowcount


def dead_letters(db: Connection) -> list[Row[Any]]:
    return list(db.execute(sa.select(inbox).where(inbox.c.state == "dead").order_by(inbox.c.id)))


def retry_dead(db: Connection, ids: Sequence[int] = ()) -> int:
    """Puts dead letters back to be handled. Returns how many."""
    query = sa.update(inbox).where(inbox.c.state == "dead").values(state="pending", attempts=0, error="")
    if ids:
        query = query.where(inbox.c.id.in_(ids))
    return db.execute(query).rowcount


def last_received(db: Connection) -> datetime | None:
    """When anything came in last: a long gap before now is told to the admins."""
    at: datetime | None = db.execute(sa.select(sa.func.max(inbox.c.received_at))).scalar()
    return at


def is_message(kind: IncomingKind) -> bool:
    return kind in (IncomingKind.MESSAGE, IncomingKind.EDIT, IncomingKind.RECALL)
