"""One message in, one reading out: scan, evidence, moods of speech, score, band."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gridbot.understanding import sound
from gridbot.understanding.evidence import Evidence, gather, possible
from gridbot.understanding.intents import Packs, Role
from gridbot.understanding.moods import Moods
from gridbot.understanding.placegrammar import Grammar, Piece
from gridbot.understanding.places import Gazetteer, locate, resolve
from gridbot.understanding.reading import Band, Issue, Kind, Place, Reading
from gridbot.understanding.scan import Scan
from gridbot.understanding.text import Text, clean

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


@dataclass(frozen=True, slots=True)
class _Found:
    issues: tuple[Issue, ...]
    danger: str  #: of the gravest evidence; "other" where there is no sentence for it
    band: Band
    because: tuple[str, ...]


def grammar_of(packs: Packs) -> Grammar:
    known = packs.memo.get("grammar")
    if not isinstance(known, Grammar):
        known = packs.memo["grammar"] = Grammar(packs.places)
    return known


def read(text: str, packs: Packs, gazetteer: Gazetteer, *, photo: bool = False) -> Reading:
    """What kind of message this is, which troubles it reports, where, how urgent, and why so."""
    cleaned = clean(text)
    hits = packs.automaton.find_matches_as_indexes(cleaned.norm, overlapping=True)
    reading = _read(cleaned, hits, packs, gazetteer, photo) if hits else None
    if reading is None or (
        reading.band is not Band.OPEN and reading.kind in {Kind.CHAT, Kind.REPORT, Kind.PLACE}
    ):
        repaired = sound.repair(cleaned, packs)
        if repaired is not None:
            better = _read_repaired(repaired, packs, gazetteer, photo)
            if better is not None:
                return better
    if reading is None:
        return _place_answer(cleaned, packs, gazetteer) or _CHAT
    return reading


def _read_repaired(
    repaired: sound.Repaired, packs: Packs, gazetteer: Gazetteer, photo: bool
) -> Reading | None:
    hits = packs.automaton.find_matches_as_indexes(repaired.text.norm, overlapping=True)
    reading = _read(repaired.text, hits, packs, gazetteer, photo)
    if reading.band is Band.SILENT:
        return None
    because = (*(f"听音：{heard}→{meant}" for heard, meant in repaired.changes), *reading.because)
    return replace(reading, because=because)


def _read(
    cleaned: Text, hits: Sequence[tuple[int, int, int]], packs: Packs, gazetteer: Gazetteer, photo: bool
) -> Reading:
    norm = cleaned.norm
    found = list(hits)
    if not possible(packs, found):
        return _without_report(cleaned, found, packs, gazetteer)
    pieces = locate(norm, gazetteer, grammar_of(packs))
    masked = [name for piece in pieces for name in piece.names]
    scan = Scan(norm, packs, found, masked)
    evidence = gather(scan, packs)
    if not evidence:
        return _without_report(cleaned, found, packs, gazetteer, scan)
    moods = Moods(scan, packs)
    standing = [one for one in evidence if not moods.silences(one)]
    places = resolve(pieces, cleaned, gazetteer)
    if not standing:
        return Reading(moods.kind(evidence), Band.SILENT, (), places, because=moods.because)
    weighed = _weigh(standing, packs, moods, pieces, photo)
    return _decide(weighed, packs, moods, places)


def _weigh(standing: list[Evidence], packs: Packs, moods: Moods, pieces: list[Piece], photo: bool) -> _Found:
    placed = any(piece.strength == 3 for piece in pieces)
    scores: dict[str, float] = {}
    words: dict[str, list[str]] = {}
    first: dict[str, int] = {}
    for one in standing:
        score = one.score
        if score < 1:
            score += moods.push(topic=one.rule.topic)
            score += (0.1 if one.rule.topic else 0.3) if placed else 0
            score += 0.3 if photo and not one.rule.topic else 0
        scores[one.type] = max(scores.get(one.type, 0), score)
        words.setdefault(one.type, []).append("+".join(one.words))
        first[one.type] = min(first.get(one.type, one.start), one.start)
    danger = next((one.rule.hazard for one in sorted(standing, key=_gravity) if one.rule.urgent), "")
    sure = {one.type for one in standing if one.score >= 1}
    opened = [t for t in scores if scores[t] >= packs.types[t].thresholds.open]
    asked = [t for t in scores if scores[t] >= packs.types[t].thresholds.ask]
    chosen = opened or asked
    if any(t in sure for t in chosen):
        chosen = [t for t in chosen if t in sure or not _topic_only(t, standing)]
    firm = [t for t in chosen if not packs.types[t].weak]
    if firm and any(t in sure for t in firm):
        chosen = [t for t in chosen if not packs.types[t].weak or t in sure]
    ranked = sorted(
        chosen, key=lambda t: (t not in sure, packs.types[t].weak, -round(min(scores[t], 1.2), 1), first[t])
    )[:4]
    issues = tuple(Issue(t, round(scores[t], 2), tuple(dict.fromkeys(words[t]))) for t in ranked)
    band = Band.OPEN if opened else Band.ASK if asked else Band.SILENT
    because = tuple(f"{packs.types[t].title}：{'、'.join(dict.fromkeys(words[t]))}" for t in ranked)
    return _Found(issues, danger if ranked else "", band, because)


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
    "",
)
_NAMED = {"other": ""}


def _gravity(one: Evidence) -> tuple[int, int]:
    return _GRAVEST.index(one.rule.hazard), one.start


def _topic_only(kind: str, standing: list[Evidence]) -> bool:
    return all(one.rule.topic for one in standing if one.type == kind)


def _decide(found: _Found, packs: Packs, moods: Moods, places: tuple[Place, ...]) -> Reading:
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
        _NAMED.get(found.danger, found.danger),
    )


def _without_report(
    cleaned: Text,
    found: list[tuple[int, int, int]],
    packs: Packs,
    gazetteer: Gazetteer,
    scan: Scan | None = None,
) -> Reading:
    """Silent, yet of a kind the desk wants to know: a status question, thanks, "me too", a place."""
    if any(packs.keywords[which].cue for which, _, _ in found):
        scan = scan or Scan(cleaned.norm, packs, found, ())
        kind, word = _spoken_kind(scan, packs)
        if kind is not Kind.CHAT:
            pieces = locate(cleaned.norm, gazetteer, grammar_of(packs)) if len(cleaned.norm) < 200 else []
            return Reading(kind, Band.SILENT, (), resolve(pieces, cleaned, gazetteer), because=(word,))
    return _place_answer(cleaned, packs, gazetteer) or _CHAT


_ORDER = (Kind.WITHDRAW, Kind.STATUS, Kind.STILL, Kind.SUPPORT, Kind.RESOLVED, Kind.QUESTION)


def _spoken_kind(scan: Scan, packs: Packs) -> tuple[Kind, str]:
    said: dict[Kind, str] = {}
    for hit in scan.hits:
        for use in hit.keyword.uses:
            if use.role is Role.CUE and scan.fits(hit, use):
                cue = packs.cues[use.owner]
                said.setdefault(cue.kind, f"{cue.why}：{hit.keyword.word}")
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
