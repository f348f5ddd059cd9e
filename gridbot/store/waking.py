"""Processes that share a PostgreSQL wake each other: NOTIFY in the transaction that leaves work, LISTEN where
it is done. It only wakes: what is lost (a dropped connection) is found at the next look, a second later.
SQLite has one process, whose parts wake each other directly.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import sqlalchemy as sa
import structlog
from sqlalchemy import Connection

log = structlog.get_logger()

CHANNEL = "gridbot"
INBOX, OUTBOX = "inbox", "outbox"  #: what waits: messages to be handled, rows to be said
LOOK = 0.5  #: seconds between looks whether to stop
AGAIN = 5.0  #: seconds before a lost connection is tried anew

_NOTIFY = sa.select(sa.func.pg_notify(CHANNEL, sa.bindparam("what")))


def announce(db: Connection, what: str) -> None:
    """Wakes whoever does `what`, once this transaction is committed."""
    if db.dialect.name == "postgresql":
        db.execute(_NOTIFY, {"what": what})


def listen(url: sa.URL, woken: Callable[[str], None], stop: threading.Event) -> None:
    """Calls `woken` with what was announced, until `stop`. Runs in a thread of its own."""
    import psycopg  # only where PostgreSQL is

    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    while not stop.is_set():
        try:
            with psycopg.connect(address, autocommit=True) as connection:
                connection.execute(f"LISTEN {CHANNEL}")
                while not stop.is_set():
                    for note in connection.notifies(timeout=LOOK):
                        woken(note.payload)
        except psycopg.OperationalError as trouble:
            log.warning("nobody wakes us for now", error=str(trouble).strip())
            for _ in range(int(AGAIN / LOOK)):
                if not stop.is_set():
                    time.sleep(LOOK)
