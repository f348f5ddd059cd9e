"""What is said, in python-telegram-bot's types; and what must be kept out of its logs."""

from __future__ import annotations

import logging
from collections.abc import Callable

import telegram
from telegram.constants import ReactionEmoji

from gridbot.channels._telegram.text import Part, clean
from gridbot.messages import Delivery

TOKEN_BYTES = 64  #: the most a button may carry
REACTIONS = frozenset(str(emoji.value) for emoji in ReactionEmoji)


def keyboard(delivery: Delivery) -> telegram.InlineKeyboardMarkup | None:
    rows = []
    for row in delivery.payload.buttons:
        keys = []
        for button in row:
            if not button.url and not 0 < len(button.token.encode()) <= TOKEN_BYTES:
                raise ValueError("a button without a token, or with one over 64 bytes")
            url, token = button.url or None, None if button.url else button.token
            keys.append(telegram.InlineKeyboardButton(clean(button.text), url=url, callback_data=token))
        rows.append(keys)
    return telegram.InlineKeyboardMarkup(rows) if rows else None


def entities(part: Part) -> list[telegram.MessageEntity]:
    return [
        telegram.MessageEntity(
            telegram.MessageEntity.TEXT_MENTION,
            mention.offset,
            mention.length,
            user=telegram.User(mention.user, mention.name, is_bot=False),
        )
        for mention in part.mentions
    ]


def scope_of(name: str) -> telegram.BotCommandScope:
    known: dict[str, type[telegram.BotCommandScope]] = {
        "default": telegram.BotCommandScopeDefault,
        "private": telegram.BotCommandScopeAllPrivateChats,
        "groups": telegram.BotCommandScopeAllGroupChats,
        "admins": telegram.BotCommandScopeAllChatAdministrators,
    }
    return known[name]() if name in known else telegram.BotCommandScopeChat(int(name))  # type: ignore[call-arg]


class TokenFilter(logging.Filter):
    def __init__(self, token: str) -> None:
        super().__init__()
        self._token = token

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if self._token in text:
            record.msg, record.args = text.replace(self._token, "***"), ()
        return True


def quieten(token: str) -> Callable[[], None]:
    """httpx writes every address it calls at INFO, python-telegram-bot every message at DEBUG: the
    first has the token in it, the second what residents say. Neither belongs into a log. Returns
    what takes the filter away again."""
    for name, level in (("httpx", logging.WARNING), ("telegram", logging.INFO)):
        logger = logging.getLogger(name)
        if logger.level == logging.NOTSET:
            logger.setLevel(level)
    loggers = [logging.getLogger(name) for name in ("httpx", "telegram.Bot", "telegram.ext.ExtBot")]
    mask = TokenFilter(token)
    for logger in loggers:
        logger.addFilter(mask)

    def undo() -> None:
        for logger in loggers:
            logger.removeFilter(mask)

    return undo
