"""Matters of the seed towns that are more than one report and one leader: parts, households, three troubles
of one breath, a look next door, a person instead of a place; and services that are not there yet."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.acceptance.judge import judge, nothing_in_groups
from tests.acceptance.town import GROUPS, LANE, QINGXIU, YARDS, Town


def test_r1_the_fire_lane_is_two_halves_and_one_answer(town: Town) -> None:
    """Inside the wall 物业, outside 社管办 by telephone; 王阿姨 hears of one matter, and is asked once."""
    town.tell("王阿姨", LANE, "弄口这边消防通道又堵死了", "都是门面店的车,还有几部业主的", "救护车怎么进呀")
    town.passes(minutes=5)
    whole, inside, outside = town.opened()
    assert (inside.side, outside.side) == ("inside", "outside") and whole.types == ["fire_lane"]
    assert any("【派单卡】" in text and "社管办" in text for text in town.read("方组长"))
    town.press("王工", "我去看")
    town.passes(minutes=20)
    town.tell("王工", "", "业主的车都挪走了")
    town.passes(minutes=20)
    assert not [one for one in town.in_chat(LANE) if one.purpose == "please-check"]
    town.tell("方组长", "", "3 社管办装了隔离柱,钥匙给市场管理员了")
    town.passes(minutes=20)
    assert [one.state for one in town.opened()] == ["done", "done", "done"]
    town.under("王阿姨", LANE, "通了通了,谢谢", purpose="please-check")
    assert {one.state for one in town.opened()} == {"closed"}
    judge(town, most={"弄堂群": 2, "方组长": 5, "王工": 1})


def test_r6_fourteen_households_are_counted_one_by_one(town: Town) -> None:
    town.tell("王阿姨", LANE, "430弄楼顶", "搭了十四户阳光房,都是违建")
    town.passes(minutes=5)
    town.press("陈格长", "我去看")
    town.tell("陈格长", "", "拆成 14户")
    assert town.case().data["households"] == [0, 14]
    town.passes(days=6)
    town.tell("陈格长", "", "拆了5户")
    assert town.case().data["households"] == [5, 14] and town.case().state == "accepted", town.script()
    assert "违建" not in " ".join(town.texts(LANE))


def test_r10_r11_r12_three_troubles_of_one_breath_are_three_cases(town: Town) -> None:
    """A yard nobody manages, named in another message and in another way of writing."""
    town.tell("王阿姨", YARDS, "二号院", "院里的灯都不亮,暖气也不热,单元门锁还坏了")
    town.passes(minutes=2)
    assert [(one.types, one.place) for one in town.opened()] == [
        (["lighting"], "二号院"),
        (["heating"], "二号院"),
        (["access"], "二号院"),
    ], town.script()
    assert {town.owner(number) for number in (1, 2, 3)} == {"章院长"}
    assert town.read("王工") == []  # no 物业 where nobody manages the yard
    assert town.rang()["老院群"] == 1
    town.tell("章院长", "", "2 热力公司的人下午来")
    town.tell("章院长", "", "1 修好了")
    town.passes(minutes=5)
    assert [one.state for one in town.opened()] == ["done", "accepted", "waiting"], town.script()
    judge(town, most={"章院长": 4})


def test_r19_once_it_is_mended_the_yards_beside_are_offered(town: Town) -> None:
    town.tell("王阿姨", YARDS, "51号院", "窨井堵得厉害,脏水都漫到院子里来了")
    town.passes(minutes=3)
    for who in ("赵叔", "钱姨"):
        town.tell(who, YARDS, "我们51号院也是,味道大得很")
        town.passes(minutes=1)
    assert len(town.opened()) == 1 and town.case().supporters == 2, town.script()
    town.press("马格长", "我去看")
    offers = [one for one in town.in_chat("2007") if one.purpose == "sweep-offer"]
    assert len(offers) == 1 and "二号院" in offers[0].text and "22号院" in offers[0].text
    town.press("马格长", "一起看")
    assert len(town.opened()) > 1
    town.tell("马格长", "", "1 疏通好了,掏了四个多钟头")
    town.passes(minutes=5)
    asked = [one for one in town.in_chat(YARDS) if one.purpose == "please-check"]
    assert len(asked) == 1  # one message for all who spoke of it
    town.under("赵叔", YARDS, "通了,辛苦了", purpose="please-check")
    assert town.case().state == "closed", town.script()


def test_r15_a_relapse_in_the_hall_reaches_one_person_and_no_group(town: Town) -> None:
    """By name and not by place: 郝主任 leads the hall and hears nothing; no diagnosis on any card."""
    town.tell("王阿姨", QINGXIU, "老马家儿子又犯病了", "在办事大厅那儿大喊大叫,拿东西砸人")
    town.passes(seconds=5)
    assert town.case().private and town.case().urgent and town.owner() == "段秋"
    town.press("段秋", "我去看")
    town.passes(hours=1)
    town.tell("段秋", "", "人已经送回家了,家里人陪着")
    town.passes(hours=60)
    assert nothing_in_groups(town), town.script()
    assert town.read("郝主任") == town.read("李格长") == []
    before = [one.text for one in town.in_chat("5001") if one.purpose == "urgent-notice"]
    assert before and not any(word in text for text in before for word in ("老马", "犯病", "大厅"))


def test_r24_a_leak_word_inside_the_dispute_is_an_emergency(town: Town) -> None:
    town.tell("王阿姨", QINGXIU, "5号楼燃气改造的钱,物业说收就收", "还有,楼道里现在一股煤气味")
    assert any(one.urgent for one in town.opened()), town.script()
    assert any("别开灯" in text and "000-5550219" in text for text in town.texts(QINGXIU))


def test_r27_the_merchant_is_not_told_who_said_so(town: Town) -> None:
    """The builder is 物业 itself: it may state its side, and reads neither words nor name."""
    town.tell("小周", QINGXIU, "物业自己在3号楼楼顶搭了个铁皮房", "违建啊,谁来管管")
    town.passes(minutes=2)
    assert town.owner() == "张院长" and not town.case().private
    (asked,) = town.read("王工")
    assert "您愿意的话" in asked and "小周" not in asked and "铁皮" not in asked
    town.tell("王工", "", "说明 1 那是临时工具房,月底拆")
    town.passes(minutes=2)
    assert "临时工具房" in town.read("张院长")[-1], town.script()
    judge(town, most={"王工": 2})


# --- services to come ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Wish:
    remark: str
    group: str
    said: tuple[str, ...]
    type: str = ""  #: "": no case
    mark: str = ""
    owner: str = ""
    line: str = ""  #: on the leader's card
    honest: str = ""  #: what the bot says when it is asked itself
    private: bool = False


WISHES = (
    Wish("R2 the side gate is shut: access, with hours wished for", QINGXIU,
         ("东边门又锁上了", "去社区医院要绕一大圈,老人走不动,能不能定个时间开一开"),
         "access", "hours", "李格长", "钟点"),
    Wish("R9 parking without rules: a talk is wished for", QINGXIU,
         ("咱们小区停车没规矩", "大家坐下来商量个公约吧"), "parking", "consult", "李格长", "议事"),
    Wish("R13 the list of the gas works", YARDS, ("22号院装燃气的名单出来了吗", "轮到哪几家了"),
         honest="名单我还不会"),
    Wish("R16 a drill for an hour", QINGXIU, ("谁家有电钻借我用用",), honest="借工具"),
    Wish("R20 heaps and bills in a bare yard: a case, a campaign to come", YARDS,
         ("51号院里乱堆乱放", "墙上乱贴乱画的"), "sanitation", "campaign", "马格长", "集中清"),
    Wish("R21 a bench for door, parking, rubbish", YARDS, ("二号院门禁停车卫生", "啥时候开个小板凳会议议"),
         "access", "consult", "章院长", "议事"),
    Wish("R29 somebody alone needs help: private", QINGXIU,
         ("2号楼有个独居老人", "儿女都不在了,吃饭都成问题,谁能帮帮"), "care", "need", "张院长", "搭把手",
         private=True),
    Wish("R30 a courier wants a socket and hot water", QINGXIU,
         ("我是送快递的,哪里可以给手机充电、喝口热水",), honest="心愿和驿站"),
    Wish("R30 a wish for books", QINGXIU, ("想找几本旧书看看,驿站有吗",), honest="心愿和驿站"),
)  # fmt: skip


@pytest.mark.parametrize("wish", WISHES, ids=lambda wish: wish.remark)
def test_a_service_to_come_is_recognised_routed_and_marked(town: Town, wish: Wish) -> None:
    town.tell("王阿姨", wish.group, *wish.said)
    town.passes(minutes=15)
    cases = town.opened()
    if not wish.type:
        assert cases == [] and town.sent == [], town.script()
    else:
        (case,) = cases
        assert (case.types[0], case.data.get("service")) == (wish.type, wish.mark), town.script()
        assert town.owner() == wish.owner and case.private is wish.private
        assert wish.line in town.read(wish.owner)[-1], town.script()
        assert not [one for one in town.sent if one.purpose.startswith("ask-")]
    judge(town)


@pytest.mark.parametrize("wish", [one for one in WISHES if one.honest], ids=lambda wish: wish.remark)
def test_whoever_asks_the_bot_itself_reads_an_honest_line(town: Town, wish: Wish) -> None:
    town.tell("王阿姨", wish.group, wish.said[0], mentions_bot=True)
    (said,) = town.texts(wish.group)
    assert wish.honest in said and "社区值班室000-5550200" in said and len(said) < 60
    assert town.opened() == []


def test_what_sounds_like_a_service_and_is_in_danger_is_an_emergency(town: Town) -> None:
    town.tell("王阿姨", YARDS, "22号院装燃气的名单先别管了,楼道里一股煤气味")
    assert town.case().urgent and any("别开灯" in text for text in town.texts(YARDS))


def test_no_group_but_its_own_hears_of_a_matter(town: Town) -> None:
    town.tell("王阿姨", YARDS, "22号院的下水道返水好几天了")
    town.passes(hours=30)
    assert {one.chat for one in town.sent if one.chat in GROUPS} == {YARDS}
