"""gridbot classify, evaluate, intents check: the understanding, tried from outside."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridbot.cli.common import AsJson, ProblemError, console, read_settings, say_no, working

if TYPE_CHECKING:
    from gridbot.understanding.evaluate import Evaluation, Score
    from gridbot.understanding.intents import Packs
    from gridbot.understanding.places import Gazetteer

Community = Annotated[
    Path | None, typer.Option("--community", help="Directory file with the community's places. 名单文件。")
]
PackFolders = Annotated[
    list[Path] | None,
    typer.Option(
        "--packs", help="Folder of intents instead of the shipped one; repeat to lay over. 词库文件夹。"
    ),
]


def classify(packs: PackFolders = None, community: Community = None) -> None:
    """Read JSON lines {"id","text","as"} and say what was understood, a line each. 试读。"""
    from gridbot.understanding.classify import classify_line

    words, places = _packs(packs), _gazetteer(community)
    bad = 0
    for number, line in enumerate(sys.stdin.buffer, 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line.decode("utf-8-sig", "replace"))
            if not isinstance(value, dict):
                raise ValueError("not an object")
        except (ValueError, RecursionError) as error:
            bad += 1
            say_no(f"line {number}: {error}")
            continue
        answer = json.dumps(classify_line(value, words, places), ensure_ascii=False)
        sys.stdout.buffer.write(answer.encode("utf-8", "replace") + b"\n")
        sys.stdout.buffer.flush()
    if bad:
        raise ProblemError(f"{bad} lines could not be read.")


def evaluate(
    gold: Annotated[Path, typer.Argument(help="TSV with the columns text and types. 标注文件。")],
    packs: PackFolders = None,
    community: Community = None,
    worst: Annotated[int, typer.Option(help="How many of the worst lines to show. 最差几行。")] = 20,
    as_json: AsJson = False,
) -> None:
    """Precision, recall and F1 over labelled lines, and the worst of them. 评测。"""
    import csv

    from gridbot.understanding.evaluate import evaluate as measure

    words, places = _packs(packs), _gazetteer(community)
    with gold.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    if not rows or not {"text", "types"} <= rows[0].keys():
        raise ProblemError(f"{gold} needs the columns text and types, separated by tabs.")
    with working(f"{len(rows)} lines"):
        found = measure(rows, words, places)
    if as_json:
        typer.echo(json.dumps(_figures(found, worst), ensure_ascii=False))
    else:
        _print_evaluation(found, worst)


def _figures(found: Evaluation, worst: int) -> dict[str, Any]:
    def scores(group: dict[str, Score]) -> dict[str, Any]:
        return {
            name: {"precision": one.precision, "recall": one.recall, "f1": one.f1}
            for name, one in group.items()
        }

    return {
        "lines": found.lines,
        "bands": scores(found.bands),
        "types": scores(found.types),
        "confusions": [[*pair, count] for pair, count in found.confusions.most_common(worst)],
        "worst": [{"text": one.text, "wanted": one.wanted, "got": one.got} for one in found.worst[:worst]],
    }


def _print_evaluation(found: Evaluation, worst: int) -> None:
    from rich.markup import escape
    from rich.table import Table

    screen, table = console(), Table("", "precision", "recall", "F1", "n", title=f"{found.lines} lines")
    for name, one in (*found.bands.items(), *found.types.items()):
        shares = ["—" if share is None else f"{share:.3f}" for share in (one.precision, one.recall, one.f1)]
        table.add_row(name, *shares, str(one.right + one.missed))
    screen.print(table)
    for (wanted, got), count in found.confusions.most_common(worst):
        screen.print(f"{count:4} {wanted} → {got}")
    for line in found.worst[:worst]:
        screen.print(escape(f"{line.wanted} → {line.got}: {line.text}  ({'; '.join(line.because)})"))


def check_intents(packs: PackFolders = None) -> None:
    """Are the word lists in order: mistakes by file and line, examples, traps, repeated words. 检查词库。"""
    from gridbot.understanding.check import check as look
    from gridbot.understanding.effective import own_files
    from gridbot.understanding.intents import default_folder, load_packs
    from gridbot.understanding.layers import mistakes

    words_in = packs or [read_settings().intents or default_folder()]
    own = own_files(words_in[0])
    wrong = mistakes([*words_in, *own])
    for mistake in wrong:
        say_no(str(mistake))
    if wrong:
        raise ProblemError(f"{len(wrong)} files cannot be read.")
    shipped = _packs(packs)
    with working("reading the examples"):
        problems = look(shipped)
        known = set(problems)
        for file in own:
            problems += [one for one in look(load_packs(*words_in, file)) if one not in known]
    for problem in problems:
        typer.echo(f"{problem.where}: {problem.what}")
    if problems:
        raise ProblemError(f"{len(problems)} problems.")
    typer.echo(f"{len(shipped.types)} types, no problem.")


def _packs(folders: list[Path] | None) -> Packs:
    from gridbot.understanding.intents import load_packs
    from gridbot.understanding.segment import set_cache_dir

    house = read_settings()
    set_cache_dir(house.cache)
    named = folders or ([house.intents] if house.intents else [])
    return load_packs(*named)


def _gazetteer(community: Path | None) -> Gazetteer:
    from gridbot.understanding.places import Gazetteer, GazetteerRow
    from gridbot.understanding.reading import Side

    if community is None:
        return Gazetteer.empty()
    from gridbot.grid.directory_files import read_directory

    grids = list(read_directory(community).walk())
    return Gazetteer.of(
        GazetteerRow(
            node, place.name, place.kind, place.aliases, Side(place.side) if place.side else Side.UNKNOWN
        )
        for node, (_path, grid) in enumerate(grids, 1)
        for place in grid.places
    )
