"""The table of figures: what is shown where nothing was measured, and where the baseline is better."""

from __future__ import annotations

import pytest

from gridbot.understanding.evaluate import Score
from gridbot.understanding.intents import Packs
from tests.bench import baseline, evaluation


def found(**more: object) -> evaluation.Found:
    values: dict[str, object] = {
        "gridbot": {("chat", "recall"): 0.9, ("chat", "urgent_false"): 3, ("replies", "false_done"): 0},
        "baseline": {("chat", "recall"): 0.8, ("chat", "urgent_false"): 2, ("replies", "false_done"): 5},
        "types": {"lamp": Score(8, 2, 0), "well": Score(1, 4, 4)},
        "baseline_types": {"lamp": Score(5, 5, 3), "well": Score(4, 1, 1)},
        "lines": dict.fromkeys(("chat", "real", "quiet", "replies", "scenarios"), 10),
    }
    return evaluation.Found(**(values | more))  # type: ignore[arg-type]


def test_without_a_folder_it_was_not_run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(evaluation.NAME, raising=False)
    evaluation.main(Packs.__new__(Packs))
    assert "not run" in capsys.readouterr().out


def test_where_the_baseline_is_better_is_said() -> None:
    """Fewer false alarms are better, and a higher F1; a type nobody has is no win."""
    assert evaluation.wins(found()) == [
        "group chat: lines wrongly called urgent: 2 against 3",
        "well: F1 0.800 against 0.200 (n 5)",
    ]


def test_the_table_has_every_measure_and_type() -> None:
    text = evaluation.markdown(found())
    assert all(f"| {name} |" in text for *_, name in evaluation.MEASURES)
    assert "| well | 5 | 0.200 | 0.200 | 0.200 | 0.800 |" in text
    assert "Weak still (F1 under 0.85): well." in text
    assert "The baseline is still better at: group chat: lines wrongly called urgent; well." in text


def test_without_the_baseline_it_says_nothing_of_it() -> None:
    text = evaluation.markdown(found(not_run="x", baseline={}, baseline_types={}))
    assert "still better" not in text


def test_no_line_is_judged_by_a_model_that_has_seen_it() -> None:
    pytest.importorskip("sklearn")
    rows = [
        {"n": f"{kind}{number}", "text": f"{word}{number}号", "types": kind, "urgent": str(number % 2)}
        for kind, word in (("chat", "早上好呀"), ("lamp", "路灯坏了"), ("well", "井盖丢了"))
        for number in range(10)
    ]
    judged = baseline.Messages(rows).cross_validated()
    assert judged.keys() == {row["n"] for row in rows}
    right = sum((judged[row["n"]]["types"] or ["chat"])[0] == row["types"] for row in rows)
    assert right >= 27
