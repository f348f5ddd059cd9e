"""Who has seen what (谁看过): every showing of a case's unmasked words or door, and every export, is on
record as an event, and can be listed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot.cases import events
from gridbot.grid import queries as grid
from gridbot.messages import Actor, Move, Role
from gridbot.privacy import kinds
from gridbot.store.copies import Copy
from gridbot.store.tables import case_events, cases, communities, people

EXPORTED = "exported"  #: the move of an event that is an export; of no one case
CARD, COMMAND, CONSOLE, EXPORT, CLI = "card", "command", "console", "export", "cli"  #: how it was seen
ONCE_IN = timedelta(minutes=10)  #: the same card edited again within it is the same look
_ORDER = (Role.LEADER, Role.DEPUTY, Role.UNIT, Role.CONTACT, Role.ADMIN, Role.LIAISON)
_LATELY = (
    sa.select(case_events.c.data)
    .where(
        case_events.c.case_id == sa.bindparam("of_case"),
        case_events.c.person_id == sa.bindparam("of_person"),
        case_events.c.move == Move.VIEWED.value,
        case_events.c.at > sa.bindparam("since"),
    )
    .order_by(case_events.c.seq.desc())
)
_VIEWS = (
    sa.select(case_events, people.c.name, cases.c.number)
    .outerjoin(people, people.c.id == case_events.c.person_id)
    .outerjoin(cases, cases.c.id == case_events.c.case_id)
    .where(
        case_events.c.community_id == sa.bindparam("of_community"),
        case_events.c.move.in_((Move.VIEWED.value, EXPORTED)),
    )
    .order_by(case_events.c.seq.desc())
)


@dataclass(frozen=True, slots=True)
class View:
    """One look: when (UTC), who, what he saw (door | phone | words | directory …), in which way."""

    at: datetime
    person_id: int | None
    name: str
    role: str
    what: tuple[str, ...]
    how: str
    number: int | None  #: of the case; None: an export


def seen(
    db: Connection, case: Row[Any], *, what: Sequence[str], how: str, actor: Actor, now: datetime
) -> None:
    """Somebody looks at a case. `what` empty: he sees it masked, which is a look all the same."""
    data = {"what": list(what) or ["words"], "how": how}
    events.record(
        db, Move.VIEWED, community_id=case.community_id, case_id=case.id, actor=actor, now=now, data=data
    )


def shown(db: Connection, case: Row[Any], person_id: int, text: str, now: datetime) -> None:
    """A card goes to somebody: if a door or a number stands in it, that is on record."""
    what = kinds(text)
    if not what:
        return
    which = {"of_case": case.id, "of_person": person_id, "since": now - ONCE_IN}
    if any(
        data.get("how") == CARD and data.get("what") == what for data in db.execute(_LATELY, which).scalars()
    ):
        return
    held = grid.roles_of(db, case.community_id, person_id, None, now)
    role = next((one for one in _ORDER if one in held), Role.RESIDENT)
    seen(db, case, what=what, how=CARD, actor=Actor(person_id, role), now=now)


def exported(
    db: Connection,
    community_id: int,
    what: str,
    *,
    actor: Actor,
    now: datetime,
    how: str = EXPORT,
    case_id: int | None = None,
) -> None:
    """What leaves the house unmasked: a directory, a copy, a list."""
    data = {"what": [what], "how": how}
    events.record(db, EXPORTED, community_id=community_id, case_id=case_id, actor=actor, now=now, data=data)


def late(db: Connection, exports: Sequence[Copy]) -> None:
    """Exports that were made while nobody could write: they come into the record with the time they were
    made. A community that is not named is the only one there is."""
    known = {row.name: row.id for row in db.execute(sa.select(communities.c.id, communities.c.name))}
    for one in exports:
        of = known.get(one.community, next(iter(known.values()), None))
        if of is not None:
            exported(db, of, "directory", actor=Actor(None, Role.ADMIN), now=one.at, how=CLI)


def of_case(db: Connection, case: Row[Any]) -> list[View]:
    """Every look at one case, the latest first."""
    rows = db.execute(_VIEWS.where(case_events.c.case_id == case.id), {"of_community": case.community_id})
    return [_view(row) for row in rows]


def of_community(db: Connection, community_id: int, *, most: int = 1000) -> list[View]:
    """Every look and every export, the latest first."""
    return [_view(row) for row in db.execute(_VIEWS.limit(most), {"of_community": community_id})]


def _view(row: Row[Any]) -> View:
    what = tuple(row.data.get("what", ("words",)))
    how = row.data.get("how", COMMAND)
    return View(row.at, row.person_id, row.name or "", row.role, what, how, row.number)
