"""What a message leans to (偏向), where words of several types were found: scraps of text, weighed by type.

Which types are meant is told by the packs' words alone; the leanings choose among those found. So a type that
no rule has found is never said, and whoever reads why sees both: the words found, and what tipped the scales.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from math import fsum

from ahocorasick_rs import AhoCorasick, Implementation

from gridbot.understanding.tone import plain

Weights = Mapping[str, float]
_TOLD = 3  #: so many scraps are named as reasons


class Leanings:
    """The scraps of all types in one automaton."""

    def __init__(self, by_type: Mapping[str, tuple[float, Weights]]) -> None:
        """`by_type`: for each type its bias and its scraps."""
        self._bias = {kind: bias for kind, (bias, _) in by_type.items()}
        told: dict[str, dict[str, float]] = defaultdict(dict)
        for kind, (_, scraps) in by_type.items():
            for scrap, weight in scraps.items():
                told[scrap][kind] = weight
        self._scraps, self._told = tuple(told), tuple(told.values())
        automaton = AhoCorasick(self._scraps or ["\0"], implementation=Implementation.ContiguousNFA)
        self._find = automaton.find_matches_as_indexes

    def of(self, norm: str, kinds: Iterable[str]) -> dict[str, float]:
        """For each of the types that have leanings the sum over the scraps of a cleaned text."""
        found = self._found(norm)
        return {
            kind: fsum([self._bias[kind], *[told[kind] for _, told in found if kind in told]])
            for kind in kinds
            if kind in self._bias
        }

    def reasons(self, norm: str, kind: str) -> tuple[str, ...]:
        """The scraps that say most for a type."""
        pro = {scrap: told[kind] for scrap, told in self._found(norm) if told.get(kind, 0) > 0}
        ranked = sorted(pro, key=lambda scrap: (-pro[scrap] * len(scrap), scrap))
        return tuple(one for one in ranked if not any(one in other != one for other in ranked))[:_TOLD]

    def _found(self, norm: str) -> list[tuple[str, dict[str, float]]]:
        every = {which for which, _, _ in self._find(plain(norm), overlapping=True)}
        return [(self._scraps[which], self._told[which]) for which in every]
