"""Which issue type a person means: "停车", "路灯的事", and the likely ones where it is not clear."""

from __future__ import annotations

import re

from gridbot.understanding.intents import IssueType, Packs, Role
from gridbot.understanding.places import Gazetteer
from gridbot.understanding.reader import read
from gridbot.understanding.reading import Band
from gridbot.understanding.text import clean

_AROUND = re.compile(
    r"^[\s“”\"'「」《》:：,，]+|(?:方面)?的?(?:事情?|问题|类)?[\s“”\"'「」《》。.!！~～,，]*$"
)


def type_called(packs: Packs, said: str) -> IssueType | None:
    """By id or title, else by part of one title alone, else by a word that only one type knows."""
    said = _AROUND.sub("", said)
    if not said:
        return None
    for one in packs.types.values():
        if said in (one.title, one.id):
            return one
    near = [one for one in packs.types.values() if said in one.title or one.title in said]
    if len(near) == 1:
        return near[0]
    known = _known_by(packs, said)
    if len(known) == 1:
        return packs.types[known[0]]
    reading = read(said, packs, Gazetteer.empty())
    sure = reading.band is Band.OPEN and len(set(reading.types)) == 1
    return packs.types[reading.types[0]] if sure else None


def _known_by(packs: Packs, said: str) -> list[str]:
    """The types of which the text is, as a whole, a keyword; those it is enough for come alone."""
    word = clean(said).norm.lower()
    alone: dict[str, None] = {}
    half: dict[str, None] = {}
    for keyword in packs.keywords:
        if keyword.word != word:
            continue
        for use in keyword.uses:
            if use.role in (Role.ALONE, Role.THING):
                rule = packs.rules[use.owner]
                (alone if use.role is Role.ALONE and rule.name != "hints" else half)[rule.type] = None
    return list(alone or half)


def likely_types(packs: Packs, *said: str, most: int = 3) -> list[IssueType]:
    """What texts may be about, likeliest first: as read, then by the things they name, then by title."""
    found: dict[str, None] = {}
    for text in said:
        found |= dict.fromkeys(read(text, packs, Gazetteer.empty()).types)
    for text in said:
        found |= dict.fromkeys(_hinted(packs, text))
    for text in said:
        found |= {
            one.id: None for one in packs.types.values() if set(one.title) & set(_AROUND.sub("", text[:12]))
        }
    return [packs.types[kind] for kind in found if kind in packs.types][:most]


def _hinted(packs: Packs, text: str) -> list[str]:
    """Types of the things and words a text holds, the longest word first."""
    words: dict[int, str] = {}
    for which, _, _ in packs.automaton.find_matches_as_indexes(clean(text).norm, overlapping=True):
        words[which] = packs.keywords[which].word
    types: list[str] = []
    for which in sorted(words, key=lambda one: -len(words[one])):
        for use in packs.keywords[which].uses:
            if use.role in (Role.ALONE, Role.THING):
                types.append(packs.rules[use.owner].type)
    return types
