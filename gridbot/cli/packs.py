"""gridbot report week|month: a meeting's pack or a month's figures, as text, picture or workbook. 报表。

Nobody's name, telephone or door stands in them, and of a month no count under five.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gridbot.cli.common import ProblemError, now, opened, read_settings
from gridbot.cli.keeping import only_community

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from gridbot.desk.packs import Made
    from gridbot.settings import Settings


class Format(StrEnum):
    TEXT = "text"
    XLSX = "xlsx"
    PNG = "png"


_SUFFIXES = {".txt": Format.TEXT, ".xlsx": Format.XLSX, ".png": Format.PNG}
_Node = Annotated[str, typer.Option("--node", help="Only this grid and what lies under it. 网格。")]
_Community = Annotated[str, typer.Option(help="Which one, if there are several. 哪个社区。")]
_Format = Annotated[
    Format | None, typer.Option("--format", help="Else by the name of the file; to the screen it is text.")
]
_File = Annotated[
    Path | None, typer.Option("-o", "--output", help="A new file; none: to the screen. 新文件。")
]
_DAY = typer.Option(formats=["%Y-%m-%d"], help="A day in the community's zone. 日期。")


def week(
    node: _Node = "",
    since: Annotated[datetime | None, _DAY] = None,
    community: _Community = "",
    format: _Format = None,
    output: _File = None,
) -> None:
    """A meeting's pack: the seven days from --since; else the last seven, today with them. 例会材料。"""
    _write(_form(format, output), output, _week(node, since.date() if since else None, community))


def month(
    node: _Node = "",
    since: Annotated[datetime | None, _DAY] = None,
    community: _Community = "",
    format: _Format = None,
    output: _File = None,
) -> None:
    """A month's figures: the month in which --since lies; else the last one. 月报。"""
    _write(_form(format, output), output, _month(node, since.date() if since else None, community))


def _form(given: Format | None, file: Path | None) -> Format:
    form = given or (_SUFFIXES.get(file.suffix.lower()) if file is not None else Format.TEXT)
    if form is None:
        raise ProblemError("Name a file that ends in .txt, .xlsx or .png, or say --format.")
    if form is not Format.TEXT and file is None:
        raise ProblemError("A picture or a workbook needs a file: -o NAME.")
    if file is not None and file.exists():
        raise ProblemError(f"{file} exists already: name a new file.")
    return form


def _write(form: Format, file: Path | None, made: Made) -> None:
    text, sheet = made
    if file is None:
        typer.echo(text)
        return
    if form is Format.TEXT:
        file.write_text(text + "\n", encoding="utf-8")
    elif form is Format.XLSX:
        from gridbot import workbook

        file.write_bytes(workbook.write(sheet))
    else:
        from gridbot import pictures

        file.write_bytes(pictures.draw(sheet))
    typer.echo(str(file))


def _week(node: str, since: date | None, community: str) -> Made:
    from gridbot.almanac.periods import moments
    from gridbot.desk import packs
    from gridbot.grid.queries import settings_of

    house = read_settings()
    with opened(house) as database, database.read() as db:
        of = only_community(db, community)
        zone = settings_of(db, of).zone
        today = now().astimezone(zone).date()
        first = since or today - timedelta(days=6)
        begin, end = moments(first, first + timedelta(days=7), zone)
        names = _titles(db, house, of)
        made, _ = packs.weekly(db, of, _node(db, of, node), begin, end, names=names, now=now())
        return made


def _month(node: str, since: date | None, community: str) -> Made:
    from gridbot.desk import packs
    from gridbot.grid.queries import settings_of

    house = read_settings()
    with opened(house) as database, database.read() as db:
        of = only_community(db, community)
        today = now().astimezone(settings_of(db, of).zone).date()
        first = (since or today.replace(day=1) - timedelta(days=1)).replace(day=1)
        names = _titles(db, house, of)
        return packs.monthly(db, [of], _node(db, of, node), packs.span_of(first), names=names, now=now())


def _node(db: Connection, community_id: int, name: str) -> int | None:
    """Raises ProblemError for a grid that is not there, or several that may be meant."""
    from gridbot.grid.tree import load_tree

    if not name:
        return None
    found = load_tree(db, community_id).find(name)
    if len(found) != 1:
        paths = ", ".join(node.path for node in found[:6])
        raise ProblemError(f"Which grid is {name}? {paths or 'There is none.'}")
    return found[0].id


def _titles(db: Connection, house: Settings, community_id: int) -> dict[str, str]:
    """The issue types in effect in a community, by their names."""
    import sqlalchemy as sa

    from gridbot.store.tables import communities
    from gridbot.understanding.effective import community_file
    from gridbot.understanding.intents import default_folder, load_packs

    folder = house.intents or default_folder()
    name = db.execute(sa.select(communities.c.name).where(communities.c.id == community_id)).scalar_one()
    own = community_file(folder, name)
    packs = load_packs(folder, *([own] if own is not None else []))
    return {kind: one.title for kind, one in packs.types.items()}
