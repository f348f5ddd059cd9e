"""例会: a case goes onto a meeting's agenda instead of to a person, and comes back with what it came to.

While it stands there nobody is pressed; when the day is over, whoever put it there is asked once.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot.almanac import local_time
from gridbot.cases import deadlines, queries, voice, waiting
from gridbot.desk import clockwork, digest, moves, notices
from gridbot.desk.context import Desk, Hearing
from gridbot.grid import queries as grid
from gridbot.messages import Actor, Button
from gridbot.privacy import mask
from gridbot.store import outbox, timers
from gridbot.store.tables import agenda, grid_nodes, meetings
from gridbot.texts import ladder as words
from gridbot.understanding.replies import read_reply

MEETING = "meeting"  #: timer, of "meeting:4": its day is over
_ALL = (
    sa.select(meetings, grid_nodes.c.name.label("node"))
    .outerjoin(grid_nodes, grid_nodes.c.id == meetings.c.node_id)
    .where(meetings.c.community_id == sa.bindparam("of_community"), meetings.c.active.is_(True))
    .order_by(meetings.c.id)
)


def all_of(db: Connection, community_id: int) -> list[Row[Any]]:
    return list(db.execute(_ALL, {"of_community": community_id}))


def named(db: Connection, community_id: int, name: str) -> Row[Any] | None:
    """By its whole name, or the only one of which this is a part; "" means the only one there is."""
    listed = all_of(db, community_id)
    whole = [one for one in listed if one.name == name]
    found = whole or [one for one in listed if name in one.name]
    return found[0] if len(found) == 1 else None


def hold(
    db: Connection, community_id: int, name: str, node_id: int | None, day: date | None, zone: Any
) -> Row[Any]:
    """Makes a meeting, or changes its grid and its next day. The case list asks for its outcome after it."""
    mine = (meetings.c.community_id == community_id) & (meetings.c.name == name)
    values: dict[str, Any] = {"active": True, "next_on": day}
    if node_id is not None:
        values["node_id"] = node_id
    if not db.execute(sa.update(meetings).where(mine).values(**values)).rowcount:
        db.execute(sa.insert(meetings).values(community_id=community_id, name=name, **values))
    row = next(one for one in all_of(db, community_id) if one.name == name)
    if day is not None:
        at = local_time(day + timedelta(days=1), time(9), zone)
        timers.set_timer(db, MEETING, f"meeting:{row.id}", at, community_id=community_id)
    return row


def day_of(meeting: Row[Any], now: datetime, zone: Any) -> str:
    """Its next day in words; "" where it is over or not fixed."""
    today = now.astimezone(zone).date()
    return waiting.day_text(meeting.next_on) if meeting.next_on and meeting.next_on >= today else ""


def lines(db: Connection, meeting: Row[Any]) -> list[str]:
    found = waiting.on_agenda(db, meeting.community_id, meeting.id)
    return [words.digest_line(case.number, voice.called(case, shared=True)) for case in found]


# --- a case on it --------------------------------------------------------------------------------


def table(db: Connection, case: Row[Any], meeting: Row[Any], *, actor: Actor, now: datetime) -> bool:
    """列入例会: clocks stop, leader and reporter read it. False: it cannot be put there (any more)."""
    if case.urgent or waiting.table(db, case, meeting, actor=actor, now=now) is None:
        return False
    clockwork.stop(db, case.id)
    fresh = queries.case(db, case.id)
    day = day_of(meeting, now, grid.settings_of(db, case.community_id).zone)
    what = voice.called(fresh, shared=True)
    text = words.tabled_reporter(what, fresh.number, meeting.name, day)
    digest.tell_reporter(db, fresh, text, purpose="tabled", now=now)
    card = words.tabled_card(voice.called(fresh, shared=False), fresh.number, meeting.name, day)
    notices.card(db, fresh, card, "tabled-card", now, [])
    return True


def outcome(h: Hearing, case: Row[Any], said: str) -> bool | None:
    """例会结果: reporter and leader read it in neutral words. Returns whether the case goes on; None: it
    stands on no agenda. A done word closes the leader's part, as if he had said it."""
    meeting_id = case.data.get("meeting")
    if meeting_id is None:
        return None
    meeting = h.db.execute(sa.select(meetings).where(meetings.c.id == meeting_id)).one()
    if waiting.outcome(h.db, case, said, actor=h.actor(), now=h.now) is None:
        return None
    reading = read_reply(said, h.knows.packs)
    goes_on = not (reading.action == "done" and reading.sure)
    fresh = queries.case(h.db, case.id)
    _tell(h.db, fresh, meeting.name, mask(said)[:200], h.now, goes_on=goes_on)
    if goes_on:
        clockwork.set_stages(h.db, fresh, h.now)
        clockwork.set_claim(h.db, fresh, h.now)
    else:
        moves.finish(h.db, fresh, actor=h.actor(), now=h.now, words=said, tapped=False)
    return goes_on


def _tell(db: Connection, case: Row[Any], name: str, said: str, now: datetime, *, goes_on: bool) -> None:
    """What was decided in its words to the reporter alone and to the leader; a set phrase to the group."""
    what = voice.called(case, shared=True)
    private = grid.private_chat_of(db, case.reporter_id) if case.reporter_id else None
    if private is not None:
        text = words.outcome_reporter(what, case.number, name, said)
        voice.to_chat(db, private, text, purpose="outcome", now=now, case=case)
    elif not case.private:
        text = words.outcome_group(what, case.number, name, goes_on=goes_on)
        digest.tell_reporter(db, case, text, purpose="outcome", now=now)
    if case.owner_id is not None:
        card = words.outcome_card(voice.called(case, shared=False), case.number, name, said)
        buttons = voice.leader_buttons(db, case, case.owner_id)
        digest.say(db, case.owner_id, card, case=case, purpose="outcome-card", now=now, buttons=buttons)


def over(db: Connection, desk: Desk, timer: Row[Any], now: datetime) -> None:
    """The day is over: who put cases there is asked once what it came to."""
    meeting = db.execute(
        sa.select(meetings).where(meetings.c.id == int(timer.subject.partition(":")[2]))
    ).one()
    listed = waiting.on_agenda(db, meeting.community_id, meeting.id)
    if not meeting.active or not listed:
        return
    town = deadlines.town(grid.settings_of(db, meeting.community_id))
    if (morning := town.reach(now)) > now:
        timers.set_timer(db, MEETING, timer.subject, morning, community_id=meeting.community_id)
        return
    who: dict[int | None, list[Row[Any]]] = {}
    for case in listed:
        query = sa.select(agenda.c.by_person_id).where(
            agenda.c.case_id == case.id, agenda.c.settled_at.is_(None)
        )
        who.setdefault(db.execute(query.limit(1)).scalar(), []).append(case)
    for person, cases in who.items():
        text = words.meeting_over(meeting.name, [case.number for case in cases])
        if person is None or not digest.say(db, person, text, case=cases[0], purpose="meeting-over", now=now):
            notices.tell_admins(db, meeting.community_id, text, now, cases[0])


def pressed_table(h: Hearing, case: Row[Any], button: Row[Any]) -> str:
    """列入例会, under a card: the only meeting there is, or one of them."""
    listed = all_of(h.db, h.community_id)
    wanted = button.data.get("meeting")
    if wanted is None and len(listed) > 1:
        row = [_choice(h, case, one) for one in listed[:6]]
        text = words.which_meeting_card(voice.called(case, shared=False), case.number)
        notices.card(h.db, case, text, "which-meeting", h.now, [[one] for one in row])
        return ""
    meeting = next((one for one in listed if wanted in (None, one.id)), None)
    if meeting is None:
        return words.no_meeting()
    done = table(h.db, case, meeting, actor=h.actor(), now=h.now)
    return words.TO_MEETING if done else words.cannot_table(case.number)


def _choice(h: Hearing, case: Row[Any], meeting: Row[Any]) -> Button:
    return outbox.button(
        h.db,
        meeting.name,
        "case:table_at",
        community_id=case.community_id,
        case_id=case.id,
        person_id=h.person,
        data={"meeting": meeting.id},
    )
