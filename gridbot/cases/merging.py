"""附议: people who support a case; and two cases that are one, whose words and supporters go over."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row
from sqlalchemy.dialects.postgresql import insert

from gridbot.cases import actions, asks, queries, rules, shares
from gridbot.cases.drafted import Said
from gridbot.messages import Actor, CaseState, Move
from gridbot.store import inbox, timers
from gridbot.store.tables import case_messages, cases, supporters

_SUPPORT = insert(supporters).on_conflict_do_nothing(index_elements=["case_id", "person_id"])
_COUNT = sa.select(sa.func.count()).where(supporters.c.case_id == sa.bindparam("of_case"))


def second(
    db: Connection, case: Row[Any], person_id: int, said: Said, *, actor: Actor, now: datetime
) -> bool:
    """附议: "我家也是". False if this person counts already (the words are kept all the same)."""
    if rules.next_state(CaseState(case.state), Move.SECONDED) is None:
        return False
    if said.inbox_id is None or not actions.has_message(db, case.id, said.inbox_id):
        actions.keep_message(db, case.community_id, case.id, said)
    if person_id == case.reporter_id or person_id in queries.supporter_ids(db, case.id):
        return False
    db.execute(
        sa.insert(supporters).values(
            community_id=case.community_id, case_id=case.id, person_id=person_id, at=now
        )
    )
    actions.change(db, case, Move.SECONDED, actor, now, supporters=cases.c.supporters + 1)
    return True


def unsecond(db: Connection, case: Row[Any], person_id: int, *, actor: Actor, now: datetime) -> bool:
    """Somebody took their "我家也是" back."""
    gone = db.execute(
        sa.delete(supporters).where(supporters.c.case_id == case.id, supporters.c.person_id == person_id)
    )
    if not gone.rowcount:
        return False
    data = {"less": 1}
    return actions.change(db, case, Move.SECONDED, actor, now, data=data, supporters=cases.c.supporters - 1)


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
    for part in shares.parts_of(db, case.id):  # its shares are shares of the other now
        db.execute(sa.update(cases).where(cases.c.id == part.id).values(parent_id=into.id))
    asks.carry(db, case.id, into.id)
    facts = queries.case(db, case.id).data
    kept = {name: True for name in ("linked", "asked_in", "split") if facts.get(name)}
    if kept:
        actions.note(db, into, **kept)
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


_LATELY = (
    sa.select(cases)
    .where(
        cases.c.community_id == sa.bindparam("of_community"),
        cases.c.reported_at >= sa.bindparam("since"),
        queries.is_live,
        queries.is_whole,
        cases.c.private.is_(False),
        cases.c.urgent.is_(False),
    )
    .order_by(cases.c.id.desc())
    .limit(40)
)


def live_of_type(db: Connection, community_id: int, type_: str, since: datetime) -> list[Row[Any]]:
    """The latest live cases of a type reported since then, the earliest of them first."""
    rows = db.execute(_LATELY, {"of_community": community_id, "since": since})
    return [row for row in rows if type_ in row.types][::-1]
