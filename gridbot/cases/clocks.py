"""Which limits a case has, and when each is over. Pure: limits as data, times in, times out.

A limit counts from the report (`finish`, `stages`) or from the first moment the person could be told within
his hours (`claim`, `remind`): nobody is late before he could know. Limits by the clock for claim and
reminder run only while he may be disturbed; limits in working time run while people work.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from gridbot.almanac import HOURS_OF_WORK, Limit, LimitError, Pause, Span, calendar_in_use, due, local_time

NOTHING = Limit.read("0工作时")
_FARTHEST = 40  #: days in which a person can be told; where his hours leave none, he is told at once
_SPAN = re.compile(r"(\d{1,2}):([0-5]\d)\s*[-–~至到]\s*(\d{1,2}):([0-5]\d)")
WORDS = {"认领": "claim", "催办": "remind", "办结": "finish"}
FIELDS = ("claim", "remind", "finish")


# --- the limits of one case ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of a staged limit (停工, 查处, 拆除), counted from the report."""

    name: str
    within: Limit


@dataclass(frozen=True, slots=True)
class Limits:
    claim: Limit
    remind: Limit
    finish: Limit
    stages: tuple[Stage, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """What holds for some types on some levels; None: nothing is said of it."""

    types: frozenset[str] = frozenset()  #: none: all
    levels: frozenset[str] = frozenset()  #: words of the community; none: all
    rungs: frozenset[int] = frozenset()  #: 0 = where the case begins; none: all
    claim: Limit | None = None
    remind: Limit | None = None
    finish: Limit | None = None
    stages: tuple[Stage, ...] | None = None

    def fits(self, type_: str, level: str, rung: int) -> bool:
        return (
            (not self.types or type_ in self.types)
            and (not self.levels or level in self.levels)
            and (not self.rungs or rung in self.rungs)
        )


USUAL = Limits(Limit.read("120分钟"), Limit.read("120分钟"), Limit.read("5工作日"))


def base(given: Mapping[str, Any]) -> Limits:
    """What the type's pack says, as a case keeps it: {"claim": "120分钟", …}. Old or broken values: USUAL."""
    values: dict[str, Any] = {}
    for name in FIELDS:
        try:
            values[name] = Limit.read(given[name])
        except (KeyError, LimitError):
            values[name] = getattr(USUAL, name)
    return Limits(**values)


def limits(known: Limits, lines: Sequence[Line], type_: str, *, level: str = "", rung: int = 0) -> Limits:
    """`known`, and over it every line that fits, the later over the earlier, field by field."""
    for line in lines:
        if line.fits(type_, level, rung):
            said = {one.name: getattr(line, one.name) for one in fields(Limits)}
            known = replace(known, **{name: value for name, value in said.items() if value is not None})
    return known


def own_lines(
    table: Mapping[str, Any], types: Sequence[str] | frozenset[str]
) -> tuple[list[Line], list[str]]:
    """A community's own figures: {"认领": "2小时", "lighting.办结": "3工作日", "片区.认领": "4工作时"}.

    What stands before the field is an issue type where it is one of `types`, else the name of a level.
    Returns the lines, the more particular later (a level's after a type's), and what could not be read, as
    sentences.
    """
    found: list[tuple[tuple[int, bool], Line]] = []
    problems = []
    for key, value in table.items():
        *scope, last = str(key).split(".")
        name = WORDS.get(last, last)
        if name not in FIELDS:
            problems.append(f"时限「{key}」要以 认领、催办 或 办结 结尾")
            continue
        try:
            limit = Limit.read(str(value))
        except LimitError as error:
            problems.append(f"时限「{key}」:{error}")
            continue
        of_types = frozenset(one for one in scope if one in types or re.fullmatch(r"[a-z][a-z0-9_]+", one))
        levels = frozenset(scope) - of_types
        said: dict[str, Any] = {name: limit}
        found.append(((len(scope), bool(levels)), Line(of_types, levels, **said)))
    return [line for _, line in sorted(found, key=lambda one: one[0])], problems


# --- when people may be told, and when they work --------------------------------------------------

Minutes = tuple[int, int]
"""From one minute of the local day to another; 1440 is midnight at its end."""
ALL_DAY: Minutes = (0, 24 * 60)


@dataclass(frozen=True, slots=True)
class Hours:
    """When a role may be told things: within these spans, on working days alone or on all."""

    spans: tuple[Minutes, ...] = (ALL_DAY,)
    workdays: bool = False

    @classmethod
    def read(cls, text: str) -> Hours | None:
        """ "8:00-20:00", "工作日 9:00-12:00,14:00-18:00"; None: it cannot be read."""
        spans = _spans(text)
        return cls(spans, "工作日" in text) if spans else None


def _spans(text: str) -> tuple[Minutes, ...]:
    """In order, not overlapping; none where one of them makes no sense."""
    found: list[Minutes] = []
    for match in _SPAN.finditer(text):
        from_hour, from_minute, to_hour, to_minute = map(int, match.groups())
        found.append((from_hour * 60 + from_minute, to_hour * 60 + to_minute))
    found.sort()
    ends = [0, *(end for _, end in found)]
    sound = all(
        before <= begin < end <= ALL_DAY[1] for before, (begin, end) in zip(ends, found, strict=False)
    )
    return tuple(found) if sound else ()


def work_hours(text: str) -> tuple[Span, ...]:
    """ "9:00-12:00,14:00-18:00" as almanac takes it; what cannot be read gives the usual hours."""
    spans = [span for span in _spans(text) if span[1] < ALL_DAY[1]]
    return tuple((_clock(begin), _clock(end)) for begin, end in spans) or HOURS_OF_WORK


def _clock(minute: int) -> time:
    return time(minute // 60, minute % 60)


def _minute(clock: time) -> int:
    return clock.hour * 60 + clock.minute


@dataclass(frozen=True, slots=True)
class Town:
    """When a community sleeps, works, and hears what waited."""

    zone: ZoneInfo
    quiet_start: time = time(21)
    quiet_end: time = time(8)
    digest_at: time = time(17)
    work: tuple[Span, ...] = HOURS_OF_WORK
    roles: Mapping[str, Hours] = field(default_factory=dict)

    def reach(self, at: datetime, role: str = "") -> datetime:
        """The first moment from `at` on when somebody in this role may be disturbed; UTC."""
        return next((max(at, opens) for opens, _ in self._open(at, role)), at)

    def quiet(self, at: datetime, role: str = "") -> bool:
        return self.reach(at, role) > at

    def claim_by(
        self, told: datetime, limit: Limit, role: str = "", pauses: Sequence[Pause] = ()
    ) -> datetime:
        """When a claim or reminder limit is over that begins with the telling, in his hours."""
        start = self.reach(told, role)
        if limit.unit.working:
            return self.reach(self.finish_by(start, limit, pauses), role)
        left = limit.length
        for opens, closes in self._open(start, role):
            opens = max(opens, start)
            if left < closes - opens:
                return opens + left
            left -= closes - opens
        return start + limit.length

    def finish_by(self, reported: datetime, limit: Limit, pauses: Sequence[Pause] = ()) -> datetime:
        """When a limit is over that counts from the report, whatever the hour."""
        return due(reported, limit, zone=self.zone, hours_of_work=self.work, pauses=pauses)

    def next_digest(self, at: datetime, role: str = "") -> datetime:
        """When what waits is told next: at the end of the quiet hours, or in the late afternoon."""
        today = at.astimezone(self.zone).date()
        moments = (
            local_time(today + timedelta(days=days), clock, self.zone)
            for days in range(3)
            for clock in sorted({self.quiet_end, self.digest_at})
        )
        return self.reach(next(one for one in moments if one > at), role)

    def day_began(self, at: datetime) -> datetime:
        return local_time(at.astimezone(self.zone).date(), time(), self.zone)

    def opens(self, day: date) -> datetime:
        """The first working moment on a day, or after it."""
        return self.finish_by(local_time(day, time(), self.zone), NOTHING)

    def _open(self, at: datetime, role: str) -> Iterator[tuple[datetime, datetime]]:
        """The spans, in order, in which somebody may be told; those that are over left out."""
        first, hours, calendar = at.astimezone(self.zone).date(), self.roles.get(role, Hours()), None
        for offset in range(_FARTHEST):
            day = first + timedelta(days=offset)
            if hours.workdays:
                calendar = calendar or calendar_in_use()
                if not calendar.is_workday(day):
                    continue
            for span in self._awake():
                for other in hours.spans:
                    begins, ends = max(span[0], other[0]), min(span[1], other[1])
                    closes = self._at(day, ends)
                    if begins < ends and closes > at:
                        yield self._at(day, begins), closes

    def _at(self, day: date, minute: int) -> datetime:
        return local_time(day, f"{minute // 60}:{minute % 60:02d}", self.zone)

    def _awake(self) -> tuple[Minutes, ...]:
        """The day without the quiet hours."""
        start, end = _minute(self.quiet_start), _minute(self.quiet_end)
        if start == end:
            return (ALL_DAY,)
        return ((end, start),) if start > end else ((0, start), (end, ALL_DAY[1]))
