"""约请: a unit is invited to one case with a dated ask. It is no hand-over: the case stays where it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row

from gridbot.almanac import parse_when
from gridbot.cases import asks, queries, voice
from gridbot.cases.rules import public_place
from gridbot.desk import dispatching, notices
from gridbot.desk.context import Hearing
from gridbot.grid import queries as grid
from gridbot.grid.rules import UnitScope
from gridbot.messages import Actor, CaseState, Urgency
from gridbot.privacy import mask
from gridbot.store import timers
from gridbot.texts import duty as words

ASK = "ask"  #: timer, subject "ask:<id>"
_LIVE = (CaseState.GATHERING, CaseState.WAITING, CaseState.ACCEPTED, CaseState.DONE)
_MORNING, _EVENING = time(9), time(18)
_DAY = re.compile(
    r"(?:(?:20\d\d年)?(?:[\d一二三四五六七八九十]{1,3}月)?[\d一二三四五六七八九十廿]{1,3}[日号]"
    r"|(?:下个?|本|这个?)?(?:周|星期|礼拜)[一二三四五六日天]|大?[今明后][天日])"
    r"(?:[早上中下晚]?[上午间]?)?(?:[\d一二三四五六七八九十]{1,3}点半?)?(?:之?前|以前)?"
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody says after 约请: 燃气公司 周五前 看看阀门 128."""

    unit: str
    number: int | None
    due: datetime | None
    words: str


def understood(text: str, now: datetime, zone: ZoneInfo) -> Wanted | None:
    """None: there is no unit, or nothing it is asked to do."""
    number = re.search(r"(?:^|\s)#?(\d{1,7})(?:\s*号?)?$|^#?(\d{1,7})\s", text)
    rest = text if number is None else (text[: number.start()] + " " + text[number.end() :]).strip()
    unit, _, rest = rest.strip().partition(" ")
    day = _DAY.search(rest)
    when = parse_when(rest, now, zone) if day is not None else None
    asked = (rest if day is None else rest[: day.start()] + rest[day.end() :]).strip(" ,,。")  # noqa: B005
    if not unit or not asked:
        return None
    found = int(number[1] or number[2]) if number else None
    return Wanted(unit, found, _deadline(when, zone), asked)


def _deadline(when: datetime | date | None, zone: ZoneInfo) -> datetime | None:
    """A day ends with its office hours."""
    if when is None or isinstance(when, datetime):
        return when
    return datetime.combine(when, _EVENING, zone)


def invite(
    db: Connection, case: Row[Any], wanted: Wanted, unit: UnitScope | None, *, actor: Actor, now: datetime
) -> str:
    """Tells the unit, or gives the words to pass on; sets the reminder. Returns what the inviter reads."""
    assert wanted.due is not None
    ask = asks.invite(
        db,
        case,
        unit_id=unit.id if unit else None,
        name=unit.name if unit else wanted.unit,
        words=wanted.words,
        due_at=wanted.due,
        actor=actor,
        now=now,
    )
    name, day = unit.name if unit else wanted.unit, said_day(db, case, wanted.due)
    zone = grid.settings_of(db, case.community_id).zone
    morning = datetime.combine(wanted.due.astimezone(zone).date(), _MORNING, zone)
    first = morning if morning > now else max(now, wanted.due - timedelta(hours=1))
    subject, data = f"ask:{ask}", {"step": "remind"}
    timers.set_timer(db, ASK, subject, first, community_id=case.community_id, data=data)
    about = "、".join(case.data.get("titles", []))
    place = "" if case.private else public_place(case.place)
    about = f"{place}{about}"
    told = _tell(db, case, unit, day, wanted.words, about, now) if unit else False
    text = words.invited(name, day, wanted.words, case.number)
    if told:
        return text
    community = dispatching.community_name(db, case.community_id)
    back = dispatching.callback(db, case)
    forward = words.invitation_to_forward(name, community, day, wanted.words, case.number, about, back)
    return f"{text}\n{words.no_account(name, unit.contact if unit else '')}\n\n{forward}"


def said_day(db: Connection, case: Row[Any], due: datetime) -> str:
    zone = grid.settings_of(db, case.community_id).zone
    return due.astimezone(zone).strftime("%-m月%-d日")


def _tell(
    db: Connection, case: Row[Any], unit: UnitScope, day: str, asked: str, about: str, now: datetime
) -> bool:
    told = False
    community = dispatching.community_name(db, case.community_id)
    text = words.invitation_to_unit(unit.name, community, day, asked, case.number, about)
    for person in dispatching.reached(db, unit, now):
        told = _say(db, case, person.person_id, text, "invitation", now) or told
    return told


def _say(
    db: Connection, case: Row[Any], person_id: int | None, text: str, purpose: str, now: datetime
) -> bool:
    chat = grid.private_chat_of(db, person_id) if person_id is not None else None
    if chat is None:
        return False
    due = dispatching.by_day(db, case.community_id, now)
    voice.to_chat(db, chat, text, purpose=purpose, now=now, case=case, urgency=Urgency.NOTICE, due_at=due)
    return True


# --- what comes of it ----------------------------------------------------------------------------


def answered(h: Hearing, case: Row[Any], text: str) -> bool:
    """Whoever speaks for an invited unit answers, under the invitation. False: he was not invited."""
    person = h.known_person()
    if person is None or not text:
        return False
    own = grid.units_of_person(h.db, h.community_id, person, h.now)
    ask = next((one for one in asks.open_asks(h.db, case.id) if one.unit_id in own), None)
    if ask is None or case.unit_id in own:
        return False
    answer(h.db, case, ask, text, actor=h.actor(), now=h.now)
    h.answer(words.answer_kept(case.number), purpose="answer-kept", case=case)
    return True


def answer(db: Connection, case: Row[Any], ask: Row[Any], text: str, *, actor: Actor, now: datetime) -> None:
    """Recorded; whoever has the case reads it, unless he entered it himself."""
    asks.answer(db, case, ask, text, actor=actor, now=now)
    timers.cancel(db, ASK, f"ask:{ask.id}")
    fresh = queries.case(db, case.id)
    if fresh.owner_id not in (None, actor.person):
        said = words.ask_answered(ask.unit or ask.name, case.number, mask(text)[:200])
        _say(db, fresh, fresh.owner_id, said, "ask-answered", now)
    notices.refresh_card(db, fresh, now)


def due(db: Connection, timer: Row[Any], now: datetime) -> None:
    """The morning of the day: a reminder; after the day: the handler hears that nothing came."""
    ask = asks.ask(db, int(timer.subject.partition(":")[2]))
    if ask is None or ask.state != asks.OPEN:
        return
    case = queries.case(db, ask.case_id)
    if case.state not in _LIVE:
        return
    if timer.data.get("step") == "remind":
        _remind(db, case, ask, now)
        late = max(ask.due_at, now)
        data = {"step": "late"}
        timers.set_timer(db, ASK, timer.subject, late, community_id=case.community_id, data=data)
    else:
        text = words.ask_overdue(ask.unit or ask.name, mask(ask.words), case.number)
        _say(db, case, case.owner_id or ask.by_person_id, text, "ask-overdue", now)


def _remind(db: Connection, case: Row[Any], ask: Row[Any], now: datetime) -> None:
    asks.reminded(db, ask, now)
    unit = dispatching.unit_of(db, case.community_id, ask.unit_id) if ask.unit_id else None
    day, told = said_day(db, case, ask.due_at), False
    for person in dispatching.reached(db, unit, now) if unit else ():
        text = words.ask_remind_unit(day, mask(ask.words), case.number)
        told = _say(db, case, person.person_id, text, "ask-reminder", now) or told
    if not told:
        contact = unit.contact if unit else ""
        text = words.ask_remind_leader(ask.unit or ask.name, contact, mask(ask.words), case.number)
        _say(db, case, case.owner_id or ask.by_person_id, text, "ask-reminder", now)
