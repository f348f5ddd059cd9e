"""Moods of speech: is this said of now and here, or asked, wished, remembered, advertised, already mended?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gridbot.understanding.evidence import Evidence
from gridbot.understanding.intents import Cue, Packs
from gridbot.understanding.reading import Kind
from gridbot.understanding.scan import Hit, Scan

_LONG = 4000  #: patterns look at no more than this much of a text
_ONWARD = 2  #: so many clauses further does "onward" reach
_WORTH = 0.6  #: evidence of that weight has used up the words in it
_SHORT = 3  #: and so has any short word
_MANY = 50  #: enough evidence to know a message by
_ORDER = (Kind.WITHDRAW, Kind.STATUS, Kind.RESOLVED, Kind.STILL, Kind.SUPPORT, Kind.QUESTION)


@dataclass(slots=True, eq=False)
class _Said:
    cue: Cue
    start: int
    end: int
    clause: int
    word: str


class Moods:
    """The cues found in one text, and what each of them silences."""

    def __init__(self, scan: Scan, packs: Packs, *, placed: bool, spoken: list[Hit]) -> None:
        """`spoken`: the hits before names of places were taken out: 如果小区 and 娘家小区 are no names."""
        self.scan = scan
        self.placed = placed
        kept = {id(hit) for hit in scan.hits} if spoken is not scan.hits else None
        self.said = [*_by_words(scan, spoken, kept), *_by_patterns(scan, packs)]
        names = {one.cue.name for one in self.said}
        self._everywhere: dict[str, _Said] = {}
        self._by_clause: dict[int, dict[str, _Said]] = {}
        self._pushing: dict[str, _Said] = {}
        for one in self.said:
            if one.cue.push:
                self._pushing.setdefault(one.word, one)
            if one.cue.scope == "none" or one.cue.unless & names:
                continue
            if one.cue.scope == "message":
                self._everywhere.setdefault(one.cue.name, one)
            else:
                self._by_clause.setdefault(one.clause, {}).setdefault(one.cue.name, one)
        self._reasons: dict[str, str] = {}
        self.final = False  #: something was silenced that no tone brings back
        self.soft = True  #: nothing was silenced but by soft moods
        self.calmed: set[Evidence] = set()  #: dangers that are told to be none

    @property
    def because(self) -> tuple[str, ...]:
        return tuple(self._reasons.values())

    def silences(self, evidence: Evidence) -> bool:
        for one in self._reaching(evidence):
            if evidence.rule.urgent and not one.cue.urgent_too:
                continue
            if one.cue.danger_only and not evidence.rule.urgent:
                continue
            if one.cue.soft and self._firm(evidence):
                continue
            self._reasons.setdefault(one.cue.name, f"不算报事（{one.cue.why}）：{one.word}")
            self.final = self.final or one.cue.final
            if one.cue.danger_only:
                self.calmed.add(evidence)
            self.soft = self.soft and one.cue.soft
            return True
        return False

    def _reaching(self, evidence: Evidence) -> Iterator[_Said]:
        """Cues of the whole message, of its clauses, and those before it that reach onward."""
        yield from self._everywhere.values()
        if not self._by_clause:
            return
        first = self.scan.clause(evidence.start)
        low, high = min(first, evidence.clause), max(first, evidence.clause)
        for clause in range(max(0, high - _ONWARD), high + 1):
            for one in self._by_clause.get(clause, {}).values():
                if clause >= low or one.cue.scope == "onward":
                    yield one

    def push(self, standing: list[Evidence]) -> float:
        """What complaint and request add to words that are not enough alone; each word counts once."""
        spans = [
            (one.start, one.end)
            for one in standing[:_MANY]
            if one.score >= _WORTH or one.end - one.start < _SHORT
        ]
        return sum(
            one.cue.push
            for one in self._pushing.values()
            if not any(start <= one.start and one.end <= end for start, end in spans)
        )

    def _firm(self, evidence: Evidence) -> bool:
        """A fault said of a thing, with a place or a complaint beside it: soft moods give way."""
        return evidence.score >= 1 and (self.placed or self.push([evidence]) >= 0.5)

    def kind(self, evidence: list[Evidence]) -> Kind:
        """Of which kind a message is whose evidence was all silenced."""
        kinds = {one.cue.kind for one in self.said if one.cue.name in self._reasons or not evidence}
        return next((kind for kind in _ORDER if kind in kinds), Kind.CHAT)


def _by_words(scan: Scan, spoken: list[Hit], kept: set[int] | None) -> list[_Said]:
    """Of words in a name of a place only the strong moods count: 北京 in 北京花园 says nothing."""
    return [
        _Said(cue, hit.start, hit.end, hit.clause, hit.keyword.word)
        for hit in spoken
        if hit.keyword.cues
        for cue, whole in hit.keyword.cues
        if (kept is None or not (cue.push or cue.soft) or id(hit) in kept) and scan.fits(hit, whole)
    ]


def _by_patterns(scan: Scan, packs: Packs) -> list[_Said]:
    """Each cue's first pattern that matches; tried only where a word was found that it cannot do without."""
    found: list[_Said] = []
    text, last = scan.norm[:_LONG], None
    awake = scan.wakes | packs.always
    while awake:
        lowest = awake & -awake
        awake ^= lowest
        cue, pattern, _ = packs.patterns[lowest.bit_length() - 1]
        if cue is last:
            continue
        match = pattern.search(text)
        if match is not None:
            at, last = match.start(), cue
            found.append(_Said(cue, at, match.end(), scan.clause(at), match.group()[:20]))
    return found
