"""From standing evidence to types, score and band: solid evidence first, nouns only beside a complaint."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from enum import IntEnum

from gridbot.understanding.evidence import Evidence
from gridbot.understanding.intents import Packs
from gridbot.understanding.reading import Band, Issue

#: Gas before fire: the wrong sentence ("switch on the light and look") is worst there.
_GRAVEST = (
    "gas",
    "trapped",
    "crisis",
    "fire",
    "live_wire",
    "violence",
    "lost",
    "relapse",
    "collapse",
    "other",
)
_MEANT = frozenset({"first", "sure", "maybe", "topics", "pairs"})  #: not: last resorts, mere hints
_BARE = 0.8  #: what a single sign is worth without place, photo, complaint or request
_AMID = 0.6  #: and if it is but a short word amid other talk
_MUCH = 8  #: so many characters beside it, and the message speaks of more than the trouble
_MANY = 30  #: evidence looked at per type
_FOUND_FIRST, _FOUND_SOLID = 2.0, 1.0  #: what the order of the words, and a firm one, weigh against a leaning
#: Says whose or where, or nothing.
_FILL = re.compile("[我俺咱阿拉你们他她伊的了呀啊呢吧嘛哦这那里边楼下家今天又怎么啥回事 ,，。.!！?？~～…]")
_MOST = 4  #: more types than that in one message are a misreading


@dataclass(frozen=True, slots=True)
class Weighed:
    issues: tuple[Issue, ...]
    danger: str  #: the gravest, "other" where there is no sentence of its own for it
    band: Band
    because: tuple[str, ...]
    firm: bool = False  #: a fault of a thing in full words, or a long phrase
    rest: int = 0  #: characters beside what was found


class Told(IntEnum):
    """What evidence tells of: the lower, the nearer to what is broken."""

    THING = 0  #: a fault of a thing: 扶手+断了
    SPOT = 1  #: a fault said of a place, or of somebody: 楼道里+坏了
    EFFECT = 2  #: what came of it: a fall, smoke, a night without sleep


NOTHING = Weighed((), "", Band.SILENT, ())


@dataclass(frozen=True, slots=True)
class Support:
    """What stands beside the evidence: complaint and request, a place, a photo."""

    push: float
    placed: bool  #: a number, a street, an estate
    somewhere: bool  #: any place at all
    photo: bool
    size: int = 0  #: characters of the whole message
    tone: float = 0  #: more than 0: it sounds like a report
    norm: str = ""

    @property
    def backed(self) -> bool:
        """Who says where, shows it or complains in so many words means it."""
        return self.somewhere or self.photo or self.push >= 0.6

    @property
    def bare(self) -> bool:
        return not self.backed and self.push < 0.2


def weigh(standing: list[Evidence], packs: Packs, support: Support) -> Weighed:
    by_type: dict[str, list[Evidence]] = defaultdict(list)
    for one in standing:
        by_type[one.type].append(one)
    scores: dict[str, float] = {}
    opened, asked = [], []
    for kind, found in by_type.items():
        issue_type = packs.types[kind]
        scores[kind] = score = _best_score(found, support, wary=issue_type.wary)
        if score >= issue_type.thresholds.open:
            opened.append(kind)
        if score >= issue_type.thresholds.ask:
            asked.append(kind)
    ranked = _best(opened or asked, by_type, packs)
    urgent = [one for kind in ranked for one in by_type[kind] if one.rule.urgent]
    if len(ranked) > 1:
        ranked = _causes(ranked, by_type, packs)
        ranked = _apart(sorted(ranked, key=lambda kind: _rank(by_type[kind], packs)), by_type, packs)[:_MOST]
    if not ranked:
        return NOTHING
    ranked, tipped = _tip(ranked, by_type, packs, support.norm)
    firm = any(one.score >= 1 and _explicit(one) for one in by_type[ranked[0]])
    dangers = [one.rule.hazard for one in urgent]
    perils = [f"紧急：{'+'.join(one.words)}" for one in urgent[:1] if one.type not in ranked]
    words = {kind: tuple(dict.fromkeys(["+".join(one.words) for one in by_type[kind]])) for kind in ranked}
    return Weighed(
        tuple([Issue(kind, round(scores[kind], 2), words[kind]) for kind in ranked]),
        min(dangers, key=_GRAVEST.index) if dangers else "",
        Band.OPEN if opened else Band.ASK,
        (*[f"{packs.types[kind].title}：{'、'.join(words[kind])}" for kind in ranked], *tipped, *perils),
        firm,
        _rest(by_type[ranked[0]], support.norm),
    )


def _tip(
    ranked: list[str], by_type: dict[str, list[Evidence]], packs: Packs, norm: str
) -> tuple[list[str], tuple[str, ...]]:
    """Where words of several types were found, what the message leans to may put another first.

    What is private by solid evidence stays so.
    """
    first = ranked[0]
    if len(by_type) < 2 or (packs.types[first].private and _solid(by_type[first])):
        return ranked, ()
    sums = packs.leanings.of(norm, by_type)
    for kind in sums:
        sums[kind] += _FOUND_FIRST * (kind == first) + _FOUND_SOLID * _solid(by_type[kind])
    best = max(sums, key=lambda kind: sums[kind], default=first)
    if first not in sums or best == first:
        return ranked, ()
    why = f"更像{packs.types[best].title}：{'、'.join(packs.leanings.reasons(norm, best))}"
    rest = ranked if best in ranked else ranked[1:]  # what stood beside it stays
    return [best, *[kind for kind in rest if kind != best]], (why,)


def _rest(found: list[Evidence], norm: str) -> int:
    """Characters beside the words found, those left out that only say whose or where."""
    words = {word for one in found[:_MANY] for word in one.words}
    for word in sorted(words, key=lambda word: (-len(word), word)):
        norm = norm.replace(word, "", 1)
    return len(_FILL.sub("", norm))


def _best_score(found: list[Evidence], support: Support, *, wary: bool) -> float:
    single = len({(one.start, one.end) for one in found if one.score >= 1}) == 1
    return round(max([_score(one, support, wary=wary, single=single) for one in found]), 3)


def _score(one: Evidence, support: Support, *, wary: bool, single: bool) -> float:
    if one.score >= 1:
        if one.rule.urgent or support.backed:
            return one.score
        firm = _explicit(one)
        if single and support.size - (one.end - one.start) >= _MUCH:
            return _BARE if firm or not support.bare else _AMID
        if not support.bare:
            return one.score
        return one.score if firm or not wary else _BARE
    if one.rule.topic:
        return topic_score(one.score, support)
    where = 0.8 if support.placed else 0.3 if support.somewhere else 0
    return one.score + 0.4 * min(1.0, support.push + where + (0.8 if support.photo else 0))


def topic_score(score: float, support: Support) -> float:
    """What a noun is worth beside complaint and place."""
    where = 0.5 if support.placed else 0.3 if support.somewhere and support.push else 0
    return score + 0.5 * min(1.0, support.push + where)


def _explicit(one: Evidence) -> bool:
    """A long phrase, or a thing and a fault that are both full words, can hardly mean anything else."""
    return min(map(len, one.words)) >= (2 if len(one.words) > 1 else 4)


def _named(found: list[Evidence]) -> bool:
    """Does the message itself say that it is about this?"""
    return any(one.rule.name == "first" for one in found)


def _solid(found: list[Evidence]) -> bool:
    return any(one.score >= 1 for one in found)


def _best(kinds: list[str], by_type: dict[str, list[Evidence]], packs: Packs) -> list[str]:
    """Solid types drive out nouns; the weak type and last resorts stay only where nothing else is meant."""
    if len(kinds) < 2:
        return kinds
    solid = [kind for kind in kinds if _solid(by_type[kind])]
    firm = [
        kind for kind in solid if kind != "civic" and (not packs.types[kind].weak or _named(by_type[kind]))
    ]
    if firm:
        return firm
    if solid:
        return [kind for kind in solid if kind != "civic"] or solid
    topical = [kind for kind in kinds if any(one.rule.name in _MEANT for one in by_type[kind])]
    strong = [kind for kind in topical if not packs.types[kind].weak]
    most = max((len(by_type[kind]) for kind in strong if kind != "civic"), default=0)
    if "civic" in strong and most >= len(by_type["civic"]):
        strong.remove("civic")
    return strong or topical or kinds


def _told(one: Evidence, packs: Packs) -> Told:
    thing, fault = one.words[0], one.words[-1]
    person = thing in packs.vague
    if fault in packs.effects and (len(one.words) == 1 or person):
        return Told.EFFECT
    return Told.SPOT if one.spot or person else Told.THING


def _nearest(found: list[Evidence], packs: Packs) -> Told:
    """The nearest to the cause that a type's evidence comes."""
    solid = [one for one in found if one.score >= 1] or found
    return min([_told(one, packs) for one in solid[:_MANY]])


def _causes(kinds: list[str], by_type: dict[str, list[Evidence]], packs: Packs) -> list[str]:
    """Where a fault is told, what came of it makes no type of its own: a fall in the dark is about the lamp.

    The danger in it stays: a smoking meter is power, and urgent.
    """
    causes = [kind for kind in kinds if _nearest(by_type[kind], packs) is not Told.EFFECT]
    return causes or kinds


def _apart(ranked: list[str], by_type: dict[str, list[Evidence]], packs: Packs) -> list[str]:
    """A second type must stand on words of its own, not on the same stretch of text as the first.

    And on enough of them: two signs, or one that tells of a thing in a clause of its own.
    """
    kept: list[str] = []
    taken: list[tuple[int, int]] = []
    clauses: set[int] = set()
    for kind in ranked:
        solid = [one for one in by_type[kind] if one.score >= 1][:_MANY]
        free = [one for one in solid if not one.across and _free(one, taken)]
        if kept and not _enough(free, clauses, packs):
            continue
        kept.append(kind)
        solid = solid or by_type[kind][:_MANY]
        taken += [(one.start, one.end) for one in solid if not one.across] or [(solid[0].start, solid[0].end)]
        clauses.update([one.clause for one in solid])
    return kept


def _enough(free: list[Evidence], taken: set[int], packs: Packs) -> bool:
    if len(free) > 1:
        return True
    return any(one.clause not in taken and _told(one, packs) is Told.THING for one in free)


def _free(one: Evidence, taken: list[tuple[int, int]]) -> bool:
    return all(
        one.end <= start or end <= one.start or (one.start, one.end) == (start, end) for start, end in taken
    )


def _rank(found: list[Evidence], packs: Packs) -> tuple[bool, bool, bool, bool, int, int]:
    """Danger, what the message names as its matter, what is said of a thing rather than of a place, what is
    said most."""
    danger = any(one.rule.urgent and _told(one, packs) is not Told.EFFECT for one in found)
    solid = [one for one in found if one.score >= 1]
    named = _named(found)
    of_a_thing = any(_told(one, packs) is Told.THING for one in solid)
    first = min(one.start for one in found)
    return not danger, not named, packs.types[found[0].type].weak, not of_a_thing, -min(len(solid), 2), first
