"""What can be done to a case: one verb each, and the only code that writes cases.

Every verb locks the case, asks `rules`, changes the row, records one event, and puts timers and what is
to be said beside it, all in the caller's transaction. A move that is not possible returns False and
changes nothing (two leaders pressing at once, a button of an old card).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot.cases import events, queries, rules, shares
from gridbot.cases.drafted import Draft as Draft
from gridbot.cases.drafted import Said as Said
from gridbot.messages import Actor, CaseState, Move
from gridbot.store import inbox, timers
from gridbot.store.tables import case_messages, cases, outbox

GATHER_IDLE = timedelta(minutes=3)
GATHER_MOST = timedelta(minutes=10)


_INSERT = sa.insert(cases).returning(*cases.c)
_MESSAGE = sa.insert(case_messages)
_OPEN = (
    sa.update(cases)
    .where(cases.c.id == sa.bindparam("row"))
    .values(number=sa.bindparam("given"), opened_at=sa.bindparam("at"), state=CaseState.WAITING.value)
)


def begin(
    db: Connection,
    draft: Draft,
    said: Said,
    *,
    community_id: int,
    chat_id: int,
    thread: str,
    actor: Actor,
    now: datetime,
    complete: bool,
) -> Row[Any]:
    """Begins a case from its first message: numbered at once if complete, else it gathers first."""
    taken = events.take(db, community_id, number=True) if complete else None
    case = db.execute(
        _INSERT,
        {
            "community_id": community_id,
            "number": taken.number if taken else None,
            "opened_at": now if taken else None,
            "state": (CaseState.WAITING if complete else CaseState.GATHERING).value,
            "types": list(draft.types),
            "place": draft.place,
            "place_key": draft.place_key,
            "side": draft.side,
            "node_id": draft.node_id,
            "level_node_id": draft.node_id,
            "reporter_id": said.person_id,
            "chat_id": chat_id,
            "platform_message": said.message,
            "thread": thread,
            "urgent": draft.urgent,
            "private": draft.private,
            "data": {
                **draft.data,
                "titles": list(draft.titles),
                "hazard": draft.hazard,
                "claim_minutes": draft.claim_minutes,
            },
            "reported_at": said.at,
            "gather_until": now + GATHER_MOST,
            "finish_by": draft.finish_by,
        },
    ).one()
    keep_message(db, community_id, case.id, said)
    if taken is not None:
        _opened(db, case, taken, actor, now)
    return case


def _opened(db: Connection, case: Row[Any], taken: events.Taken, actor: Actor, now: datetime) -> None:
    data = {"types": case.types, "node": case.node_id, "urgent": case.urgent, "private": case.private}
    events.write(db, taken, Move.OPENED, case_id=case.id, actor=actor, now=now, data=data)


def open_gathered(db: Connection, case_id: int, *, actor: Actor, now: datetime) -> Row[Any] | None:
    """The window is over: what was gathered becomes a numbered case. None: it is one already."""
    case = queries.case(db, case_id, lock=True)
    if case.state != CaseState.GATHERING or case.number is not None:
        return None
    taken = events.take(db, case.community_id, number=True)
    db.execute(_OPEN, {"row": case_id, "given": taken.number, "at": now})
    _opened(db, case, taken, actor, now)
    return queries.case(db, case_id)


def keep_message(db: Connection, community_id: int, case_id: int, said: Said) -> None:
    db.execute(
        _MESSAGE,
        {
            "community_id": community_id,
            "case_id": case_id,
            "inbox_id": said.inbox_id,
            "person_id": said.person_id,
            "part": said.part,
            "text": said.text,
            "photos": list(said.photos),
            "message": said.message,
            "at": said.at,
        },
    )
    if said.inbox_id is not None:
        inbox.join_case(db, said.inbox_id, case_id)


def add(db: Connection, case: Row[Any], said: Said, *, actor: Actor, now: datetime) -> bool:
    """A fragment, a photo, an answer joins its case."""
    if rules.next_state(CaseState(case.state), Move.ADDED) is None:
        return False
    if said.inbox_id is not None and has_message(db, case.id, said.inbox_id):
        return False
    keep_message(db, case.community_id, case.id, said)
    _record(db, case, Move.ADDED, actor, now, data={"photos": len(said.photos)})
    return True


def has_message(db: Connection, case_id: int, inbox_id: int) -> bool:
    query = sa.select(case_messages.c.id).where(
        case_messages.c.case_id == case_id, case_messages.c.inbox_id == inbox_id
    )
    return db.execute(query).first() is not None


def locate(
    db: Connection,
    case: Row[Any],
    *,
    place: str,
    place_key: str,
    side: str,
    node_id: int | None,
    actor: Actor,
    now: datetime,
) -> bool:
    """The place becomes known or is corrected. In another grid it is nobody's yet: whoever was told
    before is remembered, so that he hears it, and the leader there is told anew."""
    moved: dict[str, Any] = {}
    if node_id not in (None, case.node_id) and case.state == CaseState.WAITING and case.owner_id:
        moved = {"owner_id": None, "first_told_at": None, "more": {"moved_from": case.owner_id}}
    return change(
        db,
        case,
        Move.PLACED,
        actor,
        now,
        data={"node": node_id},
        place=place,
        place_key=place_key,
        side=side or case.side,
        node_id=node_id or case.node_id,
        level_node_id=node_id or case.level_node_id,
        **moved,
    )


def retype(
    db: Connection,
    case: Row[Any],
    *,
    types: tuple[str, ...],
    titles: tuple[str, ...],
    urgent: bool,
    private: bool,
    actor: Actor,
    now: datetime,
) -> bool:
    """The type is corrected, or a later fragment made it clearer. Lowering urgency shows in the event."""
    data = {"from": case.types, "to": list(types), "urgent": [case.urgent, urgent]}
    return change(
        db,
        case,
        Move.RETYPED,
        actor,
        now,
        data=data,
        types=list(types),
        urgent=urgent,
        private=private,
        more={"titles": list(titles)},
    )


def accept(
    db: Connection,
    case: Row[Any],
    *,
    actor: Actor,
    now: datetime,
    owner_id: int | None = None,
    himself: bool = False,
) -> int | None:
    """认领: somebody goes to see. Returns the event, or None if it cannot be taken any more: somebody else
    was quicker. `himself`: instead of the unit that was asked."""
    row = queries.case(db, case.id, lock=True)
    if row.state == CaseState.ACCEPTED and row.owner_id not in (None, owner_id or actor.person):
        return None
    values: dict[str, Any] = {"unit_id": None} if himself else {}
    who = owner_id or actor.person
    return move(db, case, Move.ACCEPTED, actor, now, owner_id=who, accepted_at=now, **values)


def progress(
    db: Connection, case: Row[Any], words: str, *, until: str, actor: Actor, now: datetime
) -> int | None:
    values: dict[str, Any] = {"owner_id": case.owner_id or actor.person, "until_text": until}
    if case.accepted_at is None:
        values["accepted_at"] = now
    return move(db, case, Move.PROGRESS, actor, now, words=words, **values)


def finish(db: Connection, case: Row[Any], *, actor: Actor, now: datetime, words: str = "") -> int | None:
    """办结 as the leader says it; closed only once the resident agrees or nobody objects."""
    own = actor.person is not None and actor.person == case.reporter_id
    return move(db, case, Move.DONE, actor, now, words=words, data={"own_report": own}, done_at=now)


def confirm(db: Connection, case: Row[Any], *, actor: Actor, now: datetime) -> int | None:
    return _end(db, case, Move.CONFIRMED, actor, now)


def better(db: Connection, case: Row[Any], *, actor: Actor, now: datetime) -> int | None:
    return move(db, case, Move.BETTER, actor, now, done_at=None)


def reopen(db: Connection, case: Row[Any], *, actor: Actor, now: datetime) -> int | None:
    """还没好: back to the same leader; and to all who have a share and had called it done."""
    for part in shares.parts_of(db, case.id):
        if part.state in (CaseState.DONE, CaseState.CLOSED) and shares.is_body(part):
            reopen(db, part, actor=Actor.system(), now=now)
    return move(db, case, Move.REOPENED, actor, now, done_at=None, closed_at=None, accepted_at=None)


def withdraw(db: Connection, case: Row[Any], *, actor: Actor, now: datetime) -> int | None:
    event = _end(db, case, Move.WITHDRAWN, actor, now)
    if event:
        drop_unsaid(db, case.id)
    return event


def close_unanswered(db: Connection, case: Row[Any], *, now: datetime) -> int | None:
    """Two days nobody said otherwise: 未回访, not 满意."""
    return _end(db, case, Move.CLOSED, Actor.system(), now, data={"answered": False})


def _end(
    db: Connection,
    case: Row[Any],
    how: Move,
    actor: Actor,
    now: datetime,
    *,
    data: dict[str, Any] | None = None,
) -> int | None:
    """The case is over, and with it the shares in it."""
    event = move(db, case, how, actor, now, data=data, closed_at=now)
    if event:
        timers.cancel_all(db, subject(case.id))
        for part in shares.parts_of(db, case.id):
            if shares.is_body(part):
                _end(db, part, how, Actor.system(), now, data=data)
    return event


def escalate(
    db: Connection, case: Row[Any], *, to_node: int | None, actor: Actor, now: datetime, words: str = ""
) -> int | None:
    """上报: up to the node above. At the top it stays where it is."""
    data = {"from": case.level_node_id, "to": to_node}
    return move(
        db,
        case,
        Move.ESCALATED,
        actor,
        now,
        words=words,
        data=data,
        level_node_id=to_node or case.level_node_id,
    )


def reassign(
    db: Connection,
    case: Row[Any],
    *,
    owner_id: int,
    node_id: int | None,
    actor: Actor,
    now: datetime,
) -> int | None:
    """An admin gives it to somebody."""
    return move(
        db,
        case,
        Move.REASSIGNED,
        actor,
        now,
        data={"owner": owner_id, "node": node_id},
        owner_id=owner_id,
        unit_id=None,
        level_node_id=node_id or case.level_node_id,
        accepted_at=None,
    )


def release(db: Connection, case: Row[Any], *, actor: Actor, now: datetime) -> int | None:
    """What it is or where was put right: it is another one's now, and he is to be told as the first was."""
    data = {"owner": None, "from": case.owner_id}
    values: dict[str, Any] = {"owner_id": None, "unit_id": None, "accepted_at": None, "first_told_at": None}
    return move(db, case, Move.REASSIGNED, actor, now, data=data, **values)


def remind(db: Connection, case: Row[Any], *, to: int | None, now: datetime) -> bool:
    return change(db, case, Move.REMINDED, Actor.system(), now, data={"to": to})


def told(db: Connection, case: Row[Any], *, person_id: int, private: bool, now: datetime) -> bool:
    """Notes who was told, for 责任倒查; the first one told is the owner (首接负责)."""
    values: dict[str, Any] = {}
    case = queries.case(db, case.id, lock=True)  # of several told at once the first is the owner
    if case.owner_id is None:
        values["owner_id"] = person_id
    if case.first_told_at is None:
        values["first_told_at"] = now
    data = {"person": person_id, "private": private}
    return change(db, case, Move.NOTIFIED, Actor.system(), now, data=data, **values)


def undo(db: Connection, case: Row[Any], event_id: int, *, actor: Actor, now: datetime) -> bool:
    """Takes a tap back within its minute: the case is as before, and what waited to be said is not said."""
    silent = (Move.VIEWED, Move.NOTIFIED)  # that somebody was told takes no tap away
    last = queries.last_event(db, case.id, [move for move in Move if move not in silent])
    if last is None or last.id != event_id or last.move not in rules.UNDOABLE:
        return False
    before = last.data.get("before")
    if not before or now - last.at > rules.UNDO_FOR:
        return False
    values: dict[str, Any] = {name: value for name, value in before.items() if name != "more"}
    if "more" in before:
        values["data"] = {**queries.case(db, case.id, lock=True).data, **before["more"]}
    for name in ("accepted_at", "done_at", "closed_at"):
        values[name] = datetime.fromisoformat(before[name]) if before[name] else None
    db.execute(sa.update(cases).where(cases.c.id == case.id).values(**values))
    _record(db, case, Move.UNDONE, actor, now, data={"event": event_id})
    drop_unsaid(db, case.id, since=last.at)
    return True


def drop_unsaid(db: Connection, case_id: int, *, since: datetime | None = None) -> None:
    """What waits to be said of this case is not said any more."""
    waits = outbox.c.state.in_(("waiting", "parked"))
    unsaid = sa.update(outbox).where(outbox.c.case_id == case_id, waits)
    if since is not None:
        unsaid = unsaid.where(outbox.c.created_at >= since, outbox.c.due_at > since)
    db.execute(unsaid.values(state="dropped", reason="taken back"))


def subject(case_id: int) -> str:
    """How timers name a case."""
    return f"case:{case_id}"


# --- shared --------------------------------------------------------------------------------------

_BEFORE = (
    "state",
    "owner_id",
    "unit_id",
    "level_node_id",
    "accepted_at",
    "done_at",
    "closed_at",
)


def move(
    db: Connection,
    case: Row[Any],
    move: Move,
    actor: Actor,
    now: datetime,
    *,
    words: str = "",
    data: dict[str, Any] | None = None,
    more: dict[str, Any] | None = None,
    **values: Any,
) -> int | None:
    """Changes the state by the table in `rules`; the event remembers what was, for undoing."""
    row = queries.case(db, case.id, lock=True)
    state = rules.next_state(CaseState(row.state), move)
    if state is None:
        return None
    before = {
        name: value.isoformat() if isinstance(value := getattr(row, name), datetime) else value
        for name in _BEFORE
    }
    if more:
        values["data"] = {**row.data, **more}
        before["more"] = {name: row.data.get(name) for name in more}
    values["state"] = state.value
    db.execute(sa.update(cases).where(cases.c.id == row.id).values(**values))
    return _record(db, row, move, actor, now, data={**(data or {}), "before": before}, words=words)


def change(
    db: Connection,
    case: Row[Any],
    move: Move,
    actor: Actor,
    now: datetime,
    *,
    data: dict[str, Any] | None = None,
    more: dict[str, Any] | None = None,
    **values: Any,
) -> bool:
    """Changes facts but not the state."""
    row = queries.case(db, case.id, lock=True)
    if rules.next_state(CaseState(row.state), move) is None:
        return False
    if more:
        values["data"] = {**row.data, **more}
    if values:
        db.execute(sa.update(cases).where(cases.c.id == row.id).values(**values))
    _record(db, row, move, actor, now, data=data)
    return True


def _record(
    db: Connection,
    case: Row[Any],
    move: Move,
    actor: Actor,
    now: datetime,
    *,
    data: dict[str, Any] | None = None,
    words: str = "",
) -> int:
    return events.record(
        db,
        move,
        community_id=case.community_id,
        case_id=case.id,
        actor=actor,
        now=now,
        data=data,
        words=words,
    )


def note(db: Connection, case: Row[Any], **facts: Any) -> None:
    """Small facts about how a case is spoken of; they change nothing about it and need no event."""
    data = {**queries.case(db, case.id).data, **facts}
    db.execute(sa.update(cases).where(cases.c.id == case.id).values(data=data))


def claim_until(db: Connection, case: Row[Any], at: datetime) -> None:
    """When somebody should have taken it: for the console; the timer does the rest. The first such time
    stays with the case: 响应率 asks whether it was taken by then."""
    data = queries.case(db, case.id).data
    data = {**data, "respond_by": data.get("respond_by") or at.isoformat()}
    db.execute(sa.update(cases).where(cases.c.id == case.id).values(claim_by=at, data=data))
