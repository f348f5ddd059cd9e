"""The command line: one function a command. What a command needs is imported inside it, so that
`gridbot --help` and `gridbot classify` are there at once.

Exit status: 0 done, 1 a problem in what was given, 2 wrong usage, 3 another gridbot has the database.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gridbot.cli import (
    auditing,
    common,
    figures,
    keeping,
    packs,
    posters,
    reading,
    replaying,
    running,
    starting,
    words,
)
from gridbot.cli.common import say_no

app = typer.Typer(
    name="gridbot",
    help="A quiet assistant for neighbourhood group chats. 小区群里的网格助手。",
    epilog="Settings are GRIDBOT_ variables or a file: see deploy/example.env. gridbot demo needs none.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _group(name: str, help: str) -> typer.Typer:
    group = typer.Typer(help=help, no_args_is_help=True)
    app.add_typer(group, name=name)
    return group


app.command()(running.demo)
app.command()(starting.setup)
app.command()(running.serve)
app.command()(starting.check)
app.command()(reading.classify)
app.command()(reading.evaluate)
app.command()(replaying.rehearse)
app.command()(replaying.replay)
app.command("import")(keeping.import_directory)
app.command()(posters.poster)
app.command()(keeping.backup)
app.command()(keeping.restore)
app.command("retention")(auditing.keep_no_longer)
app.command()(auditing.erase)
_audit = _group("audit", "The record: is it whole, who looked, who was told when. 核对。")
_audit.command("verify")(auditing.verify)
_audit.command("views")(auditing.list_views)
_audit.command("case")(auditing.case_account)
_export = _group("export", "Write what is kept to a file. 导出。")
_export.command("directory")(keeping.export_directory)
_export.command("cases")(figures.export_cases)
_report = _group("report", "A sheet of figures as text, picture or workbook. 报表。")
_report.command("week")(packs.week)
_report.command("month")(packs.month)
_group("db", "The database. 数据库。").command("upgrade")(keeping.upgrade)
_intents = _group("intents", "The word lists behind the understanding. 词库。")
_intents.command("check")(reading.check_intents)
_intents.command("print")(words.print_pack)
_intents.command("suggest")(words.suggest)
_dead = _group("deadletter", "What could not be handled or delivered. 死信。")
_dead.command("list")(keeping.list_dead)
_dead.command("retry")(keeping.retry_dead)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"gridbot {version('gridbot')}")
        raise typer.Exit


@app.callback()
def options(
    env_file: Annotated[
        Path | None, typer.Option("--env-file", help="Settings file to read. 设置文件。")
    ] = None,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Say which one this is. 版本。"),
    ] = False,
) -> None:
    """What goes before every command."""
    common.env_file = env_file


def run(arguments: list[str] | None = None) -> int:
    """Runs one command; every expected mistake ends as a sentence and a status, never as a traceback."""
    from gridbot.privacy import mask

    try:
        app(arguments, prog_name="gridbot")
    except SystemExit as leave:
        return leave.code if isinstance(leave.code, int) else 0
    except Exception as error:
        status, text = common.explain(error)
        return say_no(mask(text), status)
    return 0
