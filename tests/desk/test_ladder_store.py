"""What the ladder asks of the tables, on both databases."""

from __future__ import annotations

from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy import Connection

from gridbot.cases import queries, waiting
from gridbot.desk import digest, meetings
from gridbot.grid import duty, rungs
from gridbot.grid import queries as grid
from gridbot.messages import Actor, CaseState, Role
from gridbot.store import tables, timers
from tests.cast import NOW, SHANGHAI, Cast, seed

LEADER = Role.LEADER


def a_case(db: Connection, cast: Cast, number: int = 1, **more: object) -> sa.Row[tuple[object, ...]]:
    values = {
        "community_id": cast.community,
        "number": number,
        "state": CaseState.WAITING.value,
        "types": ["lighting"],
        "place": "5号楼",
        "data": {"titles": ["楼道灯"]},
        "node_id": cast.grid,
        "level_node_id": cast.grid,
        "chat_id": cast.residents,
        "reported_at": NOW,
        "reporter_id": cast.wang,
    }
    key = db.execute(sa.insert(tables.cases).values(**(values | more))).inserted_primary_key
    assert key is not None
    return queries.case(db, key[0])


def test_the_rungs_lead_upwards_and_stay_when_a_grid_is_gone(any_db: Connection) -> None:
    cast = seed(any_db)
    assert [one.name for one in rungs.rungs(any_db, cast.grid)] == ["一网格", "青秀佳苑"]
    gone = sa.update(tables.grid_nodes).where(tables.grid_nodes.c.id == cast.grid)
    any_db.execute(gone.values(active=False))
    assert [one.active for one in rungs.rungs(any_db, cast.grid)] == [False, True]
    assert rungs.rungs(any_db, None) == ()


def test_who_stands_in_comes_first_on_his_days_alone(any_db: Connection) -> None:
    cast = seed(any_db)
    today = NOW.astimezone(SHANGHAI).date()
    duty.stand_in(any_db, cast.community, cast.top, cast.admin, today, today + timedelta(days=1))
    line = grid.responsible(any_db, cast.community, cast.grid, "lighting", "", NOW)
    assert line[0].person_id == cast.admin
    later = NOW + timedelta(days=2)
    assert grid.responsible(any_db, cast.community, cast.grid, "lighting", "", later)[0].person_id == cast.li
    assert Role.DEPUTY in grid.roles_of(any_db, cast.community, cast.admin, cast.grid, NOW)
    assert Role.DEPUTY not in grid.roles_of(any_db, cast.community, cast.admin, cast.grid, later)
    assert duty.drop(any_db, cast.community, cast.admin, today, None) == 1
    assert duty.listed(any_db, cast.community, date(2026, 1, 1)) == []


def test_what_waits_is_listed_once_and_told_once(any_db: Connection) -> None:
    cast = seed(any_db)
    case = a_case(any_db, cast)
    for _ in range(2):
        digest.hold(
            any_db,
            cast.community,
            digest.QUIET,
            NOW + timedelta(hours=9),
            now=NOW,
            person_id=cast.li,
            case_id=case.id,
        )
    rows = digest.waiting(any_db, person_id=cast.li)
    assert len(rows) == 1 and digest.waiting(any_db, person_id=cast.admin) == []
    assert timers.due_at(any_db, digest.DIGEST, f"person:{cast.li}") == NOW + timedelta(hours=9)
    digest.told(any_db, rows, NOW)
    assert digest.waiting(any_db, person_id=cast.li) == []


def test_at_night_everybody_waits_and_by_day_only_what_is_too_much(any_db: Connection) -> None:
    cast = seed(any_db)
    night = NOW + timedelta(hours=14)
    why = digest.waits(any_db, cast.community, cast.li, night)
    assert why is not None and why[0] == digest.QUIET
    assert digest.waits(any_db, cast.community, cast.li, NOW) is None
    fourth = [a_case(any_db, cast, number) for number in (1, 2, 3, 4)][-1]
    why = digest.waits(any_db, cast.community, cast.li, NOW, case=fourth)
    assert why is not None and why[0] == digest.REPORTER


def test_an_agenda_keeps_what_is_open_and_lets_go_what_is_over(any_db: Connection) -> None:
    cast = seed(any_db)
    actor = Actor(cast.li, LEADER)
    row = meetings.hold(any_db, cast.community, "片区例会", cast.top, date(2026, 11, 26), SHANGHAI)
    again = meetings.hold(any_db, cast.community, "片区例会", None, date(2026, 12, 3), SHANGHAI)
    assert row.id == again.id and again.node_id == cast.top
    case = a_case(any_db, cast)
    assert waiting.table(any_db, case, again, actor=actor, now=NOW)
    case = queries.case(any_db, case.id)
    assert waiting.table(any_db, case, again, actor=actor, now=NOW) is None
    assert [one.number for one in waiting.on_agenda(any_db, cast.community, again.id)] == [1]
    assert waiting.on_agenda(any_db, cast.community + 1, again.id) == []
    assert waiting.outcome(any_db, case, "月底前换", actor=actor, now=NOW)
    assert waiting.on_agenda(any_db, cast.community, again.id) == []


def test_whoever_was_passed_over_finds_his_cases_when_he_comes(any_db: Connection) -> None:
    cast = seed(any_db)
    case = a_case(any_db, cast, owner_id=cast.li)
    waiting.pass_over(any_db, case, cast.li, now=NOW)
    assert queries.case(any_db, case.id).owner_id is None
    assert [one.id for one in waiting.missed_by(any_db, cast.community, cast.li)] == [case.id]
    assert waiting.missed_by(any_db, cast.community, cast.li) == []
    assert [one.id for one in waiting.open_at(any_db, cast.community, cast.grid)] == [case.id]


def test_the_position_of_a_case_names_levels_people_and_what_is_late(any_db: Connection) -> None:
    cast = seed(any_db)
    case = a_case(any_db, cast, claim_by=NOW - timedelta(minutes=1), owner_id=cast.li)
    where = queries.ladder_position(any_db, case, NOW)
    assert [(one.name, one.here, one.people) for one in where.steps] == [
        ("一网格", True, ("李格长",)),
        ("青秀佳苑", False, ("周书记",)),
    ]
    assert where.owner == "李格长" and where.overdue == ("认领",) and not where.at_top
    assert where.stages[-1].name == "办结"
