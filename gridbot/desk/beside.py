"""Who hears of a case beside its leader: the leaders' group, without personal data, and the admins."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from gridbot import texts
from gridbot.cases import rules, voice
from gridbot.desk import digest
from gridbot.grid import queries as grid
from gridbot.messages import Button, Urgency
from gridbot.texts import alarm


def tell_admins(
    db: Connection,
    community_id: int,
    text: str,
    now: datetime,
    case: Row[Any] | None = None,
    *,
    purpose: str = "to-admin",
    buttons: list[list[Button]] | None = None,
    urgency: Urgency = Urgency.NOTICE,
) -> int:
    """Every admin who can be written to, at night in his digest unless there is something to press. Returns
    how many."""
    told = 0
    for person_id in grid.admins(db, community_id):
        chat = grid.private_chat_of(db, person_id)
        waits = None if urgency is Urgency.EMERGENCY else digest.waits(db, community_id, person_id, now)
        if chat is not None and waits and not buttons:
            about = case.id if case is not None else None
            digest.hold(db, community_id, *waits, now=now, text=text, person_id=person_id, case_id=about)
            told += 1
        elif chat is not None:
            voice.to_chat(
                db, chat, text, purpose=purpose, now=now, case=case, buttons=buttons or (), urgency=urgency
            )
            told += 1
    return told


def tell_by_group(
    db: Connection, case: Row[Any], person_id: int, name: str, now: datetime, urgency: Urgency
) -> None:
    """Somebody who cannot be written to is mentioned in the leaders' group without a word of what it is; of
    a private case not even so: the admins telephone him."""
    if case.private:
        named = rules.by_name(case.data.get("hazard", ""), private=True)
        text = (alarm.contact_unreachable if named else alarm.leader_unreachable)(name, case.number)
        tell_admins(db, case.community_id, text, now, case, urgency=urgency)
        return
    chat = grid.leaders_chat(db, case.community_id)
    if chat is not None:
        identity = voice.identity_of(db, person_id, chat.platform)
        mention = ((identity.user, name),) if identity is not None else ()
        text = texts.mention_in_leaders_group(case.number)
        voice.to_chat(
            db,
            chat,
            text if mention else f"{name},{text}",
            purpose="mention",
            now=now,
            case=case,
            mention=mention,
            urgency=urgency,
        )
    text = texts.leader_unreachable(name, case.number)
    tell_admins(db, case.community_id, text, now, case, urgency=urgency)
