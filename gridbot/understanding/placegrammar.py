"""The grammar of place expressions: names, numbers with their unit, landmarks, and where from there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ahocorasick_rs import AhoCorasick

from gridbot.understanding.reading import Side
from gridbot.understanding.schema import PlacesFile

_N = r"(?:\d{1,5}|[零〇一二两三四五六七八九十百廿卅]{1,6})"
_RANGE = rf"(?:[a-z]{{0,2}}{_N}(?:[-－—~到至、和]{{1,2}}{_N})?[a-z]?|[a-z])"
#: The units that follow a number, longer ones first.
_UNITS = (
    "号大院|号院子|号院|号楼|号门|号弄|号库|号桩|号车位|号|支弄|弄堂|弄|栋楼|栋|幢|座|单元|门栋|楼半|楼|层楼|层|室|"
    "门洞|门|库区|库|期|区|排|组|院|小区|村"
)
_NUMBERED = re.compile(rf"(?<![\d.a-z]){_RANGE}(?:{_UNITS})(?:(?<=[楼层座])[a-h](?:座|室)?(?![a-z\d]))?")
#: 9-2-301, 3-1 and 12#302: building, unit, room.
_DASHED = re.compile(
    r"(?<![\d\-.:/])\d{1,3}(?:[-－#]\d{1,4}){1,3}(?![\d\-.:/%]|点|月|日|号楼|号|栋|楼|度|块|元|个|天|人|岁|米|斤|年|小时|分)"
)
#: A room number by itself: floor and door, 302, 1104.
_ROOM = re.compile(
    r"(?<![\d.\-:/#a-z第￥¥])(?:[1-9]|[1-3]\d)(?:0[1-9]|1[0-6])(?![\d.\-:/%a-z]|块|元|个|天|人|岁|米|斤|年|月|日|号|度|分|只|户|次|钱|路|w|k|平|毛|条|页|多|套|班|期|万|千|瓦|步|件|点)"
)
_ROAD = re.compile(
    r"[^\W\da-z_]{1,6}?(?:大道|大街|路|街|巷|胡同)(?:(?![灯面口边上])|(?=口|边上|上的|面|路灯))"
)
_BASEMENT = re.compile(r"(?<![a-z\d])b[1-4](?![a-z\d])")
#: 军休所那幢: a house named by what is in it.
_THAT_HOUSE = re.compile(r"[\u4e00-\u9fff]{2,5}?(那幢|那栋|那排|整排平房|那片)")
#: What every number with its unit holds.
_NUMBER_UNIT = re.compile(r"[\da-z零〇一二两三四五六七八九十百廿卅][号支弄栋幢座单楼层室门库期区排组院小村]")
#: Which rules a word of the grammar calls for, as bits.
_ROADS, _ESTATES, _LANDMARKS, _HOUSES, _SPOTS, _WEAK, _SHOPS, _NOT = (1 << i for i in range(8))
#: Said of many things; places only with something after them.
_NO_NUMBERS = frozenset(
    [
        "一门",
        "一层",
        "一排",
        "一组",
        "一村",
        "两门",
        "一区",
        "两层",
        "一座",
        "一栋",
        "一幢",
        "一院",
        "一期",
        "两期",
    ]
)
#: A floor by itself says less than any house number beside it.
_FLOOR = re.compile(rf"{_N}(?:楼|层|层楼|楼半)")


@dataclass(slots=True)
class Piece:
    """One stretch of text that names a place. `name` is the part that is a proper name, to be masked."""

    start: int
    end: int
    strength: int  #: 3 numbered or named, 2 landmark, 1 weak word
    side: Side = Side.UNKNOWN
    names: tuple[tuple[int, int], ...] = ()


def _alternatives(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(set(words), key=lambda w: (-len(w), w))) or "(?!)"


class Grammar:
    """Compiled from places.yaml."""

    def __init__(self, spec: PlacesFile) -> None:
        self.not_roads = tuple(word for word in spec.not_roads if not word.startswith("="))
        self.never_roads = frozenset(word.lstrip("=") for word in spec.not_roads)
        self.stop = frozenset(spec.stop)
        self.not_estates = frozenset(spec.not_estates)
        self.estate = re.compile(rf"[^\W_]{{1,8}}?(?:{_alternatives(spec.estates)})")
        qualified = rf"(?:(?:{_alternatives(spec.qualifiers)})的?)?"
        self.landmark = re.compile(rf"{qualified}(?:{_alternatives(spec.landmarks)})")
        self.spot = re.compile(rf"(?:{_alternatives(spec.spots)})")
        self.weak = re.compile(rf"(?:{_alternatives(spec.weak)})")
        tails, shops = _alternatives(spec.tails), _alternatives(spec.shops)
        self.shop = re.compile(rf"[\u4e00-\u9fff]{{1,5}}?(?:{shops})(?={tails})")
        self.shop_front = re.compile(
            rf"(?:{_alternatives(spec.shop_fronts)})的?[\u4e00-\u9fff]{{1,4}}?(?:{shops})"
        )
        self.tail = re.compile(rf"(?:{_alternatives(spec.tails)})")
        self.tail_starts = frozenset(word[0] for word in spec.tails)
        self.inside = re.compile(_alternatives(spec.inside))
        self.outside = re.compile(_alternatives(spec.outside))
        self.not_number_after = re.compile(_alternatives(spec.not_numbers))
        self.not_places = re.compile(_alternatives(spec.not_places))
        kinds: dict[str, int] = {}
        for kind, words in (
            (_ROADS, ("路", "街", "巷", "胡同", "大道")),
            (_ESTATES, spec.estates),
            (_LANDMARKS, spec.landmarks),
            (_HOUSES, ("那幢", "那栋", "那排", "整排平房", "那片")),
            (_SPOTS, spec.spots),
            (_WEAK, spec.weak),
            (_SHOPS, spec.shops),
            (_NOT, spec.not_places),
        ):
            for word in words:
                kinds[word] = kinds.get(word, 0) | kind
        self.words = AhoCorasick(list(kinds))
        self.kinds = tuple(kinds.values())

    def find(self, norm: str, known: Sequence[tuple[int, int]] = ()) -> list[Piece]:
        """Pieces from left to right, neighbours joined; weak words only where nothing better stands.

        Each rule runs only where a word or a character was seen that it cannot do without.
        """
        parts = [Piece(start, end, 3, names=((start, end),)) for start, end in known]
        may = 0
        for which, _, _ in self.words.find_matches_as_indexes(norm, overlapping=True):
            may |= self.kinds[which]
        if may & _ROADS:
            parts += self._roads(norm)
        if may & _ESTATES:
            parts += self._estates(norm)
        if "-" in norm or "－" in norm or "#" in norm:
            parts += [Piece(*m.span(), 3) for m in _DASHED.finditer(norm)]
        if _NUMBER_UNIT.search(norm):
            parts += [
                Piece(*m.span(), 2 if _FLOOR.fullmatch(m.group()) else 3)
                for m in _NUMBERED.finditer(norm)
                if self._is_number(norm, m)
            ]
        if may & _LANDMARKS:
            parts += [Piece(*m.span(), 2) for m in self.landmark.finditer(norm)]
        if "b" in norm:
            parts += [Piece(*m.span(), 3) for m in _BASEMENT.finditer(norm)]
        if may & _HOUSES:
            parts += [Piece(*self._house(norm, m), 2) for m in _THAT_HOUSE.finditer(norm)]
        if may & _SPOTS:
            parts += [Piece(*m.span(), 0) for m in self.spot.finditer(norm)]
        if may & _WEAK:
            parts += [Piece(*m.span(), 1) for m in self.weak.finditer(norm)]
        if "0" in norm or "1" in norm:
            parts += [Piece(*m.span(), 3) for m in _ROOM.finditer(norm)]
        if may & _SHOPS:
            parts += [Piece(*self._trim(norm, *m.span()), 2) for m in self.shop.finditer(norm)]
            parts += [Piece(*m.span(), 2) for m in self.shop_front.finditer(norm)]
        if not parts:
            return []
        banned = [m.span() for m in self.not_places.finditer(norm)] if may & _NOT else []
        joined = self._join(norm, _without_overlaps(parts, banned, len(norm)))
        return [self._sided(norm, piece) for piece in _best(joined)]

    def _is_number(self, norm: str, match: re.Match[str]) -> bool:
        word = match.group()
        if word.endswith("号") and (
            self.not_number_after.match(norm, match.end())
            or norm[max(0, match.start() - 2) : match.start()].endswith(("月", "周", "礼拜", "星期"))
        ):
            return False
        if match.start() and norm[match.start() - 1] in "第￥¥$":
            return norm[match.start() - 1] == "第" and word[-1] in "排层"
        if word not in _NO_NUMBERS:
            return True
        return match.end() < len(norm) and norm[match.end()] in "的0123456789一二三四五六七八九"

    def _roads(self, norm: str) -> list[Piece]:
        found = []
        for match in _ROAD.finditer(norm):
            start, end = self._trim(norm, match.start(), match.end())
            word = norm[start:end]
            if len(word) < 3 or word in self.never_roads or word.endswith(self.not_roads):
                continue
            found.append(Piece(start, end, 3, names=((start, end),)))
        return found

    def _estates(self, norm: str) -> list[Piece]:
        found = []
        for match in self.estate.finditer(norm):
            start, end = self._trim(norm, match.start(), match.end())
            word = norm[start:end]
            if len(word) < 4 or word in self.not_estates:
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
            if last is not None and self._adjoin(norm, last, part):
                names = (*last.names, *part.names)
                joined[-1] = Piece(last.start, part.end, max(last.strength, part.strength), names=names)
            else:
                joined.append(part)
        return [self._with_tail(norm, piece) for piece in joined]

    def _adjoin(self, norm: str, last: Piece, part: Piece) -> bool:
        if (
            part.start - last.end > 1  # every joint below is one character at most
            or part.end - last.start > 30
            or last.strength + part.strength < 3
            or not (last.strength and part.strength)
        ):
            return False
        gap = norm[last.end : part.start]
        if gap in {"", "的"}:
            return True
        if gap in {"到", "至"}:
            return part.start > 0 and not part.names and not last.names
        if gap in {"和", "与", "跟"}:
            after = norm[part.end : part.end + 2]
            return bool(last.names and part.names) and after in {"路口", "交叉", "交口", "交汇"}
        return False

    def _with_tail(self, norm: str, piece: Piece) -> Piece:
        for _ in range(2):
            if norm[piece.end : piece.end + 1] not in self.tail_starts:
                break
            match = self.tail.match(norm, piece.end)
            if match is None:
                break
            piece.end = match.end()
        return piece

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


def _best(pieces: list[Piece]) -> list[Piece]:
    """The strongest kind that occurs; weaker words beside it name things, not places."""
    if not pieces:
        return []
    top = max(piece.strength for piece in pieces)
    best = [piece for piece in pieces if piece.strength == top]
    spots = [piece for piece in pieces if piece.strength == 0]
    if top == 0:
        return spots[:1]
    return sorted([*(best if top > 1 else best[:1]), *(spots if top > 1 else [])], key=lambda p: p.start)
