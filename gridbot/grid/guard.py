"""Who may write at all, and the mark that what was compiled is stale."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Connection

from gridbot.messages import Actor, Role
from gridbot.store.tables import communities


class NotAllowedError(PermissionError):
    """Somebody without the right reached a writer: a mistake of the caller, who should have asked first."""


def only_admins(actor: Actor) -> None:
    """Raises NotAllowedError. The system itself (set-up, a timer) may."""
    if actor.role not in (Role.ADMIN, Role.SYSTEM):
        raise NotAllowedError(f"role {actor.role} may not change the grid")


def bump_version(db: Connection, community_id: int) -> None:
    """What was compiled from this community's words and places is stale now."""
    one = communities.c.id == community_id
    db.execute(sa.update(communities).where(one).values(version=communities.c.version + 1))
