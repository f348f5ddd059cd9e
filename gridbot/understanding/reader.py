"""One message in, one reading out: scan, evidence, moods of speech, score, band."""

from __future__ import annotations

import re
from dataclasses import replace

from gridbot.understanding import sound
from gridbot.understanding.evidence import gather
from gridbot.understanding.gate import Look, hints_at_place
from gridbot.understanding.intents import Packs
from gridbot.understanding.meant import hear_out, hold_back
from gridbot.understanding.moods import Moods
from gridbot.understanding.placegrammar import Grammar
from gridbot.understanding.places import Gazetteer, locate, resolve
from gridbot.understanding.reading import Band, Kind, Place, Reading
from gridbot.understanding.rules import Can
from gridbot.understanding.scan import Scan
from gridbot.understanding.segment import tokenizer
from gridbot.understanding.weigh import Support, Weighed, topic_score, weigh

_CHAT = Reading(Kind.CHAT, Band.SILENT)
_PLACE_FILL = re.compile(
    r"^(?:我家|我们|咱|阿拉|伊|她家|他家|我妈家|我爸家|住|是|就是|就|在|的|呀|啊|呢|哈|额|呐|哦|噢|嗯|那个|"
    r"那里|那边|这里|对|不是|[,，.。!！~～ ]){0,8}$"
)
#: Where one lives: with more than one word of distress as good as a place.
_OURS = re.compile(r"(?:我们?|咱们?|俺们?|阿拉)(?:家|楼|栋|幢|单元|小区|院|弄|这里|这儿|这边|屋里)")
_SHORT = 24
_ANSWER = 200  #: a longer text is no plain answer
#: Who writes out a street's or an estate's name means business.
_NAMED = 0.6
#: Without one of these, and without names to look for, a text can say nothing but what reports a trouble.
_TELLING = Can.SPOKEN | Can.DISTRESS | Can.PLACE


def grammar_of(packs: Packs) -> Grammar:
    known = packs.memo.get("grammar")
    if not isinstance(known, Grammar):
        known = packs.memo["grammar"] = Grammar(packs.places)
    return known


def read(text: str, packs: Packs, gazetteer: Gazetteer, *, photo: bool = False) -> Reading:
    """What kind of message this is, which troubles it reports, where, how urgent, and why so."""
    gate = packs.gate
    look = gate.look(text)
    if gate.passes(look) or (look.can & Can.TOPIC and _topic_somewhere(look, packs, gazetteer)):
        reading = read_fully(look, packs, gazetteer, photo=photo)
        if reading.band is Band.OPEN or _silenced(reading):
            return reading
    else:
        reading = _without_report(look, packs, gazetteer)
    if look.can & Can.PAIR:
        repaired = sound.ear_of(packs).repair(look.norm)
        if repaired is not None:
            return _read_repaired(repaired, look, packs, gazetteer, photo=photo) or reading
    return reading


def warm(packs: Packs) -> None:
    """Compile and load everything that is made at first use."""
    sound.ear_of(packs)
    tokenizer()
    grammar_of(packs)
    _ = packs.gate, packs.danger_bits, packs.pairing


def _topic_somewhere(look: Look, packs: Packs, gazetteer: Gazetteer) -> bool:
    """A noun at a place that does not look like one (安置区砂石场): could it be heard, if all counts?"""
    gate = packs.gate
    pieces = locate(look.norm, gazetteer, grammar_of(packs))
    if not pieces:
        return False
    push = gate.push(look) + (_NAMED if any(piece.names for piece in pieces) else 0)
    support = Support(push, any(piece.strength == 3 for piece in pieces), True, photo=False)
    return round(topic_score(gate.topic(look), support), 3) >= gate.least


def _silenced(reading: Reading) -> bool:
    return bool(reading.because) and reading.because[0].startswith("不算")


def _read_repaired(
    repaired: sound.Repaired, look: Look, packs: Packs, gazetteer: Gazetteer, *, photo: bool
) -> Reading | None:
    gate = packs.gate
    again = gate.of(look.raw, repaired.norm, look.back)
    if gate.passes(again) or (again.can & Can.TOPIC and _topic_somewhere(again, packs, gazetteer)):
        reading = read_fully(again, packs, gazetteer, photo=photo)
    else:
        reading = _without_report(again, packs, gazetteer)
    if reading.band is Band.SILENT:
        return None
    because = (*(f"听音：{heard}→{meant}" for heard, meant in repaired.changes), *reading.because)
    return replace(reading, because=because)


def read_fully(look: Look, packs: Packs, gazetteer: Gazetteer, *, photo: bool) -> Reading:
    """Beyond the gate: evidence, places, moods, score."""
    scan = Scan(look, packs)
    evidence = gather(scan, packs)
    if not evidence:
        return _without_report(look, packs, gazetteer)
    pieces = locate(look.norm, gazetteer, grammar_of(packs))
    masked = [name for piece in pieces for name in piece.names]
    spoken = scan.hits
    if masked:
        dangers = [one for one in evidence if one.rule.urgent]  # no name hides a word of danger
        if scan.hide(masked):
            evidence = gather(scan, packs)
        evidence = [*dangers, *(one for one in evidence if not one.rule.urgent)]
        if not evidence:
            return _without_report(look, packs, gazetteer)
    placed = any(piece.strength == 3 for piece in pieces)
    moods = Moods(scan, packs, placed=placed, spoken=spoken)
    standing = [one for one in evidence if not moods.silences(one)]
    tone = packs.tone.of(look.norm)
    push = moods.push(standing or evidence) + (_NAMED if masked else 0) + packs.tone.push(tone)
    support = Support(push, placed, bool(pieces), photo, len(look.norm), tone, look.norm)
    weighed = hold_back(weigh(standing, packs, support), packs, support)
    if not weighed.issues and not moods.final:
        meant = [one for one in evidence if one not in moods.calmed]
        weighed = hear_out(meant, packs, support, soft=moods.soft) or weighed
    if not weighed.issues and not moods.because:
        return _without_report(look, packs, gazetteer)
    return _decide(weighed, packs, moods, resolve(pieces, look.text, gazetteer))


def _decide(found: Weighed, packs: Packs, moods: Moods, places: tuple[Place, ...]) -> Reading:
    because = (*found.because, *moods.because)
    if not found.issues:
        return Reading(moods.kind([]), Band.SILENT, (), places, because=because)
    if found.issues[0].type == "civic":
        return Reading(Kind.CIVIC, Band.SILENT, found.issues[:1], places, because=because)
    issues = tuple(issue for issue in found.issues if issue.type != "civic")
    private = any(packs.types[issue.type].private for issue in issues)
    return Reading(
        Kind.REPORT,
        found.band,
        issues,
        places,
        bool(found.danger),
        private,
        because,
        "" if found.danger == "other" else found.danger,
    )


def _without_report(look: Look, packs: Packs, gazetteer: Gazetteer) -> Reading:
    """Silent, yet of a kind the desk wants to know: a status question, thanks, "me too", a place."""
    if not look.can & _TELLING and not gazetteer.names:
        return _CHAT
    if look.can & Can.SPOKEN:
        kind, word = _spoken_kind(look, packs)
        pieces = []
        if len(look.norm) < _ANSWER and _hinted(look, gazetteer):
            pieces = locate(look.norm, gazetteer, grammar_of(packs))
        return Reading(kind, Band.SILENT, (), resolve(pieces, look.text, gazetteer), because=(word,))
    if look.can & Can.DISTRESS and len(look.norm) < _ANSWER:
        return _distress(look, packs, gazetteer)
    return _place_answer(look, packs, gazetteer) or _CHAT


def _distress(look: Look, packs: Packs, gazetteer: Gazetteer) -> Reading:
    """Somebody complains and says where, in words no list knows: worth one question."""
    pieces = locate(look.norm, gazetteer, grammar_of(packs))
    words = [one.word for one in map(packs.keywords.__getitem__, look.seen) if one.can & Can.DISTRESS]
    here = any(piece.strength == 3 for piece in pieces) or (len(words) > 1 and _OURS.search(look.norm))
    if not here:
        return _place_answer(look, packs, gazetteer) or _CHAT
    because = f"有地方、在抱怨：{'、'.join(words)}"
    return Reading(Kind.REPORT, Band.ASK, (), resolve(pieces, look.text, gazetteer), because=(because,))


_ORDER = (Kind.WITHDRAW, Kind.STATUS, Kind.STILL, Kind.SUPPORT, Kind.RESOLVED, Kind.QUESTION, Kind.CIVIC)


def _spoken_kind(look: Look, packs: Packs) -> tuple[Kind, str]:
    said: dict[Kind, str] = {}
    for which in look.seen:
        keyword = packs.keywords[which]
        if keyword.can & Can.SPOKEN:
            for cue, _ in keyword.cues:
                said.setdefault(cue.kind, f"{cue.why}：{keyword.word}")
    for kind in _ORDER:
        if kind in said:
            return kind, said[kind]
    return Kind.CHAT, ""


def _hinted(look: Look, gazetteer: Gazetteer) -> bool:
    return hints_at_place(look) or bool(gazetteer.find(look.norm))


def _place_answer(look: Look, packs: Packs, gazetteer: Gazetteer) -> Reading | None:
    """A short text that is a place and little else."""
    norm = look.norm
    if len(norm) > _SHORT or not _hinted(look, gazetteer):
        return None
    pieces = locate(norm, gazetteer, grammar_of(packs))
    if not pieces:
        return None
    rest = norm
    for piece in reversed(pieces):
        rest = rest[: piece.start] + rest[piece.end :]
    if not _PLACE_FILL.match(rest):
        return None
    places = resolve(pieces, look.text, gazetteer)
    return Reading(Kind.PLACE, Band.SILENT, (), places, because=("只说了地方",))
