"""Any directory, with any names in it, comes back the same from YAML, from a workbook and from the tables."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridbot.almanac import Rule
from gridbot.grid.actions import import_directory
from gridbot.grid.directory import (
    Contact,
    Directory,
    Duty,
    Grid,
    Group,
    Item,
    Person,
    Place,
    ServiceDay,
    Unit,
    count_levels,
)
from gridbot.grid.directory_xlsx import read_xlsx, write_xlsx
from gridbot.grid.directory_yaml import read_yaml, write_yaml
from gridbot.grid.exporting import export_directory
from gridbot.grid.fields import plain, tidy
from gridbot.store.tables import metadata
from tests.cast import NOW
from tests.grid.given import ADMIN

SIGNS = "甲乙丙丁一二3号楼abZ019 、,;:()\uff0c\uff1b\uff1a（）\\'\"{}[]#&*!|>%@`=+-_.?~\u3000\u200b😀é"
NONE = {"无", "-", "—", "没有", "–"}
raw = st.text(SIGNS, min_size=1, max_size=8)
names = raw.map(tidy).filter(lambda name: bool(name) and name not in NONE)
said = st.one_of(st.just(""), raw.map(plain).filter(bool))
ids = st.text("abc0123456789-_:()=", min_size=1, max_size=10)
sides = st.sampled_from(("", "inside", "outside"))


def some(one: st.SearchStrategy[Any], most: int = 3) -> st.SearchStrategy[tuple[Any, ...]]:
    """A few, no two of one name."""
    by = lambda value: getattr(value, "name", value)  # noqa: E731
    return st.lists(one, max_size=most, unique_by=by).map(tuple)


def chosen(values: list[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    """None, one or two of them."""
    one = st.sampled_from(values)
    return st.lists(one, max_size=2).map(lambda found: tuple(dict.fromkeys(found)))


@st.composite
def crowds(draw: st.DrawFn) -> list[Person]:
    """People of different names and different accounts."""
    accounts = draw(st.lists(ids, min_size=3, max_size=6, unique=True))
    found = []
    for name in draw(st.lists(names, min_size=1, max_size=5, unique=True)):
        mine = {"wecom": accounts.pop()} if accounts and draw(st.booleans()) else {}
        if mine and draw(st.booleans()):
            mine["matrix"] = f"@{mine['wecom']}"
        phone = draw(st.sampled_from(("", "000555", "007")))
        found.append(Person(name, phone, tuple(sorted(mine.items()))))
    return found


places = st.builds(Place, names, some(names, 2), said.map(tidy), sides, st.booleans())


def grids(people: list[Person], depth: int) -> st.SearchStrategy[Grid]:
    who = chosen(people)
    below = st.just(()) if depth == 0 else some(grids(people, depth - 1), 2)
    level = st.sampled_from(("", "三级网格", "微网格"))
    return st.builds(
        Grid, names, level, some(places), who, who, who, st.booleans(), st.booleans(), below
    ).filter(lambda grid: "/" not in grid.name)


rules = st.one_of(
    st.lists(st.integers(1, 31), min_size=1, max_size=4, unique=True).map(
        lambda days: Rule(tuple(sorted(days)))
    ),
    st.integers(1, 7).map(lambda day: Rule(weekday=day)),
    st.builds(
        lambda nth, day: Rule(weekday=day, nth=nth), st.sampled_from((1, 2, 3, 4, 5, -1)), st.integers(1, 7)
    ),
    st.dates(date(2026, 1, 1), date(2030, 12, 31)).map(lambda day: Rule(date=day)),
)


def _roster(one: Duty) -> tuple[str, str, date]:
    return one.grid, one.person.name, one.first


def _first(one: Duty) -> date:
    return one.first


@st.composite
def directories(draw: st.DrawFn) -> Directory:
    people = draw(crowds())
    tree = draw(some(grids(people, 2)).filter(bool))
    bare = Directory("甲社区", tree)
    paths = [path for path, _grid in bare.walk()]
    chats = draw(st.lists(st.integers(1, 99), max_size=3, unique=True))
    groups = tuple(
        Group(f"群{chat}", draw(st.sampled_from(paths)), draw(st.sampled_from(("residents", "leaders"))),
              (("telegram", f"-100{chat}"),), draw(some(names, 2)))
        for chat in chats
    )  # fmt: skip
    who = chosen(people)
    types = chosen(["lighting", "gas", "road"])
    units = st.builds(Unit, names, types, sides, said, some(names, 2), chosen(paths), st.booleans(), who)
    where = (
        st.none() if not groups else st.one_of(st.none(), chosen([one.name for one in groups]).filter(bool))
    )
    organisers = st.one_of(st.none(), st.sampled_from(people))
    days = st.builds(
        ServiceDay, names, rules, st.just("08:30"), st.sampled_from(("09:00", "23:59")), said,
        some(st.builds(Item, names, said, said)), said, said, where, organisers,
    )  # fmt: skip
    named = st.builds(Contact, st.sampled_from(("violence", "lost", "any")), st.sampled_from(people))
    stands = st.builds(
        lambda grid, who, first, days: Duty(grid, who, first, first + timedelta(days=days)),
        st.sampled_from(paths),
        st.sampled_from(people),
        st.dates(date(2026, 1, 1), date(2030, 12, 31)),
        st.integers(0, 7),
    )
    own = {
        "phone": "007",
        "gather_idle": 5,
        "quiet_start": "22:30",
        "holders": {"三级网格": "两委"},
        "service_days": {"ask_days": 3, "eve_at": "17:00"},
    }
    return Directory(
        draw(names),
        tree,
        expect=tuple(sorted(count_levels(bare).items())) if draw(st.booleans()) else (),
        settings={name: value for name, value in own.items() if draw(st.booleans())},
        groups=groups,
        units=draw(some(units)),
        service_days=draw(some(days)),
        admins=draw(who),
        officers=draw(who),
        contacts=draw(st.lists(named, max_size=3, unique=True).map(tuple)),
        duties=tuple(sorted(draw(st.lists(stands, max_size=3, unique_by=_roster)), key=_first)),
    )


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(directories())
def test_yaml(directory: Directory) -> None:
    assert read_yaml(write_yaml(directory)) == directory


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(directories())
def test_workbook(directory: Directory) -> None:
    file = BytesIO()
    write_xlsx(directory, file)
    file.seek(0)
    assert read_xlsx(file) == directory


@pytest.fixture(scope="module")
def empty() -> Iterator[sa.Engine]:
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    metadata.create_all(engine)
    yield engine
    engine.dispose()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(directories())
def test_tables(empty: sa.Engine, directory: Directory) -> None:
    with empty.connect() as db:
        done = import_directory(db, directory, actor=ADMIN, now=NOW)
        assert done.community_id is not None
        assert export_directory(db, done.community_id) == directory
        again = import_directory(db, directory, actor=ADMIN, now=NOW)
        assert not again.changes
        assert export_directory(db, done.community_id) == directory
        db.rollback()
