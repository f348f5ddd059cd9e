"""Figures over labelled lines: precision, recall, F1 per type and per band, confusions, the worst lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gridbot.understanding.intents import Packs
from gridbot.understanding.places import Gazetteer
from gridbot.understanding.reader import read
from gridbot.understanding.reading import Band, Reading

_SILENT = frozenset({"chat", "civic"})


@dataclass(frozen=True, slots=True)
class Score:
    right: int = 0
    wrong: int = 0  #: said, and not so
    missed: int = 0

    @property
    def precision(self) -> float | None:
        return _share(self.right, self.right + self.wrong)

    @property
    def recall(self) -> float | None:
        return _share(self.right, self.right + self.missed)

    @property
    def f1(self) -> float | None:
        return _share(2 * self.right, 2 * self.right + self.wrong + self.missed)


@dataclass(frozen=True, slots=True)
class Worst:
    text: str
    wanted: str
    got: str
    because: tuple[str, ...]


@dataclass
class Evaluation:
    lines: int = 0
    types: dict[str, Score] = field(default_factory=dict)
    bands: dict[str, Score] = field(default_factory=dict)
    confusions: Counter[tuple[str, str]] = field(default_factory=Counter)
    worst: list[Worst] = field(default_factory=list)
    chat_asked: int = 0
    chats: int = 0


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def evaluate(gold_rows: Iterable[Mapping[str, str]], packs: Packs, gazetteer: Gazetteer) -> Evaluation:
    """Rows with `text`, `types` (ids joined by |; chat, civic must not open); `sure` = 0 is left out."""
    out = Evaluation()
    types: dict[str, Counter[str]] = {}
    bands: dict[str, Counter[str]] = {"open": Counter(), "open or ask": Counter()}
    for row in gold_rows:
        if row.get("sure") == "0":
            continue
        out.lines += 1
        _one(out, types, bands, row, read(row["text"], packs, gazetteer))
    out.types = {name: _score(types[name]) for name in sorted(types)}
    out.bands = {name: _score(counts) for name, counts in bands.items()}
    return out


def _score(counts: Counter[str]) -> Score:
    return Score(counts["right"], counts["wrong"], counts["missed"])


def _one(
    out: Evaluation,
    types: dict[str, Counter[str]],
    bands: dict[str, Counter[str]],
    row: Mapping[str, str],
    got: Reading,
) -> None:
    wanted = set((row.get("types") or "chat").split("|"))
    report = bool(wanted - _SILENT)
    heard = got.band is not Band.SILENT
    said = set(got.types) if heard else set()
    if not report:
        out.chats += 1
        out.chat_asked += got.band is Band.ASK
    for name, there in (("open", got.band is Band.OPEN), ("open or ask", heard)):
        if there or report:
            bands[name]["right" if there and report else "wrong" if there else "missed"] += 1
    if "vague" not in wanted:
        for name in (wanted - _SILENT) | said:
            outcome = "right" if name in wanted & said else "wrong" if name in said else "missed"
            types.setdefault(name, Counter())[outcome] += 1
    first = got.types[0] if said else "silent"
    missed = report and "vague" not in wanted and first not in wanted
    if missed or (not report and got.band is Band.OPEN):
        label = "|".join(sorted(wanted))
        out.confusions[label, first] += 1
        out.worst.append(Worst(row["text"], label, first, got.because))
