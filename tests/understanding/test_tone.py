"""The tone of a message: a sum over scraps, and the scraps named as its reasons."""

from __future__ import annotations

from gridbot.understanding.tone import Tone

WEIGHTS = {"又": 0.1, "不": 0.2, "亮": 0.3, "了": -0.7, "不亮": 0.6, "亮了": 0.1, "灯": 0.4, "都": 0.3}


def test_the_order_of_the_scraps_is_nothing() -> None:
    forward = Tone(WEIGHTS, 0.1, 0)
    backward = Tone(dict(reversed(WEIGHTS.items())), 0.1, 0)
    for text in ("灯又不亮了", "都不亮了", "又了不都亮灯"):
        assert forward.of(text) == backward.of(text)
        assert forward.reasons(text) == backward.reasons(text)


def test_each_scrap_counts_once_however_often_it_is_said() -> None:
    tone = Tone({"灯": 0.5, "亮": -0.25}, 1.0, 0)
    assert tone.of("灯灯灯") == tone.of("灯") == 1.5
    assert tone.of("灯亮") == 1.25
    assert tone.of("早上好") == 1.0


def test_no_more_than_three_reasons_and_none_inside_another() -> None:
    assert Tone(WEIGHTS, 0.1, 0).reasons("都说灯又不亮了") == ("不亮", "亮了", "灯")
