"""What waits, and is told at once: one digest (汇总) a person in the morning, with numbers and buttons.

Quiet hours, hours of a role, a budget for each person and each group, and more than a few reports of one
reporter a day put a line here instead of ringing. Nothing is lost; emergencies never come here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot.cases import actions, deadlines, queries, voice
from gridbot.cases.clocks import Town
from gridbot.grid import queries as grid
from gridbot.grid.settings import SettingsView
from gridbot.messages import OPEN_STATES, Button, ChatKind, OutKind, Urgency
from gridbot.store import outbox, timers
from gridbot.store.tables import cases, held
from gridbot.store.tables import outbox as sent
from gridbot.texts import ladder as words

DIGEST = "digest"  #: timer, of "person:3" or "chat:5"
QUIET, REPORTER, BUDGET, WEEKLY = "quiet", "reporter", "budget", "weekly"
BREATH = timedelta(minutes=10)  #: what comes too thick within it is one message after it
LISTED = "listed"  #: key in case.data: it stood in a digest, its card has not been asked for
RINGS = ("notice", "reminder", "reopened", "to-admin", "digest", "overdue")
_WAITING = (
    sa.select(held)
    .where(
        held.c.told_at.is_(None),
        sa.or_(held.c.person_id == sa.bindparam("of_person"), held.c.chat_id == sa.bindparam("of_chat")),
    )
    .order_by(held.c.id)
)
_RUNG = sa.select(sa.func.count()).where(
    sent.c.chat_id == sa.bindparam("of_chat"),
    sent.c.created_at >= sa.bindparam("since"),
    sent.c.purpose.in_(RINGS),
    sent.c.state != "dropped",
)
_SAID = sa.select(sa.func.count()).where(
    sent.c.chat_id == sa.bindparam("of_chat"),
    sent.c.created_at >= sa.bindparam("since"),
    sent.c.kind.in_((OutKind.SEND.value, OutKind.CARD.value)),
    sent.c.state != "dropped",
)
_SAME_REPORTER = sa.select(sa.func.count()).where(
    cases.c.community_id == sa.bindparam("of_community"),
    cases.c.reporter_id == sa.bindparam("of_person"),
    cases.c.reported_at >= sa.bindparam("since"),
    cases.c.number.is_not(None),
    cases.c.id < sa.bindparam("before"),
    sa.or_(*(cases.c.state == state.value for state in OPEN_STATES)),
)


# --- whether somebody must wait ------------------------------------------------------------------


def waits(
    db: Connection,
    community_id: int,
    person_id: int,
    now: datetime,
    *,
    case: Row[Any] | None = None,
    settings: SettingsView | None = None,
) -> tuple[str, datetime] | None:
    """Why something is not told to this person at once, and when it will be; None: now is the time."""
    settings = settings or grid.settings_of(db, community_id)
    town = deadlines.town(settings)
    role = role_with_hours(db, town, community_id, person_id, now)
    if town.quiet(now, role):
        return QUIET, town.reach(now, role)
    if case is not None and case.first_told_at is None and _one_of_many(db, case, settings, town, now):
        return REPORTER, town.next_digest(now, role)
    if _over_budget(db, person_id, settings, town, now):
        return BUDGET, town.next_digest(now, role)
    if _rung(db, person_id, now - BREATH) >= settings.rings_at_once:
        return BUDGET, town.reach(now + BREATH, role)
    return None


def role_with_hours(db: Connection, town: Town, community_id: int, person_id: int, now: datetime) -> str:
    """Whichever of his roles has hours of its own; "" if none has."""
    if not town.roles:
        return ""
    held_roles = {role.value for role in grid.roles_of(db, community_id, person_id, None, now)}
    return next((role for role in town.roles if role in held_roles), "")


def _one_of_many(db: Connection, case: Row[Any], settings: SettingsView, town: Town, now: datetime) -> bool:
    """More than a few open reports of one person a day: the leader is not to be flooded."""
    if case.reporter_id is None:
        return False
    which = {
        "of_community": case.community_id,
        "of_person": case.reporter_id,
        "since": town.day_began(now),
        "before": case.id,
    }
    return bool(db.execute(_SAME_REPORTER, which).scalar_one() >= settings.reports_a_day)


def _over_budget(db: Connection, person_id: int, settings: SettingsView, town: Town, now: datetime) -> bool:
    return _rung(db, person_id, town.day_began(now)) >= settings.person_budget


def _rung(db: Connection, person_id: int, since: datetime) -> int:
    """How often somebody's telephone rang since then."""
    chat = grid.private_chat_of(db, person_id)
    which = {"of_chat": chat.id, "since": since} if chat is not None else None
    return int(db.execute(_RUNG, which).scalar_one()) if which is not None else 0


def held_back(db: Connection, case: Row[Any], person_id: int, now: datetime) -> datetime | None:
    """Puts a case into somebody's digest if he is not to be disturbed now: when he will read it. None: he
    can be told at once, or cannot be reached at all."""
    if grid.private_chat_of(db, person_id) is None:
        return None
    wait = waits(db, case.community_id, person_id, now, case=case)
    if wait is None:
        return None
    why, until = wait
    hold(db, case.community_id, why, until, now=now, person_id=person_id, case_id=case.id)
    return until


# --- waiting -------------------------------------------------------------------------------------


def hold(
    db: Connection,
    community_id: int,
    why: str,
    until: datetime,
    *,
    now: datetime,
    person_id: int | None = None,
    chat_id: int | None = None,
    case_id: int | None = None,
    text: str = "",
) -> None:
    """One line more for the next digest; the same case is listed once."""
    same = (held.c.told_at.is_(None), held.c.case_id == case_id, held.c.text == text)
    whose = held.c.person_id == person_id if person_id is not None else held.c.chat_id == chat_id
    if db.execute(sa.select(held.c.id).where(whose, *same).limit(1)).first() is None:
        values = {"person_id": person_id, "chat_id": chat_id, "case_id": case_id, "text": text}
        db.execute(sa.insert(held).values(community_id=community_id, why=why, at=now, **values))
    subject = f"person:{person_id}" if person_id is not None else f"chat:{chat_id}"
    timers.set_timer(db, DIGEST, subject, _sooner(db, subject, until), community_id=community_id)


def _sooner(db: Connection, subject: str, until: datetime) -> datetime:
    due = timers.due_at(db, DIGEST, subject)
    return min(due, until) if due is not None else until


def waiting(db: Connection, *, person_id: int | None = None, chat_id: int | None = None) -> list[Row[Any]]:
    return list(db.execute(_WAITING, {"of_person": person_id, "of_chat": chat_id}))


def told(db: Connection, rows: Sequence[Row[Any]], now: datetime) -> None:
    ids = [row.id for row in rows]
    db.execute(sa.update(held).where(held.c.id.in_(ids)).values(told_at=now))


def drop(db: Connection, case_id: int, now: datetime) -> None:
    """The case is told anew, perhaps to somebody else."""
    mine = (held.c.case_id == case_id) & held.c.told_at.is_(None) & (held.c.text == "")
    db.execute(sa.update(held).where(mine).values(told_at=now))


def say(
    db: Connection,
    person_id: int,
    text: str,
    *,
    case: Row[Any],
    purpose: str,
    now: datetime,
    line: str = "",
    buttons: list[list[Button]] | None = None,
) -> bool:
    """A line to a person, at once or in his digest. False: he cannot be reached."""
    chat = grid.private_chat_of(db, person_id)
    if chat is None:
        return False
    wait = waits(db, case.community_id, person_id, now)
    if wait is None:
        voice.to_chat(
            db, chat, text, purpose=purpose, now=now, case=case, buttons=buttons or (), urgency=Urgency.NOTICE
        )
    else:
        why, until = wait
        hold(
            db,
            case.community_id,
            why,
            until,
            now=now,
            person_id=person_id,
            case_id=case.id,
            text=line or text,
        )
    return True


# --- telling -------------------------------------------------------------------------------------


def open_case(db: Connection, row: Row[Any]) -> Row[Any] | None:
    """The case of a line, if it still has to be told."""
    if row.case_id is None:
        return None
    case = queries.case(db, row.case_id)
    return case if case.state in OPEN_STATES and case.number is not None else None


def tell(
    db: Connection,
    person_id: int,
    listed: Sequence[Row[Any]],
    lines: Sequence[str],
    now: datetime,
    *,
    night: bool,
) -> None:
    """One message: the cases with their numbers and a button each, then what else waited. A single case
    comes as its card."""
    name = grid.name_of(db, person_id)
    if len(listed) == 1 and not lines:
        _one(db, listed[0], person_id, name, now)
        return
    chat = grid.private_chat_of(db, person_id)
    if chat is None or not (listed or lines):
        return
    shown = [
        words.digest_line(case.number, voice.called(case, shared=True), supporters=case.supporters)
        for case in listed
    ]
    head = words.digest_night if night else words.digest_day
    parts = [head(name, len(listed), shown)] if listed else []
    parts += [words.digest_lines(lines)] if lines else []
    voice.to_chat(
        db,
        chat,
        "\n".join(parts),
        purpose=DIGEST,
        now=now,
        buttons=_look_buttons(db, listed, person_id),
        urgency=Urgency.NOTICE,
    )
    for case in listed:
        actions.told(db, case, person_id=person_id, private=True, now=now)
        actions.note(db, case, **{LISTED: True})


def _one(db: Connection, case: Row[Any], person_id: int, name: str, now: datetime) -> None:
    text = voice.notice_text(db, case, name, accepted=False)
    buttons = voice.leader_buttons(db, case, person_id)
    voice.leader_card(db, case, person_id, text, purpose="notice", now=now, buttons=buttons)
    actions.told(db, case, person_id=person_id, private=True, now=now)


def _look_buttons(db: Connection, listed: Sequence[Row[Any]], person_id: int) -> list[list[Button]]:
    row = [
        outbox.button(
            db,
            str(case.number),
            "case:look",
            community_id=case.community_id,
            case_id=case.id,
            person_id=person_id,
        )
        for case in listed[:24]
    ]
    return [row[at : at + 4] for at in range(0, len(row), 4)]


def show(db: Connection, case: Row[Any], person_id: int, now: datetime) -> None:
    """The card of a case that stood in a digest, to whoever asks for it."""
    actions.note(db, case, **{LISTED: False})
    name = grid.name_of(db, person_id)
    text = voice.notice_text(db, case, name, accepted=case.accepted_at is not None)
    buttons = voice.leader_buttons(db, case, person_id)
    voice.leader_card(db, case, person_id, text, purpose="notice", now=now, buttons=buttons, ring=True)


# --- groups --------------------------------------------------------------------------------------


def group_waits(db: Connection, case: Row[Any], chat: Row[Any], text: str, now: datetime) -> bool:
    """Whether a line to a group exceeds its day's budget: then it is in the group's digest, with what else
    could wait. Answers to who has just spoken, questions and emergencies never come here."""
    if chat.kind != ChatKind.GROUP.value or case.urgent:
        return False
    settings = grid.settings_of(db, case.community_id)
    town = deadlines.town(settings)
    said = db.execute(_SAID, {"of_chat": chat.id, "since": town.day_began(now)}).scalar_one()
    if said < settings.group_budget:
        return False
    until = town.next_digest(now)
    hold(db, case.community_id, BUDGET, until, now=now, chat_id=chat.id, case_id=case.id, text=text)
    return True


def tell_reporter(db: Connection, case: Row[Any], text: str, *, purpose: str, now: datetime) -> None:
    """A line under the report that can wait: over the group's budget it is in the group's digest."""
    chat = voice.chat_row(db, case.chat_id)
    if case.private or case.parent_id is not None or not group_waits(db, case, chat, text, now):
        voice.tell_reporter(db, case, text, purpose=purpose, now=now)


def tell_group(db: Connection, chat_id: int, now: datetime) -> None:
    """What went over a group's budget, in one message; of what is over by now nothing."""
    rows = waiting(db, chat_id=chat_id)
    told(db, rows, now)
    live = [row for row in rows if row.case_id is None or open_case(db, row) is not None]
    if live:
        text = words.group_digest(list(dict.fromkeys(row.text for row in live)))
        chat = voice.chat_row(db, chat_id)
        voice.to_chat(db, chat, text, purpose=DIGEST, now=now, urgency=Urgency.BULK)
