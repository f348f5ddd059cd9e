"""One history, played: from the lines of an export to the report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot.cases import queries
from gridbot.cases.rules import public_place
from gridbot.cli.histories.cast import Cast
from gridbot.cli.histories.player import Reel, messages
from gridbot.cli.histories.report import MOST_SAID, Case, Clerk, Question, Saying
from gridbot.desk.context import Desk
from gridbot.grid.directory import Directory
from gridbot.messages import Incoming, OutKind
from gridbot.privacy import mask
from gridbot.rehearsal import GROUP, Sent
from gridbot.store.tables import questions
from gridbot.understanding.exports import Line, Tally, open_export

_ASKED = sa.select(questions.c.id).where(questions.c.case_id == sa.bindparam("of_case"))
_WITHHELD = "(关系到个人,不显示)"


@dataclass(frozen=True, slots=True)
class History:
    """Where the messages come from. `progress` is told how many bytes are behind."""

    path: Path
    zone: ZoneInfo
    now: datetime
    directory: Directory | None = None
    progress: Callable[[int], None] = lambda _bytes: None


def replay(history: History, desk: Desk) -> Clerk:
    """Plays it from beginning to end. Raises ExportError for a file that is no history."""
    titles = {kind: one.title for kind, one in desk.packs.types.items()}
    clerk = Clerk(history.zone, titles)
    with history.path.open("rb") as file:
        export = open_export(file, zone=history.zone, now=history.now, name=str(history.path))
        clerk.report.form = export.form
        chats = groupby(_counted(export.lines, file.tell, history.progress), key=lambda line: line.chat)
        for number, (title, lines) in enumerate(chats):
            if title and len(clerk.report.chats) < 100:
                clerk.report.chats.append(mask(title))
            _play(history, desk, clerk, title, lines, number)
        _note_tally(clerk, export.tally)
    clerk.closed()
    return clerk


def _counted(
    lines: Iterator[Line], position: Callable[[], int], progress: Callable[[int], None]
) -> Iterator[Line]:
    for number, line in enumerate(lines):
        if number % 500 == 0:
            progress(position())
        yield line


def _note_tally(clerk: Clerk, tally: Tally) -> None:
    report = clerk.report
    report.not_messages, report.unreadable = tally.system, tally.unreadable
    report.cut_short = tally.cut_short


def _play(history: History, desk: Desk, clerk: Clerk, title: str, lines: Iterator[Line], number: int) -> None:
    """One group, on a stage of its own."""
    first = next(lines)
    cast = Cast(history.directory, min(first.at, history.now) - timedelta(days=1), title)
    told: dict[int, list[Saying]] = defaultdict(list)

    def said(one: Sent) -> None:
        if one.kind not in (OutKind.SEND, OutKind.CARD) or not one.text:
            return
        clerk.report.said_in_group += one.chat == GROUP
        if one.case_id is not None and len(told[one.case_id]) < MOST_SAID:
            to = "group" if one.chat == GROUP else "leader"
            told[one.case_id].append(Saying(clerk.clock(one.at), to, clerk.masked(one.text)))

    def over(db: Connection, case: Row[Any]) -> None:
        _tell(db, clerk, case, told.pop(case.id, []), f"{number}:{case.platform_message}")

    with Reel(desk, min(first.at, history.now), said, over) as reel:
        with reel.db() as db:
            cast.fill(db)
        everything = _with_first(first, lines)
        reel.hear_all(_heard(messages(everything, cast.user, latest=history.now), clerk))
        clerk.report.silent += reel.heard_count - reel.ends()
        clerk.report.failed += reel.failed


def _with_first(first: Line, rest: Iterator[Line]) -> Iterator[Line]:
    yield first
    yield from rest


def _heard(incoming: Iterator[Incoming], clerk: Clerk) -> Iterator[Incoming]:
    for one in incoming:
        clerk.heard(one.sent_at, one.sender.name, one.sender.id)
        yield one


def _tell(db: Connection, clerk: Clerk, case: Row[Any], said: list[Saying], message: str) -> None:
    """One case as it stands when it is over."""
    words = _WITHHELD if case.private else clerk.masked(queries.words_of(db, case.id))
    titles = list(case.data.get("titles", []))
    at = clerk.clock(case.reported_at)
    if case.number is not None:
        shown = Case(
            case.number,
            at,
            list(case.types),
            titles,
            public_place(case.place),
            words,
            case.urgent,
            case.private,
            len(queries.messages_of(db, case.id)),
            case.supporters,
            case.state,
            [] if case.private else [mask(one) for one in case.data.get("because", [])],
            [] if case.private else said,
        )
        clerk.opened(case.reported_at, shown, message)
    if db.execute(_ASKED, {"of_case": case.id}).first() is not None:
        asked = next((one.text for one in said if one.to == "group"), "")
        clerk.asked(case.reported_at, Question(at, titles, words, asked), message)
