"""又堵了, 又坏了: a fault without a thing. It means what was just talked about; else one question is put."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Row

from gridbot.cases import actions, queries
from gridbot.cases.actions import Draft
from gridbot.desk import drafts, fragments, notices, opening, remarks
from gridbot.desk.context import Hearing
from gridbot.desk.remarks import Talk
from gridbot.messages import CaseState, IncomingKind, load_incoming
from gridbot.store.tables import inbox
from gridbot.understanding.reading import Band, Kind, Place, Reading

CONTEXT = timedelta(minutes=10)  #: how far back talk explains such words
CASES = timedelta(days=7)  #: and how far back a case of the same person does

_SOMEWHERE = "1号楼"  #: whether a fault is said of a thing is tried as if a place stood there

_TALK = (
    sa.select(inbox.c.incoming, inbox.c.user)
    .where(
        inbox.c.chat_id == sa.bindparam("of_chat"),
        inbox.c.id < sa.bindparam("before"),
        inbox.c.sent_at >= sa.bindparam("since"),
        inbox.c.incoming.is_not(None),
    )
    .order_by(inbox.c.id.desc())
    .limit(12)
)


def said(text: str, talk: Talk) -> str:
    """The fault such words name ("堵"); "" if they are no vague report."""
    found = talk.match("vague", text) if 0 < len(text) <= 30 else None
    return found["fault"] if found else ""


def hear(h: Hearing, reading: Reading, text: str) -> bool:
    """A vague report: resolved by the talk before it, by the sender's earlier case, or asked about."""
    fault = said(text, remarks.of(h.knows.packs))
    if not fault or h.leads or (drafts.reports(reading) and reading.band is Band.OPEN):
        return False
    talk = _talk_before(h)
    for words in talk:
        meant = complete(h, words, fault)
        if meant is not None:
            _open(h, meant, words)
            return True
    earlier = _own_earlier(h)
    if earlier is not None:
        _again(h, earlier)
        return True
    return _unclear(h, reading, text, fault)


def complete(h: Hearing, context: str, fault: str) -> Reading | None:
    """The report that "又堵了" makes of "2号楼那根管子…": thing and place from there, the fault from here."""
    for thing, _ in drafts.things(h, context):
        reading = drafts.read(h, f"{_SOMEWHERE}{thing}又{fault}了")
        if drafts.reports(reading) and reading.band is Band.OPEN:
            places = drafts.with_places(h, Reading(Kind.CHAT, Band.SILENT), context).places
            return _at(reading, places)
    return None


def _at(reading: Reading, places: tuple[Place, ...]) -> Reading:
    from dataclasses import replace

    return replace(reading, places=places, because=(*reading.because, "接着刚才说的"))


def _talk_before(h: Hearing) -> list[str]:
    """What was said in this chat just before, the sender's own words first, then the latest."""
    which = {"of_chat": h.chat.id, "before": h.inbox_id, "since": h.said.sent_at - CONTEXT}
    own: list[str] = []
    others: list[str] = []
    for row in h.db.execute(_TALK, which):
        one = load_incoming(row.incoming)
        if one.kind != IncomingKind.MESSAGE or not one.text or remarks.of(h.knows.packs).other_talk(one.text):
            continue
        (own if row.user == h.said.sender.id else others).append(one.text)
    return own + others


def _own_earlier(h: Hearing) -> Row[Any] | None:
    """The one case of the sender's in this chat that these words can mean."""
    person = h.known_person()
    if person is None:
        return None
    states = [CaseState.WAITING, CaseState.ACCEPTED, CaseState.DONE, CaseState.CLOSED]
    since = h.said.sent_at - CASES
    found = [
        case
        for case in queries.of_reporter(h.db, h.community_id, person, [state.value for state in states])
        if case.chat_id == h.chat.id and case.number is not None and _latest(case) >= since
    ]
    return found[0] if len(found) == 1 else None


def _latest(case: Row[Any]) -> Any:
    return case.closed_at or case.done_at or case.reported_at


def _again(h: Hearing, case: Row[Any]) -> None:
    from gridbot.desk import residents

    if case.state in (CaseState.DONE, CaseState.CLOSED):
        residents.not_yet(h, case)
        return
    actions.add(h.db, case, drafts.said_of(h), actor=h.actor(), now=h.now)
    notices.after_more_words(h.db, case.id, h.now)


def _open(h: Hearing, reading: Reading, words: str) -> None:
    from gridbot.desk import reports

    reports.hear_report(h, reading)


def _unclear(h: Hearing, reading: Reading, text: str, fault: str) -> bool:
    """Nothing says what is meant: the window is waited for, then one question is put."""
    if h.late or fragments.gathering_cases(h):
        return False
    words = remarks.of(h.knows.packs)
    if words.says("weak_fault", fault) and not words.says("complains", text):
        return False
    places = drafts.with_places(h, reading, text).places
    place = drafts.best_place(places)
    draft = Draft(
        types=(),
        titles=(),
        place=drafts.said_place(places),
        place_key=place.key if place else "",
        node_id=(place.node if place else None) or h.chat.node_id,
        data={
            "because": ["没说是什么坏了"],
            "choices": [],
            "band": Band.ASK.value,
            "placed": place is not None,
            "fault": fault,
        },
    )
    case = actions.begin(
        h.db,
        draft,
        drafts.said_of(h),
        community_id=h.community_id,
        chat_id=h.chat.id,
        thread=h.said.thread,
        actor=h.actor(),
        now=h.now,
        complete=False,
    )
    opening.wait(h, case)
    return True
