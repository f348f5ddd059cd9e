"""The YAML form: what is taken, and each mistake as a sentence with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from gridbot.almanac import Rule
from gridbot.grid.directory import Directory, DirectoryError, Item, Person, count_levels
from gridbot.grid.directory_files import read_directory, write_directory
from gridbot.grid.directory_yaml import read_yaml, write_yaml
from tests.grid.given import SAMPLES, SMALL, directory, problems, small

TOP = "community: 甲社区\ngrids:\n"
COUNTS = {
    "sample": {"二级网格": 1, "三级网格": 3, "专属网格": 1},
    "taoyuan": {"二级网格": 1, "三级网格": 9, "专属网格": 4, "微网格": 38},
    "liangcheng-4": {"社区": 1, "片区": 1, "居民区": 8, "微单元": 52},
    "songshan": {"一级网格": 1, "二级网格": 19, "三级网格": 170, "微网格": 940, "专属网格": 36},
}


def test_the_form_of_the_design_page() -> None:
    found = small()
    assert found.community == "青秀佳苑社区"
    assert found.expect == (("二级网格", 1), ("三级网格", 2))
    assert [path for path, _grid in found.walk()] == ["青秀佳苑", "青秀佳苑/一网格", "青秀佳苑/二网格"]
    one, two = found.grids[0].children
    assert [place.name for place in one.places] == ["1号楼", "2号楼", "小广场"]
    assert one.leaders == (Person("李格长", "", (("telegram", "2001"),)),)
    assert two.unmanaged and not two.leaders
    assert found.groups[0].accounts == (("telegram", "-1001"),)
    assert found.units[0].handles == ("elevator", "lighting", "access")
    assert found.service_days[0].rule == Rule(days=(9, 19, 29))
    assert found.service_days[0].groups is None
    assert found.warnings == ("1个网格还没有网格长:青秀佳苑/二网格",)


def test_as_people_write_it() -> None:
    found = directory(
        """
        community: " 甲　社区 "
        hotlines: {gas: 010-0001, quiet_start: 22:30}
        grids:
          - {name: Ａ网格, places: "１号楼、２号楼,3号楼", leaders: 李某、王某, exclusive: 是}
        service_days:
          - {name: 理发, weekday: 周六, nth: 2, starts: 9:30, ends: 11:00, items: 理发、磨刀,
             bring: {磨刀: 包好}}
        groups: [{name: 甲群, grid: A网格, role: 网格长, accounts: {matrix: "!a:b"}}]
        """
    )
    assert found.community == "甲 社区"
    assert found.settings == {"gas": "010-0001", "quiet_start": "22:30"}
    assert [place.name for place in found.grids[0].places] == ["1号楼", "2号楼", "3号楼"]
    assert [person.name for person in found.grids[0].leaders] == ["李某", "王某"]
    assert found.grids[0].exclusive
    assert found.groups[0].role == "leaders" and found.groups[0].accounts == (("matrix", "!a:b"),)
    day = found.service_days[0]
    assert (day.rule, day.starts, day.ends) == (Rule(weekday=6, nth=2), "09:30", "11:00")
    assert day.items == (Item("理发"), Item("磨刀", "包好"))


# what is wrong · where · a part of the sentence
WRONG = (
    (
        "unknown key",
        "community: 甲\ngrids:\n  - {name: 一, leader: []}\n",
        "第3行:不认识的字段「leader」,是不是「leaders」",
    ),
    ("unknown key at the top", TOP + "  - {name: 一}\nmoto: 好\n", "第4行:不认识的字段「moto」"),
    ("malformed", TOP + "  - {name: 一\n  - {name: 二}\n", "第4行:YAML 写错了"),
    ("a tab", TOP + "\t- {name: 一}\n", "第3行:YAML 写错了"),
    ("a key twice", TOP + "  - {name: 一, name: 二}\n", "第3行:字段「name」写了两次"),
    ("not a mapping", "- 甲\n", "第1行:这里要写成「名称: 值」"),
    ("empty", "", "community:空着"),
    ("no grid", "community: 甲\n", "一个网格也没有"),
    ("no name", TOP + "  - {level: 三级}\n", "第3行:name:空着"),
    ("slash in a name", TOP + "  - {name: 一/二}\n", "第3行:name:「一/二」里不能有斜杠"),
    (
        "same name twice",
        TOP + "  - {name: 一}\n  - {name: 一}\n",
        "第4行:name:同一个上级下面「一」写了两次,第3行已经有了",
    ),
    ("place twice", TOP + "  - {name: 一, places: [1号楼, １号楼]}\n", "楼号「1号楼」写了两次"),
    ("a list expected", TOP + "  name: 一\n", "要写成一列"),
    ("flag", TOP + "  - {name: 一, unmanaged: 也许}\n", "第3行:unmanaged:要写 是 或 否,写的是「也许」"),
    ("side", TOP + "  - {name: 一, places: [{name: 甲路, side: 上}]}\n", "side:要写 inside(墙内)"),
    (
        "count",
        "community: 甲\nexpect: {三级: 很多}\ngrids: [{name: 一}]\n",
        "第2行:三级:要是整数,写的是「很多」",
    ),
    ("count below 0", "community: 甲\nexpect: {三级: -1}\ngrids: [{name: 一}]\n", "不能小于0"),
    ("zone", "timezone: 上海\n" + TOP + "  - {name: 一}\n", "第1行:timezone:没有「上海」这个时区"),
    ("setting", "settings: {gather_idle: 0}\n" + TOP + "  - {name: 一}\n", "等补充(分钟)要是1到60的整数"),
    (
        "setting's time",
        "settings: {quiet_start: 25:00}\n" + TOP + "  - {name: 一}\n",
        "要写成 08:30 这样的时间",
    ),
    (
        "setting unknown",
        "settings: {fone: 1}\n" + TOP + "  - {name: 一}\n",
        "不认识的字段「fone」,是不是「phone」",
    ),
    (
        "telegram id",
        TOP + "  - {name: 一, leaders: [{name: 李, telegram: '@li'}]}\n",
        "telegram:要是数字,写的是「@li」",
    ),
    (
        "too deep",
        TOP
        + "".join(f"{'  ' * (2 * n + 1)}- name: 网{n}\n{'  ' * (2 * n + 2)}children:\n" for n in range(14)),
        "网格套得太深",
    ),
    ("a circle of anchors", TOP + "  - &a {name: 一, children: [*a]}\n", "绕成了圈"),
    (
        "a billion laughs",
        "a: &a [1,1,1,1,1,1,1,1,1,1]\n"
        + "".join(
            f"{n}: &{n} [{','.join(['*' + prev] * 10)}]\n"
            for prev, n in zip("abcdefg", "bcdefgh", strict=True)
        ),
        "太大了",
    ),
    ("a name too long", TOP + f"  - {{name: {'长' * 61}}}\n", "太长了,最多60个字"),
)


@pytest.mark.parametrize(("remark", "text", "part"), WRONG, ids=[row[0] for row in WRONG])
def test_what_is_wrong_is_said(remark: str, text: str, part: str) -> None:
    assert any(part in problem for problem in problems(text)), problems(text)


REPLACED = (
    ("count", "{二级网格: 1, 三级网格: 2}", "{二级网格: 1, 三级网格: 9}", "应有 9 个三级网格,名单里是 2 个"),
    ("no such level", "三级网格: 2}", "片区: 4}", "应有 4 个片区,名单里一个也没有"),
    (
        "group of no grid",
        "grid: 青秀佳苑/一网格",
        "grid: 青秀佳苑/九网格",
        "第15行:grid:没有「青秀佳苑/九网格」这个网格",
    ),
    ("group without id", ", telegram: -1001}", "}", "没有写群号"),
    (
        "group bound twice",
        "telegram: -1001}",
        "telegram: -1001}\n  - {name: 二群, grid: 二网格, telegram: -1001}",
        "群号 -1001 绑了两次:「一网格居民群」和「二群」",
    ),
    ("role of a group", "telegram: -1001}", "telegram: -1001, role: 老板}", "role:要写 residents"),
    (
        "leader, two ids",
        "leaders: []",
        "leaders: [{name: 李格长, telegram: 2002}]",
        "李格长的 telegram 号写的是 2002,第12行写的是 2001",
    ),
    ("one id, two people", "leaders: []", "leaders: [{name: 王格长, telegram: 2001}]", "一个号只能是一个人"),
    ("type", "handles: [elevator", "handles: [电梯", "「电梯」不是事项的代号"),
    ("day", "days: [9, 19, 29]", "days: [9, 32]", "日子只能是1到31"),
    ("two kinds of day", "days: [9, 19, 29]", "days: [9], weekday: 6", "只能写一种"),
    ("no day", "days: [9, 19, 29], ", "", "没有写哪一天"),
    ("weekday", "days: [9, 19, 29]", "weekday: 8", "周几只能是"),
    ("times", "items: [义诊", "starts: 12:00, ends: 9:00, items: [义诊", "结束(09:00)要晚于开始(12:00)"),
    ("bring of nothing", "items: [义诊", "bring: {补鞋: 鞋}, items: [义诊", "项目里没有「补鞋」"),
    ("group of a day", "groups: all", "groups: [三群]", "没有「三群」这个群"),
    ("unit's grid", "side: inside", "grids: [三网格]", "没有「三网格」这个网格"),
)


@pytest.mark.parametrize(("remark", "old", "new", "part"), REPLACED, ids=[row[0] for row in REPLACED])
def test_what_does_not_fit_is_said(remark: str, old: str, new: str, part: str) -> None:
    with pytest.raises(DirectoryError) as caught:
        small(old, new)
    assert any(part in problem for problem in caught.value.problems), caught.value.problems


def test_all_mistakes_at_once_with_their_lines() -> None:
    text = "community: 甲\ngrids:\n  - {name: 一, unmanaged: 嗯}\n  - {level: 三级}\n  - {name: 一}\n"
    lines = [problem.partition(":")[0] for problem in problems(text)]
    assert lines == ["第3行", "第4行", "第5行"]


def test_one_person_many_roles_known_once() -> None:
    found = small(
        "leaders: []",
        "leaders: [李格长]\n        deputies: [{name: 李格长, phone: 138-0000 0000}]".replace(
            "\n        ", ", "
        ),
    )
    one, two = found.grids[0].children
    assert one.leaders == two.leaders == two.deputies
    assert one.leaders[0] == Person("李格长", "13800000000", (("telegram", "2001"),))


def test_two_people_of_one_name_are_told_apart_by_telephone() -> None:
    mine, other = "{name: 李格长, telegram: 2001}", "leaders: []"
    found = read_yaml(
        SMALL.replace(mine, "{name: 李格长, telegram: 2001, phone: '1'}").replace(
            other, "leaders: [{name: 李格长, telegram: 2002, phone: '2'}]"
        )
    )
    assert len([person for person in found.people().values() if person.name == "李格长"]) == 2
    with pytest.raises(DirectoryError, match="有2位李格长,这里要写上电话"):
        read_yaml(
            SMALL.replace(mine, "{name: 李格长, phone: '1'}").replace(
                other, "leaders: [{name: 李格长, phone: '2'}], deputies: [李格长]"
            )
        )


def test_a_place_name_in_two_grids_is_only_said() -> None:
    found = small("places: [51号院]", "places: [51号院, 1号楼]")
    assert "1个地名在不止一个网格里,报事时会问是哪里:1号楼" in found.warnings


@pytest.mark.parametrize("name", COUNTS)
def test_samples_are_sound_and_their_counts_right(name: str) -> None:
    found = read_directory(SAMPLES / f"{name}.yaml")
    assert dict(count_levels(found)) == COUNTS[name] == dict(found.expect)
    assert found.sample, "a real channel must be refused"
    assert (SAMPLES / f"{name}.yaml").stat().st_size < 400_000


@pytest.mark.parametrize("name", [name for name in COUNTS if name != "sample"])
def test_generated_samples_are_as_the_script_writes_them(name: str, tmp_path: Path) -> None:
    import runpy

    script = runpy.run_path(str(SAMPLES / "make_samples.py"))
    make = script[{"liangcheng-4": "liangcheng"}.get(name, name)]
    assert make() == read_directory(SAMPLES / f"{name}.yaml")


@pytest.mark.parametrize("name", COUNTS)
def test_expected_counts_are_looked_at(name: str) -> None:
    level, count = list(COUNTS[name].items())[-1]
    text = (SAMPLES / f"{name}.yaml").read_text().replace(f"{level}: {count}}}", f"{level}: {count + 1}}}")
    with pytest.raises(DirectoryError, match=f"^应有 {count + 1} 个{level},名单里是 {count} 个$"):
        read_yaml(text)


def test_yaml_round_trip(tmp_path: Path) -> None:
    for name in COUNTS:
        found = read_directory(SAMPLES / f"{name}.yaml")
        assert read_yaml(write_yaml(found)) == found
    write_directory(found, tmp_path / "a.yaml")
    assert read_directory(tmp_path / "a.yaml") == found


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(DirectoryError, match="打不开"):
        read_directory(tmp_path / "none.yaml")
    (tmp_path / "gbk.yaml").write_bytes("community: 甲".encode("gbk"))
    with pytest.raises(DirectoryError, match="不是 UTF-8"):
        read_directory(tmp_path / "gbk.yaml")
    (tmp_path / "bom.yaml").write_text("\ufeff" + SMALL, encoding="utf-8")
    assert isinstance(read_directory(tmp_path / "bom.yaml"), Directory)
    (tmp_path / "deep.yaml").write_text("[" * 50_000)
    with pytest.raises(DirectoryError):
        read_directory(tmp_path / "deep.yaml")
