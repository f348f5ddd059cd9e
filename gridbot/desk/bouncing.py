"""不归我管: a return has a reason and names whose it should be; the first receiver keeps it until another
accepts (首接负责); the third return is decided by the level above (指定), and that decision binds.

The resident reads only that the right unit is being looked for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from gridbot import texts
from gridbot.cases import actions, passing, queries, rules, shares, standing, voice
from gridbot.desk import dispatching, notices, parties
from gridbot.desk.context import Hearing
from gridbot.grid import queries as grid
from gridbot.grid.queries import Party
from gridbot.grid.settings import BOUNCES
from gridbot.messages import Actor, Button, CaseState, Move, Role, Urgency
from gridbot.privacy import mask
from gridbot.store import outbox, timers
from gridbot.texts import duty as words

DESIGNATE = "designate"  #: timer: nobody has designated yet
REASON_WITHIN = timedelta(minutes=30)  #: how long a typed sentence counts as the reason asked for
MOST = 5  #: owners to choose from


def settings_of(db: Connection, community_id: int) -> Mapping[str, Any]:
    """Reasons (a list), most and minutes, with the defaults for what a community does not say."""
    found = {**BOUNCES, **grid.settings_of(db, community_id).bounces}
    reasons = [one.strip() for one in re.split(r"[、,,;;]", str(found["reasons"])) if one.strip()]
    return {**found, "reasons": reasons[:6]}


# --- whose it may be -----------------------------------------------------------------------------


def candidates(
    db: Connection, case: Row[Any], now: datetime, *, without: int | None, returned: bool = False
) -> list[Party]:
    """Who may be asked next, in the order of routing: no party to it, not whom `without` (a person) speaks
    for, and not who returned it unless `returned`."""
    out = {without} if returned else {without, *case.data.get("returned", [])}
    own = grid.units_of_person(db, case.community_id, without, now) if without is not None else []
    found = [
        party
        for party in parties.asked(db, case, now).parties()
        if not party.disputed
        and (party.person_id is None or party.person_id not in out)
        and (party.unit_id is None or party.unit_id not in own)
    ]
    likely = {party.unit_id for party in found}
    more = [
        Party(unit.name, unit_id=unit.id, role=Role.UNIT, contact=unit.contact)
        for unit in grid.units_for(db, case.community_id, case.types, case.side)
        if unit.id not in (*own, *likely) and unit.id not in {one.id for one in parties.disputed(db, case)}
    ]
    return [*found, *more]


def as_whose(party: Party) -> dict[str, int]:
    return {"unit": party.unit_id} if party.unit_id is not None else {"person": party.person_id or 0}


def deciders(db: Connection, case: Row[Any], now: datetime) -> list[Party]:
    """The leaders of the level above; [] where nobody holds it: the admins decide then."""
    above = grid.parent_of(db, case.level_node_id or case.node_id)
    while above is not None:
        if leaders := grid.leaders_of(db, above, now):
            return leaders
        above = grid.parent_of(db, above)
    return []


def may_designate(h: Hearing, case: Row[Any]) -> bool:
    """Who leads above, or is an admin."""
    above = grid.parent_of(h.db, case.level_node_id or case.node_id)
    person = h.known_person()
    if person is None:
        return False
    if Role.ADMIN in h.roles:
        return True
    held = grid.roles_of(h.db, h.community_id, person, above, h.now) if above is not None else frozenset()
    return bool(held & {Role.LEADER, Role.DEPUTY})


# --- asked back: whose then, and why -------------------------------------------------------------


def ask_whose(h: Hearing, case: Row[Any]) -> bool:
    """〔不归我管〕: likely owners as buttons. False: it was designated to him."""
    if binding(h.db, case, h.known_person(), h.now):
        return False
    rows = [
        [_button(h, case, party.name, "case:bounce_to", {"to": as_whose(party)})]
        for party in candidates(h.db, case, h.now, without=h.known_person())[:MOST]
    ]
    rows.append(
        [_button(h, case, words.UNSURE, "case:bounce_to", {}), _button(h, case, texts.BACK, "case:back")]
    )
    text = words.whose_then(voice.called(case, shared=True), case.number)
    show(h.db, case, h.person, text, "whose-then", h.now, rows)
    return True


def ask_why(h: Hearing, case: Row[Any], to: dict[str, int] | None) -> None:
    """Reasons as buttons, or own words: they are waited for a while."""
    pending = {"person": h.person, "to": to, "at": h.now.isoformat()}
    actions.note(h.db, case, returning=pending)
    reasons = settings_of(h.db, case.community_id)["reasons"]
    rows = [[_button(h, case, reason, "case:bounce_why", {"to": to, "why": reason})] for reason in reasons]
    rows.append([_button(h, case, texts.BACK, "case:back")])
    text = words.why_not(voice.called(case, shared=True), case.number)
    show(h.db, case, h.person, text, "why-not", h.now, rows)


def reason_said(h: Hearing, text: str, case: Row[Any] | None = None) -> bool:
    """A sentence of whoever was just asked why: it is the reason. False: nobody asked him."""
    person = h.known_person()
    if person is None or not text:
        return False
    mine = [case] if case is not None else queries.with_owner(h.db, h.community_id, person)
    for one in mine:
        pending = one.data.get("returning")
        if not pending or pending["person"] != person:
            continue
        if h.now - datetime.fromisoformat(pending["at"]) > REASON_WITHIN:
            continue
        bounce(h.db, one, actor=h.actor(), now=h.now, reason=text, to=pending["to"], tapped=False)
        return True
    return False


def show(
    db: Connection,
    case: Row[Any],
    person_id: int,
    text: str,
    purpose: str,
    now: datetime,
    buttons: list[list[Button]],
) -> None:
    """On the card of whoever acts, be he the owner or somebody asked."""
    voice.leader_card(db, case, person_id, text, purpose=purpose, now=now, buttons=buttons)


def _button(h: Hearing, case: Row[Any], text: str, action: str, data: dict[str, Any] | None = None) -> Button:
    return outbox.button(
        h.db,
        text[:40],
        action,
        community_id=case.community_id,
        case_id=case.id,
        person_id=h.person,
        data=data or {},
    )


# --- the return ----------------------------------------------------------------------------------


def binding(db: Connection, case: Row[Any], person_id: int | None, now: datetime) -> bool:
    """Whether the level above has designated this person, or a unit he speaks for."""
    whose = case.data.get("designated")
    if not whose or person_id is None:
        return False
    if whose.get("person") == person_id:
        return True
    return whose.get("unit") in grid.units_of_person(db, case.community_id, person_id, now)


def bounce(
    db: Connection,
    case: Row[Any],
    *,
    actor: Actor,
    now: datetime,
    reason: str,
    to: dict[str, int] | None,
    tapped: bool,
) -> bool:
    """退回, with its reason. False: it cannot be returned (any more)."""
    if binding(db, case, actor.person, now):
        if actor.person is not None:
            buttons = voice.leader_buttons(db, case, actor.person)
            show(db, case, actor.person, words.cannot_return(case.number), "binding", now, buttons)
        return False
    event = passing.bounce(db, case, actor=actor, now=now, words=reason, to=to)
    if event is None:
        return False
    actions.note(db, case, returning=None)
    _shown_to_who_returned(db, case, actor, now, to=to, event=event, tapped=tapped)
    _looking(db, case, now)
    _pass_on(db, case, now, tapped=tapped)
    return True


def somebody_else(db: Connection, case: Row[Any], *, actor: Actor, now: datetime, tapped: bool) -> bool:
    """找别人: no reason asked, no return counted; the next in line is asked, or the level above."""
    people = [
        one
        for one in parties.asked(db, case, now).parties()
        if one.person_id is not None and one.person_id != actor.person
    ] or [one for one in deciders(db, case, now) if one.person_id != actor.person]
    to = as_whose(people[0]) if people else None
    event = passing.bounce(db, case, actor=actor, now=now, words=texts.OTHER, to=to, counts=False)
    if event is None:
        return False
    _shown_to_who_returned(db, case, actor, now, to=to, event=event, tapped=tapped)
    _pass_on(db, case, now, tapped=tapped)
    return True


def _shown_to_who_returned(
    db: Connection,
    case: Row[Any],
    actor: Actor,
    now: datetime,
    *,
    to: dict[str, int] | None,
    event: int,
    tapped: bool,
) -> None:
    what = voice.called(case, shared=True)
    name = standing.name_of(db, to)
    undo = voice.undo_button(db, case, actor.person, event, now) if tapped else []
    if name:
        text = words.returned(what, case.number, name, undo=texts.UNDO if tapped else "")
    else:
        text = texts.bounced_card(what, case.number)
    if actor.person is not None:
        show(db, case, actor.person, text, "bounced", now, undo)


def _looking(db: Connection, case: Row[Any], now: datetime) -> None:
    """The reporter reads once that the right unit is being looked for, never whose it is not."""
    if case.data.get("looking") or case.parent_id is not None:
        return
    actions.note(db, case, looking=True)
    settings = grid.settings_of(db, case.community_id)
    at = rules.after_quiet_hours(
        now + rules.UNDO_FOR, settings.quiet_start, settings.quiet_end, settings.zone
    )
    text = words.looking(case.number)
    voice.tell_reporter(db, case, text, purpose="looking", now=now, due_at=at)


def _pass_on(db: Connection, case: Row[Any], now: datetime, *, tapped: bool) -> None:
    dispatching.tell_candidate_later(db, case, now, tapped=tapped)
    dispatching.start_clock(db, case, now)
    if not tapped:
        passed(db, queries.case(db, case.id), now)


def passed(db: Connection, case: Row[Any], now: datetime) -> None:
    """It can no longer be taken back: whoever it was passed to is told, or the level above decides."""
    if case.state != CaseState.WAITING:
        return
    to = case.data.get("candidate")
    last = queries.last_event(db, case.id, [Move.BOUNCED, Move.HANDED_OVER])
    bounced = last is not None and last.move == Move.BOUNCED.value and not last.data.get("other")
    if bounced and last is not None and last.data["count"] >= int(settings_of(db, case.community_id)["most"]):
        ask_to_designate(db, case, now)
        return
    unit = dispatching.unit_of(db, case.community_id, to.get("unit")) if to else None
    if unit is not None:
        dispatching.tell_unit(db, case, unit, now)
        return
    what, reason = voice.called(case, shared=True), _reason(db, case)
    who = grid.name_of(db, last.person_id) if last is not None and last.person_id else ""
    if to and to.get("person"):
        name = grid.name_of(db, to["person"])
        text = words.proposed_to(name, what, case.number, who, reason)
        notices.tell(db, case, to["person"], name, now, text=text)
    else:
        _ask_above(db, case, words.returned_up(what, case.number, who, reason), now)


def _reason(db: Connection, case: Row[Any]) -> str:
    """The last reason, masked; 找别人 is none."""
    said = [row for row in shares.bounces_of(db, case.id) if row.move == Move.BOUNCED.value]
    if not said or said[-1].data.get("other"):
        return ""
    return mask(said[-1].words or "")[:60]


# --- 指定 ----------------------------------------------------------------------------------------


def ask_to_designate(db: Connection, case: Row[Any], now: datetime) -> None:
    """The third return: the level above designates, within its minutes."""
    known = settings_of(db, case.community_id)
    said = [row for row in shares.bounces_of(db, case.id) if row.move == Move.BOUNCED.value]
    reasons = [
        f"{grid.name_of(db, row.person_id)}:{mask(row.words or '')[:60]}"
        for row in said
        if row.person_id and not row.data.get("other")
    ]
    minutes = int(known["minutes"])
    count = int(case.data.get("bounces", 0))
    reasons = list(dict.fromkeys(reasons))
    text = words.please_designate(voice.called(case, shared=True), case.number, count, reasons, minutes)
    _ask_above(db, case, text, now, ring=count <= int(known["most"]))  # once asked, his card changes
    due = now + timedelta(minutes=minutes)
    timers.set_timer(db, DESIGNATE, actions.subject(case.id), due, community_id=case.community_id)


def _ask_above(db: Connection, case: Row[Any], text: str, now: datetime, *, ring: bool = True) -> None:
    """Those who decide get the candidates as buttons; where none can be reached, the admins do."""
    told = False
    for leader in deciders(db, case, now):
        if leader.person_id is None:
            continue
        buttons = _choices(db, case, leader.person_id, now)
        shown = voice.leader_card(
            db, case, leader.person_id, text, purpose="designate", now=now, buttons=buttons, ring=ring
        )
        told = told or shown is not None
    if not told:
        for person in grid.admins(db, case.community_id):
            chat = grid.private_chat_of(db, person)
            if chat is not None:
                voice.to_chat(
                    db, chat, text, purpose="designate", now=now, case=case,
                    buttons=_choices(db, case, person, now), urgency=Urgency.NOTICE,
                )  # fmt: skip


def _choices(db: Connection, case: Row[Any], person_id: int, now: datetime) -> list[list[Button]]:
    """Everybody in line, those who returned it too: somebody has to do it."""
    found = candidates(db, case, now, without=None, returned=True)
    return [
        [
            outbox.button(
                db,
                party.name[:40],
                "case:designate",
                community_id=case.community_id,
                case_id=case.id,
                person_id=person_id,
                data={"to": as_whose(party)},
            )
        ]
        for party in found[: MOST + 1]
    ]


def designate(db: Connection, case: Row[Any], to: dict[str, int], *, actor: Actor, now: datetime) -> bool:
    """指定: it is theirs, and cannot be returned. False: it is over, or the unit is a party to it."""
    unit = dispatching.unit_of(db, case.community_id, to.get("unit"))
    if unit is not None and unit.id in {one.id for one in parties.disputed(db, case)}:
        return False
    before = case.owner_id
    owner = to.get("person")
    event = passing.designate(
        db, case, owner_id=owner, unit_id=unit.id if unit else None, actor=actor, now=now
    )
    if event is None:
        return False
    for kind in (DESIGNATE, dispatching.HANDED):
        timers.cancel(db, kind, actions.subject(case.id))
    fresh = queries.case(db, case.id)
    what, name = voice.called(fresh, shared=True), standing.name_of(db, to)
    if owner is not None and before not in (None, owner):
        show(db, fresh, before, words.designated_elsewhere(what, case.number, name), "taken", now, [])
    if unit is not None:
        dispatching.tell_unit(db, fresh, unit, now)
    elif owner is not None:
        notices.tell(db, fresh, owner, name, now, text=words.designated_to_you(what, case.number, name))
    dispatching.start_clock(db, fresh, now)
    return True


def late(db: Connection, case: Row[Any], now: datetime) -> None:
    """The minutes are over: asked once more, and the admins hear it; then it stays visible."""
    if case.state != CaseState.WAITING or case.data.get("designated"):
        return
    text = words.designate_late(voice.called(case, shared=True), case.number)
    _ask_above(db, case, text, now)
    notices.tell_admins(db, case.community_id, text, now, case)
