"""A resident speaks about something already reported: mended, not yet, me too, where is mine, never mind."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Row

from gridbot import texts
from gridbot.cases import actions, queries, voice
from gridbot.desk import amends, drafts, endings, fragments, remarks, sameplace, twins
from gridbot.desk.context import Hearing
from gridbot.messages import OPEN_STATES, CaseState, IncomingKind, Role
from gridbot.texts import duty
from gridbot.understanding.reading import Kind, Reading
from gridbot.understanding.replies import read_confirmation
from gridbot.understanding.replies_words import words_of
from gridbot.understanding.text import clean

REOPEN = timedelta(days=7)
ANSWER = 15  #: characters; an unquoted answer is short
_LIVE = (*OPEN_STATES, CaseState.DONE)
_ANSWERS = ("mended", "better", "not_yet")


def about_a_case(h: Hearing, case: Row[Any], reading: Reading) -> bool:
    """Something said under a case's message, or after a question about it. False: not about it."""
    text = h.said.text or h.said.transcript
    mine = _mine(h, case)
    if reading.kind is Kind.WITHDRAW and h.known_person() == case.reporter_id:
        withdraw(h, case)
    elif mine and not drafts.reports(reading) and answered(h, case, text):
        return True
    elif reading.kind is Kind.RESOLVED and mine:
        return not _not_mended(h, text) and mended(h, case)
    elif reading.kind is Kind.STILL and mine:
        not_yet(h, case)
    elif reading.kind is Kind.STATUS:
        _say(h, case, _line(case), purpose="status")
    elif not mine and case.state in _LIVE and _joins(h, case, reading, text):
        twins.second(h, case, reading, report=drafts.reports(reading))
    elif mine and case.state in OPEN_STATES and fragments.may_join(h, reading, text, case):
        fragments.join(h, case, reading)
    else:
        return _of_that_talk(h, case, reading)
    return True


def _of_that_talk(h: Hearing, case: Row[Any], reading: Reading) -> bool:
    """我去叫保安, under somebody's emergency: part of that talk, whatever it sounds like by itself."""
    talk = case.urgent and case.state in _LIVE and not reading.urgent
    return bool(talk) and h.known_person() != case.reporter_id and drafts.best_place(reading.places) is None


def _joins(h: Hearing, case: Row[Any], reading: Reading, text: str) -> bool:
    if reading.kind is Kind.SUPPORT:
        return not remarks.of(h.knows.packs).other_talk(text)
    if drafts.reports(reading):
        return bool(set(reading.types) & set(case.types))
    return twins.claims(h, case, reading, text)


def _mine(h: Hearing, case: Row[Any]) -> bool:
    person = h.known_person()
    return person is not None and (
        person == case.reporter_id or person in queries.supporter_ids(h.db, case.id)
    )


def hear_aside(h: Hearing, reading: Reading) -> bool:
    """Words that belong to a case without naming it. Returns whether they did."""
    text = h.said.text or h.said.transcript
    match reading.kind:
        case Kind.STATUS:
            return status(h)
        case Kind.RESOLVED:
            return _resolved(h, reading, text)
        case Kind.STILL:
            case = _meant(h, (CaseState.DONE, CaseState.CLOSED), reading, text)
            return case is not None and not_yet(h, case)
        case Kind.WITHDRAW:
            case = _meant(h, OPEN_STATES, reading, text)
            return case is not None and withdraw(h, case)
        case Kind.SUPPORT:
            return twins.remarked(h, reading, text)
        case Kind.CHAT:
            if _answers_unquoted(h, reading, text):
                return True
            return remarks.of(h.knows.packs).came_back(text) and _resolved(h, reading, text)
        case _:
            return remarks.of(h.knows.packs).came_back(text) and _resolved(h, reading, text)


def _resolved(h: Hearing, reading: Reading, text: str) -> bool:
    """亮了谢谢: the reporter's word closes; a supporter's only after the leader said so. What only sounds so
    closes nothing: 又不亮了, 亮了吗."""
    if _not_mended(h, text):
        case = _meant(h, (CaseState.DONE, CaseState.CLOSED), reading, text)
        return case is not None and _says_not_yet(h, text) and not_yet(h, case)
    if len(text) <= ANSWER and _weak(h, text):
        return False
    case = _meant(h, _LIVE, reading, text)
    if case is None or (case.reporter_id != h.known_person() and case.state != CaseState.DONE):
        return False
    return answered(h, case, text) or mended(h, case)


def _not_mended(h: Hearing, text: str) -> bool:
    asks = words_of(h.knows.packs).find("asked", text) is not None
    return asks or _says_not_yet(h, text)


def _says_not_yet(h: Hearing, text: str) -> bool:
    return read_confirmation(text, h.knows.packs) == "not_yet"


def _weak(h: Hearing, text: str) -> bool:
    """In a group a mere yes or thanks may be meant for anybody."""
    return not h.private and words_of(h.knows.packs).whole("weak_answer", clean(text).norm.strip())


def _meant(h: Hearing, states: tuple[CaseState, ...], reading: Reading, text: str) -> Row[Any] | None:
    """The speaker's own case that fits; if several do, the one at the place named, else none."""
    person = h.known_person()
    if person is None:
        return None
    since = h.said.sent_at - REOPEN
    own = queries.of_reporter(h.db, h.community_id, person, [state.value for state in states])
    backed = queries.of_supporter(h.db, h.community_id, person)
    own += [one for one in backed if one.state in states]
    own = [one for one in own if one.reported_at >= since and (one.number is not None or one.types)]
    place = drafts.best_place(reading.places)
    if place is not None:
        key = place.key
        own = [one for one in own if not one.place_key or sameplace.related(one.place_key, key)]
    about = drafts.topics(h, remarks.of(h.knows.packs).without("aid", text))
    if about:
        own = [one for one in own if about & set(one.types)]
    done = [one for one in own if one.state == CaseState.DONE]
    if len(done) == 1:
        return done[0]
    here = [one for one in own if one.chat_id == h.chat.id] or own
    return here[0] if len(here) == 1 else None


def mended(h: Hearing, case: Row[Any]) -> bool:
    """亮了谢谢: closes the case, whoever had it."""
    if actions.confirm(h.db, case, actor=h.actor(Role.RESIDENT), now=h.now) is None:
        return False
    _keep(h, case)
    actions.drop_unsaid(h.db, case.id)
    if case.number is not None:
        _thank(h, case)
        endings.after_closed(h.db, case.id, h.now)
    return True


def _thank(h: Hearing, case: Row[Any]) -> None:
    if h.late:
        return
    if h.private:
        h.answer(texts.glad(case.number), purpose="glad", case=case)
    elif not case.private:
        voice.react(h.db, h.chat, h.said.message, voice.MENDED, case=case, now=h.now)


def _keep(h: Hearing, case: Row[Any], part: str = "answer") -> None:
    """The words that said so stay with the case."""
    if h.said.kind is IncomingKind.MESSAGE and not actions.has_message(h.db, case.id, h.inbox_id):
        actions.keep_message(h.db, case.community_id, case.id, drafts.said_of(h, part=part))


def not_yet(h: Hearing, case: Row[Any], *, say: bool = True, part: str = "answer") -> bool:
    """还没好: reopens; the leader and the level above hear it. `part`: "report" where it tells more."""
    if actions.reopen(h.db, case, actor=h.actor(Role.RESIDENT), now=h.now) is None:
        return False
    _keep(h, case, part)
    if say:
        _say(h, case, texts.still_not(case.number), purpose="reopened-ack")
    endings.after_reopened(h.db, case.id, h.now)
    return True


def better(h: Hearing, case: Row[Any], *, say: bool = True) -> bool:
    """好一点: the leader goes on with it."""
    if actions.better(h.db, case, actor=h.actor(Role.RESIDENT), now=h.now) is None:
        return False
    _keep(h, case)
    if say:
        _say(h, case, texts.partly(case.number), purpose="partly-ack")
    endings.after_better(h.db, case.id, h.now)
    return True


def answered(h: Hearing, case: Row[Any], text: str) -> bool:
    """A plain answer to 您看好了吗, by whoever was asked. False: it is none."""
    if case.state != CaseState.DONE or not text:
        return False
    match read_confirmation(text, h.knows.packs):
        case "mended":
            return mended(h, case)
        case "better":
            return better(h, case)
        case "not_yet":
            return not_yet(h, case)
        case _:
            return False


def _answers_unquoted(h: Hearing, reading: Reading, text: str) -> bool:
    """有水了, 还是不行, of somebody who was asked in this chat and does not quote the question."""
    if not (h.has_case or h.private) or len(text) > ANSWER or _weak(h, text):
        return False
    if read_confirmation(text, h.knows.packs) not in _ANSWERS:
        return False  # most of what is said in a group: the words tell before anything is looked up
    case = _meant(h, (CaseState.DONE,), reading, text)
    return case is not None and (h.private or case.chat_id == h.chat.id) and answered(h, case, text)


def withdraw(h: Hearing, case: Row[Any]) -> bool:
    if actions.withdraw(h.db, case, actor=h.actor(), now=h.now) is None:
        return False
    _keep(h, case)
    amends.no_report(h, case, h.said.text or h.said.transcript)
    _say(h, case, texts.withdrawn(case.number), purpose="withdrawn")
    if not case.private:
        voice.react(h.db, voice.chat_row(h.db, case.chat_id), case.platform_message, "", case=case, now=h.now)
    endings.after_withdrawn(h.db, case, h.now)
    return True


def _say(h: Hearing, case: Row[Any], text: str, *, purpose: str) -> None:
    """A line about a case; of a private one nothing is said where others read."""
    if not h.late and (h.private or not case.private):
        h.answer(text, purpose=purpose, case=case)


def status(h: Hearing) -> bool:
    """我报的到哪了: always one line to whoever asks of their own; in a group only if they have something."""
    person = h.known_person()
    cases = queries.of_reporter(h.db, h.community_id, person) if person is not None else []
    shown = [case for case in cases if case.number is not None and (h.private or not case.private)]
    if shown:
        h.answer(texts.status_lines(_line(case) for case in shown[:5]), purpose="status")
    elif h.for_us:
        h.answer(texts.nothing_reported(), purpose="status")
    return bool(shown) or h.for_us


def _line(case: Row[Any]) -> str:
    state = texts.STATE_WORDS[case.state]
    if case.state == CaseState.WAITING and (case.data.get("bounces") or case.data.get("looking")):
        state = duty.looking_state()  # 不归我管 is between the handlers
    if case.state == CaseState.ACCEPTED and case.until_text:
        state = f"{state},{case.until_text}"
    return texts.status_line(voice.called(case, shared=True), case.number, state)
