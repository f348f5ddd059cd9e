"""One case with all there is to show: what was said, what was done, who was told when.

Words are masked here, before any template sees them; of a private case none are shown. Who holds an
office is named; a resident never is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot.cases import audit, position, queries, shares, standing, views
from gridbot.cases import names as known_names
from gridbot.cases.rules import public_place
from gridbot.desk import admin_cases
from gridbot.desk.context import Hearing
from gridbot.desk.registry import LEADERS
from gridbot.messages import Move, OutKind, load_outgoing
from gridbot.privacy import mask
from gridbot.store.tables import cases, chats, grid_nodes, holdings, identities, outbox, people, units
from gridbot.web.board import Entry


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
    how: str = "send"  #: send | edit (of a card) | react
    console: bool = False  #: done in the console, not in a chat


@dataclass(frozen=True, slots=True)
class File:
    """One case with all there is to show; its line of the list stands beside it."""

    words: list[tuple[datetime, str]]  #: what was reported, masked
    photos: int
    steps: list[Step]
    told: datetime | None
    accepted: datetime | None
    promised: str
    beside: list[str]  #: who shares in it, who is invited, numbers of elsewhere, limits: as lines
    parts: list[Part]
    whole: Part | None
    bounces: list[Step]
    position: position.Position
    account: audit.Account | None  #: 责任倒查; for leaders and admins
    looks: list[views.View]


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


def file(h: Hearing, row: Row[Any], entry: Entry) -> File:
    """Of a case he may see."""
    db = h.db
    hide = _hiding(db, row)
    said = [one for one in queries.messages_of(db, row.id) if one.part in ("report", "support")]
    words = [] if entry.private else [(one.at, hide(one.text)) for one in said if one.text]
    events = queries.timeline(db, row.id)
    names = _names(db, row.community_id, events)
    which = {"community": row.community_id, "of_case": row.id}
    told = _all_told(db.execute(_TOLD, which).all(), hide)
    reached = {step.who for step in told}
    steps = [_happened(one, names, hide) for one in events]
    # Who was told is told better by what was sent; the bare event stays where that is gone.
    steps = [one for one in steps if one.code != Move.NOTIFIED.value or one.detail not in reached] + told
    return File(
        words=words,
        photos=sum(len(one.photos or ()) for one in said),
        steps=sorted(steps, key=lambda step: step.at),
        told=row.first_told_at,
        accepted=row.accepted_at,
        promised=hide(row.until_text),
        beside=[] if row.private else [one for one in standing.lines(db, row) if one],
        parts=[_part(db, part) for part in shares.parts_of(db, row.id) if admin_cases.visible(h, [part])],
        whole=_whole(h, row),
        bounces=[_bounced(one, names, hide) for one in shares.bounces_of(db, row.id)],
        position=position.ladder_position(db, row, h.now),
        account=audit.accountability(db, row) if h.roles & LEADERS else None,
        looks=views.of_case(db, row),
    )


@dataclass(frozen=True, slots=True)
class Part:
    """A share (分件) of a case, or the whole a share belongs to."""

    id: int
    number: int
    who: str
    state: str


def _part(db: Connection, part: Row[Any]) -> Part:
    whose = {"unit": part.unit_id} if part.unit_id else {"person": part.owner_id or 0}
    who = standing.name_of(db, whose) or public_place(part.place)
    return Part(part.id, part.number, who, part.state)


def _whole(h: Hearing, row: Row[Any]) -> Part | None:
    if row.parent_id is None:
        return None
    whole = queries.in_community(h.db, row.community_id, row.parent_id)
    return _part(h.db, whole) if whole is not None and admin_cases.visible(h, [whole]) else None


def _bounced(event: Row[Any], names: Names, hide: Hide) -> Step:
    """A return with its reason, or who was designated."""
    return _happened(event, names, hide)


Hide = Callable[[str], str]


def _hiding(db: Connection, case: Row[Any]) -> Hide:
    """Masks more than the text alone gives away: the reporter's names, those of everybody known here, the
    door of the case's place where it stands by itself. Of a private case nothing is left."""
    if case.private:
        return lambda _text: ""
    known = sa.select(people.c.name).where(people.c.id == case.reporter_id)
    shown = sa.select(identities.c.name).where(identities.c.person_id == case.reporter_id)
    reporter = list(db.execute(sa.union(known, shown)).scalars())

    def hide(text: str) -> str:
        return mask(known_names.masked_of(db, case, text), reporter) if text else ""

    return hide


_OFFICES = frozenset({"leader", "deputy", "liaison", "unit", "admin"})
_WHOM = (("person", people), ("owner", people), ("unit", units), ("to", grid_nodes), ("node", grid_nodes))
"""Whom or what the ids in an event's data mean."""
_HELD_ONE = sa.exists().where(
    holdings.c.person_id == people.c.id, holdings.c.community_id == sa.bindparam("community")
)
Names = Mapping[tuple[str, int], str]


def _meant(event: Row[Any]) -> list[tuple[str, int]]:
    """Whom an event mentions, as (table, id). A reminder goes to a person, a case to a grid."""
    whom = (("to", people),) if event.move == Move.REMINDED.value else _WHOM
    ids = [(table.name, event.data.get(key)) for key, table in whom]
    return [(name, one) for name, one in ids if isinstance(one, int)]


def _names(db: Connection, community: int, events: Sequence[Row[Any]]) -> Names:
    """Names of whoever holds or held an office, of units and of grids, as far as the events mention them."""
    wanted: dict[str, set[int]] = {"person": set(), "unit": set(), "grid_node": set()}
    for event in events:
        acting = [("person", event.person_id)] if event.role in _OFFICES and event.person_id else []
        for name, one in [*acting, *_meant(event)]:
            wanted[name].add(one)
    found: dict[tuple[str, int], str] = {}
    for table in (people, units, grid_nodes):
        query = sa.select(table.c.id, table.c.name).where(
            table.c.community_id == sa.bindparam("community"), table.c.id.in_(wanted[table.name])
        )
        query = query.where(_HELD_ONE) if table is people else query
        rows = db.execute(query, {"community": community})
        found |= {(table.name, row.id): row.name for row in rows}
    return found


def _happened(event: Row[Any], names: Names, hide: Hide) -> Step:
    """Whoever holds an office is named; a resident never is."""
    name = names.get(("person", event.person_id), "") if event.role in _OFFICES else ""
    whom = [] if event.move == Move.OPENED.value else [names.get(one, "") for one in _meant(event)]
    return Step(
        event.at,
        "event",
        event.move,
        name or event.role,
        hide(event.words or ""),
        detail=next((one for one in whom if one), ""),
        console=event.data.get("via") == views.CONSOLE,
    )


def _all_told(rows: Sequence[Row[Any]], hide: Hide) -> list[Step]:
    """A card that was sent before is edited."""
    cards: set[tuple[int, str]] = set()
    steps = []
    for row in rows:
        card = (row.chat_id, row.key)
        how = "react" if row.kind == OutKind.REACT.value else "edit" if card in cards else "send"
        if row.key:
            cards.add(card)
        steps.append(_told(row, hide, how))
    return steps


def _told(row: Row[Any], hide: Hide, how: str) -> Step:
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
        how,
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
