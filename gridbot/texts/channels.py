"""What is said otherwise where a channel lacks buttons, reactions or edits; and what channels say of
themselves."""

from __future__ import annotations

from collections.abc import Sequence

#: a reaction (its emoji) in words, under the message; what is not here need not be said
REACTIONS = {"👀": "收到,记下了。", "🤝": "有人接手了,去看看。"}


def choices(names: Sequence[str]) -> str:
    """回1好了 2好一点 3还没好; where a name begins with a figure itself, 回1:5号楼 2:6号楼."""
    between = ":" if any(name[:1].isdigit() for name in names) else ""
    return "回" + " ".join(f"{number}{between}{name}" for number, name in enumerate(names, 1))


def link(name: str, url: str) -> str:
    return f"{name}:{url}"


def welcome() -> str:
    """智能机器人: the first thing somebody reads who opens the conversation (once a day)."""
    return (
        "您好,我是网格助手,是机器人。院里家里有事,说楼号和什么坏了,我记下告诉网格长。"
        '闲聊24小时内删。不想让我看,说"别看我"。有危险先打119/110/120。'
    )


def one_moment() -> str:
    """On a card whose button was pressed, when the answer takes longer than the platform waits."""
    return "收到了,正在记,马上好"


def settled() -> str:
    """On the button of a card on which nothing is to be pressed any more."""
    return "已处理"


def kicked() -> str:
    """To the admins: the 智能机器人 was taken over by another connection."""
    return (
        "企业微信机器人的连接被别处顶掉了,我先不抢。这会儿企业微信里我听不见,也说不了。"
        "请看看是不是有第二台机器在用同一个机器人;停掉一台后,重启我就好。"
    )


def refused() -> str:
    """To the admins: bot id or secret are wrong."""
    return "企业微信不认这个机器人的 ID 或密钥,我连不上。请到后台核对后重启我。"


def unheard() -> str:
    """To whoever speaks instead of typing, where no transcript comes along."""
    return "语音我听不了,对不住。麻烦您打字说一句:几号楼、什么坏了;发照片也行。"


def refused_elsewhere(what: str, number: int | None) -> str:
    """To the admins: 居民上报 was told "不受理" in WeCom, which ends nothing here."""
    return f"{what}({number}):居民上报里被点了“不受理”,我这儿没关。该谁办,请您定一下。"
