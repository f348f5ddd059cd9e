"""One owner at a time, on either database."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection

from gridbot.store import leases
from tests.cast import NOW

POLLER = "poller telegram 7"


def test_only_one_has_it_and_the_next_comes_after_the_end(any_db: Connection) -> None:
    first = leases.take(any_db, POLLER, owner="a", now=NOW)
    assert first is not None
    assert leases.take(any_db, POLLER, owner="b", now=NOW + timedelta(seconds=29)) is None
    second = leases.take(any_db, POLLER, owner="b", now=NOW + timedelta(seconds=31))
    assert second == first + 1


def test_who_hung_too_long_finds_it_gone(any_db: Connection) -> None:
    first = leases.take(any_db, POLLER, owner="a", now=NOW)
    assert first is not None
    assert leases.keep(any_db, POLLER, owner="a", epoch=first, now=NOW + timedelta(seconds=20))
    assert leases.take(any_db, POLLER, owner="b", now=NOW + timedelta(seconds=40)) is None
    assert leases.take(any_db, POLLER, owner="b", now=NOW + timedelta(seconds=51)) is not None
    assert not leases.keep(any_db, POLLER, owner="a", epoch=first, now=NOW + timedelta(seconds=52))


def test_given_back_it_is_free_at_once(any_db: Connection) -> None:
    epoch = leases.take(any_db, POLLER, owner="a", now=NOW)
    assert epoch is not None
    leases.give_back(any_db, POLLER, owner="a", epoch=epoch)
    assert leases.take(any_db, POLLER, owner="b", now=NOW) == epoch + 1
