"""The server: headers on everything, no traces, an end that does not wait for open pages."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from prometheus_client import CollectorRegistry, Counter
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from gridbot.web import server as web
from gridbot.web.server import PortTakenError, Server, build, event, guarded, local_only, stream

pytestmark = pytest.mark.asyncio


async def broken(_request: Request) -> Response:
    raise RuntimeError("the key is 12345")


async def echo(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


async def endless(request: Request) -> Response:
    async def lines() -> AsyncGenerator[str, None]:
        yield event("hello", "{}")
        await asyncio.sleep(3600)

    return stream(request, lines())


@pytest_asyncio.fixture
async def house() -> AsyncIterator[httpx.AsyncClient]:
    registry = CollectorRegistry()
    Counter("gridbot_told", "what was told", registry=registry).inc()
    health: dict[str, Any] = {"ok": True}
    app = build(
        [
            Route("/broken", broken),
            Route("/echo", echo, methods=["POST"]),
            Route("/endless", endless),
            Route("/private", guarded(echo, lambda _request: False)),
        ],
        health=lambda: (health["ok"], {"outbox_failed": 0 if health["ok"] else 3}),
        registry=registry,
        home="/console",
    )
    stop, server = asyncio.Event(), Server(app)
    serving = asyncio.create_task(server.serve("127.0.0.1", 0, stop))
    await server.ready.wait()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as client:
        client.health, client.stop, client.serving = health, stop, serving  # type: ignore[attr-defined]
        yield client
    stop.set()
    await serving


@pytest.mark.parametrize(
    ("path", "status"),
    [("/healthz", 200), ("/nowhere", 404), ("/broken", 500), ("/static/base.css", 200), ("/private", 403)],
)
async def test_every_answer_bears_the_headers(house: httpx.AsyncClient, path: str, status: int) -> None:
    answer = await house.get(path)
    assert answer.status_code == status
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "server" not in answer.headers


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
async def test_an_error_shows_a_sentence_and_no_trace(house: httpx.AsyncClient, accept: str) -> None:
    answer = await house.get("/broken", headers={"accept": accept})
    assert answer.status_code == 500 and "12345" not in answer.text and "Traceback" not in answer.text
    assert ("出了点问题" in answer.text) is (accept == "text/html")


async def test_health_and_figures(house: httpx.AsyncClient) -> None:
    assert (await house.get("/healthz")).json() == {"ok": True, "outbox_failed": 0}
    house.health["ok"] = False  # type: ignore[attr-defined]
    answer = await house.get("/healthz")
    assert (answer.status_code, answer.json()["outbox_failed"]) == (503, 3)
    assert "gridbot_told_total 1.0" in (await house.get("/metrics")).text


async def test_home_leads_somewhere(house: httpx.AsyncClient) -> None:
    answer = await house.get("/")
    assert answer.status_code == 307 and answer.headers["location"] == "/console"


async def test_a_body_has_an_end(house: httpx.AsyncClient) -> None:
    assert (await house.post("/echo", content=b"x" * 1_000_000)).text == "1000000"
    refused = await house.post("/echo", content=b"x" * 1_100_000)
    assert refused.status_code == 413 and refused.headers["x-content-type-options"] == "nosniff"


async def test_another_sites_page_cannot_act_here(house: httpx.AsyncClient) -> None:
    for site, status in (("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)):
        answer = await house.post("/echo", content=b"x", headers={"sec-fetch-site": site})
        assert answer.status_code == status, site


async def test_it_ends_at_once_with_a_page_open(house: httpx.AsyncClient) -> None:
    async with house.stream("GET", "/endless") as open_page:
        assert await anext(open_page.aiter_lines()) == "event: hello"
        began = time.monotonic()
        house.stop.set()  # type: ignore[attr-defined]
        await house.serving  # type: ignore[attr-defined]
        assert time.monotonic() - began < 1.5


async def test_a_quiet_stream_says_that_it_is_still_there(
    house: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "HEARTBEAT", 0.02)
    async with house.stream("GET", "/endless") as open_page:
        lines = open_page.aiter_lines()
        assert ": still here" in [await anext(lines) for _ in range(6)]


async def test_a_taken_port_is_told_in_one_sentence(house: httpx.AsyncClient) -> None:
    port = house.base_url.port
    second = Server(build([], health=lambda: (True, {}), registry=CollectorRegistry()))
    with pytest.raises(PortTakenError, match=rf"Cannot serve on 127\.0\.0\.1:{port}: another program"):
        await second.serve("127.0.0.1", int(port or 0), asyncio.Event())


@pytest.mark.parametrize(
    ("client", "host", "allowed"),
    [
        ("127.0.0.1", "127.0.0.1:8000", True),
        ("::1", "localhost:8000", True),
        ("127.0.0.1", "evil.example", False),  # a name of theirs that leads to this machine
        ("192.168.1.20", "192.168.1.5:8000", False),
    ],
)
async def test_local_only(client: str, host: str, allowed: bool) -> None:
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "query_string": b"",
        "headers": [(b"host", host.encode())],
        "client": (client, 5),
        "server": ("127.0.0.1", 8000),
        "scheme": "http",
    }
    assert local_only(Request(scope)) is allowed


async def test_no_page_carries_script_or_style_of_its_own_or_from_elsewhere() -> None:
    folder = Path(web.__file__).parent
    for page in folder.glob("templates/*.html"):
        text = page.read_text("utf-8")
        assert "<style" not in text and " style=" not in text and " onclick" not in text, page.name
        assert "<script>" not in text and "//" not in text.replace("http://www.w3.org", ""), page.name
    for script in set(folder.glob("static/**/*.js")) - set(folder.glob("static/vendor/*.js")):  # ours
        text = script.read_text("utf-8")
        written = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(")
        assert not [word for word in written if word in text], script.name
