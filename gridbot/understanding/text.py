"""From what was typed to what is compared: surrogates, width, traditional characters, letters typed apart.

Every step keeps a map back to the text as written, because places are shown and privacy spans are cut there.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

#: Anything outside these plain characters takes the slow, character by character path.
_ODD = re.compile("[^\n\t\x20-\x7e\u4e00-\u9fff，。！？：；（）“”‘’…—、《》【】～·〇]")
#: 电 梯 又 坏 了: four or more characters each standing alone.
_APART = re.compile(r"[\u4e00-\u9fff](?:[ .·\-_*/|~]{1,2}[\u4e00-\u9fff](?![\u4e00-\u9fff])){3,200}")
_GAP = frozenset(" .·-_*/|~")
_KEPT = frozenset("\n\t")


@dataclass(slots=True)
class Text:
    """`norm` is what rules see; `index[i]` is where norm[i] stands in `raw` (None: the same place)."""

    raw: str
    norm: str
    index: Sequence[int] | None = None

    def written(self, start: int, end: int) -> str:
        """The stretch norm[start:end] as it was written."""
        if start >= end:
            return ""
        if self.index is None:
            return self.raw[start:end]
        return self.raw[self.index[start] : self.index[end - 1] + 1]


@lru_cache(maxsize=8192)
def _fold(char: str) -> str:
    """One character's normal form; nothing for what has no sound and no shape of its own."""
    if _ODD.match(char) is None:
        return char  # a comma is the same comma beside an emoji
    if "\ud800" <= char <= "\udfff":
        return ""
    if unicodedata.category(char) in {"Cf", "Cc", "Mn"} and char not in _KEPT:
        return ""
    return unicodedata.normalize("NFKC", char)


@lru_cache(maxsize=1)
def _traditional() -> tuple[frozenset[str], dict[int, str]]:
    """The characters OpenCC would simplify, each with its simple form (same length, so the map holds)."""
    from opencc import OpenCC

    block = [chr(code) for code in range(0x4E00, 0xA000)]
    simple = OpenCC("t2s").convert("\n".join(block)).split("\n")
    table = {ord(a): b for a, b in zip(block, simple, strict=True) if a != b and len(b) == 1}
    table[ord("著")] = "着"
    return frozenset(map(chr, table)), table


def simplify(text: str) -> str:
    """Traditional to simplified, length kept; a text without traditional characters is returned as it is."""
    chars, table = _traditional()
    return text if chars.isdisjoint(text) else text.translate(table)


def _close_up(norm: str, index: list[int]) -> tuple[str, list[int]]:
    """电 梯 坏 了 → 电梯坏了."""
    chars: list[str] = []
    kept: list[int] = []
    at = 0
    for match in _APART.finditer(norm):
        chars.append(norm[at : match.start()])
        kept += index[at : match.start()]
        for i in range(match.start(), match.end()):
            if norm[i] not in _GAP:
                chars.append(norm[i])
                kept.append(index[i])
        at = match.end()
    chars.append(norm[at:])
    kept += index[at:]
    return "".join(chars), kept


def typed_apart(norm: str) -> bool:
    return (" " in norm or "." in norm or "·" in norm) and _APART.search(norm) is not None


def clean(raw: str) -> Text:
    """The text as rules see it. Plain text costs one regex search and one set test."""
    norm, index = raw, None
    if _ODD.search(raw):
        pieces: list[str] = []
        index = []
        for i, char in enumerate(raw):
            folded = _fold(char).lower()
            pieces.append(folded)
            index += [i] * len(folded)
        norm = "".join(pieces)
    elif not raw.islower():
        norm = raw.lower()
    norm = simplify(norm)
    if typed_apart(norm):
        norm, index = _close_up(norm, index if index is not None else list(range(len(norm))))
    return Text(raw, norm, index)


#: Where the characters of chat lie: ASCII, punctuation, Chinese, full width, emoji.
_BLOCKS = (
    (0x09, 0x7F),
    (0x2010, 0x2040),
    (0x3000, 0x3030),
    (0x4E00, 0xA000),
    (0xFF00, 0xFF60),
    (0x1F300, 0x1FB00),
)


@lru_cache(maxsize=1)
def _unchanged() -> str:
    """The characters of chat that `clean` leaves as they are, wherever they stand."""
    chars = (chr(code) for low, high in _BLOCKS for code in range(low, high))
    return "".join(char for char in chars if clean(char).norm == char)


def changing(also: Iterable[str]) -> re.Pattern[str]:
    """Finds a character that `clean` may change, or one of `also`. A text in which it finds none is clean,
    unless it is typed apart."""
    return re.compile(f"[^{re.escape(_unchanged().translate(dict.fromkeys(map(ord, also))))}]")
