"""Where a case stands on the ladder, for whoever looks: levels, people, deadlines, pause, what is late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot.cases import deadlines
from gridbot.grid import queries as grid
from gridbot.grid.rungs import rungs
from gridbot.messages import OPEN_STATES, CaseState
from gridbot.store.tables import meetings


@dataclass(frozen=True, slots=True)
class Step:
    """One level. `here`: who has it now; `passed`: it has climbed past; `people`: who leads there today."""

    node_id: int
    name: str
    level: str
    people: tuple[str, ...]
    here: bool
    passed: bool


@dataclass(frozen=True, slots=True)
class Position:
    """Times are aware UTC. `stages` ends with the limit of the whole; `overdue` names what is late: 认领
    (nobody took it in time) and the stages; all of it stands still while `paused` or on a `meeting`."""

    steps: tuple[Step, ...]
    owner: str
    claim_by: datetime | None
    finish_by: datetime | None
    stages: tuple[deadlines.Stage, ...]
    paused: str
    paused_until: datetime | None
    meeting: str
    overdue: tuple[str, ...]
    at_top: bool


CLAIM = "认领"


def ladder_position(db: Connection, case: Row[Any], now: datetime) -> Position:
    """Of one case of the caller's community, as it stands at `now`."""
    settings = grid.settings_of(db, case.community_id)
    steps = _steps(db, case, now)
    paused = case.data.get("paused") or {}
    meeting = _meeting(db, case)
    stages = tuple(deadlines.stages(case, settings, now))
    return Position(
        steps=steps,
        owner=grid.name_of(db, case.owner_id) if case.owner_id is not None else "",
        claim_by=case.claim_by,
        finish_by=case.finish_by,
        stages=stages,
        paused=str(paused.get("what", "")),
        paused_until=datetime.fromisoformat(paused["until"]) if paused else None,
        meeting=meeting,
        overdue=tuple(name for name, _ in late(case, stages, now)),
        at_top=bool(case.data.get("top_since")),
    )


def late(
    case: Row[Any], stages: Sequence[deadlines.Stage], now: datetime
) -> tuple[tuple[str, datetime], ...]:
    """What of an open case is past its limit, and since when: 认领 and the stages. Nothing while it is paused
    or on a meeting's agenda."""
    waits = case.data.get("paused") or case.data.get("meeting") is not None
    if case.state not in OPEN_STATES or case.number is None or waits:
        return ()
    claim = case.claim_by if case.state == CaseState.WAITING else None
    found = [(CLAIM, claim)] if claim is not None and claim < now else []
    return (*found, *((one.name, one.by) for one in stages if one.by < now and not one.done))


def _steps(db: Connection, case: Row[Any], now: datetime) -> tuple[Step, ...]:
    ladder = rungs(db, case.node_id)
    here = case.level_node_id or case.node_id
    at = next((number for number, one in enumerate(ladder) if one.node_id == here), 0)
    return tuple(
        Step(
            one.node_id,
            one.name,
            one.level,
            tuple(party.name for party in grid.leaders_of(db, one.node_id, now)),
            here=number == at,
            passed=number < at,
        )
        for number, one in enumerate(ladder)
    )


def _meeting(db: Connection, case: Row[Any]) -> str:
    which = case.data.get("meeting")
    if which is None:
        return ""
    mine = (meetings.c.id == which) & (meetings.c.community_id == case.community_id)
    return db.execute(sa.select(meetings.c.name).where(mine)).scalar() or ""
