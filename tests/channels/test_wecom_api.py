"""Tokens, calls and refusals of the HTTP interface, against a server that refuses like the real one."""

from __future__ import annotations

import asyncio
import logging

import pytest

from gridbot.channels._wecom.api import Credentials, RefusedError, UnreachableError, WecomApi
from gridbot.channels._wecom.errcodes import MEANING, meaning
from gridbot.messages import Fault, Outcome
from tests.fakes.wecom_server import CORP, SECRET, FakeWecom

APP = Credentials(CORP, SECRET)
SEND = "/cgi-bin/message/send"
BODY = {"touser": "u1", "msgtype": "text", "agentid": 1000002, "text": {"content": "灯修好了"}}


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.asyncio
async def test_many_who_ask_at_once_fetch_one_token() -> None:
    async with FakeWecom() as fake:
        api = WecomApi(fake.url)
        await asyncio.gather(*(api.call(SEND, BODY, app=APP) for _ in range(8)))
        assert (fake.tokens_given, len(fake.sent), fake.refusals) == (1, 8, [])
        await api.close()


@pytest.mark.asyncio
async def test_a_token_is_replaced_before_its_end() -> None:
    clock = Clock()
    async with FakeWecom() as fake:
        api = WecomApi(fake.url, clock=clock)
        await api.call(SEND, BODY, app=APP)
        clock.now += 7200 - 301
        await api.call(SEND, BODY, app=APP)
        assert fake.tokens_given == 1
        clock.now += 2
        await api.call(SEND, BODY, app=APP)
        assert fake.tokens_given == 2
        await api.close()


@pytest.mark.asyncio
async def test_a_stale_token_is_replaced_once_and_the_call_made_again() -> None:
    async with FakeWecom() as fake:
        api = WecomApi(fake.url)
        await api.call(SEND, BODY, app=APP)
        fake.expire_tokens()
        answers = await asyncio.gather(*(api.send(SEND, BODY, app=APP) for _ in range(5)))
        assert {result.outcome for result, _ in answers} == {Outcome.SENT}
        assert fake.tokens_given == 2  # five found it stale, one fetched
        fake.fail(SEND, errcode=42001, times=2)
        result, _ = await api.send(SEND, BODY, app=APP)
        assert (result.outcome, result.retry_after) == (Outcome.RETRY, 60)
        assert fake.tokens_given == 3  # and no endless loop
        await api.close()


@pytest.mark.asyncio
async def test_two_apps_have_two_tokens() -> None:
    async with FakeWecom() as fake:
        fake.apps["other"] = 1000003
        api = WecomApi(fake.url)
        one, other = await api.token(APP), await api.token(Credentials(CORP, "other"))
        assert one != other and fake.tokens_given == 2
        await api.close()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("fault", "outcome", "remark"),
    [
        ({"errcode": 45009}, Outcome.RETRY, "too many: later"),
        ({"errcode": -1}, Outcome.RETRY, "busy"),
        ({"errcode": 60020}, Outcome.RETRY, "our address is not allowed: an admin mends it, nothing is lost"),
        ({"errcode": 81013}, Outcome.PERMANENT, "nobody there"),
        ({"errcode": 999999}, Outcome.PERMANENT, "a code nobody has heard of"),
        ({"how": "hang"}, Outcome.UNKNOWN, "it may have arrived"),
        ({"how": "reset"}, Outcome.UNKNOWN, "the same"),
        ({"how": "html"}, Outcome.UNKNOWN, "a page of somebody in between"),
        ({"how": "redirect"}, Outcome.RETRY, "never followed"),
    ],
)
async def test_what_a_failure_means(fault: dict[str, object], outcome: Outcome, remark: str) -> None:
    async with FakeWecom() as fake:
        api = WecomApi(fake.url, timeout=0.3)
        await api.token(APP)
        fake.fail(SEND, **fault)
        result, _ = await api.send(SEND, BODY, app=APP)
        assert result.outcome is outcome, remark
        assert SECRET not in result.reason and "token-" not in result.reason
        await api.close()


@pytest.mark.asyncio
async def test_what_may_be_done_twice_is_simply_tried_again() -> None:
    async with FakeWecom() as fake:
        api = WecomApi(fake.url, timeout=0.3)
        await api.token(APP)
        fake.fail(SEND, how="hang")
        result, _ = await api.send(SEND, BODY, app=APP, repeatable=True)
        assert result.outcome is Outcome.RETRY
        await api.close()


@pytest.mark.asyncio
async def test_nobody_there_and_no_token_is_no_doubt() -> None:
    api = WecomApi("http://127.0.0.1:1")
    result, _ = await api.send(SEND, BODY, app=APP)
    assert result.outcome is Outcome.RETRY
    await api.close()
    async with FakeWecom() as fake:
        api = WecomApi(fake.url, timeout=0.3)
        fake.fail("/cgi-bin/gettoken", how="hang")
        result, _ = await api.send(SEND, BODY, app=APP)
        assert result.outcome is Outcome.RETRY  # the message itself was never asked for
        await api.close()


@pytest.mark.asyncio
async def test_a_wrong_secret_stops_the_bot_and_is_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with FakeWecom() as fake:
        api, wrong = WecomApi(fake.url), Credentials(CORP, "wrong-secret-of-mine")
        result, _ = await api.send(SEND, BODY, app=wrong)
        assert (result.outcome, result.fault) == (Outcome.PERMANENT, Fault.UNAUTHORIZED)
        with pytest.raises(RefusedError) as told:
            await api.token(wrong)
        await api.close()
    with pytest.raises(UnreachableError) as gone:
        await api.call(SEND, BODY, app=wrong)
    await api.close()
    said = f"{told.value!r} {told.value} {gone.value!r} {wrong!r} {api!r} {result!r}"
    assert "wrong-secret" not in said + caplog.text


def test_every_code_has_a_remark_and_none_is_two_things() -> None:
    for code, (result, remark) in MEANING.items():
        assert remark
        assert (result.outcome is Outcome.RETRY) == bool(result.retry_after), code
        assert meaning(code).reason == "" or str(code) in meaning(code).reason
    assert meaning(0).outcome is Outcome.SENT
    assert meaning(93006).fault is Fault.KICKED
    assert meaning(93006, private=True).fault is Fault.BLOCKED
