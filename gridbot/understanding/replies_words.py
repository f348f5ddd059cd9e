"""The word groups of replies.yaml: compiled once per pack, and a reply made ready to be read with them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gridbot.understanding.intents import Packs
from gridbot.understanding.schema import Phrases
from gridbot.understanding.text import clean

_LONG = 300  #: a reply is short; the rest of a long text is not about done or not
NAMED = re.compile(r"\{([a-z_]{2,30})\}")
_MARKS = re.compile(r"[,;；:：、!！~～…\n\t]|\.{2,9}|(?<!\d)\.(?!\d)")
_GAPS = re.compile(r"[ ，。]{1,300}")
_BARE = re.compile(r"[\s,，。.!！~～、…;；\"“”]")
_STARTS = "哎嗯哦噢喔诶唉呃欸"
_ENDS = "啊呀哦噢哈呢嘛噻哟喔诶咯呐哎欸嗷"
_DEEP = 4  #: groups within groups
#: Words of a class stand for one another in the scraps of a reply: 转水务 and 转供热 are both 转U.
_CLASSES = (
    ("upper", "P"),
    ("unit", "U"),
    ("fellow", "F"),
    ("worker", "W"),
    ("future", "T"),
    ("today", "T"),
    ("verb", "V"),
    ("res", "R"),
    ("fault", "X"),
)
_NUMBER = re.compile(r"[\d一二三四五六七八九十两几]{1,20}")


def _either(words: Iterable[str]) -> str:
    return "|".join(re.escape(word.lower()) for word in sorted(words, key=len, reverse=True))


@dataclass(frozen=True, slots=True)
class Said:
    """A reply as the rules see it: `text` in plain words, `bare` as written but without marks."""

    text: str
    bare: str
    clauses: tuple[str, ...]
    whole: str = ""  #: as `text`, with the politeness


class Words:
    """The groups of replies.yaml, each as one regex; {unit} in a pattern stands for the group `unit`."""

    def __init__(self, groups: Mapping[str, Phrases]) -> None:
        self._source = groups
        self._compiled: dict[str, re.Pattern[str] | None] = {}
        same = groups.get("same")
        pairs = [word.split(">", 1) for word in same.words if ">" in word] if same else []
        self._same = {pair[0]: pair[1] for pair in pairs}
        self._old = re.compile(_either(self._same)) if self._same else None

    def _written(self, name: str, depth: int = 0) -> str:
        """The group as the source of a regex; groups it names are put in without capturing."""
        phrases = self._source.get(name)
        if phrases is None or depth > _DEEP:
            return "(?!)"
        parts = [_either(phrases.words)] if phrases.words else []
        for pattern in phrases.patterns:
            inner = NAMED.sub(lambda match: f"(?:{self._written(match.group(1), depth + 1)})", pattern)
            parts.append(f"(?:{inner})")
        return "|".join(parts) or "(?!)"

    def pattern(self, name: str) -> re.Pattern[str] | None:
        if name not in self._compiled:
            known = name in self._source
            self._compiled[name] = re.compile(self._written(name)) if known else None
        return self._compiled[name]

    def find(self, name: str, text: str) -> str | None:
        pattern = self.pattern(name)
        match = pattern.search(text) if pattern is not None else None
        return match.group() if match else None

    def whole(self, name: str, text: str) -> bool:
        pattern = self.pattern(name)
        return bool(pattern and pattern.fullmatch(text))

    def capture(self, name: str, text: str) -> tuple[str, str | None] | None:
        """The match and what its first group holds."""
        pattern = self.pattern(name)
        match = pattern.search(text) if pattern is not None else None
        if match is None:
            return None
        return match.group(), next((value for value in match.groups() if value), None)

    def without(self, name: str, text: str) -> str:
        pattern = self.pattern(name)
        return pattern.sub("", text) if pattern is not None else text

    def plain(self, text: str) -> str:
        """Dialect, voice input and fast fingers put into the words of the lists."""
        yes = self.pattern("yes_first")
        text = yes.sub("好的", text) if yes is not None else text
        if self._old is not None:
            for _ in range(2):  # 勿勒 → 不勒 → 不在
                text = self._old.sub(lambda match: self._same[match.group()], text)
        return text

    def ready(self, raw: str) -> Said:
        written = clean(raw[:_LONG]).norm.strip()
        text = _GAPS.sub("，", _MARKS.sub("，", self.plain(written)))
        kept = self.without("polite", text)
        clauses = tuple(clause for clause in kept.split("，") if clause)
        return Said("，".join(clauses), _BARE.sub("", written), clauses, text.strip("，"))

    def scraps(self, said: Said) -> str:
        """What the leanings of a reply are weighed by: its words, and its form, where classes of words are
        capital letters. ^ and $ are where it begins and ends, / parts its clauses."""
        form = said.text
        for name, letter in _CLASSES:
            pattern = self.pattern(name)
            form = pattern.sub(letter, form) if pattern is not None else form
        both = f"^{said.whole}$ ^{_NUMBER.sub('0', form)}$"
        return both.replace("，", "/")


def words_of(packs: Packs) -> Words:
    known = packs.memo.get("replies")
    if not isinstance(known, Words):
        known = packs.memo["replies"] = Words(packs.replies)
    return known


def bare_forms(said: Said, words: Words) -> tuple[str, ...]:
    """The whole reply as it may stand in a list of set phrases: as written, in plain words, said once."""
    forms = [said.bare, words.plain(said.bare), "".join(said.clauses)]
    for form in tuple(forms):
        short = form.rstrip(_ENDS)
        forms += [short, _once(short), short.lstrip(_STARTS)]
    return tuple(dict.fromkeys(form for form in forms if form))


def _once(text: str) -> str:
    """好了好了好了 → 好了."""
    for size in range(1, len(text) // 2 + 1):
        if len(text) % size == 0 and text[:size] * (len(text) // size) == text:
            return text[:size]
    return text
