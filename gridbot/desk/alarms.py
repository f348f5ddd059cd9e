"""The emergency lane (紧急通道): the safety sentence at once, and who is called. It waits for no window, no
second voice and no quiet hour.

A danger to all is said where it was said, with those who must come mentioned; the leaders of the place,
their deputies and the level above are called, and every few minutes one level more, until somebody goes.
A danger to one person is spoken of to the reporter and to the contacts named for it, in private alone.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot import texts
from gridbot.cases import actions, closing, queries, rules, voice
from gridbot.desk import notices
from gridbot.desk.context import Hearing
from gridbot.grid import queries as grid
from gridbot.messages import Actor, CaseState, Role, Urgency
from gridbot.store import timers
from gridbot.store.tables import identities, people
from gridbot.texts import alarm
from gridbot.understanding.replies_words import words_of

FALSE_ALARMS = 3  #: somebody went in vain so often within a day: from then on only the leader is called
WITHIN = timedelta(hours=24)
AGAIN = timedelta(minutes=30)  #: a danger reported again after this long is said again
MENTIONED = 3  #: people named in one message

_FIRST = (
    sa.update(identities)
    .where(
        identities.c.community_id == sa.bindparam("of_community"),
        identities.c.platform == sa.bindparam("of_platform"),
        identities.c.user == sa.bindparam("of_user"),
        identities.c.reported_at.is_(None),
    )
    .values(reported_at=sa.bindparam("at"))
)


def first_time(h: Hearing) -> bool:
    """Whether this person never got words from us; from now on they did."""
    which = {
        "of_community": h.community_id,
        "of_platform": h.said.platform,
        "of_user": h.said.sender.id,
        "at": h.now,
    }
    return h.db.execute(_FIRST, which).rowcount == 1


# --- it is said ----------------------------------------------------------------------------------


def sound(h: Hearing, case: Row[Any]) -> None:
    """The safety sentence: to the chat where all are in danger, to the speaker alone where one is."""
    if h.late:
        return
    text = safety_sentence(h, case)
    if case.private:
        private = h.chat if h.private else grid.private_chat_of(h.db, h.person)
        if private is not None:
            _say(h, private, text, case)
        return
    _say(h, h.chat, text, case, mention=() if h.private else _who_must_come(h, case))
    first_time(h)


def _say(
    h: Hearing, chat: Row[Any], text: str, case: Row[Any], mention: tuple[tuple[str, str], ...] = ()
) -> None:
    here = chat.id == h.chat.id
    voice.to_chat(
        h.db,
        chat,
        text,
        purpose="safety",
        now=h.now,
        case=case,
        reply_to=h.said.message if here and not h.private else "",
        thread=h.said.thread if here else "",
        mention=mention,
        urgency=Urgency.EMERGENCY,
    )


def _who_must_come(h: Hearing, case: Row[Any]) -> tuple[tuple[str, str], ...]:
    """Leader and deputy, as this platform mentions people; nobody for whom it rang in vain too often."""
    if _cried_wolf(h, case):
        return ()
    near = [one for one in notices.parties(h.db, case, h.now) if one.person_id is not None]
    return _mentions(h.db, near, h.said.platform)


def _mentions(db: Connection, who: list[Any], platform: str) -> tuple[tuple[str, str], ...]:
    known = [(voice.identity_of(db, one.person_id, platform), one.name) for one in who[:MENTIONED]]
    return tuple((identity.user, name) for identity, name in known if identity is not None)


def page(h: Hearing, case: Row[Any]) -> None:
    """Leaders, deputies and the level above; the leader alone for somebody whose alarms were false."""
    one_only = _cried_wolf(h, case)
    who = notices.tell_everyone(h.db, case, h.now, one_only=one_only)
    actions.note(h.db, case, alarmed=h.now.isoformat())
    if not case.private and not one_only:
        _call_in_leaders_group(h.db, queries.case(h.db, case.id), who, h.now, step=0)


def _cried_wolf(h: Hearing, case: Row[Any]) -> bool:
    """Proven: somebody went in vain and said so, or the reporter took it back himself."""
    since, who = h.now - WITHIN, h.known_person()
    in_vain = closing.false_alarms(h.db, case.community_id, who, since)
    return in_vain + queries.false_alarms(h.db, case.community_id, who, since) >= FALSE_ALARMS


def again(h: Hearing, case: Row[Any]) -> None:
    """Somebody else says the same danger: within half an hour the sentence stands there already; later it
    is said anew, and those who have not come are called anew."""
    last = case.data.get("alarmed")
    if last and h.now - datetime.fromisoformat(last) < AGAIN:
        return
    sound(h, case)
    page(h, case)


def _call_in_leaders_group(db: Connection, case: Row[Any], who: list[Any], now: datetime, step: int) -> None:
    """One card a level in the leaders' group; it is edited when somebody goes."""
    chat = grid.leaders_chat(db, case.community_id)
    if chat is None:
        return
    key = f"alarm:{case.id}:{step}"
    actions.note(db, case, alarm_card=key)
    text = alarm.to_leaders_group(voice.called(case, shared=True), case.number, _clock(db, case))
    mention = _mentions(db, who, chat.platform)
    voice.to_chat(
        db, chat, text, purpose="alarm-card", now=now, case=case, key=key, mention=mention,
        urgency=Urgency.EMERGENCY,
    )  # fmt: skip


def _clock(db: Connection, case: Row[Any]) -> str:
    zone = grid.settings_of(db, case.community_id).zone
    return str(case.reported_at.astimezone(zone).strftime("%H:%M"))


def safety_sentence(h: Hearing, case: Row[Any]) -> str:
    settings = h.knows.settings
    place = rules.public_place(case.place)
    match case.data.get("hazard"):
        case "gas":
            return texts.gas(place, settings.gas)
        case "fire":
            return texts.fire(place)
        case "trapped":
            return texts.trapped(place, settings.elevator)
        case "live_wire":
            return texts.live_wire(place)
        case "collapse":
            return texts.collapse(place)
        case "violence":
            return texts.danger_to_person(settings.police_text)
        case "lost":
            return alarm.lost(settings.police_text)
        case "relapse":
            return alarm.relapse()
        case "crisis":
            return alarm.somebody_in_crisis() if _of_another(h) else texts.crisis(settings.helpline)
        case _:
            return alarm.hurt() if case.private else texts.danger(place)


def _of_another(h: Hearing) -> bool:
    """楼顶有人要跳: of somebody else; 我不想活了: of oneself."""
    words = words_of(h.knows.packs)
    return words.find("of_another", h.said.text or h.said.transcript) is not None


# --- nobody has come -----------------------------------------------------------------------------


def unclaimed(db: Connection, case: Row[Any], timer: Row[Any], now: datetime) -> None:
    """Nobody took it in time: all who were called are called again, and one level more, with the numbers
    to telephone; above the top it is the admins, once. Then it stays visible."""
    if case.state != CaseState.WAITING:
        return
    step = int(timer.data.get("step", 0)) + 1
    settings = grid.settings_of(db, case.community_id)
    named = rules.by_name(case.data.get("hazard", ""), private=case.private)
    fresh, last = _more_contacts(db, case, now) if named else _next_level(db, case, now)
    case = queries.case(db, case.id)
    told = closing.told_people(db, case.id)
    who = list(dict.fromkeys([*told, *(one.person_id for one in fresh)]))
    minutes = int(settings.urgent_claim.total_seconds() // 60) * step
    for person in who:
        text = _still_nobody(db, case, [one for one in who if one != person], minutes, named=named)
        notices.tell(db, case, person, grid.name_of(db, person), now, text=text, ring=True)
    if not case.private:
        _call_in_leaders_group(db, case, fresh, now, step=step)
    if not last:
        timers.set_timer(
            db, notices.ALARM, timer.subject, now + settings.urgent_claim,
            community_id=case.community_id, data={"step": step},
        )  # fmt: skip


def _next_level(db: Connection, case: Row[Any], now: datetime) -> tuple[list[Any], bool]:
    """The case goes one level up; its leaders and those above them. At the top: the admins, and the end."""
    parent = grid.parent_of(db, case.level_node_id or case.node_id)
    if parent is None:
        return _admins(db, case), True
    actions.escalate(db, case, to_node=parent, actor=Actor.system(), now=now)
    above = grid.parent_of(db, parent)
    further = grid.leaders_of(db, above, now) if above is not None else []
    return [*grid.leaders_of(db, parent, now), *further], False


def _more_contacts(db: Connection, case: Row[Any], now: datetime) -> tuple[list[Any], bool]:
    """Never by place: the contacts again, and the admins."""
    found = [*notices.contacts_of(db, case, now), *_admins(db, case)]
    named = [*case.data.get("named", []), *(one.person_id for one in found)]
    actions.note(db, case, named=list(dict.fromkeys(named)))
    return found, True


def _admins(db: Connection, case: Row[Any]) -> list[Any]:
    return [
        grid.Party(grid.name_of(db, person), person, role=Role.ADMIN)
        for person in grid.admins(db, case.community_id)
    ]


def _still_nobody(db: Connection, case: Row[Any], who: list[int], minutes: int, *, named: bool) -> str:
    """With the numbers: it goes to leaders, contacts and admins in private, and nowhere else."""
    rows = db.execute(sa.select(people).where(people.c.id.in_(who), people.c.phone != "")).all()
    phones = {row.id: alarm.phone_line(row.name, row.phone) for row in rows}
    lines = [phones[person] for person in who if person in phones]
    if named:
        first = alarm.still_nobody_named(case.number, minutes)
    else:
        what = voice.called(case, shared=True)
        first = alarm.still_nobody(what, case.number, _clock(db, case), minutes)
        units = grid.units_for(db, case.community_id, case.types, case.side)
        able = [one for one in units if one.contact and set(one.handles) & set(case.types)]
        lines += [alarm.phone_line(one.name, one.contact) for one in able]
    return "\n".join(filter(None, (first, alarm.phone_list(lines))))


# --- it was nothing ------------------------------------------------------------------------------


def false_alarm(
    db: Connection, case: Row[Any], *, actor: Actor, now: datetime, words: str = "", tapped: bool
) -> bool:
    """虚惊: closed at once, all who were called stand down, and a group that was warned is told so."""
    event = closing.false_alarm(db, case, actor=actor, now=now, words=words)
    if event is None:
        return False
    actions.drop_unsaid(db, case.id)
    fresh = queries.case(db, case.id)
    what = voice.called(fresh, shared=True)
    notices.stand_down(db, fresh, now, alarm.false_alarm_told(what, fresh.number))
    undo = voice.undo_button(db, fresh, fresh.owner_id, event, now) if tapped else []
    text = alarm.false_alarm_card(what, fresh.number, undo=texts.UNDO if tapped else "")
    notices.card(db, fresh, text, "false-alarm-card", now, undo)
    if not fresh.private:
        due = now + rules.UNDO_FOR if tapped else now
        clear = alarm.all_clear(what, fresh.number)
        closing.tell_all(db, fresh, clear, purpose="all-clear", now=now, due_at=due)
    return True
