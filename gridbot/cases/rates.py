"""三率 and what stands beside them: response, solution, satisfaction, each with what it is counted of. Pure.

响应率, 解决率 and 满意率 are named in law (北京市接诉即办工作条例, 2021-09-24; the closed loop is
国办发〔2020〕53号); how they are counted differs from city to city, so the definitions stand here and on
every sheet (mission.md B3, E8) and the two that can be argued about are in `Formula`:

* Counted are the cases **reported** in the period, by their report, not by their end. Left out: withdrawn
  ones, those merged into another (counted there), shares of a case (分件, counted with the whole), and
  alarms that turned out to be none.
* 响应率 = taken by somebody before the claim limit ÷ all, less those whose limit is not over yet.
* 回访 are cases called done whose people were asked (nobody asks who closed his own report, or, of a danger
  to one person, somebody whose telephone another may read): answered (好了 / 好一点 / 还没好), or silent for
  the time allowed (未回访), or still waiting (in neither). An answer of the very person who called it done
  is none. Silence is never satisfaction.
* 解决率 = last answer 好了 ÷ answered.
* 满意率 = first and last answer 好了, so that nobody had to ask twice ÷ answered.
* 小事不出网格: of the closed cases, how many ended at the level where they began, and how many on which.
* 自报自办: called done by whoever reported it ÷ called done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from statistics import median
from typing import Any

MENDED, BETTER, NOT_YET = "mended", "better", "not_yet"
ANSWERS = (MENDED, BETTER, NOT_YET)


class End(StrEnum):
    """How a case stands, as far as the figures ask."""

    OPEN = "open"
    DONE = "done"  #: called done, its people still being asked
    CLOSED = "closed"
    OUT = "out"  #: withdrawn, merged, a share, or a false alarm


@dataclass(frozen=True, slots=True)
class Fact:
    """One case as the figures see it. Times are aware UTC; nothing in it names anybody."""

    number: int
    end: End
    reported: datetime
    told: datetime | None = None  #: the first moment somebody was told
    respond_by: datetime | None = None  #: until when it should have been taken
    taken: datetime | None = None
    done: datetime | None = None
    closed: datetime | None = None
    answers: tuple[str, ...] = ()  #: of those who were asked, in order
    silent: bool = False  #: closed because nobody answered in time
    own: bool = False  #: called done by whoever reported it
    began_at: str = ""  #: the level where it lies, a word of the community
    ended_at: str = ""  #: the level that had it last
    types: tuple[str, ...] = ()
    node: str = ""  #: path of the grid
    urgent: bool = False
    private: bool = False
    supporters: int = 0
    false_alarm: bool = False


@dataclass(frozen=True, slots=True)
class Formula:
    """What a town may count otherwise."""

    partly_solves: bool = False  #: 好一点 counts as solved
    asked_twice_satisfies: bool = False  #: satisfied by the last answer alone

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Formula:
        """From the community's setting `rates`: {好一点算解决: 是, 再办好也算满意: 是}; else not."""
        yes = {name for name, value in given.items() if str(value) in ("是", "1", "true", "True", "yes")}
        return cls("好一点算解决" in yes, "再办好也算满意" in yes)


@dataclass(frozen=True, slots=True)
class Rate:
    """A figure that never goes without what it is counted of."""

    n: int
    of: int

    @property
    def share(self) -> Fraction | None:
        """None where there is nothing to count: that is not nought."""
        return Fraction(self.n, self.of) if self.of else None

    def percent(self) -> str:
        """ "3/4(75%)", or "0/0(—)"."""
        share = self.share
        shown = "—" if share is None else f"{round(share * 100)}%"
        return f"{self.n}/{self.of}({shown})"


@dataclass(frozen=True, slots=True)
class Rates:
    """Figures of one period and one part of a community."""

    cases: int
    response: Rate  #: 响应率
    solution: Rate  #: 解决率
    satisfaction: Rate  #: 满意率
    unanswered: Rate  #: 未回访 ÷ asked
    at_home: Rate  #: closed where it began ÷ closed
    own: Rate  #: 自报自办
    levels: Mapping[str, int] = field(default_factory=dict)  #: closed, by the level that closed it
    pending: int = 0  #: neither taken nor late yet: in no response rate
    asking: int = 0  #: called done, still being asked
    open: int = 0
    false_alarms: int = 0
    until_taken: timedelta | None = None  #: medians, from the report
    until_done: timedelta | None = None
    until_closed: timedelta | None = None


def rates(facts: Iterable[Fact], now: datetime, formula: Formula = Formula()) -> Rates:
    """The figures of these cases; the caller chooses period and part (see `reported_between`, `under`)."""
    everything = list(facts)
    counted = [one for one in everything if one.end is not End.OUT]
    answered = [one for one in counted if one.answers]
    silent = [one for one in counted if one.silent and not one.answers]
    finished = [one for one in counted if one.done is not None]
    over = [one for one in counted if one.end is End.CLOSED]
    pending = [one for one in counted if _pending(one, now)]
    return Rates(
        cases=len(counted),
        response=Rate(sum(map(responded, counted)), len(counted) - len(pending)),
        solution=Rate(sum(solved(one, formula) for one in answered), len(answered)),
        satisfaction=Rate(sum(satisfied(one, formula) for one in answered), len(answered)),
        unanswered=Rate(len(silent), len(silent) + len(answered)),
        at_home=Rate(sum(1 for one in over if one.began_at == one.ended_at), len(over)),
        own=Rate(sum(one.own for one in finished), len(finished)),
        levels=dict(Counter(one.ended_at for one in over).most_common()),
        pending=len(pending),
        asking=sum(1 for one in counted if one.end is End.DONE and not one.answers),
        open=sum(1 for one in counted if one.end is End.OPEN),
        false_alarms=sum(one.false_alarm for one in everything),
        until_taken=_median([one.taken - one.reported for one in counted if one.taken]),
        until_done=_median([one.done - one.reported for one in finished if one.done]),
        until_closed=_median([one.closed - one.reported for one in over if one.closed]),
    )


def responded(one: Fact) -> bool:
    """Whether somebody took it in time. Without a limit being known, having been taken is enough."""
    return one.taken is not None and (one.respond_by is None or one.taken <= one.respond_by)


def _pending(one: Fact, now: datetime) -> bool:
    """Nobody has taken it, and nobody is late: the limit runs, or nobody could be told yet."""
    if one.taken is not None or one.end is not End.OPEN:
        return False
    return one.respond_by is None or now <= one.respond_by


def solved(one: Fact, formula: Formula) -> bool:
    good = (MENDED, BETTER) if formula.partly_solves else (MENDED,)
    return bool(one.answers) and one.answers[-1] in good


def satisfied(one: Fact, formula: Formula) -> bool:
    if not one.answers or one.answers[-1] != MENDED:
        return False
    return formula.asked_twice_satisfies or one.answers[0] == MENDED


def _median(lengths: Sequence[timedelta]) -> timedelta | None:
    return timedelta(seconds=median(one.total_seconds() for one in lengths)) if lengths else None


# --- which cases ---------------------------------------------------------------------------------


def reported_between(facts: Iterable[Fact], since: datetime, until: datetime) -> list[Fact]:
    """Reported from `since` on and before `until`."""
    return [one for one in facts if since <= one.reported < until]


def under(facts: Iterable[Fact], path: str) -> list[Fact]:
    """Those of a grid and all below it; "" is the whole community."""
    return [one for one in facts if not path or one.node == path or one.node.startswith(path + "/")]


# --- from the record -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Event:
    """What the figures need of an event of the record."""

    id: int
    move: str
    at: datetime
    role: str
    person: int | None
    data: Mapping[str, Any]


_TAKES = ("accepted", "progress", "done")


def read_events(events: Iterable[Event]) -> dict[str, Any]:
    """The fields of a Fact that only the record knows, from a case's events in order.

    What was taken back within its minute never happened. The first claim and telling count, the last time
    it was called done, every answer of somebody who was asked.
    """
    events = list(events)
    undone = {one.data.get("event") for one in events if one.move == "undone"}
    found: dict[str, Any] = {"answers": ()}
    finisher: int | None = None
    for one in events:
        if one.id in undone:
            continue
        if one.move == "notified":
            found.setdefault("told", one.at)
        if one.move in _TAKES:
            found.setdefault("taken", one.at)
        if one.move == "done":
            finisher = one.person
            found |= {"done": one.at, "own": bool(one.data.get("own_report"))}
        answer = _answer(one, finisher)
        if answer:
            found["answers"] = (*found["answers"], answer)
        if one.move == "reopened":
            found |= {"silent": False}
        if one.move == "closed":
            found |= {"silent": one.data.get("answered") is False}
    return found


_SAYS = {"confirmed": MENDED, "better": BETTER, "reopened": NOT_YET}


def _answer(one: Event, finisher: int | None) -> str:
    """What a resident said of it; nobody confirms his own work."""
    said = _SAYS.get(one.move, "")
    if one.role != "resident" or one.person is None or one.person == finisher:
        return ""
    return said


# --- as a table ----------------------------------------------------------------------------------

COLUMNS = (
    "number", "end", "reported", "told", "respond_by", "taken", "done", "closed", "answers", "silent",
    "own", "began_at", "ended_at", "types", "node", "urgent", "private", "supporters", "false_alarm",
)  # fmt: skip
_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n")


def row(one: Fact) -> list[str]:
    """One line of the export, in the order of COLUMNS: times as ISO 8601 in UTC, lists joined by "|"; of
    what is private neither type nor grid below the top. No cell can become a formula."""
    return [safe(_cell(one, name)) for name in COLUMNS]


def _cell(one: Fact, name: str) -> str:
    value = getattr(one, name)
    if one.private and name == "types":
        return "private"
    if one.private and name == "node":
        return one.node.partition("/")[0]
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, tuple):
        return "|".join(value)
    return "" if value is None else str(value)


def safe(cell: str) -> str:
    """A cell that a spreadsheet takes as text: what looks like the head of a formula gets an apostrophe."""
    flat = cell.replace("\x00", "")
    return f"'{flat}" if flat.startswith(_RISKY) else flat
