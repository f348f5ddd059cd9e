"""What is said of the console: the way in, and what came of an act there."""

from __future__ import annotations

WAY_IN = "打开控制台"


def link(address: str, minutes: int) -> str:
    return f"控制台的门,{minutes}分钟内点一次有效:\n{address}\n只给您自己用,别转给别人。用完记得点〔退出〕。"


def nowhere() -> str:
    return "控制台还没有网址。请装网格助手的同志把 GRIDBOT_CONSOLE_URL 填上。"


def no_longer() -> str:
    return "这一步现在不能做了,可能别人刚办过。看看现在的样子再说。"


def say_why() -> str:
    return "请写一句为什么。"


def say_what() -> str:
    return "请写一句。"


def choose_one() -> str:
    return "请选一个。"


def taken_back() -> str:
    return "撤回了,跟没点一样。"


def done(what: str) -> str:
    return f"好,{what}。"
