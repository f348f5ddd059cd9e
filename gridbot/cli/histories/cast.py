"""Who is in a conversation that is played: the community of a directory file, or a small one of nobody's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from gridbot.grid.directory import Directory
from gridbot.grid.importing import import_directory
from gridbot.messages import Actor, ChatKind, ChatRole, Role
from gridbot.rehearsal import GROUP, LEADER, Stage, small_community
from gridbot.store.tables import chats, communities, grid_nodes, holdings, identities, people
from gridbot.understanding.exports import Line

LEADS = "网格长"  #: whose name has it in it leads the group's grid, where no directory says who does


@dataclass(frozen=True, slots=True)
class Cast:
    """Fills an empty stage, and finds whom of the directory a speaker is."""

    directory: Directory | None = None
    start: datetime | None = None
    title: str = ""  #: the group's name in the history
    _users: dict[str, str] = field(default_factory=dict)

    def fill(self, db: Connection) -> None:
        if self.directory is None:
            small_community(db)
            self._users.clear()
        else:
            _fill(db, self.directory, self.title)
            self._users.update(_office_holders(db))
        if self.start is not None:  # whoever holds an office today held it then
            db.execute(sa.update(holdings).values(since=self.start))

    def user(self, line: Line) -> str:
        """The directory's account, by its number if the export has one, else by the name of who holds an
        office."""
        number = line.user.removeprefix("user")
        known = self._users.get(f"id:{number}") or self._users.get(f"name:{line.who}")
        if known is not None:
            return known
        if self.directory is None and LEADS in line.who:
            return LEADER
        return f"x{line.user or line.who}"


def rehearsal_cast(directory: Directory | None) -> Callable[[Connection], None]:
    """For scripted conversations: whoever is called 网格长 there is the leader of the group's grid."""

    def fill(db: Connection) -> None:
        if directory is None:
            small_community(db)
            return
        _fill(db, directory, "")
        chat = db.execute(sa.select(chats).where(chats.c.chat == GROUP)).one()
        leader = db.execute(
            sa.select(holdings.c.person_id)
            .where(holdings.c.node_id == chat.node_id, holdings.c.role == Role.LEADER.value)
            .order_by(holdings.c.position)
        ).scalar()
        if leader is None:
            leader = _add(db, people, community_id=chat.community_id, name=LEADS, created_at=_WHEN)
            office = {"person_id": leader, "node_id": chat.node_id, "role": Role.LEADER.value, "since": _WHEN}
            _add(db, holdings, community_id=chat.community_id, **office)
        _account(db, chat.community_id, leader, LEADER)

    return fill


_WHEN = datetime.fromisoformat("2020-01-01T00:00:00+00:00")


def _fill(db: Connection, directory: Directory, title: str) -> None:
    """The directory with everybody within reach on the stage, and the residents' group as chat "-1"."""
    report = import_directory(db, directory, actor=Actor(None, Role.ADMIN), now=_WHEN)
    community = report.community_id
    if community is None:
        community = int(db.execute(sa.select(communities.c.id)).scalar_one())
    _residents_group(db, community, title)
    db.execute(sa.delete(identities))
    accounts = {person.name: [user for _, user in person.accounts] for person in directory.people().values()}
    for person_id, name in db.execute(sa.select(people.c.id, people.c.name)).all():
        user = next(iter(accounts.get(name, ())), f"name:{name}:{person_id}")
        _account(db, community, person_id, user)


def _residents_group(db: Connection, community: int, title: str) -> None:
    groups = db.execute(
        sa.select(chats).where(chats.c.role == ChatRole.RESIDENTS.value).order_by(chats.c.id)
    ).all()
    chosen = next((row for row in groups if row.title == title), groups[0] if len(groups) == 1 else None)
    node = chosen.node_id if chosen is not None else _top(db)
    db.execute(sa.delete(chats))
    place: dict[str, Any] = {"platform": Stage.platform, "bot": Stage.bot, "kind": ChatKind.GROUP.value}
    named = {"title": title or "居民群", "role": ChatRole.RESIDENTS.value, "node_id": node}
    _add(db, chats, community_id=community, chat=GROUP, **place, **named)


def _top(db: Connection) -> int:
    """The group is of the whole community where nothing says otherwise."""
    query = sa.select(grid_nodes.c.id).order_by(grid_nodes.c.parent_id.is_not(None), grid_nodes.c.id)
    return int(db.execute(query.limit(1)).scalar_one())


def _account(db: Connection, community: int, person_id: int, user: str) -> None:
    """On the stage, with a private chat open."""
    known = {"platform": Stage.platform, "user": user}
    db.execute(sa.delete(identities).where(identities.c.person_id == person_id))
    db.execute(sa.delete(chats).where(chats.c.person_id == person_id))
    _add(db, identities, community_id=community, person_id=person_id, reachable=True, **known)
    private = {"kind": ChatKind.PRIVATE.value, "role": ChatRole.PRIVATE.value, "person_id": person_id}
    where = {"platform": Stage.platform, "bot": Stage.bot, "chat": user}
    _add(db, chats, community_id=community, **where, **private)


def _office_holders(db: Connection) -> dict[str, str]:
    rows = db.execute(
        sa.select(people.c.name, identities.c.user)
        .join(identities, identities.c.person_id == people.c.id)
        .join(holdings, holdings.c.person_id == people.c.id)
    )
    found: dict[str, str] = {}
    for name, user in rows:
        found[f"id:{user}"] = found[f"name:{name}"] = user
    return found


def _add(db: Connection, table: sa.Table, **values: Any) -> int:
    key = db.execute(sa.insert(table).values(**values)).inserted_primary_key
    assert key is not None
    return int(key[0])
