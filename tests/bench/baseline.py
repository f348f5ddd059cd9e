"""What a small trained classifier makes of the same lines: character TF-IDF (1 to 3) and a linear SVM.

It is trained on the labelled lines themselves with cross-validation (every line is judged by a model that
has not seen it), so it has the advantage of the same authors. It explains nothing, reads no place and
cannot be changed in the chat; it is here to be beaten.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, str]
Prediction = dict[str, Any]
FOLDS = 5
SILENT = frozenset({"chat", "civic"})


def available() -> str:
    """Why it cannot run; empty if it can."""
    try:
        import sklearn  # noqa: F401
    except ImportError:
        return "scikit-learn is not installed: make bench installs it"
    return ""


def _model() -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    return make_pipeline(
        TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True),
        LinearSVC(class_weight="balanced"),
    )


def _folds(labels: Sequence[str]) -> Any:
    """Stratified; what is too rare to be in every fold is dealt out with the commonest."""
    from sklearn.model_selection import StratifiedKFold

    counts = Counter(labels)
    commonest = counts.most_common(1)[0][0]
    dealt = [label if counts[label] >= FOLDS else commonest for label in labels]
    return StratifiedKFold(FOLDS, shuffle=True, random_state=7).split(dealt, dealt)


def _first(types: str) -> str:
    return (types or "chat").split("|")[0]


def _as_prediction(number: str, report: bool, kind: str, urgent: bool) -> Prediction:
    if not report or kind == "civic":
        return _line(number, "silent", [], urgent=False)
    return _line(number, "open", [] if kind == "vague" else [kind], urgent=urgent)


def _line(number: str, band: str, types: list[str], *, urgent: bool) -> Prediction:
    return {"id": number, "band": band, "types": types, "urgent": urgent, "places": [], "action": None}


def _trainable(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row.get("sure") != "0"]


class Messages:
    """Whether it is a report, of which type, and whether it is urgent: three models, one after another,
    none of which has seen the line it judges. (One model over all types, talk among them, does worse.)"""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = _trainable(rows)
        self.texts = [row["text"] for row in self.rows]
        self.labels = [_first(row["types"]) for row in self.rows]
        self.urgent = [row.get("urgent", "0") == "1" for row in self.rows]

    def cross_validated(self) -> dict[str, Prediction]:
        found: dict[str, Prediction] = {}
        for train, test in _folds(self.labels):
            found |= self._judged(self._trained(train), [self.rows[at] for at in test])
        return found

    def of_others(self, rows: Sequence[Row]) -> dict[str, Prediction]:
        """Lines that were not trained on at all."""
        return self._judged(self._trained(range(len(self.texts))), rows)

    def _trained(self, train: Sequence[int]) -> tuple[Any, Any, Any]:
        texts = [self.texts[at] for at in train]
        report = _model().fit(texts, [self.labels[at] != "chat" for at in train])
        reports = [at for at in train if self.labels[at] != "chat"]
        types = _model().fit([self.texts[at] for at in reports], [self.labels[at] for at in reports])
        return report, types, _model().fit(texts, [self.urgent[at] for at in train])

    def _judged(self, models: tuple[Any, Any, Any], rows: Sequence[Row]) -> dict[str, Prediction]:
        texts = [row["text"] for row in rows]
        answers = zip(rows, *(model.predict(texts) for model in models), strict=True)
        return {
            row["n"]: _as_prediction(row["n"], bool(report), str(kind), bool(urgent))
            for row, report, kind, urgent in answers
        }


def replies(rows: Sequence[Row]) -> dict[str, Prediction]:
    """The action a leader's plain words mean."""
    rows = _trainable(rows)
    texts, labels = [row["text"] for row in rows], [row["action"] for row in rows]
    found: dict[str, Prediction] = {}
    for train, test in _folds(labels):
        model = _model().fit([texts[at] for at in train], [labels[at] for at in train])
        for at, action in zip(test, model.predict([texts[at] for at in test]), strict=True):
            number = rows[at]["n"]
            found[number] = {**_line(number, "silent", [], urgent=False), "action": str(action)}
    return found
