"""A type or a place put right may make it another one's matter: he is told, and whoever had it hears that
it moved; the clocks begin anew with him.

Whose it was is asked before the change and whose it is after it: somebody who took it over (a deputy, a unit
it was handed to) keeps it as long as the change makes no difference to who comes first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from gridbot.cases import actions, queries, rules, voice
from gridbot.desk import clockwork, dispatching, incident_words, notices
from gridbot.desk.context import Hearing
from gridbot.messages import CaseState
from gridbot.texts import conversation as words

_HELD = (CaseState.WAITING, CaseState.ACCEPTED)


@dataclass(frozen=True, slots=True)
class Line:
    """Who comes first: the leader of the place, and the unit asked before him if it can be written to."""

    person: int | None = None
    unit: int | None = None
    name: str = ""


def line(h: Hearing, case: Row[Any]) -> Line | None:
    """Whose a case is as it stands. None: nobody was told of it yet, or the place does not decide it."""
    if case.first_told_at is None or case.state not in _HELD or incident_words.is_incident(case):
        return None
    if case.parent_id is not None or case.data.get("split"):
        return None  # each share has its own body
    if rules.by_name(case.data.get("hazard", ""), private=case.private):
        return None  # named contacts have it, wherever it lies
    return _line(h, case)


def _line(h: Hearing, case: Row[Any]) -> Line:
    found = notices.parties(h.db, case, h.now)
    person = next((one for one in found if one.person_id is not None), None)
    first = found[0] if found and found[0].unit_id is not None and not found[0].disputed else None
    unit = dispatching.unit_of(h.db, h.community_id, first.unit_id) if first is not None else None
    asked = unit is not None and bool(dispatching.reached(h.db, unit, h.now))
    name = unit.name if unit is not None and asked else person.name if person is not None else ""
    return Line(person.person_id if person else None, unit.id if unit is not None and asked else None, name)


def follow(h: Hearing, case_id: int, before: Line | None) -> frozenset[int]:
    """After the change: the card follows, or the case goes to whoever it concerns now. Returns who had it
    and has it no longer; nobody: it stays where it was."""
    case = queries.case(h.db, case_id)
    after = _line(h, case) if before is not None and case.owner_id is not None else None
    if before is None or after is None or after.person is None or _stays(case, before, after):
        notices.after_more_words(h.db, case_id, h.now)
        return frozenset()
    lost = _lost(h, case, before, after)
    actions.release(h.db, case, actor=h.actor(), now=h.now)
    clockwork.stop(h.db, case_id)
    actions.drop_unsaid(h.db, case_id)
    fresh = queries.case(h.db, case_id)
    text = words.moved_on(voice.called(fresh, shared=True), fresh.number, after.name)
    for person in lost:
        voice.leader_card(h.db, fresh, person, text, purpose="moved-away", now=h.now)
    notices.schedule_notice(h.db, fresh, h.knows.settings, h.now)
    return lost


def _stays(case: Row[Any], before: Line, after: Line) -> bool:
    """It makes no difference who comes first; or he who has taken it is the one it comes to."""
    his = case.accepted_at is not None and case.owner_id == after.person and after.unit is None
    return his or (before.person, before.unit) == (after.person, after.unit)


def _lost(h: Hearing, case: Row[Any], before: Line, after: Line) -> frozenset[int]:
    """Who was told and need not go: the owner, unless the place is still his; the people of the unit."""
    told = {case.owner_id} - {after.person}
    unit = dispatching.unit_of(h.db, h.community_id, case.unit_id)
    if unit is not None and unit.id != after.unit:
        told |= {one.person_id for one in dispatching.reached(h.db, unit, h.now)}
    return frozenset(int(one) for one in told if one is not None)
