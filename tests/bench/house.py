"""From the inbox to the committed case and its outbox rows, against the same writes done barely.

Both sides write to real files on one disk with `synchronous=FULL`. Bare means: the statements that
gridbot issued for one message, replayed through sqlite3 as ONE transaction a message.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from gridbot import intake, understanding
from gridbot.desk.context import Desk
from gridbot.messages import ChatKind, ChatRole, Incoming, IncomingKind, Kept, Sender
from gridbot.store import inbox
from gridbot.store.db import Database
from gridbot.store.tables import metadata
from gridbot.understanding.intents import Packs
from gridbot.understanding.places import Gazetteer
from tests.cast import seed

CHATS = 16
TOGETHER = 20  #: updates that come in one answer of the platform (Telegram gives up to 100)
START = datetime(2026, 11, 19, 2, 0, tzinfo=UTC)
PLATFORM, BOT = "bench", "bot"


@dataclass(frozen=True, slots=True)
class Run:
    messages: int
    cases: int
    seconds: float
    understanding: float  #: seconds of it spent in reading alone, measured apart
    bare_seconds: float  #: the same writes, one transaction a message
    statements: float  #: a message
    commits: int

    @property
    def ratio(self) -> float:
        """Messages a second ÷ bare transactions a second."""
        return self.bare_seconds / self.seconds


def measure(lines: list[str], packs: Packs) -> Run:
    reading = _reading_alone(lines, packs)
    with tempfile.TemporaryDirectory(prefix="gridbot-bench-", dir=".") as folder:
        seconds, cases, commits, written = _through_the_house(Path(folder) / "house.db", lines, packs)
        bare = _bare(Path(folder) / "bare.db", written)
    statements = sum(len(one) for one in written) / len(lines)
    return Run(len(lines), cases, seconds, reading, bare, statements, commits)


def _reading_alone(lines: list[str], packs: Packs) -> float:
    nowhere = Gazetteer.empty()
    started = time.perf_counter()
    for line in lines:
        understanding.read(line, packs, nowhere)
    return time.perf_counter() - started


def _updates(lines: list[str]) -> list[Kept]:
    found = []
    for number, line in enumerate(lines):
        incoming = Incoming(
            platform=PLATFORM,
            bot=BOT,
            update_id=str(number),
            kind=IncomingKind.MESSAGE,
            sent_at=START + timedelta(seconds=number),
            chat=f"-{1 + number % CHATS}",
            chat_kind=ChatKind.GROUP,
            sender=Sender(f"{number % 211}", f"居民{number % 211}"),
            message=str(number),
            text=line,
        )
        found.append(Kept(PLATFORM, BOT, str(number), b'{"raw": "' + line.encode() + b'"}', incoming))
    return found


def prepare(database: Database, packs: Packs) -> None:
    metadata.create_all(database.writer)

    def fill(db: sa.Connection) -> None:
        cast = seed(db, platform=PLATFORM, bot=BOT)
        for number in range(1, CHATS + 1):
            db.execute(
                sa.text(
                    "INSERT INTO chat (community_id, platform, bot, chat, kind, role, title, node_id, "
                    "active, muted, modules, rights, lease) "
                    "VALUES (:c, :p, :b, :chat, 'group', :role, '', :n, 1, 0, '{}', '{}', '')"
                ),
                {"c": cast.community, "p": PLATFORM, "b": BOT, "chat": f"-{number}",
                 "role": ChatRole.RESIDENTS.value, "n": cast.grid},
            )  # fmt: skip

    database.write(fill)


def _through_the_house(
    path: Path, lines: list[str], packs: Packs
) -> tuple[float, int, int, list[list[tuple[str, Any]]]]:
    database = Database(f"sqlite:///{path}")
    prepare(database, packs)
    desk = Desk(packs, lambda rules: packs)
    updates = _updates(lines)
    now = START + timedelta(seconds=len(lines))
    with _recording(database) as record:
        started = time.perf_counter()
        waiting = [
            database.submit(lambda db, k=updates[at : at + TOGETHER]: inbox.keep_all(db, k, now=now))  # type: ignore[misc]
            for at in range(0, len(updates), TOGETHER)
        ]
        for one in waiting:
            one.result()
        batch = inbox.Batch()
        while True:
            batch = database.write(lambda db, b=batch: turn(db, desk, b, now))  # type: ignore[misc]
            if not batch.rows:
                break
        seconds = time.perf_counter() - started
    with database.read() as db:
        cases = db.execute(sa.text("SELECT count(*) FROM cases")).scalar_one()
        left = db.execute(sa.text("SELECT count(*) FROM inbox WHERE state != 'done'")).scalar_one()
    assert left == 0, f"{left} messages were not handled"
    database.close()
    return seconds, cases, record.commits, record.per_message(len(lines))


def turn(db: sa.Connection, desk: Desk, batch: inbox.Batch, now: datetime) -> inbox.Batch:
    intake.handle(db, desk, batch, owner="bench", now=now)
    return inbox.claim(db, owner="bench", now=now)


class _Record:
    """Every writing statement of a run, in order, and how often it committed."""

    def __init__(self) -> None:
        self.written: list[tuple[str, Any]] = []
        self.commits = 0

    def per_message(self, messages: int) -> list[list[tuple[str, Any]]]:
        """The same writes dealt out evenly: what one message costs barely."""
        size, rest = divmod(len(self.written), messages)
        dealt, at = [], 0
        for number in range(messages):
            step = size + (number < rest)
            dealt.append(self.written[at : at + step])
            at += step
        return dealt


@contextmanager
def _recording(database: Database) -> Iterator[_Record]:
    record = _Record()

    def note(_c: Any, _cur: Any, statement: str, parameters: Any, _ctx: Any, many: bool) -> None:
        if statement.split(" ", 1)[0] in ("INSERT", "UPDATE", "DELETE"):
            for one in parameters if many else [parameters]:
                record.written.append((statement, one))

    def commit(_connection: Any) -> None:
        record.commits += 1

    sa.event.listen(database.writer, "before_cursor_execute", note)
    sa.event.listen(database.writer, "commit", commit)
    try:
        yield record
    finally:
        sa.event.remove(database.writer, "before_cursor_execute", note)
        sa.event.remove(database.writer, "commit", commit)


def _bare(path: Path, written: list[list[tuple[str, Any]]]) -> float:
    database = Database(f"sqlite:///{path}")
    prepare(database, None)  # type: ignore[arg-type]
    database.close()
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=OFF"):
        connection.execute(f"PRAGMA {pragma}")
    started = time.perf_counter()
    for statements in written:
        connection.execute("BEGIN IMMEDIATE")
        for statement, parameters in statements:
            connection.execute(statement, parameters)
        connection.execute("COMMIT")
    seconds = time.perf_counter() - started
    connection.close()
    return seconds
