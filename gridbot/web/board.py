"""What the console shows, read and masked: the list of cases, and one case with its timeline.

Everything is asked within one community. Words are masked here, before any template sees them; of a
private case no words are shown at all. Names of residents do not appear: who reported is 居民.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot.cases import queries
from gridbot.cases.rules import public_place
from gridbot.messages import OPEN_STATES, CaseState, OutKind, load_outgoing
from gridbot.privacy import mask
from gridbot.store.tables import (
    cases,
    chats,
    communities,
    grid_nodes,
    holdings,
    identities,
    outbox,
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
class Step:
    """One line of a timeline: something happened, or somebody was told."""

    at: datetime
    kind: str  #: event | told
    code: str  #: the move, or the outbox state
    who: str = ""
    words: str = ""
    sent: datetime | None = None
    detail: str = ""  #: reason of a failure; whom it goes to
    twice: bool = False


@dataclass(frozen=True, slots=True)
class File:
    """One case with all there is to show."""

    entry: Entry
    words: list[tuple[datetime, str]]  #: what was reported, masked
    photos: int
    steps: list[Step]
    told: datetime | None
    accepted: datetime | None
    promised: str


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

_NOW: sa.BindParameter[datetime] = sa.bindparam("now")
_LATE = sa.or_(
    sa.and_(cases.c.state.in_((CaseState.GATHERING.value, CaseState.WAITING.value)), cases.c.claim_by < _NOW),
    sa.and_(cases.c.state == CaseState.ACCEPTED.value, cases.c.finish_by < _NOW),
)
_ENTRIES = (
    sa.select(
        cases,
        people.c.name.label("leader"),
        grid_nodes.c.name.label("node"),
        _LEVEL.c.name.label("level"),
        units.c.name.label("unit"),
        sa.func.coalesce(_LATE, sa.false()).label("late"),
    )
    .outerjoin(people, people.c.id == cases.c.owner_id)
    .outerjoin(grid_nodes, grid_nodes.c.id == cases.c.node_id)
    .outerjoin(_LEVEL, _LEVEL.c.id == cases.c.level_node_id)
    .outerjoin(units, units.c.id == cases.c.unit_id)
    .where(cases.c.community_id == sa.bindparam("community"))
)
_WHERE: Mapping[str, sa.ColumnElement[bool]] = {
    OPEN: cases.c.state.in_(_OPEN),
    OVERDUE: _LATE,
    ALL: sa.true(),
    **{state.value: cases.c.state == state.value for state in CaseState},
}
_LIST = {
    name: _ENTRIES.where(where)
    .order_by(cases.c.urgent.desc(), sa.text("late DESC"), cases.c.reported_at.desc())
    .limit(MOST)
    for name, where in _WHERE.items()
}
_COUNTS = sa.select(
    *(sa.func.count().filter(where).label(name) for name, where in _WHERE.items() if name in FILTERS)
).where(cases.c.community_id == sa.bindparam("community"))


def entries(
    db: Connection, community: int, which: str, titles: Mapping[str, str], *, now: datetime
) -> list[Entry]:
    rows = db.execute(_LIST[which], {"community": community, "now": now})
    return [_entry(row, titles) for row in rows]


def counts(db: Connection, community: int, *, now: datetime) -> dict[str, int]:
    row = db.execute(_COUNTS, {"community": community, "now": now}).one()
    return {name: int(getattr(row, name)) for name in FILTERS}


def _entry(row: Row[Any], titles: Mapping[str, str]) -> Entry:
    accepted = row.state == CaseState.ACCEPTED.value
    deadline = row.finish_by if accepted else row.claim_by if row.state in _OPEN else None
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
        deadline=deadline,
        overdue=bool(row.late),
        reported=row.reported_at,
        ended=row.closed_at,
    )


# --- one case ------------------------------------------------------------------------------------

_ONE = _ENTRIES.where(cases.c.id == sa.bindparam("of_case"))
_TOLD = (
    sa.select(
        outbox,
        chats.c.kind.label("chat_kind"),
        chats.c.title,
        people.c.name.label("person"),
        sa.exists()
        .where(holdings.c.person_id == chats.c.person_id, holdings.c.community_id == cases.c.community_id)
        .label("official"),
    )
    .join(cases, cases.c.id == outbox.c.case_id)
    .join(chats, chats.c.id == outbox.c.chat_id)
    .outerjoin(people, people.c.id == chats.c.person_id)
    .where(cases.c.id == sa.bindparam("of_case"), cases.c.community_id == sa.bindparam("community"))
    .where(sa.or_(outbox.c.state != "dropped", outbox.c.reason != "superseded"))
    .order_by(outbox.c.id)
)


def file(
    db: Connection, community: int, case_id: int, titles: Mapping[str, str], *, now: datetime
) -> File | None:
    """None: there is no such case in this community."""
    which = {"community": community, "of_case": case_id}
    row = db.execute(_ONE, {**which, "now": now}).one_or_none()
    if row is None:
        return None
    entry = _entry(row, titles)
    said = [one for one in queries.messages_of(db, case_id) if one.part in ("report", "support")]
    hide = _hiding(db, row)
    words = [] if entry.private else [(one.at, hide(one.text)) for one in said if one.text]
    events = queries.timeline(db, case_id)
    names = _names(db, community, events)
    steps = [_happened(one, names, hide) for one in events]
    steps += [_told(one, hide) for one in db.execute(_TOLD, which)]
    return File(
        entry=entry,
        words=words,
        photos=sum(len(one.photos or ()) for one in said),
        steps=sorted(steps, key=lambda step: step.at),
        told=row.first_told_at,
        accepted=row.accepted_at,
        promised=hide(row.until_text),
    )


Hide = Callable[[str], str]
_DOOR = re.compile(r"\d{3,4}")


def _hiding(db: Connection, case: Row[Any]) -> Hide:
    """Masks more than the text alone gives away: the reporter's names, and the door of the case's place
    where it stands by itself. Of a private case nothing is left."""
    if case.private:
        return lambda _text: ""
    known = sa.select(people.c.name).where(people.c.id == case.reporter_id)
    shown = sa.select(identities.c.name).where(identities.c.person_id == case.reporter_id)
    names = list(db.execute(sa.union(known, shown)).scalars())
    doors = set(_DOOR.findall(case.place)) - set(_DOOR.findall(public_place(case.place)))

    def hide(text: str) -> str:
        for door in doors:
            text = re.sub(rf"(?<!\d){door}(?!\d)", "〔门牌〕", text)
        return mask(text, names)

    return hide


_OFFICES = frozenset({"leader", "deputy", "liaison", "unit", "admin"})
_WHOM = (("person", people), ("owner", people), ("unit", units), ("to", grid_nodes), ("node", grid_nodes))
"""Whom or what the ids in an event's data mean."""
Names = Mapping[tuple[str, int], str]


def _names(db: Connection, community: int, events: Sequence[Row[Any]]) -> Names:
    """Names of the acting officials, and of those whom an event mentions; (table, id) → name."""
    wanted: dict[str, set[int]] = {"person": set(), "unit": set(), "grid_node": set()}
    for event in events:
        if event.role in _OFFICES and event.person_id:
            wanted["person"].add(event.person_id)
        for key, table in _WHOM:
            if isinstance(event.data.get(key), int):
                wanted[table.name].add(event.data[key])
    found: dict[tuple[str, int], str] = {}
    for table in (people, units, grid_nodes):
        query = sa.select(table.c.id, table.c.name).where(
            table.c.community_id == community, table.c.id.in_(wanted[table.name])
        )
        found |= {(table.name, row.id): row.name for row in db.execute(query)}
    return found


def _happened(event: Row[Any], names: Names, hide: Hide) -> Step:
    """Whoever holds an office is named; a resident never is."""
    name = names.get(("person", event.person_id), "") if event.role in _OFFICES else ""
    words = hide(event.words or "")
    whom = (names.get((table.name, event.data.get(key)), "") for key, table in _WHOM)
    detail = "" if event.move == "opened" else next((one for one in whom if one), "")
    return Step(event.at, "event", event.move, name or event.role, words, detail=detail)


def _told(row: Row[Any], hide: Hide) -> Step:
    whom = row.title if row.chat_kind == "group" else row.person if row.official else ""
    return Step(
        row.created_at,
        "told",
        _outcome(row),
        whom or "",
        hide(_said(row)),
        row.sent_at,
        mask(row.reason),
        row.maybe_twice,
    )


def _outcome(row: Row[Any]) -> str:
    """waiting | held (its time has not come) | claimed | sent | failed | dropped"""
    return (
        "held" if row.state == "waiting" and row.due_at > row.created_at + timedelta(seconds=1) else row.state
    )


def _said(row: Row[Any]) -> str:
    try:
        payload = load_outgoing(row.payload)
    except msgspec.MsgspecError:
        return ""
    return payload.emoji if row.kind == OutKind.REACT.value else payload.text


# --- times, in the community's zone --------------------------------------------------------------


def moment(at: datetime, now: datetime, zone: tzinfo) -> str:
    """今天 13:05 · 昨天 09:00 · 11月3日 10:00 · 2025年11月3日 10:00"""
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    day = {0: "今天", 1: "昨天", -1: "明天"}.get((today - local.date()).days)
    if day is None:
        year = f"{local.year}年" if local.year != today.year else ""
        day = f"{year}{local.month}月{local.day}日"
    return f"{day} {local:%H:%M}"


def span(length: timedelta) -> str:
    """刚刚 · 8分钟 · 3小时 · 2天"""
    minutes = int(abs(length).total_seconds() // 60)
    for size, unit in ((1440, "天"), (60, "小时"), (1, "分钟")):
        if minutes >= size:
            return f"{minutes // size}{unit}"
    return "刚刚"


def pick(places: Sequence[Place], asked: str) -> Place | None:
    """The community asked for by id, or the first one."""
    if not asked:
        return places[0] if places else None
    return next((place for place in places if str(place.id) == asked), None)
