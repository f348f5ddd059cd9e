"""The shared vocabulary: what comes in, what goes out, who acts, and the words for states.

Both directions are plain values that live as JSON in the inbox and the outbox, so that any process
can handle them without the platform's library.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

import msgspec


class ChatKind(StrEnum):
    GROUP = "group"
    PRIVATE = "private"


class ChatRole(StrEnum):
    """What a chat is used for; a chat that nobody has bound is not listened to."""

    UNBOUND = "unbound"
    RESIDENTS = "residents"  #: 居民群
    LEADERS = "leaders"  #: 网格长工作群
    PRIVATE = "private"


class IncomingKind(StrEnum):
    MESSAGE = "message"
    EDIT = "edit"
    RECALL = "recall"
    BUTTON = "button"
    REACTION = "reaction"
    JOINED = "joined"  #: the bot was added to a chat (or given rights)
    LEFT = "left"  #: the bot was removed from a chat, or a person blocked it
    MIGRATED = "migrated"  #: the platform gave the chat a new id
    RECEIPT = "receipt"  #: what a probe row asked for
    FAILED = "failed"  #: what we said (`message`) did not arrive after all; `text` is an Outcome or a Fault
    OTHER = "other"  #: kept, not handled


class Sender(msgspec.Struct, frozen=True):
    id: str  #: the platform's id of the person; "" where the platform names none (anonymous admin)
    name: str = ""  #: the name the platform shows; never used for rights
    bot: bool = False
    service: bool = False  #: anonymous admin, channel, linked-channel post: nobody in particular
    language: str = ""


class Incoming(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One update of a platform, in gridbot's words.

    `update_id` is unique per (platform, bot); `chat` and `message` are the platform's ids as text;
    `sent_at` is aware, UTC. For EDIT, RECALL, REACTION and BUTTON, `message` is the message meant.
    """

    platform: str
    bot: str
    update_id: str
    kind: IncomingKind
    sent_at: datetime
    chat: str
    chat_kind: ChatKind
    sender: Sender
    chat_title: str = ""
    thread: str = ""
    message: str = ""
    text: str = ""
    photos: tuple[str, ...] = ()  #: the platform's file ids
    album: str = ""  #: photos sent together share it
    voice: bool = False
    transcript: str = ""
    location: tuple[float, float] | None = None  #: latitude, longitude
    reply_to: str = ""  #: message id answered
    reply_to_bot: bool = False
    mentions_bot: bool = False
    mentions_other: bool = False  #: names somebody else: not meant for the bot
    forwarded: bool = False
    button: str = ""  #: the token of the button pressed
    callback: str = ""  #: answers to it go here
    reactions: tuple[str, ...] = ()
    new_chat: str = ""  #: MIGRATED: the id from now on
    start: str = ""  #: payload of a deep link ("/start payload")
    rights: tuple[str, ...] = ()  #: JOINED: what the bot may do here ("read_all", "admin", …)
    via: str = ""  #: private: the account it came by, where a bot has several; bound to a grid as a group is
    filed: bool = False  #: a report by its form, whatever its words: nothing has to be understood in it
    late: bool = False  #: came after a gap; set by intake


class OutKind(StrEnum):
    SEND = "send"
    CARD = "card"  #: a message with a key: the first delivery sends, later ones edit it
    REACT = "react"
    ANSWER = "answer"  #: the little line under a pressed button
    MENU = "menu"
    PROBE = "probe"  #: a question to the platform; the answer comes in as RECEIPT


class Urgency(StrEnum):
    """In which order the outbox is drained."""

    EMERGENCY = "emergency"  #: not paced, no quiet hours
    ANSWER = "answer"  #: somebody is waiting for it
    NOTICE = "notice"
    BULK = "bulk"


class Button(msgspec.Struct, frozen=True):
    text: str
    token: str = ""  #: id of a button row; "" with `url`
    url: str = ""


class Table(msgspec.Struct, frozen=True, omit_defaults=True):
    """A part of a sheet. A cell is a text or a count; every row is as long as the head."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str | int, ...], ...] = ()
    note: str = ""


class Sheet(msgspec.Struct, frozen=True, omit_defaults=True):
    """Figures on one page (a meeting's pack, a month): the same values as picture, workbook and text.

    `key`: the few figures that stand on top, (name, figure).
    """

    title: str
    period: str = ""
    key: tuple[tuple[str, str | int], ...] = ()
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()


class Outgoing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is to be said, in gridbot's words. `text` is plain text: the channel escapes it."""

    text: str = ""
    buttons: tuple[tuple[Button, ...], ...] = ()  #: rows
    reply_to: str = ""  #: the platform's message id
    thread: str = ""
    mention: tuple[tuple[str, str], ...] = ()  #: (user id, name shown), put before the text
    silent: bool = False  #: does not ring
    emoji: str = ""  #: REACT; "" takes the reaction away
    message: str = ""  #: REACT, and CARD once sent: the message meant
    callback: str = ""  #: ANSWER
    alert: bool = False  #: ANSWER: as a box that must be closed
    probe: str = ""  #: PROBE: what is asked ("rights")
    pin: bool = False
    photo: bytes = b""  #: a PNG to go with the text
    sheet: Sheet | None = None  #: drawn when it goes out, where the channel has pictures


class Outcome(StrEnum):
    """What became of an attempt to send. `SENT`: the platform took it; `UNKNOWN`: it may have arrived (a
    time-out after the request); `LEFT_OUT`: the channel has no way to say it, and it need not be said;
    `PARKED`: the person may not be written to before they write again (微信客服: 48 hours, five messages)."""

    SENT = "sent"
    LEFT_OUT = "left_out"
    RETRY = "retry"
    PERMANENT = "permanent"
    UNKNOWN = "unknown"
    PARKED = "parked"


class Fault(StrEnum):
    """Why a chat can no longer be written to, where the reason concerns more than one row."""

    BLOCKED = "blocked"  #: the person stopped the bot, or never started it
    KICKED = "kicked"  #: the bot is not in the group any more
    MIGRATED = "migrated"
    UNAUTHORIZED = "unauthorized"  #: the token is no longer valid: everything stops


@dataclass(frozen=True, slots=True)
class SendResult:
    outcome: Outcome
    message: str = ""  #: the platform's id of what was sent
    reason: str = ""  #: in words, masked; no token
    retry_after: float = 0.0  #: seconds; with RETRY
    whole_bot: bool = False  #: `retry_after` holds for every chat of the bot
    fault: Fault | None = None
    new_chat: str = ""
    delivered: bool = False  #: with SENT: the platform also says that it arrived


@dataclass(frozen=True, slots=True)
class Kept:
    """An update on its way into the inbox: the bytes as they came, and what could be read of them.

    `incoming` None: kept raw, to be read again by a later version.
    """

    platform: str
    bot: str
    update_id: str
    raw: bytes
    incoming: Incoming | None


Accept = Callable[[Sequence[Kept]], Awaitable[None]]
"""Returns once all are committed; raises if not, and then the platform must not be answered."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One claimed outbox row, as a channel sees it."""

    id: int  #: the outbox row
    kind: OutKind
    urgency: Urgency
    chat: str  #: the platform's id
    chat_kind: ChatKind
    payload: Outgoing
    message: str = ""  #: CARD: the message to edit; "" sends a new one
    purpose: str = ""  #: which sentence it is (outbox.purpose)
    again: bool = False  #: an attempt before this one may have arrived


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a channel can do. Wording and fallbacks follow from this (`gridbot.fitting`), never from a
    platform's name."""

    hears: bool = True  #: somebody there can answer
    abroad: bool = False  #: what is said there crosses the border of mainland China
    reads_group: bool = True  #: all that is said there; else what is meant for the bot
    pushes: bool = True  #: may speak without having been spoken to
    starts_private: bool = False  #: may write to a person who never wrote
    buttons: bool = True
    most_buttons: int = 100  #: under one message
    links: bool = True  #: a button may lead to an address
    taps: bool = True  #: shows a little line to whoever presses a button
    edits: bool = True
    edits_pressed: bool = False  #: where not `edits`: a card whose button was pressed a moment ago
    reactions: bool = True
    sees_recall: bool = False
    mentions: bool = True
    photos: bool = True
    menus: bool = True
    probes: bool = True  #: can be asked what the bot may do in a chat, and told to leave it
    tells_entry: bool = True  #: says when the bot is put out of a group or let into it
    text_limit: int = 4096
    text_unit: str = "utf16"  #: utf16 | bytes


PEOPLE_OF = {"wecom_webhook": "wecom_aibot"}
"""Channels that hear nobody, and the channel by whose accounts they mention people: the same corp's."""


class Speaker(Protocol):
    """The way out of a channel. `send` never raises for a platform's refusal: that is a value."""

    capabilities: Capabilities

    async def send(self, delivery: Delivery) -> SendResult: ...


class Role(StrEnum):
    """What a person may do. Rank comes from the tree, never from a title."""

    STRANGER = "stranger"
    RESIDENT = "resident"
    LEADER = "leader"  #: 网格长 of some node
    DEPUTY = "deputy"  #: 副网格长
    LIAISON = "liaison"  #: 联络员: is copied
    UNIT = "unit"  #: speaks for a partner unit (物业 …)
    CONTACT = "contact"  #: 专门联系人: hears of dangers to one person, by name, not by place
    ADMIN = "admin"
    OFFICER = "officer"  #: 街道: reads the figures of several communities, and nothing else
    SYSTEM = "system"  #: gridbot itself, by a timer


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something. `person` is None for the system and for somebody not yet known."""

    person: int | None
    role: Role
    name: str = ""

    @classmethod
    def system(cls) -> Actor:
        return cls(None, Role.SYSTEM)


class CaseState(StrEnum):
    GATHERING = "gathering"  #: an incomplete report, its window still open
    WAITING = "waiting"  #: told to a leader, nobody has taken it
    ACCEPTED = "accepted"
    DONE = "done"  #: the leader says so
    CLOSED = "closed"  #: the reporter says so, or nobody answered
    WITHDRAWN = "withdrawn"
    MERGED = "merged"


OPEN_STATES = (CaseState.GATHERING, CaseState.WAITING, CaseState.ACCEPTED)


class Move(StrEnum):
    """What can happen to a case: the codes of its events."""

    OPENED = "opened"
    ADDED = "added"  #: a fragment, photo or correction joined
    SECONDED = "seconded"  #: 附议
    PLACED = "placed"
    RETYPED = "retyped"
    NOTIFIED = "notified"
    ACCEPTED = "accepted"
    PROGRESS = "progress"
    DONE = "done"
    CONFIRMED = "confirmed"
    BETTER = "better"
    REOPENED = "reopened"
    HANDED_OVER = "handed_over"
    ESCALATED = "escalated"
    BOUNCED = "bounced"  #: 退回
    REASSIGNED = "reassigned"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"
    UNDONE = "undone"
    REMINDED = "reminded"
    MERGED = "merged"
    VIEWED = "viewed"
    FALSE_ALARM = "false_alarm"  #: 虚惊: somebody went, and there was no danger
    PASSED_OVER = "passed_over"  #: could not be reached, so the next one was told
    PAUSED = "paused"  #: 暂缓
    RESUMED = "resumed"
    TABLED = "tabled"  #: 列入例会
    OUTCOME = "outcome"  #: what the meeting (例会) came to
    STAGE_DONE = "stage_done"
    OVERDUE = "overdue"  #: a stage or the whole is past its limit: reported once
    FOLLOWED = "followed"  #: its grid is gone: the one above has it
    SPLIT = "split"  #: several bodies: sub-cases were opened
    STATED = "stated"  #: 陈述: a party to the dispute said its side
    ASKED_IN = "asked_in"  #: 约请: a unit was invited with a dated ask
    ANSWERED = "answered"  #: what came of an invitation
    DESIGNATED = "designated"  #: 指定: the level above decided whose it is
    LINKED = "linked"  #: a number of elsewhere (12345 单号) belongs to it


_encoder = msgspec.json.Encoder()
_incoming = msgspec.json.Decoder(Incoming)
_outgoing = msgspec.json.Decoder(Outgoing)


def dump(value: Incoming | Outgoing) -> bytes:
    """As JSON. Lone surrogates (half an emoji) become U+FFFD: no database takes them as text."""
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError:
        return _encoder.encode(_without_surrogates(value))


def load_incoming(data: bytes) -> Incoming:
    """Raises msgspec.ValidationError."""
    return _incoming.decode(data)


def load_outgoing(data: bytes) -> Outgoing:
    """Raises msgspec.ValidationError."""
    return _outgoing.decode(data)


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, tuple):
        return tuple(_without_surrogates(item) for item in value)
    if isinstance(value, msgspec.Struct):
        fields = {name: _without_surrogates(getattr(value, name)) for name in value.__struct_fields__}
        return type(value)(**fields)
    return value
