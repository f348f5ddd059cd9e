"""Parts, returns, invitations and numbers of elsewhere as rows, on both databases; and two at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot.cases import actions, asks, merging, parts, passing, queries, shares
from gridbot.cases.actions import Draft, Said
from gridbot.cases.parts import Share
from gridbot.desk.handing_on import hand_on
from gridbot.grid import appointments, people
from gridbot.grid import queries as grid
from gridbot.messages import Actor, CaseState, Role
from gridbot.store.db import Database
from gridbot.store.tables import holdings
from tests.cast import NOW, Cast, seed, seed_units

LATER = NOW + timedelta(minutes=5)


def begin(db: Connection, cast: Cast, place: str = "3栋") -> Row[Any]:
    draft = Draft(("fire_lane",), ("消防通道",), place=place, place_key=place, node_id=cast.grid)
    return actions.begin(
        db,
        draft,
        Said(None, cast.wang, "消防通道堵了", f"m-{place}", NOW),
        community_id=cast.community,
        chat_id=cast.residents,
        thread="",
        actor=Actor(cast.wang, Role.RESIDENT),
        now=NOW,
        complete=True,
    )


def leader(cast: Cast) -> Actor:
    return Actor(cast.li, Role.LEADER, "李格长")


def divided(db: Connection, cast: Cast) -> tuple[Row[Any], list[Row[Any]]]:
    whole = begin(db, cast)
    bodies = [Share(1, cast.li, "inside"), Share(2, cast.li, "outside")]
    opened = [parts.open_part(db, whole, share, actor=leader(cast), now=NOW) for share in bodies]
    parts.split(db, whole, opened, actor=leader(cast), now=NOW)
    return whole, opened


def test_parts_make_up_the_whole(any_db: Connection) -> None:
    cast = seed(any_db)
    seed_units(any_db, cast)
    whole, (inside, outside) = divided(any_db, cast)
    assert [part.number for part in shares.parts_of(any_db, whole.id)] == [2, 3]
    assert inside.reporter_id is None and inside.platform_message == ""
    assert actions.finish(any_db, inside, actor=leader(cast), now=LATER)
    assert parts.settle(any_db, queries.case(any_db, inside.id), now=LATER) is None
    assert actions.finish(any_db, outside, actor=leader(cast), now=LATER)
    settled = parts.settle(any_db, queries.case(any_db, outside.id), now=LATER)
    assert settled is not None and queries.case(any_db, whole.id).state == CaseState.DONE
    assert actions.confirm(any_db, whole, actor=Actor(cast.wang, Role.RESIDENT), now=LATER)
    states = {queries.case(any_db, one.id).state for one in (whole, inside, outside)}
    assert states == {CaseState.CLOSED}


def test_residents_never_meet_a_part(any_db: Connection) -> None:
    cast = seed(any_db)
    seed_units(any_db, cast)
    whole, _ = divided(any_db, cast)
    since = NOW - timedelta(hours=1)
    assert [one.id for one in queries.recent_in_chat(any_db, cast.residents, since)] == [whole.id]
    assert [one.id for one in queries.similar(any_db, cast.community, "fire_lane", "3栋", since)] == [
        whole.id
    ]
    assert [one.id for one in merging.live_of_type(any_db, cast.community, "fire_lane", since)] == [whole.id]
    assert [one.id for one in queries.of_reporter(any_db, cast.community, cast.wang)] == [whole.id]


def test_merging_a_whole_takes_its_parts_along(any_db: Connection) -> None:
    cast = seed(any_db)
    seed_units(any_db, cast)
    whole, opened = divided(any_db, cast)
    into = begin(any_db, cast, "5栋")
    assert asks.link(any_db, whole, "12345", "2026111900", actor=leader(cast), now=NOW) is None
    assert merging.merge(any_db, whole, into, actor=leader(cast), now=LATER)
    assert [part.id for part in shares.parts_of(any_db, into.id)] == [part.id for part in opened]
    assert [one.number for one in shares.outside_of(any_db, into.id)] == ["2026111900"]
    fresh = queries.case(any_db, into.id)
    assert fresh.data["split"] and fresh.data["linked"]


def test_a_number_of_elsewhere_belongs_to_one_case(any_db: Connection) -> None:
    cast = seed(any_db)
    one, two = begin(any_db, cast), begin(any_db, cast, "5栋")
    assert asks.link(any_db, one, "12345", "2026111900", actor=leader(cast), now=NOW) is None
    assert asks.link(any_db, one, "12345", "2026111900", actor=leader(cast), now=NOW) is None  # twice said
    taken = asks.link(any_db, two, "12345", "2026111900", actor=leader(cast), now=NOW)
    assert taken is not None and taken.id == one.id
    assert asks.link(any_db, two, "数字城管", "2026111900", actor=leader(cast), now=NOW) is None


def test_a_return_taken_back_leaves_no_trace_in_the_case(any_db: Connection) -> None:
    cast = seed(any_db)
    seed_units(any_db, cast)
    case = begin(any_db, cast)
    actions.told(any_db, case, person_id=cast.li, private=True, now=NOW)
    event = passing.bounce(any_db, case, actor=leader(cast), now=NOW, words="在墙外", to={"unit": 3})
    assert event is not None
    returned = queries.case(any_db, case.id)
    assert returned.unit_id == 3 and returned.data["bounces"] == 1 and returned.owner_id == cast.li
    actions.told(any_db, case, person_id=cast.admin, private=True, now=NOW)
    assert actions.undo(any_db, returned, event, actor=leader(cast), now=NOW + timedelta(seconds=30))
    again = queries.case(any_db, case.id)
    assert again.unit_id is None and not again.data["bounces"] and not again.data["candidate"]
    assert len(shares.bounces_of(any_db, case.id)) == 1  # the record keeps it


def test_an_invitation_is_asked_answered_and_read(any_db: Connection) -> None:
    cast = seed(any_db)
    units = seed_units(any_db, cast)
    case = begin(any_db, cast)
    due = NOW + timedelta(days=1)
    asks.invite(any_db, case, unit_id=units.gas, name="燃气公司", words="看看阀门", due_at=due,
                actor=leader(cast), now=NOW)  # fmt: skip
    (open_one,) = asks.open_asks(any_db, case.id)
    assert (open_one.unit, open_one.contact, open_one.due_at) == ("燃气公司", "66010004", due)
    asks.answer(any_db, case, open_one, "没问题", actor=leader(cast), now=LATER)
    assert asks.open_asks(any_db, case.id) == []
    assert shares.invitations_of(any_db, case.id)[0].answer == "没问题"
    assert queries.case(any_db, case.id).owner_id is None  # no hand-over


def test_who_speaks_for_a_unit(any_db: Connection) -> None:
    cast = seed(any_db)
    units = seed_units(any_db, cast)
    assert grid.units_of_person(any_db, cast.community, units.engineer, NOW) == [units.property]
    admin = Actor(cast.admin, Role.ADMIN)
    code = appointments.appoint(
        any_db, cast.community, None, "孙工", Role.UNIT, actor=admin, now=NOW, unit_id=units.works
    )
    taken = appointments.accept_invitation(any_db, code, "telegram", "4002", "小孙", now=NOW)
    assert isinstance(taken, appointments.Accepted) and taken.unit_id == units.works
    assert [one.name for one in grid.people_of_unit(any_db, units.works, NOW)] == ["孙工"]
    assert grid.unit_called(any_db, cast.community, "市政") is not None
    named = people.add_person(any_db, cast.community, "吴工", "66010009", NOW)
    role = {"person_id": named, "unit_id": units.streets, "role": "unit", "since": NOW}
    any_db.execute(sa.insert(holdings).values(community_id=cast.community, **role))
    (invited,) = appointments.invite_unbound(any_db, cast.community, actor=admin, now=NOW)
    assert (invited.name, invited.path) == ("吴工", "社管办")
    bound = appointments.accept_invitation(any_db, invited.token, "telegram", "4003", "小吴", now=NOW)
    assert isinstance(bound, appointments.Accepted) and bound.unit_id == units.streets
    assert grid.units_of_person(any_db, cast.community, bound.person_id, NOW) == [units.streets]


@pytest.mark.postgres
def test_two_leaders_at_once_and_one_has_it(postgres_database: Database) -> None:
    """Each has read the case before the other wrote: the row's lock decides, and the second reads so."""
    cast = postgres_database.write(seed)
    case = postgres_database.write(lambda db: begin(db, cast))
    engine = postgres_database.writer
    with engine.connect() as first, engine.connect() as second:
        first.begin(), second.begin()
        seen = queries.case(second, case.id)
        assert actions.accept(first, case, actor=leader(cast), now=NOW) is not None
        first.commit()
        other = Actor(cast.secretary, Role.LEADER)
        assert actions.accept(second, seen, actor=other, now=NOW) is None
        second.rollback()
    with engine.connect() as db:
        assert queries.case(db, case.id).owner_id == cast.li


def test_whoever_holds_nothing_any_more_hands_on_what_he_has(any_db: Connection) -> None:
    cast = seed(any_db)
    seed_units(any_db, cast)
    whole, opened = divided(any_db, cast)
    for case in (whole, *opened):
        actions.told(any_db, case, person_id=cast.li, private=True, now=NOW)
    any_db.execute(sa.update(holdings).where(holdings.c.person_id == cast.li).values(until=NOW))
    assert hand_on(any_db, cast.community, LATER) == (3, 0)
    assert {queries.case(any_db, one.id).owner_id for one in (whole, *opened)} == {cast.secretary}
    assert hand_on(any_db, cast.community, LATER) == (0, 0)
