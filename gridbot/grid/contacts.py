"""Named contacts (专门联系人): who hears of violence, a crisis, somebody lost: by name, not by place.

A contact is a holding of role "contact" in the whole community; `about` says for what.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from gridbot.grid.queries import reached_people
from gridbot.grid.rules import Party
from gridbot.messages import Role
from gridbot.store.tables import holdings, people

ABOUT: Mapping[str, tuple[str, ...]] = {
    "violence": ("家暴", "打架", "暴力", "伤人"),
    "crisis": ("轻生", "想不开", "自杀"),
    "lost": ("child", "走失", "走丢", "孩子", "老人走失"),
    "relapse": ("发病", "犯病", "精神"),
    "any": ("all", "全部", "都管", "其他", "别的"),
}
"""What a contact may be for: the code as stored (a hazard of understanding.reading, or any), and how else
it is written."""


def about(said: str) -> str | None:
    """The code of what somebody wrote; None if it is none."""
    word = said.strip().lower()
    return next((code for code, words in ABOUT.items() if word == code or word in words), None)


_HELD = (
    sa.select(holdings.c.about, holdings.c.absent_until, people.c.id, people.c.name)
    .join(people, people.c.id == holdings.c.person_id)
    .where(
        holdings.c.community_id == sa.bindparam("of_community"),
        holdings.c.role == Role.CONTACT.value,
        holdings.c.until.is_(None),
    )
    .order_by(holdings.c.position, holdings.c.id)
)


def contacts(db: Connection, community_id: int) -> list[tuple[str, int, str]]:
    """(for what, person, name), in the order to be asked."""
    return [(row.about, row.id, row.name) for row in db.execute(_HELD, {"of_community": community_id})]


def contacts_for(db: Connection, community_id: int, hazard: str, now: datetime) -> list[Party]:
    """Whom a danger to one person is told: those named for it, else those named for anything; who is
    absent only where nobody else is named."""
    rows = db.execute(_HELD, {"of_community": community_id}).all()
    reached = reached_people(db, community_id)
    for code in (hazard, "any"):
        named = [row for row in rows if row.about == code]
        there = [row for row in named if row.absent_until is None or row.absent_until <= now]
        if named:
            return [
                Party(row.name, row.id, role=Role.CONTACT, reachable=row.id in reached)
                for row in there or named
            ]
    return []


def name_contact(db: Connection, community_id: int, person_id: int, code: str, *, now: datetime) -> bool:
    """False: he is it already. Raises KeyError for an unknown code."""
    ABOUT[code]
    if any((about, person) == (code, person_id) for about, person, _ in contacts(db, community_id)):
        return False
    values: dict[str, Any] = {"role": Role.CONTACT.value, "about": code, "since": now}
    position = len(contacts(db, community_id))
    db.execute(
        sa.insert(holdings).values(
            community_id=community_id, person_id=person_id, position=position, **values
        )
    )
    return True


def drop_contact(db: Connection, community_id: int, person_id: int, code: str, *, now: datetime) -> bool:
    """He is not asked any more for this. False: he was not."""
    mine = (
        (holdings.c.community_id == community_id)
        & (holdings.c.person_id == person_id)
        & (holdings.c.role == Role.CONTACT.value)
        & (holdings.c.about == code)
        & holdings.c.until.is_(None)
    )
    return db.execute(sa.update(holdings).where(mine).values(until=now)).rowcount > 0


def settle(db: Connection, community_id: int, wanted: Iterable[tuple[str, int]], *, now: datetime) -> None:
    """The list as a directory file has it: (for what, person). Who is not in it any more is not asked."""
    wanted = list(dict.fromkeys(wanted))
    for code, person, _ in contacts(db, community_id):
        if (code, person) not in wanted:
            drop_contact(db, community_id, person, code, now=now)
    for code, person in wanted:
        name_contact(db, community_id, person, code, now=now)
