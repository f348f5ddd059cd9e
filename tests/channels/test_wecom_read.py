"""From frames as the documents show them to Incoming, a row each; and what is no callback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridbot.channels._wecom.aibot_read import UnreadableError, frame_of, id_of, keep, read, without_name
from gridbot.messages import ChatKind, Incoming, IncomingKind, dump, load_incoming
from tests.cast import NOW

FIXTURES = Path(__file__).parent.parent / "fixtures/wecom_aibot"
BOT, NAME = "aib1", "网格助手"


def frame(name: str) -> dict[str, Any]:
    return dict(json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8")))


def of(name: str) -> Incoming:
    return read(frame(name), bot=BOT, name=NAME, now=NOW)


ROWS: dict[str, dict[str, Any]] = {
    "group_text": {
        "text": "5号楼路灯坏了",
        "chat": "wrkG1",
        "chat_kind": ChatKind.GROUP,
        "mentions_bot": True,
    },
    "single_text": {
        "text": "3号楼水压低",
        "chat": "zhangsan",
        "chat_kind": ChatKind.PRIVATE,
        "mentions_bot": False,
    },
    "quote": {"text": "修好了", "reply_to": id_of("李格长,5号楼有人说楼道灯不亮(12)。")},
    "quote_mixed": {"text": "这个要报", "reply_to": id_of("楼道堆满了")},
    "quote_picture": {"text": "这个要报", "reply_to": ""},
    "mixed": {"text": "楼道堆满了\n看图", "photos": 2},
    "image": {"text": "", "photos": 1, "chat_kind": ChatKind.PRIVATE},
    "voice": {"text": "", "transcript": "五号楼的灯不亮了", "voice": True},
    "file": {"kind": IncomingKind.OTHER},
    "video": {"kind": IncomingKind.OTHER},
    "enter_chat": {"kind": IncomingKind.JOINED, "chat": "zhangsan"},
    "card_pressed": {
        "kind": IncomingKind.BUTTON,
        "button": "done:12",
        "message": "case-12-1",
        "callback": "REQ1",
    },
    "card_pressed_group": {"kind": IncomingKind.BUTTON, "chat": "wrkG1", "chat_kind": ChatKind.GROUP},
    "feedback": {"kind": IncomingKind.OTHER},
}


@pytest.mark.parametrize("name", ROWS)
def test_a_callback_as_documented(name: str) -> None:
    said = of(name)
    expected = {"kind": IncomingKind.MESSAGE, **ROWS[name]}
    shown = {field: getattr(said, field) for field in expected}
    if "photos" in shown:
        shown["photos"] = len(said.photos)
    assert shown == expected
    assert said.sender.id == "zhangsan" and said.platform == "wecom_aibot" and said.bot == BOT
    assert load_incoming(dump(said)) == said


def test_there_is_a_row_for_every_fixture() -> None:
    assert {path.stem for path in FIXTURES.glob("*.json")} == set(ROWS)


def test_a_pictures_address_and_key_are_in_no_incoming() -> None:
    assert b"https://" not in dump(of("mixed")) and b"aeskey" not in dump(of("mixed"))


@pytest.mark.parametrize(
    ("text", "name", "left", "remark"),
    [
        ("@网格助手 路灯坏了", "网格助手", "路灯坏了", ""),
        ("@网格助手路灯坏了", "网格助手", "路灯坏了", "no blank after a known name"),
        ("路灯坏了 @网格助手", "网格助手", "路灯坏了", "named at the end"),
        ("@网格 助手 路灯坏了", "网格 助手", "路灯坏了", "a name with a blank"),
        ("@小格\u2005路灯坏了", "", "路灯坏了", "WeCom's own blank; the name is not in the settings"),
        ("@李格长 在吗", "网格助手", "在吗", "an unknown name before it"),
        ("路灯坏了", "", "路灯坏了", ""),
        ("@小格", "", "", "nothing but the name"),
        ("", "网格助手", "", ""),
    ],
)
def test_the_name_before_what_is_said(text: str, name: str, left: str, remark: str) -> None:
    assert without_name(text, name) == left, remark


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("记下了:5号楼 照明(12)。", "记下了：5号楼照明（12）", True),
        ("记下了(12)\n原话:灯坏了", "记下了(12) 原话:灯坏了", True),
        ("记下了(12)", "记下了(13)", False),
    ],
)
def test_a_message_is_known_by_its_letters(one: str, other: str, same: bool) -> None:
    assert (id_of(one) == id_of(other)) == same


def broken(**body: Any) -> dict[str, Any]:
    whole = frame("group_text")
    whole["body"] |= body
    return {**whole, "body": {name: value for name, value in whole["body"].items() if value != "gone"}}


BAD = {
    "no chatid in a group": broken(chatid="gone"),
    "a chatid that is none": broken(chatid={"a": 1}),
    "nobody": broken(**{"from": "gone"}),
    "a sender that is a number": broken(**{"from": {"userid": 7}}),
    "an unknown kind of chat": broken(chattype="room"),
    "text that is a list": broken(text={"content": ["a"]}),
    "text that is none": broken(text="hello"),
    "mixed without items": broken(msgtype="mixed"),
    "a quote that is a number in a text": broken(quote={"msgtype": "text", "text": 7}),
    "an unknown event": broken(msgtype="event", event={"eventtype": "moon_phase"}),
    "an event that is none": broken(msgtype="event", event="x"),
    "a press without a card": broken(msgtype="event", event={"eventtype": "template_card_event"}),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_callback_is_kept_raw(name: str) -> None:
    with pytest.raises(UnreadableError):
        read(BAD[name], bot=BOT, name=NAME, now=NOW)
    raw = json.dumps(BAD[name]).encode()
    kept = keep(raw, BAD[name], bot=BOT, name=NAME, now=NOW)
    assert kept.incoming is None and kept.raw == raw and kept.update_id == "CAIQ16HMjQY"


def test_an_encrypted_member_is_a_member() -> None:
    said = read(
        broken(**{"from": {"userid": "woAJ2GCAAAXtWyujaWJHDDGi0mACAAAA"}}), bot=BOT, name=NAME, now=NOW
    )
    assert said.sender.id.startswith("woAJ2")


def test_an_unknown_kind_of_message_is_stored_and_passed_over() -> None:
    said = read(broken(msgtype="hologram", hologram={"depth": 3}), bot=BOT, name=NAME, now=NOW)
    assert said.kind is IncomingKind.OTHER


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(sorted(frame("group_text")["body"])), JSON, max_size=4))
def test_any_body_is_read_or_kept_raw(body: dict[str, Any]) -> None:
    whole = broken(**body)
    kept = keep(b"raw", whole, bot=BOT, name=NAME, now=NOW)
    assert kept.incoming is None or isinstance(dump(kept.incoming), bytes)
    assert 0 < len(kept.update_id) <= 200


@given(st.binary(max_size=200))
def test_any_bytes_are_a_frame_or_none(raw: bytes) -> None:
    kept = keep(raw, frame_of(raw), bot=BOT, name=NAME, now=NOW)
    assert kept.raw == raw and kept.update_id


def test_a_hundred_thousand_brackets() -> None:
    assert frame_of(b"[" * 100_000) is None
