"""What gridbot check says of the tables a house keeps itself: calendars and limits."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine

from gridbot.cli import starting
from gridbot.settings import Settings
from gridbot.understanding.intents import default_folder


@pytest.fixture
def house(tmp_path: Path) -> Settings:
    own = tmp_path / "intents"
    shutil.copytree(default_folder(), own)
    return Settings(intents=own)


def said(house: Settings) -> list[tuple[bool | None, str]]:
    return list(starting._tables(house))


def test_a_year_without_a_table_is_told_before_it_comes(house: Settings) -> None:
    with time_machine.travel(datetime(2026, 6, 1, tzinfo=UTC), tick=False):
        assert said(house) == [(True, "holidays and limits 放假和时限")]
    with time_machine.travel(datetime(2026, 12, 1, tzinfo=UTC), tick=False):
        ((good, text),) = said(house)
    assert good is None and "calendar/2027.yaml" in text


@pytest.mark.parametrize(
    ("file", "text", "named"),
    [
        (
            "calendar/2027.yaml",
            "year: 2027\noff:\n  元旦: [2027-01-01, 2027-01-03]\nwork: [2027-01-02]\n",
            "2027.yaml:4",
        ),
        ("limits/own.yaml", "name: 甲\nsource: 乙\nlimits:\n  - {claim: 很快}\n", "own.yaml:4"),
    ],
)
def test_a_mistake_is_named_with_file_and_line(house: Settings, file: str, text: str, named: str) -> None:
    assert house.intents is not None
    (house.intents / file).write_text(text, encoding="utf-8")
    ((good, problem),) = said(house)
    assert good is False and named in problem
