"""WeCom's 智能机器人 (aibot) on its long connection: hears what names it, answers, asks with button cards.

It stands in groups whose members belong to the corp, and alone with each of them; it hears what names it
(@网格助手) and everything said to it alone. The socket's loop only reads. What it read goes into the inbox in
order, by a task of its own, so that a slow database never makes an acknowledgement look lost. Two things
the platform waits for no longer than five seconds are done at once, whatever the database does: a welcome,
and a word on a card whose button was pressed. The platform sends nothing again: what comes while nobody is
connected is lost to us, as it says itself.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from gridbot.channels._wecom import cards
from gridbot.channels._wecom.aibot_read import PLATFORM, event_of, id_of, keep
from gridbot.channels._wecom.errcodes import meaning
from gridbot.channels._wecom.line import PUBLIC_SOCKET, Line, NoAckError, NotConnectedError
from gridbot.channels._wecom.pace import AIBOT, Pace
from gridbot.fitting import parts, unedited
from gridbot.messages import (
    Accept,
    Capabilities,
    ChatKind,
    Delivery,
    IncomingKind,
    Kept,
    Outcome,
    OutKind,
    SendResult,
    Urgency,
)
from gridbot.texts import channels as words

__all__ = ["PLATFORM", "PUBLIC_SOCKET", "WecomAibot"]

REPLY_FOR = 23 * 3600.0  #: seconds a message may be answered as its answer; the platform says 24 hours
PRESS_FOR = 4.5  #: seconds a pressed card may be changed; the platform says 5
SOON = 3.5  #: seconds after which a pressed card says that the answer is on its way
LAST = 2.0  #: seconds at the end to keep what was heard
AGAIN = 1.0  #: seconds until what could not be kept is offered once more
MOST = 2000  #: contexts remembered of each sort
CHUNK = 512 * 1024
_log = logging.getLogger(__name__)
K = TypeVar("K")
V = TypeVar("V")

Elsewhere = Callable[[Delivery], Coroutine[Any, Any, SendResult]]
"""Says a delivery another way: a webhook into the same group."""


@dataclass(slots=True)
class _Press:
    """A card's button was pressed: for a few seconds its card may be changed, once."""

    req_id: str
    user: str
    chat: str
    at: float
    open: bool = True


class WecomAibot:
    """`name`: what the bot is called, to take it out of what is said. `fallback`: by chat id, what says it
    where a push is refused."""

    capabilities = Capabilities(
        reads_group=False,
        most_buttons=cards.MOST_BUTTONS,
        links=False,
        taps=False,
        edits=False,
        edits_pressed=True,
        reactions=False,
        mentions=False,
        menus=False,
        probes=False,
        tells_entry=False,
        text_limit=cards.MARKDOWN,
        text_unit="bytes",
    )

    def __init__(
        self,
        bot: str,
        secret: str,
        *,
        accept: Accept,
        name: str = "",
        fallback: dict[str, Elsewhere] | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        soon: float = SOON,
        **line: Any,
    ) -> None:
        self.bot = bot
        self.line = Line(bot, secret, heard=self._heard, **line)
        self._name, self._accept, self._now, self._clock = name, accept, now, clock
        self._fallback, self._soon = fallback or {}, soon
        self._pace = Pace(AIBOT)
        self._arrived: asyncio.Queue[Kept] = asyncio.Queue()
        self._known: OrderedDict[str, None] = OrderedDict()
        self._replies: OrderedDict[tuple[str, str], tuple[str, float]] = OrderedDict()
        self._presses: OrderedDict[str, _Press] = OrderedDict()
        self._shown: OrderedDict[str, str] = OrderedDict()
        self._parts_sent: OrderedDict[int, list[str]] = OrderedDict()
        self._urgent: set[asyncio.Task[None]] = set()

    def __repr__(self) -> str:
        return f"WecomAibot({self.bot}, {self.line.state})"

    def said_lately(self, said: Iterable[tuple[str, datetime]]) -> None:
        """What was said before this process began, so that its pace is kept."""
        begin, now = self._clock(), self._now()
        self._pace.begin((chat, begin - (now - at).total_seconds()) for chat, at in said)

    # --- the way in ------------------------------------------------------------------------------

    async def run(self, stop: asyncio.Event) -> None:
        """Hears until `stop`, or until another connection has taken over; keeps what was heard."""
        keeping = asyncio.create_task(self._keep_all())
        try:
            await self.line.run(stop)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._arrived.join(), LAST)
        finally:
            for task in (*self._urgent, keeping):
                task.cancel()
            await asyncio.gather(keeping, *self._urgent, return_exceptions=True)

    def _heard(self, raw: bytes, frame: dict[str, Any] | None) -> None:
        kept = keep(raw, frame, bot=self.bot, name=self._name, now=self._now())
        if frame is not None:
            self._remember(frame, kept)
        self._arrived.put_nowait(kept)

    def _remember(self, frame: dict[str, Any], kept: Kept) -> None:
        """What an answer will need; and what cannot wait for it."""
        said, headers = kept.incoming, frame.get("headers")
        req_id = headers.get("req_id") if isinstance(headers, dict) else None
        if said is None or not isinstance(req_id, str) or said.update_id in self._known:
            return
        _put(self._known, said.update_id, None)
        if said.kind is IncomingKind.MESSAGE:
            _put(self._replies, (said.chat, said.message), (req_id, self._clock()))
        elif said.kind is IncomingKind.BUTTON:
            press = _Press(req_id, said.sender.id, said.chat, self._clock())
            if (earlier := self._presses.get(said.message)) is not None:
                earlier.open = False  # pressed twice: the last one may still change the card
            _put(self._presses, said.message, press)
            self._at_once(self._answer_is_coming(said.message, press))
        elif event_of(frame) == "enter_chat":
            self._at_once(self._welcome(req_id))

    async def _keep_all(self) -> None:
        """Into the inbox, in order; what cannot be kept now is offered again."""
        while True:
            batch = [await self._arrived.get()]
            while not self._arrived.empty() and len(batch) < 50:
                batch.append(self._arrived.get_nowait())
            while True:
                try:
                    await self._accept(batch)
                    for _ in batch:
                        self._arrived.task_done()
                    break
                except Exception as error:
                    _log.error("WeCom messages could not be stored (%s); once more", type(error).__name__)
                    await asyncio.sleep(AGAIN)

    # --- within five seconds ---------------------------------------------------------------------

    def _at_once(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._urgent.add(task)
        task.add_done_callback(self._urgent.discard)

    async def _welcome(self, req_id: str) -> None:
        body = {"msgtype": "text", "text": {"content": words.welcome()}}
        await self._asked("aibot_respond_welcome_msg", body, req_id)

    async def _answer_is_coming(self, task: str, press: _Press) -> None:
        """If the desk is slow, whoever pressed sees that it was heard; the answer comes as a message."""
        await asyncio.sleep(self._soon)
        if press.open:
            press.open = False
            card = cards.waiting(self._shown.get(task, ""), task)
            await self._update(press, card, [press.user])

    async def _update(
        self, press: _Press, card: dict[str, Any], users: list[str] | None = None
    ) -> SendResult:
        body: dict[str, Any] = {"response_type": "update_template_card", "template_card": card}
        if users:
            body["userids"] = users
        return await self._asked("aibot_respond_update_msg", body, press.req_id)

    # --- the way out -----------------------------------------------------------------------------

    async def send(self, delivery: Delivery) -> SendResult:
        if delivery.kind not in (OutKind.SEND, OutKind.CARD):
            raise ValueError(f"not fitted: {delivery.kind}")
        if delivery.message:
            changed = await self._change(delivery)
            if changed is not None:
                return changed
            anew = unedited(delivery, self._shown.get(delivery.message, ""))
            if anew is None:
                return SendResult(Outcome.LEFT_OUT, message=delivery.message, reason="nothing new to say")
            delivery = anew
        self._handled(delivery)
        return await self._speak(delivery)

    async def _change(self, delivery: Delivery) -> SendResult | None:
        """The pressed card itself; None: it cannot be changed (any more)."""
        press = self._presses.get(delivery.message)
        if press is None or not press.open or self._clock() - press.at > PRESS_FOR:
            return None
        press.open = False
        result = await self._update(press, cards.card(delivery.payload, delivery.message))
        if result.outcome is not Outcome.SENT:
            return None
        _put(self._shown, delivery.message, delivery.payload.text)
        return replace(result, message=delivery.message)

    def _handled(self, delivery: Delivery) -> None:
        """The desk has answered a press with words: the card need not say that they are coming."""
        for press in self._presses.values():
            if press.open and press.chat == delivery.chat and delivery.urgency is Urgency.ANSWER:
                press.open = False

    async def _speak(self, delivery: Delivery) -> SendResult:
        """All parts, in order. A retry goes on where the last attempt stopped, within this process."""
        bodies = await self._bodies(delivery)
        if isinstance(bodies, SendResult):
            return bodies
        if not bodies:
            return SendResult(Outcome.PERMANENT, reason="nothing to say")
        wait = self._pace.wait(delivery.chat, self._clock(), more=len(bodies))
        if wait and delivery.urgency is not Urgency.EMERGENCY:
            return SendResult(Outcome.RETRY, reason="30 a minute, 1000 an hour", retry_after=wait)
        done = self._parts_sent.setdefault(delivery.id, [])
        for body, id in bodies[len(done) :]:
            result = await self._one(delivery, body, first=not done)
            if delivery.again and body["msgtype"] == "template_card" and _refused_for_good(result):
                result = SendResult(Outcome.SENT)  # no card may be sent twice: the earlier one is there
            if result.outcome is not Outcome.SENT:
                _put(self._parts_sent, delivery.id, done)
                return result
            done.append(id)
        self._parts_sent.pop(delivery.id, None)
        receipt = done[-1] if cards.buttons_of(delivery.payload) else done[0]
        _put(self._shown, receipt, delivery.payload.text)
        return SendResult(Outcome.SENT, message=receipt)

    async def _bodies(self, delivery: Delivery) -> list[tuple[dict[str, Any], str]] | SendResult:
        """(body, message id) each: the words, a picture, a card with the buttons."""
        said, found = delivery.payload, []
        buttons = cards.buttons_of(said)
        before = bool(buttons) and cards.needs_words(said.text)
        if said.text and (before or not buttons):
            for part in parts(said.text, cards.MARKDOWN // 2, "bytes"):  # escaping may make it longer
                found.append((_markdown(part), id_of(part)))
        if said.photo:
            picture = await self._picture(said.photo)
            if isinstance(picture, SendResult):
                return picture
            found.append((picture, f"p-{delivery.id}"))
        if buttons:
            task = cards.task_of(delivery.id, said)
            card = cards.card(said, task, shown_before=before)
            found.append(({"msgtype": "template_card", "template_card": card}, task))
        return found

    async def _one(self, delivery: Delivery, body: dict[str, Any], *, first: bool) -> SendResult:
        """As the answer to what was said, while that is possible; else as a message of its own."""
        said = delivery.payload.reply_to
        req_id, at = self._replies.get((delivery.chat, said), ("", 0.0))
        if first and said and req_id and self._clock() - at < REPLY_FOR:
            del self._replies[(delivery.chat, said)]  # one answer a message; what comes later is pushed
            result = await self._asked("aibot_respond_msg", _as_answer(body, delivery.id), req_id)
            if result.outcome is not Outcome.PERMANENT:
                return self._noted(delivery, result)
        push = {
            "chatid": delivery.chat,
            "chat_type": 1 if delivery.chat_kind is ChatKind.PRIVATE else 2,
            **body,
        }
        result = await self._asked("aibot_send_msg", push, private=delivery.chat_kind is ChatKind.PRIVATE)
        if result.outcome is Outcome.PERMANENT and delivery.chat in self._fallback:
            _log.warning("WeCom refuses a push (%s): said through the group's webhook", result.reason)
            return await self._fallback[delivery.chat](delivery)
        return self._noted(delivery, result)

    def _noted(self, delivery: Delivery, result: SendResult) -> SendResult:
        if result.outcome in (Outcome.SENT, Outcome.UNKNOWN):
            self._pace.note(delivery.chat, self._clock())
        return result

    async def _picture(self, data: bytes) -> dict[str, Any] | SendResult:
        """Uploaded in pieces; kept there for three days."""
        pieces = [data[at : at + CHUNK] for at in range(0, len(data), CHUNK)]
        begin = {
            "type": "image",
            "filename": "gridbot.png",
            "total_size": len(data),
            "total_chunks": len(pieces),
            "md5": hashlib.md5(data, usedforsecurity=False).hexdigest(),
        }
        try:
            upload = await self._answer("aibot_upload_media_init", begin, "upload_id")
            for index, piece in enumerate(pieces):
                chunk = {"chunk_index": index, "base64_data": base64.b64encode(piece).decode()}
                await self._answer("aibot_upload_media_chunk", {"upload_id": upload, **chunk})
            media = await self._answer("aibot_upload_media_finish", {"upload_id": upload}, "media_id")
        except _RefusedError as refusal:
            unclear = refusal.result.outcome is Outcome.UNKNOWN  # an upload may be made twice
            return replace(refusal.result, outcome=Outcome.RETRY) if unclear else refusal.result
        return {"msgtype": "image", "image": {"media_id": media}}

    async def _answer(self, cmd: str, body: dict[str, Any], field: str = "") -> str:
        answer: dict[str, Any] = {}
        result = await self._asked(cmd, body, answer=answer)
        if result.outcome is not Outcome.SENT:
            raise _RefusedError(result)
        given = answer.get("body")
        value = given.get(field, "") if isinstance(given, dict) else ""
        return value if isinstance(value, str) else ""

    async def _asked(
        self,
        cmd: str,
        body: dict[str, Any],
        req_id: str = "",
        *,
        private: bool = False,
        answer: dict[str, Any] | None = None,
    ) -> SendResult:
        try:
            code, whole = await self.line.ask(cmd, body, req_id)
        except NotConnectedError:
            return SendResult(Outcome.RETRY, reason="not connected", retry_after=5, whole_bot=True)
        except NoAckError:
            return SendResult(Outcome.UNKNOWN, reason="no acknowledgement")
        if answer is not None:
            answer |= whole
        if code == 846609:
            await self.line.hang_up()
        return meaning(code, private=private)


class _RefusedError(Exception):
    def __init__(self, result: SendResult) -> None:
        super().__init__(result.reason)
        self.result = result


def _refused_for_good(result: SendResult) -> bool:
    return result.outcome is Outcome.PERMANENT and result.fault is None


def _markdown(text: str) -> dict[str, Any]:
    return {"msgtype": "markdown", "markdown": {"content": cards.markdown(text)}}


def _as_answer(body: dict[str, Any], row: int) -> dict[str, Any]:
    """Words answer as a stream that ends with its first frame."""
    if body["msgtype"] != "markdown":
        return body
    stream = {"id": f"s{row}", "finish": True, "content": body["markdown"]["content"]}
    return {"msgtype": "stream", "stream": stream}


def _put(remembered: OrderedDict[K, V], key: K, value: V) -> None:
    remembered[key] = value
    remembered.move_to_end(key)
    while len(remembered) > MOST:
        remembered.popitem(last=False)
