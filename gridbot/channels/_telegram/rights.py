"""What the bot may do in a chat, asked of Telegram; in the same words as when it joins (see `read`)."""

from __future__ import annotations

from typing import Any

from telegram import error as bad
from telegram.ext import ExtBot

from gridbot.messages import ChatKind, Delivery


async def ask_rights(bot: ExtBot[Any], bot_id: int, delivery: Delivery) -> tuple[tuple[str, ...], str]:
    """(rights, title of the group): send, read_all, admin, pin, delete. Raises Forbidden where it is out."""
    chat = int(delivery.chat)
    if delivery.chat_kind is ChatKind.PRIVATE:
        await bot.send_chat_action(chat, "typing")  # the only way to see whether one is blocked
        return ("send", "read_all"), ""
    place = await bot.get_chat(chat)
    member: Any = await bot.get_chat_member(chat, bot_id)
    if member.status in ("left", "kicked"):
        raise bad.Forbidden("bot is not a member of the group chat")
    admin = member.status in ("administrator", "creator")
    me = None if admin else await bot.get_me()
    held = {
        "send": member.status != "restricted" or member.can_send_messages,
        "read_all": admin or (me is not None and me.can_read_all_group_messages is True),
        "admin": admin,
        "pin": admin and getattr(member, "can_pin_messages", None) is True,
        "delete": admin and getattr(member, "can_delete_messages", None) is True,
    }
    return tuple(word for word, has in held.items() if has), place.title or ""
