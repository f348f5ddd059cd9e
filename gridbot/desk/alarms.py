"""Danger: the safety sentence at once, and who is paged. It waits for no window and no quiet hour."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Row

from gridbot import texts
from gridbot.cases import queries, rules, voice
from gridbot.desk import notices
from gridbot.desk.context import Hearing
from gridbot.grid import queries as grid
from gridbot.messages import Urgency
from gridbot.store.tables import identities

FALSE_ALARMS = 3  #: withdrawn within a day by one person: from then on only the leader is paged
WITHIN = timedelta(hours=24)

_FIRST = (
    sa.update(identities)
    .where(
        identities.c.community_id == sa.bindparam("of_community"),
        identities.c.platform == sa.bindparam("of_platform"),
        identities.c.user == sa.bindparam("of_user"),
        identities.c.reported_at.is_(None),
    )
    .values(reported_at=sa.bindparam("at"))
)


def first_time(h: Hearing) -> bool:
    """Whether this person never got words from us; from now on they did."""
    which = {
        "of_community": h.community_id,
        "of_platform": h.said.platform,
        "of_user": h.said.sender.id,
        "at": h.now,
    }
    return h.db.execute(_FIRST, which).rowcount == 1


def sound(h: Hearing, case: Row[Any]) -> None:
    """The safety sentence, to the group where all are in danger, to the speaker alone where one is."""
    if h.late:
        return
    text = safety_sentence(h, case)
    if case.private and not h.private:
        private = grid.private_chat_of(h.db, h.person)
        if private is not None:
            voice.to_chat(
                h.db, private, text, purpose="safety", now=h.now, case=case, urgency=Urgency.EMERGENCY
            )
        return
    h.answer(text, purpose="safety", case=case, urgency=Urgency.EMERGENCY)
    first_time(h)


def page(h: Hearing, case: Row[Any]) -> None:
    """Leaders, deputies and the level above; the leader alone for somebody whose alarms were false."""
    false = queries.false_alarms(h.db, case.community_id, case.reporter_id, h.now - WITHIN)
    notices.tell_everyone(h.db, case, h.now, near_only=false >= FALSE_ALARMS)


def safety_sentence(h: Hearing, case: Row[Any]) -> str:
    settings = h.knows.settings
    place = rules.public_place(case.place)
    match case.data.get("hazard"):
        case "gas":
            return texts.gas(place, settings.gas)
        case "fire":
            return texts.fire(place)
        case "trapped":
            return texts.trapped(place, settings.elevator)
        case "live_wire":
            return texts.live_wire(place)
        case "collapse":
            return texts.collapse(place)
        case "violence" | "lost" | "relapse":
            return texts.danger_to_person()
        case "crisis":
            return texts.crisis(settings.helpline)
        case _:
            return texts.danger(place)
