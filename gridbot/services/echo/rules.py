"""When the weekly lines are said, and which areas they name. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from gridbot.almanac import local_time

AREAS = 4  #: named in one message
LATE = timedelta(hours=3)  #: a weekly line may be so late; later it is left out


@dataclass(frozen=True, slots=True)
class Weekly:
    """A moment of each week, in the community's zone: `weekday` 1 is Monday."""

    weekday: int
    at: str
    on: bool = True

    def with_(self, given: Mapping[str, Any]) -> Weekly:
        """With the community's own figures, {weekday: 5, at: "17:00", off: 是}; nonsense changes nothing."""
        own = self
        weekday, at = given.get("weekday"), given.get("at")
        if isinstance(weekday, int) and 1 <= weekday <= 7:
            own = replace(own, weekday=weekday)
        if isinstance(at, str) and _clock(at):
            own = replace(own, at=at)
        return replace(own, on=str(given.get("off", "")) not in ("是", "1", "true", "True"))

    def next_after(self, now: datetime, zone: ZoneInfo) -> datetime:
        """The next such moment later than `now`."""
        today = now.astimezone(zone).date()
        day = today + timedelta(days=(self.weekday - 1 - today.weekday()) % 7)
        at = local_time(day, self.at, zone)
        return at if at > now else local_time(day + timedelta(days=7), self.at, zone)


def _clock(text: str) -> bool:
    hour, colon, minute = text.partition(":")
    return bool(colon) and hour.isdigit() and minute.isdigit() and int(hour) < 24 and int(minute) < 60


ECHO = Weekly(5, "17:00")  #: Friday, when people come home
ALIVE = Weekly(1, "09:00")


def still_sensible(due: datetime, now: datetime) -> bool:
    """Said late, it would be about another week."""
    return now - due <= LATE


def areas(places: Iterable[str], known: Sequence[str]) -> list[str]:
    """The areas of some reports by names the directory has, the most frequent first: what a resident wrote
    of a place is never repeated."""
    counts: dict[str, int] = {}
    longest = sorted(known, key=len, reverse=True)
    for place in places:
        name = next((one for one in longest if one and one in place), None)
        if name is not None:
            counts[name] = counts.get(name, 0) + 1
    names = sorted(counts, key=lambda name: -counts[name])
    return names[:AREAS] + (["等处"] if len(names) > AREAS else [])
