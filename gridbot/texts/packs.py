"""例会材料 and 月报: names of lists and columns, the short text in chat, what is said around them."""

from __future__ import annotations

from collections.abc import Sequence

# --- the week ------------------------------------------------------------------------------------

NEW, MENDED, WORKING = "新报", "办好", "在办"
LISTS = {
    "late": "超时",
    "stuck": "没动静",
    "climbed": "报上来",
    "reopened": "返工",
    "paused": "暂缓",
    "agenda": "上会",
}
TITLES = {
    "late": "过了时限的",
    "stuck": "好几天没动静的",
    "climbed": "这段时间报到上一级的",
    "reopened": "居民说没好、又接着办的",
    "paused": "暂缓的",
    "agenda": "列入例会的",
}
NUMBER, WHAT, WHERE = "编号", "什么事", "现在在哪"
DETAIL = {
    "late": "超了",
    "stuck": "多久没动静",
    "climbed": "报事到现在",
    "reopened": "报事到现在",
    "paused": "等什么",
    "agenda": "哪个会",
}
PRIVATE_CASE = "不公开的事"
HOT, HOT_HEAD = "反复报的地方", ("地方", "什么事", "件数")
UNLED, UNLED_HEAD = "没人管的楼", ("网格", "楼")
UNHANDLED, UNHANDLED_HEAD = "没有单位管的事", ("什么事",)
ZERO, ZERO_HEAD = "零上报", ("网格", "情况")
NO_REPORT, NO_GROUP = "没有报事", "没有群,听不到"
MADE = "机器人按记录自动生成,不用填、不用签。"


def week_title(where: str) -> str:
    return f"{where} 例会材料"


def days(first: str, last: str) -> str:
    return f"{first}至{last}"


def stuck_note(days: int) -> str:
    return f"{days}天以上没人有动作;暂缓和上会的不算。"


def hot_note(days: int, least: int) -> str:
    return f"{days}天里报了{least}件以上;不公开的事不算。"


def zero_line(where: str, period: str) -> str:
    return f"零上报:{period},{where}没有报事。"


def figures(found: Sequence[tuple[str, object]]) -> str:
    return ",".join(f"{name}{figure}" for name, figure in found)


def some(name: str, count: int, shown: Sequence[str]) -> str:
    more = "等" if count > len(shown) else ""
    return f"{name}{count}件:{'、'.join(shown)}{more}"


def also(name: str, shown: Sequence[str], count: int) -> str:
    return f"{name}:{'、'.join(shown)}{'等' if count > len(shown) else ''}"


def until(what: str, day: str) -> str:
    return f"{what},到{day}" if day else what


def no_such_node(name: str) -> str:
    return f"您管的里头没有“{name}”。说“例会材料”看您管的那片。"


def week_usage() -> str:
    return "说“例会材料”就行,也可以“例会材料 一网格”“例会材料 上周”。"


# --- the month -----------------------------------------------------------------------------------

CASES, CLOSED, ASKING, OPEN = "报事", "办结", "等回话", "在办"
TOTAL, GRID, COMMUNITY, TYPE, COUNT = "合计", "网格", "社区", "什么事", "件数"
STATES, TYPES, RATES, UNITS = "办得怎样", "都是什么事", "三率", "单位"
UNIT_HEAD = ("单位", "经手", "办结", "单位的话")
HIDDEN_KIND, NO_KIND = "不公开的", "没认出来的"


def rest_of(where: str) -> str:
    return f"{where}(没分到网格)"


def several(count: int) -> str:
    return f"{count}个社区"


def month_name(year: int, number: int) -> str:
    return f"{year}年{number}月"


def month_title(where: str) -> str:
    return f"{where} 月报"


def reported(count: object) -> str:
    return f"共{count}件,按报事那天算。"


SMALL_NOTE = (
    "1到4件写作<5;*是为了不让人推算出来没写的;—是没有,或者写了就会露出小数。只有件数,没有人名,不排名。"
)
TYPE_NOTE = "一件事按最主要的一类算。"
TOO_SMALL = "分开看都太小,只写合计。"
UNIT_NOTE = "单位的数写进来以前,给单位看过。"


def unit_waits(moment: str) -> str:
    return f"单位的数先给单位看,{moment}以后才有。"


def preview(unit: str, month: str, handled: object, closed: object, moment: str) -> str:
    return (
        f"{unit}{month}的数:经手{handled}件,办结{closed}件。{moment}写进月报。"
        f"有话要说,回“数字说明 ……”,原话附在后面。"
    )


def note_kept(month: str) -> str:
    return f"记下了,附在{month}月月报您单位那行后面。再说一遍就换成新的。"


def nothing_to_note() -> str:
    return "眼下没有等着写进月报的数。有的话,我会先给您看。"


def no_month() -> str:
    return "说“月报”看上个月,“月报 本月”“月报 10月”都行。"


def month_short(title: str, period: str, lines: Sequence[str]) -> str:
    return "\n".join([f"{title} {period}", *lines])
