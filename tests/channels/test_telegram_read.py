# ruff: noqa: E501 — the table is read across
"""A payload in the platform's documented form goes in, an Incoming comes out."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiogram.types import Update
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from gridbot.channels.telegram_in import BotIdentity, read_update
from gridbot.messages import ChatKind, Incoming, IncomingKind, Sender, dump, load_incoming

FOLDER = Path(__file__).parent.parent / "fixtures" / "telegram"
BOT = BotIdentity("4242", "gridbot")
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
SENT = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
WANG = Sender("5000000001", "王 阿姨", language="zh-hans")
LI = Sender("2001", "李格长")
NOBODY = Sender("", service=True)
GROUP = "-1001234567890"
LARGE = "AgACAgUAAx0CT-large"
TOKEN = "9f86d081884c7d659a2feaa0c55ad015"
K = IncomingKind

#: file, why it is here, what must come out (beside the defaults below)
TABLE: list[tuple[str, str, dict[str, Any]]] = [
    ("group_text", "plain words", {"text": "3号楼1单元门口漏水了😭"}),
    ("photo_caption", "the largest size", {"text": "垃圾没人收", "photos": (LARGE,)}),
    ("album_first", "", {"message": "102", "text": "51号院下水道堵了", "photos": (LARGE,), "album": "13578901234567890"}),
    ("album_second", "no words, same album", {"message": "103", "photos": ("AgACAgUAAx0CT-second",), "album": "13578901234567890"}),
    ("image_document", "sent uncompressed", {"text": "原图", "photos": ("BQACAgUAAx0CT-doc",)}),
    ("voice", "", {"voice": True}),
    ("location", "", {"location": (31.280145, 121.480237)}),
    ("venue", "its name is what is said", {"location": (31.28, 121.48), "text": "小广场 凉城路 100 号"}),
    ("sticker", "a message without words", {}),
    ("reply_to_notice", "", {"message": "104", "sender": LI, "text": "收到", "reply_to": "77", "reply_to_bot": True}),
    ("reply_to_resident", "", {"message": "105", "sender": LI, "text": "我去看看", "reply_to": "101"}),
    ("edited", "the time of the edit", {"kind": K.EDIT, "text": "3号楼2单元门口漏水了", "sent_at": SENT + timedelta(seconds=95)}),
    ("edited_live_location", "", {"kind": K.EDIT, "location": (31.28, 121.481), "sent_at": SENT + timedelta(minutes=1)}),
    ("button", "it carries no time", {"kind": K.BUTTON, "sender": LI, "message": "77", "button": TOKEN, "callback": "4382bfdwdsb323b2d9", "sent_at": NOW}),
    ("button_old_message", "InaccessibleMessage", {"kind": K.BUTTON, "sender": LI, "message": "7", "button": TOKEN, "callback": "4382bfdwdsb323b2d9", "sent_at": NOW}),
    ("button_inline", "under no message of ours", {"kind": K.OTHER, "sender": LI, "message": "", "chat": "", "chat_title": "", "chat_kind": ChatKind.PRIVATE, "callback": "4382bfdwdsb323b2d9", "sent_at": NOW}),
    ("joined", "privacy mode on", {"kind": K.JOINED, "sender": LI, "message": "", "rights": ("send",)}),
    ("promoted", "", {"kind": K.JOINED, "sender": LI, "message": "", "rights": ("send", "read_all", "admin", "pin", "delete")}),
    ("promoted_older_server", "rights it does not know", {"kind": K.JOINED, "sender": LI, "message": "", "rights": ("send", "read_all", "admin")}),
    ("kicked", "", {"kind": K.LEFT, "sender": LI, "message": ""}),
    ("muted", "inside, but may not write", {"kind": K.JOINED, "sender": LI, "message": "", "rights": ()}),
    ("blocked", "by a person", {"kind": K.LEFT, "sender": LI, "message": "", "chat": "2001", "chat_title": "", "chat_kind": ChatKind.PRIVATE}),
    ("unblocked", "", {"kind": K.JOINED, "sender": LI, "message": "", "chat": "2001", "chat_title": "", "chat_kind": ChatKind.PRIVATE, "rights": ("send", "read_all")}),
    ("other_member", "somebody else came", {"kind": K.OTHER, "sender": LI, "message": ""}),
    ("migrate_to", "said in the old chat", {"kind": K.MIGRATED, "message": "", "chat": "-4012345678", "chat_title": "二网格居民群", "new_chat": GROUP}),
    ("migrate_from", "said in the new one", {"kind": K.MIGRATED, "message": "", "chat": "-4012345678", "new_chat": GROUP}),
    ("reaction", "", {"kind": K.REACTION, "sender": LI, "reactions": ("👍",)}),
    ("reaction_taken_back", "", {"kind": K.REACTION, "sender": LI}),
    ("reaction_anonymous", "a custom emoji has no sign", {"kind": K.REACTION, "sender": Sender("", "一网格居民群", service=True), "reactions": ("👌",)}),
    ("topic", "the topic's first message is not answered", {"message": "106", "text": "路灯不亮", "thread": "5"}),
    ("topic_reply", "", {"message": "107", "sender": LI, "text": "收到", "thread": "5", "reply_to": "106", "reply_to_bot": True}),
    ("reply_chain", "no topic: the number means a chain of replies", {"message": "108", "sender": LI, "text": "修好了", "reply_to": "77", "reply_to_bot": True}),
    ("topic_opened", "bookkeeping", {"kind": K.OTHER, "message": "5", "thread": "5", "sender": Sender("4242", "小格", bot=True)}),
    ("anonymous_admin", "a person, but nobody knows who", {"message": "109", "sender": Sender("", "一网格居民群", service=True), "text": "大家注意停水"}),
    ("linked_channel", "copied by Telegram", {"message": "110", "sender": Sender("", "社区通知", service=True), "text": "明天停水", "forwarded": True}),
    ("as_channel", "", {"message": "111", "sender": Sender("", "社区通知", service=True), "text": "明天停水"}),
    ("channel_post", "", {"message": "31", "sender": Sender("", "社区通知", service=True), "text": "明天停水", "chat": "-1009876543210", "chat_title": "社区通知"}),
    ("other_bot", "", {"message": "112", "sender": Sender("9999", "天气", bot=True), "text": "今日小雨"}),
    ("mention_bot", "an address in front is taken off", {"text": "3号楼漏水", "mentions_bot": True}),
    ("mention_bot_later", "elsewhere it stays", {"text": "3号楼漏水 @gridbot", "mentions_bot": True}),
    ("text_mention_bot", "by name, without @", {"text": "在吗", "mentions_bot": True}),
    ("mention_other", "after an emoji: two units", {"text": "😀@li_gezhang 你来看看", "mentions_other": True}),
    ("text_mention_other", "", {"text": "李格长 你来看看", "mentions_other": True}),
    ("command_bare", "to whoever listens", {"sender": LI, "text": "/help"}),
    ("command_for_us", "", {"sender": LI, "text": "/help 关键词", "mentions_bot": True}),
    ("command_for_other", "not for us", {"sender": LI, "text": "/help@weather_bot", "mentions_other": True}),
    ("start_link", "a deep link", {"message": "3", "sender": LI, "text": "/start inv_4f3c2a", "start": "inv_4f3c2a", "chat": "2001", "chat_title": "", "chat_kind": ChatKind.PRIVATE}),
    ("forwarded", "", {"message": "113", "text": "听说东门要关", "forwarded": True}),
    ("html_in_name", "as written: who shows it, escapes it", {"message": "114", "sender": Sender("5000000002", "<b>老张</b> &amp;"), "text": '</b><a href="tg://user?id=1">看</a>'}),
    ("service_join", "", {"kind": K.OTHER, "message": "115"}),
    ("pinned", "", {"kind": K.OTHER, "message": "116", "sender": LI}),
    ("poll_closed", "a kind nobody asked for", {"kind": K.OTHER, "sender": Sender(""), "message": "", "chat": "", "chat_title": "", "chat_kind": ChatKind.PRIVATE, "sent_at": NOW}),
    ("unknown_kind", "from the future", {"kind": K.OTHER, "sender": Sender(""), "message": "", "chat": "", "chat_title": "", "chat_kind": ChatKind.PRIVATE, "sent_at": NOW}),
    ("unknown_forward", "one part new, the words heard", {"message": "117", "text": "电梯坏了"}),
    ("unknown_reply", "one part of the answered message new", {"message": "118", "sender": LI, "text": "师傅下午来", "reply_to": "77", "reply_to_bot": True}),
]  # fmt: skip
_UNDOCUMENTED = {"promoted_older_server", "unknown_kind", "unknown_forward", "unknown_reply"}


def _load(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return loaded


def _expected(raw: dict[str, Any], **more: Any) -> Incoming:
    values: dict[str, Any] = {
        "kind": K.MESSAGE,
        "sent_at": SENT,
        "chat": GROUP,
        "chat_kind": ChatKind.GROUP,
        "chat_title": "一网格居民群",
        "sender": WANG,
        "message": "101",
        **more,
    }
    return Incoming(platform="telegram", bot="4242", update_id=str(raw["update_id"]), **values)


@pytest.mark.parametrize(("name", "why", "more"), TABLE, ids=[row[0] for row in TABLE])
def test_documented_payloads(name: str, why: str, more: dict[str, Any]) -> None:
    raw = _load(name)
    before = json.dumps(raw)
    read = read_update(raw, BOT, now=NOW)
    assert read == _expected(raw, **more), why
    assert load_incoming(dump(read)) == read, "it lives as JSON in the inbox"
    assert json.dumps(raw) == before, "the raw update is kept as it came"


def test_every_payload_has_its_row() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == {row[0] for row in TABLE}


@pytest.mark.parametrize("name", sorted({row[0] for row in TABLE} - _UNDOCUMENTED))
def test_the_payloads_have_the_documented_form(name: str) -> None:
    """No field that aiogram's types do not know, none missing."""
    _nothing_extra(Update.model_validate(_load(name)))


def _nothing_extra(value: Any) -> None:
    if isinstance(value, BaseModel):
        assert not value.model_extra, value
        for field in value.model_fields_set:
            _nothing_extra(getattr(value, field))
    elif isinstance(value, list):
        for item in value:
            _nothing_extra(item)


def test_rights_without_privacy_mode() -> None:
    read = read_update(_load("joined"), BotIdentity("4242", "gridbot", reads_all=True))
    assert read is not None and read.rights == ("send", "read_all")


def test_half_an_emoji_does_not_lose_the_words() -> None:
    raw = _load("mention_bot")
    raw["message"]["text"] = "@GridBot，3号楼\ud83d漏水"
    read = read_update(raw, BOT)
    assert read is not None and read.text == "3号楼\ufffd漏水"


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"update_id": "x"},
        {"update_id": 1, "message": None, "edited_message": 5},
        {"update_id": 1, "message": {"message_id": 1, "date": 1, "text": "没有聊天"}},
        {"update_id": 1, "message": {"message_id": 1, "date": 1, "chat": {"id": "x", "type": "group"}}},
        {"update_id": 1, "callback_query": {"id": "1", "data": "x"}},
    ],
)
def test_what_cannot_be_read_is_no_error(broken: dict[str, Any]) -> None:
    assert read_update(broken, BOT) is None


_leaf = st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.floats()
_junk = st.recursive(
    _leaf, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)


@settings(max_examples=150, deadline=None)
@given(name=st.sampled_from([row[0] for row in TABLE]), where=st.integers(0, 60), junk=_junk)
def test_damage_anywhere_is_never_an_exception(name: str, where: int, junk: Any) -> None:
    raw = _load(name)
    places = list(_places(raw))
    owner, key = places[where % len(places)]
    owner[key] = junk
    read = read_update(raw, BOT, now=NOW)
    assert read is None or load_incoming(dump(read)).update_id == read.update_id


def _places(value: Any) -> Any:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield value, key
        yield from _places(inner)
