"""责任倒查: of one case, who was told when, when it reached him, what he did first, and why it moved on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot.grid import queries as grid
from gridbot.messages import Move
from gridbot.store.tables import case_events, case_words, grid_nodes, outbox, people, units

MOVED = frozenset(
    {
        Move.HANDED_OVER, Move.ESCALATED, Move.BOUNCED, Move.REASSIGNED, Move.DESIGNATED, Move.PASSED_OVER,
        Move.RETYPED, Move.PAUSED, Move.RESUMED, Move.TABLED, Move.OUTCOME, Move.FOLLOWED, Move.REOPENED,
        Move.OVERDUE, Move.SPLIT, Move.MERGED, Move.FALSE_ALARM, Move.UNDONE,
    }
)  # fmt: skip
"""What changes whose it is, how heavy it is or how long it takes: each with its reason."""
_OWN_ACTS = frozenset(Move) - {Move.NOTIFIED, Move.REMINDED, Move.VIEWED}
_EVENTS = (
    sa.select(case_events, case_words.c.text.label("words"))
    .outerjoin(case_words, case_words.c.event_id == case_events.c.id)
    .where(
        case_events.c.community_id == sa.bindparam("of_community"),
        case_events.c.case_id == sa.bindparam("of_case"),
    )
    .order_by(case_events.c.seq)
)
_TAKEN = sa.case((outbox.c.state == "sent", outbox.c.sent_at)).label("sent_at")  #: else nobody knows
_REACHED = (
    sa.select(outbox.c.id, outbox.c.state, outbox.c.reason, outbox.c.created_at, _TAKEN)
    .where(
        outbox.c.case_id == sa.bindparam("of_case"),
        outbox.c.chat_id == sa.bindparam("of_chat"),
        outbox.c.kind.in_(("send", "card")),
        outbox.c.created_at == sa.bindparam("at"),
    )
    .order_by(outbox.c.id)
)
_SUPERSEDED = "superseded"  #: a card that a newer one took the place of before it went out


@dataclass(frozen=True, slots=True)
class Told:
    """One person told once. Times are UTC; `state`: of the message (sent, waiting, failed …), "" if there is
    none; `sent_at`: the platform took it. What the platforms never tell is whether it was read: `first_at`
    is when he first did something about the case afterwards, by a tap or a word (`first`: what)."""

    person_id: int
    name: str
    at: datetime
    private: bool
    state: str
    sent_at: datetime | None
    reason: str
    first_at: datetime | None
    first: str
    reminded: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class Moved:
    """One step that changed whose it is, how heavy or how long. `why`: in his words, unmasked, or a code."""

    seq: int
    at: datetime
    move: str
    who: str
    role: str
    whom: str
    why: str


@dataclass(frozen=True, slots=True)
class Account:
    number: int | None
    reported_at: datetime
    told: tuple[Told, ...]
    moved: tuple[Moved, ...]
    accepted_at: datetime | None
    done_at: datetime | None
    closed_at: datetime | None


def accountability(db: Connection, case: Row[Any]) -> Account:
    """All of it from the record and the receipts; nobody writes it down."""
    which = {"of_community": case.community_id, "of_case": case.id}
    events = db.execute(_EVENTS, which).all()
    names = _names(db, case.community_id, events)
    chats_of = _private_chats(db, [one.data.get("person") for one in events if one.move == Move.NOTIFIED])
    told = tuple(_told(db, event, events, names, chats_of) for event in events if event.move == Move.NOTIFIED)
    moved = tuple(_moved(event, names) for event in events if event.move in MOVED)
    return Account(case.number, case.reported_at, told, moved, case.accepted_at, case.done_at, case.closed_at)


def _private_chats(db: Connection, persons: Iterable[int | None]) -> dict[int, int]:
    """Where each of them is alone with the bot."""
    found = {one: grid.private_chat_of(db, one) for one in dict.fromkeys(persons) if one is not None}
    return {person: chat.id for person, chat in found.items() if chat is not None}


def _told(
    db: Connection,
    event: Row[Any],
    events: Iterable[Row[Any]],
    names: Mapping[tuple[str, int], str],
    chats_of: Mapping[int, int],
) -> Told:
    """The message that was put with the event, and what he did after it."""
    person = int(event.data.get("person") or 0)
    rows = db.execute(
        _REACHED, {"of_case": event.case_id, "of_chat": chats_of.get(person), "at": event.at}
    ).all()
    sent = next((row for row in rows if row.reason != _SUPERSEDED), rows[-1] if rows else None)
    after = [one for one in events if one.seq > event.seq]
    first = next((one for one in after if one.person_id == person and one.move in _OWN_ACTS), None)
    reminded = tuple(one.at for one in after if one.move == Move.REMINDED and one.data.get("to") == person)
    return Told(
        person_id=person,
        name=names.get(("person", person), ""),
        at=event.at,
        private=bool(event.data.get("private")),
        state=sent.state if sent is not None else "",
        sent_at=sent.sent_at if sent is not None else None,
        reason=sent.reason if sent is not None else "",
        first_at=first.at if first is not None else None,
        first=first.move if first is not None else "",
        reminded=reminded,
    )


_WHOM = (("person", people), ("owner", people), ("unit", units), ("to", grid_nodes), ("node", grid_nodes))


def _moved(event: Row[Any], names: Mapping[tuple[str, int], str]) -> Moved:
    ids = ((table.name, event.data.get(key)) for key, table in _WHOM)
    whom = (names.get((table, one), "") for table, one in ids if isinstance(one, int))
    return Moved(
        seq=event.seq,
        at=event.at,
        move=event.move,
        who=names.get(("person", event.person_id), "") if event.role != "resident" else "",
        role=event.role,
        whom=next((one for one in whom if one), ""),
        why=event.words or _code(event),
    )


def _code(event: Row[Any]) -> str:
    """The reason where nobody spoke: what was set, or which stage."""
    data = event.data
    if event.move == Move.RETYPED and data.get("from") != data.get("to"):
        return f"{'、'.join(data.get('from', []))}→{'、'.join(data.get('to', []))}"
    return str(data.get("what") or data.get("stage") or "")


def _names(db: Connection, community_id: int, events: Iterable[Row[Any]]) -> dict[tuple[str, int], str]:
    wanted: dict[str, set[int]] = {"person": set(), "unit": set(), "grid_node": set()}
    for event in events:
        wanted["person"].add(event.person_id or 0)
        for key, table in _WHOM:
            if isinstance(event.data.get(key), int):
                wanted[table.name].add(event.data[key])
    found: dict[tuple[str, int], str] = {}
    for table in (people, units, grid_nodes):
        query = sa.select(table.c.id, table.c.name).where(
            table.c.community_id == community_id, table.c.id.in_(wanted[table.name])
        )
        found |= {(table.name, row.id): row.name for row in db.execute(query)}
    return found
