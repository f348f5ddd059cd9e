"""关联: the rules as a table, and the whole way on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from gridbot.grid import linking
from gridbot.grid.linking_rules import UNDO_FOR, Refused, Side, kept, refused
from gridbot.grid.people import remember_person
from gridbot.messages import Role
from gridbot.store import tables
from tests.cast import NOW, seed

TELEGRAM, WECOM = frozenset({"telegram"}), frozenset({"wecom_aibot"})
LEADER, ADMIN = (Role.LEADER, None), (Role.ADMIN, None)
PROPERTY, STREETS = (Role.UNIT, 1), (Role.UNIT, 2)


def side(
    person: int, *roles: tuple[Role, int | None], name: str = "李格长", on: frozenset[str] = TELEGRAM
) -> Side:
    return Side(person, name, on, frozenset(roles))


@pytest.mark.parametrize(
    ("one", "other", "expected", "remark"),
    [
        (side(1), side(2, on=WECOM), None, "two residents"),
        (side(1, LEADER), side(2, on=WECOM, name="lige"), None, "a leader and his fresh account"),
        (side(1, LEADER), side(2, LEADER, on=WECOM), None, "one name in two grids"),
        (side(1, LEADER), side(2, ADMIN, on=WECOM), None, "a leader is admin, too"),
        (
            side(1, LEADER),
            side(2, LEADER, on=WECOM, name="周书记"),
            Refused.TWO_NAMES,
            "two of the directory",
        ),
        (side(1, LEADER), side(2, PROPERTY, on=WECOM), Refused.CONTRADICT, "a party must not look in"),
        (side(1, PROPERTY), side(2, STREETS, on=WECOM), Refused.CONTRADICT, "for two units"),
        (side(1, PROPERTY), side(2, PROPERTY, on=WECOM), None, "for one unit twice"),
        (
            side(1, LEADER, PROPERTY),
            side(2, on=WECOM, name=""),
            None,
            "what he held before is not ours to end",
        ),
        (side(1), side(1), Refused.SELF, "typed where it was given"),
        (side(1), side(2), Refused.SAME_CHANNEL, "two accounts on one channel"),
    ],
)
def test_who_may_become_one(one: Side, other: Side, expected: Refused | None, remark: str) -> None:
    assert refused(one, other) is expected, remark
    assert refused(other, one) is expected, remark


def test_as_whom_both_go_on() -> None:
    assert kept(side(5, LEADER), side(2)) == (side(5, LEADER), side(2))
    assert kept(side(5), side(2)) == (side(2), side(5))


def test_the_whole_way(any_db: Connection) -> None:
    cast = seed(any_db)
    other = remember_person(any_db, cast.community, "wecom_aibot", "lige", "李格", now=NOW)
    code = linking.new_code(any_db, cast.community, cast.li, "telegram", now=NOW)
    assert linking.expects_code(any_db, cast.community, now=NOW)
    link = linking.type_code(any_db, cast.community, other, "wecom_aibot", code, now=NOW)
    assert not isinstance(link, Refused)
    assert not linking.expects_code(any_db, cast.community, now=NOW)
    half = linking.confirm(any_db, link, other, now=NOW)
    assert not isinstance(half, Refused) and half.merged_at is None
    whole = linking.confirm(any_db, half, cast.li, now=NOW)
    assert not isinstance(whole, Refused)
    assert (whole.kept_id, whole.gone_id, whole.merged_at) == (cast.li, other, NOW)
    assert linking.channels_of(any_db, cast.li) == TELEGRAM | WECOM
    assert linking.also(any_db, cast.li) == [other]
    assert [one.name for one in linking.undoable(any_db, cast.community, now=NOW)] == ["李格长"]
    assert not linking.undo(any_db, whole.id, now=NOW + UNDO_FOR + timedelta(seconds=1))
    assert linking.undo(any_db, whole.id, now=NOW + UNDO_FOR)
    assert not linking.undo(any_db, whole.id, now=NOW)
    assert linking.channels_of(any_db, other) == WECOM
    assert linking.also(any_db, cast.li) == []
    name = sa.select(tables.people.c.name).where(tables.people.c.id == other)
    assert any_db.execute(name).scalar() == "李格"
