"""本周回音 in a group, and the Monday line to the admins: counts and areas, nobody's words."""

from __future__ import annotations

from collections.abc import Sequence


def week(reported: int, areas: Sequence[str], mended: int, working: int) -> str:
    """One message a week; not said where nothing was reported and nothing mended."""
    where = f"({'、'.join(areas)})" if areas else ""
    parts = [f"大伙报了{reported}件{where}"] if reported else []
    parts += [f"办好{mended}件"] if mended else []
    parts += [f"还在办{working}件"] if working else []
    return f"本周回音:{','.join(parts)}。问“我报的到哪了”,我说给您听。"


def alive(reported: int, mended: int, working: int, groups: int) -> str:
    return f"早上好,我在。上周记了{reported}件,办好{mended}件,在办{working}件;听着{groups}个群。"


def all_well() -> str:
    return "没什么不对的。"


def look_after(troubles: Sequence[str]) -> str:
    return "请您看看:" + ";".join(troubles) + "。细的说“体检”。"


def unreached(count: int) -> str:
    return f"{count}位网格长我还找不到"


def without_leader(count: int) -> str:
    return f"{count}个网格没人管"


def groups_out(count: int) -> str:
    return f"{count}个群我不在里面"


def one_admin() -> str:
    return "只有一位管理员,最好再请一位"


def undelivered(count: int) -> str:
    return f"{count}句话没送到"


def unhandled(count: int) -> str:
    return f"{count}条消息没办成"


def overdue(count: int) -> str:
    return f"{count}件过了时限"


def no_contacts() -> str:
    return "还没有专门联系人(家暴、轻生、走失、发病)"
