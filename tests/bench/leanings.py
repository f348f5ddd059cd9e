"""Counts from sample lines which scraps of text lean to which type, and writes them into leanings.yaml.

    python -m tests.bench.leanings            how often each file's reports lean right, by the others
    python -m tests.bench.leanings --write    writes the scraps

A multinomial logistic regression over stretches of one to three characters; for each type those are kept
that matter most.
"""

from __future__ import annotations

import csv
import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from gridbot.understanding.intents import default_folder
from gridbot.understanding.leanings import Leanings
from gridbot.understanding.text import clean
from gridbot.understanding.tone import plain
from tests.bench.tone import LONGEST, SAMPLES

KEPT = 250  #: scraps of a type
_SEEN = 2  #: lines
NO_TYPE = frozenset({"chat", "civic", "vague"})

Lines = list[tuple[str, tuple[str, ...]]]
Found = dict[str, tuple[float, dict[str, float]]]


def reports() -> dict[str, Lines]:
    """By file: the reports as they are weighed, with the types they are of."""
    found: dict[str, Lines] = {}
    for file in sorted([*SAMPLES.glob("*.tsv"), *SAMPLES.glob("by_type/*.tsv")]):
        with file.open(encoding="utf-8", newline="") as lines:
            every = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
            found[file.stem] = [
                (plain(clean(row["text"]).norm), tuple(row["types"].split("|")))
                for row in every
                if row["types"].split("|")[0] not in NO_TYPE
            ]
    return found


def learn(lines: Sequence[tuple[str, tuple[str, ...]]], kept: int = KEPT) -> Found:
    """For each type its bias and its scraps with their weights."""
    import numpy as np
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression

    counts = CountVectorizer(
        analyzer="char", ngram_range=(1, LONGEST), binary=True, min_df=_SEEN, lowercase=False
    )
    rows = counts.fit_transform([text for text, _ in lines])
    scraps = counts.get_feature_names_out()
    meant = np.array([" " not in scrap for scrap in scraps])
    rows, scraps = rows[:, meant], scraps[meant]
    model = LogisticRegression(C=0.5, max_iter=3000).fit(rows, [types[0] for _, types in lines])
    share = np.asarray(rows.mean(axis=0)).ravel()
    spread = np.sqrt(abs(share * (1 - share)))  # what stands in every line may come out a hair above 1
    found: Found = {}
    for kind, weights, bias in zip(model.classes_, model.coef_, model.intercept_, strict=True):
        best = np.argsort(-np.abs(weights) * spread)[:kept]
        told = {str(scraps[at]): round(float(weights[at]), 1) for at in best}
        found[str(kind)] = (
            round(float(bias), 1),
            {scrap: weight for scrap, weight in told.items() if weight},
        )
    return found


def show(every: Mapping[str, Lines]) -> None:
    for name, lines in every.items():
        learnt = learn([line for other, rest in every.items() if other != name for line in rest])
        leanings = Leanings(learnt)
        right = 0
        for text, types in lines:
            sums = leanings.of(text, learnt)
            right += max(sums, key=lambda kind: sums[kind]) in types
        print(
            f"  {name:16} {len(lines):5} reports, by the others {right / max(1, len(lines)):.3f} lean right"
        )


def _written(found: Found) -> Iterator[str]:
    for kind, (bias, scraps) in sorted(found.items()):
        yield f"{kind}:"
        yield f"  bias: {bias}"
        yield "  scraps:"
        by_weight: dict[float, list[str]] = defaultdict(list)
        for scrap, weight in scraps.items():
            by_weight[weight].append(scrap)
        for weight in sorted(by_weight, reverse=True):
            ranked = sorted(by_weight[weight], key=lambda one: (-len(one), one))
            yield f'    "{weight:+}": [{", ".join(json.dumps(one, ensure_ascii=False) for one in ranked)}]'


def write(found: Found, file: Path) -> None:
    """Anew, but for the remarks at the head of the file."""
    head = [line for line in file.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    file.write_text("\n".join([*head, *_written(found)]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    samples = reports()
    if "--write" in sys.argv:
        learnt = learn([line for lines in samples.values() for line in lines])
        write(learnt, default_folder() / "leanings.yaml")
        print(f"  {sum(len(scraps) for _, scraps in learnt.values())} scraps written")
    else:
        show(samples)
