"""The way out: claim due rows, send, note what became of each.

One task a bot (a platform's token). Rows are claimed most urgent first, at most one in flight a chat,
a few at once a bot; each is marked by itself, so a crash can repeat at most what was in flight.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec
import structlog
from sqlalchemy import Connection, Row

from gridbot.desk import losses
from gridbot.failpoint import failpoint
from gridbot.fitting import fit
from gridbot.messages import (
    ChatKind,
    Delivery,
    Fault,
    Outcome,
    OutKind,
    SendResult,
    Speaker,
    load_outgoing,
)
from gridbot.store import outbox
from gridbot.store.db import Database, DatabaseTrouble

log = structlog.get_logger()

IN_FLIGHT = 4
IDLE = 1.0  #: seconds between looks when nobody wakes us
PATIENCE = 45.0  #: seconds an attempt may take; less than its lease


class Mouth:
    """Speaks for one bot of one platform."""

    def __init__(
        self,
        database: Database,
        speaker: Speaker,
        *,
        platform: str,
        bot: str,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._speaker = speaker
        self._platform, self._bot = platform, bot
        self._now = now
        self._owner = secrets.token_hex(8)
        self._awake = asyncio.Event()
        self._flying: set[asyncio.Task[None]] = set()
        self.sent = self.failed = 0
        self.silenced = False  #: the token is not valid any more

    def wake(self) -> None:
        self._awake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Sends until stopped; what is in flight is finished."""
        while not stop.is_set() and not self.silenced:
            self._awake.clear()
            try:
                rows = await self._claim()
            except DatabaseTrouble as trouble:
                log.error("database trouble, delivery waits", error=str(trouble.orig))
                rows = []
            for row in rows:
                failpoint("after-outbox-claim")
                task = asyncio.create_task(self._deliver(row))
                self._flying.add(task)
                task.add_done_callback(self._landed)
            if not rows:
                await self._wait(stop)
        if self._flying:
            await asyncio.wait(self._flying, timeout=3)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._flying.discard(task)
        self._awake.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a delivery could not be noted", error=repr(error))

    async def _claim(self) -> list[Row[Any]]:
        room = IN_FLIGHT - len(self._flying)
        if room <= 0:
            return []
        return await asyncio.wrap_future(
            self._database.submit(
                lambda db: outbox.claim(
                    db,
                    platform=self._platform,
                    bot=self._bot,
                    owner=self._owner,
                    now=self._now(),
                    most=room,
                )
            )
        )

    async def _deliver(self, row: Row[Any]) -> None:
        result = await self._send(row)
        failpoint("after-send-before-mark")
        if result.outcome is Outcome.SENT:
            self.sent += 1
        elif result.outcome is not Outcome.LEFT_OUT:
            self.failed += 1
            log.warning(
                "not sent",
                outbox=row.id,
                purpose=row.purpose,
                outcome=result.outcome.value,
                reason=result.reason,
            )
        if result.fault is Fault.UNAUTHORIZED:
            self.silenced = True
            log.error("the platform refuses the token: nothing more is sent", platform=self._platform)
        await asyncio.wrap_future(self._database.submit(lambda db: self._mark(db, row, result)))

    async def _send(self, row: Row[Any]) -> SendResult:
        try:
            delivery = Delivery(
                id=row.id,
                kind=OutKind(row.kind),
                urgency=outbox.URGENCY[row.rank],
                chat=row.chat,
                chat_kind=ChatKind(row.chat_kind),
                payload=load_outgoing(row.payload),
                message=row.card_message or "",
                purpose=row.purpose,
                again=row.maybe_twice or row.state == "claimed",
            )
            fitted = fit(delivery, self._speaker.capabilities)
            if fitted is None:
                return SendResult(Outcome.LEFT_OUT, reason="no way to say it here, and no need")
            if fitted.payload.sheet is not None:
                fitted = await asyncio.to_thread(drawn, fitted)
            return await asyncio.wait_for(self._speaker.send(fitted), PATIENCE)
        except TimeoutError:
            return SendResult(Outcome.UNKNOWN, reason="no answer in time")
        except Exception as error:
            log.exception("a channel raised", outbox=row.id)
            return SendResult(Outcome.UNKNOWN, reason=type(error).__name__)

    def _mark(self, db: Connection, row: Row[Any], result: SendResult) -> None:
        now = self._now()
        if not outbox.mark(db, row, result, owner=self._owner, now=now):
            return
        parked = result.outcome is Outcome.PARKED
        if parked or result.fault is not None or outbox.is_given_up(db, row.id):
            losses.lost(db, row, result, now=now)

    async def _wait(self, stop: asyncio.Event) -> None:
        waiting = [asyncio.ensure_future(event.wait()) for event in (self._awake, stop)]
        with contextlib.suppress(TimeoutError):
            await asyncio.wait(waiting, timeout=IDLE, return_when=asyncio.FIRST_COMPLETED)
        for one in waiting:
            one.cancel()


def drawn(delivery: Delivery) -> Delivery:
    """With its sheet as a picture. What cannot be drawn goes out as text alone: it has the same figures."""
    from gridbot import pictures

    said, photo = delivery.payload, b""
    try:
        photo = pictures.draw(said.sheet) if said.sheet is not None else b""
    except Exception:
        log.exception("a sheet could not be drawn", outbox=delivery.id)
    return replace(delivery, payload=msgspec.structs.replace(said, photo=photo, sheet=None))
