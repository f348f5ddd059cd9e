"""Conversations played through the whole desk on a throw-away database and a virtual clock; nothing sent.

A `Stage` is the house without its edges: what is said goes through inbox, desk, cases and outbox exactly
as in earnest, timers fire when the virtual clock passes them, and what would have been said is collected
instead of sent. The tests play on it, and so does `gridbot rehearse`.
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy import Connection

from gridbot import intake
from gridbot.clock import fire_one
from gridbot.desk.context import Desk
from gridbot.fitting import fit
from gridbot.messages import (
    Button,
    Capabilities,
    ChatKind,
    Delivery,
    Incoming,
    IncomingKind,
    Kept,
    Outcome,
    OutKind,
    Sender,
    SendResult,
    Sheet,
    load_outgoing,
)
from gridbot.store import inbox, outbox, timers
from gridbot.store.db import sqlite_engine
from gridbot.store.tables import (
    case_messages,
    cases,
    chats,
    communities,
    grid_nodes,
    holdings,
    identities,
    metadata,
    people,
)
from gridbot.store.tables import inbox as inbox_table

OWNER = "stage"
EVERYTHING = Capabilities()
Fill = Callable[[Connection], None]


@dataclass(frozen=True, slots=True)
class Sent:
    """One thing the bot did in a chat. `message` is the id it got; a card edited keeps its first."""

    at: datetime
    chat: str
    kind: OutKind
    purpose: str
    text: str
    buttons: tuple[tuple[Button, ...], ...]
    message: str
    reply_to: str
    case_id: int | None
    emoji: str = ""
    mention: tuple[tuple[str, str], ...] = ()
    sheet: Sheet | None = None  #: what would be drawn


class Stage:
    """A platform of its own, "stage", with one bot. Use it as a context manager: the database goes after.

    `can`: what the platform is able to do; everything, if not said.
    """

    platform, bot = "stage", "bot"

    def __init__(self, desk: Desk, start: datetime, *, can: Capabilities = EVERYTHING) -> None:
        self.now = start
        self.desk = desk
        self.can = desk.can[self.platform] = can
        self.channels = {self.platform: can}
        self.sent: list[Sent] = []
        self.heard: dict[int, str] = {}  #: line of a script → message id
        self._numbers = itertools.count(1)
        self._started: set[str] = set()
        self._folder = Path(tempfile.mkdtemp(prefix="gridbot-stage-"))
        url = sa.make_url(f"sqlite:///{self._folder / 'stage.db'}")
        self._engine = sqlite_engine(url, read_only=False, durable=False)
        metadata.create_all(self._engine)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._engine.dispose()
        shutil.rmtree(self._folder, ignore_errors=True)

    def also(self, platform: str, can: Capabilities) -> None:
        """A second platform: who speaks there says `platform=`."""
        self.channels[platform] = self.desk.can[platform] = can

    @contextmanager
    def db(self) -> Iterator[Connection]:
        with self._engine.begin() as connection:
            yield connection

    # --- what people do ---

    def says(
        self,
        who: str,
        text: str,
        *,
        chat: str,
        name: str = "",
        **more: Any,
    ) -> str:
        """Somebody says something; returns the message id. A negative chat id is a group."""
        message = more.pop("message", f"m{next(self._numbers)}")
        self.hear(self._incoming(who, name, chat, message=message, text=text, **more))
        return str(message)

    def presses(self, who: str, text: str, *, chat: str, **more: Any) -> str:
        """Presses the newest button of that text in a chat; returns the line shown under it."""
        button = next(
            one
            for sent in reversed(self.in_chat(chat))
            for row in sent.buttons
            for one in row
            if one.text == text
        )
        before = len(self.sent)
        kind = IncomingKind.BUTTON
        self.hear(self._incoming(who, "", chat, kind=kind, button=button.token, callback="cb", **more))
        answers = [one.text for one in self.sent[before:] if one.kind is OutKind.ANSWER]
        return answers[0] if answers else ""

    def starts(self, who: str, name: str = "", payload: str = "", **more: Any) -> None:
        """Opens the private chat with the bot, as pressing Start does."""
        self._started.add(who)
        self.hear(self._incoming(who, name, who, kind=IncomingKind.JOINED, **more))
        self.hear(self._incoming(who, name, who, text="/start", start=payload, **more))

    def _incoming(self, who: str, name: str, chat: str, **more: Any) -> Incoming:
        group = chat.startswith("-")
        values: dict[str, Any] = {
            "platform": self.platform,
            "bot": self.bot,
            "update_id": f"u{next(self._numbers)}",
            "kind": IncomingKind.MESSAGE,
            "sent_at": self.now,
            "chat": chat,
            "chat_kind": ChatKind.GROUP if group else ChatKind.PRIVATE,
            "sender": Sender(who, name or who),
        }
        return Incoming(**(values | more))

    def hear(self, incoming: Incoming) -> None:
        """Keeps, handles and speaks, as far as no timer has to pass."""
        raw = b"{}"
        kept = Kept(incoming.platform, incoming.bot, incoming.update_id, raw, incoming)
        with self.db() as db:
            inbox.keep(db, kept, now=self.now)
        while True:
            with self.db() as db:
                batch = inbox.claim(db, owner=OWNER, now=self.now)
            if not batch.rows:
                break
            with self.db() as db:
                _, failed, _ = intake.handle(db, self.desk, batch, owner=OWNER, now=self.now)
            if failed:
                raise RuntimeError(f"a message was not handled: {self._error()}")
        self._speak()

    def _error(self) -> str:
        with self.db() as db:
            return str(
                db.execute(sa.text("SELECT error FROM inbox WHERE error != '' ORDER BY id DESC")).scalar()
            )

    # --- time ---

    def passes(self, **length: float) -> None:
        """Time goes by, and every timer and delayed message on the way happens at its moment."""
        self.until(self.now + timedelta(**length))

    def until(self, moment: datetime) -> None:
        while True:
            with self.db() as db:
                next_at = [
                    at for at in (timers.next_due(db), outbox.next_due(db, self.channels)) if at is not None
                ]
            upcoming = [at for at in next_at if at <= moment]
            if not upcoming:
                break
            self.now = max(self.now, min(upcoming))
            self._fire()
            self._speak()
        self.now = moment

    def _fire(self) -> None:
        with self.db() as db:
            rows = timers.claim_due(db, owner=OWNER, now=self.now)
        for row in rows:
            with self.db() as db:
                fire_one(db, self.desk, row, owner=OWNER, now=self.now)

    def _speak(self) -> None:
        said = True
        while said:
            said = False
            for platform, can in self.channels.items():
                with self.db() as db:
                    rows = outbox.claim(
                        db, platform=platform, bot=self.bot, owner=OWNER, now=self.now, most=50
                    )
                    for row in rows:
                        self._collect(db, row, can)
                said |= bool(rows)

    def _collect(self, db: Connection, row: Any, can: Capabilities) -> None:
        fitted = fit(_delivery(row), can)
        if fitted is None:
            outbox.mark(db, row, SendResult(Outcome.LEFT_OUT), owner=OWNER, now=self.now)
            return
        said, kind = fitted.payload, fitted.kind
        message = fitted.message or f"b{next(self._numbers)}"
        self.sent.append(
            Sent(
                self.now,
                row.chat,
                kind,
                row.purpose,
                said.text,
                said.buttons,
                message if kind in (OutKind.SEND, OutKind.CARD) else said.message,
                said.reply_to,
                row.case_id,
                said.emoji,
                said.mention,
                said.sheet,
            )
        )
        outbox.mark(db, row, SendResult(Outcome.SENT, message=message), owner=OWNER, now=self.now)

    # --- what came of it ---

    def in_chat(self, chat: str) -> list[Sent]:
        return [one for one in self.sent if one.chat == chat]

    def texts(self, chat: str) -> list[str]:
        """What was said in a chat, cards as they were at each moment; reactions left out."""
        return [one.text for one in self.in_chat(chat) if one.kind in (OutKind.SEND, OutKind.CARD)]

    def reactions(self, chat: str) -> list[tuple[str, str]]:
        return [(one.message, one.emoji) for one in self.in_chat(chat) if one.kind is OutKind.REACT]

    def cases(self) -> list[Any]:
        with self.db() as db:
            return list(db.execute(sa.select(cases).order_by(cases.c.id)))

    def names(self) -> dict[int, str]:
        with self.db() as db:
            rows = db.execute(sa.select(people.c.id, people.c.name))
            return {row.id: row.name for row in rows}


def _delivery(row: Any) -> Delivery:
    return Delivery(
        row.id,
        OutKind(row.kind),
        outbox.URGENCY[row.rank],
        row.chat,
        ChatKind(row.chat_kind),
        load_outgoing(row.payload),
        row.card_message or "",
        row.purpose,
    )


# --- scripted conversations ----------------------------------------------------------------------

GROUP, LEADER = "-1", "leader"
START = datetime(2026, 11, 19, 2, 0, tzinfo=UTC)  #: ten in the morning, a working day
QUIET_HOUR = timedelta(hours=1)


def rehearse(scenario: dict[str, Any], desk: Desk, fill: Fill) -> dict[str, Any]:
    """Plays one scripted conversation; returns what design.md calls the outcome of a scenario.

    `fill` puts a community with one residents' group (chat "-1") and its leader (user "leader") into the
    empty database. Somebody whose name contains 网格长 is that leader; everybody else is a resident.
    """
    with Stage(desk, START) as stage:
        with stage.db() as db:
            fill(db)
        names: dict[str, int] = {}
        for index, line in enumerate(scenario["messages"]):
            stage.until(START + timedelta(seconds=line["t"]))
            _play(stage, scenario["messages"], index, names)
        stage.passes(hours=QUIET_HOUR.total_seconds() / 3600)
        return {"id": scenario["id"], **_outcome(stage)}


def _play(stage: Stage, lines: list[dict[str, Any]], index: int, names: dict[str, int]) -> None:
    line = lines[index]
    who = line["who"]
    user = LEADER if "网格长" in who else f"r{names.setdefault(who, len(names))}"
    more: dict[str, Any] = {"message": f"m{index}"}
    if line.get("reply_to") is not None:
        more["reply_to"] = f"m{line['reply_to']}"
    if line.get("photo"):
        more["photos"] = (f"photo-{index}",)
    if line.get("voice"):
        more |= {"voice": True, "transcript": line.get("transcript", "")}
    if line.get("edit_of") is not None:
        more |= {"kind": IncomingKind.EDIT, "message": f"m{line['edit_of']}"}
    if line.get("recalled") is not None:
        more |= {"kind": IncomingKind.RECALL, "message": f"m{line['recalled']}"}
    stage.heard[index] = stage.says(user, line["text"], chat=GROUP, name=who, **more)


def _outcome(stage: Stage) -> dict[str, Any]:
    with stage.db() as db:
        updates = {
            row.id: number
            for number, row in enumerate(
                db.execute(
                    sa.select(inbox_table.c.id)
                    .where(inbox_table.c.chat_id == _group(db))
                    .order_by(inbox_table.c.id)
                )
            )
        }
        found = []
        for case in db.execute(sa.select(cases).order_by(cases.c.id)):
            rows = _members(db, case.id)
            if case.number is None:
                continue  # never became a report
            found.append(
                {
                    "types": case.types,
                    "place": case.place,
                    "from": sorted(updates[row] for row in rows if row in updates),
                    "supporters": case.supporters,
                    "urgent": case.urgent,
                    "private": case.private,
                    "state": case.state,
                }
            )
    asks = sum(1 for one in stage.sent if one.purpose.startswith("ask-") and one.chat == GROUP)
    sent = [{"to": one.chat, "text": one.text or one.emoji} for one in stage.sent]
    return {"cases": found, "asks": asks, "sent": sent}


def _members(db: Connection, case_id: int) -> set[int]:
    """The inbox rows that belong to a case; one message may tell of two."""
    kept = sa.select(case_messages.c.inbox_id).where(case_messages.c.case_id == case_id)
    joined = sa.select(inbox_table.c.id).where(inbox_table.c.case_id == case_id)
    return {row for row in (*db.execute(kept).scalars(), *db.execute(joined).scalars()) if row is not None}


def _group(db: Connection) -> int:
    return int(db.execute(sa.select(chats.c.id).where(chats.c.chat == GROUP)).scalar_one())


def small_community(db: Connection) -> None:
    """One grid, one leader within reach, one group: what a scenario needs where no directory is given."""
    community = _add(db, communities, name="排练社区", salt="", created_at=START)
    top = _add(db, grid_nodes, community_id=community, name="排练社区", path="排练社区", level="社区")
    node = _add(
        db,
        grid_nodes,
        community_id=community,
        parent_id=top,
        name="一网格",
        path="排练社区/一网格",
        level="网格",
    )
    leader = _add(db, people, community_id=community, name="网格长", created_at=START)
    _add(
        db, identities, community_id=community, person_id=leader, platform=Stage.platform, user=LEADER,
        name="网格长", reachable=True,
    )  # fmt: skip
    _add(db, holdings, community_id=community, person_id=leader, node_id=node, role="leader", since=START)
    place: dict[str, Any] = {"community_id": community, "platform": Stage.platform, "bot": Stage.bot}
    _add(db, chats, **place, chat=GROUP, kind="group", role="residents", title="居民群", node_id=node)
    _add(db, chats, **place, chat=LEADER, kind="private", role="private", person_id=leader)


def _add(db: Connection, table: sa.Table, **values: Any) -> int:
    key = db.execute(sa.insert(table).values(**values)).inserted_primary_key
    assert key is not None
    return int(key[0])
