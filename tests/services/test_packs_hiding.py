"""Small counts: printed as "<5", and nobody can work them out from the rest."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridbot.services.packs.hiding import NONE, OTHER, SMALL, Cell, column, crosstab, ratio, small

TABLES = [
    # (rows, remark)
    ([[12, 3], [9, 8]], "the one beside it, and one more row and column"),
    ([[50, 3, 7]], "one row: its cells are the totals of the columns"),
    ([[3, 0, 0], [20, 9, 9]], "a row that is all in one cell"),
    ([[6, 1], [5, 1]], "a five may not become a four"),
    ([[4, 4], [4, 4]], "all small but the sum"),
    ([[1, 2], [40, 50], [60, 70]], "a small row"),
]


def other_values(cell: Cell, most: int) -> range:
    """What a reader thinks possible."""
    if cell == SMALL:
        return range(1, 5)
    return range(5, most + 1) if cell == OTHER else range(int(cell), int(cell) + 1)


def readings(table: list[list[Cell]]) -> list[list[int]]:
    """Every table of numbers that fits what is printed, totals and all: by trying, cell after cell."""
    whole = int(table[-1][-1])
    high, wide = len(table) - 1, len(table[0]) - 1
    flat = [table[i][j] for i in range(high) for j in range(wide)]
    choices = [list(other_values(cell, whole)) for cell in flat]
    fitting = []

    def try_rows(i: int, found: list[int]) -> None:
        if i == high:
            sums = [sum(found[k * wide + j] for k in range(high)) for j in range(wide)]
            if sum(found) == whole and all(
                total in other_values(table[-1][j], whole) for j, total in enumerate(sums)
            ):
                fitting.append(found)
            return
        for row in product(*choices[i * wide : (i + 1) * wide]):
            if sum(row) in other_values(table[i][-1], whole) and sum(found) + sum(row) <= whole:
                try_rows(i + 1, [*found, *row])

    try_rows(0, [])
    return fitting


def check(rows: list[list[int]]) -> None:
    table = crosstab(rows)
    if table is None:
        return
    high, wide = len(rows), len(rows[0])
    for i, j in product(range(high), range(wide)):
        assert (table[i][j] == SMALL) == (0 < rows[i][j] < 5)
        assert table[i][j] in (rows[i][j], SMALL, OTHER)
    for cell, value in zip(table[-1], [sum(row[j] for row in rows) for j in range(wide)], strict=False):
        assert cell in (value, OTHER) or (cell == SMALL and value < 5)
    possible = readings(table)
    assert [value for row in rows for value in row] in possible
    for i, j in product(range(high), range(wide)):
        if table[i][j] == SMALL:
            assert len({one[i * wide + j] for one in possible}) > 1, (rows, table)
    for i in range(high):
        if table[i][-1] == SMALL:
            assert len({sum(one[i * wide : (i + 1) * wide]) for one in possible}) > 1, (rows, table)
    for j in range(wide):
        if table[-1][j] == SMALL:
            assert len({sum(one[j::wide]) for one in possible}) > 1, (rows, table)


@pytest.mark.parametrize(("rows", "remark"), TABLES, ids=[remark for _, remark in TABLES])
def test_nobody_can_work_it_out(rows: list[list[int]], remark: str) -> None:
    if remark != "all small but the sum":
        assert crosstab(rows) is not None
    if sum(map(sum, rows)) < 60:
        check(rows)


SMALLISH = st.integers(0, 9)


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(
        st.lists(st.lists(SMALLISH, min_size=2, max_size=2), min_size=1, max_size=3),
        st.lists(st.lists(SMALLISH, min_size=3, max_size=3), min_size=1, max_size=2),
    )
)
def test_no_small_count_follows_from_the_totals(rows: list[list[int]]) -> None:
    """Tried out: of every "<5" there are two numbers that fit all that is printed."""
    if sum(map(sum, rows)) <= 36:
        check(rows)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=1, max_size=8))
def test_a_column_gives_nothing_away(values: list[int]) -> None:
    cells, total = column(values)
    whole = sum(values)
    assert total == (SMALL if 0 < whole < 5 else whole)
    hidden = [value for cell, value in zip(cells, values, strict=True) if not isinstance(cell, int)]
    assert all(cell == value for cell, value in zip(cells, values, strict=True) if isinstance(cell, int))
    assert not [value for cell, value in zip(cells, values, strict=True) if cell == value and 0 < value < 5]
    if SMALL in cells:
        left = whole - sum(cell for cell in cells if isinstance(cell, int))
        assert left == sum(hidden) and len(hidden) > 1
        least = sum(1 if cell == SMALL else 5 for cell in cells if not isinstance(cell, int))
        most = sum(4 if cell == SMALL else whole for cell in cells if not isinstance(cell, int))
        assert least < left < most  # each could be one more or one less, another taking up the difference


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=3, max_size=7))
def test_a_column_beside_hidden_rows(values: list[int]) -> None:
    """Two rows print nothing; the others give no small one away, were the sum of these two known."""
    cells, _ = column(values, (0, 1))
    assert cells[:2] == [NONE, NONE]
    hidden = [value for cell, value in zip(cells[2:], values[2:], strict=True) if not isinstance(cell, int)]
    if SMALL in cells:
        least = sum(1 if cell == SMALL else 5 for cell in cells[2:] if not isinstance(cell, int))
        assert least < sum(hidden) and len(hidden) > 1


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(st.integers(0, 30), min_size=3, max_size=3), min_size=1, max_size=8))
def test_totals_of_rows_are_hidden_together(rows: list[list[int]]) -> None:
    table = crosstab(rows) or []
    assert sum(not isinstance(row[-1], int) for row in table[:-1]) != 1


def test_what_stands_alone() -> None:
    assert [small(value) for value in (0, 1, 4, 5)] == [0, SMALL, SMALL, 5]
    assert column([1, 2]) == ([NONE, NONE], SMALL) and column([0, 0]) == ([0, 0], 0)
    assert column([5, 0]) == ([5, 0], 5)
    assert crosstab([[1, 1]]) is None and crosstab([]) is None
    assert [ratio(38, 40), ratio(SMALL, 12), ratio(OTHER, 12), ratio(0, 0)] == [
        "38/40 95%",
        "<5/12",
        "*/12",
        NONE,
    ]


def test_as_many_communities_as_a_street_has() -> None:
    """Nineteen rows are done in a moment, and most of what is large is printed."""
    rows = [[40 + 3 * k, 2 + k % 7, 6 + k] for k in range(19)]
    table = crosstab(rows)
    assert table is not None
    cells = [cell for row in table[:-1] for cell in row[:-1]]
    assert cells.count(SMALL) == sum(0 < value < 5 for row in rows for value in row)
    assert cells.count(OTHER) <= cells.count(SMALL)
