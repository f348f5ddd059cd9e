"""The console's list: the cases somebody may see, with their leaders and deadlines, in columns or as a list.

Who may see what is the chat's rule (`desk.admin_cases.visible`). Places are masked here, before any
template sees them; of a case that is kept from somebody's unit there is number, kind and area.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot.cases.rules import public_place
from gridbot.desk import admin_cases, console
from gridbot.desk.context import Hearing
from gridbot.grid import queries as grid
from gridbot.messages import OPEN_STATES, CaseState
from gridbot.store.tables import cases, communities, grid_nodes, people, units

MOST = 200  #: rows of a list
LATELY = timedelta(days=92)  #: what is over is listed so long
OPEN = "open"
OVERDUE = "overdue"
ALL = "all"
FILTERS: Mapping[str, str] = {
    OPEN: "没办结",
    CaseState.WAITING.value: "等人接",
    CaseState.ACCEPTED.value: "在办",
    CaseState.DONE.value: "等居民看",
    OVERDUE: "超时",
    CaseState.CLOSED.value: "已办结",
    ALL: "全部",
}
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "等人接": (CaseState.WAITING.value, CaseState.GATHERING.value),
    "在办": (CaseState.ACCEPTED.value,),
    "等居民看": (CaseState.DONE.value,),
}
_OPEN = [state.value for state in OPEN_STATES]
_LIVE = [*_OPEN, CaseState.DONE.value]
_LEVEL = grid_nodes.alias("level")


@dataclass(frozen=True, slots=True)
class Entry:
    """One case as a line of the list."""

    id: int
    number: int | None
    state: str
    types: str  #: titles
    kinds: tuple[str, ...]  #: the types' ids
    place: str  #: door numbers left out
    node: str
    path: str  #: of the node
    leader: str
    mine: bool
    unit: str
    level: str  #: who has it now, where that is not the place's own node
    urgent: bool
    private: bool
    kept: bool  #: from the viewer: his unit is complained about
    paused: str  #: what it waits for
    tabled: bool  #: on a meeting's agenda
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


NOWHERE = Place(0, "", ZoneInfo("UTC"))
"""No community is there yet."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list is narrowed to; "" and False: not."""

    kind: str = ""
    grid: str = ""
    mine: bool = False
    paused: bool = False
    private: bool = False

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Asked:
        flags = {name: query.get(name) == "1" for name in ("mine", "paused", "private")}
        return cls(query.get("type", ""), query.get("grid", ""), **flags)

    def fits(self, one: Entry) -> bool:
        return (
            (not self.kind or self.kind in one.kinds)
            and (not self.grid or one.path == self.grid or one.path.startswith(f"{self.grid}/"))
            and (one.mine or not self.mine)
            and (bool(one.paused) or not self.paused)
            and (one.private or not self.private)
        )


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
        grid_nodes.c.path.label("path"),
        _LEVEL.c.name.label("level"),
        units.c.name.label("unit"),
    )
    .outerjoin(people, people.c.id == cases.c.owner_id)
    .outerjoin(grid_nodes, grid_nodes.c.id == cases.c.node_id)
    .outerjoin(_LEVEL, _LEVEL.c.id == cases.c.level_node_id)
    .outerjoin(units, units.c.id == cases.c.unit_id)
    .where(cases.c.community_id == sa.bindparam("community"))
    .order_by(cases.c.urgent.desc(), cases.c.reported_at.desc())
)
_LISTED = _ENTRIES.where(
    sa.or_(
        cases.c.state.in_(_LIVE),
        sa.func.coalesce(cases.c.closed_at, cases.c.reported_at) > sa.bindparam("since"),
    )
)
_ONE = _ENTRIES.where(cases.c.id == sa.bindparam("of_case"))


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
        if case.data.get("paused") or case.data.get("meeting") is not None:
            return False  # its clocks stand still
        times = [self.deadline(case), case.finish_by if case.state in _OPEN else None]
        return any(at is not None and at < self._now for at in times)


def entries(h: Hearing, titles: Mapping[str, str]) -> list[Entry]:
    """All that is open and what ended lately, as far as he may see it: the urgent first, then the overdue,
    then the newest."""
    rows = h.db.execute(_LISTED, {"community": h.community_id, "since": h.now - LATELY}).all()
    limits = Limits(h.db, h.community_id, h.now)
    found = [_entry(h, row, titles, limits) for row in admin_cases.visible(h, rows)]
    return sorted(found, key=lambda entry: (not entry.urgent, not entry.overdue))


def entry_of(h: Hearing, case_id: int, titles: Mapping[str, str]) -> tuple[Row[Any], Entry] | None:
    """One case of this community that he may see, as a row and as a line of the list."""
    row = h.db.execute(_ONE, {"community": h.community_id, "of_case": case_id}).one_or_none()
    if row is None or not admin_cases.visible(h, [row]):
        return None
    return row, _entry(h, row, titles, Limits(h.db, h.community_id, h.now))


def fits(one: Entry, which: str) -> bool:
    """Whether it belongs to one of FILTERS."""
    if which == OVERDUE:
        return one.overdue
    return which == ALL or (one.state in _LIVE if which == OPEN else one.state == which)


def counts(listed: Sequence[Entry]) -> dict[str, int]:
    return {which: sum(fits(one, which) for one in listed) for which in FILTERS}


def _entry(h: Hearing, row: Row[Any], titles: Mapping[str, str], limits: Limits) -> Entry:
    kept = console.kept_from(h, row)
    paused = (row.data.get("paused") or {}).get("what", "")
    return Entry(
        id=row.id,
        number=row.number,
        state=row.state,
        types="、".join(titles.get(kind, kind) for kind in row.types),
        kinds=tuple(row.types),
        place="" if kept else public_place(row.place),
        node=row.node or "",
        path=row.path or "",
        leader=row.leader or "",
        mine=row.owner_id is not None and row.owner_id == h.known_person(),
        unit=row.unit or "",
        level=row.level if row.level and row.level != row.node else "",
        urgent=row.urgent,
        private=row.private,
        kept=kept,
        paused=paused,
        tabled=row.data.get("meeting") is not None,
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
