"""贴聊天记录: for groups where no bot may sit, somebody brings the record and takes the answers back.

Such a group is a chat of platform "paste", bound to a grid like any other; what is said to it waits in
`desk.paste_queue` until somebody has pasted it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from gridbot import texts, understanding
from gridbot.cases import actions, merging, queries, rules, voice
from gridbot.desk import alarms, bursts, drafts, notices, opening, twins
from gridbot.desk.context import Desk, Hearing
from gridbot.desk.paste_finding import Found, Piece
from gridbot.messages import (
    ChatKind,
    ChatRole,
    Incoming,
    IncomingKind,
    Kept,
    Sender,
)
from gridbot.store import inbox
from gridbot.store.tables import chats, grid_nodes
from gridbot.store.tables import inbox as inbox_table

PLATFORM = "paste"


class PasteError(Exception):
    """What cannot be done, as a sentence for the page."""


@dataclass(frozen=True, slots=True)
class Group:
    """A group that is served by pasting."""

    id: int
    title: str
    node_id: int
    keeper: int | None = None  #: who pastes there


@dataclass(frozen=True, slots=True)
class Opened:
    """What became of one confirmed report. `new` False: it was known, or joined what was."""

    number: int | None
    new: bool


# --- the groups ----------------------------------------------------------------------------------


def groups(db: Connection, community_id: int) -> list[Group]:
    """The newest last."""
    rows = db.execute(
        sa.select(chats.c.id, chats.c.title, chats.c.node_id, chats.c.keeper_id)
        .where(
            chats.c.community_id == community_id, chats.c.platform == PLATFORM, chats.c.node_id.is_not(None)
        )
        .order_by(chats.c.id)
    )
    return [Group(row.id, row.title, row.node_id, row.keeper_id) for row in rows]


def group_of(db: Connection, community_id: int, node_id: int, title: str) -> int:
    """The chat of a group by its name, made if it is new. Raises PasteError."""
    node = db.execute(
        sa.select(grid_nodes.c.name).where(
            grid_nodes.c.id == node_id,
            grid_nodes.c.community_id == community_id,
            grid_nodes.c.active.is_(True),
        )
    ).scalar()
    if node is None:
        raise PasteError("没有这个网格。")
    title = called(title, node)
    known = find_group(db, community_id, node_id, title)
    if known is not None:
        return known.id
    which = {"platform": PLATFORM, "bot": PLATFORM, "chat": f"-{community_id}:{node_id}:{title}"}
    named = {"community_id": community_id, "title": title, "node_id": node_id}
    role = {"kind": ChatKind.GROUP.value, "role": ChatRole.RESIDENTS.value, "modules": {}, "rights": {}}
    db.execute(
        insert(chats).on_conflict_do_nothing(index_elements=["platform", "bot", "chat"]),
        {**which, **named, **role, "active": True, "muted": False, "lease": ""},
    )
    query = sa.select(chats.c.id).where(*(chats.c[name] == value for name, value in which.items()))
    return int(db.execute(query).scalar_one())


def called(title: str, node: str) -> str:
    """The group's name as it is kept; the grid's where nobody wrote one."""
    return " ".join(title.split())[:60] or f"{node}群"


def find_group(db: Connection, community_id: int, node_id: int, title: str) -> Group | None:
    named = (one for one in groups(db, community_id) if (one.node_id, one.title) == (node_id, title))
    return next(named, None)


# --- cases ---------------------------------------------------------------------------------------


def open_found(
    db: Connection, desk: Desk, chat_id: int, found: Sequence[Found], *, now: datetime
) -> list[Opened]:
    """Confirmed by somebody who looked: each becomes a case, or joins the one that is about it."""
    return [_open(db, desk, chat_id, one, now) for one in found if one.own]


def known(db: Connection, chat_key: str, found: Found) -> int | None:
    """The number of the case this report became when it was pasted before; 0 while it has none."""
    row = _kept(db, chat_key, found.own[0])
    if row is None or row.case_id is None:
        return None
    return queries.case(db, row.case_id).number or 0


def chat_key(db: Connection, chat_id: int) -> str:
    return str(db.execute(sa.select(chats.c.chat).where(chats.c.id == chat_id)).scalar_one())


def _open(db: Connection, desk: Desk, chat_id: int, found: Found, now: datetime) -> Opened:
    h = _hearing(db, desk, chat_id, found.own[0], now)
    if h is None:
        return Opened(known(db, chat_key(db, chat_id), found), new=False)
    text = found.text
    reading = understanding.read(text, h.knows.packs, h.knows.gazetteer)
    draft = drafts.draft_of(h, reading)
    twin = twins.find_twin(h, draft, text)
    if twin is not None:
        twins.second(h, twin, reading)
        case = queries.case(db, twin.id)
    else:
        case = actions.begin(
            db,
            draft,
            drafts.said_of(h),
            community_id=h.community_id,
            chat_id=chat_id,
            thread="",
            actor=h.actor(),
            now=now,
            complete=True,
        )
    for piece in found.own[1:]:
        if (more := _hearing(db, desk, chat_id, piece, now)) is not None:
            actions.add(db, case, drafts.said_of(more), actor=more.actor(), now=now)
    for piece in found.others:
        if (other := _hearing(db, desk, chat_id, piece, now)) is not None:
            said = drafts.said_of(other, part="support")
            merging.second(db, queries.case(db, case.id), other.person, said, actor=other.actor(), now=now)
    if twin is None and not bursts.watch(h, case):
        _speak(h, case)
    return Opened(queries.case(db, case.id).number, new=twin is None)


def _hearing(db: Connection, desk: Desk, chat_id: int, piece: Piece, now: datetime) -> Hearing | None:
    """A pasted message as if it had been heard; None: it was, when the record was pasted before."""
    key = chat_key(db, chat_id)
    said = Incoming(
        platform=PLATFORM,
        bot=PLATFORM,
        update_id=f"{key}:{piece.key}",
        kind=IncomingKind.MESSAGE,
        sent_at=min(piece.at, now),
        chat=key,
        chat_kind=ChatKind.GROUP,
        sender=Sender(f"{key}:{piece.user or piece.who or piece.key}", piece.who),
        message=piece.key,
        text=piece.text,
        photos=("pasted",) if piece.photo else (),
    )
    kept = inbox.keep(db, Kept(PLATFORM, PLATFORM, said.update_id, b"", said), now=now)
    if kept is None:
        return None
    inbox.done(db, [db.execute(sa.select(inbox_table).where(inbox_table.c.id == kept)).one()], now=now)
    hearing = Hearing(db, desk, desk.chat(db, chat_id), said, kept, now)
    hearing.heed()
    return hearing


def _kept(db: Connection, key: str, piece: Piece) -> Any:
    return db.execute(
        sa.select(inbox_table.c.case_id).where(
            inbox_table.c.platform == PLATFORM,
            inbox_table.c.bot == PLATFORM,
            inbox_table.c.update_id == f"{key}:{piece.key}",
        )
    ).one_or_none()


def _speak(h: Hearing, case: Any) -> None:
    """The leader is told as always; the group has no faces, so it is words each time. Of what is private
    the group hears nothing."""
    if case.urgent:
        alarms.sound(h, case)
        alarms.page(h, case)
        return
    settings = h.knows.settings
    if not case.private:
        if rules.in_quiet_hours(h.now, settings.quiet_start, settings.quiet_end, settings.zone):
            opening.acknowledge(h, case)
        else:
            text = texts.pasted_recorded(voice.called(case, shared=True), case.number)
            h.answer(text, purpose="recorded", case=case)
    notices.schedule_notice(h.db, case, settings, h.now)
