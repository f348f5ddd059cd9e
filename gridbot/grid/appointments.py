"""Roles given and ended: an invitation for one named person, used once; dismissal; absence."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from gridbot.grid import handover, rules, signin
from gridbot.grid.guard import only_admins
from gridbot.grid.people import bind_account, mark_reachable, remember_person
from gridbot.grid.rules import INVITATION_LASTS, Refusal
from gridbot.messages import Actor, ChatKind, ChatRole, Role
from gridbot.store.tables import (
    buttons,
    cases,
    chats,
    duties,
    grid_nodes,
    held,
    holdings,
    identities,
    invitations,
    people,
    questions,
    service_days,
    units,
)

TOKEN_BYTES = 24  #: 32 characters; a deep link takes 64 of A-Z a-z 0-9 _ -
_BY_TOKEN = sa.select(invitations).where(invitations.c.token == sa.bindparam("of_token"))
_TAKE = (
    sa.update(invitations)
    .where(invitations.c.id == sa.bindparam("row"), invitations.c.used_at.is_(None))
    .values(used_at=sa.bindparam("at"))
)


@dataclass(frozen=True, slots=True)
class Accepted:
    """Somebody is what he was invited to be. `again`: he had pressed the same link before."""

    community_id: int
    person_id: int
    name: str
    role: Role
    node_id: int | None
    again: bool = False
    unit_id: int | None = None


@dataclass(frozen=True, slots=True)
class Invited:
    """A leader without account, and the token of the link that is for him alone."""

    person_id: int
    name: str
    phone: str
    path: str
    token: str


def appoint(
    db: Connection,
    community_id: int,
    node_id: int | None,
    name: str,
    role: Role,
    *,
    actor: Actor,
    now: datetime,
    person_id: int | None = None,
    unit_id: int | None = None,
) -> str:
    """Invites somebody to a role at a node (None: in the whole community). Returns the token of a link
    that works once and for seven days; the role begins when it is used.

    `person_id`: somebody the directory names already. `unit_id`: he speaks for that unit.
    Raises LookupError for a node of elsewhere.
    """
    only_admins(actor)
    if node_id is not None:
        here = (grid_nodes.c.community_id == community_id) & grid_nodes.c.active.is_(True)
        if db.execute(sa.select(grid_nodes.c.id).where(grid_nodes.c.id == node_id, here)).first() is None:
            raise LookupError(f"no grid {node_id}")
    token = secrets.token_urlsafe(TOKEN_BYTES)
    db.execute(
        sa.insert(invitations).values(
            community_id=community_id,
            token=token,
            person_id=person_id,
            node_id=node_id,
            unit_id=unit_id,
            role=role.value,
            name=name,
            until=now + INVITATION_LASTS,
            by_person_id=actor.person,
        )
    )
    return token


def invite_unbound(db: Connection, community_id: int, *, actor: Actor, now: datetime) -> list[Invited]:
    """An invitation for everybody who holds a role at a grid or speaks for a unit and has no account yet;
    one still good for a day is given again. For the text an admin forwards, and the list of telephones."""
    only_admins(actor)
    has_account = sa.select(identities.c.id).where(identities.c.person_id == people.c.id).exists()
    rows = db.execute(
        sa.select(
            holdings,
            people.c.name,
            people.c.phone,
            sa.func.coalesce(grid_nodes.c.path, units.c.name).label("path"),
        )
        .join(people, people.c.id == holdings.c.person_id)
        .outerjoin(grid_nodes, grid_nodes.c.id == holdings.c.node_id)
        .outerjoin(units, units.c.id == holdings.c.unit_id)
        .where(sa.or_(holdings.c.node_id.is_not(None), holdings.c.unit_id.is_not(None)))
        .where(holdings.c.community_id == community_id, holdings.c.until.is_(None), ~has_account)
        .order_by(holdings.c.position, holdings.c.id)
    ).all()
    pending = {
        row.person_id: row.token
        for row in db.execute(
            sa.select(invitations).where(
                invitations.c.community_id == community_id,
                invitations.c.used_at.is_(None),
                invitations.c.until > now + INVITATION_LASTS / 7,
            )
        )
    }
    found: dict[int, Invited] = {}
    for row in rows:
        if row.person_id in found:
            continue
        token = pending.get(row.person_id) or appoint(
            db,
            community_id,
            row.node_id,
            row.name,
            Role(row.role),
            actor=actor,
            now=now,
            person_id=row.person_id,
            unit_id=row.unit_id,
        )
        found[row.person_id] = Invited(row.person_id, row.name, row.phone, row.path, token)
    return list(found.values())


def accept_invitation(
    db: Connection,
    token: str,
    platform: str,
    user: str,
    name: str,
    *,
    now: datetime,
    chat_id: int | None = None,
) -> Accepted | Refusal:
    """Somebody opened the link. `chat_id`: his private chat with the bot, where he will be written to."""
    row = db.execute(_BY_TOKEN, {"of_token": token}).one_or_none()
    if row is None or not user:
        return Refusal.UNKNOWN
    role = Role(row.role)
    me = db.execute(
        sa.select(identities.c.person_id).where(
            identities.c.community_id == row.community_id,
            identities.c.platform == platform,
            identities.c.user == user,
        )
    ).scalar_one_or_none()
    refused = rules.invitation_refused(row.until, row.used_at, now)
    if refused is Refusal.USED and me is not None and me == row.person_id:
        return Accepted(row.community_id, me, row.name, role, row.node_id, again=True, unit_id=row.unit_id)
    if refused is not None:
        return refused
    if row.person_id is not None and me not in (None, row.person_id) and _holds_anything(db, me):
        return Refusal.TAKEN
    if not db.execute(_TAKE, {"row": row.id, "at": now}).rowcount:
        return Refusal.USED  # somebody was quicker
    person_id = _person_for(db, row, me, platform, user, name, now)
    db.execute(sa.update(invitations).where(invitations.c.id == row.id).values(person_id=person_id))
    _hold(db, row.community_id, person_id, row.node_id, role, now, unit_id=row.unit_id)
    if chat_id is not None:
        _his_chat(db, chat_id, row.community_id, person_id)
        mark_reachable(db, person_id, platform, reachable=True, now=now)
    return Accepted(row.community_id, person_id, row.name, role, row.node_id, unit_id=row.unit_id)


def _his_chat(db: Connection, chat_id: int, community_id: int, person_id: int) -> None:
    whose = {"community_id": community_id, "person_id": person_id, "role": ChatRole.PRIVATE.value}
    private = (chats.c.id == chat_id) & (chats.c.kind == ChatKind.PRIVATE.value)
    db.execute(sa.update(chats).where(private).values(**whose, active=True))


def _person_for(
    db: Connection,
    invitation: sa.Row[tuple[object, ...]],
    me: int | None,
    platform: str,
    user: str,
    name: str,
    now: datetime,
) -> int:
    """Whoever the account is from now on: the invited person, or the account's person under his name."""
    community_id: int = invitation.community_id
    invited: int | None = invitation.person_id
    if invited is None:
        person_id = me or remember_person(db, community_id, platform, user, name, now=now)
        _rename(db, person_id, invitation.name)
        return person_id
    if me is None or me == invited:
        bind_account(db, community_id, invited, platform, user, name)
        return invited
    others = sa.select(identities.c.id).where(identities.c.person_id == invited).limit(1)
    if db.execute(others).first() is not None:
        bind_account(db, community_id, invited, platform, user, name)
        return invited
    become(db, gone=invited, keep=me)  # he reported as a resident before: that stays his
    _rename(db, me, invitation.name)
    return me


def _rename(db: Connection, person_id: int, name: str) -> None:
    """Under the name the admin gave; somebody who holds a role keeps his."""
    if name and not _holds_anything(db, person_id):
        db.execute(sa.update(people).where(people.c.id == person_id).values(name=name))


def become(db: Connection, *, gone: int, keep: int) -> None:
    """Two rows are one person: roles, work in hand and what waits for him go over; events stay."""
    known = db.execute(sa.select(people.c.phone, people.c.name).where(people.c.id == gone)).one()
    for table, column in (
        (holdings, holdings.c.person_id),
        (invitations, invitations.c.person_id),
        (cases, cases.c.owner_id),
        (buttons, buttons.c.person_id),
        (questions, questions.c.person_id),
        (held, held.c.person_id),
        (duties, duties.c.person_id),
        (service_days, service_days.c.organiser_id),
    ):
        db.execute(sa.update(table).where(column == gone).values({column.name: keep}))
    db.execute(sa.update(people).where(people.c.id == keep).values(name=known.name, phone=known.phone))


def _hold(
    db: Connection,
    community_id: int,
    person_id: int,
    node_id: int | None,
    role: Role,
    now: datetime,
    *,
    unit_id: int | None = None,
) -> None:
    same = (
        (holdings.c.person_id == person_id)
        & (holdings.c.role == role.value)
        & _is(holdings.c.node_id, node_id)
        & _is(holdings.c.unit_id, unit_id)
        & holdings.c.until.is_(None)
    )
    if db.execute(sa.select(holdings.c.id).where(same).limit(1)).first() is not None:
        return
    place = _is(holdings.c.node_id, node_id) & _is(holdings.c.unit_id, unit_id)
    last = db.execute(
        sa.select(sa.func.max(holdings.c.position)).where(place, holdings.c.community_id == community_id)
    ).scalar()
    values = {"person_id": person_id, "node_id": node_id, "unit_id": unit_id, "role": role.value}
    position = (last or 0) + 1
    db.execute(sa.insert(holdings).values(community_id=community_id, position=position, since=now, **values))


def _is(column: sa.Column[int], value: int | None) -> sa.ColumnElement[bool]:
    return column.is_(None) if value is None else column == value


def _holds_anything(db: Connection, person_id: int | None) -> bool:
    query = sa.select(holdings.c.id).where(holdings.c.person_id == person_id, holdings.c.until.is_(None))
    return db.execute(query.limit(1)).first() is not None


def dismiss(
    db: Connection,
    community_id: int,
    person_id: int,
    role: Role,
    node_id: int | None = None,
    *,
    actor: Actor,
    now: datetime,
) -> Refusal | None:
    """Ends a role; None when done. The last admin stays: nobody could appoint another."""
    only_admins(actor)
    active = (
        (holdings.c.community_id == community_id)
        & (holdings.c.role == role.value)
        & sa.or_(holdings.c.until.is_(None), holdings.c.until > now)
    )
    mine = active & (holdings.c.person_id == person_id)
    if node_id is not None:
        mine &= holdings.c.node_id == node_id
    if role is Role.ADMIN:
        query = sa.select(holdings.c.person_id).where(active).with_for_update()
        if set(db.execute(query).scalars()) <= {person_id}:
            return Refusal.LAST_ADMIN
    if not db.execute(sa.update(holdings).where(mine).values(until=now)).rowcount:
        return Refusal.UNKNOWN
    signin.end_all(db, person_id)
    handover.person_left(db, community_id, person_id, now)
    return None


def set_absent(
    db: Connection, community_id: int, person_id: int, until: datetime | None, *, actor: Actor, now: datetime
) -> None:
    """Until then deputies or the level above are asked; None: he is back. Anybody may say it of himself."""
    if actor.person != person_id:
        only_admins(actor)
    mine = (holdings.c.community_id == community_id) & (holdings.c.person_id == person_id)
    db.execute(sa.update(holdings).where(mine, holdings.c.until.is_(None)).values(absent_until=until))
