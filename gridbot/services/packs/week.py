"""例会材料: what a meeting needs on one sheet, and its short text."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from gridbot.messages import Sheet, Table
from gridbot.services.packs.queries import Week
from gridbot.services.packs.rules import Item, List, Plan, sort
from gridbot.texts import packs as words
from gridbot.texts.rates import length

FEW = 4  #: cases named in the short text


def period(since: datetime, until: datetime, zone: ZoneInfo) -> str:
    """ "11月16日至11月22日": the last day is the one before `until` where that is a midnight."""
    last = (until - timedelta(seconds=1)).astimezone(zone)
    return words.days(_day(since.astimezone(zone)), _day(last))


def _day(at: datetime) -> str:
    return f"{at.month}月{at.day}日"


def anything(week: Week, now: datetime, plan: Plan) -> bool:
    """Whether there is something to talk of: a report, or a case on one of the lists."""
    return bool(week.reported or week.working or sort(week.items, now, plan))


def key(week: Week, now: datetime, plan: Plan) -> tuple[tuple[str, int], ...]:
    """The figures on top; lists that are empty have none."""
    found = sort(week.items, now, plan)
    figures = [(words.NEW, week.reported), (words.MENDED, week.mended), (words.WORKING, week.working)]
    return (*figures, *((words.LISTS[name], len(those)) for name, those in found.items()))


def sheet(
    week: Week, since: datetime, until: datetime, plan: Plan, *, now: datetime, zone: ZoneInfo
) -> Sheet:
    """All of it, one table a list; what is empty is left out."""
    tables = [_cases(name, those, now, zone, plan) for name, those in sort(week.items, now, plan).items()]
    if week.spots:
        rows = tuple((one.where, "、".join(one.kinds), one.count) for one in week.spots)
        tables.append(Table(words.HOT, words.HOT_HEAD, rows, words.hot_note(plan.hot_days, plan.hot_cases)))
    if week.unled:
        tables.append(Table(words.UNLED, words.UNLED_HEAD, week.unled))
    if week.unhandled:
        tables.append(Table(words.UNHANDLED, words.UNHANDLED_HEAD, (("、".join(week.unhandled),),)))
    if week.zero:
        tables.append(Table(words.ZERO, words.ZERO_HEAD, week.zero))
    return Sheet(
        words.week_title(week.part.name),
        period(since, until, zone),
        key(week, now, plan),
        tuple(tables),
        (words.MADE,),
    )


def _cases(name: List, those: list[Item], now: datetime, zone: ZoneInfo, plan: Plan) -> Table:
    head = (words.NUMBER, words.WHAT, words.WHERE, words.DETAIL[name])
    rows = tuple((one.number, one.what, one.where, _detail(name, one, now, zone)) for one in those)
    note = words.stuck_note(plan.stuck_days) if name is List.STUCK else ""
    return Table(words.TITLES[name], head, rows, note)


def _detail(name: List, item: Item, now: datetime, zone: ZoneInfo) -> str:
    match name:
        case List.LATE:
            return _since(item.late_since, now)
        case List.STUCK:
            return _since(item.news, now)
        case List.PAUSED:
            until = item.paused_until
            return words.until(item.paused, _day(until.astimezone(zone)) if until else "")
        case List.AGENDA:
            return item.meeting
    return _since(item.reported, now)


def _since(then: datetime | None, now: datetime) -> str:
    return length((now - then).total_seconds() / 60) if then is not None else ""


def text(week: Week, since: datetime, until: datetime, plan: Plan, *, now: datetime, zone: ZoneInfo) -> str:
    """For the chat: the figures, the first cases of each list, what nobody is there for."""
    days = period(since, until, zone)
    if not week.reported and any(why == words.NO_REPORT for _, why in week.zero):
        lines = [words.zero_line(week.part.name, days)]
    else:
        lines = [f"{words.week_title(week.part.name)} {days}"]
    lines.append(words.figures(key(week, now, plan)))
    for name, those in sort(week.items, now, plan).items():
        shown = [f"{one.number} {one.what}" for one in those[:FEW]]
        lines.append(words.some(words.LISTS[name], len(those), shown))
    named = (
        (words.HOT, [f"{one.where}{one.count}件" for one in week.spots]),
        (words.UNLED, [houses for _, houses in week.unled]),
        (words.UNHANDLED, list(week.unhandled)),
        (words.ZERO, [grid for grid, why in week.zero if why == words.NO_REPORT] if week.reported else []),
    )
    lines += [words.also(name, found[:FEW], len(found)) for name, found in named if found]
    return "\n".join(lines)
