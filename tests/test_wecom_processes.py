"""Two processes on one PostgreSQL: one owns the bot's connection, the other takes over when it goes."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import sqlalchemy as sa

from gridbot import app as composition
from gridbot.grid.directory_yaml import read_yaml
from gridbot.grid.importing import import_directory
from gridbot.messages import Actor
from gridbot.settings import Settings
from gridbot.store.db import Database
from gridbot.store.tables import cases, leases, outbox
from tests.cast import NOW
from tests.fakes.wecom_server import FakeWecom
from tests.test_whole_wecom import BOT, DIRECTORY, GROUP, SECRET

pytestmark = pytest.mark.postgres


def _settings(database: Database, fake: FakeWecom, folder: Path) -> Settings:
    return Settings(
        database=database.url.render_as_string(hide_password=False),
        roles="ingest,worker,sender,clock",
        wecom_aibot=BOT,
        wecom_aibot_secret=SECRET,
        wecom_aibot_name="网格助手",
        wecom_socket=fake.socket,
        cache=folder / "cache",
    )


@pytest.mark.asyncio
async def test_one_owner_and_the_next(postgres_database: Database, tmp_path: Path) -> None:
    directory = read_yaml(DIRECTORY)
    postgres_database.write(lambda db: import_directory(db, directory, actor=Actor.system(), now=NOW))
    async with FakeWecom() as fake, AsyncExitStack() as held:
        fake.bot(BOT, SECRET)
        settings = _settings(postgres_database, fake, tmp_path)
        first = await held.enter_async_context(composition.opened(settings))
        running = [asyncio.create_task(first.run())]
        await fake.until(fake.connected)
        second = await held.enter_async_context(composition.opened(settings))
        running.append(asyncio.create_task(second.run()))
        await fake.says("wang", "@网格助手 5号楼楼道灯不亮了", group=GROUP)
        await fake.until(lambda: any("记下了" in text for text in fake.said(GROUP)))
        assert fake.subscriptions == 1

        first.stop.set()
        await fake.until(lambda: fake.subscriptions == 2 and fake.connected(), 20)
        await fake.says("wang", "@网格助手 3号楼单元门锁坏了", group=GROUP)
        await fake.until(lambda: len(fake.said(GROUP)) == 2)
        second.stop.set()
        await asyncio.gather(*running)
    with postgres_database.read() as db:
        assert db.execute(sa.select(sa.func.count(cases.c.id))).scalar_one() == 2
        alarms = sa.select(sa.func.count()).where(outbox.c.purpose == "house-alarm")
        assert db.execute(alarms).scalar_one() == 0


@pytest.mark.asyncio
async def test_a_process_that_hung_gives_way_without_an_alarm(
    postgres_database: Database, tmp_path: Path
) -> None:
    """Its lease is another's by now, and that one's connection has pushed it out: no trouble to tell of."""
    directory = read_yaml(DIRECTORY)
    postgres_database.write(lambda db: import_directory(db, directory, actor=Actor.system(), now=NOW))
    async with FakeWecom() as fake, AsyncExitStack() as held:
        fake.bot(BOT, SECRET)
        settings = _settings(postgres_database, fake, tmp_path)
        house = await held.enter_async_context(composition.opened(settings))
        running = asyncio.create_task(house.run())
        await fake.until(fake.connected)
        await asyncio.sleep(0.2)
        taken = sa.update(leases).where(leases.c.name == f"wecom_aibot {BOT}")
        postgres_database.write(lambda db: db.execute(taken.values(owner="peer", epoch=leases.c.epoch + 1)))
        await fake.kick()
        await asyncio.sleep(12)
        with postgres_database.read() as db:
            alarms = sa.select(sa.func.count()).where(outbox.c.purpose == "house-alarm")
            assert db.execute(alarms).scalar_one() == 0
        assert fake.subscriptions == 1
        house.stop.set()
        await running
