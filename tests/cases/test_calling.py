"""How a case is called where others read: the house, never the door."""

from __future__ import annotations

import pytest

from gridbot.cases.rules import call_it, public_place


@pytest.mark.parametrize(
    ("place", "shown", "remark"),
    [
        ("5号楼", "5号楼", "a house is no secret"),
        ("5号楼302", "5号楼", "a door joined to its house"),
        ("5号楼楼道 302", "5号楼楼道", "two places of one sentence, the second a door"),
        ("5号楼 302家", "5号楼", "a family is a door"),
        ("5-2-302", "5-2", "building, unit, door"),
        ("12#302", "12#", "a number sign between"),
        ("3栋 1204室", "3栋", "a room with its word"),
        ("1000弄302号", "1000弄", "in a lane the house may be one family's"),
        ("302", "", "a door alone"),
        ("302家", "", "a family alone"),
        ("3-1", "3-1", "building and unit are many families"),
        ("奎照路1000弄", "奎照路1000弄", "a lane has many houses"),
        ("7号楼2单元", "7号楼2单元", "a unit has many doors"),
    ],
)
def test_a_door_number_is_the_reporter(place: str, shown: str, remark: str) -> None:
    assert public_place(place) == shown, remark


def test_what_place_and_thing_share_is_said_once() -> None:
    assert call_it(["楼道灯"], "5号楼楼道 302", shared=True) == "5号楼楼道灯"
    assert call_it(["楼道灯"], "5号楼", shared=True) == "5号楼楼道灯"
    assert call_it([], "", shared=True) == "一件事"
