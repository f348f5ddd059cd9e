"""The simulator as a platform: what it lets people do, what it tells the bot, what it lets the bot say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from gridbot.channels import simulator as simulator_module
from gridbot.channels.simulator import ActRefusedError, Simulator
from gridbot.messages import (
    Button,
    ChatKind,
    Delivery,
    Fault,
    Incoming,
    IncomingKind,
    Kept,
    Outcome,
    Outgoing,
    OutKind,
    Urgency,
)

pytestmark = pytest.mark.asyncio
GROUP, LEADERS, WANG, ZHOU, LI = "-1001", "-1002", "1001", "1002", "2001"


class Bot:
    """Takes what it is given; `down` makes it refuse, as a full disk would."""

    def __init__(self) -> None:
        self.kept: list[Kept] = []
        self.down = False
        self.took_two = asyncio.Event()

    async def accept(self, kept: Sequence[Kept]) -> None:
        if self.down:
            raise OSError("no space left")
        self.kept.extend(kept)
        if [one.text for one in self.heard[-2:]] == ["一", "二"]:
            self.took_two.set()

    @property
    def heard(self) -> list[Incoming]:
        return [kept.incoming for kept in self.kept if kept.incoming is not None]

    def last(self) -> Incoming:
        return self.heard[-1]


@pytest.fixture
def bot() -> Bot:
    return Bot()


@pytest_asyncio.fixture
async def simulator(bot: Bot, tmp_path: Path) -> AsyncIterator[Simulator]:
    one = Simulator(accept=bot.accept, path=tmp_path / "said.jsonl")
    await one.start()
    yield one
    await one.close()


def delivery(chat: str, text: str = "", kind: OutKind = OutKind.SEND, **more: Any) -> Delivery:
    which = {"id": more.pop("row", 1), "message": more.pop("edits", "")}
    chat_kind = ChatKind.GROUP if chat.startswith("-") else ChatKind.PRIVATE
    payload = Outgoing(text=text, **more)
    return Delivery(
        kind=kind, urgency=Urgency.NOTICE, chat=chat, chat_kind=chat_kind, payload=payload, **which
    )


# --- the way in ----------------------------------------------------------------------------------


async def test_the_scene_is_set_by_updates_like_any_others(simulator: Simulator, bot: Bot) -> None:
    joined = [one for one in bot.heard if one.kind is IncomingKind.JOINED]
    assert [one.chat for one in joined] == [GROUP, LEADERS, "2001", "3001", "9001"]
    assert joined[0].chat_title == "一网格居民群" and "read_all" in joined[0].rights
    assert [one.sender.name for one in bot.heard if one.text == "/start"] == ["李格长", "周书记", "管理员"]


async def test_what_is_said_reaches_the_bot(simulator: Simulator, bot: Bot) -> None:
    id = await simulator.say(WANG, GROUP, " 5号楼楼道灯不亮了 ")
    heard = bot.last()
    assert (heard.kind, heard.text, heard.message) == (IncomingKind.MESSAGE, "5号楼楼道灯不亮了", id)
    assert (heard.platform, heard.chat_kind, heard.sender.id) == ("simulator", ChatKind.GROUP, WANG)
    assert heard.sent_at.tzinfo is not None and bot.kept[-1].raw.startswith(b"{")


async def test_edit_recall_reaction_voice_photo_and_mention(simulator: Simulator, bot: Bot) -> None:
    id = await simulator.say(WANG, GROUP, "5号楼灯")
    await simulator.edit(WANG, GROUP, id, "6号楼灯")
    assert (bot.last().kind, bot.last().text, bot.last().message) == (IncomingKind.EDIT, "6号楼灯", id)
    await simulator.react(ZHOU, GROUP, id, "👍")
    assert bot.last().reactions == ("👍",)
    await simulator.react(ZHOU, GROUP, id, "")
    assert bot.last().reactions == ()
    await simulator.recall(WANG, GROUP, id)
    assert (bot.last().kind, bot.last().message) == (IncomingKind.RECALL, id)
    await simulator.say(WANG, GROUP, voice=True)
    assert bot.last().voice
    photo = simulator.photos.add(b"\x89PNG")
    await simulator.say(WANG, GROUP, "@网格助手 看", photo=photo)
    assert bot.last().photos == (photo,) and bot.last().mentions_bot
    await simulator.say(WANG, GROUP, "@小周 吃了吗")
    assert bot.last().mentions_other and not bot.last().mentions_bot


async def test_a_reply_says_whether_it_answers_the_bot(simulator: Simulator, bot: Bot) -> None:
    sent = await simulator.send(delivery(GROUP, "收到。是几号楼?"))
    await simulator.say(WANG, GROUP, "五号楼", reply_to=sent.message)
    assert bot.last().reply_to == sent.message and bot.last().reply_to_bot
    mine = await simulator.say(WANG, GROUP, "就是那栋", reply_to=bot.last().message)
    assert not bot.last().reply_to_bot and bot.last().message == mine


async def test_half_an_emoji_is_kept_as_what_it_is_not(simulator: Simulator, bot: Bot) -> None:
    await simulator.say(WANG, GROUP, "灯坏了\ud83d")
    assert bot.last().text == "灯坏了\ufffd"


async def test_start_carries_the_payload_of_a_link(simulator: Simulator, bot: Bot) -> None:
    await simulator.press_start(WANG, "grid-7f3a")
    assert (bot.last().start, bot.last().chat_kind) == ("grid-7f3a", ChatKind.PRIVATE)
    await simulator.say(WANG, WANG, "/start again")
    assert bot.last().start == "again"


@pytest.mark.parametrize(
    ("code", "act"),
    [
        ("empty", lambda s: s.say(WANG, GROUP, "  ")),
        ("too-long", lambda s: s.say(WANG, GROUP, "灯" * 20_001)),
        ("no-such-person", lambda s: s.say("42", GROUP, "灯")),
        ("no-such-chat", lambda s: s.say(WANG, LEADERS, "灯")),  # not a member
        ("no-such-chat", lambda s: s.say(WANG, LI, "灯")),  # somebody else's private chat
        ("not-started", lambda s: s.say(WANG, WANG, "灯")),
        ("no-such-message", lambda s: s.say(WANG, GROUP, "灯", reply_to="99")),
        ("no-such-message", lambda s: s.edit(WANG, GROUP, "99", "灯")),
        ("no-such-photo", lambda s: s.say(WANG, GROUP, photo="../../etc/passwd")),
        ("no-such-message", lambda s: s.press(WANG, GROUP, "99", "t")),
        ("already", lambda s: s.bot_joins(WANG, GROUP)),
        ("not-started", lambda s: s.block(WANG)),
    ],
)
async def test_what_the_platform_does_not_allow(simulator: Simulator, bot: Bot, code: str, act: Any) -> None:
    before = len(bot.kept)
    with pytest.raises(ActRefusedError) as refused:
        await act(simulator)
    assert refused.value.code == code and len(bot.kept) == before


async def test_a_page_acts_by_name_and_hears_a_refusal_as_an_answer(simulator: Simulator, bot: Bot) -> None:
    said = await simulator.act(WANG, "say", {"chat": GROUP, "text": "5号楼灯", "nonsense": 1})
    assert said["id"] == bot.last().message
    assert await simulator.act(WANG, "say", {"chat": LEADERS, "text": "灯"}) == {"error": "no-such-chat"}
    assert await simulator.act(WANG, "say", {"chat": GROUP, "text": ["灯"]}) == {"error": "bad-form"}
    assert await simulator.act(WANG, "say", {}) == {"error": "no-such-chat"}
    assert await simulator.act(WANG, "close", {}) == {"error": "no-such-act"}


async def test_nobody_edits_or_recalls_what_another_said(simulator: Simulator) -> None:
    id = await simulator.say(WANG, GROUP, "灯")
    for act in (simulator.edit(ZHOU, GROUP, id, "我"), simulator.recall(ZHOU, GROUP, id)):
        with pytest.raises(ActRefusedError, match="not-yours"):
            await act


async def test_an_update_the_bot_could_not_take_comes_again_in_order(
    simulator: Simulator, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulator_module, "AGAIN", 0.01)
    bot.down, before = True, len(bot.kept)
    await simulator.say(WANG, GROUP, "一")
    await simulator.say(WANG, GROUP, "二")
    assert len(bot.kept) == before
    bot.down = False
    async with asyncio.timeout(2):
        await bot.took_two.wait()


# --- the way out ---------------------------------------------------------------------------------


async def test_nobody_is_written_to_who_never_pressed_start(simulator: Simulator) -> None:
    result = await simulator.send(delivery(ZHOU, "您好"))
    assert (result.outcome, result.fault) == (Outcome.PERMANENT, Fault.BLOCKED)
    await simulator.press_start(ZHOU)
    assert (await simulator.send(delivery(ZHOU, "您好"))).outcome is Outcome.SENT
    await simulator.block(ZHOU)
    assert (await simulator.send(delivery(ZHOU, "您好"))).fault is Fault.BLOCKED


async def test_a_group_that_put_the_bot_out_is_closed_both_ways(simulator: Simulator, bot: Bot) -> None:
    await simulator.bot_leaves(WANG, GROUP)
    assert bot.last().kind is IncomingKind.LEFT
    before = len(bot.kept)
    await simulator.say(WANG, GROUP, "5号楼灯不亮")
    assert len(bot.kept) == before
    assert (await simulator.send(delivery(GROUP, "在"))).fault is Fault.KICKED


async def test_a_card_changes_in_place(simulator: Simulator) -> None:
    first = await simulator.send(delivery(GROUP, "等回音", OutKind.CARD))
    again = await simulator.send(delivery(GROUP, "李格长在办", OutKind.CARD, edits=first.message))
    assert again.message == first.message
    message = simulator.transcript.message(GROUP, first.message)
    assert message is not None and (message.text, message.edits) == ("李格长在办", 1)
    lost = await simulator.send(delivery(GROUP, "办结", OutKind.CARD, edits="99"))
    assert lost.outcome is Outcome.SENT and lost.message not in ("99", first.message)


async def test_a_tap_is_answered_once_and_only_to_whoever_tapped(simulator: Simulator, bot: Bot) -> None:
    buttons = ((Button("我去看", "t1"), Button("看板", url="http://127.0.0.1/console")),)
    sent = await simulator.send(delivery(LI, "5号楼楼道灯(1)", buttons=buttons))
    await simulator.press(LI, LI, sent.message, "t1")
    heard = bot.last()
    assert (heard.kind, heard.button, heard.message) == (IncomingKind.BUTTON, "t1", sent.message)
    answer = delivery(LI, "好", OutKind.ANSWER, callback=heard.callback)
    assert (await simulator.send(answer)).outcome is Outcome.SENT
    assert (await simulator.send(answer)).outcome is Outcome.PERMANENT
    with pytest.raises(ActRefusedError, match="no-such-button"):
        await simulator.press(LI, LI, sent.message, "t2")


async def test_reactions_pins_mentions_and_probes(simulator: Simulator, bot: Bot) -> None:
    id = await simulator.say(WANG, GROUP, "灯")
    await simulator.send(delivery(GROUP, kind=OutKind.REACT, message=id, emoji="👀"))
    message = simulator.transcript.message(GROUP, id)
    assert message is not None and message.reactions == {"bot": "👀"}
    gone = await simulator.send(delivery(GROUP, kind=OutKind.REACT, message="99", emoji="👀"))
    assert gone.outcome is Outcome.PERMANENT
    notice = await simulator.send(delivery(LEADERS, "有一件", mention=((LI, "李格长"),), pin=True))
    assert simulator.transcript.messages[LEADERS, notice.message].text == "@李格长 有一件"
    assert simulator.transcript.pins[LEADERS] == [notice.message]
    await simulator.send(delivery(GROUP, kind=OutKind.PROBE, probe="rights", row=7))
    assert bot.last().kind is IncomingKind.RECEIPT and "admin" in bot.last().rights
    assert (await simulator.send(delivery(GROUP))).outcome is Outcome.PERMANENT  # nothing to say


# --- who sees what, and what outlives the process ------------------------------------------------


async def test_a_page_is_told_what_happens_and_who_is_in_which_chat(simulator: Simulator) -> None:
    state = simulator.state()
    members = {chat["id"]: chat["members"] for chat in state["chats"]}
    assert WANG in members[GROUP] and WANG not in members[LEADERS] and members[WANG] == (WANG,)
    events = simulator.watch(state["last"], state["generation"])
    waiting = asyncio.ensure_future(anext(events))
    await asyncio.sleep(0)
    await simulator.say(ZHOU, GROUP, "大家好")
    await simulator.send(delivery(LI, "有一件"))
    assert [(await waiting)["text"], (await anext(events))["text"]] == ["大家好", "有一件"]
    await events.aclose()
    for after, generation in ((10_000, state["generation"]), (0, "another")):
        assert (await anext(simulator.watch(after, generation)))["kind"] == "reset"


async def test_a_restart_shows_what_was_said_and_gives_what_was_not_taken(
    simulator: Simulator, bot: Bot, tmp_path: Path
) -> None:
    id = await simulator.say(WANG, GROUP, "5号楼楼道灯不亮了")
    await simulator.send(delivery(GROUP, "记下了", reply_to=id))
    bot.down = True
    await simulator.say(WANG, GROUP, "还有门禁", photo=simulator.photos.add(b"\x89PNG"))
    path = tmp_path / "said.jsonl"
    path.write_bytes(path.read_bytes() + b'{"n": 99, "kind": "mess')  # killed within a line
    later = Bot()
    again = Simulator(accept=later.accept, path=path)
    await again.start()
    assert again.state()["chats"] == simulator.state()["chats"]
    assert again.transcript.generation == simulator.transcript.generation
    assert [one.text for one in later.heard] == ["还有门禁"]
    assert again.photos.get(later.last().photos[0]) == b"\x89PNG"
    await again.say(ZHOU, GROUP, "我家也是")
    ids = [kept.update_id for kept in (*bot.kept, *later.kept)]
    assert len(ids) == len(set(ids))
    await again.close()
    assert path.read_bytes().count(b"99, ") == 0
