"""The 智能机器人's long connection: subscribes, answers for its life, connects anew, carries questions.

The receive loop only reads: an acknowledgement goes to whoever waits for it, everything else to `heard`,
which must not wait for anything. What is asked is told its errcode, or that there was none.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import logging
import random
import secrets
import time
from collections.abc import Callable
from typing import Any

import aiohttp

from gridbot.channels._wecom.aibot_read import EVENT, MESSAGE, event_of, frame_of
from gridbot.channels._wecom.api import code_of, open_session

PUBLIC_SOCKET = "wss://openws.work.weixin.qq.com"
ACK = 5.0  #: seconds in which the platform acknowledges
BEAT = 30.0  #: seconds between pings; two unanswered ones, and the line is taken for dead
REFUSED_AGAIN = 600.0  #: seconds until wrong credentials are tried again: subscribing is guarded
LONGEST = 30.0
MOST_BYTES = 4 * 1024 * 1024  #: of a frame
_WRONG = (93019, 853000, 40001, 40013)
_log = logging.getLogger(__name__)

Heard = Callable[[bytes, dict[str, Any] | None], None]
"""A callback as it came, and as JSON; None: it is none."""


class NotConnectedError(Exception):
    """Nothing was sent."""


class NoAckError(Exception):
    """Sent, and not acknowledged: nobody can tell what became of it."""


class Line:
    """One connection of one bot. `state`: starting, connected, unreachable, refused, kicked or stopped."""

    def __init__(
        self,
        bot: str,
        secret: str,
        *,
        heard: Heard,
        url: str = PUBLIC_SOCKET,
        proxy: str | None = None,
        ack: float = ACK,
        beat: float = BEAT,
        longest: float = LONGEST,
    ) -> None:
        self.state = "starting"
        self.up = asyncio.Event()  #: set while connected
        self.refused = asyncio.Event()  #: id or secret are wrong: somebody has to be told
        self._bot, self._secret, self._url, self._proxy = bot, secret, url, proxy
        self._heard, self._ack, self._beat, self._longest = heard, ack, beat, longest
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._numbers = itertools.count(1)
        self._failures = 0
        self._kicked = False

    def __repr__(self) -> str:
        return f"Line({self._bot}, {self.state})"

    async def run(self, stop: asyncio.Event) -> None:
        """Stays connected until `stop`, or until another connection of the bot has taken over."""
        self._kicked = False
        session = open_session(self._proxy, aiohttp.ClientTimeout(total=None, connect=10.0))
        try:
            while not (stop.is_set() or self._kicked):
                pause = await self._once(session, stop)
                if not self._kicked:
                    await _pause(stop, pause)
        finally:
            self.state = "kicked" if self._kicked else "stopped"
            await session.close()

    async def ask(self, cmd: str, body: dict[str, Any], req_id: str = "") -> tuple[int, dict[str, Any]]:
        """(errcode, the whole answer). `req_id`: of the callback that is answered. Raises NotConnectedError,
        NoAckError."""
        if self.state != "connected":
            raise NotConnectedError
        return await self._ask(cmd, body, req_id)

    async def hang_up(self) -> None:
        """Connects anew: the platform no longer knows this connection."""
        if self._socket is not None:
            await self._socket.close()

    # --- one connection --------------------------------------------------------------------------

    async def _once(self, session: aiohttp.ClientSession, stop: asyncio.Event) -> float:
        """From connecting to the end of the connection; returns how long to wait before the next one."""
        try:
            async with session.ws_connect(self._url, max_msg_size=MOST_BYTES, autoping=True) as socket:
                self._socket = socket
                reading = asyncio.create_task(self._read(socket))
                try:
                    return await self._hold(reading, stop)
                finally:
                    self._socket = None
                    self.up.clear()
                    if not self._kicked and self.state == "connected":
                        self.state = "unreachable"
                    reading.cancel()
                    await asyncio.gather(reading, return_exceptions=True)
                    self._nobody_answers()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            self.state = "unreachable"
            wait = self._back_off()
            _log.warning("WeCom cannot be reached (%s); trying again in %.0f s", type(error).__name__, wait)
            return wait

    async def _hold(self, reading: asyncio.Task[None], stop: asyncio.Event) -> float:
        try:
            code, _ = await self._ask("aibot_subscribe", {"bot_id": self._bot, "secret": self._secret})
        except (NoAckError, NotConnectedError):
            self.state = "unreachable"
            return self._back_off()
        if code:
            return self._refused(code)
        self.state, self._failures = "connected", 0
        self.up.set()
        stopping = asyncio.create_task(stop.wait())
        beating = asyncio.create_task(self._keep_alive())
        try:
            await asyncio.wait({reading, stopping, beating}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (stopping, beating):
                task.cancel()
            await asyncio.gather(stopping, beating, return_exceptions=True)
        return self._back_off()

    def _refused(self, code: int) -> float:
        if code in _WRONG:
            self.state = "refused"
            self.refused.set()
            _log.error("WeCom does not take the bot's id or secret (errcode %s)", code)
            return REFUSED_AGAIN * random.uniform(1.0, 1.2)
        self.state = "unreachable"
        wait = self._back_off() + (60.0 if code == 45009 else 0.0)
        _log.warning("WeCom refuses the connection (errcode %s); trying again in %.0f s", code, wait)
        return wait

    async def _keep_alive(self) -> None:
        """Ends when two pings in a row were not answered."""
        missed = 0
        while missed < 2:
            await asyncio.sleep(self._beat)
            try:
                code, _ = await self._ask("ping", {})
            except NotConnectedError:
                return
            except NoAckError:
                code = -1
            missed = missed + 1 if code else 0

    def _back_off(self) -> float:
        self._failures += 1
        return min(self._longest, 0.5 * 2.0 ** min(self._failures, 10)) * random.uniform(0.5, 1.0)

    # --- frames ----------------------------------------------------------------------------------

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                raw = message.data.encode("utf-8", "replace")
            elif message.type is aiohttp.WSMsgType.BINARY:
                raw = message.data
            else:
                continue
            frame = frame_of(raw)
            if frame is not None and "cmd" not in frame:
                self._acknowledged(frame)
            elif frame is not None and event_of(frame) == "disconnected_event":
                self._kicked, self.state = True, "kicked"
                _log.error("Another connection has taken over this WeCom bot: this one stops")
                return
            elif frame is None or frame.get("cmd") in (MESSAGE, EVENT):
                self._heard(raw, frame)

    def _acknowledged(self, frame: dict[str, Any]) -> None:
        headers = frame.get("headers")
        req_id = headers.get("req_id") if isinstance(headers, dict) else None
        waiting = self._waiting.get(req_id) if isinstance(req_id, str) else None
        if waiting is not None and not waiting.done():
            waiting.set_result(frame)

    async def _ask(self, cmd: str, body: dict[str, Any], req_id: str = "") -> tuple[int, dict[str, Any]]:
        req_id = req_id or f"{cmd}_{int(time.time() * 1000)}_{secrets.token_hex(4)}_{next(self._numbers)}"
        while (earlier := self._waiting.get(req_id)) is not None:  # answers are told apart by it
            await asyncio.wait([earlier])
        socket = self._socket
        if socket is None or socket.closed:
            raise NotConnectedError
        answered: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[req_id] = answered
        frame: dict[str, Any] = {"cmd": cmd, "headers": {"req_id": req_id}}
        if body:
            frame["body"] = body
        try:
            await socket.send_str(json.dumps(frame, ensure_ascii=False).encode("utf-8", "replace").decode())
            ack = await asyncio.wait_for(answered, self._ack)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise NoAckError(type(error).__name__) from None
        finally:
            self._waiting.pop(req_id, None)
        return code_of(ack), ack

    def _nobody_answers(self) -> None:
        """The line is down: who waits for an acknowledgement need not wait longer."""
        for answered in self._waiting.values():
            if not answered.done():
                answered.set_exception(NoAckError())


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
