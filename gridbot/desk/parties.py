"""Who is a party: what a report's types say of who is responsible, and what one complained about may do.

A party to the dispute is never its sole handler; it may add its own statement (陈述), kept with the case and
marked as its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from gridbot.cases import actions, queries, voice
from gridbot.cases.rules import after_quiet_hours
from gridbot.desk import notices
from gridbot.desk.context import Hearing
from gridbot.grid import queries as grid
from gridbot.grid import rules
from gridbot.grid.queries import Asked
from gridbot.grid.rules import UnitScope
from gridbot.messages import Actor, Move, Urgency
from gridbot.privacy import mask
from gridbot.texts import duty as words
from gridbot.understanding.intents import IssueType

# --- what the packs say, kept with the case ------------------------------------------------------


def duties(h: Hearing, types: Sequence[IssueType], key: str) -> dict[str, Any]:
    """`routing`: as grid.queries.asked takes it. `duty`: who has a share, where else to look."""
    if not types:
        return {"routing": {}, "duty": {}}
    main = types[0]
    routing: dict[str, Any] = {
        "owner_first": main.owner_first,
        "inside": list(main.responsible.inside),
        "outside": list(main.responsible.outside),
    }
    complaints = [kind for kind in types if kind.source.against]
    against = [name for kind in complaints for name in kind.source.against]
    if against:
        own = [name for kind in complaints for name in (*kind.responsible.inside, *kind.responsible.outside)]
        said = h.said.text or h.said.transcript
        scopes = grid.unit_scopes(h.db, h.community_id) if rules.NAMED in against else []
        routing["against"] = list(rules.complained_of(against, said, scopes, own))
    if also := overlapping(h, key):
        routing["also"] = list(also)
    duty: dict[str, Any] = {}
    if main.source.bodies is not None:
        duty["both_sides"] = list(main.source.bodies.words)
    if main.source.sweep:
        duty["sweep"] = True
    return {"routing": routing, "duty": duty}


def overlapping(h: Hearing, key: str) -> tuple[int, ...]:
    """The nodes of a place that an exclusive grid (专属网格) shares with a geographic one; () for others."""
    rows = h.knows.gazetteer.by_key.get(key, ()) if key else ()
    nodes = list(dict.fromkeys(row.node_id for row in rows))
    if len(nodes) < 2:
        return ()
    exclusive = grid.exclusive_among(h.db, nodes)
    geographic = [node for node in nodes if node not in exclusive]
    return (*geographic, *exclusive) if exclusive and len(geographic) == 1 else ()


def asked(db: Connection, case: Row[Any], now: datetime) -> Asked:
    """All there is to route a case by."""
    return grid.asked(
        db,
        case.community_id,
        case.level_node_id or case.node_id,
        case.types[0] if case.types else "",
        case.side,
        now,
        **case.data.get("routing", {}),
    )


# --- a party to the dispute ----------------------------------------------------------------------


def disputed(db: Connection, case: Row[Any]) -> list[UnitScope]:
    """The units a case complains about, on either side of the wall."""
    against = case.data.get("routing", {}).get("against", ())
    if not against:
        return []
    return [unit for unit in grid.unit_scopes(db, case.community_id) if rules.is_party(unit, against)]


def is_party(db: Connection, case: Row[Any], person_id: int | None, now: datetime) -> bool:
    """Whether somebody speaks for a unit the case complains about."""
    about = {unit.id for unit in disputed(db, case)}
    if not about or person_id is None:
        return False
    return bool(about & set(grid.units_of_person(db, case.community_id, person_id, now)))


def ask_statements(db: Connection, case: Row[Any], now: datetime) -> None:
    """Those complained about may say their side, once asked: what is said of them they do not read."""
    for unit in disputed(db, case):
        ask_statement(db, case, unit, now)


def ask_statement(db: Connection, case: Row[Any], unit: UnitScope, now: datetime) -> None:
    asked_of = case.data.get("statement_asked", [])
    if unit.id in asked_of:
        return
    actions.note(db, case, statement_asked=[*asked_of, unit.id])
    about = "、".join(case.data.get("titles", []))
    for one in grid.people_of_unit(db, unit.id, now):
        chat = grid.private_chat_of(db, one.person_id) if one.person_id is not None else None
        if chat is not None:
            text = words.please_state(unit.name, case.number, about)
            settings = grid.settings_of(db, case.community_id)
            due = after_quiet_hours(now, settings.quiet_start, settings.quiet_end, settings.zone)
            voice.to_chat(
                db, chat, text, purpose="please-state", now=now, case=case, urgency=Urgency.NOTICE, due_at=due
            )


def state(db: Connection, case: Row[Any], said: actions.Said, *, actor: Actor, now: datetime) -> bool:
    """陈述: kept with the case, marked as his, and shown to whoever handles it. False: not his to state."""
    if not is_party(db, case, actor.person, now):
        return False
    actions.keep_message(db, case.community_id, case.id, said)
    actions.change(db, case, Move.STATED, actor, now, more={"stated": True})
    fresh = queries.case(db, case.id)
    what = voice.called(fresh, shared=True)
    name = grid.name_of(db, actor.person) if actor.person is not None else actor.name
    text = words.statement_came(name, what, case.number, mask(said.text)[:300])
    if fresh.owner_id not in (None, actor.person):
        buttons = voice.leader_buttons(db, fresh, fresh.owner_id)
        notices.card(db, fresh, text, "statement", now, buttons)
    return True
