"""A chat platform without a platform: groups, private chats and people on a page of our own.

It is a channel like any other. What people do becomes a raw update, which the bot must take (`accept`)
or be given again; what the bot says comes through `send` and is judged as a strict platform would judge
it: a person who never pressed 开始 cannot be written to, nor a group the bot was put out of. Nothing is
learnt here of what a message means.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import shutil
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gridbot.channels._simulator.cast import PEOPLE, ROOMS, Person, Room
from gridbot.channels._simulator.mouth import Mouth
from gridbot.channels._simulator.photos import Photos
from gridbot.channels._simulator.reading import PLATFORM, RIGHTS, described, keep
from gridbot.channels._simulator.transcript import BOT, HIDDEN, Event, Message, Transcript
from gridbot.messages import Accept, Capabilities, Delivery, IncomingKind, SendResult

__all__ = ["PEOPLE", "PLATFORM", "ROOMS", "ActRefusedError", "Person", "Room", "Simulator", "forget"]

TEXT_LIMIT = 20_000  #: characters a person may send; the bot's own limit is in its capabilities
AGAIN = 1.0  #: seconds until an update that was not taken is offered once more
_logger = logging.getLogger(__name__)


class ActRefusedError(Exception):
    """Somebody tried what the platform does not allow; `code` says what, for the page to word."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def _utcnow() -> datetime:
    return datetime.now(UTC)


_ACTS: dict[str, tuple[str, dict[str, type]]] = {
    "say": ("say", {"chat": str, "text": str, "photo": str, "voice": bool, "reply_to": str}),
    "edit": ("edit", {"chat": str, "id": str, "text": str}),
    "recall": ("recall", {"chat": str, "id": str}),
    "react": ("react", {"chat": str, "id": str, "emoji": str}),
    "press": ("press", {"chat": str, "id": str, "token": str}),
    "start": ("press_start", {"payload": str}),
    "block": ("block", {}),
    "invite": ("bot_joins", {"chat": str}),
    "remove": ("bot_leaves", {"chat": str}),
}


class Simulator:
    """`path`: the transcript's file; without it nothing outlives the process. Its message ids stand in the
    database: keep both, or throw both away."""

    platform = PLATFORM
    capabilities = Capabilities(sees_recall=True)

    def __init__(
        self,
        *,
        accept: Accept,
        people: Sequence[Person] = PEOPLE,
        rooms: Sequence[Room] = ROOMS,
        path: Path | None = None,
        bot: str = "sim",
        name: str = "网格助手",
        now: Callable[[], datetime] = _utcnow,
    ) -> None:
        self.bot, self.name = bot, name
        self.people = {person.id: person for person in people}
        self.rooms = {room.id: room for room in rooms}
        self.transcript = Transcript(path)
        self.photos = Photos(path.with_suffix(".media") if path is not None else None)
        self.trouble: Callable[[Delivery], SendResult | None] | None = None  #: lets a test refuse a row
        self._accept, self._now = accept, now
        self._titles = {room.id: room.title for room in rooms}
        self._mouth = Mouth(self.transcript, self.photos, self._titles, accept=accept, bot=bot, at=self._at)
        self._turn = asyncio.Lock()  # what was said first comes in first
        self._retry: asyncio.Task[None] | None = None
        self._run = secrets.token_hex(4)  # makes update ids new after every restart
        self._updates = 0

    async def start(self) -> None:
        """Gives the bot what it had not taken when the process ended; at first, sets the scene."""
        await self._hand_over()
        if not self.transcript.empty:
            return
        for room in self.rooms.values():
            if room.bot:
                await self.bot_joins((room.members or tuple(self.people))[-1], room.id)
        for person in self.people.values():
            if person.started:
                await self.press_start(person.id)

    async def close(self) -> None:
        if self._retry is not None:
            self._retry.cancel()
            await asyncio.gather(self._retry, return_exceptions=True)
        self.transcript.close()

    async def send(self, delivery: Delivery) -> SendResult:
        """What the bot says."""
        if self.trouble is not None and (refused := self.trouble(delivery)) is not None:
            return refused
        return await self._mouth.send(delivery)

    # --- what people do --------------------------------------------------------------------------

    async def act(self, who: str, act: str, form: Mapping[str, object]) -> dict[str, str]:
        """One of `_ACTS`, as a page sends it; a refusal is an answer: {"error": code}."""
        if act not in _ACTS:
            return {"error": "no-such-act"}
        method, fields = _ACTS[act]
        given = {name: form.get(name, kind()) for name, kind in fields.items()}
        if any(type(value) is not fields[name] for name, value in given.items()):
            return {"error": "bad-form"}
        try:
            return {"id": await getattr(self, method)(who, **given) or ""}
        except ActRefusedError as refused:
            return {"error": refused.code}

    async def say(
        self, who: str, chat: str, text: str = "", *, photo: str = "", voice: bool = False, reply_to: str = ""
    ) -> str:
        """Returns the message's id."""
        person = self._in_chat(who, chat)
        text = _written(text, optional=bool(photo or voice))
        if photo and self.photos.get(photo) is None:
            raise ActRefusedError("no-such-photo")
        if chat == who and chat not in self.transcript.started:
            raise ActRefusedError("not-started")
        if text == "/start" or text.startswith("/start "):
            await self.press_start(who, text[7:].strip())
            return ""
        if reply_to:
            self._known(chat, reply_to)
        id = self.transcript.next_id()
        what = {"text": text, "photo": photo, "voice": voice, "reply_to": reply_to}
        self.transcript.append("message", id=id, chat=chat, sender=who, at=self._at(), **what)
        await self._heard(person, chat, IncomingKind.MESSAGE, message=self._as_sent(chat, id))
        return id

    async def edit(self, who: str, chat: str, id: str, text: str) -> None:
        person, message = self._own(who, chat, id)
        text = _written(text, optional=bool(message.photo))
        if text == message.text:
            return
        self.transcript.append("edit", chat=chat, id=id, text=text, at=self._at())
        await self._heard(person, chat, IncomingKind.EDIT, message=self._as_sent(chat, id))

    async def recall(self, who: str, chat: str, id: str) -> None:
        person, _ = self._own(who, chat, id)
        self.transcript.append("recall", chat=chat, id=id, at=self._at())
        await self._heard(person, chat, IncomingKind.RECALL, message={"id": id})

    async def react(self, who: str, chat: str, id: str, emoji: str) -> None:
        """An empty `emoji` takes the reaction away."""
        person = self._in_chat(who, chat)
        self._known(chat, id)
        if len(emoji) > 8 or not emoji.isprintable():
            raise ActRefusedError("no-such-reaction")
        self.transcript.append("reaction", chat=chat, id=id, who=who, emoji=emoji)
        reactions = [emoji] if emoji else []
        await self._heard(person, chat, IncomingKind.REACTION, message={"id": id}, reactions=reactions)

    async def press(self, who: str, chat: str, id: str, token: str) -> None:
        person = self._in_chat(who, chat)
        message = self._known(chat, id)
        if not any(button["token"] == token for row in message.buttons for button in row):
            raise ActRefusedError("no-such-button")
        callback = secrets.token_hex(8)
        self.transcript.append("press", chat=chat, id=id, who=who, callback=callback)
        await self._heard(
            person,
            chat,
            IncomingKind.BUTTON,
            message={"id": id, "text": message.text},
            button=token,
            callback=callback,
        )

    async def press_start(self, who: str, payload: str = "") -> None:
        """开始: from now on the bot may write to this person."""
        person = self._person(who)
        if who not in self.transcript.started:
            self.transcript.append("started", chat=who, at=self._at())
            await self._heard(person, who, IncomingKind.JOINED)
        id = self.transcript.next_id()
        text = f"/start {payload}".strip()
        self.transcript.append("message", id=id, chat=who, sender=who, at=self._at(), text=text)
        message = {"id": id, "text": text}
        await self._heard(person, who, IncomingKind.MESSAGE, message=message, start=payload)

    async def block(self, who: str) -> None:
        """停用: the bot is refused from now on."""
        person = self._person(who)
        if who not in self.transcript.started:
            raise ActRefusedError("not-started")
        self.transcript.append("blocked", chat=who, at=self._at())
        await self._heard(person, who, IncomingKind.LEFT)

    async def bot_joins(self, who: str, chat: str) -> None:
        """Somebody lets the bot into a group, as an administrator of it."""
        person = self._in_chat(who, chat)
        if chat not in self.rooms or self.transcript.present.get(chat):
            raise ActRefusedError("already")
        self.transcript.append("bot_in", chat=chat, who=who, at=self._at())
        await self._heard(person, chat, IncomingKind.JOINED, rights=RIGHTS)

    async def bot_leaves(self, who: str, chat: str) -> None:
        person = self._in_chat(who, chat)
        if not self.transcript.present.get(chat):
            raise ActRefusedError("already")
        self.transcript.append("bot_out", chat=chat, who=who, at=self._at())
        await self._heard(person, chat, IncomingKind.LEFT)

    # --- the way in ------------------------------------------------------------------------------

    async def _heard(self, person: Person, chat: str, kind: IncomingKind, **more: Any) -> None:
        """Writes the update down before it is handed over: a bot that dies now gets it again."""
        if chat in self.rooms and not self.transcript.present.get(chat) and kind is not IncomingKind.LEFT:
            return  # the bot is not in this group: it hears nothing
        self._updates += 1
        raw = {
            "update_id": f"{self._run}-{self._updates}",
            "kind": kind.value,
            "at": self._at(),
            "chat": described(chat, self._titles),
            "from": {"id": person.id, "name": person.name},
            **more,
        }
        self.transcript.append("update", raw=raw)
        await self._hand_over()

    async def _hand_over(self) -> None:
        """In order. What the bot does not take now is offered again; who spoke is told nothing of it,
        as on any platform."""
        async with self._turn:
            while self.transcript.owed:
                raw = next(iter(self.transcript.owed.values()))
                try:
                    await self._accept([keep(raw, self.bot)])
                except Exception as error:
                    _logger.error("An update was not kept (%s); it is offered again", type(error).__name__)
                    self._retry = asyncio.create_task(self._hand_over_later())
                    return
                self.transcript.append("kept", update=raw["update_id"])

    async def _hand_over_later(self) -> None:
        await asyncio.sleep(AGAIN)
        await self._hand_over()

    def _as_sent(self, chat: str, id: str) -> dict[str, Any]:
        """A message as the platform shows it to a bot."""
        message = self._known(chat, id)
        answered = self.transcript.message(chat, message.reply_to)
        others = [person.name for person in self.people.values()]
        return {
            "id": id,
            "text": message.text,
            "photo": message.photo,
            "voice": message.voice,
            "reply_to": message.reply_to,
            "reply_to_bot": answered is not None and answered.sender == BOT,
            "mentions_bot": f"@{self.name}" in message.text,
            "mentions_other": any(f"@{name}" in message.text for name in others),
        }

    # --- what the page shows ---------------------------------------------------------------------

    def chats_of(self, who: str) -> list[str]:
        """The chats a person is in."""
        person = self._person(who)
        groups = [room.id for room in self.rooms.values() if not room.members or person.id in room.members]
        return [*groups, person.id]

    def state(self) -> dict[str, Any]:
        """Everything there is to show now, and the number of the last event in it.

        One page shows several people beside each other, so it is given every chat with its members; it
        shows each person their own. What they may do is checked here, not there.
        """
        log = self.transcript
        return {
            "generation": log.generation,
            "last": len(log.events),
            "bot": self.name,
            "people": [asdict(person) for person in self.people.values()],
            "chats": [self._shown(chat) for chat in (*self.rooms, *self.people)],
        }

    def _shown(self, chat: str) -> dict[str, Any]:
        log, group = self.transcript, chat in self.rooms
        members = self.rooms[chat].members or tuple(self.people) if group else (chat,)
        return {
            "id": chat,
            "title": self._titles.get(chat, self.name),
            "private": not group,
            "open": log.present.get(chat, False) if group else chat in log.started,
            "members": members,
            "pins": log.pins.get(chat, []),
            "menu": log.menus.get(chat, []),
            "count": len(log.by_chat.get(chat, [])),
            "messages": [asdict(message) for message in log.latest(chat)],
        }

    async def watch(self, after: int, generation: str) -> AsyncGenerator[Event, None]:
        """Events as they happen; {"kind": "reset"} where the page must begin anew."""
        log = self.transcript
        if generation != log.generation or after > len(log.events):
            yield {"n": len(log.events), "kind": "reset"}
            return
        queue = log.listen()
        try:
            for event in log.events[after:]:
                if event["kind"] not in HIDDEN:
                    yield event
            while (event_or_end := await queue.get()) is not None:
                if event_or_end["kind"] not in HIDDEN:
                    yield event_or_end
        finally:
            log.unlisten(queue)

    # --- looking things up -----------------------------------------------------------------------

    def _at(self) -> str:
        return self._now().astimezone(UTC).isoformat()

    def _person(self, who: str) -> Person:
        if who not in self.people:
            raise ActRefusedError("no-such-person")
        return self.people[who]

    def _in_chat(self, who: str, chat: str) -> Person:
        person = self._person(who)
        if chat not in self.chats_of(who):
            raise ActRefusedError("no-such-chat")
        return person

    def _known(self, chat: str, id: str) -> Message:
        message = self.transcript.message(chat, id)
        if message is None or message.recalled:
            raise ActRefusedError("no-such-message")
        return message

    def _own(self, who: str, chat: str, id: str) -> tuple[Person, Message]:
        person, message = self._in_chat(who, chat), self._known(chat, id)
        if message.sender != who:
            raise ActRefusedError("not-yours")
        return person, message


def _written(text: str, *, optional: bool) -> str:
    """As it can be kept: half an emoji, which a page may send, fits into no file."""
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").strip()
    if not text and not optional:
        raise ActRefusedError("empty")
    if len(text) > TEXT_LIMIT:
        raise ActRefusedError("too-long")
    return text


def forget(path: Path) -> None:
    """Throws a transcript and its pictures away. The database it belongs to must go, too."""
    path.unlink(missing_ok=True)
    shutil.rmtree(path.with_suffix(".media"), ignore_errors=True)
