"""Commands: one registry, from which help, menus, rights and the README's table come.

A command is typed with a slash or as a plain word ("暂停", "/pause", "／暂停"), alone or with what it
needs after a space. In a group a plain word counts only from somebody who has the right, so that talk
is never taken for a command. Rights are looked at here, whatever a menu showed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Row

from gridbot import texts
from gridbot.cases import voice
from gridbot.cases.events import record
from gridbot.desk.context import Hearing
from gridbot.grid import actions as grid_actions
from gridbot.grid import queries as grid
from gridbot.messages import Role
from gridbot.store.tables import chats

ANYBODY = frozenset(Role) - {Role.STRANGER}
STAFF = frozenset({Role.LEADER, Role.DEPUTY, Role.UNIT, Role.LIAISON, Role.ADMIN})
ADMINS = frozenset({Role.ADMIN})


@dataclass(frozen=True, slots=True)
class Command:
    """`name` is for the menu (Latin, as the platform wants), `words` are what people type.

    `run` gets what stood after the word and gives the answer, None for silence.
    """

    name: str
    words: tuple[str, ...]
    roles: frozenset[Role]
    help: str
    run: Callable[[Hearing, str], str | None]
    usage: str = ""
    private: bool = False  #: only in a private chat


REGISTRY: list[Command] = []


def command(
    name: str,
    *words: str,
    roles: frozenset[Role],
    help: str,
    usage: str = "",
    private: bool = False,
) -> Callable[[Callable[[Hearing, str], str | None]], Callable[[Hearing, str], str | None]]:
    def add(run: Callable[[Hearing, str], str | None]) -> Callable[[Hearing, str], str | None]:
        REGISTRY.append(Command(name, words, roles, help, run, usage, private))
        return run

    return add


def find(text: str) -> tuple[Command, str, bool] | None:
    """The command a text is, what stands after it, and whether it was typed with a slash."""
    said = text.strip()
    slash = said.startswith(("/", "／"))
    head, _, rest = said.lstrip("/／").partition(" ")
    head = head.partition("@")[0]
    for one in REGISTRY:
        if head in one.words or (slash and head.lower() == one.name):
            return one, rest.strip(), slash
    return None


def run(h: Hearing) -> bool:
    """Runs the command a message is. False: it is none, or not for this person here."""
    if h.said.start:
        return _start(h, h.said.start)
    found = find(h.said.text)
    if found is None:
        return False
    command_, rest, slash = found
    meant = slash or h.for_us
    if not command_.roles & h.roles:
        if meant:
            h.answer(texts.no_right(), purpose="no-right")
        return meant
    if rest and not (slash or command_.usage):
        return False  # a sentence that only begins like a command
    answer = command_.run(h, rest)
    if answer:
        h.answer(answer, purpose=f"command-{command_.name}")
    return True


def in_unbound(h: Hearing) -> None:
    """A chat nobody has bound: a start link, or an admin binding it."""
    if h.said.start:
        _start(h, h.said.start)


def on_button(h: Hearing, button: Row[Any]) -> str:
    return texts.expired()


def _start(h: Hearing, payload: str) -> bool:
    return False


@command("pause", "暂停", "都别出声", "闭嘴", roles=ADMINS, help="让我在这个群先不说话,事情照样记")
def pause(h: Hearing, rest: str) -> str | None:
    voice.to_chat(h.db, h.chat, texts.paused(), purpose="paused", now=h.now)
    h.db.execute(sa.update(chats).where(chats.c.id == h.chat.id).values(muted=True))
    record(
        h.db,
        "paused",
        community_id=h.community_id,
        case_id=None,
        actor=h.actor(Role.ADMIN),
        now=h.now,
        data={"chat": h.chat.id},
    )
    return None


@command("resume", "开口", "说话吧", roles=ADMINS, help="让我在这个群接着说话")
def resume(h: Hearing, rest: str) -> str | None:
    h.db.execute(sa.update(chats).where(chats.c.id == h.chat.id).values(muted=False))
    record(
        h.db,
        "resumed",
        community_id=h.community_id,
        case_id=None,
        actor=h.actor(Role.ADMIN),
        now=h.now,
        data={"chat": h.chat.id},
    )
    chat = h.desk.chat(h.db, h.chat.id)
    voice.to_chat(h.db, chat, texts.resumed(), purpose="resumed", now=h.now)
    return None


@command("help", "帮助", "怎么用", roles=ANYBODY, help="我会做什么")
def help_(h: Hearing, rest: str) -> str | None:
    return texts.help_lines(
        [(one.words[0], one.help) for one in REGISTRY if one.roles & h.roles and one.name != "help"],
        h.chat.community,
    )


__all__ = ["REGISTRY", "Command", "command", "find", "grid", "grid_actions", "in_unbound", "on_button", "run"]
