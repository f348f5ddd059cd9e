"""From a frame of the 智能机器人's socket to Incoming. Pure.

The platform gives what the bot says no message id. So a message is known here by what it says: its id is a
digest of its letters (`id_of`), and a quote, which carries nothing but text, finds it again.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from gridbot.messages import ChatKind, Incoming, IncomingKind, Kept, Sender

PLATFORM = "wecom_aibot"
MESSAGE, EVENT = "aibot_msg_callback", "aibot_event_callback"
_AT = re.compile(r"\s*@\S+\s*")


class UnreadableError(Exception):
    """Not a callback as the documents describe it."""


def id_of(text: str) -> str:
    """The id of a message that says this; "" where there is not a letter in it. The same words quoted, cut
    into other lines or with a mention before them, have the same id."""
    letters = "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text))).casefold()
    if not letters:
        return ""
    return "t-" + hashlib.sha256(letters.encode("utf-8", "replace")).hexdigest()[:24]


def keep(raw: bytes, frame: Any, *, bot: str, name: str, now: datetime) -> Kept:
    """A callback on its way into the inbox. What cannot be read is kept raw, under a digest of its bytes."""
    body = frame.get("body") if isinstance(frame, dict) else None
    msgid = body.get("msgid") if isinstance(body, dict) else None
    if not (isinstance(msgid, str) and 0 < len(msgid) <= 200):
        return Kept(PLATFORM, bot, "digest:" + hashlib.sha256(raw).hexdigest()[:32], raw, None)
    try:
        incoming: Incoming | None = read(frame, bot=bot, name=name, now=now)
    except UnreadableError:
        incoming = None
    return Kept(PLATFORM, bot, msgid, raw, incoming)


def read(frame: Mapping[str, Any], *, bot: str, name: str = "", now: datetime) -> Incoming:
    """`name`: what the bot is called in groups. Raises UnreadableError."""
    body = _dict(frame.get("body"))
    sender = _text(_dict(body.get("from")).get("userid"), required=True)
    kind, chat = _chat(body, sender)
    common: dict[str, Any] = {
        "platform": PLATFORM,
        "bot": bot,
        "update_id": _text(body.get("msgid"), required=True),
        "sent_at": _time(body.get("create_time"), now),
        "chat": chat,
        "chat_kind": kind,
        "sender": Sender(sender),
    }
    if frame.get("cmd") == EVENT or body.get("msgtype") == "event":
        return _event(body, common, _text(_dict(frame.get("headers")).get("req_id")))
    return _message(body, common, name)


def _chat(body: Mapping[str, Any], sender: str) -> tuple[ChatKind, str]:
    """In single chat there is no chatid: the person is the chat."""
    if body.get("chattype") == "group":
        return ChatKind.GROUP, _text(body.get("chatid"), required=True)
    if body.get("chattype") in ("single", None) and not body.get("chatid"):
        return ChatKind.PRIVATE, sender
    if body.get("chattype") == "single":
        return ChatKind.PRIVATE, sender
    raise UnreadableError


# --- messages ------------------------------------------------------------------------------------


def _message(body: Mapping[str, Any], common: dict[str, Any], name: str) -> Incoming:
    text, photos = _content(body)
    if text is None:  # a file, a video: stored, and nothing to be read in it
        return Incoming(kind=IncomingKind.OTHER, **common)
    group = common["chat_kind"] is ChatKind.GROUP
    said = without_name(text, name) if group else text.strip()
    voice = body.get("msgtype") == "voice"
    quoted = _content(_dict(body["quote"]))[0] if isinstance(body.get("quote"), dict) else None
    return Incoming(
        kind=IncomingKind.MESSAGE,
        message=id_of(said) or common["update_id"],
        text="" if voice else said,
        transcript=said if voice else "",
        voice=voice,
        photos=photos,
        mentions_bot=group,  # a group's message comes only if the bot is named in it
        reply_to=id_of(without_name(quoted, name)) if quoted else "",
        **common,
    )


def _content(body: Mapping[str, Any]) -> tuple[str | None, tuple[str, ...]]:
    """(what is said, pictures); None: of a kind in which nothing is said."""
    kind = body.get("msgtype")
    part = body.get(kind) if isinstance(kind, str) else None
    match kind:
        case "text" | "voice" | "markdown":
            return _text(_dict(part).get("content")), ()
        case "stream":
            return _text(_dict(part).get("content")), ()
        case "image":
            return "", (picture_id(_dict(part)),)
        case "mixed":
            return _mixed(_dict(part))
    return None, ()


def _mixed(part: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    items = part.get("msg_item")
    if not isinstance(items, list):
        raise UnreadableError
    found = [_content(_dict(one)) for one in items]
    text = "\n".join(said for said, _ in found if said)
    return text, tuple(photo for _, photos in found for photo in photos)


def picture_id(image: Mapping[str, Any]) -> str:
    """Its address says who may fetch it, for five minutes; a digest of it says nothing."""
    url = _text(image.get("url"), required=True)
    return "p-" + hashlib.sha256(url.encode("utf-8", "replace")).hexdigest()[:24]


def without_name(text: str, name: str) -> str:
    """Without "@网格助手 ", which stands before everything said in a group (a name may hold blanks)."""
    text = text.strip()
    if name and f"@{name}" in text:
        return text.replace(f"@{name}", "", 1).strip()
    found = _AT.match(text)
    return text[found.end() :].strip() if found else text


# --- events --------------------------------------------------------------------------------------


def _event(body: Mapping[str, Any], common: dict[str, Any], req_id: str) -> Incoming:
    event = _dict(body.get("event"))
    kind = event.get("eventtype")
    part = event.get(kind) if isinstance(kind, str) else None
    match kind:
        case "template_card_event":
            pressed = _dict(part)
            return Incoming(
                kind=IncomingKind.BUTTON,
                message=_text(pressed.get("task_id"), required=True),
                button=_text(pressed.get("event_key"), required=True),
                callback=req_id,
                **common,
            )
        case "enter_chat":
            return Incoming(kind=IncomingKind.JOINED, rights=("send", "read_all"), **common)
        case "feedback_event":
            return Incoming(kind=IncomingKind.OTHER, **common)
    raise UnreadableError


def event_of(frame: Mapping[str, Any]) -> str:
    """The kind of event; "" for anything else."""
    body = frame.get("body")
    event = body.get("event") if isinstance(body, dict) else None
    kind = event.get("eventtype") if isinstance(event, dict) else None
    return kind if isinstance(kind, str) else ""


# --- fields --------------------------------------------------------------------------------------


def _dict(value: Any) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise UnreadableError
    return value


def _text(value: Any, *, required: bool = False) -> str:
    if value is None and not required:
        return ""
    if not isinstance(value, str) or (required and not 0 < len(value) <= 2048):
        raise UnreadableError
    return value


def _time(value: Any, now: datetime) -> datetime:
    if isinstance(value, int) and not isinstance(value, bool) and 1_500_000_000 < value < 10_000_000_000:
        return datetime.fromtimestamp(value, UTC)
    return now


def frame_of(raw: bytes) -> dict[str, Any] | None:
    """None: no JSON object."""
    try:
        frame = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return frame if isinstance(frame, dict) else None
