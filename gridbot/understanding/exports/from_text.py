"""The text forms: a header that says who and when, then what was said, until the next header.

What WeChat itself mails or forwards, MemoTrace's and chatlog's text, QQ's message manager, and what
people copy by hand. They differ in the header alone.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import TextIO

from gridbot.understanding.exports.line import Body, Line, Tally, body_of

_LONGEST_LINE = 1 << 16
_MOST_LINES = 2_000  #: of one message
_QUOTE = re.compile(r"引用[:：]([^:：]{1,40})[:：](.*)")
_HAND_QUOTE = re.compile(r"[「“](?P<who>[^:：」]{1,40})[:：](?P<words>.*)[」”]$")
_RULE = re.compile(r"[-—─–－_=·. ]{6,}$")  #: what stands between a quote copied by hand and the answer


@dataclass(frozen=True, slots=True)
class Head:
    who: str
    at: datetime
    user: str = ""
    rest: str = ""  #: what was said on the same line
    system: bool = False  #: nobody's


class Form(ABC):
    """One grammar. `head` is asked for every line, in order, and may remember what it saw."""

    name = ""
    pattern: re.Pattern[str]

    def __init__(self, zone: tzinfo, now: datetime) -> None:
        self.zone, self.now = zone, now.astimezone(zone)
        self.chat = ""

    def prepare(self, stream: TextIO) -> None:
        """Looks through the file once before it is read, where the form needs it; leaves it at its start."""
        stream.seek(0)

    @abstractmethod
    def head(self, line: str, *, blank_before: bool) -> Head | None: ...

    def aside(self, line: str) -> bool:
        """Whether a line is neither header nor body: a title, the day."""
        return False

    def body(self, lines: list[str]) -> Body:
        return body_of(*_without_quote(lines))

    def at(self, day: date, clock: str, half: str = "") -> datetime:
        """Raises ValueError for a time there is not."""
        hour, minute, second = (int(part) for part in f"{clock}:0".split(":")[:3])
        if half in ("PM", "下午", "晚上") and hour < 12:
            hour += 12
        elif half in ("AM", "上午", "凌晨") and hour == 12:
            hour = 0
        return datetime.combine(day, time(hour, minute, second), self.zone)


def read_text(stream: TextIO, form: Form, tally: Tally) -> Iterator[Line]:
    """Messages one after the other; nothing is held but the one being read."""
    form.prepare(stream)
    head: Head | None = None
    body: list[str] = []
    blank = True
    for line in text_lines(stream):
        if form.aside(line):
            yield from _said(form, head, body, tally)
            head, body, blank = None, [], True
            continue
        found = form.head(line, blank_before=blank)
        blank = not line.strip()
        if found is not None:
            yield from _said(form, head, body, tally)
            head, body = found, [found.rest] if found.rest else []
        elif head is not None and len(body) < _MOST_LINES:
            body.append(line)
    yield from _said(form, head, body, tally)


def text_lines(stream: TextIO) -> Iterator[str]:
    while line := stream.readline(_LONGEST_LINE):
        yield line.rstrip("\r\n").strip("\ufeff\u200b\u200e\u200f")


def _said(form: Form, head: Head | None, lines: list[str], tally: Tally) -> Iterator[Line]:
    if head is None:
        return
    body = form.body(lines)
    if body.empty or head.system:
        tally.system += 1  # a sticker, somebody joined: nobody said anything
        return
    user = head.user or head.who
    yield Line(
        head.who, head.at, body.text, user,
        photo=body.photo, voice=body.voice, quoted=body.quoted, chat=form.chat,
    )  # fmt: skip


def _without_quote(lines: list[str]) -> tuple[list[str], str]:
    """What was answered stands before or after the answer; it was said by somebody else."""
    kept: list[str] = []
    quoted = ""
    for number, line in enumerate(lines):
        if match := _QUOTE.match(line.strip()):
            quoted = match[2]
        elif number == 0 and (match := _HAND_QUOTE.match(line.strip())):
            quoted = match["words"]
        elif not (quoted and _RULE.match(line.strip())):
            kept.append(line)
    return kept, quoted


# --- who, then the clock -------------------------------------------------------------------------

_DAY = re.compile(
    r"[\s—─–―_=-]*(?P<y>\d{4})\s*[-/.年]\s*(?P<m>\d{1,2})\s*[-/.月]\s*(?P<d>\d{1,2})\s*日?"
    r"(?:\s*(?:星期|周)[一二三四五六日天])?[\s—─–―_=-]*$"
)
_TITLE = re.compile(r"微信群[\"“「](?P<title>.+?)[\"”」]的聊天记录如下|.{1,80}在微信上的聊天记录如下")
_HALF = r"(?:(?P<half>上午|下午|晚上|凌晨|中午)\s?)?"
_STOPS = re.compile(r"[，。！？；,!?;]|[:：](?!$)")
_AFTER_MIDNIGHT = timedelta(minutes=2)  #: how far a header may go back: phones put them a little out of order


class Native(Form):
    """What WeChat itself writes when messages are picked and shared or mailed: 昵称, two spaces, the time."""

    name = "WeChat"
    pattern = re.compile(
        r"(?P<who>\S.{0,60}?)(?:[ \t\u3000\xa0]{2,}|[ \t]+(?P<date>\d{4}[-/年]\d{1,2}[-/月]\d{1,2}日?)\s+)"
        + _HALF
        + r"(?P<clock>\d{1,2}:\d{2}(?::\d{2})?)\s*$"
    )

    def __init__(self, zone: tzinfo, now: datetime) -> None:
        super().__init__(zone, now)
        self._day = self.now.date()
        self._last: datetime | None = None
        self._known: set[str] = set()
        self._apart = True  #: a blank line stands before the headers

    def prepare(self, stream: TextIO) -> None:
        stream.seek(0)
        blank, after, close = True, 0, 0
        for _, line in zip(range(2_000), text_lines(stream), strict=False):
            if self.pattern.match(line):
                after, close = after + blank, close + (not blank)
            blank = not line.strip() or bool(_DAY.match(line))
        self._apart = after >= close
        stream.seek(0)

    def aside(self, line: str) -> bool:
        if title := _TITLE.match(line):
            self.chat = self.chat or title["title"] or ""
            return True
        day = _DAY.match(line)
        if day is None or not re.match(r"\s*[—─–―_=-]", line):
            return False
        try:
            self._day = date(int(day["y"]), int(day["m"]), int(day["d"]))
        except ValueError:
            return False
        self._last = None
        return True

    def head(self, line: str, *, blank_before: bool) -> Head | None:
        """ "明天早上集合  8:30" looks like one: it has no blank line before it where the others have, or the
        clock would go back, or no name has a comma."""
        match = self.pattern.match(line)
        if match is None:
            return None
        who = match["who"].strip().rstrip(":：")
        if who not in self._known and (_STOPS.search(who) or len(who) > 32):
            return None
        try:
            day = date(*map(int, re.findall(r"\d+", match["date"]))) if match["date"] else self._day
            at = self.at(day, match["clock"], match["half"] or "")
        except ValueError:
            return None
        if not match["date"] and not self._fits(who, at, blank_before):
            return None
        self._day, self._last = day, at
        self._remember(who)
        return Head(who, at)

    def _fits(self, who: str, at: datetime, blank_before: bool) -> bool:
        if self._apart and not blank_before:
            return False
        return self._last is None or at >= self._last - _AFTER_MIDNIGHT

    def _remember(self, who: str) -> None:
        if len(self._known) < 5_000:
            self._known.add(who)


class Chatlog(Form):
    """chatlog's text: 昵称(wxid) month-day and time. The year is not in it: the last line is the newest
    that can be."""

    name = "chatlog"
    pattern = re.compile(
        r"(?P<who>\S.{0,80}?)(?:\((?P<user>[^()\s]+)\))? "
        r"(?:(?P<y>\d{4})-)?(?P<m>\d{2})-(?P<d>\d{2}) (?P<clock>\d{2}:\d{2}:\d{2})$"
    )

    def __init__(self, zone: tzinfo, now: datetime) -> None:
        super().__init__(zone, now)
        self._year = self.now.year
        self._before: tuple[int, int] | None = None

    def prepare(self, stream: TextIO) -> None:
        stream.seek(0)
        turns, before = 0, None
        for line in text_lines(stream):
            match = self.pattern.match(line)
            if match and not match["y"] and not line.startswith("> "):
                day = int(match["m"]), int(match["d"])
                turns += before is not None and _new_year(before, day)
                before = day
        if before is not None and before > (self.now.month, self.now.day):
            turns += 1
        self._year = self.now.year - turns
        stream.seek(0)

    def head(self, line: str, *, blank_before: bool) -> Head | None:
        match = self.pattern.match(line)
        if match is None or line.startswith("> "):
            return None
        day = int(match["m"]), int(match["d"])
        if self._before is not None and _new_year(self._before, day) and not match["y"]:
            self._year += 1
        try:
            at = self.at(date(int(match["y"] or self._year), *day), match["clock"])
        except ValueError:
            return None
        self._before = day
        return Head(match["who"], at, match["user"] or "")

    def body(self, lines: list[str]) -> Body:
        quote = [line[2:] for line in lines if line.startswith("> ")]
        words = quote[1:] if quote and self.pattern.match(quote[0]) else quote
        return body_of([line for line in lines if not line.startswith(">")], "\n".join(words))


def _new_year(before: tuple[int, int], day: tuple[int, int]) -> bool:
    return before[0] - day[0] > 6


# --- the clock, then who -------------------------------------------------------------------------


class Dated(Form):
    """MemoTrace's text: date, time, 昵称. What has a header and no body is a system line."""

    name = "MemoTrace"
    pattern = re.compile(
        r"(?P<date>\d{4}-\d{1,2}-\d{1,2}) (?P<clock>\d{1,2}:\d{2}:\d{2})(?: (?P<half>[AP]M))? (?P<who>\S.*)$"
    )

    def head(self, line: str, *, blank_before: bool) -> Head | None:
        match = self.pattern.match(line)
        if match is None:
            return None
        try:
            day = date(*map(int, match["date"].split("-")))
            at = self.at(day, match["clock"], match["half"] or "")
        except ValueError:
            return None
        return self.named(match["who"].strip(), at)

    def named(self, who: str, at: datetime) -> Head | None:
        return Head(who[:80], at)


class Qq(Dated):
    """QQ's message manager: 【头衔】昵称(QQ号) or 昵称<邮箱>."""

    name = "QQ"
    _who = re.compile(r"(?:【[^】]*】)?(?P<who>.*?)(?:\((?P<number>\d{5,12})\)|<(?P<mail>[^<>\s]+)>)$")
    _object = re.compile(r"消息对象[:：](?P<title>.*)")
    _about = re.compile(r"消息(?:分组|对象)[:：]|消息记录[（(]|={30,}$")

    def aside(self, line: str) -> bool:
        if match := self._object.match(line):
            self.chat = match["title"].strip()
        return bool(self._about.match(line))

    def named(self, who: str, at: datetime) -> Head | None:
        match = self._who.match(who)
        if match is None:
            return None
        user = match["number"] or match["mail"]
        if user in ("10000", "1000000"):
            return Head("", at, user, system=True)
        return Head(match["who"].strip() or user, at, user)


# --- no clock at all -----------------------------------------------------------------------------


class ByHand(Form):
    """昵称: and what he said, copied by hand: no times, so all of it was just now."""

    name = "names and colons"
    pattern = re.compile(r"(?P<who>[^\s:：，。！？,!?][^:：，。！？,!?]{0,23})[:：]\s*(?P<rest>.*)$")

    def head(self, line: str, *, blank_before: bool) -> Head | None:
        match = self.pattern.match(line)
        return Head(match["who"].strip(), self.now, rest=match["rest"]) if match else None


class Bare(Form):
    """Lines and nothing else: each of somebody, nobody knows whom."""

    name = "plain lines"
    pattern = re.compile(r"\s*\S")

    def __init__(self, zone: tzinfo, now: datetime) -> None:
        super().__init__(zone, now)
        self._count = 0

    def head(self, line: str, *, blank_before: bool) -> Head | None:
        if not line.strip():
            return None
        self._count += 1
        return Head("", self.now, f"line-{self._count}", line.strip())


TIMED: tuple[type[Form], ...] = (Qq, Dated, Chatlog, Native)
