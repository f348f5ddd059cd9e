"""How a message sounds (口气): like somebody in trouble, or like talk.

Scraps of one to three characters, each with a weight counted from sample lines (tests/samples): above 0 in
the mouth of those who report, below in talk. Words of things and faults say what a message is about; the tone
whether it is meant (meant.py): it holds back what only looks like a report, and brings back what a mood of
speech silenced. Where no word was found it opens nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import fsum

from ahocorasick_rs import AhoCorasick, Implementation

_LONG_NUMBER = re.compile(r"\d[\dx*-]{6,40}")
_DIGITS = re.compile(r"\d")
_STOPS = re.compile(r"[\s,，.。、;；:：\"“”'‘’()（）]{1,9}")
_PUSH = 0.5  #: the most that a tone adds to complaint and request
_TOLD = 3  #: so many scraps are named as reasons


class Tone:
    """The weights of one pack, ready to be added up."""

    def __init__(self, weights: Mapping[str, float], bias: float, pushes: float) -> None:
        self._scraps, self._weights = tuple(weights), tuple(weights.values())
        self._bias = bias
        self._pushes = pushes
        automaton = AhoCorasick(self._scraps or ["\0"], implementation=Implementation.ContiguousNFA)
        self._find = automaton.find_matches_as_indexes

    def of(self, norm: str) -> float:
        """The sum over the scraps of a cleaned text, each counted once; 0 is as much one as the other.

        Rounded once, at the end, so that it is the same in whatever order they come.
        """
        weights = self._weights
        return fsum([self._bias, *[weights[which] for which in self._found(norm)]])

    def push(self, tone: float) -> float:
        """What a tone of trouble adds to complaint and request: never enough to open what is only named."""
        return max(0.0, min(_PUSH, (tone - self._pushes) / 2))

    def reasons(self, norm: str) -> tuple[str, ...]:
        """The scraps that weigh most in the direction of the sum, words before single characters."""
        found = {self._scraps[which]: self._weights[which] for which in self._found(norm)}
        sign = 1 if self.of(norm) > 0 else -1
        ranked = sorted(
            [scrap for scrap in found if sign * found[scrap] > 0],
            key=lambda scrap: (len(scrap) == 1 or "0" in scrap, -sign * found[scrap] * len(scrap), scrap),
        )
        told: list[str] = []
        for scrap in ranked:
            if len(told) == _TOLD:
                break
            if not any(scrap in one for one in told):
                told.append(scrap)
        return tuple(told)

    def _found(self, norm: str) -> set[int]:
        """The numbers of the scraps, however they overlap."""
        return {which for which, _, _ in self._find(plain(norm), overlapping=True)}


def plain(norm: str) -> str:
    """What the scraps are cut from: which number it is says nothing, nor how somebody sets his commas."""
    return _STOPS.sub(" ", _DIGITS.sub("0", _LONG_NUMBER.sub("☎", norm)))
