"""The way out: in order, never two at once in a chat, and every doubt settled one way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot.messages import Outcome, Outgoing, OutKind, SendResult, Urgency, load_outgoing
from gridbot.store import outbox
from gridbot.store.db import Database
from gridbot.store.tables import cards, chats
from gridbot.store.tables import outbox as rows
from tests.cast import BOT, NOW, PLATFORM, Cast, seed

SENT = SendResult(Outcome.SENT, message="900")
UNKNOWN = SendResult(Outcome.UNKNOWN, reason="time-out")
RETRY = SendResult(Outcome.RETRY, reason="500")
PERMANENT = SendResult(Outcome.PERMANENT, reason="chat not found")


@pytest.fixture
def cast(any_db: Connection) -> Cast:
    return seed(any_db)


def say(db: Connection, chat: int, text: str = "好", **more: Any) -> int:
    values: dict[str, Any] = {"community_id": None, "purpose": "test", "now": NOW}
    return outbox.say(db, chat_id=chat, payload=Outgoing(text=text), **(values | more))


def card(db: Connection, chat: int, text: str, key: str = "case:1") -> int:
    return say(db, chat, text, kind=OutKind.CARD, key=key)


def claim(db: Connection, seconds: float = 0, owner: str = "s1", most: int = 8) -> list[Row[Any]]:
    now = NOW + timedelta(seconds=seconds)
    return outbox.claim(db, platform=PLATFORM, bot=BOT, owner=owner, now=now, most=most)


def only(db: Connection, seconds: float = 0, owner: str = "s1") -> Row[Any]:
    (row,) = claim(db, seconds, owner)
    return row


def mark(db: Connection, row: Row[Any], result: SendResult, seconds: float = 0, owner: str = "s1") -> bool:
    return outbox.mark(db, row, result, owner=owner, now=NOW + timedelta(seconds=seconds))


def stored(db: Connection, row_id: int) -> Row[Any]:
    return db.execute(sa.select(rows).where(rows.c.id == row_id)).one()


def texts(claimed: list[Row[Any]]) -> list[str]:
    return [load_outgoing(row.payload).text for row in claimed]


# --- claiming ------------------------------------------------------------------------------------


def test_a_claimed_row_says_all_a_channel_needs(any_db: Connection, cast: Cast) -> None:
    key = say(any_db, cast.residents, "记下了")
    row = only(any_db)
    assert (row.id, row.kind, row.platform, row.bot, row.chat) == (key, "send", PLATFORM, BOT, "-1001")
    assert (row.chat_kind, row.card_message) == ("group", None)
    assert mark(any_db, row, SENT, 1)
    done = stored(any_db, key)
    assert (done.state, done.message, done.attempts) == ("sent", "900", 1)
    assert done.sent_at == NOW + timedelta(seconds=1)
    assert claim(any_db, 3600) == []


def test_one_in_flight_per_chat(any_db: Connection, cast: Cast) -> None:
    for text in ("一", "二"):
        say(any_db, cast.residents, text)
        say(any_db, cast.leaders, text)
    first = claim(any_db)
    assert texts(first) == ["一", "一"]
    assert claim(any_db) == []
    mark(any_db, first[0], SENT)
    assert texts(claim(any_db)) == ["二"]


def test_the_most_urgent_first(any_db: Connection, cast: Cast) -> None:
    for urgency in (Urgency.BULK, Urgency.NOTICE, Urgency.ANSWER, Urgency.EMERGENCY):
        say(any_db, cast.residents, urgency.value, urgency=urgency)
    order = []
    while claimed := claim(any_db):
        order += texts(claimed)
        mark(any_db, claimed[0], SENT)
    assert order == ["emergency", "answer", "notice", "bulk"]


def test_an_emergency_goes_before_the_rows_of_every_other_chat(any_db: Connection, cast: Cast) -> None:
    say(any_db, cast.residents, "旧", due_at=NOW - timedelta(hours=1))
    say(any_db, cast.leaders, "急", urgency=Urgency.EMERGENCY)
    assert texts(claim(any_db, most=1)) == ["急"]


def test_a_long_queue_in_one_chat_hides_no_other(any_db: Connection, cast: Cast) -> None:
    for number in range(80):
        say(any_db, cast.residents, str(number), due_at=NOW - timedelta(hours=1))
    say(any_db, cast.leaders, "别处")
    assert texts(claim(any_db, most=2)) == ["0", "别处"]


def test_what_is_not_due_waits(any_db: Connection, cast: Cast) -> None:
    say(any_db, cast.residents, due_at=NOW + timedelta(seconds=30))
    assert claim(any_db) == []
    assert outbox.next_due(any_db) == NOW + timedelta(seconds=30)
    assert len(claim(any_db, 30)) == 1


def test_another_bots_rows_are_left_alone(any_db: Connection, cast: Cast) -> None:
    say(any_db, cast.residents)
    any_db.execute(sa.update(chats).values(bot="7000000002"))
    assert claim(any_db) == []


# --- outcomes ------------------------------------------------------------------------------------


def test_a_refusal_is_tried_again_later_and_later(any_db: Connection, cast: Cast) -> None:
    key, at = say(any_db, cast.residents), 0.0
    waits = []
    for _ in range(outbox.TRIES):
        mark(any_db, only(any_db, at), RETRY, at)
        waits.append((stored(any_db, key).due_at - NOW).total_seconds() - at)
        at += waits[-1]
    assert waits[:7] == [2, 5, 15, 60, 300, 900, 1800]
    assert (stored(any_db, key).state, stored(any_db, key).reason) == ("failed", "500")
    assert not stored(any_db, key).maybe_twice


def test_a_permanent_refusal_ends_it(any_db: Connection, cast: Cast) -> None:
    key = say(any_db, cast.residents)
    mark(any_db, only(any_db), PERMANENT)
    assert (stored(any_db, key).state, stored(any_db, key).reason) == ("failed", "chat not found")
    assert claim(any_db, 3600) == []


def test_unknown_is_sent_once_more_and_marked(any_db: Connection, cast: Cast) -> None:
    key = say(any_db, cast.residents)
    mark(any_db, only(any_db), UNKNOWN)
    assert stored(any_db, key).maybe_twice
    assert claim(any_db, 59) == []
    mark(any_db, only(any_db, 61), UNKNOWN, 61)
    assert stored(any_db, key).state == "failed"
    assert "unknown twice" in stored(any_db, key).reason


def test_a_sender_that_died_is_followed_once(any_db: Connection, cast: Cast) -> None:
    """Nobody knows whether the dead one's message arrived; a row that kills every sender must end."""
    key = say(any_db, cast.residents)
    assert not only(any_db).maybe_twice
    assert claim(any_db, 59, owner="s2") == []
    assert only(any_db, 61, owner="s2").id == key
    assert stored(any_db, key).maybe_twice
    assert claim(any_db, 200, owner="s3") == []
    assert stored(any_db, key).state == "failed"


def test_unknown_then_dead_is_also_twice(any_db: Connection, cast: Cast) -> None:
    key = say(any_db, cast.residents)
    mark(any_db, only(any_db), UNKNOWN)
    only(any_db, 61)
    assert claim(any_db, 200) == []
    assert stored(any_db, key).state == "failed"


def test_what_can_be_repeated_freely_is(any_db: Connection, cast: Cast) -> None:
    """A reaction set twice is one reaction: no doubt to mark, the usual back-off."""
    key = say(any_db, cast.residents, kind=OutKind.REACT)
    mark(any_db, only(any_db), UNKNOWN)
    row = stored(any_db, key)
    assert (row.state, row.maybe_twice, row.due_at) == ("waiting", False, NOW + timedelta(seconds=2))
    only(any_db, 2)
    assert only(any_db, 100).attempts == 2  # its lease ran out
    assert not stored(any_db, key).maybe_twice


def test_a_chat_told_to_wait_waits_and_the_others_go_on(any_db: Connection, cast: Cast) -> None:
    for chat in (cast.residents, cast.leaders):
        say(any_db, chat, "一")
        say(any_db, chat, "二")
    first, other = claim(any_db)
    mark(any_db, first, SendResult(Outcome.RETRY, reason="429", retry_after=30))
    mark(any_db, other, SENT)
    assert [row.chat_id for row in claim(any_db, 10)] == [cast.leaders]
    assert texts([row for row in claim(any_db, 30) if row.chat_id == cast.residents]) == ["一"]


def test_a_bot_told_to_wait_waits_everywhere_but_not_with_an_emergency(
    any_db: Connection, cast: Cast
) -> None:
    for chat in (cast.residents, cast.leaders):
        say(any_db, chat, "一")
    first, other = claim(any_db)
    mark(any_db, first, SendResult(Outcome.RETRY, reason="429", retry_after=30, whole_bot=True))
    mark(any_db, other, SENT)
    say(any_db, cast.leaders, "二")
    assert claim(any_db, 10) == []
    say(any_db, cast.leaders, "急", urgency=Urgency.EMERGENCY)
    assert texts(claim(any_db, 10)) == ["急"]


def test_an_emergency_told_to_wait_waits_itself(any_db: Connection, cast: Cast) -> None:
    """The chat's pause does not hold it, so its own time must."""
    say(any_db, cast.residents, urgency=Urgency.EMERGENCY)
    mark(any_db, only(any_db), SendResult(Outcome.RETRY, reason="429", retry_after=5))
    assert claim(any_db, 4) == []
    assert len(claim(any_db, 5)) == 1


def test_being_told_to_wait_uses_up_no_patience(any_db: Connection, cast: Cast) -> None:
    key, at = say(any_db, cast.residents), 0.0
    for _ in range(outbox.TRIES + 3):
        mark(any_db, only(any_db, at), SendResult(Outcome.RETRY, reason="429", retry_after=5), at)
        at += 5
    assert stored(any_db, key).state == "waiting"


def test_a_hung_sender_marks_nothing(any_db: Connection, cast: Cast) -> None:
    """Fencing: by now the row is somebody else's."""
    key = say(any_db, cast.residents)
    hung = only(any_db)
    again = only(any_db, 61, owner="s2")
    late = SendResult(Outcome.RETRY, reason="429", retry_after=999)
    assert not mark(any_db, hung, late, 62)
    assert not mark(any_db, hung, SENT, 62)
    assert stored(any_db, key).state == "claimed"
    assert any_db.execute(sa.select(chats.c.not_before).where(chats.c.id == cast.residents)).scalar() is None
    assert mark(any_db, again, SENT, 63, owner="s2")
    assert not mark(any_db, again, PERMANENT, 64, owner="s2")  # and nobody marks twice


# --- cards ---------------------------------------------------------------------------------------


def test_a_card_needs_a_key(any_db: Connection, cast: Cast) -> None:
    with pytest.raises(ValueError, match="without key"):
        say(any_db, cast.residents, kind=OutKind.CARD)


def test_of_a_card_only_the_newest_waits(any_db: Connection, cast: Cast) -> None:
    old = card(any_db, cast.residents, "等人接")
    card(any_db, cast.residents, "有人接了")
    card(any_db, cast.residents, "别的事", key="case:2")
    card(any_db, cast.leaders, "别的群")
    assert stored(any_db, old).state == "dropped"
    assert sorted(texts(claim(any_db))) == ["别的群", "有人接了"]


def test_the_first_delivery_sends_later_ones_edit(any_db: Connection, cast: Cast) -> None:
    card(any_db, cast.residents, "等人接")
    first = only(any_db)
    assert first.card_message is None
    mark(any_db, first, SENT)
    card(any_db, cast.residents, "有人接了")
    second = only(any_db)
    assert second.card_message == "900"
    mark(any_db, second, SENT)
    assert any_db.execute(sa.select(cards.c.message)).scalars().all() == ["900"]


def test_a_card_that_had_to_be_sent_anew_is_edited_there(any_db: Connection, cast: Cast) -> None:
    """The old message was gone; the channel sent another."""
    for message in ("900", "901"):
        card(any_db, cast.residents, message)
        mark(any_db, only(any_db), SendResult(Outcome.SENT, message=message))
    card(any_db, cast.residents, "三")
    assert only(any_db).card_message == "901"


def test_what_comes_while_a_card_is_in_flight_is_sent_after_it(any_db: Connection, cast: Cast) -> None:
    card(any_db, cast.residents, "等人接")
    flying = only(any_db)
    card(any_db, cast.residents, "有人接了")
    assert claim(any_db) == []
    mark(any_db, flying, SENT)
    assert only(any_db).card_message == "900"


@pytest.mark.parametrize("result", [RETRY, UNKNOWN])
def test_a_retry_that_is_out_of_date_is_dropped(any_db: Connection, cast: Cast, result: SendResult) -> None:
    old = card(any_db, cast.residents, "等人接")
    flying = only(any_db)
    card(any_db, cast.residents, "有人接了")
    mark(any_db, flying, result)
    assert stored(any_db, old).state == "dropped"
    assert texts(claim(any_db, 3600)) == ["有人接了"]


def test_an_edit_of_unknown_outcome_is_no_doubt(any_db: Connection, cast: Cast) -> None:
    card(any_db, cast.residents, "等人接")
    mark(any_db, only(any_db), SENT)
    key = card(any_db, cast.residents, "有人接了")
    mark(any_db, only(any_db), UNKNOWN)
    assert not stored(any_db, key).maybe_twice
    assert only(any_db, 2).id == key


# --- receipts and buttons ------------------------------------------------------------------------


def test_a_receipt_finds_what_a_message_was(any_db: Connection, cast: Cast) -> None:
    say(any_db, cast.residents, "一", purpose="first")
    mark(any_db, only(any_db), SENT)
    card(any_db, cast.leaders, "二")
    mark(any_db, only(any_db), SENT)
    found = outbox.find_receipt(any_db, cast.residents, "900")
    assert found is not None
    assert found.purpose == "first"
    assert outbox.find_receipt(any_db, cast.residents, "901") is None
    assert outbox.find_receipt(any_db, cast.residents, "") is None


def test_a_button_is_a_row_and_its_token_says_nothing(any_db: Connection, cast: Cast) -> None:
    made = [
        outbox.button(any_db, "我去看", "accept", community_id=cast.community, person_id=cast.li)
        for _ in range(2)
    ]
    assert made[0].token != made[1].token
    assert len(made[0].token.encode()) == 32  # Telegram carries 64 bytes
    row = outbox.find_button(any_db, made[0].token)
    assert row is not None
    assert (row.action, row.person_id) == ("accept", cast.li)
    assert outbox.find_button(any_db, "0" * 32) is None


def test_what_waits_can_be_asked_by_purpose(any_db: Connection, cast: Cast) -> None:
    for purpose in ("a", "b", "a"):
        say(any_db, cast.residents, purpose, purpose=purpose)
    only(any_db)
    assert texts(outbox.waiting_texts(any_db)) == ["a", "b", "a"]
    assert texts(outbox.waiting_texts(any_db, ["b"])) == ["b"]


def test_what_was_given_up_can_be_said_after_all(any_db: Connection, cast: Cast) -> None:
    failed, said = say(any_db, cast.residents, "一"), say(any_db, cast.leaders, "二")
    first, other = claim(any_db)
    mark(any_db, first, PERMANENT)
    mark(any_db, other, SENT)
    (row,) = outbox.given_up(any_db)
    assert (row.id, row.chat, row.reason) == (failed, "-1001", "chat not found")
    assert outbox.retry_given_up(any_db, [failed, said], now=NOW) == 1
    assert only(any_db).attempts == 0


# --- two senders ---------------------------------------------------------------------------------


@pytest.mark.postgres
def test_two_senders_never_take_the_same_row(postgres_database: Database) -> None:
    cast = postgres_database.write(seed)
    for text in ("一", "二"):
        postgres_database.write(lambda db, text=text: say(db, cast.residents, text))
    with postgres_database.writer.connect() as one, postgres_database.writer.connect() as two:
        assert texts(claim(one)) == ["一"]
        assert claim(two, owner="s2") == []  # not even the chat's second row
        one.commit()
        assert claim(two, owner="s2") == []
        two.rollback()


@pytest.mark.postgres
def test_a_row_marked_meanwhile_is_not_given_out_again(postgres_database: Database) -> None:
    """A slow sender marks its row in the moment another finds its lease run out."""
    cast = postgres_database.write(seed)
    key = postgres_database.write(lambda db: say(db, cast.residents))
    slow = postgres_database.write(only)
    with postgres_database.writer.connect() as one, postgres_database.writer.connect() as two:
        assert mark(one, slow, SENT)
        assert claim(two, 61, owner="s2") == []
        one.commit()
        two.rollback()
    with postgres_database.read() as db:
        assert stored(db, key).state == "sent"
