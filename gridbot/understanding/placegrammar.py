"""The grammar of place expressions: names, numbers with their unit, landmarks, and where from there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gridbot.understanding.reading import Side
from gridbot.understanding.schema import PlacesFile

_N = r"(?:\d{1,5}|[零〇一二两三四五六七八九十百廿卅]{1,6})"
_RANGE = rf"(?:[a-z]{{0,2}}{_N}(?:[-－—~到至、和]{{1,2}}{_N})?[a-z]?|[a-z])"
#: The units that follow a number, longer ones first.
_UNITS = (
    "号大院|号院子|号院|号楼|号门|号弄|号库|号桩|号车位|号|支弄|弄堂|弄|栋楼|栋|幢|座|单元|门栋|楼半|楼|层楼|层|室|"
    "门洞|门|库区|库|期|区|排|组|院|小区|村"
)
_NUMBERED = re.compile(rf"(?<![\d.a-z]){_RANGE}(?:{_UNITS})")
#: 9-2-301, 3-1 and 12#302: building, unit, room.
_DASHED = re.compile(
    r"(?<![\d\-.:/])\d{1,3}(?:[-－#]\d{1,4}){1,3}(?![\d\-.:/%]|点|月|日|号楼|号|栋|楼|度|块|元|个|天|人|岁|米|斤|年|小时|分)"
)
#: A room number by itself: floor and door, 302, 1104.
_ROOM = re.compile(
    r"(?<![\d.\-:/#a-z第￥¥])(?:[1-9]|[1-3]\d)(?:0[1-9]|1[0-6])(?![\d.\-:/%a-z]|块|元|个|天|人|岁|米|斤|年|月|日|号|度|分|只|户|次|钱|路|w|k|平|毛|条|页|多|套|班|期|万|千|瓦|步|件|点)"
)
_ROAD = re.compile(
    r"[^\W\da-z_]{1,6}?(?:大道|大街|路|街|巷|胡同)(?![灯面口边上])|[^\W\da-z_]{1,6}?(?:大道|大街|路|街|巷|胡同)(?=口|边上|上的|面|路灯)"
)
_BASEMENT = re.compile(r"(?<![a-z\d])b[1-4](?![a-z\d])")
#: 军休所那幢: a house named by what is in it.
_THAT_HOUSE = re.compile(r"[\u4e00-\u9fff]{2,5}?(?:那幢|那栋|那排|整排平房|那片)")
#: A floor by itself says less than any house number beside it.
_FLOOR = re.compile(rf"{_N}(?:楼|层|层楼|楼半)")


@dataclass(frozen=True, slots=True)
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
        self.landmark = re.compile(rf"(?:{_alternatives(spec.landmarks)})")
        self.spot = re.compile(rf"(?:{_alternatives(spec.spots)})")
        self.weak = re.compile(rf"(?:{_alternatives(spec.weak)})")
        tails = _alternatives(spec.tails)
        self.shop = re.compile(rf"[\u4e00-\u9fff]{{1,5}}?(?:{_alternatives(spec.shops)})(?={tails})")
        self.tail = re.compile(rf"(?:{_alternatives(spec.tails)})")
        self.inside = re.compile(_alternatives(spec.inside))
        self.outside = re.compile(_alternatives(spec.outside))
        self.not_number_after = re.compile(_alternatives(spec.not_numbers))
        self.not_places = re.compile(_alternatives(spec.not_places))

    def find(self, norm: str, known: Sequence[tuple[int, int]] = ()) -> list[Piece]:
        """Pieces from left to right, neighbours joined; weak words only where nothing better stands."""
        banned = [m.span() for m in self.not_places.finditer(norm)]
        parts = [Piece(start, end, 3, names=((start, end),)) for start, end in known]
        parts += self._roads(norm)
        parts += self._estates(norm)
        parts += [Piece(*m.span(), 3) for m in _DASHED.finditer(norm)]
        parts += [
            Piece(*m.span(), 2 if _FLOOR.fullmatch(m.group()) else 3)
            for m in _NUMBERED.finditer(norm)
            if self._is_number(norm, m)
        ]
        parts += [Piece(*m.span(), 2) for m in self.landmark.finditer(norm)]
        parts += [Piece(*m.span(), 3) for m in _BASEMENT.finditer(norm)]
        parts += [Piece(*self._trim(norm, *m.span()), 2) for m in _THAT_HOUSE.finditer(norm)]
        parts += [Piece(*m.span(), 0) for m in self.spot.finditer(norm)]
        parts += [Piece(*m.span(), 1) for m in self.weak.finditer(norm)]
        parts += [Piece(*m.span(), 3) for m in _ROOM.finditer(norm)]
        parts += [Piece(*self._trim(norm, *m.span()), 2) for m in self.shop.finditer(norm)]
        joined = self._join(norm, _without_overlaps(parts, banned))
        return [self._sided(norm, piece) for piece in _best(joined)]

    def _is_number(self, norm: str, match: re.Match[str]) -> bool:
        word = match.group()
        if word.endswith("号") and self.not_number_after.match(norm, match.end()):
            return False
        if word.endswith("号") and re.search(
            r"[月周]$|每月$|本月$|礼拜$|星期$", norm[max(0, match.start() - 2) : match.start()]
        ):
            return False
        if match.start() and norm[match.start() - 1] in "第￥¥$":
            return norm[match.start() - 1] == "第" and word[-1] in "排层"
        return word not in {
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
        } or (match.end() < len(norm) and norm[match.end()] in "的0123456789一二三四五六七八九")

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
        gap = norm[last.end : part.start]
        if (
            part.end - last.start > 30
            or last.strength + part.strength < 3
            or not (last.strength and part.strength)
        ):
            return False
        if gap in {"", "的"}:
            return True
        if gap in {"到", "至"}:
            return part.start > 0 and not part.names and not last.names
        if gap in {"和", "与", "跟"}:
            return bool(last.names and part.names) and norm[part.end : part.end + 2] in {
                "路口",
                "交叉",
                "交口",
                "交汇",
            }
        return False

    def _with_tail(self, norm: str, piece: Piece) -> Piece:
        end = piece.end
        for _ in range(2):
            match = self.tail.match(norm, end)
            if match is None:
                break
            end = match.end()
        return Piece(piece.start, end, piece.strength, names=piece.names)

    def _sided(self, norm: str, piece: Piece) -> Piece:
        word = norm[piece.start : piece.end]
        side = Side.UNKNOWN
        if self.outside.search(word):
            side = Side.OUTSIDE
        elif self.inside.search(word):
            side = Side.INSIDE
        return Piece(piece.start, piece.end, piece.strength, side, piece.names)


def _without_overlaps(parts: list[Piece], banned: list[tuple[int, int]]) -> list[Piece]:
    """Stronger and longer first; what touches one already taken falls away."""
    taken: list[Piece] = []
    used: set[int] = set()
    for start, end in banned:
        used.update(range(start, end))
    for part in sorted(parts, key=lambda p: (-p.strength, -(p.end - p.start), p.start)):
        if used.isdisjoint(range(part.start, part.end)):
            taken.append(part)
            used.update(range(part.start, part.end))
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
