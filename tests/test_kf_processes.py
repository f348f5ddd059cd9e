"""微信客服 by two processes on one PostgreSQL: the one with the web server is rung and pulls, the other
decides and speaks; what nobody was rung for is found by whoever looks.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from starlette.applications import Starlette

from gridbot import app as composition
from gridbot.app_wechat import CALLBACK
from gridbot.grid.directory_yaml import read_yaml
from gridbot.grid.importing import import_directory
from gridbot.messages import Actor
from gridbot.store.db import Database
from gridbot.store.tables import cases, inbox
from tests.fakes.bot_api import FakeBotApi
from tests.fakes.wecom_kf import FakeKf
from tests.fakes.wecom_server import FakeWecom
from tests.test_whole_kf import ACCOUNT, DIRECTORY, settings_for
from tests.test_whole_telegram import MORNING, Clock
from tests.test_whole_telegram import TOKEN as TELEGRAM

pytestmark = pytest.mark.postgres


@pytest.mark.asyncio
async def test_one_is_rung_and_the_other_speaks(postgres_database: Database, tmp_path: Path) -> None:
    clock = Clock(MORNING)
    directory = read_yaml(DIRECTORY)
    postgres_database.write(lambda db: import_directory(db, directory, actor=Actor.system(), now=clock()))
    url = postgres_database.url.render_as_string(hide_password=False)
    async with FakeWecom() as wecom, FakeBotApi(TELEGRAM) as telegram, AsyncExitStack() as held:
        kf = FakeKf(wecom, now=clock)
        kf.account(ACCOUNT)
        kf.silent = True
        await kf.says("wmEARLY", "1号楼楼道灯不亮了", to=ACCOUNT)  # before anybody was there to be rung
        both = settings_for(url, wecom, telegram.url, tmp_path)
        houses = [
            await held.enter_async_context(
                composition.opened(both.model_copy(update={"roles": roles}), now=clock)
            )
            for roles in (("web",), ("ingest", "worker", "sender", "clock"))
        ]
        web = httpx.ASGITransport(app=Starlette(routes=houses[0].routes))
        client = await held.enter_async_context(httpx.AsyncClient(transport=web, base_url="http://gridbot"))

        async def ring(query: dict[str, str], body: bytes) -> int:
            return (await client.post(CALLBACK, params=query, content=body)).status_code

        running = [asyncio.create_task(house.run()) for house in houses]
        await wecom.until(lambda: kf.said("wmEARLY"), 20)
        kf.ring, kf.silent = ring, False
        await kf.enters("wmWANG", ACCOUNT)
        await kf.says("wmWANG", "5号楼楼道灯不亮了", to=ACCOUNT)
        await wecom.until(lambda: kf.said("wmWANG") and kf.welcomes, 20)
        assert kf.statuses == [200, 200] and wecom.refusals == []
        for house in houses:
            house.stop.set()
        await asyncio.gather(*running)
    with postgres_database.read() as db:
        assert db.execute(sa.select(sa.func.count(cases.c.id))).scalar_one() == 2
        kept = sa.select(sa.func.count()).where(inbox.c.platform == "wecom_kf")
        assert db.execute(kept).scalar_one() == 3
