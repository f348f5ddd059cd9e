"""What a test does to the fake Telegram, and what it sees there; see `bot_api`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from tests.fakes.telegram_methods import new_file
from tests.fakes.telegram_world import Person, Room, World, addresses, quoted

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8"
    "ffff3f0005fe02fe0def46b80000000049454e44ae426082"
)
Message = dict[str, Any]


class Driving:
    def __init__(self, world: World) -> None:
        self.world = world

    def add_user(self, id: int, name: str, username: str = "", *, bot: bool = False) -> Person:
        person = Person(id, name, username, bot=bot)
        self.world.people[id] = person
        return person

    def add_group(
        self,
        id: int,
        title: str,
        members: list[Person] | tuple[Person, ...] = (),
        *,
        bot: str = "member",
        kind: str = "supergroup",
        topics: tuple[int, ...] = (),
    ) -> Room:
        """`bot`: member, administrator, or "" to leave it out. The first member is the group's owner."""
        room = Room(id, kind, title, topics=set(topics))
        room.members = {person.id: "member" for person in members}
        if members:
            room.members[members[0].id] = "creator"
        self.world.rooms[id] = room
        if bot:
            self.adds(room, status=bot)
        return room

    def adds(self, chat: Room | int, status: str = "member") -> None:
        room = self.room(chat)
        old, room.members[self.world.bot.id] = room.members.get(self.world.bot.id, "left"), status
        self.world.membership(room, old, status, self._owner(room))

    def promotes(self, chat: Room | int) -> None:
        self.adds(chat, "administrator")

    def demotes(self, chat: Room | int) -> None:
        self.adds(chat, "member")

    def kicks(self, chat: Room | int) -> None:
        self.adds(chat, "kicked")

    def migrates(self, chat: Room | int, new_id: int) -> Room:
        """The basic group becomes a supergroup: a new id, new message ids, the old one refuses."""
        old = self.room(chat)
        room = Room(new_id, "supergroup", old.title, members=dict(old.members))
        self.world.rooms[new_id] = room
        owner = self._owner(old)
        for place, extra in ((old, {"migrate_to_chat_id": new_id}), (room, {"migrate_from_chat_id": old.id})):
            self.world.push("message", self.world.write(place, owner, **extra))
        old.migrated_to = new_id
        return room

    def user_says(
        self,
        chat: Room | Person | int,
        user: Person | int,
        text: str = "",
        *,
        reply_to: Message | int | None = None,
        photo: bytes | bool | None = None,
        album: str | None = None,
        thread: int | None = None,
        forward: bool = False,
        **more: Any,
    ) -> Message:
        """`more` goes into the message as it is: location={…}, voice={…}, entities=[…] …"""
        room, author = self.room(chat), self.person(user)
        content: dict[str, Any] = {"media_group_id": album, **more}
        words, marks = ("caption", "caption_entities") if photo else ("text", "entities")
        if text:
            content.update({words: text, marks: more.get("entities") or addresses(text) or None})
        if photo:
            data = photo if isinstance(photo, bytes) else PNG
            small, large = new_file(self.world, data), new_file(self.world, data)
            content["photo"] = [small | {"width": 90, "height": 67}, large | {"width": 1280, "height": 960}]
        if reply_to is not None:
            number = reply_to if isinstance(reply_to, int) else reply_to["message_id"]
            content["reply_to_message"] = quoted(room.messages[number])
        if thread is not None:
            content.update(message_thread_id=thread, is_topic_message=True)
        if forward:
            origin = {"type": "hidden_user", "sender_user_name": "某人", "date": int(self.world.wall())}
            content["forward_origin"] = origin
        message = self.world.write(room, author, **content)
        if self.world.hears(room, message):
            self.world.push("message", dict(message))
        return message

    def user_edits(self, message: Message, text: str) -> None:
        room = self.room(message["chat"]["id"])
        message["caption" if "photo" in message else "text"] = text
        message["edit_date"] = int(self.world.wall())
        self.world.note(f"[{room.title}] {message['from']['first_name']} (edit): {text}")
        if self.world.hears(room, message):
            self.world.push("edited_message", dict(message))

    def user_reacts(self, user: Person | int, message: Message, emoji: str = "") -> None:
        """ "" takes it back. Only an administrator bot is told, and only if it asked to be."""
        room, person = self.room(message["chat"]["id"]), self.person(user)
        mine = room.reactions.setdefault(message["message_id"], {})
        old, mine[person.id] = mine.get(person.id, []), [emoji] if emoji else []
        body = {
            "chat": room.json(),
            "message_id": message["message_id"],
            "user": person.json(),
            "date": int(self.world.wall()),
            "old_reaction": [{"type": "emoji", "emoji": one} for one in old],
            "new_reaction": [{"type": "emoji", "emoji": one} for one in mine[person.id]],
        }
        if room.private or self.world.is_admin(room):
            self.world.push("message_reaction", body)
        self.world.note(f"[{room.title}] {person.name} reacts {emoji or '—'} to {message['message_id']}")

    def presses(self, user: Person | int, message: Message, button: str) -> str:
        """Presses the button with this text (or beginning with it); returns the callback's id."""
        keys = [key for row in message["reply_markup"]["inline_keyboard"] for key in row]
        key = next((key for key in keys if key["text"] == button), None)
        key = key or next(key for key in keys if key["text"].startswith(button))
        person = self.person(user)
        id = f"cb{len(self.world.callbacks) + 1}"
        self.world.callbacks[id] = None
        self.world.note(f"[{message['chat'].get('title', '')}] {person.name} presses {key['text']}")
        body = {"id": id, "from": person.json(), "chat_instance": "1", "message": dict(message)}
        self.world.push("callback_query", {**body, "data": key["callback_data"]})
        return id

    def starts(self, user: Person | int, payload: str = "") -> Message:
        person = self.person(user)
        person.started = True
        return self.user_says(person, person, f"/start {payload}".strip())

    def blocks(self, user: Person | int) -> None:
        person = self.person(user)
        person.blocked = True
        self.world.membership(self.room(person), "member", "kicked", person)

    def unblocks(self, user: Person | int) -> None:
        person = self.person(user)
        person.blocked = False
        self.world.membership(self.room(person), "kicked", "member", person)

    def raw_update(self, **update: Any) -> int:
        """An update as it is, whatever its kind and content: raw_update(message={…})."""
        self.world.next_update += 1
        self.world.updates.append({"update_id": self.world.next_update, **update})
        self.world.changed.set()
        return self.world.next_update

    # --- looking ---------------------------------------------------------------------------------

    def messages(self, chat: Room | Person | int) -> list[Message]:
        return list(self.room(chat).messages.values())

    def said(self, chat: Room | Person | int) -> list[str]:
        mine = (one for one in self.messages(chat) if one["from"]["id"] == self.world.bot.id)
        return [one.get("text") or one.get("caption") or "" for one in mine]

    def reactions(self, chat: Room | Person | int) -> dict[int, list[str]]:
        """The bot's own."""
        bot = self.world.bot.id
        return {id: by[bot] for id, by in self.room(chat).reactions.items() if by.get(bot)}

    def buttons(self, message: Message) -> list[str]:
        return [
            key["text"] for row in message.get("reply_markup", {}).get("inline_keyboard", []) for key in row
        ]

    def pinned(self, chat: Room | Person | int) -> list[int]:
        return self.room(chat).pinned

    @property
    def answers(self) -> dict[str, dict[str, Any] | None]:
        return self.world.callbacks

    @property
    def commands(self) -> dict[str, list[dict[str, str]]]:
        return self.world.commands

    @property
    def transcript(self) -> list[str]:
        return self.world.transcript

    def confirmed(self, update_id: int) -> bool:
        return all(update["update_id"] != update_id for update in self.world.updates)

    async def until(self, condition: Callable[[], Any], seconds: float = 5.0) -> Any:
        """The condition's value once it is true; else fails with the transcript."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while not (value := condition()):
            if loop.time() > end:
                raise AssertionError("did not happen:\n" + "\n".join(self.transcript[-40:]))
            await asyncio.sleep(0.01)
        return value

    def person(self, user: Person | int) -> Person:
        return user if isinstance(user, Person) else self.world.people[user]

    def room(self, chat: Room | Person | int) -> Room:
        if isinstance(chat, Room):
            return chat
        id = chat.id if isinstance(chat, Person) else chat
        if id not in self.world.rooms and id in self.world.people:
            person = self.world.people[id]
            self.world.rooms[id] = Room(
                id, "private", person.name, {id: "member", self.world.bot.id: "member"}
            )
        return self.world.rooms[id]

    def _owner(self, room: Room) -> Person:
        owner = next((id for id, status in room.members.items() if status == "creator"), None)
        return self.world.people[owner] if owner else Person(1, "群主")
