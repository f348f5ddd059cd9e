"""What only one process may do at a time."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from gridbot.store import leases
from gridbot.store.db import Database
from tests.cast import NOW


def take(db: Connection, owner: str, seconds: float = 0, name: str = "poll:7") -> int | None:
    return leases.take(db, name, owner=owner, now=NOW + timedelta(seconds=seconds))


def keep(db: Connection, owner: str, epoch: int, seconds: float) -> bool:
    return leases.keep(db, "poll:7", owner=owner, epoch=epoch, now=NOW + timedelta(seconds=seconds))


def test_the_second_waits_until_the_first_is_gone(any_db: Connection) -> None:
    assert take(any_db, "a") == 1
    assert take(any_db, "b", 29) is None
    assert take(any_db, "b", name="speak:7") == 1  # another thing
    assert take(any_db, "b", 31) == 2


def test_who_keeps_it_keeps_it(any_db: Connection) -> None:
    take(any_db, "a")
    assert keep(any_db, "a", 1, 20)
    assert take(any_db, "b", 40) is None
    assert take(any_db, "b", 51) == 2


def test_who_hung_learns_it(any_db: Connection) -> None:
    take(any_db, "a")
    take(any_db, "b", 31)
    assert not keep(any_db, "a", 1, 32)
    leases.give_back(any_db, "poll:7", owner="a", epoch=1)  # and cannot give away what is another's
    assert keep(any_db, "b", 2, 33)


def test_it_is_the_epoch_that_counts(any_db: Connection) -> None:
    """The same process may have lost it and got it again meanwhile."""
    take(any_db, "a")
    assert take(any_db, "a", 31) == 2
    assert not keep(any_db, "a", 1, 32)


def test_given_back_the_next_need_not_wait(any_db: Connection) -> None:
    take(any_db, "a")
    leases.give_back(any_db, "poll:7", owner="a", epoch=1)
    assert take(any_db, "b", 1) == 2


@pytest.mark.postgres
def test_of_many_at_once_one_gets_it(postgres_database: Database) -> None:
    start, got = threading.Barrier(6), []

    def race(owner: str) -> None:
        start.wait(5)
        got.append(postgres_database.write(lambda db: take(db, owner)))

    threads = [threading.Thread(target=race, args=(f"p{number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(epoch or 0 for epoch in got) == [0, 0, 0, 0, 0, 1]
