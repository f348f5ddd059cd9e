"""What the simulator's page is given, and what it may ask."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import httpx
import pytest
import pytest_asyncio
from prometheus_client import CollectorRegistry

from gridbot.channels.simulator import Simulator
from gridbot.messages import Kept
from gridbot.web.server import build
from gridbot.web.simulator import simulator_routes

pytestmark = pytest.mark.asyncio
PNG = b"\x89PNG\r\n\x1a\n"


async def take(_kept: Sequence[Kept]) -> None:
    pass


@pytest_asyncio.fixture
async def simulator() -> AsyncIterator[Simulator]:
    one = Simulator(accept=take)
    await one.start()
    yield one
    await one.close()


@pytest_asyncio.fixture
async def client(simulator: Simulator) -> AsyncIterator[httpx.AsyncClient]:
    routes = simulator_routes(simulator, community="<b>社区</b>")
    app = build(routes, health=lambda: (True, {}), registry=CollectorRegistry())
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://here"
    ) as one:
        yield one


async def test_the_page_escapes_what_it_is_given(client: httpx.AsyncClient) -> None:
    page = await client.get("/")
    assert page.status_code == 200 and "&lt;b&gt;社区" in page.text and "<b>社区" not in page.text


async def test_acts_and_refusals(client: httpx.AsyncClient) -> None:
    form = {"as": "1001", "act": "say", "chat": "-1001", "text": "5号楼楼道灯不亮了"}
    assert (await client.post("/simulator/acts", json=form)).json()["id"]
    said = (await client.get("/simulator/state")).json()["chats"][0]["messages"]
    assert said[-1]["text"] == "5号楼楼道灯不亮了"
    for change, status in (
        ({"as": "nobody"}, 404),
        ({"as": ["1001"]}, 404),
        ({"chat": "-1002"}, 409),
        ({"text": ""}, 409),
        ({"text": 5}, 409),
        ({"act": "close"}, 409),
        ({"act": ["say"]}, 409),
        ({"text": "灯" * 30_000}, 409),
        ({"text": "灯" * 600_000}, 413),
    ):
        answer = await client.post("/simulator/acts", json={**form, **change})
        assert answer.status_code == status, change
    for body in (b"", b"[]", b"5", b"{", b"[" * 100_000, b"\xff"):
        assert (await client.post("/simulator/acts", content=body)).status_code in (400, 404), body[:9]


async def test_half_an_emoji_from_a_page_breaks_nothing(client: httpx.AsyncClient) -> None:
    body = b'{"as": "1001", "act": "say", "chat": "-1001", "text": "\\ud83d"}'
    assert (await client.post("/simulator/acts", content=body)).status_code == 200
    assert (await client.get("/simulator/state")).status_code == 200


async def test_photos_are_pictures_and_not_too_large(client: httpx.AsyncClient) -> None:
    kept = await client.post("/simulator/photos", content=PNG + b"x" * 4_000_000)
    photo = await client.get(f"/simulator/photos/{kept.json()['photo']}")
    assert photo.headers["content-type"] == "image/png" and photo.content.startswith(PNG)
    assert (await client.post("/simulator/photos", content=PNG + b"x" * 5_500_000)).status_code == 413
    for odd in (b"", b"<svg onload=alert(1)>", b"GIF", b"%PDF-1.7"):
        assert (await client.post("/simulator/photos", content=odd)).status_code == 415
    for unknown in ("nothing", "..%2f..%2fetc%2fpasswd", "%00"):
        assert (await client.get(f"/simulator/photos/{unknown}")).status_code == 404


@pytest.mark.parametrize("query", ["", "after=x", "after=-1", "after=9999999999999999"])
async def test_a_stream_wants_to_know_from_where(client: httpx.AsyncClient, query: str) -> None:
    assert (await client.get(f"/simulator/events?{query}")).status_code == 400


async def test_a_page_of_another_story_is_told_to_begin_anew(client: httpx.AsyncClient) -> None:
    answer = await client.get("/simulator/events?after=0&generation=another")
    assert answer.headers["content-type"].startswith("text/event-stream") and '"reset"' in answer.text
