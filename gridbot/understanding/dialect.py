"""What is said otherwise from town to town, read as the one word the rules know; the length never changes."""

from __future__ import annotations

import re
from collections.abc import Mapping


class Dialect:
    """Characters and phrases that stand for others of the same length, so that places keep their stretch."""

    def __init__(self, chars: Mapping[str, str], phrases: Mapping[str, str]) -> None:
        self._chars = {ord(said): meant for said, meant in chars.items()}
        self.marks = frozenset(chars)  #: the characters that stand for others
        self._phrases = dict(phrases)
        longest_first = sorted(phrases, key=lambda said: (-len(said), said))
        self._said = re.compile("|".join(map(re.escape, longest_first)) or "(?!)")

    def fold(self, text: str) -> str:
        text = self._said.sub(self._meant, text)
        return text if self.marks.isdisjoint(text) else text.translate(self._chars)

    def _meant(self, said: re.Match[str]) -> str:
        return self._phrases[said.group()]
