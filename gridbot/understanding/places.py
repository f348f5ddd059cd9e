"""Place expressions: 路 弄 号院 栋 单元 室, gates, corners, and the names of the grid itself."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache

from ahocorasick_rs import AhoCorasick, MatchKind

from gridbot.understanding.numbers import with_digits
from gridbot.understanding.placegrammar import Grammar
from gridbot.understanding.placewords import Piece
from gridbot.understanding.reading import Place, Side
from gridbot.understanding.text import Text, clean

_LOOSE = re.compile(r"[^0-9a-z\u4e00-\u9fff]")
_OF = re.compile(r"(?<=[\u4e00-\u9fff0-9])的(?=[\u4e00-\u9fff0-9])")
_SAME = (("幢", "栋"), ("座", "栋"), ("号楼", "栋"), ("楼栋", "栋"), ("室", ""), ("门洞", "单元"))


@dataclass(frozen=True, slots=True)
class GazetteerRow:
    """One place of the grid tree, as the directory names it."""

    node_id: int
    name: str
    kind: str = ""
    aliases: tuple[str, ...] = ()
    side: Side = Side.UNKNOWN


@lru_cache(maxsize=8192)
def place_key(text: str) -> str:
    """The normal form by which two spellings are one place: 二号院 = 2号院, 5号楼 = 五栋 = 5幢."""
    key = _OF.sub("", clean(text).norm)
    key = _LOOSE.sub("", with_digits(key))
    for written, meant in _SAME:
        key = key.replace(written, meant)
    return key


@dataclass(frozen=True)
class Gazetteer:
    """The names of one community's places; immutable, built again when the tree changes."""

    rows: tuple[GazetteerRow, ...] = ()

    @classmethod
    def empty(cls) -> Gazetteer:
        return _EMPTY

    @classmethod
    def of(cls, rows: Iterable[GazetteerRow]) -> Gazetteer:
        return cls(tuple(rows))

    @cached_property
    def by_key(self) -> dict[str, tuple[GazetteerRow, ...]]:
        found: dict[str, list[GazetteerRow]] = {}
        for row in self.rows:
            for name in (row.name, *row.aliases):
                same = found.setdefault(place_key(name), [])
                if row not in same:
                    same.append(row)
        return {key: tuple(rows) for key, rows in found.items() if key}

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names looked for in the text itself: too short a name would be found everywhere."""
        said = {clean(name).norm for row in self.rows for name in (row.name, *row.aliases)}
        return tuple(sorted(name for name in said if len(name) >= 2))

    @cached_property
    def automaton(self) -> AhoCorasick:
        return AhoCorasick(list(self.names) or ["\0"], matchkind=MatchKind.LeftmostLongest)

    def find(self, norm: str) -> list[tuple[int, int]]:
        """Where the directory's own names stand; 1号楼 is not found in 11号楼."""
        if not self.names:
            return []
        found = []
        for _, start, end in self.automaton.find_matches_as_indexes(norm):
            before = norm[start - 1] if start else ""
            number = norm[start].isdigit() or norm[start] in "零〇一二两三四五六七八九十百"
            if number and (before.isdigit() or (before in "零〇一二两三四五六七八九十百" and before)):
                continue
            found.append((start, end))
        return found


_EMPTY = Gazetteer()


@lru_cache(maxsize=1)
def _shipped() -> Grammar:
    from gridbot.understanding.intents import default_folder
    from gridbot.understanding.layers import read_layers

    return Grammar(read_layers((default_folder(),)).places)


def find_places(
    text: str, gazetteer: Gazetteer, default_node: int | None = None, *, grammar: Grammar | None = None
) -> tuple[Place, ...]:
    """The places a text names, as written, resolved to nodes where the directory knows them."""
    cleaned = clean(text)
    return resolve(locate(cleaned.norm, gazetteer, grammar or _shipped()), cleaned, gazetteer, default_node)


def locate(norm: str, gazetteer: Gazetteer, grammar: Grammar) -> list[Piece]:
    return grammar.find(norm, gazetteer.find(norm))


def resolve(
    pieces: list[Piece], cleaned: Text, gazetteer: Gazetteer, default_node: int | None = None
) -> tuple[Place, ...]:
    places: list[Place] = []
    seen = set()
    for piece in pieces:
        written = cleaned.written(piece.start, piece.end).strip()
        key = place_key(written)
        if not key or key in seen:
            continue
        seen.add(key)
        rows = _rows(key, gazetteer)
        nodes = tuple(dict.fromkeys(row.node_id for row in rows))
        if len(nodes) > 1 and default_node in nodes and default_node is not None:
            nodes = (default_node,)
        side = rows[0].side if len(nodes) == 1 and rows[0].side is not Side.UNKNOWN else piece.side
        node, choices = (nodes[0], ()) if len(nodes) == 1 else (None, nodes)
        places.append(Place(written, key, side, node, choices, 3 if nodes else piece.strength))
    return tuple(places)


def _rows(key: str, gazetteer: Gazetteer) -> tuple[GazetteerRow, ...]:
    """Rows named by the key, or by the longest beginning or end of it that is a name."""
    by_key = gazetteer.by_key
    if not by_key:
        return ()
    if key in by_key:
        return by_key[key]
    best: tuple[int, tuple[GazetteerRow, ...]] = (0, ())
    for end in range(len(key), 1, -1):
        for start in range(min(end, len(key)) - 1):
            part = key[start:end]
            if len(part) <= best[0] or part not in by_key:
                continue
            if start and part[0].isdigit() and key[start - 1].isdigit():
                continue
            best = (len(part), by_key[part])
    return best[1]
