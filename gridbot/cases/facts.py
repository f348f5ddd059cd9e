"""The cases of a period as the figures want them (see cases.rates), from rows and their events."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot.cases.rates import End, Event, Fact, read_events
from gridbot.grid.tree import Tree, load_tree
from gridbot.messages import CaseState, Move
from gridbot.store.tables import case_events, cases

_MOVES = [
    move.value
    for move in (
        Move.NOTIFIED,
        Move.ACCEPTED,
        Move.PROGRESS,
        Move.DONE,
        Move.CONFIRMED,
        Move.BETTER,
        Move.REOPENED,
        Move.CLOSED,
        Move.UNDONE,
    )
]
_WITHIN = (
    (cases.c.community_id == sa.bindparam("of_community"))
    & (cases.c.reported_at >= sa.bindparam("since"))
    & (cases.c.reported_at < sa.bindparam("until"))
    & cases.c.number.is_not(None)
)
_CASES = sa.select(cases).where(_WITHIN).order_by(cases.c.number)
_EVENTS = (
    sa.select(case_events)
    .join(cases, cases.c.id == case_events.c.case_id)
    .where(_WITHIN, case_events.c.move.in_(_MOVES))
    .order_by(case_events.c.seq)
)
_ENDS = {
    CaseState.DONE.value: End.DONE,
    CaseState.CLOSED.value: End.CLOSED,
    CaseState.WITHDRAWN.value: End.OUT,
    CaseState.MERGED.value: End.OUT,
}


def facts(db: Connection, community_id: int, since: datetime, until: datetime) -> list[Fact]:
    """Every numbered case of a community reported from `since` on and before `until` (aware UTC)."""
    which = {"of_community": community_id, "since": since, "until": until}
    tree = load_tree(db, community_id)
    events: dict[int, list[Event]] = defaultdict(list)
    for row in db.execute(_EVENTS, which):
        events[row.case_id].append(Event(row.id, row.move, row.at, row.role, row.person_id, row.data or {}))
    return [_fact(row, events[row.id], tree) for row in db.execute(_CASES, which)]


def _fact(case: Row[Any], events: list[Event], tree: Tree) -> Fact:
    false_alarm = bool(case.data.get("false_alarm")) and case.state == CaseState.CLOSED
    out = false_alarm or case.parent_id is not None
    known = read_events(events)
    known["silent"] = known.get("silent", False) and case.data.get("asked") is not False
    limit = case.data.get("respond_by")
    here = tree.by_id.get(case.node_id)
    last = tree.by_id.get(case.level_node_id or case.node_id)
    return Fact(
        number=case.number,
        end=End.OUT if out else _ENDS.get(case.state, End.OPEN),
        reported=case.reported_at,
        respond_by=datetime.fromisoformat(limit) if limit else None,
        closed=case.closed_at,
        began_at=here.level if here else "",
        ended_at=last.level if last else "",
        types=tuple(case.types),
        node=here.path if here else "",
        urgent=case.urgent,
        private=case.private,
        supporters=case.supporters,
        false_alarm=false_alarm,
        **known,
    )
