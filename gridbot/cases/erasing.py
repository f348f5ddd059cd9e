"""删掉我的记录: a person's words and name go wherever they lie; cases and events stay as numbers.

Reached are what came in from his accounts, what he said of cases, how it was told to others (gone out or
still waiting), samples, pictures, questions, buttons, dead letters, his names and his accounts themselves.
A copy of the database made before (备份) still has them: see `store.copies`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from gridbot.cases import queries, samples, voice, wordless
from gridbot.cases.events import digest, record
from gridbot.grid import linking
from gridbot.messages import Actor, ChatKind, Outgoing, Role, dump, load_outgoing
from gridbot.store.copies import Gone
from gridbot.store.tables import (
    buttons,
    case_asks,
    case_events,
    case_messages,
    case_words,
    cases,
    chats,
    communities,
    held,
    holdings,
    identities,
    inbox,
    invitations,
    outbox,
    people,
    questions,
    unit_figures,
)
from gridbot.texts import privacy as words

ERASED = "erased"  #: the move of the event


@dataclass(frozen=True, slots=True)
class Erased:
    """One person who asked for it: ids and a time, no word."""

    community_id: int
    person_id: int
    at: datetime


def forget(
    db: Connection,
    community_id: int,
    person_id: int,
    platform: str = "",
    user: str = "",
    *,
    inbox_id: int | None = None,
    actor: Actor,
    now: datetime,
) -> None:
    """Erases what one person said in a community and what he is called. A name that stands in the
    directory (somebody holds an office) stays: it is the office's. `inbox_id`: the message asking for it."""
    for one in (person_id, *linking.also(db, person_id)):  # under each number he was known by
        counts = wipe(db, community_id, one, (platform, user), inbox_id=inbox_id, now=now)
        record(
            db,
            ERASED,
            community_id=community_id,
            case_id=None,
            actor=Actor(person_id, actor.role) if actor.role is Role.RESIDENT else actor,
            now=now,
            data={**counts, "person": one},
        )


def wipe(
    db: Connection,
    community_id: int,
    person_id: int,
    account: tuple[str, str] = ("", ""),
    *,
    inbox_id: int | None = None,
    now: datetime,
) -> dict[str, int]:
    """The erasing itself, without a trace in the record; a second time it finds nothing. Returns counts."""
    spoke = _spoke_of(db, community_id, person_id)
    counts = {
        "words": _words(db, community_id, person_id),
        "raw": _raw(db, community_id, person_id, account, inbox_id),
        "cases": _retold(db, community_id, person_id, spoke, now),
    }
    _asked(db, community_id, person_id, now)
    _name(db, person_id, now)
    return counts


def erased(db: Connection) -> list[Erased]:
    """Everybody erased so far: what has to be done again after an older copy was put back."""
    query = (
        sa.select(case_events.c.community_id, case_events.c.person_id, case_events.c.data, case_events.c.at)
        .where(case_events.c.move == ERASED)
        .order_by(case_events.c.id)
    )
    return [
        Erased(row.community_id, int(row.data.get("person") or row.person_id), row.at)
        for row in db.execute(query)
        if row.data.get("person") or row.person_id
    ]


def marks(db: Connection) -> dict[int, str]:
    """Each community's mark, which says nothing and stays the same in every copy: id → mark."""
    rows = db.execute(sa.select(communities.c.id, communities.c.salt, communities.c.created_at))
    return {row.id: digest(row.salt, f"{row.id} {row.created_at.isoformat()}")[:32] for row in rows}


def gone(db: Connection) -> list[Gone]:
    """Everybody erased so far, as the list beside a copy names them."""
    mark = marks(db)
    return [Gone(mark[one.community_id], one.person_id, one.at) for one in erased(db)]


def again(db: Connection, listed: Sequence[Gone], *, now: datetime) -> int:
    """An older copy was put back: whoever was erased since is erased again, and that is on record. Whom the
    copy does not know it need not forget. Returns how many."""
    community_of = {mark: community for community, mark in marks(db).items()}
    done = {(one.of, one.person) for one in gone(db)}
    count = 0
    for one in listed:
        community = community_of.get(one.of)
        known = sa.select(people.c.id).where(
            people.c.id == one.person, people.c.community_id == (community or 0)
        )
        if community is None or (one.of, one.person) in done or db.execute(known).first() is None:
            continue
        done.add((one.of, one.person))
        forget(db, community, one.person, actor=Actor.system(), now=now)
        count += 1
    return count


# --- what there is of him ------------------------------------------------------------------------


def _spoke_of(db: Connection, community_id: int, person_id: int) -> list[int]:
    """The cases he reported, and those he said a word of."""
    own = sa.select(cases.c.id).where(cases.c.community_id == community_id, cases.c.reporter_id == person_id)
    said = sa.select(case_messages.c.case_id).where(
        case_messages.c.community_id == community_id, case_messages.c.person_id == person_id
    )
    return list(db.execute(sa.union(own, said)).scalars())


def _words(db: Connection, community_id: int, person_id: int) -> int:
    of_person = sa.select(case_events.c.id).where(
        case_events.c.community_id == community_id, case_events.c.person_id == person_id
    )
    db.execute(sa.delete(case_words).where(case_words.c.event_id.in_(of_person)))
    gone = db.execute(
        sa.update(case_messages)
        .where(case_messages.c.community_id == community_id, case_messages.c.person_id == person_id)
        .values(text="", photos=[])
    )
    samples.forget_person(db, community_id, person_id)
    return gone.rowcount


def _raw(
    db: Connection, community_id: int, person_id: int, account: tuple[str, str], inbox_id: int | None
) -> int:
    """What came in from any of his accounts; what still waits to be handled is heard first."""
    accounts = db.execute(
        sa.select(identities.c.platform, identities.c.user).where(identities.c.person_id == person_id)
    ).all()
    known = {(row.platform, row.user) for row in accounts} | {account}
    nothing: dict[str, Any] = {"raw": None, "incoming": None, "user": "", "erase_at": None, "error": ""}
    count = 0
    for of_platform, of_user in known:
        gone = db.execute(
            sa.update(inbox)
            .where(
                sa.or_(inbox.c.community_id == community_id, inbox.c.community_id.is_(None)),
                inbox.c.platform == of_platform,
                inbox.c.user == of_user,
                inbox.c.user != "",
                inbox.c.state != "pending",
            )
            .values(**nothing, state="done")
        )
        count += gone.rowcount
    if inbox_id is not None:
        db.execute(sa.update(inbox).where(inbox.c.id == inbox_id).values(**nothing))
    return count


def _retold(db: Connection, community_id: int, person_id: int, spoke: Sequence[int], now: datetime) -> int:
    """His words as others read them or are about to, and the door number in the place."""
    own = list(
        db.execute(
            sa.select(cases.c.id).where(
                cases.c.community_id == community_id, cases.c.reporter_id == person_id
            )
        ).scalars()
    )
    parts = list(db.execute(sa.select(cases.c.id).where(cases.c.parent_id.in_(own))).scalars())
    wordless.public(db, [*own, *parts])
    told = [*spoke, *parts]
    wordless.retold(db, told)
    _unsaid(db, told)
    db.execute(sa.update(held).where(held.c.case_id.in_(own), held.c.told_at.is_not(None)).values(text=""))
    return len(own)


def _unsaid(db: Connection, ids: Sequence[int]) -> None:
    """What waits to be said of these cases is said without the words: number, kind and area."""
    waiting = sa.select(outbox.c.id, outbox.c.payload, outbox.c.case_id, chats.c.kind).where(
        outbox.c.chat_id == chats.c.id,
        outbox.c.case_id.in_(ids),
        outbox.c.state.in_(("waiting", "claimed", "parked")),
        outbox.c.kind.in_(("send", "card")),
        chats.c.kind == ChatKind.PRIVATE.value,
    )
    for row in db.execute(waiting).all():
        said = load_outgoing(row.payload)
        case = queries.case(db, row.case_id)
        text = words.erased_notice(voice.called(case, shared=True), case.number)
        left = dump(Outgoing(text=text, buttons=said.buttons, reply_to=said.reply_to, thread=said.thread))
        db.execute(sa.update(outbox).where(outbox.c.id == row.id).values(payload=left))


def _asked(db: Connection, community_id: int, person_id: int, now: datetime) -> None:
    """What he was asked, told and offered; what he asked of others."""
    mine = (questions.c.community_id == community_id) & (questions.c.person_id == person_id)
    wordless.strip(db, questions, mine)
    db.execute(sa.update(questions).where(mine, questions.c.answered_at.is_(None)).values(answered_at=now))
    wordless.strip(db, buttons, (buttons.c.community_id == community_id) & (buttons.c.person_id == person_id))
    own_chats = sa.select(chats.c.id).where(
        chats.c.person_id == person_id, chats.c.kind == ChatKind.PRIVATE.value
    )
    to_him = outbox.c.chat_id.in_(own_chats) & outbox.c.state.in_(wordless.SAID)
    db.execute(sa.update(outbox).where(to_him).values(payload=wordless.NOTHING))
    db.execute(
        sa.update(held).where(held.c.person_id == person_id, held.c.told_at.is_not(None)).values(text="")
    )
    asked = (case_asks.c.community_id == community_id) & (case_asks.c.by_person_id == person_id)
    db.execute(sa.update(case_asks).where(asked).values(words=""))
    noted = (unit_figures.c.community_id == community_id) & (unit_figures.c.by_person_id == person_id)
    db.execute(sa.update(unit_figures).where(noted).values(note=""))
    db.execute(
        sa.update(invitations)
        .where(invitations.c.community_id == community_id, invitations.c.person_id == person_id)
        .values(name="")
    )


def _name(db: Connection, person_id: int, now: datetime) -> None:
    """What he is called, and the accounts by which he would be known again. Who said 别看我 stays known by
    his account alone, or he could not be left alone."""
    office = sa.select(holdings.c.id).where(holdings.c.person_id == person_id, holdings.c.until.is_(None))
    if db.execute(office.limit(1)).first() is not None:
        return
    data: dict[str, Any] = db.execute(sa.select(people.c.data).where(people.c.id == person_id)).scalar_one()
    ignored = bool(data.get("ignored"))
    kept = {"ignored": True} if ignored else {}
    db.execute(
        sa.update(people).where(people.c.id == person_id).values(name="", phone="", data=kept, erased_at=now)
    )
    his = identities.c.person_id == person_id
    if ignored:
        db.execute(sa.update(identities).where(his).values(name=""))
        return
    db.execute(sa.delete(identities).where(his))
    # His private chat is as before he came: what he says there next is said by somebody new.
    db.execute(
        sa.update(chats).where(chats.c.person_id == person_id).values(person_id=None, community_id=None)
    )
