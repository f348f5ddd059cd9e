"""The whole house on WeCom: the 智能机器人 hears in the residents' group and asks the leader with cards; a
webhook announces. The far side refuses whatever the real one would refuse.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from gridbot import app as composition
from gridbot.grid.directory_yaml import read_yaml
from gridbot.grid.importing import import_directory
from gridbot.messages import Actor
from gridbot.settings import Settings
from gridbot.store import upkeep
from gridbot.store.db import Database
from gridbot.store.tables import cases, outbox
from gridbot.texts import channels as words
from tests.fakes.wecom_server import FakeWecom

BOT, SECRET, KEY = "aib-whole", "bot-secret-that-must-never-be-seen", "693a91f6-key-that-must-never-be-seen"
GROUP = "wrkRESIDENTS"
DIRECTORY = """
community: 青秀佳苑社区
timezone: Asia/Shanghai
expect: {二级网格: 1, 三级网格: 1}
grids:
  - name: 青秀佳苑
    level: 二级网格
    leaders: [{name: 周书记, wecom_aibot: zhou}]
    children:
      - name: 一网格
        level: 三级网格
        places: [1号楼, 5号楼, 小广场]
        leaders: [{name: 李格长, wecom_aibot: li}]
groups:
  - {name: 一网格居民群, grid: 青秀佳苑/一网格, wecom_aibot: wrkRESIDENTS}
  - {name: 一网格通知, grid: 青秀佳苑/一网格, wecom_webhook: 一网格}
service_days:
  - {name: 三九便民服务日, days: [9, 19, 29], items: [义诊, 理发, 磨刀], place: 小广场, groups: [一网格通知]}
admins: [{name: 管理员, wecom_aibot: admin}]
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
    fake: FakeWecom
    clock: Clock
    app: composition.App

    async def rests(self) -> None:
        """Nothing is in flight: only then may the clock be put forward."""
        await self.fake.until(lambda: not self.count(outbox, outbox.c.state == "claimed"))

    def count(self, table: sa.Table, *which: Any) -> int:
        with self.app.database.read() as db:
            query = sa.select(sa.func.count()).select_from(table).where(*which)
            return int(db.execute(query).scalar_one())


@asynccontextmanager
async def lived_in(
    tmp_path: Path, fake: FakeWecom, *, directory: str = DIRECTORY, hooks: str = f"一网格:{KEY}"
) -> AsyncIterator[House]:
    fake.bot(BOT, SECRET)
    fake.hook(KEY)
    clock = Clock(MORNING)
    settings = Settings(
        database=f"sqlite:///{tmp_path / 'whole.db'}",
        wecom_aibot=BOT,
        wecom_aibot_secret=SECRET,
        wecom_aibot_name="网格助手",
        wecom_webhooks=hooks,
        wecom_api=fake.url,
        wecom_socket=fake.socket,
        http="127.0.0.1:0",
        cache=tmp_path / "cache",
    )
    upkeep.upgrade(settings.database, copy=False)
    database = Database(settings.database)
    database.write(lambda db: import_directory(db, read_yaml(directory), actor=Actor.system(), now=clock()))
    database.close()
    async with composition.opened(settings, now=clock) as app:
        running = asyncio.create_task(app.run())
        try:
            await fake.until(fake.connected)
            yield House(fake, clock, app)
        finally:
            app.stop.set()
            await asyncio.wait_for(running, 10)


@pytest.mark.asyncio
async def test_from_a_word_in_the_group_to_the_confirmation(tmp_path: Path) -> None:
    async with FakeWecom() as fake, lived_in(tmp_path, fake) as house:
        for person in ("li", "zhou", "admin"):
            await fake.enters(person)
        await fake.says("wang", "@网格助手 5号楼楼道灯不亮了", group=GROUP)
        await fake.until(lambda: any("记下了" in text for text in fake.said(GROUP)))
        assert fake.messages(GROUP)[0]["how"] == "reply"

        await house.rests()
        house.clock.forward(seconds=40)  # the half minute in which more may be said
        await fake.until(lambda: fake.card("li"))
        await fake.presses("li", "li", "我去看")
        await fake.until(lambda: fake.updates)
        assert "办好了" in [button["text"] for button in fake.updates[-1]["button_list"]]
        await fake.until(lambda: any("接手" in text for text in fake.said(GROUP)))

        with house.app.database.read() as db:
            number = db.execute(sa.select(cases.c.number)).scalar_one()
        await fake.says("li", f"修好了 {number}")
        await fake.until(lambda: any("您看好了吗" in text for text in fake.said(GROUP)))
        await fake.until(lambda: "办好了" in fake.said("li")[-1])

        await fake.presses("wang", GROUP, "好了")
        await fake.until(lambda: house.count(cases, cases.c.state == "closed"))
        await house.rests()
        assert fake.refusals == []
        assert house.count(outbox, outbox.c.state == "failed") == 0
        everything = " ".join(fake.said(GROUP))
        assert "li" not in everything and "wang" not in everything


@pytest.mark.asyncio
async def test_the_same_message_twice_is_one_case(tmp_path: Path) -> None:
    async with FakeWecom() as fake, lived_in(tmp_path, fake) as house:
        msgid = await fake.says("wang", "@网格助手 5号楼楼道灯不亮了", group=GROUP)
        await fake.again(msgid)
        await fake.until(lambda: any("记下了" in text for text in fake.said(GROUP)))
        await fake.drop()
        await fake.until(lambda: fake.subscriptions == 2)
        await fake.again(msgid)
        await fake.says("wang", "@网格助手 谢谢", group=GROUP)
        await fake.until(lambda: house.app.intake.handled >= 2)
        assert house.count(cases) == 1
        assert sum("已告诉网格长" in text for text in fake.said(GROUP)) == 1


@pytest.mark.asyncio
async def test_five_seconds_are_kept_while_the_database_is_slow(tmp_path: Path) -> None:
    """Who presses sees at once that it was heard; what the desk decides later comes as a new card."""
    async with FakeWecom() as fake, lived_in(tmp_path, fake) as house:
        await fake.enters("li")
        await fake.says("wang", "@网格助手 5号楼楼道灯不亮了", group=GROUP)
        await fake.until(lambda: any("记下了" in text for text in fake.said(GROUP)))
        await house.rests()
        house.clock.forward(seconds=40)
        await fake.until(lambda: fake.card("li"))
        await house.rests()
        held = house.app.database.submit(lambda db: time.sleep(6))
        await fake.presses("li", "li", "我去看")
        await fake.until(lambda: fake.updates, 5)
        assert fake.updates[0]["replace_text"] == words.one_moment() and not held.done()
        before = len(fake.messages("li"))
        await fake.until(lambda: len(fake.messages("li")) > before, 15)
        assert fake.card("li")["button_list"][0]["text"] == "办好了"
        assert fake.refusals == []


@pytest.mark.asyncio
async def test_a_leader_answers_the_residents_own_words_by_quoting_them(tmp_path: Path) -> None:
    async with FakeWecom() as fake, lived_in(tmp_path, fake) as house:
        await fake.enters("li")
        await fake.says("wang", "@网格助手 5号楼楼道灯不亮了", group=GROUP)
        await fake.until(lambda: any("记下了" in text for text in fake.said(GROUP)))
        await house.rests()
        house.clock.forward(seconds=40)
        await fake.until(lambda: fake.card("li"))
        quoted = "@网格助手 5号楼楼道灯不亮了"
        await fake.says("li", "@网格助手 师傅下午来", group=GROUP, quote=quoted)
        await fake.until(lambda: house.count(cases, cases.c.state == "accepted"))


@pytest.mark.asyncio
async def test_a_service_day_is_announced_through_the_webhook(tmp_path: Path) -> None:
    async with FakeWecom() as fake, lived_in(tmp_path, fake) as house:
        await house.rests()
        house.clock.forward(days=1, hours=8, minutes=5)  # the 18th, 18:05
        await fake.until(lambda: fake.hooks[KEY])
        (post,) = fake.hooks[KEY]
        assert post["msgtype"] == "text" and "磨刀" in post["text"]["content"]
        assert fake.refusals == []


@pytest.mark.asyncio
async def test_where_the_bot_may_not_push_the_webhook_of_the_group_speaks(tmp_path: Path) -> None:
    """Nobody has spoken to the bot in the group yet, so WeCom refuses; its webhook says it, once."""
    directory = DIRECTORY.replace("groups: [一网格通知]", "groups: [一网格居民群]")
    hooks = f"退路:{KEY}:{GROUP}"
    async with FakeWecom() as fake, lived_in(tmp_path, fake, directory=directory, hooks=hooks) as house:
        await house.rests()
        house.clock.forward(days=1, hours=8, minutes=5)
        await fake.until(lambda: fake.hooks[KEY])
        await house.rests()
        assert len(fake.hooks[KEY]) == 1 and fake.said(GROUP) == []
        assert {cmd for cmd, _, _ in fake.refusals} == {"aibot_send_msg"}
        assert not house.count(outbox, outbox.c.state == "failed")


@pytest.mark.asyncio
async def test_taken_over_by_another_connection_it_stops_and_says_so(tmp_path: Path) -> None:
    async with FakeWecom() as fake, lived_in(tmp_path, fake) as house:
        await fake.enters("admin")
        await fake.until(lambda: house.app.intake.handled >= 1)
        await fake.kick()
        await fake.until(lambda: house.count(outbox, outbox.c.purpose == "house-alarm"))
        healthy, counts = house.app.health()
        assert not healthy and counts["wecom_aibot"] == "kicked"
        await asyncio.sleep(0.5)
        assert fake.subscriptions == 1  # no fight


@pytest.mark.asyncio
async def test_a_group_is_bound_by_naming_the_bot_in_it(tmp_path: Path) -> None:
    async with FakeWecom() as fake, lived_in(tmp_path, fake) as house:
        await fake.enters("admin")
        await fake.says("admin", "@网格助手 绑定 一网格", group="wrkNEW")
        await fake.until(lambda: fake.said("wrkNEW"))
        await fake.says("wang", "@网格助手 1号楼电梯坏了", group="wrkNEW")
        await fake.until(lambda: house.count(cases) == 1)
