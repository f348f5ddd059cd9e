"""The grammar of place expressions: names, numbers with their unit, landmarks, and where from there."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gridbot.understanding import placeforms as forms
from gridbot.understanding.placewords import BARE, HOUSE, ROAD, STATION, Lexicon, Piece, alternatives
from gridbot.understanding.reading import Side
from gridbot.understanding.schema import PlacesFile

_LONGEST = 30  #: characters of a place
#: After these 一期 is a part of an estate.
_ESTATE_ENDS = tuple("房区园苑城庭府湾庄院厦寓村")


class Grammar:
    """Compiled from places.yaml."""

    def __init__(self, spec: PlacesFile) -> None:
        self.lexicon = Lexicon(spec)
        self.not_roads = tuple(word for word in spec.not_roads if not word.startswith("="))
        self.never_roads = frozenset(word.lstrip("=") for word in spec.not_roads)
        self.roads = tuple(spec.roads)
        self.stop = self.lexicon.stop
        self.likened = tuple(spec.likened)
        self.tail = re.compile(alternatives(spec.tails))
        self.tail_starts = frozenset(word[0] for word in spec.tails)
        self.inside = re.compile(alternatives(spec.inside))
        self.outside = re.compile(alternatives(spec.outside))
        self.not_number_after = re.compile(alternatives(spec.not_numbers))

    def find(self, norm: str, known: Sequence[tuple[int, int]] = ()) -> list[Piece]:
        """Pieces from left to right, neighbours joined; weak words only where nothing better stands.

        Each rule runs only where a word or a character was seen that it cannot do without.
        """
        seen = self.lexicon.look(norm)
        parts = [Piece(start, end, 3, names=((start, end),)) for start, end in known]
        parts += self._numbers(norm)
        parts += seen.parts
        if seen.may & ROAD:
            parts += self._roads(norm)
        if seen.may & STATION:
            parts += [Piece(*m.span(), 2) for m in forms.STATION.finditer(norm)]
        if seen.may & HOUSE:
            parts += [Piece(*self._house(norm, m), 2) for m in forms.THAT_HOUSE.finditer(norm)]
        if not parts:
            return []
        parts = _without_overlaps(parts, seen.banned, len(norm))
        here = [
            part for part in parts if part.strength == 3 or not norm.endswith(self.likened, 0, part.start)
        ]
        joined = self._join(norm, here)
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

    def _is_number(self, norm: str, match: re.Match[str]) -> bool:
        word = match.group()
        if word.endswith("号") and (
            (self.not_number_after.match(norm, match.end()) and not self._has_tail(norm, match.end()))
            or norm[max(0, match.start() - 2) : match.start()].endswith(("月", "周", "礼拜", "星期"))
        ):
            return False
        if match.start() and norm[match.start() - 1] in "第￥¥$":
            return norm[match.start() - 1] == "第" and word[-1] in "排层"
        if word not in forms.NO_NUMBERS or (
            word[-1] == "期" and norm.endswith(_ESTATE_ENDS, 0, match.start())
        ):
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
                if part.end - last.start > _LONGEST:
                    continue
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
        if part.start - last.end > 3 or part.end - last.start > _LONGEST or last.strength == 0:
            return False
        gap = norm[last.end : part.start]
        if last.strength < 0 or part.strength == BARE:
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
        if part.strength == 0:
            return not gap
        if gap in {"", "的"}:
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
        apart = {piece.start for piece in best if piece.strength and _stands_alone(norm, piece)}
        if apart:
            return [piece for piece in best if piece.strength == 3 or piece.start in apart]
    return best


def _stands_alone(norm: str, piece: Piece) -> bool:
    return forms.CLAUSE_END.fullmatch(norm, max(0, piece.start - 3), piece.start) is not None and (
        forms.CLAUSE_START.match(norm, piece.end) is not None
    )
