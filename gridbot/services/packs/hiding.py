"""Small counts are not printed, nor what would give them away. Pure.

A count of 1 to 4 is printed as "<5" (people.md: 赵科). That is not enough where a table has totals: what is
missing from a row is its total less the rest. So further counts are left out ("*", complementary
suppression) until every "<5" could be another number as well, though the reader knows all that is printed,
that "<5" is 1 to 4, and that "*" is 5 or more. Noughts are printed: they are about nobody.

A table with totals is a flow: from the source through each row into the columns, and out. Another table
with the same printed numbers is another flow, and it differs from this one along a cycle; so a count is
safe when there is a cycle through it on which every number is hidden and may be one more or one less. The
cycle that hides least is a shortest path.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import Enum

LEAST = 5  #: a count from which on it is printed
SMALL, OTHER, NONE = f"<{LEAST}", "*", "—"
Cell = str | int


class Shown(Enum):
    PRINTED = "printed"
    SMALL = "small"  #: 1 to 4
    OTHER = "other"  #: 5 or more, left out for the sake of a small one


@dataclass(frozen=True, slots=True)
class Arc:
    """One number of a table, as a flow between two of its sums."""

    begin: int
    end: int
    value: int


def protect(arcs: Sequence[Arc]) -> list[Shown] | None:
    """What may be printed of each number; None: nothing short of leaving the whole table out would do."""
    shown = [Shown.SMALL if 0 < arc.value < LEAST else Shown.PRINTED for arc in arcs]
    for number, arc in enumerate(arcs):
        if shown[number] is not Shown.SMALL:
            continue
        more = _path(arcs, shown, number, arc.end, arc.begin) if _rises(arc) else None
        less = _path(arcs, shown, number, arc.begin, arc.end) if _falls(arc) else None
        found = min((one for one in (more, less) if one is not None), default=None)
        if found is None:
            return None
        for step in found[1]:
            if shown[step] is Shown.PRINTED:
                shown[step] = Shown.OTHER
    return shown


def _rises(arc: Arc) -> bool:
    return arc.value >= LEAST or 0 < arc.value < LEAST - 1


def _falls(arc: Arc) -> bool:
    return arc.value > LEAST or 1 < arc.value < LEAST


def _path(
    arcs: Sequence[Arc], shown: Sequence[Shown], without: int, start: int, goal: int
) -> tuple[int, tuple[int, ...]] | None:
    """The cheapest way on numbers that may change by one: (cost, numbers). What is hidden costs nothing."""
    ways: dict[int, list[tuple[int, int, int]]] = {}
    for number, arc in enumerate(arcs):
        if number == without:
            continue
        cost = 0 if shown[number] is not Shown.PRINTED else 1 + arc.value
        if _rises(arc):
            ways.setdefault(arc.begin, []).append((arc.end, cost, number))
        if _falls(arc):
            ways.setdefault(arc.end, []).append((arc.begin, cost, number))
    queue: list[tuple[int, int, tuple[int, ...]]] = [(0, start, ())]
    seen: set[int] = set()
    while queue:
        cost, at, path = heapq.heappop(queue)
        if at == goal:
            return cost, path
        if at in seen:
            continue
        seen.add(at)
        for there, more, number in ways.get(at, ()):
            if there not in seen and number not in path:
                heapq.heappush(queue, (cost + more, there, (*path, number)))
    return None


# --- tables --------------------------------------------------------------------------------------


def crosstab(rows: Sequence[Sequence[int]]) -> list[list[Cell]] | None:
    """A table with a total at the end of each row and a row of totals under it, as it may be printed.

    None: only the whole can be printed. A row's total is hidden with that of another or not at all. The sum
    of all is printed always; who has fewer than five in all prints no table.
    """
    high, wide = len(rows), len(rows[0]) if rows else 0
    whole = sum(map(sum, rows))
    if whole < LEAST:
        return None
    source, sink = 0, high + wide + 1
    arcs = [Arc(1 + i, 1 + high + j, rows[i][j]) for i in range(high) for j in range(wide)]
    arcs += [Arc(source, 1 + i, sum(rows[i])) for i in range(high)]
    arcs += [Arc(1 + high + j, sink, sum(row[j] for row in rows)) for j in range(wide)]
    shown = protect(arcs)
    if shown is None:
        return None
    said = [printed(arc.value, how) for arc, how in zip(arcs, shown, strict=True)]
    table = [[*said[i * wide : (i + 1) * wide], said[high * wide + i]] for i in range(high)]
    return [*table, [*said[high * wide + high :], whole]]


def column(values: Sequence[int], without: Collection[int] = ()) -> tuple[list[Cell], Cell]:
    """Counts under each other and their sum, as they may be printed.

    `without`: rows that print nothing, because another table hides how many they are of. There are none of
    them or several (see `crosstab`), and the others are hidden as if the sum of these were known.
    """
    whole = sum(values)
    nothing: list[Cell] = [NONE for _ in values]
    if whole < LEAST:
        return nothing if whole else [NONE if row in without else 0 for row in range(len(values))], small(
            whole
        )
    kept = [row for row in range(len(values)) if row not in without]
    shown = protect([Arc(0, 1, values[row]) for row in kept])
    if shown is None:
        return nothing, whole
    for row, how in zip(kept, shown, strict=True):
        nothing[row] = printed(values[row], how)
    return nothing, whole


def printed(value: int, how: Shown) -> Cell:
    if how is Shown.PRINTED:
        return value
    return SMALL if how is Shown.SMALL else OTHER


def small(value: int) -> Cell:
    """A count that stands alone."""
    return SMALL if 0 < value < LEAST else value


def ratio(n: Cell, of: Cell) -> str:
    """ "38/40 95%"; no share where one of both is not printed or nothing was counted."""
    if of == 0 or NONE in (n, of):
        return NONE
    share = f" {round(100 * n / of)}%" if isinstance(n, int) and isinstance(of, int) and of else ""
    return f"{n}/{of}{share}"
