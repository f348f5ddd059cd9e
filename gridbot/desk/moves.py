"""What a leader can do to a case, by tap or by word: the move and everything it makes audible.

One function per verb, so that 我去看 pressed, 收到 typed and a console button are the same act.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from gridbot import texts
from gridbot.cases import actions, queries, voice
from gridbot.desk import notices
from gridbot.desk.context import Hearing
from gridbot.grid import queries as grid
from gridbot.grid.rules import UnitScope
from gridbot.messages import Actor, Role


def may_handle(h: Hearing, case: Row[Any]) -> bool:
    """Whether the sender leads where the case lies, or above, or owns it, or is an admin."""
    person = h.known_person()
    if person is None:
        return False
    if person == case.owner_id or Role.ADMIN in h.roles:
        return True
    held = grid.roles_of(h.db, h.community_id, person, case.level_node_id or case.node_id, h.now)
    if held & {Role.LEADER, Role.DEPUTY}:
        return True
    handed = grid.people_of_unit(h.db, case.unit_id, h.now) if case.unit_id is not None else []
    return any(one.person_id == person for one in handed)


def accept(db: Connection, case: Row[Any], *, actor: Actor, now: datetime, tapped: bool) -> bool:
    """我去看. The second of two who press at once reads who was first."""
    previous = case.owner_id
    event = actions.accept(db, case, actor=actor, now=now)
    if event is None:
        return False
    if previous not in (None, actor.person):
        notices.card(db, case, texts.taken_by(actor.name), "taken", now, [])
    notices.after_accept(db, case.id, now, event=event, tapped=tapped)
    return True


def progress(db: Connection, case: Row[Any], words: str, *, until: str, actor: Actor, now: datetime) -> bool:
    if actions.progress(db, case, words, until=until, actor=actor, now=now) is None:
        return False
    notices.after_progress(db, case.id, words, now)
    return True


def finish(
    db: Connection, case: Row[Any], *, actor: Actor, now: datetime, words: str = "", tapped: bool
) -> bool:
    event = actions.finish(db, case, actor=actor, now=now, words=words)
    if event is None:
        return False
    notices.after_done(db, case.id, now, event=event, tapped=tapped)
    return True


def hand_over(
    db: Connection,
    case: Row[Any],
    *,
    to: str,
    actor: Actor,
    now: datetime,
    words: str = "",
    unit_id: int | None = None,
    tapped: bool = False,
) -> bool:
    """转给物业: a unit the directory knows, or a name the admins are told. The leader stays the owner
    until somebody else accepts."""
    unit = _unit(db, case.community_id, to, unit_id)
    event = actions.hand_over(
        db, case, actor=actor, now=now, unit_id=unit.id if unit else None, words=words or to
    )
    if event is None:
        return False
    name = unit.name if unit else to or "别的单位"
    what = voice.called(case, shared=False)
    text = texts.handed_over_card(what, case.number, name)
    undo = voice.undo_button(db, case, actor.person, event, now) if tapped else []
    notices.card(db, case, text, "handed-over", now, undo)
    _tell_unit(db, case, unit, now)
    return True


def _tell_unit(db: Connection, case: Row[Any], unit: UnitScope | None, now: datetime) -> None:
    """A unit with people on a chat gets its card; else the admins are asked to pass it on."""
    told = False
    if unit is not None:
        fresh = queries.case(db, case.id)
        for person in grid.people_of_unit(db, unit.id, now):
            notices.tell(db, fresh, person.person_id, person.name, now)
            told = True
    if not told:
        name = unit.name if unit else "别的单位"
        contact = unit.contact if unit else ""
        text = texts.pass_on(voice.called(case, shared=True), case.number, name, contact)
        notices.tell_admins(db, case.community_id, text, now, case)


def _unit(db: Connection, community_id: int, name: str, unit_id: int | None) -> UnitScope | None:
    for unit in grid.unit_scopes(db, community_id):
        if unit.id == unit_id or (unit_id is None and unit.called(name)):
            return unit
    return None


def escalate(
    db: Connection, case: Row[Any], *, actor: Actor, now: datetime, words: str = "", tapped: bool
) -> bool:
    """上报: to the leaders of the node above; at the top the admins hear that it stays there."""
    here = case.level_node_id or case.node_id
    parent = grid.parent_of(db, here) if here is not None else None
    event = actions.escalate(db, case, to_node=parent, actor=actor, now=now, words=words)
    if event is None:
        return False
    leaders = list(grid.leaders_of(db, parent, now)) if parent is not None else []
    name = leaders[0].name if leaders else "社区"
    what = voice.called(case, shared=False)
    undo = voice.undo_button(db, case, actor.person, event, now) if tapped else []
    notices.card(db, case, texts.escalated_card(what, case.number, name), "escalated", now, undo)
    fresh = queries.case(db, case.id)
    for leader in leaders:
        notices.tell(db, fresh, leader.person_id, leader.name, now)
    if not leaders:
        text = texts.nobody_took(voice.called(case, shared=True), case.number)
        notices.tell_admins(db, case.community_id, text, now, case)
    return True


def bounce(
    db: Connection, case: Row[Any], *, actor: Actor, now: datetime, words: str = "", tapped: bool
) -> bool:
    """不归我管: the admins find another; the first receiver keeps it until then."""
    event = actions.bounce(db, case, actor=actor, now=now, words=words)
    if event is None:
        return False
    what = voice.called(case, shared=True)
    undo = voice.undo_button(db, case, actor.person, event, now) if tapped else []
    notices.card(db, case, texts.bounced_card(what, case.number), "bounced", now, undo)
    text = texts.bounced_to_admin(what, case.number, actor.name)
    notices.tell_admins(db, case.community_id, text, now, case)
    return True


def undo(db: Connection, case: Row[Any], event_id: int, *, actor: Actor, now: datetime) -> bool:
    if not actions.undo(db, case, event_id, actor=actor, now=now):
        return False
    fresh = queries.case(db, case.id)
    if fresh.owner_id is not None:
        buttons = voice.leader_buttons(db, fresh, fresh.owner_id)
        text = texts.undone(voice.called(fresh, shared=False), fresh.number)
        notices.card(db, fresh, text, "undone", now, buttons)
    return True
