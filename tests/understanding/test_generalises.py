"""Classes of speech, a few sentences of each: likened, feared, owned, with a number to ring; lexicons."""

from __future__ import annotations

import pytest

from gridbot.understanding import read
from gridbot.understanding.intents import Packs
from gridbot.understanding.places import Gazetteer
from gridbot.understanding.reading import Band

SILENT = [
    ("simile", "我的眼泪跟水管爆了似的"),
    ("simile, 比 … 还", "他打起呼来比挖掘机还响"),
    ("simile of temper", "这人脾气像煤气罐一样"),
    ("body part", "这辣酱辣得我喉咙着火"),
    ("exaggeration", "这电视剧看得我都要停电了"),
    ("exaggeration of limbs", "排队领鸡蛋排得腿都断了"),
    ("one's own things", "我的保温杯漏水了，谁有好牌子"),
    ("one's own quarrel", "跟老公吵架了，冷战中"),
    ("threat in jest", "你再唠叨我就把你扔下楼"),
    ("hours are not childhood", "小时候停水全弄堂排队接井水"),
    ("film", "刷到一个电动车着火的视频"),
    ("relatives' estate", "我姑说她们小区电梯又坏了"),
    ("other estate", "隔壁锦绣家园停水了"),
    ("own workplace", "我们车间粉尘大得看不见人"),
    ("how to", "家里蟑螂用什么药管用"),
    ("thanks in writing", "路灯抢修及时，全楼住户致以衷心的感谢"),
    ("finished upkeep", "电梯检修完毕，大家可以坐了"),
    ("praise of what is new", "小区新建的滑梯真漂亮"),
    ("stall, cheap", "门口水果摊挺便宜的"),
    ("advertisement with a number", "疏通马桶管道，随叫随到13900000000"),
    ("sale", "出小孩自行车一辆六十"),
    ("believed, not so", "还以为电瓶车被偷了，原来是老公骑走了"),
    ("fell asleep", "看着看着车上就睡着了"),
]

OPENS = [
    # remark, what is said, first type, urgent
    ("not a simile: 好像", "厨房里好像有煤气味", "gas", True),
    ("the thing stands outside the simile", "3号楼楼道黑得跟山洞一样", "lighting", False),
    ("feared, not there: no alarm", "5栋楼梯堆满纸箱，真着火了往哪跑", "fire_lane", False),
    ("feared, who answers", "22栋消防车道停满车，着火了谁负责", "fire_lane", False),
    ("a number to ring", "3号楼路灯坏了，联系我13900000000", "lighting", False),
    ("name and number", "我姓李，电话13900000000，五单元水管漏水请派人", "water", False),
    ("hours are hours", "北门锁了，我在外头站了半小时，进不去", "access", False),
    ("no official says I", "各位业主，东门道闸又抬不起来，我车堵在外头", "access", False),
    ("posted, not advertised", "白墙上又贴满疏通下水道的电话", "flyposting", False),
    ("a longer fault is a shorter one", "消防车道上停了一排私家车", "fire_lane", False),
    ("lamp, far north", "俺们楼洞子灯老也不亮，黑咕隆咚的", "lighting", False),
    ("lamp, Cantonese", "3号楼路燈壞咗成個禮拜", "lighting", False),
    ("lift, humour", "电梯又罢工躺平了，扛着娃爬十二楼", "elevator", False),
    ("lift, in it", "电梯停半道了，我在里头，门扒不开", "elevator", True),
    ("drain, pours upward", "卫生间地漏往上翻水，拿盆往外舀", "drainage", False),
    ("said with how far: 冒 in 冒出来", "7号楼墙根的臭水从缝里冒出来", "drainage", False),
    ("said with how often: 跳 in 就跳", "5号楼总闸一到饭点就跳", "power", False),
    ("what a valve does not do", "9号楼单元总水阀拧不死，老往外渗", "water", False),
    ("what a charger does not do", "2号楼旁充电桩扫不上，钱也退不了", "ev_charging", False),
    ("a bill", "3栋燃气表换新的以后气费翻倍", "gas", False),
    ("every other lamp", "后街路灯隔三根亮一根，8号楼那头全黑", "lighting", False),
    ("drain, slow", "厨房水池子下水跟蜗牛爬似的", "drainage", False),
    ("ice", "单元门口冰厚，摔了俩人，撒点盐吧", "sanitation", False),
    ("rubbish, whose", "西墙根谁倒的装修垃圾", "sanitation", False),
    ("relapse", "5号楼那个精神病人停了药，拿拖把敲各家的门", "care", True),
    ("hunger", "独居的老刘断粮两天了，谁去看看", "care", False),
    ("child by a pet name", "我家二宝不见了，刚还在滑梯那儿，帮忙找找", "care", True),
    ("no cry for who is rude", "谁的车堵在3号楼门口，喊都喊不应", "parking", False),
    ("windowsill", "有个女的骑在六楼窗台上哭", "care", True),
    ("falling in sheets", "2号楼外墙瓷砖大面积脱落", "security", True),
    ("thieves by hands", "两个戴帽子的在车棚挨个拽车锁", "security", False),
    ("heating money", "取暖费交了，换来一屋子凉气", "heating", False),
    ("smell of a shop", "楼下干洗店排出来的味呛得人头晕", "pollution", False),
]


@pytest.mark.parametrize(("remark", "text"), SILENT, ids=[row[0] for row in SILENT])
def test_stays_silent(packs: Packs, nowhere: Gazetteer, remark: str, text: str) -> None:
    reading = read(text, packs, nowhere)
    assert reading.band is Band.SILENT, reading
    assert not reading.urgent


@pytest.mark.parametrize(("remark", "text", "kind", "urgent"), OPENS, ids=[row[0] for row in OPENS])
def test_is_heard(packs: Packs, nowhere: Gazetteer, remark: str, text: str, kind: str, urgent: bool) -> None:
    reading = read(text, packs, nowhere)
    assert reading.band is not Band.SILENT, reading
    assert reading.types[0] == kind, reading
    assert reading.urgent is urgent, reading
