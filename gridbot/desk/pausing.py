"""暂缓: the clocks of a case stand still, for a reason in a word, until a day; all concerned can see it.

"等配件到周四", "等业主表决", "暂缓 128 等审批". Without a reason it is asked for. What is waited for is said
to others only as one of the set phrases of intents/limits/pauses.yaml; a leader's own words stay his.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot.almanac import parse_when
from gridbot.cases import actions, deadlines, queries, voice, waiting
from gridbot.cases.limitbook import PauseWords, Waits, book_in_use
from gridbot.desk import clockwork, digest, moves, notices
from gridbot.desk.context import Desk, Hearing
from gridbot.grid import queries as grid
from gridbot.messages import Actor, CaseState
from gridbot.store import outbox, timers
from gridbot.store.tables import questions
from gridbot.texts import ladder as words

ANSWER_FOR = timedelta(hours=12)
PAUSABLE = (CaseState.WAITING, CaseState.ACCEPTED)
_WAIT = re.compile(r"(?:^|[,,。;; ])(?:得|要|需要?|还得|还要|先|只能|正)?等(?P<what>[^,,。;;!!??]{1,20})")
_NUMBER = re.compile(r"^\s*#?\d{1,7}\s*(?:号|这件)?[,,::]?\s*")
_ESTIMATE = re.compile(r"预计|估计|大概|应该|可能|快")
_ASKING = re.compile(r"[吗呢??]\s*$")


@dataclass(frozen=True, slots=True)
class Pause:
    """What a leader's words ask for. `what`: the set phrase (等配件), "" where the reason is his own or
    missing; `reason`: whether there is one; `until`: the day he named."""

    what: str
    reason: bool
    until: date | None


def read(text: str, now: datetime, zone: Any, book: PauseWords, *, told: bool = False) -> Pause | None:
    """None: no pause is meant. `told`: it was asked for, so any words are a reason."""
    plain = _NUMBER.sub("", text.strip())
    if _ASKING.search(plain) and not told:
        return None
    outright = next((word for word in book.words if word in plain), None)
    rest = _NUMBER.sub("", plain.replace(outright, " ", 1).strip()) if outright else plain
    waited = _WAIT.search(rest)
    thing = _thing(waited["what"] if waited else rest if outright or told else "", book)
    until = _day(rest, now, zone)
    if outright is None and not told:
        guess = thing is None or waited is None or bool(_ESTIMATE.search(rest))
        if guess or (until is None and not (thing and thing.alone)):
            return None
    reason = bool(thing or waited or _words_left(rest))
    return Pause(words.waits_for(thing.name) if thing else "", reason, until)


def _thing(text: str, book: PauseWords) -> Waits | None:
    """Whichever set phrase is named first."""
    found = [(text.find(word), one) for one in book.waits for word in one.words if word in text]
    return min(found, key=lambda one: one[0])[1] if found else None


def _day(text: str, now: datetime, zone: Any) -> date | None:
    """The day named; 周四 on a Thursday is the next one."""
    when = parse_when(text, now, zone)
    day = when.date() if isinstance(when, datetime) else when
    today = now.astimezone(zone).date()
    if day is None or day > today:
        return day
    return day + timedelta(days=7) if re.search(r"周|星期|礼拜", text) else None


def _words_left(rest: str) -> bool:
    """Whether something is said beside the day."""
    bare = re.sub(r"[\s\d到至月日号周一二三四五六天下个本这,,。.!!再先吧了办]", "", rest)
    return len(bare) >= 2


# --- a leader's words ----------------------------------------------------------------------------


def said(h: Hearing, case: Row[Any], text: str) -> bool:
    """Words about this case that ask for a pause, or end one. False: they are about something else."""
    book = book_in_use().pauses
    if any(word in text for word in book.resume) and case.data.get("paused"):
        return resume(h.db, case, actor=h.actor(), now=h.now)
    if case.state not in PAUSABLE or case.urgent:
        return False
    pause = read(text, h.now, h.knows.settings.zone, book)
    if pause is None:
        return False
    if pause.reason:
        start(h.db, case, pause, text, actor=h.actor(), now=h.now)
    else:
        ask_why(h, case)
    return True


def unquoted(h: Hearing, text: str) -> bool:
    """Without a quote: the answer to 等什么呢, or words that fit exactly one case of his."""
    person = h.known_person()
    if person is None or not text:
        return False
    if h.private and _answers(h, text):
        return True
    book = book_in_use().pauses
    resumes = any(word in text for word in book.resume)
    if not resumes and read(text, h.now, h.knows.settings.zone, book) is None:
        return False
    mine = [one for one in queries.with_owner(h.db, h.community_id, person) if one.state in PAUSABLE]
    if resumes:
        mine = [one for one in mine if one.data.get("paused")]
    mine = [one for one in mine if re.search(rf"(?<!\d){one.number}(?!\d)", text)] or mine
    return len(mine) == 1 and said(h, mine[0], text)


def ask_why(h: Hearing, case: Row[Any]) -> None:
    """One question, with the usual answers as buttons."""
    buttons = [
        outbox.button(
            h.db,
            words.waits_for(one.name),
            "case:pause_for",
            community_id=case.community_id,
            case_id=case.id,
            person_id=h.person,
            data={"thing": one.name},
        )
        for one in book_in_use().pauses.waits[:3]
    ]
    row = h.answer(words.pause_why(case.number), purpose="pause-why", buttons=[buttons], case=case)
    if row is not None:
        asked = {"asked_at": h.now, "until": h.now + ANSWER_FOR, "outbox_id": row}
        whose = {"chat_id": h.chat.id, "case_id": case.id, "person_id": h.person}
        h.db.execute(
            sa.insert(questions).values(
                community_id=case.community_id, kind="pause", data={}, **whose, **asked
            )
        )


def _answers(h: Hearing, text: str) -> bool:
    """The reason that was asked for: whatever he says next, unless it is a command or a result."""
    pending = [
        one
        for one in queries.pending_questions(h.db, h.chat.id, h.now)
        if one.kind == "pause" and one.person_id == h.known_person()
    ]
    if not pending:
        return False
    h.db.execute(sa.update(questions).where(questions.c.id == pending[0].id).values(answered_at=h.now))
    case = queries.case(h.db, pending[0].case_id)
    if case.state not in PAUSABLE or not moves.may_handle(h, case):
        return False
    pause = read(text, h.now, h.knows.settings.zone, book_in_use().pauses, told=True)
    if pause is None or not pause.reason:
        return False
    start(h.db, case, pause, text, actor=h.actor(), now=h.now)
    return True


def may(h: Hearing, case: Row[Any]) -> bool:
    return moves.may_handle(h, case)


# --- the pause -----------------------------------------------------------------------------------


def start(db: Connection, case: Row[Any], pause: Pause, text: str, *, actor: Actor, now: datetime) -> bool:
    """Clocks stop, the reporter reads one line, the card says so; it goes on by itself on the day."""
    settings = grid.settings_of(db, case.community_id)
    town, book = deadlines.town(settings), book_in_use().pauses
    thing = next((one for one in book.waits if words.waits_for(one.name) == pause.what), None)
    longest = town.finish_by(now, thing.most if thing else book.longest)
    until = town.opens(pause.until) if pause.until is not None else longest
    until = max(min(until, longest), now + timedelta(minutes=1))
    what = pause.what or words.WAITS
    if waiting.pause(db, case, what=what, words=text, until=until, actor=actor, now=now) is None:
        return False
    clockwork.stop(db, case.id)
    subject = actions.subject(case.id)
    timers.set_timer(db, clockwork.RESUME, subject, until, community_id=case.community_id)
    fresh = queries.case(db, case.id)
    day = waiting.day_text(until.astimezone(settings.zone).date())
    called = voice.called(fresh, shared=True)
    digest.tell_reporter(
        db, fresh, words.paused_reporter(called, fresh.number, what, day), purpose="paused", now=now
    )
    buttons = [[_button(db, fresh, words.RESUME, "case:resume")], *_usual(db, fresh)]
    card = words.paused_card(voice.called(fresh, shared=False), fresh.number, what, day)
    notices.card(db, fresh, card, "paused-card", now, buttons)
    return True


def _usual(db: Connection, case: Row[Any]) -> list[list[Any]]:
    return voice.leader_buttons(db, case, case.owner_id) if case.owner_id is not None else []


def _button(db: Connection, case: Row[Any], text: str, action: str) -> Any:
    return outbox.button(
        db,
        text,
        action,
        community_id=case.community_id,
        case_id=case.id,
        person_id=case.owner_id,
    )


def resume(db: Connection, case: Row[Any], *, actor: Actor, now: datetime, by_itself: bool = False) -> bool:
    """The clocks go on where they stood. False: it was not paused."""
    if not waiting.resume(db, case, actor=actor, now=now):
        return False
    timers.cancel(db, clockwork.RESUME, actions.subject(case.id))
    fresh = queries.case(db, case.id)
    clockwork.recount(db, fresh, now)
    if fresh.state == CaseState.WAITING:
        clockwork.set_claim(db, fresh, now)
    if fresh.state not in PAUSABLE or fresh.owner_id is None:
        return True
    text = (words.resumed_card if by_itself else words.resumed_by_hand)(
        voice.called(fresh, shared=False), fresh.number
    )
    if by_itself:
        voice.leader_card(
            db, fresh, fresh.owner_id, text, purpose="resumed", now=now, buttons=_usual(db, fresh), ring=True
        )
    else:
        notices.card(db, fresh, text, "resumed", now, _usual(db, fresh))
    return True


def over(db: Connection, desk: Desk, timer: Row[Any], now: datetime) -> None:
    """The day has come."""
    case = queries.case(db, int(timer.subject.partition(":")[2]))
    if not case.data.get("paused"):
        return
    until = datetime.fromisoformat(case.data["paused"]["until"])
    if now < until:  # it was put off meanwhile
        timers.set_timer(db, clockwork.RESUME, timer.subject, until, community_id=case.community_id)
        return
    resume(db, case, actor=Actor.system(), now=now, by_itself=True)


# --- buttons -------------------------------------------------------------------------------------


def pressed_pause(h: Hearing, case: Row[Any], button: Row[Any]) -> str:
    if case.state not in PAUSABLE or case.urgent:
        return words.cannot_pause(case.number)
    ask_why(h, case)
    return ""


def pressed_for(h: Hearing, case: Row[Any], button: Row[Any]) -> str:
    """等配件, under the question: until its usual time, at most."""
    thing = str(button.data["thing"])
    if case.state not in PAUSABLE:
        return words.cannot_pause(case.number)
    what = words.waits_for(thing)
    start(h.db, case, Pause(what, True, None), what, actor=h.actor(), now=h.now)
    mine = (questions.c.case_id == case.id) & (questions.c.kind == "pause")
    h.db.execute(sa.update(questions).where(mine).values(answered_at=h.now))
    return words.PAUSE


def pressed_resume(h: Hearing, case: Row[Any], button: Row[Any]) -> str:
    done = resume(h.db, case, actor=h.actor(), now=h.now)
    return words.RESUME if done else words.not_paused(case.number)
