"""One story on every channel, and across them: who reports on one is told there, whoever leads on another.

The house has Telegram, the 智能机器人, 微信客服 and the simulator open. What differs is what one cannot do:
where there is no reaction a line stands for it, where there are no buttons of its own a menu does.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest
import sqlalchemy as sa
import yaml
from starlette.applications import Starlette

from gridbot import app as composition
from gridbot.app_wechat import CALLBACK
from gridbot.channels.simulator import Simulator
from gridbot.grid.directory_yaml import read_yaml
from gridbot.grid.importing import import_directory
from gridbot.messages import Actor
from gridbot.store import upkeep
from gridbot.store.db import Database
from gridbot.store.tables import cases, identities, outbox
from tests.fakes.bot_api import FakeBotApi
from tests.fakes.wecom_kf import FakeKf
from tests.fakes.wecom_server import FakeWecom
from tests.test_whole_kf import settings_for
from tests.test_whole_telegram import MORNING, Clock
from tests.test_whole_telegram import TOKEN as TELEGRAM
from tests.test_whole_wecom import BOT, SECRET

ACCOUNT, GROUP = "wkQINGXIU", "wrkRESIDENTS"
STORY = yaml.safe_load((Path(__file__).parent / "fixtures/stories/lamp.yaml").read_text("utf-8"))
LEADER = {"telegram": "2001", "wecom_aibot": "li", "wecom_kf": "wmLI", "simulator": "2001"}
REAL = ("telegram", "wecom_aibot", "wecom_kf")
PAIRS = [*((reports, leads) for reports in REAL for leads in REAL), ("simulator", "simulator")]
DIRECTORY = f"""
community: 青秀佳苑社区
timezone: Asia/Shanghai
expect: {{二级网格: 1, 三级网格: 1}}
grids:
  - name: 青秀佳苑
    level: 二级网格
    children:
      - name: 一网格
        level: 三级网格
        places: [1号楼, 5号楼, 小广场]
        leaders: [{{name: 李格长, LEADER}}]
groups:
  - {{name: 网格客服, grid: 青秀佳苑, wecom_kf: {ACCOUNT}}}
  - {{name: 一网格居民群, grid: 青秀佳苑/一网格, telegram: -1001, simulator: -1001, wecom_aibot: {GROUP}}}
"""


class Person(Protocol):
    """Somebody on one channel."""

    def opens(self) -> Awaitable[None]: ...
    def says(self, text: str) -> Awaitable[None]: ...
    def presses(self, choice: str) -> Awaitable[None]: ...
    def heard(self) -> list[str]: ...


class OnTelegram:
    def __init__(self, house: House, user: int, chat: int) -> None:
        self._fake, self._user, self._chat, self._first = house.telegram, user, chat, 0

    async def opens(self) -> None:
        if self._user == self._chat:
            self._fake.starts(self._user)

    async def says(self, text: str) -> None:
        sent = self._fake.user_says(self._chat, self._user, text)
        self._first = self._first or sent["message_id"]

    async def presses(self, choice: str) -> None:
        messages = [one for one in self._fake.messages(self._chat) if choice in self._fake.buttons(one)]
        self._fake.presses(self._user, messages[-1], choice)

    def heard(self) -> list[str]:
        return [*self._fake.said(self._chat), *self._fake.reactions(self._chat).get(self._first, [])]


class OnAibot:
    def __init__(self, house: House, user: str, group: str) -> None:
        self._fake, self._user, self._group = house.wecom, user, group

    async def opens(self) -> None:
        await self._fake.enters(self._user)

    async def says(self, text: str) -> None:
        if self._group:
            await self._fake.says(self._user, f"@网格助手 {text}", group=self._group)
        else:
            await self._fake.says(self._user, text)

    async def presses(self, choice: str) -> None:
        await self._fake.presses(self._user, self._group or self._user, choice)

    def heard(self) -> list[str]:
        return self._fake.said(self._group or self._user)


class OnKf:
    def __init__(self, house: House, user: str) -> None:
        self._kf, self._user = house.kf, user

    async def opens(self) -> None:
        """A leader says a word first: before that nothing may be said to him."""
        await self._kf.enters(self._user, ACCOUNT)
        await self._kf.says(self._user, "您好", to=ACCOUNT)

    async def says(self, text: str) -> None:
        await self._kf.says(self._user, text, to=ACCOUNT)

    async def presses(self, choice: str) -> None:
        await self._kf.presses(self._user, choice, to=ACCOUNT)

    def heard(self) -> list[str]:
        return self._kf.said(self._user)


class OnSimulator:
    def __init__(self, house: House, user: str, chat: str) -> None:
        self._simulator, self._user, self._chat = house.simulator, user, chat

    async def opens(self) -> None:
        """The scene is set by itself."""

    async def says(self, text: str) -> None:
        await self._simulator.say(self._user, self._chat, text)

    async def presses(self, choice: str) -> None:
        found = [
            (one["id"], button["token"])
            for one in self._messages()
            for row in one["buttons"]
            for button in row
            if button["text"] == choice
        ]
        await self._simulator.press(self._user, self._chat, *found[-1])

    def heard(self) -> list[str]:
        messages = self._messages()
        reactions = [emoji for one in messages for emoji in one["reactions"].values()]
        return [*(one["text"] for one in messages if one["sender"] == "bot"), *reactions]

    def _messages(self) -> list[Any]:
        chats = self._simulator.state()["chats"]
        return next(list(one["messages"]) for one in chats if one["id"] == self._chat)


class House:
    simulator: Simulator

    def __init__(self, wecom: FakeWecom, kf: FakeKf, telegram: FakeBotApi, clock: Clock, app: Any) -> None:
        self.wecom, self.kf, self.telegram, self.clock, self.app = wecom, kf, telegram, clock, app

    def resident(self, channel: str) -> Person:
        match channel:
            case "telegram":
                return OnTelegram(self, 1001, -1001)
            case "wecom_aibot":
                return OnAibot(self, "wang", GROUP)
            case "simulator":
                return OnSimulator(self, "1001", "-1001")
        return OnKf(self, "wmWANG")

    def leader(self, channel: str) -> Person:
        match channel:
            case "telegram":
                return OnTelegram(self, 2001, 2001)
            case "wecom_aibot":
                return OnAibot(self, "li", "")
            case "simulator":
                return OnSimulator(self, "2001", "2001")
        return OnKf(self, "wmLI")

    async def until(self, condition: Any) -> None:
        await self.wecom.until(condition)

    async def passes(self, seconds: float) -> None:
        await self.until(lambda: not self._one(sa.func.count(), outbox.c.state == "claimed"))
        self.clock.forward(seconds=seconds)

    def state(self) -> Any:
        return self._one(cases.c.state, cases.c.id.is_not(None))

    def reachable(self) -> bool:
        return bool(self._one(sa.func.count(), identities.c.reachable.is_(True)))

    def _one(self, column: Any, *which: Any) -> Any:
        with self.app.database.read() as db:
            return db.execute(sa.select(column).where(*which)).scalar()


@asynccontextmanager
async def lived_in(tmp_path: Path, leader: str) -> AsyncIterator[House]:
    clock = Clock(MORNING)
    async with FakeWecom() as wecom, FakeBotApi(TELEGRAM) as telegram:
        kf = FakeKf(wecom, now=clock)
        kf.account(ACCOUNT)
        wecom.bot(BOT, SECRET)
        settings = settings_for(f"sqlite:///{tmp_path / 'story.db'}", wecom, telegram.url, tmp_path)
        settings = settings.model_copy(
            update={
                "wecom_aibot": BOT,
                "wecom_aibot_secret": type(settings.wecom_aibot_secret)(SECRET),
                "wecom_aibot_name": "网格助手",
                "wecom_socket": wecom.socket,
            }
        )
        upkeep.upgrade(settings.database, copy=False)
        database = Database(settings.database)
        directory = read_yaml(DIRECTORY.replace("LEADER", f"{leader}: {LEADER[leader]}"))
        database.write(lambda db: import_directory(db, directory, actor=Actor.system(), now=clock()))
        database.close()
        wang, li = telegram.add_user(1001, "王阿姨"), telegram.add_user(2001, "李格长")
        telegram.add_group(-1001, "一网格居民群", [wang, li])
        async with composition.opened(settings, now=clock) as app:
            web = httpx.ASGITransport(app=Starlette(routes=app.routes))
            async with httpx.AsyncClient(transport=web, base_url="http://gridbot") as client:

                async def ring(query: dict[str, str], body: bytes) -> int:
                    return (await client.post(CALLBACK, params=query, content=body)).status_code

                kf.ring = ring
                house = House(wecom, kf, telegram, clock, app)
                house.simulator = await _simulated(app, clock)
                running = asyncio.create_task(app.run())
                try:
                    await wecom.until(wecom.connected)
                    yield house
                finally:
                    app.stop.set()
                    await asyncio.wait_for(running, 10)


async def _simulated(app: composition.App, clock: Clock) -> Simulator:
    """Beside the real channels, which only a test may do."""
    simulator = Simulator(accept=app.intake.accept, now=clock)
    await app.adopts(simulator.platform, simulator.bot)
    app.speaks(simulator, platform=simulator.platform, bot=simulator.bot)
    app.closing.append(simulator.close)

    async def begin(stop: asyncio.Event) -> None:
        await simulator.start()
        await stop.wait()

    app.parts["simulator"] = begin
    return simulator


@pytest.mark.asyncio
@pytest.mark.parametrize(("reports", "leads"), PAIRS)
async def test_the_same_story(tmp_path: Path, reports: str, leads: str) -> None:
    async with lived_in(tmp_path, leads) as house:
        people = {"resident": house.resident(reports), "leader": house.leader(leads)}
        await people["leader"].opens()
        await house.until(house.reachable)
        for step in STORY:
            person = people.get(step.get("who", ""))
            if person and "says" in step:
                await person.says(step["says"])
            if person and "presses" in step:
                await person.presses(step["presses"])
            if person and "hears" in step:
                words = step["hears"].split("|")
                await house.until(
                    lambda p=person, w=words: any(one in said for said in p.heard() for one in w)
                )
            if "case" in step:
                await house.until(lambda wanted=step["case"]: house.state() == wanted)
            if "passes" in step:
                await house.passes(step["passes"])
        assert house.wecom.refusals == [] and house.telegram.refusals == []
        with house.app.database.read() as db:
            lost = sa.select(sa.func.count()).where(outbox.c.state.in_(("failed", "parked")))
            assert db.execute(lost).scalar() == 0
