"""From an item of 微信客服's sync_msg to Incoming. Pure.

A conversation is a person (external_userid, already encrypted by the platform) with an account (open_kfid):
the chat's id is "open_kfid/external_userid". Fields: developer.work.weixin.qq.com path 94670.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from gridbot.messages import ChatKind, Fault, Incoming, IncomingKind, Kept, Outcome, Sender

PLATFORM = "wecom_kf"
CUSTOMER, SYSTEM, COLLEAGUE = 3, 4, 5  #: origin
WINDOW = (4, 5, 6)  #: fail_type: over 48 hours, the conversation was closed, more than five
REFUSED = 10  #: fail_type: the person does not want to hear from us


class UnreadableError(Exception):
    """Not an item as the documents describe it."""


def chat_of(account: str, user: str) -> str:
    return f"{account}/{user}"


def keep(item: Any, *, bot: str, account: str, now: datetime) -> Kept | None:
    """An item on its way into the inbox; None: what a colleague said in the conversation is not ours to
    keep. What cannot be read is kept raw, under a digest of its bytes. `bot`: the corp's id."""
    raw = json.dumps(item, ensure_ascii=False).encode("utf-8", "replace")
    if not isinstance(item, dict):
        return Kept(PLATFORM, bot, _digest(raw), raw, None)
    if item.get("origin") == COLLEAGUE:
        return None
    msgid = item.get("msgid")
    if not (isinstance(msgid, str) and 0 < len(msgid) <= 200):
        return Kept(PLATFORM, bot, _digest(raw), raw, None)
    try:
        incoming: Incoming | None = read(item, bot=bot, account=account, now=now)
    except UnreadableError:
        incoming = None
    return Kept(PLATFORM, bot, msgid, raw, incoming)


def read(item: Mapping[str, Any], *, bot: str, account: str, now: datetime) -> Incoming | None:
    """None: an event of no conversation. Raises UnreadableError."""
    event = _part(item, "event") if item.get("msgtype") == "event" else {}
    user = _text(event.get("external_userid") or item.get("external_userid"))
    if not user:
        if event:
            return None
        raise UnreadableError
    account = _text(event.get("open_kfid") or item.get("open_kfid")) or account
    common: dict[str, Any] = {
        "platform": PLATFORM,
        "bot": bot,
        "update_id": _text(item.get("msgid")),
        "sent_at": _time(item.get("send_time"), now),
        "chat": chat_of(account, user),
        "chat_kind": ChatKind.PRIVATE,
        "sender": Sender(user),
        "via": account,
    }
    return _event(event, common) if event else _message(item, common)


def _message(item: Mapping[str, Any], common: dict[str, Any]) -> Incoming:
    """`message` is the item's own id: by that a resident's own words are told from events."""
    kind, message = item.get("msgtype"), common["update_id"]
    match kind:
        case "text":
            text = _part(item, "text")
            if pressed := _text(text.get("menu_id")):
                return Incoming(kind=IncomingKind.BUTTON, message=message, button=pressed, **common)
            return _said(common, text=_text(text.get("content")).strip())
        case "image":
            return _said(common, photos=(_text(_part(item, "image").get("media_id"), required=True),))
        case "voice":
            return _said(common, voice=True)
        case "location":
            return _located(_part(item, "location"), common)
        case str():  # a file, a video, a card, a mini-program: stored, and nothing to be read in it
            return Incoming(kind=IncomingKind.OTHER, message=message, **common)
    raise UnreadableError


def _said(common: dict[str, Any], **what: Any) -> Incoming:
    return Incoming(kind=IncomingKind.MESSAGE, message=common["update_id"], **what, **common)


def _located(where: Mapping[str, Any], common: dict[str, Any]) -> Incoming:
    latitude, longitude = where.get("latitude"), where.get("longitude")
    point = None
    if isinstance(latitude, int | float) and isinstance(longitude, int | float):
        point = (float(latitude), float(longitude))
    named = _text(where.get("name")) or _text(where.get("address"))
    return _said(common, text=named, location=point)


def _event(event: Mapping[str, Any], common: dict[str, Any]) -> Incoming:
    match event.get("event_type"):
        case "enter_session":
            scene = _text(event.get("scene"))
            return Incoming(kind=IncomingKind.JOINED, start=scene, rights=("send", "read_all"), **common)
        case "user_recall_msg":
            recalled = _text(event.get("recall_msgid"), required=True)
            return Incoming(kind=IncomingKind.RECALL, message=recalled, **common)
        case "msg_send_fail":
            lost = _text(event.get("fail_msgid"), required=True)
            why = _why(event.get("fail_type"))
            return Incoming(kind=IncomingKind.FAILED, message=lost, text=why, **common)
    return Incoming(kind=IncomingKind.OTHER, **common)


def _why(fail_type: Any) -> str:
    if fail_type in WINDOW:
        return Outcome.PARKED.value
    return Fault.BLOCKED.value if fail_type == REFUSED else Outcome.PERMANENT.value


def welcome_code(item: Any) -> tuple[str, datetime | None]:
    """(the code that lets a welcome be said, when the conversation was opened); ("", None) without one."""
    event = item.get("event") if isinstance(item, dict) else None
    if not isinstance(event, dict) or event.get("event_type") != "enter_session":
        return "", None
    code, at = event.get("welcome_code"), item.get("send_time")
    if not isinstance(code, str) or not isinstance(at, int) or isinstance(at, bool):
        return "", None
    return code, _time(at, None)


# --- fields --------------------------------------------------------------------------------------


def _part(item: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = item.get(name)
    if not isinstance(value, dict):
        raise UnreadableError
    return value


def _text(value: Any, *, required: bool = False) -> str:
    if value is None and not required:
        return ""
    if not isinstance(value, str) or len(value) > 20_000 or (required and not value):
        raise UnreadableError
    return value


def _time(value: Any, now: datetime | None) -> Any:
    if isinstance(value, int) and not isinstance(value, bool) and 1_500_000_000 < value < 10_000_000_000:
        return datetime.fromtimestamp(value, UTC)
    return now


def _digest(raw: bytes) -> str:
    return "digest:" + hashlib.sha256(raw).hexdigest()[:32]
