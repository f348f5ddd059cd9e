"""The gate: nearly all chat ends here, after one regex, one pass of the automaton and a few bits.

Why nothing is lost. Whatever opens or asks rests on evidence, and evidence (evidence.py) is made of keywords
in two ways only: a word that may stand alone, or a thing and a fault that serve one rule. The automaton finds
all keywords of the packs, however they overlap. So where no word may stand alone, and no thing serves one
rule with any fault, there can be no evidence, whatever else the text says.

A topic (a noun that counts only in the mouth of somebody who complains) is worth 0.4 and half of what stands
beside it. Without a place, and with less complaint than `_LEAST_PUSH`, that is less than `_UNHEARD`: below
every threshold, or else topics always pass. `passes` looks for a complaint or for something like a place; the
reader asks the grammar of places as well before it lets a topic go.

Two things may ask without evidence, and have bits of their own: words of distress beside a place, and half a
report whose other half may be misspelt (sound.py). tests/understanding/test_gate.py compares both ways.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from gridbot.understanding.rules import Can
from gridbot.understanding.text import Text, changing, clean, typed_apart

if TYPE_CHECKING:
    from gridbot.understanding.intents import Packs

_LEAST_PUSH = 0.3
_UNHEARD = 0.4 + 0.5 * _LEAST_PUSH
#: Could there be a place in this? (Also: could a short text be an answer to "where?")
PLACE_HINT = re.compile(
    r"[0-9零一二三四五六七八九十][号栋幢楼单门室座弄院库层]|\d-\d|[路门口街村苑]|小区|车棚|花园|^[1-9]\d{0,3}$"
)


class Look(NamedTuple):
    """What one pass shows: the text as rules see it, the hits, and what all of them together can do."""

    raw: str
    norm: str
    back: Sequence[int] | None  #: to the text as written, as in Text
    hits: list[tuple[int, int, int]]  #: number of the keyword, start, end: overlapping, by end
    can: int  #: bits of Can

    @property
    def text(self) -> Text:
        return Text(self.raw, self.norm, self.back)

    @property
    def seen(self) -> list[int]:
        """The numbers of the keywords, each once, in the packs' order."""
        return sorted({which for which, _, _ in self.hits})


def hints_at_place(look: Look) -> bool:
    """Does the text look as if it held a place?"""
    return look.can & Can.PLACE != 0 and PLACE_HINT.search(look.norm) is not None


class Gate:
    """Compiled from packs at their first use; see the module for why it is safe."""

    def __init__(self, packs: Packs) -> None:
        self._dialect = packs.dialect
        self._changing = changing(packs.dialect.marks).search
        self._find = packs.automaton.find_matches_as_indexes
        self._can = [keyword.can for keyword in packs.keywords]
        self._push = [keyword.push for keyword in packs.keywords]
        self._tone = packs.tone
        self._things = [keyword.things for keyword in packs.keywords]
        self._faults = [keyword.faults for keyword in packs.keywords]

        self._topics = [max((r.score for r, _ in one.alone if r.topic), default=0) for one in packs.keywords]
        #: The least that any type listens to.
        self.least = min(min(one.thresholds.ask, one.thresholds.open) for one in packs.types.values())
        unseen = any(cue.push and cue.patterns for cue in packs.cues)  # the words of patterns push nothing
        self._alone = Can.ALONE | (Can.TOPIC if self.least < _UNHEARD or unseen else 0)

    def look(self, raw: str) -> Look:
        """Cleaning is skipped where no character asks for it, and folding where no phrase was found."""
        if self._changing(raw) is None and not typed_apart(raw):
            look = self.of(raw, raw)
            if not look.can & Can.DIALECT:
                return look
        cleaned = clean(raw)
        return self.of(raw, self._dialect.fold(cleaned.norm), cleaned.index)

    def of(self, raw: str, norm: str, back: Sequence[int] | None = None) -> Look:
        """The same where the text is clean already."""
        hits = self._find(norm, overlapping=True)
        can, each = 0, self._can
        for which, _, _ in hits:
            can |= each[which]
        return Look(raw, norm, back, hits, can)

    def passes(self, look: Look) -> bool:
        """Could these keywords make evidence that counts? (Of topics see the module.)"""
        can = look.can
        if can & self._alone:
            return True
        if can & Can.TOPIC and (self.push(look) >= _LEAST_PUSH or hints_at_place(look)):
            return True
        if can & Can.PAIR != Can.PAIR:
            return False
        things, faults = self._things, self._faults
        said_of = said = 0
        for which, _, _ in look.hits:
            said_of |= things[which]
            said |= faults[which]
        return said_of & said != 0

    def push(self, look: Look) -> float:
        """How much complaint and request there is at most, by words and by tone."""
        push, tone = self._push, self._tone
        return sum(push[which] for which in {which for which, _, _ in look.hits}) + tone.push(
            tone.of(look.norm)
        )

    def topic(self, look: Look) -> float:
        """The score of the best topic, by itself."""
        topics = self._topics
        return max([topics[which] for which, _, _ in look.hits], default=0)
