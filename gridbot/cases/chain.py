"""Whether the record is what it was: every event sealed, each after the one before it, none missing.

Looks at one community's chain (链) as it is stored and says where it does not hold. Whoever can write to
the database can seal a whole false chain, or cut the end off: an anchor (锚), the last hash printed on a
paper that left the house, finds both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot.cases.events import digest, seal
from gridbot.store.tables import case_events, case_words, communities

ANCHOR = 16  #: hexadecimal digits of a hash that are printed; 64 bits cannot be hit by trying
MOST = 200  #: places that are tried for an event that was moved
_EVENTS = (
    sa.select(case_events)
    .where(case_events.c.community_id == sa.bindparam("of_community"))
    .order_by(case_events.c.seq, case_events.c.id)
)
_WORDS = sa.select(case_words.c.event_id, case_words.c.text, case_words.c.salt).where(
    case_words.c.community_id == sa.bindparam("of_community")
)
_END = sa.select(communities.c.last_event, communities.c.last_hash, communities.c.salt).where(
    communities.c.id == sa.bindparam("of_community")
)


@dataclass(frozen=True, slots=True)
class Broken:
    """One place where the chain does not hold.

    `what`: missing | changed | inserted | moved | words | end | anchor. `seq`: the event, or the first of
    those missing; `until`: the last of them. `case_id`: the case the event is of, as far as is known.
    """

    what: str
    seq: int
    until: int = 0
    case_id: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`events`: how many were looked at; `erased`: of how many the words are gone, which is in order."""

    events: int
    last_seq: int
    last_hash: str
    erased: int
    broken: tuple[Broken, ...]

    @property
    def anchor(self) -> str:
        return f"{self.last_seq}-{self.last_hash[:ANCHOR]}" if self.last_hash else ""


def anchor(db: Connection, community_id: int) -> str:
    """The end of the chain as it is printed: "412-0f3a…"; "" while nothing has happened."""
    end = db.execute(_END, {"of_community": community_id}).one()
    return f"{end.last_event}-{end.last_hash[:ANCHOR]}" if end.last_hash else ""


def verify(db: Connection, community_id: int, *, anchors: Iterable[str] = ()) -> Verdict:
    """Reads the whole chain once. `anchors`: as printed ("412-0f3a…"), or a hash alone."""
    which = {"of_community": community_id}
    end = db.execute(_END, which).one()
    words: dict[int, list[Any]] = {}
    for row in db.execute(_WORDS, which).all():
        words.setdefault(row.event_id, []).append(row)
    broken: list[Broken] = []
    unsealed: list[Row[Any]] = []
    hashes: dict[str, int] = {}
    before, expected, count, erased = "", 1, 0, 0
    fits = (
        True  #: the event before is sealed as it stands; else it is its fault that this one does not follow
    )
    for event in db.execute(_EVENTS, which):
        count += 1
        if event.seq > expected:
            broken.append(Broken("missing", expected, event.seq - 1))
        sealed = seal(event._asdict()) == event.hash
        if event.seq > end.last_event:
            broken.append(Broken("inserted", event.seq, case_id=event.case_id))
        elif not sealed:
            unsealed.append(event)
        elif event.prev_hash != before and event.seq == expected and fits:
            broken.append(Broken("moved", event.seq, case_id=event.case_id))
        said = words.pop(event.id, [])
        erased += bool(event.digest) and not said
        broken += _of_words(event, said, end.salt)
        hashes[event.hash] = event.seq
        before, expected, fits = event.hash, event.seq + 1, sealed
    if expected <= end.last_event:
        broken.append(Broken("missing", expected, end.last_event))
    elif before != end.last_hash and count <= end.last_event:
        broken.append(Broken("end", end.last_event))
    broken += _unsealed(unsealed)
    broken += (Broken("anchor", seq) for seq in _unknown(anchors, hashes))
    broken.sort(key=lambda one: one.seq)
    return Verdict(count, expected - 1, before, erased, tuple(broken))


def _unsealed(events: list[Row[Any]]) -> Iterator[Broken]:
    """Events whose seal does not fit them where they stand: it may fit where another of them stands."""
    places = sorted({event.seq + step for event in events[:MOST] for step in (-1, 0, 1)})
    for event in events:
        moved = any(seal(event._asdict() | {"seq": seq}) == event.hash for seq in places if seq != event.seq)
        yield Broken("moved" if moved else "changed", event.seq, case_id=event.case_id)


def _of_words(event: Row[Any], said: list[Any], salt: str) -> Iterator[Broken]:
    """Words may be gone; if they are there they are those that were said."""
    if len(said) > 1 or any(digest(salt, one.text, one.salt) != event.digest for one in said):
        yield Broken("words", event.seq, case_id=event.case_id)


def _unknown(anchors: Iterable[str], hashes: dict[str, int]) -> Iterator[int]:
    """The numbers of printed ends that the chain does not have, or has elsewhere."""
    for one in anchors:
        number, dash, start = one.strip().lower().rpartition("-")
        seq = int(number) if dash and number.isdigit() else 0
        found = [at for full, at in hashes.items() if len(start) >= ANCHOR and full.startswith(start)]
        if not found or (seq and seq not in found):
            yield seq
