"""From the reading of a message to a draft of a case: what, where, how urgent, and whether it is private."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace

from gridbot import understanding
from gridbot.cases import deadlines
from gridbot.cases.actions import Draft, Said
from gridbot.desk import parties, remarks
from gridbot.desk.context import Hearing
from gridbot.understanding.intents import IssueType
from gridbot.understanding.reading import Band, Issue, Kind, Place, Reading
from gridbot.understanding.text import clean

#: Dangers to one person: never spoken of in the group, not even by a reaction.
PERSONAL = frozenset({"violence", "relapse", "crisis", "lost"})
_TELLING = 3
_NO_THING = re.compile(
    r"[0-9零一二两三四五六七八九十]*(?:号楼|楼|单元|层|栋|幢|号|院|室|户|家|我家|我妈|我爸|人|师傅|老人|孩子)"
)
_LONGEST = 200  #: characters of a fragment that are searched for a place


def draft_of(h: Hearing, reading: Reading) -> Draft:
    """What the reading says, with the types' names and limits from the packs."""
    types = [h.knows.packs.types[issue.type] for issue in reading.issues]
    place = best_place(reading.places)
    choices = place.choices if place is not None else ()
    main = types[0] if types else None
    where = said_place(reading.places)
    shared = parties.overlapping(h, place.key) if place is not None else ()
    choices = () if shared else choices  # exclusive grids overlap: both are meant, nothing is asked
    return Draft(
        types=tuple(one.id for one in types),
        titles=tuple(
            _called(issue, one, where) for issue, one in zip(reading.issues[:2], types[:2], strict=True)
        ),
        place=where,
        place_key=place.key if place else "",
        side=place.side.value if place else "",
        node_id=(place.node if place else None) or (shared[0] if shared else h.chat.node_id),
        urgent=reading.urgent,
        private=is_private(reading) or discreet(h, h.said.text or h.said.transcript),
        hazard=reading.danger,
        claim_minutes=main.deadlines.claim if main else 120,
        finish_by=deadlines.finish_by(h.knows.settings, limits_of(main), main.id, h.said.sent_at)
        if main
        else None,
        data={
            "because": list(reading.because),
            "choices": list(choices),
            "band": reading.band.value,
            "placed": place is not None,
            **({"limits": limits_of(main)} if main else {}),
            **parties.duties(h, types, place.key if place else ""),
        },
    )


def _called(issue: Issue, kind: IssueType, where: str) -> str:
    """The thing that is broken, if it is one with an owner and a word of ours for it (楼道灯), else the
    type's name: what people do to each other is called by no word of theirs."""
    if kind.private or not kind.owner_first:
        return kind.title
    things = [thing for thing, plus, _ in (word.partition("+") for word in issue.words) if plus]
    fit = [
        thing
        for thing in things
        if 1 < len(thing) <= 6 and not (thing in where or _NO_THING.fullmatch(thing))
    ]
    return max(fit, key=len, default=kind.title)


def limits_of(kind: IssueType) -> dict[str, str]:
    """The type's own limits, as a case keeps them; the community's come over them."""
    own = kind.deadlines
    return deadlines.given(own.claim, own.remind, (own.finish.amount, own.finish.unit))


def is_private(reading: Reading) -> bool:
    return reading.private or reading.danger in PERSONAL


def discreet(h: Hearing, text: str) -> bool:
    """别在群里说, 千万别讲是我说的: whoever reports wants nobody else to hear of it."""
    return 0 < len(text) <= _LONGEST and remarks.of(h.knows.packs).says("discreet", text)


def best_place(places: tuple[Place, ...]) -> Place | None:
    """The place a case lies at: one the grid knows before one only the grammar knows. A mere kind of
    place (楼道, 门口) is none: it could be anywhere."""
    firm = [place for place in places if place.strength > 1]
    known = [place for place in firm if place.node is not None]
    return known[0] if known else (firm[0] if firm else None)


def said_place(places: tuple[Place, ...]) -> str:
    """The places as written; mere kinds of place only where nothing better was said."""
    firm = [place for place in places if place.strength > 1] or list(places)
    return " ".join(dict.fromkeys(one.text for one in firm[:2]))


def said_of(h: Hearing, *, part: str = "report") -> Said:
    said = h.said
    words = said.text or said.transcript
    return Said(h.inbox_id, h.person, words, said.message, said.sent_at, said.photos, part)


def with_places(h: Hearing, reading: Reading, text: str) -> Reading:
    """The reading with the places of a short text that is no report by itself ("西边那个门")."""
    if reading.places or not text or len(text) > _LONGEST:
        return reading
    from gridbot.understanding.places import find_places
    from gridbot.understanding.reader import grammar_of

    found = find_places(text, h.knows.gazetteer, h.chat.node_id, grammar=grammar_of(h.knows.packs))
    return replace(reading, places=found)


def read(h: Hearing, text: str) -> Reading:
    return understanding.read(text, h.knows.packs, h.knows.gazetteer)


def reports(reading: Reading) -> bool:
    return reading.kind is Kind.REPORT and reading.band is not Band.SILENT


def things(h: Hearing, text: str) -> list[tuple[str, frozenset[str]]]:
    """The things named in a text that something can be said of, longest first, each with its types.
    A word within a longer one is not meant by itself; houses and people are no things."""
    packs = h.knows.packs
    hits = packs.automaton.find_matches_as_indexes(clean(text).norm, overlapping=True)
    found: list[tuple[str, frozenset[str]]] = []
    taken: set[int] = set()
    for which, start, end in sorted(hits, key=lambda hit: hit[1] - hit[2]):
        keyword = packs.keywords[which]
        if not keyword.things or not taken.isdisjoint(range(start, end)):
            continue
        taken.update(range(start, end))
        if not _NO_THING.fullmatch(keyword.word):
            types = frozenset(packs.rules[number].type for number in _bits(keyword.things))
            found.append((keyword.word, types))
    return found


def topics(h: Hearing, text: str) -> frozenset[str]:
    """The types whose things a text names, report or not: what it is about, if about anything. A thing
    of many types (楼道) says nothing."""
    return frozenset().union(*(types for _, types in things(h, text) if telling(types)))


def telling(types: Collection[str]) -> bool:
    """Whether a thing of these types says what a text is about; a thing of many (楼道) does not."""
    return len(types) <= _TELLING


def names_a_fault(h: Hearing, text: str) -> bool:
    """Whether a text says a fault: a word of three characters at least, or of two that more than one rule
    knows (坏了, not 收到)."""
    packs = h.knows.packs
    for which, start, end in packs.automaton.find_matches_as_indexes(clean(text).norm, overlapping=True):
        rules = packs.keywords[which].faults
        if rules and end - start > 1 and (end - start > 2 or rules & (rules - 1)):
            return True
    return False


def _bits(bits: int) -> list[int]:
    return [number for number in range(bits.bit_length()) if bits >> number & 1]
