"""Is a pack in order? Keywords said twice or shadowed, examples read otherwise, traps that are not silent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gridbot.understanding.intents import Packs, Role
from gridbot.understanding.places import Gazetteer
from gridbot.understanding.reader import read
from gridbot.understanding.reading import Band
from gridbot.understanding.replies_words import NAMED, Words
from gridbot.understanding.schema import TypeFile


@dataclass(frozen=True, slots=True)
class Problem:
    where: str  #: the issue type, or the list
    what: str


def check(packs: Packs) -> list[Problem]:
    return [*_repeated(packs), *_shadowed(packs), *_examples(packs), *_traps(packs), *_remarks(packs)]


def _repeated(packs: Packs) -> Iterator[Problem]:
    for kind, one in packs.types.items():
        spec: TypeFile = one.source
        seen: dict[str, str] = {}
        for name in ("first", "sure", "maybe", "topics"):
            for word in getattr(spec, name):
                if word in seen:
                    yield Problem(kind, f"“{word}”在 {seen[word]} 和 {name} 里各有一次")
                seen.setdefault(word, name)


def _shadowed(packs: Packs) -> Iterator[Problem]:
    """A sure word that holds a shorter sure word of the same type can never matter."""
    sure: dict[str, set[str]] = {}
    for keyword in packs.keywords:
        for use in keyword.uses:
            if use.role is Role.ALONE and packs.rules[use.owner].name == "sure" and not use.whole:
                sure.setdefault(packs.rules[use.owner].type, set()).add(keyword.word)
    for kind, words in sure.items():
        for word in sorted(words):
            for start in range(len(word)):
                for end in range(start + 1, len(word) + 1):
                    part = word[start:end]
                    if part != word and part in words:
                        yield Problem(kind, f"“{word}”已被“{part}”包含")


def _examples(packs: Packs) -> Iterator[Problem]:
    nowhere = Gazetteer.empty()
    for kind, one in packs.types.items():
        for text in one.examples.match:
            got = read(text, packs, nowhere)
            if kind not in got.types or (got.band is Band.SILENT and kind != "civic"):
                yield Problem(kind, f"例句没认出来：{text}（读作 {got.types or '无'}，{got.band}）")
        for text in one.examples.no_match:
            got = read(text, packs, nowhere)
            if kind in got.types and got.band is not Band.SILENT:
                yield Problem(kind, f"不该认的例句认了：{text}")


def _traps(packs: Packs) -> Iterator[Problem]:
    nowhere = Gazetteer.empty()
    for text in packs.silent_lines:
        got = read(text, packs, nowhere)
        if got.band is not Band.SILENT:
            yield Problem("traps", f"应当沉默：{text}（读作 {'、'.join(got.types)}）")


def _remarks(packs: Packs) -> Iterator[Problem]:
    """Groups that remarks.yaml names and does not hold; a group that does not compile."""
    groups = packs.remarks.groups
    words = Words(groups)
    for name, group in groups.items():
        for other in {one for pattern in group.patterns for one in NAMED.findall(pattern)}:
            if other not in groups:
                yield Problem("remarks", f"{name} 里用到的“{other}”没有")
        try:
            words.pattern(name)
        except re.error as error:
            yield Problem("remarks", f"{name} 合起来不成句型：{error}")
