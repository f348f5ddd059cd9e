"""What a caller may rely on, whichever database is behind it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.exc import StatementError

from gridbot.store.db import Database
from gridbot.store.tables import communities, metadata
from tests.cast import NOW, SHANGHAI, seed


def add(db: Connection, name: str = "青秀佳苑社区", at: Any = NOW) -> int:
    key = db.execute(sa.insert(communities).values(name=name, created_at=at)).inserted_primary_key
    assert key is not None
    return int(key[0])


def names(database: Database) -> list[str]:
    with database.read() as db:
        return list(db.execute(sa.select(communities.c.name)).scalars())


def test_a_write_is_committed_when_it_is_answered(any_database: Database) -> None:
    assert any_database.write(add) == 1
    assert names(any_database) == ["青秀佳苑社区"]


def test_a_task_that_raises_leaves_nothing(any_database: Database) -> None:
    def broken(db: Connection) -> None:
        add(db)
        raise LookupError("no")

    with pytest.raises(LookupError):
        any_database.write(broken)
    assert names(any_database) == []


def test_after_closing_nothing_is_taken(any_database: Database) -> None:
    any_database.close()
    with pytest.raises(RuntimeError):
        any_database.submit(add)


@pytest.mark.parametrize(
    "written",
    [
        NOW,
        NOW.astimezone(SHANGHAI),
        NOW.astimezone(timezone(timedelta(hours=-5))),
        datetime(2026, 11, 19, 23, 59, 59, 999999, tzinfo=UTC),
    ],
)
def test_a_time_comes_back_aware_and_in_utc(any_db: Connection, written: datetime) -> None:
    add(any_db, at=written)
    read = any_db.execute(sa.select(communities.c.created_at)).scalar_one()
    assert read == written
    assert read.tzinfo is UTC


def test_a_time_without_zone_is_a_mistake(any_db: Connection) -> None:
    with pytest.raises(StatementError, match="without zone"):
        add(any_db, at=datetime(2026, 11, 19, 10, 0))


def test_times_of_different_zones_compare_as_moments(any_db: Connection) -> None:
    add(any_db, at=NOW)
    later = (NOW + timedelta(seconds=1)).astimezone(SHANGHAI)
    assert any_db.execute(sa.select(communities.c.id).where(communities.c.created_at < later)).scalar() == 1


@pytest.mark.parametrize("bad", ["a\0b", "半个表情\ud83d", "\udc00"])
def test_text_no_database_takes_is_cleaned_on_the_way_in(any_db: Connection, bad: str) -> None:
    """NUL fails on PostgreSQL, half an emoji on both; neither may make a message poison."""
    add(any_db, name=bad)
    read = any_db.execute(sa.select(communities.c.name)).scalar_one()
    assert read == bad.replace("\0", "").replace("\ud83d", "\ufffd").replace("\udc00", "\ufffd")


def test_keys_hold_a_telegram_id(any_db: Connection) -> None:
    big = 2**52
    any_db.execute(sa.insert(communities).values(id=big, name="x", created_at=NOW))
    assert any_db.execute(sa.select(communities.c.id)).scalar_one() == big


def test_the_cast_stands_on_both(any_db: Connection) -> None:
    cast = seed(any_db)
    assert cast.grid != cast.yard


def test_every_table_bears_its_community() -> None:
    for table in metadata.tables.values():
        assert table.name in ("community", "lease") or "community_id" in table.c, table.name


def test_every_time_is_of_the_utc_type() -> None:
    plain = [
        f"{table.name}.{column.name}"
        for table in metadata.tables.values()
        for column in table.c
        if isinstance(column.type, sa.DateTime)
    ]
    assert plain == []
