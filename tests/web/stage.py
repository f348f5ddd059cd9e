"""The simulator's page with nobody behind it: a bot that only listens, and says what the test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from gridbot.channels.simulator import Simulator
from gridbot.messages import (
    ChatKind,
    Delivery,
    Incoming,
    IncomingKind,
    Kept,
    Outgoing,
    OutKind,
    SendResult,
    Urgency,
)
from gridbot.web.server import Server, build
from gridbot.web.simulator import simulator_routes

GROUP, LEADERS, WANG, ZHOU, LI, SECRETARY = "-1001", "-1002", "1001", "1002", "2001", "3001"


class Stage:
    def __init__(self, path: Path) -> None:
        self.heard: list[Incoming] = []
        self._news = asyncio.Condition()
        self._rows = 0
        self.simulator = Simulator(accept=self._accept, path=path)

    async def _accept(self, kept: Sequence[Kept]) -> None:
        async with self._news:
            self.heard += [one.incoming for one in kept if one.incoming is not None]
            self._news.notify_all()

    @asynccontextmanager
    async def open(self, port: int = 0) -> AsyncIterator[Stage]:
        await self.simulator.start()
        app = build(
            simulator_routes(self.simulator, community="青秀佳苑社区"),
            health=lambda: (True, {}),
            registry=CollectorRegistry(),
        )
        server, stop = Server(app), asyncio.Event()
        serving = asyncio.create_task(server.serve("127.0.0.1", port, stop))
        await server.ready.wait()
        self.port = server.port
        self.url = f"http://127.0.0.1:{server.port}"
        try:
            yield self
        finally:
            stop.set()
            async with asyncio.timeout(4):  # a page is open all the while
                await serving
            await self.simulator.close()

    async def hears(self, kind: IncomingKind) -> Incoming:
        """Waits until the last thing heard is of this kind."""
        async with asyncio.timeout(8), self._news:
            await self._news.wait_for(lambda: bool(self.heard) and self.heard[-1].kind is kind)
        return self.heard[-1]

    async def bot(
        self, chat: str, text: str = "", *, kind: OutKind = OutKind.SEND, edits: str = "", **more: Any
    ) -> SendResult:
        """The bot says something."""
        self._rows += 1
        chat_kind = ChatKind.GROUP if chat.startswith("-") else ChatKind.PRIVATE
        payload = Outgoing(text=text, **more)
        delivery = Delivery(self._rows, kind, Urgency.NOTICE, chat, chat_kind, payload, edits)
        return await self.simulator.send(delivery)

    async def says(self, who: str, chat: str, text: str) -> str:
        return await self.simulator.say(who, chat, text)
