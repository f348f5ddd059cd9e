"""The loop that asks Telegram, against the strict fake: nothing is confirmed before it is kept."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from collections.abc import AsyncIterator, Sequence

import pytest
import pytest_asyncio

from gridbot.channels.telegram_in import (
    ALLOWED_UPDATES,
    Poller,
    TelegramRefusedError,
    TelegramUnreachableError,
    delete_webhook,
    get_identity,
    set_webhook,
)
from gridbot.messages import IncomingKind, Kept
from tests.fakes.bot_api import FakeBotApi
from tests.fakes.telegram_world import Person, Room

pytestmark = pytest.mark.asyncio


class Inbox:
    """What app hands to the channel: keeps each update once, or breaks."""

    def __init__(self) -> None:
        self.kept: dict[str, Kept] = {}
        self.batches: list[list[str]] = []
        self.breaks = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def accept(self, batch: Sequence[Kept]) -> None:
        self.batches.append([kept.update_id for kept in batch])
        await self.gate.wait()
        if self.breaks:
            self.breaks -= 1
            raise OSError("disk full")
        self.kept.update({kept.update_id: kept for kept in batch})

    def texts(self) -> list[str]:
        return [kept.incoming.text for kept in self.kept.values() if kept.incoming]


class Scene:
    def __init__(self, fake: FakeBotApi) -> None:
        self.fake = fake
        self.inbox = Inbox()
        self.stop = asyncio.Event()
        self.wang: Person = fake.add_user(1001, "王阿姨")
        self.group: Room = fake.add_group(-1001, "一网格居民群", [self.wang])
        fake.world.updates.clear()
        self.poller = self.make()
        self.task: asyncio.Task[None] | None = None

    def make(self, token: str = "") -> Poller:
        return Poller(
            token or self.fake.token,
            accept=self.inbox.accept,
            stop=self.stop,
            api=self.fake.url,
            poll_seconds=5,
            longest_pause=0.05,
        )

    def run(self) -> None:
        self.task = asyncio.create_task(self.poller.run())

    async def end(self) -> float:
        began = time.monotonic()
        self.stop.set()
        if self.task:
            await self.task
        return time.monotonic() - began


@pytest_asyncio.fixture
async def scene() -> AsyncIterator[Scene]:
    async with FakeBotApi() as fake:
        made = Scene(fake)
        yield made
        await made.end()


async def test_an_update_is_confirmed_only_after_it_is_kept(scene: Scene) -> None:
    scene.inbox.gate.clear()
    scene.fake.user_says(scene.group, scene.wang, "三栋漏水")
    number = scene.fake.world.next_update
    scene.run()
    await scene.fake.until(lambda: scene.inbox.batches)
    await asyncio.sleep(0.05)
    assert not scene.fake.confirmed(number)
    scene.inbox.gate.set()
    await scene.fake.until(lambda: scene.fake.confirmed(number))
    assert scene.inbox.texts() == ["三栋漏水"]
    kept = scene.inbox.kept[str(number)]
    assert (kept.platform, kept.bot) == ("telegram", "4242")
    assert json.loads(kept.raw)["message"]["text"] == "三栋漏水" and "三栋".encode() in kept.raw


async def test_what_could_not_be_stored_comes_again(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    scene.inbox.breaks = 3
    scene.fake.user_says(scene.group, scene.wang, "三栋漏水")
    number = str(scene.fake.world.next_update)
    scene.run()
    await scene.fake.until(lambda: scene.inbox.texts() == ["三栋漏水"])
    assert scene.inbox.batches == [[number]] * 4
    assert "could not be stored (OSError)" in caplog.text


async def test_one_update_nobody_can_decode_does_not_hide_its_neighbours(scene: Scene) -> None:
    scene.fake.user_says(scene.group, scene.wang, "一")
    broken = scene.fake.raw_update(message={"message_id": "x", "text": ["?"]})
    scene.fake.raw_update(neighbour_signal={"strength": 3})
    half = {"message_id": 5, "date": 1, "chat": {"id": -1001, "type": "group"}, "text": "半个\ud83d"}
    scene.fake.raw_update(message=half)
    scene.fake.user_says(scene.group, scene.wang, "二")
    scene.run()
    await scene.fake.until(lambda: len(scene.inbox.kept) == 5)
    assert scene.inbox.texts() == ["一", "", "半个\ufffd", "二"]
    kept = scene.inbox.kept[str(broken)]
    assert kept.incoming is None and json.loads(kept.raw)["message"]["text"] == ["?"]
    await scene.fake.until(lambda: not scene.fake.world.updates)


async def test_it_names_what_it_wants_to_hear_every_time(scene: Scene) -> None:
    scene.fake.promotes(scene.group)
    scene.run()
    await scene.fake.until(lambda: len(scene.inbox.kept) == 1)
    said = scene.fake.user_says(scene.group, scene.wang, "三栋漏水")
    scene.fake.user_reacts(scene.wang, said, "👍")
    await scene.fake.until(lambda: len(scene.inbox.kept) == 3)
    assert [kept.incoming.kind for kept in scene.inbox.kept.values() if kept.incoming] == [
        IncomingKind.JOINED,
        IncomingKind.MESSAGE,
        IncomingKind.REACTION,
    ]
    asked = [given for name, given in scene.fake.requests if name == "getUpdates"]
    assert all(given["allowed_updates"] == list(ALLOWED_UPDATES) for given in asked)
    assert scene.fake.refusals == []


async def test_ids_that_begin_anew_are_not_skipped(scene: Scene) -> None:
    """Documented: after a week without updates the next id is random."""
    scene.poller = Poller(
        scene.fake.token, accept=scene.inbox.accept, stop=scene.stop, api=scene.fake.url, poll_seconds=1
    )
    scene.fake.user_says(scene.group, scene.wang, "一")
    scene.run()
    await scene.fake.until(lambda: scene.inbox.texts() == ["一"])
    await scene.fake.until(lambda: "offset" not in scene.fake.requests[-1][1])
    scene.fake.world.next_update = 7
    scene.fake.user_says(scene.group, scene.wang, "二")
    await scene.fake.until(lambda: scene.inbox.texts() == ["一", "二"])


async def test_a_second_poller_is_named_in_one_sentence(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.run()
    await scene.fake.until(lambda: scene.poller.state == "listening")
    other = asyncio.create_task(scene.make().run())
    await scene.fake.until(lambda: "Another process is polling Telegram" in caplog.text)
    other.cancel()
    await asyncio.gather(other, return_exceptions=True)
    scene.fake.user_says(scene.group, scene.wang, "三栋漏水")
    await scene.fake.until(lambda: scene.inbox.texts() == ["三栋漏水"])


async def test_a_webhook_left_behind_is_removed(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    await set_webhook(scene.fake.token, "http://127.0.0.1:9/x", "s3cret", api=scene.fake.url)
    scene.fake.user_says(scene.group, scene.wang, "三栋漏水")
    scene.run()
    await scene.fake.until(lambda: scene.inbox.texts() == ["三栋漏水"])
    assert "it is removed, because polling is on" in caplog.text


@pytest.mark.parametrize("fault", [{"code": 502}, {"how": "reset"}, {"how": "half"}, {"retry_after": 1}])
async def test_trouble_on_the_line_loses_nothing(scene: Scene, fault: dict[str, object]) -> None:
    scene.fake.fail("getUpdates", times=1 if "retry_after" in fault else 2, done=True, **fault)
    scene.fake.user_says(scene.group, scene.wang, "三栋漏水")
    scene.run()
    await scene.fake.until(lambda: scene.inbox.texts() == ["三栋漏水"])
    await scene.fake.until(lambda: scene.poller.state == "listening")


async def test_a_wrong_token_ends_it_with_one_sentence(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = "4242:WRONG-token_nobody_may_see"
    with pytest.raises(TelegramRefusedError) as refused:
        await scene.make(wrong).run()
    with pytest.raises(TelegramRefusedError) as asked:
        await get_identity(wrong, scene.fake.url)
    with pytest.raises(TelegramRefusedError) as misspelt:
        await get_identity("no token at all", scene.fake.url)
    assert "does not accept this bot token" in str(asked.value) == str(refused.value)
    for text in (str(misspelt.value), repr(asked.value), repr(scene.make(wrong)), caplog.text):
        assert "WRONG" not in text and "no token at all" not in text


async def test_identity(scene: Scene) -> None:
    bot = await get_identity(scene.fake.token, scene.fake.url)
    assert (bot.id, bot.username, bot.reads_all) == ("4242", "gridbot", True)
    with pytest.raises(TelegramUnreachableError) as error:
        await get_identity(scene.fake.token, "http://127.0.0.1:1")
    with pytest.raises(TelegramUnreachableError):
        await get_identity(scene.fake.token, scene.fake.url, proxy="socks5://127.0.0.1:1")
    assert scene.fake.token not in str(error.value)


async def test_it_stops_within_a_second(scene: Scene) -> None:
    scene.run()
    await scene.fake.until(lambda: scene.poller.state == "listening")
    assert await scene.end() < 1
    assert scene.poller.state == "stopped"


async def test_it_stops_within_a_second_while_the_store_hangs(scene: Scene) -> None:
    scene.inbox.gate.clear()
    scene.fake.user_says(scene.group, scene.wang, "三栋漏水")
    number = scene.fake.world.next_update
    scene.run()
    await scene.fake.until(lambda: scene.inbox.batches)
    assert await scene.end() < 1.2
    assert not scene.fake.confirmed(number), "it comes again after the restart"


async def test_delete_webhook_keeps_what_waits(scene: Scene) -> None:
    await set_webhook(scene.fake.token, "http://127.0.0.1:9/x", "s3cret", api=scene.fake.url)
    scene.fake.user_says(scene.group, scene.wang, "三栋漏水")
    await delete_webhook(scene.fake.token, api=scene.fake.url)
    assert scene.fake.world.webhook == {} and len(scene.fake.world.updates) == 1
    with pytest.raises(ValueError, match="1 to 256"):
        await set_webhook(scene.fake.token, "https://x", "密", api=scene.fake.url)


async def test_aiogram_is_imported_only_when_it_hears() -> None:
    """It costs seconds and much memory: a process that only speaks, or only looks, must not pay."""
    both = "gridbot.channels.telegram_in, gridbot.channels.telegram_out"
    code = f"import sys, {both}; sys.exit('aiogram' in sys.modules)"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
    assert await process.wait() == 0
