"""The packs: issue types and phrase lists, read from layers of YAML, checked, and compiled for one scan."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, partial
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from gridbot.understanding.dialect import Dialect
from gridbot.understanding.gate import PLACE_HINT, Gate
from gridbot.understanding.layers import Merged, read_layers
from gridbot.understanding.leanings import Leanings
from gridbot.understanding.needles import needles
from gridbot.understanding.reading import Kind
from gridbot.understanding.rules import Can, Cue, Keyword, Pairing, Role, Rule, Use, keyword, pairing
from gridbot.understanding.schema import (
    CueFile,
    Deadlines,
    Examples,
    Pairs,
    Phrases,
    PlacesFile,
    RemarksFile,
    Responsible,
    Thresholds,
    ToneFile,
    TypeFile,
    bounded,
)
from gridbot.understanding.tone import Tone, plain
from gridbot.understanding.yamlfile import PackError

__all__ = [
    "Cue",
    "IssueType",
    "Keyword",
    "KeywordRule",
    "PackError",
    "Packs",
    "Role",
    "Rule",
    "Use",
    "default_folder",
    "load_packs",
]


#: The mood it shows, the pattern, and words without which it cannot match (none: it is always tried).
Pattern = tuple[Cue, re.Pattern[str], frozenset[str]]


@dataclass(frozen=True, slots=True)
class KeywordRule:
    """A keyword an administrator added or removed by command: the topmost layer."""

    type: str
    word: str
    action: Literal["add", "remove"] = "add"
    sure: bool = True


@dataclass(frozen=True, slots=True)
class IssueType:
    id: str
    title: str
    covers: str
    urgency: Literal["normal", "high"]
    private: bool
    supply: bool
    owner_first: bool
    deadlines: Deadlines
    responsible: Responsible
    thresholds: Thresholds
    examples: Examples
    weak: bool
    wary: bool
    source: TypeFile  #: also: bodies, against, sweep


@dataclass(frozen=True, eq=False)
class Packs:
    """Everything the reader knows, compiled once and never changed."""

    types: Mapping[str, IssueType]
    rules: tuple[Rule, ...]
    cues: tuple[Cue, ...]
    keywords: tuple[Keyword, ...]
    patterns: tuple[Pattern, ...]  #: of all moods, in order; the number of each is its bit in `Keyword.wakes`
    automaton: AhoCorasick = field(repr=False)
    places: PlacesFile = field(repr=False)
    replies: Mapping[str, Phrases] = field(repr=False)
    remarks: RemarksFile = field(repr=False)
    tone: Tone = field(repr=False)
    tone_limits: ToneFile = field(repr=False)
    leanings: Leanings = field(repr=False)
    replying: Leanings = field(repr=False)  #: what a leader's reply leans to, by action
    dialect: Dialect = field(repr=False)
    sound_words: tuple[str, ...] = field(repr=False)
    silent_lines: tuple[str, ...] = field(repr=False)
    type_order: tuple[str, ...] = field(repr=False)
    vague: frozenset[str] = field(repr=False)  #: things that say where rather than what
    effects: frozenset[str] = field(repr=False)  #: keywords that tell what came of a fault

    @cached_property
    def danger_bits(self) -> int:
        """The rules that tell of danger, as bits."""
        return sum(1 << rule.number for rule in self.rules if rule.urgent)

    @cached_property
    def always(self) -> int:
        """The patterns that no word wakes, as bits."""
        return sum(1 << number for number, (_, _, words) in enumerate(self.patterns) if not words)

    @cached_property
    def gate(self) -> Gate:
        return Gate(self)

    @cached_property
    def pairing(self) -> Callable[[Keyword, Keyword], Pairing]:
        """The rules that a thing and a fault share; of the packs alone, so it is kept."""
        return lru_cache(maxsize=16384)(partial(pairing, rules=self.rules))

    @cached_property
    def memo(self) -> dict[str, object]:
        """What other modules compile from these packs once (places, replies, sounds)."""
        return {}


def default_folder() -> Path:
    """`intents/` of the checkout, or the copy carried in the wheel."""
    carried = Path(str(resources.files("gridbot"))) / "_data" / "intents"
    if carried.is_dir():
        return carried
    return Path(__file__).resolve().parents[2] / "intents"


def load_packs(*folders_or_layers: Path, extra: Iterable[KeywordRule] = ()) -> Packs:
    """Read the layers, lowest first (none given: the shipped types), and compile them.

    Raises PackError with file, line and field; nothing is ever half loaded.
    """
    merged = read_layers(folders_or_layers or (default_folder(),))
    for rule in extra:
        _apply(merged, rule)
    return _compile(merged)


#: What a word added by command weighs in the tone: who adds it has heard it said in earnest.
_ADDED = 5.0


def _apply(merged: Merged, rule: KeywordRule) -> None:
    if rule.type not in merged.types:
        raise PackError("keywords", None, rule.type, "no such issue type")
    target = merged.types[rule.type]
    if rule.action == "remove":
        target.off.append(rule.word)
    else:
        (target.sure if rule.sure else target.maybe).append(rule.word)
        merged.scraps[plain(rule.word.lower())] = _ADDED
        target.off[:] = [word for word in target.off if word != rule.word]


#: A thing of so many types hints at none of them.
_SHARED = 3


class _Builder:
    """Collects keywords with their uses, then hands over to the automaton."""

    def __init__(self, merged: Merged) -> None:
        self.merged = merged
        self.rules: list[Rule] = []
        self.uses: dict[str, list[Use]] = {}
        self.order = tuple(kind for kind, spec in merged.types.items() if not spec.disabled)
        self.dialect = Dialect(merged.same, merged.phrases)
        self.vague = frozenset(map(self.dialect.fold, merged.words.get("vague", ())))
        self.shared = Counter(word for spec in merged.types.values() for word in self.things_of(spec))

    def words(self, words: Iterable[str], off: frozenset[str] = frozenset()) -> Iterator[str]:
        """The words with every @group in place of its name."""
        for word in words:
            if word in off:
                continue
            if word.startswith("@"):
                if word[1:] not in self.merged.words:
                    raise PackError("intents", None, word, "no such word group")
                yield from self.words(self.merged.words[word[1:]], off)
            else:
                yield word

    def use(self, words: Iterable[str], role: Role, owner: int, off: frozenset[str] = frozenset()) -> None:
        for word in self.words(words, off):
            whole = word.startswith("=")
            plain = self.dialect.fold(word.lstrip("=").lower())
            if plain in off:
                continue
            use = Use(role, owner, whole)
            uses = self.uses.setdefault(plain, [])
            if use not in uses:
                uses.append(use)

    def rule(self, kind: str, score: float, *, hazard: str = "", reach: int = 16, name: str = "") -> int:
        number = len(self.rules)
        topic = name in {"topics", "fallback", "hints"}
        self.rules.append(Rule(number, kind, score, hazard, reach, name, bool(hazard), topic))
        return number

    def type(self, number: int, spec: TypeFile) -> None:
        off = frozenset(spec.off)
        alone = [
            ("first", 1.0, spec.first),
            ("sure", 1.0, spec.sure),
            ("maybe", 0.6, spec.maybe),
            ("topics", 0.4, spec.topics),
            ("fallback", 0.4, spec.fallback),
        ]
        for name, score, words in alone:
            if words:
                self.use(words, Role.ALONE, self.rule(spec.id, score, name=name), off)
        for pairs in spec.pairs:
            self.pairs(pairs, self.rule(spec.id, pairs.score, reach=pairs.reach, name="pairs"), off)
        for hazard, danger in spec.danger.items():
            if danger.words:
                self.use(danger.words, Role.ALONE, self.rule(spec.id, 1.2, hazard=hazard, name="danger"), off)
            for pairs in danger.pairs:
                owner = self.rule(spec.id, pairs.score + 0.2, hazard=hazard, reach=pairs.reach, name="danger")
                self.pairs(pairs, owner, off)
        self.use(spec.excludes, Role.EXCLUDE, number, off)
        hints = sorted(
            word
            for word in self.things_of(spec)
            if len(word) > 1 and self.shared[word] <= _SHARED and self.dialect.fold(word) not in self.vague
        )
        if hints:
            self.use(hints, Role.ALONE, self.rule(spec.id, 0.35, name="hints"), off)

    def things_of(self, spec: TypeFile) -> set[str]:
        return {word for pairs in spec.pairs for word in self.words(pairs.things) if not word.startswith("=")}

    def pairs(self, pairs: Pairs, owner: int, off: frozenset[str]) -> None:
        self.use(pairs.things, Role.THING, owner, off)
        self.use(pairs.faults, Role.FAULT, owner, off)

    def inherit(self) -> None:
        """A longer thing (or fault) does for its type whatever the shorter ones in it do: 地库门 is a 门.

        And a longer fault for every type what it begins with: 停了一排 is 停了.
        """
        own = {
            word: tuple(uses)
            for word, uses in self.uses.items()
            if any(use.role is Role.THING or use.role is Role.FAULT for use in uses)
        }
        for word, uses in own.items():
            within = [part for part in _parts(word) if part in own]
            if not within:
                continue
            for role in (Role.THING, Role.FAULT):
                types = {self.rules[use.owner].type for use in uses if use.role is role}
                for part in within if types else ():
                    self.uses[word] += [
                        use
                        for use in own[part]
                        if use.role is role
                        and not use.whole
                        and not self.rules[use.owner].urgent
                        and (self.rules[use.owner].type in types or _begins(word, part, role))
                        and use not in self.uses[word]
                    ]

    def keywords(self, cues: tuple[Cue, ...], patterns: Iterable[Pattern]) -> tuple[Keyword, ...]:
        """Every word with its uses; and those without, that lead to a dialect's phrase or to a pattern."""
        can: dict[str, int] = dict.fromkeys(self.merged.phrases, Can.DIALECT)
        for word in needles(PLACE_HINT):
            can[word] = can.get(word, 0) | Can.PLACE
        wakes: dict[str, int] = {}
        for number, (_, _, words) in enumerate(patterns):
            for word in words:
                wakes[word] = wakes.get(word, 0) | 1 << number
        uses, rules, types = self.uses, self.rules, self.order
        return tuple(
            keyword(
                word, uses.get(word, ()), rules, cues, types, can=can.get(word, 0), wakes=wakes.get(word, 0)
            )
            for word in {**uses, **can, **wakes}
        )


def _begins(word: str, part: str, role: Role) -> bool:
    return role is Role.FAULT and len(part) > 1 and word.startswith(part)


def _parts(word: str) -> Iterator[str]:
    """The stretches inside a word, itself left out."""
    for size in range(1, len(word)):
        for start in range(len(word) - size + 1):
            yield word[start : start + size]


def _holding(words: Iterable[str], stems: list[str]) -> frozenset[str]:
    """The words in which one of the stems stands."""
    if not stems:
        return frozenset()
    held = re.compile("|".join(map(re.escape, stems)))
    return frozenset(word for word in words if held.search(word))


def _known_types(merged: Merged) -> None:
    remarks = merged.remarks
    named = {*remarks.stops.values(), *remarks.lacks, *remarks.obstacles}
    for kind in sorted(named.union(*remarks.senses.values()) - set(merged.types)):
        raise PackError("remarks.yaml", None, kind, "no such issue type")
    for kind in sorted(set(merged.leanings) - set(merged.types)):
        raise PackError("leanings.yaml", None, kind, "no such issue type")


def _compile(merged: Merged) -> Packs:
    _known_types(merged)
    builder = _Builder(merged)
    specs = [spec for spec in merged.types.values() if not spec.disabled]
    for number, spec in enumerate(specs):
        builder.type(number, spec)
    cues = tuple(_cue(name, spec, builder.dialect) for name, spec in merged.cues.items())
    for number, cue in enumerate(merged.cues.values()):
        builder.use(cue.words, Role.CUE, number)
    builder.use(merged.traps, Role.TRAP, 0)
    builder.inherit()
    patterns = tuple((cue, pattern, needles(pattern)) for cue in cues for pattern in cue.patterns)
    keywords = builder.keywords(cues, patterns)
    return Packs(
        types=MappingProxyType({spec.id: _issue_type(spec) for spec in specs}),
        rules=tuple(builder.rules),
        cues=cues,
        keywords=keywords,
        patterns=patterns,
        automaton=AhoCorasick(
            [keyword.word for keyword in keywords] or ["\0"],
            matchkind=MatchKind.Standard,
            implementation=Implementation.ContiguousNFA,
        ),
        places=merged.places,
        replies=MappingProxyType(merged.replies),
        remarks=merged.remarks,
        tone=Tone(merged.scraps, merged.tone.bias or 0, merged.tone.pushes),
        tone_limits=merged.tone,
        leanings=Leanings(merged.leanings),
        replying=Leanings(merged.replying),
        dialect=builder.dialect,
        sound_words=tuple(dict.fromkeys(merged.sounds)),
        silent_lines=tuple(merged.silent),
        type_order=builder.order,
        vague=builder.vague,
        effects=_holding(
            builder.uses, [builder.dialect.fold(stem) for stem in merged.words.get("effects", ())]
        ),
    )


def _cue(name: str, spec: CueFile, dialect: Dialect) -> Cue:
    return Cue(
        name,
        Kind(spec.kind),
        spec.scope,
        frozenset(spec.unless),
        spec.urgent_too or spec.danger_only,
        spec.danger_only,
        spec.soft,
        spec.final,
        spec.push,
        spec.why or name,
        tuple(bounded(dialect.fold(pattern)) for pattern in spec.patterns),
    )


def _issue_type(spec: TypeFile) -> IssueType:
    return IssueType(
        id=spec.id,
        title=spec.title or spec.id,
        covers=spec.covers or "",
        urgency=spec.urgency or "normal",
        private=bool(spec.private),
        supply=bool(spec.supply),
        owner_first=bool(spec.owner_first),
        deadlines=spec.deadlines or Deadlines(),
        responsible=spec.responsible or Responsible(),
        thresholds=spec.thresholds or Thresholds(),
        examples=spec.examples,
        weak=spec.weak,
        wary=spec.wary,
        source=spec,
    )
