"""What a bot must not take for a report, and what a silent message still is."""

from __future__ import annotations

import pytest

from gridbot.understanding import read
from gridbot.understanding.intents import Packs
from gridbot.understanding.places import Gazetteer
from gridbot.understanding.reading import Band, Kind

SILENT = [
    ("not a blockage", "群里别堵我消息"),
    ("mended", "路灯已经修好了谢谢"),
    ("street name", "我在水电路等你"),
    ("a brand's noise", "你家空调噪音大吗我想换一台"),
    ("cats", "今天喂了只流浪猫真乖"),
    ("homeless man in a film", "昨天看了个讲流浪汉的片子"),
    ("price", "停车费一个月要多少"),
    ("laughing", "哈哈堵死我了"),
    ("past", "以前没暖气那会儿全靠炉子"),
    ("hypothetical", "要是电梯再坏就投诉"),
    ("hypothetical danger", "万一煤气漏了应该先开窗"),
    ("joke danger", "着火了哈哈哈"),
    ("tired", "加班累得想死"),
    ("hot pot", "晚上一起吃火锅去"),
    ("notice", "【通知】周四上午8点到14点停水，望储水备用"),
    ("notice of the property", "各位业主，本周六电梯年检，停运两小时，敬请谅解"),
    ("ad", "疏通管道马桶，全城上门，电话137xxxx8888"),
    ("sale", "九成新电动车转让，送充电器"),
    ("sign-up", "接龙 1.王 两箱 2.李 一箱"),
    ("group buying", "小灭火器拼团，四十五一个，要的接龙"),
    ("borrow", "有没有人字梯借用一下，想换个灯管"),
    ("thanks", "谢谢师傅把下水道通得干干净净"),
    ("praise", "新装的路灯真亮堂，走夜路心里踏实"),
    ("elsewhere", "我们公司电梯坏了，今天在家办公"),
    ("news", "新闻里说外地一个小区煤气爆炸"),
    ("relatives", "我三舅家停水，来我这洗澡"),
    ("metaphor of leaks", "钱包天天漏水，月底就见底"),
    ("dog film", "这部剧真狗血"),
    ("single", "单身狗过节不容易"),
    ("no outage", "没停呀，我家灯亮着呢"),
    ("not blocked", "不堵了不堵了"),
    ("service question", "这个月三九便民日是几号"),
    ("craftsman", "谁有靠谱的通下水师傅电话"),
    ("advice to all", "大家垃圾分分清楚，自觉一点"),
    ("good morning", "早上好"),
    ("nothing", ""),
    ("emoji only", "👍👍👍"),
    ("link only", "https://example.org/a?b=1"),
]


@pytest.mark.parametrize(("remark", "text"), SILENT, ids=[row[0] for row in SILENT])
def test_stays_silent(packs: Packs, nowhere: Gazetteer, remark: str, text: str) -> None:
    reading = read(text, packs, nowhere)
    assert reading.band is Band.SILENT, reading
    assert not reading.urgent


KINDS = [
    ("我报的路灯到哪一步了", Kind.STATUS),
    ("楼道灯那个事怎么样了", Kind.STATUS),
    ("+1", Kind.SUPPORT),
    ("我家也是", Kind.SUPPORT),
    ("我们楼也是", Kind.SUPPORT),
    ("打错了", Kind.WITHDRAW),
    ("不是报事", Kind.WITHDRAW),
    ("来电了来电了", Kind.RESOLVED),
    ("修好了谢谢", Kind.RESOLVED),
    ("还没好", Kind.STILL),
    ("五号楼呀", Kind.PLACE),
    ("3-2", Kind.PLACE),
    ("我妈家5号楼", Kind.PLACE),
    ("三九什么时候", Kind.QUESTION),
    ("吃了吗", Kind.CHAT),
]


@pytest.mark.parametrize(("text", "kind"), KINDS)
def test_silent_messages_have_a_kind(packs: Packs, nowhere: Gazetteer, text: str, kind: Kind) -> None:
    reading = read(text, packs, nowhere)
    assert (reading.band, reading.kind) == (Band.SILENT, kind)
