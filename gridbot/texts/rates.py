"""三率 in words: every figure with what it is counted of, and the definitions under it."""

from __future__ import annotations

from collections.abc import Mapping


def head(where: str, period: str, cases: int) -> str:
    return f"{where} {period}:报了{cases}件"


def nothing(where: str, period: str) -> str:
    return f"{where} {period}:没有报事。"


def line(name: str, figure: str, more: str = "") -> str:
    return f"{name} {figure}{more}"


RESPONSE, SOLUTION, SATISFACTION = "响应率", "解决率", "满意率"
UNANSWERED, AT_HOME, OWN = "未回访", "没出本级", "自报自办"


def pending(count: int) -> str:
    return f",另有{count}件还没到时限" if count else ""


def asking(count: int) -> str:
    return f",另有{count}件正在问" if count else ""


def levels(counts: Mapping[str, int]) -> str:
    return "办结在:" + "、".join(f"{level or '未写层级'}{count}件" for level, count in counts.items())


def times(taken: str, done: str, closed: str) -> str:
    known = [f"{name}{value}" for name, value in (("接手", taken), ("办好", done), ("办结", closed)) if value]
    return "从报事算,一半的事在这个时间内:" + "、".join(known)


def still_open(count: int) -> str:
    return f"还在办{count}件。"


def false_alarms(count: int) -> str:
    return f"虚惊{count}件,不算在内。"


def length(minutes: float) -> str:
    """90 → 1小时30分; 2880 → 2天."""
    if minutes < 60:
        return f"{round(minutes)}分钟"
    if minutes < 48 * 60:
        hours, rest = divmod(round(minutes), 60)
        return f"{hours}小时" + (f"{rest}分" if rest else "")
    return f"{round(minutes / 60 / 24, 1):g}天"


def definitions(*, partly: bool, twice: bool) -> str:
    solved = "最后一句说好了或好一点" if partly else "最后一句说好了"
    satisfied = "最后一句说好了" if twice else "一次就说好了"
    return (
        f"算法:按报事那天算;响应=时限内有人接÷该接的;解决={solved}÷回了话的;满意={satisfied}÷回了话的。"
        "没回话的算未回访,不算满意。撤了的、合并的、虚惊不算。"
    )


def bad_period() -> str:
    return "说“三率”看这个月,“三率 上周”“三率 本周”“三率 上月”“三率 10月”都行。"


PERIODS = {"本月": "本月", "上月": "上月", "本周": "本周", "上周": "上周", "今年": "今年"}


def month(year: int, number: int, this_year: int) -> str:
    return f"{number}月" if year == this_year else f"{year}年{number}月"
