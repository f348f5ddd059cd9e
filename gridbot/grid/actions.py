"""The writers of the grid, in one place to import them from.

All take `now` (aware, UTC). Those an admin does take `actor` and raise NotAllowedError for anybody else;
the audit event is left by the caller, who knows the words.
"""

from gridbot.grid.appointments import (
    Accepted,
    Invited,
    accept_invitation,
    appoint,
    dismiss,
    invite_unbound,
    set_absent,
)
from gridbot.grid.binding import adopt_chats, bind_chat, let_in, move_chat, unbind_chat
from gridbot.grid.community import bump_version, change_settings
from gridbot.grid.guard import NotAllowedError, only_admins
from gridbot.grid.importing import import_directory
from gridbot.grid.people import add_person, bind_account, mark_reachable, remember_person

__all__ = [
    "Accepted",
    "Invited",
    "NotAllowedError",
    "accept_invitation",
    "add_person",
    "adopt_chats",
    "appoint",
    "bind_account",
    "bind_chat",
    "bump_version",
    "change_settings",
    "dismiss",
    "import_directory",
    "invite_unbound",
    "let_in",
    "mark_reachable",
    "move_chat",
    "only_admins",
    "remember_person",
    "set_absent",
    "unbind_chat",
]
