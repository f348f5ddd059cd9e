"""From accepting an emergency to its safety sentence in the outbox, 500 lines of chat waiting before it."""

from __future__ import annotations

import tempfile
import time
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from gridbot.desk.context import Desk
from gridbot.messages import ChatKind, Incoming, IncomingKind, Kept, Sender
from gridbot.store import inbox
from gridbot.store.db import Database
from gridbot.store.tables import outbox
from gridbot.understanding.intents import Packs
from tests.bench import house
from tests.bench.lines import mix

WAITING = 500
GOAL = 2.0  #: seconds, from the message to the sentence
TEXT = "5号楼有股煤气味"
_SAID = sa.select(sa.func.count()).select_from(outbox).where(outbox.c.purpose == "safety")


def measure(packs: Packs, *, chats: int) -> float:
    """Seconds. `chats`: over how many the waiting lines are spread; with one, the emergency stands last in
    the very queue they fill."""
    with tempfile.TemporaryDirectory(prefix="gridbot-bench-", dir=".") as folder:
        database = Database(f"sqlite:///{Path(folder) / 'house.db'}")
        house.prepare(database, packs)
        desk = Desk(packs, lambda rules: packs)
        now = house.START + timedelta(seconds=WAITING)
        lines = [
            _kept(number, line, number % chats) for number, line in enumerate(mix(WAITING, reports=0.05))
        ]
        database.write(lambda db: inbox.keep_all(db, lines, now=now))
        started = time.perf_counter()
        database.write(lambda db: inbox.keep_all(db, [_kept(WAITING, TEXT, 0)], now=now))
        batch = inbox.Batch()
        while not _said(database):
            batch = database.write(lambda db, b=batch: house.turn(db, desk, b, now))  # type: ignore[misc]
            if not batch.rows and not _said(database):
                raise SystemExit("the emergency was not heard")
        seconds = time.perf_counter() - started
        database.close()
    return seconds


def _said(database: Database) -> bool:
    with database.read() as db:
        return bool(db.execute(_SAID).scalar_one())


def _kept(number: int, line: str, chat: int) -> Kept:
    incoming = Incoming(
        platform=house.PLATFORM,
        bot=house.BOT,
        update_id=f"e{number}",
        kind=IncomingKind.MESSAGE,
        sent_at=house.START + timedelta(seconds=number),
        chat=f"-{1 + chat}",
        chat_kind=ChatKind.GROUP,
        sender=Sender(f"{number % 211}", f"居民{number % 211}"),
        message=f"e{number}",
        text=line,
    )
    return Kept(house.PLATFORM, house.BOT, f"e{number}", b"{}", incoming)


def main(packs: Packs) -> None:
    print(f"\nan emergency accepted while {WAITING} lines wait: seconds until its sentence is in the outbox")
    for name, chats in (("in one chat, the last of all", 1), (f"in {house.CHATS} chats", house.CHATS)):
        seconds = sorted(measure(packs, chats=chats) for _ in range(3))[1]
        print(f"  {name:30} {seconds:.2f} s  (goal ≤ {GOAL:g})")
