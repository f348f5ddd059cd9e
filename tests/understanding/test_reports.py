"""What the seed towns' residents would say, in their own words: type, urgency, privacy."""

from __future__ import annotations

import pytest

from gridbot.understanding import read
from gridbot.understanding.intents import Packs
from gridbot.understanding.places import Gazetteer
from gridbot.understanding.reading import Band, Kind

# remark, what is said, types of which the first must be one, urgent
REPORTS = [
    (
        "R1 fire lane, shops and owners",
        "430弄的消防通道全停着车，沿街店铺的也往里停",
        {"fire_lane"},
        False,
    ),
    ("R2 side gate, not a broken lock", "通社区医院的边门一直锁着，老人看病要绕一大圈", {"access"}, False),
    ("R3 no rain cover", "5支弄沐春园的廊架没有雨棚，下雨天没处躲，能不能加一个", {"facility"}, False),
    ("R4 vines and insects", "广灵二路水电路口那面墙的爬藤爬进我家天井，小虫子太多了", {"greenery"}, False),
    ("R5 shops park in the red line", "中虹附近那些店的车子乱停，门口停得满满的走不了人", {"parking"}, False),
    ("R6 sun rooms on the roof", "奎照路1000弄楼顶又有人搭阳光房，违建没人管", {"illegal_building"}, False),
    ("R7 road works", "奎照路修路围挡占了人行道，行人没地方走", {"road"}, False),
    ("R8 lift to be added", "一楼不同意加装电梯，拖了一年没动静", {"elevator"}, False),
    ("R9 disorderly parking", "青秀佳苑车子乱停乱放，救火车都开不进来", {"parking", "fire_lane"}, None),
    ("R10 light", "勤劳街二号院晚上黑灯瞎火，院里一盏灯都不亮", {"lighting"}, False),
    ("R11 heating", "二号院7栋暖气冰凉，孩子穿着棉袄写作业", {"heating"}, False),
    ("R12 door", "二号院单元门锁坏了，谁都能进", {"access"}, False),
    ("R14 sewer", "汝河路22号院下水道又堵了，脏水冒到院里", {"drainage"}, False),
    ("R19 manhole", "51号院窨井堵得厉害，粪水都冒出来了", {"drainage"}, False),
    ("R20 heaps", "院里乱堆乱放的旧家具没人清", {"sanitation"}, False),
    ("R22 dog quarrel", "楼上楼下为了狗吵得快打起来了，网格长来劝劝", {"dispute", "pets"}, False),
    (
        "R24 gas dispute is no leak",
        "物业乱收燃气安装费，跟业主吵起来了",
        {"gas", "dispute", "property"},
        False,
    ),
    ("R24 a leak in a dispute is", "燃气费的事还没吵完，现在厨房有股煤气味", {"gas"}, True),
    ("R25 small ads", "单元门上小广告贴得密密麻麻", {"flyposting"}, False),
    ("R26 scribbles", "围墙上让人用红漆乱涂乱画", {"flyposting"}, False),
    ("R27 illegal building", "底商往外扩了三米，又在搭建铁皮房", {"illegal_building"}, False),
    ("R28 parking hard", "步行街停车难，下班兜半天没位子", {"parking"}, False),
    ("R29 hardship", "三单元独居老人瘫痪在床没人照顾", {"care"}, False),
    ("gas smell", "有股煤气味", {"gas"}, True),
    ("gas, traditional", "樓道裡有煤氣味", {"gas"}, True),
    ("trapped", "电梯里困了个人，按铃没人应", {"elevator"}, True),
    ("live wire", "大风把电线刮断了掉在地上", {"power"}, True),
    ("fire", "车棚着火了快来人", {"security", "ev_charging"}, True),
    ("collapse", "后院围墙塌了", {"security", "facility"}, True),
    ("self-harm", "六楼阳台上有人要跳楼", {"care"}, True),
    ("violence", "楼下有人拿刀打起来了", {"security"}, True),
    ("lost child", "院里有个小孩找不到妈妈了一直哭", {"care"}, True),
    ("fainted", "凉亭边上有个老大爷晕倒了", {"care"}, True),
    ("power", "我们整栋楼停电了", {"power"}, False),
    ("water", "五楼以上水压低得洗不了澡", {"water"}, False),
    ("noise", "广场舞音响震得窗户响，能不能小一点", {"noise"}, False),
    ("soot", "楼下烧烤店的油烟全灌到屋里", {"pollution"}, False),
    ("charging", "有人从窗户飞线充电", {"ev_charging"}, False),
    ("stall", "水果摊占着人行道，轮椅过不去", {"vendor"}, False),
    ("property", "物业只收钱不干事，电话永远打不通", {"property"}, False),
    ("full width", "３号楼电梯坏了", {"elevator"}, False),
    ("typed apart", "电 梯 又 坏 了", {"elevator"}, False),
    ("dots between", "3栋电.梯.坏.了.修.修", {"elevator"}, False),
    ("traditional", "五號樓電梯壞了", {"elevator"}, False),
    ("emoji", "😡😡3号楼电梯又坏了😡", {"elevator"}, False),
    ("voice input: lift", "三号楼电剃坏了", {"elevator"}, False),
    ("voice input: lamp", "五号楼的楼到等不亮了", {"lighting"}, False),
    ("voice input: drain", "我家下水到堵了", {"drainage"}, False),
    ("negation of another word", "没有通知就停水了，5号楼", {"water"}, False),
    ("mended and broken again", "电梯刚修好又坏了", {"elevator"}, False),
    ("thanks beforehand", "4栋路灯不亮，麻烦看看，先谢谢了", {"lighting"}, False),
]


@pytest.mark.parametrize(("remark", "text", "types", "urgent"), REPORTS, ids=[row[0] for row in REPORTS])
def test_opens(
    packs: Packs, nowhere: Gazetteer, remark: str, text: str, types: set[str], urgent: bool | None
) -> None:
    reading = read(text, packs, nowhere)
    assert reading.band is Band.OPEN, reading
    assert reading.types[0] in types, reading
    if urgent is not None:
        assert reading.urgent is urgent, reading
    assert reading.because


def test_two_issues_of_two_days(packs: Packs, nowhere: Gazetteer) -> None:
    assert set(read("昨晚楼道灯不亮，今天暖气又不热", packs, nowhere).types) == {"lighting", "heating"}


def test_three_issues_in_one_breath(packs: Packs, nowhere: Gazetteer) -> None:
    reading = read("勤劳街二号院没路灯，暖气不热，单元门也坏了", packs, nowhere)
    assert set(reading.types) == {"lighting", "heating", "access"}


@pytest.mark.parametrize(
    ("text", "danger"),
    [
        ("厨房煤气漏了", "gas"),
        ("电梯困人了", "trapped"),
        ("阳台着火了", "fire"),
        ("电线掉在地上冒火花", "live_wire"),
        ("楼下有人动刀", "violence"),
        ("有人要跳楼", "crisis"),
        ("孩子走丢了", "lost"),
    ],
)
def test_names_the_danger(packs: Packs, nowhere: Gazetteer, text: str, danger: str) -> None:
    assert read(text, packs, nowhere).danger == danger


@pytest.mark.parametrize(
    "text", ["楼上楼下为了晾衣服骂起来了来劝劝", "一楼独居老人没人照顾", "有个精神病人又犯病了在院里砸东西"]
)
def test_private_from_the_first_message(packs: Packs, nowhere: Gazetteer, text: str) -> None:
    assert read(text, packs, nowhere).private


def test_a_demand_the_community_cannot_settle(packs: Packs, nowhere: Gazetteer) -> None:
    reading = read("老板拖欠工资半年了人也找不到", packs, nowhere)
    assert (reading.kind, reading.band) == (Kind.CIVIC, Band.SILENT)


def test_a_photo_helps_words_that_are_not_enough(packs: Packs, nowhere: Gazetteer) -> None:
    assert read("又堵了", packs, nowhere).band is not Band.OPEN
    assert read("又堵了", packs, nowhere, photo=True).band is Band.OPEN
