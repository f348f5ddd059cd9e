"""Who may write at all."""

from __future__ import annotations

from gridbot.messages import Actor, Role


class NotAllowedError(PermissionError):
    """Somebody without the right reached a writer: a mistake of the caller, who should have asked first."""


def only_admins(actor: Actor) -> None:
    """Raises NotAllowedError. The system itself (set-up, a timer) may."""
    if actor.role not in (Role.ADMIN, Role.SYSTEM):
        raise NotAllowedError(f"role {actor.role} may not change the grid")
