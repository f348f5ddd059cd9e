"""本周回音 and the Monday line: when, to whom, counts and areas alone; on both databases."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from gridbot.cases import chain
from gridbot.cases.events import record
from gridbot.messages import Actor, Move, load_outgoing
from gridbot.services import DUE, echo
from gridbot.services.echo.rules import ALIVE, ECHO, Weekly, areas, still_sensible
from gridbot.store import timers
from gridbot.store.tables import cases, chats, communities, outbox
from tests.cast import NOW, SHANGHAI, Cast, seed


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def case(db: Connection, cast: Cast, number: int, **more: Any) -> None:
    values = {
        "community_id": cast.community, "number": number, "state": "waiting", "types": ["lighting"],
        "place": "5号楼王阿姨家门口", "node_id": cast.grid, "chat_id": cast.residents, "data": {},
        "reported_at": NOW, "urgent": False, "private": False,
    }  # fmt: skip
    db.execute(sa.insert(cases).values(values | more))


def said(db: Connection, purpose: str) -> list[tuple[int, str]]:
    rows = db.execute(sa.select(outbox).where(outbox.c.purpose == purpose).order_by(outbox.c.id))
    return [(row.chat_id, load_outgoing(row.payload).text) for row in rows]


def fires(db: Connection, kind: str, now: datetime) -> None:
    """The due timer of that kind, as the clock does it."""
    row = db.execute(sa.select(timers.timers).where(timers.timers.c.kind == kind)).one()
    assert row.due_at <= now
    timers.cancel(db, kind, row.subject)
    DUE[kind](db, row, now=now)


def due(db: Connection, kind: str) -> datetime:
    found: datetime = db.execute(
        sa.select(timers.timers.c.due_at).where(timers.timers.c.kind == kind)
    ).scalar_one()
    return found.astimezone(SHANGHAI)


FRIDAY, MONDAY = at("2026-11-20 17:00"), at("2026-11-23 09:00")


def test_a_group_reads_what_was_reported_and_mended(any_db: Connection) -> None:
    cast = seed(any_db)
    echo.start(any_db, now=NOW)
    assert due(any_db, "echo:groups") == FRIDAY
    case(any_db, cast, 1)
    case(any_db, cast, 2, place="小广场", state="closed", done_at=NOW, closed_at=NOW)
    case(any_db, cast, 3, private=True, place="3号楼")  # is not even counted
    case(any_db, cast, 4, state="withdrawn")
    case(any_db, cast, 5, reported_at=NOW - timedelta(days=8), place="1号楼")  # last week's, still open
    case(any_db, cast, 6, node_id=cast.yard, place="51号院")  # another grid's
    case(any_db, cast, 7, state="closed", data={"false_alarm": True})
    fires(any_db, "echo:groups", FRIDAY)
    ((chat, text),) = said(any_db, "echo")
    assert chat == cast.residents
    assert text.startswith("本周回音:大伙报了2件(5号楼、小广场),办好1件,还在办2件。")
    assert "王阿姨" not in text and "照明" not in text
    assert due(any_db, "echo:groups") == FRIDAY + timedelta(days=7)


def test_nothing_is_said_of_nothing(any_db: Connection) -> None:
    cast = seed(any_db)
    echo.start(any_db, now=NOW)
    case(any_db, cast, 5, reported_at=NOW - timedelta(days=8))
    fires(any_db, "echo:groups", FRIDAY)
    assert said(any_db, "echo") == []


def test_the_admins_hear_on_monday_that_it_lives(any_db: Connection) -> None:
    cast = seed(any_db)
    echo.start(any_db, now=NOW)
    assert due(any_db, "echo:admins") == MONDAY
    case(any_db, cast, 1, private=True)
    case(any_db, cast, 2, finish_by=NOW)
    fires(any_db, "echo:admins", MONDAY)
    ((chat, text),) = said(any_db, "alive")
    assert chat == cast.admin_private
    assert "上周记了2件" in text and "听着2个群" in text
    assert "1件过了时限" in text and "还没有专门联系人" in text and "只有一位管理员" in text
    assert "记录编号" not in text, "nothing has happened yet"


def test_the_monday_line_bears_the_end_of_the_record(any_db: Connection) -> None:
    """In a chat nobody can change it afterwards: a record whose end was cut off is found by it."""
    cast = seed(any_db)
    echo.start(any_db, now=NOW)
    for _ in range(2):
        record(any_db, Move.ADDED, community_id=cast.community, case_id=None, actor=Actor.system(), now=NOW)
    fires(any_db, "echo:admins", MONDAY)
    ((_, text),) = said(any_db, "alive")
    (printed,) = re.findall(r"记录编号(\d+-[0-9a-f]{16})", text)
    assert chain.verify(any_db, cast.community, anchors=[printed]).broken == ()


def test_a_start_puts_nothing_off_and_a_setting_moves_it(any_db: Connection) -> None:
    cast = seed(any_db)
    echo.start(any_db, now=NOW)
    echo.start(any_db, now=FRIDAY + timedelta(minutes=5))  # it was down at five
    assert due(any_db, "echo:groups") == FRIDAY
    own = {"echo": {"weekday": 7, "at": "10:30"}, "alive": {"off": "是"}}
    here = communities.c.id == cast.community
    any_db.execute(sa.update(communities).where(here).values(settings=own))
    echo.start(any_db, now=NOW)
    assert due(any_db, "echo:groups") == at("2026-11-22 10:30")
    fires(any_db, "echo:admins", MONDAY)
    assert said(any_db, "alive") == []


@pytest.mark.parametrize(
    ("change", "spoken", "remark"),
    [
        ({"muted": False}, 1, "as usual"),
        ({"muted": True}, 0, "暂停: nothing but emergencies"),
        ({"modules": {"echo": False}}, 0, "not in this group"),
        ({"active": False}, 0, "the bot is out of it"),
    ],
)
def test_only_where_it_may_speak(
    any_db: Connection, change: dict[str, Any], spoken: int, remark: str
) -> None:
    cast = seed(any_db)
    echo.start(any_db, now=NOW)
    case(any_db, cast, 1)
    any_db.execute(sa.update(chats).where(chats.c.id == cast.residents).values(**change))
    fires(any_db, "echo:groups", FRIDAY)
    assert len(said(any_db, "echo")) == spoken, remark


def test_hours_late_it_is_left_out(any_db: Connection) -> None:
    cast = seed(any_db)
    echo.start(any_db, now=NOW)
    case(any_db, cast, 1)
    fires(any_db, "echo:groups", FRIDAY + timedelta(hours=5))
    assert said(any_db, "echo") == [] and due(any_db, "echo:groups") == FRIDAY + timedelta(days=7)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, ECHO),
        ({"weekday": 3}, Weekly(3, "17:00")),
        ({"at": "18:30"}, Weekly(5, "18:30")),
        ({"at": "later", "weekday": 9}, ECHO),
        ({"off": "是"}, Weekly(5, "17:00", on=False)),
    ],
)
def test_a_town_s_own_moment(given: dict[str, Any], expected: Weekly) -> None:
    assert ECHO.with_(given) == expected


def test_the_next_moment() -> None:
    assert ALIVE.next_after(at("2026-11-23 09:00"), SHANGHAI) == at("2026-11-30 09:00")
    assert ALIVE.next_after(at("2026-11-23 08:59"), SHANGHAI) == at("2026-11-23 09:00")
    assert still_sensible(FRIDAY, FRIDAY + timedelta(hours=3))


def test_areas_are_the_town_s_own_names() -> None:
    known = ["1号楼", "11号楼", "小广场"]
    assert areas(["11号楼302老王家", "老赵家后院", "小广场", "11号楼"], known) == ["11号楼", "小广场"]
    many = [f"{number}号楼" for number in range(1, 7)]
    assert areas(many, many)[-1] == "等处"
