"""gridbot export cases: one line a case for the figures, without a word, a name or a house number."""

from __future__ import annotations

import csv
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gridbot.cli.common import ProblemError, now, opened, read_settings
from gridbot.cli.keeping import only_community

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date
    from typing import TextIO

    from gridbot.cases.rates import Fact

_DAY = typer.Option(formats=["%Y-%m-%d"], help="A day in the community's zone. 日期。")


def export_cases(
    file: Annotated[
        Path | None, typer.Argument(help="A new .csv file; none: to the screen. 新文件。")
    ] = None,
    since: Annotated[datetime | None, _DAY] = None,
    until: Annotated[datetime | None, _DAY] = None,
    community: Annotated[str, typer.Option(help="Which one, if there are several. 哪个社区。")] = "",
    grid: Annotated[str, typer.Option(help="Only this grid and what lies under it (path). 网格。")] = "",
) -> None:
    """Write the cases reported from --since on and before --until as CSV; else this month. 导出报事。"""
    if file is not None and file.exists():
        raise ProblemError(f"{file} exists already: name a new file.")
    found = _read(since, until, community, grid)
    if file is None:
        write_csv(found, sys.stdout)
        return
    with file.open("w", encoding="utf-8-sig", newline="") as target:  # the mark lets Excel read Chinese
        write_csv(found, target)
    typer.echo(f"{file}  {len(found)}")


def _read(since: datetime | None, until: datetime | None, community: str, grid: str) -> list[Fact]:
    from gridbot.almanac.periods import moments, period
    from gridbot.cases.facts import facts
    from gridbot.cases.rates import under
    from gridbot.grid.queries import settings_of

    with opened(read_settings()) as database, database.read() as db:
        community_id = only_community(db, community)
        zone = settings_of(db, community_id).zone
        month = period("", now().astimezone(zone).date())
        assert month is not None
        first: date = since.date() if since else month[1]
        after: date = until.date() if until else month[2]
        if first >= after:
            raise ProblemError("--since has to be before --until.")
        return under(facts(db, community_id, *moments(first, after, zone)), grid)


def write_csv(found: Iterable[Fact], target: TextIO) -> None:
    """A head line, then one line a case: see cases.rates.row."""
    from gridbot.cases.rates import COLUMNS, row

    writer = csv.writer(target)
    writer.writerow(COLUMNS)
    writer.writerows(row(one) for one in found)
