"""gridbot poster: a picture with a code that leads residents to the bot in their ordinary WeChat."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gridbot.cli.common import ProblemError, opened, read_settings, working

if TYPE_CHECKING:
    from gridbot.settings import Settings


def poster(
    grid: Annotated[str, typer.Option(help="Whose: its path or name. 哪个网格。")],
    output: Annotated[Path, typer.Option("-o", "--output", help="A new PNG. 存到哪里。")],
    link: Annotated[
        str,
        typer.Option(help="Where the code leads, if you have it already; else WeChat is asked. 客服链接。"),
    ] = "",
) -> None:
    """Make the poster of a grid: scan it in WeChat and talk to the bot, one to one. 生成海报。"""
    from gridbot.app_wechat import poster_of
    from gridbot.grid import posters

    house = read_settings()
    with opened(house) as database, database.read() as db:
        place = posters.place(db, grid)
    if output.exists():
        raise ProblemError(f"{output} is there already. 文件已存在。")
    with working("drawing"):
        picture = poster_of(place.name, link or _asked(house, place.account, place.scene))
    output.write_bytes(picture)
    typer.echo(f"{output}: {place.path}")


def _asked(house: Settings, account: str, scene: str) -> str:
    import asyncio

    from gridbot.app_wechat import contact_link
    from gridbot.channels._wecom.api import RefusedError, UnreachableError

    if not house.kf:
        raise ProblemError(
            "Needs GRIDBOT_WECOM_CORP and GRIDBOT_WECOM_KF_SECRET, or --link. 没有配微信客服。"
        )
    try:
        return asyncio.run(contact_link(house, account, scene))
    except (RefusedError, UnreachableError) as trouble:
        raise ProblemError(f"WeChat gave no link ({trouble}). 微信没给链接。") from None
