"""One case with all there is to show: what was said, what was done, who was told when.

Words are masked here, before any template sees them; of a private case none are shown. Who holds an
office is named; a resident never is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot.cases import queries
from gridbot.cases.rules import public_place
from gridbot.messages import Move, OutKind, load_outgoing
from gridbot.privacy import mask
from gridbot.store.tables import cases, chats, grid_nodes, holdings, identities, outbox, people, units
from gridbot.web.board import Entry, entry_of


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
    found = entry_of(db, community, case_id, titles, now=now)
    if found is None:
        return None
    row, entry = found
    said = [one for one in queries.messages_of(db, case_id) if one.part in ("report", "support")]
    hide = _hiding(db, row)
    words = [] if entry.private else [(one.at, hide(one.text)) for one in said if one.text]
    events = queries.timeline(db, case_id)
    names = _names(db, community, events)
    told = _all_told(db.execute(_TOLD, which).all(), hide)
    reached = {step.who for step in told}
    steps = [_happened(one, names, hide) for one in events]
    # Who was told is told better by what was sent; the bare event stays where that is gone.
    steps = [one for one in steps if one.code != Move.NOTIFIED.value or one.detail not in reached] + told
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
