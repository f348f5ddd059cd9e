"""A report of what was closed only lately: 还没好? From whoever reported it, it reopens at once; somebody
else is asked, and if nobody answers it reopens all the same, for a report is never lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row

from gridbot import texts
from gridbot.cases import actions, merging, queries, voice
from gridbot.cases.actions import Draft
from gridbot.desk import asking, drafts, endings, opening, residents
from gridbot.desk.context import Hearing
from gridbot.messages import Actor, CaseState
from gridbot.store import outbox, timers
from gridbot.understanding.reading import Kind, Reading

LATELY = timedelta(days=7)
WAIT = timedelta(minutes=10)
CLOSED = "closed-again"  #: the timer: nobody answered
_YES = ("是", "对", "嗯", "还没", "没好", "又")
_NO = ("不是", "另外", "别的", "新的", "两码事", "不一样")


def again(h: Hearing, draft: Draft) -> bool:
    """Whether a report was taken as one of something closed lately. Danger never is."""
    if draft.urgent or draft.private or not draft.types or not draft.place_key:
        return False
    since = h.said.sent_at - LATELY
    for case in queries.similar(h.db, h.community_id, draft.types[0], draft.place_key, since):
        if case.state == CaseState.CLOSED and not case.private:
            return _reopen_or_ask(h, case, draft)
    return False


def _reopen_or_ask(h: Hearing, case: Row[Any], draft: Draft) -> bool:
    person = h.known_person()
    if person is not None and person in (case.reporter_id, *queries.supporter_ids(h.db, case.id)):
        return residents.not_yet(h, case, part="report")
    if h.late:
        return False
    fresh = actions.begin(
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
    actions.note(h.db, fresh, closed=case.id)
    text = texts.still_not_closed(voice.called(case, shared=True), case.number)
    asking.ask(h.db, fresh, "closed", text, now=h.now, buttons=_buttons(h, fresh))
    subject = actions.subject(fresh.id)
    timers.set_timer(h.db, CLOSED, subject, h.now + WAIT, community_id=h.community_id)
    return True


def _buttons(h: Hearing, case: Row[Any]) -> list[list[Any]]:
    return [
        [
            outbox.button(h.db, text, action, community_id=case.community_id, case_id=case.id)
            for text, action in ((texts.NOT_YET, "case:again"), (texts.ANOTHER, "case:another"))
        ]
    ]


def answer(h: Hearing, case: Row[Any], reading: Reading, text: str) -> bool:
    """还没好 or 是另外的, said in plain words."""
    if any(word in text for word in _NO):
        another(h, case)
    elif reading.kind is Kind.STILL or text.startswith(_YES):
        same(h.db, case, actor=h.actor(), now=h.now)
    else:
        return False
    return True


def same(db: Connection, case: Row[Any], *, actor: Actor, now: Any) -> None:
    """The new report becomes support of the old case, which opens again."""
    timers.cancel(db, CLOSED, actions.subject(case.id))
    old = queries.case(db, case.data["closed"])
    if actions.reopen(db, old, actor=actor, now=now) is not None:
        merging.merge(db, case, queries.case(db, old.id), actor=actor, now=now)
        endings.after_reopened(db, old.id, now)
    elif old.state in (CaseState.WAITING, CaseState.ACCEPTED):
        merging.merge(db, case, old, actor=actor, now=now)


def another(h: Hearing, case: Row[Any]) -> None:
    timers.cancel(h.db, CLOSED, actions.subject(case.id))
    opening.open_now(h, case)


def nobody_answered(db: Connection, case: Row[Any], now: Any) -> None:
    if case.state == CaseState.GATHERING:
        same(db, case, actor=Actor.system(), now=now)
