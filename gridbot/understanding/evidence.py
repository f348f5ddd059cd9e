"""From hits to evidence: words that stand alone, and a fault tied to the nearest thing it can be said of."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gridbot.understanding.intents import Packs, Role, Rule
from gridbot.understanding.scan import Hit, Scan

_NEGATED = re.compile(
    r"(?:没有?|沒有?|未|不|别|无|勿|覅|哪有|没啥|没什么|不会|不是|不再|从来不|并没有?|不怎么|没再|没见|没听说|杜绝|避免|防止|以防|预防|严禁|禁止|不要|不得|请勿|谢绝)"
    r"(?:有|再|啥|什么|怎么|那么|这么|是|说|过|人|任何|啊|乱|随意|随便|发生|出现){0,2}$"
)
#: What may follow a thing without making another thing of it.
_WHERE = frozenset(
    {*"里口上内下外边旁前后处", "里面", "门口", "外面", "上面", "下面", "旁边", "那边", "那里"}
)
#: 暖气片接口, 信箱的门: what stands before is what it belongs to.
_OF = frozenset(["", "的", "个"])
_JOINED = re.compile(r"^(?:和|与|跟|及|以及|还有|、|/|,|，| |连|同|或|都|也){0,4}$")
_PASSIVE = re.compile("[被让给叫遭由]")
_PASSIVE_REACH = 6
_LOOK_BACK, _LOOK_AHEAD = 10, 5
_AHEAD_REACH = 7
_SINGLE_REACH = 5  #: two single characters prove little: they must stand near each other …
_DOUBTFUL = 0.6  #: … and if they are no words of their own, a place or a complaint must stand beside them


@dataclass(frozen=True, slots=True)
class Evidence:
    rule: Rule
    start: int
    end: int
    words: tuple[str, ...]
    clause: int  #: where the fault stands
    score: float
    across: bool  #: thing and fault stand in different clauses
    type: str


def possible(packs: Packs, seen: set[int], named: Callable[[], bool]) -> bool:
    """Could these keywords make any evidence at all? Decides cheaply for nearly all chat."""
    look = packs.first_look
    if not look.alone.isdisjoint(seen):
        return True
    if not look.topics.isdisjoint(seen) and (look.pushed(seen) or named()):
        return True
    faults = seen & look.faults
    if not faults:
        return False
    things = seen & look.things
    if not things:
        return False
    keywords = packs.keywords
    said_of = 0
    for which in things:
        said_of |= keywords[which].things
    return any(keywords[which].faults & said_of for which in faults)


def gather(scan: Scan, packs: Packs) -> list[Evidence]:
    found = [*_alone(scan, packs), *_pairs(scan, packs)]
    excluded = _excluded(scan, packs)
    return [one for one in found if (one.clause, one.type) not in excluded]


def _negated(scan: Scan, start: int) -> bool:
    return bool(_NEGATED.search(scan.norm[max(0, start - 8) : start]))


def _alone(scan: Scan, packs: Packs) -> Iterator[Evidence]:
    reach = 0  #: the end of the longest hit so far: what lies inside it is part of a longer word
    for hit in scan.hits:
        uses = [u for u in hit.keyword.uses if u.role is Role.ALONE and scan.fits(hit, u)]
        if not uses:
            continue
        inside = hit.end <= reach
        reach = max(reach, hit.end)
        if not hit.keyword.faults and scan.is_likened(hit):
            continue
        for use in uses:
            rule = packs.rules[use.owner]
            if inside and not rule.urgent:
                continue
            if not rule.topic and _negated(scan, hit.start):
                continue
            yield Evidence(
                rule,
                hit.start,
                hit.end,
                (hit.keyword.word,),
                scan.clause(hit.start),
                rule.score,
                False,
                rule.type,
            )


def _pairs(scan: Scan, packs: Packs) -> Iterator[Evidence]:
    things = _longest([hit for hit in scan.hits if hit.keyword.things and not scan.is_likened(hit)])
    faults = _longest([hit for hit in scan.hits if hit.keyword.faults])
    starts = [thing.start for thing in things]
    for fault in faults:
        if _negated(scan, fault.start):
            continue
        for thing in _bound(scan, fault, things, bisect_left(starts, fault.start), packs.danger_bits):
            yield from _made(scan, packs, thing, fault)


def _longest(hits: list[Hit]) -> list[Hit]:
    """Without those that lie inside a longer one: 楼道灯 is neither 楼道 nor 灯, but 电梯里 is the 电梯."""
    kept: list[Hit] = []
    longest: Hit | None = None
    for hit in hits:
        if longest is None or hit.end > longest.end:
            kept.append(hit)
            longest = hit
        elif _same_thing(hit, longest):
            kept.append(hit)
    return kept


def _same_thing(hit: Hit, longer: Hit) -> bool:
    word = hit.keyword.word
    return len(word) > 1 and hit.start == longer.start and longer.keyword.word[len(word) :] in _WHERE


def _bound(scan: Scan, fault: Hit, things: list[Hit], at: int, danger: int) -> list[Hit]:
    """The things this fault is said of: the nearest in its clause, those joined to it, else next door.

    Where there may be danger every thing said before it counts.
    """
    clause = scan.clause(fault.start)
    ranked: list[tuple[int, int]] = []
    around = range(max(0, at - _LOOK_BACK), min(len(things), at + _LOOK_AHEAD))
    for i in around:
        thing = things[i]
        if not thing.keyword.things & fault.keyword.faults:
            continue
        if thing.start < fault.start:
            gap = max(0, fault.start - thing.end)
            far = clause - scan.clause(thing.start)
            if far <= 2 and thing.end <= fault.end:
                ranked.append((far * 100 + gap, i))
        else:
            gap = thing.start - fault.end
            far = scan.clause(thing.start) - clause
            if gap >= 0 and ((far == 0 and gap <= _AHEAD_REACH) or (far == 1 and gap <= 6)):
                ranked.append((far * 150 + gap + 2, i))
    if not ranked:
        return []
    ranked.sort()
    _, best = ranked[0]
    chosen = [things[best]]
    for i in range(best - 1, max(-1, best - 4), -1):
        between = scan.norm[things[i].end : chosen[-1].start]
        of = between in _OF and things[i].end <= chosen[-1].start
        if not of and (not _JOINED.match(between) or not between.strip(" ,，")):
            break
        if things[i].keyword.things & fault.keyword.faults:
            chosen.append(things[i])
    sufferer = next((i for _, i in ranked[1:] if _suffers(scan, things[i], things[best])), None)
    if sufferer is not None:
        chosen.append(things[sufferer])
    feared = fault.keyword.faults & danger
    if feared:
        chosen += [
            things[i]
            for _, i in ranked[1:]
            if things[i].start < fault.start and things[i].keyword.things & feared and things[i] not in chosen
        ]
    return chosen


def _suffers(scan: Scan, thing: Hit, doer: Hit) -> bool:
    """消防车道被私家车占据: what stands before 被 is what the fault is said of, too."""
    between = scan.norm[thing.end : doer.start] if thing.end < doer.start else ""
    return 0 < len(between) <= _PASSIVE_REACH and _PASSIVE.search(between) is not None


def _made(scan: Scan, packs: Packs, thing: Hit, fault: Hit) -> Iterator[Evidence]:
    both = thing.keyword.things & fault.keyword.faults
    gap = max(fault.start - thing.end, thing.start - fault.end, 0)
    apart = abs(scan.clause(thing.start) - scan.clause(fault.start))
    single = len(thing.keyword.word) == 1 and len(fault.keyword.word) == 1
    if single and gap > _SINGLE_REACH:
        return
    doubtful = single and not (scan.is_word(thing) and scan.is_word(fault))
    partial = len(fault.keyword.word) == 1 and scan.inside_word(fault)
    whole = any(use.whole for use in fault.keyword.uses)
    best: dict[str, Evidence] = {}
    for use in thing.keyword.uses:
        if use.role is not Role.THING or not both >> use.owner & 1 or not scan.fits(thing, use):
            continue
        rule = packs.rules[use.owner]
        if gap > rule.reach or (whole and not _fault_fits(scan, fault, use.owner)):
            continue
        score = (
            _DOUBTFUL
            if doubtful or (partial and not rule.urgent)
            else rule.score - (0.15 if apart > 1 else 0)
        )
        start, end = min(thing.start, fault.start), max(thing.end, fault.end)
        words = (thing.keyword.word, fault.keyword.word)
        one = Evidence(rule, start, end, words, scan.clause(fault.start), score, apart > 0, rule.type)
        known = best.get(rule.type)
        if known is None or (one.rule.urgent, one.score) > (known.rule.urgent, known.score):
            best[rule.type] = one
    yield from best.values()


def _fault_fits(scan: Scan, fault: Hit, owner: int) -> bool:
    return any(
        use.role is Role.FAULT and use.owner == owner and scan.fits(fault, use) for use in fault.keyword.uses
    )


def _excluded(scan: Scan, packs: Packs) -> set[tuple[int, str]]:
    found = set()
    for hit in scan.hits:
        for use in hit.keyword.uses:
            if use.role is Role.EXCLUDE and scan.fits(hit, use):
                found.add((scan.clause(hit.start), packs.type_order[use.owner]))
    return found
