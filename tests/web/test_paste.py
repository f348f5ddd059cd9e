"""贴聊天记录: from a pasted record to cases, and from cases to sentences somebody pastes back."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
import sqlalchemy as sa
from playwright.async_api import expect
from prometheus_client import CollectorRegistry
from starlette.requests import Request

from gridbot.cases import queries
from gridbot.desk import moves, notices, paste_queue, pasting, watch
from gridbot.desk.context import Desk
from gridbot.messages import Actor, Outgoing, OutKind, Role, Urgency
from gridbot.store import outbox, tables
from gridbot.store.db import Database
from gridbot.store.tables import metadata
from gridbot.web.paste import paste_routes
from gridbot.web.server import BODY_CAP, Server, build
from tests.cast import NOW, Cast, seed
from tests.desk.conftest import packs
from tests.web.conftest import OpenPage

RECORD = """—————  2026-11-19  —————

钱阿姨  09:01

5号楼二单元楼道灯不亮了

吴小二  09:02

哈哈哈哈

吴小二  09:03

5号楼二单元楼道灯是不亮了,黑漆漆的

孙师傅  09:10

3号楼302门口下水道堵了,污水冒出来了

孙师傅  09:11

[图片]

郑同学  09:12

今天白菜两块五一斤
"""
VIOLENCE = "5号楼302老王在打老婆,孩子一直哭"


@pytest.fixture
def cast_in(any_database: Database) -> Cast:
    return any_database.write(seed)


def the_desk() -> Desk:
    return Desk(packs(), lambda _rules: packs())


def app_on(database: Database, **options: Any) -> Any:
    async def write(task: Callable[[Any], Any]) -> Any:
        return await asyncio.wrap_future(database.submit(task))

    routes = paste_routes(database.read, write, the_desk(), now=lambda: NOW, **options)
    return build(routes, health=lambda: (True, {}), registry=CollectorRegistry())


@pytest_asyncio.fixture
async def client(any_database: Database) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app_on(any_database))
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as opened:
        yield opened


Fields = dict[str, Any]


async def reads(client: httpx.AsyncClient, cast: Cast, text: str = RECORD, **more: Any) -> httpx.Response:
    fields: Fields = {"community": str(cast.community), "node": str(cast.grid), "title": "一网格微信群"}
    return await client.post("/console/paste/read", data=fields | {"text": text}, **({"files": {}} | more))


def picks(page: str) -> list[str]:
    import html
    import re

    return [html.unescape(value) for value in re.findall(r'name="pick" value="([^"]+)"', page)]


async def opens(client: httpx.AsyncClient, cast: Cast, chosen: list[str], **more: str) -> httpx.Response:
    fields: Fields = {"community": str(cast.community), "node": str(cast.grid), "title": "一网格微信群"}
    return await client.post("/console/paste/open", data=fields | {"pick": chosen} | more)


def rows(database: Database, table: sa.Table) -> list[Any]:
    with database.read() as db:
        return list(db.execute(sa.select(table).order_by(table.c.id)))


@pytest.mark.asyncio
async def test_an_empty_house_says_so(client: httpx.AsyncClient) -> None:
    assert "还没有社区" in (await client.get("/console/paste")).text


@pytest.mark.asyncio
async def test_what_looks_like_reports(
    cast_in: Cast, client: httpx.AsyncClient, any_database: Database
) -> None:
    page = (await reads(client, cast_in)).text
    assert "像是报事的有2件" in page and "看了6句" in page
    for shown in ("照明", "5号楼二单元", "还有1人也说了", "照片1张", "为什么", "今天 09:01", "污水"):
        assert shown in page, shown
    for hidden in ("白菜", "哈哈"):
        assert hidden not in page, hidden
    words = page.split("<q>")[1:]
    assert not any("302" in one.split("</q>")[0] for one in words)
    assert page.count("checked>") == 2
    assert rows(any_database, tables.inbox) == rows(any_database, tables.cases) == []  # nothing kept yet


@pytest.mark.asyncio
async def test_confirmed_they_are_cases_and_the_leader_hears(
    cast_in: Cast, client: httpx.AsyncClient, any_database: Database
) -> None:
    chosen = picks((await reads(client, cast_in)).text)
    answer = await opens(client, cast_in, chosen)
    assert (answer.status_code, answer.headers["location"]) == (
        303, f"/console/paste?community={cast_in.community}&opened=2",
    )  # fmt: skip
    lamp, drain = rows(any_database, tables.cases)
    assert (lamp.types, lamp.supporters, lamp.state, lamp.node_id) == (
        ["lighting"],
        1,
        "waiting",
        cast_in.grid,
    )
    assert drain.types[0] == "drainage"
    assert len([row for row in rows(any_database, tables.case_messages) if row.case_id == drain.id]) == 2
    timers = {(row.kind, row.subject) for row in rows(any_database, tables.timers)}
    assert {("notify", f"case:{lamp.id}"), ("notify", f"case:{drain.id}")} <= timers
    assert {row.state for row in rows(any_database, tables.inbox)} == {"done"}
    page = (await client.get(answer.headers["location"])).text
    assert "立了2件,已经告诉网格长" in page and "贴到「一网格微信群」" in page
    assert "记下了:5号楼二单元" in page and page.count("data-sentence") == 2
    assert "302" not in page


@pytest.mark.asyncio
async def test_the_same_record_again_opens_nothing(
    cast_in: Cast, client: httpx.AsyncClient, any_database: Database
) -> None:
    chosen = picks((await reads(client, cast_in)).text)
    await opens(client, cast_in, chosen)
    again = await opens(client, cast_in, chosen)  # pressed twice, or gone back
    assert again.headers["location"].endswith("opened=0")
    page = (await reads(client, cast_in)).text
    assert "这些先前都报过了" in page and "已经报过(1)" in page and picks(page) == []
    elsewhere = picks((await reads(client, cast_in, "李四:\n5号楼二单元楼道灯不亮了")).text)
    assert len(elsewhere) == 1
    await opens(client, cast_in, elsewhere)  # another's words about the same: joins
    cases = rows(any_database, tables.cases)
    assert len(cases) == 2 and cases[0].supporters == 2


@pytest.mark.asyncio
async def test_of_what_is_private_the_group_hears_nothing(
    cast_in: Cast, client: httpx.AsyncClient, any_database: Database
) -> None:
    page = (await reads(client, cast_in, f"邻居:\n{VIOLENCE}")).text
    assert "不公开" in page
    await opens(client, cast_in, picks(page))
    (case,) = rows(any_database, tables.cases)
    assert case.private
    assert "data-sentence" not in (await client.get("/console/paste")).text


@pytest.mark.asyncio
async def test_the_tick_is_kept(cast_in: Cast, client: httpx.AsyncClient, any_database: Database) -> None:
    await opens(client, cast_in, picks((await reads(client, cast_in)).text)[:1])
    (said,) = [row for row in rows(any_database, tables.outbox) if row.purpose == "recorded"]
    json = {"accept": "application/json"}
    tick = {"id": str(said.id), "pasted": "1"}
    assert (await client.post("/console/paste/tick", data=tick, headers=json)).status_code == 204
    assert 'aria-pressed="true"' in (await client.get("/console/paste")).text
    with any_database.read() as db:
        assert paste_queue.sentences(db, cast_in.community, now=NOW)[0].pasted
        assert paste_queue.sentences(db, cast_in.community, now=NOW + timedelta(days=3)) == []
    back = await client.post(
        "/console/paste/tick", data=tick | {"pasted": "0"}, headers={"accept": "text/html"}
    )
    assert back.status_code == 303
    assert 'aria-pressed="false"' in (await client.get("/console/paste")).text
    notice = next((row for row in rows(any_database, tables.outbox) if row.id != said.id), None)
    for which in ("999999", "x", str(notice.id) if notice else "0"):
        assert (await client.post("/console/paste/tick", data={"id": which, "pasted": "1"})).status_code in (
            400,
            404,
        )


@pytest.mark.asyncio
async def test_what_becomes_of_it_waits_to_be_pasted_too(
    cast_in: Cast, client: httpx.AsyncClient, any_database: Database
) -> None:
    """Accepted, then said to be mended: each is a sentence, and what is no news any more goes."""
    page = (await reads(client, cast_in)).text
    await opens(client, cast_in, picks(page)[:1])
    (case,) = rows(any_database, tables.cases)
    leader = Actor(cast_in.li, Role.LEADER, "李格长")

    def take(db: sa.Connection) -> None:
        notices.tell_leader(db, queries.case(db, case.id), NOW)
        moves.accept(db, queries.case(db, case.id), actor=leader, now=NOW, tapped=False)

    any_database.write(take)
    shown = await client.get("/console/paste")
    assert "(1)有人去看了" in shown.text
    any_database.write(
        lambda db: moves.finish(db, queries.case(db, case.id), actor=leader, now=NOW, tapped=False)
    )
    shown = await client.get("/console/paste")
    assert "您看好了吗" in shown.text and "有人去看了" not in shown.text


@pytest.mark.asyncio
async def test_what_waits_to_be_pasted_is_no_alarm(
    cast_in: Cast, client: httpx.AsyncClient, any_database: Database
) -> None:
    await opens(client, cast_in, picks((await reads(client, cast_in)).text))
    with any_database.read() as db:
        assert watch.health(db, now=NOW + timedelta(hours=3))["unsaid"] == 0


@pytest.mark.asyncio
async def test_files_in_every_encoding(cast_in: Cast, client: httpx.AsyncClient) -> None:
    for encoding in ("utf-8-sig", "gb18030", "utf-16"):
        file = {"file": ("record.txt", RECORD.encode(encoding), "text/plain")}
        page = (await reads(client, cast_in, "", files=file)).text
        assert "像是报事的有2件" in page, encoding
    answer = await reads(
        client, cast_in, "", files={"file": ("x.jpg", b"\xff\xd8\xff\xe0" * 50, "image/jpeg")}
    )
    assert (answer.status_code, "这份东西看不懂" in answer.text) == (400, True)


@pytest.mark.asyncio
async def test_what_cannot_be_read_is_a_sentence(cast_in: Cast, client: httpx.AsyncClient) -> None:
    answer = await reads(client, cast_in, "  ")
    assert (answer.status_code, "还没有贴东西" in answer.text) == (400, True)
    answer = await reads(client, cast_in, "今天白菜两块五一斤")
    assert "没有像报事的" in answer.text
    answer = await reads(client, cast_in, "x" * (BODY_CAP + 1))
    assert (answer.status_code, "一次最多 1 MB" in answer.text) == (413, True)


@pytest.mark.asyncio
async def test_forged_forms_are_refused(
    cast_in: Cast, client: httpx.AsyncClient, any_database: Database
) -> None:
    for pick in ("", "{}", '{"own": 1}', '{"own": [], "x": 1}', "[" * 9_999):
        assert (await opens(client, cast_in, [pick])).status_code == 400, pick
    good = picks((await reads(client, cast_in)).text)
    for fields in ({"node": "999"}, {"node": "x"}, {"node": "9" * 30}):
        assert (await opens(client, cast_in, good, **fields)).status_code == 400
    assert (await opens(client, cast_in, good, community="77")).status_code == 404
    cross = await client.post("/console/paste/open", data={}, headers={"sec-fetch-site": "cross-site"})
    assert cross.status_code == 403
    assert rows(any_database, tables.cases) == []


@pytest.mark.asyncio
async def test_only_ones_own_communities(cast_in: Cast, any_database: Database) -> None:
    def none(_request: Request) -> set[int]:
        return set()

    for options in ({"scope": none}, {"guard": lambda _request: False}):
        transport = httpx.ASGITransport(app_on(any_database, **options))
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            shown = await client.get("/console/paste")
            assert shown.status_code == 403 or "青秀" not in shown.text
            assert (await reads(client, cast_in)).status_code in (400, 403)
            assert (await opens(client, cast_in, [])).status_code in (400, 403)


@pytest.mark.asyncio
async def test_the_receipt_says_who_and_when_and_what_was_missed_stays_in_sight(
    cast_in: Cast, any_database: Database
) -> None:
    group = queue_of(any_database, cast_in)
    app = app_on(any_database, who=lambda _db, _request: cast_in.admin)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
        page = (await client.get("/console/paste")).text
        assert "一网格微信群" in page and "到点提醒李格长" in page and "今天 12:00前" in page
        first = next(row.id for row in rows(any_database, tables.outbox) if row.chat_id == group)
        await client.post("/console/paste/tick", data={"id": str(first), "pasted": "1"})
        page = (await client.get("/console/paste")).text
    assert "刘书记 今天 10:00贴的" in page
    assert "没来得及贴的 1 段" in page and "昨天的便民日" in page
    (said,) = [row for row in rows(any_database, tables.outbox) if row.id == first]
    assert (said.receipt_by_id, said.delivered_at, said.accepted_at) == (cast_in.admin, NOW, None)


def queue_of(database: Database, cast: Cast) -> int:
    """A group with one text due, one urgent, one edited before it was pasted, one nobody pasted in time."""

    def fill(db: sa.Connection) -> int:
        chat = pasting.group_of(db, cast.community, cast.grid, "一网格微信群")
        own: dict[str, Any] = {
            "chat_id": chat,
            "community_id": cast.community,
            "now": NOW - timedelta(minutes=5),
        }
        card: dict[str, Any] = {"kind": OutKind.CARD, "key": "service:1:eve", "purpose": "service-eve"}
        water = Outgoing(text="今天下午停水,请接好水。")
        outbox.say(db, payload=water, purpose="announcement", until=NOW + timedelta(hours=2), **own)
        gas = Outgoing(text="有人说9号楼道有煤气味。别开灯、别打火,能开窗就开窗,人先出来,到外面打119。")
        outbox.say(db, payload=gas, purpose="safety", urgency=Urgency.EMERGENCY, **own)
        for items in ("理发", "理发、磨刀、义诊、冲洗地垫"):
            text = f"明天(20日周五)三九便民服务日,9到11点,小广场:{items}。刀请包好。下雨改活动室。"
            outbox.say(db, payload=Outgoing(text=text), **card, **own)
        late = outbox.say(db, payload=Outgoing(text="昨天的便民日照常。"), purpose="service-line", **own)
        missed = {"until": NOW - timedelta(minutes=1)}
        db.execute(sa.update(tables.outbox).where(tables.outbox.c.id == late).values(**missed))
        paste_queue.sweep(db, now=NOW)
        return chat

    return database.write(fill)


# --- in a browser --------------------------------------------------------------------------------


@asynccontextmanager
async def served(path: Path) -> AsyncIterator[str]:
    database = Database(f"sqlite:///{path}")
    metadata.create_all(database.writer)
    database.write(seed)
    server, stop = Server(app_on(database)), asyncio.Event()
    serving = asyncio.create_task(server.serve("127.0.0.1", 0, stop))
    await server.ready.wait()
    try:
        yield f"http://127.0.0.1:{server.port}/console/paste"
    finally:
        stop.set()
        await serving
        database.close()


@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("width", [375, 1280])
async def test_from_paste_to_tick(open_page: OpenPage, tmp_path: Path, width: int) -> None:
    async with served(tmp_path / "paste.db") as url:
        page = await open_page(
            url, width=width, height=760, permissions=["clipboard-read", "clipboard-write"]
        )
        await page.get_by_label("聊天记录", exact=True).fill(RECORD)
        await page.get_by_label("群名").fill("一网格微信群")
        await _shot(page, tmp_path, f"1-{width}")
        await page.get_by_role("button", name="看看有没有报事").click()
        await expect(page.get_by_role("heading", name="像是报事的有2件")).to_be_visible()
        await page.get_by_text("为什么").first.click()
        await _shot(page, tmp_path, f"2-{width}")
        assert await _fits(page)
        await page.get_by_role("checkbox").nth(1).uncheck()
        await page.get_by_role("button", name="确认,立1件").click()
        await expect(page.get_by_text("立了1件,已经告诉网格长")).to_be_visible()
        await page.get_by_role("button", name="复制").click()
        await expect(page.get_by_role("button", name="复制好了")).to_be_visible()
        assert "记下了:5号楼二单元" in await page.evaluate("navigator.clipboard.readText()")
        await page.get_by_role("button", name="已贴").click()
        await expect(page.get_by_role("button", name="已贴", pressed=True)).to_be_visible()
        await page.goto(url)
        await expect(page.get_by_role("button", name="已贴", pressed=True)).to_be_visible()
        assert await _fits(page)
        await _shot(page, tmp_path, f"3-{width}")


@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="module")
async def test_a_file_that_is_too_large_stays_here(open_page: OpenPage, tmp_path: Path) -> None:
    async with served(tmp_path / "paste.db") as url:
        page = await open_page(url, width=375, height=760)
        large = {"name": "long.txt", "mimeType": "text/plain", "buffer": b"x" * BODY_CAP}
        await page.locator("input[type=file]").set_input_files(large)
        await expect(page.get_by_text("一次最多 1 MB")).to_be_visible()
        await page.get_by_role("button", name="看看有没有报事").click()
        await expect(page.get_by_text("long.txt")).to_be_visible()
        assert page.url == url


@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="module")
async def test_it_works_without_scripts(open_page: OpenPage, tmp_path: Path) -> None:
    async with served(tmp_path / "paste.db") as url:
        page = await open_page(url, width=375, height=760, java_script_enabled=False)
        await page.get_by_label("聊天记录", exact=True).fill(RECORD)
        await page.get_by_role("button", name="看看有没有报事").click()
        await page.get_by_role("button", name="确认").click()
        await page.get_by_role("button", name="已贴").first.click()
        await expect(page.locator('[aria-pressed="true"]')).to_have_count(1)


@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="module")
async def test_the_queue_on_a_telephone(open_page: OpenPage, tmp_path: Path) -> None:
    path = tmp_path / "queue.db"
    async with served(path) as url:
        database = Database(f"sqlite:///{path}")
        with database.read() as db:
            community = db.execute(sa.select(tables.communities.c.id)).scalar_one()
            grid = db.execute(sa.select(tables.grid_nodes.c.id).where(tables.grid_nodes.c.name == "一网格"))
            cast = dataclasses.replace(blank_cast(), community=community, grid=grid.scalar_one())
        queue_of(database, cast)
        database.close()
        page = await open_page(url, width=375, height=760, permissions=["clipboard-read", "clipboard-write"])
        await expect(page.locator("[data-waiting]")).to_have_text("3")
        urgent = page.locator("[data-sentence]").first
        await expect(urgent).to_contain_text("煤气味")
        await _shot(page, tmp_path, "queue-1")
        assert await _fits(page)
        await page.get_by_role("button", name="复制").nth(2).click()
        assert "磨刀" in await page.evaluate("navigator.clipboard.readText()")
        await page.get_by_role("button", name="已贴").nth(2).click()
        await expect(page.locator("[data-waiting]")).to_have_text("2")
        await page.goto(url)
        await expect(page.get_by_text("贴的").last).to_be_visible()
        await expect(page.get_by_text("没来得及贴的 1 段")).to_be_visible()
        assert await _fits(page)
        await _shot(page, tmp_path, "queue-2")


def blank_cast() -> Cast:
    return Cast(**{one.name: 0 for one in dataclasses.fields(Cast)})


async def _fits(page: Any) -> bool:
    """Nothing sticks out at the side."""
    return bool(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


async def _shot(page: Any, _folder: Path, name: str) -> None:
    """With SHOTS naming a folder, each step leaves a picture."""
    import os

    if folder := os.environ.get("SHOTS"):
        await page.screenshot(path=Path(folder) / f"paste-{name}.png", full_page=True)
