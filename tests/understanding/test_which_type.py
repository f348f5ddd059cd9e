"""Which of two readings wins: the broken thing before what came of it, the matter named before its cause.

And a second type only where something of its own is told.
"""

from __future__ import annotations

import pytest

from gridbot.understanding import read
from gridbot.understanding.intents import Packs
from gridbot.understanding.places import Gazetteer
from gridbot.understanding.reading import Band

# remark, what is said, all types in order
ONLY = [
    ("a burning meter is power", "3号楼的电表箱冒火了快来人", ("power",)),
    ("a smoking switch cabinet is power", "六号楼下配电柜里冒浓烟", ("power",)),
    ("a chimney's smoke is pollution", "后街锅炉房天天冒黑烟，9号楼窗户不敢开", ("pollution",)),
    ("a shop's smell is no rubbish", "楼下宠物店一股怪味，3号楼不敢开窗", ("pollution",)),
    ("who falls in the dark", "2号楼门口路灯不亮，昨晚有老人摔了一跤", ("lighting",)),
    ("who stumbles over a step", "8栋台阶断了一块，昨天绊倒个小孩", ("facility",)),
    ("a cry for help in a lift", "4号楼电梯卡在七楼半，快来救我", ("elevator",)),
    ("a dog's bite bleeds", "5栋那条大黄狗没拴绳，把孩子腿咬流血了", ("pets",)),
    ("a pipe of the heating", "7号楼暖气立管漏水，客厅全泡了", ("heating",)),
    ("a bowl under the manifold", "302分水器滋水，我拿盆接着呢", ("heating",)),
    ("a sprayed box is no leak", "9号楼水表箱上被人喷了红字", ("flyposting",)),
    ("an ambulance is not parked out", "南门两边全是私家车，救护车开不进来", ("fire_lane",)),
    ("two parties and a go-between", "我和四楼为晒被子滴水闹僵了，麻烦社区居中说说", ("dispute",)),
    ("threatened, not fallen", "对门为了空调滴水威胁要砸我家外机，请来评评理，三号楼", ("dispute",)),
    ("a stall in the street", "臭豆腐摊把人行道占了，学校西门", ("vendor",)),
    ("a car wash on the kerb", "洗车店在马路牙子上洗车，光明路口", ("vendor",)),
    ("a home made a shop", "5号楼一楼窗户改门开小卖部了", ("illegal_building",)),
    ("a pit full of water is the road", "西门口那个坑能养鱼了，底盘刮了好几次", ("road",)),
    ("candles", "整栋都黑了，孩子点蜡烛写作业，6号楼", ("power",)),
    ("breath seen indoors", "3号楼屋里哈白气，摸着管子冰手", ("heating",)),
    ("teeth not brushed", "11栋没水，牙没刷脸没洗就上班了", ("water",)),
    ("an instrument at dawn", "8号楼有人五点半吹萨克斯，睡不着", ("noise",)),
    ("dust on the rails", "二单元楼梯扶手灰厚得很，多久没打扫了", ("sanitation",)),
    ("a strayed cat's scratches", "流浪猫抓破我车座，12栋车棚", ("pets",)),
    ("staff that calls names", "1号门保安骂人，这态度谁来管管", ("property",)),
    ("a well cover stolen", "环湖路雨水井盖被盗，晚上要出事", ("facility",)),
    ("nobody but the lift", "王奶奶住6楼，9号楼没电梯，想加装电梯没人理", ("elevator",)),
    ("heating water on the floor", "5号楼1802供暖管子滴滴答答，地板泡了", ("heating",)),
    ("a sewer's elbow is no tap water", "6栋三楼污水管弯头在滴，墙都黄了", ("drainage",)),
    ("a well of clean water", "10号楼前水表井往外滋水", ("water",)),
    ("a heater that starves for water", "3幢801水太小，热水器都打不着火", ("water",)),
    ("the lamp at the lift", "1号楼电梯口的灯不亮，看不清楼层", ("lighting",)),
    ("a cabinet beside the lift", "12栋电表箱漏雨，门也没锁", ("power",)),
    ("a door with no glass", "9号楼单元门玻璃碎了一地", ("access",)),
    ("forbidden to install", "13号楼买了电车，物业不让装桩", ("ev_charging",)),
    ("wet charging cable", "3栋楼上甩根插线板下来充电，线泡在雨里", ("ev_charging",)),
]

BOTH = [
    ("two troubles of two days", "昨晚楼道灯不亮，今天暖气又不热", {"lighting", "heating"}),
    ("two clauses, two things", "12号楼电梯坏了，三楼的水管也爆了", {"elevator", "water"}),
    ("three in one breath", "3号院没路灯，下水道堵了，单元门也坏了", {"lighting", "drainage", "access"}),
]

# remark, a single sign amid other talk: never opens a case
AMID = [
    ("studied in the dark", "听我爷爷讲他们上学那会儿停水停电都是常有的事，习惯了"),
    ("a word inside a word", "搬家公司，带电梯房和步梯房价格不一样的，问清楚"),
    ("burnt with zeal", "孩子一进舞蹈班就燃了，跳得比谁都带劲"),
    ("a fire of the stove's", "看那部老电影看到一半火苗就上来了，气得不行"),
]


@pytest.mark.parametrize(("remark", "text", "types"), ONLY, ids=[row[0] for row in ONLY])
def test_one_type_and_no_other(
    packs: Packs, nowhere: Gazetteer, remark: str, text: str, types: tuple[str, ...]
) -> None:
    reading = read(text, packs, nowhere)
    assert reading.band is not Band.SILENT, reading
    assert reading.types == types, reading


@pytest.mark.parametrize(("remark", "text", "types"), BOTH, ids=[row[0] for row in BOTH])
def test_each_with_signs_of_its_own(
    packs: Packs, nowhere: Gazetteer, remark: str, text: str, types: set[str]
) -> None:
    assert set(read(text, packs, nowhere).types) == types


@pytest.mark.parametrize(("remark", "text"), AMID, ids=[row[0] for row in AMID])
def test_one_sign_amid_talk_opens_nothing(packs: Packs, nowhere: Gazetteer, remark: str, text: str) -> None:
    reading = read(text, packs, nowhere)
    assert reading.band is not Band.OPEN, reading
    assert not reading.urgent, reading


@pytest.mark.parametrize(
    "text",
    ["3号楼的电表箱冒火了快来人", "5栋那条大黄狗没拴绳，把孩子腿咬流血了", "4号楼电梯里困了人，快来救命"],
)
def test_what_steps_back_is_urgent_still(packs: Packs, nowhere: Gazetteer, text: str) -> None:
    assert read(text, packs, nowhere).urgent
