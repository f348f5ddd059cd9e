"""One cast and one clock for all tests.

王阿姨 reports, 李格长 leads 一网格, 小周 mutes everything, 陌生人 has no rights and is in no table, 刘书记
is the admin. It is ten o'clock on Thursday, 19 November 2026: a working day with a nine, no holiday near.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from gridbot.messages import ChatKind, ChatRole, Incoming, IncomingKind, Kept, Role, Sender
from gridbot.store import tables

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 19, 10, 0, tzinfo=SHANGHAI).astimezone(UTC)

PLATFORM, BOT = "telegram", "7000000001"
WANG = Sender("1001", "王阿姨")
ZHOU = Sender("1002", "小周")
LI = Sender("2001", "李格长")
SECRETARY = Sender("3001", "周书记")
ADMIN = Sender("9001", "刘书记")
STRANGER = Sender("6666", "陌生人")
RESIDENTS = "-1001"  #: 一网格居民群
LEADERS = "-1002"  #: 网格长工作群
UNBOUND = "-1009"  #: a group nobody has bound

_numbers = itertools.count(1)


def said(text: str, *, by: Sender = WANG, chat: str = RESIDENTS, **more: Any) -> Incoming:
    """Somebody says something at NOW; every call is an update and a message of its own."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "platform": PLATFORM,
        "bot": BOT,
        "update_id": f"u{number}",
        "kind": IncomingKind.MESSAGE,
        "sent_at": NOW,
        "chat": chat,
        "chat_kind": ChatKind.GROUP if chat.startswith("-") else ChatKind.PRIVATE,
        "sender": by,
        "message": f"m{number}",
        "text": text,
    }
    return Incoming(**(values | more))


def kept(incoming: Incoming) -> Kept:
    """As a channel hands it to `accept`."""
    return Kept(
        incoming.platform, incoming.bot, incoming.update_id, msgspec.json.encode({"raw": "…"}), incoming
    )


@dataclass(frozen=True)
class Cast:
    """Row ids."""

    community: int
    top: int  #: 青秀佳苑
    grid: int  #: 一网格, led by 李格长
    yard: int  #: 二网格: 51号院, unmanaged, nobody leads it
    wang: int
    zhou: int
    li: int
    secretary: int
    admin: int
    residents: int
    leaders: int
    li_private: int
    admin_private: int


def seed(db: Connection, *, platform: str = PLATFORM, bot: str = BOT) -> Cast:
    """Writes the cast; to be run on an empty database."""
    community = _add(db, tables.communities, name="青秀佳苑社区", salt="00" * 16, created_at=NOW)

    def node(name: str, level: str, parent: int | None = None, **more: Any) -> int:
        path = name if parent is None else f"青秀佳苑/{name}"
        values = {"parent_id": parent, "name": name, "path": path, "level": level}
        return _add(db, tables.grid_nodes, community_id=community, **values, **more)

    top = node("青秀佳苑", "二级网格")
    grid, yard = node("一网格", "三级网格", top), node("二网格", "三级网格", top, unmanaged=True)
    for name in ("1号楼", "2号楼", "3号楼", "5号楼", "小广场"):
        _add(db, tables.places, community_id=community, node_id=grid, name=name)
    _add(db, tables.places, community_id=community, node_id=yard, name="51号院", unmanaged=True)

    def person(who: Sender, *, reachable: bool = False) -> int:
        row = _add(db, tables.people, community_id=community, name=who.name, created_at=NOW)
        known = {"platform": platform, "user": who.id, "name": who.name, "reachable": reachable}
        _add(db, tables.identities, community_id=community, person_id=row, **known)
        return row

    wang, zhou = person(WANG), person(ZHOU)
    li, admin = person(LI, reachable=True), person(ADMIN, reachable=True)
    secretary = person(SECRETARY, reachable=True)
    for who, where, role in (
        (li, grid, Role.LEADER),
        (secretary, top, Role.LEADER),
        (admin, None, Role.ADMIN),
    ):
        values = {"person_id": who, "node_id": where, "role": role.value, "since": NOW}
        _add(db, tables.holdings, community_id=community, **values)

    def chat(which: str, role: ChatRole, **more: Any) -> int:
        kind = ChatKind.PRIVATE if role is ChatRole.PRIVATE else ChatKind.GROUP
        values = {"platform": platform, "bot": bot, "chat": which, "kind": kind.value, "role": role.value}
        return _add(db, tables.chats, community_id=community, **values, **more)

    return Cast(
        community=community,
        top=top,
        grid=grid,
        yard=yard,
        wang=wang,
        zhou=zhou,
        li=li,
        secretary=secretary,
        admin=admin,
        residents=chat(RESIDENTS, ChatRole.RESIDENTS, title="一网格居民群", node_id=grid),
        leaders=chat(LEADERS, ChatRole.LEADERS, title="网格长工作群", node_id=top),
        li_private=chat(LI.id, ChatRole.PRIVATE, person_id=li),
        admin_private=chat(ADMIN.id, ChatRole.PRIVATE, person_id=admin),
    )


def _add(db: Connection, table: sa.Table, **values: Any) -> int:
    key = db.execute(sa.insert(table).values(**values)).inserted_primary_key
    assert key is not None
    return int(key[0])


# --- partner units -------------------------------------------------------------------------------

ENGINEER = Sender("4001", "王工")  #: speaks for 物业, on a chat


@dataclass(frozen=True)
class Units:
    """Row ids."""

    property: int  #: 物业: inside the wall; 王工 speaks for it
    streets: int  #: 社管办: outside, has no account
    works: int  #: 市政: sewers and roads outside, has no account
    gas: int  #: 燃气公司: both sides, has no account
    engineer: int


def seed_units(db: Connection, cast: Cast, *, platform: str = PLATFORM, bot: str = BOT) -> Units:
    """Four partner units of the cast's community."""

    def unit(name: str, handles: list[str], side: str, contact: str, **data: Any) -> int:
        values = {"name": name, "handles": handles, "side": side, "contact": contact, "data": data}
        return _add(db, tables.units, community_id=cast.community, **values)

    manager = unit("物业", ["elevator", "lighting", "access", "drainage", "fire_lane"], "inside", "66010001")
    streets = unit("社管办", ["fire_lane", "vendor", "illegal_building"], "outside", "66010002")
    works = unit("市政", ["drainage", "road"], "outside", "66010003")
    gas = unit("燃气公司", ["gas"], "", "66010004")
    engineer = _add(db, tables.people, community_id=cast.community, name=ENGINEER.name, created_at=NOW)
    known = {"platform": platform, "user": ENGINEER.id, "name": ENGINEER.name, "reachable": True}
    _add(db, tables.identities, community_id=cast.community, person_id=engineer, **known)
    role = {"person_id": engineer, "unit_id": manager, "role": Role.UNIT.value, "since": NOW}
    _add(db, tables.holdings, community_id=cast.community, **role)
    chat = {"chat": ENGINEER.id, "kind": ChatKind.PRIVATE.value, "role": ChatRole.PRIVATE.value}
    where = {"platform": platform, "bot": bot, "person_id": engineer}
    _add(db, tables.chats, community_id=cast.community, **chat, **where)
    return Units(manager, streets, works, gas, engineer)
