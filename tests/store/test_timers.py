"""Timers are rows: claimed once, moved by setting them again, gone once their action is committed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot.store import timers
from gridbot.store.db import Database
from gridbot.store.tables import timers as rows
from tests.cast import NOW


def put(
    db: Connection, kind: str = "remind", subject: str = "case:1", minutes: float = 0, **data: Any
) -> None:
    at = NOW + timedelta(minutes=minutes)
    timers.set_timer(db, kind, subject, at, community_id=None, data=data or None)


def due(db: Connection, minutes: float = 0, owner: str = "c1", most: int = 50) -> list[Row[Any]]:
    return timers.claim_due(db, owner=owner, now=NOW + timedelta(minutes=minutes), most=most)


def test_a_timer_is_due_when_its_time_has_come(any_db: Connection) -> None:
    put(any_db, minutes=10, step=2)
    assert due(any_db, 9.9) == []
    assert timers.next_due(any_db) == NOW + timedelta(minutes=10)
    (row,) = due(any_db, 10)
    assert (row.kind, row.subject, row.data) == ("remind", "case:1", {"step": 2})


def test_setting_it_again_moves_it(any_db: Connection) -> None:
    put(any_db, minutes=10, step=1)
    put(any_db, minutes=20, step=2)
    put(any_db, kind="claim", minutes=30)
    assert due(any_db, 10) == []
    assert [row.data for row in due(any_db, 20)] == [{"step": 2}]


def test_it_is_claimed_once(any_db: Connection) -> None:
    put(any_db)
    assert len(due(any_db)) == 1
    assert due(any_db, 0.9, owner="c2") == []
    assert len(due(any_db, 1.1, owner="c2")) == 1  # the first claimer is gone


def test_the_oldest_first_and_not_too_many(any_db: Connection) -> None:
    for number in range(5):
        put(any_db, subject=f"case:{number}", minutes=-number)
    assert [row.subject for row in due(any_db, most=2)] == ["case:4", "case:3"]


def test_it_is_gone_once_its_action_is_committed(any_db: Connection) -> None:
    put(any_db)
    (row,) = due(any_db)
    assert timers.finish(any_db, row, owner="c1")
    assert not timers.finish(any_db, row, owner="c1")
    assert due(any_db, 60) == []


def test_who_lost_it_may_not_act(any_db: Connection) -> None:
    put(any_db)
    (hung,) = due(any_db)
    due(any_db, 2, owner="c2")
    assert not timers.finish(any_db, hung, owner="c1")


def test_moved_while_in_hand_it_stays(any_db: Connection) -> None:
    put(any_db)
    (row,) = due(any_db)
    put(any_db, minutes=30)
    assert not timers.finish(any_db, row, owner="c1")
    assert len(due(any_db, 30)) == 1


def test_moved_to_the_same_moment_it_stays(any_db: Connection) -> None:
    put(any_db)
    (row,) = due(any_db)
    put(any_db, step=2)
    assert not timers.finish(any_db, row, owner="c1")
    assert [again.data for again in due(any_db)] == [{"step": 2}]


def test_after_three_failures_it_rests_with_its_error(any_db: Connection) -> None:
    put(any_db)
    for minutes in (0, 2, 4):
        (row,) = due(any_db, minutes)
        timers.fail(any_db, row, owner="c1", error="ValueError: " + "长" * 900)
    assert due(any_db, 60) == []
    assert timers.next_due(any_db) is None
    kept = any_db.execute(sa.select(rows)).one()
    assert (kept.attempts, len(kept.error)) == (3, 500)


def test_setting_it_again_gives_it_new_tries(any_db: Connection) -> None:
    put(any_db)
    for minutes in (0, 2, 4):
        timers.fail(any_db, due(any_db, minutes)[0], owner="c1", error="no")
    put(any_db, minutes=10)
    (row,) = due(any_db, 10)
    assert (row.attempts, row.error) == (0, "")


def test_cancelling(any_db: Connection) -> None:
    put(any_db)
    put(any_db, kind="claim")
    put(any_db, subject="case:2")
    timers.cancel(any_db, "remind", "case:1")
    timers.cancel(any_db, "remind", "case:99")
    assert {(row.kind, row.subject) for row in due(any_db)} == {("claim", "case:1"), ("remind", "case:2")}
    timers.cancel_all(any_db, "case:1")
    assert [row.subject for row in due(any_db, 5)] == ["case:2"]


def test_what_is_stuck_can_be_tried_again(any_db: Connection) -> None:
    put(any_db)
    put(any_db, subject="case:2", minutes=99)
    for minutes in (0, 2, 4):
        timers.fail(any_db, due(any_db, minutes)[0], owner="c1", error="no")
    (row,) = timers.stuck(any_db)
    assert (row.subject, row.error) == ("case:1", "no")
    assert timers.retry_stuck(any_db, [row.id, row.id + 1]) == 1
    assert timers.stuck(any_db) == []
    assert len(due(any_db, 5)) == 1


@pytest.mark.postgres
def test_two_clocks_never_fire_the_same_timer(postgres_database: Database) -> None:
    for number in range(3):
        postgres_database.write(lambda db, number=number: put(db, subject=f"case:{number}"))
    with postgres_database.writer.connect() as one, postgres_database.writer.connect() as two:
        assert len(due(one, most=2)) == 2
        assert [row.subject for row in due(two, owner="c2")] == ["case:2"]
        one.commit()
        two.commit()
    assert postgres_database.write(due) == []
