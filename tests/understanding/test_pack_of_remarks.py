"""intents/remarks.yaml is a pack like the others: strict, layered, checked."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gridbot.desk import remarks
from gridbot.desk.remarks import Remark
from gridbot.understanding.check import check
from gridbot.understanding.intents import PackError, default_folder, load_packs


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(default_folder(), tmp_path / "intents"))


def write(folder: Path, text: str) -> None:
    (folder / "remarks.yaml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "line", "field", "remark"),
    [
        ("groups:\n  joke: {words: 3}\n", 2, "groups.joke.words", "no list"),
        ("groups:\n  joke:\n    patterns: ['哈+']\n", 3, "groups.joke.patterns.0", "no bound"),
        ("groups:\n  joke:\n    patterns: ['(哈']\n", 3, "groups.joke.patterns.0", "no pattern"),
        ("counts:\n  too: {alone: -1}\n", 2, "counts.too.alone", "no time"),
        ("counts:\n  joke: {alone: 1}\n", 2, "counts.joke", "a joke never counts"),
        ("jokes: []\n", 1, "jokes", "no such list"),
    ],
)
def test_a_mistake_has_its_line(folder: Path, text: str, line: int, field: str, remark: str) -> None:
    write(folder, text)
    with pytest.raises(PackError) as caught:
        load_packs(folder)
    assert (caught.value.line, Path(caught.value.file).name) == (line, "remarks.yaml"), remark
    assert caught.value.field.startswith(field), remark


def test_a_type_nobody_knows_is_refused(folder: Path) -> None:
    write(folder, "obstacles: [elefant]\n")
    with pytest.raises(PackError, match="elefant"):
        load_packs(folder)


def test_a_group_that_is_not_there_is_a_problem(folder: Path) -> None:
    write(folder, "groups:\n  back: {patterns: ['^(?:{is_back}){1,4}$']}\n")
    assert ["is_back" in one.what for one in check(load_packs(folder)) if one.where == "remarks"] == [True]


def test_a_community_adds_its_own_words(folder: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("remarks: {too: [伲屋里统通介额]}\n", encoding="utf-8")
    shipped, town = load_packs(folder), load_packs(folder, own)
    assert remarks.of(shipped).remark("伲屋里统通介额", ("water",)) is Remark.NONE
    assert remarks.of(town).remark("伲屋里统通介额", ("water",)) is Remark.TOO
    assert remarks.of(town).says("joke", "哈哈")  # the shipped words stay


def test_without_the_file_nothing_is_a_remark(folder: Path) -> None:
    (folder / "remarks.yaml").unlink()
    assert remarks.of(load_packs(folder)).remark("我家也是", ("water",)) is Remark.NONE
