"""What is to be said waits here, written in the transaction that decided it; delivery speaks afterwards.

A row is claimed with a lease and a fencing token, sent, and marked by itself. In one chat at most one
row is in flight; emergencies go first. Rows of kind CARD with one key are one message: only the
newest waits, the first delivery sends, later ones edit.

Three facts are kept apart: `sent_at`, it went out; `accepted_at`, the platform took it; `delivered_at`, it
arrived, because the platform or a person says so. Most platforms tell the second and never the third.
What is of no use any more when its turn comes (`until`) is dropped and says why.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row
from sqlalchemy.dialects.postgresql import insert

from gridbot.messages import Button, Outcome, Outgoing, OutKind, SendResult, Urgency, dump, load_outgoing
from gridbot.store.tables import buttons, cards, chats, outbox

LEASE = timedelta(seconds=60)  #: twice the longest a platform is waited for
RANK = {Urgency.EMERGENCY: 0, Urgency.ANSWER: 1, Urgency.NOTICE: 2, Urgency.BULK: 3}
URGENCY = {rank: urgency for urgency, rank in RANK.items()}
TRIES = 8
BACK_OFF = (2, 5, 15, 60, 300, 900, 1800, 3600)  #: seconds
#: how long what is not said with an end of its own is worth saying, by purpose; what is not here (a receipt,
#: what was done, closing) is said however late, and an emergency always
LASTS = {
    "ask-place": timedelta(hours=24),
    "ask-side": timedelta(hours=24),
    "ask-what": timedelta(hours=24),
    "ask-whether": timedelta(hours=24),
    "reminder": timedelta(hours=24),
    "ask-reminder": timedelta(hours=24),
    "not-understood": timedelta(hours=1),
    "paste-reminder": timedelta(hours=12),
}
TOO_LATE = "too late"  #: the reason of what was dropped for its time

_SAY = sa.insert(outbox).values(
    community_id=sa.bindparam("community_id"),
    chat_id=sa.bindparam("chat_id"),
    kind=sa.bindparam("kind"),
    key=sa.bindparam("key"),
    payload=sa.bindparam("payload"),
    rank=sa.bindparam("rank"),
    case_id=sa.bindparam("case_id"),
    purpose=sa.bindparam("purpose"),
    state="waiting",
    due_at=sa.bindparam("due_at"),
    until=sa.bindparam("until"),
    created_at=sa.bindparam("created_at"),
)
_DROP_OLDER = (
    sa.update(outbox)
    .where(
        outbox.c.chat_id == sa.bindparam("of_chat"),
        outbox.c.key == sa.bindparam("of_key"),
        outbox.c.kind == OutKind.CARD.value,
        outbox.c.state == "waiting",
    )
    .values(state="dropped", reason="superseded")
)
_BUTTON = sa.insert(buttons)


def say(
    db: Connection,
    *,
    chat_id: int,
    payload: Outgoing,
    community_id: int | None,
    purpose: str,
    now: datetime,
    kind: OutKind = OutKind.SEND,
    urgency: Urgency = Urgency.NOTICE,
    key: str = "",
    case_id: int | None = None,
    due_at: datetime | None = None,
    until: datetime | None = None,
) -> int:
    """Puts one row; returns its id. `purpose` names the sentence, so that tests and console can. `until`:
    later it is not said; if not given, what LASTS says of the purpose."""
    if kind is OutKind.CARD:
        if not key:
            raise ValueError(f"a card without key: {purpose!r}")
        db.execute(_DROP_OLDER, {"of_chat": chat_id, "of_key": key})
    result = db.execute(
        _SAY,
        {
            "community_id": community_id,
            "chat_id": chat_id,
            "kind": kind.value,
            "key": key,
            "payload": dump(payload),
            "rank": RANK[urgency],
            "case_id": case_id,
            "purpose": purpose,
            "due_at": due_at or now,
            "until": _end(purpose, urgency, due_at or now, until),
            "created_at": now,
        },
    )
    key_of_row = result.inserted_primary_key
    assert key_of_row is not None
    return int(key_of_row[0])


def _end(purpose: str, urgency: Urgency, due_at: datetime, until: datetime | None) -> datetime | None:
    if urgency is Urgency.EMERGENCY:
        return None
    lasts = LASTS.get(purpose)
    return until or (due_at + lasts if lasts is not None else None)


def button(
    db: Connection,
    text: str,
    action: str,
    *,
    community_id: int | None,
    case_id: int | None = None,
    person_id: int | None = None,
    data: dict[str, Any] | None = None,
    until: datetime | None = None,
) -> Button:
    """A button is a row: what it does, for whom, until when. What the platform carries is 16 random
    bytes, so it says nothing and cannot be guessed; rights are checked again when it is pressed."""
    token = secrets.token_hex(16)
    db.execute(
        _BUTTON,
        {
            "community_id": community_id,
            "token": token,
            "action": action,
            "case_id": case_id,
            "person_id": person_id,
            "data": data or {},
            "until": until,
        },
    )
    return Button(text, token)


def find_button(db: Connection, token: str) -> Row[Any] | None:
    return db.execute(sa.select(buttons).where(buttons.c.token == token)).one_or_none()


# --- delivery's side -----------------------------------------------------------------------------

_busy = outbox.alias("busy")
_TURNS = (
    sa.select(
        outbox.c.id,
        sa.func.row_number()
        .over(partition_by=outbox.c.chat_id, order_by=(outbox.c.rank, outbox.c.due_at, outbox.c.id))
        .label("turn"),
    )
    .join(chats, chats.c.id == outbox.c.chat_id)
    .where(
        chats.c.platform == sa.bindparam("platform"),
        chats.c.bot == sa.bindparam("bot"),
        outbox.c.state.in_(("waiting", "claimed")),
        outbox.c.due_at <= sa.bindparam("now"),
        sa.or_(chats.c.not_before.is_(None), chats.c.not_before <= sa.bindparam("now"), outbox.c.rank == 0),
        ~sa.exists().where(
            _busy.c.chat_id == outbox.c.chat_id,
            _busy.c.state == "claimed",
            _busy.c.lease_until >= sa.bindparam("now"),
        ),
    )
    .subquery("turns")
)
_CANDIDATES = (
    sa.select(
        outbox,
        chats.c.platform,
        chats.c.bot,
        chats.c.chat,
        chats.c.kind.label("chat_kind"),
        cards.c.message.label("card_message"),
    )
    .join(_TURNS, sa.and_(_TURNS.c.id == outbox.c.id, _TURNS.c.turn == 1))
    .join(chats, chats.c.id == outbox.c.chat_id)
    .outerjoin(
        cards, sa.and_(cards.c.chat_id == outbox.c.chat_id, cards.c.key == outbox.c.key, outbox.c.key != "")
    )
    .where(  # again, for PostgreSQL: this is what it looks at once more after it got the lock
        sa.or_(
            outbox.c.state == "waiting",
            sa.and_(outbox.c.state == "claimed", outbox.c.lease_until < sa.bindparam("now")),
        )
    )
    .order_by(outbox.c.rank, outbox.c.due_at, outbox.c.id)
    .limit(sa.bindparam("most"))
    .with_for_update(skip_locked=True, of=outbox)
)
_CLAIM = (
    sa.update(outbox)
    .where(outbox.c.id == sa.bindparam("row"))
    .values(
        state="claimed",
        lease=sa.bindparam("owner"),
        lease_until=sa.bindparam("lease_end"),
        attempts=outbox.c.attempts + 1,
        maybe_twice=sa.bindparam("maybe_twice"),
    )
)
_CARD = insert(cards)
_CARD = _CARD.on_conflict_do_update(
    index_elements=["chat_id", "key"],
    set_={"message": _CARD.excluded.message, "case_id": _CARD.excluded.case_id},
)


def claim(
    db: Connection, *, platform: str, bot: str, owner: str, now: datetime, most: int = 8
) -> list[Row[Any]]:
    """At most one row per chat, the most urgent first. A row whose lease ran out was sent or not, nobody
    knows: it is given out once more and marked; the second time it is given up. What is too late
    is dropped."""
    rows, dropped = [], False
    for row in db.execute(_CANDIDATES, {"now": now, "platform": platform, "bot": bot, "most": most}).all():
        if row.until is not None and row.until < now:
            db.execute(
                sa.update(outbox).where(outbox.c.id == row.id).values(state="dropped", reason=TOO_LATE)
            )
            dropped = True
            continue
        enough = row.attempts >= TRIES if _repeatable(row) else row.maybe_twice
        if row.state == "claimed" and enough:
            values = {"state": "failed", "reason": "unknown twice: the sender died"}
            db.execute(sa.update(outbox).where(outbox.c.id == row.id).values(**values))
        else:
            rows.append(row)
    if dropped and not rows:
        return claim(db, platform=platform, bot=bot, owner=owner, now=now, most=most)
    if rows:
        lease_end = now + LEASE
        db.execute(
            _CLAIM,
            [
                {
                    "row": row.id,
                    "owner": owner,
                    "lease_end": lease_end,
                    "maybe_twice": row.maybe_twice or (row.state == "claimed" and not _repeatable(row)),
                }
                for row in rows
            ],
        )
    return rows


def _repeatable(row: Row[Any]) -> bool:
    """Done twice it looks as if done once."""
    return bool(row.card_message) or row.kind in (OutKind.REACT, OutKind.MENU, OutKind.PROBE)


def mark(db: Connection, row: Row[Any], result: SendResult, *, owner: str, now: datetime) -> bool:
    """Notes what became of one claimed row. False: the lease was lost meanwhile, nothing is noted."""
    mine = sa.and_(outbox.c.id == row.id, outbox.c.state == "claimed", outbox.c.lease == owner)
    values: dict[str, Any] = {"reason": result.reason[:500]}
    match result.outcome:
        case Outcome.SENT:
            values |= {"state": "sent", "message": result.message, "sent_at": now, "accepted_at": now}
            if result.delivered:
                values |= {"delivered_at": now}
        case Outcome.LEFT_OUT:
            values |= {"state": "dropped"}
        case Outcome.PERMANENT:
            values |= {"state": "failed"}
        case Outcome.PARKED:
            values |= {"state": "parked"}
        case Outcome.RETRY | Outcome.UNKNOWN:
            values |= _again(db, row, result, now)
    if db.execute(sa.update(outbox).where(mine).values(**values)).rowcount != 1:
        return False
    _hold(db, row, result, now)
    if result.outcome is Outcome.SENT and row.key and row.kind == OutKind.CARD.value and result.message:
        db.execute(
            _CARD,
            {
                "community_id": row.community_id,
                "chat_id": row.chat_id,
                "key": row.key,
                "message": result.message,
                "case_id": row.case_id,
            },
        )
    return True


def _hold(db: Connection, row: Row[Any], result: SendResult, now: datetime) -> None:
    """The platform said how long to wait: kept on the chat (or all of the bot's), so a restart honours it."""
    if result.retry_after:
        whose = (chats.c.platform == row.platform, chats.c.bot == row.bot)
        which = whose if result.whole_bot else (chats.c.id == row.chat_id,)
        until = now + timedelta(seconds=result.retry_after)
        db.execute(sa.update(chats).where(*which).values(not_before=until))


def _again(db: Connection, row: Row[Any], result: SendResult, now: datetime) -> dict[str, Any]:
    """Unknown is tried once more when its lease would have ended (what may be repeated freely counts as
    refused); refusals wait longer each time."""
    newer = sa.select(outbox.c.id).where(
        outbox.c.chat_id == row.chat_id, outbox.c.key == row.key, outbox.c.id > row.id
    )
    if row.kind == OutKind.CARD.value and db.execute(newer.limit(1)).first():
        return {"state": "dropped"}  # what it said is out of date
    attempts = row.attempts + 1
    if result.outcome is Outcome.UNKNOWN and not _repeatable(row):
        if row.maybe_twice:
            return {"state": "failed", "reason": f"unknown twice: {result.reason}"[:500]}
        return {"state": "waiting", "maybe_twice": True, "due_at": now + LEASE, "sent_at": now}
    if attempts >= TRIES and not result.retry_after:
        return {"state": "failed"}
    if result.retry_after and row.rank:
        return {"state": "waiting"}  # the chat waits as a whole, and the row keeps its turn in it
    wait = result.retry_after or BACK_OFF[min(attempts, len(BACK_OFF)) - 1]
    return {"state": "waiting", "due_at": now + timedelta(seconds=wait)}


def arrived(db: Connection, chat_id: int, message: str, *, now: datetime) -> bool:
    """The platform tells later that a message reached the person. False: there is no such message,
    or it was told before."""
    which = (outbox.c.chat_id == chat_id, outbox.c.message == message, outbox.c.delivered_at.is_(None))
    told = sa.update(outbox).where(*which, outbox.c.state == "sent").values(delivered_at=now)
    return bool(message) and db.execute(told).rowcount > 0


def find_receipt(db: Connection, chat_id: int, message: str) -> Row[Any] | None:
    """The row that became this message: how a reply under a notice finds its case."""
    if not message:
        return None
    return db.execute(
        sa.select(outbox)
        .where(outbox.c.chat_id == chat_id, outbox.c.message == message)
        .order_by(outbox.c.id.desc())
        .limit(1)
    ).one_or_none()


_CHOICES = (
    sa.select(outbox.c.payload)
    .where(
        outbox.c.chat_id == sa.bindparam("of_chat"),
        outbox.c.state == "sent",
        outbox.c.kind.in_((OutKind.SEND.value, OutKind.CARD.value)),
        outbox.c.sent_at > sa.bindparam("since"),
    )
    .order_by(outbox.c.id.desc())
    .limit(5)
)
_LATELY = (
    sa.select(chats.c.chat, outbox.c.sent_at)
    .join(chats, chats.c.id == outbox.c.chat_id)
    .where(
        chats.c.platform == sa.bindparam("platform"),
        chats.c.bot == sa.bindparam("bot"),
        outbox.c.state == "sent",
        outbox.c.sent_at > sa.bindparam("since"),
    )
    .order_by(outbox.c.sent_at)
)


def last_choices(db: Connection, chat_id: int, *, since: datetime) -> Outgoing | None:
    """The newest of the last few messages sent there that offered choices."""
    rows = db.execute(_CHOICES, {"of_chat": chat_id, "since": since}).scalars()
    return next((said for said in map(load_outgoing, rows) if any(said.buttons)), None)


def sent_lately(db: Connection, *, platform: str, bot: str, since: datetime) -> list[tuple[str, datetime]]:
    """(chat, when) of what a bot has sent: so that pacing outlives a restart."""
    found = db.execute(_LATELY, {"platform": platform, "bot": bot, "since": since})
    return [(row.chat, row.sent_at) for row in found]


def waiting_texts(db: Connection, purposes: Sequence[str] = ()) -> list[Row[Any]]:
    """What has not been said yet, oldest first."""
    query = sa.select(outbox).where(outbox.c.state.in_(("waiting", "claimed"))).order_by(outbox.c.id)
    if purposes:
        query = query.where(outbox.c.purpose.in_(purposes))
    return list(db.execute(query))


def next_due(db: Connection, platforms: Collection[str] = ()) -> datetime | None:
    """When the next row is due; of these platforms alone, if any are named."""
    query = sa.select(sa.func.min(outbox.c.due_at)).where(outbox.c.state == "waiting")
    if platforms:
        query = query.join(chats, chats.c.id == outbox.c.chat_id).where(chats.c.platform.in_(platforms))
    due: datetime | None = db.execute(query).scalar()
    return due


def is_given_up(db: Connection, row_id: int) -> bool:
    """Whether it will never be delivered."""
    return db.execute(sa.select(outbox.c.state).where(outbox.c.id == row_id)).scalar() == "failed"


def given_up(db: Connection) -> list[Row[Any]]:
    """What could not be delivered, with the chat's name."""
    query = sa.select(outbox, chats.c.chat, chats.c.platform).join(chats, chats.c.id == outbox.c.chat_id)
    return list(db.execute(query.where(outbox.c.state == "failed").order_by(outbox.c.id)))


def retry_given_up(db: Connection, ids: Sequence[int], *, now: datetime) -> int:
    """Has it said after all, as if for the first time. Returns how many rows."""
    again = {
        "state": "waiting",
        "attempts": 0,
        "maybe_twice": False,
        "due_at": now,
        "reason": "",
        "until": None,
    }
    which = (outbox.c.id.in_(ids), outbox.c.state == "failed")
    return db.execute(sa.update(outbox).where(*which).values(**again)).rowcount
