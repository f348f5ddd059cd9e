"""What a pack is made of, on both databases: what is open, late, climbed; units; nobody else's community."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from gridbot.cases import actions, waiting
from gridbot.messages import Actor, Role
from gridbot.services.packs import month, previews, queries, week
from gridbot.services.packs.rules import Plan
from gridbot.store import tables
from tests.cast import NOW, SHANGHAI, Cast, seed, seed_units

TITLES = {"lighting": "照明", "drainage": "下水", "gas": "燃气"}
SINCE, UNTIL = NOW - timedelta(days=1), NOW + timedelta(days=1)
PLAN = Plan()


def a_case(db: Connection, cast: Cast, number: int, **more: Any) -> int:
    values: dict[str, Any] = {
        "community_id": cast.community,
        "number": number,
        "state": "waiting",
        "types": ["lighting"],
        "place": "5号楼",
        "node_id": cast.grid,
        "level_node_id": cast.grid,
        "chat_id": cast.residents,
        "data": {"titles": ["照明"]},
        "reported_at": NOW,
    }
    key = db.execute(sa.insert(tables.cases).values(**values | more)).inserted_primary_key
    assert key is not None
    return int(key[0])


def row(db: Connection, case_id: int) -> Any:
    return db.execute(sa.select(tables.cases).where(tables.cases.c.id == case_id)).one()


def the_week(db: Connection, cast: Cast, node: int | None = None, after: timedelta = timedelta()) -> Any:
    part = queries.part_of(db, cast.community, node)
    now = NOW + after
    return queries.week(db, cast.community, part, SINCE, UNTIL, titles=TITLES, plan=PLAN, now=now)


def test_what_stands_where(any_db: Connection) -> None:
    cast = seed(any_db)
    late = a_case(any_db, cast, 1, claim_by=NOW + timedelta(hours=2))
    climbed = a_case(any_db, cast, 2)
    actions.escalate(any_db, row(any_db, climbed), to_node=cast.top, actor=Actor.system(), now=NOW)
    back = a_case(any_db, cast, 3, state="done", done_at=NOW, owner_id=cast.li)
    actions.reopen(any_db, row(any_db, back), actor=Actor(cast.wang, Role.RESIDENT), now=NOW)
    paused = a_case(any_db, cast, 4, owner_id=cast.li, accepted_at=NOW)
    waiting.pause(
        any_db,
        row(any_db, paused),
        what="等配件",
        words="等配件",
        until=NOW + timedelta(days=20),
        actor=Actor(cast.li, Role.LEADER),
        now=NOW,
    )
    a_case(any_db, cast, 5, state="withdrawn")
    a_case(any_db, cast, 6, private=True, place="5号楼302")
    a_case(any_db, cast, 7, state="done", done_at=NOW)
    found = the_week(any_db, cast, after=timedelta(hours=3))
    items = {one.number: one for one in found.items}
    assert sorted(items) == [1, 2, 3, 4, 6, 7]
    assert items[1].late_since == NOW + timedelta(hours=2) and late
    assert items[2].climbed and items[2].where == "青秀佳苑" and not items[1].climbed
    assert items[3].reopened and items[4].paused == "等配件"
    assert (items[6].what, items[6].where) == ("不公开的事", "")
    assert (found.reported, found.mended, found.working) == (6, 1, 5)
    below = the_week(any_db, cast, cast.grid)
    assert (below.reported, below.working) == (5, 4) and 6 not in {one.number for one in below.items}
    assert the_week(any_db, cast, cast.yard).zero == (("二网格", "没有群,听不到"),)
    assert [one.where for one in found.spots] == ["5号楼"]
    text = week.text(found, SINCE, UNTIL, PLAN, now=NOW + timedelta(hours=3), zone=SHANGHAI)
    assert "超时1件:1 5号楼照明" in text and "302" not in text


def test_units_of_a_month(any_db: Connection) -> None:
    cast = seed(any_db)
    units = seed_units(any_db, cast)
    unit = any_db.execute(sa.select(tables.units.c.id).order_by(tables.units.c.id).limit(1)).scalar_one()
    for number in range(1, 7):
        a_case(any_db, cast, number, unit_id=unit, state="closed" if number < 6 else "waiting")
    [line] = queries.handled(any_db, cast.community, SINCE, UNTIL)
    assert (line.unit_id, line.handled, line.closed) == (unit, 6, 5) and units
    first, day = date(2026, 11, 1), timedelta(hours=24)
    out = previews.show(any_db, cast.community, first, [line], now=NOW, ahead=day)
    assert out == NOW + day
    again = previews.show(any_db, cast.community, first, [line], now=NOW + day / 2, ahead=day)
    assert again == out  # shown once: it is not put off
    assert previews.lines(any_db, cast.community, first, NOW + day / 2) == []
    assert previews.waits_until(any_db, cast.community, first, NOW + day / 2) == out
    any_db.execute(sa.update(tables.cases).values(state="waiting"))
    assert previews.lines(any_db, cast.community, first, out) == [month.UnitLine(line.unit, 6, 5)]
    assert previews.waits_until(any_db, cast.community, first, out) is None


def test_another_community_is_not_in_it(any_db: Connection) -> None:
    cast = seed(any_db)
    a_case(any_db, cast, 1)
    other = any_db.execute(
        sa.insert(tables.communities).values(name="别处社区", created_at=NOW, settings={})
    ).inserted_primary_key
    assert other is not None
    for number in (1, 2, 3, 4):
        a_case(any_db, cast, number, community_id=other[0])
    assert the_week(any_db, cast).reported == 1 and len(the_week(any_db, cast).items) == 1
    part = queries.part_of(any_db, cast.community)
    assert len(queries.month(any_db, cast.community, part, SINCE, UNTIL)) == 1
