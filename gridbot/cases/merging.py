"""Two cases are one: the words and supporters of the one go over to the other."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row
from sqlalchemy.dialects.postgresql import insert

from gridbot.cases import actions, queries
from gridbot.messages import Actor, Move
from gridbot.store import inbox, timers
from gridbot.store.tables import case_messages, cases, supporters

_SUPPORT = insert(supporters).on_conflict_do_nothing(index_elements=["case_id", "person_id"])
_COUNT = sa.select(sa.func.count()).where(supporters.c.case_id == sa.bindparam("of_case"))


def merge(db: Connection, case: Row[Any], into: Row[Any], *, actor: Actor, now: datetime) -> bool:
    """附议 survives: who reported or supported the one supports the other. False: it cannot be merged."""
    event = actions.move(db, case, Move.MERGED, actor, now, data={"into": into.id}, parent_id=into.id)
    if event is None:
        return False
    people = [case.reporter_id, *queries.supporter_ids(db, case.id)]
    for person in dict.fromkeys(one for one in people if one not in (None, into.reporter_id)):
        values = {"community_id": into.community_id, "case_id": into.id, "person_id": person, "at": now}
        db.execute(_SUPPORT, values)
    for said in queries.messages_of(db, case.id):
        _carry(db, said, into)
    count = int(db.execute(_COUNT, {"of_case": into.id}).scalar_one())
    actions.change(db, into, Move.SECONDED, actor, now, data={"merged": case.id}, supporters=count)
    timers.cancel_all(db, actions.subject(case.id))
    actions.drop_unsaid(db, case.id)
    return True


def _carry(db: Connection, said: Row[Any], into: Row[Any]) -> None:
    known = {row.inbox_id for row in queries.messages_of(db, into.id)}
    if said.inbox_id is None or said.inbox_id in known:
        return
    db.execute(
        sa.insert(case_messages).values(
            community_id=into.community_id,
            case_id=into.id,
            inbox_id=said.inbox_id,
            person_id=said.person_id,
            part="support" if said.part == "report" else said.part,
            text=said.text,
            photos=said.photos,
            message=said.message,
            at=said.at,
        )
    )
    inbox.join_case(db, said.inbox_id, into.id)


def live_of_type(db: Connection, community_id: int, type_: str, since: datetime) -> list[Row[Any]]:
    """Live cases of a type reported since then, the earliest first."""
    query = (
        sa.select(cases)
        .where(
            cases.c.community_id == community_id,
            cases.c.reported_at >= since,
            queries.is_live,
            cases.c.private.is_(False),
        )
        .order_by(cases.c.id)
    )
    return [row for row in db.execute(query) if type_ in row.types]
