"""What is answered to a delivery by webhook, and that nothing but Telegram's own gets in."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest
import uvicorn
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.types import Message

from gridbot.channels.telegram_in import (
    BODY_CAP,
    BotIdentity,
    set_webhook,
    webhook,
    webhook_route,
)
from gridbot.messages import Kept
from tests.fakes.bot_api import FakeBotApi

BOT = BotIdentity("4242", "gridbot")
SECRET = "s3cret_-"
HEADER = "X-Telegram-Bot-Api-Secret-Token"
GOOD = json.dumps(
    {
        "update_id": 9223372036854775808,
        "message": {"message_id": 1, "date": 1, "chat": {"id": 7, "type": "private"}, "text": "漏水"},
    }
).encode()


@pytest.mark.parametrize(
    ("headers", "body", "status", "why"),
    [
        ({HEADER: SECRET}, GOOD, 200, "as it should be; ids may be larger than 64 bits"),
        ({HEADER.lower(): SECRET}, GOOD, 200, "names of headers have no case"),
        ({}, GOOD, 403, "no secret"),
        ({HEADER: ""}, GOOD, 403, "an empty one"),
        ({HEADER: "other"}, GOOD, 403, "another bot's"),
        ({HEADER: SECRET + " "}, GOOD, 403, "nearly"),
        ({HEADER: "密钥\udc80"}, GOOD, 403, "beyond ASCII, and broken"),
        ({HEADER: "other"}, b"{", 403, "who we do not know learns nothing more"),
        ({HEADER: SECRET}, b"", 400, "nothing"),
        ({HEADER: SECRET}, b"{", 400, "no JSON"),
        ({HEADER: SECRET}, b"\xff\xfe", 400, "no text"),
        ({HEADER: SECRET}, b"[" * 200_000, 400, "deeper than any parser goes"),
        ({HEADER: SECRET}, b"[]", 400, "no update"),
        ({HEADER: SECRET}, b'{"message": {}}', 400, "without an id"),
        ({HEADER: SECRET}, b'{"update_id": true}', 400, "an id that is none"),
        ({HEADER: SECRET}, b'{"update_id": ' + b"9" * 5000 + b"}", 400, "a number nobody can hold"),
        ({HEADER: SECRET}, b'{"update_id": 1, "x": NaN, "x": 2}', 200, "NaN, the same key twice"),
        ({HEADER: SECRET}, b'{"update_id": 1, "x": ' + b"[" * 100 + b"]" * 100 + b"}", 200, "deep"),
        ({HEADER: SECRET}, b'{"update_id": 1, "message": 5}', 200, "unreadable: kept raw"),
        ({HEADER: SECRET}, GOOD + b" " * BODY_CAP, 413, "too much"),
    ],
)
def test_answers(headers: dict[str, str], body: bytes, status: int, why: str) -> None:
    answer, kept = webhook(headers, body, SECRET, BOT)
    assert answer == status, why
    assert (kept is not None) == (status == 200), why
    if kept:
        assert kept.raw == body and kept.update_id == str(json.loads(body)["update_id"])


def test_a_bot_without_a_secret_lets_nobody_in() -> None:
    assert webhook({HEADER: ""}, GOOD, "", BOT) == (403, None)
    with pytest.raises(ValueError, match="1 to 256"):
        webhook_route("/t", secret="", bot=BOT, accept=_broken)


@settings(max_examples=200, deadline=None)
@given(body=st.binary() | st.text().map(lambda text: json.dumps({"update_id": 1, "message": text}).encode()))
def test_no_body_is_an_error_of_ours(body: bytes) -> None:
    assert webhook({HEADER: SECRET}, body, SECRET, BOT)[0] in (200, 400)


async def _broken(batch: Sequence[Kept]) -> None:
    raise OSError("disk full")


async def _post(app: Starlette, body: bytes, chunk: int = 65536) -> tuple[int, int]:
    """(status, how many chunks were taken) without a network."""
    chunks = [body[at : at + chunk] for at in range(0, len(body), chunk)]
    taken, status = 0, 0

    async def receive() -> Message:
        nonlocal taken
        taken += 1
        return {"type": "http.request", "body": chunks[taken - 1], "more_body": taken < len(chunks)}

    async def send(message: Message) -> None:
        nonlocal status
        status = message.get("status", status)

    headers = [(HEADER.lower().encode(), SECRET.encode())]
    scope: dict[str, Any] = {
        "type": "http", "method": "POST", "path": "/telegram", "headers": headers, "query_string": b"",
        "http_version": "1.1", "root_path": "", "scheme": "http", "server": ("127.0.0.1", 80),
    }  # fmt: skip
    await app(scope, receive, send)
    return status, taken


@pytest.mark.asyncio
async def test_the_route_answers_only_after_it_is_kept() -> None:
    kept: list[Kept] = []

    async def accept(batch: Sequence[Kept]) -> None:
        await asyncio.sleep(0)
        kept.extend(batch)

    app = Starlette(routes=[webhook_route("/telegram", secret=SECRET, bot=BOT, accept=accept)])
    assert await _post(app, GOOD) == (200, 1)
    assert [one.incoming.text for one in kept if one.incoming] == ["漏水"]
    assert await _post(app, b"x" * 16 * BODY_CAP) == (413, 17), "it does not read to the end"
    full = Starlette(routes=[webhook_route("/telegram", secret=SECRET, bot=BOT, accept=_broken)])
    assert await _post(full, GOOD) == (503, 1)


@pytest.mark.asyncio
async def test_telegram_brings_it_again_until_it_is_kept() -> None:
    kept: list[Kept] = []
    troubles = 2

    async def accept(batch: Sequence[Kept]) -> None:
        nonlocal troubles
        if troubles:
            troubles -= 1
            raise OSError("disk full")
        kept.extend(batch)

    app = Starlette(routes=[webhook_route("/telegram", secret=SECRET, bot=BOT, accept=accept)])
    config = uvicorn.Config(app, port=0, log_config=None, lifespan="off", ws="none")
    server = uvicorn.Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    port = server.servers[0].sockets[0].getsockname()[1]
    async with FakeBotApi() as fake:
        wang = fake.add_user(1001, "王阿姨")
        group = fake.add_group(-1001, "一网格居民群", [wang])
        await set_webhook(fake.token, f"http://127.0.0.1:{port}/telegram", SECRET, api=fake.url)
        fake.user_says(group, wang, "三栋漏水")
        await fake.until(lambda: len(kept) == 2)
        assert [one.incoming.text for one in kept if one.incoming] == ["", "三栋漏水"]
        assert troubles == 0
        fake.world.webhook = {}
    server.should_exit = True
    await server.shutdown()
