"""What is said about, and only on, 微信客服: one to one with residents' ordinary WeChat."""

from __future__ import annotations

#: the reason kept with a message that waits until the resident writes again
WINDOW_OVER = "过了48小时或满了5条,等居民再开口"


def welcome() -> str:
    """The first thing a resident reads who scans the code: what it is, what it keeps, what it is not."""
    return (
        "您好,我是网格助手,是机器人。院里家里有事,说楼号和什么坏了,发照片也行,我记下告诉网格长。"
        "办到哪一步我在这儿回您。闲聊24小时内删;不想让我看,说“别看我”。有危险先打119/110/120。"
    )


def not_told(what: str, number: int | None) -> str:
    """To whoever has the case: WeChat lets the bot write only within 48 hours, and five times."""
    return (
        f"{what}({number}):报事的人在微信客服里,有两天没开口或我已回满5条,微信不让我再发。"
        "他一开口我就补上;要紧的话请您打个电话或上门说一声。"
    )


def more() -> str:
    """Above the choices that stand under a long text."""
    return "请您选一个:"


# --- the poster ----------------------------------------------------------------------------------

POSTER_TITLE = "有事找网格"
POSTER_SCAN = "微信扫一扫，一对一说"


def poster_lines(grid: str) -> tuple[str, ...]:
    return (
        f"{grid} · 网格助手",
        "灯不亮、水管漏、电梯坏、垃圾没人收……",
        "说楼号和什么坏了，发张照片也行",
        "我记下，告诉网格长，办好了回您",
    )


POSTER_FOOT = ("我是机器人，不进微信群", "有危险先打 119 / 110 / 120")


def no_link(why: str) -> str:
    """Where the poster should be: WeChat gave no address for its code."""
    return f"微信没给客服链接({why}),过会儿再试。"
