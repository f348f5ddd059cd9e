"""Which keyword would have helped: counted from what was read wrongly, tried on everything before it is said.

Simple counts: pieces of text, and pairs of a known thing with a piece, that are frequent in wrongly read
samples of a type and rare elsewhere; and phrases to pass over where talk was taken for a report. Each
candidate is a layer of YAML; what it changes is found by reading with and without it. Nothing is saved.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from ahocorasick_rs import AhoCorasick

from gridbot.privacy import mask
from gridbot.understanding.intents import Packs, Role
from gridbot.understanding.places import Gazetteer
from gridbot.understanding.reader import read
from gridbot.understanding.reading import Band, Reading
from gridbot.understanding.segment import boundaries
from gridbot.understanding.text import clean

Compile = Callable[[str], Packs]  #: the packs in effect with one more layer, given as YAML
Ranked = tuple[float, str, set[int]]  #: worth, the piece, the lines it stands in
Step = Callable[[], None]  #: called as work goes on, for whoever shows progress

TRIED = 40  #: candidates tried on the samples
EACH = 8  #: candidates of one type
FEW = 10  #: wrongly read samples up to which a single one counts; of more, a piece has to stand in two
SHORTEST, LONGEST = 2, 6  #: characters of a piece
DEAR = 4  #: how many lines put right one line spoilt outweighs
_RUN = re.compile(r"[\u4e00-\u9fff]{2,40}")
_FIRST = frozenset("的了吗呢吧啊着么们呀是也都就又还很太在我你他她它这那个有和跟")
_LAST = frozenset("的我你他她它这那是也都就又还很太在和跟个把被给不没一")
_SILENT = frozenset({"chat", "civic"})


@dataclass(frozen=True, slots=True)
class Sample:
    """A line and what it should be read as; no types = no report."""

    text: str
    types: frozenset[str]

    @classmethod
    def labelled(cls, text: str, types: str) -> Sample:
        """`types`: ids joined by |; chat and civic must not open."""
        return cls(text, frozenset(types.split("|")) - _SILENT - {""})

    def right(self, reading: Reading) -> bool:
        heard = reading.band is not Band.SILENT
        if not self.types:
            return not heard
        if not heard:
            return False
        return "vague" in self.types or (bool(reading.types) and reading.types[0] in self.types)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A word, a pair or a phrase to pass over; `layer` is the YAML that brings it."""

    type: str
    words: tuple[str, ...]
    layer: str
    command: str = ""  #: what an administrator would say; "" where only the file can

    def touches(self, text: str) -> bool:
        """Whether a text could be read otherwise for it."""
        return any(word in text for word in self.words)


@dataclass
class History:
    """What a candidate would change in a history nobody labelled."""

    opened: int = 0
    asked: int = 0
    silenced: int = 0
    other: int = 0  #: heard before and after, as something else
    lines: list[str] = field(default_factory=list)  #: the first few, masked


@dataclass
class Proposal:
    candidate: Candidate
    right: list[str]  #: samples that become right
    wrong: list[str]  #: samples that become wrong
    examples: list[str]  #: of the packs' own, that become wrong
    traps: list[str]  #: lines that must stay silent and would not
    history: History = field(default_factory=History)

    @property
    def benefit(self) -> int:
        return len(self.right) - DEAR * (len(self.wrong) + len(self.examples) + len(self.traps))


@dataclass
class Suggestions:
    samples: int
    wrong: int  #: of them, as read now
    proposals: list[Proposal]
    history: int = 0  #: lines of it


def suggest(
    samples: Sequence[Sample],
    packs: Packs,
    compile: Compile,
    *,
    titles: dict[str, str] | None = None,
    most: int = 10,
    step: Step = lambda: None,
) -> Suggestions:
    """Candidates with more good than harm, the best first. What another one does as well is left out."""
    known = _Known(samples, packs, titles or {kind: one.title for kind, one in packs.types.items()})
    tried: list[Proposal] = []
    for candidate in known.candidates():
        tried.append(known.tried(candidate, compile(candidate.layer)))
        step()
    useful = sorted((one for one in tried if one.benefit > 0), key=lambda one: (-one.benefit, _odd(one)))
    chosen: list[Proposal] = []
    for one in useful:
        if not any(set(one.right) <= set(better.right) for better in chosen):
            chosen.append(one)
    return Suggestions(len(samples), len(known.wrong), chosen[:most])


def _odd(one: Proposal) -> int:
    """Of two that do as well the one nearest to three characters: two say too little, six hardly return."""
    return sum(abs(len(word) - 3) for word in one.candidate.words)


class _Known:
    """The samples as read now, and the packs' own lines, each read once."""

    def __init__(self, samples: Sequence[Sample], packs: Packs, titles: dict[str, str]) -> None:
        self.packs, self.titles, self.nowhere = packs, titles, Gazetteer.empty()
        self.samples = samples
        self.norms = [_norm(one.text, packs) for one in samples]
        self.readings = [read(one.text, packs, self.nowhere) for one in samples]
        self.wrong = [
            at for at, one in enumerate(samples) if not one.right(self.readings[at]) and self.norms[at]
        ]
        self.least = 1 if len(self.wrong) <= FEW else 2

    # --- candidates ---

    def candidates(self) -> list[Candidate]:
        """Of every type some, those with most behind them first."""
        missed: dict[str, list[int]] = defaultdict(list)
        loud: list[int] = []
        for at in self.wrong:
            for kind in self.samples[at].types & self.packs.types.keys():
                missed[kind].append(at)
            if not self.samples[at].types:
                loud.append(at)
        found = [one for kind, lines in sorted(missed.items()) for one in self._of_type(kind, lines)]
        found += self._quieter(loud)
        found.sort(key=lambda one: -one[0])
        return [candidate for _, candidate in found[:TRIED]]

    def _of_type(self, kind: str, lines: Sequence[int]) -> Iterator[tuple[float, Candidate]]:
        within: dict[str, set[int]] = defaultdict(set)
        for at in lines:
            things = self._things(kind, self.norms[at])
            for piece in _pieces(self.norms[at]):
                if not any(piece in thing for thing in things):  # a thing alone is no report, by design
                    within[piece].add(at)
        often = {piece: where for piece, where in within.items() if len(where) >= self.least}
        elsewhere = self._elsewhere(often, kind)
        ranked: list[Ranked] = [
            (len(where) - 3 * elsewhere[piece], piece, where)
            for piece, where in often.items()
            if elsewhere[piece] * 3 < len(where)
        ]
        for score, piece, _ in _apart(ranked)[:EACH]:
            yield score, self._word(kind, piece)
        wide = {piece: where for piece, where in often.items() if elsewhere[piece] * 3 >= len(where)}
        yield from self._pairs(kind, wide)

    def _elsewhere(self, pieces: Iterable[str], kind: str) -> Counter[str]:
        """In how many lines that are not of this type each piece stands."""
        names = list(pieces)
        count: Counter[str] = Counter()
        if not names:
            return count
        scan = AhoCorasick(names)
        for at, norm in enumerate(self.norms):
            if kind not in self.samples[at].types:
                found = {which for which, _, _ in scan.find_matches_as_indexes(norm, overlapping=True)}
                count.update(names[which] for which in found)
        return count

    def _pairs(self, kind: str, wide: dict[str, set[int]]) -> Iterator[tuple[float, Candidate]]:
        """A thing the type knows beside a piece that alone would say too little."""
        together: dict[tuple[str, str], set[int]] = defaultdict(set)
        for piece, where in wide.items():
            for at in where:
                for thing in self._things(kind, self.norms[at]):
                    if thing not in piece and piece not in thing:
                        together[thing, piece].add(at)
        ranked: list[Ranked] = []
        for (thing, piece), where in together.items():
            other = sum(
                thing in norm and piece in norm
                for at, norm in enumerate(self.norms)
                if kind not in self.samples[at].types
            )
            if other * 3 < len(where):
                ranked.append((len(where) - 3 * other - 0.5, f"{thing}+{piece}", where))
        for score, both, _ in _apart(ranked)[: EACH // 2]:
            thing, _, piece = both.partition("+")
            yield score, self._pair(kind, thing, piece)

    def _things(self, kind: str, norm: str) -> set[str]:
        found = set()
        for which, _, _ in self.packs.automaton.find_matches_as_indexes(norm, overlapping=True):
            keyword = self.packs.keywords[which]
            if len(keyword.word) > 1 and any(
                use.role is Role.THING and self.packs.rules[use.owner].type == kind for use in keyword.uses
            ):
                found.add(keyword.word)
        return found

    def _quieter(self, loud: Sequence[int]) -> Iterator[tuple[float, Candidate]]:
        """Talk that was taken for a report: a longer phrase around the deciding word, to pass over; or the
        word itself, if no report rightly heard needs it."""
        phrases: dict[str, set[int]] = defaultdict(set)
        words: dict[tuple[str, str], set[int]] = defaultdict(set)
        for at in loud:
            for issue in self.readings[at].issues:
                for word in issue.words:
                    if "+" in word:
                        continue
                    words[issue.type, word].add(at)
                    for phrase in _around(self.norms[at], word):
                        phrases[phrase].add(at)
        reports = [norm for at, norm in enumerate(self.norms) if self.samples[at].types]
        ranked: list[Ranked] = [
            (len(where) - 0.25, phrase, where)
            for phrase, where in phrases.items()
            if len(where) >= self.least and not any(phrase in norm for norm in reports)
        ]
        for score, phrase, _ in _apart(ranked)[:EACH]:
            yield score, Candidate("traps", (phrase,), f"traps: [{_plain(phrase)}]")
        for (kind, word), where in words.items():
            if len(where) < self.least or kind not in self.packs.types:
                continue
            if not self._of_danger(kind, word):
                yield len(where) - sum(word in norm for norm in reports), self._off(kind, word)

    def _of_danger(self, kind: str, word: str) -> bool:
        return any(
            self.packs.rules[use.owner].urgent
            for keyword in self.packs.keywords
            if keyword.word == word
            for use in keyword.uses
            if use.role in (Role.ALONE, Role.THING, Role.FAULT)
        )

    # --- what they look like ---

    def _word(self, kind: str, word: str) -> Candidate:
        layer = f"types: [{{id: {kind}, sure: [{_plain(word)}]}}]"
        return Candidate(kind, (word,), layer, f"加词 {self.titles.get(kind, kind)} {word}")

    def _pair(self, kind: str, thing: str, fault: str) -> Candidate:
        layer = f"types: [{{id: {kind}, pairs: [{{things: [{_plain(thing)}], faults: [{_plain(fault)}]}}]}}]"
        return Candidate(kind, (thing, fault), layer)

    def _off(self, kind: str, word: str) -> Candidate:
        layer = f"types: [{{id: {kind}, off: [{_plain(word)}]}}]"
        return Candidate(kind, (word,), layer, f"删词 {self.titles.get(kind, kind)} {word}")

    # --- trying ---

    def tried(self, candidate: Candidate, after: Packs) -> Proposal:
        """Only a text that holds one of its words can be read otherwise."""
        right: list[str] = []
        wrong: list[str] = []
        for at, norm in enumerate(self.norms):
            if not candidate.touches(norm):
                continue
            sample = self.samples[at]
            was, is_now = (
                sample.right(self.readings[at]),
                sample.right(read(sample.text, after, self.nowhere)),
            )
            if was != is_now:
                (right if is_now else wrong).append(sample.text)
        return Proposal(candidate, right, wrong, self._spoilt(candidate, after), self._loud(candidate, after))

    def _spoilt(self, candidate: Candidate, after: Packs) -> list[str]:
        """The packs' own examples that are read as they say now and would not be."""
        spoilt = []
        for kind, one in self.packs.types.items():
            for text in (*one.examples.match, *one.examples.no_match):
                if candidate.touches(_norm(text, self.packs)):
                    before = read(text, self.packs, self.nowhere)
                    then = read(text, after, self.nowhere)
                    wanted = text in one.examples.match
                    if _as(kind, before) == wanted and _as(kind, then) != wanted:
                        spoilt.append(text)
        return spoilt

    def _loud(self, candidate: Candidate, after: Packs) -> list[str]:
        return [
            text
            for text in self.packs.silent_lines
            if candidate.touches(_norm(text, self.packs))
            and read(text, self.packs, self.nowhere).band is Band.SILENT
            and read(text, after, self.nowhere).band is not Band.SILENT
        ]


def _norm(text: str, packs: Packs) -> str:
    """As the rules see it, dialect included: only so does "holds the word" mean what it says."""
    return packs.dialect.fold(clean(text).norm.lower())


def _as(kind: str, reading: Reading) -> bool:
    return kind in reading.types and (reading.band is not Band.SILENT or kind == "civic")


def _plain(word: str) -> str:
    """As YAML takes it."""
    return word if _RUN.fullmatch(word) else json.dumps(word, ensure_ascii=False)


def _pieces(norm: str) -> set[str]:
    """Pieces of a text that could be a word: whole words in a run, not beginning or ending idly."""
    found = set()
    for run in _RUN.findall(norm):
        for start, end in combinations(sorted(boundaries(run)), 2):
            fits = SHORTEST <= end - start <= LONGEST
            if fits and run[start] not in _FIRST and run[end - 1] not in _LAST:
                found.add(run[start:end])
    return found


def _around(norm: str, word: str) -> Iterator[str]:
    """Longer pieces that hold the word."""
    at = norm.find(word)
    if at < 0:
        return
    for run in _RUN.finditer(norm):
        if run.start() <= at and at + len(word) <= run.end():
            for start in range(max(run.start(), at - 3), at + 1):
                for end in range(at + len(word), min(run.end(), at + len(word) + 3) + 1):
                    if end - start > len(word):
                        yield norm[start:end]


def _apart(ranked: list[Ranked]) -> list[Ranked]:
    """The best first; of pieces that stand in the very same lines, the one nearest to three characters."""
    best: dict[frozenset[int], Ranked] = {}
    for one in ranked:
        key = frozenset(one[2])
        if key not in best or (-one[0], abs(len(one[1]) - 3), one[1]) < (
            -best[key][0],
            abs(len(best[key][1]) - 3),
            best[key][1],
        ):
            best[key] = one
    return sorted(best.values(), key=lambda one: (-one[0], abs(len(one[1]) - 3), one[1]))


# --- a history -----------------------------------------------------------------------------------

SHOWN = 3  #: changed lines of a history kept for each proposal


def over_history(
    found: Suggestions, texts: Iterable[str], packs: Packs, compile: Compile, *, step: Step = lambda: None
) -> None:
    """Counts, for each proposal, what it would change in a history. Nothing is kept but counts and a few
    masked lines, however long it is."""
    words = sorted({word for one in found.proposals for word in one.candidate.words})
    if not words:
        return
    scan, nowhere = AhoCorasick(words), Gazetteer.empty()
    after = [(one, compile(one.candidate.layer)) for one in found.proposals]
    for text in texts:
        found.history += 1
        step()
        norm = _norm(text, packs)
        hits = {words[which] for which, _, _ in scan.find_matches_as_indexes(norm, overlapping=True)}
        if not hits:
            continue
        before = read(text, packs, nowhere)
        for proposal, changed in after:
            if hits.intersection(proposal.candidate.words):
                _count(proposal.history, before, read(text, changed, nowhere), text)


def _count(history: History, before: Reading, then: Reading, text: str) -> None:
    old = before.types if before.band is not Band.SILENT else ()
    new = then.types if then.band is not Band.SILENT else ()
    if (before.band, old) == (then.band, new):
        return
    if then.band is Band.SILENT:
        history.silenced += 1
    elif before.band is not Band.OPEN and then.band is Band.OPEN:
        history.opened += 1
    elif before.band is Band.SILENT:
        history.asked += 1
    else:
        history.other += 1
    if len(history.lines) < SHOWN:
        history.lines.append(mask(text)[:60])
