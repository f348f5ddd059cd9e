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
    ("an estate of two characters and one", "春熙苑停水了", "春熙苑"),
    ("a side makes a site a place", "东围墙倒了一截", "东围墙"),
    ("what qualifies a site, and its side", "物业后面那个花坛臭了", "物业后面那个花坛"),
    ("slope", "坡坎下面堆满垃圾", "坡坎下面"),
    ("stairs beside a house", "6栋台阶碎了", "6栋台阶"),
    ("a thing with a tail", "变压器旁边有人烧纸", "变压器旁边"),
    ("a name by how it ends", "柳树坡那段路灯不亮", "柳树坡那段"),
    ("a name before a number", "丰泽园3栋没水", "丰泽园3栋"),
    ("any house before a long tail", "天主堂旁边施工到半夜", "天主堂旁边"),
    ("a clause that is nothing but a name", "候车亭玻璃碎了，和顺里站", "和顺里站"),
    ("which one from there", "减速带翘了 南门进来第二根", "南门进来第二根"),
    ("between two", "6栋和7栋之间的灯灭了", "6栋和7栋之间"),
    ("from here to there", "北门到5栋那段没灯", "北门到5栋那段"),
    ("along", "靠河那侧栏杆断了", "靠河那侧"),
    ("underground station", "地铁2号线出口堵满单车", "地铁2号线出口"),
    ("bus stop", "12路站牌歪了", "12路站牌"),
    ("parking lot", "5栋负一楼b12车位漏水", "5栋负一楼b12车位"),
    ("door by the heavenly stems", "13号楼乙门坏了", "13号楼乙门"),
    ("a street in spite of its characters", "育才路没有红绿灯", "育才路"),
    ("a number before a tail is no day", "28号前头窨井满了", "28号前头"),
    ("here is no part of a name", "5号楼那儿又黑了", "5号楼"),
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


@pytest.mark.parametrize(
    ("remark", "text", "wants"),
    [
        ("the tail takes the spot in", "11号楼楼顶边上坐着人", ["11号楼楼顶边上"]),
        ("a spot over 的 stays apart", "3号楼的单元门坏了", ["3号楼", "单元门"]),
        ("a clause of its own says where", "秋千链子断了，小游园", ["小游园"]),
        ("a likeness is no place", "一下雨地库入口就成游泳池", ["地库入口"]),
        ("where one goes", "西小门锁了，去菜市场要绕", ["西小门"]),
        ("a thing without a tail", "二号院路灯不亮", ["二号院"]),
        ("a landmark named with its owner", "小公园那个公厕没水", ["小公园那个公厕"]),
        ("a number after 对面 is another place", "2号楼对面5号楼没灯", ["2号楼对面", "5号楼"]),
        ("bus stops to go round by", "要绕两站路", []),
        ("somebody's shop", "我兄弟开店那条街", []),
        ("a committee asked for help", "麻烦社区登记一下", []),
        ("rows of stalls", "菜摊摆两排", []),
        ("goods", "买了好多东西", []),
    ],
)
def test_just_these_places(remark: str, text: str, wants: list[str]) -> None:
    assert [place.text for place in find_places(text, Gazetteer.empty())] == wants


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
