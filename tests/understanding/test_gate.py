"""The gate lets chat go early: never what the whole reading would open or ask about."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridbot.understanding import read
from gridbot.understanding.gate import PLACE_HINT, Look
from gridbot.understanding.intents import load_packs
from gridbot.understanding.needles import needles
from gridbot.understanding.places import Gazetteer, GazetteerRow
from gridbot.understanding.reader import read_fully
from gridbot.understanding.reading import Band
from gridbot.understanding.text import changing, clean, typed_apart

PACKS = load_packs()
NOWHERE = Gazetteer.empty()
TOWN = Gazetteer.of(GazetteerRow(number, name) for number, name in enumerate(["3号楼", "小广场", "青秀佳苑"]))
WORDS = sorted(keyword.word for keyword in PACKS.keywords)
TOPICS = sorted(one.word for one in PACKS.keywords if any(rule.topic for rule, _ in one.alone))
PLACES = sorted({*PACKS.places.estates, *PACKS.places.landmarks, *PACKS.places.weak, *PACKS.places.shops})
FILL = (
    *(
        "",
        "",
        "，",
        " ",
        "的",
        "了",
        "又",
        "不",
        "没",
        "我家",
        "电 梯 坏 了",
        "！！",
        "?",
        "😡",
        "ＡＢ",
        "壞",
        "味儿",
    ),
    *("3号楼", "b1", "12#302", "1204", "东三期", "小广场", "金域", "青秀佳苑", "麻烦", "求", "天天", "今早"),
)
#: Sentences of the packs' own words, nouns and places among them: so that a gate that leaks is found.
SAID = st.lists(
    st.sampled_from(WORDS) | st.sampled_from(TOPICS) | st.sampled_from(PLACES) | st.sampled_from(FILL),
    min_size=1,
    max_size=6,
).map("".join)
ANYTHING = st.text(max_size=40) | st.text(alphabet=sorted(set("".join(WORDS))), max_size=30)


def _ungated(text: str) -> Look:
    """The slow way: cleaned, folded, and let in."""
    cleaned = clean(text)
    return PACKS.gate.of(text, PACKS.dialect.fold(cleaned.norm), cleaned.index)


@settings(max_examples=1200, deadline=None)
@given(SAID | ANYTHING, st.sampled_from([NOWHERE, TOWN]), st.booleans())
def test_nothing_that_opens_or_asks_is_let_go(text: str, gazetteer: Gazetteer, photo: bool) -> None:
    whole = read_fully(_ungated(text), PACKS, gazetteer, photo=photo)
    gated = read(text, PACKS, gazetteer, photo=photo)
    if whole.band is Band.OPEN:
        assert gated == whole
    elif whole.band is Band.ASK:
        assert gated.band is not Band.SILENT


@settings(max_examples=600, deadline=None)
@given(SAID | ANYTHING)
def test_the_short_way_sees_what_the_slow_way_sees(text: str) -> None:
    short, slow = PACKS.gate.look(text), _ungated(text)
    assert (short.norm, short.hits, short.can) == (slow.norm, slow.hits, slow.can)
    assert short.text.written(0, len(short.norm)) == slow.text.written(0, len(slow.norm))


@pytest.mark.parametrize(
    ("text", "remark"),
    [
        ("金域国际砂石场 又", "a name that no hint of places knows, and a noun"),
        ("小广场砂石场 又", "a name only the directory knows"),
        ("车位,地库b1", "a floor of the garage"),
    ],
)
def test_a_noun_at_a_place_that_does_not_look_like_one(text: str, remark: str) -> None:
    assert not PACKS.gate.passes(PACKS.gate.look(text))
    assert read(text, PACKS, TOWN).band is not Band.SILENT


def test_where_a_threshold_is_low_a_bare_noun_is_heard(tmp_path: Path) -> None:
    for ask, band in ((0.4, Band.ASK), (0.65, Band.SILENT)):
        (tmp_path / "quarry.yaml").write_text(
            f"id: quarry\ntopics: [砂石场]\nthresholds: {{ask: {ask}}}\n", encoding="utf-8"
        )
        assert read("砂石场", load_packs(tmp_path), NOWHERE).band is band


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("停电算(?:什么|啥)", {"停电算什么", "停电算啥"}),
        ("我在.{1,8}(?:这边|出差)", {"我在"}),  # of two as long the one with fewer words
        ("(?:那事|那件事).{0,5}呢", {"那事", "那件事"}),
        ("真的?坏", {"真坏", "真的坏"}),
        ("(?<!没)有[一二]", {"有一", "有二"}),
        ("[a-c]?好{2}", {"好好", "a好好", "b好好", "c好好"}),
        (r"\d{1,3}|一点", set()),  # nothing is known of the first: always tried
        ("[^水]{1,3}", set()),
    ],
)
def test_words_a_pattern_cannot_do_without(pattern: str, words: set[str]) -> None:
    assert needles(re.compile(pattern)) == words


@settings(max_examples=300, deadline=None)
@given(SAID | ANYTHING)
def test_where_no_such_word_stands_the_pattern_does_not_match(text: str) -> None:
    for pattern in (PLACE_HINT, *(pattern for _, pattern, _ in PACKS.patterns)):
        words = needles(pattern)
        if words and not any(word in text for word in words):
            assert pattern.search(text) is None


@settings(max_examples=300, deadline=None)
@given(SAID | ANYTHING)
def test_what_holds_no_changing_character_is_clean(text: str) -> None:
    if changing("勿").search(text) is None and not typed_apart(text):
        assert clean(text).norm == text
