"""What looks like reports in a pasted record (贴聊天记录): a list for somebody to confirm.

No window runs and nobody is asked here: the talk is over, so what belongs together is seen at once.
Nothing is written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import msgspec

from gridbot import understanding
from gridbot.desk import drafts
from gridbot.understanding.exports import Line
from gridbot.understanding.intents import Packs
from gridbot.understanding.places import Gazetteer
from gridbot.understanding.reading import Band, Kind, Reading
from gridbot.understanding.text import clean

MOST = 100  #: reports found in one record; a week of a busy group has twenty
TOGETHER = timedelta(minutes=10)  #: what one person adds within it belongs to the report
SAME = timedelta(hours=48)  #: one trouble at one place within it is one report
_PIECES = 12
_LONGEST = 1_000


class Piece(msgspec.Struct, frozen=True):
    """One message of a record, as it goes to the page and comes back from it."""

    who: str
    user: str
    at: datetime
    text: str
    photo: bool = False

    @property
    def key(self) -> str:
        """The same words of the same person on one day are one message, however often they are pasted."""
        words = f"{self.user}|{self.at.date()}|{clean(self.text).norm}|{self.photo}"
        return hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()[:32]


class Found(msgspec.Struct, forbid_unknown_fields=True):
    """A report: what its reporter said, and who else said so."""

    own: list[Piece]
    others: list[Piece] = []

    @property
    def text(self) -> str:
        return "\n".join(piece.text for piece in self.own if piece.text)


class Candidate(msgspec.Struct):
    """A report with how it was read."""

    found: Found
    reading: Reading
    mended: bool = False  #: somebody said later that it is over

    @property
    def sure(self) -> bool:
        return self.reading.band is Band.OPEN and not self.mended


def find(lines: Iterable[Line], packs: Packs, gazetteer: Gazetteer) -> list[Candidate]:
    """In the order in which they were said."""
    candidates: list[Candidate] = []
    for line in lines:
        if line.forwarded:
            continue
        text = line.text[:_LONGEST]
        reading = understanding.read(text, packs, gazetteer, photo=line.photo)
        piece = Piece(line.who, line.user or line.who, line.at, text, line.photo)
        if _joins(candidates, piece, reading):
            continue
        if drafts.reports(reading) and len(candidates) < MOST:
            candidates.append(Candidate(Found([piece]), reading))
    return [_read_whole(one, packs, gazetteer) for one in candidates]


def _joins(candidates: list[Candidate], piece: Piece, reading: Reading) -> bool:
    """Whether a message belongs to something found before."""
    if reading.kind is Kind.RESOLVED:
        for one in _lately(candidates, piece, SAME):
            if not reading.issues or set(reading.types) & set(one.reading.types):
                one.mended = True
                break
        return True
    if drafts.reports(reading):
        return _said_before(candidates, piece, reading)
    mine = next((one for one in _lately(candidates, piece, TOGETHER) if _own(one, piece)), None)
    if mine is not None and (reading.kind is Kind.PLACE or (piece.photo and not piece.text)):
        _add(mine.found.own, piece)
        return True
    if reading.kind is Kind.SUPPORT:
        latest = next(_lately(candidates, piece, timedelta(hours=1)), None)
        if latest is not None and not _own(latest, piece):
            _support(latest, piece)
        return True
    return False


def _lately(candidates: list[Candidate], piece: Piece, within: timedelta) -> Iterator[Candidate]:
    """The latest first."""
    for one in reversed(candidates):
        if piece.at - one.found.own[-1].at > within:
            return
        yield one


def _said_before(candidates: list[Candidate], piece: Piece, reading: Reading) -> bool:
    place = drafts.best_place(reading.places)
    for one in _lately(candidates, piece, SAME):
        if not reading.types or reading.types[0] not in one.reading.types:
            continue
        known = drafts.best_place(one.reading.places)
        near = piece.at - one.found.own[-1].at <= TOGETHER
        if _own(one, piece) and near and (place is None or known is None or place.key == known.key):
            _add(one.found.own, piece)
            return True
        if not _own(one, piece) and place is not None and known is not None and place.key == known.key:
            _support(one, piece)
            one.mended = False
            return True
    return False


def _own(one: Candidate, piece: Piece) -> bool:
    return one.found.own[0].user == piece.user


def _add(pieces: list[Piece], piece: Piece) -> None:
    if len(pieces) < _PIECES:
        pieces.append(piece)


def _support(one: Candidate, piece: Piece) -> None:
    if all(other.user != piece.user for other in one.found.others):
        _add(one.found.others, piece)


def _read_whole(one: Candidate, packs: Packs, gazetteer: Gazetteer) -> Candidate:
    """With what came later: the place, mostly."""
    if len(one.found.own) == 1:
        return one
    whole = understanding.read(one.found.text, packs, gazetteer, photo=any(p.photo for p in one.found.own))
    if drafts.reports(whole):
        one.reading = whole
    return one
