"""Groups no bot may sit in: what is said to whoever carries the words there and back."""

from __future__ import annotations

PASTED = "已贴"
ALL_PASTED = "都贴了"
OPEN_ALL = "都记"
OPEN_NONE = "都不记"


def to_paste(group: str, count: int, *, again: bool) -> str:
    """Above the text itself, which comes as a message of its own so that it can be copied whole."""
    what = "有一段话要贴" if count == 1 else f"有{count}段话要贴"
    return f"「{group}」{'还' if again else ''}{what},下一条整条复制就行。贴好了按一下。"


def urgent_to_paste(group: str) -> str:
    return f"急:「{group}」要马上贴一段话,下一条整条复制。贴好了按一下。"


def thanks(group: str) -> str:
    return f"好,记上了:「{group}」贴过了。"


def nothing_to_tick() -> str:
    return "这段话已经有人贴了,或者不用贴了。"


def missed(group: str, beginnings: list[str]) -> str:
    shown = "".join(f"\n· {one}" for one in beginnings)
    return f"「{group}」有{len(beginnings)}段话没来得及贴,过了时候,不用再贴了:{shown}"


def by(name: str, at: str) -> str:
    return f"{name or '看板上'} {at}贴的"


# --- the groups ----------------------------------------------------------------------------------


def groups(lines: list[tuple[str, str, str, int]]) -> str:
    """(group, grid, who pastes, how much waits)"""
    if not lines:
        return "还没有要靠人贴的微信群。加一个:微信群 一网格微信群 一网格"
    shown = [
        f"{group}({node}):{keeper or '网格长'}贴{f',{count}段等着贴' if count else ''}"
        for group, node, keeper, count in lines
    ]
    return "这些群我进不去,靠人贴:\n" + "\n".join(shown)


def group_added(group: str, node: str, keeper: str) -> str:
    return f"好,「{group}」归{node}。要说的话我发给{keeper or '网格长'},贴过去就行;聊天记录也可以私下贴给我。"


def no_such_group(name: str) -> str:
    return f"没有叫「{name}」的微信群。先说:微信群 {name} 一网格"


def no_such_node(name: str) -> str:
    return f"没有叫「{name}」的网格。"


def no_such_person(name: str) -> str:
    return f"名单上没有{name}。"


def keeper_set(group: str, name: str, *, reached: bool) -> str:
    more = "" if reached else "不过我还找不到他,请他先私下跟我说句话。"
    return f"好,「{group}」由{name}贴。{more}"


# --- a record, in private ------------------------------------------------------------------------


def found(group: str, lines: list[str], heard: int, unsure: bool) -> str:
    shown = "\n".join(lines)
    more = "(带问号的拿不准)" if unsure else ""
    count = len(lines)
    return (
        f"「{group}」的聊天记录,看了{heard}句,有{count}件像是报事的{more}:\n{shown}\n"
        f"都要记,回「都记」;只要几件,回「记1{' 2' if count > 2 else ''}」。不回就不记。"
    )


def line(number: int, what: str, words: str, *, others: int, sure: bool, urgent: bool) -> str:
    more = f"(还有{others}人也说了)" if others else ""
    return f"{number}. {'急 ' if urgent else ''}{what}:{words}{more}{'' if sure else '?'}"


def nothing_found(heard: int) -> str:
    return f"看了{heard}句,没有像报事的。闲聊我不留。"


def all_known() -> str:
    return "这些先前都报过了,没有新的。"


def which_group() -> str:
    return "这是哪个群的聊天记录?"


def no_group() -> str:
    return "先告诉我是哪个群:微信群 一网格微信群 一网格。再把记录贴一遍。"


def not_for_you() -> str:
    return "聊天记录请交给网格长或社区来贴。您自己的事,直接跟我说楼号和什么坏了就行。"


def opened(count: int, numbers: list[int]) -> str:
    if not count:
        return "没有新立案:这些先前都有了。"
    shown = f"({'、'.join(map(str, numbers))})" if numbers else ""
    return f"好,立了{count}件{shown},已经告诉该管的人。"


def opened_to_paste(group: str) -> str:
    return f"下一条可以整条贴回「{group}」,贴好了按一下。"


def left() -> str:
    return "好,一件也没记。"


def record_over() -> str:
    return "这份记录过了时候,请再贴一遍。"
