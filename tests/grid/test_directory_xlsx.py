"""The workbook: lists as people keep them, mistakes by row, nothing that becomes a formula."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from gridbot.almanac import Rule
from gridbot.grid import cells
from gridbot.grid.directory import Directory, DirectoryError, Grid, Item, Person, Place, Unit
from gridbot.grid.directory_files import read_directory, write_directory
from gridbot.grid.directory_xlsx import read_xlsx, write_xlsx
from tests.grid.given import SAMPLES, small

Sheets = Mapping[str, list[list[Any]]]
ABOUT = [["社区", "甲社区"]]


def book(sheets: Sheets, merge: Mapping[str, list[str]] | None = None) -> BytesIO:
    made = Workbook()
    made.remove(made.active)  # type: ignore[arg-type]
    for title, rows in sheets.items():
        sheet = made.create_sheet(title)
        for row in rows:
            sheet.append(row)
        for block in (merge or {}).get(title, ()):
            sheet.merge_cells(block)
    file = BytesIO()
    made.save(file)
    file.seek(0)
    return file


def grids(rows: list[list[Any]], merge: list[str] | None = None, **more: list[list[Any]]) -> Directory:
    return read_xlsx(book({"说明": ABOUT, "网格": rows, **more}, {"网格": merge or []}))


def wrong(rows: list[list[Any]], **more: list[list[Any]]) -> tuple[str, ...]:
    with pytest.raises(DirectoryError) as caught:
        grids(rows, **more)
    return caught.value.problems


def paths(found: Directory) -> list[tuple[str, str, list[str], list[str]]]:
    return [
        (path, grid.level, [place.name for place in grid.places], [one.name for one in grid.leaders])
        for path, grid in found.walk()
    ]


def test_merged_cells_blank_rows_full_width_digits_floats() -> None:
    """刘书记's list: a title over the table, one column per level, cells merged downwards."""
    rows = [
        ["桃源社区网格化管理名单", None, None, None, None, None],
        ["三级网格", "微 网格", "楼号(必填)", "网格长", "联系电话", "telegram"],
        ["第一网格", None, "无", "温 主任", 13800000001.0, None],
        [None, "１号院", "1号楼", " 苏某 ", 13800000002, 2001.0],
        [None, None, "２号楼 ", None, None, None],
        [None, None, None, None, None, None],
        [None, "2号院", "3号楼", "陶某", "138-0000-0003", None],
        ["第二网格", "3号院", "4号楼、5号楼", "路某", None, None],
        [None, None, None, "江某", None, None],
    ]
    found = grids(rows, ["A3:A7", "B4:B5", "D4:D5", "E4:E5", "F4:F5", "A1:F1", "B8:B9", "C8:C9"])
    assert paths(found) == [
        ("第一网格", "三级网格", [], ["温 主任"]),
        ("第一网格/1号院", "微网格", ["1号楼", "2号楼"], ["苏某"]),
        ("第一网格/2号院", "微网格", ["3号楼"], ["陶某"]),
        ("第二网格", "三级网格", [], []),
        ("第二网格/3号院", "微网格", ["4号楼", "5号楼"], ["路某", "江某"]),
    ]
    assert found.grids[0].leaders[0].phone == "13800000001"
    assert found.grids[0].children[0].leaders == (Person("苏某", "13800000002", (("telegram", "2001"),)),)
    assert found.grids[0].children[1].leaders[0].phone == "13800000003"


def test_the_same_without_merging() -> None:
    """Cells left blank under the first mean the same."""
    rows = [
        ["三级网格", "微网格", "楼号", "网格长"],
        ["第一网格", "1号院", "1号楼", "苏某"],
        [None, None, "2号楼", None],
        [None, "2号院", "3号楼", "陶某"],
        ["第二网格", "1号院", "4号楼", "路某"],
    ]
    assert [row[:3:2] for row in paths(grids(rows))] == [
        ("第一网格", []),
        ("第一网格/1号院", ["1号楼", "2号楼"]),
        ("第一网格/2号院", ["3号楼"]),
        ("第二网格", []),
        ("第二网格/1号院", ["4号楼"]),
    ]


def test_with_a_column_for_the_grid_above() -> None:
    rows = [
        ["所属网格", "网格名称", "级别", "地点", "别名", "内外", "负责人", "手机", "副网格长", "无物业"],
        [
            "甲院",
            "一网格",
            "三级网格",
            "1号楼",
            "西楼、老楼",
            "墙内",
            "李某(电话:1;telegram:2001)、王某",
            None,
            "孙某",
            None,
        ],
        [None, None, None, "广场(东)", None, None, None, None, None, None],
        ["甲院", "二网格", "三级网格", "51号院", None, None, None, None, None, "是"],
        [None, "甲院", "二级网格", None, None, None, "周某", 139.0, None, None],
    ]
    found = grids(rows)
    (top,) = found.grids
    one, two = top.children
    assert top.leaders == (Person("周某", "139"),)
    assert one.places == (Place("1号楼", ("西楼", "老楼"), "", "inside"), Place("广场(东)"))
    assert one.leaders == (Person("李某", "1", (("telegram", "2001"),)), Person("王某"))
    assert one.deputies == (Person("孙某"),) and two.unmanaged


def test_other_sheets() -> None:
    found = grids(
        [["网格", "楼号"], ["一网格", "1号楼"]],
        群=[["群名", "网格", "用途", "telegram"], ["居民群", "一网格", "居民", -1001234567890.0]],
        单位=[["单位名称", "事项", "内外", "电话"], ["物业", "lighting、access", "院内", 12345]],
        便民日=[
            ["名称", "日期", "开始时间", "结束", "项目", "负责人"],
            ["三九", "9、19、29日", time(9), 0.5, "义诊、磨刀(带:刀包好)", "李某"],
            ["理发", "每月第二个周六", "10:00", "11:00", None, None],
            ["讲座", datetime(2026, 12, 9), None, None, None, None],
        ],
        管理员=[["姓名", "手机", "telegram"], ["刘某", 1380.0, 9001]],
    )
    assert found.groups[0].accounts == (("telegram", "-1001234567890"),)
    assert found.units == (Unit("物业", ("lighting", "access"), "inside", "12345"),)
    nines, hair, talk = found.service_days
    assert (nines.rule, nines.starts, nines.ends) == (Rule(days=(9, 19, 29)), "09:00", "12:00")
    assert nines.items == (Item("义诊"), Item("磨刀", "刀包好"))
    assert hair.rule == Rule(weekday=6, nth=2)
    assert talk.rule.as_data() == {"date": "2026-12-09"}
    assert found.admins == (Person("刘某", "1380", (("telegram", "9001"),)),)


def test_one_sheet_of_any_name_is_the_grids() -> None:
    file = book({"Sheet1": [["网格", "楼号", "备注"], ["一网格", "1号楼", "好"]]})
    found = read_xlsx(file, community="甲社区")
    assert found.community == "甲社区" and found.grids == (Grid("一网格", places=(Place("1号楼"),)),)
    assert "「Sheet1」这几列不认识,没有读:备注" in found.warnings


HEAD = ["上级", "网格", "层级", "楼号", "网格长", "telegram"]
ROWS = (
    (
        "no building in row 7",
        [HEAD, [], [], [], [], [None, "一网格", None, "1号楼"], [None, "二网格", None, None]],
        "「网格」第7行:楼号空着(没有就写「无」)",
    ),
    ("one of several rows", [HEAD, [None, "一", None, "1号楼"], [None, "一", None, None]], "第3行:楼号空着"),
    ("no name", [HEAD, [None, None, None, "1号楼"]], "第2行:网格空着"),
    ("nothing above", [HEAD, ["甲", "一", None, "1号楼"]], "第2行:上级「甲」不在名单里"),
    ("its own parent", [HEAD, ["一", "一", None, "1号楼"]], "第2行:网格的上级绕成了圈:一 → 一"),
    (
        "a cycle",
        [
            HEAD,
            ["丙", "甲", None, "1"],
            ["甲", "乙", None, "2"],
            ["乙", "丙", None, "3"],
            [None, "丁", None, "4"],
        ],
        "第2行:网格的上级绕成了圈:甲 → 丙 → 乙 → 甲",
    ),
    (
        "two could be meant",
        [
            HEAD,
            [None, "甲", None, None],
            [None, "乙", None, None],
            ["甲", "一", None, None],
            ["乙", "一", None, None],
            ["一", "楼", None, "1号楼"],
        ],
        "第6行:上级「一」有2个,请写全,比如 甲/一",
    ),
    (
        "two levels",
        [HEAD, [None, "一", "三级", "1号楼"], [None, "一", "四级", "2号楼"]],
        "第3行:「一」前面写的是三级,这里写的是四级",
    ),
    (
        "same building twice",
        [HEAD, [None, "一", None, "1号楼"], [None, None, None, "１号楼"]],
        "楼号「1号楼」写了两次,「网格」第2行已经有了",
    ),
    ("account", [HEAD, [None, "一", None, "1号楼", "李某", "@li"]], "第2行:telegram:要是数字,写的是「@li」"),
    (
        "leader bound twice",
        [HEAD, [None, "一", None, "1", "李某", 2001], [None, "二", None, "2", "李某", 2002]],
        "第3行:李某的 telegram 号写的是 2002,「网格」第2行写的是 2001",
    ),
    ("no header", [["一网格", "1号楼"]], "「网格」里找不到表头"),
    ("a broken formula", [HEAD, [None, "一", None, "#REF!"]], "第2行:楼号里是 #REF!"),
)


@pytest.mark.parametrize(("remark", "rows", "part"), ROWS, ids=[row[0] for row in ROWS])
def test_mistakes_name_their_row(remark: str, rows: list[list[Any]], part: str) -> None:
    assert any(part in problem for problem in wrong(rows)), wrong(rows)


def test_whole_path_tells_two_of_one_name_apart() -> None:
    rows = [
        HEAD,
        [None, "甲", None, None],
        [None, "乙", None, None],
        ["甲", "一", None, "无"],
        ["乙", "一", None, None],
        ["乙/一", "楼", None, "1号楼"],
    ]
    assert "乙/一/楼" in dict(grids(rows).walk())


def test_counts_are_looked_at_here_too() -> None:
    about = [["社区", "甲社区"], ["应有:三级网格", 9.0], ["电话", None], ["社区电话", "000-1"]]
    file = book({"说明": about, "网格": [["网格", "层级", "楼号"], ["一", "三级网格", "1"]]})
    with pytest.raises(DirectoryError, match=r"^应有 9 个三级网格,名单里是 1 个$"):
        read_xlsx(file)


def test_no_workbook(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"\xd0\xcf\x11\xe0 an old .xls")
    with pytest.raises(DirectoryError, match="另存为"):
        read_directory(tmp_path / "a.xlsx")
    with pytest.raises(DirectoryError, match="打不开"):
        read_directory(tmp_path / "none.xlsx")
    with pytest.raises(DirectoryError, match="没有「网格」这张表"):
        read_xlsx(book({"说明": ABOUT, "群": [["群名"], ["甲"]]}))
    with pytest.raises(DirectoryError, match="不知道是哪个社区"):
        read_xlsx(book({"网格": [["网格", "楼号"], ["一", "1"]]}))


@pytest.mark.parametrize("name", ["sample", "taoyuan", "liangcheng-4", "songshan"])
def test_round_trip(name: str, tmp_path: Path) -> None:
    found = read_directory(SAMPLES / f"{name}.yaml")
    write_directory(found, tmp_path / "a.xlsx")
    assert read_directory(tmp_path / "a.xlsx") == found


def test_nothing_becomes_a_formula_or_a_link() -> None:
    evil = ("=1+1", '=HYPERLINK("http://x")', "@SUM(A1)", "+1", "-1", "http://example.org", "007")
    one = Grid("网", places=tuple(Place(name) for name in evil), leaders=tuple(Person(name) for name in evil))
    file = BytesIO()
    write_xlsx(Directory("=社区", (one,)), file)
    file.seek(0)
    for sheet in load_workbook(file):
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type in ("s", "n") and cell.hyperlink is None
                assert cell.data_type == "s" or cell.value is None
    file.seek(0)
    assert read_xlsx(file) == Directory("=社区", (one,))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("李某", [("李某", {})]),
        ("李某、 王某,孙某\n周某", [(name, {}) for name in ("李某", "王某", "孙某", "周某")]),
        ("李某(电话:138;telegram:2001)、王某", [("李某", {"电话": "138", "telegram": "2001"}), ("王某", {})]),
        ("1号楼(东、西)", [("1号楼(东、西)", {})]),
        ("1号楼(东", [("1号楼(东", {})]),
        (r"甲\、乙\(a:b\)", [("甲、乙(a:b)", {})]),
        ("甲(带:\\\\)", [("甲", {"带": "\\"})]),
        ("甲(带:x\\)", [("甲(带:x)", {})]),
        ("", []),
        ("、,", []),
    ],
)
def test_several_values_in_a_cell(text: str, found: list[tuple[str, dict[str, str]]]) -> None:
    assert cells.entries(text) == found


def test_small_sheet_says_the_same_as_yaml() -> None:
    found = small()
    file = BytesIO()
    write_xlsx(found, file)
    file.seek(0)
    assert read_xlsx(file) == found
