"""What was filed with an authority's own form: a report whatever its words, and steps taken with it there.

A form is filled in on purpose, so nothing has to be guessed and nothing is asked back: where it can be. What
is done with it elsewhere is done here too, in the name of whoever did it if we know them.
"""

from __future__ import annotations

from gridbot import understanding
from gridbot.cases import actions, queries, voice
from gridbot.desk import bursts, drafts, moves, notices, opening, twins
from gridbot.desk.context import Hearing
from gridbot.messages import OPEN_STATES, Actor
from gridbot.texts import channels as words


def hear(h: Hearing) -> None:
    if h.said.reply_to:
        _step(h)
    else:
        _report(h)


def _report(h: Hearing) -> None:
    """A case at once, or one more voice in the case that is about it."""
    text = h.said.text
    reading = understanding.read(text, h.knows.packs, h.knows.gazetteer, photo=bool(h.said.photos))
    h.heed()
    draft = drafts.draft_of(h, reading)
    twin = twins.find_twin(h, draft, text)
    if twin is not None:
        twins.second(h, twin, reading)
        return
    case = actions.begin(
        h.db,
        draft,
        drafts.said_of(h),
        community_id=h.community_id,
        chat_id=h.chat.id,
        thread="",
        actor=h.actor(),
        now=h.now,
        complete=True,
    )
    if not bursts.watch(h, case):
        opening.opened(h, case)


def _step(h: Hearing) -> None:
    """受理, 办理中, 办结, 拒绝, as the other side has them."""
    case_id = queries.by_message(h.db, h.community_id, h.chat.id, h.said.reply_to)
    if case_id is None:
        return
    case = queries.case(h.db, case_id)
    known = h.known_person() is not None and moves.may_handle(h, case)
    match h.said.button:
        case "accept" if known and case.state in OPEN_STATES and moves.taken_by(h.db, case, h.actor()) == "":
            moves.accept(h.db, case, actor=h.actor(), now=h.now, tapped=False)
        case "done" if case.state in OPEN_STATES:
            actor = h.actor() if known else Actor.system()
            moves.finish(h.db, case, actor=actor, now=h.now, words=h.said.text, tapped=False)
        case "refused" if case.state in OPEN_STATES:
            text = words.refused_elsewhere(voice.called(case, shared=True), case.number)
            notices.tell_admins(h.db, h.community_id, text, h.now, case)
