"""One Telegram update, as a raw dict, becomes one Incoming. Pure; never raises.

aiogram's types do the reading, one function per kind of update. Updates grow new fields every few
months: where a part of one does not fit the types, that part alone is dropped, so that a resident's
words are still heard when only their forward header or a reply's poll is new to us.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from gridbot.messages import ChatKind, Incoming, IncomingKind, Sender

if TYPE_CHECKING:
    from aiogram.types import (
        CallbackQuery,
        Chat,
        ChatMemberUpdated,
        Message,
        MessageEntity,
        MessageReactionUpdated,
        Update,
        User,
    )

PLATFORM = "telegram"
_log = logging.getLogger(__name__)
_TELEGRAM_ITSELF = 777000  #: the account that copies a channel's posts into its discussion group
_DROPS = 24  #: so many parts of one update are dropped before it is given up
_AFTER_A_NAME = " \t\r\n,，:：、"
#: what a person says; anything else in a message is the group's own bookkeeping
_SAID = (
    "text", "caption", "photo", "voice", "video_note", "video", "audio", "animation", "document",
    "live_photo", "paid_media", "sticker", "story", "location", "venue", "contact", "poll", "dice",
    "checklist", "rich_message",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class BotIdentity:
    """Who the bot is: needed to tell its mentions and its own messages from others'."""

    id: str
    username: str
    reads_all: bool = False  #: sees everything in a group without being its administrator


@dataclass(frozen=True, slots=True)
class _Frame:
    bot: BotIdentity
    update_id: str
    now: datetime

    def make(
        self, kind: IncomingKind, chat: Chat | None, sender: Sender, at: datetime | None = None, **more: Any
    ) -> Incoming:
        private = chat is None or chat.type == "private"
        values: dict[str, Any] = {
            "chat": "" if chat is None else str(chat.id),
            "chat_kind": ChatKind.PRIVATE if private else ChatKind.GROUP,
            "chat_title": "" if chat is None else _whole(chat.title or ""),
            **more,
        }
        return Incoming(
            platform=PLATFORM,
            bot=self.bot.id,
            update_id=self.update_id,
            kind=kind,
            sender=sender,
            sent_at=(at or self.now).astimezone(UTC),
            **values,
        )


def read_update(raw: Mapping[str, Any], bot: BotIdentity, *, now: datetime | None = None) -> Incoming | None:
    """None: it cannot be read today; keep the raw bytes.

    Text stays as written, with one exception: an address at its very beginning is taken off, so
    that "@gridbot 三栋漏水" reads "三栋漏水" and "/help@gridbot" reads "/help" (`mentions_bot` tells that
    it was there). `now` is the time of updates that carry none (a pressed button).
    """
    try:
        update = _parse(raw)
        if update is None:
            return None
        frame = _Frame(bot, str(update.update_id), now or datetime.now(UTC))
        for kind, read in _KINDS.items():
            event = getattr(update, kind, None)
            if event is not None:
                return read(event, frame)
        return frame.make(IncomingKind.OTHER, None, Sender(""))
    except Exception as error:  # an update that trips us must still reach the inbox
        _log.warning("Telegram update %s: %s while reading", raw.get("update_id"), type(error).__name__)
        return None


# --- parsing, with the parts dropped that do not fit ----------------------------------------------


def _parse(raw: Mapping[str, Any]) -> Update | None:
    from aiogram.types import Update
    from pydantic import ValidationError

    data: Any = raw
    for _ in range(_DROPS):
        try:
            return Update.model_validate(data)
        except ValidationError as error:
            if data is raw:
                data = copy.deepcopy(dict(raw))
            faults = error.errors(include_url=False, include_input=False)
            filled = [_not_granted(data, fault["loc"]) for fault in faults if fault["type"] == "missing"]
            if not any(filled) and not _mend(data, faults[0]["loc"]):
                return None
    return None


def _not_granted(data: Any, loc: Sequence[int | str]) -> bool:
    """A right this server does not know yet is one the member does not have."""
    *path, name = loc
    if path[1:2] not in (["old_chat_member"], ["new_chat_member"]) or not str(name).startswith(
        ("can_", "is_")
    ):
        return False
    data[path[0]][path[1]][name] = False
    return True


def _mend(data: Any, loc: Sequence[int | str]) -> bool:
    """Takes away the innermost existing thing on the way to the fault; False if that is too much.

    A required part that is gone makes its owner the next fault, so this climbs by itself. The event
    (message, callback_query …) is never taken away: then the update is kept raw.
    """
    steps: list[tuple[Any, int | str]] = []
    here = data
    for step in loc:
        found = (isinstance(here, dict) and step in here) or (
            isinstance(here, list) and isinstance(step, int) and step < len(here)
        )
        if not found:
            continue  # the name of a union's branch, not a place in the data
        steps.append((here, step))
        here = here[step]
    if len(steps) < 2:
        return False
    owner, step = steps[-1]
    del owner[step]
    return True


# --- messages ------------------------------------------------------------------------------------


def _message(message: Message, frame: _Frame) -> Incoming:
    if message.migrate_to_chat_id is not None:
        return _migrated(message, frame, str(message.chat.id), str(message.migrate_to_chat_id))
    if message.migrate_from_chat_id is not None:
        return _migrated(message, frame, str(message.migrate_from_chat_id), str(message.chat.id))
    if not any(getattr(message, part, None) for part in _SAID):
        sender = _sender(message.from_user, message.sender_chat)
        more = {"message": str(message.message_id), "thread": _thread(message)}
        return frame.make(IncomingKind.OTHER, message.chat, sender, message.date, **more)
    return _said(message, frame, IncomingKind.MESSAGE, message.date)


def _edited(message: Message, frame: _Frame) -> Incoming:
    at = message.edit_date
    return _said(message, frame, IncomingKind.EDIT, datetime.fromtimestamp(at, UTC) if at else message.date)


def _said(message: Message, frame: _Frame, kind: IncomingKind, at: datetime) -> Incoming:
    text, entities = _words(message)
    text, mine, others = _addressed(text, entities, frame.bot)
    reply = _reply(message)
    spot = message.location or (message.venue.location if message.venue else None)
    return frame.make(
        kind,
        message.chat,
        _sender(message.from_user, message.sender_chat),
        at,
        thread=_thread(message),
        message=str(message.message_id),
        text=text,
        photos=_photos(message),
        album=message.media_group_id or "",
        voice=message.voice is not None or message.video_note is not None,
        location=(spot.latitude, spot.longitude) if spot else None,
        reply_to=str(reply.message_id) if reply else "",
        reply_to_bot=bool(reply and reply.from_user and str(reply.from_user.id) == frame.bot.id),
        mentions_bot=mine,
        mentions_other=others,
        forwarded=message.forward_origin is not None or message.is_automatic_forward is True,
        start=_start(text),
    )


def _migrated(message: Message, frame: _Frame, old: str, new: str) -> Incoming:
    """Telegram says it twice, once in either chat; both come out the same: `chat` is now `new_chat`."""
    sender = _sender(message.from_user, message.sender_chat)
    said = frame.make(IncomingKind.MIGRATED, message.chat, sender, at=message.date, new_chat=new)
    return msgspec.structs.replace(said, chat=old)


def _words(message: Message) -> tuple[str, Sequence[MessageEntity]]:
    if message.text:
        return _whole(message.text), message.entities or ()
    if message.caption:
        return _whole(message.caption), message.caption_entities or ()
    if message.venue:  # the name of a place somebody chose on the map is what they say
        return f"{message.venue.title} {message.venue.address}".strip(), ()
    return "", ()


def _whole(text: str) -> str:
    """Half an emoji and NUL, which no database takes, become U+FFFD: entities keep their places."""
    text = text.replace("\x00", "\ufffd")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _addressed(text: str, entities: Sequence[MessageEntity], bot: BotIdentity) -> tuple[str, bool, bool]:
    """(text without an address at its beginning, names the bot, names somebody else)."""
    mine = others = False
    kept = text
    for entity in entities:
        if entity.type not in ("mention", "text_mention", "bot_command"):
            continue
        word = entity.extract_from(text)
        if entity.type == "text_mention":
            ours = entity.user is not None and str(entity.user.id) == bot.id
        else:
            command, at, name = word.partition("@")
            if not at:
                continue  # a command to whoever listens
            ours = name.lower() == bot.username.lower()
        mine, others = mine or ours, others or not ours
        if ours and entity.offset == 0:
            rest = text[len(word) :]
            kept = command + rest if entity.type == "bot_command" else rest.lstrip(_AFTER_A_NAME)
    return kept, mine, others


def _start(text: str) -> str:
    command, _, payload = text.partition(" ")
    return payload.strip() if command == "/start" else ""


def _reply(message: Message) -> Message | None:
    """In a topic every message "replies" to the one that opened the topic: that is not an answer."""
    reply = message.reply_to_message
    return None if reply is None or reply.forum_topic_created is not None else reply


def _thread(message: Message) -> str:
    """Only a real topic: in plain groups Telegram numbers chains of replies by the same field."""
    return str(message.message_thread_id) if message.is_topic_message and message.message_thread_id else ""


def _photos(message: Message) -> tuple[str, ...]:
    if message.photo:
        return (max(message.photo, key=lambda size: size.width * size.height).file_id,)
    if message.document and (message.document.mime_type or "").startswith("image/"):
        return (message.document.file_id,)
    return ()


def _sender(user: User | None, behind: Chat | None) -> Sender:
    """An anonymous administrator, a channel or its copied posts are nobody in particular."""
    if behind is not None or user is None or user.id == _TELEGRAM_ITSELF:
        return Sender("", name=_whole(behind.title or "") if behind else "", service=True)
    return Sender(
        str(user.id), name=_whole(user.full_name), bot=user.is_bot, language=user.language_code or ""
    )


# --- the other kinds -----------------------------------------------------------------------------


def _pressed(query: CallbackQuery, frame: _Frame) -> Incoming:
    from aiogram.types import Message

    sender = _sender(query.from_user, None)
    under = query.message  # too old to be shown (InaccessibleMessage), it still has chat and id
    if under is None or query.data is None:
        return frame.make(IncomingKind.OTHER, under.chat if under else None, sender, callback=query.id)
    return frame.make(
        IncomingKind.BUTTON,
        under.chat,
        sender,
        thread=_thread(under) if isinstance(under, Message) else "",
        message=str(under.message_id),
        button=query.data,
        callback=query.id,
    )


def _own_membership(change: ChatMemberUpdated, frame: _Frame) -> Incoming:
    new: Any = change.new_chat_member
    inside = new.status in ("creator", "administrator", "member") or (
        new.status == "restricted" and new.is_member
    )
    kind = IncomingKind.JOINED if inside else IncomingKind.LEFT
    everything = frame.bot.reads_all or change.chat.type == "private"
    rights = _rights(new, everything) if inside else ()
    sender = _sender(change.from_user, None)
    return frame.make(kind, change.chat, sender, at=change.date, rights=rights)


def _rights(member: Any, reads_all: bool) -> tuple[str, ...]:
    """The same words a probe answers with: send, read_all, admin, pin, delete."""
    admin = member.status in ("creator", "administrator")
    held = {
        "send": member.status != "restricted" or member.can_send_messages,
        "read_all": admin or reads_all,
        "admin": admin,
        "pin": admin and getattr(member, "can_pin_messages", None) is True,
        "delete": admin and getattr(member, "can_delete_messages", None) is True,
    }
    return tuple(word for word, has in held.items() if has)


def _others_membership(change: ChatMemberUpdated, frame: _Frame) -> Incoming:
    return frame.make(IncomingKind.OTHER, change.chat, _sender(change.from_user, None), at=change.date)


def _reacted(change: MessageReactionUpdated, frame: _Frame) -> Incoming:
    emojis = (getattr(reaction, "emoji", "") for reaction in change.new_reaction)
    return frame.make(
        IncomingKind.REACTION,
        change.chat,
        _sender(change.user, change.actor_chat),
        at=change.date,
        message=str(change.message_id),
        reactions=tuple(emoji for emoji in emojis if emoji),
    )


_KINDS: dict[str, Callable[[Any, _Frame], Incoming]] = {
    "message": _message,
    "edited_message": _edited,
    "callback_query": _pressed,
    "my_chat_member": _own_membership,
    "chat_member": _others_membership,
    "message_reaction": _reacted,
    "channel_post": _message,
    "edited_channel_post": _edited,
}
#: what Telegram is asked for; named every time, because left out it means "as the last one asked"
ALLOWED_UPDATES = (
    "message",
    "edited_message",
    "callback_query",
    "my_chat_member",
    "chat_member",
    "message_reaction",
)
