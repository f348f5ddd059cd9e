"""A chat record said to the bot in private: what looks like reports is shown, opened after one 都记, and what
is to be said to that group comes back as one text to paste.

The record is read again from the inbox when it is confirmed and is not kept anywhere else; of its words
nothing goes to a group. For whoever sees to a group: leaders, liaisons, admins, who pastes there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Row

from gridbot.cases import rules, voice
from gridbot.cases.events import record
from gridbot.desk import drafts, paste_queue, pasting
from gridbot.desk.context import Hearing
from gridbot.desk.paste_finding import Candidate, find
from gridbot.desk.pasting import Group
from gridbot.desk.registry import ANYBODY, Answer, button, pressed, reply, settle
from gridbot.grid.tree import load_tree
from gridbot.messages import Role, load_incoming
from gridbot.privacy import mask
from gridbot.store import timers
from gridbot.store.tables import holdings
from gridbot.store.tables import inbox as inbox_table
from gridbot.store.tables import outbox as outbox_table
from gridbot.store.tables import timers as timer_table
from gridbot.texts import pasting as words
from gridbot.understanding.exports import ExportError, Line, is_record, open_text

RECORD = "pasted-record"  #: the timer that is there while one waits for 都记
FOR = timedelta(hours=2)
TOGETHER = timedelta(minutes=5)  #: a long record comes in several messages
MOST = 15  #: reports in one message
MOST_LINES = 5_000
HANDLERS = frozenset({Role.LEADER, Role.DEPUTY, Role.LIAISON, Role.ADMIN})
_ALL = re.compile(r"(?:都|全)(?:记|要|记上|立案)(?:吧|了)?|确认")
_NONE = re.compile(r"都?不(?:用)?记(?:了)?|都不要")
_SOME = re.compile(r"(?:只)?记(?:第)?\s*(?P<which>\d{1,2}(?:[\s、,，和.]+\d{1,2})*)\s*(?:件|条)?")


@dataclass(frozen=True, slots=True)
class Read:
    """A record as it was understood: what is new in it, and how many messages were looked at."""

    found: list[Candidate]
    heard: int
    known: int
    names: set[str]
    chat: str = ""  #: the group's name, where the record tells it


# --- hearing -------------------------------------------------------------------------------------


def heard(h: Hearing) -> bool:
    """A pasted record, or the rest of one. False: the message is none."""
    text = h.said.text
    if not h.private or "\n" not in text or h.said.forwarded:
        return False
    before = _waiting(h)
    goes_on = before is not None and h.now - _begun(before) <= TOGETHER
    if not is_record(text, least=1 if goes_on else 2):
        return False
    if not _may(h):
        h.answer(words.not_for_you(), purpose="record-refused")
        return True
    ids = [*(before.data["inbox"] if before is not None and goes_on else ()), h.inbox_id]
    _look(h, ids, before.data.get("group") if before is not None and goes_on else None)
    return True


def forwarded(h: Hearing) -> bool:
    """One message after the other, forwarded: each is looked at, and those together are one list."""
    if not h.private or not h.said.text or not _may(h):
        return False
    before = _waiting(h)
    goes_on = before is not None and h.now - _begun(before) <= TOGETHER
    ids = [*(before.data["inbox"] if before is not None and goes_on else ()), h.inbox_id]
    if not goes_on and not _read(h, ids, None).found:
        return False
    _look(h, ids, before.data.get("group") if before is not None and goes_on else None)
    return True


def _may(h: Hearing) -> bool:
    person = h.known_person()
    return bool(h.roles & HANDLERS) or any(
        one.keeper == person for one in pasting.groups(h.db, h.community_id) if person is not None
    )


def _waiting(h: Hearing) -> Row[Any] | None:
    query = sa.select(timer_table).where(timer_table.c.kind == RECORD, timer_table.c.subject == _subject(h))
    return h.db.execute(query).one_or_none()


def _begun(timer: Row[Any]) -> Any:
    return timer.due_at - FOR


def _subject(h: Hearing) -> str:
    return f"chat:{h.chat.id}"


def _look(h: Hearing, ids: list[int], group_id: int | None) -> None:
    """Which group's it is, then what was found in it."""
    groups = _groups(h)
    read = _read(h, ids, None)
    named = [one for one in groups if one.title == read.chat or one.id == group_id]
    group = (named or groups)[0] if named or len(groups) == 1 else None
    if group is None and not groups:
        reply(h, words.no_group(), purpose="record-no-group")
        return
    data: dict[str, Any] = {"inbox": ids, "group": group.id if group else None, "key": f"record:{ids[0]}"}
    if group is None:
        _keep(h, data)
        rows = [[button(h, one.title, "record_group", data["key"], group=one.id)] for one in groups[:6]]
        reply(h, Answer(words.which_group(), rows, data["key"]), purpose="record-which")
        return
    _show(h, group, data)


def _groups(h: Hearing) -> list[Group]:
    """The groups this person sees to: below his grids, or where he pastes; a leader of one grid without any
    gets it now."""
    every = pasting.groups(h.db, h.community_id)
    if Role.ADMIN in h.roles:
        return every
    tree = load_tree(h.db, h.community_id)
    held = sa.select(holdings.c.node_id).where(
        holdings.c.person_id == h.person, holdings.c.node_id.is_not(None), holdings.c.until.is_(None)
    )
    own = list(dict.fromkeys(h.db.execute(held).scalars()))
    below = {*own, *(node.id for one in own if one in tree.by_id for node in tree.descendants(one))}
    mine = [one for one in every if one.node_id in below or one.keeper == h.person]
    if mine or len(own) != 1:
        return mine
    made = pasting.group_of(h.db, h.community_id, own[0], "")
    return [one for one in pasting.groups(h.db, h.community_id) if one.id == made]


def _keep(h: Hearing, data: dict[str, Any]) -> None:
    timers.set_timer(h.db, RECORD, _subject(h), h.now + FOR, community_id=h.community_id, data=data)


# --- reading -------------------------------------------------------------------------------------


def _read(h: Hearing, ids: list[int], group: Group | None) -> Read:
    """From the inbox, where it lies for a day; what was erased meanwhile is not there any more."""
    query = sa.select(inbox_table.c.id, inbox_table.c.incoming).where(inbox_table.c.id.in_(ids))
    said = [
        load_incoming(row.incoming)
        for row in h.db.execute(query.order_by(inbox_table.c.id))
        if row.incoming is not None
    ]
    zone = h.knows.settings.zone
    lines = [
        Line(f"转发{number}", one.sent_at, one.text) for number, one in enumerate(said, 1) if one.forwarded
    ]
    pasted = "\n".join(one.text for one in said if not one.forwarded)
    if pasted:
        try:
            export = open_text(pasted, zone=zone, now=h.now)
            lines += [line for line, _ in zip(export.lines, range(MOST_LINES), strict=False)]
        except ExportError:
            pass  # the rest of one that is gone
    found = find(lines, h.knows.packs, h.knows.gazetteer)
    key = pasting.chat_key(h.db, group.id) if group is not None else ""
    fresh = [one for one in found if not key or pasting.known(h.db, key, one.found) is None]
    chat = next((line.chat for line in lines if line.chat), "")
    return Read(fresh[:MOST], len(lines), len(found) - len(fresh), {line.who for line in lines}, chat)


def _show(h: Hearing, group: Group, data: dict[str, Any]) -> None:
    read = _read(h, data["inbox"], group)
    if not read.found:
        timers.cancel(h.db, RECORD, _subject(h))
        text = words.all_known() if read.known else words.nothing_found(read.heard)
        reply(h, Answer(text, (), data["key"]), purpose="record-nothing")
        return
    picked = [one.found.own[0].key for one in read.found]
    _keep(h, {**data, "group": group.id, "keys": picked})
    lines = [_line(h, number, one, read.names) for number, one in enumerate(read.found, 1)]
    unsure = not all(one.sure for one in read.found)
    row = [
        button(h, words.OPEN_ALL, "record_all", data["key"]),
        button(h, words.OPEN_NONE, "record_none", data["key"]),
    ]
    text = words.found(group.title, lines, read.heard, unsure)
    reply(h, Answer(text, [row], data["key"]), purpose="record-found")


def _line(h: Hearing, number: int, one: Candidate, names: set[str]) -> str:
    types, reading = h.knows.packs.types, one.reading
    titles = [types[kind].title for kind in reading.types[:2] if kind in types]
    place = rules.public_place(drafts.said_place(reading.places))
    said = "不公开的事" if drafts.is_private(reading) else mask(one.found.text.replace("\n", " "), names)[:40]
    what = f"{'、'.join(titles) or '一件事'} {place}".strip()
    return words.line(number, what, said, others=len(one.found.others), sure=one.sure, urgent=reading.urgent)


# --- 都记 ----------------------------------------------------------------------------------------


def said(h: Hearing, text: str) -> bool:
    """都记, 记1 3, 都不记, while a record waits for it."""
    if not h.private or len(text) > 40:
        return False
    some = _SOME.fullmatch(text)
    if not (some or _ALL.fullmatch(text) or _NONE.fullmatch(text)):
        return False
    waits = _waiting(h)
    if waits is None or "keys" not in waits.data:
        return False
    if _NONE.fullmatch(text):
        h.answer(_left(h, waits), purpose="record-left")
        return True
    numbers = [int(one) for one in re.findall(r"\d+", some["which"])] if some else None
    h.answer(_open(h, waits, numbers), purpose="record-opened")
    _to_paste(h, waits.data["group"])
    return True


@pressed("record_group", roles=ANYBODY)
def _this_group(h: Hearing, pressed_button: Row[Any]) -> str:
    waits = _waiting(h)
    group = next((one for one in _groups(h) if one.id == pressed_button.data["group"]), None)
    if waits is None or group is None:
        return settle(h, pressed_button, words.record_over())
    _show(h, group, waits.data)
    return ""


@pressed("record_all", roles=ANYBODY)
def _all(h: Hearing, pressed_button: Row[Any]) -> str:
    waits = _waiting(h)
    if waits is None or waits.data["key"] != pressed_button.data["key"]:
        return settle(h, pressed_button, words.record_over())
    shown = settle(h, pressed_button, _open(h, waits, None))
    _to_paste(h, waits.data["group"])
    return shown


@pressed("record_none", roles=ANYBODY)
def _none(h: Hearing, pressed_button: Row[Any]) -> str:
    waits = _waiting(h)
    return settle(h, pressed_button, _left(h, waits) if waits is not None else words.record_over())


def _left(h: Hearing, waits: Row[Any]) -> str:
    _forget(h, waits)
    return words.left()


def _forget(h: Hearing, waits: Row[Any]) -> None:
    """The record is of no use any more: its words need not lie for a day."""
    timers.cancel(h.db, RECORD, _subject(h))
    mine = inbox_table.c.id.in_(waits.data["inbox"]) & inbox_table.c.erase_at.is_not(None)
    h.db.execute(sa.update(inbox_table).where(mine).values(erase_at=h.now))


def _open(h: Hearing, waits: Row[Any], numbers: list[int] | None) -> str:
    """The ticked ones become cases; what is to be said to their group comes as one text."""
    group = next((one for one in _groups(h) if one.id == waits.data["group"]), None)
    if group is None or not _may(h):
        return words.record_over()
    keys = waits.data["keys"]
    wanted = keys if numbers is None else [keys[one - 1] for one in numbers if 0 < one <= len(keys)]
    read = _read(h, waits.data["inbox"], group)
    found = [one.found for one in read.found if one.found.own[0].key in wanted]
    opened = pasting.open_found(h.db, h.desk, group.id, found, now=h.now)
    new = [one.number for one in opened if one.new and one.number is not None]
    data = {"chat": group.id, "cases": new}
    actor = h.actor()
    record(
        h.db, "record_opened", community_id=h.community_id, case_id=None, actor=actor, now=h.now, data=data
    )
    _forget(h, waits)
    return words.opened(sum(one.new for one in opened), new)


def _to_paste(h: Hearing, group_id: int) -> None:
    """What was put for the group just now, for whoever brought the record."""
    query = sa.select(outbox_table).where(
        outbox_table.c.chat_id == group_id,
        outbox_table.c.state == "waiting",
        outbox_table.c.created_at == h.now,
        outbox_table.c.due_at <= h.now,
    )
    rows = h.db.execute(query.order_by(outbox_table.c.rank, outbox_table.c.id)).all()
    due = [(row, text) for row in rows if (text := paste_queue.says(h.db, row))]
    if due:
        chat = voice.chat_row(h.db, group_id)
        paste_queue.handed(h.db, chat, h.person, due, now=h.now, head=words.opened_to_paste(chat.title))
