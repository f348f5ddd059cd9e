"""Reading cases; everything is asked within one community."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot.cases.position import ladder_position as ladder_position
from gridbot.messages import OPEN_STATES, CaseState, Move, load_incoming
from gridbot.store.tables import (
    case_events,
    case_messages,
    case_words,
    cases,
    duties,
    holdings,
    identities,
    inbox,
    people,
    questions,
    supporters,
)

_OPEN = [state.value for state in OPEN_STATES]
_LIVE = [*_OPEN, CaseState.DONE.value]
# Written out: a list in an IN is rendered anew each time the statement runs.
is_live = sa.or_(*(cases.c.state == state for state in _LIVE))
is_whole = cases.c.parent_id.is_(None)  #: not a share of a case: what residents speak of
_is_open = sa.or_(*(cases.c.state == state for state in _OPEN))
_CASE = sa.select(cases).where(cases.c.id == sa.bindparam("of_case"))
_CASE_LOCKED = _CASE.with_for_update()


def case(db: Connection, case_id: int, *, lock: bool = False) -> Row[Any]:
    """Raises sqlalchemy.exc.NoResultFound."""
    return db.execute(_CASE_LOCKED if lock else _CASE, {"of_case": case_id}).one()


def in_community(db: Connection, community_id: int, case_id: int) -> Row[Any] | None:
    """The case of this id, if it is this community's."""
    query = sa.select(cases).where(cases.c.community_id == community_id, cases.c.id == case_id)
    return db.execute(query).one_or_none()


def by_number(db: Connection, community_id: int, number: int) -> Row[Any] | None:
    query = sa.select(cases).where(cases.c.community_id == community_id, cases.c.number == number)
    return db.execute(query).one_or_none()


def open_cases(db: Connection, community_id: int) -> list[Row[Any]]:
    query = (
        sa.select(cases)
        .where(cases.c.community_id == community_id, is_live, cases.c.number.is_not(None))
        .order_by(cases.c.urgent.desc(), cases.c.number)
    )
    return list(db.execute(query))


_OF_REPORTER = (
    sa.select(cases)
    .where(
        cases.c.community_id == sa.bindparam("of_community"),
        cases.c.reporter_id == sa.bindparam("of_person"),
        cases.c.state.in_(sa.bindparam("states", expanding=True)),
    )
    .order_by(cases.c.reported_at.desc())
)


def of_reporter(
    db: Connection, community_id: int, person_id: int, states: Sequence[str] = _LIVE
) -> list[Row[Any]]:
    """Newest first."""
    which = {"of_community": community_id, "of_person": person_id, "states": list(states)}
    return list(db.execute(_OF_REPORTER, which))


_GATHERING = (
    sa.select(cases)
    .where(
        cases.c.reporter_id == sa.bindparam("of_person"),
        _is_open,
        cases.c.chat_id == sa.bindparam("of_chat"),
        cases.c.gather_until >= sa.bindparam("at"),
    )
    .order_by(cases.c.reported_at.desc())
    .limit(5)
)
_ELSEWHERE = (
    sa.select(cases)
    .where(
        cases.c.reporter_id == sa.bindparam("of_person"),
        is_live,
        cases.c.chat_id != sa.bindparam("of_chat"),
        cases.c.reported_at >= sa.bindparam("since"),
    )
    .order_by(cases.c.reported_at.desc())
    .limit(3)
)


def gathering(db: Connection, chat_id: int, person_id: int, at: datetime) -> list[Row[Any]]:
    """Open cases of a reporter in a chat that still take in what they say, the newest first."""
    return list(db.execute(_GATHERING, {"of_chat": chat_id, "of_person": person_id, "at": at}))


def reported_elsewhere(db: Connection, chat_id: int, person_id: int, since: datetime) -> list[Row[Any]]:
    """What somebody has just reported in other chats."""
    return list(db.execute(_ELSEWHERE, {"of_chat": chat_id, "of_person": person_id, "since": since}))


def of_supporter(db: Connection, community_id: int, person_id: int) -> list[Row[Any]]:
    query = (
        sa.select(cases)
        .join(supporters, supporters.c.case_id == cases.c.id)
        .where(
            cases.c.community_id == community_id,
            supporters.c.person_id == person_id,
            is_live,
        )
        .order_by(cases.c.reported_at.desc())
    )
    return list(db.execute(query))


def with_owner(db: Connection, community_id: int, person_id: int) -> list[Row[Any]]:
    """What somebody has in hand, newest first."""
    query = (
        sa.select(cases)
        .where(
            cases.c.community_id == community_id,
            cases.c.owner_id == person_id,
            is_live,
            cases.c.number.is_not(None),
        )
        .order_by(cases.c.reported_at.desc())
    )
    return list(db.execute(query))


_LIVE_IN_CHAT = (
    sa.select(cases)
    .where(
        cases.c.chat_id == sa.bindparam("of_chat"),
        cases.c.reported_at >= sa.bindparam("since"),
        sa.or_(is_live, cases.c.state == CaseState.CLOSED.value),
        is_whole,
    )
    .order_by(cases.c.reported_at.desc())
    .limit(15)
)


def recent_in_chat(db: Connection, chat_id: int, since: datetime) -> list[Row[Any]]:
    """Cases reported in this chat since then, closed ones included, newest first."""
    return list(db.execute(_LIVE_IN_CHAT, {"of_chat": chat_id, "since": since}))


_TALK_OF = _LIVE_IN_CHAT.with_only_columns(
    cases.c.id,
    cases.c.types,
    cases.c.place_key,
    cases.c.private,
    cases.c.urgent,
    cases.c.reporter_id,
    cases.c.state,
    cases.c.reported_at,
)


def talk_of(db: Connection, chat_id: int, since: datetime) -> list[Row[Any]]:
    """As recent_in_chat, but only what is needed to tell which one is meant."""
    return list(db.execute(_TALK_OF, {"of_chat": chat_id, "since": since}))


_SIMILAR = (
    sa.select(cases)
    .where(
        cases.c.community_id == sa.bindparam("of_community"),
        cases.c.place_key == sa.bindparam("of_place"),
        cases.c.reported_at >= sa.bindparam("since"),
        sa.or_(is_live, cases.c.state == CaseState.CLOSED.value),
        is_whole,
    )
    .order_by(cases.c.reported_at.desc())
    .limit(20)
)


def similar(db: Connection, community_id: int, type_: str, place_key: str, since: datetime) -> list[Row[Any]]:
    """Cases of the same type at the same place: candidates for 附议, newest first."""
    which = {"of_community": community_id, "of_place": place_key, "since": since}
    return [row for row in db.execute(_SIMILAR, which) if type_ in row.types]


_LAST_WORDS = sa.select(sa.func.max(case_messages.c.at)).where(
    case_messages.c.case_id == sa.bindparam("of_case"), case_messages.c.person_id == sa.bindparam("of_person")
)


def last_words(db: Connection, case_id: int, person_id: int | None) -> datetime | None:
    """When somebody last said something that belongs to the case."""
    at: datetime | None = db.execute(_LAST_WORDS, {"of_case": case_id, "of_person": person_id}).scalar()
    return at


_FALSE = sa.select(sa.func.count()).where(
    cases.c.community_id == sa.bindparam("of_community"),
    cases.c.reporter_id == sa.bindparam("of_person"),
    cases.c.state == CaseState.WITHDRAWN.value,
    cases.c.urgent.is_(True),
    cases.c.reported_at >= sa.bindparam("since"),
)


def false_alarms(db: Connection, community_id: int, person_id: int | None, since: datetime) -> int:
    """How many emergencies of one person were taken back since then."""
    which = {"of_community": community_id, "of_person": person_id, "since": since}
    return int(db.execute(_FALSE, which).scalar_one())


_BACKED = (
    sa.select(cases)
    .join(supporters, supporters.c.case_id == cases.c.id)
    .where(
        cases.c.chat_id == sa.bindparam("of_chat"),
        is_live,
        supporters.c.person_id == sa.bindparam("of_person"),
    )
    .order_by(supporters.c.id.desc())
    .limit(3)
)


def backed_in_chat(db: Connection, chat_id: int, person_id: int) -> list[Row[Any]]:
    """Live cases of this chat that somebody supports, the latest support first."""
    return list(db.execute(_BACKED, {"of_chat": chat_id, "of_person": person_id}))


_SINCE = (
    sa.select(inbox.c.incoming)
    .where(
        inbox.c.chat_id == sa.bindparam("of_chat"),
        inbox.c.sent_at > sa.bindparam("since"),
        inbox.c.id < sa.bindparam("before"),
        inbox.c.incoming.is_not(None),
    )
    .order_by(inbox.c.id.desc())
    .limit(30)
)


def texts_since(db: Connection, chat_id: int, since: datetime, before: int) -> list[str]:
    """What was said in a chat since then, the latest first, as far as it is still kept."""
    rows = db.execute(_SINCE, {"of_chat": chat_id, "since": since, "before": before}).scalars()
    return [said.text for said in map(load_incoming, rows) if said.text]


_BY_MESSAGE = (
    sa.select(case_messages.c.case_id)
    .where(
        case_messages.c.message == sa.bindparam("of_message"),
        case_messages.c.community_id == sa.bindparam("of_community"),
        cases.c.chat_id == sa.bindparam("of_chat"),
    )
    .join(cases, cases.c.id == case_messages.c.case_id)
    .order_by(case_messages.c.id.desc())
    .limit(1)
)


def by_message(db: Connection, community_id: int, chat_id: int, message: str) -> int | None:
    """The case a resident's own message belongs to: for replies under it, edits and recalls."""
    if not message:
        return None
    which = {"of_community": community_id, "of_chat": chat_id, "of_message": message}
    found: int | None = db.execute(_BY_MESSAGE, which).scalar()
    return found


_WORDS = (
    sa.select(case_messages.c.text)
    .where(
        case_messages.c.case_id == sa.bindparam("of_case"),
        case_messages.c.part == sa.bindparam("of_part"),
        case_messages.c.text != "",
    )
    .order_by(case_messages.c.at, case_messages.c.id)  # what was said before came to it later
)
_MESSAGES = (
    sa.select(case_messages)
    .where(case_messages.c.case_id == sa.bindparam("of_case"))
    .order_by(case_messages.c.id)
)
_SUPPORTERS = sa.select(supporters.c.person_id).where(supporters.c.case_id == sa.bindparam("of_case"))


def words_of(db: Connection, case_id: int, part: str = "report") -> str:
    """What was reported, fragment by fragment, as said. Unmasked: mask before it goes anywhere."""
    return " ".join(db.execute(_WORDS, {"of_case": case_id, "of_part": part}).scalars())


def messages_of(db: Connection, case_id: int) -> list[Row[Any]]:
    return list(db.execute(_MESSAGES, {"of_case": case_id}))


def supporter_ids(db: Connection, case_id: int) -> list[int]:
    return list(db.execute(_SUPPORTERS, {"of_case": case_id}).scalars())


def timeline(db: Connection, case_id: int) -> list[Row[Any]]:
    """Every event of a case with its words, in order."""
    query = (
        sa.select(case_events, case_words.c.text.label("words"))
        .outerjoin(case_words, case_words.c.event_id == case_events.c.id)
        .where(case_events.c.case_id == case_id)
        .order_by(case_events.c.seq)
    )
    return list(db.execute(query))


def last_event(db: Connection, case_id: int, moves: Sequence[Move]) -> Row[Any] | None:
    query = (
        sa.select(case_events)
        .where(case_events.c.case_id == case_id, case_events.c.move.in_([move.value for move in moves]))
        .order_by(case_events.c.seq.desc())
        .limit(1)
    )
    return db.execute(query).one_or_none()


_QUESTIONS = (
    sa.select(questions)
    .where(
        questions.c.chat_id == sa.bindparam("of_chat"),
        questions.c.answered_at.is_(None),
        questions.c.until >= sa.bindparam("now"),
    )
    .order_by(questions.c.id.desc())
)


def pending_questions(db: Connection, chat_id: int, now: datetime) -> list[Row[Any]]:
    """What was asked in this chat and not answered yet, newest first."""
    return list(db.execute(_QUESTIONS, {"of_chat": chat_id, "now": now}))


_SPEAKERS = (
    sa.select(
        identities.c.user,
        identities.c.person_id,
        people.c.data,
        sa.or_(
            sa.exists().where(cases.c.reporter_id == people.c.id, is_live),
            sa.exists().where(  # asked whether what they supported is mended
                cases.c.chat_id == sa.bindparam("of_chat"),
                cases.c.state == CaseState.DONE.value,
                supporters.c.case_id == cases.c.id,
                supporters.c.person_id == people.c.id,
            ),
        ).label("has_case"),
        sa.or_(
            sa.exists().where(holdings.c.person_id == people.c.id),
            sa.exists().where(  # whoever stands in by roster holds that office for its days
                duties.c.person_id == people.c.id,
                duties.c.first <= sa.bindparam("tomorrow"),
                duties.c.last >= sa.bindparam("yesterday"),
            ),
        ).label("office"),
        sa.exists()
        .where(
            cases.c.reporter_id == people.c.id,
            is_live,
            cases.c.chat_id == sa.bindparam("of_chat"),
            cases.c.gather_until >= sa.bindparam("now"),
        )
        .label("gathers"),
        sa.exists()
        .where(
            cases.c.chat_id == sa.bindparam("of_chat"),
            is_live,
            supporters.c.case_id == cases.c.id,
            supporters.c.person_id == people.c.id,
            supporters.c.at >= sa.bindparam("just"),
        )
        .label("backs"),
    )
    .join(people, people.c.id == identities.c.person_id)
    .where(
        identities.c.community_id == sa.bindparam("of_community"),
        identities.c.platform == sa.bindparam("of_platform"),
        identities.c.user.in_(sa.bindparam("users", expanding=True)),
    )
)
_ASKED = sa.select(
    sa.exists()
    .where(
        questions.c.chat_id == sa.bindparam("of_chat"),
        questions.c.answered_at.is_(None),
        questions.c.until >= sa.bindparam("now"),
    )
    .label("asked"),
    sa.exists()
    .where(
        cases.c.chat_id == sa.bindparam("of_chat"),
        is_live,
        cases.c.reported_at >= sa.bindparam("since"),
    )
    .label("talk"),
)
TALK = timedelta(minutes=60)  #: how long others may say "我家也是" about what was reported in their chat
JUST = timedelta(minutes=10)  #: how long a supporter's further words may belong to what they support


@dataclass(frozen=True, slots=True)
class Attention:
    """What there is between a person and a chat: a question put there, a case of theirs, an office they
    hold. `gathers`: what they reported there still takes in their words; `talk`: something was reported
    there within the hour; `backs`: they have just said "我家也是". `ignored`: they said 别看我."""

    person_id: int | None = None
    question: bool = False
    has_case: bool = False
    office: bool = False
    ignored: bool = False
    talk: bool = False
    backs: bool = False
    gathers: bool = False


def attention(
    db: Connection, community_id: int, chat_id: int, platform: str, users: Sequence[str], now: datetime
) -> dict[str, Attention]:
    """For all who speak in a turn at once: most of what they say ends here."""
    there = db.execute(_ASKED, {"of_chat": chat_id, "now": now, "since": now - TALK}).one()
    asked, talk = bool(there.asked), bool(there.talk)
    found = dict.fromkeys(users, Attention(question=asked, talk=talk))
    which = {
        "of_community": community_id,
        "of_platform": platform,
        "of_chat": chat_id,
        "just": now - JUST,
        "now": now,
        "tomorrow": now.date() + timedelta(days=1),  # any town's today lies within a day of UTC's
        "yesterday": now.date() - timedelta(days=1),
        "users": list(found),
    }
    for row in db.execute(_SPEAKERS, which):
        ignored = bool(row.data and row.data.get("ignored"))
        found[row.user] = Attention(
            row.person_id,
            asked,
            bool(row.has_case),
            bool(row.office),
            ignored,
            talk,
            bool(row.backs),
            bool(row.gathers),
        )
    return found
