"""Counts from sample lines how reports and talk sound, and writes it into intents/tone.yaml.

    python -m tests.bench.tone            how well it tells them apart, each file by the others
    python -m tests.bench.tone --write    writes the scraps

A ridge-regularised logistic regression over all stretches of one to three characters; of these the few
hundred that matter most are kept and weighed again, so that the list stays one that can be read and changed.
"""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gridbot.understanding.intents import default_folder
from gridbot.understanding.text import clean
from gridbot.understanding.tone import plain

SAMPLES = Path(__file__).parents[1] / "samples"
KEPT = 2400  #: scraps
LONGEST = 3  #: characters of a scrap
_ABOUT, _ALL_LONG = 4, 40  #: characters by which lines count as equally long, and from where on all do
_SEEN = 3  #: a scrap stands in so many lines at least
_PLACES = 1  #: decimals of a weight

Lines = tuple[list[str], list[bool]]


def samples(folder: Path = SAMPLES) -> dict[str, Lines]:
    """By file: the lines as the tone sees them, and whether each is a report."""
    found: dict[str, Lines] = {}
    for file in sorted(folder.glob("*.tsv")):
        with file.open(encoding="utf-8", newline="") as lines:
            every = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
            rows = [row for row in every if row["types"] != "civic"]  # meant, though not for this community
        texts = [plain(clean(row["text"]).norm) for row in rows]
        found[file.stem] = texts, [row["types"] != "chat" for row in rows]
    return found


def learn(texts: Sequence[str], reports: Sequence[bool]) -> tuple[dict[str, float], float]:
    """Scraps with their weights, and the bias."""
    import numpy as np
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression

    def fitted(rows: Any) -> Any:
        model = LogisticRegression(C=0.3, max_iter=3000)
        return model.fit(rows, reports, sample_weight=_fair(texts, reports))

    counts = CountVectorizer(
        analyzer="char", ngram_range=(1, LONGEST), binary=True, min_df=_SEEN, lowercase=False
    )
    rows = counts.fit_transform(texts)
    scraps = counts.get_feature_names_out()
    meant = np.array([" " not in scrap for scrap in scraps])
    rows, scraps = rows[:, meant], scraps[meant]
    share = np.asarray(rows.mean(axis=0)).ravel()
    matters = np.abs(fitted(rows).coef_[0]) * np.sqrt(share * (1 - share))
    best = np.sort(np.argsort(-matters)[:KEPT])
    model = fitted(rows[:, best])
    weights = {
        str(scraps[at]): round(float(weight), _PLACES)
        for at, weight in zip(best, model.coef_[0], strict=True)
    }
    return {scrap: weight for scrap, weight in weights.items() if weight}, round(
        float(model.intercept_[0]), 1
    )


def _fair(texts: Sequence[str], reports: Sequence[bool]) -> list[float]:
    """Among lines of one length reports weigh as much as talk: nobody means it less who is short."""
    sizes = [min(len(text), _ALL_LONG) // _ABOUT for text in texts]
    both = Counter(zip(sizes, reports, strict=True))
    alike = Counter(sizes)
    return [alike[size] / 2 / both[size, report] for size, report in zip(sizes, reports, strict=True)]


def _apart(weights: dict[str, float], bias: float, lines: Lines) -> str:
    from sklearn.metrics import roc_auc_score

    from gridbot.understanding.tone import Tone

    tone = Tone(weights, bias, 0)
    sums = [tone.of(text) for text in lines[0]]
    right = sum((value > 0) == report for value, report in zip(sums, lines[1], strict=True))
    area = roc_auc_score(lines[1], sums) if len(set(lines[1])) == 2 else float("nan")
    return f"{right / len(sums):.3f} right, area {area:.3f}"


def show(found: dict[str, Lines]) -> None:
    for name, lines in found.items():
        others = [other for key, other in found.items() if key != name]
        weights, bias = learn(
            [text for texts, _ in others for text in texts], [one for _, reports in others for one in reports]
        )
        print(f"  {name:16} {len(lines[0]):5} lines, by the others: {_apart(weights, bias, lines)}")


def write(found: dict[str, Lines]) -> int:
    weights, bias = learn(
        [text for texts, _ in found.values() for text in texts],
        [one for _, reports in found.values() for one in reports],
    )
    by_weight: dict[float, list[str]] = defaultdict(list)
    for scrap, weight in weights.items():
        by_weight[weight].append(scrap)
    file = default_folder() / "tone.yaml"
    kept = file.read_text(encoding="utf-8").partition("\nbias:")[0]
    lines = [kept, f"bias: {bias}", "scraps:"]
    for weight in sorted(by_weight, reverse=True):
        ranked = sorted(by_weight[weight], key=lambda one: (-len(one), one))
        words = ", ".join(json.dumps(scrap, ensure_ascii=False) for scrap in ranked)
        lines.append(f'  "{weight:+}": [{words}]')
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return len(weights)


if __name__ == "__main__":
    every = samples()
    if "--write" in sys.argv:
        print(f"  {write(every)} scraps written")
    else:
        show(every)
