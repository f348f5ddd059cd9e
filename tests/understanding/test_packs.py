"""Packs: layers, switching off, and errors that name file, line and field."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from gridbot.understanding import read, warm
from gridbot.understanding.check import check
from gridbot.understanding.evaluate import evaluate
from gridbot.understanding.intents import KeywordRule, PackError, Packs, default_folder, load_packs
from gridbot.understanding.places import Gazetteer
from gridbot.understanding.reading import Band

TAXONOMY = (
    "fire_lane parking drainage water power lighting heating gas elevator access security sanitation "
    "flyposting greenery illegal_building noise pollution pets dispute property ev_charging facility road "
    "vendor care civic"
)


def test_every_type_is_there(packs: Packs) -> None:
    assert set(packs.types) == set(TAXONOMY.split())


def test_a_type_says_who_and_how_soon(packs: Packs) -> None:
    gas = packs.types["gas"]
    assert gas.supply and "燃气公司" in gas.responsible.inside and gas.deadlines.finish.unit == "小时"
    assert packs.types["care"].private and packs.types["dispute"].private


def test_the_shipped_packs_are_in_order(packs: Packs) -> None:
    """No word twice or shadowed, every example read as it says, every trap silent."""
    assert check(packs) == []


def _folder(tmp_path: Path, **files: str) -> Path:
    for name, text in files.items():
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("text", "line", "field"),
    [
        ("id: lamp\nsure: [灯坏了\n", 3, ""),
        ("id: lamp\nsure: [灯坏了]\nsure: [灯灭了]\n", 3, "sure"),
        ("id: lamp\nsure:\n  - 灯坏了\n  - 5\n", 4, "sure.1"),
        ("id: lamp\ncolour: red\n", 2, "colour"),
        ("id: lamp\ndeadlines:\n  claim: soon\n", 3, "deadlines.claim"),
        ("id: lamp\ndeadlines:\n  finish: {amount: 2, unit: 天}\n", 3, "deadlines.finish.unit"),
        ("id: Lamp\n", 1, "id"),
        ("id: other\n", 1, "id"),
        ("[1, 2]\n", 1, ""),
    ],
)
def test_a_bad_pack_names_file_line_and_field(tmp_path: Path, text: str, line: int, field: str) -> None:
    with pytest.raises(PackError) as error:
        load_packs(_folder(tmp_path, lamp=text))
    assert error.value.file.endswith("lamp.yaml")
    assert error.value.line == line
    assert error.value.field == field


def test_a_pattern_without_bounds_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackError, match=r"cues.yaml:3.*unbounded"):
        load_packs(default_folder(), _folder(tmp_path, cues='odd:\n  patterns:\n    - "(a+)+b"\n'))


@pytest.mark.parametrize("text", ["[" * 50_000, "a: &a [1]\nb: *a\n"], ids=["without end", "an alias"])
def test_what_would_overrun_the_parser_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(PackError):
        load_packs(_folder(tmp_path, lamp=text))


def test_a_dialect_phrase_keeps_its_length(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="one length"):
        load_packs(default_folder(), _folder(tmp_path, dialect="phrases: {脚踏车: 单车}\n"))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("阿拉楼梯间只灯泡呒没亮", "lighting"),
        ("屋企嘅水喉一直漏水", "water"),
        ("屋头耗儿到处跑", "greenery"),
        ("信报箱的门锈烂了", "facility"),
        ("消防车道被面包车占据", "fire_lane"),
    ],
)
def test_one_family_of_words_for_many_towns(packs: Packs, nowhere: Gazetteer, text: str, kind: str) -> None:
    assert read(text, packs, nowhere).types[0] == kind


def test_warming_makes_what_the_first_message_needs(nowhere: Gazetteer) -> None:
    packs = load_packs()
    warm(packs)
    assert {"sound", "grammar"} <= set(packs.memo)


def test_missing_and_empty_folders(tmp_path: Path) -> None:
    with pytest.raises(PackError):
        load_packs(tmp_path / "nowhere")
    with pytest.raises(PackError):
        load_packs(tmp_path)


def test_a_community_adds_a_type_and_words_of_its_own(tmp_path: Path, nowhere: Gazetteer) -> None:
    layer = tmp_path / "ours.yaml"
    layer.write_text(
        "types:\n  - id: well\n    title: 水井\n    sure: [辘轳断了]\n"
        "  - id: lighting\n    sure: [灯打烊了]\n",
        encoding="utf-8",
    )
    packs = load_packs(default_folder(), layer)
    assert read("村口辘轳断了", packs, nowhere).types == ("well",)
    assert read("弄堂里的灯打烊了", packs, nowhere).types == ("lighting",)
    assert packs.types["lighting"].title == "照明"


def test_a_layer_and_a_command_switch_a_word_off(tmp_path: Path, nowhere: Gazetteer) -> None:
    base = _folder(tmp_path, lamp="id: lamp\ntitle: 灯\nsure: [灯瞎火]\n")
    assert read("灯瞎火", load_packs(base), nowhere).band is Band.OPEN
    off = load_packs(base, extra=[KeywordRule("lamp", "灯瞎火", "remove")])
    assert read("灯瞎火", off, nowhere).band is Band.SILENT
    back = load_packs(base, extra=[KeywordRule("lamp", "灯歇了")])
    assert read("灯歇了", back, nowhere).types == ("lamp",)


def test_dialect_characters_are_read_as_others(packs: Packs, nowhere: Gazetteer) -> None:
    assert read("楼道灯勿亮了", packs, nowhere).types == ("lighting",)


def test_a_keyword_for_an_unknown_type_is_refused() -> None:
    with pytest.raises(PackError):
        load_packs(extra=[KeywordRule("nothing", "词")])


def test_packs_compile_quickly(packs: Packs) -> None:
    assert len(packs.keywords) > 3000
    start = time.perf_counter()
    load_packs()
    assert time.perf_counter() - start < 60  # 0.2 s on an idle machine; the bench has the figure


def test_evaluation_counts(packs: Packs, nowhere: Gazetteer) -> None:
    rows = [
        {"text": "三号楼电梯坏了", "types": "elevator", "sure": "1"},
        {"text": "路灯不亮了", "types": "heating", "sure": "1"},
        {"text": "早上好", "types": "chat", "sure": "1"},
        {"text": "今天真冷", "types": "water", "sure": "0"},
    ]
    result = evaluate(rows, packs, nowhere)
    assert result.lines == 3
    assert result.bands["open"].precision == 1.0
    assert result.types["elevator"].f1 == 1.0
    assert result.confusions == {("heating", "lighting"): 1}
