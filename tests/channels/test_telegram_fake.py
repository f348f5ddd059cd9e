"""The judge must be strict, or what passes before it proves nothing: each refusal, in Telegram's words."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from tests.fakes.bot_api import TOKEN, FakeBotApi

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def fake() -> AsyncIterator[FakeBotApi]:
    async with FakeBotApi() as made:
        wang, li = made.add_user(1001, "王阿姨"), made.add_user(2001, "李格长")
        group = made.add_group(-1001, "一网格居民群", [wang])
        made.user_says(group, wang, "三栋漏水")
        made.starts(li)
        made.add_group(-2, "旧群", [wang], kind="group")
        made.migrates(-2, -1002)
        made.add_group(-3, "踢出", [wang])
        made.kicks(-3)
        yield made


async def _ask(fake: FakeBotApi, method: str, token: str = TOKEN, **given: Any) -> dict[str, Any]:
    data = {key: value if isinstance(value, str) else json.dumps(value) for key, value in given.items()}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{fake.url}/bot{token}/{method}", data=data) as response,
    ):
        answer: dict[str, Any] = await response.json()
        assert response.status == answer.get("error_code", 200)
        return answer


def _key(**more: Any) -> dict[str, Any]:
    return {"inline_keyboard": [[{"text": "我去看", **more}]]}


_G: dict[str, Any] = {"chat_id": -1001}
_SAY = {**_G, "text": "好"}
_QUOTE = {"type": "text_mention", "user": {"id": 1001, "is_bot": False, "first_name": "王"}}


@pytest.mark.parametrize(
    ("method", "given", "refusal"),
    [
        ("sendMessage", {**_SAY, "txt": "x"}, "unknown parameter 'txt'"),
        ("sendMessage", {**_SAY, "reply_parameters": {"message_id": 1, "force": True}}, "unknown field"),
        ("sendMessage", {"text": "好"}, "chat_id: Field required"),
        ("sendMessage", {**_G, "text": " "}, "message text is empty"),
        ("sendMessage", {**_G, "text": "a" * 4095 + "😀"}, "message is too long"),
        ("sendMessage", {**_SAY, "text": "<b>x", "parse_mode": "HTML"}, "Can't find end tag"),
        ("sendMessage", {**_SAY, "text": "<b><i>x</b></i>", "parse_mode": "HTML"}, "Unmatched end tag"),
        ("sendMessage", {**_SAY, "text": "<p>x</p>", "parse_mode": "HTML"}, 'Unsupported start tag "p"'),
        ("sendMessage", {**_SAY, "text": "1 < 2", "parse_mode": "HTML"}, "Unsupported start tag"),
        ("sendMessage", {**_SAY, "entities": [{**_QUOTE, "offset": 0, "length": 9}]}, "ENTITY_BOUNDS"),
        ("sendMessage", {**_G, "text": "😀", "entities": [{**_QUOTE, "offset": 1, "length": 1}]}, "UTF-16"),
        ("sendMessage", {**_SAY, "reply_markup": _key(callback_data="号" * 22)}, "BUTTON_DATA_INVALID"),
        ("sendMessage", {**_SAY, "reply_markup": _key(url="javascript:1")}, "is invalid"),
        ("sendMessage", {**_SAY, "reply_markup": _key()}, "Text buttons are unallowed"),
        ("sendMessage", {**_SAY, "reply_parameters": {"message_id": 99}}, "message to be replied not found"),
        ("sendMessage", {**_SAY, "message_thread_id": 9}, "message thread not found"),
        ("sendMessage", {**_SAY, "chat_id": 1001}, "bot can't initiate conversation with a user"),
        ("sendMessage", {**_SAY, "chat_id": 7}, "chat not found"),
        ("sendMessage", {**_SAY, "chat_id": -2}, "upgraded to a supergroup"),
        ("sendMessage", {**_SAY, "chat_id": -3}, "bot was kicked from the supergroup chat"),
        ("sendPhoto", {**_G, "photo": "attach://x"}, "was not attached"),
        ("sendPhoto", {**_G, "photo": "nowhere"}, "IMAGE_PROCESS_FAILED"),
        ("editMessageText", {**_SAY, "message_id": 99}, "message to edit not found"),
        ("editMessageText", {**_SAY, "message_id": 1}, "message can't be edited"),
        ("deleteMessage", {**_G, "message_id": 1}, "message can't be deleted"),
        ("pinChatMessage", {**_G, "message_id": 1}, "not enough rights"),
        ("setMessageReaction", {**_G, "message_id": 9, "reaction": []}, "message to react not found"),
        (
            "setMessageReaction",
            {**_G, "message_id": 1, "reaction": [{"type": "emoji", "emoji": "✅"}]},
            "REACTION_INVALID",
        ),
        ("answerCallbackQuery", {"callback_query_id": "cb9"}, "query is too old"),
        ("getChatMember", {**_G, "user_id": 1001}, "CHAT_ADMIN_REQUIRED"),
        ("getFile", {"file_id": "x"}, "wrong file_id"),
        ("setMyCommands", {"commands": [{"command": "报事", "description": "x"}]}, "BOT_COMMAND_INVALID"),
        ("setWebhook", {"url": "https://x", "secret_token": "密"}, "unallowed characters"),
        ("sendTelegram", {}, "method not found"),
    ],
)
async def test_refusals(fake: FakeBotApi, method: str, given: dict[str, Any], refusal: str) -> None:
    answer = await _ask(fake, method, **given)
    assert not answer["ok"] and refusal in answer["description"], answer
    assert fake.refusals == [(method, answer["description"])]


async def test_what_is_right_passes(fake: FakeBotApi) -> None:
    said = await _ask(fake, "sendMessage", **_SAY, reply_markup=_key(callback_data="号" * 21 + "1"))
    number = said["result"]["message_id"]
    assert (await _ask(fake, "editMessageText", **{**_SAY, "text": "改"}, message_id=number))["ok"]
    assert (
        "not modified"
        in (await _ask(fake, "editMessageText", **{**_SAY, "text": "改"}, message_id=number))["description"]
    )
    html = await _ask(fake, "sendMessage", chat_id=2001, text="<b>三栋</b> &lt;漏&gt;", parse_mode="HTML")
    assert html["result"]["text"] == "三栋 <漏>"
    assert html["result"]["entities"] == [{"type": "bold", "offset": 0, "length": 2}]


async def test_only_one_answer_to_a_tap(fake: FakeBotApi) -> None:
    await _ask(fake, "sendMessage", **_SAY, reply_markup=_key(callback_data="x"))
    tap = fake.presses(1001, fake.messages(-1001)[-1], "我去")
    assert (await _ask(fake, "answerCallbackQuery", callback_query_id=tap))["ok"]
    assert not (await _ask(fake, "answerCallbackQuery", callback_query_id=tap))["ok"]


async def test_the_21st_message_in_a_minute(fake: FakeBotApi) -> None:
    now = 0.0
    fake.world.clock = lambda: now
    for _ in range(20):
        assert (await _ask(fake, "sendMessage", **_SAY))["ok"]
    refused = await _ask(fake, "sendMessage", **_SAY)
    assert refused["error_code"] == 429 and refused["parameters"]["retry_after"] > 59
    assert (await _ask(fake, "sendMessage", chat_id=2001, text="好"))["ok"], "another chat may"
    now = 61.0
    assert (await _ask(fake, "sendMessage", **_SAY))["ok"]


async def test_privacy_mode_hides_what_is_not_meant_for_the_bot() -> None:
    async with FakeBotApi(reads_all=False) as fake:
        wang = fake.add_user(1001, "王阿姨")
        group = fake.add_group(-1001, "一网格居民群", [wang])
        fake.world.updates.clear()
        for text in ("三栋漏水", "/help", "@gridbot 在吗"):
            fake.user_says(group, wang, text)
        assert [update["message"]["text"] for update in fake.world.updates] == ["/help", "@gridbot 在吗"]
        fake.promotes(group)
        fake.user_says(group, wang, "三栋漏水")
        assert fake.world.updates[-1]["message"]["text"] == "三栋漏水"


async def test_tokens(fake: FakeBotApi) -> None:
    assert (await _ask(fake, "getMe", token="4242:other"))["error_code"] == 401
    assert (await _ask(fake, "getMe", token="nonsense"))["error_code"] == 404
