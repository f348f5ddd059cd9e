"""The console in a browser, for each who may look: what they see and may do, on a desk and on a phone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa
from playwright.async_api import expect
from prometheus_client import CollectorRegistry
from sqlalchemy import Connection

from gridbot.desk import meetings
from gridbot.grid import duty, signin
from gridbot.messages import Role
from gridbot.rehearsal import Stage
from gridbot.store import tables
from gridbot.store.db import Database
from gridbot.web.console import console_routes
from gridbot.web.server import Server, build
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
    ZHOU,
    Cast,
    Units,
    seed,
    seed_units,
)
from tests.web.conftest import OpenPage
from tests.web.consoles import add, the_desk

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
PHONE = {"width": 360, "height": 760, "is_mobile": True, "has_touch": True}


@dataclass
class House:
    """A day's work on a stage of its own, and the console over it."""

    stage: Stage
    cast: Cast
    units: Units
    people: dict[str, int]
    url: str = ""

    def case(self, kind: str) -> Any:
        return next(one for one in self.stage.cases() if one.types[0] == kind)

    def link(self, who: str) -> str:
        with self.stage.db() as db:
            code = signin.issue(db, self.cast.community, self.people[who], self.stage.now)
        return f"{self.url}/console/enter/{code}"


def a_day(stage: Stage) -> House:
    with stage.db() as db:
        cast = seed(db, platform=Stage.platform, bot=Stage.bot)
        units = seed_units(db, cast, platform=Stage.platform, bot=Stage.bot)
        people = {"admin": cast.admin, "secretary": cast.secretary, "li": cast.li, "engineer": units.engineer}
        people["liaison"] = _person(db, cast, "陈联络", Role.LIAISON, "5001")
        people["officer"] = _person(db, cast, "赵科", Role.OFFICER, "5002")
        zone, tomorrow = SHANGHAI, (NOW + timedelta(days=1)).date()
        meetings.hold(db, cast.community, "片区例会", cast.top, (NOW + timedelta(days=8)).date(), zone)
        duty.stand_in(db, cast.community, cast.grid, cast.secretary, tomorrow, tomorrow)
    for who in (LI, ADMIN, SECRETARY, ENGINEER):
        stage.starts(who.id, who.name)
    say = lambda who, text: stage.says(who.id, text, chat=RESIDENTS, name=who.name)  # noqa: E731
    say(ZHOU, "3号楼门口垃圾桶满了")
    stage.passes(minutes=3)
    stage.says(LI.id, "马上叫保洁", chat=LI.id, name=LI.name)
    stage.passes(minutes=40)
    stage.says(LI.id, "清理了", chat=LI.id, name=LI.name)
    stage.passes(minutes=20)
    say(ZHOU, "好了好了谢谢")
    stage.passes(minutes=30)
    say(WANG, "5号楼302门口楼道灯不亮了,黑咕隆咚的,我电话13812345678")
    stage.passes(minutes=3)
    say(ZHOU, "2号楼电梯一直嗡嗡响")
    stage.passes(minutes=2)
    say(ZHOU, "1号楼下水道堵了,污水都冒出来了")
    stage.passes(minutes=150)
    return House(stage, cast, units, people)


def _person(db: Connection, cast: Cast, name: str, role: Role, user: str) -> int:
    person = add(db, tables.people, community_id=cast.community, name=name, created_at=NOW)
    known = {"platform": Stage.platform, "user": user, "name": name, "reachable": True}
    add(db, tables.identities, community_id=cast.community, person_id=person, **known)
    node = None if role is Role.OFFICER else cast.grid
    where = {"node_id": node, "role": role.value, "since": NOW}
    add(db, tables.holdings, community_id=cast.community, person_id=person, **where)
    return person


@asynccontextmanager
async def served(stage: Stage, house: House) -> AsyncIterator[House]:
    with stage.db() as db:
        file = db.engine.url.database
    database = Database(f"sqlite:///{file}")

    async def write(task: Callable[[Connection], Any]) -> Any:
        return await asyncio.wrap_future(database.submit(task))

    titles = {kind: one.title for kind, one in stage.desk.packs.types.items()}
    doors = Doors(database.read, write, key="k" * 32, now=lambda: stage.now)
    app = build(
        console_routes(doors, stage.desk, titles=titles),
        health=lambda: (True, {}),
        registry=CollectorRegistry(),
    )
    server, stop = Server(app), asyncio.Event()
    serving = asyncio.create_task(server.serve("127.0.0.1", 0, stop))
    await server.ready.wait()
    house.url = f"http://127.0.0.1:{server.port}"
    try:
        yield house
    finally:
        stop.set()
        await serving
        database.close()


@pytest_asyncio.fixture(loop_scope="module")
async def house(browser: Any) -> AsyncIterator[House]:
    with Stage(the_desk(), NOW) as stage:
        async with served(stage, a_day(stage)) as opened:
            yield opened


async def enters(open_page: OpenPage, house: House, who: str, **window: Any) -> Any:
    page = await open_page(house.link(who), **window)
    await page.get_by_role("button", name="进去").click()
    await expect(page.get_by_role("navigation", name="控制台")).to_be_visible()
    return page


async def fits(page: Any) -> None:
    wide = await page.evaluate("document.documentElement.scrollWidth")
    assert wide <= page.viewport_size["width"], wide


async def test_a_leader_takes_a_case_and_thinks_better_of_it(house: House, open_page: OpenPage) -> None:
    page = await enters(open_page, house, "li")
    column = page.get_by_role("region", name="等人接")
    await expect(column.locator("article")).to_have_count(3)
    await expect(column).not_to_contain_text("302")
    await column.get_by_role("link", name=str(house.case("lighting").number)).click()
    await expect(page.locator(".quotes")).to_contain_text("楼道灯不亮了")
    text = await page.locator("main").inner_text()
    assert "302" not in text and "13812345678" not in text and "王阿姨" not in text
    await expect(page.get_by_role("button", name="看门牌")).to_have_count(0)  # not before he has it
    await page.get_by_role("button", name="我去看").click()
    await expect(page.locator(".case-state .pill")).to_have_text("在办")
    await expect(page.get_by_role("region", name="经过")).to_contain_text("李格长接了网页上")
    await page.get_by_role("button", name="撤回刚才那步").click()
    await expect(page.locator(".case-state .pill")).to_have_text("等人接")
    await page.get_by_role("button", name="我去看").click()
    await page.get_by_role("button", name="看门牌").click()
    await expect(page.locator(".unmasked")).to_contain_text("302")
    await expect(page.get_by_role("region", name="谁看过")).to_contain_text("李格长(网格长)网页上看了门牌")
    await page.get_by_role("link", name="看板").first.click()
    await expect(page.get_by_role("region", name="在办")).to_contain_text("照明")


async def test_words_and_choices(house: House, open_page: OpenPage) -> None:
    page = await enters(open_page, house, "li", **PHONE)
    await page.goto(f"{house.url}/console/cases/{house.case('lighting').id}")
    await fits(page)
    await page.get_by_role("button", name="我去看").click()
    await page.locator("#act-progress").click()
    await page.get_by_label("办到哪一步了").fill("师傅18912345678下午来")
    await page.get_by_role("button", name="说进展").click()
    story = page.get_by_role("region", name="经过")
    await expect(story).to_contain_text("下午来")
    await expect(story).not_to_contain_text("18912345678")
    await page.locator("#act-pause").click()
    await page.get_by_label("或者自己写一句,带上到哪天").fill("等配件到下周四")
    await page.get_by_role("button", name="暂缓").click()
    await expect(page.locator(".case-state")).to_contain_text("暂缓")
    await page.get_by_role("button", name="接着办").click()
    await expect(page.locator(".case-state")).not_to_contain_text("暂缓")
    await page.locator("#act-done").click()
    await page.get_by_role("button", name="办好了").click()
    await expect(page.locator(".case-state .pill")).to_have_text("等居民看")
    await fits(page)
    assert house.case("lighting").state == "done"


async def test_what_is_filled_in_is_not_swept_away(house: House, open_page: OpenPage) -> None:
    page = await enters(open_page, house, "li")
    await page.goto(f"{house.url}/console/cases/{house.case('lighting').id}")
    await page.locator("#act-bounce").click()
    await page.locator("#w-bounce").fill("墙外的灯")
    with house.stage.db() as db:
        db.execute(sa.update(tables.cases).values(supporters=9))
    await asyncio.sleep(3)
    await expect(page.locator("#w-bounce")).to_have_value("墙外的灯")
    await page.get_by_role("button", name="不归我管").click()
    await expect(page.get_by_role("region", name="牵涉到谁")).to_contain_text("墙外的灯")


async def test_an_admin_sees_all_and_gives_work(house: House, open_page: OpenPage) -> None:
    page = await enters(open_page, house, "admin")
    await expect(page.locator("article")).to_have_count(3)
    await page.goto(f"{house.url}/console/cases/{house.case('drainage').id}")
    await expect(page.get_by_role("region", name="告诉过谁")).to_contain_text("李格长")
    await page.locator("#act-reassign").click()
    await page.get_by_label("换谁来办").select_option(label="周书记")
    await page.get_by_role("button", name="改派").click()
    await expect(page.locator(".said")).to_contain_text("周书记")
    await page.locator("#act-table").click()
    await page.get_by_role("button", name="列入例会").click()
    await expect(page.locator(".case-state")).to_contain_text("在片区例会上")
    for name, shown in (
        ("三率", "响应率"),
        ("例会和值班", "片区例会"),
        ("人员", "51号院"),
        ("谁看过", "谁看过"),
        ("保存期限", "这里只看,不删"),
    ):
        await page.get_by_role("navigation", name="控制台").get_by_role("link", name=name).click()
        await expect(page.locator("main")).to_contain_text(shown)
    assert "王阿姨" not in await page.locator("main").inner_text()


async def test_the_three_rates_bear_their_denominators(house: House, open_page: OpenPage) -> None:
    for window in ({}, PHONE):
        page = await enters(open_page, house, "admin", **window)
        await page.goto(f"{house.url}/console/rates")
        await expect(page.locator(".figure", has_text="满意率")).to_contain_text("100%1/1")
        await expect(page.locator(".chart canvas").first).to_be_visible()
        await fits(page)


async def test_a_unit_sees_its_own_and_no_reporter(house: House, open_page: OpenPage) -> None:
    page = await enters(open_page, house, "engineer", **PHONE)
    lift = house.case("elevator")
    await page.goto(f"{house.url}/console?state=all")
    await expect(page.locator("[data-row]")).to_have_count(3)  # the rubbish is not theirs
    await page.goto(f"{house.url}/console/cases/{lift.id}")
    await expect(page.locator("h1")).to_contain_text("电梯")
    text = await page.locator("main").inner_text()
    assert "小周" not in text
    await expect(page.get_by_role("region", name="告诉过谁")).to_have_count(0)
    await fits(page)
    answer = await page.request.get(f"{house.url}/console/cases/{house.case('sanitation').id}")
    assert answer.status == 404


async def test_a_liaison_reads_and_does_nothing(house: House, open_page: OpenPage) -> None:
    page = await enters(open_page, house, "liaison")
    await expect(page.locator("article")).to_have_count(3)
    await page.goto(f"{house.url}/console/cases/{house.case('lighting').id}")
    await expect(page.get_by_role("region", name="经过")).to_be_visible()
    await expect(page.locator(".acts")).to_have_count(0)


async def test_the_office_above_sees_figures_and_no_case(house: House, open_page: OpenPage) -> None:
    page = await enters(open_page, house, "officer", **PHONE)
    await expect(page.get_by_role("navigation", name="控制台").get_by_role("link")).to_have_count(1)
    await expect(page).to_have_url(f"{house.url}/console/reports")
    case = house.case("lighting").id
    for path, status in ((f"cases/{case}", 404), ("agenda", 403), ("people", 403), ("rates", 403)):
        assert (await page.request.get(f"{house.url}/console/{path}")).status == status, path
    await fits(page)


PAGES = ("", "?state=all", "/cases/{case}", "/rates", "/reports", "/agenda", "/people", "/views", "/keeping")
READING = (Path(__file__).parent / "reading.js").read_text("utf-8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_page_can_be_read_and_told(house: House, open_page: OpenPage, scheme: str) -> None:
    """One heading, a name for all that can be pressed, contrast 4.5 to 1, no scrolling sideways."""
    page = await enters(open_page, house, "admin", **PHONE, color_scheme=scheme)
    for path in PAGES:
        await page.goto(f"{house.url}/console{path.format(case=house.case('lighting').id)}")
        assert await page.locator("h1").count() == 1, path
        assert await page.evaluate(READING) == [], path
        await fits(page)
    await page.evaluate("document.querySelector('h1').style.color = 'rgb(115, 115, 115)'")
    await page.wait_for_timeout(100)
    assert len(await page.evaluate(READING)) == 1  # it would be seen


async def test_by_keyboard_alone(house: House, open_page: OpenPage) -> None:
    page = await enters(open_page, house, "li")
    await page.keyboard.press("Tab")
    await expect(page.get_by_text("跳到内容")).to_be_focused()
    await page.keyboard.press("Enter")
    case = page.locator(f"#case-{house.case('lighting').id}")
    await case.focus()
    await asyncio.sleep(2.5)  # the page has been fresh once meanwhile
    await expect(case).to_be_focused()
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="我去看").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(".case-state .pill")).to_have_text("在办")


async def test_the_way_out(house: House, open_page: OpenPage) -> None:
    page = await enters(open_page, house, "li", **PHONE)
    await page.get_by_role("button", name="退出").click()
    await expect(page.get_by_text("退出了")).to_be_visible()
