"""Cutting: nothing lost, nothing too long, nothing cut through."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gridbot.channels._telegram.text import Mention, Part, cut, shorten, units, with_mentions

_signs = st.sampled_from(
    [
        "漏",
        "水",
        "a",
        " ",
        "\n",
        "\n\n",
        "。",
        "，",
        "😭",
        "e\u0301",
        "👨\u200d👩\u200d👧",
        "🇨🇳",
        "👍🏽",
        "❤\ufe0f",
        "3\ufe0f\u20e3",
    ]
)
_text = st.lists(_signs, max_size=60).map("".join) | st.text(max_size=80)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


@given(text=st.text())
def test_units_are_utf_16(text: str) -> None:
    assert units(text) == _units(text)


@given(text=_text, first=st.integers(20, 40), limit=st.integers(20, 60))
def test_parts_are_the_text_again_and_fit(text: str, first: int, limit: int) -> None:
    parts = cut(Part(text), first=first, limit=limit)
    assert "".join(part.text for part in parts) == text
    assert _units(parts[0].text) <= first
    assert all(0 < _units(part.text) <= limit for part in parts[1:])


@given(text=st.lists(_signs, max_size=60).map("".join))
def test_no_sign_is_cut_through(text: str) -> None:
    parts = [part.text for part in cut(Part(text), first=23, limit=22)]
    for before, after in pairwise(parts):
        assert unicodedata.category(after[0]) not in ("Mn", "Mc", "Me")
        assert after[0] != "\u200d" and before[-1] != "\u200d"
        assert after[0] != "🏽"
        flags = len(before) - len(before.rstrip("🇨🇳"))
        assert not (after[0] in "🇨🇳" and flags % 2)


_people = st.lists(
    st.tuples(st.integers(1, 10**12).map(str), st.text(min_size=1, max_size=12) | st.just("王😭阿姨")),
    max_size=4,
)


@given(people=_people, text=_text)
def test_mentions_stay_whole_and_name_whom_they_named(people: list[tuple[str, str]], text: str) -> None:
    whole = with_mentions(people, text)
    assert len(whole.mentions) == len(people)
    found = []
    for part in cut(whole, first=20, limit=20):
        data = part.text.encode("utf-16-le", "surrogatepass")
        for mention in part.mentions:
            words = data[mention.offset * 2 : (mention.offset + mention.length) * 2].decode("utf-16-le")
            assert words == mention.name
            found.append(mention.user)
    assert found == [int(user) for user, _ in people]


@given(text=_text, limit=st.integers(20, 60))
def test_a_card_is_one_message(text: str, limit: int) -> None:
    short = shorten(Part(text), limit).text
    assert _units(short) <= limit
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]))


def test_a_cut_is_made_where_a_reader_would_make_it() -> None:
    text = "第一段。" * 10 + "\n" + "第二段。" * 10
    assert [part.text[-1] for part in cut(Part(text), first=50, limit=50)] == ["\n", "。"]


def test_half_an_emoji_and_foreign_ids() -> None:
    whole = with_mentions([("wx_abc", "李格长"), ("7", "王\ud83d")], "看\udc00")
    assert whole.text == "李格长 王\ufffd 看\ufffd"
    assert whole.mentions == (Mention(7, "王\ufffd", 4, 2),), "an id of another platform rings nobody"
