"""The console: what stands in the list and in a case, masked, and never another community's."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
import sqlalchemy as sa
from sqlalchemy import Connection

from gridbot.cases.facts import facts
from gridbot.cases.rates import rates
from gridbot.messages import Button, CaseState, Outgoing, OutKind, dump
from gridbot.store import tables
from gridbot.store.db import Database
from gridbot.web import times
from tests.cast import NOW, Cast, seed
from tests.web.consoles import add, app_on, client_of, signed_in

pytestmark = pytest.mark.asyncio


def add_case(db: Connection, cast: Cast, number: int, state: CaseState, **more: Any) -> int:
    values: dict[str, Any] = {
        "community_id": cast.community,
        "number": number,
        "state": state.value,
        "types": ["lighting"],
        "place": "5号楼302",
        "node_id": cast.grid,
        "level_node_id": cast.grid,
        "owner_id": cast.li,
        "reporter_id": cast.wang,
        "chat_id": cast.residents,
        "platform_message": f"m{number}",
        "data": {},
        "reported_at": NOW - timedelta(hours=3),
    }
    return add(db, tables.cases, **(values | more))


def told(db: Connection, cast: Cast, case: int, chat: int, text: str, state: str, **more: Any) -> None:
    values = {
        "community_id": cast.community,
        "chat_id": chat,
        "kind": OutKind.SEND.value,
        "payload": dump(Outgoing(text=text, buttons=((Button("我去看", "t"),),))),
        "rank": 2,
        "case_id": case,
        "purpose": "notice",
        "state": state,
        "due_at": NOW,
        "created_at": NOW,
    }
    add(db, tables.outbox, **(values | more))


@pytest.fixture
def cast_in(any_database: Database) -> Cast:
    return any_database.write(_fill)


def _fill(db: Connection) -> Cast:
    cast = seed(db)
    case = add_case(db, cast, 1, CaseState.WAITING, first_told_at=NOW - timedelta(hours=3), supporters=2)
    words = "我是302王阿姨,电话13812345678,5号楼楼道灯不亮"
    values = {"community_id": cast.community, "case_id": case, "person_id": cast.wang, "at": NOW}
    add(db, tables.case_messages, part="report", text=words, message="m1", **values)
    event = {"community_id": cast.community, "case_id": case, "data": {}, "at": NOW, "digest": ""}
    add(db, tables.case_events, seq=1, move="opened", role="resident", person_id=cast.wang, **event)
    moved = event | {"data": {"person": cast.li}}
    add(db, tables.case_events, seq=2, move="notified", role="system", **moved)
    said = add(db, tables.case_events, seq=3, move="progress", role="leader", person_id=cast.li, **event)
    words = "师傅18912345678下午来"
    add(db, tables.case_words, community_id=cast.community, event_id=said, text=words)
    told(db, cast, case, cast.li_private, "李格长,有人说5号楼302照明(1)", "sent", sent_at=NOW)
    told(db, cast, case, cast.residents, "记下了", "failed", reason="blocked 13812345678")
    add_case(db, cast, 2, CaseState.ACCEPTED, types=["gas"], urgent=True, finish_by=NOW + timedelta(hours=2))
    add_case(db, cast, 3, CaseState.CLOSED, closed_at=NOW)
    private = add_case(db, cast, 4, CaseState.WAITING, types=["dispute"], private=True, owner_id=None)
    told(db, cast, private, cast.admin_private, "502张三打人", "waiting")
    secret = {"case_id": private, "at": NOW, "part": "report", "text": "502张三打人"}
    add(db, tables.case_messages, community_id=cast.community, person_id=cast.wang, **secret)
    return cast


@pytest_asyncio.fixture
async def client(any_database: Database) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app_on(any_database, local=True)) as opened:
        yield opened


async def test_an_empty_house_says_so_kindly(any_database: Database, client: httpx.AsyncClient) -> None:
    assert "还没有社区" in (await client.get("/console")).text
    any_database.write(seed)
    page = (await client.get("/console")).text
    assert "没有没办完的事" in page and "青秀佳苑社区" in page
    assert "都在点上" in (await client.get("/console?state=overdue")).text


async def test_the_list(cast_in: Cast, client: httpx.AsyncClient) -> None:
    page = (await client.get("/console")).text
    for shown in ("照明", "燃气", "5号楼 · 一网格", "李格长", "超时1小时", "今天 12:00", "还有2户", "等人接"):
        assert shown in page, shown
    assert "302" not in page and "急" in page and "不公开" in page
    assert page.index("燃气") < page.index("照明")  # what is urgent stands first
    assert page.count("<article") == 3 and page.index("等人接</") < page.index("在办</")


@pytest.mark.parametrize(
    ("state", "rows"),
    [("waiting", 2), ("accepted", 1), ("closed", 1), ("overdue", 1), ("all", 4), ("done", 0)],
)
async def test_filters(cast_in: Cast, client: httpx.AsyncClient, state: str, rows: int) -> None:
    page = (await client.get(f"/console?state={state}")).text
    assert page.count("data-row") == rows
    assert f'id="tile-{state}"' in page and f"<b>{rows}</b>" in page


async def test_one_case_from_first_to_last(cast_in: Cast, client: httpx.AsyncClient) -> None:
    page = (await client.get("/console/cases/1")).text
    for shown in (
        "立案",
        "告诉李格长",
        "有进展",
        "下午来",
        "已送到 今天 10:00",
        "没送到",
        "楼道灯不亮",
    ):
        assert shown in page, shown
    assert "告诉负责人" not in page.split("经过")[1]  # what was sent to him says it better
    for hidden in ("302", "13812345678", "18912345678", "王阿姨"):
        assert hidden not in page, hidden


async def test_of_a_private_case_no_words_are_shown(cast_in: Cast, client: httpx.AsyncClient) -> None:
    page = (await client.get("/console/cases/4")).text
    assert "打人" not in page and "张三" not in page and "这里不显示原话" in page


@pytest.mark.parametrize("path", ["/console/cases/99", "/console?state=nonsense", "/console?community=7"])
async def test_what_is_not_there(cast_in: Cast, client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 404


async def test_only_what_changed_is_sent_again(
    cast_in: Cast, client: httpx.AsyncClient, any_database: Database
) -> None:
    part = await client.get("/console?part")
    assert part.text.lstrip().startswith("<main") and "<html" not in part.text
    again = {"if-none-match": part.headers["etag"]}
    assert (await client.get("/console?part", headers=again)).status_code == 304
    any_database.write(lambda db: db.execute(sa.update(tables.cases).values(state="done")))
    assert (await client.get("/console?part", headers=again)).status_code == 200


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (0, "刚刚"),
        (8, "8分钟"),
        (59, "59分钟"),
        (60, "1小时"),
        (1439, "23小时"),
        (1440, "1天"),
        (-90, "1小时"),
    ],
)
async def test_spans(minutes: int, said: str) -> None:
    assert times.span(timedelta(minutes=minutes)) == said


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("type=gas", {2}),
        ("grid=青秀佳苑/一网格", {1, 2, 4}),
        ("grid=青秀佳苑/二网格", set()),
        ("grid=青秀", set()),  # the beginning of a name is no grid
        ("private=1", {4}),
        ("paused=1", {2}),
        ("mine=1", set()),
        ("state=all&type=lighting", {1, 3}),
        ("state=accepted&paused=1&type=gas", {2}),
        ("number=3", {3}),
    ],
)
async def test_narrowed(
    cast_in: Cast, client: httpx.AsyncClient, any_database: Database, query: str, numbers: set[int]
) -> None:
    pause = {"paused": {"what": "等配件", "until": (NOW + timedelta(days=2)).isoformat()}}
    gas = sa.update(tables.cases).where(tables.cases.c.number == 2).values(data=pause)
    any_database.write(lambda db: db.execute(gas))
    page = await client.get(f"/console?{query}", follow_redirects=True)
    shown = re.findall(r'data-row="\d+".*?id="case-\d+"[^>]*>(\d+)<', page.text, re.DOTALL)
    assert {int(one) for one in shown} == numbers or page.url.path == "/console/cases/3"


async def test_rates_are_those_of_the_record(
    cast_in: Cast, client: httpx.AsyncClient, any_database: Database
) -> None:
    page = (await client.get("/console/rates?period=本月")).text
    plain = re.sub(r"\s+|<[^>]+>", " ", page)
    with any_database.read() as db:
        month = facts(db, cast_in.community, NOW - timedelta(days=18), NOW + timedelta(days=1))
    total = rates(month, NOW)
    for name, rate in (("响应率", total.response), ("解决率", total.solution), ("没出本级", total.at_home)):
        share = "—" if rate.share is None else f"{round(rate.share * 100)}%"
        assert re.search(rf"{name} +{share} +{rate.n}/{rate.of} ", plain), name
    assert total.cases == 4 and re.search(r"报了 +4件", plain)
    assert "不公开的" in page and "邻里纠纷" not in page  # what is private is not told apart by type
    assert re.search(r"满意率 +— +0/0 ", plain)  # nothing to count is not nought


async def test_a_leader_counts_his_own_grid_alone(cast_in: Cast, any_database: Database) -> None:
    def elsewhere(db: Connection) -> None:
        for number in (11, 12):
            add_case(db, cast_in, number, CaseState.WAITING, node_id=cast_in.yard, level_node_id=cast_in.yard)

    any_database.write(elsewhere)
    app = app_on(any_database)
    found = {}
    for who in (cast_in.li, cast_in.secretary, cast_in.admin):
        async with signed_in(any_database, app, who) as client:
            page = (await client.get("/console/rates")).text
            found[who] = re.search(r"<dt>报了</dt><dd>(\d+)件", page)[1]  # type: ignore[index]
            assert ("51号院" in (await client.get("/console/people")).text) is (who != cast_in.li)
    assert found == {cast_in.li: "4", cast_in.secretary: "6", cast_in.admin: "6"}
