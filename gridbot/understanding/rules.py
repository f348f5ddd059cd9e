"""What a compiled pack is made of: rules, moods of speech, keywords and what each may do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

from gridbot.understanding.reading import Kind


class Role(IntEnum):
    ALONE = 0
    THING = 1
    FAULT = 2
    EXCLUDE = 3
    TRAP = 4
    CUE = 5


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to recognise a type: words that stand alone, or a thing together with a fault."""

    number: int
    type: str
    score: float
    hazard: str = ""  #: which danger it tells of, if any
    reach: int = 16
    name: str = ""

    urgent: bool = False
    topic: bool = False  #: a noun: a report only in the mouth of somebody who complains


@dataclass(frozen=True, slots=True)
class Cue:
    """A mood of speech: hypothetical, past, advertisement … and how far it silences."""

    name: str
    kind: Kind
    scope: Literal["clause", "onward", "message", "none"]
    unless: frozenset[str]
    urgent_too: bool
    danger_only: bool
    soft: bool
    push: float
    why: str
    patterns: tuple[re.Pattern[str], ...]


@dataclass(frozen=True, slots=True)
class Use:
    """What one keyword means: its role, and the rule, type or cue it belongs to."""

    role: Role
    owner: int
    whole: bool = False  #: must begin and end where words do


@dataclass(frozen=True, slots=True)
class Keyword:
    word: str
    uses: tuple[Use, ...]
    alone: bool
    things: int  #: rules of which it is a thing, as bits
    faults: int
    cue: bool
    trap: Use | None
    spoken: bool  #: a cue that makes even a silent message of a kind: 我也是, 到哪了, 打错了


_LEAST_PUSH = 0.3


@dataclass(frozen=True, slots=True)
class FirstLook:
    """Numbers of keywords by what they can do, so that nearly all chat is let go after a set operation."""

    alone: frozenset[int]
    topics: frozenset[int]
    pushes: Mapping[int, float]
    things: frozenset[int]
    faults: frozenset[int]
    spoken: frozenset[int]
    distress: frozenset[int]
    half: frozenset[int]  #: things and faults: half a report, so the other half may be misspelt

    def pushed(self, seen: set[int]) -> bool:
        """Is there enough complaint or request for a noun to count at all?"""
        return sum(self.pushes.get(which, 0) for which in seen) >= _LEAST_PUSH
