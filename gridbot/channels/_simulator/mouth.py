"""The way out: what the bot says, judged as a strict platform would judge it.

A person who never pressed 开始 cannot be written to, nor a group the bot was put out of.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from gridbot.channels._simulator.photos import Photos
from gridbot.channels._simulator.reading import RIGHTS, described, keep
from gridbot.channels._simulator.transcript import BOT, Transcript
from gridbot.messages import Accept, Delivery, Fault, IncomingKind, Outcome, OutKind, SendResult

_logger = logging.getLogger(__name__)


class Mouth:
    """`groups`: id → title; every other chat is private."""

    def __init__(
        self,
        transcript: Transcript,
        photos: Photos,
        groups: Mapping[str, str],
        *,
        accept: Accept,
        bot: str,
        at: Callable[[], str],
    ) -> None:
        self._log, self._photos, self._groups = transcript, photos, groups
        self._accept, self._bot, self._at = accept, bot, at

    async def send(self, delivery: Delivery) -> SendResult:
        if delivery.kind is OutKind.ANSWER:
            return self._answer(delivery)
        if (fault := self._closed(delivery.chat)) is not None:
            return SendResult(Outcome.PERMANENT, reason=f"chat {delivery.chat}: {fault.value}", fault=fault)
        if delivery.kind is OutKind.REACT:
            return self._react(delivery)
        if delivery.kind is OutKind.PROBE:
            return await self._probe(delivery)
        if delivery.kind is OutKind.MENU:
            lines = [line.split(None, 1) for line in delivery.payload.text.splitlines() if line.strip()]
            items = [[line[0], line[-1]] for line in lines]
            self._log.append("menu", chat=delivery.chat, items=items)
            return SendResult(Outcome.SENT)
        if delivery.kind is OutKind.CARD and delivery.message:
            return self._edit_card(delivery)
        return self._speak(delivery)

    def _closed(self, chat: str) -> Fault | None:
        if chat in self._groups:
            return None if self._log.present.get(chat) else Fault.KICKED
        return None if chat in self._log.started else Fault.BLOCKED

    def _speak(self, delivery: Delivery) -> SendResult:
        said, log = delivery.payload, self._log
        text = _with_mentions(delivery)
        if not text and not said.photo:
            return SendResult(Outcome.PERMANENT, reason="nothing to say")
        id = log.next_id()
        log.append(
            "message",
            id=id,
            chat=delivery.chat,
            sender=BOT,
            at=self._at(),
            text=text,
            photo=self._photos.add(said.photo) if said.photo else "",
            reply_to=said.reply_to if log.message(delivery.chat, said.reply_to) else "",
            buttons=_buttons(delivery),
            mentions=[user for user, _ in said.mention],
            silent=said.silent,
            row=delivery.id,  # which outbox row: a test counts what was said twice
        )
        if said.pin:
            log.append("pin", chat=delivery.chat, id=id)
        return SendResult(Outcome.SENT, message=id)

    def _edit_card(self, delivery: Delivery) -> SendResult:
        message = self._log.message(delivery.chat, delivery.message)
        if message is None or message.sender != BOT:
            return self._speak(delivery)
        text, buttons = _with_mentions(delivery), _buttons(delivery)
        if (text, buttons) != (message.text, message.buttons):
            what = {"text": text, "buttons": buttons, "at": self._at(), "row": delivery.id}
            self._log.append("edit", chat=delivery.chat, id=message.id, **what)
        return SendResult(Outcome.SENT, message=message.id)

    def _react(self, delivery: Delivery) -> SendResult:
        id, emoji = delivery.payload.message, delivery.payload.emoji
        message = self._log.message(delivery.chat, id)
        if message is None or message.recalled:
            return SendResult(Outcome.PERMANENT, reason="message to react to not found")
        self._log.append("reaction", chat=delivery.chat, id=id, who=BOT, emoji=emoji)
        return SendResult(Outcome.SENT, message=id)

    def _answer(self, delivery: Delivery) -> SendResult:
        callback = delivery.payload.callback
        who = self._log.callbacks.get(callback)
        if who is None:
            return SendResult(Outcome.PERMANENT, reason="this tap is unknown or was answered")
        said = {"text": delivery.payload.text, "alert": delivery.payload.alert}
        self._log.append("answer", callback=callback, who=who, **said)
        return SendResult(Outcome.SENT)

    async def _probe(self, delivery: Delivery) -> SendResult:
        if delivery.payload.probe == "leave" and delivery.chat in self._groups:
            self._log.append("bot_out", chat=delivery.chat, who=BOT, at=self._at())
            return SendResult(Outcome.SENT)
        if delivery.payload.probe != "rights":
            return SendResult(Outcome.PERMANENT, reason=f"unknown probe {delivery.payload.probe!r}")
        raw = {
            "update_id": f"probe-{delivery.id}",
            "kind": IncomingKind.RECEIPT.value,
            "at": self._at(),
            "chat": described(delivery.chat, self._groups),
            "from": {"id": "", "name": ""},
            "message": {"text": "rights"},
            "rights": RIGHTS if delivery.chat in self._groups else ("send", "read_all"),
        }
        try:
            await self._accept([keep(raw, self._bot)])
        except Exception as error:
            _logger.error("The answer to a probe could not be stored (%s)", type(error).__name__)
            return SendResult(Outcome.RETRY, reason="the answer could not be stored")
        return SendResult(Outcome.SENT)


def _with_mentions(delivery: Delivery) -> str:
    names = [f"@{name}" for _, name in delivery.payload.mention]
    return " ".join([*names, delivery.payload.text.strip()]).strip()


def _buttons(delivery: Delivery) -> list[list[dict[str, str]]]:
    rows = delivery.payload.buttons
    return [
        [{"text": button.text, "token": button.token, "url": button.url} for button in row] for row in rows
    ]
