"""What was read wrongly and put right by somebody (a sample, 样本): kept to be looked at, never learnt from.

A sample bears masked words. They fall with the words of their case, and after a year at the latest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot.messages import Actor
from gridbot.privacy import mask_numbers
from gridbot.store.tables import case_messages, cases, samples

KEEP = timedelta(days=365)  #: as long as reports are kept
LONGEST = 500  #: characters of one sample; what decides a reading stands well before

_ADD = sa.insert(samples)
_KEPT = (
    sa.select(samples)
    .where(samples.c.community_id == sa.bindparam("of_community"), samples.c.text != "")
    .order_by(samples.c.id)
)


def keep(
    db: Connection,
    case: Row[Any],
    text: str,
    *,
    said: Sequence[str],
    right: Sequence[str],
    actor: Actor,
    now: datetime,
) -> None:
    """Keeps one correction. `said` are the types as read, `right` as put right; none = no report."""
    if not text.strip() or list(said) == list(right):
        return
    db.execute(
        _ADD,
        {
            "community_id": case.community_id,
            "case_id": case.id,
            "text": mask_numbers(text.strip())[:LONGEST],
            "said_types": "|".join(said),
            "right_types": "|".join(right),
            "role": actor.role.value,
            "at": now,
        },
    )


def kept(db: Connection, community_id: int) -> Iterator[Row[Any]]:
    """The samples of a community that still have their words, oldest first."""
    yield from db.execute(_KEPT, {"of_community": community_id})


def forget_case(db: Connection, case_id: int) -> None:
    """The case's words were taken back or changed: what was kept of them goes."""
    db.execute(sa.update(samples).where(samples.c.case_id == case_id).values(text=""))


def forget_person(db: Connection, community_id: int, person_id: int) -> None:
    """Whoever has his words erased has them erased here too: of every case he said a word in."""
    spoke = sa.select(case_messages.c.case_id).where(
        case_messages.c.community_id == community_id, case_messages.c.person_id == person_id
    )
    own = sa.select(cases.c.id).where(cases.c.community_id == community_id, cases.c.reporter_id == person_id)
    gone = sa.or_(samples.c.case_id.in_(spoke), samples.c.case_id.in_(own))
    db.execute(sa.update(samples).where(gone).values(text=""))


def erase_old(db: Connection, *, now: datetime) -> int:
    """A year is over: the words go. Returns how many."""
    old = sa.update(samples).where(samples.c.at <= now - KEEP, samples.c.text != "")
    return db.execute(old.values(text="")).rowcount
