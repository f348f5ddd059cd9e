"""Place expressions: grammar, digits, the directory's names, and never 1栋 in 11栋."""

from __future__ import annotations

import pytest

from gridbot.understanding.places import Gazetteer, GazetteerRow, find_places, place_key
from gridbot.understanding.reading import Side

KEYS = [
    ("二号院", "2号院", True),
    ("十一栋", "11栋", True),
    ("十一栋", "一栋", False),
    ("5号楼", "五栋", True),
    ("5幢", "5座", True),
    ("三单元302室", "3单元302", True),
    ("四百三十弄", "430弄", True),
    ("２号院", "2号院", True),
    ("十号楼", "一号楼", False),
    ("廿三号", "23号", True),
]


@pytest.mark.parametrize(("one", "other", "same"), KEYS)
def test_two_spellings_of_one_place(one: str, other: str, same: bool) -> None:
    assert (place_key(one) == place_key(other)) is same


FOUND = [
    ("lane and number", "430弄5号门口堵了", "430弄5号门口"),
    ("branch lane", "5支弄沐春园廊架坏了", "5支弄"),
    ("yard in Chinese digits", "勤劳街二号院没灯", "勤劳街二号院"),
    ("road and yard", "大学北路51号院下水堵了", "大学北路51号院"),
    ("building and unit", "3号楼2单元门坏了", "3号楼2单元"),
    ("building, unit, room", "六号楼3单元402漏水", "六号楼3单元402"),
    ("dashes", "9-2-301暖气不热", "9-2-301"),
    ("crossroad", "水电路口绿化没人剪", "水电路口"),
    ("two streets", "解放街和和平路路口红绿灯坏了", "解放街和和平路路口"),
    ("gate", "西门道闸坏了", "西门"),
    ("basement", "地库出口积水", "地库出口"),
    ("where from there", "27号楼下停满车", "27号楼下"),
    ("floor alone", "灯不亮 六楼", "六楼"),
    ("landmark", "小花园滑梯断了", "小花园滑梯"),
    ("estate", "馨泰花园停水了", "馨泰花园"),
]


@pytest.mark.parametrize(("remark", "text", "want"), FOUND, ids=[row[0] for row in FOUND])
def test_finds_the_place_as_written(remark: str, text: str, want: str) -> None:
    texts = [place.text for place in find_places(text, Gazetteer.empty())]
    assert any(want.startswith(text) or text.startswith(want) for text in texts), texts


@pytest.mark.parametrize(
    "text", ["19号前交费", "地铁3号线故障", "楼主好人", "一号码都打不通", "发了3个月工资"]
)
def test_not_a_place(text: str) -> None:
    assert find_places(text, Gazetteer.empty()) == ()


ROWS = [
    GazetteerRow(1, "1号楼", side=Side.INSIDE),
    GazetteerRow(2, "11号楼"),
    GazetteerRow(3, "51号院", aliases=("烟厂院",)),
    GazetteerRow(4, "小广场"),
    GazetteerRow(5, "3号楼"),
    GazetteerRow(6, "3号楼"),
    GazetteerRow(7, "水电路"),
]


def test_the_directory_gives_the_node() -> None:
    places = find_places("十一号楼电梯坏了", Gazetteer.of(ROWS))
    assert [place.node for place in places] == [2]


def test_an_alias_is_the_same_node() -> None:
    assert find_places("烟厂院门口堵了", Gazetteer.of(ROWS))[0].node == 3


def test_a_name_of_two_nodes_is_a_choice_unless_the_group_decides() -> None:
    assert find_places("3号楼没水", Gazetteer.of(ROWS))[0].choices == (5, 6)
    assert find_places("3号楼没水", Gazetteer.of(ROWS), 6)[0].node == 6


def test_a_crossroad_is_outside_the_wall() -> None:
    assert find_places("水电路口有个大坑", Gazetteer.empty())[0].side is Side.OUTSIDE


def test_the_written_form_survives_width_and_zero_width() -> None:
    assert find_places("３号\u200b楼停水", Gazetteer.empty())[0].text == "３号\u200b楼"
