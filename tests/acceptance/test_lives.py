"""The concrete issues of the seed towns (mission A2) as whole lives: told in pieces, seen to, confirmed.

Each row is one matter: what somebody dictates into the group, what becomes of it, who is told, what he says
as he goes along, and how it ends. The judge reads every line that was said.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from tests.acceptance.judge import judge, nothing_in_groups
from tests.acceptance.town import LANE, QINGXIU, YARDS, Town


@dataclass(frozen=True)
class Life:
    remark: str
    group: str
    said: tuple[str, ...]
    type: str
    place: str
    owner: str  #: who answers for it first
    word: str  #: on the way
    done: str
    answer: str = "好了,谢谢"
    side: str = "inside"
    private: bool = False
    also: tuple[str, ...] = ()  #: told beside the owner
    other_types: tuple[str, ...] = field(default=())


LIVES = (
    Life("R3 a cover for the arcade: a wish, not a fault", QINGXIU,
         ("沐春廊架顶上是空的", "下雨天老人没地方坐,能不能加个雨棚"), "facility", "沐春廊架顶上", "李格长",
         "跟物业问过了,下周量尺寸", "雨棚装好了", also=("王工",)),
    Life("R4 vines at a crossroads without a number", QINGXIU,
         ("海棠路口那面绿化墙的藤", "都爬进人家天井了,小虫子多得不得了"), "greenery", "海棠路口", "穆书记",
         "跟绿化所约了后天来", "藤都修掉了", side="outside"),
    Life("R5 27 shops park before the line", LANE,
         ("弄口那一排店家的车全停在红线里头", "走路都要走到马路上去"), "parking", "弄口", "方组长",
         "一家一家在谈,一店一车", "都挪好了,划好线了"),
    Life("R6 sun rooms on the roof", LANE,
         ("430弄楼顶", "又搭了十几户阳光房,违建没人管啊"), "illegal_building", "430弄楼顶", "陈格长",
         "社管办和城管在上门,月底前有结果", "都拆完了"),
    Life("R7 road works", LANE,
         ("海棠路修路挖得一塌糊涂", "老人走过去要摔的,围挡都没有"), "road", "海棠路", "穆书记",
         "找施工方了,今天装围挡", "路垫平了,都弄好了", side="outside"),
    Life("R8 rubbish is not sorted", QINGXIU,
         ("3号楼下面的垃圾桶", "干的湿的全混着扔,臭死了"), "sanitation", "3号楼下面", "张院长",
         "下午我叫保洁来", "清理干净了"),
    Life("R12 the door of a yard nobody manages", YARDS,
         ("二号院单元门锁坏了", "关都关不上,谁都能进"), "access", "二号院单元门", "章院长",
         "锁匠明天来", "锁换好了"),
    Life("R14 a sewer wants dredging", YARDS,
         ("22号院的下水道返水好几天了", "该请人疏通了"), "drainage", "22号院", "刘楼长",
         "约了疏通的师傅,下午来", "疏通好了"),
    Life("R17 worn out: fitness things", QINGXIU,
         ("小广场的健身器材坏了两个", "螺丝都掉出来了,怕碰着小孩"), "facility", "小广场", "李格长",
         "先围起来了,等配件", "修好了", also=("王工",)),
    Life("R18 the service of the property", QINGXIU,
         ("青秀佳苑物业不管事", "电话打不通,楼道半年没人扫"), "property", "青秀佳苑", "李格长",
         "约了物业经理后天谈", "办好了,一周扫两次", also=("王工",)),
    Life("R19 a blocked sewer; the yard has no leader, the one above has it", YARDS,
         ("51号院", "窨井堵得厉害,脏水都漫到院子里来了"), "drainage", "51号院", "马格长",
         "市政的人在路上了", "通了"),
    Life("R23 nowhere to charge e-bikes", QINGXIU,
         ("6号楼下面电动车没地方充电", "都从窗户拉线下来,吓人"), "ev_charging", "6号楼下面", "吴楼长",
         "跟物业商量装充电桩", "充电桩装好了"),
    Life("R25 small ads", QINGXIU,
         ("6号楼单元门上", "小广告贴得满满的,铲了又来"), "flyposting", "6号楼单元门", "吴楼长",
         "周末志愿者来铲", "铲干净了"),
    Life("R26 scribbles on wall and road", LANE,
         ("海棠路口的墙上被人喷漆乱涂乱画", "路面上也是"), "flyposting", "海棠路口", "穆书记",
         "叫人来刷墙", "刷好了", side="outside"),
    Life("R27 the merchant builds", QINGXIU,
         ("小广场边上那家烟酒店私自搭了个铁皮棚", "违建啊,路都占了一半"), "illegal_building", "小广场边上",
         "李格长", "执法队发通知了,限三天", "拆掉了"),
    Life("R28 parking on the pedestrian street", LANE,
         ("步行街上车乱停", "人跟电动车挤在一起走"), "parking", "步行街", "穆书记",
         "要装隔离带,下周一动工", "隔离带装好了", side="outside"),
    Life("R22 a dog quarrel: neither house is named", QINGXIU,
         ("3号楼两家为了狗吵起来了", "302那家的狗把小孩衣服咬了,快去劝劝"), "dispute", "3号楼302", "张院长",
         "我在现场了", "劝好了,都不吵了", private=True),
    Life("R8 neighbours quarrel about a leak", QINGXIU,
         ("1号楼楼上楼下为漏水吵了好几天", "谁来帮忙劝劝吧"), "dispute", "1号楼楼上楼下", "张院长",
         "晚上我去坐坐", "解决好了", private=True),
    Life("R24 gas dispute with 物业: begun with the money, gone on with the quarrel", QINGXIU,
         ("5号楼燃气改造的钱,物业说收就收", "跟物业吵了半天了,社区来说句公道话吧"), "dispute", "5号楼",
         "吴楼长", "我约了他们周四来谈", "调解好了,双方都没意见", private=True, also=("王工",)),
)  # fmt: skip


@pytest.mark.parametrize("life", LIVES, ids=lambda life: life.remark)
def test_from_the_first_word_to_the_last(town: Town, life: Life) -> None:
    town.tell("王阿姨", life.group, *life.said)
    town.passes(minutes=1)
    (case,) = town.opened()
    told = town.script()
    assert (case.types[0], case.place, case.private) == (life.type, life.place, life.private), told
    assert not case.urgent and town.owner() == life.owner, told
    if not life.private:
        assert case.side == life.side, told
    heard = {who for who, count in town.rang().items() if count and who not in ("青秀群", "弄堂群", "老院群")}
    assert heard == {life.owner, *life.also}, told
    town.passes(minutes=20)
    town.press(life.owner, "我去看")
    town.passes(minutes=30)
    town.tell(life.owner, "", life.word)
    assert town.case().state == "accepted", town.script()
    town.passes(hours=3)
    town.tell(life.owner, "", life.done)
    assert town.case().state == "done", town.script()
    town.passes(minutes=30)
    if life.private:
        assert [one for one in town.in_chat(life.group) if one.purpose == "please-check"] == []
        town.passes(hours=49)
    else:
        town.under("王阿姨", life.group, life.answer, purpose="please-check")
    assert town.case().state == "closed", town.script()
    moves = town.timeline()
    assert moves.index("accepted") < moves.index("done") < len(moves)
    assert ("confirmed" in moves) is not life.private
    judge(town)


def test_private_ones_leave_the_group_without_a_sign(town: Town) -> None:
    """R22, from the first word on: no reaction either, and no row that waits to be said."""
    town.tell("王阿姨", QINGXIU, "3号楼两家为了狗吵起来了", "302那家的狗把小孩衣服咬了,快去劝劝")
    town.passes(minutes=20)
    town.press("张院长", "我去看")
    town.tell("张院长", "", "劝好了")
    town.passes(hours=60)
    assert nothing_in_groups(town), town.script()
