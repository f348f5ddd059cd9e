"""What a short remark is to something just reported: me too, I smell it as well, not here, a joke. Pure.

Such remarks name nothing by themselves ("我们楼也没"), so the reading of a single message cannot know
them; they mean something only beside a fresh report. Nothing here opens a case by itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Remark(StrEnum):
    TOO = "too"  #: "我们楼也没", "+1": the same trouble
    SENSED = "sensed"  #: "我也闻到了": a witness
    STUCK = "stuck"  #: "轿车开不出去": what the trouble does to others
    HELP = "help"  #: "来人啊"
    YES = "yes"  #: "是啊", "老毛病"
    PERSON = "person"  #: "他又不肯吃药": goes on about the person spoken of
    TROUBLE = "trouble"  #: a word of complaint; counts only where the place is named again
    FINE = "fine"  #: "我们楼正常": not the same trouble
    BACK = "back"  #: "来了来了": it is there again
    ELSE = "else"  #: 接龙, a price, a joke, a question: other talk
    NONE = "none"


@dataclass(frozen=True, slots=True)
class About:
    """What is known of the report a remark may belong to."""

    types: tuple[str, ...]
    supply: bool
    private: bool
    urgent: bool
    age: timedelta  #: since the reporter's own last words
    place: str = "none"  #: what the remark names: see sameplace.relation
    quoted: bool = False  #: said as a reply to it


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns))


_END = r"(?=$|[ ,,，。.!！~～、;；…])"
_TAIL = r"(?:了|呢|啊|呀|哦|的|啦|咧|哩|额|诶|哎|嘛)?"
_WHO = (
    r"(?:我|俺|咱|阿拉|这|那|楼|号|栋|幢|单元|弄|院|家|室|屋|层|口|边|[0-9一二三四五六七八九十]|大家|都|们)"
)
_NO = r"(?:没有|没得|么|没|冇|无|木有)"
#: What is missing, also as voice input writes it: 店 for 电.
_THING = {
    "power": "电店垫淀典点",
    "water": "水睡",
    "heating": "暖气热汽",
    "gas": "气汽火",
    "lighting": "灯亮光",
    "elevator": "动",
}
_STATE = (
    "停|断|坏|堵|漏|黑|凉|冰|冷|返|冒|淹|臭|灭|不亮|不热|不通|不走|不来|不动|不出|不行|上不|下不|出不|进不|打不|"
    "关不|刷不|连不|一片|这样|遭殃|中招|倒霉|进水|跳闸|断网|没信号"
)
_TOO = re.compile(
    rf"{_WHO}[^,，。!！?？ ]{{0,8}}?[也一](?:是|样|个样|(?:都)?(?:{_STATE}))|"
    rf"{_WHO}[^,，。!！?？ ]{{0,8}}?也{_NO}{_TAIL}{_END}|(?:同样|照样)(?:没|不|停|坏|堵)"
)
_TOO_NO = re.compile(rf"{_WHO}[^,，。!！?？ ]{{0,8}}?[也都]{_NO}(?P<thing>.){_TAIL}{_END}")
_PLUS = re.compile(r"^(?:\+ ?1|加1|加一|同问|同求|附议|同上|同|我也是|我家也是|一样一样|一样)[!！。~～+1 ]*$")
_TOO_WORDS = re.compile(r"\+1(?!\d)|我也是|家也是|附议|同求")
_SENSED = _any(
    "(?P<too>也|都)?(?:刚才?|刚刚|确实|真的)?(?P<sense>[闻听看瞧碰])[到见着得][了过咧的]?(?:$|[ ,，。!！~])",
    "(?P<too2>也)(?P<sense2>[闻听看瞧碰踏踩摔滑])[到见着空]",
)
_SENSES = {
    "闻": frozenset({"gas", "pollution", "sanitation", "drainage"}),
    "听": frozenset({"noise", "security", "dispute", "care", "pets"}),
}
_STUCK = re.compile(
    r"(?:过|推|走|挤|擦|开|进|出|上|下|动|转|绕|睡|通)不(?:过|了|去|出|来|动|开|着|得)|没法(?:过|走|下|上|进|出)"
)
_OBSTACLES = frozenset(
    {"fire_lane", "parking", "road", "elevator", "access", "sanitation", "vendor", "drainage"}
)
_HELP = re.compile(r"快来|来个?人|来人啊|救命|快点?(?:叫|喊|派)人|赶紧(?:来|叫)")
_YES = _any(
    "^(?:是啊|是的呀?|是呀|就是呀?|就是说|对[的啊呀滴]|真的|确实|可不是|可不|嗯嗯?真的|没错)(?!假的|吗|伐|么)",
    "老毛病|老样子|一直这样|天天这样|总这样|老这样",
)
_PERSON = re.compile(r"^(?:他|她|伊|人家|那家|那男的|那女的|老头|老太)(?!们?说|们?讲)")
_TROUBLE = _any(
    "全是|都是|到处|满地|一地|天天|老是|总是|受不了|吃不消|臭|脏|吓人|吵|冒|漏|流|淹|堵|坏|破|断了|掉下|响|危险",
    "没人管|不敢|摔|滑|崴|踏空|砸|上不去|下不去|出不去|进不去|难受|要命|作孽|没法",
)
_FINE = _any(
    "好好[的地额呀]|好着[呢哩]|正常|没事[的呀啊了]?|没问题|一直有|从来没停|没停|没断|不停|不堵|不臭|不漏|热乎",
    "(?<![没不有])有[电水气暖网](?!费|管|味|站|梯)",
    "(?<!不)亮着|(?<!不)亮的|(?<!不)(?:挺|蛮|很|都)热",
    "我[^,，。 ]{0,8}(?:没有这|没这)|我[^,，。 ]{0,6}来了[呀啊的]?$",
)
_IS_BACK = "有了|来了|亮了|热了|通了|好了|恢复了|来电了?|来水了?|有电了|有水了|有气了|来气了"
_BACK = re.compile(rf"^(?:(?:{_IS_BACK})[呀啊啦哦嘞!！。~ ,，]{{0,4}}){{1,4}}(?:谢谢?.{{0,6}})?$")
_JOKE = re.compile(r"哈哈|嘿嘿|嘻嘻|呵呵|笑死|😂|🤣|😄|😆|😜|😝|😏|🐶|开玩笑|逗")
_BODY = re.compile(r"(?:头皮|鼻子|嗓子|喉咙|脑子|脑袋|头发|牙|心|眼睛|肚子|钱包|腰|腿|嘴)[^,，。 ]{0,3}也")
_ASKS = re.compile(
    r"[?？]|(?:吗|伐|么|嘛|没)$|是不是|有没有|几号|哪[个栋里幢号家]|啥[事人]?|什么|谁|多少|出.{0,2}啥"
)
_OTHER = _any(
    r"接龙|团购|拼[团单]|截[单团]|下单|要的|自提|自取|扣1|报名|预[定订]|团长|^\d{1,2}[.、．)）]",
    "多少钱|几钿|几块|一块钱|块一|价钱|便宜|打折|师傅电话|谁有.{0,8}电话|借[我一个用只把]|还我",
    "转让|出售|出[一只个]|收购|推荐|链接|快递|外卖|红包|生日|早上好|晚安|吃[饭了啥]",
    "抖音|视频|球赛|股票|孩子作业|家长会",
)


def other_talk(text: str) -> bool:
    """接龙, a price, an advertisement, a loan: no part of a report, whoever says it."""
    return bool(_OTHER.search(text))


def calls_for_plus(text: str) -> bool:
    """ "要的+1", a list begun: what a bare "+1" after it answers."""
    return bool(_OTHER.search(text)) or ("+1" in text and not plus_one(text)) or "举手" in text


def joke(text: str) -> bool:
    return bool(_JOKE.search(text))


def plus_one(text: str) -> bool:
    """A bare "+1": belongs to whatever was said last, be it a report or a 接龙."""
    return bool(_PLUS.match(text.strip()))


def says_plus(text: str) -> bool:
    return plus_one(text) or "+1" in text


def came_back(text: str) -> bool:
    return len(text) <= 16 and bool(_BACK.match(text.strip()))


def hint(text: str, only: frozenset[Remark] = frozenset()) -> bool:
    """Whether a look is worth it at all: most talk ends here, without a statement. `only`: no other kinds."""
    if not 0 < len(text) <= 60 or not _HINT.search(text):
        return False
    kind = remark(text, _ANY_TYPE)
    if only:
        return kind in only
    return kind in _ALONE or (kind is Remark.TROUBLE and bool(_PLACED.search(text)))


_HINT = _any(
    r"[也都]|\+ ?1|加1|一样|同[问求上]|附议|[闻听看瞧碰][到见着]|不[过了去出来动开着得]|没法",
    "来个?人|快来|救命",
    "^是[啊的呀]|^就是|^对|真的|确实|老毛病|老样子|这样|^[他她伊]|^人家|来了|有了|亮了|热了|通了|好了",
    "[0-9一二三四五六七八九十][号栋幢楼单弄层室]",
)


_ANY_TYPE = tuple(sorted(_OBSTACLES.union(_THING, *_SENSES.values())))
_ALONE = frozenset(
    {Remark.TOO, Remark.SENSED, Remark.STUCK, Remark.HELP, Remark.YES, Remark.PERSON}
)  #: remarks that may count without naming the place
_PLACED = re.compile("[0-9零一二三四五六七八九十][号栋幢楼单弄层室]|[门路弄巷]口|[东南西北]门|车棚|广场|花园")


def remark(text: str, types: tuple[str, ...] = ()) -> Remark:
    """Which remark a text is, beside a report of these types. The first that fits, denials first."""
    said = text.strip()
    if not said or len(said) > 60:
        return Remark.NONE
    if other_talk(said) or _BODY.search(said):
        return Remark.ELSE
    too = _PLUS.match(said) or _TOO.search(said) or _TOO_WORDS.search(said) or _lacks(said, types)
    if _FINE.search(said) and not too:
        return Remark.FINE
    if joke(said):
        return Remark.ELSE
    if too:
        return (
            Remark.ELSE if re.match(r"^[你侬]", said) or re.search(r"(?:吗|伐|[?？])$", said) else Remark.TOO
        )
    return _lesser(said, types)


def _lacks(said: str, types: tuple[str, ...]) -> bool:
    """ "我们也没电": what is missing is what the report is about, by its sound too."""
    found = _TOO_NO.search(said)
    return found is not None and any(found["thing"] in _THING.get(one, "") for one in types)


def _lesser(said: str, types: tuple[str, ...]) -> Remark:
    """Remarks that only count close to the report."""
    if _HELP.search(said):
        return Remark.HELP
    if _ASKS.search(said):
        return Remark.ELSE
    if sensed := _SENSED.search(said):
        sense = sensed["sense"] or sensed["sense2"]
        fits = _SENSES.get(sense)
        if (fits is not None and fits & set(types)) or (sensed["too"] or sensed["too2"]):
            return Remark.SENSED
    if _YES.search(said):
        return Remark.YES
    if _STUCK.search(said) and set(types) & _OBSTACLES:
        return Remark.STUCK
    if _PERSON.match(said):
        return Remark.PERSON
    return Remark.TROUBLE if _TROUBLE.search(said) else Remark.NONE


_BARE = timedelta(minutes=60)  #: "我家也是" and nothing else
_TALK = timedelta(minutes=10)
_SHORT = timedelta(minutes=5)
_NOW = timedelta(minutes=3)
#: remark → how long after the reporter's last words it counts: (without a place, with the same place)
_COUNTS = {
    Remark.TOO: (_TALK, _BARE),
    Remark.SENSED: (_TALK, _BARE),
    Remark.HELP: (timedelta(0), _TALK),
    Remark.YES: (_NOW, _TALK),
    Remark.STUCK: (_NOW, _TALK),
    Remark.PERSON: (timedelta(0), _TALK),
    Remark.TROUBLE: (timedelta(0), _TALK),
}


def belongs(kind: Remark, about: About, *, bare: bool = False) -> bool:
    """Whether a remark says the same trouble as the report: then its speaker supports it."""
    if kind not in _COUNTS:
        return False
    if about.place == "sibling" and not (about.supply and kind is Remark.TOO):
        return False
    if about.place == "house" and kind is Remark.TOO and not (about.supply or about.urgent):
        return False
    if about.quoted:
        return True
    without, placed = _COUNTS[kind]
    if kind is Remark.TOO and bare:
        without = _BARE
    if kind is Remark.HELP and about.urgent:
        without = _SHORT
    if kind is Remark.PERSON and about.private:
        without = _SHORT
    return about.age <= (placed if about.place in ("same", "house") else without)
