"""What a compiled pack is made of: rules, moods of speech, keywords and what each may do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal, NamedTuple

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
    final: bool
    push: float
    why: str
    patterns: tuple[re.Pattern[str], ...]


class Use(NamedTuple):
    """What one keyword means: its role, and the rule, type or cue it belongs to."""

    role: Role
    owner: int
    whole: bool = False  #: must begin and end where words do


class Can:
    """What a keyword can do, as bits: or-ed over the hits of a text they tell what could become of it."""

    ALONE = 1  #: may be evidence by itself
    TOPIC = 2  #: evidence only in the mouth of somebody who complains
    THING = 4
    FAULT = 8
    SPOKEN = 16  #: a cue that makes even a silent message of a kind: 我也是, 到哪了, 打错了
    DISTRESS = 32
    DIALECT = 64  #: a phrase to be read as another
    PLACE = 128  #: without it nothing looks like a place

    PAIR = THING | FAULT


@dataclass(frozen=True, slots=True, eq=False)
class Keyword:
    """One word of the scan with its uses, laid out by role: each with "must it be a word of its own?".

    One without any use only stands for a dialect's phrase, or wakes patterns.
    """

    word: str
    uses: tuple[Use, ...]
    can: int  #: bits of Can
    wakes: int  #: the patterns of cues that cannot match without this word or another, as bits
    things: int  #: rules of which it is a thing, as bits
    faults: int
    alone: tuple[tuple[Rule, bool], ...]
    cues: tuple[tuple[Cue, bool], ...]
    excludes: tuple[tuple[str, bool], ...]  #: types that are not meant beside it
    trap: Use | None
    push: float  #: the most that one of its cues adds


def keyword(
    word: str,
    uses: Sequence[Use],
    rules: Sequence[Rule],
    cues: Sequence[Cue],
    types: Sequence[str],
    *,
    can: int,
    wakes: int,
) -> Keyword:
    """Sorts the uses by role; `can` holds the bits that no use tells of."""
    things = faults = 0
    for use in uses:
        if use.role is Role.THING:
            things |= 1 << use.owner
        elif use.role is Role.FAULT:
            faults |= 1 << use.owner
    alone = tuple((rules[use.owner], use.whole) for use in uses if use.role is Role.ALONE)
    said = tuple((cues[use.owner], use.whole) for use in uses if use.role is Role.CUE)
    can |= (Can.THING if things else 0) | (Can.FAULT if faults else 0)
    for rule, _ in alone:
        can |= Can.TOPIC if rule.topic else Can.ALONE
    for cue, _ in said:
        can |= Can.SPOKEN if cue.kind is not Kind.CHAT else 0
        can |= Can.DISTRESS if cue.name == "distress" else 0
    return Keyword(
        word,
        tuple(uses),
        can,
        wakes,
        things,
        faults,
        alone,
        said,
        tuple((types[use.owner], use.whole) for use in uses if use.role is Role.EXCLUDE),
        next((use for use in uses if use.role is Role.TRAP), None),
        max((cue.push for cue, _ in said), default=0),
    )


#: What can be said of a thing by a fault: the rules that both serve, and for each word whether it must be one
#: of its own.
Pairing = tuple[tuple[Rule, bool, bool], ...]


def pairing(thing: Keyword, fault: Keyword, rules: Sequence[Rule]) -> Pairing:
    """In the order of the thing's uses. A fault listed twice need be a word of its own only if so in both."""
    whole: dict[int, bool] = {}
    for use in fault.uses:
        if use.role is Role.FAULT:
            whole[use.owner] = whole.get(use.owner, True) and use.whole
    return tuple(
        (rules[use.owner], use.whole, whole[use.owner])
        for use in thing.uses
        if use.role is Role.THING and use.owner in whole
    )
