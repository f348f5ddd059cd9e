"""控制台: the way into the console, by a link that works once, given in private alone."""

from __future__ import annotations

from re import Match

from gridbot.desk.context import Hearing
from gridbot.desk.registry import STAFF, Where, command
from gridbot.grid import signin
from gridbot.messages import Role
from gridbot.texts import console as words


@command(
    "console",
    "控制台",
    "看板",
    roles=STAFF | {Role.OFFICER},
    help="在网页上看您管的事;我私下给您一个只能用一次的链接",
    area="管事",
    where=Where.DISCREET,
    addressed=True,
)
def console(h: Hearing, said: Match[str]) -> str:
    if h.desk.console_link is None:
        return words.nowhere()
    code = signin.issue(h.db, h.community_id, h.person, h.now)
    return words.link(h.desk.console_link(code), int(signin.LINK_FOR.total_seconds() // 60))
