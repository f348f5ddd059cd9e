"""The way in: keep, then handle, chat by chat, in order.

`accept` returns once the updates are committed; only then may a channel answer its platform. One task
turns the crank: each turn handles what the last one claimed and claims what comes next, in one
transaction, so that a turn costs one commit.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Connection, Row

from gridbot.cases import names
from gridbot.desk.context import Desk, Room
from gridbot.desk.receive import receive
from gridbot.failpoint import failpoint
from gridbot.messages import Kept
from gridbot.privacy import hiding
from gridbot.store import inbox, waking
from gridbot.store.db import Database, DatabaseTrouble

log = structlog.get_logger()

IDLE = 1.0  #: seconds between looks when nobody wakes us (another process may have kept something)
TROUBLE = 2.0


@dataclass(frozen=True, slots=True)
class Turn:
    handled: int
    failed: int
    dead: int
    next: inbox.Batch


class Intake:
    def __init__(
        self,
        database: Database,
        desk: Desk,
        *,
        now: Callable[[], datetime],
        handled: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._desk = desk
        self._now = now
        self._handled = handled  #: told after each turn: the outbox may have something
        self._owner = secrets.token_hex(8)
        self._awake = asyncio.Event()
        self.handled = self.failed = self.dead = 0  #: counted for /metrics

    def wake(self) -> None:
        """Something may wait to be handled."""
        self._awake.set()

    async def accept(self, updates: Sequence[Kept]) -> None:
        """Commits the updates. Raises if it could not: then the platform must send them again."""
        if not updates:
            return
        failpoint("before-inbox-commit")
        await asyncio.wrap_future(self._database.submit(lambda db: self._keep(db, updates)))
        failpoint("after-inbox-commit")
        self._awake.set()

    def _keep(self, db: Connection, updates: Sequence[Kept]) -> None:
        now = self._now()
        inbox.keep_all(db, updates, now=now)
        waking.announce(db, waking.INBOX)

    async def run(self, stop: asyncio.Event) -> None:
        """Handles until stopped, and ends with the turn in hand."""
        batch = inbox.Batch()
        while not stop.is_set() or batch.rows:
            try:
                claiming = not stop.is_set()
                turn = await asyncio.wrap_future(
                    self._database.submit(lambda db, b=batch, c=claiming: self._turn(db, b, claim=c))  # type: ignore[misc]
                )
            except DatabaseTrouble as trouble:
                log.error("database trouble, intake waits", error=str(trouble.orig))
                await _sleep(stop, TROUBLE)
                if stop.is_set():
                    return
                continue
            batch = turn.next
            self._count(turn)
            if not batch.rows and not stop.is_set():
                await self._wait(stop)

    def _count(self, turn: Turn) -> None:
        self.handled += turn.handled
        self.failed += turn.failed
        self.dead += turn.dead
        if turn.handled or turn.failed:
            failpoint("after-case-commit")
            self._handled()

    def _turn(self, db: Connection, batch: inbox.Batch, *, claim: bool) -> Turn:
        now = self._now()
        done, failed, dead = handle(db, self._desk, batch, owner=self._owner, now=now)
        if done or failed:
            waking.announce(db, waking.OUTBOX)
        following = inbox.claim(db, owner=self._owner, now=now) if claim else inbox.Batch()
        return Turn(done, failed, dead, following)

    async def _wait(self, stop: asyncio.Event) -> None:
        self._awake.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(_either(self._awake, stop), IDLE)


Counts = tuple[int, int, int]


def handle(db: Connection, desk: Desk, batch: inbox.Batch, *, owner: str, now: datetime) -> Counts:
    """Handles claimed rows, chat by chat. Returns how many were handled, failed, and set aside for good.

    All goes well nearly always, so one SAVEPOINT holds the turn; if a message raises, the turn is undone
    and gone through again with one each.
    """
    batch = _still_ours(db, batch, owner=owner, now=now)
    try:
        with db.begin_nested():
            _through(db, desk, batch.rows, now=now)
            inbox.done(db, batch.rows, now=now)
            inbox.release(db, batch, owner=owner)
    except DatabaseTrouble:
        raise
    except Exception:
        return _one_by_one(db, desk, batch, owner=owner, now=now)
    return len(batch.rows), 0, 0


def _still_ours(db: Connection, batch: inbox.Batch, *, owner: str, now: datetime) -> inbox.Batch:
    """Without the chats that another worker took while this one hung; on SQLite there is no other."""
    if db.dialect.name == "sqlite" or not batch.rows:
        return batch
    held = {chat for chat in batch.chats if inbox.hold(db, chat, owner=owner, now=now)}
    return inbox.Batch(tuple(row for row in batch.rows if row.chat_id in held))


def _through(db: Connection, desk: Desk, rows: Sequence[Row[Any]], *, now: datetime) -> None:
    """Rows in order. A chat and its speakers are looked up once, and again only after more than talk."""
    room: Room | None = None
    for at, row in enumerate(rows):
        if room is None or room.chat.id != row.chat_id:
            room = _room(db, desk, rows[at:], now)
        failpoint("mid-handling")
        if not receive(db, desk, row, room, now=now):
            room = None


def _room(db: Connection, desk: Desk, rows: Sequence[Row[Any]], now: datetime) -> Room:
    """The chat of the first row, and whoever speaks in it among these rows."""
    chat_id = rows[0].chat_id
    return desk.room(db, chat_id, [row.user for row in rows if row.chat_id == chat_id], now)


def _one_by_one(db: Connection, desk: Desk, batch: inbox.Batch, *, owner: str, now: datetime) -> Counts:
    """After a failure the rest of that chat waits for its turn, so that order is kept."""
    done: list[Row[Any]] = []
    untried: list[Row[Any]] = []
    stuck: set[int] = set()
    failed = dead = 0
    for row in batch.rows:
        if row.chat_id in stuck:
            untried.append(row)
            continue
        try:
            with db.begin_nested():
                receive(db, desk, row, _room(db, desk, [row], now), now=now)
        except DatabaseTrouble:
            raise
        except Exception as error:
            text = f"{type(error).__name__}: {error}"
            with hiding(names.known_in(db, row.community_id, text)):
                log.exception("a message could not be handled", inbox=row.id, attempt=row.attempts + 1)
                gone = inbox.failed(db, row, text)
            failed += 1
            if gone:
                dead += 1
            else:
                stuck.add(row.chat_id)
        else:
            done.append(row)
    inbox.done(db, done, now=now)
    inbox.not_tried(db, untried)
    inbox.release(db, batch, owner=owner)
    return len(done), failed, dead


async def _either(*events: asyncio.Event) -> None:
    waiting = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in waiting:
            one.cancel()


async def _sleep(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
