"""The way out to Telegram: python-telegram-bot speaks, nothing else does.

Two clients of one token. What is posted or edited goes through AIORateLimiter, which keeps the bot
under Telegram's limits (its default lets 39 messages a minute into a group; 4 per 15 s never passes
19). Answers to a tap, reactions, questions and emergencies take the second, unpaced one: somebody is
waiting, and the limiter would count them against the group. Nothing is retried here: the outbox does
that, from the typed outcome. Text goes as plain text, so that no resident can write markup.
"""

from __future__ import annotations

import json
import logging
import os
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import telegram
from telegram import error as bad
from telegram.ext import AIORateLimiter, ExtBot
from telegram.request import HTTPXRequest

from gridbot.channels._telegram.forms import REACTIONS, entities, keyboard, quieten, scope_of
from gridbot.channels._telegram.refusal import outcome
from gridbot.channels._telegram.rights import ask_rights
from gridbot.channels._telegram.text import (
    CAPTION_LIMIT,
    TEXT_LIMIT,
    Part,
    clean,
    cut,
    shorten,
    with_mentions,
)
from gridbot.messages import (
    Accept,
    Capabilities,
    ChatKind,
    Delivery,
    Fault,
    Incoming,
    IncomingKind,
    Kept,
    Outcome,
    OutKind,
    Sender,
    SendResult,
    Urgency,
)

PUBLIC_API = "https://api.telegram.org"
PLATFORM = "telegram"
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_THREAD_GONE = ("message thread not found", "topic_deleted", "topic_closed", "topic_id_invalid")
_MESSAGE_GONE = ("message to edit not found", "message can't be edited", "message_id_invalid")
_FLOOD_WINDOW = 10.0  #: two chats told to wait within it: it is the bot that is too loud
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """At most so many per second in all, and per group so many per so many seconds."""

    overall: float = 25
    group: float = 4
    group_seconds: float = 15


@dataclass(frozen=True, slots=True)
class CommandMenu:
    """What the menu offers to whom: default, private, groups, admins, or one chat by id."""

    scope: str
    commands: tuple[tuple[str, str], ...]  #: (name, what it does); names are a-z, 0-9 and _
    language: str = ""


class TelegramSpeaker:
    """`accept` takes what a probe found out: it comes back as an Incoming, like anything heard."""

    capabilities = Capabilities(abroad=True)

    def __init__(
        self,
        token: str,
        *,
        accept: Accept,
        api: str = PUBLIC_API,
        proxy: str | None = None,
        pace: Pace | None = None,
        timeout: float = 15.0,
    ) -> None:
        self._bot_id = token.partition(":")[0]
        if not self._bot_id.isdecimal():
            raise ValueError("The Telegram bot token is not written like one (digits, a colon, letters)")
        self._token, self._api, self._proxy = token, api.rstrip("/"), proxy
        self._accept, self._pace, self._timeout = accept, pace or Pace(), timeout
        self._requests: list[HTTPXRequest] = []
        self._paced: ExtBot[Any] | None = None
        self._quick: ExtBot[None] | None = None
        self._unquieten: Callable[[], None] = lambda: None
        self._parts_sent: dict[int, list[str]] = {}
        self._floods: dict[str, float] = {}
        self._kinds: dict[OutKind, Callable[[Delivery], Awaitable[SendResult]]] = {
            OutKind.SEND: self._send,
            OutKind.CARD: self._card,
            OutKind.REACT: self._react,
            OutKind.ANSWER: self._answer,
            OutKind.MENU: self._menu,
            OutKind.PROBE: self._probe,
        }

    def __repr__(self) -> str:
        return f"TelegramSpeaker({self._bot_id})"

    async def start(self) -> None:
        """Opens no connection: the house must come up while Telegram is out of reach."""
        os.environ.setdefault("PTB_TIMEDELTA", "1")  # else every 429 raises a deprecation warning
        self._unquieten = quieten(self._token)
        pace = self._pace
        limiter = AIORateLimiter(
            overall_max_rate=pace.overall,
            group_max_rate=pace.group,
            group_time_period=pace.group_seconds,
            max_retries=0,
        )
        self._paced = ExtBot(**self._settings(), rate_limiter=limiter)
        self._quick = ExtBot(**self._settings())

    def _settings(self) -> dict[str, Any]:
        seconds = self._timeout
        request = HTTPXRequest(
            connection_pool_size=8,
            connect_timeout=min(seconds, 8.0),
            read_timeout=seconds,
            write_timeout=seconds,
            media_write_timeout=seconds,
            pool_timeout=seconds,
            proxy=self._proxy,
        )
        self._requests.append(request)
        return {
            "token": self._token,
            "base_url": f"{self._api}/bot",
            "base_file_url": f"{self._api}/file/bot",
            "request": request,
            "get_updates_request": request,
        }

    async def close(self) -> None:
        requests, self._requests = self._requests, []
        self._paced = self._quick = None
        for request in requests:
            await request.shutdown()
        self._unquieten()

    async def send(self, delivery: Delivery) -> SendResult:
        """Never raises for a refusal: it is a value. Cancelling is for whoever awaits."""
        if self._quick is None:
            return SendResult(Outcome.RETRY, reason="the channel is not open")
        try:
            return await self._kinds[delivery.kind](delivery)
        except bad.TelegramError as error:
            return self._refused(error, delivery)
        except (ValueError, TypeError) as error:
            return SendResult(Outcome.PERMANENT, reason=self._masked(f"not sent: {error}"))
        except Exception as error:
            _log.error("Row %s to Telegram: %s", delivery.id, type(error).__name__)
            return SendResult(Outcome.UNKNOWN, reason=type(error).__name__)

    async def username(self) -> str:
        """The bot's own name, for links to it; "" if Telegram cannot be asked just now."""
        try:
            return (await self._unpaced.get_me()).username or ""
        except bad.TelegramError as error:
            _log.warning("Telegram was not asked for the bot's name: %s", type(error).__name__)
            return ""

    async def publish_commands(self, menus: Sequence[CommandMenu]) -> SendResult:
        """Sets the command menus. A menu is no permission: who may do what is checked elsewhere."""
        for menu in menus:
            try:
                await self._set_commands(scope_of(menu.scope), menu.commands, menu.language)
            except bad.TelegramError as error:
                result = outcome(error, private=False, repeatable=True)
                return replace(result, reason=self._masked(f"{menu.scope}: {result.reason}"))
        return SendResult(Outcome.SENT)

    # --- messages --------------------------------------------------------------------------------

    async def _send(self, delivery: Delivery) -> SendResult:
        payload = delivery.payload
        whole = with_mentions(payload.mention, payload.text.strip())
        parts = cut(whole, first=CAPTION_LIMIT if payload.photo else TEXT_LIMIT)
        return await self._speak(delivery, parts)

    async def _card(self, delivery: Delivery) -> SendResult:
        payload = delivery.payload
        limit = CAPTION_LIMIT if payload.photo else TEXT_LIMIT
        part = shorten(with_mentions(payload.mention, payload.text.strip()), limit)
        if not delivery.message:
            return await self._speak(delivery, [part])
        try:
            await self._edit(delivery, part)
        except bad.BadRequest as error:
            words = error.message.lower()
            if any(sign in words for sign in _MESSAGE_GONE):
                return await self._speak(delivery, [part])
            if "not modified" not in words:
                raise
        return SendResult(Outcome.SENT, message=delivery.message)

    async def _speak(self, delivery: Delivery, parts: list[Part]) -> SendResult:
        """All parts, in order. A retry goes on where the last attempt stopped, within this process."""
        markup = keyboard(delivery)
        parts = [part for part in parts if part.text.strip()]
        if not parts and delivery.payload.photo:
            parts = [Part("")]
        if not parts:
            return SendResult(Outcome.PERMANENT, reason="nothing to say")
        done = self._parts_sent.setdefault(delivery.id, [])
        while len(self._parts_sent) > 500:
            del self._parts_sent[next(iter(self._parts_sent))]
        for index in range(len(done), len(parts)):
            last = index == len(parts) - 1
            done.append(await self._one(delivery, parts[index], index == 0, markup if last else None))
        self._parts_sent.pop(delivery.id, None)
        receipt = done[-1] if delivery.payload.buttons else done[0]
        if delivery.payload.pin:
            await self._pin(int(delivery.chat), int(receipt))
        return SendResult(Outcome.SENT, message=receipt)

    async def _one(self, delivery: Delivery, part: Part, first: bool, markup: Any) -> str:
        payload = delivery.payload
        settings: dict[str, Any] = {
            "chat_id": int(delivery.chat),
            "disable_notification": payload.silent or None,
            "reply_markup": markup,
        }
        if payload.thread:
            settings["message_thread_id"] = int(payload.thread)
        if first and payload.reply_to:
            settings["reply_parameters"] = telegram.ReplyParameters(
                int(payload.reply_to), allow_sending_without_reply=True
            )
        try:
            return await self._post(delivery, part, first, settings)
        except bad.BadRequest as error:
            if not payload.thread or not any(sign in error.message.lower() for sign in _THREAD_GONE):
                raise
            del settings["message_thread_id"]  # the topic was closed or deleted: say it in the group
            return await self._post(delivery, part, first, settings)

    async def _post(self, delivery: Delivery, part: Part, first: bool, settings: dict[str, Any]) -> str:
        bot = self._voice(delivery)
        photo = delivery.payload.photo
        if photo and first:
            sent = await bot.send_photo(
                photo=photo,
                filename="gridbot.png",
                caption=part.text or None,
                caption_entities=entities(part),
                **settings,
            )
        else:
            sent = await bot.send_message(
                text=part.text,
                entities=entities(part),
                link_preview_options=telegram.LinkPreviewOptions(is_disabled=True),
                **settings,
            )
        return str(sent.message_id)

    async def _edit(self, delivery: Delivery, part: Part) -> None:
        bot = self._voice(delivery)
        place: dict[str, Any] = {
            "chat_id": int(delivery.chat),
            "message_id": int(delivery.message),
            "reply_markup": keyboard(delivery),
        }
        if not delivery.payload.photo:
            try:
                await bot.edit_message_text(
                    text=part.text,
                    entities=entities(part),
                    link_preview_options=telegram.LinkPreviewOptions(is_disabled=True),
                    **place,
                )
                return
            except bad.BadRequest as error:
                if "no text in the message" not in error.message.lower():
                    raise
        part = shorten(part, CAPTION_LIMIT)  # it was sent as a picture
        await bot.edit_message_caption(caption=part.text, caption_entities=entities(part), **place)

    async def _pin(self, chat: int, message: int) -> None:
        try:
            await self._unpaced.pin_chat_message(chat, message, disable_notification=True)
        except bad.TelegramError as error:
            _log.info("A message in %s was not pinned: %s", chat, self._masked(error.message))

    # --- the small ones --------------------------------------------------------------------------

    async def _react(self, delivery: Delivery) -> SendResult:
        emoji = delivery.payload.emoji.replace("\ufe0f", "")
        if emoji and emoji not in REACTIONS:
            return SendResult(Outcome.PERMANENT, reason=f"{emoji} is not one of Telegram's reactions")
        await self._unpaced.set_message_reaction(
            int(delivery.chat), int(delivery.payload.message), reaction=[emoji] if emoji else []
        )
        return SendResult(Outcome.SENT, message=delivery.payload.message)

    async def _answer(self, delivery: Delivery) -> SendResult:
        payload = delivery.payload
        text = shorten(Part(clean(payload.text)), 200).text
        await self._unpaced.answer_callback_query(payload.callback, text or None, show_alert=payload.alert)
        return SendResult(Outcome.SENT)

    async def _menu(self, delivery: Delivery) -> SendResult:
        """One line of text per command: its name, a blank, what it does. For this chat alone."""
        lines = [line.split(None, 1) for line in delivery.payload.text.splitlines() if line.strip()]
        commands = tuple((line[0].lstrip("/"), line[-1].strip()) for line in lines)
        await self._set_commands(scope_of(delivery.chat), commands, "")
        return SendResult(Outcome.SENT)

    async def _set_commands(
        self, scope: telegram.BotCommandScope, commands: Sequence[tuple[str, str]], language: str
    ) -> None:
        for name, _ in commands:
            if not _COMMAND.fullmatch(name):
                raise ValueError(f"Telegram takes no command named {name!r}")
        entries = [telegram.BotCommand(name, clean(about)[:256]) for name, about in commands[:100]]
        if entries:
            await self._unpaced.set_my_commands(entries, scope=scope, language_code=language or None)
        else:
            await self._unpaced.delete_my_commands(scope=scope, language_code=language or None)

    async def _probe(self, delivery: Delivery) -> SendResult:
        """ "rights": what may the bot do here? No right at all is an answer, too. "leave": go."""
        if delivery.payload.probe == "leave":
            return await self._leave(delivery)
        if delivery.payload.probe != "rights":
            raise ValueError(f"unknown probe {delivery.payload.probe!r}")
        refusal: SendResult | None = None
        rights: tuple[str, ...] = ()
        title = ""
        try:
            rights, title = await ask_rights(self._unpaced, int(self._bot_id), delivery)
        except (bad.Forbidden, bad.BadRequest) as error:
            refusal = self._refused(error, delivery)
            if refusal.fault is None:
                return refusal
        receipt = Incoming(
            platform=PLATFORM,
            bot=self._bot_id,
            update_id=f"probe:{delivery.id}",
            kind=IncomingKind.RECEIPT,
            sent_at=datetime.now(UTC),
            chat=delivery.chat,
            chat_kind=delivery.chat_kind,
            chat_title=title,
            sender=Sender("", service=True),
            text=delivery.payload.probe,
            rights=rights,
        )
        raw = json.dumps({"probe": delivery.payload.probe, "chat": delivery.chat, "rights": rights}).encode()
        try:
            await self._accept([Kept(PLATFORM, self._bot_id, receipt.update_id, raw, receipt)])
        except Exception as error:
            reason = f"the answer could not be stored ({type(error).__name__})"
            return SendResult(Outcome.RETRY, reason=reason)
        return refusal or SendResult(Outcome.SENT)

    async def _leave(self, delivery: Delivery) -> SendResult:
        """Telegram tells of it by an update of its own, so no receipt is needed."""
        try:
            await self._unpaced.leave_chat(int(delivery.chat))
        except (bad.Forbidden, bad.BadRequest) as error:
            result = self._refused(error, delivery)
            return SendResult(Outcome.SENT) if result.fault is Fault.KICKED else result
        return SendResult(Outcome.SENT)

    # --- which client, and what a refusal means --------------------------------------------------

    @property
    def _unpaced(self) -> ExtBot[None]:
        assert self._quick is not None, "start() comes first"
        return self._quick

    def _voice(self, delivery: Delivery) -> ExtBot[Any]:
        assert self._paced is not None, "start() comes first"
        return self._unpaced if delivery.urgency is Urgency.EMERGENCY else self._paced

    def _refused(self, error: bad.TelegramError, delivery: Delivery) -> SendResult:
        private = delivery.chat_kind is ChatKind.PRIVATE
        fresh = delivery.kind is OutKind.SEND or (delivery.kind is OutKind.CARD and not delivery.message)
        result = outcome(error, private=private, repeatable=not fresh)
        if result.retry_after:
            result = replace(result, whole_bot=self._too_loud(delivery))
        if result.fault is not Fault.MIGRATED and result.outcome is Outcome.PERMANENT:
            self._parts_sent.pop(delivery.id, None)
        return replace(result, reason=self._masked(result.reason))

    def _too_loud(self, delivery: Delivery) -> bool:
        """Telegram does not say whether a chat or the bot must wait. A group's own limit is the usual
        case; a private chat has none that we could reach, and two chats at once are no coincidence."""
        now = time.monotonic()
        self._floods = {chat: at for chat, at in self._floods.items() if now - at < _FLOOD_WINDOW}
        self._floods[delivery.chat] = now
        return delivery.chat_kind is ChatKind.PRIVATE or len(self._floods) > 1

    def _masked(self, text: str) -> str:
        return text.replace(self._token, "***")
