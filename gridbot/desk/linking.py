"""12345单号 2026…: the number a case has elsewhere, so that one matter counts once."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Row

from gridbot.cases import asks, queries, voice
from gridbot.desk import notices
from gridbot.desk.context import Hearing
from gridbot.desk.registry import Answer
from gridbot.messages import Button
from gridbot.store import outbox
from gridbot.texts import duty as words

HOTLINE = "12345"
SAID = re.compile(
    r"(?:(?P<source>12345|[\u4e00-\u9fff]{2,8}?)\s*(?:热线)?\s*)?(?:的)?(?:工单|单|编)号\s*(?:是|为)?\s*[::]?\s*"
    r"(?P<number>[A-Za-z0-9][A-Za-z0-9-]{5,39})\s*[。.]?"
)


def said(h: Hearing, case: Row[Any], text: str) -> bool:
    """Under a card: nothing but a number of elsewhere. False: it is none."""
    found = SAID.fullmatch(text.strip()) if len(text) <= 80 else None
    if found is None:
        return False
    answer = link(h, case, found["source"] or HOTLINE, found["number"])
    buttons = answer.buttons if isinstance(answer, Answer) else ()
    h.answer(
        answer.text if isinstance(answer, Answer) else answer, purpose="outside", buttons=buttons, case=case
    )
    return True


def link(h: Hearing, case: Row[Any], source: str, number: str) -> Answer | str:
    """Links, or offers to put the two cases together if another has the number."""
    other = asks.link(h.db, case, source, number, actor=h.actor(), now=h.now)
    if other is None:
        notices.refresh_card(h.db, queries.case(h.db, case.id), h.now)
        return words.outside_linked(case.number, source, number)
    text = words.outside_taken(source, number, other.number, voice.called(other, shared=True))
    return Answer(text, [_choices(h, case, other)])


def _choices(h: Hearing, case: Row[Any], other: Row[Any]) -> list[Button]:
    return [
        outbox.button(
            h.db,
            text,
            action,
            community_id=case.community_id,
            case_id=case.id,
            person_id=h.person,
            data={"into": other.id},
        )
        for text, action in ((words.SAME_MATTER, "case:same_matter"), (words.NOT_SAME, "case:not_same"))
    ]
