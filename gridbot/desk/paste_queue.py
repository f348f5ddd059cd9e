"""What is to be pasted: groups no bot may sit in are spoken to by a person.

Such a group is a chat of platform "paste". Nobody delivers there: whatever speaks to a group, now or later,
writes its row into the outbox, and there it waits. A sweep asks the named person (or the leader) in private
to paste it when its time has come, and again once; a tick (已贴, in the chat or on the console) is the
receipt, with who and when. What nobody pasted in time is marked as missed and told, so nothing is lost
silently. Until it is pasted a newer text takes its place (outbox rows of one key).

Of a row that waits here, `attempts` counts how often somebody was asked, `lease_until` says not to ask
before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot.cases import queries, rules, voice
from gridbot.fitting import fit, unedited
from gridbot.grid import queries as grid
from gridbot.messages import (
    Capabilities,
    CaseState,
    ChatKind,
    Delivery,
    OutKind,
    Urgency,
    load_outgoing,
)
from gridbot.store import outbox, timers
from gridbot.store.tables import chats, people
from gridbot.store.tables import outbox as rows
from gridbot.texts import conversation
from gridbot.texts import pasting as words

PLATFORM = "paste"
QUEUE = "paste-queue"  #: the timer
EVERY = timedelta(minutes=1)
AGAIN = timedelta(hours=2)
TIMES = 2  #: how often somebody is asked
LASTS = timedelta(days=7)  #: of what has no end of its own
DONE_FOR = timedelta(days=2)  #: how long what is pasted, or was missed, stays in sight
MISSED = "missed"  #: the reason of what nobody pasted in time
MOST = 100
CAN = Capabilities(
    hears=False, reads_group=False, pushes=False, buttons=False, links=False, taps=False, edits=False,
    reactions=False, mentions=False, photos=False, menus=False, probes=False,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sentence:
    """Something to be pasted into a group, or what became of it. Times are UTC."""

    id: int
    chat: int
    group: str
    text: str
    due: datetime
    urgent: bool
    pasted: bool
    missed: bool = False
    until: datetime | None = None
    by: str = ""  #: who pasted it
    at: datetime | None = None


_waiting = sa.and_(rows.c.state == "waiting", rows.c.due_at <= sa.bindparam("now"))
_lately = rows.c.sent_at >= sa.bindparam("since")
_gone = sa.and_(
    rows.c.state == "dropped", rows.c.reason == MISSED, rows.c.lease_until >= sa.bindparam("since")
)
_SELECT = (
    sa.select(rows, chats.c.title, people.c.name.label("by_name"))
    .join(chats, chats.c.id == rows.c.chat_id)
    .outerjoin(people, people.c.id == rows.c.receipt_by_id)
    .where(chats.c.platform == PLATFORM)
)
_SENTENCES = (
    _SELECT.where(
        chats.c.community_id == sa.bindparam("of_community"),
        sa.or_(_waiting, sa.and_(rows.c.state == "sent", _lately), _gone),
    )
    .order_by((rows.c.state != "waiting"), rows.c.rank, rows.c.id)
    .limit(4 * MOST)  # most reactions are passed over
)
_WAITING = _SELECT.where(_waiting, chats.c.community_id.is_not(None)).order_by(
    rows.c.chat_id, rows.c.rank, rows.c.id
)
_PASTED_BEFORE = (
    sa.select(rows.c.payload)
    .where(
        rows.c.chat_id == sa.bindparam("of_chat"),
        rows.c.key == sa.bindparam("of_key"),
        rows.c.state == "sent",
        rows.c.id < sa.bindparam("before"),
    )
    .order_by(rows.c.id.desc())
    .limit(1)
)


def sentences(db: Connection, community_id: int, *, now: datetime) -> list[Sentence]:
    """What is to be pasted, the urgent first; then what was pasted lately, or was missed."""
    found = []
    for row in db.execute(_SENTENCES, {"of_community": community_id, "now": now, "since": now - DONE_FOR}):
        text = says(db, row) if row.state == "waiting" else load_outgoing(row.payload).text
        text = text or (says(db, row) if row.state == "sent" else "")
        if text:
            found.append(_sentence(row, text))
    return found[:MOST]


def _sentence(row: Row[Any], text: str) -> Sentence:
    return Sentence(
        row.id,
        row.chat_id,
        row.title,
        text,
        row.due_at,
        row.rank == 0,
        pasted=row.state == "sent",
        missed=row.state == "dropped",
        until=row.until,
        by=row.by_name or "",
        at=row.sent_at,
    )


def waiting(db: Connection, community_id: int, *, now: datetime) -> int:
    """How many pieces wait to be pasted: for the badge."""
    return sum(not (one.pasted or one.missed) for one in sentences(db, community_id, now=now))


def says(db: Connection, row: Row[Any]) -> str:
    """What is to be pasted for a row, as this channel can carry it; "" if nothing need be. Of reactions only
    the one that somebody goes to see, in words, as long as it is news."""
    payload = load_outgoing(row.payload)
    if row.kind == OutKind.REACT:
        return _taken(db, row) if payload.emoji == voice.TAKEN and row.case_id is not None else ""
    kind, urgency = OutKind(row.kind), outbox.URGENCY[row.rank]
    delivery = Delivery(row.id, kind, urgency, "", ChatKind.GROUP, payload, purpose=row.purpose)
    if row.kind == OutKind.CARD:
        which = {"of_chat": row.chat_id, "of_key": row.key, "before": row.id}
        before = db.execute(_PASTED_BEFORE, which).scalar()
        if before is not None and unedited(delivery, load_outgoing(before).text) is None:
            return ""
    fitted = fit(delivery, CAN)
    return fitted.payload.text if fitted is not None else ""


def _taken(db: Connection, row: Row[Any]) -> str:
    case = queries.case(db, row.case_id)
    if case.state != CaseState.ACCEPTED:
        return ""
    return conversation.pasted_taken(voice.called(case, shared=True), case.number)


# --- 已贴 ----------------------------------------------------------------------------------------


def tick(
    db: Connection,
    community_ids: Sequence[int],
    outbox_id: int,
    *,
    pasted: bool,
    now: datetime,
    person: int | None = None,
) -> bool:
    """已贴, or after all not. False: there is no such sentence. It went out by a hand and arrived; of a
    platform nothing is known."""
    mine = sa.select(chats.c.id).where(chats.c.platform == PLATFORM, chats.c.community_id.in_(community_ids))
    state = ("waiting", "sent") if not pasted else ("waiting",)
    which = (rows.c.id == outbox_id, rows.c.chat_id.in_(mine), rows.c.state.in_(state))
    values: dict[str, Any] = {
        "state": "waiting", "message": "", "sent_at": None, "delivered_at": None, "receipt_by_id": None,
    }  # fmt: skip
    if pasted:
        values = {
            "state": "sent", "message": f"pasted-{outbox_id}", "sent_at": now, "delivered_at": now,
            "receipt_by_id": person,
        }  # fmt: skip
    return db.execute(sa.update(rows).where(*which).values(**values)).rowcount == 1


# --- the sweep -----------------------------------------------------------------------------------


def sweep(db: Connection, *, now: datetime) -> None:
    """Looks at what waits: what need not be said goes, what is too late is missed, of the rest somebody is
    asked to paste it."""
    for chat_id, group in groupby(db.execute(_WAITING, {"now": now}).all(), key=lambda row: row.chat_id):
        chat = voice.chat_row(db, chat_id)
        here, late = [], []
        for row in group:
            text = says(db, row)
            if not text:
                _drop(db, row, "no way to say it here, and no need", now)
            elif (row.until or row.due_at + LASTS) < now:
                _drop(db, row, MISSED, now)
                late.append(text)
            else:
                here.append((row, text))
        _ask(db, chat, here, now)
        if late:
            _tell_missed(db, chat, late, now)
    timers.set_timer(db, QUEUE, "outbox", now + EVERY, community_id=None)


def _drop(db: Connection, row: Row[Any], reason: str, now: datetime) -> None:
    db.execute(
        sa.update(rows).where(rows.c.id == row.id).values(state="dropped", reason=reason, lease_until=now)
    )


def _ask(db: Connection, chat: Row[Any], here: list[tuple[Row[Any], str]], now: datetime) -> None:
    """Somebody is asked for all that is new at once; at night only for what is urgent."""
    settings = grid.settings_of(db, chat.community_id)
    quiet = rules.in_quiet_hours(now, settings.quiet_start, settings.quiet_end, settings.zone)
    due = [
        (row, text)
        for row, text in here
        if row.attempts < TIMES and (row.lease_until is None or row.lease_until <= now)
        if not quiet or row.rank == 0
    ]
    person = keeper_of(db, chat, now) if due else None
    for urgent in (True, False):
        some = [(row, text) for row, text in due if (row.rank == 0) == urgent]
        if some and person is not None:  # else nobody can be asked: it stands on the console
            handed(db, chat, person, some, now=now)


def handed(
    db: Connection,
    chat: Row[Any],
    person: int,
    due: Sequence[tuple[Row[Any], str]],
    *,
    now: datetime,
    head: str = "",
) -> None:
    """To somebody in private: what to do, with 已贴 under it; then the text alone, to be copied whole. Noted
    as asked. He is not asked where he cannot be reached."""
    own = grid.private_chat_of(db, person)
    if own is None:
        return
    ids, urgent = [row.id for row, _ in due], due[0][0].rank == 0
    head = head or words.to_paste(chat.title, len(ids), again=all(row.attempts for row, _ in due))
    head = words.urgent_to_paste(chat.title) if urgent else head
    key = f"paste:{chat.id}:{max(ids)}:{due[-1][0].attempts}"
    button = outbox.button(
        db,
        words.PASTED if len(ids) == 1 else words.ALL_PASTED,
        "command:pasted",
        community_id=chat.community_id,
        person_id=person,
        data={"ids": ids, "chat": chat.id, "key": key},
    )
    urgency = Urgency.EMERGENCY if urgent else Urgency.ANSWER
    purpose = "paste-urgent" if urgent else "paste-reminder"
    voice.to_chat(db, own, head, purpose=purpose, now=now, buttons=[[button]], key=key, urgency=urgency)
    text = "\n\n".join(text for _, text in due)
    voice.to_chat(db, own, text, purpose="paste-text", now=now, urgency=urgency)
    asked = {"attempts": rows.c.attempts + 1, "lease_until": now + AGAIN}
    db.execute(sa.update(rows).where(rows.c.id.in_(ids)).values(**asked))


def _tell_missed(db: Connection, chat: Row[Any], late: Iterable[str], now: datetime) -> None:
    """Whoever should have pasted it hears that he need not any more."""
    person = keeper_of(db, chat, now)
    own = grid.private_chat_of(db, person) if person is not None else None
    if own is None:
        return
    settings = grid.settings_of(db, chat.community_id)
    morning = rules.after_quiet_hours(now, settings.quiet_start, settings.quiet_end, settings.zone)
    text = words.missed(chat.title, [one.splitlines()[0][:30] for one in late])
    voice.to_chat(db, own, text, purpose="paste-missed", now=now, urgency=Urgency.NOTICE, due_at=morning)


def keeper_of(db: Connection, chat: Row[Any], now: datetime) -> int | None:
    """Who pastes in a group: who was named; else its leader; else an admin. None: nobody is in reach."""
    leaders = grid.leaders_of(db, chat.node_id, now) if chat.node_id is not None else []
    line = [chat.keeper_id, *(one.person_id for one in leaders), *grid.admins(db, chat.community_id)]
    able = (one for one in line if one is not None and grid.private_chat_of(db, one) is not None)
    return next(able, None)
