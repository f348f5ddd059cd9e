"""What a short remark is to something just reported: me too, I smell it as well, not here, a joke. Pure.

Such remarks name nothing by themselves ("我们楼也没"), so the reading of a single message cannot know
them; they mean something only beside a fresh report. Nothing here opens a case by itself. The words
stand in intents/remarks.yaml; here is only the order of asking.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from gridbot.understanding.intents import Packs
from gridbot.understanding.replies_words import Words
from gridbot.understanding.schema import RemarksFile

LONGEST = 60  #: characters; a longer text is no remark


class Remark(StrEnum):
    TOO = "too"  #: "我们楼也没", "+1": the same trouble
    SENSED = "sensed"  #: "我也闻到了": a witness
    STUCK = "stuck"  #: "轿车开不出去": what the trouble does to others
    HELP = "help"  #: "来人啊"
    YES = "yes"  #: "是啊", "老毛病"
    PERSON = "person"  #: "他又不肯吃药": goes on about the person spoken of
    TROUBLE = "trouble"  #: a word of complaint; counts only where the place is named again
    FINE = "fine"  #: "我们楼正常": not the same trouble
    ELSE = "else"  #: 接龙, a price, a joke, a question: other talk
    NONE = "none"


@dataclass(frozen=True, slots=True)
class About:
    """What is known of the report a remark may belong to."""

    types: tuple[str, ...]
    supply: bool
    private: bool
    urgent: bool
    age: timedelta  #: since the reporter's own last words
    place: str = "none"  #: what the remark names: see sameplace.relation
    quoted: bool = False  #: said as a reply to it


#: Remarks that may count without naming the place.
_ALONE = frozenset({Remark.TOO, Remark.SENSED, Remark.STUCK, Remark.HELP, Remark.YES, Remark.PERSON})


class Talk:
    """The groups of remarks.yaml and what they say of a text; made once per pack, see `of`."""

    def __init__(self, file: RemarksFile) -> None:
        self.file = file
        self._words = Words(file.groups)
        self._any_type = tuple(
            sorted({*file.obstacles, *file.lacks, *(i for s in file.senses.values() for i in s)})
        )

    def says(self, group: str, text: str) -> bool:
        """Whether a text holds one of the group's words or patterns."""
        pattern = self._words.pattern(group)
        return pattern is not None and pattern.search(text) is not None

    def without(self, group: str, text: str) -> str:
        """The text with the group's words and patterns taken out."""
        return self._words.without(group, text)

    def match(self, group: str, text: str) -> re.Match[str] | None:
        """The first place of a text where the group's pattern fits, with its named parts."""
        pattern = self._words.pattern(group)
        return pattern.search(text) if pattern is not None else None

    def other_talk(self, text: str) -> bool:
        """接龙, a price, an advertisement, a loan: no part of a report, whoever says it."""
        return self.says("other", text)

    def calls_for_plus(self, text: str) -> bool:
        """ "要的+1", a list begun: what a bare "+1" after it answers."""
        return (
            self.other_talk(text)
            or ("+1" in text and not self.plus_one(text))
            or self.says("show_hands", text)
        )

    def joke(self, text: str) -> bool:
        return self.says("joke", text)

    def plus_one(self, text: str) -> bool:
        """A bare "+1": belongs to whatever was said last, be it a report or a 接龙."""
        return self.says("plus", text.strip())

    def says_plus(self, text: str) -> bool:
        return self.plus_one(text) or "+1" in text

    def came_back(self, text: str) -> bool:
        return len(text) <= 16 and self.says("back", text.strip())

    def hint(self, text: str, only: frozenset[Remark] = frozenset()) -> bool:
        """Whether a look is worth it: most talk ends here, without a statement. `only`: no other kinds."""
        if not 0 < len(text) <= LONGEST or not self.says("hint", text):
            return False
        kind = self.remark(text, self._any_type)
        if only:
            return kind in only
        return kind in _ALONE or (kind is Remark.TROUBLE and self.says("placed", text))

    def remark(self, text: str, types: tuple[str, ...] = ()) -> Remark:
        """Which remark a text is, beside a report of these types. The first that fits, denials first."""
        said = text.strip()
        if not said or len(said) > LONGEST:
            return Remark.NONE
        if self.other_talk(said) or self.says("body", said):
            return Remark.ELSE
        too = self.says("plus", said) or self.says("too", said) or self._lacks(said, types)
        if not too and self.says("fine", said):
            return Remark.FINE
        if self.joke(said):
            return Remark.ELSE
        if too:
            return Remark.ELSE if self.says("not_too", said) else Remark.TOO
        return self._lesser(said, types)

    def _lacks(self, said: str, types: tuple[str, ...]) -> bool:
        """ "我们也没电": what is missing is what the report is about, by its sound too."""
        found = self.match("too_lacks", said)
        return found is not None and any(found["thing"] in self.file.lacks.get(one, "") for one in types)

    def _lesser(self, said: str, types: tuple[str, ...]) -> Remark:
        """Remarks that only count close to the report."""
        if self.says("help", said):
            return Remark.HELP
        if self.says("asks", said):
            return Remark.ELSE
        if self._sensed(said, types):
            return Remark.SENSED
        if self.says("yes", said):
            return Remark.YES
        if set(types) & set(self.file.obstacles) and self.says("stuck", said):
            return Remark.STUCK
        if self.says("person", said):
            return Remark.PERSON
        return Remark.TROUBLE if self.says("trouble", said) else Remark.NONE

    def _sensed(self, said: str, types: tuple[str, ...]) -> bool:
        """我也闻到了; without 也 only of what that sense is for."""
        found = self.match("sensed", said)
        if found is None:
            return False
        said_of = found.groupdict()
        fits = {
            one
            for name, sense in said_of.items()
            if "sense" in name
            for one in self.file.senses.get(sense, ())
        }
        return bool(said_of["too"] or said_of["too2"] or fits & set(types))

    def belongs(self, kind: Remark, about: About, *, bare: bool = False) -> bool:
        """Whether a remark says the same trouble as the report: then its speaker supports it."""
        counts = self.file.counts.get(kind.value)  # type: ignore[call-overload]
        if counts is None:
            return False
        if about.place == "sibling" and not (about.supply and kind is Remark.TOO):
            return False
        if about.place == "house" and kind is Remark.TOO and not (about.supply or about.urgent):
            return False
        if about.quoted:
            return True
        if about.place in ("same", "house"):
            return about.age <= timedelta(minutes=counts.placed)
        alone = [counts.alone]
        alone += [counts.bare] if bare else []
        alone += [counts.urgent] if about.urgent else []
        alone += [counts.private] if about.private else []
        return about.age <= timedelta(minutes=max(alone))


def of(packs: Packs) -> Talk:
    """The words of these packs, compiled once."""
    known = packs.memo.get("remarks")
    if not isinstance(known, Talk):
        known = packs.memo["remarks"] = Talk(packs.remarks)
    return known
