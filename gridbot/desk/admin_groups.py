"""Groups by command: 绑定 (and 开通), 解绑, 暂停, 开口, 体检."""

from __future__ import annotations

import re
from collections.abc import Sequence
from re import Match
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot import texts
from gridbot.cases import retention, voice
from gridbot.cases.events import record
from gridbot.desk import admin_people, due
from gridbot.desk.checking import probe
from gridbot.desk.context import Hearing
from gridbot.desk.registry import (
    ADMINS,
    ANYBODY,
    Answer,
    Where,
    button,
    card_key,
    command,
    confirm,
    pressed,
    settle,
)
from gridbot.grid import actions as grid_actions
from gridbot.grid import queries as grid
from gridbot.grid.tree import Node, Tree, load_tree
from gridbot.messages import Actor, Button, ChatRole, Role
from gridbot.store import timers
from gridbot.store.tables import chats, communities

PAGE = 6  #: grids offered at once
_OF_LEADERS = re.compile(r"网格长工作群|网格长群|格长群|工作群|网格长")
_LEADERS_TITLE = re.compile(r"网格长工作群|网格长群|格长群|工作群")
_OF_RESIDENTS = re.compile(r"居民群|业主群|居民|的?群$")

# --- 绑定 ----------------------------------------------------------------------------------------


@command(
    "bind",
    "绑定",
    "开通",
    roles=ADMINS,
    help="在群里说:这个群归哪个网格,从此我在群里听事",
    area="群",
    takes=r"(?P<where>.{0,60})",
    usage="/绑定 一网格",
    where=Where.GROUP,
    talk=True,
)
def bind(h: Hearing, said: Match[str]) -> Answer | str:
    """In a group that is bound already; it asks before it changes anything."""
    return _propose(h, [h.community_id], said["where"])


def bind_unbound(h: Hearing, where: str) -> Answer | str | None:
    """In a group nobody has bound. None: the sender is no admin anywhere."""
    mine = communities_of(h)
    return _propose(h, mine, where) if mine else None


@pressed("activate", roles=ANYBODY, unbound=True)
def _activate(h: Hearing, pressed_button: Row[Any]) -> str:
    """开通 under the notice in a new group: only an admin of a community may."""
    if h.chat.community_id is not None:
        return texts.already_bound(grid.node_name(h.db, h.chat.node_id))
    mine = communities_of(h)
    if not mine:
        return texts.no_right()
    answer = _propose(h, mine, "")
    if isinstance(answer, str):
        return answer
    voice.to_chat(
        h.db,
        h.chat,
        answer.text,
        purpose="which-grid",
        now=h.now,
        buttons=answer.buttons,
        key=answer.key,
    )
    return ""


def communities_of(h: Hearing) -> list[int]:
    """Where the sender is admin, or may become it because he was named at start."""
    platform, user = h.said.platform, h.said.sender.id
    people = {one[0]: one[1] for one in grid.persons_of_user(h.db, platform, user, h.now)}
    found = {
        community
        for community, person in people.items()
        if Role.ADMIN in grid.roles_of(h.db, community, person, None, h.now)
    }
    if (platform, user) in h.desk.admins:
        every = h.db.execute(sa.select(communities.c.id)).scalars().all()
        found |= {one for one in every if admin_people.may_claim(h.db, one, people.get(one))}
    return sorted(found)


def _propose(h: Hearing, where: list[int], words: str) -> Answer | str:
    """Binds at once where nothing is left to ask; else one question with buttons."""
    if not where:
        return texts.nobody_set_up()
    title = h.said.chat_title or h.chat.title
    role, name = _role_in(words, title)
    trees = {community: load_tree(h.db, community) for community in where}
    found = [(community, node) for community in where for node in _meant(trees[community], name, role)]
    if name and len(found) == 1:
        return _settle_on(h, found[0][0], found[0][1].id, role)
    if not name and sum(len(tree.nodes) for tree in trees.values()) == 1:
        community = next(community for community in where if trees[community].nodes)
        return _settle_on(h, community, trees[community].nodes[0].id, role)
    if len(where) > 1 and not found:
        return _ask_community(h, where, words)
    if not any(tree.nodes for tree in trees.values()):
        return texts.no_grids_yet()
    choices = found or [(where[0], node) for node in _likely(trees[where[0]], title)]
    return _ask_grid(h, choices, role, words if name and not found else "", 0)


def _role_in(words: str, title: str) -> tuple[ChatRole, str]:
    """(what the group is for, the grid's name if one is said)."""
    leaders = _OF_LEADERS.search(words) is not None
    if "居民" not in words:
        leaders = leaders or _LEADERS_TITLE.search(title) is not None
    name = re.sub(r"[\s,,、]+$", "", _OF_RESIDENTS.sub("", _OF_LEADERS.sub("", words)).strip())
    return (ChatRole.LEADERS if leaders else ChatRole.RESIDENTS), name


def _meant(tree: Tree, name: str, role: ChatRole) -> Sequence[Node]:
    return tree.find(name) if name else ()


def _likely(tree: Tree, title: str) -> list[Node]:
    """All grids, those first whose name stands in the group's title."""
    return sorted(tree.nodes, key=lambda node: (not node.name or node.name not in title, -len(node.name)))


def _ask_community(h: Hearing, where: list[int], words: str) -> Answer:
    query = sa.select(communities.c.id, communities.c.name).where(communities.c.id.in_(where))
    key = card_key(h)
    rows = h.db.execute(query.order_by(communities.c.id).limit(PAGE)).all()
    choices = [[button(h, row.name, "bind_in", key, community=row.id, words=words[:60])] for row in rows]
    return Answer(texts.which_community(), choices, key)


def _ask_grid(
    h: Hearing, choices: list[tuple[int, Node]], role: ChatRole, unknown: str, start: int, key: str = ""
) -> Answer:
    key = key or card_key(h)
    paths = [node.name for _, node in choices]
    rows: list[list[Button]] = []
    for community, node in choices[start : start + PAGE]:
        shown = node.name if paths.count(node.name) == 1 else node.path
        one = button(h, shown, "bind", key, community=community, node=node.id, role=role.value)
        if rows and len(rows[-1]) < 2:
            rows[-1].append(one)
        else:
            rows.append([one])
    last: list[Button] = []
    if start + PAGE < len(choices):
        ids = [node.id for _, node in choices]
        page: dict[str, Any] = {"community": choices[0][0], "start": start + PAGE, "nodes": ids}
        last.append(button(h, texts.NEXT_PAGE, "bind_page", key, role=role.value, **page))
    if role is not ChatRole.LEADERS:
        top = min(choices, key=lambda one: one[1].depth)
        root = top[1] if top[1].depth == 0 else load_tree(h.db, top[0]).roots[0]
        of_leaders = ChatRole.LEADERS.value
        last.append(
            button(h, texts.LEADERS_GROUP, "bind", key, community=top[0], node=root.id, role=of_leaders)
        )
    text = texts.which_grid_of(unknown) if unknown else texts.which_grid()
    return Answer(text, [*rows, last] if last else rows, key)


@pressed("bind_page", unbound=True)
def _next_page(h: Hearing, pressed_button: Row[Any]) -> str:
    data = pressed_button.data
    if not _may(h, int(data["community"])):
        return texts.not_yours()
    tree = load_tree(h.db, int(data["community"]))
    choices = [(int(data["community"]), tree.by_id[one]) for one in data["nodes"] if one in tree.by_id]
    asked = _ask_grid(h, choices, ChatRole(data["role"]), "", int(data["start"]), data["key"])
    _show(h, asked)
    return ""


@pressed("bind_in", unbound=True)
def _in_community(h: Hearing, pressed_button: Row[Any]) -> str:
    community = int(pressed_button.data["community"])
    if not _may(h, community):
        return texts.not_yours()
    answer = _propose(h, [community], pressed_button.data["words"])
    if isinstance(answer, str):
        return settle(h, pressed_button, answer)
    _show(h, answer)
    return ""


def _show(h: Hearing, asked: Answer) -> None:
    voice.to_chat(
        h.db, h.chat, asked.text, purpose="which-grid", now=h.now, buttons=asked.buttons, key=asked.key
    )


def _may(h: Hearing, community: int) -> bool:
    """An admin of that community; a group bound to another one is not his to give away."""
    if h.chat.community_id not in (None, community):
        return False
    return community in communities_of(h)


@pressed("bind", unbound=True)
def _bind(h: Hearing, pressed_button: Row[Any]) -> str:
    data = pressed_button.data
    community, node = int(data["community"]), int(data["node"])
    if not _may(h, community) or node not in load_tree(h.db, community).by_id:
        return texts.not_yours()
    role = ChatRole(data["role"])
    _make(h, community, node, role)
    name = grid.node_name(h.db, node)
    return settle(h, pressed_button, texts.group_bound(name, leaders=role is ChatRole.LEADERS))


def _settle_on(h: Hearing, community: int, node_id: int, role: ChatRole) -> Answer | str:
    name = grid.node_name(h.db, node_id)
    if h.chat.community_id is not None:
        if h.chat.node_id == node_id and h.chat.role == role:
            return texts.already_bound(name)
        question = texts.really_rebind(grid.node_name(h.db, h.chat.node_id), name)
        return confirm(h, question, "bind", community=community, node=node_id, role=role.value)
    _make(h, community, node_id, role)
    return texts.group_bound(name, leaders=role is ChatRole.LEADERS)


def _make(h: Hearing, community: int, node_id: int, role: ChatRole) -> None:
    """Binds; the group hears who listens from now on, pinned; what the bot may do there is asked."""
    said = h.said
    person = grid_actions.remember_person(
        h.db, community, said.platform, said.sender.id, said.sender.name, now=h.now
    )
    if Role.ADMIN not in grid.roles_of(h.db, community, person, None, h.now):
        admin_people.make_admin(h, community, person)
    actor = Actor(person, Role.ADMIN, said.sender.name)
    fresh = h.chat.community_id is None or h.chat.role != role
    grid_actions.bind_chat(h.db, h.chat.id, node_id, role, actor=actor, now=h.now)
    if said.chat_title:
        h.db.execute(sa.update(chats).where(chats.c.id == h.chat.id).values(title=said.chat_title))
    timers.cancel(h.db, due.LEAVE, f"chat:{h.chat.id}")
    data = {"chat": h.chat.id, "node": node_id, "role": role.value}
    record(h.db, "group_bound", community_id=community, case_id=None, actor=actor, now=h.now, data=data)
    h.chat = h.desk.chat(h.db, h.chat.id)
    if fresh:
        can = h.desk.can.get(said.platform)
        abroad = can is not None and can.abroad
        post_notice(h.db, h.chat, grid.node_name(h.db, node_id), h.now, abroad=abroad)
    probe(h.db, h.chat, h.now)


def post_notice(db: Connection, chat: Row[Any], node: str, now: Any, *, abroad: bool) -> None:
    """告知: what the bot is, what it keeps, how to be left alone; pinned. `abroad`: words said here cross the
    border, which has to be told."""
    if chat.role == ChatRole.LEADERS:
        text = texts.leaders_group_notice(chat.community, node)
    else:
        settings = grid.settings_of(db, chat.community_id)
        text = texts.notice_to_all(
            chat.community,
            settings.contact,
            settings.phone,
            abroad=abroad,
            years=retention.years(settings.retention),
        )
    voice.to_chat(db, chat, text, purpose="notice-to-all", now=now, pin=True)


# --- 解绑 ----------------------------------------------------------------------------------------


@command(
    "unbind",
    "解绑",
    roles=ADMINS,
    help="在群里说:这个群我不再听,也不再记",
    area="群",
    usage="/解绑",
    where=Where.GROUP,
)
def unbind(h: Hearing, said: Match[str]) -> Answer:
    return confirm(h, texts.really_unbind(grid.node_name(h.db, h.chat.node_id)), "unbind")


@pressed("unbind")
def _unbind(h: Hearing, pressed_button: Row[Any]) -> str:
    admin_people.note(h, "group_unbound", chat=h.chat.id, node=h.chat.node_id)
    text = settle(h, pressed_button, texts.group_unbound())
    grid_actions.unbind_chat(h.db, h.chat.id, actor=h.actor(Role.ADMIN), now=h.now)
    return text
