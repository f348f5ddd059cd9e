"""A street with four levels, its people, and what they say and read: every story plays here.

`Town` is the house without its edges (gridbot.rehearsal) filled from deploy/samples/four-levels.yaml; it
writes down what everybody said and read, in order, so that a story can be read as the people in it read it.
"""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gridbot.cases import queries
from gridbot.desk.context import Desk
from gridbot.grid.binding import adopt_chats
from gridbot.grid.directory_files import read_directory
from gridbot.grid.importing import import_directory
from gridbot.messages import Actor, IncomingKind, OutKind, Role
from gridbot.rehearsal import Sent, Stage
from gridbot.understanding.intents import default_folder, load_packs
from tests.cast import SHANGHAI
from tests.desk.conftest import packs

SAMPLE = Path(__file__).parents[2] / "deploy" / "samples" / "four-levels.yaml"

# Groups.
QINGXIU, LANE, YARDS, LEADERS = "-1001", "-1002", "-1003", "-1009"
# Who has an office, by account; everybody else is a resident under his own name.
OFFICE = {
    "穆书记": "3001",
    "周书记": "3002",
    "钱书记": "3003",
    "李格长": "2001",
    "孙副格长": "2002",
    "张院长": "2003",
    "吴楼长": "2004",
    "陈格长": "2005",
    "方组长": "2006",
    "马格长": "2007",
    "章院长": "2008",
    "刘楼长": "2009",
    "郝主任": "2010",
    "王工": "4001",
    "段秋": "5001",
    "刘书记": "9001",
}
GROUPS = {QINGXIU: "青秀群", LANE: "弄堂群", YARDS: "老院群", LEADERS: "网格长群"}
_NAMES = {user: name for name, user in OFFICE.items()} | GROUPS


_READY: dict[str, sqlite3.Connection] = {}  #: the street as it is when everybody has pressed Start


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


@dataclass(frozen=True)
class Said:
    """What somebody said or pressed."""

    at: datetime
    who: str
    chat: str
    text: str


class Town(Stage):
    """One day in the street. Leaders, the unit's man, the named contact and the admin have pressed Start."""

    platform = "simulator"

    def __init__(self, start: str = "2026-11-19 10:00") -> None:
        desk = Desk(packs(), lambda rules: load_packs(default_folder(), extra=rules))
        super().__init__(desk, at(start))
        self.said: list[Said] = []
        if start in _READY:
            self._copy(_READY[start])
            return
        with self.db() as db:
            import_directory(db, read_directory(SAMPLE), actor=Actor(None, Role.ADMIN), now=self.now)
            adopt_chats(db, self.platform, self.bot, now=self.now)
        for name, user in OFFICE.items():
            self.starts(user, name)
        self.sent.clear()
        kept = sqlite3.connect(":memory:", check_same_thread=False)
        with contextlib.closing(self._engine.raw_connection()) as mine:
            mine.driver_connection.backup(kept)
        _READY[start] = kept

    def _copy(self, kept: sqlite3.Connection) -> None:
        """The same street as an earlier story began with: importing it anew takes a second."""
        with contextlib.closing(self._engine.raw_connection()) as mine:
            kept.backup(mine.driver_connection)
        self._numbers = itertools.count(1001)

    # --- what people do ---

    def tell(self, who: str, chat: str, *texts: str, pause: float = 20, **more: Any) -> str:
        """Somebody says something in a group, or in private (chat ""), in pieces. Returns the first id."""
        ids = []
        for number, text in enumerate(texts):
            if number:
                self.passes(seconds=pause)
            ids.append(self._said(who, chat, text, **more))
        return ids[0]

    def _said(self, who: str, chat: str, text: str, **more: Any) -> str:
        user = OFFICE.get(who, who)
        self.said.append(Said(self.now, who, chat or user, text))
        return self.says(user, text, chat=chat or user, name=who, **more)

    def under(self, who: str, chat: str, text: str, *, purpose: str) -> str:
        """Somebody answers the newest message of ours of that purpose, quoting it."""
        user = OFFICE.get(who, who)
        sent = next(one for one in reversed(self.in_chat(chat or user)) if one.purpose == purpose)
        return self._said(who, chat, text, reply_to=sent.message, reply_to_bot=True)

    def press(self, who: str, button: str, chat: str = "") -> str:
        """Presses the newest button of that text; returns the line shown under it."""
        user = OFFICE.get(who, who)
        self.said.append(Said(self.now, who, chat or user, f"〔{button}〕"))
        return self.presses(user, button, chat=chat or user)

    def recall(self, who: str, chat: str, message: str) -> None:
        self.said.append(Said(self.now, who, chat, "(撤回)"))
        self.says(OFFICE.get(who, who), "", chat=chat, message=message, kind=IncomingKind.RECALL)

    def at(self, moment: str) -> None:
        self.until(at(moment))

    # --- what came of it ---

    def case(self, number: int = 1) -> Any:
        return next(one for one in self.cases() if one.number == number)

    def opened(self) -> list[Any]:
        """Cases that have a number, in its order."""
        return [one for one in self.cases() if one.number is not None]

    def owner(self, number: int = 1) -> str:
        return self.names().get(self.case(number).owner_id or 0, "")

    def read(self, who: str) -> list[str]:
        """What somebody reads in private, or what stands in a group."""
        return self.texts(OFFICE.get(who, who))

    def purposes(self, who: str) -> list[str]:
        return [one.purpose for one in self.in_chat(OFFICE.get(who, who)) if one.kind in SPOKEN]

    def rang(self) -> Counter[str]:
        """How often each phone rang, or each group heard the bot: edited cards and reactions do not."""
        found: Counter[str] = Counter()
        seen: set[tuple[str, str]] = set()
        for one in self.sent:
            if one.kind in SPOKEN and (one.chat, one.message) not in seen:
                seen.add((one.chat, one.message))
                found[_NAMES.get(one.chat, one.chat)] += 1
        return found

    def script(self) -> str:
        """The whole story as it was lived, a line each."""
        lines = [
            (one.at, 0, f"{_NAMES.get(one.chat, one.chat)} | {one.who}: {one.text}") for one in self.said
        ]
        lines += [(one.at, 1, _line(one)) for one in self.sent]
        lines.sort(key=lambda line: line[:2])
        return "\n".join(f"{when.astimezone(SHANGHAI):%d %H:%M:%S} {text}" for when, _, text in lines)

    def timeline(self, number: int = 1) -> list[str]:
        case = self.case(number)
        with self.db() as db:
            return [row.move for row in queries.timeline(db, case.id)]


SPOKEN = (OutKind.SEND, OutKind.CARD)


def _line(one: Sent) -> str:
    where = _NAMES.get(one.chat, one.chat)
    if one.kind is OutKind.REACT:
        return f"{where} |   {one.emoji} → {one.message}"
    row = "".join(f"〔{button.text}〕" for line in one.buttons for button in line)
    mention = "".join(f"@{name} " for _, name in one.mention)
    kind = "" if one.kind is OutKind.SEND else f" [{one.kind.value} {one.message}]"
    return f"{where} |   → {mention}{one.text}{row}{kind} ({one.purpose})"
