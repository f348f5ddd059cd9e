"""这是报事 · 记一下 · 这个要报 照明: a leader quotes a resident's message that nobody heard as a report."""

from __future__ import annotations

import re
from dataclasses import replace
from re import Match
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Row

from gridbot import texts
from gridbot.cases import queries, samples
from gridbot.desk import drafts, reports
from gridbot.desk.context import Hearing
from gridbot.desk.registry import LEADERS, button, card_key, pressed, settle
from gridbot.grid import queries as grid
from gridbot.messages import Incoming, IncomingKind, Role, load_incoming
from gridbot.store.tables import inbox
from gridbot.understanding.naming import likely_types, type_called
from gridbot.understanding.reading import Band, Issue, Kind, Reading

_SAID = re.compile(
    r"^(?:这|那)?(?:个|条|件|句)?(?:事儿?|也)?(?:应该|就)?(?:是|算|要|得|该|请|帮我|麻烦)?(?:个)?"
    r"(?:报事|报修|报一下|上报一下|报上去|报|记一下|记下来?|记上|登记一下|立案|算报事)(?:了|吧|的)?"
    r"[\s:：,，]*(?P<type>[^\s,，。！!?？]{0,12}?)(?:的事|的问题)?[\s。.!！~～]*$"
)
_QUOTED = (
    sa.select(inbox)
    .where(
        inbox.c.chat_id == sa.bindparam("of_chat"),
        inbox.c.message == sa.bindparam("of_message"),
        inbox.c.incoming.is_not(None),
        inbox.c.case_id.is_(None),
    )
    .order_by(inbox.c.id.desc())
    .limit(1)
)


def told(h: Hearing, text: str) -> bool:
    """Opens a case from the message quoted. False: the words mean something else, or not from this person."""
    said = _SAID.match(text) if 0 < len(text) <= 30 else None
    if said is None or not _may(h):
        return False
    row = h.db.execute(_QUOTED, {"of_chat": h.chat.id, "of_message": h.said.reply_to}).one_or_none()
    quoted = _theirs(row)
    if row is None or quoted is None:
        return False
    return _open_as_named(h, row, quoted, said)


def _may(h: Hearing) -> bool:
    """Who leads the grid of this group, or an admin."""
    person = h.known_person()
    if person is None or h.private:
        return False
    if Role.ADMIN in h.roles:
        return True
    held = grid.roles_of(h.db, h.community_id, person, h.chat.node_id, h.now)
    return bool(held & {Role.LEADER, Role.DEPUTY})


def _theirs(row: Row[Any] | None) -> Incoming | None:
    """A person's own words; not a forwarded message, not a bot's."""
    if row is None:
        return None
    said = load_incoming(row.incoming)
    whose = said.kind == IncomingKind.MESSAGE and not (said.sender.bot or said.forwarded)
    return said if whose and (said.text or said.transcript) else None


def _open_as_named(h: Hearing, row: Row[Any], quoted: Incoming, said: Match[str]) -> bool:
    packs, words = h.knows.packs, quoted.text or quoted.transcript
    hearing = _hearing(h, row, quoted)
    if hearing.ignored:
        h.answer(texts.does_not_want_to_be_heard(), purpose="missed")
        return True
    if said["type"]:
        meant = type_called(packs, said["type"])
        if meant is None:
            return False
        _open(h, hearing, meant.id)
        return True
    likely = [one for one in likely_types(packs, words) if one.id != "civic"]
    if drafts.read(hearing, words).types or len(likely) == 1:
        _open(h, hearing, likely[0].id)
        return True
    key = card_key(h)
    buttons = [button(h, one.title, "record_as", key, inbox=row.id, type=one.id) for one in likely]
    h.answer(texts.record_as_what(), purpose="missed", buttons=[buttons] if buttons else [])
    return True


def _hearing(h: Hearing, row: Row[Any], quoted: Incoming) -> Hearing:
    """The quoted message as if it were heard now."""
    hearing = Hearing(h.db, h.desk, h.chat, quoted, row.id, h.now)
    hearing.heed()
    return hearing


def _open(h: Hearing, hearing: Hearing, kind: str) -> None:
    text = hearing.said.text or hearing.said.transcript
    reading = drafts.read(hearing, text)
    reported = reading.types if drafts.reports(reading) else ()
    reports.hear_report(hearing, _as_report(hearing, reading, text, kind))
    case_id = queries.by_message(h.db, h.community_id, h.chat.id, hearing.said.message)
    if case_id is None:
        return
    case = queries.case(h.db, case_id)
    samples.keep(h.db, case, text, said=reported, right=[kind], actor=h.actor(), now=h.now)


def _as_report(h: Hearing, reading: Reading, text: str, kind: str) -> Reading:
    """The reading, with the type somebody gave it."""
    placed = drafts.with_places(h, reading, text)
    return replace(
        placed,
        kind=Kind.REPORT,
        band=Band.OPEN,
        issues=(Issue(kind, 1.0),),
        private=reading.private or h.knows.packs.types[kind].private,
        because=(texts.BECAUSE_TOLD, *reading.because),
    )


@pressed("record_as", roles=LEADERS)
def _record_as(h: Hearing, pressed_button: Row[Any]) -> str:
    """The type chosen for a message nobody heard."""
    query = sa.select(inbox).where(inbox.c.id == int(pressed_button.data["inbox"]))
    row = h.db.execute(query.where(inbox.c.chat_id == h.chat.id, inbox.c.case_id.is_(None))).one_or_none()
    quoted = _theirs(row) if row is not None and row.incoming is not None else None
    kind = pressed_button.data["type"]
    if row is None or quoted is None or kind not in h.knows.packs.types or not _may(h):
        return texts.expired()
    _open(h, _hearing(h, row, quoted), kind)
    return settle(h, pressed_button, texts.noted())
