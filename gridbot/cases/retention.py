"""保存期限: how long words are kept, and what goes when the time is over. Statistics and the chain stay.

Talk that joined no case goes after 24 hours (`store.inbox`); here goes the rest. Withdrawn after a year
and closed after five are Signalen's figures (its ADR-0006); private matters go sooner.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from gridbot.cases import wordless
from gridbot.grid import queries as grid
from gridbot.messages import CaseState
from gridbot.store.tables import cases, communities, holdings, identities, inbox, outbox, people, supporters

PERIODS: Mapping[str, int] = {
    "withdrawn": 365,  #: reports taken back, and merged ones with them
    "closed": 5 * 365,
    "private": 365,  #: closed or taken back, of a kind that is private from the first message
    "said": 90,  #: what was said that belongs to no case: answers to commands, notices, digests
    "dead": 30,  #: messages that could not be handled, for whoever looks into it
    "names": 365,  #: names of people of whom no words are left, since they were first heard of
}
"""Days. A community's own figures stand in its settings under "retention"; less than one is no figure."""
MOST = 200  #: rows of a kind at a time
_OVER = (CaseState.CLOSED.value, CaseState.WITHDRAWN.value, CaseState.MERGED.value)


@dataclass(frozen=True, slots=True)
class Due:
    """So many rows of a kind whose time is over in a community; `oldest`: since when the oldest lies, UTC."""

    community_id: int
    community: str
    kind: str
    days: int
    count: int
    oldest: datetime | None


def periods(settings: Mapping[str, Any]) -> dict[str, int]:
    """Days for each kind: the community's own where they make sense."""
    own = {name: days for name, days in settings.items() if isinstance(days, int) and days >= 1}
    return {name: own.get(name, days) for name, days in PERIODS.items()}


def years(settings: Mapping[str, Any]) -> int:
    """How long the words of a case may lie, as a resident is told: whole years, rounded up."""
    return max(1, -(-max(periods(settings)[kind] for kind in ("withdrawn", "closed", "private")) // 366))


def due(db: Connection, *, now: datetime) -> list[Due]:
    """What would go now; writes nothing. A kind of which nothing is due is left out."""
    found = []
    for community_id, name, days in _communities(db):
        for kind, which in _KINDS.items():
            rows = which(community_id, now - timedelta(days=days[kind])).subquery()
            count, oldest = db.execute(sa.select(sa.func.count(), sa.func.min(rows.c.at))).one()
            if count:
                found.append(Due(community_id, name, kind, days[kind], count, oldest))
    return found


def apply(db: Connection, *, now: datetime) -> tuple[int, bool]:
    """Takes a piece of what is due. Returns how many rows, and whether more is left."""
    taken, more = 0, False
    for community_id, _, days in _communities(db):
        for kind, which in _KINDS.items():
            rows = db.execute(which(community_id, now - timedelta(days=days[kind])).limit(MOST)).all()
            if rows:
                _TAKE[kind](db, [row.id for row in rows], now)
            taken += len(rows)
            more = more or len(rows) == MOST
    return taken, more


def _communities(db: Connection) -> list[tuple[int, str, dict[str, int]]]:
    rows = db.execute(sa.select(communities.c.id, communities.c.name).order_by(communities.c.id)).all()
    return [(row.id, row.name, periods(grid.settings_of(db, row.id).retention)) for row in rows]


# --- which ---------------------------------------------------------------------------------------


def _cases(*states: str, private: bool) -> Callable[[int, datetime], sa.Select[Any]]:
    """Cases that are over, by when they were; one that was merged goes by when it was reported."""

    def which(community_id: int, before: datetime) -> sa.Select[Any]:
        over = sa.func.coalesce(cases.c.closed_at, cases.c.done_at, cases.c.reported_at)
        return sa.select(cases.c.id, over.label("at")).where(
            cases.c.community_id == community_id,
            cases.c.state.in_(states),
            cases.c.private.is_(private),
            cases.c.erased_at.is_(None),
            over <= before,
        )

    return which


def _said(community_id: int, before: datetime) -> sa.Select[Any]:
    return sa.select(outbox.c.id, outbox.c.created_at.label("at")).where(
        outbox.c.community_id == community_id,
        outbox.c.case_id.is_(None),
        outbox.c.state.in_(wordless.SAID),
        outbox.c.created_at <= before,
        outbox.c.payload != wordless.NOTHING,
    )


def _dead(community_id: int, before: datetime) -> sa.Select[Any]:
    return sa.select(inbox.c.id, inbox.c.received_at.label("at")).where(
        inbox.c.community_id == community_id,
        inbox.c.state == "dead",
        inbox.c.received_at <= before,
        sa.or_(inbox.c.raw.is_not(None), inbox.c.incoming.is_not(None)),
    )


def _names(community_id: int, before: datetime) -> sa.Select[Any]:
    """People without an office, of whom no case has words left, neither reported nor supported."""
    wordy = cases.c.erased_at.is_(None)
    reported = sa.exists().where(cases.c.reporter_id == people.c.id, wordy)
    backed = sa.exists().where(
        supporters.c.person_id == people.c.id, supporters.c.case_id == cases.c.id, wordy
    )
    office = sa.exists().where(holdings.c.person_id == people.c.id)
    return sa.select(people.c.id, people.c.created_at.label("at")).where(
        people.c.community_id == community_id,
        people.c.erased_at.is_(None),
        people.c.created_at <= before,
        ~reported,
        ~backed,
        ~office,
    )


_KINDS: Mapping[str, Callable[[int, datetime], sa.Select[Any]]] = {
    "withdrawn": _cases(CaseState.WITHDRAWN.value, CaseState.MERGED.value, private=False),
    "closed": _cases(CaseState.CLOSED.value, private=False),
    "private": _cases(*_OVER, private=True),
    "said": _said,
    "dead": _dead,
    "names": _names,
}


# --- what goes -----------------------------------------------------------------------------------


def _take_cases(db: Connection, ids: list[int], now: datetime) -> None:
    wordless.take(db, ids, now=now)


def _take_said(db: Connection, ids: list[int], now: datetime) -> None:
    db.execute(sa.update(outbox).where(outbox.c.id.in_(ids)).values(payload=wordless.NOTHING, reason=""))


def _take_dead(db: Connection, ids: list[int], now: datetime) -> None:
    nothing = {"raw": None, "incoming": None, "user": "", "erase_at": None}
    db.execute(sa.update(inbox).where(inbox.c.id.in_(ids)).values(**nothing))


def _take_names(db: Connection, ids: list[int], now: datetime) -> None:
    """The name goes; the account stays known, so that 别看我 and a first greeting are not forgotten."""
    rows = db.execute(sa.select(people.c.id, people.c.data).where(people.c.id.in_(ids))).all()
    for row in rows:
        kept = {"ignored": True} if row.data.get("ignored") else {}
        values = {"name": "", "phone": "", "data": kept, "erased_at": now}
        db.execute(sa.update(people).where(people.c.id == row.id).values(**values))
    db.execute(sa.update(identities).where(identities.c.person_id.in_(ids)).values(name=""))


_TAKE: Mapping[str, Callable[[Connection, list[int], datetime], None]] = {
    "withdrawn": _take_cases,
    "closed": _take_cases,
    "private": _take_cases,
    "said": _take_said,
    "dead": _take_dead,
    "names": _take_names,
}
