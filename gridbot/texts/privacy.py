"""What is said of who has seen what, how long it is kept, and who may not know."""

from __future__ import annotations

from collections.abc import Sequence

ROLES = {
    "stranger": "居民",
    "resident": "居民",
    "leader": "网格长",
    "deputy": "副网格长",
    "liaison": "联络员",
    "unit": "单位的人",
    "contact": "专门联系人",
    "admin": "管理员",
    "officer": "街道的人",
    "system": "网格助手",
}
WHAT = {
    "door": "门牌",
    "phone": "电话",
    "id": "证件号",
    "plate": "车牌",
    "words": "原话(隐去)",
    "because": "为什么这样记",
    "timeline": "全程",
    "directory": "名单",
    "backup": "备份",
    "report": "报表",
}
HOW = {"card": "卡片上", "command": "自己查", "console": "网页上", "export": "导出", "cli": "命令行"}


def kept_from_you(what: str, number: int) -> str:
    """To somebody of the unit that is complained about: neither whose words nor which door."""
    return f"{what}({number}):有人反映,跟您单位有关。说的什么、谁说的,不给看;您可以说明情况。"


def nobody_looked(number: int) -> str:
    return f"{number}:还没人看过没隐去的内容。"


def who_looked(number: int, lines: Sequence[str], more: int) -> str:
    tail = [f"还有更早的{more}次"] if more else []
    return "\n".join([f"{number}谁看过:", *lines, *tail])


def looked_line(when: str, name: str, role: str, what: Sequence[str], how: str) -> str:
    who = f"{name}({role})" if name and role not in name else name or role
    seen = "、".join(WHAT.get(one, one) for one in what)
    return f"{when} {who} {HOW.get(how, how)}看了{seen}"


def unit_sits_here(unit: str) -> str:
    return f"好,记下了:{unit}的人在这个群。反映{unit}的事不在这里说。"


def unit_left_here(unit: str) -> str:
    return f"好,{unit}的人不在这个群了。"


def no_such_unit(name: str) -> str:
    return f"名单里没有{name}这个单位。"


def erased_notice(what: str, number: int | None) -> str:
    """In the place of a card that waited to be told with words that have been erased."""
    return f"{what}({number}):有人报过,原话他删掉了。"


def anchor_line(anchor: str) -> str:
    """锚: the end of the record, to be kept on paper or in a chat, where nobody changes it afterwards."""
    return f"记录编号{anchor}(留着,以后能核对有没有被改过)。"


# --- 责任倒查 -------------------------------------------------------------------------------------


def whole_story(number: int, what: str, told: Sequence[str], moved: Sequence[str]) -> str:
    parts = [f"{number} {what}"]
    parts += ["谁什么时候知道:", *told] if told else ["还没告诉谁。"]
    parts += ["怎么转的:", *moved] if moved else []
    return "\n".join(parts)


def told_line(when: str, name: str, sent: str, first: str) -> str:
    return f"{when} 告诉{name};{sent}" + (f";{first}" if first else "")


def sent_at(when: str) -> str:
    return f"{when}送到"


NOT_SENT = {
    "waiting": "还没发",
    "claimed": "正在发",
    "parked": "等他开口才能发",
    "failed": "没送到",
    "dropped": "没有发",
}


def not_sent(state: str, why: str) -> str:
    said = NOT_SENT.get(state, "没有回执")
    return f"{said}({why})" if why else said


def first_did(when: str, did: str) -> str:
    return f"{when}{did}"


def moved_line(when: str, who: str, did: str, whom: str, why: str) -> str:
    to = f"→{whom}" if whom else ""
    return f"{when} {who}{did}{to}" + (f":{why}" if why else "")


DID = {
    "accepted": "接了",
    "progress": "说了进展",
    "done": "说办好了",
    "handed_over": "转办",
    "escalated": "上报",
    "bounced": "退回",
    "reassigned": "改派",
    "designated": "指定",
    "passed_over": "联系不上,找了下一位",
    "retyped": "改了类型或轻重",
    "reopened": "居民说还没好",
    "paused": "暂缓",
    "resumed": "接着办",
    "tabled": "列入例会",
    "outcome": "例会有了结果",
    "followed": "网格并了,归上一级",
    "overdue": "过了时限",
    "reminded": "提醒过",
    "confirmed": "居民说好了",
    "closed": "收起",
    "withdrawn": "撤回",
    "merged": "并入别的案子",
    "split": "分给几家",
    "undone": "撤回刚才那步",
    "false_alarm": "说是虚惊",
    "viewed": "看过",
}
