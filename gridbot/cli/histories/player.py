"""A history through the whole desk, at its own times, on a throw-away database.

A Stage hears one message a turn; here a piece of them shares a transaction, for most of what people say
ends at a look. As soon as one is more than talk, or a timer is due before the next, the piece is
committed, time passes, and what would have been said is noted. What is over goes on the way: talk after
two days, cases after three, so that the last message of years costs what the first did.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot.cases import actions
from gridbot.clock import fire_one
from gridbot.desk.context import Desk, Room
from gridbot.desk.receive import receive
from gridbot.messages import ChatKind, Incoming, IncomingKind, Kept, Sender
from gridbot.rehearsal import GROUP, OWNER, Sent, Stage
from gridbot.store import inbox, outbox, timers
from gridbot.store.tables import buttons, cases, questions, supporters
from gridbot.store.tables import inbox as inbox_table
from gridbot.store.tables import outbox as outbox_table
from gridbot.understanding.exports import Line

PIECE = 64  #: messages that share a transaction
ERASE_EVERY = 2_000
LOOK_AGAIN = timedelta(minutes=10)  #: what holds of a chat and its speakers while only talk goes by …
UNWATCHED = timedelta(hours=6)  #: … and where time alone takes nothing from it
_QUOTES = 500  #: how far back a quote without an id is looked for
OVER = timedelta(days=3)
TALK_OVER = timedelta(days=2)
QUIET = timedelta(hours=1)
_RETIRED = "retired"  #: a state only the stage knows
_OVER = (
    sa.select(cases)
    .where(cases.c.reported_at < sa.bindparam("before"), cases.c.state != _RETIRED)
    .order_by(cases.c.id)
)
_RETIRE = sa.update(cases).where(cases.c.id == sa.bindparam("row")).values(state=_RETIRED)
_NEW = sa.select(inbox_table).where(inbox_table.c.id > sa.bindparam("after")).order_by(inbox_table.c.id)
#: What hangs on a case and is looked through for every message: it goes with the case.
_FORGET = tuple(
    sa.delete(table).where(table.c.case_id == sa.bindparam("of_case"))
    for table in (questions, supporters, buttons, outbox_table)
)
_FORGET_TALK = sa.delete(inbox_table).where(
    inbox_table.c.case_id.is_(None), inbox_table.c.sent_at < sa.bindparam("before")
)
#: Whether a message may go is asked for each: without this by looking through all.
_INDEX = sa.text("CREATE INDEX IF NOT EXISTS stage_case_message_inbox ON case_message (inbox_id)")


Told = Callable[[Connection, Row[Any]], None]


class Reel(Stage):
    """A stage that hears a history. `failed` counts messages that could not be handled. `said` hears what
    the bot says, `told` every case once it is over."""

    def __init__(self, desk: Desk, start: datetime, said: Callable[[Sent], None], told: Told) -> None:
        super().__init__(desk, start)
        self.heard_count = self.failed = 0
        self._said, self._told = said, told
        self._due: datetime | None = None
        self._last = 0  #: the inbox row heard last

    def __enter__(self) -> Reel:
        return self

    def hear_all(self, messages: Iterable[Incoming]) -> None:
        waiting = iter(messages)
        erased = 0
        while piece := list(islice(waiting, PIECE)):
            self._hear_piece(piece)
            self.heard_count += len(piece)
            if self.heard_count - erased >= ERASE_EVERY:
                erased = self.heard_count
                self._erase()
                self._retire(self.now - OVER)

    def _hear_piece(self, piece: list[Incoming]) -> None:
        kept = [Kept(one.platform, one.bot, one.update_id, b"", one) for one in piece]
        with self.db() as db:
            inbox.keep_all(db, kept, now=piece[0].sent_at)
            rows = list(db.execute(_NEW, {"after": self._last}))
        self._last = rows[-1].id if rows else self._last
        while rows:
            if self._due is not None and self._due <= rows[0].sent_at:
                self.until(rows[0].sent_at)
            with self.db() as db:
                handled = self._through(db, rows)
                inbox.done(db, rows[:handled], now=self.now)
            rows = rows[handled:]
            self._after()

    def _through(self, db: Connection, rows: list[Row[Any]]) -> int:
        """How many were handled: up to the first that was more than talk, or that a timer comes before."""
        room: Room | None = None
        since = self.now
        for at, row in enumerate(rows):
            if at and self._due is not None and self._due <= row.sent_at:
                return at
            self.now = max(self.now, row.sent_at)
            if room is None or self.now - since > (LOOK_AGAIN if _fades(room) else UNWATCHED):
                users = [one.user for one in rows[at:]]
                room, since = self.desk.room(db, row.chat_id, users, self.now), self.now
            if not self._receive(db, row, room):
                return at + 1
        return len(rows)

    def _receive(self, db: Connection, row: Row[Any], room: Room) -> bool:
        """Whether it was mere talk."""
        try:
            with db.begin_nested():
                return receive(db, self.desk, row, room, now=self.now)
        except Exception:
            self.failed += 1  # as in earnest: set aside, and the chat goes on
            return False

    def _after(self) -> None:
        self._speak()
        self._note()
        with self.db() as db:
            due = [at for at in (timers.next_due(db), outbox.next_due(db)) if at is not None]
        self._due = min(due, default=None)

    def _note(self) -> None:
        for one in self.sent:
            self._said(one)
        self.sent.clear()

    def until(self, moment: datetime) -> None:
        super().until(moment)
        self._note()

    def _fire(self) -> None:
        with self.db() as db:
            rows = timers.claim_due(db, owner=OWNER, now=self.now)
        for row in rows:
            try:
                with self.db() as db:
                    fire_one(db, self.desk, row, owner=OWNER, now=self.now)
            except Exception:
                with self.db() as db:
                    timers.fail(db, row, owner=OWNER, error="could not be done")
                self.failed += 1

    def ends(self) -> int:
        """A quiet hour after the last message all is over. Returns how many messages joined a case."""
        self.until(self.now + QUIET)
        with self.db() as db:
            joined = sa.select(sa.func.count()).where(inbox_table.c.case_id.is_not(None))
            count = int(db.execute(joined).scalar_one())
        self._retire(self.now + QUIET)
        return count

    def _retire(self, before: datetime) -> None:
        """In a history hardly anybody answers the bot: after some days a case counts as dealt with, or open
        ones would heap up as they never do in earnest. Nobody is asked whether it is back."""
        with self.db() as db:
            rows = db.execute(_OVER, {"before": before}).all()
            for row in rows:
                self._told(db, row)
                timers.cancel_all(db, actions.subject(row.id))
                for forget in _FORGET:
                    db.execute(forget, {"of_case": row.id})
                db.execute(_RETIRE, {"row": row.id})

    def _erase(self) -> None:
        """Talk of two days ago goes, row and all: years of it would be looked through again and again."""
        with self.db() as db:
            db.execute(_INDEX)
            db.execute(_FORGET_TALK, {"before": self.now - TALK_OVER})


def _fades(room: Room) -> bool:
    """Does anything in it end by itself: a question, the hour after a report, the minutes after 我家也是?"""
    return any(one.question or one.talk or one.backs or one.gathers for one in room.heeds.values())


def messages(
    lines: Iterable[Line], user_of: Callable[[Line], str], *, latest: datetime
) -> Iterator[Incoming]:
    """Lines as the stage's platform would bring them; time never goes back, nor past `latest`."""
    at: datetime | None = None
    texts: dict[str, str] = {}  #: words → message id, the latest last: for quotes without an id
    for number, line in enumerate(lines):
        moment = min(line.at, latest)
        at = moment if at is None else max(at, moment)
        message = f"m{line.id}" if line.id else f"n{number}"
        reply = f"m{line.reply_to}" if line.reply_to else texts.get(line.quoted, "") if line.quoted else ""
        if line.text:
            texts.pop(line.text, None)
            texts[line.text] = message
            if len(texts) > _QUOTES:
                del texts[next(iter(texts))]
        yield Incoming(
            platform=Stage.platform,
            bot=Stage.bot,
            update_id=f"u{number}",
            kind=IncomingKind.MESSAGE,
            sent_at=at,
            chat=GROUP,
            chat_kind=ChatKind.GROUP,
            sender=Sender(user_of(line), line.who),
            message=message,
            text=line.text,
            photos=(f"p{number}",) if line.photo else (),
            voice=line.voice,
            reply_to=reply,
            forwarded=line.forwarded,
        )
