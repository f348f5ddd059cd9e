"""责任倒查 as text: who was told of a case and when, what he did, how it moved and why."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row

from gridbot import texts
from gridbot.cases import audit, names, views, voice
from gridbot.desk.context import Hearing
from gridbot.desk.registry import LEADERS
from gridbot.services.service_days.rules import day_words
from gridbot.texts import privacy as words

LONGEST = 60  #: characters of a reason


def when(h: Hearing, at: datetime) -> str:
    """今天10:05, in the community's time."""
    zone = h.knows.settings.zone
    local = at.astimezone(zone)
    return day_words(local.date(), h.now.astimezone(zone).date(), near=True) + f"{local:%H:%M}"


def whole_story(h: Hearing, case: Row[Any]) -> str:
    """看 128 全程, for leaders and admins: from the record alone. The look is on record itself."""
    if not h.roles & LEADERS:
        return texts.no_right()
    account = audit.accountability(h.db, case)
    told = [_told(h, one) for one in account.told]
    moved = [_moved(h, case, one) for one in account.moved]
    views.seen(h.db, case, what=["timeline"], how=views.COMMAND, actor=h.actor(), now=h.now)
    return words.whole_story(case.number, voice.called(case, shared=True), told, moved)


def _told(h: Hearing, one: audit.Told) -> str:
    sent = words.sent_at(when(h, one.sent_at)) if one.sent_at else words.not_sent(one.state, one.reason)
    first = words.first_did(when(h, one.first_at), _did(one.first)) if one.first_at else ""
    return words.told_line(when(h, one.at), one.name, sent, first)


def _moved(h: Hearing, case: Row[Any], one: audit.Moved) -> str:
    why = names.masked_of(h.db, case, one.why)[:LONGEST]
    for name, kind in h.knows.packs.types.items():
        why = why.replace(name, kind.title)
    who = one.who or words.ROLES.get(one.role, "")
    return words.moved_line(when(h, one.at), who, _did(one.move), one.whom, why)


def _did(move: str) -> str:
    return words.DID.get(move, move)
