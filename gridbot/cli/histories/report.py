"""What a history would have become: counts a day and a type, the cases, the questions, what would have
been said. Names and numbers are masked before anything is put in; of a private case no words are shown.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from gridbot.privacy import mask

MOST_LISTED = 5_000  #: cases and questions told one by one; the counts are of all
MOST_SAID = 6  #: sentences told of one case
_MOST_NAMES = 5_000
_LONGEST = 200


@dataclass(slots=True)
class Saying:
    """Something the bot would have said."""

    at: str
    to: str  #: group | leader
    text: str


@dataclass(slots=True)
class Case:
    number: int
    at: str
    types: list[str]
    titles: list[str]
    place: str
    words: str
    urgent: bool
    private: bool
    messages: int
    supporters: int
    state: str
    because: list[str]
    said: list[Saying] = field(default_factory=list)


@dataclass(slots=True)
class Question:
    at: str
    about: list[str]
    words: str
    asked: str


@dataclass(slots=True)
class Day:
    day: str
    messages: int = 0
    cases: int = 0
    questions: int = 0
    types: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Changed:
    """One line of the history that different words would have read otherwise."""

    at: str
    words: str
    before: str  #: titles, "question" or "silent"
    after: str


@dataclass(slots=True)
class Difference:
    """Against the shipped words: what would be opened besides, what not any more, what as something else."""

    more: list[Changed] = field(default_factory=list)
    fewer: list[Changed] = field(default_factory=list)
    otherwise: list[Changed] = field(default_factory=list)


@dataclass(slots=True)
class Report:
    """Stable: scripts read it as JSON."""

    form: str = ""
    chats: list[str] = field(default_factory=list)
    first: str = ""
    last: str = ""
    messages: int = 0
    people: int = 0
    not_messages: int = 0
    unreadable: int = 0
    failed: int = 0
    cut_short: bool = False
    cases: int = 0
    questions: int = 0
    silent: int = 0  #: messages that nothing came of
    urgent: int = 0
    private: int = 0
    said_in_group: int = 0
    types: dict[str, int] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    days: list[Day] = field(default_factory=list)
    opened: list[Case] = field(default_factory=list)
    asked: list[Question] = field(default_factory=list)
    difference: Difference | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class Clerk:
    """Counts while the history goes by and writes the report. `outcomes`: message → what came of it."""

    def __init__(self, zone: ZoneInfo, titles: Mapping[str, str]) -> None:
        self.report = Report()
        self.outcomes: dict[str, tuple[str, str, str]] = {}  #: message → (outcome, time, masked words)
        self._zone, self._titles = zone, titles
        self._days: dict[date, Day] = {}
        self._names: set[str] = set()
        self._people: set[int] = set()

    def heard(self, at: datetime, who: str, user: str) -> None:
        report = self.report
        report.messages += 1
        report.first = report.first or self.clock(at)
        report.last = self.clock(at)
        self._people.add(hash(user))
        if len(self._names) < _MOST_NAMES:
            self._names.add(who)
        self.day(at).messages += 1

    def day(self, at: datetime) -> Day:
        local = at.astimezone(self._zone).date()
        if local not in self._days:
            self._days[local] = Day(local.isoformat())
        return self._days[local]

    def clock(self, at: datetime) -> str:
        return at.astimezone(self._zone).isoformat(timespec="minutes")

    def masked(self, words: str) -> str:
        return mask(words, self._names)[:_LONGEST]

    def opened(self, at: datetime, case: Case, message: str) -> None:
        report, day = self.report, self.day(at)
        report.cases += 1
        report.urgent += case.urgent
        report.private += case.private
        day.cases += 1
        for kind in case.types[:1]:
            report.types[kind] = report.types.get(kind, 0) + 1
            day.types[kind] = day.types.get(kind, 0) + 1
        if len(report.opened) < MOST_LISTED:
            report.opened.append(case)
        self.outcomes[message] = ("、".join(case.titles) or "case", case.at, case.words)

    def asked(self, at: datetime, question: Question, message: str) -> None:
        self.report.questions += 1
        self.day(at).questions += 1
        if len(self.report.asked) < MOST_LISTED:
            self.report.asked.append(question)
        self.outcomes.setdefault(message, ("question", question.at, question.words))

    def closed(self) -> Report:
        report = self.report
        report.people = len(self._people)
        report.days = [self._days[day] for day in sorted(self._days)]
        report.types = dict(Counter(report.types).most_common())
        report.titles = {kind: self._titles.get(kind, kind) for kind in report.types}
        return report


def difference(before: Clerk, after: Clerk) -> Difference:
    """What the same history becomes with other words."""
    found: dict[str, list[Changed]] = defaultdict(list)
    for message in sorted(before.outcomes.keys() | after.outcomes.keys(), key=_order(before, after)):
        old, new = (clerk.outcomes.get(message) for clerk in (before, after))
        known = new or old
        assert known is not None
        was, becomes = (one[0] if one else "silent" for one in (old, new))
        if was == becomes:
            continue
        opens = [one not in ("silent", "question") for one in (was, becomes)]
        kind = "otherwise" if opens[0] == opens[1] else "more" if opens[1] else "fewer"
        found[kind].append(Changed(known[1], known[2], was, becomes))
    return Difference(**{kind: changes[:MOST_LISTED] for kind, changes in found.items()})


def _order(before: Clerk, after: Clerk) -> Any:
    return lambda message: ((after.outcomes.get(message) or before.outcomes[message])[1], message)
