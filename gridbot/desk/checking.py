"""体检: what of a community is not as it should be: rights, people, groups, grids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot import texts
from gridbot.grid.checkup import Checkup, checkup
from gridbot.messages import Capabilities, ChatKind, ChatRole, Outgoing, OutKind, Urgency
from gridbot.store import outbox
from gridbot.store.tables import chats

NEEDED = ("send", "read_all", "pin")
MOST = 12  #: names in one line
NOTHING_KNOWN: Mapping[str, Capabilities] = {}

_GROUPS = (
    sa.select(chats)
    .where(chats.c.community_id == sa.bindparam("of_community"), chats.c.kind == ChatKind.GROUP.value)
    .order_by(chats.c.id)
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


def findings(
    db: Connection, community_id: int, now: datetime, can: Mapping[str, Capabilities] = NOTHING_KNOWN
) -> list[str]:
    """One sentence each, the gravest first; empty if all is well. `can`: the channels, by platform."""
    grid = checkup(db, community_id, now)
    return [*_house(grid), *_groups(db, community_id, can), *_grid(grid)]


def _house(grid: Checkup) -> Iterator[str]:
    if grid.sample:
        yield texts.checkup_sample()
    if grid.admins <= 1:
        yield texts.checkup_one_admin()


def _groups(db: Connection, community_id: int, can: Mapping[str, Capabilities]) -> Iterator[str]:
    rows = db.execute(_GROUPS, {"of_community": community_id}).all()
    for row in rows:
        name = row.title or row.chat
        if not row.active:
            yield texts.checkup_out(name)
        elif row.platform in can and not can[row.platform].probes:
            pass  # there is nobody to ask
        elif not row.rights:
            yield texts.checkup_unknown(name)
        elif missing := [one for one in NEEDED if one not in row.rights]:
            yield texts.checkup_group(name, missing)
        if row.active and row.muted:
            yield texts.checkup_paused(name)
    if not any(row.role == ChatRole.RESIDENTS and row.active for row in rows):
        yield texts.no_groups_yet().rstrip("。")
    elif not any(row.role == ChatRole.LEADERS and row.active for row in rows):
        yield texts.checkup_no_leaders_group()


def _grid(grid: Checkup) -> Iterator[str]:
    if grid.unreached:
        yield texts.checkup_unreachable(_few(one.name for one in grid.unreached))
    if grid.without_leader:
        yield texts.checkup_empty_grids(_few(grid.without_leader))
    if loose := [*grid.without_grid, *grid.unbound]:
        yield texts.checkup_unbound_groups(_few(loose))
    if grid.double_places:
        yield texts.checkup_double_places(_few(grid.double_places))


def _few(names: Iterable[str]) -> list[str]:
    shown = list(dict.fromkeys(names))
    return shown if len(shown) <= MOST else [*shown[:MOST], f"等{len(shown)}个"]
