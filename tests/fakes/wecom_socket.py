"""The far side of a 智能机器人's long connection: one socket a bot, JSON frames, people behind it.

**Driving.** `says(user, text, group="", …)` (→ msgid; quote=…, mixed=[…], voice=…, raw=…), `again(msgid)` the
same message once more, `presses(user, task_id, text)`, `enters(user)`, `feedback(user)`, `frame(…)` anything
else, `kick()` another connection takes over, `drop()` the line breaks, `connected()`.

**Looking.** `messages(chat)` what the bot said there (dicts as sent, with "how": reply | push | welcome),
`said(chat)` their texts, `card(chat)` the last card as it is now, `updates` of cards, `subscriptions`.
`await until(condition)` waits for one.

**Strict.** A reply needs the req_id of a callback, younger than a day; an update and a welcome one of the
right kind, once, within five seconds; a push a chat that somebody has spoken in; cards their fields and
sizes; the 31st message a minute into a chat is refused. Refusals go to `refusals`.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import itertools
import json
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

_TASK = re.compile(r"[0-9A-Za-z_\-@]{1,128}")


@dataclass
class _Callback:
    kind: str  #: message | enter_chat | template_card_event | feedback_event
    chat: str
    at: float
    task: str = ""
    used: int = 0


@dataclass
class _Upload:
    kind: str
    size: int
    md5: str
    chunks: dict[int, bytes] = field(default_factory=dict)


class AibotSocket:
    """A mixin of FakeWecom: `fail` and `refusals` are there."""

    refusals: list[tuple[str, int, str]]
    fault: Callable[[str], Any]

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.bots: dict[str, str] = {}
        self.frames: list[dict[str, Any]] = []  #: everything the bot sent
        self.updates: list[dict[str, Any]] = []
        self.subscriptions = 0
        self.pings = 0
        self.spoken: set[str] = set()  #: chats where a push is allowed
        self.media_ids: dict[str, bytes] = {}
        self.per_minute = 30
        self._said: dict[str, list[dict[str, Any]]] = {}
        self._cards: dict[str, dict[str, Any]] = {}
        self._callbacks: dict[str, _Callback] = {}
        self._uploads: dict[str, _Upload] = {}
        self._times: dict[str, list[float]] = {}
        self._messages: dict[str, dict[str, Any]] = {}
        self._lines: list[web.WebSocketResponse] = []
        self._transports: dict[web.WebSocketResponse, asyncio.BaseTransport | None] = {}
        self._line: web.WebSocketResponse | None = None
        self._bot = ""
        self._changed = asyncio.Event()
        self._numbers = itertools.count(1)

    def bot(self, bot_id: str, secret: str) -> None:
        self.bots[bot_id] = secret
        self._bot = bot_id

    # --- the socket ------------------------------------------------------------------------------

    async def serve_socket(self, request: web.Request) -> web.StreamResponse:
        line = web.WebSocketResponse(heartbeat=None)
        await line.prepare(request)
        self._lines.append(line)
        self._transports[line] = request.transport
        try:
            async for message in line:
                if message.type is WSMsgType.TEXT:
                    await self._heard(line, json.loads(message.data))
        finally:
            self._lines.remove(line)
            del self._transports[line]
            if self._line is line:
                self._line = None
            self._changed.set()
        return line

    async def close_sockets(self) -> None:
        for line in list(self._lines):
            await line.close()

    async def _heard(self, line: web.WebSocketResponse, frame: dict[str, Any]) -> None:
        self.frames.append(frame)
        cmd, req_id = frame["cmd"], frame["headers"]["req_id"]
        fault = self.fault(cmd)
        code, words, more = 0, "ok", {}
        if fault is None or fault.done:
            code, words, more = await self._done(line, cmd, req_id, frame.get("body") or {})
        if fault is not None:
            if fault.how == "drop" and (transport := self._transports.get(line)) is not None:
                transport.abort()
            if fault.how in ("hang", "drop"):  # no ack
                self._changed.set()
                return
            if fault.how == "slow":
                await asyncio.sleep(getattr(self, "slowness", 0.3))
                code, words, more = await self._done(line, cmd, req_id, frame.get("body") or {})
            code, words = fault.errcode or code, "as told" if fault.errcode else words
        if code:
            self.refusals.append((cmd, code, words))
        ack = {"headers": {"req_id": req_id}, "errcode": code, "errmsg": words}
        if not line.closed:
            await line.send_json({**ack, **({"body": more} if more else {})})
        self._changed.set()

    async def _done(
        self, line: web.WebSocketResponse, cmd: str, req_id: str, body: dict[str, Any]
    ) -> tuple[int, str, dict[str, Any]]:
        if cmd == "aibot_subscribe":
            return await self._subscribe(line, body)
        if self._line is not line:
            return 846609, "aibot websocket not subscribed", {}
        if cmd == "ping":
            self.pings += 1
            return 0, "ok", {}
        act = {
            "aibot_respond_msg": self._respond,
            "aibot_respond_welcome_msg": self._welcome,
            "aibot_respond_update_msg": self._update,
            "aibot_send_msg": self._push,
            "aibot_upload_media_init": self._upload_init,
            "aibot_upload_media_chunk": self._upload_chunk,
            "aibot_upload_media_finish": self._upload_finish,
        }.get(cmd)
        if act is None:
            return 40058, f"unknown cmd {cmd}", {}
        found = act(req_id, body)
        return (*found, {}) if len(found) == 2 else found

    async def _subscribe(
        self, line: web.WebSocketResponse, body: dict[str, Any]
    ) -> tuple[int, str, dict[str, Any]]:
        if body.get("bot_id") not in self.bots:
            return 93019, "invalid bot_id", {}
        if body.get("secret") != self.bots[body["bot_id"]]:
            return 853000, "invalid secret", {}
        if self._line is not None and self._line is not line:
            await self.kick()
        self._line = line
        self.subscriptions += 1
        return 0, "ok", {}

    # --- what the bot says -----------------------------------------------------------------------

    def _respond(self, req_id: str, body: dict[str, Any]) -> tuple[int, str]:
        callback = self._callbacks.get(req_id)
        if callback is None or callback.kind != "message" or self.clock() - callback.at > 24 * 3600:
            return 846605, "invalid req_id"
        return self._say(callback.chat, "reply", body, ("stream", "markdown", "template_card", "image"))

    def _welcome(self, req_id: str, body: dict[str, Any]) -> tuple[int, str]:
        callback = self._callbacks.get(req_id)
        if callback is None or callback.kind != "enter_chat" or callback.used:
            return 846605, "invalid req_id"
        if self.clock() - callback.at > 5:
            return 846608, "out of time"
        callback.used += 1
        return self._say(callback.chat, "welcome", body, ("text", "template_card"))

    def _update(self, req_id: str, body: dict[str, Any]) -> tuple[int, str]:
        callback = self._callbacks.get(req_id)
        if callback is None or callback.kind != "template_card_event" or callback.used:
            return 846605, "invalid req_id"
        if self.clock() - callback.at > 5:
            return 846608, "out of time"
        card = body.get("template_card") or {}
        if body.get("response_type") != "update_template_card":
            return 40058, "response_type"
        if card.get("task_id") != callback.task:
            return 40058, "task_id is not the card's"
        if (wrong := _wrong_card(card)) is not None:
            return 40058, wrong
        callback.used += 1
        self._cards[callback.chat] = card
        self.updates.append(card)
        return 0, "ok"

    def _push(self, _req_id: str, body: dict[str, Any]) -> tuple[int, str]:
        chat = str(body.get("chatid", ""))
        if chat not in self.spoken:
            return 93006, "invalid chatid"
        if body.get("chat_type") not in (None, 0, 1, 2):
            return 40058, "chat_type"
        return self._say(chat, "push", body, ("markdown", "template_card", "image"))

    def _say(self, chat: str, how: str, body: dict[str, Any], kinds: tuple[str, ...]) -> tuple[int, str]:
        kind = str(body.get("msgtype"))
        if kind not in kinds or not isinstance(body.get(kind), dict):
            return 40008, f"invalid message type {kind}"
        if kind in ("stream", "markdown", "text"):
            content = body[kind].get("content")
            if not isinstance(content, str) or not content:
                return 44004, "content is empty"
            if len(content.encode()) > 20480:
                return 45002, "content size out of limit"
        if kind == "stream" and not (body["stream"].get("id") and body["stream"].get("finish") is True):
            return 40058, "stream without id or end"
        if kind == "image" and body["image"].get("media_id") not in self.media_ids:
            return 40007, "invalid media_id"
        if kind == "template_card":
            card = body["template_card"]
            if (wrong := _wrong_card(card)) is not None:
                return 40058, wrong
            if any(card["task_id"] == one.get("task_id") for one in self._cards.values()):
                return 40058, "task_id is not new"
        recent = [at for at in self._times.setdefault(chat, []) if self.clock() - at < 60]
        if len(recent) >= self.per_minute:
            return 45009, "api freq out of limit"
        self._times[chat] = [*recent, self.clock()]
        if kind == "template_card":
            self._cards[chat] = body["template_card"]
        self._said.setdefault(chat, []).append({**body, "how": how})
        return 0, "ok"

    def _upload_init(self, _req_id: str, body: dict[str, Any]) -> tuple[int, str, dict[str, Any]]:
        id = secrets.token_hex(6)
        self._uploads[id] = _Upload(body["type"], body["total_size"], body["md5"])
        return 0, "ok", {"upload_id": id}

    def _upload_chunk(self, _req_id: str, body: dict[str, Any]) -> tuple[int, str]:
        data = base64.b64decode(body["base64_data"])
        if len(data) > 512 * 1024:
            return 40006, "chunk too large"
        self._uploads[body["upload_id"]].chunks[body["chunk_index"]] = data
        return 0, "ok"

    def _upload_finish(self, _req_id: str, body: dict[str, Any]) -> tuple[int, str, dict[str, Any]]:
        upload = self._uploads[body["upload_id"]]
        data = b"".join(upload.chunks[index] for index in range(len(upload.chunks)))
        if len(data) != upload.size or hashlib.md5(data).hexdigest() != upload.md5:
            return 40006, "size or md5", {}
        id = f"media-{secrets.token_hex(6)}"
        self.media_ids[id] = data
        return 0, "ok", {"type": upload.kind, "media_id": id, "created_at": "0"}

    # --- driving ---------------------------------------------------------------------------------

    def connected(self) -> bool:
        return self._line is not None and not self._line.closed

    async def says(
        self, user: str, text: str, *, group: str = "", quote: Any = None, mixed: Any = None, **more: Any
    ) -> str:
        """In a group the bot hears what begins by naming it; that is for the caller to write."""
        body: dict[str, Any] = {"msgtype": "text", "text": {"content": text}}
        if mixed is not None:
            body = {"msgtype": "mixed", "mixed": {"msg_item": mixed}}
        if quote is not None:
            body["quote"] = {"msgtype": "text", "text": {"content": quote}}
        return await self.tells(user, {**body, **more}, group=group)

    async def tells(self, user: str, body: dict[str, Any], *, group: str = "") -> str:
        """A message as it is, and nothing checked."""
        msgid = f"CAIQ{next(self._numbers):06d}{secrets.token_hex(4)}"
        where = {"chatid": group, "chattype": "group"} if group else {"chattype": "single"}
        whole = {"msgid": msgid, "aibotid": self._bot, **where, "from": {"userid": user}, **body}
        self._messages[msgid] = whole
        self.spoken.add(group or user)
        await self._calls("aibot_msg_callback", whole, _Callback("message", group or user, self.clock()))
        return msgid

    async def again(self, msgid: str) -> None:
        whole = self._messages[msgid]
        chat = whole.get("chatid") or whole["from"]["userid"]
        await self._calls("aibot_msg_callback", whole, _Callback("message", chat, self.clock()))

    async def presses(self, user: str, chat: str, text: str, *, times: int = 1) -> None:
        card = self._cards[chat]
        key = next(button["key"] for button in card["button_list"] if button["text"] == text)
        event = {
            "eventtype": "template_card_event",
            "template_card_event": {
                "card_type": card["card_type"],
                "event_key": key,
                "task_id": card["task_id"],
            },
        }
        callback = _Callback("template_card_event", chat, self.clock(), card["task_id"])
        msgid = f"CAIQ-press-{next(self._numbers)}"
        for _ in range(times):
            await self._event(user, event, callback, group="" if chat == user else chat, msgid=msgid)

    async def enters(self, user: str) -> None:
        self.spoken.add(user)
        event = {"eventtype": "enter_chat"}
        await self._event(user, event, _Callback("enter_chat", user, self.clock()))

    async def feedback(self, user: str) -> None:
        event = {"eventtype": "feedback_event", "feedback_event": {"id": "S1", "type": 1}}
        await self._event(user, event, _Callback("feedback_event", user, self.clock()))

    async def _event(
        self, user: str, event: dict[str, Any], callback: _Callback, *, group: str = "", msgid: str = ""
    ) -> None:
        where = {"chatid": group, "chattype": "group"} if group else {"chattype": "single"}
        body = {
            "msgid": msgid or f"CAIQ-event-{next(self._numbers)}",
            "create_time": 1795141200,
            "aibotid": self._bot,
            **where,
            "from": {"userid": user},
            "msgtype": "event",
            "event": event,
        }
        await self._calls("aibot_event_callback", body, callback)

    async def _calls(self, cmd: str, body: dict[str, Any], callback: _Callback) -> None:
        req_id = f"req-{secrets.token_hex(8)}"
        self._callbacks[req_id] = callback
        await self.frame({"cmd": cmd, "headers": {"req_id": req_id}, "body": body})

    async def frame(self, frame: Any) -> None:
        """Anything; text goes as it is."""
        assert self._line is not None, "nobody is subscribed"
        await self._line.send_str(frame if isinstance(frame, str) else json.dumps(frame))

    async def kick(self) -> None:
        """Another connection of the same bot: this one is told, and closed."""
        line, self._line = self._line, None
        if line is not None:
            event = {"eventtype": "disconnected_event"}
            body = {"msgid": "kicked", "create_time": 1795141200, "aibotid": self._bot, "msgtype": "event"}
            frame = {
                "cmd": "aibot_event_callback",
                "headers": {"req_id": "k"},
                "body": {**body, "event": event},
            }
            await line.send_json(frame)
            await line.close()

    async def drop(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            await line.close(code=1011)

    # --- looking ---------------------------------------------------------------------------------

    def messages(self, chat: str) -> list[dict[str, Any]]:
        return self._said.get(chat, [])

    def said(self, chat: str) -> list[str]:
        return [_text(message) for message in self.messages(chat)]

    def card(self, chat: str) -> dict[str, Any]:
        return self._cards.get(chat, {})

    async def until(self, condition: Callable[[], Any], seconds: float = 10) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while not condition():
            left = end - loop.time()
            said = {chat: self.said(chat) for chat in self._said}
            assert left > 0, f"it did not happen\n{said}\n{self.refusals}"
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), min(0.05, left))
            except TimeoutError:
                continue


def _text(message: dict[str, Any]) -> str:
    kind = message["msgtype"]
    if kind == "template_card":
        card = message["template_card"]
        words = [card["main_title"].get("title", ""), card.get("sub_title_text", "")]
        return "\n".join(word for word in words if word)
    return str(message[kind].get("content", f"[{kind}]"))


def _wrong_card(card: dict[str, Any]) -> str | None:
    """What the platform would not take; None if it is a card."""
    if not _TASK.fullmatch(str(card.get("task_id", ""))):
        return "task_id"
    title = card.get("main_title", {}).get("title", "")
    if not title or len(title) > 26:  # what a client shows
        return "main_title"
    if len(card.get("sub_title_text", "")) > 112:
        return "sub_title_text"
    if card.get("card_type") == "text_notice":
        action = card.get("card_action", {})
        return None if action.get("type") in (0, 1, 2) else "card_action"
    if card.get("card_type") != "button_interaction":
        return "card_type"
    buttons = card.get("button_list", [])
    if not 1 <= len(buttons) <= 6:
        return "button_list"
    for button in buttons:
        if set(button) - {"text", "style", "key", "type", "url", "replace_text"} or not button.get("text"):
            return "button"
        if not 0 < len(button.get("key", "").encode()) <= 1024 or button.get("style") not in (1, 2, 3, 4):
            return "button"
    return None
