"""gridbot report week|month: text to the screen, a picture and a workbook into new files."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from openpyxl import load_workbook
from sqlalchemy import Connection

from gridbot.cli import run
from gridbot.store import upkeep
from gridbot.store.db import Database
from gridbot.store.tables import cases
from tests.cast import NOW, seed


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The cast with seven lamps of November, one of them private."""
    url = f"sqlite:///{tmp_path}/kept/gridbot.db"
    monkeypatch.setenv("GRIDBOT_DATABASE", url)
    upkeep.upgrade(url)

    def fill(db: Connection) -> None:
        cast = seed(db)
        for number in range(1, 8):
            db.execute(
                sa.insert(cases).values(
                    community_id=cast.community,
                    number=number,
                    state="closed" if number < 6 else "waiting",
                    types=["lighting"],
                    place="5号楼302 13800138000",
                    node_id=cast.grid,
                    chat_id=cast.residents,
                    private=number == 7,
                    data={"titles": ["照明"]},
                    reported_at=NOW + timedelta(hours=number),
                )
            )

    database = Database(url)
    database.write(fill)
    database.close()


def say(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    capsys.readouterr()
    status = run(["report", *arguments])
    written = capsys.readouterr()
    return status, written.out, written.err


def test_a_week_on_the_screen(house: None, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = say(capsys, "week", "--since", "2026-11-16")
    assert status == 0 and "青秀佳苑社区 例会材料 11月16日至11月22日" in out
    assert "新报7" in out and "302" not in out and "138" not in out
    out = say(capsys, "week", "--since", "2026-11-16", "--node", "一网格")[1]
    assert "一网格 例会材料" in out and "新报6" in out  # what is private shows at the top alone


def test_a_month_as_workbook_and_picture(
    house: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book, picture = tmp_path / "month.xlsx", tmp_path / "month.png"
    assert say(capsys, "month", "--since", "2026-11-05", "-o", str(book))[0] == 0
    assert say(capsys, "month", "--since", "2026-11-05", "-o", str(picture))[0] == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    page = load_workbook(book).active
    assert page is not None
    rows = [[cell for cell in row if cell is not None] for row in page.iter_rows(values_only=True)]
    assert ["青秀佳苑社区 月报"] in rows and ["报事", 7] in rows and ["照明", "*"] in rows
    assert ["不公开的", "<5"] in rows and ["合计", 7] in rows
    out = say(capsys, "month", "--since", "2026-11-05")[1]
    assert "报事7,响应率" in out


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["week", "--node", "九网格"], "Which grid is 九网格? There is none."),
        (["week", "--node", "网格"], "青秀佳苑/一网格, 青秀佳苑/二网格"),
        (["week", "--format", "png"], "needs a file"),
        (["week", "-o", "x.doc"], "--format"),
        (["month", "-o", "{}"], "exists already"),
    ],
)
def test_mistakes_are_sentences(
    house: None, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], problem: str
) -> None:
    old = tmp_path / "old.xlsx"
    old.touch()
    status, _, error = say(capsys, *(one.format(old) for one in arguments))
    assert status == 1 and problem in error
