"""What nobody would type: it opens nothing, asks nothing, breaks nothing, and the next report is heard."""

from __future__ import annotations

import pytest

from gridbot.rehearsal import Stage
from tests.cast import RESIDENTS, WANG, ZHOU

STRANGE = {
    "60 kB of talk": "今天天气真好啊" * 3_000,
    "60 kB of one fault": "又堵了" * 7_000,
    "only emoji": "😂🤣👍🎉" * 200,
    "half an emoji": "\ud83d" * 50,
    "only addresses": "https://example.org/a?b=c " * 100,
    "zero width": "\u200b\u200d\ufeff" * 500,
    "right to left": "\u202e\u2067" * 100 + "好的",
    "10,000 digits": "1234567890" * 1_000,
    "10,000 digits and a house": "1" * 10_000 + "号楼",
    "10,000 digits of hours": "停水 " + "9" * 10_000 + "点到" + "9" * 10_000 + "点",
    "brackets": "【" * 5_000 + "】" * 5_000,
    "a correction without end": "改成" + "停" * 20_000,
    "plus ones": "+1" * 5_000,
}


@pytest.mark.parametrize("text", STRANGE.values(), ids=STRANGE)
@pytest.mark.parametrize("beside", [False, True])
def test_it_is_talk(stage: Stage, text: str, beside: bool) -> None:
    """`beside`: right after somebody's report, where short words would mean something."""
    if beside:
        stage.says(WANG.id, "3号楼没水了", chat=RESIDENTS)
    stage.says(ZHOU.id, text, chat=RESIDENTS)
    stage.passes(minutes=15)
    assert sum(case.number is not None for case in stage.cases()) == beside
    assert not any(one.purpose.startswith("ask-") for one in stage.sent)
    assert [case.supporters for case in stage.cases()] == [0] * beside
    stage.says(ZHOU.id, "5号楼楼道灯不亮了", chat=RESIDENTS)
    assert stage.cases()[-1].place.startswith("5号楼")


def test_a_report_with_invisible_characters_is_one(stage: Stage) -> None:
    stage.says(WANG.id, "5号\u200b楼楼道\u200d灯不\ufeff亮了", chat=RESIDENTS)
    assert [case.types for case in stage.cases()] == [["lighting"]]
