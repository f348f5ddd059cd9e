"""Replies by the class of what is said: idioms of promise, preparation, hearsay, contrast, parts."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest

from gridbot.understanding.intents import Packs
from gridbot.understanding.leanings import Leanings
from gridbot.understanding.replies import Action, read_reply

TABLE = [
    # what was said, what it is, its class
    ("这个活我认了", "accept", "an idiom of promise"),
    ("交我手里吧", "accept", "an idiom of promise"),
    ("稍晚一点我去", "accept", "later, but he goes"),
    ("手里活干完就过去", "accept", "after something else"),
    ("老周住那栋，叫老周去", "accept", "one of his own people goes"),
    ("收到，安排人员核实", "accept", "an acknowledgement and a plan"),
    ("on the way", "accept", "English"),
    ("阿拉马浪来", "accept", "Shanghai"),
    ("车主讲他半小时下来挪", "progress", "somebody else's promise to come"),
    ("登记好了", "progress", "only prepared"),
    ("人联系好了", "progress", "only prepared"),
    ("材料备好了", "progress", "only prepared"),
    ("量好了尺寸", "progress", "only prepared"),
    ("已下发整改", "progress", "an order is no result"),
    ("已现场查看", "progress", "looked at"),
    ("查清了，是总管的问题", "progress", "the cause is found, not mended"),
    ("狗主子找着了，正在谈", "progress", "the one to blame is found"),
    ("挖开了，正找漏点", "progress", "a step of the work"),
    ("水泵拆下来了，送去修", "progress", "a step of the work"),
    ("旧管拆了", "progress", "a step of the work"),
    ("阀门关掉了", "progress", "a step of the work"),
    ("用胶带缠上了，先顶一阵", "progress", "makeshift"),
    ("换完就不漏了", "progress", "a condition"),
    ("弄完就好了", "progress", "a condition"),
    ("恢复供水要到晚上", "progress", "when it will be"),
    ("接近完工", "progress", "nearly"),
    ("灯亮了，一闪一闪的", "progress", "a result, and the fault in other words"),
    ("修完了，漏得更厉害", "progress", "a result, and worse"),
    ("水来了，但是黄的", "progress", "a result and a but"),
    ("5户里3户好了", "progress", "in part, in numbers"),
    ("一楼亮了，别的楼层在查", "progress", "in part"),
    ("东门修好了，西门待修", "progress", "in part"),
    ("好多了", "progress", "better is not well"),
    ("客服说已解决", "progress", "only the office says so"),
    ("done，but still noisy", "progress", "a but in English"),
    ("not fixed", "progress", "a no in English"),
    ("一闪就灭，没两天又犯", "progress", "bad again"),
    ("通了电话，他说明天到", "progress", "通 of a telephone"),
    ("已经和物业沟通了，他们答应三天内", "progress", "通 of talking"),
    ("线路恢复", "done", "telegraphic: thing and result"),
    ("任务完成", "done", "a set phrase"),
    ("药打完了", "done", "the work named by its means"),
    ("喷过药了，两遍", "done", "the work named by its means"),
    ("试了水，不渗", "done", "tried, and the fault stays away"),
    ("冲了几遍都不堵", "done", "tried, and the fault stays away"),
    ("换了根新管，一点不漏", "done", "no fault any more: a no that does not speak against it"),
    ("早上还漏，现在不漏了", "done", "overtaken: how it is now decides"),
    ("本来要等明天，今天就给换了", "done", "overtaken: earlier than said"),
    ("师傅修完走了", "done", "finished and gone"),
    ("住户说可以了", "done", "whoever lives with it says so"),
    ("5户全好了", "done", "all of them"),
    ("fixed", "done", "English"),
    ("整返好喇", "done", "Cantonese"),
    ("弄抻抖了", "done", "Sichuan"),
    ("民政接过去了", "transfer", "a unit has taken it over"),
    ("已交街道城管科", "transfer", "a unit of the street office is a unit"),
    ("95598受理了", "transfer", "a hotline is a unit"),
    ("请求增援", "escalate", "a cry for help"),
    ("超出我的片区", "bounce", "beyond the border, not beyond the power"),
    ("6栋是老赵的", "bounce", "another leader's"),
    ("打回", "bounce", "two characters"),
    ("定位发一下", "ask", "a noun and 发"),
    ("位置发我", "ask", "a noun and 发"),
    ("家里有人没，我过去", "ask", "a question before a promise"),
    ("总闸看了没", "ask", "没 as a particle"),
    ("怎么老是我", "none", "rhetorical"),
    ("你们吃饭了吗", "none", "a greeting"),
    ("我家水管修好了", "none", "a result in his own life"),
    ("电话拨通了，讲傍晚到", "progress", "通 of a telephone"),
    ("堵的地方捅开了，淌得快", "done", "a verb of the trade"),
    ("旧桌子挪走了，骑车不颠", "done", "a no that does not speak against it"),
    ("阀芯焊死了，一点不渗", "done", "a fault denied"),
    ("呈给书记", "escalate", "handed upwards"),
    ("下次例会上提一提", "escalate", "a meeting of the upper office"),
    ("单子送去给调解中心", "transfer", "to whomever it is"),
    ("联系供热站了，他们来", "transfer", "told, and they take over"),
    ("错件，退", "bounce", "telegraphic"),
    ("我是5网格，你找6网格", "bounce", "another leader's"),
    ("这楼现在归老郑", "bounce", "another leader's"),
    ("是上水漏还是下水漏", "ask", "a choice"),
    ("还是老模样", "progress", "还是 that asks nothing"),
    ("儿子正往这边赶", "progress", "somebody else is on the way"),
    ("我让小许带上梯子一起过去", "accept", "accompanied"),
    ("上个月那个单子归档了", "none", "another case"),
    ("会议室换了", "none", "a result elsewhere"),
]


@pytest.mark.parametrize(("text", "action", "why"), TABLE)
def test_class(packs: Packs, text: str, action: str, why: str) -> None:
    assert read_reply(text, packs).action == action, why


NEVER_DONE = [
    ("好个屁", "irony"),
    ("通了才怪", "irony"),
    ("谁说好了", "a denial"),
    ("物业反馈已修复", "hearsay"),
    ("系统显示已完成", "hearsay"),
    ("等会儿就好了", "to come"),
    ("等修好了我告诉你们", "to come"),
    ("保证天黑前通", "a promise"),
    ("已安排师傅", "arranged"),
    ("商量好了，三家平摊", "agreed, not done"),
    ("两处漏点补好一处", "in part"),
    ("阿姨家好了，隔壁还不行", "in part"),
    ("墙补好了，等干了刷漆", "a step to come"),
    ("管子接好了，等通水", "a step to come"),
    ("修是修了，还是漏", "granted, but"),
    ("刚清完又堆上", "bad again"),
    ("almost done", "nearly"),
    ("好了好了，不聊了", "talk"),
    ("下了告知书，限五天搬走", "a term"),
    ("他松口同意拆了", "agreed, not done"),
    ("昨天掏干净了，一夜又满了", "bad again"),
    ("救护车接走了", "others go on"),
    ("今天股票通了天了", "talk"),
]


@pytest.mark.parametrize(("text", "why"), NEVER_DONE)
def test_never_done(packs: Packs, text: str, why: str) -> None:
    assert read_reply(text, packs).action != "done", why


def without(packs: Packs) -> Packs:
    return replace(packs, replying=Leanings({}))


LEANT = [
    # what no word of the lists knows, and what it leans to
    ("我往那头赶赶", "accept"),
    ("那头挖得正欢", "progress"),
    ("这条胡同在西边老孙那头", "bounce"),
    ("单子塞给排涝队", "transfer"),
    ("你讲的那排是靠河的哇", "ask"),
]


@pytest.mark.parametrize(("text", "action"), LEANT)
def test_what_the_words_leave_open_the_leanings_choose(packs: Packs, text: str, action: str) -> None:
    assert read_reply(text, packs).action == action
    assert read_reply(text, without(packs)).action == "none"
    assert read_reply(text, packs, answers=False).action == "none", "he may speak of anything"


def test_the_leanings_alone_are_never_sure_of_done(packs: Packs) -> None:
    found = [read_reply(text, packs) for text, action, _ in TABLE if action == "done"]
    words_alone = [read_reply(text, without(packs)) for text, action, _ in TABLE if action == "done"]
    assert all(
        words.action == "done"
        for both, words in zip(found, words_alone, strict=True)
        if both.action == "done" and both.sure
    )


def test_a_result_they_doubt_is_asked_back(packs: Packs) -> None:
    doubting = replace(
        packs, replying=Leanings({action: (float(action == "ask"), {}) for action in get_args(Action)})
    )
    reply = read_reply("修好了，水清清亮亮", doubting)
    assert (reply.action, reply.sure) == ("done", False)
