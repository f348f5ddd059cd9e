"""What became of a group's reports in a week: counts, and the areas they lie in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from gridbot.grid.tree import load_tree
from gridbot.messages import OPEN_STATES, CaseState
from gridbot.store.tables import cases, chats, inbox, outbox, places, timers

_OPEN = [state.value for state in OPEN_STATES]
_OVER = [CaseState.DONE.value, CaseState.CLOSED.value]
_GONE = [CaseState.WITHDRAWN.value, CaseState.MERGED.value]
_WHOLE = cases.c.parent_id.is_(None) & cases.c.number.is_not(None) & cases.c.state.not_in(_GONE)
_GIVEN_UP = 3  #: attempts; see store.inbox, store.timers


@dataclass(frozen=True, slots=True)
class Week:
    reported: int = 0
    mended: int = 0
    working: int = 0
    places: tuple[str, ...] = ()  #: as written, of what was reported


def week(
    db: Connection, community_id: int, node_id: int | None, since: datetime, until: datetime, *, public: bool
) -> Week:
    """Of a grid and all below it (None: everywhere). `public`: what is private is not even counted."""
    mine = (cases.c.community_id == community_id) & _WHOLE
    if node_id is not None:
        tree = load_tree(db, community_id)
        below = [node_id, *(node.id for node in tree.descendants(node_id))] if node_id in tree.by_id else []
        mine &= cases.c.node_id.in_(below)
    if public:
        mine &= cases.c.private.is_(False)
    new = mine & (cases.c.reported_at >= since) & (cases.c.reported_at < until)
    over = mine & cases.c.state.in_(_OVER) & (cases.c.done_at >= since) & (cases.c.done_at < until)
    closed_without = (
        mine
        & (cases.c.state == CaseState.CLOSED.value)
        & cases.c.done_at.is_(None)
        & (cases.c.closed_at >= since)
        & (cases.c.closed_at < until)
    )
    reported = db.execute(sa.select(cases.c.place, cases.c.data).where(new).order_by(cases.c.number)).all()
    reported = [row for row in reported if not row.data.get("false_alarm")]
    ended = db.execute(sa.select(cases.c.data).where(over | closed_without)).scalars()
    mended = sum(1 for data in ended if not data.get("false_alarm"))
    working = db.execute(
        sa.select(sa.func.count()).select_from(cases).where(mine, cases.c.state.in_(_OPEN))
    ).scalar_one()
    return Week(len(reported), mended, int(working), tuple(row.place for row in reported))


def place_names(db: Connection, community_id: int) -> list[str]:
    names = sa.select(places.c.name).where(places.c.community_id == community_id)
    return list(db.execute(names).scalars())


def undelivered(db: Connection, community_id: int, since: datetime) -> int:
    """Sentences that could not be delivered since then."""
    lost = (
        (outbox.c.community_id == community_id)
        & (outbox.c.state == "failed")
        & (outbox.c.created_at >= since)
    )
    return int(db.execute(sa.select(sa.func.count()).select_from(outbox).where(lost)).scalar_one())


def unhandled(db: Connection, community_id: int) -> int:
    """Messages and timers that were given up after three tries."""
    dead = (inbox.c.community_id == community_id) & (inbox.c.state == "dead")
    stuck = (
        (timers.c.community_id == community_id) & (timers.c.attempts >= _GIVEN_UP) & (timers.c.error != "")
    )
    return sum(
        int(db.execute(sa.select(sa.func.count()).select_from(table).where(which)).scalar_one())
        for table, which in ((inbox, dead), (timers, stuck))
    )


def overdue(db: Connection, community_id: int, now: datetime) -> int:
    late = (
        (cases.c.community_id == community_id) & _WHOLE & cases.c.state.in_(_OPEN) & (cases.c.finish_by < now)
    )
    return int(db.execute(sa.select(sa.func.count()).select_from(cases).where(late)).scalar_one())


def groups(db: Connection, community_id: int) -> int:
    """How many groups the bot listens to."""
    bound = (
        (chats.c.community_id == community_id)
        & (chats.c.kind == "group")
        & chats.c.active.is_(True)
        & chats.c.role.in_(("residents", "leaders"))
    )
    return int(db.execute(sa.select(sa.func.count()).select_from(chats).where(bound)).scalar_one())
