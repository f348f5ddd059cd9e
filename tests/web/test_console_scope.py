"""Two communities in one database: from one of them nothing of the other is there, by page or by command."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection
from starlette.routing import Route

from gridbot.desk.commands import REGISTRY
from gridbot.messages import CaseState
from gridbot.rehearsal import Stage
from gridbot.store import tables
from gridbot.store.db import Database
from gridbot.web.console import console_routes
from tests.cast import ADMIN, LI, NOW, RESIDENTS, WANG, Cast, seed
from tests.web.consoles import TITLES, add, app_on, doors, signed_in, the_desk, token_in

NUMBER = 7077  #: of the other's case; no case here has it
MARKS = ("凉城", "梧桐里", str(NUMBER), "钱主任", "大华物业", "凉城例会")  #: of the other community alone


@dataclass(frozen=True)
class Two:
    here: Cast
    there: Cast
    case: int  #: there
    own: int  #: here
    unit: int  #: there
    meeting: int  #: there


def two(db: Connection, there_on: str = "telegram", **where: str) -> Two:
    """The cast, and another community with people of the very same names and accounts in it."""
    there = seed(db, platform=there_on, bot="7000000009")
    db.execute(sa.update(tables.communities).values(name="凉城社区"))
    path = sa.literal("梧桐里/") + tables.grid_nodes.c.path
    db.execute(sa.update(tables.grid_nodes).values(name="梧桐里", path=path))
    db.execute(sa.update(tables.people).where(tables.people.c.id == there.secretary).values(name="钱主任"))
    unit = add(db, tables.units, community_id=there.community, name="大华物业", handles=["lighting"], data={})
    values = {"community_id": there.community, "name": "凉城例会", "node_id": there.top}
    meeting = add(db, tables.meetings, **values)
    case = _case(db, there, NUMBER, "梧桐里7号楼", owner_id=there.secretary, unit_id=unit)
    said = {"community_id": there.community, "case_id": case, "person_id": there.wang, "part": "report"}
    add(db, tables.case_messages, **said, text="梧桐里的灯不亮", message="x1", at=NOW)
    here = seed(db, **where) if where else seed(db)
    return Two(here, there, case, _case(db, here, 1, "5号楼"), unit, meeting)


def _case(db: Connection, cast: Cast, number: int, place: str, **more: Any) -> int:
    values = {
        "community_id": cast.community,
        "number": number,
        "state": CaseState.ACCEPTED.value,
        "types": ["lighting"],
        "place": place,
        "node_id": cast.grid,
        "level_node_id": cast.grid,
        "owner_id": cast.li,
        "reporter_id": cast.wang,
        "chat_id": cast.residents,
        "platform_message": f"m{number}",
        "data": {"titles": ["照明"]},
        "reported_at": NOW,
        "accepted_at": NOW,
        "first_told_at": NOW,
    }
    return add(db, tables.cases, **(values | more))


def routes(database: Database) -> list[tuple[str, str]]:
    """(method, path) of every route there is; a new one is asked for by itself."""
    found = console_routes(doors(database), the_desk(), titles=TITLES)
    return [
        (method, one.path)
        for one in found
        if isinstance(one, Route)
        for method in one.methods or ()
        if method != "HEAD"
    ]


def rows_of(db: Connection, community: int) -> dict[str, list[Any]]:
    """Everything a community has, table by table."""
    bearing = [table for table in tables.metadata.sorted_tables if "community_id" in table.c]
    return {
        table.name: list(
            db.execute(sa.select(table).where(table.c.community_id == community).order_by(table.c.id))
        )
        for table in bearing
        if table.name not in ("sign_in", "timer", "lease")
    }


@pytest.mark.asyncio
@pytest.mark.parametrize("who", ["admin", "secretary", "li"])
async def test_no_page_and_no_act_reaches_the_other(any_database: Database, who: str) -> None:
    both = any_database.write(two)
    app = app_on(any_database)
    with any_database.read() as db:
        before = rows_of(db, both.there.community)
    asked = routes(any_database)
    known = {"case": both.case, "grid": both.there.grid}  # a page of something else names its own here
    assert len(asked) >= 12
    async with signed_in(any_database, app, getattr(both.here, who)) as client:
        token = token_in((await client.get(f"/console/cases/{both.own}")).text)
        for method, path in asked:
            if "leave" in path or "enter" in path:
                continue
            if "{" in path:
                there = re.sub(r"\{(\w+)[^}]*\}", lambda found: str(known[found[1]]), path)
                for query in ("", f"?community={both.there.community}", f"?community={both.here.community}"):
                    fields = {"data": {"csrf": token, "act": "done"}} if method == "POST" else {}
                    answer = await client.request(method, there + query, **fields)
                    assert answer.status_code == 404, (method, there + query)
            elif method == "GET":
                own = await client.get(path)
                assert own.status_code in (200, 403), path
                assert not [mark for mark in MARKS if mark in own.text], path
                other = await client.get(f"{path}?community={both.there.community}")
                assert other.status_code in (403, 404), path
        for query in (f"number={NUMBER}", "state=all", "state=all&grid=梧桐里"):
            page = await client.get(f"/console?{query}")
            text = page.text.replace("梧桐里", "") if "grid=" in query else page.text
            assert "7号楼" not in text and not [mark for mark in MARKS if mark in text], query
    with any_database.read() as db:
        assert rows_of(db, both.there.community) == before


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("act", "fields"),
    [
        ("hand_over", {"to": "unit:{unit}"}),
        ("designate", {"to": "unit:{unit}"}),
        ("designate", {"to": "person:{person}"}),
        ("reassign", {"to": "person:{person}"}),
        ("table", {"meeting": "{meeting}"}),
    ],
)
async def test_nothing_is_given_to_the_others_people(
    any_database: Database, act: str, fields: dict[str, str]
) -> None:
    both = any_database.write(two)
    any_database.write(lambda db: _meeting_here(db, both))
    known = {"unit": both.unit, "person": both.there.secretary, "meeting": both.meeting}
    form = {name: value.format(**known) for name, value in fields.items()}
    async with signed_in(any_database, app_on(any_database), both.here.admin) as client:
        page = (await client.get(f"/console/cases/{both.own}")).text
        assert not [mark for mark in MARKS if mark in page]
        path = f"/console/cases/{both.own}/do"
        answer = await client.post(path, data={"csrf": token_in(page), "act": act, **form})
        assert answer.status_code == 303
        assert "请选一个" in (await client.get(f"/console/cases/{both.own}")).text
    with any_database.read() as db:
        case = db.execute(sa.select(tables.cases).where(tables.cases.c.id == both.own)).one()
    assert (case.owner_id, case.unit_id, case.data.get("meeting")) == (both.here.li, None, None)


def _meeting_here(db: Connection, both: Two) -> None:
    add(db, tables.meetings, community_id=both.here.community, name="片区例会", node_id=both.here.top)


COMMANDS = [
    *(one.example.replace("128", str(NUMBER)) for one in REGISTRY if "128" in one.example),
    f"看 {NUMBER} 全程",
    f"{NUMBER}修好了",
    f"把{NUMBER}列入例会",
    f"{NUMBER}到哪了",
]


@pytest.mark.parametrize("said", COMMANDS)
def test_no_command_reaches_the_others_case(said: str) -> None:
    """Every command whose example names a case, said of a number that is the other's alone."""
    desk = the_desk()
    with Stage(desk, NOW) as stage:
        with stage.db() as db:
            both = two(db, "elsewhere", platform=Stage.platform, bot=Stage.bot)
            before = rows_of(db, both.there.community)
        for who in (ADMIN, LI, WANG):
            stage.says(who.id, said, chat=who.id, name=who.name)
        stage.says(ADMIN.id, said, chat=RESIDENTS, name=ADMIN.name, mentions_bot=True)
        with stage.db() as db:
            assert rows_of(db, both.there.community) == before
        told = " ".join(one.text for one in stage.sent)
        assert stage.texts(ADMIN.id) and not [mark for mark in MARKS if mark in told.replace(str(NUMBER), "")]


def test_the_examples_are_tried() -> None:
    assert len(COMMANDS) > 18
