"""Is this about a service day, and what does it want? Pure; small patterns as data.

Two listeners: an organiser or admin who changes something (磨刀的不来了 · 这次三九取消 · 三九改到20号),
and anybody who asks (三九有什么 · 下雨还办吗). Both stay silent when unsure: 三九天 is the coldest
time of the year, and "取消了吗?" is a question.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from gridbot.almanac import next_day, parse_when
from gridbot.services.service_days.rules import ServiceDay

LONGEST = 50  #: characters; a longer text is a story, not an order


class Change(StrEnum):
    ITEMS = "items"  #: who comes, who does not
    ITEM_NEW = "item_new"  #: 磨刀改到10点, 磨刀换成修鞋
    CANCEL = "cancel"
    MOVE = "move"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class ServiceChange:
    """What an organiser wants. `on` None: the next date; `to_day` None: he has not said which."""

    kind: Change
    service_day_id: int
    on: date | None = None
    come: tuple[str, ...] = ()
    stay_away: tuple[str, ...] = ()
    to_day: date | None = None
    item: str = ""
    new_item: str = ""


class Asks(StrEnum):
    WHAT = "what"
    WHEN = "when"
    RAIN = "rain"
    ITEM = "item"


@dataclass(frozen=True, slots=True)
class ServiceQuestion:
    kind: Asks
    service_day_id: int
    on: date | None = None
    item: str = ""
    named: bool = True  #: False: 下雨还办吗 alone, which means one that is near, if any


#: What people also call an item.
ITEM_WORDS: dict[str, tuple[str, ...]] = {
    "理发": ("剃头", "剪头", "理头", "剪发"),
    "磨刀": ("磨剪子", "磨菜刀", "磨剪刀"),
    "义诊": ("医生", "大夫", "看病的", "量血压"),
    "冲洗地垫": ("洗地垫", "地垫"),
    "修鞋": ("补鞋", "鞋匠"),
}

#: 三九 as in the cold season, a song or a medicine.
_NOT_THE_DAY = re.compile(
    r"三九(?:天|寒|严|四九|隆冬|寒冬|腊月|感冒|胃泰|药)|(?:数|冬练|冬练的)三九|夏练三伏"
)
_UNSURE = re.compile(
    r"[??]|吗|么$|是不是|会不会|能不能|要不要|有没有|如果|要是|万一|假如|的话|上次|上回|听说|以前|去年|为什么|怎么|谁说|要不"
)

#: Tried in this order; the first that stands right beside the name decides.
_ORDERS: tuple[tuple[Change, str], ...] = (
    (Change.KEEP, r"照常|照旧|照办|如期|正常(?:办|进行)|保留|(?:不|没|别)取消"),
    (Change.MOVE, r"(?:改|挪|移|推迟|顺延|延期|延|提前|换|调)(?:到|成|在|为|至)(?P<to>.+)"),
    (Change.MOVE, r"改(?P<to>(?:\d|[本下这]|周|星期|礼拜|[一二三四五六七八九十]).+)"),
    (Change.MOVE, r"改期|改天|改日子|换个?(?:日子|时间)|推迟|延期|往后推"),
    (Change.CANCEL, r"取消|(?:不|停)(?:办|搞|举行|举办)|停(?:一次|了)|(?:办|搞)不(?:了|成)"),
)
#: What may stand between a name and what is said of it. Anything else, and it is said of something else.
_FILL = (
    r"(?:便民|服务|日|活动|的|师傅|大夫|医生|老师|他们|这次|这回|本次|这期|今天|明天|后天|(?:\d{1,2}月)?\d{1,2}[号日]|"
    r"[本下这]?(?:周|星期|礼拜)[一二三四五六日天]|那天|上午|下午|先|就|都|也|又|临时|说|决定|我们|要|给|把|因为?|天气|不好|"
    r"家里|有点?事|有雨|下雨|大雨|大风|下雪|生病了?|病了|[,, 、:])*"
)
_COMPILED = tuple(
    (kind, re.compile(pattern), re.compile(_FILL + f"(?:{pattern})")) for kind, pattern in _ORDERS
)
_ITEM_OFF = re.compile(
    _FILL + r"(?:不来|来不了|来不成|不能来|没法来|没空来|到不了|不(?:到|做|弄|搞|去)了|请假|取消|没有了|没了)"
)
_ITEM_ON = re.compile(_FILL + r"(?:(?:会|能|可以|确定|一定|肯定)来|来了?$|照常|定了|没问题)")
_ITEM_NEW = re.compile(r"(?:的|师傅|的师傅)?(?:时间)?(?P<how>改成|换成|改为|改到|改在)(?P<new>.{1,12})$")
_CLAUSES = re.compile(r"[,,;;。!!]")
_SERVICE_WORDS = re.compile(r"便民(?:服务)?(?:日|活动)|服务日")
_END = re.compile(r"[。!!,,;;\s]+$")

_QUESTIONS: tuple[tuple[Asks, re.Pattern[str]], ...] = (
    (Asks.RAIN, re.compile(r"(?:下雨|雨天|有雨|下雪).*(?:办|搞|吗|怎么|咋|来|取消|[??])")),
    (
        Asks.WHAT,
        re.compile(
            r"有(?:些)?(?:什么|啥|哪些|哪几)|都有|(?:干|做)(?:什么|啥)|什么(?:项目|服务|内容)|哪些|带(?:什么|啥)"
        ),
    ),
    (
        Asks.WHEN,
        re.compile(
            r"什么时[候间]|啥时候?|哪[天日]|哪一天|几号|几点|多会儿?|何时|在哪|哪[里儿]|下(?:次|回)|还?[有办搞]吗"
            r"|还?(?:有没有|办不办|搞不搞)|取消了?[吗没]|(?:改|挪)到(?:哪|几|什么)|是(?:今天|明天|后天|周).?吗|时间[??]?$"
        ),
    ),
)
_ITEM_ASKED = re.compile(r"吗|[??]|有没有|来不来|几点")
_RAIN_ALONE = re.compile(r"(?:下雨|雨天|有雨).*[办搞]")
_ASKING = re.compile(r"[吗啥哪几雨??]|什么|有没有|何时|办不办|搞不搞|时间")


# --- an organiser's or admin's words -------------------------------------------------------------


def understand_organiser(
    text: str, service_days: Sequence[ServiceDay], now: datetime
) -> ServiceChange | None:
    """What a person with the right to change a service day wants; None if it is not about one."""
    text = _END.sub("", text.strip())
    if not text or len(text) > LONGEST or _UNSURE.search(text) or _NOT_THE_DAY.search(text):
        return None
    named = _named(text, service_days)
    about_items = _about_items(text, service_days, named, now)
    if about_items or named is None:
        return about_items
    return _about_the_day(text, named, now)


def _about_the_day(text: str, service: ServiceDay, now: datetime) -> ServiceChange | None:
    name = next(match for match in re.finditer(rf"{re.escape(service.short)}|{_SERVICE_WORDS.pattern}", text))
    for kind, order, after_name in _COMPILED:
        said = after_name.match(text, name.end())
        if said is None:  # 取消19号的三九
            said = order.match(text)
            if said is None or not re.fullmatch(_FILL, text[said.end() : name.start()]):
                continue
        to = said.groupdict().get("to")
        to_day = _day_in(to, service, now) if to else None
        if to and to_day is None:
            continue
        rest = text.replace(to, "") if to else text
        return ServiceChange(kind, service.id, _day_in(rest, service, now), to_day=to_day)
    return None


def _about_items(
    text: str, service_days: Sequence[ServiceDay], named: ServiceDay | None, now: datetime
) -> ServiceChange | None:
    service = named or _with_items(text, service_days, now)
    if service is None:
        return None
    come: list[str] = []
    stay_away: list[str] = []
    waiting: list[str] = []  # named in a clause that says nothing of them yet: 磨刀的,不来了
    for clause in _CLAUSES.split(text):
        found = _items_in(clause, service)
        rest = clause[max((end for _, end in found), default=0) :]
        waiting += [name for name, _ in found]
        if len(waiting) == 1 and found and (new := _ITEM_NEW.match(rest)):
            return _item_new(service, waiting[0], new, now)
        for pattern, names in ((_ITEM_OFF, stay_away), (_ITEM_ON, come)):
            if waiting and pattern.match(rest):
                names += waiting
                waiting = []
    if waiting or (not come and not stay_away):
        return None
    on = _day_in(text, service, now)
    return ServiceChange(Change.ITEMS, service.id, on, tuple(come), tuple(stay_away))


def _item_new(service: ServiceDay, item: str, match: re.Match[str], now: datetime) -> ServiceChange | None:
    """磨刀改到10点 → 磨刀(10点); 磨刀换成修鞋 → 修鞋; 磨刀改到20号 is another date: not understood."""
    new = match["new"].strip()
    if match["how"] in ("改到", "改在") or "点" in new:
        if not isinstance(parse_when(new, now, service.zone), datetime):
            return None
        new = f"{item}({new})"
    return ServiceChange(Change.ITEM_NEW, service.id, item=item, new_item=new)


# --- a question ----------------------------------------------------------------------------------


def may_ask(text: str) -> bool:
    """Cheap, and false for nearly all chat: then no service day need be looked up."""
    return 0 < len(text) <= LONGEST and _ASKING.search(text) is not None


def understand_question(
    text: str, service_days: Sequence[ServiceDay], now: datetime
) -> ServiceQuestion | None:
    """三九有什么 · 三九什么时候 · 下雨还办吗 (when one is near); None if it is about something else."""
    if not may_ask(text) or _NOT_THE_DAY.search(text):
        return None
    service = _named(text, service_days)
    if service is None:
        alone = len(service_days) == 1 and len(text) <= 16 and _RAIN_ALONE.search(text)
        return ServiceQuestion(Asks.RAIN, service_days[0].id, named=False) if alone else None
    on = _day_in(text, service, now)
    items = _items_in(text, service)
    if items and _ITEM_ASKED.search(text):
        return ServiceQuestion(Asks.ITEM, service.id, on, items[0][0])
    for kind, pattern in _QUESTIONS:
        if pattern.search(text):
            return ServiceQuestion(kind, service.id, on)
    return None


# --- names, items, days --------------------------------------------------------------------------


def _named(text: str, service_days: Sequence[ServiceDay]) -> ServiceDay | None:
    """The service day that is called by its name; 便民日 means the only one."""
    for service in service_days:
        if service.name in text or (len(service.short) > 1 and service.short in text):
            return service
    return service_days[0] if len(service_days) == 1 and _SERVICE_WORDS.search(text) else None


def _with_items(text: str, service_days: Sequence[ServiceDay], now: datetime) -> ServiceDay | None:
    """Among those that offer what is spoken of, the one that comes next."""
    having = [service for service in service_days if _items_in(text, service)]
    today = {service.id: now.astimezone(service.zone).date() for service in having}
    return min(having, key=lambda one: next_day(one.rule, today[one.id]) or date.max, default=None)


def _items_in(text: str, service: ServiceDay) -> list[tuple[str, int]]:
    """(item, where it ends) in the order of the service day."""
    found = []
    for item in service.items:
        for word in (item.name, *ITEM_WORDS.get(item.name, ())):
            if word and (at := text.rfind(word)) >= 0:
                found.append((item.name, at + len(word)))
                break
    return found


def _day_in(text: str, service: ServiceDay, now: datetime) -> date | None:
    """The day that is named; a time of day alone names none."""
    text = text.replace(service.short, " ")
    when = parse_when(text, now, service.zone)
    if isinstance(when, datetime):
        return when.date() if re.search(r"[天日号周月]|星期|礼拜|今晚|明早|明晚", text) else None
    return when
