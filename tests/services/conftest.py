"""A community with two residents' groups, an organiser, an admin, and 三九; a database file per test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from gridbot.messages import Actor, Outgoing, Role, load_outgoing
from gridbot.services import DUE
from gridbot.store import tables, timers
from gridbot.store.db import sqlite_engine

ZONE = ZoneInfo("Asia/Shanghai")
SYSTEM = Actor.system()


def at(text: str) -> datetime:
    """ "2026-12-18 18:00" in Shanghai, as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


@dataclass(frozen=True)
class Said:
    """One outbox row as a person would see it."""

    chat: str
    purpose: str
    kind: str
    key: str
    text: str
    payload: Outgoing
    due_at: datetime

    @property
    def silent(self) -> bool:
        return self.payload.silent

    @property
    def words(self) -> list[list[str]]:
        return [[button.text for button in row] for row in self.payload.buttons]


class Town:
    """青秀佳苑社区, and what one does in it."""

    def __init__(self, db: Connection) -> None:
        self.db = db
        self.id = self._insert(tables.communities, name="青秀佳苑社区", created_at=at("2026-11-01 09:00"))
        self.north = self.group("一网格居民群")
        self.south = self.group("二网格居民群")
        self.leaders = self.group("网格长群", role="leaders")
        self.organiser, self.organiser_chat = self.person("刘师傅")
        self.admin, self.admin_chat = self.person("周书记", role="admin")
        self.stranger, _ = self.person("路人")
        self.as_organiser = Actor(self.organiser, Role.RESIDENT)
        self.as_admin = Actor(self.admin, Role.ADMIN)
        self.as_stranger = Actor(self.stranger, Role.RESIDENT)
        self.san_jiu = self.service_day()

    def _insert(self, table: sa.Table, **values: Any) -> int:
        key = self.db.execute(sa.insert(table), values).inserted_primary_key
        assert key is not None
        return int(key[0])

    def group(self, title: str, *, role: str = "residents", **more: Any) -> int:
        return self._chat(title, kind="group", role=role, **more)

    def _chat(self, title: str, **more: Any) -> int:
        values = {"community_id": self.id, "platform": "simulator", "bot": "b", "chat": title, "title": title}
        return self._insert(tables.chats, **values, **more)

    def person(self, name: str, *, role: str = "") -> tuple[int, int]:
        created = at("2026-11-01 09:00")
        person = self._insert(tables.people, community_id=self.id, name=name, created_at=created)
        if role:
            self._insert(tables.holdings, community_id=self.id, person_id=person, role=role, since=created)
        self._insert(
            tables.identities,
            community_id=self.id,
            person_id=person,
            platform="simulator",
            user=name,
            reachable=True,
        )
        return person, self._chat(name, kind="private", role="private", person_id=person)

    def service_day(self, **changes: Any) -> int:
        values: dict[str, Any] = {
            "community_id": self.id,
            "name": "三九便民服务日",
            "rule": {"days": [9, 19, 29]},
            "starts": "09:00",
            "ends": "11:00",
            "place": "小广场",
            "items": [
                {"name": "理发"},
                {"name": "磨刀", "bring": "刀请包好"},
                {"name": "义诊"},
                "冲洗地垫",
            ],
            "rain": "活动室",
            "groups": "all",
            "organiser_id": self.organiser,
            **changes,
        }
        return self._insert(tables.service_days, **values)

    def occurrence(self, day: str, service: int | None = None) -> int:
        wanted = tables.occurrences.c.day == datetime.fromisoformat(day).date()
        whose = tables.occurrences.c.service_day_id == (service or self.san_jiu)
        return int(self.db.execute(sa.select(tables.occurrences.c.id).where(wanted, whose)).scalar_one())

    def fire(self, now: datetime, *, keep: bool = False) -> int:
        """Every timer that is due, as the clock does it. `keep`: the process dies before it is gone."""
        rows = timers.claim_due(self.db, owner="test", now=now)
        for row in rows:
            claimed = self.db.execute(sa.select(tables.timers).where(tables.timers.c.id == row.id)).one()
            if not keep:
                assert timers.finish(self.db, claimed, owner="test")
            DUE[row.kind](self.db, row, now=now)
        return len(rows)

    def run(self, until: str) -> None:
        """Time passes with nothing out of order: each timer fires at its own moment."""
        end = at(until)
        while (due := timers.next_due(self.db)) and due <= end:
            self.fire(due)

    def timer_kinds(self, occurrence: int) -> list[str]:
        query = sa.select(tables.timers.c.kind).where(tables.timers.c.subject == f"occurrence:{occurrence}")
        return sorted(kind.partition(":")[2] for kind in self.db.execute(query).scalars())

    def said(self, *purposes: str, since: int = 0, chat: int = 0) -> list[Said]:
        """What was put into the outbox, oldest first."""
        query = (
            sa.select(tables.outbox, tables.chats.c.title)
            .join(tables.chats, tables.chats.c.id == tables.outbox.c.chat_id)
            .where(tables.outbox.c.id > since)
            .order_by(tables.outbox.c.id)
        )
        if chat:
            query = query.where(tables.outbox.c.chat_id == chat)
        found = []
        for row in self.db.execute(query):
            payload = load_outgoing(row.payload)
            if not purposes or row.purpose in purposes:
                said = Said(row.title, row.purpose, row.kind, row.key, payload.text, payload, row.due_at)
                found.append(said)
        return found

    def mark(self) -> int:
        """The newest outbox row; `said(since=…)` gives what came after."""
        return self.db.execute(sa.select(sa.func.max(tables.outbox.c.id))).scalar() or 0

    def events(self) -> list[str]:
        return list(
            self.db.execute(sa.select(tables.case_events.c.move).order_by(tables.case_events.c.seq)).scalars()
        )

    def press(self, text: str, *, chat: int) -> tuple[str, dict[str, Any]]:
        """(action, data) of the newest button of that name in a chat."""
        for said in reversed(self.said(chat=chat)):
            for row in said.payload.buttons:
                for button in row:
                    if button.text == text:
                        query = sa.select(tables.buttons).where(tables.buttons.c.token == button.token)
                        found = self.db.execute(query).one()
                        return found.action, found.data
        raise AssertionError(f"no button {text!r}")


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Connection]:
    engine = sqlite_engine(sa.make_url(f"sqlite:///{tmp_path / 'services.db'}"), read_only=False)
    with engine.begin() as connection:
        tables.metadata.create_all(connection)
        yield connection
    engine.dispose()


@pytest.fixture
def town(db: Connection) -> Town:
    return Town(db)
