"""gridbot and the baseline on labelled lines that are not part of the project.

GRIDBOT_EVALUATION names their folder; its score.py measures both in the same way. Without it: not run.
`python -m tests.bench.evaluation --write` puts the table of figures into the README.
"""

from __future__ import annotations

import csv
import importlib.util
import json
import os
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gridbot.desk.context import Desk
from gridbot.rehearsal import rehearse, small_community
from gridbot.understanding.classify import classify_line
from gridbot.understanding.evaluate import Score
from gridbot.understanding.intents import Packs, default_folder, load_packs
from gridbot.understanding.places import Gazetteer
from gridbot.understanding.segment import set_cache_dir
from tests.bench import baseline

NAME = "GRIDBOT_EVALUATION"
README = Path(__file__).parents[2] / "README.md"
BEGIN, END = "<!-- figures: begin -->\n", "<!-- figures: end -->"
WEAK = 0.85  #: F1 below which a type is called weak
#: file, kind of score, measure, goal, what it is called
MEASURES = (
    ("chat", "messages", "open_precision", "≥ 0.97", "group chat: precision of what is opened"),
    ("chat", "messages", "recall", "≥ 0.93", "group chat: reports heard (opened or asked)"),
    ("chat", "messages", "type_accuracy", "≥ 0.93", "group chat: type right"),
    ("chat", "messages", "type_f1", "≥ 0.90", "group chat: F1 over all types"),
    ("chat", "messages", "chat_asked", "≤ 0.02", "group chat: talk that got a question"),
    ("chat", "messages", "urgent_recall", "1.0", "group chat: emergencies heard"),
    ("chat", "messages", "urgent_false", "≤ 8", "group chat: lines wrongly called urgent"),
    ("chat", "messages", "place_recall", "≥ 0.95", "group chat: places found"),
    ("chat", "messages", "place_precision", "≥ 0.90", "group chat: places right"),
    ("real", "messages", "open_precision", "", "petitions: precision of what is opened"),
    ("real", "messages", "recall", "≥ 0.93", "petitions: reports heard"),
    ("real", "messages", "type_accuracy", "≥ 0.91", "petitions: type right"),
    ("quiet", "quiet", "opened_per_1000", "≤ 1", "casual talk: opened, of 1,000 lines"),
    ("quiet", "quiet", "asked_per_1000", "≤ 5", "casual talk: asked, of 1,000 lines"),
    ("replies", "replies", "reply_accuracy", "≥ 0.95", "leaders' replies: right"),
    ("replies", "replies", "false_done", "0", "leaders' replies: wrongly taken as done"),
    ("scenarios", "scenarios", "right", "≥ 0.9", "conversations: everything right"),
)
FEWER_IS_BETTER = {"chat_asked", "urgent_false", "opened_per_1000", "asked_per_1000", "false_done"}
NOT_OF_THE_BASELINE = {"place_recall", "place_precision", "chat_asked", "asked_per_1000"}

Predictions = Mapping[str, Mapping[str, Any]]
Figures = dict[tuple[str, str], Any]


@dataclass
class Found:
    """What was measured: per (file, measure), and per type."""

    gridbot: Figures = field(default_factory=dict)
    baseline: Figures = field(default_factory=dict)
    types: dict[str, Score] = field(default_factory=dict)
    baseline_types: dict[str, Score] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    not_run: str = ""  #: why the baseline was not


def folder() -> Path | None:
    named = os.environ.get(NAME, "")
    return Path(named) if named else None


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


class Judge:
    """The folder's own score.py, and its labelled lines."""

    def __init__(self, where: Path) -> None:
        spec = importlib.util.spec_from_file_location("gridbot_score", where / "score.py")
        if spec is None or spec.loader is None:
            raise SystemExit(f"{where} holds no score.py")
        self.score = importlib.util.module_from_spec(spec)
        sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
        spec.loader.exec_module(self.score)
        sys.dont_write_bytecode = before
        self.where = where
        self.rows = {name: _rows(self._path(name)) for name in ("chat", "real", "quiet", "replies")}

    def _path(self, name: str) -> Path:
        ending = "jsonl" if name == "scenarios" else "tsv"
        return self.where / f"{name}_dev.{ending}"

    def scenarios(self) -> list[dict[str, Any]]:
        with self._path("scenarios").open(encoding="utf-8") as file:
            return [json.loads(line) for line in file if line.strip()]

    def measure(self, name: str, kind: str, predictions: Predictions) -> dict[str, Any]:
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
            for one in predictions.values():
                file.write(json.dumps(one, ensure_ascii=False) + "\n")
            file.flush()
            figures: dict[str, Any] = getattr(self.score, kind)(self._path(name), file.name, 0)
        return figures


# --- gridbot -------------------------------------------------------------------------------------


def _read(rows: Iterable[Mapping[str, str]], who: str, packs: Packs) -> Predictions:
    nowhere = Gazetteer.empty()
    return {
        row["n"]: classify_line({"id": row["n"], "text": row["text"], "as": who}, packs, nowhere)
        for row in rows
    }


def _played(judge: Judge, packs: Packs) -> Predictions:
    desk = Desk(packs, lambda rules: packs)
    return {one["id"]: rehearse(one, desk, small_community) for one in judge.scenarios()}


def run(where: Path, packs: Packs) -> Found:
    judge, found = Judge(where), Found()
    read: dict[str, Predictions] = {
        name: _read(judge.rows[name], "leader" if name == "replies" else "resident", packs)
        for name in judge.rows
    }
    read["scenarios"] = _played(judge, packs)
    found.gridbot = _measured(judge, read)
    found.lines = {name: len(rows) for name, rows in judge.rows.items()}
    found.lines["scenarios"] = len(read["scenarios"])
    found.types = per_type(judge, read)
    found.not_run = baseline.available()
    if not found.not_run:
        trained = _baseline(judge)
        found.baseline = _measured(judge, trained)
        found.baseline_types = per_type(judge, trained)
    return found


def _baseline(judge: Judge) -> dict[str, Predictions]:
    messages = baseline.Messages([*judge.rows["chat"], *judge.rows["real"]])
    known = messages.cross_validated()
    doubtful = [row for name in ("chat", "real") for row in judge.rows[name] if row["n"] not in known]
    known |= messages.of_others(doubtful) if doubtful else {}
    return {
        "chat": {row["n"]: known[row["n"]] for row in judge.rows["chat"]},
        "real": {row["n"]: known[row["n"]] for row in judge.rows["real"]},
        "quiet": messages.of_others(judge.rows["quiet"]),
        "replies": baseline.replies(judge.rows["replies"]),
    }


def _measured(judge: Judge, predictions: Mapping[str, Predictions]) -> Figures:
    figures: Figures = {}
    for name, kind in dict.fromkeys((name, kind) for name, kind, *_ in MEASURES):
        if name in predictions:
            for measure, value in judge.measure(name, kind, predictions[name]).items():
                figures[name, measure] = value
    return figures


def per_type(judge: Judge, predictions: Mapping[str, Predictions]) -> dict[str, Score]:
    """Right, wrong and missed per type, over chat and petitions."""
    counts: dict[str, list[int]] = {}
    for name in ("chat", "real"):
        for row in judge.rows[name]:
            wanted = set(row["types"].split("|"))
            if row.get("sure") == "0" or "vague" in wanted:
                continue
            one = predictions[name][row["n"]]
            said = set(one["types"]) if one["band"] != "silent" else set()
            wanted -= baseline.SILENT
            for kind in wanted | said:
                at = 0 if kind in wanted & said else 1 if kind in said else 2
                counts.setdefault(kind, [0, 0, 0])[at] += 1
    return {kind: Score(*counts[kind]) for kind in sorted(counts)}


# --- shown ---------------------------------------------------------------------------------------


def _plain(value: Any) -> str:
    return "–" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)


def _both(found: Found) -> list[tuple[str, str, str, str, bool]]:
    """Name, goal, gridbot, baseline, and whether the baseline is better."""
    lines = []
    for name, _, measure, goal, called in MEASURES:
        ours, theirs = found.gridbot.get((name, measure)), found.baseline.get((name, measure))
        if measure in NOT_OF_THE_BASELINE:
            theirs = None
        better = (
            None not in (ours, theirs) and (theirs < ours if measure in FEWER_IS_BETTER else theirs > ours)  # type: ignore[operator]
        )
        lines.append((called, goal, _plain(ours), _plain(theirs), better))
    return lines


def wins(found: Found) -> list[str]:
    """Where the baseline is still better: measures, then types by F1."""
    lines = [f"{name}: {theirs} against {ours}" for name, _, ours, theirs, better in _both(found) if better]
    for kind, ours in found.types.items():
        theirs = found.baseline_types.get(kind)
        if theirs is not None and (theirs.f1 or 0) > (ours.f1 or 0):
            lines.append(f"{kind}: F1 {_plain(theirs.f1)} against {_plain(ours.f1)} (n {_count(ours)})")
    return lines


def _count(score: Score) -> int:
    return score.right + score.missed


def show(found: Found) -> None:
    print(f"  {'':52} {'goal':>7} {'gridbot':>8} {'baseline':>8}")
    for name, goal, ours, theirs, _ in _both(found):
        print(f"  {name:52} {goal:>7} {ours:>8} {theirs:>8}")
    print(
        f"\n  {'type (both kinds of line)':26} {'n':>4} {'precision':>9} {'recall':>7} {'F1':>7} {'base':>7}"
    )
    for kind, one in found.types.items():
        theirs = found.baseline_types.get(kind)
        cells = [_plain(one.precision), _plain(one.recall), _plain(one.f1), _plain(theirs and theirs.f1)]
        print(f"  {kind:26} {_count(one):>4} {cells[0]:>9} {cells[1]:>7} {cells[2]:>7} {cells[3]:>7}")
    if found.not_run:
        print(f"  the baseline was not run: {found.not_run}")
        return
    print("\n  where the baseline is still better:")
    for line in wins(found) or ["nowhere"]:
        print(f"    {line}")


def main(packs: Packs) -> None:
    where = folder()
    print("\nunderstanding on labelled lines, beside character TF-IDF + linear SVM (cross-validated)")
    if where is None:
        print(f"  not run: {NAME} names no folder")
        return
    show(run(where, packs))


# --- the README ----------------------------------------------------------------------------------


def markdown(found: Found) -> str:
    count = found.lines
    head = (
        "Measured on labelled lines that are not part of the project: "
        f"{count['chat']:,} lines of group chat, {count['real']:,} petition sentences, "
        f"{count['quiet']:,} lines of casual talk, {count['replies']:,} leaders' replies, "
        f"{count['scenarios']:,} conversations. Beside it a trained baseline (character TF-IDF and a linear "
        "SVM, cross-validated on the same lines; it reads no places and asks nothing). gridbot's words were "
        "developed on these very lines, the baseline is judged on lines it has not seen: the comparison "
        "flatters gridbot, and on unseen lines it has to be made again."
    )
    lines = [head, "", "| measure | goal | gridbot | baseline |", "|---|---|---|---|"]
    lines += [f"| {name} | {goal} | {ours} | {theirs} |" for name, goal, ours, theirs, _ in _both(found)]
    lines += ["", "| type | n | precision | recall | F1 | baseline F1 |", "|---|---|---|---|---|---|"]
    for kind, one in found.types.items():
        theirs = found.baseline_types.get(kind)
        cells = (_plain(one.precision), _plain(one.recall), _plain(one.f1), _plain(theirs and theirs.f1))
        lines.append(f"| {kind} | {_count(one)} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", *_remarks(found)]) + "\n"


def _remarks(found: Found) -> Sequence[str]:
    weak = [kind for kind, one in found.types.items() if (one.f1 or 0) < WEAK]
    better = [line.rpartition(": ")[0] for line in wins(found)]
    said = [f"Weak still (F1 under {WEAK}): {', '.join(weak) or 'none'}."]
    if not found.not_run:
        said.append(f"The baseline is still better at: {'; '.join(better) or 'nothing'}.")
    return said


def write(found: Found) -> None:
    text = README.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    README.write_text(before + BEGIN + markdown(found) + END + after, encoding="utf-8")


if __name__ == "__main__":
    named = folder()
    if named is None:
        raise SystemExit(f"{NAME} names no folder")
    with tempfile.TemporaryDirectory(prefix="gridbot-bench-") as cache:
        set_cache_dir(Path(cache))
        measured = run(named, load_packs(default_folder()))
    show(measured)
    if "--write" in sys.argv:
        write(measured)
