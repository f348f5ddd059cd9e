"""Two workers, two senders and two clocks on one PostgreSQL: everything once, each chat in order."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from gridbot.clock import Clock
from gridbot.delivery import Mouth
from gridbot.desk.context import Desk
from gridbot.intake import Intake
from gridbot.messages import Capabilities, Delivery, Kept, Outcome, OutKind, Sender, SendResult
from gridbot.store.db import Database
from gridbot.store.tables import cases, chats, inbox, outbox
from gridbot.understanding.intents import default_folder, load_packs
from tests.cast import BOT, LI, PLATFORM, RESIDENTS, kept, said, seed

pytestmark = pytest.mark.postgres
GROUPS = [f"-20{number:02}" for number in range(8)]


class Ear:
    """The far side: remembers what it was told, and takes a moment over each."""

    capabilities = Capabilities()

    def __init__(self) -> None:
        self.heard: list[Delivery] = []
        self._busy: Counter[str] = Counter()
        self.crowded = 0

    async def send(self, delivery: Delivery) -> SendResult:
        self._busy[delivery.chat] += 1
        self.crowded += self._busy[delivery.chat] > 1
        await asyncio.sleep(0.002)
        self._busy[delivery.chat] -= 1
        self.heard.append(delivery)
        return SendResult(Outcome.SENT, message=f"b{delivery.id}")


def now() -> datetime:
    return datetime.now(UTC)


def _fill(db: sa.Connection) -> None:
    cast = seed(db)
    for group in GROUPS:
        db.execute(
            sa.insert(chats).values(
                community_id=cast.community,
                platform=PLATFORM,
                bot=BOT,
                chat=group,
                kind="group",
                role="residents",
                node_id=cast.grid,
            )
        )


def _updates() -> list[Kept]:
    """Every group has its own buildings; between the reports there is talk."""
    found = []
    for turn in range(6):
        for number, group in enumerate(GROUPS):
            building = 100 + number * 10 + turn
            speaker = Sender(f"{number}{turn}", f"居民{number}{turn}")
            found.append(kept(said(f"{building}号楼有股煤气味", chat=group, by=speaker, sent_at=now())))
            found.append(kept(said("早上好呀", chat=group, by=speaker, sent_at=now())))
    return found


@pytest.mark.asyncio
async def test_everything_once_and_each_chat_in_order(postgres_database: Database) -> None:
    postgres_database.write(_fill)
    packs = load_packs(default_folder())
    ear, stop = Ear(), asyncio.Event()
    parts: list[Callable[[asyncio.Event], Any]] = []
    intakes = []
    databases = [postgres_database, Database(postgres_database.url.render_as_string(hide_password=False))]
    for database in databases:
        desk = Desk(packs, lambda rules: packs)
        mouth = Mouth(database, ear, platform=PLATFORM, bot=BOT, now=now)
        intake = Intake(database, desk, now=now, handled=mouth.wake)
        intakes.append(intake)
        parts += [intake.run, mouth.run, Clock(database, desk, now=now).run]
    running = [asyncio.create_task(part(stop)) for part in parts]
    updates = _updates()
    half = len(updates) // 2
    await asyncio.gather(  # the second process is given some of the first one's again
        intakes[0].accept(updates[:half]), intakes[1].accept(updates[half - 5 :])
    )
    await _until(lambda: _rest(postgres_database))
    stop.set()
    await asyncio.gather(*running)
    databases[1].close()
    _check(postgres_database, ear, len(updates))


async def _until(condition: Callable[[], bool], seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    while not await asyncio.to_thread(condition):
        assert time.monotonic() < end, "it did not come to rest"
        await asyncio.sleep(0.1)


def _rest(database: Database) -> bool:
    with database.read() as db:
        pending = db.execute(sa.select(sa.func.count()).where(inbox.c.state == "pending")).scalar_one()
        unsaid = db.execute(
            sa.select(sa.func.count()).where(
                outbox.c.state.in_(("waiting", "claimed")), outbox.c.due_at <= now()
            )
        ).scalar_one()
    return not pending and not unsaid


def _check(database: Database, ear: Ear, messages: int) -> None:
    with database.read() as db:
        assert db.execute(sa.select(sa.func.count(inbox.c.id))).scalar_one() == messages
        assert db.execute(sa.select(sa.func.count()).where(inbox.c.state != "done")).scalar_one() == 0
        opened = db.execute(sa.select(cases).order_by(cases.c.id)).all()
        assert len(opened) == messages // 2
        assert sorted(case.number for case in opened) == list(range(1, len(opened) + 1))
        sent = db.execute(sa.select(outbox).where(outbox.c.state == "sent")).all()
        handled = db.execute(sa.select(inbox).order_by(inbox.c.chat_id, inbox.c.done_at, inbox.c.id)).all()
    assert ear.crowded == 0, "two rows of one chat were in flight together"
    assert Counter(one.id for one in ear.heard) == Counter(row.id for row in sent)
    assert any(one.chat == LI.id and one.kind is OutKind.CARD for one in ear.heard)
    assert RESIDENTS not in {one.chat for one in ear.heard}
    by_chat: dict[int, list[int]] = {}
    for row in handled:
        by_chat.setdefault(row.chat_id, []).append(row.id)
    assert all(ids == sorted(ids) for ids in by_chat.values())
