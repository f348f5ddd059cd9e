"""Who can be told: the first in line who can be reached, and who was passed over on the way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from gridbot.cases import actions, deadlines, queries, waiting
from gridbot.grid import queries as grid
from gridbot.grid.rules import HANDLES, Party
from gridbot.grid.rungs import Rung, rungs
from gridbot.messages import Actor, CaseState, Role


def able(case: Row[Any], party: Party) -> bool:
    """Whether he can be written to in private, and was not tried in vain for this case."""
    return (
        party.person_id is not None
        and party.reachable
        and party.person_id not in case.data.get("unreached", ())
    )


def first(case: Row[Any], line: Iterable[Party]) -> tuple[Party | None, list[Party]]:
    """The first person in line who can be reached, and those before him; where nobody can, the first of
    all, whom the leaders' group and the admins are told of."""
    people = [one for one in line if one.person_id is not None]
    found = next((one for one in people if able(case, one)), None)
    if found is None:
        untried = [one for one in people if one.person_id not in case.data.get("unreached", ())]
        return next(iter(untried or people), None), []
    return found, people[: people.index(found)]


def night_until(db: Connection, case: Row[Any], now: datetime) -> datetime | None:
    """The morning, if it is night: for what is said to many."""
    town = deadlines.town(grid.settings_of(db, case.community_id))
    morning = town.reach(now)
    return morning if morning > now else None


def pass_over(db: Connection, case: Row[Any], passed: Sequence[Party], to: Party, now: datetime) -> Row[Any]:
    """Those who cannot be reached are noted, and the case stands where it is now told."""
    for one in passed:
        if one.person_id is not None:
            waiting.pass_over(db, case, one.person_id, now=now)
    here = case.level_node_id or case.node_id
    if to.node_id not in (None, here) and to.role in HANDLES and case.state == CaseState.WAITING and passed:
        actions.escalate(db, case, to_node=to.node_id, actor=Actor.system(), now=now)
    return queries.case(db, case.id)


def next_rung(db: Connection, case: Row[Any], now: datetime) -> tuple[Rung | None, list[Party], list[Party]]:
    """The next level up on which somebody can be reached: its leaders, or else its deputies; and those who
    were passed over on the way. None: there is no such level any more."""
    here = case.level_node_id or case.node_id
    passed: list[Party] = []
    for rung in rungs(db, here)[1:] if here is not None else ():
        holders = grid.leaders_of(db, rung.node_id, now) if rung.active else []
        reached = [one for one in holders if able(case, one)]
        leaders = [one for one in reached if one.role is Role.LEADER] or reached
        if leaders:
            return rung, leaders, passed
        passed += holders
    return None, [], passed
