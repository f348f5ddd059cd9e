"""gridbot import --from wecom: the grid tree that the corp has set up for 居民上报."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from gridbot.cli.common import ProblemError, opened, read_settings

if TYPE_CHECKING:
    from gridbot.grid.directory import Directory
    from gridbot.settings import Settings


def from_wecom(community: str = "") -> Directory:
    """The directory as it stands with WeCom's grids and leaders laid over it; nothing is written.
    Raises DirectoryError."""
    from gridbot.channels._wecom.api import RefusedError, UnreachableError
    from gridbot.grid import directory_wecom

    house = read_settings()
    if not house.report:
        raise ProblemError("Needs GRIDBOT_WECOM_CORP and GRIDBOT_WECOM_REPORT_SECRET. 没有配居民上报。")
    try:
        rows, names = asyncio.run(_asked(house))
    except (RefusedError, UnreachableError) as trouble:
        raise ProblemError(f"WeCom gave no grids ({trouble}). 企业微信没给网格。") from None
    platforms = (directory_wecom.PLATFORM, *(["wecom_aibot"] if house.wecom_aibot else []))
    found = directory_wecom.nodes(rows)
    return directory_wecom.onto(_known(house, community), found, names, platforms=platforms)


def _known(house: Settings, community: str) -> Directory | None:
    """What stands there; None where there is no community yet."""
    from gridbot.grid.exporting import export_directory
    from gridbot.store import upkeep
    from gridbot.store.tables import communities

    if upkeep.current(house.database) is None:
        return None
    with opened(house) as database, database.read() as db:
        rows = db.execute(communities.select().order_by(communities.c.id)).all()
        meant = [row.id for row in rows if community in ("", row.name)]
        if len(meant) > 1 or (community and not meant):
            names = "、".join(row.name for row in rows)
            raise ProblemError(f"Which community: --community, one of {names}. 哪个社区?")
        return export_directory(db, meant[0]) if meant else None


async def _asked(house: Settings) -> tuple[list[dict[str, Any]], dict[str, str]]:
    from gridbot.channels._wecom.api import Credentials, WecomApi
    from gridbot.channels.wecom_report import grid_list, member_name
    from gridbot.grid.directory_wecom import nodes

    api, app = (
        WecomApi(house.wecom_api, proxy=house.proxy or None),
        Credentials(house.wecom_corp, house.report),
    )
    try:
        rows = await grid_list(api, app)
        users = dict.fromkeys(user for node in nodes(rows) for user in node.admins)
        return rows, {user: await member_name(api, app, user) for user in users}
    finally:
        await api.close()
