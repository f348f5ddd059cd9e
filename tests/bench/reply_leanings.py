"""Counts from sample replies which scraps of text lean to which action, and writes reply_leanings.yaml.

python -m tests.bench.reply_leanings            how well the leanings read each file, learnt from the others
python -m tests.bench.reply_leanings --write    writes the scraps
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence

from gridbot.understanding.intents import Packs, default_folder, load_packs
from gridbot.understanding.leanings import Leanings
from gridbot.understanding.replies_words import words_of
from gridbot.understanding.tone import plain
from tests.bench import leanings
from tests.bench.tone import SAMPLES

KEPT = 500  #: scraps of an action

Reply = tuple[str, tuple[str, ...]]  #: as it is weighed, and the action it is of


def replies(packs: Packs) -> dict[str, list[Reply]]:
    """By file of tests/samples/replies."""
    words = words_of(packs)
    found: dict[str, list[Reply]] = {}
    for file in sorted((SAMPLES / "replies").glob("*.tsv")):
        with file.open(encoding="utf-8", newline="") as lines:
            found[file.stem] = [
                (plain(words.scraps(words.ready(row["text"]))), (row["action"],))
                for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
            ]
    return found


def _learn(lines: Sequence[Reply]) -> leanings.Found:
    return leanings.learn(lines, kept=KEPT)


def show(every: dict[str, list[Reply]]) -> None:
    for name, lines in every.items():
        learnt = _learn([line for other, rest in every.items() if other != name for line in rest])
        weighed = Leanings(learnt)
        sums = [weighed.of(text, learnt) for text, _ in lines]
        said = [max(one, key=lambda action: one[action]) for one in sums]
        right = sum(action == meant for action, (_, (meant,)) in zip(said, lines, strict=True))
        print(f"  {name:16} {len(lines):5} replies, by the others {right / len(lines):.3f} lean right")


if __name__ == "__main__":
    samples = replies(load_packs())
    if "--write" in sys.argv:
        found = _learn([line for lines in samples.values() for line in lines])
        leanings.write(found, default_folder() / "reply_leanings.yaml")
        print(f"  {sum(len(scraps) for _, scraps in found.values())} scraps written")
    else:
        show(samples)
