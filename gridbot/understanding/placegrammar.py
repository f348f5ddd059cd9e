"""The grammar of place expressions: names, numbers with their unit, landmarks, and where from there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ahocorasick_rs import AhoCorasick

from gridbot.understanding import placeforms as forms
from gridbot.understanding.reading import Side
from gridbot.understanding.schema import PlacesFile

#: Strength of a part that is a place only beside another: the fence of 3号楼围墙.
_LOOSE = -1
#: Of a thing, which is a place only with a tail, or before its side: 物业 in 物业后面那个花坛.
_BARE = -2
#: Which rules a word of the grammar calls for, as bits.
_ROADS, _ESTATES, _LANDMARKS, _HOUSES, _SPOTS, _WEAK, _SITES, _THINGS, _HEADS, _STATIONS, _ALONG, _NOT = (
    1 << i for i in range(12)
)


@dataclass(slots=True)
class Piece:
    """One stretch of text that names a place. `name` is the part that is a proper name, to be masked."""

    start: int
    end: int
    strength: int  #: 3 numbered or named, 2 landmark, 1 weak word, 0 a spot of any house
    side: Side = Side.UNKNOWN
    names: tuple[tuple[int, int], ...] = ()
    sided: bool = False  #: begins with its side: 后面那个花坛
    tailed: bool = False  #: 对面, 门口 after it: a number that follows is another place


def _alternatives(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(set(words), key=lambda w: (-len(w), w))) or "(?!)"


class Grammar:
    """Compiled from places.yaml."""

    def __init__(self, spec: PlacesFile) -> None:
        self.not_roads = tuple(word for word in spec.not_roads if not word.startswith("="))
        self.never_roads = frozenset(word.lstrip("=") for word in spec.not_roads)
        self.roads = tuple(spec.roads)
        self.stop = frozenset(spec.stop)
        self.no_name = frozenset(spec.no_name)
        self.likened = tuple(spec.likened)
        self.courts = frozenset(spec.courts)
        self.not_estates = frozenset(spec.not_estates)
        self.tail_starts = frozenset(word[0] for word in spec.tails)
        self._compile(spec)
        kinds: dict[str, int] = {}
        for kind, words in (
            (_ROADS, ("路", "街", "巷", "胡同", "大道")),
            (_ESTATES, (*spec.estates, *spec.courts)),
            (_LANDMARKS, spec.landmarks),
            (_HOUSES, ("那幢", "那栋", "那排", "整排平房", "那片")),
            (_SPOTS, spec.spots),
            (_WEAK, (*spec.weak, *spec.shops)),
            (_SITES, spec.sites),
            (_THINGS, spec.things),
            (_HEADS, (*spec.heads, *spec.shop_heads)),
            (_STATIONS, ("地铁", "轻轨", "站")),
            (_ALONG, spec.along),
            (_NOT, spec.not_places),
        ):
            for word in words:
                kinds[word] = kinds.get(word, 0) | kind
        self.words = AhoCorasick(list(kinds))
        self.kinds = tuple(kinds.values())

    def _compile(self, spec: PlacesFile) -> None:
        tails, sites = _alternatives(spec.tails), _alternatives(spec.sites)
        heads, shops = _alternatives([*spec.heads, *spec.shop_heads]), _alternatives(spec.shop_heads)
        self.estate = re.compile(rf"[^\W_]{{1,8}}?(?P<head>{_alternatives([*spec.estates, *spec.courts])})")
        side = rf"(?:(?:{_alternatives(spec.sides)})(?:的|那[个间条家排栋座])?)"
        qualified = rf"(?:(?:{_alternatives(spec.qualifiers)})的?)?"
        self.landmark = re.compile(rf"(?P<side>{side})?{qualified}(?:{_alternatives(spec.landmarks)})")
        near = _alternatives([*spec.tails, *spec.touches])
        self.site = re.compile(rf"(?P<side>{side})?(?P<site>{sites})(?P<tail>{near})?")
        things = _alternatives(spec.things)
        self.thing = re.compile(rf"(?:{things})(?P<tail>{tails})?")
        self.spot = re.compile(rf"(?:{_alternatives(spec.spots)})")
        self.weak = re.compile(rf"(?:{_alternatives([*spec.weak, *spec.shops])})")
        self.head = re.compile(
            rf"[\u4e00-\u9fff]{{1,5}}?(?:{heads})(?={tails}|{forms.NUMBER_NEXT}|的|{things})"
        )
        self.shop_front = re.compile(
            rf"(?:{_alternatives(spec.shop_fronts)})(?:的|那[个间家])?[\u4e00-\u9fff]{{1,4}}?(?:{shops})"
        )
        self.own = re.compile(
            rf"{forms.BEFORE}(?:就?在)?([\u4e00-\u9fff]{{0,5}}?(?:{heads}|{sites})){forms.AFTER}"
        )
        self.along = re.compile(
            rf"(?:{_alternatives(spec.along)})[\u4e00-\u9fff]{{1,4}}?的?(?:[那这一][侧边头面]|的地方)"
        )
        self.tail = re.compile(rf"(?:{tails})")
        self.inside = re.compile(_alternatives(spec.inside))
        self.outside = re.compile(_alternatives(spec.outside))
        self.not_number_after = re.compile(_alternatives(spec.not_numbers))
        self.not_places = re.compile(_alternatives(spec.not_places))

    def find(self, norm: str, known: Sequence[tuple[int, int]] = ()) -> list[Piece]:
        """Pieces from left to right, neighbours joined; weak words only where nothing better stands.

        Each rule runs only where a word or a character was seen that it cannot do without.
        """
        parts = [Piece(start, end, 3, names=((start, end),)) for start, end in known]
        may = 0
        for which, _, _ in self.words.find_matches_as_indexes(norm, overlapping=True):
            may |= self.kinds[which]
        parts += self._numbers(norm)
        if may:
            parts += self._named(norm, may)
            parts += self._words(norm, may)
        if not parts:
            return []
        if self.likened:
            parts = [p for p in parts if p.strength == 3 or not norm[: p.start].endswith(self.likened)]
        banned = [m.span() for m in self.not_places.finditer(norm)] if may & _NOT else []
        joined = self._join(norm, _without_overlaps(parts, banned, len(norm)))
        return [self._sided(norm, piece) for piece in _best(norm, joined)]

    def _numbers(self, norm: str) -> list[Piece]:
        parts = []
        if "-" in norm or "－" in norm or "#" in norm:
            parts += [Piece(*m.span(), 3) for m in forms.DASHED.finditer(norm)]
        if forms.NUMBER_UNIT.search(norm):
            parts += [
                Piece(*m.span(), 2 if forms.FLOOR.fullmatch(m.group()) else 3)
                for m in forms.NUMBERED.finditer(norm)
                if self._is_number(norm, m)
            ]
        if "b" in norm:
            parts += [Piece(*m.span(), 3) for m in forms.BASEMENT.finditer(norm)]
        if "0" in norm or "1" in norm:
            parts += [Piece(*m.span(), 3) for m in forms.ROOM.finditer(norm)]
        return parts

    def _named(self, norm: str, may: int) -> list[Piece]:
        """What has a name: streets, estates, and names known by how they end."""
        parts = []
        if may & _ROADS:
            parts += self._roads(norm)
        if may & _ESTATES:
            parts += self._estates(norm)
        if may & _STATIONS:
            parts += [Piece(*m.span(), 2) for m in forms.STATION.finditer(norm)]
        if may & _HOUSES:
            parts += [Piece(*self._house(norm, m), 2) for m in forms.THAT_HOUSE.finditer(norm)]
        if may & _HEADS:
            for m in self.head.finditer(norm):
                start, end = self._trim(norm, *m.span())
                if end - start > 1:
                    parts.append(Piece(start, end, 1 if norm.startswith("的", end) else 2))
            parts += [Piece(*m.span(), 2) for m in self.shop_front.finditer(norm)]
        if may & (_HEADS | _SITES):
            parts += [
                Piece(*m.span(1), 2)
                for m in self.own.finditer(norm)
                if m.end(1) - m.start(1) > 1 and self.no_name.isdisjoint(m.group(1))
            ]
        return parts

    def _words(self, norm: str, may: int) -> list[Piece]:
        """What is told by kind: gates and gardens, a fence with its side, a bin with what it stands by."""
        parts = []
        if may & _LANDMARKS:
            parts += [Piece(*m.span(), 2, sided=bool(m["side"])) for m in self.landmark.finditer(norm)]
        if may & _SITES:
            for m in self.site.finditer(norm):
                if m["side"] or len(m["site"]) > 1:
                    strength = 2 if m["side"] or m["tail"] else _LOOSE
                    parts.append(Piece(*m.span(), strength, sided=bool(m["side"])))
        if may & _THINGS:
            for m in self.thing.finditer(norm):
                parts.append(Piece(*m.span(), 2 if m["tail"] else _BARE))
        if may & _ALONG:
            parts += [Piece(*m.span(), 2) for m in self.along.finditer(norm)]
        if may & _SPOTS:
            parts += [Piece(*m.span(), 0) for m in self.spot.finditer(norm)]
        if may & _WEAK:
            parts += [Piece(*m.span(), 1) for m in self.weak.finditer(norm)]
        return parts

    def _is_number(self, norm: str, match: re.Match[str]) -> bool:
        word = match.group()
        if word.endswith("号") and (
            (self.not_number_after.match(norm, match.end()) and not self._has_tail(norm, match.end()))
            or norm[max(0, match.start() - 2) : match.start()].endswith(("月", "周", "礼拜", "星期"))
        ):
            return False
        if match.start() and norm[match.start() - 1] in "第￥¥$":
            return norm[match.start() - 1] == "第" and word[-1] in "排层"
        if word not in forms.NO_NUMBERS:
            return True
        return match.end() < len(norm) and norm[match.end()] in "的0123456789一二三四五六七八九"

    def _has_tail(self, norm: str, end: int) -> bool:
        """28号前头 is a place, 28号前 is a day."""
        tail = self.tail.match(norm, end)
        return tail is not None and tail.end() - end > 1

    def _roads(self, norm: str) -> list[Piece]:
        found = []
        for match in forms.ROAD.finditer(norm):
            start, end = self._trim(norm, match.start(), match.end())
            if self.roads and norm.endswith(self.roads, match.start(), end):
                start = min(start, end - 3)
            word = norm[start:end]
            if len(word) < 3 or word in self.never_roads:
                continue
            if word.endswith(self.not_roads) and not word.endswith(self.roads):
                continue
            found.append(Piece(start, end, 3, names=((start, end),)))
        return found

    def _estates(self, norm: str) -> list[Piece]:
        found = []
        for match in self.estate.finditer(norm):
            start, end = self._trim(norm, match.start(), match.end())
            word = norm[start:end]
            if len(word) < (3 if match["head"] in self.courts else 4) or word in self.not_estates:
                continue
            found.append(Piece(start, end, 3, names=((start, end),)))
        return found

    def _trim(self, norm: str, start: int, end: int) -> tuple[int, int]:
        """A name begins after the last character that cannot be part of one."""
        for i in range(end - 2, start - 1, -1):
            if norm[i] in self.stop:
                return i + 1, end
        return start, end

    def _house(self, norm: str, match: re.Match[str]) -> tuple[int, int]:
        return self._trim(norm, match.start(), match.start(1) + 1)[0], match.end()

    def _join(self, norm: str, parts: list[Piece]) -> list[Piece]:
        joined: list[Piece] = []
        for part in parts:
            last = joined[-1] if joined else None
            if last is not None and part.start < last.end:  # reached by the tail: 11号楼 楼顶
                last.end = max(last.end, part.end)
                last.strength = max(last.strength, part.strength)
                last.names = (*last.names, *part.names)
            elif last is not None and self._adjoin(norm, last, part):
                names = (*last.names, *part.names)
                joined[-1] = Piece(last.start, part.end, max(last.strength, part.strength), names=names)
            else:
                joined.append(part)
            self._with_tail(norm, joined[-1])
        return [piece for piece in joined if piece.strength >= 0]

    def _adjoin(self, norm: str, last: Piece, part: Piece) -> bool:
        if part.start - last.end > 3 or part.end - last.start > 30 or last.strength == 0:
            return False
        gap = norm[last.end : part.start]
        if last.strength < 0 or part.strength == _BARE:
            return part.sided and not gap
        if gap in {"和", "与", "跟", "到", "至"}:
            if min(last.strength, part.strength) < 2:
                return False
            if forms.BETWEEN.match(norm, part.end):
                if gap in {"到", "至"}:
                    part.strength = 3
                return True
            numbers = last.strength == part.strength == 3 and not (part.names or last.names)
            return numbers and gap in {"到", "至"}
        if last.strength + part.strength < 3 and part.strength > 0:
            return False
        if gap == "":
            return part.strength < 3 or not last.tailed
        if gap == "的":
            return part.strength < 3 or not last.tailed
        return max(last.strength, part.strength) < 3 and forms.LINK.fullmatch(gap) is not None

    def _with_tail(self, norm: str, piece: Piece) -> None:
        if piece.strength < 0:
            return
        if norm[piece.end : piece.end + 1] in forms.ORDINAL_STARTS and (
            which := forms.ORDINAL.match(norm, piece.end)
        ):
            piece.end = which.end()
        for _ in range(2):
            if norm[piece.end : piece.end + 1] not in self.tail_starts:
                break
            match = self.tail.match(norm, piece.end)
            if match is None:
                break
            piece.end = match.end()
            piece.tailed = True

    def _sided(self, norm: str, piece: Piece) -> Piece:
        word = norm[piece.start : piece.end]
        if self.outside.search(word):
            piece.side = Side.OUTSIDE
        elif self.inside.search(word):
            piece.side = Side.INSIDE
        return piece


def _without_overlaps(parts: list[Piece], banned: list[tuple[int, int]], size: int) -> list[Piece]:
    """Stronger and longer first; what touches one already taken falls away."""
    if len(parts) == 1 and not banned:
        return parts
    taken: list[Piece] = []
    used = bytearray(size)
    for start, end in banned:
        used[start:end] = b"x" * (end - start)
    for part in sorted(parts, key=lambda p: (-p.strength, p.start - p.end, p.start)):
        if used.find(b"x", part.start, part.end) < 0:
            taken.append(part)
            used[part.start : part.end] = b"x" * (part.end - part.start)
    return sorted(taken, key=lambda p: p.start)


def _best(norm: str, pieces: list[Piece]) -> list[Piece]:
    """The strongest kind that occurs; weaker words beside it name things, not places.

    So do words inside a sentence where a clause says nothing but a place: 秋千坏了，小游园.
    """
    if not pieces:
        return []
    top = max(piece.strength for piece in pieces)
    best = [piece for piece in pieces if piece.strength == top]
    spots = [piece for piece in pieces if piece.strength == 0]
    if top == 0:
        return spots[:1]
    if top == 1:
        return best[:1]
    best = sorted([*best, *spots], key=lambda p: p.start)
    if len(best) > 1:
        apart = [piece for piece in best if piece.strength and _stands_alone(norm, piece)]
        if apart:
            return [piece for piece in best if piece.strength == 3 or piece in apart]
    return best


def _stands_alone(norm: str, piece: Piece) -> bool:
    return forms.CLAUSE_END.fullmatch(norm, max(0, piece.start - 3), piece.start) is not None and (
        forms.CLAUSE_START.match(norm, piece.end) is not None
    )
