"""When are so many working hours, or working days, over?

Working days are those of the calendar (weekends, holidays, 调休); working hours are local times of
day. Everything comes and goes as aware times; the result is UTC.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from gridbot.almanac.days import Calendar, calendar_in_use

Span = tuple[int | time, int | time]
"""From one local time of day to another: whole hours, or times."""
HOURS_OF_WORK: tuple[Span, ...] = ((9, 12), (14, 18))
_FARTHEST = 366 * 3  #: days that are searched; a calendar in which nobody works must not hang


def local_time(day: date, clock: time | str, zone: ZoneInfo) -> datetime:
    """A local day and time of day (also as HH:MM) as UTC. 24:00 is the midnight that follows."""
    if isinstance(clock, str):
        hours, _, minutes = clock.partition(":")
        if int(hours) == 24 and not int(minutes or 0):
            day, clock = day + timedelta(days=1), time()
        else:
            clock = time(int(hours), int(minutes or 0))
    return datetime.combine(day, clock, zone).astimezone(UTC)


def add_working(
    start: datetime,
    *,
    hours: float = 0,
    days: int = 0,
    zone: ZoneInfo,
    hours_of_work: Sequence[Span] = HOURS_OF_WORK,
    calendar: Calendar | None = None,
) -> datetime:
    """`start` plus 工作日, then plus 工作时.

    What begins outside working hours begins when they next open. A working day later is the same
    time of day on the next working day.
    """
    if start.tzinfo is None:
        raise ValueError(f"a time without zone: {start!r}")
    if hours < 0 or days < 0:
        raise ValueError(f"cannot go back: hours={hours!r}, days={days!r}")
    spans = _spans(start, zone, hours_of_work, calendar or calendar_in_use())
    at = max(start, next(spans)[0])
    if days:
        at = _days_later(at, days, zone, calendar or calendar_in_use())
    left = timedelta(hours=hours)
    for opens, closes in _spans(at, zone, hours_of_work, calendar or calendar_in_use()):
        opens = max(opens, at)
        if left <= closes - opens:
            return (opens + left).astimezone(UTC)
        left -= closes - opens
    raise AssertionError("unreachable: the spans end with an error")


def working_between(
    start: datetime,
    end: datetime,
    *,
    zone: ZoneInfo,
    hours_of_work: Sequence[Span] = HOURS_OF_WORK,
    calendar: Calendar | None = None,
) -> timedelta:
    """How much working time lies between two moments; nothing if they are the wrong way round."""
    total = timedelta()
    if end <= start:
        return total
    for opens, closes in _spans(start, zone, hours_of_work, calendar or calendar_in_use()):
        if opens >= end:
            break
        total += min(closes, end) - max(opens, start)
    return total


def _days_later(at: datetime, days: int, zone: ZoneInfo, calendar: Calendar) -> datetime:
    local = at.astimezone(zone)
    day = local.date()
    while days:
        day += timedelta(days=1)
        days -= calendar.is_workday(day)
    return local_time(day, local.time(), zone)


def _spans(
    start: datetime, zone: ZoneInfo, hours_of_work: Sequence[Span], calendar: Calendar
) -> Iterator[tuple[datetime, datetime]]:
    """The working spans that end after `start`, in order."""
    first = start.astimezone(zone).date()
    for offset in range(_FARTHEST):
        day = first + timedelta(days=offset)
        if not calendar.is_workday(day):
            continue
        for opening, closing in hours_of_work:
            opens, closes = _at(day, opening, zone), _at(day, closing, zone)
            if closes > start:
                yield opens, closes
    raise ValueError(f"no working time within three years after {start:%Y-%m-%d}: {list(hours_of_work)!r}")


def _at(day: date, clock: int | time, zone: ZoneInfo) -> datetime:
    return local_time(day, clock if isinstance(clock, time) else f"{clock}:00", zone)
