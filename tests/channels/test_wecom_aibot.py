"""The 智能机器人's channel against a socket that refuses whatever the platform's would refuse."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from gridbot import fitting
from gridbot.channels._wecom.aibot_read import id_of
from gridbot.channels.wecom_aibot import WecomAibot
from gridbot.messages import (
    Button,
    ChatKind,
    Delivery,
    Fault,
    IncomingKind,
    Kept,
    Outcome,
    Outgoing,
    OutKind,
    SendResult,
    Urgency,
)
from gridbot.texts import channels as words
from tests.fakes.wecom_server import FakeWecom

BOT, SECRET, GROUP = "aib-test", "bot-secret-that-must-never-be-seen", "wrkGROUP1"
ROW = ((Button("我去看", "a" * 32), Button("找别人", "b" * 32)),)


class Clock:
    """A monotonic clock that can be put forward, for the bot and the platform alike."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return asyncio.get_running_loop().time() + self.ahead


class Inbox:
    """Where the channel puts what it heard; `down` while it cannot be written to."""

    def __init__(self) -> None:
        self.kept: list[Kept] = []
        self.down = False
        self.open = asyncio.Event()
        self.open.set()

    async def accept(self, updates: Sequence[Kept]) -> None:
        await self.open.wait()
        if self.down:
            raise OSError("no database")
        self.kept += updates

    def texts(self) -> list[str]:
        return [one.incoming.text for one in self.kept if one.incoming]


class Set:
    def __init__(self, fake: FakeWecom, bot: WecomAibot, inbox: Inbox, clock: Clock) -> None:
        self.fake, self.bot, self.inbox, self.clock = fake, bot, inbox, clock
        self._numbers = iter(range(1, 10_000))

    async def say(self, text: str, *, chat: str = GROUP, buttons: Any = (), **more: Any) -> SendResult:
        delivery = Delivery(
            id=next(self._numbers),
            kind=more.pop("kind", OutKind.SEND),
            urgency=more.pop("urgency", Urgency.ANSWER),
            chat=chat,
            chat_kind=ChatKind.GROUP if chat == GROUP else ChatKind.PRIVATE,
            message=more.pop("card", ""),
            purpose=more.pop("purpose", ""),
            payload=Outgoing(text=text, buttons=buttons, **more),
        )
        fitted = fitting.fit(delivery, self.bot.capabilities)
        return await self.bot.send(fitted) if fitted else SendResult(Outcome.LEFT_OUT)

    async def heard(self, count: int) -> None:
        await self.fake.until(lambda: len(self.inbox.kept) >= count)


@asynccontextmanager
async def connected(**options: Any) -> AsyncIterator[Set]:
    clock, inbox = Clock(), Inbox()
    async with FakeWecom(clock=clock) as fake:
        fake.bot(BOT, SECRET)
        settings: dict[str, Any] = {"ack": 0.5, "longest": 0.05, "name": "网格助手", **options}
        bot = WecomAibot(BOT, SECRET, accept=inbox.accept, url=fake.socket, clock=clock, **settings)
        stop = asyncio.Event()
        running = asyncio.create_task(bot.run(stop))
        try:
            await fake.until(lambda: bot.line.state == "connected")
            yield Set(fake, bot, inbox, clock)
        finally:
            stop.set()
            await asyncio.wait_for(running, 5)


# --- in ------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_what_is_said_arrives_in_order_and_once_kept() -> None:
    async with connected() as it:
        for number in range(20):
            await it.fake.says("wang", f"@网格助手 5号楼灯不亮{number}", group=GROUP)
        await it.heard(20)
        assert it.inbox.texts() == [f"5号楼灯不亮{number}" for number in range(20)]
        first = it.inbox.kept[0].incoming
        assert first is not None and first.mentions_bot and first.chat == GROUP and first.sender.id == "wang"


@pytest.mark.asyncio
async def test_a_store_that_is_down_loses_nothing_and_holds_up_no_acknowledgement() -> None:
    async with connected() as it:
        await it.fake.says("wang", "在吗", group=GROUP)
        await it.heard(1)
        it.inbox.open.clear()
        await it.fake.says("wang", "@网格助手 灯坏了", group=GROUP)
        await asyncio.sleep(0.1)
        result = await it.say("好")  # the acknowledgement is heard while the inbox hangs
        assert result.outcome is Outcome.SENT
        it.inbox.down = True
        it.inbox.open.set()
        await asyncio.sleep(0.1)
        it.inbox.down = False
        await it.heard(2)
        assert it.inbox.texts()[-1] == "灯坏了"


@pytest.mark.asyncio
async def test_what_cannot_be_read_is_kept_raw() -> None:
    async with connected() as it:
        bad = [
            "no json",
            "[]",
            {"cmd": "aibot_msg_callback", "headers": {"req_id": "q"}, "body": {"msgid": "m1"}},
            {"cmd": "aibot_msg_callback", "headers": {"req_id": "q"}, "body": {"msgid": 7}},
        ]
        for frame in bad:
            await it.fake.frame(frame)
        await it.fake.says("wang", "还在听", group="")
        await it.heard(5)
        assert [one.incoming is None for one in it.inbox.kept] == [True] * 4 + [False]
        assert len({one.update_id for one in it.inbox.kept}) == 5
        assert it.inbox.kept[0].raw == b"no json"


# --- out -----------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_an_answer_answers_and_a_push_pushes() -> None:
    async with connected() as it:
        await it.fake.says("wang", "@网格助手 5号楼灯不亮", group=GROUP)
        await it.heard(1)
        said = it.inbox.kept[0].incoming
        assert said is not None
        await it.say("记下了:5号楼 照明(12)。", reply_to=said.message)
        await it.say("12修好了。", reply_to=said.message)  # one answer a message; what comes later is pushed
        assert [message["how"] for message in it.fake.messages(GROUP)] == ["reply", "push"]
        assert it.fake.refusals == []


@pytest.mark.asyncio
async def test_an_answer_too_late_is_pushed() -> None:
    async with connected() as it:
        await it.fake.says("wang", "@网格助手 5号楼灯不亮", group=GROUP)
        await it.heard(1)
        it.clock.ahead += 24 * 3600
        said = it.inbox.kept[0].incoming
        assert said is not None
        assert (await it.say("修好了", reply_to=said.message)).outcome is Outcome.SENT
        assert it.fake.messages(GROUP)[0]["how"] == "push"
        assert it.fake.refusals == []


@pytest.mark.asyncio
async def test_a_refused_answer_is_pushed() -> None:
    async with connected() as it:
        await it.fake.says("wang", "@网格助手 5号楼灯不亮", group=GROUP)
        await it.heard(1)
        said = it.inbox.kept[0].incoming
        assert said is not None
        it.fake.fail("aibot_respond_msg", errcode=846605)
        assert (await it.say("记下了", reply_to=said.message)).outcome is Outcome.SENT
        assert it.fake.messages(GROUP)[-1]["how"] == "push"


@pytest.mark.asyncio
async def test_a_quote_of_ours_finds_what_it_quotes() -> None:
    async with connected() as it:
        await it.fake.says("li", "你好")
        result = await it.say("李格长,5号楼有人说楼道灯不亮(12)。", chat="li")
        await it.fake.says("li", "修好了", quote="李格长,5号楼有人说楼道灯不亮(12)。")
        await it.heard(2)
        said = it.inbox.kept[1].incoming
        assert said is not None and said.reply_to == result.message == id_of("李格长5号楼有人说楼道灯不亮12")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("fault", "outcome", "remark"),
    [
        ({"how": "hang"}, Outcome.UNKNOWN, "no acknowledgement in time"),
        ({"how": "drop"}, Outcome.UNKNOWN, "the line broke after it was sent"),
        ({"how": "slow"}, Outcome.SENT, "late, and in time"),
        ({"errcode": 45009}, Outcome.RETRY, "too many"),
        ({"errcode": 6000}, Outcome.RETRY, "two at once"),
        ({"errcode": 846609}, Outcome.RETRY, "not subscribed: connects anew"),
        ({"errcode": 40008}, Outcome.PERMANENT, "refused for good"),
        ({"errcode": 777777}, Outcome.PERMANENT, "a code of which nobody has heard"),
    ],
)
async def test_what_an_acknowledgement_means(fault: dict[str, Any], outcome: Outcome, remark: str) -> None:
    async with connected() as it:
        await it.fake.says("wang", "你好", group=GROUP)
        it.fake.fail("aibot_send_msg", **fault)
        result = await it.say("明天停水")
        assert result.outcome is outcome, remark
        await it.fake.until(lambda: it.bot.line.state == "connected" and it.fake.connected())
        assert (await it.say("再说一次")).outcome is Outcome.SENT


@pytest.mark.asyncio
async def test_a_chat_that_is_shut_is_a_fault_of_the_chat() -> None:
    async with connected() as it:
        group, person = await it.say("x"), await it.say("x", chat="nobody")
        assert (group.outcome, group.fault) == (Outcome.PERMANENT, Fault.KICKED)
        assert (person.outcome, person.fault) == (Outcome.PERMANENT, Fault.BLOCKED)


@pytest.mark.asyncio
async def test_a_refused_push_goes_through_the_webhook() -> None:
    said: list[Delivery] = []

    async def elsewhere(delivery: Delivery) -> SendResult:
        said.append(delivery)
        return SendResult(Outcome.SENT)

    async with connected(fallback={GROUP: elsewhere}) as it:
        assert (await it.say("明天停水")).outcome is Outcome.SENT
        assert [one.payload.text for one in said] == ["明天停水"]
        assert (await it.say("x", chat="nobody")).outcome is Outcome.PERMANENT


@pytest.mark.asyncio
async def test_thirty_a_minute_and_not_one_more() -> None:
    async with connected() as it:
        await it.fake.says("wang", "你好", group=GROUP)
        await it.fake.says("li", "你好")
        results = [await it.say(f"第{number}条") for number in range(31)]
        assert {result.outcome for result in results[:30]} == {Outcome.SENT}
        assert results[30].outcome is Outcome.RETRY and 50 < results[30].retry_after <= 60
        assert (await it.say("别的群", chat="li")).outcome is Outcome.SENT  # each chat has its own
        it.clock.ahead += 61
        assert (await it.say("下一分钟")).outcome is Outcome.SENT
        assert it.fake.refusals == []


@pytest.mark.asyncio
async def test_the_pace_outlives_a_restart_and_an_emergency_does_not_wait() -> None:
    async with connected() as it:
        await it.fake.says("wang", "你好", group=GROUP)
        it.bot.said_lately([(GROUP, it.bot._now())] * 30)
        assert (await it.say("通知")).outcome is Outcome.RETRY
        assert (await it.say("快出来", urgency=Urgency.EMERGENCY)).outcome is Outcome.SENT


@pytest.mark.asyncio
async def test_markup_of_a_resident_is_only_text() -> None:
    async with connected() as it:
        await it.fake.says("wang", "你好", group=GROUP)
        await it.say("# 大标题\n<@all> [点这里](http://evil) **急** `x`\n> 引用")
        text = it.fake.said(GROUP)[0]
        assert not any(sign in text for sign in ("<@", "](", "**", "`"))
        assert not any(line.startswith(("#", ">")) for line in text.splitlines())


@pytest.mark.asyncio
async def test_a_very_long_text_goes_in_parts_and_goes_on_after_a_refusal() -> None:
    async with connected() as it:
        await it.fake.says("wang", "你好", group=GROUP)
        text = "三九便民日改在活动室。" * 1200
        delivery = Delivery(900, OutKind.SEND, Urgency.NOTICE, GROUP, ChatKind.GROUP, Outgoing(text=text))
        it.fake.fail("aibot_upload_media_init", errcode=1)  # of no concern
        ask = it.bot.line.ask
        tries = 0

        async def refuses_the_third(cmd: str, body: dict[str, Any], req_id: str = "") -> Any:
            nonlocal tries
            tries += 1
            return (45009, {}) if tries == 3 else await ask(cmd, body, req_id)

        it.bot.line.ask = refuses_the_third  # type: ignore[method-assign]
        assert (await it.bot.send(delivery)).outcome is Outcome.RETRY
        assert (await it.bot.send(delivery)).outcome is Outcome.SENT
        assert "".join(it.fake.said(GROUP)) == text


@pytest.mark.asyncio
async def test_a_picture_goes_in_pieces() -> None:
    async with connected() as it:
        await it.fake.says("wang", "你好", group=GROUP)
        data = b"\x89PNG" + bytes(range(256)) * 3000
        assert (await it.say("本周", photo=data)).outcome is Outcome.SENT
        kinds = [message["msgtype"] for message in it.fake.messages(GROUP)]
        assert kinds == ["markdown", "image"]
        assert list(it.fake.media_ids.values()) == [data]


# --- cards ---------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_card_is_pressed_and_changes_at_once() -> None:
    async with connected() as it:
        await it.fake.says("li", "你好")
        sent = await it.say(
            "李格长,5号楼有人说楼道灯不亮(12)。\n原话:灯坏了", chat="li", buttons=ROW, kind=OutKind.CARD
        )
        card = it.fake.card("li")
        assert card["main_title"]["title"].startswith("李格长") and card["task_id"] == sent.message
        await it.fake.presses("li", "li", "我去看")
        await it.heard(2)
        press = it.inbox.kept[1].incoming
        assert press is not None
        assert (press.kind, press.button, press.message) == (IncomingKind.BUTTON, "a" * 32, sent.message)
        done = await it.say("12 您在办", chat="li", buttons=ROW, kind=OutKind.CARD, card=press.message)
        assert done.outcome is Outcome.SENT and done.message == sent.message
        assert it.fake.updates[-1]["main_title"]["title"] == "12 您在办"
        assert len(it.fake.messages("li")) == 1  # no new message
        last = await it.say("12 办结", chat="li", kind=OutKind.CARD, card=press.message, purpose="done-card")
        assert last.outcome is Outcome.SENT
        assert it.fake.said("li")[-1] == "12 办结"  # nobody pressed: a new message
        assert it.fake.refusals == []


@pytest.mark.asyncio
async def test_a_card_without_buttons_left_is_grey() -> None:
    async with connected() as it:
        await it.fake.says("li", "你好")
        sent = await it.say("12 修好了吗", chat="li", buttons=ROW, kind=OutKind.CARD)
        await it.fake.presses("li", "li", "我去看")
        await it.heard(2)
        await it.say("12 修好了", chat="li", kind=OutKind.CARD, card=sent.message)
        assert it.fake.updates[-1]["replace_text"] == words.settled()
        assert it.fake.refusals == []


@pytest.mark.asyncio
async def test_words_too_long_for_a_card_stand_above_it() -> None:
    async with connected() as it:
        await it.fake.says("li", "你好")
        text = "李格长,5号楼有人说楼道灯不亮(12)。\n" + "原话很长很长。" * 40
        sent = await it.say(text, chat="li", buttons=ROW, kind=OutKind.CARD)
        assert [message["msgtype"] for message in it.fake.messages("li")] == ["markdown", "template_card"]
        assert it.fake.said("li")[0] == text
        assert sent.message == it.fake.card("li")["task_id"]
        assert it.fake.refusals == []


@pytest.mark.asyncio
async def test_a_slow_house_says_that_the_answer_is_coming() -> None:
    """The five seconds of a pressed card hold while the database is slow."""
    async with connected(soon=0.2) as it:
        await it.fake.says("li", "你好")
        sent = await it.say("12 楼道灯", chat="li", buttons=ROW, kind=OutKind.CARD)
        it.inbox.open.clear()
        await it.fake.presses("li", "li", "我去看")
        await it.fake.until(lambda: it.fake.updates)
        assert it.fake.updates[0]["replace_text"] == words.one_moment()
        assert it.fake.updates[0]["main_title"]["title"] == "12 楼道灯"
        it.inbox.open.set()
        await it.heard(2)
        await it.say("12 您在办", chat="li", buttons=ROW, kind=OutKind.CARD, card=sent.message)
        assert it.fake.said("li")[-1] == "12 您在办"  # the card cannot be changed any more: a new one
        assert it.fake.refusals == []


@pytest.mark.asyncio
async def test_whoever_is_answered_in_words_is_not_told_to_wait() -> None:
    async with connected(soon=0.2) as it:
        await it.fake.says("wang", "你好", group=GROUP)
        await it.say("哪件?", buttons=ROW)
        await it.fake.presses("wang", GROUP, "我去看")
        await it.heard(2)
        await it.say("这个按钮不是给您的,谢谢。", kind=OutKind.ANSWER)
        await asyncio.sleep(0.4)
        assert it.fake.updates == []
        assert it.fake.said(GROUP)[-1] == "这个按钮不是给您的,谢谢。"


@pytest.mark.asyncio
async def test_a_press_that_comes_twice_changes_the_card_once() -> None:
    async with connected(soon=0.2) as it:
        await it.fake.says("li", "你好")
        sent = await it.say("12 楼道灯", chat="li", buttons=ROW, kind=OutKind.CARD)
        await it.fake.presses("li", "li", "我去看", times=2)
        await it.fake.presses("li", "li", "我去看")
        await it.heard(4)
        await it.say("12 您在办", chat="li", buttons=ROW, kind=OutKind.CARD, card=sent.message)
        await asyncio.sleep(0.4)
        assert [card["main_title"]["title"] for card in it.fake.updates] == ["12 您在办"]
        assert it.fake.refusals == []


@pytest.mark.asyncio
async def test_a_row_sent_again_is_the_same_card() -> None:
    async with connected() as it:
        await it.fake.says("li", "你好")
        said = Outgoing(text="12 楼道灯", buttons=ROW)
        delivery = Delivery(77, OutKind.CARD, Urgency.NOTICE, "li", ChatKind.PRIVATE, said)
        it.fake.fail("aibot_send_msg", how="hang", done=True)
        assert (await it.bot.send(delivery)).outcome is Outcome.UNKNOWN
        again = await it.bot.send(replace(delivery, again=True))
        assert (again.outcome, again.message) == (Outcome.SENT, it.fake.card("li")["task_id"])
        assert len(it.fake.messages("li")) == 1  # the platform takes no card twice


@pytest.mark.asyncio
async def test_more_choices_than_buttons_are_written_out() -> None:
    async with connected() as it:
        await it.fake.says("li", "你好")
        many = tuple((Button(f"{number} 楼道灯", f"{number:032d}"),) for number in range(1, 8))
        await it.say("哪件?", chat="li", buttons=many)
        assert it.fake.messages("li")[0]["msgtype"] == "markdown"
        assert "回1" in it.fake.said("li")[0]


# --- within five seconds, and the line -----------------------------------------------------------


@pytest.mark.asyncio
async def test_who_opens_the_conversation_is_welcomed_though_the_house_is_slow() -> None:
    async with connected() as it:
        it.inbox.open.clear()
        await it.fake.enters("wang")
        await it.fake.until(lambda: it.fake.said("wang"))
        assert it.fake.messages("wang")[0]["how"] == "welcome"
        it.inbox.open.set()
        await it.heard(1)
        came = it.inbox.kept[0].incoming
        assert came is not None and came.kind is IncomingKind.JOINED and came.chat_kind is ChatKind.PRIVATE


@pytest.mark.asyncio
async def test_a_broken_line_is_taken_up_again() -> None:
    async with connected() as it:
        await it.fake.drop()
        await it.fake.until(lambda: it.fake.subscriptions == 2 and it.bot.line.state == "connected")
        await it.fake.says("wang", "还在", group=GROUP)
        await it.heard(1)
        assert (await it.say("在")).outcome is Outcome.SENT


@pytest.mark.asyncio
async def test_while_the_line_is_down_nothing_is_lost() -> None:
    async with connected(longest=30) as it:
        await it.fake.says("wang", "你好", group=GROUP)
        it.fake.bots.clear()  # not to come back at once
        await it.fake.drop()
        await it.fake.until(lambda: it.bot.line.state != "connected")
        result = await it.say("明天停水")
        assert (result.outcome, result.whole_bot) == (Outcome.RETRY, True) and result.retry_after


@pytest.mark.asyncio
async def test_who_is_kicked_does_not_fight() -> None:
    async with connected() as it:
        await it.fake.kick()
        await it.fake.until(lambda: it.bot.line.state == "kicked")
        await asyncio.sleep(0.3)
        assert it.fake.subscriptions == 1
        assert (await it.say("x")).outcome is Outcome.RETRY


@pytest.mark.asyncio
async def test_a_dead_line_is_noticed_by_its_pings() -> None:
    async with connected(beat=0.05, ack=0.1) as it:
        await it.fake.until(lambda: it.fake.pings >= 2)
        assert it.fake.subscriptions == 1
        it.fake.fail("ping", how="hang", times=2)
        await it.fake.until(lambda: it.fake.subscriptions == 2)


@pytest.mark.asyncio
@pytest.mark.parametrize("wrong", [("nobody", SECRET), (BOT, "wrong")])
async def test_wrong_credentials_are_not_tried_again_soon(
    wrong: tuple[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    inbox = Inbox()
    async with FakeWecom() as fake:
        fake.bot(BOT, SECRET)
        bot = WecomAibot(*wrong, accept=inbox.accept, url=fake.socket, longest=0.01)
        stop = asyncio.Event()
        running = asyncio.create_task(bot.run(stop))
        await asyncio.wait_for(bot.line.refused.wait(), 5)
        await asyncio.sleep(0.2)
        assert bot.line.state == "refused" and len(fake.frames) == 1
        stop.set()
        await running
    assert SECRET not in caplog.text and wrong[1] not in f"{caplog.text}{bot!r}{bot.line!r}"


@pytest.mark.asyncio
async def test_nobody_there() -> None:
    inbox = Inbox()
    bot = WecomAibot(BOT, SECRET, accept=inbox.accept, url="ws://127.0.0.1:1", longest=0.01)
    stop = asyncio.Event()
    running = asyncio.create_task(bot.run(stop))
    await asyncio.sleep(0.2)
    assert bot.line.state == "unreachable"
    stop.set()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(running, 2)
    assert running.done()
