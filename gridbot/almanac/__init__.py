"""On which day, and is that a day people work? Pure: no database, no clock of its own.

occurrences  the days of a rule (每月9、19、29日; 每周六; 每月第二个周六; one date)
days         holidays, 调休 (make-up days), 农历 (the lunar calendar)
working      working hours and working days added up
limits       so much of a unit, and when that is over
spoken       dates and rules as people write them
"""

from gridbot.almanac.days import (
    Calendar,
    CalendarError,
    DayInfo,
    calendar_in_use,
    day_info,
    load_calendar,
    lunar_text,
    shipped_calendar,
    use_calendar,
)
from gridbot.almanac.limits import Limit, LimitError, Pause, Unit, due
from gridbot.almanac.occurrences import Rule, RuleError, missing_after, missing_days, next_day, occurrences
from gridbot.almanac.spoken import parse_rule, parse_when
from gridbot.almanac.working import HOURS_OF_WORK, Span, add_working, local_time, working_between

__all__ = [
    "HOURS_OF_WORK",
    "Calendar",
    "CalendarError",
    "DayInfo",
    "Limit",
    "LimitError",
    "Pause",
    "Rule",
    "RuleError",
    "Span",
    "Unit",
    "add_working",
    "calendar_in_use",
    "day_info",
    "due",
    "load_calendar",
    "local_time",
    "lunar_text",
    "missing_after",
    "missing_days",
    "next_day",
    "occurrences",
    "parse_rule",
    "parse_when",
    "shipped_calendar",
    "use_calendar",
    "working_between",
]
