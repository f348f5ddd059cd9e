"""Reading the grid: the tree, places, who leads, which chat is whose."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot.messages import Role
from gridbot.store.tables import chats, communities, grid_nodes, holdings, identities, people, places, units


@dataclass(frozen=True, slots=True)
class SettingsView:
    zone: ZoneInfo
    gather_idle: timedelta = timedelta(minutes=3)
    gather_most: timedelta = timedelta(minutes=10)
    leader_delay: timedelta = timedelta(seconds=30)
    urgent_claim: timedelta = timedelta(minutes=5)
    quiet_start: time = time(21, 30)
    quiet_end: time = time(8, 0)
    contact: str = ""
    phone: str = ""
    gas: str = "燃气公司"
    elevator: str = "电梯维保"
    property: str = ""
    helpline: str = "12356"


def settings_of(db: Connection, community_id: int) -> SettingsView:
    row = db.execute(sa.select(communities).where(communities.c.id == community_id)).one()
    return SettingsView(ZoneInfo(row.timezone), phone=row.settings.get("phone", ""))


def gazetteer_rows(db: Connection, community_id: int) -> list[Any]:
    return list(db.execute(sa.select(places).where(places.c.community_id == community_id)))


def parent_of(db: Connection, node_id: int | None) -> int | None:
    found: int | None = db.execute(
        sa.select(grid_nodes.c.parent_id).where(grid_nodes.c.id == node_id)
    ).scalar()
    return found


def node_name(db: Connection, node_id: int) -> str:
    return str(db.execute(sa.select(grid_nodes.c.name).where(grid_nodes.c.id == node_id)).scalar())


def name_of(db: Connection, person_id: int) -> str:
    return str(db.execute(sa.select(people.c.name).where(people.c.id == person_id)).scalar())


@dataclass(frozen=True, slots=True)
class Party:
    name: str
    person_id: int | None = None
    unit_id: int | None = None


def leaders_of(db: Connection, node_id: int | None, now: datetime) -> list[Party]:
    rows = db.execute(
        sa.select(people.c.id, people.c.name)
        .join(holdings, holdings.c.person_id == people.c.id)
        .where(holdings.c.node_id == node_id, holdings.c.role.in_(["leader", "deputy"]))
        .order_by(holdings.c.role.desc(), holdings.c.position)
    )
    return [Party(row.name, row.id) for row in rows]


def responsible(
    db: Connection, community_id: int, node_id: int | None, type_: str, side: str, now: datetime
) -> list[Party]:
    while node_id is not None:
        found = leaders_of(db, node_id, now)
        if found:
            return found
        node_id = parent_of(db, node_id)
    return [Party(name_of(db, one), one) for one in admins(db, community_id)]


def private_chat_of(db: Connection, person_id: int, platform: str | None = None) -> Row[Any] | None:
    return db.execute(
        sa.select(chats)
        .where(chats.c.person_id == person_id, chats.c.kind == "private", chats.c.active)
        .limit(1)
    ).one_or_none()


def leaders_chat(db: Connection, community_id: int) -> Row[Any] | None:
    return db.execute(
        sa.select(chats)
        .where(chats.c.community_id == community_id, chats.c.role == "leaders", chats.c.active)
        .limit(1)
    ).one_or_none()


def admins(db: Connection, community_id: int) -> list[int]:
    return list(
        db.execute(
            sa.select(holdings.c.person_id).where(
                holdings.c.community_id == community_id, holdings.c.role == "admin"
            )
        ).scalars()
    )


def person_of(db: Connection, community_id: int, platform: str, user: str) -> int | None:
    found: int | None = db.execute(
        sa.select(identities.c.person_id).where(
            identities.c.community_id == community_id,
            identities.c.platform == platform,
            identities.c.user == user,
        )
    ).scalar()
    return found


def roles_of(
    db: Connection, community_id: int, person_id: int, node_id: int | None, now: datetime
) -> set[Role]:
    rows = db.execute(sa.select(holdings.c.role).where(holdings.c.person_id == person_id)).scalars()
    return {Role(row) for row in rows}


def people_of_unit(db: Connection, unit_id: int, now: datetime) -> list[Party]:
    return []


def units_for(db: Connection, community_id: int, types: list[str], side: str) -> list[Row[Any]]:
    return list(db.execute(sa.select(units).where(units.c.community_id == community_id)))


def persons_of_user(
    db: Connection, platform: str, user: str, now: datetime
) -> list[tuple[int, int, str, str | None]]:
    rows = db.execute(
        sa.select(people.c.community_id, people.c.id, people.c.name)
        .join(identities, identities.c.person_id == people.c.id)
        .where(identities.c.platform == platform, identities.c.user == user)
    )
    return [(row.community_id, row.id, row.name, None) for row in rows]
