"""What the sender said just before a report, and the halves that make one only together."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
import sqlalchemy as sa

from gridbot.cases import queries
from gridbot.desk import drafts, remarks
from gridbot.desk.context import Hearing
from gridbot.messages import Incoming, IncomingKind, load_incoming
from gridbot.store.tables import inbox
from gridbot.understanding.reading import Band, Kind, Reading
from gridbot.understanding.replies import read_confirmation

_HALF, _STUB, _PARTS = 20, 14, 3  #: characters of a half, and of each stub before it; how many of those
AT_ONCE = timedelta(seconds=60)  #: between two halves; later it is a new thought
BACK = 8  #: how many of the sender's last messages may be fragments said before
NEVER = (Kind.QUESTION, Kind.STATUS, Kind.WITHDRAW)

_BEFORE = (
    sa.select(inbox.c.id, inbox.c.incoming)
    .where(
        inbox.c.chat_id == sa.bindparam("of_chat"),
        inbox.c.user == sa.bindparam("of_user"),
        inbox.c.id < sa.bindparam("before"),
        inbox.c.sent_at >= sa.bindparam("since"),
        inbox.c.case_id.is_(None),
        inbox.c.state.in_(("done", "pending")),
        inbox.c.incoming.is_not(None),
    )
    .order_by(inbox.c.id.desc())
    .limit(BACK)
)


Heard = tuple[int, Incoming]


def before(h: Hearing, since: datetime | None = None) -> list[Heard]:
    """What the sender said just before, in this chat, that joined no case: places and photos mostly. 说正经的
    begins anew, and what names nothing counts only in the same breath."""
    if remarks.of(h.knows.packs).says("turns", h.said.text):
        return []
    found: list[Heard] = []
    last = h.said.sent_at
    for number, said in reversed(breath(h, since)):
        if not _may_be_fragment(h, said):
            continue
        if last - said.sent_at <= AT_ONCE or said.photos or said.voice or _names_something(h, said.text):
            found.append((number, said))
            last = said.sent_at
    return found[::-1]


def _names_something(h: Hearing, text: str) -> bool:
    """A place, a thing that may be out of order, or a fault."""
    if drafts.best_place(drafts.with_places(h, Reading(Kind.CHAT, Band.SILENT), text).places) is not None:
        return True
    return bool(drafts.topics(h, text)) or drafts.names_a_fault(h, text)


def breath(h: Hearing, since: datetime | None = None) -> list[Heard]:
    """The sender's messages before this one with no longer pause than the window between, oldest first, as
    they read after an edit; what was taken back is none."""
    earliest = h.said.sent_at - h.knows.settings.gather_most
    which = {
        "of_chat": h.chat.id,
        "of_user": h.said.sender.id,
        "before": h.inbox_id,
        "since": max(earliest, since) if since else earliest,
    }
    found: list[Heard] = []
    last = h.said.sent_at
    changed: dict[str, Incoming | None] = {}  # the latest first: what was edited or taken back afterwards
    for row in h.db.execute(_BEFORE, which):
        said = load_incoming(row.incoming)
        if said.kind in (IncomingKind.EDIT, IncomingKind.RECALL):
            changed.setdefault(said.message, said if said.kind == IncomingKind.EDIT else None)
            continue
        if said.kind != IncomingKind.MESSAGE or last - said.sent_at > h.knows.settings.gather_idle:
            break
        last = said.sent_at
        newer = changed.get(said.message, said)
        if newer is not None and said.message != h.said.message:
            found.append((row.id, msgspec.structs.replace(said, text=newer.text)))
    return found[::-1]


def _may_be_fragment(h: Hearing, said: Incoming) -> bool:
    text = said.text or said.transcript
    if said.forwarded or said.start or said.reply_to or said.text.startswith(("/", "／")):
        return False
    words = remarks.of(h.knows.packs)
    if words.other_talk(text) or words.joke(text) or words.plus_one(text) or words.says("then", text):
        return False
    reading = drafts.read(h, text) if text else None
    if reading is None:
        return True
    never = reading.kind in (*NEVER, Kind.SUPPORT) or is_over(h, reading, text)
    return not never and not of_another_time(reading)


def is_over(h: Hearing, reading: Reading, text: str) -> bool:
    """Mended; 早上就不热了 only sounds so."""
    return reading.kind is Kind.RESOLVED and read_confirmation(text, h.knows.packs) != "not_yet"


def of_another_time(reading: Reading) -> bool:
    """去年…, 要是…, 我公司…: words of a trouble that is none here and now."""
    return bool(reading.because) and reading.because[0].startswith("不算")


def goes_on_elsewhere(h: Hearing) -> bool:
    """Whether the sender has just begun to tell of another time or place (去年也冻裂过): what only sounds
    like a report goes on with that."""
    words = remarks.of(h.knows.packs)
    last = [said.text for _, said in breath(h)[-1:] if said.text]
    return any(words.says("then", text) or of_another_time(drafts.read(h, text)) for text in last)


def answers_elsewhere(h: Hearing, text: str) -> bool:
    """看了,那电线杆都快倒了: to somebody who has just told of another place or time."""
    if not remarks.of(h.knows.packs).says("answering", text):
        return False
    last = queries.texts_since(h.db, h.chat.id, h.said.sent_at - AT_ONCE, h.inbox_id)[:1]
    return any(of_another_time(drafts.read(h, one)) for one in last)


# --- halves ---------------------------------------------------------------------------------------


def half(h: Hearing, text: str) -> bool:
    """Whether a short text names a fault and may be the second half of a report (昨晚就不亮了)."""
    return 0 < len(text) <= _HALF and drafts.names_a_fault(h, text)


def together(h: Hearing, reading: Reading, text: str) -> Reading | None:
    """The sure report that a sender's fragments make only together: 二楼那个灯, 昨晚就不亮了. None: they
    make none."""
    talk = reading.kind in (Kind.CHAT, Kind.REPORT, Kind.PLACE, Kind.RESOLVED)
    if not talk or is_over(h, reading, text) or h.said.reply_to or len(text) > _HALF:
        return None
    words = [text]
    last = h.said.sent_at
    for _, said in before(h)[: -_PARTS - 1 : -1]:
        if last - said.sent_at > AT_ONCE or not 0 < len(said.text) <= _STUB:
            break
        last = said.sent_at
        words.insert(0, said.text)
    return surer(h, reading, " ".join(words)) if len(words) > 1 else None


def placed_before(h: Hearing, reading: Reading, earlier: list[Heard]) -> Reading:
    """A sure report whose place stands in the sentence before it is read with that: 东车棚边倒的碎砖,
    一刮风满院是灰 is about the rubbish."""
    said = earlier[-1][1] if earlier else None
    if said is None or drafts.best_place(reading.places) is not None or len(said.text) > _HALF:
        return reading
    if h.said.sent_at - said.sent_at > AT_ONCE or reading.urgent:
        return reading
    whole = drafts.read(h, f"{said.text} {h.said.text}")
    named = drafts.best_place(whole.places) is not None and drafts.reports(whole)
    return whole if named and whole.band is Band.OPEN else reading


def surer(h: Hearing, reading: Reading, words: str) -> Reading | None:
    whole = drafts.read(h, words)
    sure = drafts.reports(whole) and whole.band is Band.OPEN
    return whole if sure and (not reading.types or set(reading.types) & set(whole.types)) else None


def report_of_halves(h: Hearing, reading: Reading, text: str) -> Reading | None:
    """A half that is talk by itself, made whole by what its sender said before."""
    words = remarks.of(h.knows.packs)
    if h.leads or h.late or of_another_time(reading) or words.other_talk(text) or words.joke(text):
        return None
    return together(h, reading, text) if half(h, text) else None
