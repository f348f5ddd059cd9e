"""The way in: kept once, handled in order, and one bad message never stops the others."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot.messages import ChatKind, ChatRole, Incoming, IncomingKind, Kept, load_incoming
from gridbot.store import inbox
from gridbot.store.db import Database
from gridbot.store.tables import cases, chats
from gridbot.store.tables import inbox as rows
from tests.cast import ADMIN, BOT, LI, NOW, PLATFORM, RESIDENTS, UNBOUND, WANG, Cast, kept, said, seed


def keep(db: Connection, incoming: Incoming, seconds: float = 0) -> int | None:
    return inbox.keep(db, kept(incoming), now=NOW + timedelta(seconds=seconds))


def stored(db: Connection, row_id: int | None) -> Row[Any]:
    return db.execute(sa.select(rows).where(rows.c.id == row_id)).one()


def texts(batch: inbox.Batch) -> list[str]:
    return [load_incoming(row.incoming).text for row in batch.rows]


def turn(db: Connection, minutes: float = 0, owner: str = "w1") -> inbox.Batch:
    return inbox.claim(db, owner=owner, now=NOW + timedelta(minutes=minutes))


def after_a_crash(db: Connection, minutes: float) -> inbox.Batch:
    """Nothing was noted and nothing released: the lease must run out."""
    assert turn(db, minutes).rows == ()
    return turn(db, minutes + 1.1)


@pytest.fixture
def cast(any_db: Connection) -> Cast:
    return seed(any_db)


# --- keeping -------------------------------------------------------------------------------------


def test_a_message_of_a_bound_group_is_kept_whole(any_db: Connection, cast: Cast) -> None:
    message = said("五号楼灯坏了")
    row = stored(any_db, keep(any_db, message))
    assert load_incoming(row.incoming) == message
    assert (row.state, row.chat_id, row.community_id) == ("pending", cast.residents, cast.community)
    assert row.raw is not None
    assert (row.message, row.user) == (message.message, WANG.id)


def test_a_repeat_stops(any_db: Connection, cast: Cast) -> None:
    message = said("五号楼灯坏了")
    assert keep(any_db, message) is not None
    assert keep(any_db, message) is None
    assert any_db.execute(sa.select(sa.func.count()).select_from(rows)).scalar() == 1


def test_the_same_update_id_of_another_bot_is_another_update(any_db: Connection, cast: Cast) -> None:
    assert keep(any_db, said("一", update_id="same")) is not None
    assert keep(any_db, said("一", update_id="same", bot="7000000002")) is not None


def test_what_could_not_be_read_is_kept_raw(any_db: Connection, cast: Cast) -> None:
    row_id = inbox.keep(any_db, Kept("telegram", "7", "u-unknown", b'{"new_kind":1}', None), now=NOW)
    row = stored(any_db, row_id)
    assert (row.state, row.raw, row.incoming) == ("unread", b'{"new_kind":1}', None)
    assert turn(any_db).rows == ()


def test_an_unbound_group_keeps_no_words(any_db: Connection, cast: Cast) -> None:
    row = stored(
        any_db,
        keep(
            any_db, said("我家在5号楼302", chat=UNBOUND, chat_title="亲友群", transcript="说", photos=("p",))
        ),
    )
    incoming = load_incoming(row.incoming)
    assert row.raw is None
    assert (incoming.text, incoming.transcript, incoming.photos, incoming.sender.name) == ("", "", (), "")
    assert (incoming.message, incoming.sender.id) == (row.message, WANG.id)


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("/bind 一网格", {}),
        ("／开通", {}),
        ("@gridbot 开通", {"mentions_bot": True}),
        ("开通", {"reply_to_bot": True}),
    ],
)
def test_an_unbound_group_keeps_what_is_meant_for_the_bot(
    any_db: Connection, cast: Cast, text: str, more: dict[str, Any]
) -> None:
    """Or no group could ever be bound."""
    row = stored(any_db, keep(any_db, said(text, by=ADMIN, chat=UNBOUND, **more)))
    assert load_incoming(row.incoming).text == text


def test_an_unbound_group_keeps_service_events_and_buttons(any_db: Connection, cast: Cast) -> None:
    joined = said("", chat=UNBOUND, kind=IncomingKind.JOINED, rights=("read_all",), by=ADMIN)
    pressed = said("", chat=UNBOUND, kind=IncomingKind.BUTTON, button="ab" * 16, callback="c1", by=ADMIN)
    assert load_incoming(stored(any_db, keep(any_db, joined)).incoming).rights == ("read_all",)
    kept_press = load_incoming(stored(any_db, keep(any_db, pressed)).incoming)
    assert (kept_press.button, kept_press.callback) == ("ab" * 16, "c1")


def test_a_private_chat_keeps_words_though_nobody_bound_it(any_db: Connection, cast: Cast) -> None:
    row = stored(any_db, keep(any_db, said("我报的到哪了", chat="1001")))
    assert load_incoming(row.incoming).text == "我报的到哪了"
    chat = any_db.execute(sa.select(chats).where(chats.c.id == row.chat_id)).one()
    assert (chat.kind, chat.role, chat.community_id) == (ChatKind.PRIVATE, ChatRole.PRIVATE, None)


@pytest.mark.parametrize("bad", ["a\0b", "半个\ud83d", "x" * 60_000, "<b>&", "‮倒过来"])
def test_whatever_is_typed_can_be_kept(any_db: Connection, cast: Cast, bad: str) -> None:
    row_id = keep(any_db, said(bad, chat="1001", chat_title=bad, message=bad[:9]))
    assert row_id is not None
    assert load_incoming(stored(any_db, row_id).incoming).text.replace("\ufffd", "\ud83d") == bad


@pytest.mark.postgres
def test_two_processes_keep_the_same_update_at_once(any_database: Database) -> None:
    """Both say so without an error, and one row is there."""
    any_database.write(seed)
    message, start = said("着火了", chat="-7777"), threading.Barrier(4)
    answers: list[int | None] = []

    def accept() -> None:
        start.wait(5)
        answers.append(any_database.write(lambda db: keep(db, message)))

    threads = [threading.Thread(target=accept) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(answer is None for answer in answers) == [False, True, True, True]


def test_what_came_together_is_kept_together(any_db: Connection, cast: Cast) -> None:
    """As getUpdates brings it: several chats, a new group, one unreadable, some seen before, one twice."""
    seen, twice = said("一"), said("二")
    keep(any_db, seen)
    strange = Kept(PLATFORM, BOT, "odd", b"{}", None)
    new = [said("三", chat="-61", mentions_bot=True), said("四", chat="-61"), said("五", chat=RESIDENTS)]
    batch = [kept(seen), kept(twice), kept(twice), strange, *map(kept, new)]
    inbox.keep_all(any_db, batch, now=NOW)
    inbox.keep_all(any_db, batch, now=NOW)
    inbox.keep_all(any_db, [], now=NOW)
    found = any_db.execute(sa.select(rows).order_by(rows.c.id)).all()
    assert [row.update_id for row in found] == [
        *(seen.update_id, twice.update_id, "odd"),
        *(one.update_id for one in new),
    ]
    assert [row.state for row in found] == ["pending", "pending", "unread", *["pending"] * 3]
    assert load_incoming(found[4].incoming).text == ""  # talk in a group nobody has bound


def test_a_chat_the_directory_named_becomes_the_bots_that_comes_to_it(any_db: Connection, cast: Cast) -> None:
    """Imported before there was a bot: its first message finds grid and role."""
    any_db.execute(sa.update(chats).where(chats.c.id == cast.residents).values(bot=""))
    row = stored(any_db, keep(any_db, said("五号楼灯坏了")))
    assert (row.chat_id, load_incoming(row.incoming).text) == (cast.residents, "五号楼灯坏了")
    assert any_db.execute(sa.select(chats.c.bot).where(chats.c.id == cast.residents)).scalar() == BOT


# --- claiming ------------------------------------------------------------------------------------


def test_a_chat_is_handled_in_order_at_most_ten_a_turn(any_db: Connection, cast: Cast) -> None:
    for number in range(13):
        keep(any_db, said(str(number)))
    first = turn(any_db)
    assert texts(first) == [str(number) for number in range(10)]
    inbox.done(any_db, first.rows, now=NOW)
    inbox.release(any_db, first, owner="w1")
    assert texts(turn(any_db)) == ["10", "11", "12"]


def test_a_chat_in_hand_is_not_given_to_another(any_db: Connection, cast: Cast) -> None:
    keep(any_db, said("一"))
    assert len(turn(any_db).rows) == 1
    keep(any_db, said("二"))
    assert turn(any_db, owner="w2").rows == ()


def test_a_busy_chat_does_not_starve_the_others(any_db: Connection, cast: Cast) -> None:
    for number in range(40):
        keep(any_db, said(f"吵{number}"))
    for number in range(8):
        for _ in range(9):
            keep(any_db, said("静", chat=f"-20{number}", mentions_bot=True))
    first = turn(any_db)
    assert len(first.rows) == inbox.PER_TURN
    assert len(first.chats) == 7  # ten of the busy one, nine of each of six
    inbox.done(any_db, first.rows, now=NOW)
    inbox.release(any_db, first, owner="w1")
    second = turn(any_db, minutes=0.01)
    assert second.chats[0] not in first.chats  # who has not been served comes first


def test_the_attempt_is_counted_before_the_handling(any_db: Connection, cast: Cast) -> None:
    row_id = keep(any_db, said("一"))
    turn(any_db)
    assert stored(any_db, row_id).attempts == 1


def test_after_a_crash_what_was_in_hand_is_tried_alone(any_db: Connection, cast: Cast) -> None:
    """Somebody in the batch killed the process: the next turns find out who."""
    for text in ("一", "二", "三"):
        keep(any_db, said(text))
    assert texts(turn(any_db)) == ["一", "二", "三"]
    for minutes, text in ((0, "一"), (2, "二"), (4, "三")):
        alone = after_a_crash(any_db, minutes) if minutes == 0 else turn(any_db, minutes)
        assert texts(alone) == [text]
        inbox.done(any_db, alone.rows, now=NOW)
        inbox.release(any_db, alone, owner="w1")


def test_what_was_not_tried_before_goes_on_without_what_was(any_db: Connection, cast: Cast) -> None:
    first = keep(any_db, said("一"))
    crashed = turn(any_db)
    assert [row.id for row in crashed.rows] == [first]
    keep(any_db, said("二"))
    keep(any_db, said("别处", chat="-31", mentions_bot=True))
    assert texts(turn(any_db, 0.5)) == ["别处"]  # the crashed chat's lease still runs
    assert texts(turn(any_db, 2)) == ["一"]


def test_a_message_that_kills_the_process_is_set_aside_the_fourth_time(
    any_db: Connection, cast: Cast
) -> None:
    poison = keep(any_db, said("毒"))
    keep(any_db, said("二"))
    assert texts(turn(any_db)) == ["毒", "二"]
    assert texts(turn(any_db, 2)) == ["毒"]
    assert texts(turn(any_db, 4)) == ["毒"]
    assert texts(turn(any_db, 6)) == ["二"]
    assert stored(any_db, poison).state == "dead"
    assert "died" in stored(any_db, poison).error


def test_a_message_that_fails_is_set_aside_the_third_time(any_db: Connection, cast: Cast) -> None:
    poison = keep(any_db, said("毒"))
    keep(any_db, said("二"))
    verdicts = []
    for _ in range(3):
        batch = turn(any_db)
        assert batch.rows[0].id == poison
        verdicts.append(inbox.failed(any_db, batch.rows[0], "ValueError: " + "长" * 900))
        inbox.not_tried(any_db, batch.rows[1:])
        inbox.release(any_db, batch, owner="w1")
    assert verdicts == [False, False, True]
    assert texts(turn(any_db)) == ["二"]
    assert [row.id for row in inbox.dead_letters(any_db)] == [poison]
    assert len(stored(any_db, poison).error) == 500


def test_a_failing_neighbour_costs_no_attempt(any_db: Connection, cast: Cast) -> None:
    for text in ("毒", "二", "三"):
        keep(any_db, said(text))
    batch = turn(any_db)
    inbox.failed(any_db, batch.rows[0], "no")
    inbox.not_tried(any_db, batch.rows[1:])
    assert [stored(any_db, row.id).attempts for row in batch.rows] == [1, 0, 0]


def test_dead_letters_can_be_tried_again(any_db: Connection, cast: Cast) -> None:
    ids = [keep(any_db, said(text)) for text in ("一", "二")]
    any_db.execute(sa.update(rows).values(state="dead", attempts=3, error="x"))
    assert inbox.retry_dead(any_db, [ids[1] or 0]) == 1
    assert texts(turn(any_db)) == ["二"]
    assert inbox.retry_dead(any_db) == 1
    assert stored(any_db, ids[0]).attempts == 0


def test_a_worker_that_hung_learns_that_its_chat_was_taken(any_db: Connection, cast: Cast) -> None:
    keep(any_db, said("一"))
    batch = turn(any_db)
    assert inbox.hold(any_db, cast.residents, owner="w1", now=NOW)
    assert turn(any_db, 2, owner="w2").chats == batch.chats
    assert not inbox.hold(any_db, cast.residents, owner="w1", now=NOW + timedelta(minutes=2))
    inbox.release(any_db, batch, owner="w1")  # and cannot let go what is not its own
    assert inbox.hold(any_db, cast.residents, owner="w2", now=NOW + timedelta(minutes=2))


def test_holding_prolongs_the_lease(any_db: Connection, cast: Cast) -> None:
    keep(any_db, said("一"))
    turn(any_db)
    inbox.hold(any_db, cast.residents, owner="w1", now=NOW + timedelta(seconds=50))
    assert turn(any_db, 1.5, owner="w2").rows == ()


@pytest.mark.postgres
def test_two_workers_never_take_the_same_chat(postgres_database: Database) -> None:
    """SKIP LOCKED: the second does not wait for the first's commit, and takes what is left."""
    database = postgres_database
    database.write(seed)
    for chat in (RESIDENTS, "-41", "-42"):
        for number in range(12):
            message = said(str(number), chat=chat, mentions_bot=True)
            database.write(lambda db, message=message: keep(db, message))
    with database.writer.connect() as one, database.writer.connect() as two:
        first = turn(one)
        assert len(first.chats) == 3
        assert turn(two, owner="w2").rows == ()
        one.rollback()
        two.rollback()
        assert len(turn(two, owner="w2").chats) == 3


@pytest.mark.postgres
def test_many_workers_keep_every_chat_in_order(postgres_database: Database) -> None:
    database = postgres_database
    database.write(seed)
    for number in range(30):
        for chat in ("-51", "-52", "-53"):
            message = said(str(number), chat=chat, mentions_bot=True)
            database.write(lambda db, message=message: keep(db, message))
    handled: dict[int, list[int]] = {}
    gate = threading.Lock()

    def work(owner: str) -> None:
        for _ in range(20):
            batch = database.write(lambda db: turn(db, owner=owner))
            with gate:
                for row in batch.rows:
                    handled.setdefault(row.chat_id, []).append(int(load_incoming(row.incoming).text))
            database.write(lambda db, batch=batch: inbox.done(db, batch.rows, now=NOW))
            database.write(lambda db, batch=batch: inbox.release(db, batch, owner=owner))

    threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert list(handled.values()) == [list(range(30))] * 3


@pytest.mark.postgres
def test_a_message_can_be_kept_while_its_chat_is_being_claimed(postgres_database: Database) -> None:
    """The claim's row lock must not make the way in wait (or the platform would)."""
    database = postgres_database
    database.write(seed)
    database.write(lambda db: keep(db, said("一")))
    with database.writer.connect() as claiming:
        assert len(turn(claiming).rows) == 1
        assert database.submit(lambda db: keep(db, said("二"))).result(3) is not None


# --- erasing -------------------------------------------------------------------------------------


def test_what_joined_no_case_loses_its_words_after_a_day(any_db: Connection, cast: Cast) -> None:
    chat = keep(any_db, said("今晚吃什么"))
    unread = inbox.keep(any_db, Kept("telegram", "7", "u-odd", b"{}", None), now=NOW)
    batch = turn(any_db)
    inbox.done(any_db, batch.rows, now=NOW)
    assert inbox.erase_old(any_db, now=NOW + timedelta(hours=23, minutes=59)) == 0
    assert inbox.erase_old(any_db, now=NOW + timedelta(hours=24)) == 2
    for row in (stored(any_db, chat), stored(any_db, unread)):
        assert (row.raw, row.incoming, row.user) == (None, None, "")
    assert stored(any_db, chat).message != ""  # ids and times stay
    assert inbox.erase_old(any_db, now=NOW + timedelta(hours=25)) == 0


def test_what_joined_a_case_is_kept_with_it(any_db: Connection, cast: Cast) -> None:
    values = {
        "community_id": cast.community,
        "chat_id": cast.residents,
        "state": "waiting",
        "reported_at": NOW,
    }
    key = any_db.execute(sa.insert(cases).values(**values)).inserted_primary_key
    assert key is not None
    row_id = keep(any_db, said("五号楼灯坏了", by=LI)) or 0
    inbox.join_case(any_db, row_id, key[0])
    inbox.done(any_db, turn(any_db).rows, now=NOW)
    assert inbox.erase_old(any_db, now=NOW + timedelta(days=30)) == 0


def test_what_is_not_handled_yet_is_not_erased(any_db: Connection, cast: Cast) -> None:
    keep(any_db, said("一"))
    assert inbox.erase_old(any_db, now=NOW + timedelta(days=3)) == 0


def test_erasing_is_cut_into_pieces(any_db: Connection, cast: Cast) -> None:
    for _ in range(5):
        keep(any_db, said("一"))
    any_db.execute(sa.update(rows).values(state="done"))
    later = NOW + timedelta(days=2)
    assert [inbox.erase_old(any_db, now=later, most=2) for _ in range(4)] == [2, 2, 1, 0]


def test_when_anything_came_in_last(any_db: Connection, cast: Cast) -> None:
    assert inbox.last_received(any_db) is None
    keep(any_db, said("一"))
    keep(any_db, said("二"), seconds=90)
    assert inbox.last_received(any_db) == NOW + timedelta(seconds=90)
