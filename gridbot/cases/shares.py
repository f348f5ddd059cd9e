"""What else belongs to a case: its sub-cases, its returns, the units invited to it. Reads only."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot.messages import CaseState, Move, Role
from gridbot.store.tables import case_asks, case_events, case_words, cases, outside_numbers, units

BODY, SWEEP = "body", "sweep"
"""Kinds of sub-case (case.data["part"]): a share the whole waits for; a look at a like place."""

_PARTS = (
    sa.select(cases)
    .where(
        cases.c.parent_id == sa.bindparam("of_case"),
        cases.c.state != CaseState.MERGED.value,  # what was merged into a case is no share of it
    )
    .order_by(cases.c.id)
)
_BOUNCES = (
    sa.select(case_events, case_words.c.text.label("words"))
    .outerjoin(case_words, case_words.c.event_id == case_events.c.id)
    .where(
        case_events.c.case_id == sa.bindparam("of_case"),
        case_events.c.move.in_((Move.BOUNCED.value, Move.DESIGNATED.value)),
    )
    .order_by(case_events.c.seq)
)
_INVITED = (
    sa.select(case_asks, units.c.name.label("unit"), units.c.contact)
    .outerjoin(units, units.c.id == case_asks.c.unit_id)
    .where(case_asks.c.case_id == sa.bindparam("of_case"))
    .order_by(case_asks.c.id)
)


def parts_of(db: Connection, case_id: int) -> list[Row[Any]]:
    """The sub-cases (分件) of a case, in the order they were opened: rows of cases."""
    return list(db.execute(_PARTS, {"of_case": case_id}))


def bounces_of(db: Connection, case_id: int) -> list[Row[Any]]:
    """Every return (退回) with its reason in `words` (unmasked), and who was designated; events in order.

    `data`: count, `unit` / `person`: who should have it instead; undone ones are there too.
    """
    return list(db.execute(_BOUNCES, {"of_case": case_id}))


def invitations_of(db: Connection, case_id: int) -> list[Row[Any]]:
    """Every invitation (约请) to a case: rows of case_ask with the unit's name and contact."""
    return list(db.execute(_INVITED, {"of_case": case_id}))


_OUTSIDE = (
    sa.select(outside_numbers)
    .where(outside_numbers.c.case_id == sa.bindparam("of_case"))
    .order_by(outside_numbers.c.id)
)
_BY_OUTSIDE = (
    sa.select(cases)
    .join(outside_numbers, outside_numbers.c.case_id == cases.c.id)
    .where(
        outside_numbers.c.community_id == sa.bindparam("of_community"),
        outside_numbers.c.source == sa.bindparam("of_source"),
        outside_numbers.c.number == sa.bindparam("of_number"),
    )
)


def is_body(part: Row[Any]) -> bool:
    """Whether the whole waits for this share."""
    return bool(part.data.get("part") == BODY)


def outside_of(db: Connection, case_id: int) -> list[Row[Any]]:
    """The numbers a case has elsewhere: rows of outside_number (source 12345, number)."""
    return list(db.execute(_OUTSIDE, {"of_case": case_id}))


def by_outside(db: Connection, community_id: int, source: str, number: str) -> Row[Any] | None:
    """The case that has this number elsewhere."""
    which = {"of_community": community_id, "of_source": source, "of_number": number}
    return db.execute(_BY_OUTSIDE, which).one_or_none()


_RETYPED = (
    sa.select(case_events, cases.c.number, cases.c.node_id)
    .join(cases, cases.c.id == case_events.c.case_id)
    .where(
        case_events.c.community_id == sa.bindparam("of_community"),
        case_events.c.move == Move.RETYPED.value,
        case_events.c.at >= sa.bindparam("since"),
        case_events.c.role.in_([role.value for role in (Role.LEADER, Role.DEPUTY, Role.UNIT)]),
    )
    .order_by(case_events.c.seq)
)


def lowered_since(db: Connection, community_id: int, since: datetime) -> list[Row[Any]]:
    """Types changed and alarms taken away by those who handle a case, for the level above to see: events
    with the case's number and node. `data`: from, to (types), urgent [before, after]."""
    return list(db.execute(_RETYPED, {"of_community": community_id, "since": since}))
