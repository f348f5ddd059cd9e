"""Replies by what makes them one thing or another: aspect, negation, who does it, whose words; dialects."""

from __future__ import annotations

import pytest

from gridbot.understanding.intents import Packs
from gridbot.understanding.replies import read_confirmation, read_reply

TABLE = [
    # what was said, what it is, what decides
    ("灯换完了，楼上楼下都亮", "done", "result in both clauses"),
    ("已疏通，业主试了没问题", "done", "written style; 没问题 is no negation"),
    ("叫师傅来换好了", "done", "somebody was sent, and it is finished"),
    ("水已经来了大家可以用了", "done", "dictated without marks"),
    ("住户说已经正常了", "done", "the resident says so"),
    ("修好了，你们不用再跑了", "done", "不用 speaks of the others"),
    ("跟楼上说了现在不吵了", "done", "the noise is gone"),
    ("物业说已经好了", "progress", "only the mender says so"),
    ("叫师傅来换好", "progress", "the same without 了 is to come"),
    ("修好了告诉你", "progress", "condition"),
    ("修好以后我在群里说一声", "progress", "condition"),
    ("5楼修好了，6楼明天修", "progress", "in part"),
    ("通了半边", "progress", "in part"),
    ("车挪走一辆，还有一辆联系不上", "progress", "in part"),
    ("水管接通了，但压力还不够", "progress", "a result and a but"),
    ("灯罩拆了，灯泡型号不对", "progress", "a step, and a new trouble"),
    ("刚通开又堵上了", "progress", "bad again"),
    ("昨天修好今天早上又漏了", "progress", "bad again, dictated"),
    ("师傅保证今天通", "progress", "a promise"),
    ("预计今晚恢复", "progress", "an estimate"),
    ("先恢复了一路电", "progress", "for the time being"),
    ("已经在通了，别用水", "progress", "at it: 在 wins over 已经"),
    ("换灯也没用", "progress", "tried in vain"),
    ("刚跟师傅通了电话", "progress", "通 of a telephone"),
    ("不是我的，是单位大院", "bounce", "not mine"),
    ("我上个月已经调去别的社区了", "bounce", "not in office"),
    ("应该派给5网格", "bounce", "another leader's"),
    ("我们这里没有八号楼", "bounce", "no such place"),
    ("我给自来水公司报了，他们派人", "transfer", "handed over"),
    ("该设施由供电公司维护，已代为报修", "transfer", "whose duty it is"),
    ("我和民警一道上门", "accept", "accompanied, not handed over"),
    ("给物业打过电话了，说中午来", "progress", "told, not handed over"),
    ("没有执法权，恳请街道出面", "escalate", "no power"),
    ("谁出钱谈不拢，上会吧", "escalate", "no agreement"),
    ("上面已经批了就等施工队进场", "progress", "the upper office acts already"),
    ("我问一下物业什么情况", "accept", "an indirect question"),
    ("漏的是哪一层", "ask", "a direct one"),
    ("报警了没", "ask", "没 as a particle"),
    ("修好了没", "ask", "he asks, he does not say"),
    ("我让楼下小陈先过去看看", "accept", "somebody of his own goes"),
    ("我晚上值班的时候巡一下", "accept", "he goes, later"),
    ("收到工资短信了", "none", "收到 of something else"),
    ("过年好", "none", "好 of a greeting"),
    ("我手机修好了", "none", "a result in his own life"),
    ("没再漏，观察了三天，结案", "done", "observed, and over"),
    ("好了，不过还要观察两天", "progress", "observing goes on"),
    ("误报，查过了没漏气", "done", "a false alarm, looked into"),
    ("除了301，别的户都通了", "progress", "but for one"),
    ("其他几户都好了", "progress", "the others: not this one"),
    ("昨晚八点来的电", "done", "的 tells of what has happened"),
    ("物业说换好了其实没有", "progress", "taken back"),
    ("好是好了就是声音大", "progress", "granted, but"),
    ("今天弄不完了，料不够", "progress", "out of time and parts, not of power"),
    ("弄不了，没零件，请街道出面", "escalate", "asks the upper office all the same"),
    ("刷到一半下雨，明天继续", "progress", "rain is no small talk here"),
    ("哪有这么快", "progress", "impatience"),
    ("去年起我就不做网格员了，别派给我", "bounce", "not in office"),
    ("我们片只到8栋", "bounce", "beyond the border"),
    ("已经下楼了，五分钟", "accept", "on the way"),
    ("叫供电所来弄吧，我已经报过去了", "transfer", "handed over"),
    ("现在亮了没有？回我一声", "ask", "asks, does not say"),
    ("昨晚那球你看了没", "none", "football"),
    # dialects, voice input, few words
    ("弄好哉", "done", "Shanghai"),
    ("勿归阿拉，是对马路居委的", "bounce", "Shanghai"),
    ("灯泡换过了 还是勿亮", "progress", "Shanghai"),
    ("水管子焊住了 不漏了", "done", "northern"),
    ("没整好呢，零件不对", "progress", "northern"),
    ("俺去瞭瞭", "accept", "northern"),
    ("好咧", "accept", "a yes, not a result"),
    ("整好咗，唔漏啦", "done", "Cantonese"),
    ("仲未得，要换成条喉", "progress", "Cantonese"),
    ("边栋几楼", "ask", "Cantonese"),
    ("弄巴适了", "done", "Sichuan"),
    ("我们整不下来，报上去嘛", "escalate", "Sichuan"),
    ("已径修号了", "done", "voice input"),
    ("转给务业了", "transfer", "voice input"),
    ("结", "done", "one character"),
    ("退", "bounce", "one character"),
    ("下周", "progress", "a time alone"),
    ("门牌", "ask", "a noun alone"),
    ("👌", "accept", "a sign"),
    ("🙏🙏", "none", "a sign"),
]


@pytest.mark.parametrize(("text", "action", "why"), TABLE)
def test_what_decides(packs: Packs, text: str, action: str, why: str) -> None:
    assert read_reply(text, packs).action == action, why


@pytest.mark.parametrize("text", ["✅", "修了", "应该好了吧", "基本修好了"])
def test_doubtful_results_are_asked_back(packs: Packs, text: str) -> None:
    reply = read_reply(text, packs)
    assert reply.action != "done" or not reply.sure


ANSWERS = [
    ("嗯亮了，麻烦你们了", "mended", "thanks"),
    ("弄好了呀，谢谢侬", "mended", "Shanghai"),
    ("好多了，就是还有一点味道", "better", "better, with a rest"),
    ("没那么臭了", "better", "less"),
    ("好了一天又不亮了", "not_yet", "bad again"),
    ("修了跟没修一样", "not_yet", "in vain"),
    ("咋还漏呢", "not_yet", "a question that complains"),
    ("仲未得", "not_yet", "Cantonese"),
    ("好天气", None, "something else"),
    ("孩子放学了", None, "something else"),
    ("今天停电吗", None, "a question"),
]


@pytest.mark.parametrize(("text", "answer", "why"), ANSWERS)
def test_a_residents_answer(packs: Packs, text: str, answer: str | None, why: str) -> None:
    assert read_confirmation(text, packs) == answer, why
