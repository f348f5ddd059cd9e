"""The timers of a case on the ladder: until when somebody should have taken it, and its stages.

Timers are rows: setting one again moves it, and what was set before a restart fires after it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from gridbot.cases import actions, deadlines, queries, waiting
from gridbot.desk import digest
from gridbot.grid import queries as grid
from gridbot.messages import Actor, CaseState
from gridbot.store import timers

CLAIM, STAGE, RESUME = "claim", "stage", "resume"
_AT_WORK = (CaseState.WAITING, CaseState.ACCEPTED)


def set_claim(
    db: Connection, case: Row[Any], told: datetime, *, person_id: int | None = None, reminded: bool = False
) -> datetime | None:
    """When the reminder is due, or after it the level above; counted from the telling, in the hours of
    whoever was told. None: the clock stands (paused, on an agenda), or it is an emergency's own."""
    case = queries.case(db, case.id)
    if case.urgent or standing_still(case) or case.state != CaseState.WAITING:
        return None
    settings = grid.settings_of(db, case.community_id)
    town, limits = deadlines.town(settings), deadlines.limits_of(db, case, settings)
    whom = person_id or case.owner_id
    role = digest.role_with_hours(db, town, case.community_id, whom, told) if whom else ""
    until = town.claim_by(told, limits.remind if reminded else limits.claim, role)
    data = {"reminded": reminded}
    subject = actions.subject(case.id)
    timers.set_timer(db, CLAIM, subject, until, community_id=case.community_id, data=data)
    if not reminded and not case.data.get("climbed"):
        actions.claim_until(db, case, until)  # later rungs make it no less late
    return until


def set_stages(db: Connection, case: Row[Any], now: datetime) -> None:
    """The next stage that can become late, told at an hour at which people may be told."""
    case = queries.case(db, case.id)
    if standing_still(case) or case.state not in _AT_WORK or case.number is None:
        timers.cancel(db, STAGE, actions.subject(case.id))
        return
    settings = grid.settings_of(db, case.community_id)
    ahead = [one for one in deadlines.stages(case, settings, now) if not (one.done or one.told)]
    if not ahead:
        timers.cancel(db, STAGE, actions.subject(case.id))
        return
    at = deadlines.town(settings).reach(ahead[0].by)
    timers.set_timer(db, STAGE, actions.subject(case.id), at, community_id=case.community_id)


def begin(
    db: Connection, case: Row[Any], told: datetime, now: datetime, person_id: int | None = None
) -> None:
    """Somebody was told, or will be at `told`: from then on he is waited for."""
    go_on(db, case, Actor.system(), now, meeting=True)
    actions.note(db, case, climbed=False, top_since=None)
    set_claim(db, case, told, person_id=person_id)
    set_stages(db, case, now)


def go_on(db: Connection, case: Row[Any], actor: Actor, now: datetime, *, meeting: bool = False) -> None:
    """Something happens to a case that was paused: the pause is over. `meeting`: and no agenda has it."""
    fresh = queries.case(db, case.id)
    if meeting:
        off_agenda(db, fresh, now)
    if fresh.data.get("paused") and waiting.resume(db, fresh, actor=actor, now=now):
        timers.cancel(db, RESUME, actions.subject(case.id))
        recount(db, fresh, now)


def off_agenda(db: Connection, case: Row[Any], now: datetime) -> None:
    """What somebody goes on with, or is over, no meeting waits for."""
    if case.data.get("meeting") is not None:
        waiting.settle(db, case.id, now=now)
        actions.note(db, case, meeting=None)


def recount(db: Connection, case: Row[Any], now: datetime) -> None:
    """The type was put right, or a pause is over: other limits, or later ones."""
    fresh = queries.case(db, case.id)
    settings = grid.settings_of(db, case.community_id)
    stages = deadlines.stages(fresh, settings, now)
    waiting.finish_by(db, fresh, next(one.by for one in stages if one.name == deadlines.FINISHED))
    set_stages(db, fresh, now)


def stop(db: Connection, case_id: int) -> None:
    """Nothing is waited for while it is paused or on an agenda."""
    for kind in (CLAIM, STAGE):
        timers.cancel(db, kind, actions.subject(case_id))


def standing_still(case: Row[Any]) -> bool:
    return bool(case.data.get("paused")) or case.data.get("meeting") is not None
