"""The chain of events: what was done to it afterwards is found, and what may be done to it is not."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from gridbot.cases import chain, events
from gridbot.messages import Actor, Move, Role
from gridbot.store import tables
from gridbot.store.db import Database
from tests.cast import NOW, SHANGHAI, Cast, seed

EVENTS, WORDS = tables.case_events, tables.case_words


@pytest.fixture
def filled(any_db: Connection) -> Cast:
    """Eight events, every second one with words; one written with a local time."""
    cast = seed(any_db)
    for number in range(8):
        at = NOW + timedelta(minutes=number)
        events.record(
            any_db,
            Move.PROGRESS,
            community_id=cast.community,
            case_id=None,
            actor=Actor(cast.li, Role.LEADER),
            now=at.astimezone(SHANGHAI) if number == 3 else at,
            data={"to": (1, None), "parts": {7: "x", 10: "y"}} if number == 4 else {},
            words=f"师傅第{number}趟" if number % 2 else "",
        )
    return cast


def broken(db: Connection, cast: Cast, **more: object) -> list[tuple[str, int, int]]:
    verdict = chain.verify(db, cast.community, **more)  # type: ignore[arg-type]
    return [(one.what, one.seq, one.until) for one in verdict.broken]


def test_a_whole_chain_reads_back_as_it_was_written(any_db: Connection, filled: Cast) -> None:
    verdict = chain.verify(any_db, filled.community)
    assert verdict.broken == ()
    assert (verdict.events, verdict.last_seq, verdict.erased) == (8, 8, 0)
    assert verdict.anchor == chain.anchor(any_db, filled.community) and verdict.anchor.startswith("8-")


def test_erased_words_leave_it_whole_and_cannot_be_guessed(any_db: Connection, filled: Cast) -> None:
    row = any_db.execute(sa.select(WORDS).order_by(WORDS.c.id)).first()
    assert row is not None
    salt = any_db.execute(sa.select(tables.communities.c.salt)).scalar_one()
    (digest,) = any_db.execute(sa.select(EVENTS.c.digest).where(EVENTS.c.id == row.event_id)).scalars()
    assert digest == events.digest(salt, row.text, row.salt) != events.digest(salt, row.text)
    any_db.execute(sa.delete(WORDS))
    verdict = chain.verify(any_db, filled.community)
    assert verdict.broken == () and verdict.erased == 4


def _at(seq: int) -> sa.ColumnElement[bool]:
    return EVENTS.c.seq == seq


def _swap(db: Connection) -> None:
    for old, new in ((3, 300), (6, 3), (300, 6)):
        db.execute(sa.update(EVENTS).where(_at(old)).values(seq=new))


def _insert(db: Connection) -> None:
    row = db.execute(sa.select(EVENTS).where(_at(8))).one()._asdict()
    event = row | {"seq": 9, "prev_hash": row["hash"], "id": row["id"] + 1}
    db.execute(sa.insert(EVENTS).values(**event | {"hash": events.seal(event)}))


def _insert_in_the_middle(db: Connection) -> None:
    """Room is made at 5, and the false event sealed after the fourth."""
    for seq in range(8, 4, -1):
        db.execute(sa.update(EVENTS).where(_at(seq)).values(seq=seq + 1))
    row = db.execute(sa.select(EVENTS).where(_at(4))).one()._asdict()
    event = row | {"seq": 5, "prev_hash": row["hash"], "id": row["id"] + 100}
    db.execute(sa.insert(EVENTS).values(**event | {"hash": events.seal(event)}))
    db.execute(sa.update(tables.communities).values(last_event=9))


def _change(**values: object) -> Callable[[Connection], None]:
    return lambda db: db.execute(sa.update(EVENTS).where(_at(5)).values(**values)) and None


def _delete(*seqs: int) -> Callable[[Connection], None]:
    def tamper(db: Connection) -> None:
        for seq in seqs:
            of = sa.select(EVENTS.c.id).where(_at(seq))
            db.execute(sa.delete(WORDS).where(WORDS.c.event_id.in_(of)))
            db.execute(sa.delete(EVENTS).where(_at(seq)))

    return tamper


@pytest.mark.parametrize(
    ("tamper", "found"),
    [
        (_change(move="done"), [("changed", 5, 0)]),
        (_change(data={"count": 5}), [("changed", 5, 0)]),
        (_change(person_id=None), [("changed", 5, 0)]),
        (_change(at=datetime(2026, 1, 1, tzinfo=SHANGHAI)), [("changed", 5, 0)]),
        (_change(digest="ab"), [("changed", 5, 0)]),
        (_delete(3), [("missing", 3, 3)]),
        (_delete(1), [("missing", 1, 1)]),
        (_delete(4, 5), [("missing", 4, 5)]),
        (_delete(7, 8), [("missing", 7, 8)]),  # the tail, its end still known to the community
        (_swap, [("moved", 3, 0), ("moved", 6, 0)]),
        (_insert, [("inserted", 9, 0)]),
        (_insert_in_the_middle, [("moved", seq, 0) for seq in (6, 7, 8, 9)]),
        (
            lambda db: db.execute(sa.update(WORDS).where(WORDS.c.text == "师傅第3趟").values(text="别的")),
            [("words", 4, 0)],
        ),
    ],
)
def test_what_was_done_to_it_is_found(
    any_db: Connection, filled: Cast, tamper: Callable[[Connection], None], found: list[tuple[str, int, int]]
) -> None:
    tamper(any_db)
    assert broken(any_db, filled) == found


def _seal_anew(db: Connection, cast: Cast) -> None:
    """What somebody can do who has the database: a chain of his own, in itself whole."""
    before = ""
    for row in db.execute(sa.select(EVENTS).order_by(EVENTS.c.seq)).all():
        event = row._asdict() | {"prev_hash": before}
        before = events.seal(event)
        db.execute(
            sa.update(EVENTS).where(EVENTS.c.id == row.id).values(prev_hash=event["prev_hash"], hash=before)
        )
    values = {"last_event": row.seq, "last_hash": before}
    db.execute(
        sa.update(tables.communities).where(tables.communities.c.id == cast.community).values(**values)
    )


@pytest.mark.parametrize("tamper", [_delete(8), _delete(7, 8), _change(move="done")])
def test_a_chain_sealed_anew_is_found_by_what_was_printed(
    any_db: Connection, filled: Cast, tamper: Callable[[Connection], None]
) -> None:
    printed = chain.anchor(any_db, filled.community)
    tamper(any_db)
    _seal_anew(any_db, filled)
    assert broken(any_db, filled) == []  # nothing inside tells
    assert [what for what, *_ in broken(any_db, filled, anchors=[printed])] == ["anchor"]


def test_an_anchor_holds_while_the_chain_grows(any_db: Connection, filled: Cast) -> None:
    printed = chain.anchor(any_db, filled.community)
    events.record(
        any_db, "erased", community_id=filled.community, case_id=None, actor=Actor.system(), now=NOW
    )
    assert broken(any_db, filled, anchors=[printed, printed.partition("-")[2]]) == []
    seq, _, start = printed.partition("-")
    assert broken(any_db, filled, anchors=[f"{int(seq) - 1}-{start}"]) == [("anchor", 7, 0)]  # another place
    assert broken(any_db, filled, anchors=[start[:6]]) == [("anchor", 0, 0)]  # too short to mean anything


def test_each_community_has_a_chain_of_its_own(any_db: Connection, filled: Cast) -> None:
    other = any_db.execute(
        sa.insert(tables.communities).values(name="凉城社区", salt="22" * 16, created_at=NOW)
    ).inserted_primary_key
    assert other is not None
    events.record(
        any_db, Move.DONE, community_id=other[0], case_id=None, actor=Actor.system(), now=NOW, words="好"
    )
    any_db.execute(sa.update(EVENTS).where(EVENTS.c.community_id == other[0]).values(move="opened"))
    assert broken(any_db, filled) == []
    assert [one.what for one in chain.verify(any_db, other[0]).broken] == ["changed"]


@pytest.mark.postgres
def test_writers_at_once_make_one_chain(postgres_database: Database) -> None:
    cast = postgres_database.write(seed)
    start = threading.Barrier(4)

    def write(number: int) -> None:
        engine = sa.create_engine(postgres_database.url)
        start.wait()
        for turn in range(25):
            with engine.begin() as db:
                events.record(
                    db, Move.ADDED, community_id=cast.community, case_id=None,
                    actor=Actor.system(), now=NOW, words=f"{number} {turn}",
                )  # fmt: skip
        engine.dispose()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with postgres_database.read() as db:
        verdict = chain.verify(db, cast.community)
    assert verdict.broken == () and verdict.events == 100
