"""三率: tables of what counts, the record they are read from, a file that gives the same by hand."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from gridbot.almanac.periods import moments, period
from gridbot.cases import actions, closing
from gridbot.cases.actions import Draft, Said
from gridbot.cases.facts import facts
from gridbot.cases.rates import (
    BETTER,
    COLUMNS,
    MENDED,
    NOT_YET,
    End,
    Event,
    Fact,
    Formula,
    Rate,
    Rates,
    rates,
    read_events,
    reported_between,
    row,
    safe,
    under,
)
from gridbot.cli.figures import write_csv
from gridbot.messages import Actor, Role
from gridbot.store.tables import communities
from tests.cast import NOW, SHANGHAI, Cast, seed

HOUR = timedelta(hours=1)
CASE = Fact(1, End.OPEN, NOW, told=NOW, respond_by=NOW + 2 * HOUR, began_at="三级网格", ended_at="三级网格")
LATER = NOW + timedelta(days=10)
TAKEN = replace(CASE, taken=NOW + HOUR)
DONE = replace(TAKEN, end=End.DONE, done=NOW + 3 * HOUR)
CLOSED = replace(DONE, end=End.CLOSED, closed=NOW + 5 * HOUR)


def said(*answers: str, of: Fact = CLOSED) -> Fact:
    return replace(of, answers=answers)


# --- each figure ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fact", "now", "expected", "remark"),
    [
        (TAKEN, LATER, (1, 1), "in time"),
        (replace(CASE, taken=NOW + 3 * HOUR), LATER, (0, 1), "too late"),
        (replace(CASE, taken=NOW + 2 * HOUR), LATER, (1, 1), "on the minute"),
        (CASE, NOW + HOUR, (0, 0), "the limit still runs: in no rate"),
        (CASE, NOW + 3 * HOUR, (0, 1), "nobody took it"),
        (replace(CASE, respond_by=None, told=None), LATER, (0, 0), "nobody could be told yet"),
        (replace(TAKEN, end=End.OUT), LATER, (0, 0), "withdrawn, merged, or no danger at all"),
        (said(MENDED, of=replace(CLOSED, taken=None)), LATER, (0, 1), "mended without anybody taking it"),
    ],
)
def test_response(fact: Fact, now: datetime, expected: tuple[int, int], remark: str) -> None:
    found = rates([fact], now).response
    assert (found.n, found.of) == expected, remark


@pytest.mark.parametrize(
    ("answers", "solution", "satisfaction", "remark"),
    [
        ((MENDED,), 1, 1, "well"),
        ((BETTER,), 0, 0, "a little better is not mended"),
        ((NOT_YET,), 0, 0, "not"),
        ((NOT_YET, MENDED), 1, 0, "in the end, but he had to ask twice"),
        ((BETTER, MENDED), 1, 0, "the same"),
        ((MENDED, NOT_YET), 0, 0, "it came back"),
    ],
)
def test_answers(answers: tuple[str, ...], solution: int, satisfaction: int, remark: str) -> None:
    found = rates([said(*answers)], LATER)
    assert (found.solution, found.satisfaction) == (Rate(solution, 1), Rate(satisfaction, 1)), remark


def test_silence_is_in_no_rate_but_its_own() -> None:
    quiet = replace(CLOSED, silent=True)
    found = rates([quiet, said(MENDED), DONE], LATER)
    assert found.unanswered == Rate(1, 2) and found.asking == 1
    assert found.satisfaction == Rate(1, 1)


def test_a_town_may_count_otherwise() -> None:
    facts_ = [said(BETTER), said(NOT_YET, MENDED)]
    mild = Formula.read({"好一点算解决": "是", "再办好也算满意": "是"})
    assert rates(facts_, LATER).solution == Rate(1, 2)
    assert rates(facts_, LATER, mild).solution == Rate(2, 2)
    assert rates(facts_, LATER, mild).satisfaction == Rate(1, 2)
    assert Formula.read({"好一点算解决": "否"}) == Formula()


def test_where_it_was_settled_and_by_whom() -> None:
    higher = replace(CLOSED, ended_at="二级网格")
    own = replace(CLOSED, own=True)
    found = rates([CLOSED, higher, own], LATER)
    assert found.at_home == Rate(2, 3) and found.levels == {"三级网格": 2, "二级网格": 1}
    assert found.own == Rate(1, 3)


def test_medians_are_counted_from_the_report() -> None:
    slow = replace(CLOSED, taken=NOW + 9 * HOUR, done=NOW + 9 * HOUR, closed=NOW + 9 * HOUR)
    found = rates([TAKEN, CLOSED, slow], LATER)
    assert found.until_taken == HOUR and found.until_done == 6 * HOUR and found.until_closed == 7 * HOUR


def test_nothing_is_not_nought() -> None:
    found = rates([], LATER)
    assert found.response.share is None and found.response.percent() == "0/0(—)"
    assert Rate(2, 3).percent() == "2/3(67%)"


def test_which_cases() -> None:
    here = replace(CASE, node="青秀佳苑/一网格")
    assert under([here], "青秀佳苑") == under([here], "") == under([here], "青秀佳苑/一网格") == [here]
    assert under([here], "青秀佳苑/一") == []
    assert reported_between([CASE], NOW, NOW + HOUR) == [CASE]
    assert reported_between([CASE], NOW - HOUR, NOW) == []


# --- the record ----------------------------------------------------------------------------------


def event(number: int, move: str, role: str = "leader", person: int | None = 2, **data: Any) -> Event:
    return Event(number, move, NOW + number * HOUR, role, person, data)


@pytest.mark.parametrize(
    ("events", "expected", "remark"),
    [
        ([event(1, "accepted"), event(2, "accepted")], {"taken": NOW + HOUR}, "the first claim counts"),
        (
            [event(1, "accepted"), event(2, "undone", event=1), event(3, "progress")],
            {"taken": NOW + 3 * HOUR},
            "taken back within its minute",
        ),
        (
            [event(1, "done", own_report=True), event(2, "confirmed", "resident", 2)],
            {"own": True, "answers": ()},
            "nobody confirms his own work",
        ),
        (
            [event(1, "done"), event(2, "reopened", "resident", 1), event(3, "done"),
             event(4, "confirmed", "resident", 1)],
            {"answers": (NOT_YET, MENDED), "done": NOW + 3 * HOUR},
            "asked twice",
        ),
        ([event(1, "done"), event(2, "reopened", "system", None)], {"answers": ()}, "a timer says nothing"),
        ([event(1, "done"), event(2, "closed", "system", None, answered=False)], {"silent": True}, "silence"),
    ],
)  # fmt: skip
def test_read_from_events(events: list[Event], expected: dict[str, Any], remark: str) -> None:
    found = read_events(events)
    assert {name: found.get(name) for name in expected} == expected, remark


# --- as a table ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "shown"),
    [("=1+1", "'=1+1"), ("+86", "'+86"), ("-x", "'-x"), ("@a", "'@a"), ("\t=1", "'\t=1"), ("照明", "照明")],
)
def test_no_cell_is_a_formula(cell: str, shown: str) -> None:
    assert safe(cell) == shown


def test_what_is_private_shows_neither_type_nor_grid() -> None:
    private = replace(CASE, private=True, types=("dispute",), node="青秀佳苑/一网格")
    line = dict(zip(COLUMNS, row(private), strict=True))
    assert line["types"] == "private" and line["node"] == "青秀佳苑"


def by_hand(text: str, now: datetime) -> dict[str, tuple[int, int]]:
    """The three rates from the file alone, as somebody with a spreadsheet would count them."""
    lines = [line for line in csv.DictReader(io.StringIO(text)) if line["end"] != "out"]
    waiting = [
        line
        for line in lines
        if line["end"] == "open"
        and not line["taken"]
        and (not line["respond_by"] or datetime.fromisoformat(line["respond_by"]) >= now)
    ]
    in_time = [
        line
        for line in lines
        if line["taken"] and (not line["respond_by"] or line["taken"] <= line["respond_by"])
    ]
    answered = [line["answers"].split("|") for line in lines if line["answers"]]
    silent = [line for line in lines if line["silent"] == "1" and not line["answers"]]
    return {
        "response": (len(in_time), len(lines) - len(waiting)),
        "solution": (sum(one[-1] == "mended" for one in answered), len(answered)),
        "satisfaction": (sum({one[0], one[-1]} == {"mended"} for one in answered), len(answered)),
        "unanswered": (len(silent), len(silent) + len(answered)),
        "own": (
            sum(line["own"] == "1" for line in lines if line["done"]),
            sum(1 for line in lines if line["done"]),
        ),
    }


def as_csv(found: list[Fact]) -> str:
    target = io.StringIO()
    write_csv(found, target)
    return target.getvalue()


def same(found: Rates, counted: dict[str, tuple[int, int]]) -> bool:
    return all((getattr(found, name).n, getattr(found, name).of) == pair for name, pair in counted.items())


times = st.one_of(st.none(), st.integers(0, 60 * 72).map(lambda minutes: NOW + timedelta(minutes=minutes)))
some_facts = st.builds(
    Fact,
    st.integers(1, 999),
    st.sampled_from(End),
    st.just(NOW),
    respond_by=times,
    taken=times,
    done=times,
    answers=st.lists(st.sampled_from((MENDED, BETTER, NOT_YET)), max_size=3).map(tuple),
    silent=st.booleans(),
    own=st.booleans(),
    node=st.sampled_from(("=cmd", "青秀佳苑/一网格")),
    private=st.booleans(),
)


@given(st.lists(some_facts, max_size=12))
def test_the_file_gives_the_same_figures_by_hand(found: list[Fact]) -> None:
    now = NOW + timedelta(hours=30)
    assert same(rates(found, now), by_hand(as_csv(found), now))


# --- from rows, on both databases ----------------------------------------------------------------

LI = lambda cast: Actor(cast.li, Role.LEADER)  # noqa: E731


def opened(db: Connection, cast: Cast, at: datetime, *, reporter: int | None = None, **more: Any) -> Any:
    draft = Draft(
        types=("lighting",), titles=("照明",), place="5号楼", place_key="5号楼", side="inside",
        node_id=cast.grid, urgent=False, private=False, hazard="", claim_minutes=120, finish_by=None, data={},
        **more,
    )  # fmt: skip
    person = reporter or cast.wang
    said_ = Said(None, person, "灯不亮", "m1", at, (), "report")
    return actions.begin(
        db, draft, said_, community_id=cast.community, chat_id=cast.residents, thread="",
        actor=Actor(person, Role.RESIDENT), now=at, complete=True,
    )  # fmt: skip


def a_month(db: Connection, cast: Cast) -> None:
    """Taken in time and well; too late and twice; silence; his own; merged away; withdrawn; no danger."""
    li, wang = LI(cast), Actor(cast.wang, Role.RESIDENT)
    for number in range(7):
        at = NOW + number * HOUR
        case = opened(db, cast, at, reporter=cast.li if number == 3 else None)
        actions.told(db, case, person_id=cast.li, private=True, now=at)
        actions.claim_until(db, case, at + 2 * HOUR)
        actions.claim_until(db, case, at + 9 * HOUR)  # a later limit changes nothing
        if number == 4:
            actions.withdraw(db, case, actor=wang, now=at)
            continue
        if number == 5:
            closing.false_alarm(db, case, actor=li, now=at)
            continue
        if number == 6:
            continue
        actions.accept(db, case, actor=li, now=at + (3 if number == 1 else 1) * HOUR)
        actions.finish(db, case, actor=li, now=at + 4 * HOUR)
        if number == 1:
            actions.reopen(db, case, actor=wang, now=at + 5 * HOUR)
            actions.finish(db, case, actor=li, now=at + 6 * HOUR)
        if number in (0, 1):
            actions.confirm(db, case, actor=wang, now=at + 7 * HOUR)
        if number == 2:
            actions.close_unanswered(db, case, now=at + 60 * HOUR)
        if number == 3:
            actions.confirm(db, case, actor=Actor(cast.li, Role.RESIDENT), now=at + 7 * HOUR)


def test_rows_file_and_report_agree(any_db: Connection) -> None:
    cast = seed(any_db)
    a_month(any_db, cast)
    now = NOW + timedelta(days=5)
    found = facts(any_db, cast.community, NOW, NOW + timedelta(days=1))
    figures = rates(found, now)
    assert figures.cases == 5 and figures.false_alarms == 1
    assert figures.response == Rate(3, 5)  # one late, one never
    assert figures.solution == Rate(2, 2) and figures.satisfaction == Rate(1, 2)
    assert figures.unanswered == Rate(1, 3) and figures.own == Rate(1, 4)
    assert figures.solution.share == Fraction(1)
    assert same(figures, by_hand(as_csv(found), now))
    assert facts(any_db, cast.community, NOW + HOUR / 2, NOW + HOUR) == []


def test_another_community_sees_nothing_of_it(any_db: Connection) -> None:
    cast = seed(any_db)
    a_month(any_db, cast)
    other = any_db.execute(
        sa.insert(communities).values(name="乙社区", salt="", created_at=NOW).returning(communities.c.id)
    ).scalar_one()
    assert facts(any_db, other, NOW, NOW + timedelta(days=1)) == []


# --- periods -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "name", "first", "after"),
    [
        ("", "本月", date(2026, 11, 1), date(2026, 12, 1)),
        ("上周", "上周", date(2026, 11, 9), date(2026, 11, 16)),
        ("上个月", "上月", date(2026, 10, 1), date(2026, 11, 1)),
        ("这周", "本周", date(2026, 11, 16), date(2026, 11, 23)),
        ("10月", "10月", date(2026, 10, 1), date(2026, 11, 1)),
        ("12月", "2025年12月", date(2025, 12, 1), date(2026, 1, 1)),
        ("2025年3月", "2025年3月", date(2025, 3, 1), date(2025, 4, 1)),
        ("今年", "今年", date(2026, 1, 1), date(2027, 1, 1)),
    ],
)
def test_spoken_periods(words: str, name: str, first: date, after: date) -> None:
    assert period(words, date(2026, 11, 19)) == (name, first, after)


def test_what_is_no_period() -> None:
    assert period("13月", date(2026, 11, 19)) is None and period("吃饭", date(2026, 11, 19)) is None


def test_a_period_begins_at_midnight_there() -> None:
    since, until = moments(date(2026, 11, 1), date(2026, 12, 1), SHANGHAI)
    assert since == datetime(2026, 10, 31, 16, tzinfo=UTC) and until == datetime(2026, 11, 30, 16, tzinfo=UTC)
