"""What makes a case wait or go on without changing hands: pauses, meetings, stages, who was passed over.

Like `actions` these are verbs, each in the caller's transaction, each with its event; None or False: the
case cannot be moved so any more, and nothing is changed.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot.cases import actions, queries
from gridbot.messages import Actor, CaseState, Move
from gridbot.store.tables import agenda, cases


def pass_over(db: Connection, case: Row[Any], person_id: int, *, now: datetime) -> bool:
    """Somebody who cannot be reached: the case is not left with him, and he is not tried again for it."""
    row = queries.case(db, case.id, lock=True)
    tried = [*row.data.get("unreached", ()), person_id]
    values: dict[str, Any] = {"owner_id": None} if row.owner_id == person_id and not row.accepted_at else {}
    return actions.change(
        db,
        case,
        Move.PASSED_OVER,
        Actor.system(),
        now,
        data={"person": person_id},
        more={"unreached": list(dict.fromkeys(tried))},
        **values,
    )


def pause(
    db: Connection, case: Row[Any], *, what: str, words: str, until: datetime, actor: Actor, now: datetime
) -> int | None:
    """暂缓: the clocks stand until then. `what` is a set phrase (等配件), `words` what was said."""
    row = queries.case(db, case.id, lock=True)
    since = row.data.get("paused", {}).get("since") if row.data.get("paused") else None
    paused = {"since": since or now.isoformat(), "until": until.isoformat(), "what": what}
    return actions.move(
        db,
        case,
        Move.PAUSED,
        actor,
        now,
        words=words,
        data={"until": until.isoformat(), "what": what},
        more={"paused": paused},
        until_text=what,
        owner_id=row.owner_id or actor.person,
        accepted_at=row.accepted_at or now,
        claim_by=None,
    )


def resume(db: Connection, case: Row[Any], *, actor: Actor, now: datetime) -> bool:
    """The clocks go on, the pause taken out of them. False: it was not paused."""
    row = queries.case(db, case.id, lock=True)
    paused = row.data.get("paused")
    if not paused:
        return False
    over = [*row.data.get("pauses", ()), [paused["since"], now.isoformat()]]
    return actions.change(
        db,
        case,
        Move.RESUMED,
        actor,
        now,
        more={"paused": None, "pauses": over},
        until_text="" if row.until_text == paused["what"] else row.until_text,
    )


def stage_done(db: Connection, case: Row[Any], name: str, *, actor: Actor, now: datetime) -> bool:
    done = list(dict.fromkeys([*case.data.get("stages_done", ()), name]))
    return actions.change(
        db, case, Move.STAGE_DONE, actor, now, data={"stage": name}, more={"stages_done": done}
    )


def overdue(db: Connection, case: Row[Any], name: str, *, now: datetime) -> bool:
    """A stage is past its limit; noted once."""
    told = list(dict.fromkeys([*queries.case(db, case.id).data.get("stages_told", ()), name]))
    data = {"stage": name}
    return actions.change(db, case, Move.OVERDUE, Actor.system(), now, data=data, more={"stages_told": told})


def follow(db: Connection, case: Row[Any], *, to_node: int, now: datetime) -> bool:
    """The grid of a case is gone: the one above has it."""
    data = {"from": case.node_id, "to": to_node}
    return actions.change(
        db, case, Move.FOLLOWED, Actor.system(), now, data=data, node_id=to_node, level_node_id=to_node
    )


def finish_by(db: Connection, case: Row[Any], at: datetime) -> None:
    """Until when it should be finished, where its limits are not what they were."""
    db.execute(sa.update(cases).where(cases.c.id == case.id).values(finish_by=at))


# --- meetings ------------------------------------------------------------------------------------


def table(db: Connection, case: Row[Any], meeting: Row[Any], *, actor: Actor, now: datetime) -> int | None:
    """列入例会: a meeting has it now, instead of a person. None: it cannot be, or stands there already."""
    if case.data.get("meeting") is not None:
        return None
    event = actions.move(
        db,
        case,
        Move.TABLED,
        actor,
        now,
        data={"meeting": meeting.id},
        more={"meeting": meeting.id},
        claim_by=None,
    )
    if event is not None:
        values = {"community_id": case.community_id, "meeting_id": meeting.id, "case_id": case.id}
        db.execute(sa.insert(agenda).values(**values, by_person_id=actor.person, at=now))
    return event


def outcome(db: Connection, case: Row[Any], words: str, *, actor: Actor, now: datetime) -> int | None:
    """例会结果: the case leaves the agenda with what the meeting came to."""
    event = actions.move(
        db,
        case,
        Move.OUTCOME,
        actor,
        now,
        words=words,
        data={"meeting": case.data.get("meeting")},
        more={"meeting": None},
    )
    if event is not None:
        settle(db, case.id, now=now)
    return event


def settle(db: Connection, case_id: int, *, now: datetime) -> None:
    """Off every agenda."""
    mine = (agenda.c.case_id == case_id) & agenda.c.settled_at.is_(None)
    db.execute(sa.update(agenda).where(mine).values(settled_at=now))


_ON_AGENDA = (
    sa.select(cases, agenda.c.at.label("tabled_at"))
    .join(agenda, agenda.c.case_id == cases.c.id)
    .where(
        agenda.c.community_id == sa.bindparam("of_community"),
        agenda.c.meeting_id == sa.bindparam("of_meeting"),
        agenda.c.settled_at.is_(None),
        queries.is_live,
    )
    .order_by(agenda.c.id)
)


def on_agenda(db: Connection, community_id: int, meeting_id: int) -> list[Row[Any]]:
    return list(db.execute(_ON_AGENDA, {"of_community": community_id, "of_meeting": meeting_id}))


_OPEN_AT = (
    sa.select(cases)
    .where(
        cases.c.community_id == sa.bindparam("of_community"),
        sa.or_(cases.c.node_id == sa.bindparam("at_node"), cases.c.level_node_id == sa.bindparam("at_node")),
        queries.is_live,
    )
    .order_by(cases.c.id)
)


def open_at(db: Connection, community_id: int, node_id: int) -> list[Row[Any]]:
    """Cases that lie at a node, or have climbed to it, and are not over."""
    return list(db.execute(_OPEN_AT, {"of_community": community_id, "at_node": node_id}))


_UNTAKEN = (
    sa.select(cases)
    .where(
        cases.c.community_id == sa.bindparam("of_community"),
        cases.c.state == CaseState.WAITING.value,
        cases.c.number.is_not(None),
    )
    .order_by(cases.c.id)
)


def missed_by(db: Connection, community_id: int, person_id: int) -> list[Row[Any]]:
    """Cases nobody has taken yet, in which somebody was passed over; he can be tried again."""
    rows = db.execute(_UNTAKEN, {"of_community": community_id}).all()
    found = [row for row in rows if person_id in row.data.get("unreached", ())]
    for row in found:
        actions.note(db, row, unreached=[one for one in row.data["unreached"] if one != person_id])
    return found


def day_text(day: date) -> str:
    return f"{day.month}月{day.day}日"
