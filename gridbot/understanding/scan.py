"""One pass over a text: keyword hits, clauses, and what a hit may lose to (traps, place names)."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter

from gridbot.understanding.gate import Look
from gridbot.understanding.intents import Keyword, Packs
from gridbot.understanding.segment import boundaries

_BREAK = re.compile(r"[，。！？!?,;；\n\s~～…]+")
#: 眼泪像水管爆了一样, 唠叨起来比电钻还吵: what something is only likened to is not there (好像 is no simile).
_LIKENED = re.compile(
    r"(?<![好不录画头图影偶摄])(?:像|如同|仿佛|宛如|好比|堪比|赛过)(?!有|是|在|要|我们)[^，。！？!?,;；\n]{1,9}"
    r"|[跟和][^，。！？!?,;；\n]{1,9}?(?:似的|一样|一般)|比[^，。！？!?,;；\n]{1,9}?[还更]"
)
_LIKENING = frozenset("像如仿宛好堪赛跟和比")  #: every likening begins with one of these
_CONTEXT = 30  #: how much around a doubtful hit the segmenter sees

_START = itemgetter(1)
Spans = Sequence[tuple[int, int]]


@dataclass(slots=True, eq=False)
class Hit:
    start: int
    end: int
    keyword: Keyword
    clause: int


class Scan:
    """The hits of one text, from left to right and the longer first, with its clauses."""

    def __init__(self, look: Look, packs: Packs) -> None:
        self.norm = norm = look.norm
        self._look, self._keywords = look, packs.keywords
        likening = not _LIKENING.isdisjoint(norm)
        #: The stretches that hold what something is only likened to.
        self.likened: Spans = [match.span() for match in _LIKENED.finditer(norm)] if likening else ()
        size = len(norm)
        self.clause_starts = [0, *(end for m in _BREAK.finditer(norm) if 0 < (end := m.end()) < size)]
        self.hits = self._in_order(look, packs)
        traps = [
            (hit.start, hit.end)
            for hit in self.hits
            if hit.keyword.trap is not None and self.fits(hit, hit.keyword.trap.whole)
        ]
        self.hide(traps)

    def _in_order(self, look: Look, packs: Packs) -> list[Hit]:
        """The automaton gives them by their end, so that the longer of two with one start comes later."""
        keywords, starts = packs.keywords, [*self.clause_starts, len(look.norm) + 1]
        ordered = look.hits[::-1]
        ordered.sort(key=_START)
        clause = 0
        hits = []
        for which, start, end in ordered:
            while starts[clause + 1] <= start:
                clause += 1
            keyword = keywords[which]
            if keyword.uses:
                hits.append(Hit(start, end, keyword, clause))
        return hits

    def hide(self, spans: Spans) -> bool:
        """Lets go of what lies in these stretches; was there anything?"""
        if not spans:
            return False
        before = len(self.hits)
        self.hits = _outside(self.hits, spans)
        return len(self.hits) < before

    def clause(self, at: int) -> int:
        return bisect_right(self.clause_starts, at) - 1

    @property
    def wakes(self) -> int:
        """The patterns of cues of which a word was found that they cannot do without, as bits."""
        wakes, keywords = 0, self._keywords
        for which, _, _ in self._look.hits:
            wakes |= keywords[which].wakes
        return wakes

    def is_likened(self, hit: Hit) -> bool:
        at = bisect_left(self.likened, (hit.start,)) - 1 if self.likened else -1
        return at >= 0 and hit.end <= self.likened[at][1]

    def fits(self, hit: Hit, whole: bool) -> bool:
        """A keyword marked = must be a word: does the segmenter cut at both of its ends?"""
        return not whole or self.is_word(hit)

    def is_word(self, hit: Hit) -> bool:
        """Does the segmenter see the hit as a word, or as a part of a longer one: 收 in 收入?"""
        starts, number = self.clause_starts, hit.clause
        start = max(starts[number], hit.start - _CONTEXT)
        end = starts[number + 1] if number + 1 < len(starts) else len(self.norm)
        end = max(hit.end, min(end, hit.end + _CONTEXT))
        cuts = boundaries(self.norm[start:end])
        return hit.start - start in cuts and hit.end - start in cuts


def _outside(hits: list[Hit], spans: Spans) -> list[Hit]:
    """Hits that touch none of the spans, or hold one with something more."""
    if not spans:
        return hits
    ordered = sorted(set(spans))
    starts = [start for start, _ in ordered]
    longest = max(end - start for start, end in ordered)
    kept = []
    for hit in hits:
        touched = False
        at = bisect_right(starts, hit.end - 1) - 1
        while at >= 0 and starts[at] > hit.start - longest:
            start, end = ordered[at]
            wider = hit.start <= start and end <= hit.end and hit.end - hit.start > end - start
            if start < hit.end and hit.start < end and not wider:
                touched = True
                break
            at -= 1
        if not touched:
            kept.append(hit)
    return kept
