"""The simulator's own updates, and how they are read: raw bytes in, `Incoming` out.

A raw update is a flat JSON object, as a platform would send it. Reading needs nothing else, so that an
update that was kept raw can be read again by a later version.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gridbot.messages import ChatKind, Incoming, IncomingKind, Kept, Sender

PLATFORM = "simulator"
RIGHTS = ("send", "read_all", "admin", "pin", "delete")


def keep(raw: dict[str, Any], bot: str) -> Kept:
    return Kept(PLATFORM, bot, raw["update_id"], json.dumps(raw, ensure_ascii=False).encode(), read(raw, bot))


def read(raw: dict[str, Any], bot: str) -> Incoming:
    chat, sender, message = raw["chat"], raw["from"], raw.get("message", {})
    photo = message.get("photo", "")
    return Incoming(
        platform=PLATFORM,
        bot=bot,
        update_id=raw["update_id"],
        kind=IncomingKind(raw["kind"]),
        sent_at=datetime.fromisoformat(raw["at"]),
        chat=chat["id"],
        chat_kind=ChatKind(chat["kind"]),
        chat_title=chat.get("title", ""),
        sender=Sender(sender["id"], sender["name"], language="zh"),
        message=message.get("id", ""),
        text=message.get("text", ""),
        photos=(photo,) if photo else (),
        voice=message.get("voice", False),
        reply_to=message.get("reply_to", ""),
        reply_to_bot=message.get("reply_to_bot", False),
        mentions_bot=message.get("mentions_bot", False),
        mentions_other=message.get("mentions_other", False),
        button=raw.get("button", ""),
        callback=raw.get("callback", ""),
        reactions=tuple(raw.get("reactions", ())),
        start=raw.get("start", ""),
        rights=tuple(raw.get("rights", ())),
    )


def described(chat: str, groups: Mapping[str, str]) -> dict[str, str]:
    """A chat as it stands in an update."""
    if chat in groups:
        return {"id": chat, "kind": ChatKind.GROUP.value, "title": groups[chat]}
    return {"id": chat, "kind": ChatKind.PRIVATE.value}
