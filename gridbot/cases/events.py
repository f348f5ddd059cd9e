"""The record: every change leaves one row, and each row seals the one before it.

An event holds ids and codes alone; what was said lies in case_word, which can be erased, and the event
keeps a salted digest of it. The salt lies with the words and goes with them, so that what is left cannot
be guessed back (a telephone number would be, in seconds). So a person can be forgotten while the chain
stays whole. Writers of one community wait for each other at its row: the chain has one end.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from gridbot.messages import Actor, Move
from gridbot.store.tables import case_events, case_words, communities

_BY_WAY_OF: ContextVar[str] = ContextVar("by_way_of", default="")


@contextmanager
def by_way_of(way: str) -> Iterator[None]:
    """Events written meanwhile bear `via`: what is done in the console is told apart from a chat."""
    token = _BY_WAY_OF.set(way)
    try:
        yield
    finally:
        _BY_WAY_OF.reset(token)


_TAKE = (
    sa.update(communities)
    .where(communities.c.id == sa.bindparam("of_community"))
    .values(
        last_event=communities.c.last_event + 1,
        last_case=communities.c.last_case + sa.bindparam("cases"),
    )
    .returning(communities.c.last_event, communities.c.last_case, communities.c.salt, communities.c.last_hash)
)
_SEAL = (
    sa.update(communities)
    .where(communities.c.id == sa.bindparam("of_community"))
    .values(last_hash=sa.bindparam("hash_now"))
)
_EVENT = sa.insert(case_events)
_WORDS = sa.insert(case_words)


@dataclass(frozen=True, slots=True)
class Taken:
    """A place in the record, and the community's newest case number."""

    community_id: int
    seq: int
    number: int
    salt: str
    prev_hash: str


def take(db: Connection, community_id: int, *, number: bool = False) -> Taken:
    """Takes the next place in the record; with `number` the next case number, too."""
    row = db.execute(_TAKE, {"of_community": community_id, "cases": int(number)}).one()
    return Taken(community_id, row.last_event, row.last_case, row.salt, row.last_hash)


def write(
    db: Connection,
    taken: Taken,
    move: Move | str,
    *,
    case_id: int | None,
    actor: Actor,
    now: datetime,
    data: dict[str, Any] | None = None,
    words: str = "",
) -> int:
    """Fills the place taken; returns the event's id."""
    own = secrets.token_hex(16) if words else ""
    via = _BY_WAY_OF.get()
    event: dict[str, Any] = {
        "community_id": taken.community_id,
        "case_id": case_id,
        "seq": taken.seq,
        "move": str(move),
        "person_id": actor.person,
        "role": actor.role.value,
        "data": {**(data or {}), **({"via": via} if via else {})},
        "digest": digest(taken.salt, words, own),
        "at": now,
        "prev_hash": taken.prev_hash,
    }
    event["hash"] = seal(event)
    key = db.execute(_EVENT, event).inserted_primary_key
    assert key is not None
    db.execute(_SEAL, {"of_community": taken.community_id, "hash_now": event["hash"]})
    if words:
        kept = {"community_id": taken.community_id, "event_id": key[0], "text": words, "salt": own}
        db.execute(_WORDS, kept)
    return int(key[0])


def record(
    db: Connection,
    move: Move | str,
    *,
    community_id: int,
    case_id: int | None,
    actor: Actor,
    now: datetime,
    data: dict[str, Any] | None = None,
    words: str = "",
) -> int:
    """Adds one event; returns its id."""
    taken = take(db, community_id)
    return write(db, taken, move, case_id=case_id, actor=actor, now=now, data=data, words=words)


def digest(salt: str, words: str, own: str = "") -> str:
    """`own`: the salt that lies with the words; older rows have none."""
    salted = f"{salt}\n{own}\n{words}" if own else f"{salt}\n{words}"
    return hashlib.sha256(salted.encode("utf-8", "replace")).hexdigest() if words else ""


def seal(event: dict[str, Any]) -> str:
    """The hash of an event, over everything it says and the hash before it. As it was written and as it is
    read back it is the same: times in UTC, data as JSON keeps it."""
    said = [
        event["community_id"],
        event["seq"],
        event["case_id"],
        event["move"],
        event["person_id"],
        event["role"],
        json.loads(json.dumps(event["data"])),
        event["digest"],
        event["at"].astimezone(UTC).isoformat(timespec="microseconds"),
        event["prev_hash"],
    ]
    told = json.dumps(said, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()
