"""The whole house on 微信客服: a resident scans a code and writes in ordinary WeChat; the leader is on
Telegram. Both far sides refuse what the real ones would; callbacks are sealed by somebody else's crypto.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from starlette.applications import Starlette

from gridbot import app as composition
from gridbot.app_wechat import CALLBACK
from gridbot.grid.directory_yaml import read_yaml
from gridbot.grid.importing import import_directory
from gridbot.messages import Actor
from gridbot.settings import Settings
from gridbot.store import upkeep
from gridbot.store.db import Database
from gridbot.store.tables import cases, chats, grid_nodes, identities, inbox, outbox
from tests.fakes.bot_api import FakeBotApi
from tests.fakes.wecom_kf import AES_KEY, TOKEN, FakeKf
from tests.fakes.wecom_server import CORP, SECRET, FakeWecom
from tests.test_whole_telegram import MORNING, Clock
from tests.test_whole_telegram import TOKEN as TELEGRAM

ACCOUNT = "wkQINGXIU"
DIRECTORY = """
community: 青秀佳苑社区
timezone: Asia/Shanghai
expect: {二级网格: 1, 三级网格: 2}
grids:
  - name: 青秀佳苑
    level: 二级网格
    leaders: [{name: 周书记, telegram: 3001}]
    children:
      - name: 一网格
        level: 三级网格
        places: [1号楼, 5号楼, 小广场]
        leaders: [{name: 李格长, telegram: 2001}]
      - name: 二网格
        level: 三级网格
        places: [51号院]
        leaders: [{name: 孙格长, telegram: 2002}]
groups:
  - {name: 网格客服, grid: 青秀佳苑, wecom_kf: wkQINGXIU}
  - {name: 一网格居民群, grid: 青秀佳苑/一网格, telegram: -1001}
admins: [{name: 管理员, telegram: 9001}]
"""


@dataclass
class House:
    wecom: FakeWecom
    kf: FakeKf
    telegram: FakeBotApi
    clock: Clock
    app: composition.App
    people: dict[str, Any] = field(default_factory=dict)

    async def until(self, condition: Any, seconds: float = 10) -> None:
        await self.wecom.until(condition, seconds)

    async def rests(self) -> None:
        await self.until(lambda: not self.count(outbox, outbox.c.state == "claimed"))

    async def later(self, **length: float) -> None:
        await self.rests()
        self.clock.forward(**length)

    def count(self, table: sa.Table, *which: Any) -> int:
        with self.app.database.read() as db:
            return int(db.execute(sa.select(sa.func.count()).select_from(table).where(*which)).scalar_one())

    def value(self, column: Any, *which: Any) -> Any:
        with self.app.database.read() as db:
            return db.execute(sa.select(column).where(*which)).scalar()


def settings_for(database: str, wecom: FakeWecom, telegram: str, folder: Path) -> Settings:
    return Settings(
        database=database,
        telegram_token=TELEGRAM,
        telegram_api=telegram,
        wecom_corp=CORP,
        wecom_kf_secret=SECRET,
        wecom_kf_token=TOKEN,
        wecom_kf_aes_key=AES_KEY,
        wecom_api=wecom.url,
        http="127.0.0.1:0",
        cache=folder / "cache",
    )


@asynccontextmanager
async def lived_in(tmp_path: Path, directory: str = DIRECTORY) -> AsyncIterator[House]:
    clock = Clock(MORNING)
    async with FakeWecom() as wecom, FakeBotApi(TELEGRAM) as telegram:
        kf = FakeKf(wecom, now=clock)
        kf.account(ACCOUNT)
        settings = settings_for(f"sqlite:///{tmp_path / 'whole.db'}", wecom, telegram.url, tmp_path)
        upkeep.upgrade(settings.database, copy=False)
        database = Database(settings.database)
        named = read_yaml(directory)
        database.write(lambda db: import_directory(db, named, actor=Actor.system(), now=clock()))
        database.close()
        people = {
            name: telegram.add_user(number, name)
            for number, name in ((2001, "李格长"), (2002, "孙格长"), (3001, "周书记"), (9001, "管理员"))
        }
        async with composition.opened(settings, now=clock) as app:
            web = httpx.ASGITransport(app=Starlette(routes=app.routes))
            async with httpx.AsyncClient(transport=web, base_url="http://gridbot") as client:

                async def ring(query: dict[str, str], body: bytes) -> int:
                    return (await client.post(CALLBACK, params=query, content=body)).status_code

                kf.ring = ring
                running = asyncio.create_task(app.run())
                house = House(wecom, kf, telegram, clock, app, people)
                try:
                    for person in people.values():
                        telegram.starts(person)
                    await house.until(lambda: app.intake.handled >= len(people))
                    yield house
                finally:
                    app.stop.set()
                    await asyncio.wait_for(running, 10)


async def reported(house: House) -> None:
    await house.kf.enters("wmWANG", ACCOUNT)
    await house.kf.says("wmWANG", "5号楼楼道灯不亮了", to=ACCOUNT)
    await house.until(lambda: house.kf.said("wmWANG"))
    await house.later(seconds=40)
    li = house.people["李格长"]
    await house.until(lambda: any("5号楼" in text for text in house.telegram.said(li)))


@pytest.mark.asyncio
async def test_a_resident_on_wechat_and_a_leader_on_telegram(tmp_path: Path) -> None:
    async with lived_in(tmp_path) as house:
        await reported(house)
        kf, telegram, li = house.kf, house.telegram, house.people["李格长"]
        assert "记下了" in kf.said("wmWANG")[0]
        assert kf.welcomes and kf.welcomes[0][0] == "wmWANG" and "机器人" in kf.welcomes[0][1]

        telegram.presses(li, telegram.messages(li)[-1], "我去看")
        await house.until(lambda: house.value(cases.c.state) == "accepted")
        await house.until(lambda: len(kf.said("wmWANG")) > 1)
        telegram.user_says(li, li, "修好了", reply_to=telegram.messages(li)[-1])
        await house.until(lambda: any("您看好了吗" in text for text in kf.said("wmWANG")))
        menu = kf.messages("wmWANG")[-1]
        assert [one["click"]["content"] for one in menu["msgmenu"]["list"]] == ["好了", "好一点", "还没好"]

        await kf.presses("wmWANG", "好了", to=ACCOUNT)
        await house.until(lambda: house.value(cases.c.state) == "closed")
        await house.rests()
        assert house.wecom.refusals == [] and telegram.refusals == []
        assert not house.count(outbox, outbox.c.state.in_(("failed", "parked")))
        assert kf.statuses and set(kf.statuses) == {200}
        assert not any("wmWANG" in text for person in house.people.values() for text in telegram.said(person))


@pytest.mark.asyncio
async def test_a_poster_of_a_grid_says_where_its_residents_live(tmp_path: Path) -> None:
    """No place is named: what is said is of the grid whose poster was scanned."""
    async with lived_in(tmp_path) as house:
        node = house.value(grid_nodes.c.id, grid_nodes.c.name == "二网格")
        await house.kf.enters("wmSUN", ACCOUNT, scene=f"grid-{node}")
        await house.kf.says("wmSUN", "楼道灯不亮了", to=ACCOUNT)
        await house.until(lambda: house.value(chats.c.node_id, chats.c.chat == f"{ACCOUNT}/wmSUN") == node)
        await house.kf.enters("wmSUN", ACCOUNT, scene="grid-999999", welcome=False)
        await house.kf.enters("wmSUN", ACCOUNT, scene="somebody-else's", welcome=False)
        await house.kf.says("wmSUN", "51号院楼道灯不亮了", to=ACCOUNT)
        await house.until(lambda: house.count(cases, cases.c.node_id == node))
        assert house.value(chats.c.node_id, chats.c.chat == f"{ACCOUNT}/wmSUN") == node


@pytest.mark.asyncio
async def test_the_platform_is_answered_while_the_database_stands_still(tmp_path: Path) -> None:
    """Five seconds are kept by not needing the database at all: it is held until after the answer."""
    async with lived_in(tmp_path) as house:
        go_on = threading.Event()
        held = house.app.database.submit(lambda db: go_on.wait(30))
        await house.kf.enters("wmWANG", ACCOUNT)
        await house.kf.says("wmWANG", "5号楼楼道灯不亮了", to=ACCOUNT)
        await house.kf.rings(ACCOUNT, times=3)
        assert house.kf.statuses == [200] * 5 and not held.done()
        await house.until(lambda: house.kf.welcomes)  # in time too: 20 seconds
        assert not held.done()
        go_on.set()
        await house.until(lambda: any("记下了" in text for text in house.kf.said("wmWANG")))
        assert house.count(cases) == 1 and len(house.kf.welcomes) == 1


@pytest.mark.asyncio
async def test_a_ring_again_and_a_cursor_put_back_are_one_case(tmp_path: Path) -> None:
    async with lived_in(tmp_path) as house:
        await house.kf.says("wmWANG", "5号楼楼道灯不亮了", to=ACCOUNT)
        await house.kf.rings(ACCOUNT, times=3)
        await house.until(lambda: house.kf.said("wmWANG"))
        from gridbot.store import leases

        name = f"wecom_kf cursor {ACCOUNT}"
        with house.app.database.read() as db:
            assert leases.remembered(db, name) == {"cursor": "cur-1"}
        await house.app.write(lambda db: leases.remember(db, name, {"cursor": ""}))
        await house.kf.says("wmWANG", "谢谢", to=ACCOUNT)
        await house.until(lambda: house.count(inbox, inbox.c.platform == "wecom_kf") == 2)
        await house.until(lambda: house.count(inbox, inbox.c.state == "pending") == 0)
        await house.rests()
        assert "" in house.kf.cursors[1:] and house.count(cases) == 1
        assert sum("记下了" in text for text in house.kf.said("wmWANG")) == 1


@pytest.mark.asyncio
async def test_after_48_hours_it_waits_and_the_leader_knows(tmp_path: Path) -> None:
    async with lived_in(tmp_path) as house:
        await reported(house)
        telegram, li = house.telegram, house.people["李格长"]
        telegram.presses(li, telegram.messages(li)[-1], "我去看")
        await house.until(lambda: len(house.kf.said("wmWANG")) > 1)
        await house.later(hours=49)
        telegram.user_says(li, li, "修好了", reply_to=telegram.messages(li)[-1])
        await house.until(lambda: house.count(outbox, outbox.c.state == "parked"))
        await house.until(lambda: any("微信不让我再发" in text for text in telegram.said(li)))
        before = len(house.kf.said("wmWANG"))
        assert house.wecom.refusals == []  # nobody was asked in vain

        await house.kf.says("wmWANG", "我报的到哪了", to=ACCOUNT)
        await house.until(lambda: any("您看好了吗" in text for text in house.kf.said("wmWANG")[before:]))
        assert not house.count(outbox, outbox.c.state == "parked")
        await house.kf.presses("wmWANG", "好了", to=ACCOUNT)
        await house.until(lambda: house.value(cases.c.state) == "closed")


@pytest.mark.asyncio
async def test_a_leader_who_has_not_opened_wechat_for_days_is_passed_over(tmp_path: Path) -> None:
    """His card waits for him and somebody else is told; nobody reads that the reporter could not be."""
    on_wechat = DIRECTORY.replace("李格长, telegram: 2001", "李格长, wecom_kf: wmLI")
    async with lived_in(tmp_path, on_wechat) as house:
        await house.kf.says("wmLI", "您好", to=ACCOUNT)
        await house.until(
            lambda: house.count(identities, identities.c.reachable, identities.c.user == "wmLI")
        )
        await house.later(hours=49)
        await house.kf.says("wmWANG", "5号楼楼道灯不亮了", to=ACCOUNT)
        await house.until(lambda: any("记下了" in text for text in house.kf.said("wmWANG")))
        await house.later(seconds=40)
        await house.until(lambda: house.count(outbox, outbox.c.state == "parked"))
        boss = house.people["周书记"]
        await house.until(lambda: any("5号楼" in text for text in house.telegram.said(boss)))
        said = [text for person in house.people.values() for text in house.telegram.said(person)]
        assert not any("微信不让我再发" in text for text in said)
        await house.kf.says("wmLI", "在", to=ACCOUNT)
        await house.until(lambda: any("5号楼" in text for text in house.kf.said("wmLI")))


@pytest.mark.asyncio
async def test_a_message_that_did_not_arrive_after_all_waits_too(tmp_path: Path) -> None:
    async with lived_in(tmp_path) as house:
        await reported(house)
        first = house.kf.messages("wmWANG")[0]["msgid"]
        await house.kf.fails("wmWANG", first, 4, to=ACCOUNT)
        await house.until(lambda: house.count(outbox, outbox.c.state == "parked") == 1)
        await house.kf.says("wmWANG", "在吗", to=ACCOUNT)
        await house.until(lambda: not house.count(outbox, outbox.c.state == "parked"))
        await house.until(lambda: len(house.kf.said("wmWANG")) > 1)
        await house.rests()
        await house.kf.fails("wmWANG", house.kf.messages("wmWANG")[-1]["msgid"], 10, to=ACCOUNT)
        blocked = chats.c.chat == f"{ACCOUNT}/wmWANG"
        await house.until(lambda: house.value(chats.c.active, blocked) is False)
        await house.kf.says("wmWANG", "我报的到哪了", to=ACCOUNT)
        await house.until(lambda: house.value(chats.c.active, blocked))


@pytest.mark.asyncio
async def test_an_account_nobody_bound_is_not_listened_to(tmp_path: Path) -> None:
    async with lived_in(tmp_path) as house:
        house.kf.account("wkELSE")
        await house.kf.says("wmELSE", "5号楼楼道灯不亮了", to="wkELSE")
        await house.kf.says("wmWANG", "1号楼楼道灯不亮了", to=ACCOUNT)
        await house.until(lambda: house.kf.said("wmWANG"))
        assert house.kf.statuses == [200, 200] and house.count(cases) == 1
        assert house.count(chats, chats.c.chat.contains("wmELSE")) == 0


@pytest.mark.asyncio
async def test_a_token_that_is_over_loses_nothing(tmp_path: Path) -> None:
    async with lived_in(tmp_path) as house:
        house.wecom.expire_tokens()
        await house.kf.says("wmWANG", "5号楼楼道灯不亮了", to=ACCOUNT)
        await house.until(lambda: any("记下了" in text for text in house.kf.said("wmWANG")))
        assert house.count(cases) == 1


@pytest.mark.asyncio
async def test_what_is_no_words_is_kept_and_passed_over(tmp_path: Path) -> None:
    async with lived_in(tmp_path) as house:
        for kind, part in (
            ("video", {"media_id": "m1"}),
            ("hologram", {"depth": 3}),
            ("business_card", {"userid": "x"}),
        ):
            await house.kf.sends("wmWANG", kind, part, to=ACCOUNT)
        await house.kf.event("wmWANG", ACCOUNT, {"event_type": "session_status_change", "change_type": 1})
        await house.until(
            lambda: house.count(inbox, inbox.c.platform == "wecom_kf", inbox.c.state == "done") == 4
        )
        assert house.kf.said("wmWANG") == [] and house.count(cases) == 0

        await house.kf.sends("wmWANG", "voice", {"media_id": "v1"}, to=ACCOUNT)
        await house.until(lambda: any("打字" in text for text in house.kf.said("wmWANG")))


@pytest.mark.asyncio
async def test_what_is_taken_back_is_withdrawn(tmp_path: Path) -> None:
    async with lived_in(tmp_path) as house:
        msgid = await house.kf.says("wmWANG", "5号楼楼道灯不亮了", to=ACCOUNT)
        await house.until(lambda: house.count(cases) == 1)
        await house.kf.recalls("wmWANG", msgid, to=ACCOUNT)
        await house.until(lambda: house.value(cases.c.state) == "withdrawn")
