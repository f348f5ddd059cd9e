"""What only one process may do at a time: poll a bot's updates, speak for a bot's token.

A lease is a row with an owner, an end and an epoch that grows with every new owner. Whoever hung longer
than the lease finds that it is another's. Not needed on SQLite, where one process holds the file.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from gridbot.store.tables import chats, leases, outbox, timers

LASTS = timedelta(seconds=30)
RENEW = timedelta(seconds=10)

_MAKE = (
    insert(leases)
    .values(name=sa.bindparam("of_name"), owner="", epoch=0, data={})
    .on_conflict_do_nothing(index_elements=["name"])
)
_TAKE = (
    sa.update(leases)
    .where(
        leases.c.name == sa.bindparam("of_name"),
        sa.or_(leases.c.until.is_(None), leases.c.until < sa.bindparam("now"), leases.c.owner == ""),
    )
    .values(owner=sa.bindparam("new_owner"), epoch=leases.c.epoch + 1, until=sa.bindparam("new_until"))
    .returning(leases.c.epoch)
)
_KEEP = (
    sa.update(leases)
    .where(
        leases.c.name == sa.bindparam("of_name"),
        leases.c.owner == sa.bindparam("of_owner"),
        leases.c.epoch == sa.bindparam("of_epoch"),
    )
    .values(until=sa.bindparam("new_until"))
)


def take(db: Connection, name: str, *, owner: str, now: datetime) -> int | None:
    """The epoch of the new lease, or None while somebody else has it."""
    db.execute(_MAKE, {"of_name": name})
    epoch: int | None = db.execute(
        _TAKE, {"of_name": name, "new_owner": owner, "now": now, "new_until": now + LASTS}
    ).scalar_one_or_none()
    return epoch


def keep(db: Connection, name: str, *, owner: str, epoch: int, now: datetime) -> bool:
    """Holds it for another while. False: it has become somebody else's."""
    which = {"of_name": name, "of_owner": owner, "of_epoch": epoch, "new_until": now + LASTS}
    return db.execute(_KEEP, which).rowcount == 1


def give_back(db: Connection, name: str, *, owner: str, epoch: int) -> None:
    """At an orderly end, so that the next need not wait."""
    db.execute(
        sa.update(leases)
        .where(leases.c.name == name, leases.c.owner == owner, leases.c.epoch == epoch)
        .values(owner="")
    )


def forget_all(db: Connection, *, now: datetime) -> None:
    """Where one process holds the database, what is leased at its start was a dead one's: its work is
    free at once instead of a minute later."""
    for table in (chats, outbox, timers):
        held = sa.and_(table.c.lease != "", table.c.lease_until >= now)
        db.execute(sa.update(table).where(held).values(lease_until=now - timedelta(seconds=1)))


def remember(db: Connection, name: str, data: dict[str, str]) -> None:
    """What whoever has this to do goes on from: a cursor, an offset."""
    db.execute(_MAKE, {"of_name": name})
    db.execute(sa.update(leases).where(leases.c.name == name).values(data=data))


def remembered(db: Connection, name: str) -> dict[str, str]:
    found: dict[str, str] | None = db.execute(
        sa.select(leases.c.data).where(leases.c.name == name)
    ).scalar_one_or_none()
    return found or {}
