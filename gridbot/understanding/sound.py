"""Voice input writes the right sound in the wrong characters: 电剃 for 电梯.

Pinyin finds it, the dictionary checks it. Each character is mapped to one private character per syllable, so
that finding words by sound is a second automaton over a text of the same length.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from gridbot.understanding.intents import Packs
from gridbot.understanding.segment import boundaries, known
from gridbot.understanding.text import Text

_LONGEST = 120  #: voice messages are short; long texts are typed
_MERGED = (("zh", "z"), ("ch", "c"), ("sh", "s"))
_FINALS = (("ing", "in"), ("eng", "en"))
_PRIVATE = 0xE000


@dataclass(frozen=True, slots=True)
class Repaired:
    text: Text
    changes: tuple[tuple[str, str], ...]


@lru_cache(maxsize=1)
def _table() -> dict[int, int]:
    """Character → one private character per syllable, tones and zh/z, ing/in confusions dropped."""
    from pypinyin.constants import PINYIN_DICT

    codes: dict[str, int] = {}
    table: dict[int, int] = {}
    for code, readings in PINYIN_DICT.items():
        if not 0x4E00 <= code <= 0x9FFF:
            continue
        plain = unicodedata.normalize("NFD", readings.split(",")[0])
        syllable = "".join(char for char in plain if not unicodedata.combining(char))
        for long, short in _MERGED:
            if syllable.startswith(long):
                syllable = short + syllable[len(long) :]
        for long, short in _FINALS:
            if syllable.endswith(long):
                syllable = syllable[: -len(long)] + short
        table[code] = codes.setdefault(syllable, _PRIVATE + len(codes))
    return table


@dataclass(frozen=True)
class _Index:
    words: tuple[str, ...]
    automaton: AhoCorasick


def _index(packs: Packs) -> _Index:
    found = packs.memo.get("sound")
    if not isinstance(found, _Index):
        words = packs.sound_words
        table = _table()
        automaton = AhoCorasick(
            [word.translate(table) for word in words] or ["\0"],
            matchkind=MatchKind.LeftmostLongest,
            implementation=Implementation.ContiguousNFA,
        )
        found = packs.memo["sound"] = _Index(words, automaton)
    return found


def warm(packs: Packs) -> None:
    """Make the table of sounds and the index of these packs."""
    _index(packs)


_CJK = re.compile("[\u4e00-\u9fff]{2}")


def repair(text: Text, packs: Packs) -> Repaired | None:
    """The text with words put right that only sound right; None if there is nothing to put right."""
    norm = text.norm
    if len(norm) > _LONGEST or not packs.sound_words:
        return None
    index = _index(packs)
    hits = index.automaton.find_matches_as_indexes(norm.translate(_table()))
    if not hits:
        return None
    pieces: list[str] = []
    changes: list[tuple[str, str]] = []
    at = 0
    for which, start, end in hits:
        meant, heard = index.words[which], norm[start:end]
        if meant == heard or not _plausible(norm, start, end, heard, meant):
            continue
        pieces += [norm[at:start], meant]
        changes.append((heard, meant))
        at = end
    if not changes:
        return None
    pieces.append(norm[at:])
    return Repaired(Text(text.raw, "".join(pieces), text.index), tuple(changes))


def _plausible(norm: str, start: int, end: int, heard: str, meant: str) -> bool:
    """One character at least is right, and the dictionary does not know what was written."""
    same = sum(a == b for a, b in zip(heard, meant, strict=True))
    if not same and len(meant) < 3:
        return False
    if known(heard):
        return False
    low, high = max(0, start - 12), min(len(norm), end + 12)
    cuts = boundaries(norm[low:high])
    return (
        (start - low in cuts and end - low in cuts)
        or len(meant) >= 3
        or not _crosses(norm, start, end, low, high)
    )


def _crosses(norm: str, start: int, end: int, low: int, high: int) -> bool:
    """Is an edge of the stretch inside a longer word of the dictionary?"""
    cuts = sorted(boundaries(norm[low:high]))
    for left, right in pairwise(cuts):
        for edge in (start - low, end - low):
            if left < edge < right and known(norm[low + left : low + right]):
                return True
    return False
