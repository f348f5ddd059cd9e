"""A grid that hangs elsewhere, a leader who left, a roster: what a new directory does to open work."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from gridbot.grid.actions import import_directory
from gridbot.grid.directory import Directory, DirectoryError
from gridbot.grid.directory_yaml import read_yaml, write_yaml
from gridbot.grid.exporting import export_directory
from gridbot.grid.handover import RESPONSIBLE
from gridbot.grid.report import ImportRefusedError
from gridbot.messages import CaseState
from gridbot.store import tables
from tests.cast import NOW
from tests.grid.given import ADMIN

TOWN = """
community: 青秀佳苑社区
grids:
  - name: 青秀佳苑
    level: 社区
    children:
      - name: 东片
        level: 片区
        children: [{name: 一网格, level: 网格, places: [1号楼, 2号楼], leaders: [李格长]}]
      - {name: 西片, level: 片区, places: [西门]}
duties:
  - {grid: 青秀佳苑/东片, from: 2026-10-01, to: 2026-10-03, name: 李格长}
"""
MOVED = """
community: 青秀佳苑社区
grids:
  - name: 青秀佳苑
    level: 社区
    children:
      - {name: 东片, level: 片区}
      - name: 西片
        level: 片区
        places: [西门]
        children: [{name: 一网格, level: 网格, places: [1号楼], leaders: [陈格长]}]
"""
GONE = """
community: 青秀佳苑社区
grids:
  - name: 青秀佳苑
    level: 社区
    children: [{name: 东片, level: 片区}, {name: 西片, level: 片区, places: [西门]}]
"""


def bring(db: Connection, text: str) -> Directory:
    directory = read_yaml(text)
    import_directory(db, directory, actor=ADMIN, now=NOW)
    return directory


def a_case(db: Connection, community: int, node: int, owner: int) -> None:
    chat = db.execute(
        sa.insert(tables.chats).values(
            community_id=community, platform="telegram", bot="b", chat="-1", kind="group", role="residents"
        )
    ).inserted_primary_key
    assert chat is not None
    values = {"state": CaseState.ACCEPTED.value, "number": 7, "reported_at": NOW, "chat_id": chat[0]}
    db.execute(
        sa.insert(tables.cases).values(
            community_id=community, node_id=node, level_node_id=node, owner_id=owner, types=[], **values
        )
    )


def opened(db: Connection) -> tuple[int, int]:
    """The town with an open case in 一网格; (its node, its leader)."""
    bring(db, TOWN)
    community = db.execute(sa.select(tables.communities.c.id)).scalar_one()
    node = db.execute(
        sa.select(tables.grid_nodes.c.id).where(tables.grid_nodes.c.name == "一网格")
    ).scalar_one()
    leader = db.execute(sa.select(tables.holdings.c.person_id)).scalar_one()
    a_case(db, community, node, leader)
    return node, leader


def test_a_grid_moved_under_another_keeps_its_row_and_its_cases(any_db: Connection) -> None:
    node, leader = opened(any_db)
    bring(any_db, MOVED)
    row = any_db.execute(sa.select(tables.grid_nodes).where(tables.grid_nodes.c.id == node)).one()
    assert row.path == "青秀佳苑/西片/一网格" and row.active
    above = any_db.execute(
        sa.select(tables.grid_nodes.c.name).where(tables.grid_nodes.c.id == row.parent_id)
    ).scalar_one()
    assert above == "西片"
    subjects = any_db.execute(
        sa.select(tables.timers.c.subject).where(tables.timers.c.kind == RESPONSIBLE)
    ).scalars()
    assert list(subjects) == [f"person:{leader}"]  # 李格长 is not named any more: who has his cases now?


def test_a_grid_that_is_left_out_under_an_open_case_is_refused_with_the_list(any_db: Connection) -> None:
    opened(any_db)
    with pytest.raises(ImportRefusedError) as refused:
        bring(any_db, GONE)
    assert refused.value.problems == (
        "名单里没有青秀佳苑/东片/一网格了,可那里还有没办完的事:7。先办完或转走",
    )


def test_a_roster_comes_in_and_goes_out(any_db: Connection) -> None:
    directory = bring(any_db, TOWN)
    (duty,) = directory.duties
    assert (duty.first, duty.last) == (date(2026, 10, 1), date(2026, 10, 3))
    community = any_db.execute(sa.select(tables.communities.c.id)).scalar_one()
    again = export_directory(any_db, community)
    assert again.duties == directory.duties
    assert read_yaml(write_yaml(again)).duties == directory.duties
    bring(any_db, write_yaml(replace(again, duties=())))  # named nowhere: left alone
    assert export_directory(any_db, community).duties == directory.duties


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{grid: 火星, from: 2026-10-01, name: 李格长}", "没有「火星」"),
        ("{grid: 青秀佳苑, from: 十月一日, name: 李格长}", "2026-10-01 这样"),
        ("{grid: 青秀佳苑, from: 2026-10-03, to: 2026-10-01, name: 李格长}", "不像值班的日子"),
        ("{grid: 青秀佳苑, from: 2026-10-01}", "空着"),
    ],
)
def test_a_roster_that_makes_no_sense_is_refused(line: str, problem: str) -> None:
    with pytest.raises(DirectoryError) as refused:
        read_yaml(TOWN[: TOWN.index("  - {grid")] + f"  - {line}\n")
    assert any(problem in one for one in refused.value.problems)
