"""The community itself: what it may set about itself, and the mark that what was compiled is stale."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from gridbot.grid.guard import only_admins
from gridbot.grid.settings import SETTINGS, problem
from gridbot.messages import Actor
from gridbot.store.tables import communities


def bump_version(db: Connection, community_id: int) -> None:
    """What was compiled from this community's words and places is stale now."""
    one = communities.c.id == community_id
    db.execute(sa.update(communities).where(one).values(version=communities.c.version + 1))


def change_settings(
    db: Connection, community_id: int, values: Mapping[str, Any], *, actor: Actor, now: datetime
) -> None:
    """Sets some of grid.settings.SETTINGS, None: back to the default. All or none.

    Raises ValueError with a sentence in Chinese for a name nobody knows or a value that makes no sense.
    """
    only_admins(actor)
    for name, value in values.items():
        if name not in SETTINGS:
            raise ValueError(f"没有「{name}」这项设置")
        if value is not None and (wrong := problem(name, value)):
            raise ValueError(f"{SETTINGS[name].title}{wrong}")
    one = communities.c.id == community_id
    row = db.execute(sa.select(communities.c.settings).where(one).with_for_update()).one()
    merged = {**(row.settings or {}), **values}
    kept = {name: value for name, value in merged.items() if value is not None}
    db.execute(sa.update(communities).where(one).values(settings=kept))
    bump_version(db, community_id)
