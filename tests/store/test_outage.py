"""PostgreSQL goes away in the middle of work, and comes back."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from gridbot.store import inbox
from gridbot.store.db import Database, DatabaseTrouble
from gridbot.store.tables import inbox as rows
from gridbot.store.tables import metadata
from tests import postgres
from tests.cast import NOW, kept, said, seed

pytestmark = [pytest.mark.postgres, pytest.mark.crash]


@pytest.fixture
def server(postgres_url: sa.URL) -> Iterator[postgres.Server]:
    """A server that may be killed: not the one the other tests use (which says whether there can be one)."""
    with postgres.server() as made:
        yield made


@pytest.fixture
def database(server: postgres.Server) -> Iterator[Database]:
    opened = Database(server.url.render_as_string(hide_password=False))
    opened.write(metadata.create_all)
    opened.write(seed)
    yield opened
    opened.close()


def test_what_was_answered_is_there_after_a_crash(server: postgres.Server, database: Database) -> None:
    """Writers go on through the crash; every update that was acknowledged is found, none twice."""
    answered: list[str] = []
    troubles: list[Exception] = []
    stop = threading.Event()

    def accept() -> None:
        while not stop.is_set():
            message = said("五号楼灯坏了")

            def task(db: Connection, message: object = message) -> None:
                inbox.keep_all(db, [kept(message)], now=NOW)  # type: ignore[arg-type]

            try:
                database.write(task)
                answered.append(message.update_id)
            except DatabaseTrouble as trouble:
                troubles.append(trouble)
                time.sleep(0.05)

    threads = [threading.Thread(target=accept) for _ in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    server.stop()
    before = len(answered)
    time.sleep(0.3)
    server.start()
    _until(lambda: len(answered) > before + 50)
    stop.set()
    for thread in threads:
        thread.join(10)
    assert troubles
    with database.read() as db:
        stored = db.execute(sa.select(rows.c.update_id)).scalars().all()
    assert len(stored) == len(set(stored))
    assert set(answered) <= set(stored)


def _until(true: object) -> None:
    for _ in range(200):
        if true():  # type: ignore[operator]
            return
        time.sleep(0.05)
    raise AssertionError("it did not recover")
