"""Somebody opens an invitation, or a private chat of which nobody can tell the community yet."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot import texts
from gridbot.cases import queries, standing, voice, waiting
from gridbot.cases.events import record
from gridbot.desk import notices
from gridbot.desk.context import Hearing
from gridbot.desk.menus import menu_text
from gridbot.desk.registry import ANYBODY, pressed
from gridbot.grid import actions as grid_actions
from gridbot.grid import appointments, tree
from gridbot.grid import queries as grid
from gridbot.grid.appointments import Accepted
from gridbot.grid.checkup import checkup
from gridbot.grid.rules import Refusal
from gridbot.messages import Actor, Button, CaseState, ChatRole, Outgoing, OutKind, Role, Urgency
from gridbot.store import outbox
from gridbot.store.tables import chats, communities
from gridbot.texts import duty

MOST_COMMUNITIES = 6
CODE = re.compile(r"[A-Za-z0-9_-]{12,64}")


def open_link(h: Hearing, code: str) -> bool:
    """A start link: whoever opens it reads what became of it."""
    if h.private:
        _accept(h, code, said_so=True)
    return h.private


def open_code(h: Hearing, code: str) -> bool:
    """A code typed by hand. False: it is no invitation's."""
    return _accept(h, code, said_so=False)


def _accept(h: Hearing, code: str, *, said_so: bool) -> bool:
    sender = h.said.sender
    taken: Accepted | Refusal = Refusal.UNKNOWN
    if CODE.fullmatch(code) is not None:
        taken = appointments.accept_invitation(
            h.db, code, h.said.platform, sender.id, sender.name, now=h.now, chat_id=h.chat.id
        )
    if isinstance(taken, Refusal):
        if taken is Refusal.UNKNOWN and not said_so:
            return False
        _say(h, texts.INVITATION_REFUSED[taken.value], "invitation-refused")
        return True
    h.chat = h.desk.chat(h.db, h.chat.id)
    if not taken.again:
        _bound(h, taken)
    _say(h, _welcome(h, taken), "bound")
    menu(h.db, h.chat, grid.roles_of(h.db, taken.community_id, taken.person_id, None, h.now), h.now)
    return True


def _bound(h: Hearing, taken: Accepted) -> None:
    record(
        h.db,
        "bound",
        community_id=taken.community_id,
        case_id=None,
        actor=Actor(taken.person_id, taken.role),
        now=h.now,
        data={"person": taken.person_id, "role": taken.role.value, "node": taken.node_id},
    )
    what = office(h.db, taken.role, taken.node_id, taken.unit_id)
    text = texts.somebody_bound(
        taken.name, h.said.sender.name, what, bound_count(h.db, taken.community_id, h.now)
    )
    for person in grid.admins(h.db, taken.community_id):
        chat = grid.private_chat_of(h.db, person)
        if chat is not None and person != taken.person_id:
            voice.to_chat(h.db, chat, text, purpose="somebody-bound", now=h.now, urgency=Urgency.NOTICE)
    _waiting_for(h, taken)


def _waiting_for(h: Hearing, taken: Accepted) -> None:
    """What was his before he could be reached he is told now."""
    mine = queries.with_owner(h.db, taken.community_id, taken.person_id)
    missed = waiting.missed_by(h.db, taken.community_id, taken.person_id)
    for case in [one for one in (*mine, *missed) if one.state == CaseState.WAITING][:5]:
        notices.tell(h.db, case, taken.person_id, taken.name, h.now)


def _welcome(h: Hearing, taken: Accepted) -> str:
    if taken.role is Role.ADMIN:
        return texts.admin_bound(taken.name, h.chat.community)
    if taken.role in (Role.LEADER, Role.DEPUTY) and taken.node_id is not None:
        return texts.leader_bound(taken.name, grid.node_name(h.db, taken.node_id))
    return texts.role_bound(taken.name, office(h.db, taken.role, taken.node_id, taken.unit_id))


def office(db: Connection, role: Role, node_id: int | None, unit_id: int | None = None) -> str:
    """一网格的网格长, 物业的人"""
    if unit_id is not None:
        return duty.speaks_for(standing.name_of(db, {"unit": unit_id}))
    word = texts.ROLE_WORDS[role.value]
    return f"{grid.node_name(db, node_id)}的{word}" if node_id is not None else word


def bound_count(db: Connection, community_id: int, now: datetime) -> str:
    """已绑定 12/38: of the leaders, how many can be reached in private."""
    found = checkup(db, community_id, now)
    return texts.bound_count(found.bound, found.leaders)


def menu(db: Connection, chat: Row[Any], held: frozenset[Role], now: datetime) -> None:
    """This person's commands in the platform's menu, in his private chat alone."""
    outbox.say(
        db,
        chat_id=chat.id,
        payload=Outgoing(text=menu_text(held)),
        community_id=chat.community_id,
        purpose="menu",
        now=now,
        kind=OutKind.MENU,
        urgency=Urgency.BULK,
    )


def _say(h: Hearing, text: str, purpose: str, buttons: list[list[Button]] | None = None) -> None:
    voice.to_chat(h.db, h.chat, text, purpose=purpose, now=h.now, buttons=buttons or ())


# --- a private chat of no community --------------------------------------------------------------


def in_nowhere(h: Hearing) -> None:
    """Somebody known in several communities, or in none of several: asked which one he means."""
    code = h.said.start or h.said.text.strip()
    if code and _accept(h, code, said_so=bool(h.said.start)):
        return
    known = [one[0] for one in grid.persons_of_user(h.db, h.said.platform, h.said.sender.id, h.now)]
    query = sa.select(communities.c.id, communities.c.name).order_by(communities.c.id)
    if known:
        query = query.where(communities.c.id.in_(known))
    rows = h.db.execute(query.limit(MOST_COMMUNITIES + 1)).all()
    if not rows:
        _say(h, texts.nobody_set_up(), "nobody-set-up")
    elif len(rows) > MOST_COMMUNITIES:
        _say(h, texts.speak_in_your_group(), "which-community")
    else:
        buttons = [
            [
                outbox.button(
                    h.db,
                    row.name[:40],
                    "command:community",
                    community_id=None,
                    data={"community": row.id, "user": h.said.sender.id},
                )
            ]
            for row in rows
        ]
        _say(h, texts.which_community(), "which-community", buttons)


@pressed("community", roles=ANYBODY, unbound=True)
def _this_community(h: Hearing, button: Row[Any]) -> str:
    """The private chat belongs to this community from now on."""
    if not h.private:
        return texts.expired()
    community_id = int(button.data["community"])
    sender = h.said.sender
    person = grid_actions.remember_person(
        h.db, community_id, h.said.platform, sender.id, sender.name, now=h.now
    )
    values = {"community_id": community_id, "person_id": person, "role": ChatRole.PRIVATE.value}
    h.db.execute(sa.update(chats).where(chats.c.id == h.chat.id).values(**values, active=True))
    grid_actions.mark_reachable(h.db, person, h.said.platform, reachable=True, now=h.now)
    h.chat = h.desk.chat(h.db, h.chat.id)
    text = texts.this_community(h.chat.community)
    _say(h, text, "this-community")
    return ""


def any_private_chat(h: Hearing) -> Row[Any] | None:
    """The sender's private chat, whatever community it belongs to; he may be known in none."""
    query = sa.select(chats).where(
        chats.c.platform == h.said.platform,
        chats.c.bot == h.said.bot,
        chats.c.chat == h.said.sender.id,
        chats.c.role == ChatRole.PRIVATE.value,
        chats.c.active.is_(True),
    )
    return h.db.execute(query).one_or_none()


def find_nodes(db: Connection, community_id: int, words: str) -> tuple[tree.Node, ...]:
    return tree.load_tree(db, community_id).find(words)
