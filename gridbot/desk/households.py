"""Many households at one site (R6: 14 roofs): one case, and how many of them are done."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Row

from gridbot.cases import actions, queries
from gridbot.desk import moves, notices
from gridbot.desk.context import Hearing
from gridbot.messages import OPEN_STATES, Move
from gridbot.texts import duty as words

_TOTAL = re.compile(r"(?:共|一共|总共)?\s*(\d{1,4})\s*户")
_DONE = re.compile(r"(?P<more>又|再)?\D{0,6}?(?P<count>\d{1,4})\s*户\D{0,6}")


def total_said(text: str) -> int | None:
    """14户, nothing else."""
    found = _TOTAL.fullmatch(text.strip())
    return int(found[1]) if found and int(found[1]) > 1 else None


def begin(h: Hearing, case: Row[Any], total: int) -> str:
    if case.state not in OPEN_STATES:
        return words.cannot_split(case.number)
    done = min((case.data.get("households") or (0, 0))[0], total)
    return _note(h, case, done, total)


def said(h: Hearing, case: Row[Any], text: str) -> bool:
    """Under the card: 拆了3户, 又办好2户. False: the case counts no households, or it is other talk."""
    if not case.data.get("households") or len(text) > 14 or not moves.may_handle(h, case):
        return False
    answer = count(h, case, text)
    if answer:
        h.answer(answer, purpose="households", case=case)
    return bool(answer)


def said_unquoted(h: Hearing, text: str) -> bool:
    """The same without a quote, where exactly one of the speaker's cases counts households."""
    person = h.known_person()
    if person is None or "户" not in text:
        return False
    mine = [one for one in queries.with_owner(h.db, h.community_id, person) if one.data.get("households")]
    return len(mine) == 1 and said(h, mine[0], text)


def count(h: Hearing, case: Row[Any], text: str) -> str:
    """Notes how many are done, all told, or so many more (又). "" if nothing is counted here."""
    found = _DONE.fullmatch(text.strip())
    if found is None or not case.data.get("households") or case.state not in OPEN_STATES:
        return ""
    done, total = case.data["households"]
    now_done = int(found["count"]) + (done if found["more"] else 0)
    return _note(h, case, min(now_done, total), total)


def _note(h: Hearing, case: Row[Any], done: int, total: int) -> str:
    more = {"households": [done, total]}
    data = {"households": [done, total]}
    if done:
        actions.move(
            h.db, case, Move.PROGRESS, h.actor(), h.now, data=data, more=more,
            owner_id=case.owner_id or h.person, accepted_at=case.accepted_at or h.now,
        )  # fmt: skip
    else:
        actions.change(h.db, case, Move.SPLIT, h.actor(), h.now, data=data, more=more)
    fresh = queries.case(h.db, case.id)
    if fresh.owner_id is not None:
        notices.refresh_card(h.db, fresh, h.now)
    return words.households_set(case.number, done, total)
