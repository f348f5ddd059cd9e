"""The forms of place expressions that need no word list: numbers with their unit, doors, streets, clauses."""

from __future__ import annotations

import re

N = r"(?:\d{1,5}|[零〇一二两三四五六七八九十百廿卅]{1,6})"
RANGE = rf"(?:[a-z]{{0,2}}{N}(?:[-－—~到至、和]{{1,2}}{N})?[a-z]?|[a-z])"
#: The units that follow a number, longer ones first.
UNITS = (
    "号大院|号院子|号院|号楼|号门|号弄|号库|号桩|号车位|号商铺|号铺|号出口|号入口|号口|号岗亭|号岗|号电梯|号|支弄|弄堂|弄|"
    "栋楼|栋|幢|座|单元|门栋|楼半|楼|层楼|层|室|门洞|门|车位|库区|库|期|区|排|组|院|小区|村"
)
NUMBERED = re.compile(
    rf"(?<![\d.a-z])(?:(?:负|地下)?{RANGE}(?:{UNITS})|[甲乙丙丁][门座栋幢楼]|[a-h]梯)"
    r"(?:(?<=[楼层座])[a-h](?:座|室)?(?![a-z\d]))?"
)
#: 9-2-301, 3-1 and 12#302: building, unit, room.
DASHED = re.compile(
    r"(?<![\d\-.:/])\d{1,3}(?:[-－#]\d{1,4}){1,3}(?![\d\-.:/%]|点|月|日|号楼|号|栋|楼|度|块|元|个|天|人|岁|米|斤|年|小时|分)"
)
#: A room number by itself: floor and door, 302, 1104.
ROOM = re.compile(
    r"(?<![\d.\-:/#a-z第￥¥])(?:[1-9]|[1-3]\d)(?:0[1-9]|1[0-6])(?![\d.\-:/%a-z]|块|元|个|天(?![井台])|人|岁|米|斤|年|月|日|号|度|分|只|户|次|钱|路|w|k|平|毛|条|页|多|套|班|期|万|千|瓦|步|件|点)"
)
ROAD = re.compile(
    r"[^\W\da-z_]{1,6}?(?:大道|大街|路|街|巷|胡同)(?:(?![灯面口边上人况程途]|过(?!街))|(?=口|边上|上的|面|路灯))"
)
#: 地铁2号线C口, 12路站牌.
STATION = re.compile(
    r"(?:地铁|轻轨|(?<!\d)\d{1,3}路)(?:公交)?(?:\d{1,2}号线)?"
    r"(?:[a-z\d]{0,2}号?(?:出入口|进出口|出口|入口|口)|站牌|站台|车站|站)"
)
BASEMENT = re.compile(r"(?<![a-z\d])b[1-4](?![a-z\d])")
#: 军休所那幢: a house named by what is in it.
THAT_HOUSE = re.compile(r"[\u4e00-\u9fff]{2,5}?(那幢|那栋|那排|整排平房|那片)")
#: What every number with its unit holds.
NUMBER_UNIT = re.compile(
    r"[\da-z零〇一二两三四五六七八九十百廿卅甲乙丙丁][号支弄栋幢座单楼层室门库期区排组院小村车梯]"
)
#: After a name a number of a house goes on with it: 丰泽园3栋, 富丽阁B梯.
NUMBER_NEXT = r"[a-z]?\d{1,4}[号栋幢座期弄区-]|[a-z][栋幢座区梯]|[一二三四五六七八九十]{1,3}[号栋幢座期弄区]"
#: What may stand between a place and the ends of its clause: 就在5号楼那里.
CLAUSE_END = re.compile(r"(?:.{0,2}[\s,，。.!！?？;；、:：~～…])?(?:就?在|是)?", re.DOTALL)
CLAUSE_START = re.compile(r"(?:那个|那里|那边|那家|这里|这边)?(?:$|[\s,，。.!！?？;；、:：~～…])")
#: What may stand between two parts of one place: 小公园那个公厕.
LINK = re.compile(r"的?(?:那[个间条座部家排栋幢边]?|这[个条排])?")
#: 南门进来第二根, 大门口右手那条: which one from there.
ORDINAL = re.compile(
    r"(?:进[来去门]|出[来去门]|往里|右手|左手)?(?:边|走)?"
    r"(?:第[一二三四五六七八九十\d]{1,2}[个根家栋棵盏排座间条户]|(?<=[来去门里手边走])那[条排根棵盏])"
)
ORDINAL_STARTS = frozenset("进出往右左第")
BETWEEN = re.compile(r"路口|交叉|交口|交汇|交界|之间|中间|当中|那段|这段|那一段|这一段|那一溜|那条路|沿线")
#: Said of many things; places only with something after them.
NO_NUMBERS = frozenset(
    [
        "一门",
        "一层",
        "一排",
        "一组",
        "一村",
        "两门",
        "一区",
        "两层",
        "一座",
        "一栋",
        "一幢",
        "一院",
        "一期",
        "两期",
        "两排",
        "三排",
        "两组",
    ]
)
#: A floor by itself says less than any house number beside it.
FLOOR = re.compile(rf"(?:负|地下)?{N}(?:楼|层|层楼|楼半)")
