"""Words a pattern cannot do without: where none of them was found, the pattern need not be tried."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import product
from typing import Any

_sre: Any = importlib.import_module("re._parser")  # what re itself parses with; it has no public name
_MANY = 300  #: more spellings than that are not written out


@lru_cache(maxsize=4096)
def needles(pattern: re.Pattern[str]) -> frozenset[str]:
    """Every match of the pattern holds at least one of these; empty if no such words are known."""
    return _needed(_sre.parse(pattern.pattern, pattern.flags)) or frozenset()


def _needed(parsed: Iterable[Any]) -> frozenset[str] | None:
    """The best stretch: of several that must all be there, the one whose shortest word is longest."""
    found: list[frozenset[str]] = []
    run = frozenset({""})  # how what was read last may be spelt
    for item in parsed:
        spelt = _spelt([item])
        if spelt is not None and len(run) * len(spelt) <= _MANY:
            run = frozenset(a + b for a, b in product(run, spelt))
            continue
        found.append(run)
        run = frozenset({""}) if spelt is None else spelt
        inside = _inside(item) if spelt is None else None
        if inside:
            found.append(inside)
    found.append(run)
    usable = [words for words in found if "" not in words]
    return max(usable, key=lambda words: (min(map(len, words)), -len(words)), default=None)


def _inside(item: Any) -> frozenset[str] | None:
    """What a group, a choice or a repetition that cannot be written out needs all the same."""
    name, value = str(item[0]), item[1]
    if name == "SUBPATTERN":
        return _needed(value[-1])
    if name in {"MAX_REPEAT", "MIN_REPEAT"} and value[0] >= 1:
        return _needed(value[2])
    if name == "BRANCH":
        parts = [_needed(branch) for branch in value[1]]
        if all(parts):
            return frozenset().union(*(part for part in parts if part))
    return None


def _spelt(parsed: Iterable[Any]) -> frozenset[str] | None:
    """All the ways in which this may be spelt, if they are few."""
    spelt = frozenset({""})
    for item in parsed:
        ways = _ways(str(item[0]), item[1])
        if ways is None or len(spelt) * len(ways) > _MANY:
            return None
        spelt = frozenset(a + b for a, b in product(spelt, ways))
    return spelt


def _ways(name: str, value: Any) -> frozenset[str] | None:
    if name == "LITERAL":
        return frozenset({chr(value)})
    if name in {"AT", "ASSERT", "ASSERT_NOT"}:
        return frozenset({""})  # looks, and takes nothing
    if name == "IN":
        return _chars(value)
    if name == "SUBPATTERN":
        return _spelt(value[-1])
    if name == "BRANCH":
        parts = [_spelt(branch) for branch in value[1]]
        if all(part is not None for part in parts):
            return frozenset().union(*(part for part in parts if part))
    if name in {"MAX_REPEAT", "MIN_REPEAT"} and value[1] <= 2:
        once = _spelt(value[2])
        if once is not None and len(once) ** value[1] <= _MANY:
            times = range(value[0], value[1] + 1)
            return frozenset("".join(some) for n in times for some in product(once, repeat=n))
    return None


def _chars(value: Iterable[Any]) -> frozenset[str] | None:
    chars: set[str] = set()
    for kind, what in value:
        if str(kind) == "LITERAL":
            chars.add(chr(what))
        elif str(kind) == "RANGE" and what[1] - what[0] < _MANY:
            chars |= {chr(code) for code in range(what[0], what[1] + 1)}
        else:  # a class like \d, or all but some
            return None
    return frozenset(chars)
