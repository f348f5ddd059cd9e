"""Webhooks: what goes into a group, how much at once, and that the key is nowhere else."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from gridbot.channels._wecom.api import WecomApi
from gridbot.channels.wecom_webhook import WecomWebhook
from gridbot.fitting import fit
from gridbot.messages import (
    Button,
    ChatKind,
    Delivery,
    Fault,
    Outcome,
    Outgoing,
    OutKind,
    SendResult,
    Urgency,
)
from tests.fakes.wecom_server import FakeWecom

KEY, HOOK = "693a91f6-key-that-must-never-be-seen", "一网格"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def delivery(text: str = "", *, row: int = 1, urgency: Urgency = Urgency.NOTICE, **more: Any) -> Delivery:
    said = Outgoing(text=text, **more)
    whole = Delivery(row, OutKind.SEND, urgency, HOOK, ChatKind.GROUP, said)
    fitted = fit(whole, WecomWebhook.capabilities)
    assert fitted is not None
    return fitted


async def say(fake: FakeWecom, one: Delivery, **options: Any) -> SendResult:
    api = WecomApi(fake.url, timeout=0.3)
    try:
        return await WecomWebhook({HOOK: KEY}, api, **options).send(one)
    finally:
        await api.close()


@pytest.mark.asyncio
async def test_a_notice_with_those_it_is_for() -> None:
    async with FakeWecom() as fake:
        fake.hook(KEY)
        mention = (("lisi", "李格长"), ("13800138000", "张院长"), ("@all", "@all"))
        result = await say(fake, delivery("128还没回音。", mention=mention))
        assert result.outcome is Outcome.SENT
        assert fake.hooks[KEY] == [
            {
                "msgtype": "text",
                "text": {
                    "content": "128还没回音。",
                    "mentioned_list": ["lisi"],
                    "mentioned_mobile_list": ["13800138000"],
                },
            }
        ]
        assert fake.refusals == []


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("text", "mention", "kinds", "remark"),
    [
        ("停水通知。" * 10, (), ["text"], "short"),
        ("停水通知。" * 200, (), ["markdown"], "3000 bytes"),
        ("停水通知。" * 400, (), ["markdown", "markdown"], "6000 bytes, cut at a sentence"),
        ("停水通知。" * 200, (("lisi", "李格长"),), ["text", "text"], "only text rings"),
    ],
)
async def test_long_ones_are_cut_at_sentences(
    text: str, mention: tuple[tuple[str, str], ...], kinds: list[str], remark: str
) -> None:
    async with FakeWecom() as fake:
        fake.hook(KEY)
        assert (await say(fake, delivery(text, mention=mention))).outcome is Outcome.SENT
        posts = fake.hooks[KEY]
        assert [post["msgtype"] for post in posts] == kinds, remark
        contents = [post[post["msgtype"]]["content"] for post in posts]
        assert "".join(contents) == text and all(one.endswith("。") for one in contents)
        assert sum("mentioned_list" in post.get("text", {}) for post in posts) == bool(mention)
        assert fake.refusals == []


@pytest.mark.asyncio
async def test_buttons_stay_behind_and_a_picture_comes_along() -> None:
    async with FakeWecom() as fake:
        fake.hook(KEY)
        row = ((Button("好了", "t1"),),)
        assert (await say(fake, delivery("本周9件", buttons=row, photo=b"\x89PNG"))).outcome is Outcome.SENT
        assert [post["msgtype"] for post in fake.hooks[KEY]] == ["text", "image"]
        assert fake.hooks[KEY][0]["text"]["content"] == "本周9件"


@pytest.mark.asyncio
async def test_twenty_a_minute_and_not_one_more() -> None:
    async with FakeWecom() as fake:
        fake.hook(KEY)
        clock, api = Clock(), WecomApi(fake.url)
        hooks = WecomWebhook({HOOK: KEY}, api, clock=clock)
        results = [await hooks.send(delivery(f"第{number}条", row=number)) for number in range(21)]
        assert {one.outcome for one in results[:20]} == {Outcome.SENT}
        assert (results[20].outcome, results[20].retry_after) == (Outcome.RETRY, 60)
        clock.now += 60
        fake.fail("/cgi-bin/webhook/send", errcode=45009)  # another program uses the same hook
        later = await hooks.send(delivery("再来", row=99))
        assert (later.outcome, later.retry_after) == (Outcome.RETRY, 60)
        await api.close()


@pytest.mark.asyncio
async def test_after_a_refusal_it_goes_on_where_it_stopped() -> None:
    async with FakeWecom() as fake:
        fake.hook(KEY)
        api = WecomApi(fake.url)
        hooks, one = WecomWebhook({HOOK: KEY}, api), delivery("停水通知。" * 600)
        real, tries = api.send, 0

        async def refuses_the_second(*args: Any, **options: Any) -> Any:
            nonlocal tries
            tries += 1
            return (
                (SendResult(Outcome.RETRY, retry_after=60), {})
                if tries == 2
                else await real(*args, **options)
            )

        api.send = refuses_the_second  # type: ignore[method-assign]
        assert (await hooks.send(one)).outcome is Outcome.RETRY
        assert (await hooks.send(one)).outcome is Outcome.SENT
        assert "".join(post["markdown"]["content"] for post in fake.hooks[KEY]) == one.payload.text
        await api.close()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("fault", "outcome", "gone", "remark"),
    [
        ({"errcode": 93000}, Outcome.PERMANENT, Fault.KICKED, "the robot was removed"),
        ({"errcode": 40058}, Outcome.PERMANENT, None, "refused"),
        ({"errcode": -1}, Outcome.RETRY, None, "busy"),
        ({"how": "hang"}, Outcome.UNKNOWN, None, "never blindly again"),
        ({"how": "redirect"}, Outcome.RETRY, None, "a redirect is not followed"),
    ],
)
async def test_refusals(
    fault: dict[str, Any],
    outcome: Outcome,
    gone: Fault | None,
    remark: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    async with FakeWecom() as fake:
        fake.hook(KEY)
        fake.fail("/cgi-bin/webhook/send", **fault)
        result = await say(fake, delivery("明天停水"))
        assert (result.outcome, result.fault) == (outcome, gone), remark
    assert KEY not in f"{result!r}{caplog.text}{WecomWebhook({HOOK: KEY}, WecomApi())!r}"


@pytest.mark.asyncio
async def test_nobody_there_says_nothing_of_the_key(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    api = WecomApi("http://127.0.0.1:1")
    result = await WecomWebhook({HOOK: KEY}, api).send(delivery("明天停水"))
    await api.close()
    assert result.outcome is Outcome.RETRY
    assert KEY not in f"{result!r}{caplog.text}"


@pytest.mark.asyncio
async def test_a_name_that_is_not_in_the_settings() -> None:
    async with FakeWecom() as fake:
        api = WecomApi(fake.url)
        result = await WecomWebhook({}, api).send(delivery("x"))
        assert result.outcome is Outcome.PERMANENT and fake.calls == []
        await api.close()


@pytest.mark.asyncio
async def test_the_markup_of_others_is_only_text() -> None:
    async with FakeWecom() as fake:
        fake.hook(KEY)
        await say(fake, delivery("<@all> [点](http://evil) **急**" + "。停水通知" * 300))
        assert not any(sign in fake.hooks[KEY][0]["markdown"]["content"] for sign in ("<@", "](", "**"))
