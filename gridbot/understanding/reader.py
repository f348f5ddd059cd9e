"""One message in, one reading out: scan, evidence, moods of speech, score, band."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from gridbot.understanding import sound
from gridbot.understanding.evidence import gather, possible
from gridbot.understanding.intents import Packs, Role
from gridbot.understanding.moods import Moods
from gridbot.understanding.placegrammar import Grammar
from gridbot.understanding.places import Gazetteer, locate, resolve
from gridbot.understanding.reading import Band, Kind, Place, Reading
from gridbot.understanding.scan import Scan
from gridbot.understanding.segment import tokenizer
from gridbot.understanding.text import Text, clean
from gridbot.understanding.weigh import Support, Weighed, weigh

_CHAT = Reading(Kind.CHAT, Band.SILENT)
#: Could this short text be an answer to "where?"
_PLACE_HINT = re.compile(
    r"[0-9零一二三四五六七八九十][号栋幢楼单门室座弄院库层]|\d-\d|[路门口街村苑]|小区|车棚|花园|^[1-9]\d{0,3}$"
)
_PLACE_FILL = re.compile(
    r"^(?:我家|我们|咱|阿拉|伊|她家|他家|我妈家|我爸家|住|是|就是|就|在|的|呀|啊|呢|哈|额|呐|哦|噢|嗯|那个|"
    r"那里|那边|这里|对|不是|[,，.。!！~～ ]){0,8}$"
)
_SHORT = 24
_ANSWER = 200  #: a longer text is no plain answer
#: Who writes out a street's or an estate's name means business.
_NAMED = 0.6


def grammar_of(packs: Packs) -> Grammar:
    known = packs.memo.get("grammar")
    if not isinstance(known, Grammar):
        known = packs.memo["grammar"] = Grammar(packs.places)
    return known


def read(text: str, packs: Packs, gazetteer: Gazetteer, *, photo: bool = False) -> Reading:
    """What kind of message this is, which troubles it reports, where, how urgent, and why so."""
    cleaned = clean(text)
    norm = packs.dialect.fold(cleaned.norm)
    if norm is not cleaned.norm:
        cleaned = replace(cleaned, norm=norm)
    hits = packs.automaton.find_matches_as_indexes(cleaned.norm, overlapping=True)
    if not hits:
        return _place_answer(cleaned, packs, gazetteer) or _CHAT
    seen = {which for which, _, _ in hits}
    reading = _read(cleaned, hits, seen, packs, gazetteer, photo)
    if (
        reading.band is not Band.OPEN
        and not packs.first_look.half.isdisjoint(seen)
        and not _silenced(reading)
    ):
        repaired = sound.repair(cleaned, packs)
        if repaired is not None:
            return _read_repaired(repaired, packs, gazetteer, photo) or reading
    return reading


def warm(packs: Packs) -> None:
    """Compile and load everything that is made at first use."""
    sound.warm(packs)
    tokenizer()
    grammar_of(packs)
    _ = packs.first_look, packs.danger_bits


def _silenced(reading: Reading) -> bool:
    return bool(reading.because) and reading.because[0].startswith("不算")


def _read_repaired(
    repaired: sound.Repaired, packs: Packs, gazetteer: Gazetteer, photo: bool
) -> Reading | None:
    hits = packs.automaton.find_matches_as_indexes(repaired.text.norm, overlapping=True)
    seen = {which for which, _, _ in hits}
    reading = _read(repaired.text, hits, seen, packs, gazetteer, photo)
    if reading.band is Band.SILENT:
        return None
    because = (*(f"听音：{heard}→{meant}" for heard, meant in repaired.changes), *reading.because)
    return replace(reading, because=because)


def _read(
    cleaned: Text,
    found: Sequence[tuple[int, int, int]],
    seen: set[int],
    packs: Packs,
    gazetteer: Gazetteer,
    photo: bool,
) -> Reading:
    norm = cleaned.norm
    if not possible(packs, seen, lambda: _PLACE_HINT.search(norm) is not None):
        return _without_report(cleaned, seen, packs, gazetteer)
    scan = Scan(norm, packs, found, ())
    evidence = gather(scan, packs)
    if not evidence:
        return _without_report(cleaned, seen, packs, gazetteer)
    pieces = locate(norm, gazetteer, grammar_of(packs))
    masked = [name for piece in pieces for name in piece.names]
    if masked:
        dangers = [one for one in evidence if one.rule.urgent]  # no name hides a word of danger
        scan = Scan(norm, packs, found, masked)
        evidence = [*dangers, *(one for one in gather(scan, packs) if not one.rule.urgent)]
        if not evidence:
            return _without_report(cleaned, seen, packs, gazetteer)
    placed = any(piece.strength == 3 for piece in pieces)
    moods = Moods(scan, packs, placed=placed)
    standing = [one for one in evidence if not moods.silences(one)]
    places = resolve(pieces, cleaned, gazetteer)
    if not standing:
        return Reading(moods.kind(evidence), Band.SILENT, (), places, because=moods.because)
    push = moods.push(standing) + (_NAMED if masked else 0)
    weighed = weigh(standing, packs, Support(push, placed, bool(pieces), photo))
    if not weighed.issues and not moods.because:
        return _without_report(cleaned, seen, packs, gazetteer)
    return _decide(weighed, packs, moods, places)


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


def _without_report(cleaned: Text, seen: set[int], packs: Packs, gazetteer: Gazetteer) -> Reading:
    """Silent, yet of a kind the desk wants to know: a status question, thanks, "me too", a place."""
    if not packs.first_look.spoken.isdisjoint(seen):
        kind, word = _spoken_kind(seen, packs)
        pieces = []
        if len(cleaned.norm) < _ANSWER and (_PLACE_HINT.search(cleaned.norm) or gazetteer.find(cleaned.norm)):
            pieces = locate(cleaned.norm, gazetteer, grammar_of(packs))
        return Reading(kind, Band.SILENT, (), resolve(pieces, cleaned, gazetteer), because=(word,))
    if not packs.first_look.distress.isdisjoint(seen) and len(cleaned.norm) < _ANSWER:
        return _distress(cleaned, seen, packs, gazetteer)
    return _place_answer(cleaned, packs, gazetteer) or _CHAT


def _distress(cleaned: Text, seen: set[int], packs: Packs, gazetteer: Gazetteer) -> Reading:
    """Somebody complains and says where, in words no list knows: worth one question."""
    pieces = locate(cleaned.norm, gazetteer, grammar_of(packs))
    if not any(piece.strength == 3 for piece in pieces):
        return _place_answer(cleaned, packs, gazetteer) or _CHAT
    words = tuple(packs.keywords[which].word for which in sorted(packs.first_look.distress & seen))
    places = resolve(pieces, cleaned, gazetteer)
    return Reading(Kind.REPORT, Band.ASK, (), places, because=(f"有地方、在抱怨：{'、'.join(words)}",))


_ORDER = (Kind.WITHDRAW, Kind.STATUS, Kind.STILL, Kind.SUPPORT, Kind.RESOLVED, Kind.QUESTION, Kind.CIVIC)


def _spoken_kind(seen: set[int], packs: Packs) -> tuple[Kind, str]:
    said: dict[Kind, str] = {}
    for which in sorted(packs.first_look.spoken & seen):
        keyword = packs.keywords[which]
        for use in keyword.uses:
            if use.role is Role.CUE:
                cue = packs.cues[use.owner]
                said.setdefault(cue.kind, f"{cue.why}：{keyword.word}")
    for kind in _ORDER:
        if kind in said:
            return kind, said[kind]
    return Kind.CHAT, ""


def _place_answer(cleaned: Text, packs: Packs, gazetteer: Gazetteer) -> Reading | None:
    """A short text that is a place and little else."""
    norm = cleaned.norm
    if len(norm) > _SHORT or not (_PLACE_HINT.search(norm) or gazetteer.find(norm)):
        return None
    pieces = locate(norm, gazetteer, grammar_of(packs))
    if not pieces:
        return None
    rest = norm
    for piece in reversed(pieces):
        rest = rest[: piece.start] + rest[piece.end :]
    kind = Kind.PLACE if _PLACE_FILL.match(rest) else Kind.CHAT
    if kind is Kind.CHAT:
        return None
    return Reading(kind, Band.SILENT, (), resolve(pieces, cleaned, gazetteer), because=("只说了地方",))
