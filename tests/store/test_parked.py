"""What waits until somebody writes again: parked, released without what is out of date; on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from gridbot.cases import actions, wordless
from gridbot.messages import (
    Button,
    CaseState,
    ChatKind,
    ChatRole,
    Incoming,
    IncomingKind,
    Outcome,
    Outgoing,
    Sender,
    SendResult,
)
from gridbot.store import inbox, leases, outbox, parked
from gridbot.store.tables import cases, chats
from gridbot.store.tables import outbox as table
from tests.cast import NOW, kept, seed

PLATFORM, BOT, CHAT = "wecom_kf", "ww1", "wk/wmWANG"
BUTTONS = ((Button("好了", "t"),),)


def _chat(db: Connection) -> tuple[int, int, Any]:
    cast = seed(db)
    values = {"platform": PLATFORM, "bot": BOT, "chat": CHAT, "kind": ChatKind.PRIVATE.value}
    role = {"role": ChatRole.PRIVATE.value, "community_id": cast.community, "person_id": cast.wang}
    key = db.execute(sa.insert(chats).values(**values, **role)).inserted_primary_key
    assert key is not None
    return int(key[0]), cast.community, cast


def _case(db: Connection, cast: Any, chat: int, number: int) -> int:
    values = {
        "community_id": cast.community,
        "number": number,
        "state": CaseState.DONE.value,
        "types": ["lighting"],
        "chat_id": chat,
        "platform_message": f"m{number}",
        "data": {},
        "reported_at": NOW,
    }
    key = db.execute(sa.insert(cases).values(**values)).inserted_primary_key
    assert key is not None
    return int(key[0])


def _said(
    db: Connection, chat: int, community: int, text: str, case: int | None, *, asks: bool = False
) -> int:
    payload = Outgoing(text=text, buttons=BUTTONS if asks else ())
    return outbox.say(
        db, chat_id=chat, payload=payload, community_id=community, purpose="x", now=NOW, case_id=case
    )


def _all(db: Connection, result: SendResult) -> None:
    """Everything that waits is tried, with this result."""
    while rows := outbox.claim(db, platform=PLATFORM, bot=BOT, owner="o", now=NOW):
        for row in rows:
            assert outbox.mark(db, row, result, owner="o", now=NOW)


def _states(db: Connection) -> dict[int, str]:
    return {row.id: row.state for row in db.execute(sa.select(table.c.id, table.c.state))}


def test_of_each_case_what_is_still_true_is_said(any_db: Connection) -> None:
    chat, community, cast = _chat(any_db)
    lamp, door = _case(any_db, cast, chat, 1), _case(any_db, cast, chat, 2)
    told = [
        (_said(any_db, chat, community, "有人去看了", lamp), "dropped"),
        (_said(any_db, chat, community, "您看好了吗", lamp, asks=True), "dropped"),
        (_said(any_db, chat, community, "还在办", lamp), "dropped"),
        (_said(any_db, chat, community, "您看好了吗", lamp, asks=True), "waiting"),
        (_said(any_db, chat, community, "有人去看了", door), "dropped"),
        (_said(any_db, chat, community, "您看好了吗", door, asks=True), "waiting"),
        (_said(any_db, chat, community, "那就不催您了", door), "waiting"),
        (_said(any_db, chat, community, "不属于哪件事", None), "waiting"),
    ]
    _all(any_db, SendResult(Outcome.PARKED, reason="48h"))
    assert set(_states(any_db).values()) == {"parked"}
    assert outbox.claim(any_db, platform=PLATFORM, bot=BOT, owner="o", now=NOW + timedelta(days=9)) == []
    assert parked.release(any_db, chat, now=NOW) == 4
    assert _states(any_db) == dict(told)
    _all(any_db, SendResult(Outcome.SENT, message="m"))
    assert parked.release(any_db, chat, now=NOW) == 0


def test_what_is_taken_back_or_forgotten_is_not_said_later(any_db: Connection) -> None:
    chat, community, cast = _chat(any_db)
    lamp, door = _case(any_db, cast, chat, 1), _case(any_db, cast, chat, 2)
    undone = _said(any_db, chat, community, "有人去看了", lamp)
    forgotten = _said(any_db, chat, community, "您看好了吗", door, asks=True)
    _all(any_db, SendResult(Outcome.PARKED, reason="48h"))
    actions.drop_unsaid(any_db, lamp)
    wordless.take(any_db, [door], now=NOW)
    assert parked.release(any_db, chat, now=NOW) == 0
    rows = {row.id: row for row in any_db.execute(sa.select(table))}
    assert (rows[undone].state, rows[forgotten].state) == ("dropped", "dropped")
    assert rows[forgotten].payload == wordless.NOTHING


def test_the_window_is_counted_from_what_they_wrote(any_db: Connection) -> None:
    chat, community, _ = _chat(any_db)

    def window() -> Any:
        return parked.window(any_db, platform=PLATFORM, bot=BOT, chat=CHAT)

    def comes(kind: IncomingKind, update: str, message: str, minutes: int) -> None:
        said = Incoming(
            platform=PLATFORM,
            bot=BOT,
            update_id=update,
            kind=kind,
            sent_at=NOW + timedelta(minutes=minutes),
            chat=CHAT,
            chat_kind=ChatKind.PRIVATE,
            sender=Sender("wmWANG"),
            message=message,
        )
        inbox.keep(any_db, kept(said), now=NOW)

    assert parked.window(any_db, platform=PLATFORM, bot=BOT, chat="wk/nobody") == (None, 0)
    comes(IncomingKind.JOINED, "e1", "", 0)
    assert window() == (None, 0)
    comes(IncomingKind.MESSAGE, "m1", "m1", -5)
    _said(any_db, chat, community, "收到", None)
    _said(any_db, chat, community, "记下了", None)
    _all(any_db, SendResult(Outcome.SENT, message="g1"))
    comes(IncomingKind.RECALL, "e2", "m1", 1)
    comes(IncomingKind.FAILED, "e3", "g1", 2)
    assert window() == (NOW - timedelta(minutes=5), 2)
    comes(IncomingKind.BUTTON, "m2", "m2", 3)
    assert window() == (NOW + timedelta(minutes=3), 0)


def test_where_one_goes_on_from_is_remembered(any_db: Connection) -> None:
    assert leases.remembered(any_db, "kf cursor") == {}
    leases.remember(any_db, "kf cursor", {"cursor": "a"})
    leases.remember(any_db, "kf cursor", {"cursor": "b"})
    assert leases.remembered(any_db, "kf cursor") == {"cursor": "b"}
    epoch = leases.take(any_db, "kf cursor", owner="me", now=NOW)
    assert epoch == 1 and leases.remembered(any_db, "kf cursor") == {"cursor": "b"}
