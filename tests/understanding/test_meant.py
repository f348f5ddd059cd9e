"""The tone beside what was found: what it holds back, what it lets be heard, and what it never touches."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from gridbot.understanding import read
from gridbot.understanding.evaluate import evaluate
from gridbot.understanding.intents import default_folder, load_packs
from gridbot.understanding.leanings import Leanings
from gridbot.understanding.meant import hold_back
from gridbot.understanding.places import Gazetteer
from gridbot.understanding.reading import Band, Issue
from gridbot.understanding.weigh import Support, Weighed
from gridbot.understanding.yamlfile import PackError

PACKS = load_packs()
NOWHERE = Gazetteer.empty()
OPEN, ASK, SILENT = Band.OPEN, Band.ASK, Band.SILENT


def found(
    band: Band = OPEN, score: float = 1, danger: str = "", rest: int = 12, kind: str = "lighting"
) -> Weighed:
    return Weighed((Issue(kind, score, ("路灯+不亮",)),), danger, band, (), firm=score >= 1, rest=rest)


def beside(tone: float, *, placed: bool = False, somewhere: bool = False, photo: bool = False) -> Support:
    return Support(0.3, placed, placed or somewhere, photo, 20, tone, "一句话")


HELD = [
    ("a tone of trouble changes nothing", found(), beside(2), OPEN),
    ("neither of the two: asked", found(), beside(-1), ASK),
    ("talk: nothing is said", found(), beside(-6), SILENT),
    ("a weak place bears a little more doubt", found(), beside(-0.2, somewhere=True), OPEN),
    ("a full place bears more", found(), beside(-1, placed=True), OPEN),
    ("but not everything", found(), beside(-2, placed=True), ASK),
    ("only named, in a tone of talk", found(ASK, 0.7), beside(-0.6), SILENT),
    ("only named, yet it sounds like trouble", found(ASK, 0.7), beside(0.5), ASK),
    ("who says little else is not judged by tone", found(rest=2), beside(-9), OPEN),
    ("a photo speaks for itself", found(), beside(-9, photo=True), OPEN),
    ("danger with a place is never held back", found(danger="gas"), beside(-9, somewhere=True), OPEN),
    ("danger in the middle of talk is asked about", found(danger="fire"), beside(-4), ASK),
    ("demands for others are not this community's", found(kind="civic"), beside(-9), OPEN),
]


@pytest.mark.parametrize(
    ("what", "beside_it", "band"), [row[1:] for row in HELD], ids=[row[0] for row in HELD]
)
def test_what_the_tone_holds_back(what: Weighed, beside_it: Support, band: Band) -> None:
    assert hold_back(what, PACKS, beside_it).band is band


SAID = [
    ("a plain report without a word more", "我们楼下的下水道堵了", OPEN, "drainage"),
    ("a failing supply in three characters", "停电了", OPEN, "power"),
    ("laughing, and in earnest", "哈哈又停在三楼不动了，电梯天天坏没人管，5号楼", OPEN, "elevator"),
    ("thanks beforehand", "楼道里垃圾堆了一个礼拜没人收，谢谢师傅来清一清", OPEN, "sanitation"),
]


@pytest.mark.parametrize(("text", "band", "kind"), [row[1:] for row in SAID], ids=[row[0] for row in SAID])
def test_what_is_heard(text: str, band: Band, kind: str) -> None:
    reading = read(text, PACKS, NOWHERE)
    assert (reading.band, reading.types[0]) == (band, kind), reading


QUIET = [
    ("a remedy", "马桶不爱下水的话倒点小苏打再倒白醋，过一夜就通"),
    ("an advertisement in any tone", "专业疏通下水道，堵了找我，随叫随到，50起"),
    ("a thing merely there", "充电桩那边晒太阳的小狸花又胖了"),
    ("a figure of speech", "我这记性跟楼道灯一样，拍一下亮一下"),
]


@pytest.mark.parametrize("text", [row[1] for row in QUIET], ids=[row[0] for row in QUIET])
def test_what_stays_quiet(text: str) -> None:
    assert read(text, PACKS, NOWHERE).band is SILENT


def test_why_is_told() -> None:
    reading = read("哈哈又停在三楼不动了，电梯天天坏没人管，5号楼", PACKS, NOWHERE)
    assert any("电梯" in why for why in reading.because)


def test_a_town_weighs_scraps_of_its_own(tmp_path: Path) -> None:
    text = "楼道灯有点暗的样子呢大家觉得"
    own = tmp_path / "own.yaml"
    own.write_text(
        'tone: {scraps: {"+9": [呢大]}}\nleanings: {lighting: {scraps: {"+9": [点暗]}}}\n', encoding="utf-8"
    )
    ours = load_packs(default_folder(), own)
    assert ours.tone.of(text) == pytest.approx(PACKS.tone.of(text) + 9)
    shipped, grown = (one.leanings.of(text, ["lighting"])["lighting"] for one in (PACKS, ours))
    assert grown == pytest.approx(shipped + 9)


@pytest.mark.parametrize(
    ("written", "told"),
    [('tone: {scraps: {"viel": [呢]}}', "viel"), ('leanings: {kein: {scraps: {"+1": [呢]}}}', "kein")],
    ids=["no weight", "no type"],
)
def test_a_mistake_names_the_value(tmp_path: Path, written: str, told: str) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(written + "\n", encoding="utf-8")
    with pytest.raises(PackError, match=told):
        load_packs(default_folder(), own)


def test_leanings_choose_among_what_was_found() -> None:
    leanings = Leanings({"lighting": (0, {"灯": 2.0, "亮": 0.5}), "power": (1, {"灯": -1.0, "电": 3.0})})
    assert leanings.of("灯没电", ["lighting", "power"]) == {"lighting": 2.0, "power": 3.0}
    assert leanings.of("灯没电", ["lighting", "noise"]) == {"lighting": 2.0}
    assert leanings.reasons("灯亮", "lighting") == ("灯", "亮")


SAMPLES = sorted((Path(__file__).parents[1] / "samples").glob("*.tsv"))


@pytest.mark.parametrize("file", SAMPLES, ids=lambda file: file.stem)
def test_the_samples_are_read(file: Path) -> None:
    """The lines that the lists were learnt from: what was understood once stays so."""
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    evaluation = evaluate(rows, PACKS, NOWHERE)
    heard = evaluation.bands["open or ask"]
    assert heard.recall is not None and heard.recall >= 0.85
    assert evaluation.chat_asked <= 0.12 * evaluation.chats
