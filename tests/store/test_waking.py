"""Processes on one PostgreSQL wake each other; what was rolled back wakes nobody."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from gridbot.store import waking
from gridbot.store.db import Database

pytestmark = pytest.mark.postgres
PATIENCE = 20.0


@pytest.fixture
def heard(postgres_url: sa.URL) -> Iterator[queue.SimpleQueue[str]]:
    found: queue.SimpleQueue[str] = queue.SimpleQueue()
    stop = threading.Event()
    database = Database(postgres_url.render_as_string(hide_password=False))
    thread = threading.Thread(target=waking.listen, args=(database.url, found.put, stop))
    thread.start()
    probing = True
    while probing:  # until the listener stands
        database.write(lambda db: waking.announce(db, "probe"))
        try:
            probing = found.get(timeout=0.5) != "probe"
        except queue.Empty:
            assert thread.is_alive()
    yield found
    stop.set()
    thread.join(PATIENCE)
    database.close()
    assert not thread.is_alive()


def _next(heard: queue.SimpleQueue[str]) -> str:
    while (word := heard.get(timeout=PATIENCE)) == "probe":
        pass
    return word


def test_a_commit_wakes_and_a_rollback_does_not(heard: queue.SimpleQueue[str], postgres_url: sa.URL) -> None:
    database = Database(postgres_url.render_as_string(hide_password=False))

    def fails(db: object) -> None:
        waking.announce(db, waking.OUTBOX)  # type: ignore[arg-type]
        raise RuntimeError("undone")

    with pytest.raises(RuntimeError, match="undone"):
        database.write(fails)
    database.write(lambda db: waking.announce(db, waking.INBOX))
    assert _next(heard) == waking.INBOX
    database.close()
