"""gridbot rehearse, gridbot replay: conversations and histories through the whole desk, nothing sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridbot.cli.common import AsJson, ProblemError, console, now, read_settings, say_no, working
from gridbot.cli.reading import Community, PackFolders

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from gridbot.desk.context import Desk
    from gridbot.grid.directory import Directory
    from gridbot.understanding.intents import KeywordRule

ShowProgress = Callable[[int], None]
AddWords = Annotated[
    list[str] | None,
    typer.Option("--add-word", metavar="TYPE=WORD", help="As if this word were there. 假如加上这个词。"),
]
DropWords = Annotated[
    list[str] | None,
    typer.Option("--drop-word", metavar="TYPE=WORD", help="As if it were not. 假如没有这个词。"),
]


def rehearse(
    file: Annotated[Path, typer.Argument(help="Conversations, one JSON a line. 对话脚本。")],
    community: Community = None,
    packs: PackFolders = None,
) -> None:
    """Play scripted conversations through the whole desk; JSON lines tell what came of them. 排练。"""
    from gridbot.cli.histories.cast import rehearsal_cast
    from gridbot.rehearsal import rehearse as play

    desk, fill = _desk(packs), rehearsal_cast(_directory(community))
    bad = 0
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                scenario = json.loads(line.decode("utf-8-sig"))
                outcome = play(scenario, desk, fill)
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
                bad += 1
                say_no(f"line {number}: no conversation: {type(error).__name__} {error}")
                continue
            typer.echo(json.dumps(outcome, ensure_ascii=False))
    if bad:
        raise ProblemError(f"{bad} lines could not be played.")


def replay(
    export: Annotated[Path, typer.Argument(help="A chat history. 聊天记录。")],
    community: Community = None,
    packs: PackFolders = None,
    add_word: AddWords = None,
    drop_word: DropWords = None,
    html: Annotated[Path | None, typer.Option(help="Write a page, too. 写成网页。")] = None,
    as_json: AsJson = False,
) -> None:
    """Play a chat history as if the bot had been there: what it would have opened, asked, said. 回放。"""
    from zoneinfo import ZoneInfo

    from gridbot.cli.histories import page, show
    from gridbot.cli.histories.report import difference

    if html is not None and html.exists():
        raise ProblemError(f"{html} exists already: name a new file.")
    directory, words = _directory(community), _words(add_word, drop_word)
    zone = ZoneInfo(directory.timezone if directory is not None else "Asia/Shanghai")
    changed = bool(words or packs)
    with _progress(export, 1 + changed) as told:
        clerk = _play(export, directory, zone, _desk(packs, words), told)
        report = clerk.report
        if changed:
            before = _play(export, directory, zone, _desk(None), lambda at: told(export.stat().st_size + at))
            report.difference = difference(before, clerk)
    if html is not None:
        html.write_text(page.page(report), encoding="utf-8")
    if as_json:
        typer.echo(json.dumps(report.as_json(), ensure_ascii=False))
    else:
        show.show(report, console())
        if html is not None:
            typer.echo(str(html))


def _play(
    export: Path, directory: Directory | None, zone: ZoneInfo, desk: Desk, progress: ShowProgress
) -> Any:
    from gridbot.cli.histories.replay import History
    from gridbot.cli.histories.replay import replay as play

    return play(History(export, zone, now(), directory, progress), desk)


@contextmanager
def _progress(file: Path, times: int) -> Iterator[ShowProgress]:
    """A bar on the error channel while it takes long; nothing where nobody looks."""
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    screen = console(stderr=True)
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bar:
        task = bar.add_task("回放", total=file.stat().st_size * times)
        yield lambda at: bar.update(task, completed=at)


def _directory(file: Path | None) -> Directory | None:
    from gridbot.grid.directory_files import read_directory

    return read_directory(file) if file is not None else None


def _words(add: list[str] | None, drop: list[str] | None) -> list[KeywordRule]:
    from gridbot.understanding.intents import KeywordRule

    found = []
    for given, action in ((add or [], "add"), (drop or [], "remove")):
        for one in given:
            kind, mark, word = one.partition("=")
            if not (mark and kind.strip() and word.strip()):
                raise ProblemError(f"{one!r} is not TYPE=WORD; for example lighting=灯坏了.")
            found.append(KeywordRule(kind.strip(), word.strip(), "add" if action == "add" else "remove"))
    return found


def _desk(folders: list[Path] | None, words: list[KeywordRule] | None = None) -> Desk:
    from gridbot import almanac
    from gridbot.cases import limitbook
    from gridbot.desk.context import Desk
    from gridbot.understanding.intents import default_folder, load_packs
    from gridbot.understanding.segment import set_cache_dir

    house = read_settings()
    set_cache_dir(house.cache)
    shipped = house.intents or default_folder()
    named = folders or [shipped]
    given = words or []
    almanac.use_calendar(almanac.load_calendar(shipped / "calendar"))
    limitbook.use_folder(shipped / "limits")
    with working("reading the words"):
        packs = load_packs(*named, extra=given)
    return Desk(packs, lambda own: load_packs(*named, extra=[*given, *own]))
