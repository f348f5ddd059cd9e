"""Times as people say them, in the community's zone."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo


def moment(at: datetime, now: datetime, zone: tzinfo) -> str:
    """今天 13:05 · 昨天 09:00 · 11月3日 10:00 · 2025年11月3日 10:00"""
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    day = {0: "今天", 1: "昨天", -1: "明天"}.get((today - local.date()).days)
    if day is None:
        year = f"{local.year}年" if local.year != today.year else ""
        day = f"{year}{local.month}月{local.day}日"
    return f"{day} {local:%H:%M}"


def span(length: timedelta) -> str:
    """刚刚 · 8分钟 · 3小时 · 2天"""
    minutes = int(abs(length).total_seconds() // 60)
    for size, unit in ((1440, "天"), (60, "小时"), (1, "分钟")):
        if minutes >= size:
            return f"{minutes // size}{unit}"
    return "刚刚"
