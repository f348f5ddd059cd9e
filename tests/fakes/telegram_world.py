"""The people, groups and messages behind the fake Bot API, and the updates they cause."""

from __future__ import annotations

import asyncio
import re
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiogram.types import Update

from tests.fakes.telegram_judge import Refused, bad, units

GIVEN_UNASKED = frozenset({"message", "edited_message", "callback_query", "my_chat_member", "channel_post"})
_ADDRESS = re.compile(r"(?<![\w/@])(@\w{4,32}|/\w{1,32}(?:@\w{4,32})?)", re.ASCII)
_RIGHT_NAMES = (
    "can_be_edited can_manage_chat can_delete_messages can_manage_video_chats can_restrict_members "
    "can_promote_members can_change_info can_invite_users can_pin_messages can_post_stories "
    "can_edit_stories can_delete_stories can_send_welcome_messages is_anonymous"
)
_RIGHTS = _RIGHT_NAMES.split()
_PERMISSION_NAMES = (
    "can_send_messages can_send_audios can_send_documents can_send_photos can_send_videos "
    "can_send_video_notes can_send_voice_notes can_send_polls can_send_other_messages "
    "can_add_web_page_previews can_react_to_messages can_edit_tag can_change_info can_invite_users "
    "can_pin_messages can_manage_topics"
)
PERMISSIONS = _PERMISSION_NAMES.split()


@dataclass
class Person:
    id: int
    name: str
    username: str = ""
    started: bool = False  #: pressed Start in the private chat with the bot
    blocked: bool = False
    bot: bool = False

    def json(self) -> dict[str, Any]:
        more = {"username": self.username} if self.username else {}
        language = {} if self.bot else {"language_code": "zh-hans"}
        return {"id": self.id, "is_bot": self.bot, "first_name": self.name, **more, **language}


@dataclass
class Room:
    id: int
    kind: str  #: private | group | supergroup
    title: str = ""
    members: dict[int, str] = field(default_factory=dict)
    messages: dict[int, dict[str, Any]] = field(default_factory=dict)
    topics: set[int] = field(default_factory=set)
    reactions_allowed: frozenset[str] | None = None
    reactions: dict[int, dict[int, list[str]]] = field(default_factory=dict)
    pinned: list[int] = field(default_factory=list)
    migrated_to: int = 0
    muted: bool = False  #: the bot may read but not write
    last_message: int = 0
    posted_at: deque[float] = field(default_factory=deque)

    @property
    def private(self) -> bool:
        return self.kind == "private"

    def json(self) -> dict[str, Any]:
        if self.private:
            return {"id": self.id, "type": "private", "first_name": self.title}
        forum = {"is_forum": True} if self.topics else {}
        return {"id": self.id, "type": self.kind, "title": self.title, **forum}


class World:
    """`clock` drives the count per minute; both clocks may be set by a test."""

    def __init__(self, bot: Person, *, reads_all: bool) -> None:
        self.bot = bot
        self.reads_all = reads_all
        self.people: dict[int, Person] = {bot.id: bot}
        self.rooms: dict[int, Room] = {}
        self.updates: list[dict[str, Any]] = []
        self.next_update = 1000
        self.allowed: frozenset[str] = GIVEN_UNASKED
        self.callbacks: dict[str, dict[str, Any] | None] = {}  #: id → the answer given
        self.commands: dict[str, list[dict[str, str]]] = {}
        self.files: dict[str, bytes] = {}
        self.webhook: dict[str, Any] = {}
        self.transcript: list[str] = []
        self.changed = asyncio.Event()
        self.clock: Callable[[], float] = time.monotonic
        self.wall: Callable[[], float] = time.time
        self.group_per_minute = 20

    # --- looking things up, with the platform's refusals ------------------------------------------

    def person(self, id: int) -> Person:
        return self.people[id]

    def writable(self, id: int) -> Room:
        """The chat, if the bot may write there."""
        room = self.readable(id)
        if room.muted:
            raise bad("not enough rights to send text messages to the chat")
        return room

    def readable(self, id: int) -> Room:
        room = self.rooms.get(id)
        person = self.people.get(id)
        if room is None and person is not None and id != self.bot.id:
            raise Refused(403, "Forbidden: bot can't initiate conversation with a user")
        if room is None:
            raise bad("chat not found")
        if room.migrated_to:
            raise Refused(
                400,
                "Bad Request: group chat was upgraded to a supergroup chat",
                migrate_to_chat_id=room.migrated_to,
            )
        if room.private:
            if self.people[id].blocked:
                raise Refused(403, "Forbidden: bot was blocked by the user")
            return room
        status = room.members.get(self.bot.id, "left")
        if status == "kicked":
            raise Refused(403, f"Forbidden: bot was kicked from the {room.kind} chat")
        if status == "left":
            raise Refused(403, f"Forbidden: bot is not a member of the {room.kind} chat")
        return room

    def is_admin(self, room: Room) -> bool:
        return room.members.get(self.bot.id) == "administrator"

    def count_post(self, room: Room) -> None:
        """The 21st message a minute into a group is refused."""
        if room.private:
            return
        now = self.clock()
        while room.posted_at and room.posted_at[0] <= now - 60:
            room.posted_at.popleft()
        if len(room.posted_at) >= self.group_per_minute:
            wait = max(1, int(room.posted_at[0] + 60 - now) + 1)
            raise Refused(429, f"Too Many Requests: retry after {wait}", retry_after=wait)
        room.posted_at.append(now)

    # --- things that happen ----------------------------------------------------------------------

    def note(self, line: str) -> None:
        self.transcript.append(line)
        self.changed.set()

    def push(self, kind: str, body: dict[str, Any]) -> int:
        """Queues an update for the bot; kinds it did not ask for are not even kept."""
        if kind not in self.allowed:
            return 0
        self.next_update += 1
        update = {"update_id": self.next_update, kind: body}
        Update.model_validate(update)  # what the fake says itself has the documented form
        self.updates.append(update)
        self.changed.set()
        return self.next_update

    def write(self, room: Room, author: Person, **content: Any) -> dict[str, Any]:
        room.last_message += 1
        message = {
            "message_id": room.last_message,
            "date": int(self.wall()),
            "chat": room.json(),
            "from": author.json(),
            **{key: value for key, value in content.items() if value is not None},
        }
        room.messages[room.last_message] = message
        shown = message.get("text") or message.get("caption") or "·".join(sorted(content))
        self.note(f"[{room.title}] {author.name}: {shown}")
        return message

    def hears(self, room: Room, message: dict[str, Any]) -> bool:
        """Privacy mode: without rights a bot hears only what is meant for it."""
        status = room.members.get(self.bot.id, "left")
        if room.private:
            return not self.people[room.id].blocked
        if status in ("left", "kicked"):
            return False
        if self.is_admin(room) or self.reads_all:
            return True
        text = message.get("text") or message.get("caption") or ""
        answered = message.get("reply_to_message", {}).get("from", {}).get("id") == self.bot.id
        return answered or text.startswith("/") or f"@{self.bot.username}".lower() in text.lower()

    def membership(self, room: Room, old: str, new: str, by: Person, whom: Person | None = None) -> None:
        whom = whom or self.bot
        own = whom is self.bot
        if not own and not self.is_admin(room):
            return
        body = {
            "chat": room.json(),
            "from": by.json(),
            "date": int(self.wall()),
            "old_chat_member": self.member(whom, old),
            "new_chat_member": self.member(whom, new),
        }
        self.push("my_chat_member" if own else "chat_member", body)
        self.note(f"[{room.title}] {whom.name}: {old} → {new}")

    def member(self, person: Person, status: str) -> dict[str, Any]:
        found: dict[str, Any] = {"user": person.json(), "status": status}
        if status == "administrator":
            found.update(dict.fromkeys(_RIGHTS, True), is_anonymous=False)
        elif status == "creator":
            found["is_anonymous"] = False
        elif status == "kicked":
            found["until_date"] = 0
        elif status == "restricted":
            found.update(dict.fromkeys(PERMISSIONS, False), is_member=True, until_date=0)
        return found


def addresses(text: str) -> list[dict[str, Any]]:
    """The entities the platform finds by itself: @names and /commands."""
    return [
        {
            "type": "mention" if match[0].startswith("@") else "bot_command",
            "offset": units(text[: match.start()]),
            "length": units(match[0]),
        }
        for match in _ADDRESS.finditer(text)
    ]


def quoted(message: dict[str, Any]) -> dict[str, Any]:
    """A message as it appears inside a reply: without the one it answers itself."""
    return {key: value for key, value in message.items() if key != "reply_to_message"}
