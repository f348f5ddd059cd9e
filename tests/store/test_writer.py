"""Group commit on SQLite: tasks share a commit and nothing else."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from gridbot.store import db as db_module
from gridbot.store.db import GROUP, Database, DatabaseTrouble

PEN = sa.Table(
    "pen", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), sa.Column("owner", sa.Text)
)


@pytest.fixture
def pens(database: Database) -> Database:
    """A small table with a deferred foreign key (checked at COMMIT) and a trigger that undoes everything."""

    def make(db: Connection) -> None:
        db.exec_driver_sql("CREATE TABLE owner (name TEXT PRIMARY KEY)")
        db.exec_driver_sql(
            "CREATE TABLE pen (id INTEGER PRIMARY KEY, owner TEXT REFERENCES owner(name)"
            " DEFERRABLE INITIALLY DEFERRED)"
        )
        db.exec_driver_sql(
            "CREATE TRIGGER undo BEFORE INSERT ON pen WHEN NEW.id = 666"
            " BEGIN SELECT RAISE(ROLLBACK, 'all undone'); END"
        )

    database.write(make)
    return database


def put(number: int, owner: str | None = None) -> Any:
    def task(db: Connection) -> int:
        db.execute(sa.insert(PEN).values(id=number, owner=owner))
        return number

    return task


def all_pens(database: Database) -> list[int]:
    with database.read() as db:
        return list(db.execute(sa.select(PEN.c.id).order_by(PEN.c.id)).scalars())


@contextmanager
def one_group(database: Database) -> Iterator[None]:
    """What is submitted inside waits behind a task and is then taken as one group."""
    enter, leave = threading.Event(), threading.Event()

    def block(_db: Connection) -> None:
        enter.set()
        leave.wait(5)

    database.submit(block)
    assert enter.wait(5)
    yield
    leave.set()


def test_a_task_is_answered_after_its_commit(pens: Database) -> None:
    assert pens.write(put(1)) == 1
    assert all_pens(pens) == [1]


def test_a_failing_task_leaves_its_neighbours(pens: Database) -> None:
    def half(db: Connection) -> None:
        put(2)(db)
        raise ValueError("half way")

    with one_group(pens):
        first, broken, last = pens.submit(put(1)), pens.submit(half), pens.submit(put(3))
    assert (first.result(5), last.result(5)) == (1, 3)
    with pytest.raises(ValueError, match="half way"):
        broken.result(5)
    assert all_pens(pens) == [1, 3]


def test_a_failing_statement_leaves_its_neighbours(pens: Database) -> None:
    with one_group(pens):
        first, again, last = pens.submit(put(1)), pens.submit(put(1)), pens.submit(put(3))
    assert (first.result(5), last.result(5)) == (1, 3)
    with pytest.raises(sa.exc.IntegrityError):
        again.result(5)
    assert all_pens(pens) == [1, 3]


def test_a_task_that_catches_its_own_error_goes_on(pens: Database) -> None:
    def careful(db: Connection) -> str:
        with pytest.raises(sa.exc.IntegrityError):
            put(1)(db)
        put(2)(db)
        return "done"

    with one_group(pens):
        pens.submit(put(1))
        future = pens.submit(careful)
    assert future.result(5) == "done"
    assert all_pens(pens) == [1, 2]


def test_what_fails_at_commit_is_found_by_running_each_alone(pens: Database) -> None:
    with one_group(pens):
        futures: list[Future[int]] = [pens.submit(put(1)), pens.submit(put(2, "nobody")), pens.submit(put(3))]
    assert futures[0].result(5) == 1
    with pytest.raises(sa.exc.IntegrityError, match="FOREIGN KEY"):
        futures[1].result(5)
    assert futures[2].result(5) == 3
    assert all_pens(pens) == [1, 3]


def test_when_sqlite_ends_the_transaction_itself_each_runs_alone(pens: Database) -> None:
    with one_group(pens):
        futures: list[Future[int]] = [pens.submit(put(1)), pens.submit(put(666)), pens.submit(put(3))]
    assert (futures[0].result(5), futures[2].result(5)) == (1, 3)
    with pytest.raises(sa.exc.IntegrityError, match="all undone"):
        futures[1].result(5)
    assert all_pens(pens) == [1, 3]


def test_a_nested_savepoint_of_a_task_does_not_commit(pens: Database) -> None:
    def nested(db: Connection) -> None:
        with db.begin_nested():
            put(1)(db)
        raise ValueError("after the inner savepoint was released")

    with pytest.raises(ValueError, match="after the inner"):
        pens.write(nested)
    assert all_pens(pens) == []


def test_nobody_sees_a_group_before_its_commit(pens: Database) -> None:
    wrote, look = threading.Event(), threading.Event()

    def slow(db: Connection) -> None:
        put(1)(db)
        wrote.set()
        look.wait(5)

    future = pens.submit(slow)
    assert wrote.wait(5)
    assert all_pens(pens) == []
    look.set()
    future.result(5)
    assert all_pens(pens) == [1]


def test_a_cancelled_caller_neither_runs_nor_harms(pens: Database) -> None:
    with one_group(pens):
        cancelled, other = pens.submit(put(1)), pens.submit(put(2))
        assert cancelled.cancel()
    assert other.result(5) == 2
    with pytest.raises(CancelledError):
        cancelled.result(5)
    assert all_pens(pens) == [2]


def test_the_writer_survives_what_is_no_exception(pens: Database) -> None:
    def leave(_db: Connection) -> None:
        raise SystemExit(3)

    with one_group(pens):
        first, leaving, last = pens.submit(put(1)), pens.submit(leave), pens.submit(put(3))
    assert (first.result(5), last.result(5)) == (1, 3)
    with pytest.raises(SystemExit):
        leaving.result(5)
    assert pens.write(put(4)) == 4


def test_more_than_one_group_waits(pens: Database) -> None:
    with one_group(pens):
        futures = [pens.submit(put(number)) for number in range(1, 3 * GROUP)]
    assert [future.result(10) for future in futures] == all_pens(pens)


def test_a_database_in_trouble_is_told_to_all_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A group that could not begin is not tried task by task: each would wait its five seconds."""
    monkeypatch.setattr(db_module, "BUSY_MS", 300)
    database = Database(f"sqlite:///{tmp_path / 'x.db'}")
    other = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    database.write(lambda db: db.exec_driver_sql("CREATE TABLE t (x)"))
    other.execute("BEGIN EXCLUSIVE")
    start = time.perf_counter()
    futures = [database.submit(lambda db: db.exec_driver_sql("INSERT INTO t VALUES (1)")) for _ in range(20)]
    for future in futures:
        with pytest.raises(DatabaseTrouble, match="locked"):
            future.result(20)
    assert time.perf_counter() - start < 3
    other.execute("ROLLBACK")
    other.close()
    database.write(lambda db: db.exec_driver_sql("INSERT INTO t VALUES (2)"))
    database.close()


def test_a_file_that_cannot_be_opened_is_an_answer_not_a_hang(tmp_path: Path) -> None:
    (tmp_path / "folder.db").mkdir()
    database = Database(f"sqlite:///{tmp_path / 'folder.db'}")
    with pytest.raises(DatabaseTrouble):
        database.submit(put(1)).result(5)
    database.close()


def test_a_full_disk_harms_nothing_that_is_there(pens: Database) -> None:
    """The task that did not fit is told so; its neighbours go on, and all do once there is room."""
    pages = pens.write(lambda db: db.exec_driver_sql("PRAGMA page_count").scalar_one())
    pens.write(lambda db: db.exec_driver_sql(f"PRAGMA max_page_count={pages + 3}").scalar())

    def big(db: Connection) -> None:
        db.exec_driver_sql("INSERT INTO owner VALUES (zeroblob(1000000))")

    with one_group(pens):
        first, full, last = pens.submit(put(1)), pens.submit(big), pens.submit(put(3))
    with pytest.raises(DatabaseTrouble, match="full"):
        full.result(5)
    assert (first.result(5), last.result(5)) == (1, 3)
    assert all_pens(pens) == [1, 3]
    pens.write(lambda db: db.exec_driver_sql(f"PRAGMA max_page_count={pages + 3000}").scalar())
    pens.write(big)
    assert pens.write(lambda db: db.exec_driver_sql("PRAGMA integrity_check").scalar()) == "ok"


def test_closing_finishes_what_was_taken(pens: Database) -> None:
    futures = [pens.submit(put(number)) for number in range(1, 100)]
    pens.close()
    assert [future.result(0) for future in futures] == list(range(1, 100))
    with pytest.raises(RuntimeError, match="closed"):
        pens.submit(put(1000))
    pens.close()  # twice is harmless


def test_the_reader_cannot_write(pens: Database) -> None:
    with pens.read() as db, pytest.raises(sa.exc.OperationalError, match="readonly"):
        put(1)(db)


def test_the_file_is_kept_as_the_design_says(pens: Database) -> None:
    def look(db: Connection) -> list[Any]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        return [db.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]

    assert pens.write(look) == ["wal", 2, 1]
    with pens.read() as db:
        assert look(db) == ["wal", 2, 1]


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_in_memory_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="keeps nothing"):
        Database(url)
