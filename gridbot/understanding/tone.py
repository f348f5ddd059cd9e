"""How a message sounds (口气): like somebody in trouble, or like talk.

Scraps of one to three characters, each with a weight counted from sample lines (tests/samples): above 0 in the
mouth of those who report, below in talk. Words of things and faults say what a message is about; the tone says
whether it is meant. It opens nothing by itself: it holds back what only looks like a report, and lets one
question be asked where the words found were not enough.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_DIGITS = re.compile(r"\d")
_STOPS = re.compile(r"[\s,，.。、;；:：\"“”'‘’()（）]{1,9}")
_TOLD = 3  #: so many scraps are named as reasons


class Tone:
    """The weights of one pack, ready to be added up."""

    def __init__(self, weights: Mapping[str, float], bias: float) -> None:
        self._weights = dict(weights)
        self._bias = bias
        self._longest = max(map(len, weights), default=0)

    def of(self, norm: str) -> float:
        """The sum over the scraps of a cleaned text, each counted once; 0 is as much one as the other."""
        return self._bias + sum(self._found(norm).values())

    def reasons(self, norm: str) -> tuple[str, ...]:
        """The scraps that weigh most in the direction of the sum; longer ones before those inside them."""
        found = self._found(norm)
        sign = 1 if self._bias + sum(found.values()) > 0 else -1
        ranked = sorted(found, key=lambda scrap: (-sign * found[scrap] * len(scrap), scrap))
        told: list[str] = []
        for scrap in ranked:
            if sign * found[scrap] > 0 and not any(scrap in one for one in told):
                told.append(scrap)
        return tuple(told[:_TOLD])

    def _found(self, norm: str) -> dict[str, float]:
        weights, text = self._weights, plain(norm)
        scraps = {
            text[at : at + size] for size in range(1, self._longest + 1) for at in range(len(text) - size + 1)
        }
        return {scrap: weights[scrap] for scrap in scraps if scrap in weights}


def plain(norm: str) -> str:
    """What the scraps are cut from: which number it is says nothing, nor how somebody sets his commas."""
    return _STOPS.sub(" ", _DIGITS.sub("0", norm))
