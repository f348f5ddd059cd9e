"""The ladder: nobody took it, so a gentle word, then the level above, and so on to the top, where it stays.

Each level has its own limits. What is told counts from the moment it could be read. An unreachable person is
passed over at once; a case whose leader is gone goes to whoever is responsible now.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from gridbot import texts
from gridbot.cases import actions, deadlines, queries, voice, waiting
from gridbot.desk import clockwork, digest, notices, reaching
from gridbot.desk.context import Desk
from gridbot.grid import queries as grid
from gridbot.grid.handover import RESPONSIBLE as RESPONSIBLE
from gridbot.grid.rules import Party
from gridbot.grid.rungs import present, rungs
from gridbot.messages import OPEN_STATES, Actor, CaseState, Urgency
from gridbot.store import timers
from gridbot.texts import ladder as words

EVERY_WEEK = timedelta(days=7)
_LIVE = (*OPEN_STATES, CaseState.DONE)


# --- nobody took it ------------------------------------------------------------------------------


def claim_over(db: Connection, desk: Desk, timer: Row[Any], now: datetime) -> None:
    case = _case(db, timer)
    if case.state != CaseState.WAITING or case.urgent or clockwork.standing_still(case):
        return
    if timer.data.get("top"):
        _weekly(db, case, now)
        return
    settings = grid.settings_of(db, case.community_id)
    morning = deadlines.town(settings).reach(now)
    if morning > now:  # woken in the night: after a stop, or the hours were changed
        timers.set_timer(
            db, clockwork.CLAIM, timer.subject, morning, community_id=case.community_id, data=timer.data
        )
        return
    wanted = deadlines.limits_of(db, case, settings).remind.amount > 0
    if wanted and not timer.data.get("reminded") and _remind(db, case, now):
        clockwork.set_claim(db, case, now, reminded=True)
    else:
        climb(db, case, now)


def _remind(db: Connection, case: Row[Any], now: datetime) -> bool:
    """To whoever was told on this level. False: nobody there can be reached any more."""
    reminded = False
    for party in _told_here(db, case, now):
        if party.person_id is None or grid.private_chat_of(db, party.person_id) is None:
            continue
        _remind_one(db, case, party.person_id, now)
        actions.remind(db, case, to=party.person_id, now=now)
        reminded = True
    return reminded


def _remind_one(db: Connection, case: Row[Any], person_id: int, now: datetime) -> None:
    """Several at the same moment, or beyond his budget: they stand together in one message."""
    wait = digest.waits(db, case.community_id, person_id, now)
    if wait is not None:
        digest.hold(db, case.community_id, *wait, now=now, person_id=person_id, case_id=case.id)
        return
    voice.leader_card(
        db,
        case,
        person_id,
        texts.gentle_reminder(case.number),
        purpose="reminder",
        now=now,
        buttons=voice.leader_buttons(db, case, person_id),
        ring=True,
    )


def _told_here(db: Connection, case: Row[Any], now: datetime) -> list[Party]:
    """The owner on the level where it began, and on the levels above their leaders."""
    here = case.level_node_id or case.node_id
    leaders = grid.leaders_of(db, here, now) if here is not None else []
    if case.owner_id is not None and (not case.data.get("climbed") or not leaders):
        return [Party(grid.name_of(db, case.owner_id), case.owner_id, node_id=here, reachable=True)]
    reached = [one for one in leaders if reaching.able(case, one)]
    return [one for one in reached if one.role == leaders[0].role] or reached


def climb(db: Connection, case: Row[Any], now: datetime) -> None:
    """To the next level on which somebody can be told; at the top it stops and stays visible."""
    rung, leaders, passed = reaching.next_rung(db, case, now)
    for one in passed:
        if one.person_id is not None and not one.reachable:
            waiting.pass_over(db, case, one.person_id, now=now)
    if rung is None:
        _stays(db, case, passed, now)
        return
    actions.escalate(db, case, to_node=rung.node_id, actor=Actor.system(), now=now)
    actions.note(db, case, climbed=True)
    fresh = queries.case(db, case.id)
    text = texts.nobody_took(voice.called(case, shared=True), case.number)
    told = [notices.tell(db, fresh, one.person_id, one.name, now, text=text, ring=True) for one in leaders]
    clockwork.set_claim(db, fresh, max(told), person_id=leaders[0].person_id)


def _stays(db: Connection, case: Row[Any], passed: list[Party], now: datetime) -> None:
    """The top: the admins hear it, and from then on a line a week in their digest. Whoever could not be
    reached on the way is named in the leaders' group."""
    here = case.level_node_id or case.node_id
    top = rungs(db, here)[-1:] if here is not None else ()
    if top and top[0].node_id != here:
        actions.escalate(db, case, to_node=top[0].node_id, actor=Actor.system(), now=now)
        case = queries.case(db, case.id)
    for one in passed[:1]:
        if one.person_id is not None:
            notices.tell_by_group(db, case, one.person_id, one.name, now, Urgency.NOTICE)
    text = words.at_the_top(voice.called(case, shared=True), case.number)
    notices.tell_admins(db, case.community_id, text, now, case)
    actions.note(db, case, climbed=True, top_since=now.isoformat())
    _in_a_week(db, case, now)


def _weekly(db: Connection, case: Row[Any], now: datetime) -> None:
    settings = grid.settings_of(db, case.community_id)
    until = deadlines.town(settings).next_digest(now)
    line = words.weekly(voice.called(case, shared=True), case.number)
    here = case.level_node_id or case.node_id
    leaders = [one.person_id for one in grid.leaders_of(db, here, now)] if here is not None else []
    for person in dict.fromkeys([*leaders, *grid.admins(db, case.community_id)]):
        if person is not None and grid.private_chat_of(db, person) is not None:
            digest.hold(
                db,
                case.community_id,
                digest.WEEKLY,
                until,
                now=now,
                person_id=person,
                case_id=case.id,
                text=line,
            )
    _in_a_week(db, case, now)


def _in_a_week(db: Connection, case: Row[Any], now: datetime) -> None:
    at = now + EVERY_WEEK
    timers.set_timer(
        db,
        clockwork.CLAIM,
        actions.subject(case.id),
        at,
        community_id=case.community_id,
        data={"top": True},
    )


# --- stages --------------------------------------------------------------------------------------


def stage_over(db: Connection, desk: Desk, timer: Row[Any], now: datetime) -> None:
    """Each stage that is late is reported once: to whoever has the case, and to the level above."""
    case = _case(db, timer)
    if case.state not in (CaseState.WAITING, CaseState.ACCEPTED) or clockwork.standing_still(case):
        return
    settings = grid.settings_of(db, case.community_id)
    for stage in deadlines.stages(case, settings, now):
        if (
            stage.by <= now
            and not (stage.done or stage.told)
            and waiting.overdue(db, case, stage.name, now=now)
        ):
            _report(db, case, stage.name, now)
    clockwork.set_stages(db, case, now)


def _report(db: Connection, case: Row[Any], stage: str, now: datetime) -> None:
    what = voice.called(case, shared=True)
    owner = grid.name_of(db, case.owner_id) if case.owner_id is not None else ""
    text = words.overdue_upward(what, case.number, stage, owner)
    told = {case.owner_id}
    if case.owner_id is not None:
        mine = words.overdue_to_owner(what, case.number, stage)
        buttons = voice.leader_buttons(db, case, case.owner_id)
        digest.say(db, case.owner_id, mine, case=case, purpose="overdue", now=now, buttons=buttons)
    _rung, leaders, _ = reaching.next_rung(db, case, now)
    for one in leaders:
        if one.person_id not in told and one.person_id is not None:
            told.add(one.person_id)
            digest.say(db, one.person_id, text, case=case, purpose="overdue", now=now)
    if not leaders:
        notices.tell_admins(db, case.community_id, text, now, case, purpose="overdue")


# --- the digest ----------------------------------------------------------------------------------


def digest_due(db: Connection, desk: Desk, timer: Row[Any], now: datetime) -> None:
    """What waited for a person or a group is told, in one message."""
    kind, _, which = timer.subject.partition(":")
    if kind == "chat":
        digest.tell_group(db, int(which), now)
        return
    person = int(which)
    rows = digest.waiting(db, person_id=person)
    if not rows:
        return
    town = deadlines.town(grid.settings_of(db, timer.community_id))
    role = digest.role_with_hours(db, town, timer.community_id, person, now)
    if (later := town.reach(now, role)) > now:
        timers.set_timer(db, digest.DIGEST, timer.subject, later, community_id=timer.community_id)
        return
    digest.told(db, rows, now)
    listed, lines = _still_to_tell(db, rows)
    reached = grid.private_chat_of(db, person) is not None
    if not (reached and present(db, timer.community_id, person, now)):
        for case in listed:
            _instead(db, case, person, now)
        listed = []
    night = any(row.why == digest.QUIET for row in rows)
    digest.tell(db, person, listed, lines, now, night=night)


def _still_to_tell(db: Connection, rows: list[Row[Any]]) -> tuple[list[Row[Any]], list[str]]:
    """The cases that are still open, urgent first is not needed: those never wait; and the other lines."""
    listed: dict[int, Row[Any]] = {}
    lines: dict[str, None] = {}
    for row in rows:
        if row.text:
            lines[row.text] = None
        elif (case := digest.open_case(db, row)) is not None and case.accepted_at is None:
            listed[case.id] = case
    return list(listed.values()), list(lines)


def _instead(db: Connection, case: Row[Any], person: int, now: datetime) -> None:
    """He cannot be told any more (away, gone, blocked): the next one reads it in his digest, now."""
    party, _ = reaching.first(
        case, [one for one in notices.parties(db, case, now) if one.person_id != person]
    )
    if party is None or party.person_id is None or not party.reachable:
        notices.tell_leader(db, case, now)
        return
    digest.hold(db, case.community_id, digest.QUIET, now, now=now, person_id=party.person_id, case_id=case.id)
    clockwork.begin(db, case, now, now, party.person_id)


# --- who is gone ---------------------------------------------------------------------------------


def undelivered(db: Connection, case: Row[Any], person_id: int, now: datetime) -> None:
    """A notice did not arrive and will not: the next one is told at once."""
    if case.state != CaseState.WAITING or case.accepted_at is not None:
        notices.tell_by_group(db, case, person_id, grid.name_of(db, person_id), now, Urgency.NOTICE)
        return
    waiting.pass_over(db, case, person_id, now=now)
    fresh = queries.case(db, case.id)
    notices.tell_by_group(db, fresh, person_id, grid.name_of(db, person_id), now, Urgency.NOTICE)
    if fresh.data.get("climbed"):
        others = [one for one in _told_here(db, fresh, now) if reaching.able(fresh, one)]
        if not others:
            climb(db, fresh, now)
        return
    party, _ = reaching.first(fresh, notices.parties(db, fresh, now))
    if party is not None and reaching.able(fresh, party):
        notices.tell_leader(db, fresh, now)
    else:
        climb(db, fresh, now)


def responsible_now(db: Connection, desk: Desk, timer: Row[Any], now: datetime) -> None:
    """Somebody no longer holds what he held, or a grid is gone: their open cases go to whoever is
    responsible now."""
    kind, _, which = timer.subject.partition(":")
    if kind == "node":
        for case in waiting.open_at(db, timer.community_id, int(which)):
            follow(db, case, now)
        return
    person = int(which)
    for case in queries.with_owner(db, timer.community_id, person):
        here = case.level_node_id or case.node_id
        if case.state in OPEN_STATES and not grid.roles_of(db, case.community_id, person, here, now):
            hand_on(db, case, person, now)


def hand_on(db: Connection, case: Row[Any], person: int, now: datetime) -> bool:
    """From somebody who is gone to the first who can be told. False: there is nobody."""
    line = [one for one in notices.parties(db, case, now) if one.person_id != person]
    party, _ = reaching.first(case, line)
    if party is None or party.person_id is None:
        text = texts.nobody_took(voice.called(case, shared=True), case.number)
        notices.tell_admins(db, case.community_id, text, now, case)
        return False
    done = actions.reassign(
        db, case, owner_id=party.person_id, node_id=party.node_id, actor=Actor.system(), now=now
    )
    if done is None:
        return False
    fresh = queries.case(db, case.id)
    at = notices.tell(db, fresh, party.person_id, party.name, now)
    clockwork.begin(db, fresh, at, now, party.person_id)
    return True


def follow(db: Connection, case: Row[Any], now: datetime) -> None:
    """A grid that is gone leaves its cases to the one above; at the very top they stay where they are."""
    above = next((one for one in rungs(db, case.node_id) if one.active), None)
    if above is None or above.node_id == case.node_id or case.state not in _LIVE:
        return
    if waiting.follow(db, case, to_node=above.node_id, now=now):
        fresh = queries.case(db, case.id)
        owner = fresh.owner_id
        if owner is None or not grid.roles_of(db, case.community_id, owner, above.node_id, now):
            if owner is not None and fresh.state in OPEN_STATES:
                hand_on(db, fresh, owner, now)
            elif fresh.state == CaseState.WAITING:
                notices.tell_leader(db, fresh, now)


def _case(db: Connection, timer: Row[Any]) -> Row[Any]:
    return queries.case(db, int(timer.subject.partition(":")[2]))
