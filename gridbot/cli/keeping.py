"""gridbot import, export, backup, restore, db upgrade, deadletter: what is kept, brought in and out."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridbot.cli.common import AsJson, ProblemError, Yes, console, now, opened, read_settings, working

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from gridbot.grid.directory import Directory
    from gridbot.grid.report import ImportReport
    from gridbot.settings import Settings
    from gridbot.store.copies import Gone
    from gridbot.store.db import Database


# --- the directory -------------------------------------------------------------------------------


def import_directory(
    file: Annotated[Path | None, typer.Argument(help="YAML or XLSX. 名单文件。")] = None,
    source: Annotated[
        str, typer.Option("--from", help="Instead of a file: wecom, its grid tree. 从企业微信的网格来。")
    ] = "",
    community: Annotated[str, typer.Option(help="With --from: which, if there are several. 哪个社区。")] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would change. 只试不写。")
    ] = False,
    yes: Yes = False,
) -> None:
    """Read a community's directory: grids, places, leaders, groups, units, service days. 导入名单。"""
    from gridbot.cli.wecom_import import from_wecom
    from gridbot.grid.directory_files import read_directory

    if source not in ("", "wecom") or (file is None) == (not source):
        raise ProblemError("Name a file, or --from wecom. 给一个文件,或者 --from wecom。")
    with working("reading"):
        directory = read_directory(file) if file is not None else from_wecom(community)
    if dry_run:
        with _to_look_at() as db:
            _show(_bring_in(db, directory, dry_run=True))
        return
    with opened(read_settings(), write=True) as database:
        _show(database.write(lambda db: _bring_in(db, directory, dry_run=True)), asking=True)
        if not yes:
            typer.confirm("Write it? 确认写入?", abort=True)
        with working("writing"):
            done = bring_in(database, directory)
    typer.echo(f"{done.community}: done. 已写入。")


@contextlib.contextmanager
def _to_look_at() -> Iterator[Connection]:
    """The database, beside a running gridbot too; where there is none yet, an empty one for the moment."""
    from gridbot.store import upkeep
    from gridbot.store.db import Database

    house = read_settings()
    with contextlib.ExitStack() as held:
        if upkeep.current(house.database) is None:
            url = f"sqlite:///{held.enter_context(tempfile.TemporaryDirectory())}/empty.db"
            upkeep.upgrade(url)
            database = held.enter_context(contextlib.closing(Database(url)))
        else:
            database = held.enter_context(opened(house))
        yield held.enter_context(database.read())


def _show(preview: ImportReport, *, asking: bool = False) -> None:
    for line in preview.sentences()[: -1 if asking else None]:  # the last one says that nothing was written
        typer.echo(line)
    if preview.problems:
        raise ProblemError("Nothing was written. 没有写入。")


def _bring_in(db: Connection, directory: Directory, *, dry_run: bool) -> ImportReport:
    from gridbot.grid.importing import import_directory as write
    from gridbot.messages import Actor, Role

    report = write(db, directory, actor=Actor(None, Role.ADMIN, "命令行"), now=now(), dry_run=dry_run)
    if not dry_run and report.community_id is not None:
        from gridbot.desk.handing_on import hand_on

        hand_on(db, report.community_id, now())
    return report


def bring_in(database: Database, directory: Directory) -> ImportReport:
    """In one transaction: all of it or nothing."""
    return database.write(lambda db: _bring_in(db, directory, dry_run=False))


def export_directory(
    file: Annotated[Path, typer.Argument(help="A new file, .yaml or .xlsx. 新文件。")],
    community: Annotated[str, typer.Option(help="Which one, if there are several. 哪个社区。")] = "",
) -> None:
    """Write the directory in the form that import reads. 导出名单。"""
    from gridbot.grid.directory_files import write_directory
    from gridbot.grid.exporting import export_directory as read

    if file.exists():
        raise ProblemError(f"{file} exists already: name a new file.")
    house = read_settings()
    with opened(house) as database, database.read() as db:
        directory = read(db, only_community(db, community))
    write_directory(directory, file)
    _note_export(house, file, community)
    typer.echo(str(file))


def _note_export(house: Settings, file: Path, community: str) -> None:
    """Names and telephone numbers have left: on record as an event, or, while gridbot runs on SQLite, in the
    list beside the database until it starts next."""
    from gridbot.cases import views
    from gridbot.messages import Actor, Role
    from gridbot.settings import data_dir
    from gridbot.store import copies
    from gridbot.store.upkeep import InUseError

    at, logged = now(), True
    try:
        with opened(house, write=True) as database:
            actor = Actor(None, Role.ADMIN)

            def record(db: Connection) -> None:
                of = only_community(db, community)
                views.exported(db, of, "directory", actor=actor, now=at, how=views.CLI)

            database.write(record)
    except InUseError:
        logged = False
    list_ = copies.register(house.database, data_dir())
    copies.note(list_, copies.Copy(copies.EXPORT, str(file.absolute()), at, community, logged))


def only_community(db: Connection, name: str) -> int:
    """The community of this name, or the only one there is. Raises ProblemError."""
    import sqlalchemy as sa

    from gridbot.store.tables import communities

    known = {row.name: int(row.id) for row in db.execute(sa.select(communities.c.id, communities.c.name))}
    if not known:
        raise ProblemError("There is no community yet: gridbot import FILE makes one.")
    if name not in known and (name or len(known) > 1):
        raise ProblemError(f"Say which with --community: {'、'.join(known)}.")
    return known[name] if name else next(iter(known.values()))


# --- copies --------------------------------------------------------------------------------------


def upgrade(
    no_copy: Annotated[
        bool, typer.Option("--no-copy", help="Do not copy the database first. 不先备份。")
    ] = False,
) -> None:
    """Bring the database up to this gridbot, after copying it. 升级。"""
    from gridbot.store import upkeep

    house = read_settings()
    with upkeep.sole_use(house.database), working("upgrading"):
        done = upkeep.upgrade(house.database, copy=not no_copy)
    if done.copy:
        note_copy(house, done.copy)
        typer.echo(f"copy: {done.copy}")
    typer.echo(
        f"{done.before or 'empty'} → {done.after}"
        if done.before != done.after
        else f"{done.after}: up to date"
    )


def backup(
    file: Annotated[
        Path, typer.Argument(help="A new file, or a folder that keeps the newest. 新文件,或文件夹。")
    ],
    keep: Annotated[int, typer.Option(min=1, help="How many a folder keeps. 文件夹里留几份。")] = 7,
) -> None:
    """Write a whole copy of the database, also while gridbot runs. 备份。"""
    from gridbot.store import copies, upkeep

    house = read_settings()
    folder = file if file.is_dir() else None
    if folder is not None:
        file = copies.in_folder(folder, postgresql=not upkeep.is_sqlite(house.database), now=now())
    with working("copying"):
        upkeep.backup(house.database, file)
    note_copy(house, file)
    gone = copies.rotate(folder, keep=keep) if folder is not None else []
    typer.echo(f"{file}  {file.stat().st_size / 1e6:.1f} MB")
    for path in gone:
        typer.echo(f"gone: {path}")


def note_copy(house: Settings, file: Path) -> None:
    """The copy stands in the list of copies, and beside it who has been erased so far."""
    from gridbot.cases import erasing
    from gridbot.settings import data_dir
    from gridbot.store import copies, upkeep

    copies.note(
        copies.register(house.database, data_dir()), copies.Copy(copies.BACKUP, str(file.absolute()), now())
    )
    if upkeep.current(house.database) == upkeep.head():
        with opened(house) as database, database.read() as db:
            gone = erasing.gone(db)
        copies.keep_gone(file.absolute().parent / copies.ERASED_FILE, gone)
        copies.keep_gone(copies.erased_list(house.database, data_dir()), gone)


def restore(
    file: Annotated[Path, typer.Argument(help="What backup wrote. 备份文件。")],
    yes: Yes = False,
) -> None:
    """Put a copy in the database's place, copying what is there; who was erased since goes again. 恢复。"""
    from gridbot.settings import data_dir
    from gridbot.store import copies, upkeep

    house = read_settings()
    with upkeep.sole_use(house.database):
        if not yes:
            typer.confirm(
                "Everything since that copy will be gone from the database. Go on? 确认恢复?", abort=True
            )
        gone = _gone_so_far(house, file)
        with working("restoring"):
            aside = upkeep.restore(house.database, file, now=now())
        if aside is not None:
            register = copies.register(house.database, data_dir())
            copies.note(register, copies.Copy(copies.BACKUP, str(aside), now()))
        again = _erase_again(house, gone) if gone else 0
    typer.echo(f"Restored {file}." + (f" What was there before: {aside}" if aside else ""))
    if again:
        typer.echo(f"Erased again: {again}. 已重新删除。")


def _gone_so_far(house: Settings, file: Path) -> list[Gone]:
    """Everybody known to be erased: by the database that is there, if it can be read, and by the lists beside
    it and beside the copy."""
    from gridbot.cases import erasing
    from gridbot.settings import data_dir
    from gridbot.store import copies, upkeep
    from gridbot.store.db import Database

    list_ = copies.erased_list(house.database, data_dir())
    with contextlib.suppress(Exception):  # a broken database is why one restores
        if upkeep.current(house.database) == upkeep.head():
            with contextlib.closing(Database(house.database)) as database, database.read() as db:
                copies.keep_gone(list_, erasing.gone(db))
    return copies.known_gone(list_, file.absolute().parent / copies.ERASED_FILE)


def _erase_again(house: Settings, gone: list[Gone]) -> int:
    """An older copy is brought up to date first, or its tables could not be reached."""
    from gridbot.cases import erasing
    from gridbot.store import upkeep
    from gridbot.store.db import Database

    upkeep.upgrade(house.database, copy=False)
    with contextlib.closing(Database(house.database)) as database:
        return int(database.write(lambda db: erasing.again(db, gone, now=now())))


# --- dead letters --------------------------------------------------------------------------------


def list_dead(as_json: AsJson = False) -> None:
    """Messages that could not be handled, sentences not delivered, timers that failed. 死信列表。"""
    with opened(read_settings()) as database:
        found = _dead(database)
    if as_json:
        for one in found:
            typer.echo(json.dumps(one, ensure_ascii=False))
    elif not found:
        typer.echo("Nothing. 没有。")
    else:
        from rich.markup import escape
        from rich.table import Table

        table = Table("id", "when", "what", "why")
        for one in found:
            table.add_row(one["id"], one["at"], escape(one["what"]), escape(one["why"]))
        console().print(table)


def retry_dead(
    ids: Annotated[
        list[str] | None, typer.Argument(help="As listed: in:12 out:7 timer:3; none: all. 编号。")
    ] = None,
) -> None:
    """Put them back to be tried again. 重试。"""
    from gridbot.store import inbox, outbox, timers

    with opened(read_settings(), write=True) as database:
        known = [one["id"] for one in _dead(database)]
        for name in ids or ():
            if name not in known:
                raise ProblemError(f"{name!r} is not in the list; see gridbot deadletter list.")
        chosen = ids or known

        def of(kind: str) -> list[int]:
            return [int(name.partition(":")[2]) for name in chosen if name.startswith(f"{kind}:")]

        def again(db: Any) -> int:
            at = now()
            count = outbox.retry_given_up(db, of("out"), now=at) + timers.retry_stuck(db, of("timer"))
            return count + (inbox.retry_dead(db, of("in")) if of("in") else 0)

        typer.echo(f"{database.write(again)} put back. 已放回。")


def _dead(database: Database) -> list[dict[str, str]]:
    from gridbot.privacy import mask
    from gridbot.store import inbox, outbox, timers

    with database.read() as db:
        rows = [
            *(
                ("in", row, row.received_at, f"{row.platform} chat {row.chat_id}", row.error)
                for row in inbox.dead_letters(db)
            ),
            *(
                ("out", row, row.created_at, f"{row.platform} {row.purpose} to {row.chat}", row.reason)
                for row in outbox.given_up(db)
            ),
            *(("timer", row, row.due_at, f"{row.kind} {row.subject}", row.error) for row in timers.stuck(db)),
        ]
    return [
        {"id": f"{kind}:{row.id}", "at": f"{at:%Y-%m-%d %H:%M}Z", "what": what, "why": mask(why)}
        for kind, row, at, what, why in rows
    ]
