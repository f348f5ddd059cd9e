"""The whole house on Telegram: aiogram hears, the desk decides, python-telegram-bot speaks; the far side is
a Bot API that refuses whatever the real one would refuse.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from gridbot import app as composition
from gridbot.grid.directory_yaml import read_yaml
from gridbot.grid.importing import import_directory
from gridbot.messages import Actor
from gridbot.settings import Settings
from gridbot.store import upkeep
from gridbot.store.db import Database
from gridbot.store.tables import outbox
from tests.fakes.bot_api import FakeBotApi

TOKEN = "424242:TEST-token_that-must-never-be-seen"
DIRECTORY = """
community: 青秀佳苑社区
timezone: Asia/Shanghai
expect: {二级网格: 1, 三级网格: 1}
grids:
  - name: 青秀佳苑
    level: 二级网格
    leaders: [{name: 周书记, telegram: 3001}]
    children:
      - name: 一网格
        level: 三级网格
        places: [1号楼, 5号楼, 小广场]
        leaders: [{name: 李格长, telegram: 2001}]
groups:
  - {name: 一网格居民群, grid: 青秀佳苑/一网格, telegram: -1001}
service_days:
  - {name: 三九便民服务日, days: [9, 19, 29], items: [义诊, 理发, 磨刀], place: 小广场, groups: all}
admins: [{name: 管理员, telegram: 9001}]
"""
MORNING = datetime(2026, 11, 17, 2, 0, tzinfo=UTC)  #: ten o'clock, two days before the 19th


class Clock:
    """Runs like a clock, and can be put forward."""

    def __init__(self, start: datetime) -> None:
        self._ahead = start - datetime.now(UTC)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def forward(self, **length: float) -> None:
        self._ahead += timedelta(**length)


@dataclass
class House:
    fake: FakeBotApi
    clock: Clock
    app: composition.App

    async def rests(self) -> None:
        """Nothing is in flight: only then may the clock be put forward, or a lease would end on the way."""
        await self.fake.until(self._nothing_in_flight, 10)

    def _nothing_in_flight(self) -> bool:
        with self.app.database.read() as db:
            return not db.execute(sa.select(sa.func.count()).where(outbox.c.state == "claimed")).scalar_one()


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    yield Settings(
        database=f"sqlite:///{tmp_path / 'whole.db'}",
        telegram_token=TOKEN,
        http="127.0.0.1:0",
        cache=tmp_path / "cache",
    )


@asynccontextmanager
async def lived_in(settings: Settings, fake: FakeBotApi, clock: Clock) -> AsyncIterator[House]:
    settings = settings.model_copy(update={"telegram_api": fake.url})
    upkeep.upgrade(settings.database, copy=False)
    database = Database(settings.database)
    directory = read_yaml(DIRECTORY)
    database.write(lambda db: import_directory(db, directory, actor=Actor.system(), now=clock()))
    database.close()
    async with composition.opened(settings, now=clock) as app:
        running = asyncio.create_task(app.run())
        try:
            yield House(fake, clock, app)
        finally:
            app.stop.set()
            await asyncio.wait_for(running, 10)


@pytest.mark.asyncio
async def test_from_a_word_in_the_group_to_the_thanks(settings: Settings) -> None:
    async with FakeBotApi(TOKEN) as fake:
        wang, li, boss, admin = (
            fake.add_user(number, name)
            for number, name in ((1001, "王阿姨"), (2001, "李格长"), (3001, "周书记"), (9001, "管理员"))
        )
        group = fake.add_group(-1001, "一网格居民群", [wang, li, admin])
        async with lived_in(settings, fake, Clock(MORNING)) as house:
            for person in (li, boss, admin):
                fake.starts(person)
            fake.user_says(group, wang, "今天菜场的鱼蛮新鲜")
            report = fake.user_says(group, wang, "5号楼楼道灯不亮了")
            await fake.until(lambda: any("记下了" in text for text in fake.said(group)))

            await house.rests()
            house.clock.forward(seconds=40)  # the half minute in which more may be said
            await fake.until(lambda: any("5号楼" in text for text in fake.said(li)))
            fake.presses(li, fake.messages(li)[-1], "我去看")
            await fake.until(lambda: fake.reactions(group).get(report["message_id"]) == ["🤝"])

            fake.user_says(li, li, "师傅下午来")
            await fake.until(lambda: any("在办" in text for text in fake.said(group)))
            fake.user_says(li, li, "修好了", reply_to=fake.messages(li)[-1])
            await fake.until(lambda: any("您看好了吗" in text for text in fake.said(group)))

            fake.user_says(group, wang, "亮了亮了谢谢")
            await fake.until(lambda: any("办结" in text for text in fake.said(li)))
            assert fake.refusals == []
            assert not any("王阿姨" in text for text in fake.said(group))


@pytest.mark.asyncio
async def test_the_nineteenth_is_announced_on_its_eve(settings: Settings) -> None:
    async with FakeBotApi(TOKEN) as fake:
        admin = fake.add_user(9001, "管理员")
        group = fake.add_group(-1001, "一网格居民群", [admin])
        async with lived_in(settings, fake, Clock(MORNING)) as house:
            fake.starts(admin)
            await fake.until(lambda: fake.said(admin) or house.app.intake.handled >= 2)
            await house.rests()
            house.clock.forward(days=1, hours=8, minutes=5)  # the 18th, 18:05
            await fake.until(lambda: any("19日" in text and "磨刀" in text for text in fake.said(group)))
            posted = len(fake.said(group))
            await house.rests()
            house.clock.forward(minutes=30)
            await asyncio.sleep(2.5)  # two ticks
            assert len(fake.said(group)) == posted
            assert fake.refusals == []
