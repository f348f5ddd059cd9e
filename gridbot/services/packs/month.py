"""月报: a month in figures, of one community or of several. Counts only, small ones hidden, no ranking.

Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from gridbot.cases.rates import End, Fact, Formula, Rate, Rates, rates, under
from gridbot.messages import Sheet, Table
from gridbot.services.packs.hiding import NONE, Cell, column, crosstab, ratio, small
from gridbot.texts import packs as words
from gridbot.texts import rates as rate_words


@dataclass(frozen=True, slots=True)
class Row:
    """A grid or a community, with its cases that count. Rows stand in the directory's order, not by rank."""

    name: str
    facts: Sequence[Fact]


@dataclass(frozen=True, slots=True)
class UnitLine:
    """A unit's own line, as it was shown to it before; `note` is what it had to say, masked."""

    unit: str
    handled: int
    closed: int
    note: str = ""


def sheet(
    where: str,
    period: str,
    rows: Sequence[Row],
    *,
    titles: Mapping[str, str],
    formula: Formula,
    now: datetime,
    units: Sequence[UnitLine] = (),
    of: str = words.GRID,
    note: str = "",
) -> Sheet:
    """`of`: what a row is. Every case stands in exactly one row. `note`: on the units, where they are not."""
    everything = [one for row in rows for one in row.facts]
    found = rates(everything, now, formula)
    states = _states(rows, of)
    hidden = [row for row, cells in enumerate(states.rows[:-1]) if not isinstance(cells[-1], int)]
    tables = [states, _types(everything, titles), _rates(rows, found, formula, now, of, hidden)]
    if units:
        tables.append(_units(units))
    twice = formula.asked_twice_satisfies
    notes = (
        words.reported(small(found.cases)),
        words.SMALL_NOTE,
        rate_words.definitions(partly=formula.partly_solves, twice=twice),
        *([note] if note else []),
        words.MADE,
    )
    key = (
        (words.CASES, small(found.cases)),
        *((name, _percent(one)) for name, one in _three(found)),
    )
    return Sheet(words.month_title(where), period, key, tuple(tables), notes)


def rows_of(parts: Sequence[tuple[str, str]], facts: Sequence[Fact], rest: str) -> list[Row]:
    """The cases by grid, of (name, path); what lies in none of them is a row of its own (`rest`)."""
    rows = [Row(name, under(facts, path)) for name, path in parts]
    known = {one.number for row in rows for one in row.facts}
    left = [one for one in facts if one.number not in known]
    return [*rows, *([Row(rest, left)] if left else [])]


def _three(found: Rates) -> tuple[tuple[str, Rate], ...]:
    return (
        (rate_words.RESPONSE, found.response),
        (rate_words.SOLUTION, found.solution),
        (rate_words.SATISFACTION, found.satisfaction),
    )


def _percent(one: Rate) -> str:
    """The share of a whole; none where a small count stands behind it."""
    n, of = small(one.n), small(one.of)
    return f"{round(100 * n / of)}%" if isinstance(n, int) and isinstance(of, int) and of else NONE


# --- tables --------------------------------------------------------------------------------------


def _states(rows: Sequence[Row], of: str) -> Table:
    """How far the cases are, with totals."""
    head = (of, words.CLOSED, words.ASKING, words.OPEN, words.TOTAL)
    ends = (End.CLOSED, End.DONE, End.OPEN)
    counts = [[sum(one.end is end for one in row.facts) for end in ends] for row in rows]
    cells = crosstab(counts)
    if cells is None:
        whole = small(sum(map(sum, counts)))
        empty = tuple((row.name, NONE, NONE, NONE, NONE) for row in rows)
        total = (words.TOTAL, NONE, NONE, NONE, whole)
        return Table(words.STATES, head, (*empty, total), words.TOO_SMALL)
    names = [*(row.name for row in rows), words.TOTAL]
    return Table(words.STATES, head, tuple((name, *line) for name, line in zip(names, cells, strict=True)))


def _types(everything: Sequence[Fact], titles: Mapping[str, str]) -> Table:
    """By the main type; of what is private not even that. In the order of the directory of types."""
    counts = Counter(kind_of(one, titles) for one in everything)
    order = [*titles.values(), words.HIDDEN_KIND, words.NO_KIND]
    names = [name for name in dict.fromkeys(order) if counts[name]]
    cells, total = column([counts[name] for name in names])
    rows = (*zip(names, cells, strict=True), (words.TOTAL, total))
    return Table(words.TYPES, (words.TYPE, words.COUNT), rows, words.TYPE_NOTE)


def kind_of(one: Fact, titles: Mapping[str, str]) -> str:
    if one.private:
        return words.HIDDEN_KIND
    return titles.get(one.types[0], words.NO_KIND) if one.types else words.NO_KIND


def _rates(
    rows: Sequence[Row], found: Rates, formula: Formula, now: datetime, of: str, hidden: Sequence[int]
) -> Table:
    """三率 of each row and of all; each with what it is counted of. A row whose number of cases is hidden has
    none: of how many it is would say it."""
    each = [rates(row.facts, now, formula) for row in rows]
    columns = [
        _ratios([one.response for one in each], found.response, hidden),
        _ratios([one.solution for one in each], found.solution, hidden),
        _ratios([one.satisfaction for one in each], found.satisfaction, hidden),
        _ratios([one.unanswered for one in each], found.unanswered, hidden),
    ]
    head = (of, rate_words.RESPONSE, rate_words.SOLUTION, rate_words.SATISFACTION, rate_words.UNANSWERED)
    names = [*(row.name for row in rows), words.TOTAL]
    lines = tuple((name, *cells) for name, *cells in zip(names, *columns, strict=True))
    return Table(words.RATES, head, lines)


def _ratios(each: Sequence[Rate], whole: Rate, hidden: Sequence[int]) -> list[str]:
    """One rate of every row, and of all; counts and what they are of are hidden each as a column."""
    counts, count = column([one.n for one in each], hidden)
    wholes, total = column([one.of for one in each], hidden)
    pairs: list[tuple[Cell, Cell]] = [*zip(counts, wholes, strict=True), (count, total)]
    return [ratio(n, of) for n, of in pairs]


def _units(lines: Sequence[UnitLine]) -> Table:
    rows = tuple((one.unit, small(one.handled), small(one.closed), one.note) for one in lines)
    return Table(words.UNITS, words.UNIT_HEAD, rows, words.UNIT_NOTE)


def text(made: Sheet) -> str:
    """For the chat: the figures on top, the line of totals, how to read it."""
    states = next(table for table in made.tables if table.title == words.STATES)
    total = states.rows[-1]
    lines = [
        words.figures(made.key),
        words.figures(tuple(zip(states.head[1:], total[1:], strict=True))),
        words.SMALL_NOTE,
    ]
    return words.month_short(made.title, made.period, lines)
