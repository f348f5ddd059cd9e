"""What each method does to the world, and what it refuses, in the platform's own words."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tests.fakes.telegram_judge import REACTIONS, bad, check_keyboard, formatted, units
from tests.fakes.telegram_world import PERMISSIONS, Room, World, quoted

Values = dict[str, Any]
_SAME = (
    "message is not modified: specified new message content and reply markup are exactly the same as a "
    "current content and reply markup of the message"
)


def get_me(world: World, given: Values) -> Any:
    return {
        **world.bot.json(),
        "can_join_groups": True,
        "can_read_all_group_messages": world.reads_all,
        "supports_inline_queries": False,
    }


def send_message(world: World, given: Values) -> Any:
    text, entities = formatted(given["text"], given.get("parse_mode"), given.get("entities"))
    if not text.strip():
        raise bad("message text is empty")
    if units(text) > 4096:
        raise bad("message is too long")
    return _post(world, given, text=text, entities=entities or None)


def send_photo(world: World, given: Values) -> Any:
    text, entities = formatted(
        given.get("caption", ""), given.get("parse_mode"), given.get("caption_entities")
    )
    if units(text) > 1024:
        raise bad("message caption is too long")
    photo = given["photo"]
    data = world.files.pop(photo, b"") if photo.startswith("attach://") else world.files.get(photo, b"")
    if not data.startswith((b"\x89PNG", b"\xff\xd8")):
        raise bad("IMAGE_PROCESS_FAILED")
    sizes = [{**new_file(world, data), "width": 640, "height": 480}]
    return _post(world, given, photo=sizes, caption=text or None, caption_entities=entities or None)


def new_file(world: World, data: bytes) -> Values:
    name = f"AgAC{len(world.files):04d}"
    world.files[name] = data
    return {"file_id": name, "file_unique_id": f"u{name}", "file_size": len(data)}


def _post(world: World, given: Values, **content: Any) -> Any:
    room = world.writable(given["chat_id"])
    thread = given.get("message_thread_id")
    if thread is not None and thread not in room.topics:
        raise bad("message thread not found")
    reply = given.get("reply_parameters")
    answered = None
    if reply is not None:
        answered = room.messages.get(reply["message_id"])
        if answered is None and not reply.get("allow_sending_without_reply"):
            raise bad("message to be replied not found")
    check_keyboard(given.get("reply_markup"))
    world.count_post(room)
    if thread is not None:
        content.update(message_thread_id=thread, is_topic_message=True)
    message = world.write(
        room,
        world.bot,
        reply_to_message=quoted(answered) if answered else None,
        reply_markup=given.get("reply_markup"),
        **content,
    )
    if given.get("disable_notification"):
        world.note(f"[{room.title}] (silent)")
    return message


def edit_message_text(world: World, given: Values) -> Any:
    text, entities = formatted(given["text"], given.get("parse_mode"), given.get("entities"))
    if units(text) > 4096:
        raise bad("message is too long")
    room, message = _own(world, given)
    if "text" not in message:
        raise bad("there is no text in the message to edit")
    return _change(world, room, message, text=text, entities=entities, markup=given.get("reply_markup"))


def edit_message_caption(world: World, given: Values) -> Any:
    text, entities = formatted(
        given.get("caption", ""), given.get("parse_mode"), given.get("caption_entities")
    )
    if units(text) > 1024:
        raise bad("message caption is too long")
    room, message = _own(world, given)
    if "photo" not in message:
        raise bad("there is no caption in the message to edit")
    return _change(
        world, room, message, caption=text, caption_entities=entities, markup=given.get("reply_markup")
    )


def edit_message_reply_markup(world: World, given: Values) -> Any:
    room, message = _own(world, given)
    return _change(world, room, message, markup=given.get("reply_markup"))


def _own(world: World, given: Values) -> tuple[Room, Values]:
    room = world.readable(given["chat_id"])
    message = room.messages.get(given["message_id"])
    if message is None:
        raise bad("message to edit not found")
    if message["from"]["id"] != world.bot.id:
        raise bad("message can't be edited")
    check_keyboard(given.get("reply_markup"))
    return room, message


def _change(world: World, room: Room, message: Values, *, markup: Any, **content: Any) -> Any:
    after = {**message, **content, "reply_markup": markup}
    after = {key: value for key, value in after.items() if value not in (None, [])}
    if after == message:
        raise bad(_SAME)
    world.count_post(room)
    message.clear()
    message.update(after, edit_date=int(world.wall()))
    world.note(f"[{room.title}] {world.bot.name} (edit): {after.get('text') or after.get('caption') or ''}")
    return message


def delete_message(world: World, given: Values) -> Any:
    room = world.readable(given["chat_id"])
    message = room.messages.get(given["message_id"])
    if message is None:
        raise bad("message to delete not found")
    if message["from"]["id"] != world.bot.id and not world.is_admin(room):
        raise bad("message can't be deleted")
    del room.messages[given["message_id"]]
    world.note(f"[{room.title}] message {given['message_id']} deleted")
    return True


def pin_chat_message(world: World, given: Values) -> Any:
    room = world.readable(given["chat_id"])
    if given["message_id"] not in room.messages:
        raise bad("message to pin not found")
    if not room.private and not world.is_admin(room):
        raise bad("not enough rights to manage pinned messages in the chat")
    room.pinned.append(given["message_id"])
    world.note(f"[{room.title}] message {given['message_id']} pinned")
    return True


def set_message_reaction(world: World, given: Values) -> Any:
    room = world.readable(given["chat_id"])
    if given["message_id"] not in room.messages:
        raise bad("message to react not found")
    wanted = [one.get("emoji", "") for one in given.get("reaction") or []]
    if len(wanted) > 1:
        raise bad("REACTIONS_TOO_MANY")
    allowed = REACTIONS if room.reactions_allowed is None else room.reactions_allowed
    if any(emoji not in allowed for emoji in wanted):
        raise bad("REACTION_INVALID")
    room.reactions.setdefault(given["message_id"], {})[world.bot.id] = wanted
    world.note(f"[{room.title}] {world.bot.name} reacts {''.join(wanted) or '—'} to {given['message_id']}")
    return True


def answer_callback_query(world: World, given: Values) -> Any:
    if units(given.get("text", "")) > 200:
        raise bad("MESSAGE_TOO_LONG")
    id = given["callback_query_id"]
    if id not in world.callbacks or world.callbacks[id] is not None:
        raise bad("query is too old and response timeout expired or query ID is invalid")
    world.callbacks[id] = {"text": given.get("text", ""), "alert": bool(given.get("show_alert"))}
    world.note(f"(answer) {given.get('text', '')}")
    return True


def get_chat(world: World, given: Values) -> Any:
    room = world.readable(given["chat_id"])
    gifts = (
        "unlimited_gifts",
        "limited_gifts",
        "unique_gifts",
        "premium_subscription",
        "gifts_from_channels",
    )
    more: Values = {
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(gifts, False),
    }
    if not room.private:
        more["permissions"] = dict.fromkeys(PERMISSIONS, True)
    if room.reactions_allowed is not None:
        more["available_reactions"] = [
            {"type": "emoji", "emoji": emoji} for emoji in sorted(room.reactions_allowed)
        ]
    return {**room.json(), **more}


def get_chat_member(world: World, given: Values) -> Any:
    room = world.readable(given["chat_id"])
    user = given["user_id"]
    if user not in world.people:
        raise bad("PARTICIPANT_ID_INVALID")
    if user != world.bot.id and not room.private and not world.is_admin(room):
        raise bad("CHAT_ADMIN_REQUIRED")
    status = room.members.get(user, "left")
    if user == world.bot.id and room.muted and status == "member":
        status = "restricted"
    return world.member(world.people[user], status)


def get_chat_administrators(world: World, given: Values) -> Any:
    room = world.readable(given["chat_id"])
    if room.private:
        raise bad("there are no administrators in the private chat")
    return [
        world.member(world.people[user], status)
        for user, status in room.members.items()
        if status in ("creator", "administrator")
    ]


def leave_chat(world: World, given: Values) -> Any:
    room = world.readable(given["chat_id"])
    if room.private:
        raise bad("chat not found")
    old, room.members[world.bot.id] = room.members[world.bot.id], "left"
    world.membership(room, old, "left", world.bot)
    return True


def send_chat_action(world: World, given: Values) -> Any:
    world.writable(given["chat_id"])
    return True


def set_my_commands(world: World, given: Values) -> Any:
    for entry in given["commands"]:
        if not re.fullmatch(r"[a-z0-9_]{1,32}", entry["command"]):
            raise bad("BOT_COMMAND_INVALID")
        if not 1 <= units(entry["description"]) <= 256:
            raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
    if len(given["commands"]) > 100:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    world.commands[_scope(world, given)] = given["commands"]
    return True


def delete_my_commands(world: World, given: Values) -> Any:
    world.commands.pop(_scope(world, given), None)
    return True


def get_my_commands(world: World, given: Values) -> Any:
    return world.commands.get(_scope(world, given), [])


def _scope(world: World, given: Values) -> str:
    scope = given.get("scope") or {"type": "default"}
    if "chat_id" in scope:
        world.readable(int(scope["chat_id"]))
    parts = [scope["type"], *(str(scope[key]) for key in ("chat_id", "user_id") if key in scope)]
    return ":".join(parts) + ("@" + given["language_code"] if given.get("language_code") else "")


def get_file(world: World, given: Values) -> Any:
    name = given["file_id"]
    if name not in world.files:
        raise bad("wrong file_id or the file is temporarily unavailable")
    size = len(world.files[name])
    if size > 20 * 1024 * 1024:
        raise bad("file is too big")
    return {"file_id": name, "file_unique_id": f"u{name}", "file_size": size, "file_path": f"photos/{name}"}


def set_webhook(world: World, given: Values) -> Any:
    secret = given.get("secret_token", "")
    if secret and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret):
        raise bad("secret token contains unallowed characters")
    world.webhook = {"url": given["url"], "secret": secret} if given["url"] else {}
    if given.get("allowed_updates") is not None:
        world.allowed = frozenset(given["allowed_updates"])
    world.changed.set()
    return True


def delete_webhook(world: World, given: Values) -> Any:
    world.webhook = {}
    if given.get("drop_pending_updates"):
        world.updates.clear()
    return True


def get_webhook_info(world: World, given: Values) -> Any:
    return {
        "url": world.webhook.get("url", ""),
        "has_custom_certificate": False,
        "pending_update_count": len(world.updates),
    }


METHODS: dict[str, Callable[[World, Values], Any]] = {
    "getMe": get_me,
    "sendMessage": send_message,
    "sendPhoto": send_photo,
    "editMessageText": edit_message_text,
    "editMessageCaption": edit_message_caption,
    "editMessageReplyMarkup": edit_message_reply_markup,
    "deleteMessage": delete_message,
    "pinChatMessage": pin_chat_message,
    "setMessageReaction": set_message_reaction,
    "answerCallbackQuery": answer_callback_query,
    "getChat": get_chat,
    "getChatMember": get_chat_member,
    "getChatAdministrators": get_chat_administrators,
    "leaveChat": leave_chat,
    "sendChatAction": send_chat_action,
    "setMyCommands": set_my_commands,
    "deleteMyCommands": delete_my_commands,
    "getMyCommands": get_my_commands,
    "getFile": get_file,
    "setWebhook": set_webhook,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": get_webhook_info,
}
