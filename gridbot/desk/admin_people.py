"""People by command: 任命, 撤职, 请假, 回来了, 人员; and the first admin, who is named at start."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from re import Match
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot import texts
from gridbot.cases import actions, queries, voice
from gridbot.cases.events import record
from gridbot.desk import clockwork, notices
from gridbot.desk.context import Hearing
from gridbot.desk.invitations import bound_count, menu, office
from gridbot.desk.registry import (
    ADMINS,
    Answer,
    Where,
    button,
    card_key,
    command,
    confirm,
    pressed,
    private_chat,
    settle,
)
from gridbot.grid import appointments
from gridbot.grid import queries as grid
from gridbot.grid.rules import INVITATION_LASTS, Refusal, UnitScope
from gridbot.grid.tree import load_tree
from gridbot.messages import Actor, Role
from gridbot.services.service_days.rules import day_words
from gridbot.store.tables import holdings, people

MOST = 40  #: people in one message
_EXAMPLE = "任命 李格长 一网格"
_ROLES = (  # the longest first: 副网格长 holds 网格长
    (Role.DEPUTY, "副网格长"),
    (Role.LIAISON, "联络员"),
    (Role.ADMIN, "管理员"),
    (Role.LEADER, "网格长"),
)
_NAME = re.compile(r"[^\s/\\<>|]{2,20}")
_OFFICER = re.compile(r"(?P<name>[^\s/\\<>|]{2,20})\s+街道(?:的人)?")  # 嵩山路街道 may be a grid
_HELD = (
    sa.select(holdings, people.c.name)
    .join(people, people.c.id == holdings.c.person_id)
    .where(
        holdings.c.community_id == sa.bindparam("of_community"),
        sa.or_(holdings.c.until.is_(None), holdings.c.until > sa.bindparam("now")),
    )
    .order_by(holdings.c.position, holdings.c.id)
)


def held(db: Connection, community_id: int, now: datetime) -> list[Row[Any]]:
    """Every office somebody holds now, with the name."""
    return list(db.execute(_HELD, {"of_community": community_id, "now": now}))


def named(rows: Iterable[Row[Any]], name: str) -> list[Row[Any]]:
    """Offices of whoever is so called: the whole name, or else part of it."""
    rows = list(rows)
    return [row for row in rows if row.name == name] or [row for row in rows if name and name in row.name]


def note(h: Hearing, event: str, **data: Any) -> None:
    """The audit event of an act on the community: ids and codes alone."""
    record(h.db, event, community_id=h.community_id, case_id=None, actor=by(h), now=h.now, data=data)


def by(h: Hearing) -> Actor:
    """Who does it: as admin, if he is one."""
    return h.actor(Role.ADMIN if Role.ADMIN in h.roles else None)


# --- the first admin -----------------------------------------------------------------------------


def claim(h: Hearing) -> bool:
    """Somebody named at start becomes admin, once: dismissed later, he stays so while there is another."""
    sender = h.said.sender
    if (h.said.platform, sender.id) not in h.desk.admins or Role.ADMIN in h.roles:
        return False
    return make_admin(h, h.community_id, h.person)


def may_claim(db: Connection, community_id: int, person_id: int | None) -> bool:
    """Whether somebody named at start may still become admin here: he never was, or nobody is."""
    if person_id is None or not grid.admins(db, community_id):
        return True
    was = sa.select(holdings.c.id).where(
        holdings.c.community_id == community_id,
        holdings.c.person_id == person_id,
        holdings.c.role == Role.ADMIN.value,
    )
    return db.execute(was.limit(1)).first() is None


def make_admin(h: Hearing, community_id: int, person_id: int) -> bool:
    if not may_claim(h.db, community_id, person_id):
        return False
    h.db.execute(
        sa.insert(holdings).values(
            community_id=community_id, person_id=person_id, role=Role.ADMIN.value, since=h.now
        )
    )
    actor = Actor(person_id, Role.ADMIN)
    data = {"person": person_id, "role": Role.ADMIN.value}
    record(h.db, "admin_claimed", community_id=community_id, case_id=None, actor=actor, now=h.now, data=data)
    h._roles = None
    if h.private:
        h.answer(texts.admin_bound(h.said.sender.name, h.chat.community), purpose="admin-claimed")
        menu(h.db, h.chat, h.roles, h.now)
    return True


# --- 任命 ----------------------------------------------------------------------------------------


@command(
    "appoint",
    "任命",
    "邀请",
    roles=ADMINS,
    help="请一位网格长(副网格长、联络员、管理员、单位的人),我写好邀请您转发",
    area="人",
    takes=r"(?P<who>.{2,120})",
    usage=_EXAMPLE,
    where=Where.DISCREET,
    also=(("当|做|任", r"(?:请|让|叫)(?P<rest>\S{2,8}(?:当|做|任)\S{2,30})"),),
)
def appoint(h: Hearing, said: Match[str]) -> Answer | str:
    """任命 李格长 一网格 · 任命 王五 副网格长 一网格 · 任命 赵六 管理员 · 任命 赵科 街道"""
    if (officer := _OFFICER.fullmatch(said["who"])) is not None:
        return _invite(h, officer["name"], Role.OFFICER, None)
    role, words = _role_in(said["who"])
    nodes, name = _node_in(h, words)
    if _NAME.fullmatch(name) is None:
        return texts.like_this(_EXAMPLE)
    if role is Role.ADMIN:
        return _invite(h, name, role, None)
    if not nodes and role is Role.LEADER and (found := _unit_in(h, words)) is not None:
        return _invite(h, found[0], Role.UNIT, None, unit=found[1])
    if not nodes:
        left = " ".join(words.split()[1:])
        return texts.no_such_grid(left, _EXAMPLE) if left else texts.like_this(_EXAMPLE)
    if len(nodes) > 1:
        paths = [path for _, path in nodes[:4]]
        return texts.several_grids(paths, f"任命 {name} {paths[0]}")
    return _invite(h, name, role, nodes[0][0])


def _role_in(words: str) -> tuple[Role, str]:
    """The office named apart from the person (李格长 is a name), and what is left."""
    tokens = re.sub(r"[,,、]", " ", words).split()
    if len(tokens) == 1:  # 李格长当一网格的网格长
        tokens = re.split(r"(?<=\S\S)[当做任](?=\S\S)", words, maxsplit=1)
    for role, word in _ROLES:
        if word in tokens[1:] or (word in tokens and len(tokens) > 2):
            tokens.remove(word)
            return role, " ".join(tokens)
        for at, token in enumerate(tokens[1:], 1):
            if token.endswith(word) and len(token) > len(word):  # 一网格网格长, 一网格的副网格长
                tokens[at] = token.removesuffix(word).removesuffix("的")
                return role, " ".join(tokens)
    return Role.LEADER, " ".join(tokens)


def _node_in(h: Hearing, words: str) -> tuple[list[tuple[int, str]], str]:
    """(nodes meant as (id, path), the name). With one grid alone none need be named."""
    tree = load_tree(h.db, h.community_id)
    tokens = words.split()
    for at in (len(tokens) - 1, 0):
        if len(tokens) > 1 and (found := tree.find(tokens[at])):
            rest = tokens[:at] + tokens[at + 1 :]
            return [(node.id, node.path) for node in found], " ".join(rest)
    if len(tokens) == 1:
        for node in sorted(tree.nodes, key=lambda node: -len(node.name)):
            if words.endswith(node.name) and words != node.name:
                found = tree.find(node.name)
                return [(one.id, one.path) for one in found], words.removesuffix(node.name)
    only = [(node.id, node.path) for node in tree.nodes] if len(tree.nodes) == 1 else []
    return only, tokens[0] if tokens else ""


def _unit_in(h: Hearing, words: str) -> tuple[str, UnitScope] | None:
    """任命 王工 物业: the name, and the unit he shall speak for; None: no unit is so called."""
    tokens = [one.removesuffix("的人").removesuffix("的") for one in words.split()]
    for at in (len(tokens) - 1, 0):
        if len(tokens) == 2 and (unit := grid.unit_called(h.db, h.community_id, tokens[at])) is not None:
            return tokens[1 - at], unit
    return None


def _invite(
    h: Hearing, name: str, role: Role, node_id: int | None, *, unit: UnitScope | None = None
) -> Answer | str:
    """Two messages: one for the admin, one to be forwarded as it is."""
    own = private_chat(h)
    if own is None:
        return texts.open_private_first()
    actor = h.actor(Role.ADMIN)
    same = [
        row
        for row in named(held(h.db, h.community_id, h.now), name)
        if row.name == name
        and row.role == role.value
        and (row.node_id, row.unit_id) == (node_id, unit.id if unit else None)
    ]
    person = same[0].person_id if len(same) == 1 else None
    code = appointments.appoint(
        h.db, h.community_id, node_id, name, role, actor=actor, now=h.now, person_id=person,
        unit_id=unit.id if unit else None,
    )  # fmt: skip
    note(h, "invited", role=role.value, node=node_id, unit=unit.id if unit else None)
    made = texts.invitation_made(name, INVITATION_LASTS.days)
    voice.to_chat(
        h.db,
        own,
        made + bound_count(h.db, h.community_id, h.now),
        purpose="invitation-made",
        now=h.now,
    )
    what = f"{h.chat.community}{office(h.db, role, node_id, unit.id if unit else None)}"
    return texts.invitation(name, what, h.desk.start_link(code), code)


@command(
    "invite_all",
    "邀请全部",
    "都邀请",
    roles=ADMINS,
    help="名单上还没绑定的,每人一份邀请,带电话",
    area="人",
    where=Where.DISCREET,
)
def invite_all(h: Hearing, said: Match[str]) -> str:
    """For whom the directory names without an account; an invitation still good is given again."""
    if private_chat(h) is None:
        return texts.open_private_first()
    invited = appointments.invite_unbound(h.db, h.community_id, actor=h.actor(Role.ADMIN), now=h.now)
    if not invited:
        return texts.all_bound(bound_count(h.db, h.community_id, h.now))
    note(h, "invited_all", count=len(invited))
    lines = [texts.invited_line(one.name, one.phone, h.desk.start_link(one.token)) for one in invited[:MOST]]
    count = bound_count(h.db, h.community_id, h.now)
    return texts.roster(count, lines, len(invited) - len(lines))


# --- 撤职 ----------------------------------------------------------------------------------------


@command(
    "dismiss",
    "撤职",
    "免职",
    roles=ADMINS,
    help="他不再管了,手上的事转给别人",
    area="人",
    takes=r"(?P<who>\S{2,20})(?:\s+(?P<what>\S{1,40}))?",
    usage="撤职 李格长",
    where=Where.DISCREET,
)
def dismiss(h: Hearing, said: Match[str]) -> Answer | str:
    rows = named(held(h.db, h.community_id, h.now), said["who"])
    if said["what"]:
        rows = [row for row in rows if said["what"] in office(h.db, Role(row.role), row.node_id, row.unit_id)]
    if not rows:
        return texts.no_such_person(said["who"])
    if len({row.person_id for row in rows}) > 1:
        return texts.several_people(sorted({row.name for row in rows})[:6])
    if len(rows) > 1:
        key = card_key(h)
        choices = [
            [
                button(
                    h,
                    office(h.db, Role(row.role), row.node_id, row.unit_id),
                    "dismiss_which",
                    key,
                    holding=row.id,
                )
            ]
            for row in rows[:6]
        ]
        return Answer(texts.which_office(rows[0].name), choices, key)
    what = office(h.db, Role(rows[0].role), rows[0].node_id, rows[0].unit_id)
    return confirm(h, texts.really_dismiss(rows[0].name, what), "dismiss", holding=rows[0].id)


def _holding(h: Hearing, pressed_button: Row[Any]) -> Row[Any] | None:
    rows = held(h.db, h.community_id, h.now)
    return next((row for row in rows if row.id == pressed_button.data["holding"]), None)


@pressed("dismiss_which")
def _dismiss_which(h: Hearing, pressed_button: Row[Any]) -> str:
    row = _holding(h, pressed_button)
    if row is None:
        return texts.expired()
    what = office(h.db, Role(row.role), row.node_id, row.unit_id)
    asked = confirm(h, texts.really_dismiss(row.name, what), "dismiss", holding=row.id)
    voice.to_chat(
        h.db, h.chat, asked.text, purpose="confirm", now=h.now, buttons=asked.buttons, key=asked.key
    )
    return ""


@pressed("dismiss")
def _dismiss(h: Hearing, pressed_button: Row[Any]) -> str:
    row = _holding(h, pressed_button)
    if row is None:
        return texts.expired()
    role = Role(row.role)
    refused = appointments.dismiss(
        h.db, h.community_id, row.person_id, role, row.node_id, actor=h.actor(Role.ADMIN), now=h.now
    )
    if refused is Refusal.LAST_ADMIN:
        return settle(h, pressed_button, texts.last_admin())
    note(h, "dismissed", person=row.person_id, role=row.role, node=row.node_id)
    moved, left = _hand_on(h, row)
    what = office(h.db, role, row.node_id, row.unit_id)
    return settle(h, pressed_button, texts.dismissed(row.name, what, moved=moved, left=left))


def _hand_on(h: Hearing, row: Row[Any]) -> tuple[int, int]:
    """His open cases go to whoever is next in line. Returns how many went, and how many nobody takes."""
    moved = left = 0
    for case in queries.with_owner(h.db, h.community_id, row.person_id):
        here = case.level_node_id or case.node_id
        if grid.roles_of(h.db, h.community_id, row.person_id, here, h.now):
            continue  # another office of his still covers it
        others = [one for one in notices.parties(h.db, case, h.now) if one.person_id != row.person_id]
        party = next((one for one in others if one.person_id is not None), None)
        if party is None:
            left += 1
            continue
        give(h, case, party.person_id, party.name, party.node_id)
        moved += 1
    return moved, left


def give(h: Hearing, case: Row[Any], person_id: int, name: str, node_id: int | None) -> bool:
    """改派: the case is somebody else's, who is told; whoever had it reads that it is gone."""
    before = case.owner_id
    what = voice.called(case, shared=True)
    if before not in (None, person_id):
        gone = texts.not_theirs_any_more(what, case.number, name)
        notices.card(h.db, case, gone, "reassigned-away", h.now, [])
    done = actions.reassign(h.db, case, owner_id=person_id, node_id=node_id, actor=by(h), now=h.now)
    if done is None:
        return False
    fresh = queries.case(h.db, case.id)
    told = notices.tell(h.db, fresh, person_id, name, h.now)
    clockwork.begin(h.db, fresh, told, h.now, person_id)
    return True


# --- 人员 ----------------------------------------------------------------------------------------


@command(
    "people",
    "人员",
    "名单",
    roles=ADMINS,
    help="都有谁,谁还没点开始",
    area="人",
    where=Where.DISCREET,
    talk=True,
    addressed=True,
    also=(("谁还没", r"谁还没(?:绑定?|点开始)(?P<rest>)"),),
)
def roster(h: Hearing, said: Match[str]) -> str:
    """Those who cannot be reached first."""
    rows = held(h.db, h.community_id, h.now)
    if not rows:
        return texts.roster_empty()
    reached = grid.reached_people(h.db, h.community_id)
    lines = sorted(
        (row.person_id in reached, at, _roster_line(h, row, row.person_id in reached))
        for at, row in enumerate(rows)
    )
    shown = [line for _, _, line in lines[:MOST]]
    return texts.roster(bound_count(h.db, h.community_id, h.now), shown, len(lines) - len(shown))


def _roster_line(h: Hearing, row: Row[Any], reached: bool) -> str:
    state = "" if reached else texts.NOT_STARTED
    if row.absent_until and row.absent_until > h.now:
        zone = h.knows.settings.zone
        last = (row.absent_until - timedelta(seconds=1)).astimezone(zone).date()
        state = texts.away_until(day_words(last, h.now.astimezone(zone).date()))
    return texts.roster_line(row.name, office(h.db, Role(row.role), row.node_id, row.unit_id), state)
