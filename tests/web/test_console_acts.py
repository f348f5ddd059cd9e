"""What is pressed in the console is the chat's own act: the same effects and rights; the record says how."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import pytest_asyncio
import sqlalchemy as sa
from prometheus_client import CollectorRegistry
from sqlalchemy import Connection

from gridbot.cases import chain, views
from gridbot.desk import meetings
from gridbot.grid import signin
from gridbot.messages import Role
from gridbot.rehearsal import Stage
from gridbot.store import tables
from gridbot.store.db import Database
from gridbot.web.console import console_routes
from gridbot.web.server import build
from gridbot.web.session import Doors
from tests.cast import (
    ADMIN,
    ENGINEER,
    LI,
    NOW,
    RESIDENTS,
    SECRETARY,
    SHANGHAI,
    WANG,
    Cast,
    Units,
    seed,
    seed_units,
)
from tests.web.consoles import add, the_desk, token_in

pytestmark = pytest.mark.asyncio


class House:
    """A stage with one report, and the console over its database."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        with stage.db() as db:
            self.cast: Cast = seed(db, platform=Stage.platform, bot=Stage.bot)
            self.units: Units = seed_units(db, self.cast, platform=Stage.platform, bot=Stage.bot)
            meetings.hold(db, self.cast.community, "片区例会", self.cast.top, None, SHANGHAI)
            self.database = Database(f"sqlite:///{db.engine.url.database}")
        for who in (LI, ADMIN, SECRETARY, ENGINEER):
            stage.starts(who.id, who.name)
        stage.says(WANG.id, "3号楼302门口垃圾桶满了,电话13812345678", chat=RESIDENTS, name=WANG.name)
        stage.passes(minutes=3)
        self.case = stage.cases()[0].id
        self.doors = Doors(self.database.read, self._write, key="k" * 32, now=lambda: stage.now)
        titles = {kind: one.title for kind, one in stage.desk.packs.types.items()}
        routes = console_routes(self.doors, stage.desk, titles=titles)
        self.app = build(routes, health=lambda: (True, {}), registry=CollectorRegistry())

    async def _write(self, task: Callable[[Connection], Any]) -> Any:
        return await asyncio.wrap_future(self.database.submit(task))

    @property
    def row(self) -> Any:
        with self.stage.db() as db:
            return db.execute(sa.select(tables.cases).where(tables.cases.c.id == self.case)).one()

    def events(self) -> list[Any]:
        with self.stage.db() as db:
            mine = tables.case_events.c.case_id == self.case
            return list(
                db.execute(sa.select(tables.case_events).where(mine).order_by(tables.case_events.c.seq))
            )

    @asynccontextmanager
    async def opened(self, person: int) -> AsyncIterator[httpx.AsyncClient]:
        with self.stage.db() as db:
            code = signin.issue(db, self.cast.community, person, self.stage.now)
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://grid.example") as client:
            assert (await client.post("/console/enter", data={"code": code})).status_code == 303
            yield client

    async def page(self, client: httpx.AsyncClient) -> str:
        return (await client.get(f"/console/cases/{self.case}")).text

    async def does(self, client: httpx.AsyncClient, act: str, **fields: str) -> str:
        """Presses it and reads what is said of it."""
        token = token_in((await client.get("/console")).text)
        form = {"csrf": token, "act": act, **fields}
        answer = await client.post(f"/console/cases/{self.case}/do", data=form)
        assert answer.status_code == 303, answer.text
        page = await self.page(client)
        self.stage.passes(seconds=0)
        return page.partition('class="said" role="status">')[2].partition("<")[0]


@pytest_asyncio.fixture
async def house() -> AsyncIterator[House]:
    with Stage(the_desk(), NOW) as stage:
        opened = House(stage)
        yield opened
        opened.database.close()


async def test_taken_there_is_taken_everywhere(house: House) -> None:
    async with house.opened(house.cast.li) as client:
        assert await house.does(client, "take") == "好,记下了。"
    assert (house.row.state, house.row.owner_id) == ("accepted", house.cast.li)
    taken = next(one for one in house.events() if one.move == "accepted")
    assert (taken.person_id, taken.role, taken.data["via"]) == (house.cast.li, "leader", "console")
    house.stage.passes(minutes=2)
    assert any("您去看" in text for text in house.stage.texts(LI.id))  # the card in his chat says so, too
    with house.stage.db() as db:
        assert chain.verify(db, house.cast.community).broken == ()


async def test_the_chat_bears_no_such_mark(house: House) -> None:
    house.stage.presses(LI.id, "我去看", chat=LI.id)
    assert all("via" not in one.data for one in house.events())


@pytest.mark.parametrize(
    ("act", "fields", "moves"),
    [
        ("progress", {"words": "师傅下午来"}, {"progress"}),
        ("done", {"words": "清走了"}, {"done"}),
        ("escalate", {"words": "要加一班车"}, {"escalated"}),
        ("bounce", {"words": "这是墙外的"}, {"bounced"}),
        ("pause", {"words": "等配件到下周四"}, {"paused"}),
        ("hand_over", {"to": "unit:{unit}"}, {"handed_over"}),
    ],
)
async def test_each_act_leaves_its_event(
    house: House, act: str, fields: dict[str, str], moves: set[str]
) -> None:
    form = {name: value.format(unit=house.units.works) for name, value in fields.items()}
    async with house.opened(house.cast.li) as client:
        await house.does(client, "take")
        assert "记下了" in await house.does(client, act, **form)
    found = [one for one in house.events() if one.data.get("via") == "console"]
    assert moves <= {one.move for one in found}
    assert {one.person_id for one in found} <= {house.cast.li, None}  # what follows by itself is nobody's


async def test_a_pause_ends_by_a_press(house: House) -> None:
    async with house.opened(house.cast.li) as client:
        await house.does(client, "take")
        await house.does(client, "pause", words="等配件到下周四")
        assert house.row.data["paused"]
        await house.does(client, "resume")
    assert not house.row.data.get("paused")


async def test_an_admin_gives_work_and_tables_it(house: House) -> None:
    async with house.opened(house.cast.admin) as client:
        said = await house.does(client, "reassign", to=f"person:{house.cast.secretary}")
        assert "周书记" in said and house.row.owner_id == house.cast.secretary
        with house.stage.db() as db:
            meeting = meetings.all_of(db, house.cast.community)[0].id
        assert "片区例会" in await house.does(client, "table", meeting=str(meeting))
        assert house.row.data["meeting"] == meeting
        await house.does(client, "designate", to=f"unit:{house.units.property}")
    assert house.row.data["designated"] == {"unit": house.units.property}


@pytest.mark.parametrize(
    ("act", "fields"), [("bounce", {}), ("pause", {}), ("progress", {"words": "  "}), ("hand_over", {})]
)
async def test_a_word_is_asked_for(house: House, act: str, fields: dict[str, str]) -> None:
    async with house.opened(house.cast.li) as client:
        await house.does(client, "take")
        before = len(house.events())
        assert (await house.does(client, act, **fields)).startswith("请")
    assert len(house.events()) == before


async def test_the_second_of_two_reads_who_was_first(house: House) -> None:
    async with house.opened(house.cast.li) as first, house.opened(house.cast.secretary) as second:
        await house.does(first, "take")
        assert "现在不能做" in await house.does(second, "take")
    assert house.row.owner_id == house.cast.li


async def test_taken_back_within_its_minute_and_not_after(house: House) -> None:
    async with house.opened(house.cast.li) as client:
        await house.does(client, "take")
        await house.does(client, "done")
        house.stage.passes(seconds=40)
        assert "撤回了" in await house.does(client, "undo")
        assert house.row.state == "accepted"
        await house.does(client, "done")
        house.stage.passes(seconds=90)
        assert 'value="undo"' not in await house.page(client)
        assert "现在不能做" in await house.does(client, "undo")
    assert house.row.state == "done"


@pytest.mark.parametrize("act", ["take", "done", "reassign", "designate", "nonsense", ""])
async def test_who_has_no_right_does_nothing(house: House, act: str) -> None:
    """A liaison may look; a leader of elsewhere does not even see it."""
    with house.stage.db() as db:
        liaison = _office(db, house.cast, Role.LIAISON, house.cast.grid)
        elsewhere = _office(db, house.cast, Role.LEADER, house.cast.yard)
    before = len(house.events())
    async with house.opened(liaison) as client:
        assert "现在不能做" in await house.does(client, act, to=f"person:{liaison}")
    async with house.opened(elsewhere) as client:
        token = token_in((await client.get("/console")).text)
        for path in ("do", "door"):
            form = {"csrf": token, "act": act}
            assert (await client.post(f"/console/cases/{house.case}/{path}", data=form)).status_code == 404
        assert (await client.get(f"/console/cases/{house.case}")).status_code == 404
        assert "data-row" not in (await client.get("/console?state=all")).text
    assert len(house.events()) == before


def _office(db: Connection, cast: Cast, role: Role, node: int) -> int:
    person = add(db, tables.people, community_id=cast.community, name=f"某{role.value}", created_at=NOW)
    values = {"person_id": person, "node_id": node, "role": role.value, "since": NOW}
    add(db, tables.holdings, community_id=cast.community, **values)
    known = {"platform": Stage.platform, "user": f"8{person}", "reachable": True}
    add(db, tables.identities, community_id=cast.community, person_id=person, **known)
    chat = {"platform": Stage.platform, "bot": Stage.bot, "chat": f"8{person}", "kind": "private"}
    add(db, tables.chats, community_id=cast.community, person_id=person, role="private", **chat)
    return person


async def test_the_door_is_shown_to_who_has_it_and_each_look_is_on_record(house: House) -> None:
    async def door(client: httpx.AsyncClient) -> httpx.Response:
        token = token_in((await client.get("/console")).text)
        return await client.post(f"/console/cases/{house.case}/door", data={"csrf": token})

    async with house.opened(house.cast.li) as leader, house.opened(house.cast.admin) as admin:
        assert (await door(leader)).status_code == 403  # not before he has taken it
        await house.does(leader, "take")
        assert "302" not in await house.page(leader)
        shown = await door(leader)
        assert "302" in shown.text and "13812345678" not in shown.text and "data-still" in shown.text
        assert shown.headers["cache-control"] == "no-store"
        assert (await door(admin)).status_code == 403
        await door(leader)
        assert "302" not in await house.page(leader)
    row = house.row
    with house.stage.db() as db:
        looks = [one for one in views.of_case(db, row) if one.how == views.CONSOLE]
    assert [one.person_id for one in looks] == [house.cast.li] * 2 and "door" in looks[0].what


async def test_the_unit_complained_about_reads_number_kind_and_area(house: House) -> None:
    data = {**house.row.data, "routing": {"against": ["物业"]}}
    with house.stage.db() as db:
        values = {"data": data, "unit_id": house.units.property}
        db.execute(sa.update(tables.cases).values(**values))
    async with house.opened(house.units.engineer) as client:
        listed = (await client.get("/console?state=all")).text
        page = await house.page(client)
    for text in (listed, page):
        assert (
            "跟您单位有关" in text and "3号楼" not in text and "垃圾桶" not in text and "王阿姨" not in text
        )
    assert "经过" not in page and 'class="acts"' not in page


async def test_a_case_put_right_can_be_looked_at(house: House) -> None:
    """What changed from which types to which is told by lists, not by ids."""
    house.stage.says(WANG.id, "改成 绿化", chat=RESIDENTS, name=WANG.name)
    assert "retyped" in {one.move for one in house.events()}
    async with house.opened(house.cast.admin) as client:
        assert (await client.get(f"/console/cases/{house.case}")).status_code == 200
