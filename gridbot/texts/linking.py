"""关联: one person on several channels. What is said while two accounts become one, and apart again."""

from __future__ import annotations

#: platform → what people call it, the first is what the bot says
CHANNELS: dict[str, tuple[str, ...]] = {
    "wecom_kf": ("微信客服", "微信", "客服"),
    "wecom_aibot": ("企业微信", "企微", "微信"),
    "telegram": ("Telegram", "电报", "TG", "飞机"),
    "simulator": ("模拟器",),
}

ITS_ME = "对,是我"
NOT_ME = "不是我"
TAKE_BACK = "撤销关联"


def channel(platform: str) -> str:
    return CHANNELS.get(platform, (platform,))[0]


def somebody(name: str) -> str:
    """Of a name as much as lets one know oneself again."""
    return f"{name[:1]}**" if name else "没写名字的人"


def code(number: str, here: str, minutes: int) -> str:
    return (
        f"您的关联码:{number}\n到另一边(您不在{here}的那个号)私下发给我:关联 {number}。"
        f"{minutes}分钟内有效,只能用一次。我不会找您要这个码,谁要都别给。"
    )


def only_private() -> str:
    return "关联的事咱们私下说:请到私聊里发我「关联」。"


REFUSED = {
    "often": "试得太多了,歇一个小时再来。",
    "unknown": "这个码不对,或者过了时候。请在原来那边发「关联」,重新要一个。",
    "self": "这个码就是在这儿给您的。请到另一边(另一个软件里)发给我。",
    "same_channel": "两个号在同一个软件里,关联不了。",
    "erased": "其中一边已经删掉了记录,关联不了。",
    "contradict": "两个号的身份不能合在一个人身上(单位的人看不了反映单位的事)。请找管理员看看。",
    "two_names": "两个号在名单上是两个人。请管理员先把名单理好。",
}


def is_it_you(channel: str, name: str) -> str:
    """On the side where the code was typed."""
    return f"码对上了。您和{channel}上的{somebody(name)}是同一个人吗?两边都说对,就算一个人了。"


def typed_elsewhere(channel: str, name: str) -> str:
    """On the side that asked for the code."""
    return f"{channel}上有人({somebody(name)})输了您的关联码。是您本人吗?不是就按「不是我」。"


def wait_for_other(channel: str) -> str:
    return f"好。再到{channel}那边也说一声对,就成了。"


def linked(channel: str) -> str:
    return f"好了,您和{channel}上的号算一个人了。两边报的事、管的事都在一起;要断开,说「断开 {channel}」。"


def called_off() -> str:
    return "好,不关联,什么都没变。"


def called_off_there(channel: str) -> str:
    return f"{channel}那边说不是本人,没有关联。不是您的话,不用管。"


def link_over() -> str:
    return "这个关联过了时候,请重新要一个码。"


def admin_linked(name: str, here: str, there: str) -> str:
    return f"{name}把{here}和{there}上的号关联成一个人了。要是不对,24小时内回「撤销关联 {name}」。"


def taken_back(name: str) -> str:
    return f"{name}的关联撤销了,两个号各归各。"


def link_taken_back() -> str:
    return "管理员撤销了关联,您的两个号又各归各了。"


def nothing_to_take_back() -> str:
    return "一天之内没有可以撤销的关联。"


def which_to_take_back(names: list[str]) -> str:
    return "最近关联的:" + "、".join(names) + "。要撤销哪个,回「撤销关联 名字」。"


def only_one_channel(channel: str) -> str:
    return f"您只在{channel}上有号,没有可断开的。"


def which_to_part(channels: list[str]) -> str:
    return "您在" + "、".join(channels) + "上都有号,断开哪个?"


def parted(channel: str) -> str:
    return f"断开了。{channel}上的号从现在起是另一个人;以前的事和管的事都留在这边。"


def parted_there(channel: str) -> str:
    return f"断开了。这个号从现在起单算,以前的事和管的事都留在{channel}那边。"


def prefers(channel: str) -> str:
    return f"好,以后给您的消息发到{channel}。"


def prefers_latest() -> str:
    return "好,您最近在哪边说话,我就发到哪边。"


def not_there(channel: str, mine: list[str]) -> str:
    return f"您在{channel}上还没和我说过话。现在找得到您的地方:{'、'.join(mine)}。"
