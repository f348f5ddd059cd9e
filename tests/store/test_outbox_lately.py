"""What the outbox remembers of what was said: the choices offered last, and the pace of an hour."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy import Connection

from gridbot.messages import Button, Outcome, Outgoing, OutKind, SendResult
from gridbot.store import outbox
from gridbot.store.tables import outbox as table
from tests.cast import BOT, LI, NOW, PLATFORM, RESIDENTS, Cast, seed


def _say(
    db: Connection, cast: Cast, chat: int, text: str, *tokens: str, result: SendResult | None = None
) -> None:
    row = outbox.say(
        db,
        chat_id=chat,
        payload=Outgoing(text=text, buttons=(tuple(Button(token, token) for token in tokens),)),
        community_id=cast.community,
        purpose="x",
        now=NOW,
        kind=OutKind.SEND,
    )
    (claimed,) = [
        one for one in outbox.claim(db, platform=PLATFORM, bot=BOT, owner="o", now=NOW) if one.id == row
    ]
    outbox.mark(db, claimed, result or SendResult(Outcome.SENT, message=f"m{row}"), owner="o", now=NOW)


def test_the_choices_offered_last(any_db: Connection) -> None:
    cast = seed(any_db)
    _say(any_db, cast, cast.li_private, "一", "a1", "a2")
    _say(any_db, cast, cast.li_private, "二", "b1")
    _say(any_db, cast, cast.residents, "别处", "c1")
    _say(any_db, cast, cast.li_private, "没有")
    _say(any_db, cast, cast.li_private, "没到", "d1", result=SendResult(Outcome.PERMANENT, reason="x"))
    found = outbox.last_choices(any_db, cast.li_private, since=NOW - timedelta(hours=1))
    assert found is not None and found.text == "二"
    assert outbox.last_choices(any_db, cast.li_private, since=NOW + timedelta(seconds=1)) is None


def test_what_was_sent_lately(any_db: Connection) -> None:
    cast = seed(any_db)
    _say(any_db, cast, cast.li_private, "一")
    _say(any_db, cast, cast.residents, "二")
    _say(any_db, cast, cast.residents, "没到", result=SendResult(Outcome.PERMANENT, reason="x"))
    hour = NOW - timedelta(hours=1)
    found = outbox.sent_lately(any_db, platform=PLATFORM, bot=BOT, since=hour)
    assert sorted(found) == sorted([(LI.id, NOW), (RESIDENTS, NOW)])
    assert outbox.sent_lately(any_db, platform=PLATFORM, bot="another", since=hour) == []
    assert outbox.sent_lately(any_db, platform=PLATFORM, bot=BOT, since=NOW) == []


def test_what_is_left_out_is_neither_said_nor_failed(any_db: Connection) -> None:
    cast = seed(any_db)
    _say(any_db, cast, cast.li_private, "一", result=SendResult(Outcome.LEFT_OUT, reason="no way"))
    row = any_db.execute(sa.select(table.c.state, table.c.reason, table.c.sent_at)).one()
    assert tuple(row) == ("dropped", "no way", None)
    assert outbox.given_up(any_db) == [] and outbox.waiting_texts(any_db) == []
