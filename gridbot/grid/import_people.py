"""The people of a directory: who of them is known already, which roles begin and end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot.grid import contacts, duty, handover
from gridbot.grid.appointments import become
from gridbot.grid.directory import Directory, Person
from gridbot.grid.people import add_person, bind_account
from gridbot.grid.queries import reached_people
from gridbot.messages import OPEN_STATES, Role
from gridbot.store.tables import cases, duties, grid_nodes, holdings, identities, people, service_days

Persons = dict[tuple[str, str], int]  #: person's id by Person.key
GRID_ROLES = (Role.LEADER, Role.DEPUTY, Role.LIAISON)
_ADD_HOLDING = sa.insert(holdings)


class Known:
    """The people of a community as the directory may mean them.

    By name alone only those are meant who hold or held a role: a resident who calls himself 李格长 is not.
    """

    def __init__(self, db: Connection, community_id: int | None) -> None:
        of_community = identities.c.community_id == community_id
        self.by_account: dict[tuple[str, str], int] = {}
        self.accounts: dict[int, dict[str, str]] = {}
        for row in db.execute(sa.select(identities).where(of_community)):
            self.by_account[(row.platform, row.user)] = row.person_id
            self.accounts.setdefault(row.person_id, {})[row.platform] = row.user
        self.by_name: dict[str, list[Row[Any]]] = {}
        held = sa.select(holdings.c.person_id).where(holdings.c.community_id == community_id)
        organised = sa.select(service_days.c.organiser_id).where(service_days.c.community_id == community_id)
        on_duty = sa.select(duties.c.person_id).where(duties.c.community_id == community_id)
        staff = held.union(organised.where(service_days.c.organiser_id.is_not(None)), on_duty)
        for person in db.execute(sa.select(people).where(people.c.id.in_(staff)).order_by(people.c.id)):
            self.by_name.setdefault(person.name, []).append(person)

    def named(self, person: Person) -> int | None:
        """Who holds or held a role under this name; the telephone decides between two."""
        rows = self.by_name.get(person.name, [])
        if person.phone:
            rows = [row for row in rows if row.phone == person.phone] or [
                row for row in rows if not row.phone
            ]
        return int(rows[0].id) if rows else None

    def with_account(self, person: Person) -> int | None:
        owners = (self.by_account.get(account) for account in person.accounts)
        return next((owner for owner in owners if owner is not None), None)

    def find(self, person: Person) -> int | None:
        return self.with_account(person) or self.named(person)


@dataclass(frozen=True, slots=True)
class Post:
    """A role somebody shall have: at a node, for a unit, or (neither) in the whole community."""

    person_id: int
    role: Role
    node_id: int | None = None
    unit_id: int | None = None


def write(
    db: Connection, directory: Directory, community_id: int, ids: dict[str, int], now: datetime
) -> Persons:
    """People, their accounts and the roles at the grids; `ids`: node by path. Admins
    and officers are only added.

    Returns the person's id by Person.key.
    """
    persons = _people(db, directory, community_id, now)
    posts = [
        Post(persons[person.key], role, node_id=ids[path])
        for path, grid in directory.walk()
        for role, named in zip(GRID_ROLES, (grid.leaders, grid.deputies, grid.liaisons), strict=True)
        for person in named
    ]
    _settle(db, community_id, posts, GRID_ROLES, now, ending=True)
    admins = [Post(persons[person.key], Role.ADMIN) for person in directory.admins]
    _settle(db, community_id, admins, (Role.ADMIN,), now, ending=False)
    officers = [Post(persons[person.key], Role.OFFICER) for person in directory.officers]
    _settle(db, community_id, officers, (Role.OFFICER,), now, ending=False)
    if directory.duties:
        duty.settle(
            db,
            community_id,
            [(ids[one.grid], persons[one.person.key], one.first, one.last) for one in directory.duties],
        )
    if directory.contacts:
        wanted = [(one.about, persons[one.person.key]) for one in directory.contacts]
        contacts.settle(db, community_id, wanted, now=now)
    return persons


def write_units(
    db: Connection,
    directory: Directory,
    community_id: int,
    ids: dict[str, int],
    persons: Persons,
    now: datetime,
) -> None:
    """Who speaks for the units; `ids`: unit by name."""
    posts = [
        Post(persons[person.key], Role.UNIT, unit_id=ids[unit.name])
        for unit in directory.units
        for person in unit.people
    ]
    _settle(db, community_id, posts, (Role.UNIT,), now, ending=True)


def _people(db: Connection, directory: Directory, community_id: int, now: datetime) -> Persons:
    known = Known(db, community_id)
    ids: Persons = {}
    for person in directory.people().values():
        named, owner = known.named(person), known.with_account(person)
        person_id = owner or named
        if owner and named and owner != named and named not in known.accounts:
            become(db, gone=named, keep=owner)  # he had no account until now, and was seen as a resident
        if person_id is None:
            person_id = add_person(db, community_id, person.name, person.phone, now)
        else:
            _refresh(db, person_id, person)
        for platform, user in person.accounts:
            if known.accounts.get(person_id, {}).get(platform) != user:
                bind_account(db, community_id, person_id, platform, user, person.name)
        ids[person.key] = person_id
    return ids


def _refresh(db: Connection, person_id: int, person: Person) -> None:
    values = {"name": person.name} | ({"phone": person.phone} if person.phone else {})
    differs = sa.or_(*(people.c[name] != value for name, value in values.items()))
    db.execute(sa.update(people).where(people.c.id == person_id, differs).values(**values))


def _settle(
    db: Connection,
    community_id: int,
    posts: Iterable[Post],
    roles: tuple[Role, ...],
    now: datetime,
    *,
    ending: bool,
) -> None:
    """Roles as `posts` has them; those not in it end, if `ending`."""
    there = {
        Post(row.person_id, Role(row.role), row.node_id, row.unit_id): row
        for row in _held(db, community_id, roles)
    }
    fresh = []
    for position, post in enumerate(dict.fromkeys(posts)):
        row = there.pop(post, None)
        if row is None:
            values = {"person_id": post.person_id, "role": post.role.value, "node_id": post.node_id}
            more = {"unit_id": post.unit_id, "position": position, "since": now}
            fresh.append({"community_id": community_id, **values, **more})
        elif row.position != position:
            db.execute(sa.update(holdings).where(holdings.c.id == row.id).values(position=position))
    if fresh:
        db.execute(_ADD_HOLDING, fresh)
    if ending and there:
        gone = [row.id for row in there.values()]
        db.execute(sa.update(holdings).where(holdings.c.id.in_(gone)).values(until=now))
        for person in {row.person_id for row in there.values()}:
            handover.person_left(db, community_id, person, now)


def _held(db: Connection, community_id: int | None, roles: tuple[Role, ...]) -> list[Row[Any]]:
    return list(
        db.execute(
            sa.select(holdings, people.c.name, grid_nodes.c.path)
            .join(people, people.c.id == holdings.c.person_id)
            .outerjoin(grid_nodes, grid_nodes.c.id == holdings.c.node_id)
            .where(
                holdings.c.community_id == community_id,
                holdings.c.role.in_([role.value for role in roles]),
                holdings.c.until.is_(None),
            )
            .order_by(holdings.c.id)
        )
    )


# --- what to say ---------------------------------------------------------------------------------


def partings(db: Connection, directory: Directory, community_id: int | None, now: datetime) -> list[str]:
    """Leaders and deputies the file no longer names, and what they have in hand; as sentences."""
    if community_id is None:
        return []
    known = Known(db, community_id)
    stay = {
        (known.find(person), path)
        for path, grid in directory.walk()
        for person in (*grid.leaders, *grid.deputies)
    }
    found = []
    for row in _held(db, community_id, (Role.LEADER, Role.DEPUTY)):
        if (row.person_id, row.path) in stay:
            continue
        mine = (cases.c.owner_id == row.person_id) & cases.c.state.in_([state.value for state in OPEN_STATES])
        numbers = db.execute(sa.select(cases.c.number).where(mine).order_by(cases.c.number)).scalars()
        holding = "、".join(map(str, numbers))
        found.append(
            f"{row.name}不再管{row.path}" + (f",手上还有没办完的:{holding},要转给别人" if holding else "")
        )
    return found


def count_bound(db: Connection, directory: Directory, community_id: int | None) -> tuple[int, int]:
    """How many leaders the file names, and how many of them the bot can write to."""
    leaders = {person.key: person for _path, grid in directory.walk() for person in grid.leaders}
    known = Known(db, community_id)
    reached = reached_people(db, community_id)
    return len(leaders), sum(1 for person in leaders.values() if known.find(person) in reached)
