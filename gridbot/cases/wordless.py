"""Taking the words out of cases: everything anybody said of them goes, number, kind, times and chain stay.

One place knows every table in which words of a case lie; 保存期限 and 删掉我的记录 both come here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from gridbot.cases import rules
from gridbot.messages import Outgoing, dump
from gridbot.store.tables import (
    buttons,
    case_asks,
    case_events,
    case_messages,
    case_words,
    cases,
    held,
    inbox,
    outbox,
    questions,
    samples,
    timers,
)

SAID = ("sent", "failed", "dropped")  #: outbox rows that will not be said any more
NOTHING = dump(Outgoing())
_CODE = re.compile(  # a word of ours, a key, a number, a time
    r"[A-Za-z_.|-]{0,40}|[a-z_]+(?::\d{1,9})+|\d{1,6}|\d{4}-\d\d-\d\d(?:T[\d:.+-]{5,25})?"
)
_WORDED = ("because", "returning")  #: what of a case's data holds what was said


def take(db: Connection, ids: Sequence[int], *, now: datetime) -> None:
    """All words of these cases. Nothing of them may wait to be said. At most some hundreds at a time."""
    if not ids:
        return
    events = sa.select(case_events.c.id).where(case_events.c.case_id.in_(ids))
    db.execute(sa.delete(case_words).where(case_words.c.event_id.in_(events)))
    db.execute(sa.update(case_messages).where(case_messages.c.case_id.in_(ids)).values(text="", photos=[]))
    db.execute(sa.update(samples).where(samples.c.case_id.in_(ids)).values(text=""))
    asks = {"words": "", "answer": "", "name": ""}
    db.execute(sa.update(case_asks).where(case_asks.c.case_id.in_(ids)).values(**asks))
    db.execute(sa.update(held).where(held.c.case_id.in_(ids)).values(text=""))
    db.execute(
        sa.update(inbox)
        .where(inbox.c.case_id.in_(ids), inbox.c.state != "pending")
        .values(raw=None, incoming=None, user="", erase_at=None, error="")
    )
    parked = outbox.c.case_id.in_(ids) & (outbox.c.state == "parked")
    db.execute(sa.update(outbox).where(parked).values(state="dropped"))  # nobody came to read it
    retold(db, ids)
    public(db, ids)
    db.execute(sa.update(cases).where(cases.c.id.in_(ids)).values(until_text="", erased_at=now))


def retold(db: Connection, ids: Sequence[int]) -> None:
    """What was said of these cases: messages gone out, buttons, questions, errors. Ids and codes stay."""
    gone = outbox.c.case_id.in_(ids) & outbox.c.state.in_(SAID)
    db.execute(sa.update(outbox).where(gone).values(payload=NOTHING, reason=""))
    strip(db, buttons, buttons.c.case_id.in_(ids))
    strip(db, questions, questions.c.case_id.in_(ids))
    subjects = [f"case:{one}" for one in ids]
    db.execute(sa.update(timers).where(timers.c.subject.in_(subjects)).values(error=""))


def public(db: Connection, ids: Sequence[int]) -> None:
    """The place as a group may know it, and none of the words that decided."""
    rows = db.execute(
        sa.select(cases.c.id, cases.c.place, cases.c.place_key, cases.c.data).where(cases.c.id.in_(ids))
    ).all()
    for row in rows:
        emptied: dict[str, Any] = {key: [] for key in _WORDED if row.data.get(key)}
        if row.data.get("places"):
            emptied["places"] = [rules.public_place(place) for place in row.data["places"]]
        values: dict[str, Any] = {
            "place": rules.public_place(row.place),
            "place_key": rules.public_place(row.place_key),
            "data": {**row.data, **emptied},
        }
        db.execute(sa.update(cases).where(cases.c.id == row.id).values(**values))


def strip(db: Connection, table: sa.Table, which: sa.ColumnElement[bool]) -> None:
    """Leaves ids and codes alone in a JSON column `data`."""
    for row in db.execute(sa.select(table.c.id, table.c.data).where(which)).all():
        left = bare(row.data)
        if left != row.data:
            db.execute(sa.update(table).where(table.c.id == row.id).values(data=left))


def bare(value: Any) -> Any:
    """A JSON value without anything that may be somebody's words: numbers, flags, codes, times stay."""
    if isinstance(value, dict):
        return {key: bare(item) for key, item in value.items()}
    if isinstance(value, list):
        return [bare(item) for item in value]
    if isinstance(value, str):
        return value if _CODE.fullmatch(value) else ""
    return value
