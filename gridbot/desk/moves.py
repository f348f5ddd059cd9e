"""What a leader can do to a case, by tap or by word: the move and everything it makes audible.

One function per verb, so that 我去看 pressed, 收到 typed and a console button are the same act.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from gridbot import texts
from gridbot.cases import actions, closing, passing, queries, rules, voice
from gridbot.desk import bouncing, clockwork, dispatching, endings, notices, parties, splitting, sweeping
from gridbot.desk.context import Hearing
from gridbot.grid import queries as grid
from gridbot.grid.rules import UnitScope
from gridbot.messages import OPEN_STATES, Actor, Button, CaseState, Move, Role
from gridbot.store import timers
from gridbot.texts import duty


def may_handle(h: Hearing, case: Row[Any]) -> bool:
    """Whether the sender leads where the case lies, or above, or owns it, was asked to take it, or is an
    admin. A party to the dispute handles nothing of it."""
    person = h.known_person()
    if person is None:
        return False
    if Role.ADMIN in h.roles:
        return True
    if parties.is_party(h.db, case, person, h.now):
        return False
    if rules.by_name(case.data.get("hazard", ""), private=case.private) and case.data.get("named"):
        return person in (*case.data["named"], case.owner_id)  # whoever leads the place hears nothing of it
    if person == case.owner_id or (case.data.get("candidate") or {}).get("person") == person:
        return True
    held = grid.roles_of(h.db, h.community_id, person, case.level_node_id or case.node_id, h.now)
    if held & {Role.LEADER, Role.DEPUTY}:
        return True
    if case.level_node_id not in (None, case.node_id) and _called(h, case, person):
        return True
    handed = grid.people_of_unit(h.db, case.unit_id, h.now) if case.unit_id is not None else []
    return any(one.person_id == person for one in handed)


def _called(h: Hearing, case: Row[Any], person: int) -> bool:
    """It has climbed over his head: who leads where it lies and was told of it may still go."""
    held = grid.roles_of(h.db, h.community_id, person, case.node_id, h.now)
    return bool(held & {Role.LEADER, Role.DEPUTY}) and person in closing.told_people(h.db, case.id)


def accept(db: Connection, case: Row[Any], *, actor: Actor, now: datetime, tapped: bool) -> bool:
    """我去看. The second of two who press at once reads who was first."""
    previous = queries.case(db, case.id).owner_id
    event = actions.accept(db, case, actor=actor, now=now, himself=_instead_of_unit(db, case, actor, now))
    if event is None:
        return False
    actions.note(db, case, candidate=None, returning=None)
    timers.cancel(db, dispatching.HANDED, actions.subject(case.id))
    if previous not in (None, actor.person):
        name = grid.name_of(db, actor.person) if actor.person is not None else actor.name
        told = texts.taken_by(name, voice.called(case, shared=True), case.number)
        notices.card(db, case, told, "taken", now, [])
    elif case.unit_id is not None and queries.case(db, case.id).unit_id is None:
        _instead_of(db, case, actor, now)
    notices.after_accept(db, case.id, now, event=event, tapped=tapped)
    splitting.taken(db, queries.case(db, case.id), now)
    sweeping.offer(db, case.id, actor=actor, now=now)
    return True


def _instead_of(db: Connection, case: Row[Any], actor: Actor, now: datetime) -> None:
    """The unit that was asked reads on its card that it need not come."""
    name = grid.name_of(db, actor.person) if actor.person is not None else actor.name
    text = texts.taken_by(name, voice.called(case, shared=True), case.number)
    for person in closing.told_people(db, case.id):
        if person != actor.person:
            voice.leader_card(db, case, person, text, purpose="taken", now=now)


def _instead_of_unit(db: Connection, case: Row[Any], actor: Actor, now: datetime) -> bool:
    """Whether he takes it though a unit that can answer for itself was asked."""
    unit = dispatching.unit_of(db, case.community_id, case.unit_id)
    if unit is None or actor.person is None:
        return False
    of_unit = grid.units_of_person(db, case.community_id, actor.person, now)
    return unit.id not in of_unit and bool(dispatching.reached(db, unit, now))


def _take_over(db: Connection, case: Row[Any], actor: Actor, now: datetime) -> Row[Any]:
    """师傅下午来, or 修好了, of whoever was asked to take it: so he has it. The case as it is then."""
    asked = case.data.get("candidate") or {}
    if actor.person is None or case.owner_id == actor.person or case.state not in OPEN_STATES:
        return case
    units = grid.units_of_person(db, case.community_id, actor.person, now)
    if asked.get("person") == actor.person or (asked.get("unit") is not None and asked["unit"] in units):
        accept(db, case, actor=actor, now=now, tapped=False)
    return queries.case(db, case.id)


def taken_by(db: Connection, case: Row[Any], actor: Actor) -> str:
    """A kind word for who comes second: who has it. "" where nobody else has."""
    fresh = queries.case(db, case.id)
    if fresh.state != CaseState.ACCEPTED or fresh.owner_id in (None, actor.person):
        return ""
    return texts.taken_by(grid.name_of(db, fresh.owner_id))


def progress(db: Connection, case: Row[Any], words: str, *, until: str, actor: Actor, now: datetime) -> bool:
    case = _take_over(db, case, actor, now)
    clockwork.go_on(db, case, actor, now)
    if actions.progress(db, case, words, until=until, actor=actor, now=now) is None:
        return False
    notices.after_progress(db, case.id, words, now)
    return True


def finish(
    db: Connection, case: Row[Any], *, actor: Actor, now: datetime, words: str = "", tapped: bool
) -> bool:
    """办好了. Of a whole whose shares are open it is asked back; a share done may make the whole done."""
    if case.state in OPEN_STATES and splitting.ask_for_rest(db, case, actor, now):
        return True
    case = _take_over(db, case, actor, now)
    clockwork.go_on(db, case, actor, now, meeting=True)
    event = actions.finish(db, case, actor=actor, now=now, words=words)
    if event is None:
        return False
    actions.note(db, case, candidate=None, returning=None)
    if case.parent_id is not None:
        splitting.done(db, case, now, event=event, tapped=tapped)
        return True
    endings.after_done(db, case.id, now, event=event, tapped=tapped)
    sweeping.offer(db, case.id, actor=actor, now=now)
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
    until somebody else accepts. A party to the dispute gets no case: it is asked for its side."""
    unit = _unit(db, case.community_id, to, unit_id)
    what = voice.called(case, shared=True)
    if unit is not None and unit.id in {one.id for one in parties.disputed(db, case)}:
        parties.ask_statement(db, case, unit, now)
        text = duty.party_not_alone(what, case.number, unit.name)
        if actor.person is not None:
            buttons = voice.leader_buttons(db, case, actor.person)
            bouncing.show(db, case, actor.person, text, "party", now, buttons)
        return True
    if unit is not None and unit.id == case.unit_id and words:
        return progress(db, case, words, until="", actor=actor, now=now)  # 物业接了: their answer, by him
    event = passing.hand_over(
        db, case, actor=actor, now=now, unit_id=unit.id if unit else None, words=words or to
    )
    if event is None:
        return False
    if unit is None:
        _unknown_unit(db, case, to, now, undo=_undo(db, case, actor, event, now, tapped))
        return True
    undo = _undo(db, case, actor, event, now, tapped)
    text = duty.handed_to(what, case.number, unit.name, undo=texts.UNDO if tapped else "")
    notices.card(db, case, text, "handed-over", now, undo)
    dispatching.tell_candidate_later(db, case, now, tapped=tapped)
    dispatching.start_clock(db, case, now)
    if not tapped:
        dispatching.tell_unit(db, case, unit, now)
    return True


def _undo(
    db: Connection, case: Row[Any], actor: Actor, event: int, now: datetime, tapped: bool
) -> list[list[Button]]:
    return voice.undo_button(db, case, actor.person, event, now) if tapped else []


def _unknown_unit(
    db: Connection, case: Row[Any], to: str, now: datetime, *, undo: list[list[Button]]
) -> None:
    """A name the directory does not know: the admins are asked to pass it on."""
    name = to or "别的单位"
    card = texts.handed_over_card(voice.called(case, shared=False), case.number, name, undo=bool(undo))
    notices.card(db, case, card, "handed-over", now, undo)
    text = texts.pass_on(voice.called(case, shared=True), case.number, name, "")
    notices.tell_admins(db, case.community_id, text, now, case)


def _unit(db: Connection, community_id: int, name: str, unit_id: int | None) -> UnitScope | None:
    if unit_id is not None:
        return dispatching.unit_of(db, community_id, unit_id)
    return grid.unit_called(db, community_id, name) if name else None


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
    card = texts.escalated_card(what, case.number, name, undo=tapped)
    notices.card(db, case, card, "escalated", now, undo)
    fresh = queries.case(db, case.id)
    for leader in leaders:
        notices.tell(db, fresh, leader.person_id, leader.name, now)
    if not leaders:
        text = texts.nobody_took(voice.called(case, shared=True), case.number)
        notices.tell_admins(db, case.community_id, text, now, case)
    return True


def bounce(
    db: Connection,
    case: Row[Any],
    *,
    actor: Actor,
    now: datetime,
    words: str = "",
    to: str = "",
    tapped: bool = False,
) -> bool:
    """不归我管, in words: the reason is said; whose it is, too, or whoever is next in line is asked."""
    unit = _unit(db, case.community_id, to, None) if to else None
    likely = bouncing.candidates(db, case, now, without=actor.person)
    said = [one for one in likely if one.unit_id is not None and one.name in words]
    first = (said or likely)[:1]
    whose = {"unit": unit.id} if unit else bouncing.as_whose(first[0]) if first else None
    return bouncing.bounce(db, case, actor=actor, now=now, reason=words, to=whose, tapped=tapped)


def undo(db: Connection, case: Row[Any], event_id: int, *, actor: Actor, now: datetime) -> bool:
    if not actions.undo(db, case, event_id, actor=actor, now=now):
        return False
    timers.cancel(db, dispatching.HANDED, actions.subject(case.id))
    fresh = queries.case(db, case.id)
    if fresh.parent_id is not None:
        _undo_whole(db, fresh, now)
    if fresh.owner_id is not None:
        buttons = voice.leader_buttons(db, fresh, fresh.owner_id)
        text = texts.undone(voice.called(fresh, shared=False), fresh.number)
        notices.card(db, fresh, text, "undone", now, buttons)
    return True


def _undo_whole(db: Connection, part: Row[Any], now: datetime) -> None:
    """The whole was done by this share alone: it is not any more."""
    whole = queries.case(db, part.parent_id)
    last = queries.last_event(db, whole.id, [Move.DONE])
    if whole.state == CaseState.DONE and last is not None and last.role == Role.SYSTEM.value:
        actions.undo(db, whole, last.id, actor=Actor.system(), now=now)
        notices.refresh_card(db, queries.case(db, whole.id), now)
