"""Classes of chat by their grammar: whom it is about, whether it lasts, what the speaker wants; and what the
same words are in the mouth of somebody who suffers. A remark per row."""

from __future__ import annotations

import pytest

from gridbot.understanding import read
from gridbot.understanding.intents import Packs
from gridbot.understanding.places import Gazetteer
from gridbot.understanding.reading import Band

SILENT = [
    ("asks for a counter", "天然气开户去哪个窗口"),
    ("asks for papers", "新车要上绿牌，充电桩得准备哪些证明"),
    ("asks who has tried", "有谁家装过新风系统，噪音大不大"),
    ("asks what sort of waste", "垃圾分类，坏掉的花盆算哪一类"),
    ("asks what a thing is", "路灯杆上那个白盒子是啥，5G吗"),
    ("asks for a flat", "想买套二手房，电梯吵不吵，漏不漏水"),
    ("asks for the hour", "路灯是不是声控的，几点开始亮"),
    ("lost and found", "电梯口捡到一只粉色童鞋"),
    ("better since", "垃圾房改造后一点异味都没了，必须表扬"),
    ("better since, a lift", "装了电梯以后老妈天天下楼遛弯"),
    ("better since, a lamp", "门口那盏灯换成LED的，亮得跟白天似的"),
    ("what is over has a result", "臭水沟填了，夏天没蚊子了"),
    ("what is over lets one do", "道闸升级完能刷了"),
    ("no longer needed", "楼道灯换新的，不用摸黑了"),
    ("back again", "刚刚来电，冰箱里的肉保住了"),
    ("promptly done", "昨天反映的井盖今天就换了，效率高"),
    ("one's own deed", "昨晚忘关水龙头，把自家客厅泡了，长记性"),
    ("one's own pot", "我炒菜把锅烧穿了，满屋子烟"),
    ("one's own child", "我家小子拿粉笔在墙上乱画，罚他擦干净"),
    ("one's own pet", "我家狗子洗澡，把浴室淹了"),
    ("one's own battery", "我家门锁没电了，换四节电池就好"),
    ("one's own fish", "我家鱼缸漏水，金鱼都搬盆里了"),
    ("apology", "刚才楼道纸箱是我的，已搬"),
    ("announced by who does it", "我家今天搬家，电梯多占一会儿，见谅"),
    ("for sale", "卖充电桩，包安装，质保三年"),
    ("for sale, ridden", "急售电动车，骑了半年，九百拿走"),
    ("to let", "车位转租，地库B2，三百五"),
    ("to let, with heating", "我家楼下空房出租，一室一厅带暖气"),
    ("buys up", "长期收购旧电瓶旧空调"),
    ("a trade", "通厕所找我，十块钱起"),
    ("reminder", "出门前把煤气关了，别学我"),
    ("reminder to each house", "各家查一下有没有忘关水"),
    ("a remedy", "地下室潮，放点干燥剂就行"),
    ("a year of old", "零八年雪灾，整个县停水停电一个星期"),
    ("grandparents", "我爷爷那辈人，冬天就靠烧煤"),
    ("when a soldier", "当兵的时候睡过马路边"),
    ("a brother's town", "我弟他们县城昨天全城停电"),
    ("in-laws' estate", "我娘家小区昨晚进贼了"),
    ("the office tower", "上班的写字楼电梯停了，爬了十八层"),
    ("the firm sends home", "今天公司停电，提前放我们回家了"),
    ("the sky", "今天的晚霞红得像着了火"),
    ("the wind", "外面风刮得鬼哭狼嚎的"),
    ("leaves", "银杏叶落了一地，金灿灿的好美"),
    ("a game", "这局又被队友坑了，电脑都想砸"),
    ("cooking", "辣子鸡炒得满屋子呛人，过瘾"),
    ("a singer", "高音飙得我家玻璃都要碎了"),
    ("brothers and sisters", "老大老二抢玩具打起来了"),
    ("a dream", "梦里电梯一直往下掉，吓醒了"),
    ("a wish", "如果小区有个游泳池，我愿意多交物业费"),
    ("a windfall", "中了彩票先给全楼装电梯"),
    ("the net: burnt out", "今天的会开到我原地自燃"),
    ("the net: a star falls", "爱豆塌房了，我的世界停电了"),
    ("the net: power cut by exams", "考完试脑子直接断电"),
    ("an answer passed on", "供电局说是线路检修，十二点恢复"),
]

OPENS = [
    # remark, what is said, first type
    ("a board is no notice", "宣传栏玻璃碎了一地，孩子天天在旁边玩", "facility"),
    ("wants, and is refused", "想装个充电桩，物业死活不给开证明", "ev_charging"),
    ("a trader's megaphone is no trade", "收废品的喇叭从早喊到晚，吵得夜班的没法睡", "noise"),
    ("hoarse, yet in the dark", "喊得嗓子都哑了，楼道灯也不亮", "lighting"),
    ("treated, in vain", "消杀了三回，楼道里的蟑螂还是到处爬，没人管", "greenery"),
    ("a game that keeps others awake", "楼下打麻将打到后半夜，邻居们都受不了", "noise"),
    ("others are well, we are not", "前楼亮堂，我们单元楼道灯却是坏的，老人都不敢下楼", "lighting"),
    ("renewed, but", "6号楼的灯换过新的了，就是不亮", "lighting"),
    ("thanks, but", "谢谢物业修灯，但是西边那盏还是黑的", "lighting"),
    ("since then worse", "自从换了物业，垃圾就没人收", "sanitation"),
    ("since then it trips", "装了充电桩以后天天跳闸", "ev_charging"),
    ("a neighbour is no relative", "楼上王姐家空调水滴到我家窗台，说了不听", "water"),
    ("old pipes of today", "十年前的管子了，一到冬天就爆，厨房全是水", "water"),
    ("once never, now daily", "以前从不堵的下水，最近天天往上返", "drainage"),
    ("if you do not come", "如果物业再不来修水管，我家地板就全泡烂了", "water"),
    ("a guest's words about here", "朋友来串门都嫌弃，电梯里全是尿味", "sanitation"),
    ("away, but called from home", "在外面出差，家里老人打电话说停水一天了，9号楼", "water"),
    ("bitter laughter", "哈哈笑不出来，充电桩又吞了我二十块钱", "ev_charging"),
    ("works done, hole left", "施工结束了，坑没填，人摔了两个", "road"),
    ("movers as culprits", "搬家公司把电梯门撞变形了，关不上", "elevator"),
    ("longing for sleep", "做梦都想睡个整觉，楼上那台洗衣机半夜转", "noise"),
    ("a child hurt outdoors", "我家孩子在滑梯上被铁皮划伤了，那里缺一块", "facility"),
    ("own dog bitten", "我家狗被隔壁的大狗咬了，主人不认", "pets"),
    ("walk with care, for it is dark", "路灯不亮，大家走路小心点", "lighting"),
    ("go slowly, for it is ice", "单元门口结冰了，慢点走，刚摔了一个", "sanitation"),
    ("judge between us", "请大家评评理，楼上天天往下扔烟头", "dispute"),
]

DANGER = [
    ("seems, is no simile", "3号楼楼顶像是着火了，冒黑烟"),
    ("请大家 with a fire", "请大家赶紧下楼，2单元着火了"),
    ("warns of what hangs there", "提醒大家，5号楼门口电线掉下来了，别靠近"),
    ("warns of smoke", "提醒各位邻居，东门变压器冒烟了，绕开走"),
    ("laughs, yet", "哈哈个头啊，4楼真的着火了，快打119"),
    ("asks neighbours to look for him", "我家老人走丢了，请各位邻居帮忙找找，穿蓝棉袄"),
    ("left on, smells", "我妈忘关煤气，一进门全是味，头晕"),
    ("a cycle burns itself", "地库电瓶车自燃了，烟好大"),
    ("a tap like a shock", "一楼漏电，摸水龙头跟触电一样"),
    ("memory beside a fire", "我小时候没见过这么大的火，6栋顶楼烧起来了"),
    ("a friend, here", "朋友在3号楼电梯里被困了，谁有物业电话"),
    ("no joking", "电梯里困了三个人，别开玩笑"),
]

#: Somebody complains where he lives, in words no list knows.
ASKS = [
    ("we, twice distressed", "你们快来看看吧，我们楼这样子没法住了"),
    ("come to my house", "师傅来一趟，我家出状况了"),
]


@pytest.mark.parametrize(("remark", "text"), SILENT, ids=[row[0] for row in SILENT])
def test_stays_silent(packs: Packs, nowhere: Gazetteer, remark: str, text: str) -> None:
    reading = read(text, packs, nowhere)
    assert reading.band is Band.SILENT, reading
    assert not reading.urgent


@pytest.mark.parametrize(("remark", "text", "kind"), OPENS, ids=[row[0] for row in OPENS])
def test_the_same_words_of_who_suffers(
    packs: Packs, nowhere: Gazetteer, remark: str, text: str, kind: str
) -> None:
    reading = read(text, packs, nowhere)
    assert reading.band is not Band.SILENT, reading
    assert reading.types[0] == kind, reading


@pytest.mark.parametrize(("remark", "text"), DANGER, ids=[row[0] for row in DANGER])
def test_no_mood_covers_a_present_danger(packs: Packs, nowhere: Gazetteer, remark: str, text: str) -> None:
    reading = read(text, packs, nowhere)
    assert reading.urgent, reading


@pytest.mark.parametrize(("remark", "text"), ASKS, ids=[row[0] for row in ASKS])
def test_distress_at_home_is_asked_about(packs: Packs, nowhere: Gazetteer, remark: str, text: str) -> None:
    reading = read(text, packs, nowhere)
    assert (reading.band, reading.types) == (Band.ASK, ()), reading
