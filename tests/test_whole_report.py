"""The whole house on 居民上报: a resident of a WeChat group files an order, the leader hears of it on
Telegram, and what the corp's people do with it in WeCom is followed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from gridbot import app as composition
from gridbot.channels._wecom.api import Credentials, WecomApi
from gridbot.channels.wecom_report import ReportHearing, Since
from gridbot.grid.directory_yaml import read_yaml
from gridbot.grid.importing import import_directory
from gridbot.messages import Actor
from gridbot.settings import Settings
from gridbot.store import upkeep
from gridbot.store.db import Database
from gridbot.store.tables import cases, inbox, outbox
from tests.fakes.bot_api import FakeBotApi
from tests.fakes.wecom_report import FakeReport
from tests.fakes.wecom_server import CORP, SECRET, FakeWecom
from tests.test_whole_telegram import DIRECTORY, MORNING, Clock
from tests.test_whole_telegram import TOKEN as TELEGRAM

WITH_ORDERS = DIRECTORY.replace("李格长, telegram: 2001", "李格长, telegram: 2001, wecom_report: li").replace(
    "groups:\n", "groups:\n  - {name: 居民上报, grid: 青秀佳苑/一网格, wecom_report: g1}\n"
)


@dataclass
class House:
    fake: FakeWecom
    report: FakeReport
    telegram: FakeBotApi
    clock: Clock
    app: composition.App
    reader: ReportHearing
    li: Any

    async def looks(self) -> None:
        assert await self.reader.look()
        await self.until(lambda: not self.count(inbox, inbox.c.state == "pending"))

    async def until(self, condition: Any) -> None:
        await self.fake.until(condition)

    async def later(self, **length: float) -> None:
        await self.until(lambda: not self.count(outbox, outbox.c.state == "claimed"))
        self.clock.forward(**length)

    def count(self, table: sa.Table, *which: Any) -> int:
        with self.app.database.read() as db:
            return int(db.execute(sa.select(sa.func.count()).select_from(table).where(*which)).scalar_one())

    def state(self) -> Any:
        with self.app.database.read() as db:
            return db.execute(sa.select(cases.c.state)).scalar_one_or_none()


@asynccontextmanager
async def lived_in(tmp_path: Path, *before: tuple[str, str]) -> AsyncIterator[House]:
    """`before`: orders that were filed before gridbot began (name, words)."""
    clock = Clock(MORNING)
    async with FakeWecom() as fake, FakeBotApi(TELEGRAM) as telegram:
        report = FakeReport(fake, now=clock)
        for name, words in before:
            report.files(name, words)
        settings = Settings(
            database=f"sqlite:///{tmp_path / 'whole.db'}",
            telegram_token=TELEGRAM,
            telegram_api=telegram.url,
            wecom_corp=CORP,
            wecom_report_secret=SECRET,
            wecom_api=fake.url,
            http="127.0.0.1:0",
            cache=tmp_path / "cache",
        )
        upkeep.upgrade(settings.database, copy=False)
        database = Database(settings.database)
        directory = read_yaml(WITH_ORDERS)
        database.write(lambda db: import_directory(db, directory, actor=Actor.system(), now=clock()))
        database.close()
        people = [
            telegram.add_user(number, name)
            for number, name in ((2001, "李格长"), (3001, "周书记"), (9001, "管理员"))
        ]
        since = {"at": ""}

        async def load() -> str:
            return since["at"]

        async def save(until: str) -> None:
            since["at"] = until

        async with composition.opened(settings, now=clock) as app:
            running = asyncio.create_task(app.run())
            api = WecomApi(fake.url)
            reader = ReportHearing(
                Credentials(CORP, SECRET), api, accept=app.intake.accept, since=Since(load, save), now=clock
            )
            try:
                for person in people:
                    telegram.starts(person)
                await fake.until(lambda: app.intake.handled >= len(people))
                yield House(fake, report, telegram, clock, app, reader, people[0])
            finally:
                await api.close()
                app.stop.set()
                await asyncio.wait_for(running, 10)


@pytest.mark.asyncio
async def test_an_order_is_a_case_and_is_followed(tmp_path: Path) -> None:
    async with lived_in(tmp_path) as house:
        number = house.report.files("王桂芳", "5号楼楼道灯不亮了")
        await house.looks()
        await house.looks()
        assert house.count(cases) == 1
        await house.later(seconds=40)
        await house.until(lambda: any("5号楼" in text for text in house.telegram.said(house.li)))

        house.report.step(number, 2, by="li")
        await house.looks()
        assert house.state() == "accepted"
        house.report.step(number, 5, by="li", desc="换了灯泡", status=0)
        await house.looks()
        assert house.state() == "accepted"  # not done yet
        house.report.orders[number]["process_list"][-1]["status"] = 1
        await house.looks()
        assert house.state() == "done"
        said = [text for chat in (house.li, 3001, 9001, -1001) for text in _said(house.telegram, chat)]
        for private in ("王桂芳", "13800138000", "union-"):
            assert not any(private in text for text in said)
        assert not house.count(outbox, outbox.c.state == "failed") and house.fake.refusals == []


def _said(telegram: FakeBotApi, chat: Any) -> list[str]:
    try:
        return telegram.said(chat)
    except KeyError:
        return []


@pytest.mark.asyncio
async def test_what_is_filed_is_a_case_whatever_its_words(tmp_path: Path) -> None:
    """Closed there by somebody we do not know, it is done here too; refused there, the admins hear of it."""
    async with lived_in(tmp_path) as house:
        first = house.report.files("王桂芳", "请来看一下,谢谢", category="其他")
        await house.looks()
        assert house.state() == "waiting"
        house.report.step(first, 6, by="nobody-we-know")
        await house.looks()
        await house.until(lambda: any("不受理" in text for text in house.telegram.said(9001)))
        assert house.state() == "waiting"
        house.report.step(first, 5, by="nobody-we-know", desc="已处理")
        await house.looks()
        assert house.state() == "done"


@pytest.mark.asyncio
async def test_the_app_reads_by_itself_and_nothing_twice(tmp_path: Path) -> None:
    async with lived_in(tmp_path, ("王桂芳", "5号楼楼道灯不亮了"), ("李大爷", "5号楼楼道灯也不亮")) as house:
        await house.until(lambda: house.count(inbox, inbox.c.platform == "wecom_report") == 2)
        await house.looks()
        assert house.count(inbox, inbox.c.platform == "wecom_report") == 2
        assert house.count(cases) == 1  # two who say the same
