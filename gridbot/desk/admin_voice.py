"""The voice in groups by command: 暂停, 开口; and 体检."""

from __future__ import annotations

from re import Match
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Row

from gridbot import texts
from gridbot.cases import voice
from gridbot.desk.admin_people import note
from gridbot.desk.checking import findings, probe
from gridbot.desk.context import Hearing
from gridbot.desk.registry import (
    ADMINS,
    Answer,
    Where,
    button,
    card_key,
    command,
    pressed,
    settle,
)
from gridbot.messages import ChatKind, ChatRole
from gridbot.store.tables import chats
from gridbot.store.tables import outbox as outbox_table


@command(
    "pause",
    "暂停",
    "都别出声",
    "先别说话",
    "闭嘴",
    roles=ADMINS,
    help="我在群里先不说话,事情照样记",
    area="群",
)
def pause(h: Hearing, said: Match[str]) -> Answer | str | None:
    """In a group: that one. In private: the only one, all (都别出声), or one question."""
    if not h.private:
        voice.to_chat(h.db, h.chat, texts.paused(), purpose="paused", now=h.now)
        _mute(h, [h.chat])
        return None
    talking = [one for one in groups_of(h) if not one.muted]
    if not talking:
        return texts.no_groups_yet()
    if len(talking) == 1 or "都" in h.said.text:
        _mute(h, talking)
        return texts.paused_groups([one.title for one in talking])
    return _ask_group(h, talking, "pause")


@command("resume", "开口", "说话吧", "可以说话了", roles=ADMINS, help="我接着说话", area="群")
def resume(h: Hearing, said: Match[str]) -> Answer | str | None:
    if not h.private:
        _unmute(h, [h.chat])
        voice.to_chat(h.db, h.desk.chat(h.db, h.chat.id), texts.resumed(), purpose="resumed", now=h.now)
        return None
    silent = [one for one in groups_of(h) if one.muted]
    if not silent:
        return texts.nothing_paused()
    if len(silent) == 1:
        _unmute(h, silent)
        return texts.resumed_groups([one.title for one in silent])
    return _ask_group(h, silent, "resume")


def groups_of(h: Hearing) -> list[Row[Any]]:
    """The community's bound groups in which the bot is."""
    query = sa.select(chats).where(
        chats.c.community_id == h.community_id,
        chats.c.kind == ChatKind.GROUP.value,
        chats.c.role != ChatRole.UNBOUND.value,
        chats.c.active.is_(True),
    )
    return list(h.db.execute(query.order_by(chats.c.id)))


def _ask_group(h: Hearing, groups: list[Row[Any]], action: str) -> Answer:
    key = card_key(h)
    rows = [[button(h, one.title or one.chat, action, key, chats=[one.id])] for one in groups[:5]]
    rows.append([button(h, texts.ALL_GROUPS, action, key, chats=[one.id for one in groups])])
    return Answer(texts.which_group(), rows, key)


def _chosen(h: Hearing, pressed_button: Row[Any]) -> list[Row[Any]]:
    return [one for one in groups_of(h) if one.id in pressed_button.data["chats"]]


@pressed("pause")
def _pause(h: Hearing, pressed_button: Row[Any]) -> str:
    chosen = _chosen(h, pressed_button)
    _mute(h, chosen)
    return settle(h, pressed_button, texts.paused_groups([one.title for one in chosen]))


@pressed("resume")
def _resume(h: Hearing, pressed_button: Row[Any]) -> str:
    chosen = _chosen(h, pressed_button)
    _unmute(h, chosen)
    return settle(h, pressed_button, texts.resumed_groups([one.title for one in chosen]))


def _mute(h: Hearing, groups: list[Row[Any]]) -> None:
    """At once: what already waits to be said there is not said either, but emergencies."""
    for one in groups:
        h.db.execute(sa.update(chats).where(chats.c.id == one.id).values(muted=True))
        waiting = (
            (outbox_table.c.chat_id == one.id)
            & (outbox_table.c.state == "waiting")
            & (outbox_table.c.rank > 0)
            & outbox_table.c.kind.in_(("send", "card", "react"))
            & outbox_table.c.purpose.not_in(("paused", "settled"))
        )
        h.db.execute(sa.update(outbox_table).where(waiting).values(state="dropped", reason="paused"))
        note(h, "paused", chat=one.id)


def _unmute(h: Hearing, groups: list[Row[Any]]) -> None:
    for one in groups:
        h.db.execute(sa.update(chats).where(chats.c.id == one.id).values(muted=False))
        note(h, "resumed", chat=one.id)


# --- 体检 ----------------------------------------------------------------------------------------


@command(
    "check",
    "体检",
    roles=ADMINS,
    help="看我在各群有没有权限、谁还找不到、哪个网格没人管",
    area="群",
    where=Where.DISCREET,
    talk=True,
)
def check(h: Hearing, said: Match[str]) -> str:
    lines = findings(h.db, h.community_id, h.now, h.desk.can)
    for group in groups_of(h):
        probe(h.db, group, h.now)
    return texts.checkup(lines)
