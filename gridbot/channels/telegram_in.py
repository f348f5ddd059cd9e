"""The way in from Telegram: aiogram reads, and nothing is acknowledged before it is kept.

aiogram's own polling confirms updates whose handling failed and stops for ever at one it cannot
decode; so the loop here is ours: it asks getUpdates for raw dicts, reads each by itself, hands the
batch to `accept`, and only after that returned does the next question confirm it. aiogram costs
seconds and much memory to import: it is imported when the first of these is used, in a thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import logging
import re
import time
from collections.abc import Awaitable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from gridbot.channels._telegram.client import (
    ConflictError,
    SlowerError,
    TelegramRefusedError,
    TelegramUnreachableError,
    call,
    drop_webhook,
    identify,
    open_client,
    raw_updates,
)
from gridbot.channels._telegram.read import ALLOWED_UPDATES, PLATFORM, BotIdentity, read_update
from gridbot.messages import Accept, Kept

if TYPE_CHECKING:
    from aiogram import Bot

__all__ = [
    "ALLOWED_UPDATES",
    "PUBLIC_API",
    "BotIdentity",
    "Poller",
    "TelegramRefusedError",
    "TelegramUnreachableError",
    "delete_webhook",
    "get_identity",
    "read_update",
    "set_webhook",
    "webhook",
    "webhook_route",
]

PUBLIC_API = "https://api.telegram.org"
BODY_CAP = 1024 * 1024
SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105 — the name of a header
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_log = logging.getLogger(__name__)
T = TypeVar("T")


class _StoppedError(Exception):
    pass


# --- polling -------------------------------------------------------------------------------------


class Poller:
    """Asks Telegram for updates until `stop` is set. One per token: a second one is refused (409).

    `state` says how it is: starting, listening, conflict, unreachable, store_down or stopped.
    """

    def __init__(
        self,
        token: str,
        *,
        accept: Accept,
        stop: asyncio.Event,
        api: str = PUBLIC_API,
        proxy: str | None = None,
        bot: BotIdentity | None = None,
        poll_seconds: int = 50,
        longest_pause: float = 30.0,
    ) -> None:
        self.identity = bot  #: asked for at the start if not given
        self.state = "starting"
        self.heard_at: float | None = None  #: time.monotonic() of Telegram's last answer
        self._token, self._api, self._proxy = token, api, proxy
        self._accept, self._stop = accept, stop
        self._poll_seconds = max(1, poll_seconds)
        self._longest_pause = longest_pause
        self._offset: int | None = None
        self._failures = 0

    def __repr__(self) -> str:
        return f"Poller({self.identity.id if self.identity else '?'}, {self.state})"

    async def run(self) -> None:
        """Returns when stopped; raises TelegramRefusedError, and nothing else, by itself."""
        client: Bot | None = None
        try:
            client = await self._or_stop(open_client(self._token, self._api, self._proxy))
            while not self._stop.is_set():
                await self._guarded_turn(client)
        except _StoppedError:
            pass
        finally:
            self.state = "stopped"
            if client is not None:
                await client.session.close()

    async def _guarded_turn(self, client: Bot) -> None:
        try:
            await self._turn(client)
        except (_StoppedError, TelegramRefusedError):
            raise
        except Exception as error:
            self._failures += 1
            await self._pause(await self._explain(error, client))
        else:
            self._failures = 0
            self.state = "listening"

    async def _turn(self, client: Bot) -> None:
        if self.identity is None:
            self.identity = await self._or_stop(identify(client, self._token))
        # The first question, and the first after trouble, waits for nothing: `state` is true at once.
        patience = self._poll_seconds if self.state == "listening" else 0
        began = time.monotonic()
        question = raw_updates()(self._offset, patience)
        batch = await self._or_stop(call(client, self._token, question, patience + 15))
        self.heard_at = time.monotonic()
        if not batch:
            # Everything is confirmed by now. Asking without an offset from here on means that ids
            # which begin anew (documented after a quiet week) are not skipped.
            self._offset = None
            if patience and self.heard_at - began < 0.2:
                await self._pause(0.5)  # something on the way does not let us wait
            return
        ids = [id for raw in batch if isinstance(id := _field(raw, "update_id"), int)]
        try:
            await self._or_stop(self._accept([_keep(raw, self.identity) for raw in batch]), grace=0.4)
        except _StoppedError:
            raise
        except Exception as error:
            raise _NotKeptError(type(error).__name__) from error
        if not ids:
            raise TelegramUnreachableError("Telegram answered without update ids")
        self._offset = max(ids) + 1

    async def _explain(self, error: Exception, client: Bot) -> float:
        """One sentence in the log, a state, and how long to wait before the next question."""
        wait = min(self._longest_pause, 0.5 * 2.0 ** min(self._failures, 10))
        if isinstance(error, _NotKeptError):
            self.state = "store_down"
            _log.error("Telegram updates could not be stored (%s); they are asked for again", error)
        elif isinstance(error, ConflictError):
            self.state = "conflict"
            if error.webhook:
                _log.warning("A webhook is set for this Telegram bot; it is removed, because polling is on")
                with contextlib.suppress(TelegramUnreachableError):
                    await self._or_stop(drop_webhook(client, self._token))
                return min(wait, 1.0)
            _log.error(
                "Another process is polling Telegram with the same bot token (409): stop one of the two. "
                "Trying again in %.0f s",
                wait,
            )
        else:
            self.state = "unreachable"
            if isinstance(error, SlowerError):
                wait = error.seconds
            _log.warning("Telegram cannot be reached (%s); trying again in %.0f s", error, wait)
        return wait

    async def _pause(self, seconds: float) -> None:
        with_stop = asyncio.wait_for(self._stop.wait(), max(seconds, 0.0))
        try:
            await with_stop
        except TimeoutError:
            return
        raise _StoppedError

    async def _or_stop(self, work: Awaitable[T], grace: float = 0.0) -> T:
        """The result of `work`, or _StoppedError (after `grace` seconds more) with it cancelled."""
        task = asyncio.ensure_future(work)
        stop = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done() and grace:
                await asyncio.wait({task}, timeout=grace)
            if not task.done():
                raise _StoppedError
            return task.result()
        finally:
            for each in (task, stop):
                each.cancel()
            await asyncio.gather(task, stop, return_exceptions=True)


class _NotKeptError(Exception):
    pass


def _field(raw: Any, name: str) -> Any:
    return raw.get(name) if isinstance(raw, dict) else None


def _keep(raw: Any, bot: BotIdentity, data: bytes | None = None) -> Kept:
    if data is None:
        try:
            data = json.dumps(raw, ensure_ascii=False).encode()
        except UnicodeEncodeError:  # half an emoji
            data = json.dumps(raw).encode()
    number = _field(raw, "update_id")
    name = str(number) if isinstance(number, int) else "digest:" + hashlib.sha256(data).hexdigest()[:32]
    incoming = read_update(raw, bot) if isinstance(raw, dict) else None
    return Kept(PLATFORM, bot.id, name, data, incoming)


# --- asking Telegram -----------------------------------------------------------------------------


async def get_identity(token: str, api: str = PUBLIC_API, proxy: str | None = None) -> BotIdentity:
    """Who the token belongs to. Raises one of the two exceptions above, a sentence each."""
    client = await open_client(token, api, proxy)
    try:
        return await identify(client, token)
    finally:
        await client.session.close()


async def set_webhook(
    token: str, url: str, secret: str, *, api: str = PUBLIC_API, proxy: str | None = None
) -> None:
    """Tells Telegram to bring the updates. `secret` comes back with each in a header."""
    _check_secret(secret)
    client = await open_client(token, api, proxy)
    try:
        from aiogram.methods import SetWebhook

        method = SetWebhook(url=url, secret_token=secret, allowed_updates=list(ALLOWED_UPDATES))
        await call(client, token, method)
    finally:
        await client.session.close()


async def delete_webhook(token: str, *, api: str = PUBLIC_API, proxy: str | None = None) -> None:
    """Back to polling. Updates that wait are not thrown away."""
    client = await open_client(token, api, proxy)
    try:
        await drop_webhook(client, token)
    finally:
        await client.session.close()


# --- webhook -------------------------------------------------------------------------------------


def webhook(
    headers: Mapping[str, str], body: bytes, secret: str, bot: BotIdentity
) -> tuple[int, Kept | None]:
    """What to answer to a delivery, and the update it brought. Answer only after it is kept.

    403 without the secret; 413 and 400 for what cannot be Telegram's (there is nothing to keep);
    200 with a Kept even if the update itself cannot be read: it is kept raw.
    """
    given = next((value for name, value in headers.items() if name.lower() == SECRET_HEADER), "")
    if not secret or not hmac.compare_digest(_plain(given), _plain(secret)):
        return 403, None
    if len(body) > BODY_CAP:
        return 413, None
    try:
        raw = json.loads(body)
    except (ValueError, RecursionError):
        return 400, None
    number = _field(raw, "update_id")
    if not isinstance(number, int) or isinstance(number, bool):
        return 400, None
    return 200, _keep(raw, bot, body)


def webhook_route(path: str, *, secret: str, bot: BotIdentity, accept: Accept) -> Route:
    """The route to put into the web server. 503 while updates cannot be stored: Telegram tries again."""
    _check_secret(secret)

    async def endpoint(request: Request) -> Response:
        body = await _read_capped(request)
        status, kept = webhook(request.headers, body, secret, bot)
        if kept is not None:
            try:
                await accept([kept])
            except Exception as error:
                _log.error("A Telegram update could not be stored (%s): 503", type(error).__name__)
                status = 503
        return PlainTextResponse("", status_code=status)

    return Route(path, endpoint, methods=["POST"])


async def _read_capped(request: Request) -> bytes:
    """At most one byte more than allowed: enough to see that it is too much."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_CAP:
            return bytes(body[: BODY_CAP + 1])
    return bytes(body)


def _plain(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")  # compare_digest takes no text beyond ASCII


def _check_secret(secret: str) -> None:
    if not _SECRET.fullmatch(secret):
        raise ValueError("A Telegram webhook secret is 1 to 256 letters, digits, _ or -")
