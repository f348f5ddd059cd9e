"""One pass over a text: keyword hits, clauses, and what a hit may lose to (traps, place names)."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from gridbot.understanding.intents import Keyword, Packs, Use
from gridbot.understanding.segment import boundaries

_BREAK = re.compile(r"[，。！？!?,;；\n\s~～…]+")
#: 眼泪像水管爆了一样, 唠叨起来比电钻还吵: what something is only likened to is not there. (好像 is no simile.)
_LIKENED = re.compile(
    r"(?<![好不录画头图影偶摄])(?:像|如同|仿佛|宛如|好比|堪比|赛过)(?!有|是|在|要|我们)[^，。！？!?,;；\n]{1,9}"
    r"|[跟和][^，。！？!?,;；\n]{1,9}?(?:似的|一样|一般)|比[^，。！？!?,;；\n]{1,9}?[还更]"
)
_CONTEXT = 30  #: how much around a doubtful hit the segmenter sees

Spans = Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Hit:
    start: int
    end: int
    keyword: Keyword


class Scan:
    """The hits of one text, in order, with its clauses."""

    def __init__(self, norm: str, packs: Packs, found: Sequence[tuple[int, int, int]], masked: Spans) -> None:
        self.norm = norm
        size = len(norm)
        self.clause_starts = [0, *(end for m in _BREAK.finditer(norm) if 0 < (end := m.end()) < size)]
        keywords = packs.keywords
        hits = [Hit(start, end, keywords[which]) for which, start, end in found]
        traps = [
            (hit.start, hit.end)
            for hit in hits
            if hit.keyword.trap is not None and self.fits(hit, hit.keyword.trap)
        ]
        self.trapped = bool(traps)
        hits = _outside(hits, masked)
        self.hits = sorted(_outside(hits, traps), key=lambda hit: (hit.start, -hit.end))

    def clause(self, at: int) -> int:
        return bisect_right(self.clause_starts, at) - 1

    def clause_span(self, number: int) -> tuple[int, int]:
        starts = self.clause_starts
        return starts[number], starts[number + 1] if number + 1 < len(starts) else len(self.norm)

    @cached_property
    def likened(self) -> Spans:
        """The stretches that hold what something is only likened to."""
        return [match.span() for match in _LIKENED.finditer(self.norm)]

    def is_likened(self, hit: Hit) -> bool:
        at = bisect_left(self.likened, (hit.start,)) - 1
        return at >= 0 and hit.end <= self.likened[at][1]

    def fits(self, hit: Hit, use: Use) -> bool:
        """A keyword marked = must be a word: does the segmenter cut at both of its ends?"""
        return not use.whole or self.is_word(hit)

    def is_word(self, hit: Hit) -> bool:
        start, end = self.clause_span(self.clause(hit.start))
        start, end = max(start, hit.start - _CONTEXT), max(hit.end, min(end, hit.end + _CONTEXT))
        cuts = boundaries(self.norm[start:end])
        return hit.start - start in cuts and hit.end - start in cuts

    def inside_word(self, hit: Hit) -> bool:
        """Does the segmenter see the hit as a part of a longer word: 收 in 收入?"""
        start, end = self.clause_span(self.clause(hit.start))
        start, end = max(start, hit.start - _CONTEXT), max(hit.end, min(end, hit.end + _CONTEXT))
        cuts = boundaries(self.norm[start:end])
        return hit.start - start not in cuts or hit.end - start not in cuts


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
