"""The same story on channels that can do less: what is said otherwise, and that the same comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from gridbot.cases import voice
from gridbot.channels.wecom_aibot import WecomAibot
from gridbot.desk.context import Desk
from gridbot.messages import Capabilities, OutKind
from gridbot.rehearsal import EVERYTHING, Stage
from gridbot.store.tables import chats, identities
from gridbot.understanding.intents import default_folder, load_packs
from tests.cast import ADMIN, LI, NOW, RESIDENTS, UNBOUND, WANG, ZHOU, seed
from tests.desk.conftest import packs

BARE = Capabilities(
    buttons=False, taps=False, edits=False, reactions=False, mentions=False, menus=False, probes=False
)
CHANNELS = {"all": EVERYTHING, "aibot": WecomAibot.capabilities, "bare": BARE}


@contextmanager
def opened(can: Capabilities) -> Iterator[Stage]:
    desk = Desk(packs(), lambda rules: load_packs(default_folder(), extra=rules))
    with Stage(desk, NOW, can=can) as stage:
        with stage.db() as db:
            seed(db, platform=Stage.platform, bot=Stage.bot)
        yield stage


def choose(stage: Stage, who: str, text: str, *, chat: str) -> None:
    """Presses a button where there is one, types its number where there is none."""
    last = next(one for one in reversed(stage.in_chat(chat)) if one.buttons or "\n回1" in one.text)
    if last.buttons:
        stage.presses(who, text, chat=chat)
        return
    offered = last.text.rpartition("\n回")[2].split(" ")
    number = next(one for one in offered if one.lstrip("0123456789:") == text)
    stage.says(who, number.removesuffix(text).rstrip(":"), chat=chat)


@pytest.mark.parametrize("channel", CHANNELS)
def test_the_same_comes_of_it(channel: str) -> None:
    """Report, taken, done, confirmed: by buttons or by their numbers."""
    with opened(CHANNELS[channel]) as stage:
        stage.says(WANG.id, "5号楼楼道灯不亮了", chat=RESIDENTS, name=WANG.name)
        stage.passes(seconds=31)
        choose(stage, LI.id, "我去看", chat=LI.id)
        assert stage.cases()[0].state == "accepted"
        stage.passes(minutes=20)
        choose(stage, LI.id, "办好了", chat=LI.id)
        stage.passes(seconds=61)
        assert "您看好了吗" in stage.texts(RESIDENTS)[-1]
        choose(stage, WANG.id, "好了", chat=RESIDENTS)
        assert stage.cases()[0].state == "closed"


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_second_report_is_acknowledged_as_the_channel_can(channel: str) -> None:
    with opened(CHANNELS[channel]) as stage:
        stage.says(WANG.id, "5号楼楼道灯不亮了", chat=RESIDENTS, name=WANG.name)
        stage.passes(hours=1)
        stage.says(WANG.id, "3号楼单元门锁坏了", chat=RESIDENTS, name=WANG.name)
        kinds = [one.kind for one in stage.in_chat(RESIDENTS)]
        assert (OutKind.REACT in kinds) == CHANNELS[channel].reactions
        assert ("收到,记下了。" in stage.texts(RESIDENTS)) != CHANNELS[channel].reactions


def test_a_number_is_a_choice_only_where_choices_were_written_out() -> None:
    for can, state in ((EVERYTHING, "done"), (BARE, "closed")):
        with opened(can) as stage:
            stage.says(WANG.id, "5号楼楼道灯不亮了", chat=RESIDENTS, name=WANG.name)
            stage.passes(seconds=31)
            stage.says(LI.id, "修好了", chat=LI.id)
            stage.passes(seconds=61)
            stage.says(WANG.id, "1", chat=RESIDENTS)
            assert stage.cases()[0].state == state


@pytest.mark.parametrize(
    ("who", "text", "remark"),
    [
        (ZHOU.id, "1", "somebody to whom nothing was offered"),
        (LI.id, "9", "a number that was not offered"),
        (LI.id, "1号楼", "a place"),
    ],
)
def test_other_numbers_do_nothing(who: str, text: str, remark: str) -> None:
    with opened(BARE) as stage:
        stage.says(WANG.id, "5号楼楼道灯不亮了", chat=RESIDENTS, name=WANG.name)
        stage.passes(seconds=31)
        stage.says(who, text, chat=who)
        assert stage.cases()[0].state == "waiting", remark


def test_a_check_up_does_not_wait_for_rights_that_nobody_can_ask_for() -> None:
    for can, waits in ((EVERYTHING, True), (BARE, False)):
        with opened(can) as stage:
            stage.says(ADMIN.id, "体检", chat=ADMIN.id)
            assert any("还不知道我有哪些权限" in text for text in stage.texts(ADMIN.id)) == waits


def test_a_group_that_was_given_up_is_answered_once_it_is_heard_again() -> None:
    with opened(WecomAibot.capabilities) as stage:
        with stage.db() as db:
            db.execute(sa.update(chats).where(chats.c.chat == RESIDENTS).values(active=False))
        stage.says(WANG.id, "5号楼楼道灯不亮了", chat=RESIDENTS, name=WANG.name)
        assert any("记下了" in text for text in stage.texts(RESIDENTS))


def test_in_a_webhooks_group_people_are_mentioned_by_their_account_of_the_corp(db: sa.Connection) -> None:
    cast = seed(db)

    def known_as(platform: str, user: str) -> None:
        values = {"community_id": cast.community, "person_id": cast.li, "platform": platform, "user": user}
        db.execute(sa.insert(identities).values(**values, name="李格长"))

    def mentioned(platform: str) -> str:
        found = voice.identity_of(db, cast.li, platform)
        return found.user if found is not None else ""

    assert mentioned("wecom_webhook") == ""
    known_as("wecom_aibot", "lisi")
    assert (mentioned("wecom_webhook"), mentioned("wecom_aibot"), mentioned("telegram")) == (
        "lisi",
        "lisi",
        LI.id,
    )
    known_as("wecom_webhook", "13800138000")  # the directory knows a telephone for it
    assert mentioned("wecom_webhook") == "13800138000"


@pytest.mark.parametrize("abroad", [True, False])
def test_that_words_cross_the_border_is_said_where_they_do(abroad: bool) -> None:
    with opened(Capabilities(abroad=abroad)) as stage:
        stage.says(ADMIN.id, "/绑定 一网格", chat=UNBOUND, name=ADMIN.name)
        for press in ("居民群", "对"):
            if any(
                press in one.text
                for sent in stage.in_chat(UNBOUND)[-1:]
                for row in sent.buttons
                for one in row
            ):
                stage.presses(ADMIN.id, press, chat=UNBOUND)
        notice = next(text for text in stage.texts(UNBOUND) if "我是" in text and "机器人" in text)
        assert ("境外服务器" in notice) == abroad
