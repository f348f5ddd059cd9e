"""One message in, the right action out.

Called with a kept message, inside its transaction. The order below is the order of precedence; the
first that takes the message ends it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, Row

from gridbot import fitting, services, texts, understanding
from gridbot.cases import queries, secrecy
from gridbot.desk import (
    amends,
    arrivals,
    asking,
    bursts,
    buttons,
    changes,
    commands,
    corrections,
    drafts,
    filed,
    fragments,
    losses,
    missed,
    parked,
    planned,
    records,
    remarks,
    replies,
    reports,
    residents,
    said_before,
    to_come,
    twins,
    vague,
)
from gridbot.desk.context import LATE, Desk, Hearing, Room
from gridbot.messages import ChatRole, Incoming, IncomingKind, load_incoming
from gridbot.store import outbox
from gridbot.texts import channels as channel_words
from gridbot.understanding.reading import Band, Kind, Reading

CHOICES_FOR = timedelta(hours=24)  #: how long a digit answers a question with choices


def receive(db: Connection, desk: Desk, row: Row[Any], room: Room, *, now: datetime) -> bool:
    """Handles one inbox row. Raises whatever goes wrong: the caller counts and sets aside.

    Returns whether it was mere talk that changed nothing: then `room` serves the next message too.
    """
    said = _as_pressed(db, desk, load_incoming(row.incoming), room, now)
    late = row.sent_at is not None and row.received_at - row.sent_at > LATE
    hearing = Hearing(db, desk, room.chat, said, row.id, now, late, room.heeds)
    parked.written(hearing)
    return bool(HANDLERS.get(said.kind, _ignore)(hearing))


def _as_pressed(db: Connection, desk: Desk, said: Incoming, room: Room, now: datetime) -> Incoming:
    """A plain digit under choices that were written out, for want of buttons, is the button."""
    can = desk.can.get(said.platform)
    if can is None or said.kind is not IncomingKind.MESSAGE or not fitting.DIGITS.fullmatch(said.text):
        return said
    offered = outbox.last_choices(db, room.chat.id, since=now - CHOICES_FOR)
    token = fitting.choice(said.text, offered) if offered and fitting.spelled(offered, can) else ""
    return msgspec.structs.replace(said, kind=IncomingKind.BUTTON, button=token) if token else said


def _ignore(_h: Hearing) -> bool:
    """Kinds of update gridbot has no use for are kept and passed over."""
    return True


def hear(h: Hearing) -> bool:
    """A message. In a chat nobody has bound only commands are heard. True: it was mere talk."""
    said = h.said
    if said.sender.bot or said.sender.service:
        return True
    if h.private and (h.chat.community_id is None or not h.chat.active):
        arrivals.settle_private(h)
    elif not h.chat.active:
        arrivals.heard_again(h)
    if h.chat.role == ChatRole.UNBOUND or h.chat.community_id is None:
        commands.in_unbound(h)
        return False
    if said.filed:
        filed.hear(h)
        return False
    if records.heard(h) or commands.run(h):
        return False
    text = said.text or said.transcript
    if said.forwarded:
        return not (planned.announced(h, text) or records.forwarded(h))
    reading = understanding.read(text, h.knows.packs, h.knows.gazetteer, photo=bool(said.photos))
    if said.mentions_other and not reading.urgent:
        return True  # meant for somebody else; @李格长 着火了 is for all
    h.heed()
    if h.holds_office and not h.private:
        secrecy.notice_seats(h.db, h.chat, h.person, h.now)
    if h.ignored and not h.private:
        return True
    if h.chat.role == ChatRole.LEADERS:
        return not _among_leaders(h, text)
    took = _quoted(h, text, reading) or _spoken_to(h, text, reading)
    if not took and h.for_us and not h.late:
        h.answer(_owed(h, reading), purpose="not-understood")
        return False
    return not took


def _spoken_to(h: Hearing, text: str, reading: Reading) -> bool:
    """What is not a quote: an answer, a leader's word, a report, a fragment, a question about services."""
    if _about_a_service(h, text) or planned.announced(h, text) or bursts.answered(h, text):
        return True
    plain_chat = reading.kind is Kind.CHAT and reading.band is Band.SILENT
    if plain_chat and not (h.for_us or h.waited_for) and not _may_matter(h, text):
        return False
    if asking.answer(h, reading):
        return True
    if h.leads and h.private and "改" in text and amends.unquoted(h, text):
        return True  # 128 改成 供电: nothing he does to it
    if h.leads and replies.his_own_report(h, reading, text):
        reports.hear_own(h, reading)
        return True
    if h.leads and text and replies.unquoted(h, text, only_sure=not h.private):
        return True
    if amends.unquoted(h, text) or corrections.correct(h, reading, text) or to_come.hear(h, reading, text):
        return True
    if reading.kind is Kind.REPORT and reading.band is not Band.SILENT:
        return _report(h, reading)
    if any(hear(h, reading, text) for hear in _ASIDE):
        return True
    whole = said_before.report_of_halves(h, reading, text)
    return _report(h, whole) if whole is not None else (h.private and _alone(h, reading))


def _may_matter(h: Hearing, text: str) -> bool:
    """Plain talk of somebody nothing is waited for from: beside a fresh report, or 又堵了."""
    words = remarks.of(h.knows.packs)
    beside = h.talk and (words.hint(text) or words.says("aid", text))
    return (
        beside or bool(vague.said(text, words)) or words.says("still_out", text) or said_before.half(h, text)
    )


def _aside(h: Hearing, reading: Reading, text: str) -> bool:
    return residents.hear_aside(h, reading)


def _newer(h: Hearing, reading: Reading, text: str) -> bool:
    """我家也停了, of somebody whose own report is of another thing: not a fragment of that."""
    return twins.remarked(h, reading, text, frozenset({remarks.Remark.TOO}))


def _fragment(h: Hearing, reading: Reading, text: str) -> bool:
    took = False
    for case in fragments.gathering_cases(h):
        if fragments.may_join(h, reading, text, case):
            fragments.join(h, case, reading)
            took = True
    return took


def _aid(h: Hearing, reading: Reading, text: str) -> bool:
    return twins.aided(h, text)


#: What talk that reports nothing by itself may be, in order; the first that takes it ends it.
_ASIDE: tuple[Callable[[Hearing, Reading, str], bool], ...] = (
    _aside,
    planned.still,
    _newer,
    vague.hear,
    _fragment,
    fragments.supporter_goes_on,
    twins.remarked,
    _aid,
)


def _report(h: Hearing, reading: Reading) -> bool:
    sure = reading.band is Band.OPEN
    if h.leads and not h.private and not reading.urgent and replies.is_reply(h, h.said.text):
        return False  # 下午我去看3号楼的阴沟
    if h.leads and not h.private and not reading.urgent and not (sure and drafts.best_place(reading.places)):
        return False  # the leader's own chatting opens nothing
    if h.late and not sure:
        return False
    reports.hear_report(h, reading)
    return True


def _alone(h: Hearing, reading: Reading) -> bool:
    """In private everything is meant for the bot: a place or a photo begins a report too."""
    if h.leads or not (h.said.photos or reading.kind is Kind.PLACE):
        return False
    reports.hear_report(h, reading)
    return True


def _quoted(h: Hearing, text: str, reading: Reading) -> bool:
    """A reply: to one of ours by its receipt, or to a resident's own message that is a case."""
    if not h.said.reply_to:
        return False
    receipt = outbox.find_receipt(h.db, h.chat.id, h.said.reply_to)
    case_id = receipt.case_id if receipt is not None else None
    if case_id is None:
        case_id = queries.by_message(h.db, h.community_id, h.chat.id, h.said.reply_to)
    if case_id is None:
        return h.leads and missed.told(h, text)
    case = queries.case(h.db, case_id)
    if amends.of_quoted(h, case, text) or (h.leads and replies.to_case(h, case, text)):
        return True
    return (
        asking.answer(h, reading)
        or corrections.correct(h, reading, text)
        or residents.about_a_case(h, case, reading)
    )


def _among_leaders(h: Hearing, text: str) -> bool:
    """In the leaders' group people talk shop: only replies to ours and clear words count."""
    receipt = outbox.find_receipt(h.db, h.chat.id, h.said.reply_to) if h.said.reply_to else None
    if receipt is not None and receipt.case_id is not None:
        case = queries.case(h.db, receipt.case_id)
        return amends.of_quoted(h, case, text) or replies.to_case(h, case, text)
    return h.leads and bool(text) and replies.unquoted(h, text, only_sure=True)


def _about_a_service(h: Hearing, text: str) -> bool:
    """三九什么时候, from anybody; 磨刀的不来了, from whoever may change the day."""
    days = h.knows.service_days
    if not days or not text:
        return False
    if services.understand_question(text, days, h.now) is not None:
        answer = services.answer_question(h.db, h.community_id, text, h.now)
    elif h.holds_office and (change := services.understand_organiser(text, days, h.now)) is not None:
        answer = services.apply_change(h.db, change, actor=h.actor(), now=h.now)
    else:
        return False
    if answer:
        h.answer(answer, purpose="service-answer")
    return bool(answer)


def _owed(h: Hearing, reading: Reading) -> str:
    """Who addresses the bot always gets one line."""
    if h.said.voice and not h.said.transcript:
        return channel_words.unheard()
    if reading.kind is Kind.CIVIC:
        return texts.civic()
    if reading.kind is Kind.RESOLVED:
        return texts.noted()
    if h.leads and h.private:
        return texts.not_understood_office()
    return texts.not_understood(h.knows.settings.phone)


HANDLERS: dict[IncomingKind, Callable[[Hearing], bool | None]] = {
    IncomingKind.MESSAGE: hear,
    IncomingKind.BUTTON: buttons.press,
    IncomingKind.EDIT: changes.edited,
    IncomingKind.RECALL: changes.recalled,
    IncomingKind.JOINED: arrivals.joined,
    IncomingKind.LEFT: arrivals.left,
    IncomingKind.MIGRATED: arrivals.migrated,
    IncomingKind.RECEIPT: arrivals.rights,
    IncomingKind.FAILED: losses.failed,
}
