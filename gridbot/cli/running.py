"""gridbot serve, gridbot demo."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from gridbot.cli.common import ProblemError, console, opened, read_settings
from gridbot.cli.keeping import bring_in

if TYPE_CHECKING:
    from gridbot.settings import Settings


def serve(
    roles: Annotated[
        str,
        typer.Option("--roles", help="web,ingest,worker,sender,clock: what this process does (PostgreSQL)."),
    ] = "",
) -> None:
    """Run gridbot until it is told to stop. 运行。"""
    from gridbot.settings import configure_logging

    house = read_settings(**({"roles": roles} if roles else {}))
    configure_logging(house.log)
    _make_ready(house)
    _refuse_sample(house)
    _serve(house)


def demo(
    http: Annotated[str, typer.Option("--http", help="Where to listen, host:port. 监听地址。")] = "",
    database: Annotated[str, typer.Option("--database", help="Another database than the demo's own.")] = "",
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget what was played before. 重新开始。")] = False,
) -> None:
    """Try everything in the browser with a made-up community; no account needed. 试一试。"""
    from gridbot.channels.simulator import forget
    from gridbot.settings import configure_logging, data_dir
    from gridbot.store import upkeep

    database = database or f"sqlite:///{data_dir() / 'demo.db'}"
    house = read_settings(database=database, **({"http": http} if http else {}))
    if house.token:
        raise ProblemError(
            "The demo's leaders are made up: a real report would reach nobody, so it does not start with a"
            " Telegram token. Take GRIDBOT_TELEGRAM_TOKEN away to try, or run gridbot serve to work."
        )
    configure_logging(house.log)
    if fresh and house.sqlite:
        with upkeep.sole_use(database):
            for part in ("", "-wal", "-shm"):
                Path(f"{upkeep.sqlite_path(database)}{part}").unlink(missing_ok=True)
            forget(upkeep.sqlite_path(database).with_suffix(".simulator.jsonl"))
    _make_ready(house)
    _add_sample(house)
    console().print(f"[bold]gridbot[/] → http://{house.http}   (Ctrl-C ends it 按 Ctrl-C 结束)")
    _serve(house, demo=True)


def _serve(house: Settings, *, demo: bool = False) -> NoReturn:
    from gridbot import app

    raise typer.Exit(asyncio.run(app.run(house, demo=demo)))


def _make_ready(house: Settings) -> None:
    """SQLite is brought up to date by who starts; on PostgreSQL, where others may be running, by hand."""
    from gridbot.store import upkeep

    with upkeep.sole_use(house.database):
        revision = upkeep.current(house.database)
        if house.sqlite or revision is None:
            done = upkeep.upgrade(house.database)
            if done.copy:
                console(stderr=True).print(
                    f"database upgraded {done.before} → {done.after}; copy: {done.copy}"
                )
        elif revision != upkeep.head():
            raise ProblemError(
                f"The database is at {revision}, this gridbot at {upkeep.head()}: stop every gridbot,"
                " then run gridbot db upgrade."
            )


def _refuse_sample(house: Settings) -> None:
    import sqlalchemy as sa

    from gridbot.store.tables import communities

    with opened(house) as database, database.read() as db:
        sample = db.execute(sa.select(communities.c.name).where(communities.c.sample)).scalars().first()
    if sample and house.live:
        raise ProblemError(
            f"{sample} is made up: a real report would reach nobody. Give gridbot another GRIDBOT_DATABASE."
        )


def _add_sample(house: Settings) -> None:
    import sqlalchemy as sa

    from gridbot.grid.directory_files import read_directory
    from gridbot.store.tables import communities

    with opened(house, write=True) as database:
        with database.read() as db:
            if db.execute(sa.select(communities.c.id)).first():
                return
        bring_in(database, read_directory(_sample_file()))
        database.write(lambda db: db.execute(sa.update(communities).values(sample=True)))


def _sample_file() -> Path:
    package = Path(__file__).parents[1]
    for folder in (package / "_data" / "samples", package.parent / "deploy" / "samples"):
        if (folder / "sample.yaml").is_file():
            return folder / "sample.yaml"
    raise ProblemError("The sample community is missing from this installation: install gridbot anew.")
