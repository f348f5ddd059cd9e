"""From hits to evidence: words that stand alone, and a fault tied to the nearest thing it can be said of."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from gridbot.understanding.intents import Packs, Rule
from gridbot.understanding.rules import Pairing
from gridbot.understanding.scan import Hit, Scan

_NEGATED = re.compile(
    r"(?:没有?|沒有?|未|不|别|无|勿|覅|哪有|没啥|没什么|不会|不是|不再|从来不|并没有?|不怎么|没再|没见|没听说|不用|不必|无需|不需要|杜绝|避免|防止|以防|预防|严禁|禁止|不要|不得|请勿|谢绝)"
    r"(?:有|再|啥|什么|怎么|那么|这么|是|说|过|人|任何|啊|乱|随意|随便|发生|出现){0,2}$"
)
#: One of these stands in every negation: most stretches hold none.
_NO = frozenset("没沒未不别无勿覅哪绝免防禁")
#: What may follow a thing without making another thing of it.
_WHERE = frozenset(
    {*"里口上内下外边旁前后处", "里面", "门口", "外面", "上面", "下面", "旁边", "那边", "那里"}
)
#: 路上, 楼道里, 步道旁, 步道那排: what comes is said of something that is there.
_SPOT = re.compile("[上里旁边侧外附底中前后内那]|门口|拐角|尽头|两边|对面")
#: 暖气片接口, 信箱的门: what stands before is what it belongs to.
_OF = frozenset(["", "的", "个"])
#: 往外|冒, 又|停: before a fault; 冒|出来, 断|了, 响|一夜: behind it.
_HOW = re.compile(
    r"(?:往|直|一直|在|还在|又|老|老是|都|全|全都|也|还|正|就|一|乱|自己|[往朝](?:外|上|下|里|回))?$"
)
_FAR = re.compile(
    r"(?:了|着|得|到|出|上|下|进|开|起|掉|住|死|一|个|几|了[一几半]|一[地片屋夜身]|[了得]?(?:出|上|下|进|过|起|回)[来去]?|不停|个不停|到[了底]?)?$"
)
_JOINED = re.compile(r"^(?:和|与|跟|及|以及|还有|、|/|,|，| |连|同|或|都|也){0,4}$")
_PASSIVE = re.compile("[被让给叫遭由]")
_PASSIVE_REACH = 6
_LOOK_BACK, _LOOK_AHEAD = 10, 5
_AHEAD_REACH = 7
_NESTED = 4  #: so many longer words may hold one
_SINGLE_REACH = 5  #: two single characters prove little: they must stand near each other …
_DOUBTFUL = 0.6  #: … and if they are no words of their own, a place or a complaint must stand beside them


@dataclass(slots=True, eq=False)
class Evidence:
    rule: Rule
    start: int
    end: int
    words: tuple[str, ...]
    clause: int  #: where the fault stands
    score: float
    across: bool  #: thing and fault stand in different clauses
    type: str
    spot: bool = False  #: the thing only says where: 步道上, 楼道里


def gather(scan: Scan, packs: Packs) -> list[Evidence]:
    found = [*_alone(scan), *_pairs(scan, packs)]
    excluded = _excluded(scan) if found else None
    return [one for one in found if (one.clause, one.type) not in excluded] if excluded else found


def _negated(norm: str, start: int) -> bool:
    before = norm[max(0, start - 8) : start]
    return not _NO.isdisjoint(before) and _NEGATED.search(before) is not None


def _alone(scan: Scan) -> Iterator[Evidence]:
    reach = 0  #: the end of the longest hit so far: what lies inside it is part of a longer word
    hinted: set[str] = set()  #: … unless that only names a thing of the same type: 消防登高 in 消防登高面
    for hit in scan.hits:
        if not hit.keyword.alone:
            continue
        rules = [rule for rule, whole in hit.keyword.alone if not whole or scan.is_word(hit)]
        if not rules:
            continue
        inside = hit.end <= reach
        if not inside:
            reach, hinted = hit.end, {rule.type for rule in rules if rule.name == "hints"}
        if not hit.keyword.faults and scan.is_likened(hit):
            continue
        negated = _negated(scan.norm, hit.start)
        words = (hit.keyword.word,)
        for rule in rules:
            part = inside and not (rule.urgent or (rule.type in hinted and not rule.topic))
            if not part and (rule.topic or not negated):
                yield Evidence(rule, hit.start, hit.end, words, hit.clause, rule.score, False, rule.type)


def _pairs(scan: Scan, packs: Packs) -> Iterator[Evidence]:
    things = _longest([hit for hit in scan.hits if hit.keyword.things and not scan.is_likened(hit)])
    said_of = 0
    for thing in things:
        said_of |= thing.keyword.things
    faults = _longest([hit for hit in scan.hits if hit.keyword.faults]) if things else []
    starts = [thing.start for thing in things]
    for fault in faults:
        if not fault.keyword.faults & said_of or _negated(scan.norm, fault.start):
            continue
        for thing in _bound(scan, fault, things, bisect_left(starts, fault.start), packs.danger_bits):
            yield from _made(scan, thing, fault, packs.pairing(thing.keyword, fault.keyword))


def _longest(hits: list[Hit]) -> list[Hit]:
    """Without those that lie inside a longer one: 楼道灯 is neither 楼道 nor 灯, but 电梯里 is the 电梯."""
    kept: list[Hit] = []
    longest: Hit | None = None
    for hit in hits:
        if longest is None or hit.end > longest.end:
            kept.append(hit)
            longest = hit
        elif _same_thing(hit, longest) or _same_fault(hit, kept):
            kept.append(hit)
    return kept


def _same_thing(hit: Hit, longer: Hit) -> bool:
    word = hit.keyword.word
    return len(word) > 1 and hit.start == longer.start and longer.keyword.word[len(word) :] in _WHERE


def _same_fault(hit: Hit, kept: list[Hit]) -> bool:
    """往外冒, 冒出来, 又冒了 are all 冒: to say how far, again, or that it is done makes no other fault."""
    word = hit.keyword.word
    if not hit.keyword.faults:
        return False
    for longer in kept[-_NESTED:]:
        whole, at = longer.keyword.word, hit.start - longer.start
        if longer.end < hit.end:
            continue
        if not longer.keyword.faults or not _says_how(whole[:at], whole[at + len(word) :]):
            return False
    return True


@lru_cache(maxsize=16384)  # of the words alone
def _says_how(before: str, behind: str) -> bool:
    return _HOW.match(before) is not None and _FAR.match(behind) is not None


def _bound(scan: Scan, fault: Hit, things: list[Hit], at: int, danger: int) -> list[Hit]:
    """The things this fault is said of: the nearest in its clause, those joined to it, else next door.

    Where there may be danger every thing said before it counts.
    """
    faults, clause = fault.keyword.faults, fault.clause
    ranked: list[tuple[int, int]] = []
    around = range(max(0, at - _LOOK_BACK), min(len(things), at + _LOOK_AHEAD))
    for i in around:
        thing = things[i]
        if not thing.keyword.things & faults:
            continue
        if thing.start < fault.start:
            gap = max(0, fault.start - thing.end)
            far = clause - thing.clause
            if far <= 2 and thing.end <= fault.end:
                ranked.append((far * 100 + gap, i))
        else:
            gap = thing.start - fault.end
            far = thing.clause - clause
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
        if things[i].keyword.things & faults:
            chosen.append(things[i])
    sufferer = next((i for _, i in ranked[1:] if _suffers(scan, things[i], things[best])), None)
    if sufferer is not None:
        chosen.append(things[sufferer])
    feared = faults & danger
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


def _made(scan: Scan, thing: Hit, fault: Hit, pairing: Pairing) -> Iterator[Evidence]:
    """For each type the best rule that the two share and that reaches from one to the other."""
    gap = fault.start - thing.end if thing.start < fault.start else thing.start - fault.end
    one_char = fault.end - fault.start == 1
    single = one_char and thing.end - thing.start == 1
    if single and gap > _SINGLE_REACH:
        return
    fitting = [
        rule
        for rule, thing_whole, fault_whole in pairing
        if gap <= rule.reach
        and not (thing_whole and not scan.is_word(thing))
        and not (fault_whole and not scan.is_word(fault))
    ]
    if not fitting:
        return
    partial = one_char and not scan.is_word(fault)
    doubtful = single and (partial or not scan.is_word(thing))
    apart = abs(fault.clause - thing.clause)
    best: dict[str, tuple[bool, float, Rule]] = {}
    for rule in fitting:
        doubt = doubtful or (partial and not rule.urgent)
        score = _DOUBTFUL if doubt else rule.score - (0.15 if apart > 1 else 0)
        known = best.get(rule.type)
        if known is None or (rule.urgent, score) > known[:2]:
            best[rule.type] = (rule.urgent, score, rule)
    start, end = min(thing.start, fault.start), max(thing.end, fault.end)
    words = (thing.keyword.word, fault.keyword.word)
    spot = thing.end < fault.start and _SPOT.match(scan.norm, thing.end) is not None
    for _, score, rule in best.values():
        yield Evidence(rule, start, end, words, fault.clause, score, apart > 0, rule.type, spot)


def _excluded(scan: Scan) -> set[tuple[int, str]]:
    return {
        (hit.clause, kind)
        for hit in scan.hits
        if hit.keyword.excludes
        for kind, whole in hit.keyword.excludes
        if scan.fits(hit, whole)
    }
