"""Which case belongs on which list of a meeting's pack, and what a town may set about it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from gridbot.services.echo.rules import Weekly

MONDAY = Weekly(1, "08:30")


class List(StrEnum):
    """The lists of a pack, in the order in which a meeting takes them."""

    LATE = "late"  #: 超时
    STUCK = "stuck"  #: 没动静
    CLIMBED = "climbed"  #: 报上来的
    REOPENED = "reopened"  #: 没办好,返工
    PAUSED = "paused"  #: 暂缓
    AGENDA = "agenda"  #: 例会议题


@dataclass(frozen=True, slots=True)
class Item:
    """One case as a pack shows it. Times are aware UTC; nobody's name, no door number in it."""

    number: int
    what: str  #: place and thing; of a private case a set phrase
    where: str  #: the grid or unit that has it now
    reported: datetime
    news: datetime  #: when a person last did something about it
    open: bool = True
    late_since: datetime | None = None
    climbed: bool = False  #: in the period
    reopened: bool = False  #: in the period
    paused: str = ""  #: 等配件
    paused_until: datetime | None = None
    meeting: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a town may set, as the setting `packs` says it. Days, hours, counts."""

    weekly: Weekly = MONDAY
    levels: tuple[str, ...] = ()  #: which levels get a pack by themselves; () those with grids under them
    zero: bool = False  #: 零上报 is sent, too: a week without anything
    stuck_days: int = 3
    hot_days: int = 30
    hot_cases: int = 3
    monthly: bool = True
    month_at: str = "09:00"  #: of the first day of a month, in the community's zone
    preview_hours: int = 24  #: how long before the figures go out a unit named there reads its own line

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Plan:
        """{weekday, at, off, levels, zero, stuck_days, hot_days, hot_cases, monthly, month_at,
        preview_hours}; nonsense changes nothing."""
        usual = cls()
        levels = given.get("levels", "")
        words = levels.replace("、", " ").split() if isinstance(levels, str) else [str(one) for one in levels]
        at = given.get("month_at")
        return cls(
            weekly=MONDAY.with_(given),
            levels=tuple(words),
            zero=_yes(given.get("zero", "")),
            stuck_days=_count(given, "stuck_days", usual.stuck_days, 90),
            hot_days=_count(given, "hot_days", usual.hot_days, 365),
            hot_cases=_count(given, "hot_cases", usual.hot_cases, 100),
            monthly=not str(given.get("monthly", "")) or _yes(given["monthly"]),
            month_at=at if isinstance(at, str) and Weekly(1, "0:00").with_({"at": at}).at == at else "09:00",
            preview_hours=_count(given, "preview_hours", usual.preview_hours, 240),
        )


def _yes(value: Any) -> bool:
    return str(value) in ("是", "1", "true", "True", "yes")


def _count(given: Mapping[str, Any], name: str, usual: int, most: int) -> int:
    value = given.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most else usual


def lists_of(item: Item, now: datetime, plan: Plan) -> frozenset[List]:
    """On which lists a case stands. What waits for good reason is neither late nor stuck; what was asked for
    the meeting stays there although it is late."""
    waits = bool(item.paused or item.meeting)
    stuck = now - item.news >= timedelta(days=plan.stuck_days)
    known = {
        List.LATE: item.open and not waits and item.late_since is not None,
        List.STUCK: item.open and not waits and stuck,
        List.CLIMBED: item.climbed,
        List.REOPENED: item.reopened,
        List.PAUSED: item.open and bool(item.paused),
        List.AGENDA: item.open and bool(item.meeting),
    }
    return frozenset(name for name, there in known.items() if there)


def sort(items: Iterable[Item], now: datetime, plan: Plan) -> dict[List, list[Item]]:
    """The lists that are not empty; on each the oldest first. A case may stand on several."""
    found: dict[List, list[Item]] = {name: [] for name in List}
    for item in sorted(items, key=lambda one: (one.reported, one.number)):
        for name in lists_of(item, now, plan):
            found[name].append(item)
    return {name: those for name, those in found.items() if those}


@dataclass(frozen=True, slots=True)
class Spot:
    """A place from which it comes again and again."""

    where: str
    kinds: tuple[str, ...]
    count: int


def hot_spots(reports: Iterable[tuple[str, Sequence[str]]], least: int) -> list[Spot]:
    """Of (place, names of types), the places with so many reports; the most frequent first."""
    found: dict[str, list[str]] = {}
    counts: dict[str, int] = {}
    for place, kinds in reports:
        if place:
            counts[place] = counts.get(place, 0) + 1
            found.setdefault(place, []).extend(kinds)
    hot = [Spot(place, tuple(dict.fromkeys(found[place])), n) for place, n in counts.items() if n >= least]
    return sorted(hot, key=lambda spot: -spot.count)
