"""What is said of an incident (大面积): one message a group when it is known, at a given time, at its end."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from gridbot import texts
from gridbot.cases import voice


def is_incident(case: Row[Any]) -> bool:
    return bool(case.data.get("incident"))


def groups(case: Row[Any]) -> list[int]:
    return list(case.data.get("groups", []))


def opened(db: Connection, case: Row[Any], chats: Iterable[int], now: datetime) -> None:
    _say(db, case, chats, texts.outage_many(case.place, kind(case), case.number), "incident", now)


def expected(db: Connection, case: Row[Any], until: str, now: datetime) -> None:
    text = texts.outage_until(case.place, kind(case), case.number, until)
    _say(db, case, groups(case), text, "incident-until", now)


def over(db: Connection, case: Row[Any], now: datetime, due_at: datetime | None = None) -> None:
    text = texts.outage_over(case.place, kind(case), case.number)
    _say(db, case, groups(case), text, "incident-over", now, due_at)


def kind(case: Row[Any]) -> str:
    """The supply type that fails: texts know its words."""
    return next((one for one in case.types if one in texts.OUTAGES), case.types[0] if case.types else "")


def _say(
    db: Connection,
    case: Row[Any],
    chats: Iterable[int],
    text: str,
    purpose: str,
    now: datetime,
    due_at: datetime | None = None,
) -> None:
    for chat_id in chats:
        chat = voice.chat_row(db, chat_id)
        voice.to_chat(db, chat, text, purpose=purpose, now=now, case=case, due_at=due_at)
