"""The fake WeCom against a client that nobody here wrote: what both take for the protocol is the protocol.

wecom-aibot-sdk (PyPI) does the same things as our channel, over the same socket; then both meet on it.
"""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest
from wecom_aibot_sdk import WSClient
from wecom_aibot_sdk.crypto import decrypt_file

from gridbot.channels._wecom.media import fetch
from gridbot.channels.wecom_aibot import WecomAibot
from tests.channels.test_wecom_aibot import BOT, GROUP, SECRET, Clock, Inbox
from tests.channels.test_wecom_media import JPEG
from tests.fakes.wecom_server import FakeWecom

CARD = {
    "card_type": "button_interaction",
    "main_title": {"title": "5号楼楼道灯(12)"},
    "task_id": "peer-12",
    "button_list": [{"text": "我去看", "style": 1, "key": "take:12"}],
}


class Silent:
    def debug(self, *_: Any) -> None: ...

    info = warn = error = debug


class Peer:
    def __init__(self, fake: FakeWecom, secret: str = SECRET) -> None:
        self.client = WSClient(BOT, secret, ws_url=fake.socket, logger=Silent(), max_reconnect_attempts=0)
        self.heard: dict[str, list[Any]] = {}
        for event in ("authenticated", "message", "event", "error", "event.disconnected_event"):
            self.client.on(event, lambda *given, name=event: self.heard.setdefault(name, []).append(given))

    async def __aenter__(self) -> Peer:
        await self.client.connect()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.disconnect()
        await asyncio.sleep(0.05)  # its tasks end after it says it has


@pytest.mark.asyncio
async def test_a_client_of_somebody_else_lives_with_the_fake() -> None:
    async with FakeWecom() as fake:
        fake.bot(BOT, SECRET)
        async with Peer(fake) as peer:
            await fake.until(lambda: "authenticated" in peer.heard)
            await fake.says("wang", "@网格助手 灯坏了", group=GROUP)
            await fake.until(lambda: "message" in peer.heard)
            frame = peer.heard["message"][0][0]
            await peer.client.reply_stream(frame, "S1", "记下了(12)。", finish=True)
            await peer.client.reply_template_card(frame, CARD)
            await fake.presses("wang", GROUP, "我去看")
            await fake.until(lambda: "event" in peer.heard)
            update = {**CARD, "main_title": {"title": "12 您在办"}}
            await peer.client.update_template_card(peer.heard["event"][0][0], update)
            await fake.enters("li")
            await fake.until(lambda: len(peer.heard["event"]) == 2)
            welcome = {"msgtype": "text", "text": {"content": "您好"}}
            await peer.client.reply_welcome(peer.heard["event"][1][0], welcome)
            await peer.client.send_message("li", {"msgtype": "markdown", "markdown": {"content": "**12**"}})
            media = await peer.client.upload_media(b"x" * 700_000, type="image", filename="a.png")
            await peer.client.send_media_message("li", "image", media["media_id"])
        assert fake.refusals == []
        assert [message["how"] for message in fake.messages("li")] == ["welcome", "push", "push"]
        assert fake.updates[0]["main_title"]["title"] == "12 您在办"


@pytest.mark.asyncio
async def test_it_is_refused_as_ours_is() -> None:
    async with FakeWecom() as fake:
        fake.bot(BOT, SECRET)
        async with Peer(fake) as peer:
            await fake.until(lambda: "authenticated" in peer.heard)
            with pytest.raises(Exception, match="93006"):
                markdown = {"msgtype": "markdown", "markdown": {"content": "x"}}
                await peer.client.send_message("nobody", markdown)


@pytest.mark.asyncio
async def test_whoever_connects_last_has_the_bot() -> None:
    """The peer takes over from ours: ours stops. Ours takes over from the peer: the peer is told."""
    async with FakeWecom() as fake:
        fake.bot(BOT, SECRET)
        inbox, stop = Inbox(), asyncio.Event()
        ours = WecomAibot(BOT, SECRET, accept=inbox.accept, url=fake.socket, clock=Clock())
        running = asyncio.create_task(ours.run(stop))
        await fake.until(lambda: ours.line.state == "connected")
        async with Peer(fake) as peer:
            await fake.until(lambda: ours.line.state == "kicked")
            await running
            again = asyncio.create_task(ours.run(stop))
            await fake.until(lambda: "event.disconnected_event" in peer.heard)
        await fake.until(lambda: ours.line.state == "connected")
        stop.set()
        await again


@pytest.mark.asyncio
async def test_pictures_are_deciphered_alike() -> None:
    async with FakeWecom() as fake, aiohttp.ClientSession() as session:
        picture = fake.picture(JPEG)
        ours = await fetch(session, picture["url"], aeskey=picture["aeskey"], base=fake.url)
        assert ours == decrypt_file(next(iter(fake.pictures.values())), picture["aeskey"]) == JPEG
