"""A resident says that something is wrong: from the reading of one message to a case.

A complete report opens at once and takes in what its sender adds within the window. An incomplete one
waits for the window and then asks once. Two senders never mix; a second voice about the same thing
counts as 附议.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from sqlalchemy import Row

from gridbot.cases import actions, queries
from gridbot.cases.actions import Draft
from gridbot.desk import (
    bursts,
    clockwork,
    closed,
    drafts,
    fragments,
    moves,
    opening,
    planned,
    residents,
    said_before,
    sameplace,
    to_come,
    twins,
)
from gridbot.desk.context import Hearing
from gridbot.desk.remarks import Remark
from gridbot.messages import CaseState
from gridbot.understanding.reading import Band, Issue, Place, Reading
from gridbot.understanding.text import clean

_TOO = frozenset({Remark.TOO, Remark.SENSED})
#: A clause that begins another trouble in the same breath; and one that goes on with such a list.
_AND = re.compile(r"[，,。；;！!\s]+(?=[^，,。；;！!\s]{0,14}(?:还有|另外|也|再有|而且|加上))")
_YET = re.compile(r"[，,。；;！!\s]+(?=[^，,。；;！!\s]{0,8}还)")


def hear_report(h: Hearing, reading: Reading) -> None:
    """A message that reports something (band open or ask)."""
    text = h.said.text or h.said.transcript
    parts = several(h, reading, text)
    earlier = said_before.before(h) if len(parts) > 1 else []
    for number, part in enumerate(parts):
        _hear_one(h, part, text, further=number > 0, cut=earlier if len(parts) > 1 else None)


def hear_own(h: Hearing, reading: Reading) -> None:
    """What a leader reports in the group himself is his: nobody else has to be told of it."""
    begin(h, drafts.draft_of(h, reading), reading)
    for case in queries.of_reporter(h.db, h.community_id, h.person, [CaseState.WAITING.value]):
        if case.platform_message != h.said.message or case.urgent or not moves.may_handle(h, case):
            continue
        actions.told(h.db, case, person_id=h.person, private=True, now=h.now)
        clockwork.begin(h.db, case, h.now, h.now, h.person)
        moves.accept(h.db, queries.case(h.db, case.id), actor=h.actor(), now=h.now, tapped=False)


def _hear_one(
    h: Hearing, reading: Reading, text: str, *, further: bool, cut: list[said_before.Heard] | None = None
) -> None:
    draft = drafts.draft_of(h, reading)
    if not further:
        for own in fragments.gathering_cases(h):
            if fragments.continues(h, own, draft, reading, text):
                fragments.join(h, own, reading)
                return
    if planned.answers(h, draft) or _not_over(h, draft) or _idle(h, draft, reading, text):
        return
    if not draft.place_key and twins.aided(h, text):
        return
    twin = twins.find_twin(h, draft, text)
    if twin is not None:
        twins.second(h, twin, reading)
    elif not further and closed.again(h, draft):
        return
    elif further or not twins.remarked(h, reading, text, _TOO if reading.band is Band.OPEN else frozenset()):
        begin(h, draft, reading, cut=cut)


def _not_over(h: Hearing, draft: Draft) -> bool:
    """又冒上来了, of whoever reported or joined what is said to be mended: that is not over yet."""
    person = h.known_person()
    if person is None or not draft.types or draft.urgent:
        return False
    states = [CaseState.DONE.value, CaseState.CLOSED.value]
    own = queries.of_reporter(h.db, h.community_id, person, states)
    own += [one for one in queries.of_supporter(h.db, h.community_id, person) if one.state == CaseState.DONE]
    meant = [one for one in own if _the_same(h, one, draft)]
    return len(meant) == 1 and residents.not_yet(h, meant[0], part="report")


def _the_same(h: Hearing, case: Row[Any], draft: Draft) -> bool:
    if not set(case.types) & set(draft.types) or h.said.sent_at - case.reported_at > residents.REOPEN:
        return False
    return not draft.place_key or sameplace.related(draft.place_key, case.place_key)


def _idle(h: Hearing, draft: Draft, reading: Reading, text: str) -> bool:
    """What only sounds like a report and is none: it goes on about another time, or it is a word beside
    somebody's report of the same (坑里好养鱼了)."""
    if draft.place_key or h.said.reply_to or h.private:
        return False
    if said_before.answers_elsewhere(h, text):
        return True
    if reading.band is not Band.ASK or draft.urgent:
        return False
    return said_before.goes_on_elsewhere(h) or twins.beside(h, draft, text)


def several(h: Hearing, reading: Reading, text: str) -> list[Reading]:
    """One reading an issue where a message plainly reports two ("灯坏了,门口垃圾也没人收"): they go
    different ways. What is urgent or private stays in one piece."""
    whole = [reading]
    if len(reading.issues) < 2 or reading.urgent or drafts.is_private(reading):
        return whole
    sides = _sides(clean(text).norm)
    kept: list[tuple[str, tuple[Issue, ...]]] = []
    for side in sides:
        said = tuple(one for one in reading.issues if _said_in(one, side))
        if not said and not kept:
            return whole
        if said:
            kept.append((side, said))
    types = [one.type for _, said in kept for one in said]
    if len(kept) < 2 or len(types) != len(set(types)):
        return whole
    return [replace(reading, issues=said, places=_of_side(reading, side)) for side, said in kept]


def _sides(norm: str) -> list[str]:
    """灯不亮,暖气也不热,门锁还坏了: cut where another trouble begins; 还 alone goes on with a list begun."""
    ends = [found.span() for found in _AND.finditer(norm)]
    ends += [found.span() for found in _YET.finditer(norm) if ends and found.start() > ends[-1][1]]
    starts = [0, *(end for _, end in ends)]
    return [norm[start:end] for start, end in zip(starts, [*(at for at, _ in ends), len(norm)], strict=True)]


def _said_in(issue: Issue, side: str) -> bool:
    return bool(issue.words) and all(half in side for word in issue.words for half in word.split("+"))


def _of_side(reading: Reading, side: str) -> tuple[Place, ...]:
    """The places named on that side; where none is, the others' hold for it too."""
    here = tuple(one for one in reading.places if clean(one.text).norm in side)
    return here if drafts.best_place(here) is not None else reading.places


def begin(h: Hearing, draft: Draft, reading: Reading, *, cut: list[said_before.Heard] | None = None) -> None:
    """A new case. `cut`: one of the troubles of one message, with what was said before all of them."""
    earlier = said_before.before(h) if cut is None else cut
    text = h.said.text or h.said.transcript
    if cut is not None:
        whole = None
    elif reading.band is Band.ASK and earlier:
        whole = said_before.together(h, reading, text)
    else:
        whole = said_before.placed_before(h, reading, earlier)
    if whole is not None and whole is not reading:
        draft, reading = drafts.draft_of(h, whole), whole
    place = drafts.best_place(reading.places)
    draft = fragments.with_earlier(h, draft, earlier, known=place is None or place.node is not None)
    ready = opening.complete(h, draft.data, draft.types, draft.urgent)
    case = actions.begin(
        h.db,
        draft,
        drafts.said_of(h),
        community_id=h.community_id,
        chat_id=h.chat.id,
        thread=h.said.thread,
        actor=h.actor(),
        now=h.now,
        complete=ready,
    )
    fragments.keep_earlier(h, case, earlier)
    to_come.mark(h, case.id, text)
    if bursts.watch(h, case):
        return
    if ready:
        opening.opened(h, case)
    else:
        opening.wait(h, case)
