"""The tick: due timers are claimed and fired, each in its own transaction.

APScheduler gives the tick alone; what is due stands in the database, so nothing is restored at a start
and two processes never fire one timer twice.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy import Connection, Row

from gridbot.desk import due
from gridbot.desk.context import Desk
from gridbot.failpoint import failpoint
from gridbot.store import timers, waking
from gridbot.store.db import Database, DatabaseTrouble

log = structlog.get_logger()

TICK = 1.0  #: seconds


class Clock:
    def __init__(
        self,
        database: Database,
        desk: Desk,
        *,
        now: Callable[[], datetime],
        fired: Callable[[], None] = lambda: None,
        beat: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._database = database
        self._desk = desk
        self._now = now
        self._fired = fired
        self._beat = beat  #: asked once a minute: tells a watcher outside that we live
        self._owner = secrets.token_hex(8)
        self.fired = 0

    async def run(self, stop: asyncio.Event) -> None:
        scheduler = AsyncIOScheduler(timezone="UTC")
        scheduler.add_job(
            self.tick, "interval", seconds=TICK, max_instances=1, coalesce=True, misfire_grace_time=None
        )
        if self._beat is not None:
            scheduler.add_job(self._beat, "interval", seconds=60, max_instances=1, coalesce=True)
        scheduler.start()
        try:
            await stop.wait()
        finally:
            scheduler.shutdown(wait=False)

    async def tick(self) -> None:
        """Fires everything that is due. A timer that raises is tried again, three times in all."""
        try:
            rows = await self._run(lambda db: timers.claim_due(db, owner=self._owner, now=self._now()))
            for row in rows:
                await self._fire(row)
        except DatabaseTrouble as trouble:
            log.error("database trouble, the clock waits", error=str(trouble.orig))

    async def _fire(self, row: Row[Any]) -> None:
        try:
            failpoint("mid-timer-fire")
            if await self._run(lambda db: fire_one(db, self._desk, row, owner=self._owner, now=self._now())):
                self.fired += 1
                self._fired()
        except DatabaseTrouble:
            raise
        except Exception as error:
            log.exception("a timer could not be fired", timer=row.kind, subject=row.subject)
            message = f"{type(error).__name__}: {error}"
            await self._run(lambda db: timers.fail(db, row, owner=self._owner, error=message))

    async def _run(self, task: Callable[[Connection], Any]) -> Any:
        return await asyncio.wrap_future(self._database.submit(task))


def fire_one(db: Connection, desk: Desk, row: Row[Any], *, owner: str, now: datetime) -> bool:
    """Takes the timer away and does what it is for; both or neither. False: it is no longer ours."""
    if not timers.finish(db, row, owner=owner):
        return False
    due.fire(db, desk, row, now=now)
    waking.announce(db, waking.OUTBOX)
    return True
