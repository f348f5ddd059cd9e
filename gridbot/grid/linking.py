"""关联: somebody proves by a one-time code that two accounts are his; then they are one person.

The code is asked for on one channel and typed on the other; each side then says 对. What both had goes to
one row, ids alone are noted of what went over, and an admin can take it back within a day. Events stay with
the row they were written for: the record is never changed.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot.grid import linking_rules as rules
from gridbot.grid.linking_rules import Refused, Side
from gridbot.grid.people import add_person
from gridbot.messages import PEOPLE_OF, ChatKind, Role
from gridbot.store.tables import (
    case_events,
    cases,
    chats,
    communities,
    duties,
    holdings,
    identities,
    link_tries,
    links,
    metadata,
    people,
    supporters,
)

_OPEN = (links.c.merged_at.is_(None), links.c.until > sa.bindparam("now"))
_BY_DIGEST = sa.select(links).where(
    links.c.community_id == sa.bindparam("of_community"),
    links.c.digest == sa.bindparam("of_digest"),
    links.c.typed_at.is_(None),
    *_OPEN,
)
_PENDING = (
    sa.select(links)
    .where(
        links.c.community_id == sa.bindparam("of_community"),
        sa.or_(links.c.person_id == sa.bindparam("person"), links.c.other_id == sa.bindparam("person")),
        links.c.typed_at.is_not(None),
        *_OPEN,
    )
    .order_by(links.c.id.desc())
    .limit(1)
)
_ANY_CODE = (
    sa.select(sa.literal(1))
    .where(links.c.community_id == sa.bindparam("of_community"), links.c.typed_at.is_(None), *_OPEN)
    .limit(1)
)
_SALT = sa.select(communities.c.salt).where(communities.c.id == sa.bindparam("of_community"))
_MUTE = frozenset(PEOPLE_OF)  #: channels nobody types on: an account there proves nothing


# --- the code ------------------------------------------------------------------------------------


def new_code(
    db: Connection, community_id: int, person_id: int, platform: str, *, now: datetime
) -> str | Refused:
    """A code for ten minutes; the one before it works no more. Refused.OFTEN: after too many.

    What is kept is its salted digest: whoever reads the database cannot use it."""
    mine = (links.c.community_id == community_id) & (links.c.person_id == person_id)
    asked = sa.select(sa.func.count()).select_from(links).where(mine, links.c.at > now - rules.WITHIN)
    if db.execute(asked).scalar_one() >= rules.CODES:
        return Refused.OFTEN
    db.execute(sa.update(links).where(mine, links.c.merged_at.is_(None)).values(until=now, digest=""))
    old = (link_tries.c.community_id == community_id) & (link_tries.c.at <= now - rules.WITHIN)
    db.execute(sa.delete(link_tries).where(old))
    code = f"{secrets.randbelow(10**rules.DIGITS):0{rules.DIGITS}}"
    while db.execute(_BY_DIGEST, _of(db, community_id, code, now)).first() is not None:
        code = f"{secrets.randbelow(10**rules.DIGITS):0{rules.DIGITS}}"
    values = {"community_id": community_id, "person_id": person_id, "platform": platform}
    digest = _digest(db, community_id, code)
    db.execute(sa.insert(links).values(**values, digest=digest, at=now, until=now + rules.CODE_FOR, moved={}))
    return code


def expects_code(db: Connection, community_id: int, *, now: datetime) -> bool:
    """Whether somebody holds a code just now: else six digits are no code."""
    return db.execute(_ANY_CODE, {"of_community": community_id, "now": now}).first() is not None


def type_code(
    db: Connection, community_id: int, person_id: int, platform: str, code: str, *, now: datetime
) -> Row[Any] | Refused:
    """Somebody typed it elsewhere: the link, which now waits for both to say 对. It works once."""
    if _tries(db, community_id, now, person_id) >= rules.TRIES:
        return Refused.OFTEN
    if _tries(db, community_id, now) >= rules.TRIES_OF_ALL:
        return Refused.OFTEN
    link = db.execute(_BY_DIGEST, _of(db, community_id, code, now)).one_or_none()
    if link is None:
        db.execute(sa.insert(link_tries).values(community_id=community_id, person_id=person_id, at=now))
        return Refused.UNKNOWN
    no = rules.refused(side(db, link.person_id, now), side(db, person_id, now))
    if no is not None:
        if no is not Refused.SELF:  # there he may still type it on the other channel
            cancel(db, link.id, now=now)
        return no
    typed = {"other_id": person_id, "other_platform": platform, "typed_at": now, "digest": ""}
    done = db.execute(
        sa.update(links)
        .where(links.c.id == link.id, links.c.typed_at.is_(None))
        .values(**typed, until=now + rules.CONFIRM_FOR)
    )
    return find(db, link.id) if done.rowcount else Refused.UNKNOWN


def find(db: Connection, link_id: int) -> Row[Any]:
    return db.execute(sa.select(links).where(links.c.id == link_id)).one()


def pending(db: Connection, community_id: int, person_id: int, *, now: datetime) -> Row[Any] | None:
    """The link that waits for this person's 对."""
    which = {"of_community": community_id, "person": person_id, "now": now}
    return db.execute(_PENDING, which).one_or_none()


def cancel(db: Connection, link_id: int, *, now: datetime) -> None:
    db.execute(sa.update(links).where(links.c.id == link_id).values(until=now, digest=""))


def _tries(db: Connection, community_id: int, now: datetime, person_id: int | None = None) -> int:
    lately = (link_tries.c.community_id == community_id) & (link_tries.c.at > now - rules.WITHIN)
    if person_id is not None:
        lately &= link_tries.c.person_id == person_id
    return int(db.execute(sa.select(sa.func.count()).select_from(link_tries).where(lately)).scalar_one())


def _of(db: Connection, community_id: int, code: str, now: datetime) -> dict[str, Any]:
    return {"of_community": community_id, "of_digest": _digest(db, community_id, code), "now": now}


def _digest(db: Connection, community_id: int, code: str) -> str:
    """Slow on purpose: a million codes are few."""
    salt = db.execute(_SALT, {"of_community": community_id}).scalar_one()
    return hashlib.pbkdf2_hmac("sha256", code.encode(), f"link {salt}".encode(), 50_000).hex()


def side(db: Connection, person_id: int, now: datetime) -> Side:
    """Who somebody is, as far as it decides."""
    person = db.execute(sa.select(people).where(people.c.id == person_id)).one()
    held = db.execute(
        sa.select(holdings.c.role, holdings.c.unit_id).where(
            holdings.c.person_id == person_id,
            sa.or_(holdings.c.until.is_(None), holdings.c.until > now),
        )
    )
    roles = frozenset((Role(row.role), row.unit_id) for row in held)
    return Side(person_id, person.name, channels_of(db, person_id), roles, person.erased_at is not None)


def channels_of(db: Connection, person_id: int) -> frozenset[str]:
    """The channels on which somebody speaks."""
    query = sa.select(identities.c.platform).where(identities.c.person_id == person_id)
    return frozenset(db.execute(query).scalars()) - _MUTE


# --- becoming one --------------------------------------------------------------------------------


def confirm(db: Connection, link: Row[Any], person_id: int, *, now: datetime) -> Row[Any] | Refused:
    """One side says 对; when both have, they are one. Looked at again: rights may have come meanwhile."""
    mine = "yes_at" if person_id == link.person_id else "other_yes_at"
    db.execute(sa.update(links).where(links.c.id == link.id).values({mine: now}))
    link = db.execute(sa.select(links).where(links.c.id == link.id).with_for_update()).one()
    if link.yes_at is None or link.other_yes_at is None or link.merged_at is not None:
        return link
    one, other = side(db, link.person_id, now), side(db, link.other_id, now)
    no = rules.refused(one, other)
    if no is not None:
        cancel(db, link.id, now=now)
        return no
    keep, gone = rules.kept(one, other)
    moved = _move(db, gone=gone.person, keep=keep.person)
    values = {"kept_id": keep.person, "gone_id": gone.person, "merged_at": now, "moved": moved}
    db.execute(sa.update(links).where(links.c.id == link.id).values(**values))
    return find(db, link.id)


def _references() -> list[sa.Column[Any]]:
    """Every column that names a person, but for those that say what happened: the record and the links."""
    return [
        column
        for table in metadata.sorted_tables
        if table not in (case_events, links, link_tries)
        for column in table.columns
        if any(key.column is people.c.id for key in column.foreign_keys)
    ]


def _move(db: Connection, *, gone: int, keep: int) -> dict[str, Any]:
    """Everything of one goes to the other. Returns which rows, by column, and what could not go twice."""
    dropped = _doubles(db, gone, keep)
    rows: dict[str, list[int]] = {}
    for column in _references():
        ids = list(db.execute(sa.select(column.table.c.id).where(column == gone)).scalars())
        if ids:
            db.execute(sa.update(column.table).where(column == gone).values({column.name: keep}))
            rows[f"{column.table.name}.{column.name}"] = ids
    before = _person(db, keep)
    left = _person(db, gone)
    told = {"name": before.name or left.name, "phone": before.phone or left.phone}
    data = {**left.data, **before.data}
    if left.data.get("ignored") or before.data.get("ignored"):
        data["ignored"] = True
    db.execute(sa.update(people).where(people.c.id == keep).values(**told, data=data))
    emptied = {"name": "", "phone": "", "data": {"ignored": True} if left.data.get("ignored") else {}}
    db.execute(sa.update(people).where(people.c.id == gone).values(**emptied))
    took = [name for name in ("name", "phone") if told[name] != getattr(before, name)]
    return {"rows": rows, "dropped": dropped, "took": took, "ignored": bool(before.data.get("ignored"))}


def _doubles(db: Connection, gone: int, keep: int) -> dict[str, list[dict[str, Any]]]:
    """Rows both have, or that would say that he supports his own report: one of them goes."""
    his_cases = sa.select(supporters.c.case_id).where(supporters.c.person_id == keep)
    reported = sa.select(cases.c.id).where(cases.c.reporter_id.in_((keep, gone)))
    twice = supporters.c.person_id == gone
    twice &= sa.or_(supporters.c.case_id.in_(his_cases), supporters.c.case_id.in_(reported))
    own = (supporters.c.person_id == keep) & supporters.c.case_id.in_(reported)
    again = []
    for row in db.execute(sa.select(supporters).where(sa.or_(twice, own))).all():
        db.execute(sa.delete(supporters).where(supporters.c.id == row.id))
        _count(db, row.case_id, -1)
        again.append({"case": row.case_id, "person": row.person_id, "at": row.at.isoformat()})
    other = duties.alias("other")
    both = sa.select(duties).where(
        duties.c.person_id == gone,
        sa.exists().where(
            other.c.person_id == keep, other.c.node_id == duties.c.node_id, other.c.first == duties.c.first
        ),
    )
    shifts = []
    for row in db.execute(both).all():
        db.execute(sa.delete(duties).where(duties.c.id == row.id))
        days = {"first": row.first.isoformat(), "last": row.last.isoformat()}
        shifts.append({"node": row.node_id, "person": row.person_id, **days})
    return {"supporters": again, "duties": shifts}


def _count(db: Connection, case_id: int, by: int) -> None:
    db.execute(sa.update(cases).where(cases.c.id == case_id).values(supporters=cases.c.supporters + by))


def _person(db: Connection, person_id: int) -> Row[Any]:
    return db.execute(sa.select(people).where(people.c.id == person_id)).one()


# --- taking it back ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Linked:
    """A link that can still be taken back."""

    id: int
    name: str
    merged_at: datetime


def undoable(db: Connection, community_id: int, *, now: datetime) -> list[Linked]:
    """The newest first."""
    query = (
        sa.select(links.c.id, people.c.name, links.c.merged_at)
        .join(people, people.c.id == links.c.kept_id)
        .where(
            links.c.community_id == community_id,
            links.c.undone_at.is_(None),
            links.c.merged_at > now - rules.UNDO_FOR,
            people.c.erased_at.is_(None),
        )
        .order_by(links.c.merged_at.desc())
    )
    return [Linked(row.id, row.name, row.merged_at) for row in db.execute(query)]


def undo(db: Connection, link_id: int, *, now: datetime) -> bool:
    """What went over goes back, as far as it is still where it went; what came since stays. False: too
    late, or done before."""
    link = db.execute(sa.select(links).where(links.c.id == link_id).with_for_update()).one()
    if link.merged_at is None or link.undone_at is not None or now - link.merged_at > rules.UNDO_FOR:
        return False
    keep, gone, moved = link.kept_id, link.gone_id, link.moved
    columns = {f"{column.table.name}.{column.name}": column for column in _references()}
    for name, ids in moved["rows"].items():
        column = columns[name]
        still = (column == keep) & column.table.c.id.in_(ids)
        db.execute(sa.update(column.table).where(still).values({column.name: gone}))
    for one in moved["dropped"]["supporters"]:
        at = datetime.fromisoformat(one["at"])
        values = {"community_id": link.community_id, "case_id": one["case"], "person_id": one["person"]}
        db.execute(sa.insert(supporters).values(**values, at=at))
        _count(db, one["case"], 1)
    for one in moved["dropped"]["duties"]:
        days = {name: date.fromisoformat(one[name]) for name in ("first", "last")}
        values = {"community_id": link.community_id, "node_id": one["node"], "person_id": one["person"]}
        db.execute(sa.insert(duties).values(**values, **days))
    _names_back(db, keep, gone, moved)
    db.execute(sa.update(links).where(links.c.id == link_id).values(undone_at=now))
    return True


def _names_back(db: Connection, keep: int, gone: int, moved: dict[str, Any]) -> None:
    before = _person(db, keep)
    shown = db.execute(
        sa.select(identities.c.name).where(identities.c.person_id == gone).order_by(identities.c.id).limit(1)
    ).scalar()
    back = {"name": before.name if "name" in moved["took"] else shown or before.name}
    if "phone" in moved["took"]:
        back["phone"] = before.phone
    db.execute(sa.update(people).where(people.c.id == gone).values(**back))
    data = {key: value for key, value in before.data.items() if key != "ignored"}
    data |= {"ignored": True} if moved["ignored"] else {}
    own = dict.fromkeys(moved["took"], "")
    db.execute(sa.update(people).where(people.c.id == keep).values(**own, data=data))


# --- apart again ---------------------------------------------------------------------------------


def split_off(
    db: Connection, community_id: int, person_id: int, platform: str, *, now: datetime
) -> int | None:
    """断开: the account on one channel is somebody new; what was done together, and every right, stays with
    the other. Returns the new person; None where it is his only channel, or none of his."""
    own = channels_of(db, person_id)
    if platform not in own or len(own) < 2:
        return None
    beside = [platform, *(mute for mute, heard in PEOPLE_OF.items() if heard == platform)]
    his = (identities.c.person_id == person_id) & identities.c.platform.in_(beside)
    name = db.execute(sa.select(identities.c.name).where(his).limit(1)).scalar() or ""
    fresh = add_person(db, community_id, name, "", now)
    db.execute(sa.update(identities).where(his).values(person_id=fresh))
    private = (chats.c.person_id == person_id) & (chats.c.kind == ChatKind.PRIVATE.value)
    db.execute(sa.update(chats).where(private, chats.c.platform.in_(beside)).values(person_id=fresh))
    data = _person(db, person_id).data
    if data.get("ignored"):
        db.execute(sa.update(people).where(people.c.id == fresh).values(data={"ignored": True}))
    if data.get("prefers") == platform:
        prefer(db, person_id, "")
    return fresh


def prefer(db: Connection, person_id: int, platform: str) -> None:
    """Where somebody wants to be written to; "": where he spoke last."""
    data = {**_person(db, person_id).data, "prefers": platform}
    db.execute(sa.update(people).where(people.c.id == person_id).values(data=data))


def also(db: Connection, person_id: int) -> list[int]:
    """Other rows that are the same person: what was written down for him before he was linked."""
    merged = sa.select(links.c.kept_id, links.c.gone_id).where(
        links.c.merged_at.is_not(None), links.c.undone_at.is_(None)
    )
    into: dict[int, list[int]] = {}
    for row in db.execute(merged):
        into.setdefault(row.kept_id, []).append(row.gone_id)
    found: list[int] = []
    waiting: Iterable[int] = into.get(person_id, ())
    while waiting:
        found += waiting
        waiting = [gone for one in waiting for gone in into.get(one, ())]
    return found
