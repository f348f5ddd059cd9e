"""The words of places: which parts of a text the lists of places.yaml make of it.

One pass of the automaton finds every word of every list; each word then looks at what stands before and after
it, at most a few characters far. So the cost grows with the words found, never with the lists.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ahocorasick_rs import AhoCorasick

from gridbot.understanding import placeforms as forms
from gridbot.understanding.reading import Side
from gridbot.understanding.schema import PlacesFile

#: Strength of a part that is a place only beside another: the fence of 3号楼围墙.
LOOSE = -1
#: Of a thing, which is a place only with a tail, or before its side: 物业 in 物业后面那个花坛.
BARE = -2
_NAME = 5  #: characters a name may have before the word it ends in
_ESTATE = 8  #: the same of an estate
_BREAKS = frozenset(" \t\n,，。.!！?？;；、:：~～…")
_NUMERIC = frozenset("0123456789abcdefghijklmnopqrstuvwxyz一二三四五六七八九十")
_THAT = frozenset("个间条家排栋座")  #: 那个, 那间 between a side and its site


@dataclass(slots=True)
class Piece:
    """One stretch of text that names a place. `names` are the parts that are proper names, to be masked."""

    start: int
    end: int
    strength: int  #: 3 numbered or named, 2 landmark, 1 weak word, 0 a spot of any house
    side: Side = Side.UNKNOWN
    names: tuple[tuple[int, int], ...] = ()
    sided: bool = False  #: begins with its side: 后面那个花坛
    tailed: bool = False  #: 对面, 门口 after it: a number that follows is another place


#: What a word of the lists is, as bits; one word may be several things.
ROAD, HOUSE, STATION, ESTATE, LANDMARK, SPOT, WEAK, SITE, THING, HEAD, SHOP = (1 << i for i in range(11))
TAIL, FRONT, SIDE, QUALIFIER, ALONG, NOT = (1 << i for i in range(11, 17))
_BEFORE = SIDE | QUALIFIER
_NAMED = HEAD | SHOP
_BY_ITSELF = LANDMARK | SPOT | WEAK | SITE | THING
_AROUND = SIDE | QUALIFIER | FRONT | ESTATE | NOT


@dataclass(slots=True)
class Seen:
    """What the words of one text make of it."""

    may: int = 0  #: bits: all that was seen
    parts: list[Piece] = field(default_factory=list)
    banned: list[tuple[int, int]] = field(default_factory=list)
    before: dict[int, tuple[int, bool]] = field(
        default_factory=dict
    )  #: sides, qualifiers: end -> start, a side
    fronts: dict[int, int] = field(default_factory=dict)  #: 楼下, 对面: end -> start
    estates: dict[int, int] = field(default_factory=dict)  #: end -> start of 小区, 花园

    def note(self, start: int, end: int, kind: int) -> None:
        """Keeps the longest of the words that end here and say something of what follows."""
        if kind & _BEFORE and (end not in self.before or start < self.before[end][0]):
            self.before[end] = start, bool(kind & SIDE)
        if kind & FRONT:
            self.fronts[end] = min(start, self.fronts.get(end, start))
        if kind & ESTATE:
            self.estates[end] = min(start, self.estates.get(end, start))
        if kind & NOT:
            self.banned.append((start, end))


_NOTHING = Seen()


def alternatives(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(set(words), key=lambda w: (-len(w), w))) or "(?!)"


def _chinese(char: str) -> bool:
    return "\u4e00" <= char <= "\u9fff"


class Lexicon:
    """Compiled from places.yaml."""

    def __init__(self, spec: PlacesFile) -> None:
        self.stop = frozenset(spec.stop)
        self.no_name = frozenset(spec.no_name)
        self.courts = frozenset(spec.courts)
        self.not_estates = frozenset(spec.not_estates)
        tails, things = alternatives([*spec.tails, *spec.heres]), alternatives(spec.things)
        self.heres = frozenset(spec.heres)
        self.buildings = frozenset(spec.buildings)
        self.tail = re.compile(tails)
        self.tail_starts = frozenset(word[0] for word in (*spec.tails, *spec.heres))
        self.head_follows = self.tail_starts | _NUMERIC | {word[0] for word in spec.things} | {"的"}
        self.near = re.compile(alternatives([*spec.tails, *spec.touches, *spec.heres]))
        self.after_head = re.compile(rf"{tails}|{forms.NUMBER_NEXT}|的|{things}")
        self.along = re.compile(
            rf"(?:{alternatives(spec.along)})[\u4e00-\u9fff]{{1,4}}?的?(?:[那这一][侧边头面]|的地方)"
        )
        kinds: dict[str, int] = {}
        for kind, words in self._lists(spec):
            for word in words:
                kinds[word] = kinds.get(word, 0) | kind
        self.words = AhoCorasick(list(kinds))
        self.kinds = tuple(kinds.values())

    def _lists(self, spec: PlacesFile) -> Iterator[tuple[int, Iterable[str]]]:
        yield ROAD, ("路", "街", "巷", "胡同", "大道")
        yield HOUSE, ("那幢", "那栋", "那排", "整排平房", "那片")
        yield STATION, ("地铁", "轻轨", "站")
        yield ESTATE, (*spec.estates, *spec.courts)
        yield WEAK, (*spec.weak, *spec.shops)
        yield LANDMARK, spec.landmarks
        yield SPOT, spec.spots
        yield SITE, spec.sites
        yield THING, spec.things
        yield HEAD, spec.heads
        yield SHOP, spec.shop_heads
        yield TAIL, (word for word in (*spec.tails, *spec.heres) if len(word) > 1)
        yield FRONT, spec.shop_fronts
        yield SIDE, spec.sides
        yield QUALIFIER, spec.qualifiers
        yield ALONG, spec.along
        yield NOT, spec.not_places

    def look(self, norm: str) -> Seen:
        """The parts that words make, by their ends: they overlap, and the better are to be chosen."""
        hits = self.words.find_matches_as_indexes(norm, overlapping=True)
        if not hits:
            return _NOTHING
        seen = Seen()
        kinds, size = self.kinds, len(norm)
        for which, start, end in hits:
            kind = kinds[which]
            seen.may |= kind
            if kind & _BY_ITSELF:
                self._read(norm, start, end, kind, seen)
            if kind & _AROUND:
                seen.note(start, end, kind)
            if kind & SHOP and seen.fronts:
                seen.parts += _fronted(norm, start, end, seen.fronts)
            after = norm[end] if end < size else "\n"
            if kind & _NAMED and after in self.head_follows:
                seen.parts += self._named(norm, start, end)
            if kind & TAIL and start and norm[start - 1] in self.buildings:
                seen.parts += self._building(norm, start)
            if kind & (_NAMED | SITE) and after in _BREAKS:
                seen.parts += self._own(norm, start, end)
        if seen.estates:
            seen.parts += self._estates(norm, seen.estates)
        if seen.may & ALONG:
            seen.parts += [Piece(*m.span(), 2) for m in self.along.finditer(norm)]
        return seen

    def _read(self, norm: str, start: int, end: int, kind: int, seen: Seen) -> None:
        parts = seen.parts
        if kind & (LANDMARK | SITE):
            begin, sided = _begin(norm, start, seen.before) if seen.before else (start, False)
            if kind & LANDMARK:
                parts.append(Piece(begin, end, 2, sided=sided))
            if kind & SITE and (sided or end - start > 1):
                tail = self.near.match(norm, end)
                strength = 2 if sided or tail else LOOSE
                parts.append(Piece(begin, self._reach(tail, end), strength, sided=sided))
        if kind & THING:
            tail = self.tail.match(norm, end)
            parts.append(Piece(start, end, BARE))
            if tail:
                parts.append(Piece(start, self._reach(tail, end), 2))
        if kind & WEAK:
            parts.append(Piece(start, end, 1))
        if kind & SPOT:
            parts.append(Piece(start, end, 0))

    def _reach(self, tail: re.Match[str] | None, end: int) -> int:
        """Where a place ends: 那里 says that it is one, and no more than that."""
        return end if tail is None or tail.group() in self.heres else tail.end()

    def _name(self, norm: str, start: int, most: int) -> int:
        """Where a name begins that ends before `start`: after the last character that no name holds."""
        least = max(0, start - most)
        while start > least and _chinese(norm[start - 1]) and norm[start - 1] not in self.stop:
            start -= 1
        return start

    def _named(self, norm: str, start: int, end: int) -> list[Piece]:
        """石板坡那段, 丰泽园3栋; before 的 it says less."""
        after = self.after_head.match(norm, end)
        if after is None:
            return []
        begin = self._name(norm, start, _NAME)
        while begin < start and not self.no_name.isdisjoint(norm[begin:start]):
            begin += 1  # 我兄弟开店那条街 names no shop
        return [Piece(begin, end, 1 if after.group() == "的" else 2)] if end - begin > 1 else []

    def _building(self, norm: str, end: int) -> list[Piece]:
        """打谷场边上: any house, where a tail of two characters says that it is meant as a place."""
        begin = self._name(norm, end - 1, _NAME - 1)
        fits = begin < end - 1 and self.no_name.isdisjoint(norm[begin:end])
        return [Piece(begin, end, 2)] if fits else []

    def _own(self, norm: str, start: int, end: int) -> list[Piece]:
        """…, 和平里站: a clause that is nothing but a name."""
        least = max(0, start - _NAME - 2)
        begin = start
        while begin > least and _chinese(norm[begin - 1]):
            begin -= 1
        if begin and norm[begin - 1] not in _BREAKS:
            return []
        begin += 2 if norm.startswith("就在", begin) else 1 if norm.startswith("在", begin) else 0
        fits = end - begin > 1 and start - begin <= _NAME and self.no_name.isdisjoint(norm[begin:end])
        return [Piece(begin, end, 2)] if fits else []

    def _estates(self, norm: str, heads: dict[int, int]) -> Iterator[Piece]:
        """馨泰花园, 春熙苑; 翠湖花园小区 is one."""
        last_start = last_end = 0
        for end, start in heads.items():
            begin = start
            least = max(last_end, start - _ESTATE)
            while begin > least and norm[begin - 1].isalnum() and norm[begin - 1] not in self.stop:
                begin -= 1
            if begin == last_end and last_end and end - last_start <= 2 * _ESTATE:
                begin = last_start
            word = norm[begin:end]
            shortest = 3 if norm[start:end] in self.courts else 4
            if len(word) >= shortest and start > begin and word not in self.not_estates:
                last_start, last_end = begin, end
                yield Piece(begin, end, 3, names=((begin, end),))


def _begin(norm: str, at: int, before: dict[int, tuple[int, bool]]) -> tuple[int, bool]:
    """Where a word begins with what qualifies it, and whether a side is among that: 后面那个花坛, 东门."""
    sided = False
    for _ in range(2):
        found = before.get(at)
        if found is None and at:
            gap = (
                1
                if norm[at - 1] == "的"
                else 2
                if at > 1 and norm[at - 2] == "那" and norm[at - 1] in _THAT
                else 0
            )
            found = before.get(at - gap) if gap else None
        if found is None or sided:
            break
        at, sided = found
    return at, sided


def _fronted(norm: str, start: int, end: int, fronts: dict[int, int]) -> list[Piece]:
    """楼下干洗店: a shop with a name of up to four characters after where it is."""
    for at in range(start - 1, max(-1, start - _NAME), -1):
        if not _chinese(norm[at]):
            break
        if at in fronts:
            return [Piece(fronts[at], end, 2)]
    return []
