"""Whatever is typed: no exception, no long wait, and the map back to the text holds."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridbot.understanding import read
from gridbot.understanding.classify import classify_line
from gridbot.understanding.intents import load_packs
from gridbot.understanding.places import Gazetteer, find_places
from gridbot.understanding.replies import read_confirmation, read_reply
from gridbot.understanding.similar import same_report
from gridbot.understanding.text import clean

PACKS = load_packs()
NOWHERE = Gazetteer.empty()
#: Characters that rules care about, and those that break things.
ALPHABET = (
    "灯不亮坏了没电梯停水漏煤气味"
    "号楼栋单元弄院一二三十0123456789-，。 \n！?哈路口要是如果"
    "\u200b\u202e\ud800\U0001f621Ａ３樓壞abcXYZ[]()*+{}\\"
)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=ALPHABET, max_size=80) | st.text(max_size=60))
def test_never_raises(text: str) -> None:
    reading = read(text, PACKS, NOWHERE)
    for place in reading.places:
        assert place.text in text
    read_reply(text, PACKS)
    read_confirmation(text, PACKS)
    find_places(text, NOWHERE)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=ALPHABET, max_size=80) | st.text(max_size=60))
def test_the_map_back_to_the_text_holds(text: str) -> None:
    cleaned = clean(text)
    if cleaned.index is None:
        assert len(cleaned.norm) == len(text)
    else:
        assert len(cleaned.index) == len(cleaned.norm)
        assert list(cleaned.index) == sorted(cleaned.index)
        assert all(0 <= at < len(text) for at in cleaned.index)
    for start in range(len(cleaned.norm)):
        assert cleaned.written(start, start + 1) in text
    assert cleaned.written(0, len(cleaned.norm)) in text


LONG = [
    ("one fault ten thousand times", "灯不亮" * 20000),
    ("no end of digits", "1" * 10000 + "号楼停水"),
    ("chinese digits", "一二三" * 10000 + "号"),
    ("dashes", "1-" * 20000),
    ("roads", "路" * 30000),
    ("estates", "小区花园" * 10000),
    ("hypotheticals", "要是如果" * 10000 + "电梯坏了"),
    ("apart", "电 梯 " * 10000),
    ("brackets", "((((" * 10000),
    ("emoji", "😡" * 20000),
    ("traditional", "樓道燈壞了" * 8000),
    ("one clause without end", "电梯和灯和门" * 8000),
    ("right to left", "\u202e" * 30000 + "停电了"),
]


@pytest.mark.parametrize(("remark", "text"), LONG, ids=[row[0] for row in LONG])
def test_sixty_kilobytes_take_no_time_to_speak_of(remark: str, text: str) -> None:
    start = time.perf_counter()
    read(text, PACKS, NOWHERE)
    read_reply(text, PACKS)
    assert time.perf_counter() - start < 60  # a rule that is more than linear would take hours


def test_twice_the_text_takes_about_twice_the_time() -> None:
    def once(text: str) -> float:
        start = time.process_time()
        read(text, PACKS, NOWHERE)
        return time.process_time() - start

    def cost(times: int) -> float:
        return min(once("五号楼电梯坏了，要是再不修我就投诉。" * times) for _ in range(3))

    assert cost(6400) < 10 * max(cost(1600), 0.01)  # four times the text: by squares it were 16


@pytest.mark.parametrize(
    "text", ["停电了\ud83d", "停\u200b电\u200b了", "\u202e停电了", "停电了\x00\x01", "ＡＢＣ停电了"]
)
def test_dirt_does_not_hide_a_report(text: str) -> None:
    assert read(text, PACKS, NOWHERE).types == ("power",)


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import sys, gridbot.understanding; sys.exit('jieba' in sys.modules or 'yaml' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_classify_line_has_the_agreed_form() -> None:
    line = classify_line({"id": "7", "text": "二号院路灯不亮", "as": "resident"}, PACKS, NOWHERE)
    assert line == {
        "id": "7",
        "kind": "report",
        "band": "open",
        "types": ["lighting"],
        "urgent": False,
        "private": False,
        "places": ["二号院"],
        "action": None,
        "because": line["because"],
    }
    assert classify_line({"id": 1, "text": "收到", "as": "leader"}, PACKS, NOWHERE)["action"] == "accept"


def test_likeness_of_two_reports() -> None:
    assert same_report("五号楼电梯坏了", "5号楼的电梯又坏了") > 0.8
    assert same_report("五号楼电梯坏了", "二号院下水道堵了") < 0.5
    assert same_report("", "电梯坏了") == 0.0
