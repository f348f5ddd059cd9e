"""How a case stands between those who share in it, as lines under its card: parts, who is waited for …"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot.cases import deadlines, queries, shares
from gridbot.grid import queries as grid
from gridbot.messages import CaseState, Move
from gridbot.privacy import mask
from gridbot.store.tables import case_messages, units
from gridbot.texts import duty as words
from gridbot.texts import to_come

_UNIT = sa.select(units.c.name, units.c.contact).where(units.c.id == sa.bindparam("of_unit"))
_STATED = (
    sa.select(case_messages.c.text, case_messages.c.person_id)
    .where(case_messages.c.case_id == sa.bindparam("of_case"), case_messages.c.part == "statement")
    .order_by(case_messages.c.id)
)


def lines(db: Connection, case: Row[Any]) -> list[str]:
    """Nothing for the plain case; its words masked, for the one who reads it may not have accepted."""
    data, found = case.data, []
    if case.parent_id is not None and data.get("part"):
        found.append(words.part_of(queries.case(db, case.parent_id).number))
    if data.get("split"):
        found.append(words.parts_line(parts(db, case.id)))
    if data.get("households"):
        found.append(words.households_line(*data["households"]))
    if data.get("designated"):
        found.append(words.designated_line(name_of(db, data["designated"])))
    elif data.get("candidate") and data["candidate"].get("person") != (case.owner_id or 0):
        owner = grid.name_of(db, case.owner_id) if case.owner_id else ""
        found.append(words.candidate_line(name_of(db, data["candidate"]), owner))
    elif data.get("first_unit") and case.unit_id is None and case.state == CaseState.WAITING:
        unit = db.execute(_UNIT, {"of_unit": data["first_unit"]}).one_or_none()
        found.append(words.first_a_unit(unit.name, unit.contact) if unit is not None else "")
    if data.get("service"):
        found.append(to_come.to_leader(data["service"]))
    if data.get("lowered"):
        found.append(lowered(db, case))
    if data.get("linked"):
        found += [words.outside_line(one.source, one.number) for one in shares.outside_of(db, case.id)]
    if data.get("asked_in"):
        found += _asks(db, case)
    if data.get("stated"):
        found += _statements(db, case)
    found += deadlines.lines(db, case)
    return [one for one in found if one]


def name_of(db: Connection, whose: dict[str, int] | None) -> str:
    """{"unit": id} or {"person": id} as a name."""
    if whose and whose.get("unit"):
        return db.execute(_UNIT, {"of_unit": whose["unit"]}).scalar_one_or_none() or ""
    return grid.name_of(db, whose["person"]) if whose and whose.get("person") else ""


def parts(db: Connection, case_id: int) -> list[tuple[str, int, str]]:
    """(who has it, number, state) of each share."""
    found = []
    for part in shares.parts_of(db, case_id):
        whose = {"unit": part.unit_id} if part.unit_id else {"person": part.owner_id or 0}
        found.append((name_of(db, whose) or rest(part), part.number, part.state))
    return found


def rest(part: Row[Any]) -> str:
    return str(part.place) or "一处"


def lowered(db: Connection, case: Row[Any]) -> str:
    """Who changed type or took the alarm away, last."""
    event = queries.last_event(db, case.id, [Move.RETYPED])
    if event is None:
        return ""
    who = grid.name_of(db, event.person_id) if event.person_id else ""
    change = case.data["lowered"]
    calm = event.data.get("urgent", [False, False])
    return words.lowered_line(who, change[0], change[1], urgent=calm[0] and not calm[1])


def _asks(db: Connection, case: Row[Any]) -> list[str]:
    zone = grid.settings_of(db, case.community_id).zone
    return [
        words.ask_line(
            one.unit or one.name,
            mask(one.words),
            one.due_at.astimezone(zone).strftime("%-m月%-d日"),
            mask(one.answer),
        )
        for one in shares.invitations_of(db, case.id)
        if one.state != "dropped"
    ]


def _statements(db: Connection, case: Row[Any]) -> list[str]:
    found = []
    for row in db.execute(_STATED, {"of_case": case.id}):
        if row.text:
            found.append(words.statement_line(grid.name_of(db, row.person_id), mask(row.text)))
    return found
