"""What a command is: the words, who may say them, what they need; and how a command answers and asks back.

The functions themselves stand in admin_*.py and own.py, each under its `@command`; the registry they fill
is what help, menus, rights and the README's table are made from.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from re import Match, Pattern
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Row

from gridbot import texts
from gridbot.cases import voice
from gridbot.desk.context import Hearing
from gridbot.grid import queries as grid
from gridbot.messages import Button, Role
from gridbot.store import outbox
from gridbot.store.tables import buttons as button_table

ANYBODY = frozenset(Role) - {Role.STRANGER, Role.SYSTEM}
LEADERS = frozenset({Role.LEADER, Role.DEPUTY, Role.ADMIN})
STAFF = LEADERS | {Role.UNIT, Role.LIAISON, Role.CONTACT}
ADMINS = frozenset({Role.ADMIN})

CONFIRM_FOR = timedelta(minutes=10)
LONGEST = 2000  #: characters of a command; a longer text is a story


class Where(StrEnum):
    ANYWHERE = "anywhere"
    GROUP = "group"  #: is about the group it is said in
    DISCREET = "discreet"  #: may be said anywhere and is answered in private


@dataclass(frozen=True, slots=True)
class Answer:
    """A text with buttons. `key` makes it a card, so that pressing a button can settle it."""

    text: str
    buttons: Sequence[Sequence[Button]] = ()
    key: str = ""


Run = Callable[[Hearing, Match[str]], "Answer | str | None"]


class NotMineError(Exception):
    """Looked at closely it is no command: the message goes on as talk. Nothing may have been written."""


@dataclass(frozen=True, slots=True)
class Command:
    """`name` is for the platform's menu (Latin), `words` are what people type, the first is the one shown.

    `takes` is what may follow the word; `also` are whole sentences that mean the same, with the group
    "rest" where the word's rest would stand, each after the piece without which it need not be tried.
    `talk`: its words are everyday speech, so that without a slash only somebody with the right is heard,
    and nothing is asked back.
    """

    name: str
    words: tuple[str, ...]
    roles: frozenset[Role]
    help: str
    run: Run
    area: str
    takes: Pattern[str]
    usage: str = ""
    also: tuple[tuple[str, Pattern[str]], ...] = ()
    where: Where = Where.ANYWHERE
    talk: bool = False
    hidden: bool = False
    addressed: bool = False  #: in a group its plain word counts only said to us

    @property
    def example(self) -> str:
        return self.usage or self.words[0]


REGISTRY: list[Command] = []

AREAS = ("报事", "管事", "群", "人", "便民和通知", "词")


def command(
    name: str,
    *words: str,
    roles: frozenset[Role],
    help: str,
    area: str,
    takes: str = "",
    usage: str = "",
    also: Sequence[tuple[str, str]] = (),
    where: Where = Where.ANYWHERE,
    talk: bool = False,
    hidden: bool = False,
    addressed: bool = False,
) -> Callable[[Run], Run]:
    pattern = re.compile(takes, re.DOTALL)

    def add(run: Run) -> Run:
        REGISTRY.append(
            Command(
                name,
                words,
                roles,
                help,
                run,
                area,
                pattern,
                usage,
                tuple((piece, re.compile(one, re.DOTALL)) for piece, one in also),
                where,
                talk,
                hidden,
                addressed,
            )
        )
        _Heads.stale()
        return run

    return add


# --- which command a text is ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Heard:
    """A text that begins like a command. `said` None: what follows does not fit it."""

    command: Command
    said: Match[str] | None
    slash: bool


class _Heads:
    """The first words of all commands in one pattern: most talk ends at it."""

    pieces: Pattern[str] = re.compile("(?!)")
    _pattern: Pattern[str] | None = None
    _by_word: dict[str, Command] = {}  # noqa: RUF012
    _sentences: list[tuple[Pattern[str], Command]] = []  # noqa: RUF012

    @classmethod
    def stale(cls) -> None:
        cls._pattern = None

    @classmethod
    def get(cls) -> tuple[Pattern[str], dict[str, Command], list[tuple[Pattern[str], Command]]]:
        if cls._pattern is None:
            cls._by_word = {word: one for one in REGISTRY for word in (*one.words, one.name)}
            cls._sentences = [(pattern, one) for one in REGISTRY for _, pattern in one.also]
            cls.pieces = re.compile("|".join(piece for one in REGISTRY for piece, _ in one.also) or "(?!)")
            longest_first = sorted(cls._by_word, key=len, reverse=True)
            words = "|".join(map(re.escape, longest_first))
            cls._pattern = re.compile(
                rf"\s*(?P<slash>[/／]\s*)?(?:(?:请|麻烦你?|帮我)\s*)?(?P<word>{words})(?:@[a-z0-9_]+)?(?P<rest>.*)",
                re.DOTALL | re.IGNORECASE,
            )
        return cls._pattern, cls._by_word, cls._sentences


_BREAK = re.compile(r"[\s\d:：,，、@#“\"(（]|到|至")  # after a word without a blank: 看128, 请假到周五
_TAIL = re.compile(r"[\s。.!！~～]+$")
_HEAD = re.compile(r"^[\s:：,，]+")


def find(text: str) -> Heard | None:
    """The command a text is or begins like; None if it is talk."""
    pattern, by_word, sentences = _Heads.get()
    match = pattern.match(text)
    if match is not None:
        slash, word, rest = bool(match["slash"]), match["word"], match["rest"]
        one = by_word.get(word) or by_word[word.lower()]
        latin = word.isascii()
        if slash or (not latin and (_BREAK.match(rest) or not _TAIL.sub("", rest))):
            return Heard(one, one.takes.fullmatch(tidy(rest)), slash)
    if len(text) <= 60 and _Heads.pieces.search(text) is not None:
        plain = _TAIL.sub("", text.strip())
        for sentence, one in sentences:
            if (said := sentence.fullmatch(plain)) is not None:
                return Heard(one, one.takes.fullmatch(tidy(said["rest"])), False)
    return None


def tidy(rest: str) -> str:
    """What follows the word, without control characters, the blanks around it and a full stop after it."""
    rest = "".join(c for c in rest[:LONGEST] if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf"))
    return _TAIL.sub("", _HEAD.sub("", rest))


# --- answering -----------------------------------------------------------------------------------


def private_chat(h: Hearing) -> Row[Any] | None:
    """Where the sender is alone with the bot; None: he never opened it."""
    if h.private:
        return h.chat
    person = h.known_person()
    return grid.private_chat_of(h.db, person, h.said.platform) if person is not None else None


def reply(h: Hearing, answer: Answer | str, *, purpose: str, discreet: bool = False) -> None:
    """Answers where it was said, or in private and with one line where it was said."""
    if isinstance(answer, str):
        answer = Answer(answer)
    chat = h.chat
    if discreet and not h.private:
        own = private_chat(h)
        if own is None:
            h.answer(texts.open_private_first(), purpose="private-first")
            return
        h.answer(texts.sent_in_private(), purpose="sent-in-private")
        chat = own
    voice.to_chat(
        h.db,
        chat,
        answer.text,
        purpose=purpose,
        now=h.now,
        reply_to="" if chat.id != h.chat.id or h.private else h.said.message,
        buttons=answer.buttons,
        key=answer.key,
        thread=h.said.thread if chat.id == h.chat.id else "",
    )


def usage(one: Command) -> str:
    return texts.like_this(one.example)


# --- buttons of commands -------------------------------------------------------------------------

Press = Callable[[Hearing, Row[Any]], str]


@dataclass(frozen=True, slots=True)
class Pressable:
    act: Press
    roles: frozenset[Role]
    unbound: bool  #: also where no community is known yet; then `act` looks at rights itself


PRESSED: dict[str, Pressable] = {}


def pressed(
    action: str, *, roles: frozenset[Role] = ADMINS, unbound: bool = False
) -> Callable[[Press], Press]:
    """What a button does whose action is "command:" and this; the roles are looked at when it is pressed."""

    def add(act: Press) -> Press:
        PRESSED[f"command:{action}"] = Pressable(act, roles, unbound)
        return act

    return add


def button(h: Hearing, text: str, action: str, key: str = "", /, **data: Any) -> Button:
    """For the asker alone, for ten minutes."""
    community = h.chat.community_id
    return outbox.button(
        h.db,
        text[:40],
        f"command:{action}",
        community_id=community,
        person_id=h.person if community is not None else None,
        data={**data, "key": key, "user": h.said.sender.id},
        until=h.now + CONFIRM_FOR,
    )


def card_key(h: Hearing) -> str:
    return f"ask:{h.inbox_id}"


def confirm(h: Hearing, question: str, action: str, /, *, yes: str = texts.SURE, **data: Any) -> Answer:
    """One question with two buttons; nothing happens before the first is pressed."""
    key = card_key(h)
    row = [button(h, yes, action, key, **data), button(h, texts.NEVER_MIND, "no", key)]
    return Answer(question, [row], key)


def settle(h: Hearing, pressed_button: Row[Any], text: str) -> str:
    """The question is answered: it now reads so, without buttons, and its button works no more."""
    h.db.execute(
        sa.update(button_table)
        .where(button_table.c.id == pressed_button.id)
        .values(until=h.now - timedelta(seconds=1))
    )
    key = pressed_button.data.get("key")
    said = voice.to_chat(h.db, h.chat, text, purpose="settled", now=h.now, key=key) if key else None
    return text if said is None else ""


@pressed("no", roles=ANYBODY, unbound=True)
def _never_mind(h: Hearing, pressed_button: Row[Any]) -> str:
    return settle(h, pressed_button, texts.left_alone())
