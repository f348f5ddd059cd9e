"""A leader's plain words: which case they are about, and what they do to it.

收到, 师傅下午来, 修好了, 转给物业, 解决不了. An unquoted word applies when exactly one case fits, else one
question with choices. What is doubtful is asked back, never guessed as done.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Row

from gridbot import texts
from gridbot.cases import actions, queries, voice
from gridbot.cases.drafted import Said
from gridbot.desk import alarms, bouncing, drafts, duty_replies, moves, pausing, remarks, sameplace
from gridbot.desk.context import Hearing
from gridbot.messages import CaseState
from gridbot.store import outbox
from gridbot.texts import closing as words
from gridbot.understanding.reading import Band, Kind, Reading
from gridbot.understanding.replies import ReplyReading, read_reply
from gridbot.understanding.replies_words import words_of

JUST = timedelta(minutes=10)
BARE = 7  #: characters: 这不归我管 says neither whose it is nor why
NEEDS = {  # a word fits a case only in these states
    "accept": (CaseState.WAITING, CaseState.GATHERING),
    "progress": (CaseState.WAITING, CaseState.ACCEPTED),
    "done": (CaseState.WAITING, CaseState.ACCEPTED),
    "transfer": (CaseState.WAITING, CaseState.ACCEPTED),
    "escalate": (CaseState.WAITING, CaseState.ACCEPTED),
    "bounce": (CaseState.WAITING, CaseState.ACCEPTED),
}


def to_case(h: Hearing, case: Row[Any], text: str) -> bool:
    """A leader's words under a notice or under the resident's own message. False: nothing to do with it."""
    if duty_replies.quoted(h, case, text):
        return True
    if not moves.may_handle(h, case):
        return False
    photo = _photo(h, case, text)
    if _was_nothing(h, case, text):
        return True
    if pausing.said(h, case, text):
        return True
    reading = read_reply(text, h.knows.packs)
    if reading.action == "none":
        return photo
    apply(h, case, reading, text)
    return True


def _was_nothing(h: Hearing, case: Row[Any], text: str) -> bool:
    """误报, 虚惊一场: only of an alarm can one say so."""
    if not case.urgent or words_of(h.knows.packs).find("false_alarm", text[:60]) is None:
        return False
    return alarms.false_alarm(h.db, case, actor=h.actor(), now=h.now, words=text, tapped=False)


def _photo(h: Hearing, case: Row[Any], text: str) -> bool:
    """A picture of what was done is welcome and never asked for; it is kept with the case."""
    if not h.said.photos:
        return False
    said = Said(h.inbox_id, h.person, "", h.said.message, h.said.sent_at, h.said.photos, "leader")
    if actions.add(h.db, case, said, actor=h.actor(), now=h.now) and not text and h.private:
        h.answer(words.photo_kept(case.number), purpose="photo-kept", case=case)
    return True


def unquoted(h: Hearing, text: str, *, only_sure: bool) -> bool:
    """A leader's words without a quote: taken if exactly one case of his fits.

    In a group (`only_sure`) nothing is asked back: he may simply be talking.
    """
    person = h.known_person()
    if person is None:
        return False
    reading = read_reply(text, h.knows.packs, answers=False)
    if _alarm_was_nothing(h, text) or duty_replies.unquoted(h, text) or pausing.unquoted(h, text):
        return True
    fits = NEEDS.get(reading.action)
    if fits is None or (only_sure and not reading.sure):
        return False
    mine = [case for case in queries.with_owner(h.db, h.community_id, person) if case.state in fits]
    mine = mine or [one for one in duty_replies.asked_to_take(h, person) if one.state in fits]
    mine = [one for one in mine if not one.data.get("split")] or mine  # a share before the whole
    mine = mine or _just_reported(h, fits)
    named = [case for case in mine if str(case.number) in text]
    mine = named or mine
    if len(mine) == 1:
        apply(h, mine[0], reading, text)
        return True
    if not mine or only_sure:
        return False
    _ask_which(h, mine, text)
    return True


def _alarm_was_nothing(h: Hearing, text: str) -> bool:
    """虚惊一场, unquoted: of the one alarm he has in hand."""
    person = h.known_person()
    if person is None or words_of(h.knows.packs).find("false_alarm", text[:60]) is None:
        return False
    mine = [one for one in queries.with_owner(h.db, h.community_id, person) if one.urgent]
    mine = [one for one in mine if str(one.number) in text] or mine
    return len(mine) == 1 and _was_nothing(h, mine[0], text)


def is_reply(h: Hearing, text: str) -> bool:
    """Words of somebody at work rather than of somebody who reports."""
    reading = read_reply(text, h.knows.packs, answers=False)
    works = remarks.of(h.knows.packs).says("at_work", text)
    return works or (reading.sure and reading.action in ("accept", "progress", "done"))


def his_own_report(h: Hearing, reading: Reading, text: str) -> bool:
    """5号楼楼道灯不亮了, of a leader in the group: plain, sure, placed, and not about what is known already.
    What he does or has done (下午我去看3号楼的阴沟) reports nothing."""
    place = drafts.best_place(reading.places)
    sure = reading.kind is Kind.REPORT and reading.band is Band.OPEN
    if h.private or not sure or place is None or h.said.reply_to or (h.said.photos and not text):
        return False
    if read_reply(text, h.knows.packs, answers=False).action not in ("progress", "ask", "none"):
        return False
    if remarks.of(h.knows.packs).says("at_work", text):
        return False
    known = queries.open_cases(h.db, h.community_id)
    return not any(
        set(one.types) & set(reading.types) and sameplace.related(one.place_key, place.key) for one in known
    )


def _just_reported(h: Hearing, fits: tuple[CaseState, ...]) -> list[Row[Any]]:
    """What came up in this very chat and nobody has been told of yet: 我这就过去 is about that."""
    if h.private:
        return []
    since = h.said.sent_at - JUST
    found = [
        case
        for case in queries.recent_in_chat(h.db, h.chat.id, since)
        if case.owner_id is None and case.state in fits and moves.may_handle(h, case)
    ]
    return found if len(found) == 1 else []


def apply(h: Hearing, case: Row[Any], reading: ReplyReading, text: str) -> None:
    """Does what the words say; the doubtful ones are asked back with buttons."""
    if reading.action == "ask" or not reading.sure:
        _ask_back(h, case, reading)
        return
    match reading.action:
        case "accept":
            if not moves.accept(h.db, case, actor=h.actor(), now=h.now, tapped=False):
                taken = moves.taken_by(h.db, case, h.actor())
                if taken and h.private:
                    h.answer(taken, purpose="taken", case=case)
        case "progress":
            moves.progress(h.db, case, text, until=reading.until or "", actor=h.actor(), now=h.now)
        case "done":
            done = moves.finish(h.db, case, actor=h.actor(), now=h.now, words=text, tapped=False)
            if not done and h.private:
                h.answer(_over(case), purpose="already", case=case)
        case "transfer":
            moves.hand_over(h.db, case, to=reading.to or "", actor=h.actor(), now=h.now, words=text)
        case "escalate":
            moves.escalate(h.db, case, actor=h.actor(), now=h.now, words=text, tapped=False)
        case "bounce":
            bare = not reading.to and len(text.strip(" 。.!！")) <= BARE
            if not (h.private and bare and bouncing.ask_whose(h, case)):
                moves.bounce(h.db, case, actor=h.actor(), now=h.now, words=text, to=reading.to or "")


def _over(case: Row[Any]) -> str:
    """Said done twice: harmless, and whoever says it reads that it is known."""
    closed = case.state == CaseState.CLOSED
    return words.already_closed(case.number) if closed else words.already_done(case.number)


def _ask_which(h: Hearing, cases: list[Row[Any]], text: str) -> None:
    person = h.person
    choices = [
        outbox.button(
            h.db,
            f"{case.number} {'、'.join(case.data.get('titles', []))}",
            "case:said",
            community_id=case.community_id,
            case_id=case.id,
            person_id=person,
            data={"words": text},
        )
        for case in cases[:6]
    ]
    everything = outbox.button(
        h.db,
        texts.ALL_OF_THEM,
        "case:said_all",
        community_id=h.community_id,
        person_id=person,
        data={"words": text, "cases": [case.id for case in cases]},
    )
    buttons = [[one] for one in choices] + [[everything]]
    h.answer(texts.which_case(len(cases)), purpose="which-case", buttons=buttons)


def _ask_back(h: Hearing, case: Row[Any], reading: ReplyReading) -> None:
    if reading.action == "done":
        text = texts.really_done(voice.called(case, shared=not h.private), case.number)
    else:
        text = texts.not_understood_leader(case.number)
    if h.private:
        buttons = voice.leader_buttons(h.db, case, h.person)
        h.answer(text, purpose="ask-leader", buttons=buttons, case=case)
