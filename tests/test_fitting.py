"""What a missing capability becomes, as a table; digits as choices; long texts in parts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridbot import texts
from gridbot.channels.simulator import Simulator
from gridbot.channels.telegram_out import TelegramSpeaker
from gridbot.channels.wecom_aibot import WecomAibot
from gridbot.channels.wecom_webhook import WecomWebhook
from gridbot.fitting import choice, fit, measure, parts, spelled, unedited
from gridbot.messages import Button, Capabilities, ChatKind, Delivery, Outgoing, OutKind, Urgency

ALL = Capabilities()
NONE = Capabilities(
    buttons=False,
    taps=False,
    edits=False,
    reactions=False,
    mentions=False,
    photos=False,
    menus=False,
    probes=False,
)
ROW = ((Button("好了", "t1"), Button("好一点", "t2"), Button("还没好", "t3")),)


def delivery(kind: OutKind = OutKind.SEND, card: str = "", purpose: str = "", **said: object) -> Delivery:
    payload = Outgoing(**said)  # type: ignore[arg-type]
    return Delivery(1, kind, Urgency.ANSWER, "c", ChatKind.GROUP, payload, card, purpose)


TABLE: list[tuple[str, Delivery, Capabilities, str | None]] = [
    (
        "buttons become numbers",
        delivery(text="您看好了吗?", buttons=ROW),
        NONE,
        "您看好了吗?\n回1好了 2好一点 3还没好",
    ),
    (
        "too many buttons, too",
        delivery(text="哪件?", buttons=ROW),
        Capabilities(most_buttons=2),
        "哪件?\n回1好了 2好一点 3还没好",
    ),
    ("as many as there may be", delivery(text="哪件?", buttons=ROW), Capabilities(most_buttons=3), "哪件?"),
    (
        "a link is written out",
        delivery(text="请看", buttons=((Button("地图", url="https://example.org/m"),),)),
        NONE,
        "请看\n地图:https://example.org/m",
    ),
    (
        "a link beside buttons",
        delivery(text="请看", buttons=(*ROW, (Button("地图", url="https://example.org/m"),))),
        Capabilities(links=False),
        "请看\n地图:https://example.org/m",
    ),
    (
        "where nobody can answer nothing is offered",
        delivery(text="您看好了吗?", buttons=ROW),
        Capabilities(hears=False, buttons=False),
        "您看好了吗?",
    ),
    ("seen, in words", delivery(OutKind.REACT, emoji="👀", message="m1"), NONE, "收到,记下了。"),
    ("taken, in words", delivery(OutKind.REACT, emoji="🤝", message="m1"), NONE, "有人接手了,去看看。"),
    ("joy need not be said", delivery(OutKind.REACT, emoji="🎉", message="m1"), NONE, None),
    ("a reaction taken back is nothing", delivery(OutKind.REACT, emoji="", message="m1"), NONE, None),
    ("a tap is answered in words", delivery(OutKind.ANSWER, text=texts.not_yours()), NONE, texts.not_yours()),
    ("a tap that says nothing", delivery(OutKind.ANSWER, text=""), NONE, None),
    ("noted: nothing else would tell", delivery(OutKind.ANSWER, text=texts.noted()), NONE, texts.noted()),
    (
        "noted: the card itself tells",
        delivery(OutKind.ANSWER, text=texts.noted()),
        Capabilities(taps=False, edits=False, edits_pressed=True),
        None,
    ),
    ("no menu", delivery(OutKind.MENU, text="help 帮助"), NONE, None),
    ("no question to the platform", delivery(OutKind.PROBE, probe="rights"), NONE, None),
    (
        "a name that cannot ring is written",
        delivery(text="请看", mention=(("u1", "李格长"),)),
        NONE,
        "@李格长 请看",
    ),
    ("a picture that cannot go", delivery(text="9件", photo=b"png"), NONE, "9件"),
    (
        "a card that would be edited is sent",
        delivery(OutKind.CARD, "m1", "accepted", text="128 在办"),
        NONE,
        "128 在办",
    ),
    ("but not one nobody waits for", delivery(OutKind.CARD, "m1", "closed-card", text="办结"), NONE, None),
    ("a new card is a message", delivery(OutKind.CARD, "", "closed-card", text="办结"), NONE, "办结"),
]


@pytest.mark.parametrize(("remark", "given_", "can", "text"), TABLE, ids=[row[0] for row in TABLE])
def test_what_a_missing_capability_becomes(
    remark: str, given_: Delivery, can: Capabilities, text: str | None
) -> None:
    fitted = fit(given_, can)
    assert (fitted and fitted.payload.text) == text
    if fitted is not None:
        assert fitted.kind in (OutKind.SEND, OutKind.CARD)
        assert not fitted.message
        assert can.buttons or not fitted.payload.buttons
        assert can.photos or not fitted.payload.photo


@pytest.mark.parametrize("row", TABLE, ids=[row[0] for row in TABLE])
def test_where_nothing_is_missing_nothing_changes(
    row: tuple[str, Delivery, Capabilities, str | None],
) -> None:
    assert fit(row[1], ALL) is row[1]


def test_a_reaction_in_words_goes_under_the_message() -> None:
    fitted = fit(delivery(OutKind.REACT, emoji="👀", message="m1"), NONE)
    assert fitted is not None and fitted.payload.reply_to == "m1" and fitted.payload.silent


@pytest.mark.parametrize(
    ("shown", "text", "said", "remark"),
    [
        ("128 楼道灯,有2人说", "128 楼道灯,有3人说", False, "only the figures differ"),
        ("128 楼道灯", "128 楼道灯 5号楼", True, "the place is new"),
        ("", "128 楼道灯", True, "nobody knows what stands there"),
    ],
)
def test_a_new_message_only_for_what_matters(shown: str, text: str, said: bool, remark: str) -> None:
    anew = unedited(delivery(OutKind.CARD, "m1", "notice", text=text), shown)
    assert (anew is not None) == said, remark
    assert anew is None or anew.message == ""


@pytest.mark.parametrize(
    ("text", "token"),
    [
        ("1", "t1"),
        (" 2。", "t2"),
        ("3", "t3"),  # full width
        ("回3", "t3"),
        ("2号", "t2"),
        ("0", ""),
        ("4", ""),
        ("1号楼", ""),
        ("12", ""),
        ("好了", ""),  # words are understood as words
        ("", ""),
        ("²", "t2"),
    ],
)
def test_a_digit_names_a_choice(text: str, token: str) -> None:
    assert choice(text, Outgoing(text="您看好了吗?", buttons=ROW)) == token


def test_links_are_not_counted() -> None:
    said = Outgoing(buttons=((Button("地图", url="https://example.org"), Button("好了", "t1")),))
    assert choice("1", said) == "t1" and choice("2", said) == ""
    assert not spelled(Outgoing(text="x"), NONE)


@given(st.text(max_size=600), st.integers(8, 120), st.sampled_from(["bytes", "utf16"]))
def test_parts_fit_and_lose_nothing(text: str, limit: int, unit: str) -> None:
    found = parts(text, limit, unit)
    assert all(measure(part, unit) <= limit for part in found)
    assert "".join("".join(found).split()) == "".join(text.split())
    assert len(found) == 1 or all(part.strip() for part in found)


def test_a_long_text_ends_with_its_sentences() -> None:
    found = parts("三九便民日改在活动室。磨刀的不来了。" * 8, 100, "bytes")
    assert all(part.endswith("。") for part in found) and len(found) > 3


# --- each channel --------------------------------------------------------------------------------

CHANNELS = {
    "telegram": TelegramSpeaker.capabilities,
    "simulator": Simulator.capabilities,
    "wecom_aibot": WecomAibot.capabilities,
    "wecom_webhook": WecomWebhook.capabilities,
}
SEVEN = tuple((Button(f"{number}号", f"t{number}"),) for number in range(1, 8))
#: what is to be said → on which channel it reads how; "" left out, "=" as it is
EACH: list[tuple[Delivery, dict[str, str]]] = [
    (
        delivery(text="您看好了吗?", buttons=ROW),
        {"telegram": "=", "simulator": "=", "wecom_aibot": "=", "wecom_webhook": "您看好了吗?"},
    ),
    (
        delivery(text="哪件?", buttons=SEVEN),
        {
            "telegram": "=",
            "simulator": "=",
            "wecom_aibot": "哪件?\n回1:1号 2:2号 3:3号 4:4号 5:5号 6:6号 7:7号",
            "wecom_webhook": "哪件?",
        },
    ),
    (
        delivery(OutKind.REACT, emoji="👀", message="m1"),
        {
            "telegram": "=",
            "simulator": "=",
            "wecom_aibot": "收到,记下了。",
            "wecom_webhook": "收到,记下了。",
        },
    ),
    (
        delivery(OutKind.ANSWER, text=texts.noted()),
        {"telegram": "=", "simulator": "=", "wecom_aibot": "", "wecom_webhook": texts.noted()},
    ),
    (
        delivery(OutKind.ANSWER, text=texts.not_yours()),
        {
            "telegram": "=",
            "simulator": "=",
            "wecom_aibot": texts.not_yours(),
            "wecom_webhook": texts.not_yours(),
        },
    ),
    (
        delivery(OutKind.CARD, "m1", "accepted", text="128 在办"),
        {"telegram": "=", "simulator": "=", "wecom_aibot": "=", "wecom_webhook": "128 在办"},
    ),
    (
        delivery(OutKind.PROBE, probe="rights"),
        {"telegram": "=", "simulator": "=", "wecom_aibot": "", "wecom_webhook": ""},
    ),
    (
        delivery(text="请看", mention=(("li", "李格长"),)),
        {"telegram": "=", "simulator": "=", "wecom_aibot": "@李格长 请看", "wecom_webhook": "="},
    ),
]


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("row", EACH, ids=[str(number) for number in range(len(EACH))])
def test_how_it_reads_on_each_channel(row: tuple[Delivery, dict[str, str]], channel: str) -> None:
    said, reads = row
    fitted = fit(said, CHANNELS[channel])
    if reads[channel] == "=":
        assert fitted is said
    else:
        assert (fitted.payload.text if fitted else "") == reads[channel]


def test_what_each_channel_says_of_itself() -> None:
    """The README's table in figures: who hears what, and how long a message may be."""
    said = {
        name: (can.hears, can.reads_group, can.starts_private, can.text_limit, can.text_unit)
        for name, can in CHANNELS.items()
    }
    assert said == {
        "telegram": (True, True, False, 4096, "utf16"),
        "simulator": (True, True, False, 4096, "utf16"),
        "wecom_aibot": (True, False, False, 20480, "bytes"),
        "wecom_webhook": (False, False, False, 2048, "bytes"),
    }
