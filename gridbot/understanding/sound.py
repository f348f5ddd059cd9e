"""Voice input writes the right sound in the wrong characters: 电剃 for 电梯.

Pinyin finds it, the dictionary checks it. Each character is mapped to one private character per syllable, so
that finding words by sound is a second automaton over a text of the same length.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from gridbot.understanding.intents import Packs
from gridbot.understanding.segment import boundaries, known

_LONGEST = 120  #: voice messages are short; long texts are typed
_MERGED = (("zh", "z"), ("ch", "c"), ("sh", "s"))
_FINALS = (("ing", "in"), ("eng", "en"))
_PRIVATE = 0xE000


@dataclass(frozen=True, slots=True)
class Repaired:
    norm: str
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


class Ear:
    """The words of packs by their sound."""

    def __init__(self, packs: Packs) -> None:
        self._words = packs.sound_words
        self._sounds = _table()
        self._automaton = AhoCorasick(
            [word.translate(self._sounds) for word in self._words] or ["\0"],
            matchkind=MatchKind.LeftmostLongest,
            implementation=Implementation.ContiguousNFA,
        )
        self._likely = re.compile("|".join(_likely(self._words, self._sounds)) or "(?!)").search

    def repair(self, norm: str) -> Repaired | None:
        """The text with words put right that only sound right; None if there is nothing to put right."""
        if len(norm) > _LONGEST or self._likely(norm) is None:
            return None
        hits = self._automaton.find_matches_as_indexes(norm.translate(self._sounds))
        if not hits:
            return None
        pieces: list[str] = []
        changes: list[tuple[str, str]] = []
        at = 0
        for which, start, end in hits:
            meant, heard = self._words[which], norm[start:end]
            if meant == heard or not _plausible(norm, start, end, heard, meant):
                continue
            pieces += [norm[at:start], meant]
            changes.append((heard, meant))
            at = end
        if not changes:
            return None
        pieces.append(norm[at:])
        return Repaired("".join(pieces), tuple(changes))


def _likely(words: Sequence[str], sounds: Mapping[int, int]) -> Iterator[str]:
    """Patterns of which every text with something to put right matches one: two characters that sound like
    words of two, one of them the right one, or three that sound like the beginnings of longer words."""
    alike: dict[int, list[str]] = {}
    for code, sound in sounds.items():
        alike.setdefault(sound, []).append(chr(code))

    def written(words: Sequence[str], at: int) -> str:
        return f"[{''.join(re.escape(char) for char in sorted({word[at] for word in words}))}]"

    def sounding(words: Sequence[str], at: int) -> str:
        codes = {ord(word[at]) for word in words}
        chars = {char for code in codes for char in alike.get(sounds.get(code, code), [chr(code)])}
        return f"[{''.join(re.escape(char) for char in sorted(chars))}]"

    two, more = [word for word in words if len(word) == 2], [word for word in words if len(word) > 2]
    if two:
        yield written(two, 0) + sounding(two, 1)
        yield sounding(two, 0) + written(two, 1)
    if more:
        yield "".join(sounding(more, at) for at in range(3))


def ear_of(packs: Packs) -> Ear:
    known = packs.memo.get("sound")
    if not isinstance(known, Ear):
        known = packs.memo["sound"] = Ear(packs)
    return known


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
