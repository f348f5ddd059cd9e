"""gridbot intents suggest, gridbot intents print: which word would help, and which words are in effect."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridbot.cli.common import AsJson, ProblemError, console, now, opened, read_settings

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from gridbot.understanding.effective import TypeView
    from gridbot.understanding.intents import KeywordRule, Packs
    from gridbot.understanding.suggest import Compile, Proposal, Sample, Step, Suggestions

PackFolders = Annotated[
    list[Path] | None,
    typer.Option(
        "--packs", help="Folder of intents instead of the shipped one; repeat to lay over. 词库文件夹。"
    ),
]
CommunityName = Annotated[
    str | None, typer.Option("--community", help="Name of a community in the database. 社区名字。")
]


# --- suggest -------------------------------------------------------------------------------------


def suggest(
    packs: PackFolders = None,
    community: CommunityName = None,
    gold: Annotated[
        Path | None, typer.Option(help="Labelled lines too: TSV with text and types. 标注文件。")
    ] = None,
    history: Annotated[
        Path | None, typer.Option(help="A chat history: what would change in it. 聊天记录。")
    ] = None,
    most: Annotated[int, typer.Option(help="How many to show. 最多几条。")] = 10,
    as_json: AsJson = False,
) -> None:
    """Which keywords would have helped, by corrections and misses; saves nothing. 建议加什么词。"""
    from gridbot.understanding.intents import load_packs
    from gridbot.understanding.suggest import over_history
    from gridbot.understanding.suggest import suggest as mine

    layers, rules, samples = _ground(packs, community, with_samples=gold is None or community is not None)
    samples += _labelled(gold) if gold is not None else []
    if not samples:
        raise ProblemError("There are no samples yet: put readings right in the chat, or name --gold.")
    words = load_packs(*layers, extra=rules)
    with _compiler(layers, rules) as compile:
        with _progress("trying words") as step:
            found = mine(samples, words, compile, most=most, step=step)
        if history is not None:
            with _progress("reading the history") as step:
                over_history(found, _texts(history), words, compile, step=step)
    if as_json:
        typer.echo(json.dumps(_as_data(found), ensure_ascii=False))
    else:
        _show(found)


@contextmanager
def _compiler(layers: list[Path], rules: list[KeywordRule]) -> Iterator[Compile]:
    """The packs in effect with one more layer on top; the layer lies in a file of its own and goes."""
    from gridbot.understanding.intents import load_packs

    with tempfile.TemporaryDirectory(prefix="gridbot-suggest-") as folder:

        def compile(layer: str) -> Packs:
            file = Path(folder) / "candidate.yaml"
            file.write_text(layer, encoding="utf-8")
            return load_packs(*layers, file, extra=rules)

        yield compile


@contextmanager
def _progress(what: str) -> Iterator[Step]:
    """A count that goes up; nothing where nobody looks."""
    screen = console(stderr=True)
    count = 0
    with screen.status(what) as status:

        def step() -> None:
            nonlocal count
            count += 1
            if count % 500 == 0 or count < 500:
                status.update(f"{what}: {count:,}")

        yield step


def _labelled(file: Path) -> list[Sample]:
    from gridbot.understanding.suggest import Sample

    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    if not rows or not {"text", "types"} <= rows[0].keys():
        raise ProblemError(f"{file} needs the columns text and types, separated by tabs.")
    return [Sample.labelled(row["text"], row["types"] or "") for row in rows if row.get("sure") != "0"]


def _texts(file: Path) -> Iterator[str]:
    """Line by line; the whole is never in memory."""
    from zoneinfo import ZoneInfo

    from gridbot.understanding.exports import open_export

    with file.open("rb") as owner, open(owner.fileno(), "rb", closefd=False) as stream:
        export = open_export(stream, zone=ZoneInfo("Asia/Shanghai"), now=now(), name=file.name)
        for line in export.lines:
            if line.text and not line.forwarded:
                yield line.text


def _show(found: Suggestions) -> None:
    typer.echo(f"{found.samples} samples, {found.wrong} of them read wrongly.")
    if not found.proposals:
        typer.echo("No word would put more right than it spoils.")
    for number, one in enumerate(found.proposals, 1):
        typer.echo(f"\n{number}. {one.candidate.command or one.candidate.layer}")
        if one.candidate.command:
            typer.echo(f"   {one.candidate.layer}")
        typer.echo(
            f"   samples: {len(one.right)} become right, {len(one.wrong)} wrong; "
            f"examples spoilt: {len(one.examples)}; traps no longer silent: {len(one.traps)}"
        )
        if found.history:
            seen = one.history
            typer.echo(
                f"   history ({found.history:,} lines): {seen.opened} more open, {seen.asked} more asked, "
                f"{seen.silenced} silent, {seen.other} read as something else"
            )
        for label, lines in (("+", one.right), ("-", [*one.wrong, *one.examples, *one.traps])):
            for line in lines[:2]:
                typer.echo(f"   {label} {_short(line)}")
        for line in one.history.lines:
            typer.echo(f"   ~ {line}")
    typer.echo("\nNothing was saved. Say the 加词 sentence to the bot, or add the line to your own file.")


def _short(text: str) -> str:
    from gridbot.privacy import mask

    return mask(text)[:60]


def _as_data(found: Suggestions) -> dict[str, Any]:
    def one(proposal: Proposal) -> dict[str, Any]:
        seen = proposal.history
        changed = {
            "open": seen.opened,
            "ask": seen.asked,
            "silent": seen.silenced,
            "other": seen.other,
            "lines": seen.lines,
        }
        return {
            "type": proposal.candidate.type,
            "words": list(proposal.candidate.words),
            "say": proposal.candidate.command,
            "yaml": proposal.candidate.layer,
            "benefit": proposal.benefit,
            "right": len(proposal.right),
            "wrong": len(proposal.wrong),
            "examples_spoilt": len(proposal.examples),
            "traps_loud": len(proposal.traps),
        } | ({"history": changed} if found.history else {})

    return {
        "samples": found.samples,
        "read_wrongly": found.wrong,
        "history": found.history,
        "proposals": [one(proposal) for proposal in found.proposals],
    }


# --- print ---------------------------------------------------------------------------------------


def print_pack(
    only: Annotated[str | None, typer.Argument(metavar="[TYPE]", help="Id or title. 只看一类。")] = None,
    packs: PackFolders = None,
    community: CommunityName = None,
    as_json: AsJson = False,
) -> None:
    """The words in effect, each with the layer it came from, and what was switched off. 现在认哪些词。"""
    from gridbot.understanding.effective import effective

    layers, rules, _ = _ground(packs, community, with_samples=False)
    views = effective(layers, rules, only)
    if only is not None and not views:
        raise ProblemError(f"There is no type {only}.")
    if as_json:
        typer.echo(json.dumps([_view(one) for one in views], ensure_ascii=False))
        return
    for one in views:
        _print(one)


def _view(one: TypeView) -> dict[str, Any]:
    def words(lists: list[Any]) -> list[dict[str, Any]]:
        return [{"list": each.list, "layer": each.layer, "words": list(each.words)} for each in lists]

    return {
        "id": one.id,
        "title": one.title,
        "disabled": one.disabled,
        "lists": words(one.lists),
        "off": words(one.off),
    }


def _print(one: TypeView) -> None:
    from gridbot.understanding.effective import SHIPPED

    typer.echo(f"{one.id} {one.title}" + (f" (switched off: {one.disabled})" if one.disabled else ""))
    for each in [*one.lists, *one.off]:
        layer = "" if each.layer == SHIPPED and each.list != "off" else f" [{each.layer}]"
        typer.echo(f"  {each.list}{layer}: {', '.join(each.words)}")
    typer.echo("")


# --- the layers ----------------------------------------------------------------------------------


def _ground(
    folders: list[Path] | None, community: str | None, *, with_samples: bool
) -> tuple[list[Path], list[KeywordRule], list[Sample]]:
    """The layers of a community: the folders, its own file, its keywords; and its samples, if wanted."""
    from gridbot.understanding.effective import layers_of
    from gridbot.understanding.intents import default_folder
    from gridbot.understanding.segment import set_cache_dir

    house = read_settings()
    set_cache_dir(house.cache)
    layers = list(folders) if folders else [house.intents or default_folder()]
    if community is None and not with_samples:
        return layers, [], []
    with opened(house) as database, database.read() as db:
        which, name = _community(db, community)
        layers = [*layers_of(layers[0], name), *layers[1:]]
        return layers, _keywords(db, which), _samples(db, which) if with_samples else []


def _community(db: Connection, name: str | None) -> tuple[int, str]:
    """The one named; without a name the only one there is."""
    import sqlalchemy as sa

    from gridbot.store.tables import communities

    rows = db.execute(sa.select(communities.c.id, communities.c.name).order_by(communities.c.id)).all()
    fits = [row for row in rows if name in (None, row.name)]
    if len(fits) != 1:
        names = "、".join(row.name for row in rows) or "none"
        raise ProblemError(f"Name one with --community; there are: {names}.")
    return fits[0].id, fits[0].name


def _keywords(db: Connection, community_id: int) -> list[KeywordRule]:
    import sqlalchemy as sa

    from gridbot.store.tables import keywords
    from gridbot.understanding.intents import KeywordRule

    own = db.execute(
        sa.select(keywords).where(keywords.c.community_id == community_id).order_by(keywords.c.id)
    )
    return [KeywordRule(row.type, row.word, "add" if row.effect == "add" else "remove") for row in own]


def _samples(db: Connection, community_id: int) -> list[Sample]:
    from gridbot.cases import samples
    from gridbot.understanding.suggest import Sample

    return [Sample.labelled(row.text, row.right_types) for row in samples.kept(db, community_id)]
