"""Which case stands on which list, what a town may set, and a month's sheet: tables with a remark a row."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridbot.cases.rates import End, Fact, Formula
from gridbot.messages import Sheet
from gridbot.services.packs import month
from gridbot.services.packs.hiding import NONE, OTHER, SMALL
from gridbot.services.packs.rules import Item, List, Plan, Spot, hot_spots, lists_of, sort
from tests.cast import NOW

ITEM = Item(1, "5号楼照明", "一网格", NOW, NOW)
LATER = NOW + timedelta(days=4)

LISTS = [
    # (what is known of it, when, lists, remark)
    ({}, NOW, set(), "new, nothing to say"),
    ({"late_since": NOW}, NOW, {List.LATE}, "past its limit"),
    ({}, LATER, {List.STUCK}, "three days without a hand on it"),
    ({"late_since": NOW}, LATER, {List.LATE, List.STUCK}, "both"),
    ({"news": LATER}, LATER, set(), "somebody did something today"),
    ({"paused": "等配件", "late_since": NOW}, LATER, {List.PAUSED}, "waits for good reason"),
    ({"meeting": "例会", "late_since": NOW}, LATER, {List.AGENDA}, "the meeting has it"),
    ({"climbed": True}, NOW, {List.CLIMBED}, "went up this week"),
    ({"climbed": True, "open": False}, LATER, {List.CLIMBED}, "went up and was mended all the same"),
    ({"reopened": True, "open": False}, LATER, {List.REOPENED}, "came back and is mended now"),
    ({"late_since": NOW, "open": False}, LATER, set(), "late once, done since"),
]


@pytest.mark.parametrize(("known", "when", "lists", "remark"), LISTS, ids=[one[-1] for one in LISTS])
def test_lists(known: dict[str, Any], when: Any, lists: set[List], remark: str) -> None:
    assert lists_of(replace(ITEM, **known), when, Plan()) == lists


def test_the_oldest_first_and_no_empty_list() -> None:
    items = [replace(ITEM, number=2), replace(ITEM, number=1), replace(ITEM, number=3, climbed=True)]
    found = sort(items, LATER, Plan())
    assert list(found) == [List.STUCK, List.CLIMBED]
    assert [one.number for one in found[List.STUCK]] == [1, 2, 3]


PLANS = [
    ({}, Plan(), "nothing said"),
    ({"weekday": 9, "at": "25:00", "stuck_days": 0, "hot_cases": True}, Plan(), "nonsense"),
    ({"levels": "片区、社区"}, replace(Plan(), levels=("片区", "社区")), "levels"),
    ({"zero": "是", "stuck_days": 5}, replace(Plan(), zero=True, stuck_days=5), "figures"),
    ({"monthly": "否", "month_at": "8:05"}, replace(Plan(), monthly=False, month_at="8:05"), "the month"),
    ({"month_at": "later", "preview_hours": 48}, replace(Plan(), preview_hours=48), "the preview"),
]


@pytest.mark.parametrize(("given", "plan", "remark"), PLANS, ids=[one[-1] for one in PLANS])
def test_plans(given: dict[str, Any], plan: Plan, remark: str) -> None:
    assert Plan.read(given) == plan


def test_hot_spots() -> None:
    reports = [
        ("5号楼", ["照明"]),
        ("5号楼", ["电梯"]),
        ("3号楼", ["照明"]),
        ("", ["停车"]),
        ("5号楼", ["照明"]),
    ]
    assert hot_spots(reports, 3) == [Spot("5号楼", ("照明", "电梯"), 3)]
    assert hot_spots(reports, 1)[-1] == Spot("3号楼", ("照明",), 1)


# --- the month -----------------------------------------------------------------------------------

TITLES = {"lighting": "照明", "gas": "燃气"}


def facts(count: int, **more: Any) -> list[Fact]:
    values: dict[str, Any] = {"end": End.CLOSED, "reported": NOW, "types": ("lighting",), **more}
    return [Fact(number=number, **values) for number in range(count)]


def made(*rows: tuple[str, list[Fact]], **more: Any) -> Sheet:
    named = [month.Row(name, found) for name, found in rows]
    usual: dict[str, Any] = {"titles": TITLES, "formula": Formula(), "now": NOW}
    return month.sheet("青秀佳苑", "2026年11月", named, **usual | more)


def rows(sheet: Sheet, title: str) -> list[tuple[str | int, ...]]:
    return [row for table in sheet.tables if table.title == title for row in table.rows]


def test_a_month_of_plenty() -> None:
    sheet = made(
        ("一网格", facts(20, answers=("mended",)) + facts(6, end=End.OPEN, types=("gas",))),
        ("二网格", facts(9, answers=("not_yet", "mended"), private=True) + facts(7, end=End.DONE)),
    )
    assert rows(sheet, "办得怎样") == [
        ("一网格", 20, 0, 6, 26),
        ("二网格", 9, 7, 0, 16),
        ("合计", 29, 7, 6, 42),
    ]
    assert rows(sheet, "都是什么事") == [("照明", 27), ("燃气", 6), ("不公开的", 9), ("合计", 42)]
    assert rows(sheet, "三率")[-1][2:] == ("29/29 100%", "20/29 69%", "0/29 0%")
    assert sheet.key[0] == ("报事", 42) and "共42件" in sheet.notes[0] and "算法" in sheet.notes[2]
    assert "不排名" in sheet.notes[1]


def test_a_month_of_little() -> None:
    sheet = made(("一网格", facts(3)), ("二网格", []))
    states = [("一网格", *[NONE] * 4), ("二网格", *[NONE] * 4), ("合计", *[NONE] * 3, SMALL)]
    assert rows(sheet, "办得怎样") == states
    assert sheet.key == (("报事", SMALL), ("响应率", NONE), ("解决率", NONE), ("满意率", NONE))
    assert rows(sheet, "都是什么事") == [("照明", NONE), ("合计", SMALL)]


def test_what_one_table_hides_no_other_tells() -> None:
    """The second grid has three; that of the first is hidden for its sake, and both have no rates either."""
    sheet = made(("一网格", facts(20)), ("二网格", facts(3)), ("三网格", facts(30)))
    totals = {row[0]: row[-1] for row in rows(sheet, "办得怎样")}
    assert totals == {"一网格": OTHER, "二网格": SMALL, "三网格": 30, "合计": 53}
    response = {row[0]: row[1] for row in rows(sheet, "三率")}
    assert response == {"一网格": NONE, "二网格": NONE, "三网格": "0/30 0%", "合计": "0/53 0%"}


def test_units_have_their_word() -> None:
    units = [month.UnitLine("物业", 7, 3, "等配件")]
    assert rows(made(("一网格", facts(9)), units=units), "单位") == [("物业", 7, SMALL, "等配件")]


def test_what_lies_in_no_grid_is_counted() -> None:
    found = [*facts(6, node="青秀/一网格"), *(replace(one, number=100) for one in facts(1, node="青秀"))]
    named = month.rows_of([("一网格", "青秀/一网格")], found, "青秀(没分到网格)")
    assert [(row.name, len(row.facts)) for row in named] == [("一网格", 6), ("青秀(没分到网格)", 1)]


ONE = st.builds(
    Fact,
    number=st.just(1),
    end=st.sampled_from([End.CLOSED, End.DONE, End.OPEN]),
    reported=st.just(NOW),
    types=st.sampled_from([("lighting",), ("gas",), ()]),
    answers=st.sampled_from([(), ("mended",), ("not_yet", "mended"), ("better",)]),
    taken=st.sampled_from([None, NOW]),
    private=st.booleans(),
    silent=st.booleans(),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(ONE, max_size=14), min_size=1, max_size=4))
def test_no_count_under_five_is_ever_printed(groups: list[list[Fact]]) -> None:
    """In no cell of the sheet, nor within a rate; nought is nobody."""
    sheet = made(*((f"{at}网格", found) for at, found in enumerate(groups)))
    cells = [cell for table in sheet.tables for row in table.rows for cell in row[1:]]
    cells += [figure for _, figure in sheet.key]
    for cell in cells:
        parts = str(cell).partition(" ")[0].split("/") if not isinstance(cell, int) else [str(cell)]
        for part in parts:
            known = part in (SMALL, OTHER, NONE) or part.endswith("%")
            assert known or int(part) == 0 or int(part) >= 5, sheet
