"""What is said when a case is said to be mended, and when it is not."""

from __future__ import annotations


def reopened_above(what: str, number: int, name: str) -> str:
    who = f"已请{name}再看,您知道就行。" if name else "正在找人看。"
    return f"{what}({number}):居民说还没好。{who}"


def already_done(number: int) -> str:
    return f"{number}已经记成办好了,等居民看看。"


def already_closed(number: int) -> str:
    return f"{number}已经办结了,谢谢您。"


def still_going_on(number: int) -> str:
    return f"知道了,{number}还在办,没丢。"


def photo_kept(number: int) -> str:
    return f"照片收到({number})。办好了说一声就行。"
