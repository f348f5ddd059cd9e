"""What was said: a list of events, one JSON line each, and the chats as the events leave them.

Every event is written and flushed before anybody sees it, so that after a `kill -9` the page shows what
was said, and a test can count what was said twice. The chats are nothing but the fold of the events:
a restart reads the lines again.
"""

from __future__ import annotations

import asyncio
import io
import json
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Event = dict[str, Any]
HIDDEN = ("born", "update", "kept", "press")  #: the platform's own book-keeping: no page is told
LATEST = 200  #: messages of a chat that a page is given at first
BACKLOG = 1000  #: events a page may lag behind before it is cut off and starts anew


@dataclass(slots=True)
class Message:
    id: str
    chat: str
    sender: str  #: a person's id, or BOT
    at: str
    text: str = ""
    photo: str = ""
    voice: bool = False
    reply_to: str = ""
    buttons: list[list[dict[str, str]]] = field(default_factory=list)
    mentions: list[str] = field(default_factory=list)
    silent: bool = False
    edits: int = 0
    edited_at: str = ""
    recalled: bool = False
    reactions: dict[str, str] = field(default_factory=dict)  #: who → emoji


BOT = "bot"


class Transcript:
    """Append, read, listen. Not for threads: it lives on the event loop."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.generation = secrets.token_hex(6)  #: another one: the page must forget what it knows
        self.events: list[Event] = []
        self.messages: dict[tuple[str, str], Message] = {}
        self.by_chat: dict[str, list[Message]] = {}
        self.started: set[str] = set()  #: people who may be written to
        self.present: dict[str, bool] = {}  #: group → the bot is in it
        self.pins: dict[str, list[str]] = {}
        self.menus: dict[str, list[list[str]]] = {}
        self.callbacks: dict[str, str] = {}  #: callback → who pressed, until answered
        self.owed: dict[str, Event] = {}  #: updates the bot has not taken yet, in order
        self._listeners: set[asyncio.Queue[Event | None]] = set()
        self._file: io.TextIOWrapper | None = None
        if path is not None:
            self._open(path)

    @property
    def empty(self) -> bool:
        """Nothing has happened yet."""
        return all(event["kind"] == "born" for event in self.events[:2])

    def _open(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        whole = 0
        if path.exists():
            for line in path.read_bytes().splitlines(keepends=True):
                if not line.endswith(b"\n"):
                    break  # the process was killed within a line: nobody has seen it
                self._apply(json.loads(line))
                whole += len(line)
        self._file = path.open("r+" if whole else "w", encoding="utf-8", newline="\n")
        self._file.truncate(whole)
        self._file.seek(whole)
        if not self.events:
            self.append("born", generation=self.generation)

    def append(self, kind: str, **what: Any) -> Event:
        """Writes one event down, then shows it."""
        event: Event = {"n": len(self.events) + 1, "kind": kind, **what}
        if self._file is not None:
            self._file.write(json.dumps(event, ensure_ascii=False) + "\n")
            self._file.flush()
        self._apply(event)
        for queue in list(self._listeners):
            if queue.qsize() < BACKLOG:
                queue.put_nowait(event)
            else:  # a page that does not read: cut it off, it will come again
                self._listeners.discard(queue)
                queue.put_nowait(None)
        return event

    def close(self) -> None:
        for queue in self._listeners:
            queue.put_nowait(None)
        self._listeners.clear()
        if self._file is not None:
            self._file.close()

    # --- listening ---

    def listen(self) -> asyncio.Queue[Event | None]:
        """Every event from now on; None is the end."""
        queue: asyncio.Queue[Event | None] = asyncio.Queue()
        self._listeners.add(queue)
        return queue

    def unlisten(self, queue: asyncio.Queue[Event | None]) -> None:
        self._listeners.discard(queue)

    # --- reading ---

    def next_id(self) -> str:
        return str(len(self.messages) + 1)

    def message(self, chat: str, id: str) -> Message | None:
        return self.messages.get((chat, id))

    def latest(self, chat: str) -> list[Message]:
        return self.by_chat.get(chat, [])[-LATEST:]

    # --- the fold: one function per kind of event ---

    def _apply(self, event: Event) -> None:
        self.events.append(event)
        apply = getattr(self, f"_on_{event['kind']}", None)
        if apply is not None:
            apply(event)

    def _on_born(self, event: Event) -> None:
        self.generation = event["generation"]

    def _on_message(self, event: Event) -> None:
        names = Message.__dataclass_fields__
        message = Message(**{name: event[name] for name in event if name in names})
        self.messages[message.chat, message.id] = message
        self.by_chat.setdefault(message.chat, []).append(message)

    def _on_edit(self, event: Event) -> None:
        message = self.messages[event["chat"], event["id"]]
        message.text, message.edited_at = event["text"], event["at"]
        message.buttons = event.get("buttons", message.buttons)
        message.edits += 1

    def _on_recall(self, event: Event) -> None:
        message = self.messages[event["chat"], event["id"]]
        message.recalled, message.text, message.photo, message.buttons = True, "", "", []

    def _on_reaction(self, event: Event) -> None:
        reactions = self.messages[event["chat"], event["id"]].reactions
        if event["emoji"]:
            reactions[event["who"]] = event["emoji"]
        else:
            reactions.pop(event["who"], None)

    def _on_pin(self, event: Event) -> None:
        pins = self.pins.setdefault(event["chat"], [])
        if event["id"] not in pins:
            pins.append(event["id"])

    def _on_menu(self, event: Event) -> None:
        self.menus[event["chat"]] = event["items"]

    def _on_press(self, event: Event) -> None:
        self.callbacks[event["callback"]] = event["who"]

    def _on_answer(self, event: Event) -> None:
        self.callbacks.pop(event["callback"], None)

    def _on_started(self, event: Event) -> None:
        self.started.add(event["chat"])

    def _on_blocked(self, event: Event) -> None:
        self.started.discard(event["chat"])

    def _on_bot_in(self, event: Event) -> None:
        self.present[event["chat"]] = True

    def _on_bot_out(self, event: Event) -> None:
        self.present[event["chat"]] = False

    def _on_update(self, event: Event) -> None:
        self.owed[event["raw"]["update_id"]] = event["raw"]

    def _on_kept(self, event: Event) -> None:
        self.owed.pop(event["update"], None)
