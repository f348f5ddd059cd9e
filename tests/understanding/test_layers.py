"""Layers: shipped < the community's own file < keywords by command; each word with where it came from."""

from __future__ import annotations

from pathlib import Path

import pytest

from gridbot.understanding import read
from gridbot.understanding.effective import (
    COMMAND,
    SHIPPED,
    TypeView,
    community_file,
    effective,
    layers_of,
    own_files,
)
from gridbot.understanding.intents import KeywordRule, PackError, load_packs
from gridbot.understanding.layers import mistakes
from gridbot.understanding.places import Gazetteer
from gridbot.understanding.reading import Band

LAMP = "id: lamp\ntitle: 灯\nsure: [灯瞎火, 灯歇菜]\npairs: [{things: [院灯], faults: [憋了]}]\n"
OURS = (
    "types:\n"
    "  - id: lamp\n    sure: [灯打烊]\n    off: [灯歇菜]\n"
    "    pairs: [{things: [门头灯], faults: [睡着]}]\n"
    "  - id: well\n    title: 水井\n    sure: [辘轳断]\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    packs = tmp_path / "intents"
    (packs / "communities").mkdir(parents=True)
    (packs / "lamp.yaml").write_text(LAMP, encoding="utf-8")
    (packs / "communities" / "青秀佳苑社区.yaml").write_text(OURS, encoding="utf-8")
    return packs


def words(view: TypeView, layer: str) -> list[str]:
    return [word for one in view.lists if one.layer == layer for word in one.words]


def test_each_word_has_its_layer(folder: Path) -> None:
    layers = layers_of(folder, "青秀佳苑社区")
    lamp, well = effective(layers, [KeywordRule("lamp", "灯眯着"), KeywordRule("lamp", "灯瞎火", "remove")])
    own = "青秀佳苑社区.yaml"
    assert words(lamp, SHIPPED) == ["院灯", "憋了"]  # both its sure words are switched off
    assert words(lamp, own) == ["灯打烊", "门头灯", "睡着"]
    assert words(lamp, COMMAND) == ["灯眯着"]
    assert [(one.layer, one.words) for one in lamp.off] == [(own, ("灯歇菜",)), (COMMAND, ("灯瞎火",))]
    assert (well.title, words(well, own)) == ("水井", ["辘轳断"])


def test_what_is_printed_is_what_is_read(folder: Path) -> None:
    layers = layers_of(folder, "青秀佳苑社区")
    rules = [KeywordRule("lamp", "灯瞎火", "remove")]
    packs, nowhere = load_packs(*layers, extra=rules), Gazetteer.empty()
    (lamp,) = effective(layers, rules, "灯")
    for one in [*lamp.lists, *lamp.off]:
        if one.list in ("sure", "off"):
            for word in one.words:
                heard = read(word, packs, nowhere).band is not Band.SILENT
                assert heard == (one.list == "sure"), word


def test_a_command_switches_on_again_what_a_layer_switched_off(folder: Path) -> None:
    layers = layers_of(folder, "青秀佳苑社区")
    (lamp,) = effective(layers, [KeywordRule("lamp", "灯歇菜")], "lamp")
    assert lamp.off == [] and words(lamp, COMMAND) == ["灯歇菜"]


@pytest.mark.parametrize(
    ("name", "there", "remark"),
    [
        ("青秀佳苑社区", True, "its own"),
        ("别的社区", False, "has none"),
        ("../青秀佳苑社区", False, "a name is no path"),
        ("", False, "no name"),
        (".", False, "nor this"),
    ],
)
def test_whose_file_it_is(folder: Path, name: str, there: bool, remark: str) -> None:
    assert (community_file(folder, name) is not None) == there, remark
    assert len(layers_of(folder, name)) == (2 if there else 1), remark


def test_a_disabled_type_says_by_whom(folder: Path) -> None:
    file = folder / "communities" / "青秀佳苑社区.yaml"
    file.write_text("types: [{id: lamp, disabled: true}]\n", encoding="utf-8")
    (lamp,) = effective(layers_of(folder, "青秀佳苑社区"))
    assert lamp.disabled == "青秀佳苑社区.yaml"


def test_a_keyword_of_no_type_is_an_error(folder: Path) -> None:
    with pytest.raises(PackError):
        effective([folder], [KeywordRule("nothing", "词")])


def test_every_file_tells_its_mistake(folder: Path) -> None:
    (folder / "lamp.yaml").write_text("id: lamp\ncolour: red\n", encoding="utf-8")
    (folder / "communities" / "b.yaml").write_text("types:\n  - id: lamp\n    sure: 5\n", encoding="utf-8")
    found = mistakes([folder, *own_files(folder)])
    assert [(Path(one.file).name, one.line, one.field) for one in found] == [
        ("lamp.yaml", 2, "colour"),
        ("b.yaml", 3, "types.0.sure"),
    ]
