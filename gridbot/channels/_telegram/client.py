"""A small aiogram client: the few questions the way in asks, with errors that are one sentence each.

aiogram costs about 4 s and 165 MB to import: it is imported when a client is opened, in a thread.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from gridbot.channels._telegram.read import ALLOWED_UPDATES, BotIdentity

if TYPE_CHECKING:
    from aiogram import Bot
    from aiogram.methods import TelegramMethod

T = TypeVar("T")


class TelegramRefusedError(Exception):
    """Telegram does not know this token: nothing can be done until it is corrected."""


class TelegramUnreachableError(Exception):
    """No answer, or none that can be used: worth another try later."""


class ConflictError(TelegramUnreachableError):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.webhook = "webhook" in text


class SlowerError(TelegramUnreachableError):
    def __init__(self, text: str, seconds: float) -> None:
        super().__init__(text)
        self.seconds = seconds


async def open_client(token: str, api: str, proxy: str | None) -> Bot:
    await asyncio.to_thread(_load)
    from aiogram import Bot
    from aiogram.client.session.aiohttp import AiohttpSession
    from aiogram.client.telegram import TelegramAPIServer
    from aiogram.utils.token import TokenValidationError

    try:
        return Bot(token, session=AiohttpSession(proxy=proxy, api=TelegramAPIServer.from_base(api)))
    except TokenValidationError:
        raise TelegramRefusedError(
            "The Telegram bot token is not written like one (digits, a colon, letters)"
        ) from None


def _load() -> None:
    """Seconds of importing, kept off the event loop."""
    import aiogram.methods
    import aiogram.types  # noqa: F401


@functools.cache
def raw_updates() -> Callable[[int | None, int], TelegramMethod[list[Any]]]:
    from aiogram.methods import TelegramMethod

    class RawUpdates(TelegramMethod[list[Any]]):
        """getUpdates without the types: one update nobody can decode must not hide the others."""

        __returning__ = list[Any]
        __api_method__ = "getUpdates"

        offset: int | None = None
        limit: int | None = None
        timeout: int | None = None
        allowed_updates: list[str] | None = None

    def question(offset: int | None, seconds: int) -> RawUpdates:
        return RawUpdates.model_validate(
            {"offset": offset, "timeout": seconds, "limit": 100, "allowed_updates": list(ALLOWED_UPDATES)}
        )

    return question


async def identify(client: Bot, token: str) -> BotIdentity:
    from aiogram.methods import GetMe

    me = await call(client, token, GetMe())
    return BotIdentity(str(me.id), me.username or "", me.can_read_all_group_messages is True)


async def drop_webhook(client: Bot, token: str) -> None:
    from aiogram.methods import DeleteWebhook

    await call(client, token, DeleteWebhook())


async def call(client: Bot, token: str, method: TelegramMethod[T], seconds: int = 20) -> T:
    """The answer, or one of our exceptions; the token is in no sentence of theirs."""
    from aiogram import exceptions as bad

    try:
        return await client(method, request_timeout=seconds)
    except (bad.TelegramUnauthorizedError, bad.TelegramNotFound):
        raise TelegramRefusedError(
            "Telegram does not accept this bot token; copy it anew from @BotFather"
        ) from None
    except bad.TelegramConflictError as error:
        raise ConflictError(error.message) from None
    except bad.TelegramRetryAfter as error:
        raise SlowerError("too many requests", error.retry_after) from None
    except bad.ClientDecodeError:  # its text is the whole answer
        raise TelegramUnreachableError("an answer that is not Telegram's") from None
    except bad.TelegramAPIError as error:
        raise TelegramUnreachableError(error.message.replace(token, "***")) from None
    except Exception as error:  # a proxy's own kinds of failure, among others
        raise TelegramUnreachableError(type(error).__name__) from None
