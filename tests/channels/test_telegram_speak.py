"""What is said, and what becomes of each kind of refusal, against the strict fake."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
import pytest_asyncio

from gridbot.channels.telegram_out import CommandMenu, Pace, TelegramSpeaker
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
from tests.fakes.bot_api import PNG, FakeBotApi

pytestmark = pytest.mark.asyncio
TOKEN = "9f86d081884c7d659a2feaa0c55ad015"
FAST = Pace(overall=1000, group=1000, group_seconds=1)
SENT, RETRY, PERMANENT, UNKNOWN = Outcome.SENT, Outcome.RETRY, Outcome.PERMANENT, Outcome.UNKNOWN


class Scene:
    def __init__(self, fake: FakeBotApi) -> None:
        self.fake = fake
        self.heard: list[Kept] = []
        self.wang = fake.add_user(1001, "王阿姨")
        self.li = fake.add_user(2001, "李格长")
        self.group = fake.add_group(-1001, "一网格居民群", [self.wang, self.li], topics=(5,))
        self.report = fake.user_says(self.group, self.wang, "三栋漏水")
        self.speaker = self.make()
        self.number = 0

    def make(self, **settings: Any) -> TelegramSpeaker:
        given: dict[str, Any] = {"api": self.fake.url, "pace": FAST, "timeout": 0.3, **settings}
        return TelegramSpeaker(given.pop("token", self.fake.token), accept=self.accept, **given)

    async def accept(self, batch: Sequence[Kept]) -> None:
        self.heard.extend(batch)

    async def do(
        self,
        kind: OutKind = OutKind.SEND,
        *,
        to: Any = None,
        edits: str = "",
        row: int = 0,
        urgency: Urgency = Urgency.NOTICE,
        by: TelegramSpeaker | None = None,
        **payload: Any,
    ) -> SendResult:
        chat = self.group.id if to is None else getattr(to, "id", to)
        self.number += 1
        delivery = Delivery(
            id=row or self.number,
            kind=kind,
            urgency=urgency,
            chat=str(chat),
            chat_kind=ChatKind.GROUP if chat < 0 else ChatKind.PRIVATE,
            payload=Outgoing(**payload),
            message=edits,
        )
        return await (by or self.speaker).send(delivery)

    def last(self, chat: Any = None) -> dict[str, Any]:
        return self.fake.messages(self.group if chat is None else chat)[-1]


@pytest_asyncio.fixture
async def scene() -> AsyncIterator[Scene]:
    async with FakeBotApi() as fake:
        made = Scene(fake)
        await made.speaker.start()
        yield made
        await made.speaker.close()


# --- saying --------------------------------------------------------------------------------------


async def test_a_message_with_everything(scene: Scene) -> None:
    result = await scene.do(
        text="😀</b>*_[看](tg://user?id=1)&amp;",
        mention=(("1001", "王阿姨"),),
        reply_to=str(scene.report["message_id"]),
        buttons=((Button("我去看", TOKEN), Button("地图", url="https://example.org/")),),
        silent=True,
    )
    said = scene.last()
    assert result == SendResult(SENT, message=str(said["message_id"]))
    assert said["text"] == "王阿姨 😀</b>*_[看](tg://user?id=1)&amp;", "as written: nobody's text is markup"
    assert [(e["type"], e["offset"], e["length"], e["user"]["id"]) for e in said["entities"]] == [
        ("text_mention", 0, 3, 1001)
    ]
    assert said["reply_to_message"]["message_id"] == scene.report["message_id"]
    assert scene.fake.buttons(said) == ["我去看", "地图"]
    assert scene.fake.transcript[-1].endswith("(silent)")
    assert scene.fake.refusals == []


async def test_long_text_becomes_several_messages(scene: Scene) -> None:
    text = "漏水😭。" * 2000
    result = await scene.do(text=text, reply_to="1", buttons=((Button("我去看", TOKEN),),))
    parts = scene.fake.messages(scene.group)[1:]
    assert "".join(part["text"] for part in parts) == text and len(parts) == 3
    assert ["reply_to_message" in part for part in parts] == [True, False, False]
    assert ["reply_markup" in part for part in parts] == [False, False, True]
    assert result.message == str(parts[-1]["message_id"]), "the receipt is where the buttons are"
    assert (await scene.do(text=text)).message == str(parts[-1]["message_id"] + 1), "else the first"


async def test_a_picture_and_its_caption(scene: Scene) -> None:
    result = await scene.do(photo=PNG, text="图" * 1500, mention=(("1001", "王阿姨"),))
    photo, rest = scene.fake.messages(scene.group)[-2:]
    assert result.message == str(photo["message_id"])
    assert photo["caption"] + rest["text"] == "王阿姨 " + "图" * 1500
    assert (await scene.do(photo=PNG)).outcome is SENT
    card = await scene.do(OutKind.CARD, photo=PNG, text="一" * 2000)
    edited = await scene.do(OutKind.CARD, edits=card.message, text="二" * 2000)
    assert edited.message == card.message and scene.last()["caption"] == "二" * 1023 + "…"


async def test_what_is_gone_does_not_stop_the_words(scene: Scene) -> None:
    assert (await scene.do(text="一", reply_to="999")).outcome is SENT, "the message answered was deleted"
    assert (await scene.do(text="二", thread="5")).outcome is SENT
    assert scene.last()["message_thread_id"] == 5
    assert (await scene.do(text="三", thread="6")).outcome is SENT, "the topic was deleted"
    assert "message_thread_id" not in scene.last()


async def test_pinning_may_fail(scene: Scene) -> None:
    assert (await scene.do(text="三九便民服务日", pin=True)).outcome is SENT
    assert scene.fake.pinned(scene.group) == []
    scene.fake.promotes(scene.group)
    result = await scene.do(text="三九便民服务日", pin=True)
    assert scene.fake.pinned(scene.group) == [int(result.message)]


async def test_a_card_is_edited(scene: Scene) -> None:
    first = await scene.do(OutKind.CARD, text="待接单", buttons=((Button("我去看", TOKEN),),))
    again = await scene.do(OutKind.CARD, edits=first.message, text="处理中")
    assert again == SendResult(SENT, message=first.message)
    assert scene.last()["text"] == "处理中" and scene.fake.buttons(scene.last()) == []
    assert (await scene.do(OutKind.CARD, edits=first.message, text="处理中")).outcome is SENT, "nothing new"
    del scene.group.messages[int(first.message)]
    anew = await scene.do(OutKind.CARD, edits=first.message, text="办结")
    assert anew.outcome is SENT and anew.message != first.message and scene.last()["text"] == "办结"
    other = await scene.do(OutKind.CARD, edits=str(scene.report["message_id"]), text="办结了")
    assert scene.last()["text"] == "办结了" and other.message == str(scene.last()["message_id"])
    assert (await scene.do(OutKind.CARD, text="长" * 5000)).outcome is SENT
    assert scene.last()["text"] == "长" * 4095 + "…", "one message, so that it can be edited"


async def test_reactions(scene: Scene) -> None:
    for emoji in ("👀", "✍️", ""):
        assert (await scene.do(OutKind.REACT, emoji=emoji, message="1")).outcome is SENT
    assert scene.fake.reactions(scene.group) == {}
    assert (await scene.do(OutKind.REACT, emoji="✅", message="1")).outcome is PERMANENT
    assert scene.fake.refusals == [], "known beforehand"
    scene.group.reactions_allowed = frozenset("👍")
    refused = await scene.do(OutKind.REACT, emoji="👀", message="1")
    assert refused.outcome is PERMANENT and "reaction_invalid" in refused.reason.lower()


async def test_answers_to_a_tap(scene: Scene) -> None:
    await scene.do(text="#1", buttons=((Button("我去看", TOKEN),),))
    tap = scene.fake.presses(scene.wang, scene.last(), "我去看")
    assert (await scene.do(OutKind.ANSWER, callback=tap, text="不" * 300, alert=True)).outcome is SENT
    assert scene.fake.answers[tap] == {"text": "不" * 199 + "…", "alert": True}
    assert (await scene.do(OutKind.ANSWER, callback=tap, text="再")).outcome is PERMANENT


async def test_menus(scene: Scene) -> None:
    menus = [
        CommandMenu("default", (("help", "帮助"),)),
        CommandMenu("groups", (("help", "帮助"), ("mycases", "我报的事")), "zh"),
        CommandMenu("admins", (("check", "体检"),)),
        CommandMenu("private", ()),
    ]
    assert (await scene.speaker.publish_commands(menus)).outcome is SENT
    assert sorted(scene.fake.commands) == ["all_chat_administrators", "all_group_chats@zh", "default"]
    assert (await scene.do(OutKind.MENU, text="/help 帮助\ncheck 体检一下")).outcome is SENT
    assert scene.fake.commands["chat:-1001"][1] == {"command": "check", "description": "体检一下"}
    refused = await scene.do(OutKind.MENU, text="报事 报一件事")
    assert refused.outcome is PERMANENT and "报事" in refused.reason


async def test_a_probe_comes_back_as_a_receipt(scene: Scene) -> None:
    ask: Any = {"kind": OutKind.PROBE, "probe": "rights"}
    scene.fake.starts(scene.li)
    assert (await scene.do(**ask)).outcome is SENT
    scene.fake.promotes(scene.group)
    await scene.do(**ask, row=77)
    await scene.do(**ask, to=scene.li)
    scene.fake.blocks(scene.li)
    blocked = await scene.do(**ask, to=scene.li)
    scene.fake.kicks(scene.group)
    kicked = await scene.do(**ask)
    heard = [kept.incoming for kept in scene.heard]
    assert [one.rights for one in heard if one] == [
        ("send", "read_all"),
        ("send", "read_all", "admin", "pin", "delete"),
        ("send", "read_all"),
        (),
        (),
    ]
    second = heard[1]
    assert second and (second.kind, second.chat, second.text) == (IncomingKind.RECEIPT, "-1001", "rights")
    assert second.update_id == scene.heard[1].update_id == "probe:77" and second.chat_title == "一网格居民群"
    assert (blocked.fault, kicked.fault) == (Fault.BLOCKED, Fault.KICKED)


async def test_leaving(scene: Scene) -> None:
    for _ in range(2):
        assert (await scene.do(OutKind.PROBE, probe="leave")).outcome is SENT, "gone already is gone"
    assert scene.group.members[4242] == "left" and scene.heard == []
    assert "my_chat_member" in scene.fake.world.updates[-1]
    assert (await scene.do(OutKind.PROBE, probe="weather")).outcome is PERMANENT


async def test_a_receipt_that_cannot_be_stored_is_asked_again(scene: Scene) -> None:
    async def full(batch: Sequence[Kept]) -> None:
        raise OSError("disk full")

    speaker = TelegramSpeaker(scene.fake.token, accept=full, api=scene.fake.url)
    await speaker.start()
    assert (await scene.do(OutKind.PROBE, probe="rights", by=speaker)).outcome is RETRY
    await speaker.close()


# --- refusals ------------------------------------------------------------------------------------


async def test_people_who_cannot_be_written_to(scene: Scene) -> None:
    never = await scene.do(to=scene.li, text="#1")
    assert (never.outcome, never.fault) == (PERMANENT, Fault.BLOCKED), "never pressed Start"
    scene.fake.starts(scene.li)
    assert (await scene.do(to=scene.li, text="#1")).outcome is SENT
    scene.fake.blocks(scene.li)
    assert (await scene.do(to=scene.li, text="#1")).fault is Fault.BLOCKED
    unknown = await scene.do(to=3009, text="#1")
    assert (unknown.outcome, unknown.fault) == (PERMANENT, Fault.BLOCKED)


async def test_groups_that_cannot_be_written_to(scene: Scene) -> None:
    scene.group.muted = True
    muted = await scene.do(text="#1")
    assert (muted.outcome, muted.fault) == (PERMANENT, None) and "not enough rights" in muted.reason.lower()
    scene.group.muted = False
    scene.fake.kicks(scene.group)
    kicked = await scene.do(text="#1")
    assert (kicked.outcome, kicked.fault) == (PERMANENT, Fault.KICKED)
    assert (await scene.do(to=-9, text="#1")).fault is Fault.KICKED


async def test_a_group_that_moved(scene: Scene) -> None:
    small = scene.fake.add_group(-55, "二网格居民群", [scene.wang], kind="group")
    scene.fake.migrates(small, -10055)
    moved = await scene.do(to=-55, text="#1")
    assert (moved.outcome, moved.fault, moved.new_chat) == (RETRY, Fault.MIGRATED, "-10055")
    assert (await scene.do(to=-10055, text="#1")).outcome is SENT


async def test_too_fast(scene: Scene) -> None:
    scene.fake.world.group_per_minute = 2
    await scene.do(text="1")
    await scene.do(text="2")
    one = await scene.do(text="3")
    assert one.outcome is RETRY and one.retry_after >= 59 and not one.whole_bot, "the group's own limit"
    scene.fake.add_group(-1002, "二网格居民群")
    scene.fake.fail("sendMessage", retry_after=7)
    two = await scene.do(to=-1002, text="1")
    assert (two.retry_after, two.whole_bot) == (7.0, True), "two groups at once: it is the bot"
    scene.fake.starts(scene.li)
    scene.fake.fail("sendMessage", retry_after=9)
    private = await scene.do(to=scene.li, text="1")
    assert (private.retry_after, private.whole_bot) == (9.0, True)


@pytest.mark.parametrize(
    ("fault", "new", "edited"),
    [
        ({"code": 500}, RETRY, RETRY),
        ({"code": 502, "description": "Bad Gateway"}, RETRY, RETRY),
        ({"code": 504, "description": "Gateway Timeout"}, UNKNOWN, RETRY),
        ({"code": 413, "description": "Request Entity Too Large"}, PERMANENT, PERMANENT),
        ({"code": 400, "description": "Bad Request: something new"}, PERMANENT, PERMANENT),
        ({"code": 403, "description": "Forbidden: something new"}, PERMANENT, PERMANENT),
        ({"how": "hang"}, UNKNOWN, RETRY),
        ({"how": "hang", "done": True}, UNKNOWN, RETRY),
        ({"how": "reset", "done": True}, UNKNOWN, RETRY),
        ({"how": "half", "done": True}, UNKNOWN, RETRY),
    ],
)
async def test_trouble_on_the_line(
    scene: Scene, fault: dict[str, Any], new: Outcome, edited: Outcome
) -> None:
    card = await scene.do(OutKind.CARD, text="待接单")
    scene.fake.fail("*", **fault)
    result = await scene.do(text="三栋漏水")
    assert (result.outcome, result.fault, bool(result.reason)) == (new, None, True)
    scene.fake.fail("*", **fault)
    assert (await scene.do(OutKind.CARD, edits=card.message, text="处理中")).outcome is edited


async def test_never_sent_is_not_unknown(scene: Scene) -> None:
    closed = socket.socket()
    closed.bind(("127.0.0.1", 0))
    nobody = f"127.0.0.1:{closed.getsockname()[1]}"
    for settings in (
        {"api": f"http://{nobody}"},
        {"proxy": f"http://user:secret@{nobody}"},
        {"proxy": f"socks5://{nobody}"},
    ):
        speaker = scene.make(**settings)
        assert (await scene.do(text="1", by=speaker)).reason == "the channel is not open"
        await speaker.start()
        result = await scene.do(text="1", by=speaker)
        assert result.outcome is RETRY and "secret" not in result.reason
        await speaker.close()
    closed.close()


async def test_a_retry_goes_on_where_it_stopped(scene: Scene) -> None:
    scene.fake.world.group_per_minute = 2
    text = "甲" * 9000
    assert (await scene.do(text=text, row=500)).outcome is RETRY
    scene.fake.world.group_per_minute = 20
    assert (await scene.do(text=text, row=500)).outcome is SENT
    assert "".join(scene.fake.said(scene.group)) == text


@pytest.mark.parametrize(
    "payload",
    [
        {"text": ""},
        {"text": " \n\u3000"},
        {"text": "x", "buttons": ((Button("我去看", "ab" * 33),),)},
        {"text": "x", "buttons": ((Button("我去看"),),)},
        {"text": "x", "reply_to": "abc"},
        {"text": "x", "buttons": ((Button("", TOKEN),),)},
        {"text": "x", "buttons": ((Button("x", url="javascript:1"),),)},
        {"text": "x", "photo": b"GIF89a"},
    ],
)
async def test_what_can_never_be_sent(scene: Scene, payload: dict[str, Any]) -> None:
    result = await scene.do(**payload)
    assert result.outcome is PERMANENT and result.reason


# --- pace and secrets ----------------------------------------------------------------------------


async def test_emergencies_and_small_things_are_not_paced(scene: Scene) -> None:
    speaker = scene.make(pace=Pace(overall=25, group=1, group_seconds=30))
    await speaker.start()
    assert (await scene.do(text="1", by=speaker)).outcome is SENT
    waiting = asyncio.create_task(scene.do(text="2", by=speaker))
    async with asyncio.timeout(2):
        for number in range(3):
            assert (await scene.do(text=f"!{number}", urgency=Urgency.EMERGENCY, by=speaker)).outcome is SENT
        assert (await scene.do(OutKind.REACT, emoji="👀", message="1", by=speaker)).outcome is SENT
        assert (await scene.do(OutKind.PROBE, probe="rights", by=speaker)).outcome is SENT
    assert not waiting.done() and "2" not in scene.fake.said(scene.group)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await speaker.close()


async def test_a_wrong_token_and_silence_about_it(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = "4242:WRONG-token_nobody_may_see"
    results = []
    for token in (wrong, "77WRONG", "4242:"):
        try:
            speaker = scene.make(token=token)
        except ValueError as error:
            assert "WRONG" not in str(error)
            continue
        await speaker.start()
        assert "WRONG" not in repr(speaker)
        results.append(await scene.do(text="1", by=speaker))
        for code in (400, 500):
            scene.fake.fail("*", times=2, code=code, description=f"cannot serve /bot{scene.fake.token}/x")
            results.append(await scene.do(text="1"))
            results.append(await scene.speaker.publish_commands([CommandMenu("default", (("a", "b"),))]))
        await speaker.close()
    assert (results[0].outcome, results[0].fault) == (PERMANENT, Fault.UNAUTHORIZED)
    assert not any("WRONG" in repr(result) or scene.fake.token in repr(result) for result in results)
    assert scene.fake.token not in caplog.text and "WRONG" not in caplog.text


async def test_the_log_holds_no_token_even_where_someone_turns_it_up(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("httpx", "telegram", "httpcore"):
        caplog.set_level(logging.DEBUG, logger=name)
    speaker = scene.make()
    await speaker.start()
    await scene.do(text="1", by=speaker)
    await speaker.close()
    assert "sendMessage" in caplog.text and scene.fake.token not in caplog.text
