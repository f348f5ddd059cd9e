"""The console's list: every case of one community, with its leader and its deadline.

Places are masked here, before any template sees them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot.cases.rules import public_place
from gridbot.grid import queries as grid
from gridbot.messages import OPEN_STATES, CaseState
from gridbot.store.tables import (
    cases,
    communities,
    grid_nodes,
    people,
    units,
)

MOST = 200  #: rows of a list; the newest
OPEN = "open"
OVERDUE = "overdue"
ALL = "all"
FILTERS: tuple[str, ...] = (
    OPEN,
    CaseState.WAITING.value,
    CaseState.ACCEPTED.value,
    CaseState.DONE.value,
    OVERDUE,
    CaseState.CLOSED.value,
    ALL,
)
_OPEN = [state.value for state in OPEN_STATES]
_LEVEL = grid_nodes.alias("level")


@dataclass(frozen=True, slots=True)
class Entry:
    """One case as a line of the list."""

    id: int
    number: int | None
    state: str
    types: str  #: titles
    place: str  #: door numbers left out
    node: str
    leader: str
    unit: str
    level: str  #: who has it now, where that is not the place's own node
    urgent: bool
    private: bool
    supporters: int
    deadline: datetime | None
    overdue: bool
    reported: datetime
    ended: datetime | None


@dataclass(frozen=True, slots=True)
class Place:
    """A community, as the console needs it."""

    id: int
    name: str
    zone: ZoneInfo


def communities_seen(db: Connection, allowed: Collection[int] | None) -> list[Place]:
    """`allowed` None: all."""
    query = sa.select(communities.c.id, communities.c.name, communities.c.timezone).order_by(communities.c.id)
    if allowed is not None:
        query = query.where(communities.c.id.in_(allowed))
    return [Place(row.id, row.name, ZoneInfo(row.timezone)) for row in db.execute(query)]


# --- the list ------------------------------------------------------------------------------------

CLAIM_MINUTES = 120  #: where a case does not say how long its leader has to take it

_ENTRIES = (
    sa.select(
        cases,
        people.c.name.label("leader"),
        grid_nodes.c.name.label("node"),
        _LEVEL.c.name.label("level"),
        units.c.name.label("unit"),
    )
    .outerjoin(people, people.c.id == cases.c.owner_id)
    .outerjoin(grid_nodes, grid_nodes.c.id == cases.c.node_id)
    .outerjoin(_LEVEL, _LEVEL.c.id == cases.c.level_node_id)
    .outerjoin(units, units.c.id == cases.c.unit_id)
    .where(cases.c.community_id == sa.bindparam("community"))
)
_WHERE: Mapping[str, sa.ColumnElement[bool]] = {
    OPEN: cases.c.state.in_(_OPEN),
    ALL: sa.true(),
    **{state.value: cases.c.state == state.value for state in CaseState},
}
_ONE = _ENTRIES.where(cases.c.id == sa.bindparam("of_case"))
_NEWEST = (cases.c.urgent.desc(), cases.c.reported_at.desc())
_LIST = {name: _ENTRIES.where(where).order_by(*_NEWEST).limit(MOST) for name, where in _WHERE.items()}
_OPEN_ONES = _ENTRIES.where(_WHERE[OPEN]).order_by(*_NEWEST)
_COUNTS = sa.select(
    *(sa.func.count().filter(where).label(name) for name, where in _WHERE.items() if name in FILTERS)
).where(cases.c.community_id == sa.bindparam("community"))
_TIMES = sa.select(
    cases.c.state,
    cases.c.urgent,
    cases.c.claim_by,
    cases.c.finish_by,
    cases.c.first_told_at,
    cases.c.data,
).where(cases.c.community_id == sa.bindparam("community"), _WHERE[OPEN])


class Limits:
    """Until when a case is to be taken, and once taken, to be done."""

    def __init__(self, db: Connection, community: int, now: datetime) -> None:
        self._urgent = grid.settings_of(db, community).urgent_claim
        self._now = now

    def deadline(self, case: Row[Any]) -> datetime | None:
        at: datetime | None = None
        if case.state == CaseState.ACCEPTED.value:
            at = case.finish_by
        elif case.state in _OPEN:
            at = case.claim_by
            if at is None and case.first_told_at is not None:
                usual = timedelta(minutes=int(case.data.get("claim_minutes", CLAIM_MINUTES)))
                at = case.first_told_at + (self._urgent if case.urgent else usual)
        return at

    def overdue(self, case: Row[Any]) -> bool:
        times = [self.deadline(case), case.finish_by if case.state in _OPEN else None]
        return any(at is not None and at < self._now for at in times)


def entries(
    db: Connection, community: int, which: str, titles: Mapping[str, str], *, now: datetime
) -> list[Entry]:
    """The urgent first, then the overdue, then the newest."""
    limits = Limits(db, community, now)
    rows = db.execute(_OPEN_ONES if which == OVERDUE else _LIST[which], {"community": community})
    found = [_entry(row, titles, limits) for row in rows]
    if which == OVERDUE:
        found = [entry for entry in found if entry.overdue][:MOST]
    return sorted(found, key=lambda entry: (not entry.urgent, not entry.overdue))


def entry_of(
    db: Connection, community: int, case_id: int, titles: Mapping[str, str], *, now: datetime
) -> tuple[Row[Any], Entry] | None:
    """One case of this community, as a row and as a line of the list."""
    row = db.execute(_ONE, {"community": community, "of_case": case_id}).one_or_none()
    return (row, _entry(row, titles, Limits(db, community, now))) if row is not None else None


def counts(db: Connection, community: int, *, now: datetime) -> dict[str, int]:
    row = db.execute(_COUNTS, {"community": community}).one()._mapping
    limits = Limits(db, community, now)
    open_ones: Iterable[Row[Any]] = db.execute(_TIMES, {"community": community})
    late = sum(limits.overdue(case) for case in open_ones)
    return {name: late if name == OVERDUE else int(row[name]) for name in FILTERS}


def _entry(row: Row[Any], titles: Mapping[str, str], limits: Limits) -> Entry:
    return Entry(
        id=row.id,
        number=row.number,
        state=row.state,
        types="、".join(titles.get(kind, kind) for kind in row.types),
        place=public_place(row.place),
        node=row.node or "",
        leader=row.leader or "",
        unit=row.unit or "",
        level=row.level if row.level and row.level != row.node else "",
        urgent=row.urgent,
        private=row.private,
        supporters=row.supporters,
        deadline=limits.deadline(row),
        overdue=limits.overdue(row),
        reported=row.reported_at,
        ended=row.closed_at,
    )


def pick(places: Sequence[Place], asked: str) -> Place | None:
    """The community asked for by id, or the first one."""
    if not asked:
        return places[0] if places else None
    return next((place for place in places if str(place.id) == asked), None)
