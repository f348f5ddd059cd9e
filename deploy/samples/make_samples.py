"""Writes the larger sample directories: python deploy/samples/make_samples.py

Shapes and numbers are those of real towns; every person, telephone and house is invented. The result is
the same each time.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

from gridbot.almanac import Rule
from gridbot.grid.directory import Directory, Grid, Item, Person, Place, ServiceDay, Unit
from gridbot.grid.directory_yaml import write_yaml

SURNAMES = "苏陶路江夏温简柏乔纪岑童舒穆宁白云安林方秦程叶沈顾季莫于戴古"
GIVEN = (
    "与禾之言思野知夏予安清越南乔书砚景澄若川一诺向晚初晴见山临风闻笛望舒采薇青禾松月"
    "怀瑾听雨半夏星河云舟子衿木兮竹西简宁沐白锦书照野归帆朝露晚舟秋白春生冬至夏至立秋"
)
DIGITS = "零一二三四五六七八九十"
UNITS = (
    Unit("物业", ("elevator", "lighting", "access", "water", "drainage", "facility", "fire_lane"), "inside"),
    Unit("市政设施中心", ("drainage", "road", "lighting"), "outside", aliases=("市政",)),
    Unit("城管中队", ("vendor", "illegal_building", "parking"), aliases=("城管", "综合执法")),
    Unit("社管办", ("fire_lane", "vendor", "parking"), "outside"),
    Unit("绿化所", ("greenery",), "outside", aliases=("绿化", "园林")),
    Unit("燃气公司", ("gas",), contact="000-5550119", aliases=("燃气",)),
    Unit("供电所", ("power",), contact="000-5550190", aliases=("供电", "电力")),
)
NINES = ServiceDay(
    "三九便民服务日",
    Rule(days=(9, 19, 29)),
    place="小广场",
    items=(Item("义诊"), Item("理发"), Item("磨刀", "刀请包好"), Item("冲洗地垫")),
    provider="物业、医院",
    rain="下雨改到活动室",
)


def chinese(number: int) -> str:
    """1 to 99: 一, 十二, 四十."""
    ten, one = divmod(number, 10)
    head = "" if not ten else "十" if ten == 1 else f"{DIGITS[ten]}十"
    return head + (DIGITS[one] if one else "")


def everybody() -> Iterator[Person]:
    """People nobody knows, all of different names."""
    given = [GIVEN[start : start + 2] for start in range(0, len(GIVEN), 2)]
    names = (surname + name for name, surname in product(given, SURNAMES))
    for number, name in enumerate(names, 1):
        yield Person(name, f"000555{number:05d}")


def spread(total: int, over: int) -> list[int]:
    """`total` things over so many holders, as evenly as they go: 38 over 9 is 5 5 4 4 4 4 4 4 4."""
    each, rest = divmod(total, over)
    return [each + (1 if index < rest else 0) for index in range(over)]


def exclusive(name: str, leader: Person) -> Grid:
    return Grid(name, "专属网格", (Place(name),), (leader,), exclusive=True)


def taoyuan() -> Directory:
    """桃源: 9 三级网格, 4 专属网格, 38 四级微网格; 书记 holds the second level, 楼院长 the fourth."""
    people, yard, thirds = everybody(), iter(range(1, 200)), []
    for index, count in enumerate(spread(38, 9), 1):
        micros = []
        for number in [next(yard) for _ in range(count)]:
            name, bare = f"桃园街{number}号院", number % 7 == 0
            place = Place(name, (f"{number}号院",), "号院", "inside", bare)
            micros.append(Grid(f"{number}号院", "微网格", (place,), (next(people),), unmanaged=bare))
        leader, deputy = next(people), next(people)
        estate = Place(f"桃园{chinese(index)}区", (), "小区", "inside")
        grid = f"第{chinese(index)}网格"
        thirds.append(Grid(grid, "三级网格", (estate,), (leader,), (deputy,), children=tuple(micros)))
    special = [exclusive(name, next(people)) for name in ("桃园小学", "桃园医院", "桃园商场", "桃园农贸市场")]
    street = (Place("桃园街", (), "路", "outside"), Place("桃园街柳树巷路口", (), "路口", "outside"))
    top = Grid("桃源社区", "二级网格", street, (next(people),), children=(*thirds, *special))
    counts = (("二级网格", 1), ("三级网格", 9), ("专属网格", 4), ("微网格", 38))
    holders = {"二级网格": "社区书记", "三级网格": "社区两委", "微网格": "楼院长"}
    settings = {
        "phone": "000-5550200",
        "motto": "小事不出网格,难事不出小区,大事不出社区",
        "holders": holders,
    }
    return _directory("桃源社区", top, counts, settings, days=(NINES,))


def liangcheng() -> Directory:
    """凉城 片区四: 8 居民区, 52 微单元 (17 小区, 15 驻区单位, 20 弄); above two co-leads, three liaisons."""
    people, lane = everybody(), iter(range(10, 2000, 10))
    kinds = iter(["小区"] * 17 + ["单位"] * 15 + ["弄"] * 20)
    quarters = []
    for index, count in enumerate(spread(52, 8), 1):
        cells = []
        for number in range(1, count + 1):
            kind, name = next(kinds), f"{chinese(index)}村{chinese(number)}"
            place = {
                "小区": Place(f"玉兰{name}小区", (), "小区", "inside"),
                "单位": Place(f"玉兰{name}所", (), "单位"),
                "弄": Place(f"玉兰路{next(lane)}弄", (), "弄", "inside"),
            }[kind]
            cells.append(Grid(place.name, "微单元", (place,), (next(people),)))
        holders = (next(people), next(people))
        quarter = f"玉兰{chinese(index)}居民区"
        quarters.append(Grid(quarter, "居民区", (), holders[:1], holders[1:], children=tuple(cells)))
    road = (Place("玉兰路", (), "路", "outside"), Place("玉兰路海棠路口", (), "路口", "outside"))
    leads, liaisons = (next(people), next(people)), tuple(next(people) for _ in range(3))
    area = Grid("第四片区", "片区", road, leads, (), liaisons, children=tuple(quarters))
    top = Grid("凉城社区", "社区", (), (next(people),), children=(area,))
    counts = (("社区", 1), ("片区", 1), ("居民区", 8), ("微单元", 52))
    settings = {"phone": "000-5550300", "motto": "小事不出网格,难事不出片区,大事不出街道"}
    return _directory("凉城社区", top, counts, settings)


def songshan() -> Directory:
    """嵩山路's scale: 19 communities, 170 third-level grids, 940 micro-grids and 36 exclusive ones."""
    people, seconds = everybody(), []
    micros = iter(spread(940, 170))
    special = iter(spread(36, 19))
    for index, count in enumerate(spread(170, 19), 1):
        name, thirds = f"云杉{chinese(index)}社区", []
        for third in range(1, count + 1):
            road = f"云杉{chinese(index)}路{third * 10}号院"
            cells = tuple(
                Grid(f"微网格{cell}", "微网格", (Place(f"{road}{cell}号楼"),), (next(people),))
                for cell in range(1, next(micros) + 1)
            )
            leader = (next(people),)
            thirds.append(
                Grid(road, "三级网格", (Place(road),), leader, unmanaged=third == 9, children=cells)
            )
        own = [exclusive(f"云杉{chinese(index)}路{kind}", next(people)) for kind in _kinds(next(special))]
        seconds.append(Grid(name, "二级网格", (), (next(people),), children=(*thirds, *own)))
    top = Grid("嵩山路街道", "一级网格", (), (next(people),), children=tuple(seconds))
    counts = (("一级网格", 1), ("二级网格", 19), ("三级网格", 170), ("微网格", 940), ("专属网格", 36))
    return _directory("嵩山路街道", top, counts, {"phone": "000-5550400"})


def _kinds(count: int) -> list[str]:
    return ["小学", "医院"][:count]


def _directory(
    community: str,
    top: Grid,
    expect: tuple[tuple[str, int], ...],
    settings: dict[str, Any],
    days: tuple[ServiceDay, ...] = (),
) -> Directory:
    hotlines = {"gas": "000-5550119", "elevator": "000-5550130", "property": "000-5550140"}
    admin = Person("管理员", "00055599999")
    return Directory(
        community,
        (top,),
        sample=True,
        expect=expect,
        settings=settings | hotlines,
        units=UNITS,
        service_days=days,
        admins=(admin,),
    )


def main() -> None:
    here = Path(__file__).parent
    for name, directory in (("taoyuan", taoyuan()), ("liangcheng-4", liangcheng()), ("songshan", songshan())):
        head = "# 由 make_samples.py 写出:人名、电话、门牌都是编的。\n"
        (here / f"{name}.yaml").write_text(head + write_yaml(directory), encoding="utf-8")


if __name__ == "__main__":
    main()
