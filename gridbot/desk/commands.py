"""Commands: one registry, from which help, menus, rights and the README's table come.

A command is typed with a slash or as a plain word ("暂停", "/pause", "／暂停"), alone or with what it
needs after it. In a group a plain word counts only from somebody who has the right, so that talk is
never taken for a command. Rights are looked at here, whatever a menu showed; what is not allowed is
denied.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Row

from gridbot import texts
from gridbot.cases import voice
from gridbot.desk import (  # each adds its commands to the registry
    accounts,
    admin_absence,  # noqa: F401
    admin_cases,  # noqa: F401
    admin_console,  # noqa: F401
    admin_contacts,  # noqa: F401
    admin_duty,  # noqa: F401
    admin_groups,
    admin_keywords,  # noqa: F401
    admin_ladder,  # noqa: F401
    admin_packs,  # noqa: F401
    admin_people,
    admin_privacy,  # noqa: F401
    admin_rates,  # noqa: F401
    admin_services,
    admin_voice,  # noqa: F401
    invitations,
    own,  # noqa: F401
    paste_commands,  # noqa: F401
    records,
)
from gridbot.desk.context import Hearing
from gridbot.desk.menus import markdown_table, menu_text, menus
from gridbot.desk.registry import (
    PRESSED,
    REGISTRY,
    Command,
    Heard,
    NotMineError,
    Where,
    find,
    private_chat,
    reply,
    usage,
)
from gridbot.messages import ChatKind
from gridbot.store.tables import outbox, people

__all__ = [
    "REGISTRY",
    "Command",
    "find",
    "in_unbound",
    "markdown_table",
    "menu_text",
    "menus",
    "on_button",
    "run",
]

REFUSED_AGAIN = timedelta(hours=24)
_REFUSED = (
    sa.select(sa.literal(1))
    .where(
        outbox.c.chat_id == sa.bindparam("of_chat"),
        outbox.c.purpose == "no-right",
        outbox.c.created_at > sa.bindparam("since"),
    )
    .limit(1)
)


def run(h: Hearing) -> bool:
    """Runs the command a message is. False: it is none, or not for this person here."""
    said = h.said
    if said.forwarded or said.mentions_other:
        return False
    if h.private:
        admin_people.claim(h)
    if said.start:
        return invitations.open_link(h, said.start)
    heard = find(said.text)
    if heard is None:
        return _other(h)
    return _run(h, heard)


def _run(h: Hearing, heard: Heard) -> bool:
    one = heard.command
    addressed = heard.slash or h.for_us
    fits = heard.said is not None
    if not one.roles & h.roles:
        if heard.slash or (h.for_us and fits and not one.talk):
            refuse(h)
            return True
        return False
    if not fits:
        if heard.slash or (h.for_us and not one.talk):
            reply(h, usage(one), purpose="usage")
            return True
        return False
    if one.where is Where.GROUP and h.private:
        if addressed:
            reply(h, texts.only_in_group(one.example), purpose="usage")
        return addressed
    if one.addressed and not addressed:
        return False
    assert heard.said is not None
    try:
        answer = one.run(h, heard.said)
    except NotMineError:
        return False
    if answer:
        reply(h, answer, purpose=f"command-{one.name}", discreet=one.where is Where.DISCREET)
    return True


def _other(h: Hearing) -> bool:
    """What is meant for us without being a command: an invitation's code, an organiser's sentence."""
    text = h.said.text.strip()
    if h.private and invitations.CODE.fullmatch(text):
        return invitations.open_code(h, text)
    if accounts.heard(h, text) or records.said(h, text):
        return True
    return admin_services.sentence(h)


# --- without the right ---------------------------------------------------------------------------


def refuse(h: Hearing) -> None:
    """A kind word in private; who cannot be reached there reads it once where he tried, never again."""
    chat = private_chat(h)
    if chat is not None:
        if h.private or not _refused_lately(h, chat.id):
            voice.to_chat(h.db, chat, texts.no_right(), purpose="no-right", now=h.now)
        return
    if _refused_lately(h, h.chat.id):
        return
    data: dict[str, Any] = h.db.execute(sa.select(people.c.data).where(people.c.id == h.person)).scalar_one()
    if not data.get("refused"):
        refused = {**data, "refused": True}
        h.db.execute(sa.update(people).where(people.c.id == h.person).values(data=refused))
        h.answer(texts.no_right(), purpose="no-right")


def _refused_lately(h: Hearing, chat_id: int) -> bool:
    """One such line a day is enough for a chat, whoever tries."""
    since = h.now - REFUSED_AGAIN
    return h.db.execute(_REFUSED, {"of_chat": chat_id, "since": since}).first() is not None


# --- where no community is known -----------------------------------------------------------------


def in_unbound(h: Hearing) -> None:
    """A chat nobody has bound: an invitation, an admin binding it, somebody to be asked where he lives."""
    if h.said.forwarded or h.said.mentions_other:
        return
    if h.chat.kind == ChatKind.PRIVATE:
        invitations.in_nowhere(h)
        return
    heard = find(h.said.text)
    if heard is None or heard.command.name != "bind" or not (heard.slash or h.for_us):
        return
    where = heard.said["where"] if heard.said is not None else ""
    answer = admin_groups.bind_unbound(h, where)
    if answer is not None:
        reply(h, answer, purpose="command-bind")
    elif not _refused_lately(h, h.chat.id):
        _refuse_in_unbound(h)


def _refuse_in_unbound(h: Hearing) -> None:
    chat = invitations.any_private_chat(h)
    voice.to_chat(h.db, chat or h.chat, texts.no_right(), purpose="no-right", now=h.now)


def on_button(h: Hearing, button: Row[Any]) -> str:
    """What a pressed button "command:…" does; the line shown under it."""
    found = PRESSED.get(button.action)
    if found is None:
        return texts.expired()
    if h.chat.community_id is None:
        if not found.unbound or button.data.get("user") not in (None, h.said.sender.id):
            return texts.not_yours()
    elif not found.roles & h.roles:
        return texts.no_right() if button.person_id is None else texts.not_yours()
    return found.act(h, button)
