"""体检: what of a community is not as it should be: rights, people, groups, grids."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot import texts
from gridbot.grid import queries as grid
from gridbot.grid.tree import load_tree
from gridbot.messages import ChatKind, ChatRole, Outgoing, OutKind, Role, Urgency
from gridbot.store import outbox
from gridbot.store.tables import chats, communities, holdings, identities, people

NEEDED = ("send", "read_all", "pin")
MOST = 12  #: names in one line

_GROUPS = (
    sa.select(chats)
    .where(chats.c.community_id == sa.bindparam("of_community"), chats.c.kind == ChatKind.GROUP.value)
    .order_by(chats.c.id)
)
_HELD = (
    sa.select(
        holdings.c.node_id,
        holdings.c.role,
        holdings.c.person_id,
        people.c.name,
        sa.exists()
        .where(identities.c.person_id == holdings.c.person_id, identities.c.reachable.is_(True))
        .label("reached"),
    )
    .join(people, people.c.id == holdings.c.person_id)
    .where(
        holdings.c.community_id == sa.bindparam("of_community"),
        sa.or_(holdings.c.until.is_(None), holdings.c.until > sa.bindparam("now")),
    )
    .order_by(holdings.c.position, holdings.c.id)
)


def probe(db: Connection, chat: Row[Any], now: datetime) -> None:
    """Asks the platform what the bot may do in a chat; the answer comes in as a message."""
    outbox.say(
        db,
        chat_id=chat.id,
        payload=Outgoing(probe="rights"),
        community_id=chat.community_id,
        purpose="rights",
        now=now,
        kind=OutKind.PROBE,
        urgency=Urgency.BULK,
    )


def findings(db: Connection, community_id: int, now: datetime) -> list[str]:
    """One sentence each, the gravest first; empty if all is well."""
    return [*_sample(db, community_id), *_groups(db, community_id), *_people(db, community_id, now)]


def _sample(db: Connection, community_id: int) -> Iterator[str]:
    if db.execute(sa.select(communities.c.sample).where(communities.c.id == community_id)).scalar():
        yield texts.checkup_sample()


def _groups(db: Connection, community_id: int) -> Iterator[str]:
    rows = db.execute(_GROUPS, {"of_community": community_id}).all()
    for row in rows:
        name = row.title or row.chat
        if not row.active:
            yield texts.checkup_out(name)
        elif not row.rights:
            yield texts.checkup_unknown(name)
        elif missing := [one for one in NEEDED if one not in row.rights]:
            yield texts.checkup_group(name, missing)
        if row.active and row.muted:
            yield texts.checkup_paused(name)
    if rows and not any(row.role == ChatRole.LEADERS and row.active for row in rows):
        yield texts.checkup_no_leaders_group()
    if not any(row.role == ChatRole.RESIDENTS and row.active for row in rows):
        yield texts.no_groups_yet().rstrip("。")
    loose = sa.select(chats.c.title).where(
        chats.c.role == ChatRole.UNBOUND.value, chats.c.active.is_(True), chats.c.title != ""
    )
    bots = {(row.platform, row.bot) for row in rows}
    if bots:
        loose = loose.where(sa.tuple_(chats.c.platform, chats.c.bot).in_(sorted(bots)))
    names = list(db.execute(loose.order_by(chats.c.id).limit(MOST)).scalars())
    if names and _only_community(db):
        yield texts.checkup_unbound_groups(names)


def _only_community(db: Connection) -> bool:
    """With several, a group nobody has bound is not this one's to know of."""
    return len(db.execute(sa.select(communities.c.id).limit(2)).all()) == 1


def _people(db: Connection, community_id: int, now: datetime) -> Iterator[str]:
    rows = db.execute(_HELD, {"of_community": community_id, "now": now}).all()
    leads = [row for row in rows if row.role in (Role.LEADER.value, Role.DEPUTY.value)]
    lost = dict.fromkeys(row.name for row in rows if not row.reached and row.role != Role.UNIT.value)
    if lost:
        yield texts.checkup_unreachable(_few(list(lost)))
    led = {row.node_id for row in leads}
    tree = load_tree(db, community_id)
    empty = [node.name for node in tree.nodes if node.id not in led and not tree.children(node.id)]
    if empty:
        yield texts.checkup_empty_grids(_few(empty))
    if len(grid.admins(db, community_id)) == 1:
        yield texts.checkup_one_admin()


def _few(names: list[str]) -> list[str]:
    return names if len(names) <= MOST else [*names[:MOST], f"等{len(names)}个"]
