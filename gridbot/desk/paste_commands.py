"""微信群, 谁来贴, 已贴: the groups no bot may sit in, and who carries the words there."""

from __future__ import annotations

from re import Match
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Row

from gridbot.desk import paste_queue, pasting
from gridbot.desk.admin_people import held, named, note
from gridbot.desk.context import Hearing
from gridbot.desk.registry import ADMINS, ANYBODY, LEADERS, NotMineError, Where, command, pressed, settle
from gridbot.grid import queries as grid
from gridbot.grid.tree import load_tree
from gridbot.messages import Role
from gridbot.store.tables import chats
from gridbot.store.tables import outbox as rows
from gridbot.texts import pasting as words


@command(
    "paste_group",
    "微信群",
    "贴群",
    roles=LEADERS,
    help="我进不去的微信群:要说的话我写好,由人贴过去;不写就看有哪些",
    area="群",
    takes=r"(?:(?P<title>\S{2,40})\s+(?P<node>\S{2,40}))?",
    usage="微信群 一网格微信群 一网格",
    where=Where.DISCREET,
    talk=True,
)
def paste_group(h: Hearing, said: Match[str]) -> str:
    if not h.private and not h.for_us:
        raise NotMineError
    if not said["title"]:
        return words.groups(_listing(h))
    if Role.ADMIN not in h.roles:
        raise NotMineError
    nodes = load_tree(h.db, h.community_id).find(said["node"])
    if not nodes:
        return words.no_such_node(said["node"])
    chat_id = pasting.group_of(h.db, h.community_id, nodes[0].id, said["title"])
    note(h, "paste_group", chat=chat_id, node=nodes[0].id)
    return words.group_added(said["title"], nodes[0].name, _keeper_name(h, h.desk.chat(h.db, chat_id)))


def _listing(h: Hearing) -> list[tuple[str, str, str, int]]:
    waits: dict[int, int] = {}
    for one in paste_queue.sentences(h.db, h.community_id, now=h.now):
        waits[one.chat] = waits.get(one.chat, 0) + (not (one.pasted or one.missed))
    return [
        (
            one.title,
            grid.node_name(h.db, one.node_id),
            _keeper_name(h, h.desk.chat(h.db, one.id)),
            waits.get(one.id, 0),
        )
        for one in pasting.groups(h.db, h.community_id)
    ]


def _keeper_name(h: Hearing, chat: Row[Any]) -> str:
    person = paste_queue.keeper_of(h.db, chat, h.now)
    return grid.name_of(h.db, person) if person is not None else ""


@command(
    "keeper",
    "谁来贴",
    roles=ADMINS,
    help="一个微信群由谁贴:到点我私下提醒他",
    area="群",
    takes=r"(?P<title>\S{2,40})\s+(?P<who>\S{2,20})",
    usage="谁来贴 一网格微信群 李格长",
    where=Where.DISCREET,
    talk=True,
)
def keeper(h: Hearing, said: Match[str]) -> str:
    found = [one for one in pasting.groups(h.db, h.community_id) if one.title == said["title"]]
    if not found:
        return words.no_such_group(said["title"])
    mine = named(held(h.db, h.community_id, h.now), said["who"])
    if not mine:
        return words.no_such_person(said["who"])
    person = mine[0].person_id
    h.db.execute(sa.update(chats).where(chats.c.id == found[-1].id).values(keeper_id=person))
    note(h, "paste_keeper", chat=found[-1].id, person=person)
    reached = grid.private_chat_of(h.db, person) is not None
    return words.keeper_set(found[-1].title, mine[0].name, reached=reached)


# --- 已贴 ----------------------------------------------------------------------------------------


@pressed("pasted", roles=ANYBODY)
def _pressed(h: Hearing, pressed_button: Row[Any]) -> str:
    text = _tick(h, pressed_button.data["ids"], pressed_button.data["chat"])
    return settle(h, pressed_button, text)


@command(
    "pasted",
    "已贴",
    "贴好了",
    "都贴了",
    "贴过了",
    roles=ANYBODY,
    help="我请您贴的话,您贴到群里了",
    area="群",
    where=Where.DISCREET,
    talk=True,
    hidden=True,
)
def pasted(h: Hearing, said: Match[str]) -> str:
    """All he was asked to paste and has not ticked yet."""
    person = h.known_person() if h.private else None
    asked = sa.select(rows.c.id, rows.c.chat_id).join(chats, chats.c.id == rows.c.chat_id)
    asked = asked.where(
        chats.c.platform == paste_queue.PLATFORM,
        chats.c.community_id == h.community_id,
        rows.c.state == "waiting",
        rows.c.attempts > 0,
    )
    waits = h.db.execute(asked.order_by(rows.c.id)).all() if person is not None else []
    own = {
        one
        for one in {row.chat_id for row in waits}
        if paste_queue.keeper_of(h.db, h.desk.chat(h.db, one), h.now) == person
    }
    if not own:
        raise NotMineError
    texts = [_tick(h, [row.id for row in waits if row.chat_id == chat], chat) for chat in sorted(own)]
    return "\n".join(texts)


def _tick(h: Hearing, ids: list[int], chat_id: int) -> str:
    done = [
        paste_queue.tick(h.db, [h.community_id], one, pasted=True, now=h.now, person=h.person) for one in ids
    ]
    return words.thanks(h.desk.chat(h.db, chat_id).title) if any(done) else words.nothing_to_tick()
