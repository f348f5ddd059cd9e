"""Names in what is shown: whoever a community knows by name is called by his role instead."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot.cases import rules
from gridbot.messages import Role
from gridbot.privacy import like_a_name, mask
from gridbot.store.tables import holdings, identities, people
from gridbot.texts import privacy as words

_DOOR = re.compile(r"\d{3,4}")
_TEXT = sa.bindparam("text", type_=sa.Text())


def _in_text(name: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    return (sa.func.length(name) > 1) & _TEXT.like(sa.literal("%").concat(name).concat("%"))


# A name with % or _ in it finds more than itself; what is found is looked for again below.
_KNOWN = (
    sa.select(people.c.id, people.c.name)
    .where(people.c.community_id == sa.bindparam("of_community"), _in_text(people.c.name))
    .union(
        sa.select(identities.c.person_id, identities.c.name).where(
            identities.c.community_id == sa.bindparam("of_community"), _in_text(identities.c.name)
        )
    )
)
_OFFICE = sa.select(holdings.c.person_id, holdings.c.role).where(
    holdings.c.person_id.in_(sa.bindparam("persons", expanding=True)), holdings.c.until.is_(None)
)


def known_in(db: Connection, community_id: int | None, text: str) -> dict[str, str]:
    """The names of known people that stand in a text, each with the word for what he is. What somebody calls
    himself on a platform counts where it looks like a name: nobody is hidden as 下雨天."""
    if not text or community_id is None:
        return {}
    rows = db.execute(_KNOWN, {"of_community": community_id, "text": text}).all()
    found = {row.name: row.id for row in rows if row.name in text and like_a_name(row.name)}
    if not found:
        return {}
    offices = {row.person_id: row.role for row in db.execute(_OFFICE, {"persons": list(found.values())})}
    return {name: words.ROLES[offices.get(person, Role.RESIDENT.value)] for name, person in found.items()}


def masked_of(db: Connection, case: Row[Any], text: str) -> str:
    """A text about a case: its own door goes wherever it stands by itself (302也不开), and of a private case
    what is said of somebody's health."""
    for door in set(_DOOR.findall(case.place)) - set(_DOOR.findall(rules.public_place(case.place))):
        text = re.sub(rf"(?<!\d){door}(?!\d)", "〔门牌〕", text)
    return masked(db, case.community_id, text, sensitive=case.private)


def masked(db: Connection, community_id: int, text: str, *, sensitive: bool = False) -> str:
    """A text as others than its writer may read it; `sensitive`: nothing of anybody's health either."""
    return mask(text, known_in(db, community_id, text), sensitive=sensitive)
